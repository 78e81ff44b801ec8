"""The parts of `make test`: together they are the whole suite, and no room is asked twice."""

from __future__ import annotations

import tomllib

from portal.local.environment import ROOT
from portal.local.tests import PARTS


def test_the_parts_are_the_whole_suite_and_each_room_is_in_one() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rooms = [room for part in PARTS for room in part]
    assert sorted(rooms) == sorted(settings["tool"]["pytest"]["ini_options"]["testpaths"])
    with_tests = {path.parent.name for path in ROOT.glob("*/tests") if path.parent.name != ".venv"} | {"tests"}
    assert with_tests == set(rooms)
