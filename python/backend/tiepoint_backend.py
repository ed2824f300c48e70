# SPDX-License-Identifier: Apache-2.0
"""Builds the wheel (PEP 517, PEP 660): CMake with the preset `python`, then one
archive of the module, the Python sources and the weights. Needs nothing that is
not in Python itself."""

import base64
import hashlib
import io
import os
import pathlib
import re
import subprocess
import sys
import sysconfig
import tarfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "python"
NAME = "tiepoint"
SUMMARY = "Learned local features, matches and relative poses of photographs"


def _version():
    text = (ROOT / "CMakeLists.txt").read_text()
    return re.search(r"project\(tiepoint VERSION ([0-9.]+)", text).group(1)


def _jobs():
    """One a core, but no more than memory allows."""
    memory = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    cores = len(os.sched_getaffinity(0))
    return max(1, min(cores, memory // 1_000_000_000))


def _run(*command):
    try:
        subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)
    except FileNotFoundError:
        sys.exit(
            f"{command[0]} not found; run scripts/install inference python first"
        )
    except subprocess.CalledProcessError:
        sys.exit(
            f"{' '.join(command)} failed; are the packages there "
            "(scripts/install inference python)?"
        )


def _build_module():
    """Compiles, and returns the folder of the package."""
    _run("cmake", "--preset", "python", f"-DPYTHON_WITH_NUMPY={sys.executable}")
    _run("cmake", "--build", str(BUILD), "--target", "_tiepoint",
         "--parallel", str(_jobs()))
    return BUILD / "python" / NAME


def _metadata():
    return (
        f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {_version()}\n"
        f"Summary: {SUMMARY}\nLicense: Apache-2.0\nRequires-Python: >=3.9\n"
        "Requires-Dist: numpy>=1.20\n"
    )


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    info = pathlib.Path(metadata_directory) / f"{NAME}-{_version()}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(_metadata())
    return info.name


prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel


def _write_wheel(folder, files):
    """`files`: of the name inside the wheel, the bytes."""
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    platform = re.sub(r"[-.]", "_", sysconfig.get_platform())
    tag = f"{python}-{python}-{platform}"
    info = f"{NAME}-{_version()}.dist-info"
    files = dict(files)
    files[f"{info}/METADATA"] = _metadata().encode()
    files[f"{info}/LICENSE"] = (ROOT / "LICENSE").read_bytes()
    files[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: {NAME}\nRoot-Is-Purelib: false\n"
        f"Tag: {tag}\n"
    ).encode()
    record = ""
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
        record += f"{name},sha256={digest.rstrip(b'=').decode()},{len(content)}\n"
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    wheel = f"{NAME}-{_version()}-{tag}.whl"
    path = pathlib.Path(folder) / wheel
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return wheel


def get_requires_for_build_wheel(config_settings=None):
    return []


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    package = _build_module()
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    paths = [package / f"_tiepoint{suffix}"]
    paths += sorted(ROOT.glob("python/tiepoint/*.py*")) + [
        ROOT / "python" / "tiepoint" / "py.typed"
    ]
    files = {f"{NAME}/{path.name}": path.read_bytes() for path in paths}
    for path in sorted((ROOT / "models").iterdir()):
        if path.suffix in (".safetensors", ".md"):
            files[f"{NAME}/models/{path.name}"] = path.read_bytes()
    return _write_wheel(wheel_directory, files)


def get_requires_for_build_editable(config_settings=None):
    return []


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    folder = _build_module().parent
    return _write_wheel(
        wheel_directory, {f"_{NAME}_editable.pth": f"{folder}\n".encode()}
    )


def get_requires_for_build_sdist(config_settings=None):
    return []


def build_sdist(sdist_directory, config_settings=None):
    """All that git knows, with PKG-INFO."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, stdout=subprocess.PIPE
    ).stdout.decode()
    base = f"{NAME}-{_version()}"
    path = pathlib.Path(sdist_directory) / f"{base}.tar.gz"
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for name in filter(None, listed.split("\0")):
            archive.add(ROOT / name, f"{base}/{name}", recursive=False)
        info = tarfile.TarInfo(f"{base}/PKG-INFO")
        content = _metadata().encode()
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return path.name
