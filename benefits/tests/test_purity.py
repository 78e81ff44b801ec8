"""The engine stands alone: no Django, no other room. Its columns (`batch`) may use polars besides, and nothing else."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOM = Path(__file__).resolve().parents[1]
COLUMNS = ["batch"]
PURE = sorted(path.stem for path in ROOM.glob("*.py") if path.stem not in ("__init__", "apps", *COLUMNS))
#: Other rooms, Django, databases; and what keeps amounts in columns.
FOREIGN = {"django", "psycopg", "polars", *(path.parent.name for path in ROOM.parent.glob("*/apps.py"))} - {"benefits"}


def loaded(names: list[str]) -> set[str]:
    """What is foreign among all that modules of the engine load, in a process of their own."""
    code = (
        f"import sys, importlib\nfor name in {names!r}: importlib.import_module('benefits.' + name)\n"
        "print(' '.join({name.split('.')[0] for name in sys.modules}))"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOM.parent, capture_output=True, text=True, check=True)
    return FOREIGN & set(answer.stdout.split())


def test_the_engine_loads_no_django_and_no_other_room() -> None:
    assert {"programs", "claims", "audit"} <= FOREIGN
    assert loaded(PURE) == set()


def test_the_columns_load_polars_alone() -> None:
    assert loaded(COLUMNS) == {"polars"}


@pytest.mark.parametrize("name", [*PURE, *COLUMNS])
def test_a_module_of_the_engine_asks_no_clock_and_uses_no_float(name: str) -> None:
    tree = ast.parse((ROOM / f"{name}.py").read_text(encoding="utf-8"))
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not called & {"today", "now", "utcnow", "time", "Float32", "Float64", "to_float"}
    numbers = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, float)]
    assert numbers == []
