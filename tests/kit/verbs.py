"""Finds the verbs of events in sources: literals that reach `events.record` or a note of it, through helpers too."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path


def recorded(room: Path) -> set[str]:
    """Verbs that a room records; "*" stands for what is known only when it runs (a template's key)."""
    trees = [
        ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(room.rglob("*.py"))
        if not {"tests", "migrations"} & set(path.relative_to(room).parts)
    ]
    found: set[str] = set()
    # function -> {parameter: (position, pattern with "{}" for it)}
    helpers: dict[str, dict[str, tuple[int, str]]] = defaultdict(dict)
    while True:
        known = sum(len(each) for each in helpers.values())
        for tree in trees:
            for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda | ast.Module)):
                _look_into(function, helpers, found)
        if sum(len(each) for each in helpers.values()) == known:
            return found


def _look_into(function: ast.AST, helpers: dict[str, dict[str, tuple[int, str]]], found: set[str]) -> None:
    parameters = _parameters(function) if isinstance(function, ast.FunctionDef) else []
    assigned = _assigned(function)
    for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
        for said, pattern in _said(call, helpers):
            for text, name in _texts(said, assigned):
                if name in parameters and isinstance(function, ast.FunctionDef):
                    place = parameters.index(name)
                    helpers[function.name].setdefault(name, (place, pattern.replace("{}", text)))
                elif name is None and pattern.replace("{}", text):
                    found.add(pattern.replace("{}", text))


def _said(call: ast.Call, helpers: dict[str, dict[str, tuple[int, str]]]) -> list[tuple[ast.expr, str]]:
    """Expressions of a call that end as a verb, with the pattern they fill."""
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    owner = getattr(getattr(call.func, "value", None), "id", "")
    if name in ("record", "Note") and owner == "events":
        return [(call.args[0], "{}")] if call.args else []
    said = []
    for parameter, (place, pattern) in helpers.get(name, {}).items():
        keyword = next((each.value for each in call.keywords if each.arg == parameter), None)
        if keyword is not None:
            said.append((keyword, pattern))
        elif len(call.args) > place:
            said.append((call.args[place], pattern))
    return said


def _texts(said: ast.expr, assigned: dict[str, list[ast.expr]]) -> list[tuple[str, str | None]]:
    """(text, None) of each literal an expression may be, ("{}" or text around it, name) of a name left open."""
    if isinstance(said, ast.Constant) and isinstance(said.value, str):
        return [(said.value, None)]
    if isinstance(said, ast.IfExp):
        return [*_texts(said.body, assigned), *_texts(said.orelse, assigned)]
    if isinstance(said, ast.Name):
        values = assigned.get(said.id)
        return [text for value in values for text in _texts(value, {})] if values else [("{}", said.id)]
    if isinstance(said, ast.JoinedStr):
        text, open_name = "", None
        for part in said.values:
            if isinstance(part, ast.Constant):
                text += str(part.value)
            elif isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Name):
                text, open_name = text + "{}", part.value.id
            else:
                text += "*"
        return [(text, open_name)]
    return []


def _parameters(function: ast.FunctionDef) -> list[str]:
    return [each.arg for each in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]


def _assigned(function: ast.AST) -> dict[str, list[ast.expr]]:
    """Names that a function gives a value."""
    found: dict[str, list[ast.expr]] = defaultdict(list)
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found[target.id].append(node.value)
    return found
