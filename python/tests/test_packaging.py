# SPDX-License-Identifier: Apache-2.0
import ast
import inspect
import pathlib
import subprocess
import sys
import tempfile
import unittest
import zipfile

import tiepoint
from tiepoint import _tiepoint

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python" / "backend"))
import tiepoint_backend  # noqa: E402


class PackagingTest(unittest.TestCase):
    def test_everything_public_is_documented(self):
        for name in tiepoint.__all__:
            thing = getattr(tiepoint, name)
            if name != "__version__" and name != "preset_names":
                self.assertTrue(inspect.getdoc(thing), name)
        for name in ("Features", "Matches", "RelativePose", "Extractor"):
            for member, value in vars(getattr(tiepoint, name)).items():
                if isinstance(value, property):
                    self.assertTrue(value.__doc__, f"{name}.{member}")

    def test_the_stub_names_what_there_is(self):
        package = pathlib.Path(tiepoint.__file__).parent
        self.assertTrue((package / "py.typed").exists())
        stub = ast.parse((package / "_tiepoint.pyi").read_text())
        named = {"__version__"}
        for node in stub.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                named.add(node.name)
            if isinstance(node, ast.ClassDef):
                members = {n.name for n in node.body} - {"__init__"}
                real = getattr(_tiepoint, node.name)
                there = {m for m in vars(real) if not m.startswith("_")}
                self.assertEqual(members - {"__len__"}, there, node.name)
        there = {m for m in vars(_tiepoint) if not m.startswith("_")}
        self.assertEqual(named, there | {"__version__"})

    def test_the_wheel_works_alone(self):
        built = pathlib.Path(_tiepoint.__file__).parent
        tiepoint_backend._build_module = lambda: built
        self.assertEqual(tiepoint.__version__, tiepoint_backend._version())
        with tempfile.TemporaryDirectory() as folder:
            wheel = tiepoint_backend.build_wheel(folder)
            with zipfile.ZipFile(pathlib.Path(folder) / wheel) as archive:
                names = archive.namelist()
                record = archive.read(names[-1]).decode()
                archive.extractall(folder)
            self.assertEqual(len(record.splitlines()), len(names))
            self.assertIn("tiepoint/models/correspondence.safetensors", names)
            code = (
                "import numpy, tiepoint; print(tiepoint.__file__); "
                "a = numpy.random.default_rng(0).integers(0, 256, (90, 120), "
                "numpy.uint8); f = tiepoint.extract(a); tiepoint.match(f, f)"
            )
            told = subprocess.run(
                [sys.executable, "-c", code],
                env={"PYTHONPATH": folder, "PATH": ""},
                cwd="/",
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            ).stdout
            self.assertTrue(told.startswith(folder), told)


if __name__ == "__main__":
    unittest.main()
