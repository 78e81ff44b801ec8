"""The two processes of `make test`: together they run the whole suite, and no module is run twice."""

from __future__ import annotations

import random
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from portal.local.environment import ROOT
from portal.local.tests import ROOMS
from portal.local.turns import in_order, module_of, taken, turns_of
from portal.local.walks import LEFT_TO_WALKS, is_left


def test_what_is_left_to_the_walks_is_there() -> None:
    assert [name for name in LEFT_TO_WALKS if not (ROOT / name).is_file()] == []
    assert is_left(f"{LEFT_TO_WALKS[0]}::test_any[a::b]") and not is_left("portal/tests/test_local_tests.py::test_any")


class Test:
    """As much of pytest's item as is asked."""

    __test__ = False

    def __init__(self, nodeid: str, *, database: bool = True) -> None:
        self.nodeid, self.fixturenames = nodeid, ["db"] if database else []

    def get_closest_marker(self, _name: str) -> None:
        """None: the database is asked for by a fixture."""


def named(*nodeids: str) -> list[Any]:
    return [Test(nodeid, database="pure" not in nodeid) for nodeid in nodeids]


SUITE = named(
    "tests/latin_pages/test_a.py::one", "tests/latin_pages/test_b.py::one", "tests/test_c.py::one", "jobs/tests/test_d.py::one",
    "jobs/tests/test_e.py::one", "jobs/tests/test_d.py::commits", "jobs/tests/test_pure.py::one", "tests/test_pure.py::one",
)


def test_the_rooms_are_the_whole_suite() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert sorted(ROOMS) == sorted(settings["tool"]["pytest"]["ini_options"]["testpaths"])
    with_tests = {path.parent.name for path in ROOT.glob("*/tests") if path.parent.name != ".venv"} | {"tests"}
    assert with_tests == set(ROOMS)


@pytest.mark.parametrize(
    ("nodeid", "module"),
    [
        ("jobs/tests/test_races.py::test_one[a/tests/b]", "jobs/tests/test_races.py"),
        ("tests/test_words.py::test_one", "tests/test_words.py"),
        ("tests/latin_pages/test_work_queues.py::test_one", "tests/latin_pages"),
        ("portal/tests/more/deep/test_x.py::test_one", "portal/tests/more"),
    ],
)
def test_a_module_is_taken_at_once_or_a_folder_below_the_tests(nodeid: str, module: str) -> None:
    assert module_of(nodeid) == module


def test_from_the_front_rooms_come_in_their_order_from_the_back_what_needs_no_database_comes_first() -> None:
    turns = turns_of(SUITE)
    assert [name for name, _tests in in_order(turns, ("tests", "jobs"), from_back=False)] == [
        "tests/latin_pages 1", "tests/test_c.py 1", "tests/test_pure.py 1", "jobs/tests/test_d.py 1", "jobs/tests/test_e.py 1",
        "jobs/tests/test_d.py 2", "jobs/tests/test_pure.py 1",
    ]
    assert [name for name, _tests in in_order(turns, ("tests", "jobs"), from_back=True)] == [
        "jobs/tests/test_pure.py 1", "tests/test_pure.py 1", "jobs/tests/test_d.py 2", "jobs/tests/test_e.py 1",
        "jobs/tests/test_d.py 1", "tests/test_c.py 1", "tests/latin_pages 1",
    ]


def test_a_room_that_nobody_named_is_refused() -> None:
    with pytest.raises(KeyError, match="jobs"):
        in_order(turns_of(SUITE), ("tests",), from_back=False)


@pytest.mark.parametrize("seed", range(20))
def test_every_test_is_run_once_whoever_is_faster(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    turns = turns_of(SUITE)
    left = [taken(in_order(turns, ("tests", "jobs"), from_back=back), tmp_path) for back in (False, True)]
    run = []
    while left:
        process = chance.choice(left)
        test = next(process, None)
        if test is None:
            left.remove(process)
        else:
            run.append(test.nodeid)
    assert Counter(run) == Counter(test.nodeid for test in SUITE)


def test_one_alone_runs_everything(tmp_path: Path) -> None:
    for end, wanted in (("front", len(SUITE)), ("back", 0)):
        assert len(list(taken(in_order(turns_of(SUITE), ("tests", "jobs"), from_back=end == "back"), tmp_path))) == wanted
