"""The engine stands alone: no Django, no other room."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOM = Path(__file__).resolve().parents[1]
PURE = sorted(path.stem for path in ROOM.glob("*.py") if path.stem not in ("__init__", "apps", "batch"))


def test_the_engine_loads_no_django_and_no_other_room() -> None:
    code = (
        f"import sys, importlib\nfor name in {PURE!r}: importlib.import_module('benefits.' + name)\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & "
        "{'django', 'portal', 'programs', 'intake', 'audit', 'accounts', 'jobs', 'beneficiaries', 'psycopg', 'polars'}))"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOM.parent, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_asks_no_clock_and_uses_no_float(name: str) -> None:
    tree = ast.parse((ROOM / f"{name}.py").read_text(encoding="utf-8"))
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not called & {"today", "now", "utcnow", "time"}
    numbers = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, float)]
    assert numbers == []
