"""Finds the sentences that sources ask to be translated: calls in Python, tags in templates; translates nothing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from django.utils.translation.template import templatize

#: Position of the message among the arguments, by name of the function; plural forms follow theirs.
CALLS = {
    "gettext": 0, "gettext_lazy": 0, "_lazy": 0, "gettext_noop": 0, "_": 0, "_t": 0, "ngettext": 0, "ngettext_lazy": 0,
    "pgettext": 1, "pgettext_lazy": 1, "npgettext": 1, "npgettext_lazy": 1,
}


class Sentence(NamedTuple):
    """A message, its plural ("" without one) and its context ("" without one)."""

    message: str
    plural: str = ""
    context: str = ""


def sentences(folder: Path) -> dict[Sentence, Path]:
    """All sentences below a folder, each with a file that says it; tests and migrations are left out."""
    found: dict[Sentence, Path] = {}
    for path in sorted(folder.rglob("*")):
        if {"tests", "migrations", "node_modules", "__pycache__"} & set(path.relative_to(folder).parts):
            continue
        if path.suffix == ".py":
            said = of_python(path.read_text(encoding="utf-8"))
        elif path.suffix in (".html", ".txt"):
            said = of_template(path.read_text(encoding="utf-8"))
        else:
            continue
        for sentence in said:
            found.setdefault(sentence, path)
    return found


def of_python(source: str) -> Iterator[Sentence]:
    """Sentences of a Python module, wherever a literal is handed to gettext or one of its kin."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name not in CALLS:
            continue
        texts = [_literal(argument) for argument in node.args]
        place = CALLS[name]
        if len(texts) <= place or not texts[place]:
            continue
        yield Sentence(texts[place], texts[place + 1] if name.startswith("n") else "", texts[0] if place else "")


def of_template(source: str) -> Iterator[Sentence]:
    """Sentences of a template, found by Django's own reader of templates for makemessages."""
    code = templatize(source)
    for match in re.finditer(r"(?<![A-Za-z_])(n?p?gettext|_)\(", code):
        call = _balanced(code, match.start())
        if call:
            yield from of_python(call)


def _literal(argument: ast.expr) -> str:
    """The text of a literal; "" for anything else."""
    value = argument.value if isinstance(argument, ast.Constant) else ""
    return value if isinstance(value, str) else ""


def _balanced(code: str, start: int) -> str:
    """The shortest text from `start` that is a whole Python expression."""
    for end in (at.end() for at in re.finditer(r"\)", code[start:])):
        candidate = code[start : start + end]
        try:
            ast.parse(candidate, mode="eval")
        except SyntaxError:
            continue
        return candidate
    return ""
