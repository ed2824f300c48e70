# SPDX-License-Identifier: Apache-2.0
"""The reference of the Python module, from its sources: nothing is imported, so
that no module need be built. Docstrings are plain text; of their lists

    name         what it is, which may
                 go on

fields are made."""
from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

FILES = ["__init__.py", "_features.py", "_matching.py", "_opencv.py", "_tiepoint.pyi"]
LISTED = re.compile(r"^((?:\w+)(?:, \w+)*)(?:  +| *$)")


@dataclass
class Documented:
    name: str
    node: ast.AST


def public_names(package: Path) -> list[str]:
    """__all__ of the module."""
    for node in ast.parse((package / "__init__.py").read_text()).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__":
            return [name for name in ast.literal_eval(node.value) if name[0] != "_"]
    raise SystemExit(f"{package}: no __all__")


def definitions(package: Path) -> dict[str, ast.AST]:
    found: dict[str, ast.AST] = {}
    for file in FILES:
        for node in ast.parse((package / file).read_text()).body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                found.setdefault(node.name, node)
    return found


def signature(node: ast.FunctionDef, in_class: bool) -> str:
    arguments = node.args
    if in_class and arguments.args:
        arguments.args = arguments.args[1:]  # self, cls
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"({ast.unparse(arguments)}){returns}"


def as_rst(docstring: str, names: set[str]) -> Iterator[str]:
    """Lines of RST. `names`: what a list may speak of."""
    lines = docstring.split("\n")
    k = 0
    while k < len(lines):
        line = lines[k].replace("\\", "\\\\").replace("*", "\\*").replace("`", "``")
        listed = LISTED.match(line)
        if listed and names.issuperset(listed[1].split(", ")):
            text = [line[listed.end() :].strip()]
            while k + 1 < len(lines) and lines[k + 1].startswith("  "):
                k += 1
                text.append(lines[k].strip().replace("*", "\\*").replace("`", "``"))
            for name in listed[1].split(", "):
                yield f":param {name}: {' '.join(text).strip()}"
            if k + 1 < len(lines) and lines[k + 1] and not LISTED.match(lines[k + 1]):
                yield ""
        else:
            yield line
        k += 1


def indented(lines: Iterator[str] | list[str], by: int) -> list[str]:
    return [(" " * by + line).rstrip() for line in lines]


def entry(kind: str, title: str, node: ast.AST, names: set[str], options=()) -> list[str]:
    body = ast.get_docstring(node) or ""
    out = [f".. py:{kind}:: {title}", *indented(list(options), 3), ""]
    return out + indented(as_rst(body, names), 3) + [""]


def argument_names(node: ast.AST) -> set[str]:
    return {a.arg for a in node.args.args} if isinstance(node, ast.FunctionDef) else set()


def class_entry(name: str, node: ast.ClassDef) -> list[str]:
    init = next((m for m in node.body if getattr(m, "name", "") == "__init__"), None)
    made = name in ("Features", "Matches")  # by users, too
    fields = {m.target.id for m in node.body if isinstance(m, ast.AnnAssign)}
    title = name + (signature(init, True).split(" -> ")[0] if init and made else "")
    out = entry("class", title, node, fields | (argument_names(init) if init else set()))
    for member in node.body:
        if not isinstance(member, ast.FunctionDef):
            continue
        if member.name.startswith("_") and member.name != "__call__":
            continue
        marks = {ast.unparse(d) for d in member.decorator_list}
        if "property" in marks:
            type_of = ast.unparse(member.returns) if member.returns else "Any"
            lines = entry("property", member.name, member, set(), [f":type: {type_of}"])
        else:
            names = argument_names(member)
            options = [":classmethod:"] if "classmethod" in marks else []
            title = member.name + signature(member, True)
            lines = entry("method", title, member, names, options)
        out += indented(lines, 3)
    return out


def rst(package: Path) -> str:
    known = definitions(package)
    out = [".. py:module:: tiepoint", ""]
    names = public_names(package)
    functions = [n for n in names if isinstance(known.get(n), ast.FunctionDef)]
    classes = [n for n in names if isinstance(known.get(n), ast.ClassDef)]
    missing = set(names) - set(functions) - set(classes)
    if missing:
        raise SystemExit(f"{package}: no definition of {', '.join(sorted(missing))}")
    for name in functions:
        node = known[name]
        arguments = argument_names(node)
        title = name + signature(node, False)
        out += entry("function", title, node, arguments)
    for name in classes:
        out += class_entry(name, known[name])
    return "\n".join(out) + "\n"
