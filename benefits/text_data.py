"""YAML and JSON to plain data and back: numbers stay decimal, dates stay text, nothing is guessed or silently overwritten."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import yaml

from benefits.shapes import FileRefused, Problem

#: No plan or case is longer than this.
LONGEST = 1_000_000
DEEPEST = 40
LONGEST_NUMBER = 40
_NUMBER = re.compile(r"^[-+]?[0-9][0-9_]*(?:\.[0-9]+)?$")


def _refused(code: str, line: int, what: str) -> FileRefused:
    return FileRefused([Problem("", code, {"line": line, "what": what})])


class _Loader(yaml.SafeLoader):
    """YAML without its surprises: no 1.1 booleans (on, no), octal, sexagesimal, dates; no anchors, no key twice."""

    yaml_implicit_resolvers: dict[str, Any] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse aliases: a short file could stand for endless data."""
        if self.check_event(yaml.events.AliasEvent):
            event = self.peek_event()
            raise _refused("yaml", event.start_mark.line + 1, "anchors and aliases are not read")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Refuse a key that stands twice, and a key that is no text."""
        seen = set()
        for key_node, _value in node.value:
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise _refused("yaml", line, f"the key {key} is no text; quote it")
            if key in seen:
                raise FileRefused([Problem("", "key_twice", {"line": line, "key": key})])
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def _number(loader: Any, node: Any) -> int | Decimal:
    text = loader.construct_scalar(node)
    if len(text) > LONGEST_NUMBER or not _NUMBER.match(text):
        raise yaml.constructor.ConstructorError(None, None, f"{text[:LONGEST_NUMBER]} is no number", node.start_mark)
    text = text.replace("_", "")
    return int(text) if text.lstrip("+-").isdecimal() else Decimal(text)


_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"])
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _NUMBER, list("-+0123456789"))
_Loader.add_constructor("tag:yaml.org,2002:float", _number)


class _Dumper(yaml.SafeDumper):
    """Block style, keys in their order, lists indented below their key, decimals as they are."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        """Indent lists."""
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        """Never write anchors."""
        return True


_Dumper.add_representer(Decimal, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:float", f"{value:f}"))


def read_text(text: str, *, form: str = "yaml") -> Any:
    """Plain data of a YAML or JSON text; raises FileRefused with the line."""
    if len(text) > LONGEST:
        raise FileRefused([Problem("", "too_long", {"number": len(text), "longest": LONGEST})])
    data = _read_json(text) if form == "json" else _read_yaml(text)
    _no_deeper(data, DEEPEST)
    return data


def _read_yaml(text: str) -> Any:
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        raise _refused("yaml", line, error.problem or error.context or "not readable") from error
    except yaml.YAMLError as error:
        raise _refused("yaml", 1, "a character that YAML does not allow") from error
    except RecursionError as error:
        raise FileRefused([Problem("", "too_deep", {"deepest": DEEPEST})]) from error


def _read_json(text: str) -> Any:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _value in items]
        for key in keys:
            if keys.count(key) > 1:
                raise FileRefused([Problem("", "key_twice_json", {"key": key})])
        return dict(items)

    def constant(name: str) -> Any:
        raise _refused("json", 1, f"{name} is no number")

    try:
        return json.loads(text, parse_float=Decimal, parse_constant=constant, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        raise _refused("json", error.lineno, error.msg) from error
    except RecursionError as error:
        raise FileRefused([Problem("", "too_deep", {"deepest": DEEPEST})]) from error
    except ValueError as error:
        if isinstance(error, FileRefused):
            raise
        raise _refused("json", 1, str(error)) from error


def _no_deeper(data: Any, left: int) -> None:
    if left == 0:
        raise FileRefused([Problem("", "too_deep", {"deepest": DEEPEST})])
    if isinstance(data, dict):
        for value in data.values():
            _no_deeper(value, left - 1)
    elif isinstance(data, list):
        for value in data:
            _no_deeper(value, left - 1)


def write_text(data: Any, *, form: str = "yaml") -> str:
    """A text that `read_text` reads back to the same data."""
    if form == "json":
        return json.dumps(data, ensure_ascii=False, indent=2, default=_json_number) + "\n"
    return yaml.dump(
        data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120, default_flow_style=False, indent=2,
    )


def _json_number(value: Any) -> float:
    """A decimal as a JSON number; only those that a double shows as they are."""
    if isinstance(value, Decimal):
        number = float(value)
        if Decimal(repr(number)) == value:
            return number
    raise TypeError(f"{value!r} cannot be written as a JSON number")
