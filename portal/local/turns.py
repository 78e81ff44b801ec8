"""Loaded into each of the two processes of `make test`: they take modules from the two ends, until none is left.

What both reach is run by who takes it first: by making its file in a folder that both know. So both end at about the same
time, whatever a machine makes of which room, and only in the room where they meet both make the same worlds.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, groupby, pairwise
from pathlib import Path

import pytest

#: What is taken at once: a module of a room, or all modules of a folder below its tests, which share a world.
_TAKEN = re.compile(r"(?:[^/]+/)?tests/[^/:]+")
_OF_A_DATABASE = {"db", "transactional_db", "live_server", "django_db_setup"}
Turn = tuple[str, list[pytest.Item]]


def pytest_runtestloop(session: pytest.Session) -> bool:
    """Run what this process takes, as pytest runs everything."""
    if session.testsfailed:
        raise session.Interrupted("a module could not be read")
    found = in_order(turns_of(session.items), session.config.args, from_back=os.environ["SUITE_END"] == "back")
    # pytest wants to know which test follows: the first of the next turn, which is taken one test ahead.
    for item, following in pairwise(chain(taken(found, Path(os.environ["SUITE_TURNS"])), [None])):
        assert item is not None
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
    return True


def turns_of(items: Sequence[pytest.Item]) -> list[Turn]:
    """Tests that stand together and are of one module: those of a module that commit stand apart from those that do not."""
    seen: Counter[str] = Counter()
    found = []
    for module, tests in groupby(items, key=lambda item: module_of(item.nodeid)):
        seen[module] += 1
        found.append((f"{module} {seen[module]}", list(tests)))
    return found


def module_of(nodeid: str) -> str:
    """What is taken at once with a test."""
    match = _TAKEN.match(nodeid)
    return match[0] if match else nodeid.split("::")[0]


def in_order(turns: list[Turn], rooms: Sequence[str], *, from_back: bool) -> list[Turn]:
    """Room after room; from the back the other way round, after what needs no database: the other process makes it meanwhile."""
    place = {room: number for number, room in enumerate(rooms)}
    found = sorted(turns, key=lambda turn: place[turn[0].split("/")[0]])
    if not from_back:
        return found
    found.reverse()
    return sorted(found, key=lambda turn: any(map(needs_database, turn[1])))


def needs_database(item: pytest.Item) -> bool:
    """Whether a test asks for one, as far as that is seen before it runs."""
    return item.get_closest_marker("django_db") is not None or not _OF_A_DATABASE.isdisjoint(getattr(item, "fixturenames", ()))


def taken(turns: list[Turn], folder: Path) -> Iterator[pytest.Item]:
    """The tests of each turn that nobody else has taken, which is now ours."""
    for name, tests in turns:
        try:
            (folder / name.replace("/", ".")).open("x").close()
        except FileExistsError:
            continue
        yield from tests
