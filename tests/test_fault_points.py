"""Everything that writes stands between fault points of its own: found by reading the sources, without a list of actions."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from tests.kit.faults import Bare, Function, bare_writes, exports_of, functions_of, public_names

ROOT = Path(settings.BASE_DIR)
ROOMS = sorted({path.parent.name for path in ROOT.glob("*/apps.py")} | {"benefits"})
#: What is left out, each with its reason; one that is needed no more fails `test_no_exemption_outlives_its_need`.
EXEMPT: Mapping[str, str] = {
    "accounts.models.membership.MembershipQuerySet.grants_of": "asks what the ORM composed to read, once for all requests",
    "audit.indexing.IndexesLeaveRoom.": "a step of a migration, which is one transaction: options of indexes",
    "accounts.models.user.UserManager.of_session": "asks one statement for all requests: it reads",
    "intake.copying.copied_out": "COPY of a query's rows out of the database: it reads",
    "claims.flags._ask": "asks what a flag wants to know: it reads",
    "payouts.choosing._asked": "asks what a batch takes, and what waits: it reads",
    "portal.local.": "starts, stops and resets the database server and the folder of one machine, before there is a portal "
    "whose state could be torn; portal/tests/test_run.py and test_postgres.py kill it and start it again",
    "portal.verify.rows_of": "asks an invariant: it reads",
    "intake.copying.ask": "asks: what it is given returns rows and changes none",
    "programs.months.Counting.cells": "asks a room's statement that counts: it reads",
    "programs.period_claims.claims_paid": "asks a room's statement of what was paid: it reads",
    "takeup.counting.count": "asks for counts, of days or of enrollments: it reads",
    "beneficiaries.management.commands.make_roster.": "writes the file of made-up people that it was asked for; made again, "
    "it is the same",
    "beneficiaries.management.commands.make_messy_roster.": "writes the files of fixtures/rosters; made again, they are the same",
    "programs.management.commands.load_plan._write_new": "writes the new file that it was asked for; made again, it is the same",
    "benefits.schema.main": "writes a page of the documentation from the code; made again, it is the same",
}


@cache
def read() -> tuple[tuple[Function, ...], Mapping[str, str], tuple[str, ...]]:
    """Functions of every room, the names packages hand them on by, and the rooms' public actions."""
    functions: list[Function] = []
    exports: dict[str, str] = {}
    entries: list[str] = []
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if {"tests", "migrations"} & set(parts) or parts[-1] == "testing":
                continue
            source, module = path.read_text(encoding="utf-8"), ".".join(parts).removesuffix(".__init__")
            functions += functions_of(source, module)
            if parts[-1] == "__init__":
                exports |= exports_of(source, module)
            if parts[1:] == ("actions", "__init__"):
                entries += [f"{module}.{name}" for name in public_names(source)]
    return tuple(functions), exports, tuple(entries)


def found(exempt: Mapping[str, str]) -> list[Bare]:
    functions, exports, entries = read()
    return bare_writes(functions, exports=exports, entries=entries, exempt=exempt)


def test_whatever_writes_stands_between_fault_points_of_its_own() -> None:
    assert [str(bare) for bare in found(EXEMPT)] == []


@pytest.mark.parametrize("place", sorted(EXEMPT))
def test_no_exemption_outlives_its_need(place: str) -> None:
    others = {each: reason for each, reason in EXEMPT.items() if each != place}
    assert found(others), f"{place} is exempt for nothing: strike it out"


def test_every_room_and_every_public_action_is_read() -> None:
    functions, exports, entries = read()
    installed = {config.label for config in apps.get_app_configs() if Path(config.path).parent == ROOT}
    assert installed <= set(ROOMS)
    known = {each.key for each in functions}
    rooms = (
        "accounts", "beneficiaries", "claims", "closing", "complaints", "continuity", "exports", "filings", "gates", "handover",
        "intake", "jobs", "outreach", "papers", "payouts", "programs",
        "records", "results", "retention", "samples", "subsidies", "takeup", "years",
    )
    for room in rooms:
        own = {entry for entry in entries if entry.startswith(f"{room}.")}
        assert {exports[entry] for entry in own} & known, room
    assert {"accounts.actions.users.deactivate_user", "intake.closing.fail", "audit.events.seal_events"} <= known


def test_a_point_bears_the_name_of_its_room() -> None:
    strangers = []
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "tests" in path.parts or path.name == "faults.py":
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "fault_point":
                    said = node.args[0]
                    if isinstance(said, ast.Constant) and not str(said.value).startswith(f"{room}."):
                        strangers.append(f"{path.relative_to(ROOT)}:{node.lineno} {said.value!r}")
    assert strangers == []


# -- The reader itself, on modules with planted gaps -----------------------------------------------------------------------

HEAD = "from audit import events\nfrom audit.faults import fault_point\nfrom room.models import Thing\n\n"
TAIL = ": call audit.faults.fault_point there"


def told(*modules: tuple[str, str], entries: tuple[str, ...] = (), exempt: tuple[str, ...] = ()) -> list[str]:
    functions = [each for module, source in modules for each in functions_of(HEAD + source, module)]
    return [str(bare).removesuffix(TAIL) for bare in bare_writes(functions, entries=entries, exempt=exempt)]


BARE = """
def rename_thing(thing, *, by, at):
    thing.name = "x"
    thing.save(update_fields=["name"])
    events.record("thing.renamed", thing, by=by, at=at)
"""


def test_an_action_without_a_point_is_named_with_its_lines() -> None:
    assert told(("room.actions.things", BARE)) == [
        "room.actions.things.rename_thing writes (save, line 8) without a fault point of its own before and after",
        "room.actions.things.rename_thing writes (an event, line 9) without a fault point of its own before and after",
    ]


@pytest.mark.parametrize(
    ("write", "what"),
    [
        ("Thing.objects.create(name='x')", "create"), ("Thing.objects.bulk_create(rows)", "bulk_create"),
        ("Thing.objects.filter(pk=1).update(name='x')", "update"), ("Thing.objects.filter(pk=1).delete()", "delete"),
        ("cursor.execute('UPDATE thing SET name = %s', [1])", "SQL"), ("cursor.execute('INSERT INTO thing SELECT 1')", "SQL"),
        ("cursor.execute(statement)", "SQL"), ("cursor.copy(statement)", "copy"), ("app.send_task('x')", "send_task"),
        ("task.delay(1)", "delay"), ("path.rename(target)", "rename"), ("path.unlink()", "unlink"),
        ("path.open('wb')", "open"), ("default_storage.save(key, content)", "save"), ("thing.tags.set(tags)", "set"),
        ("events.record('x', thing, by=by, at=at)", "an event"),
    ],
)
def test_each_kind_of_write_is_seen(write: str, what: str) -> None:
    source = f"def act(thing, cursor, statement, rows, path, target, key, content, app, task, tags, by, at):\n    {write}\n"
    assert told(("room.actions.things", source)) == [
        f"room.actions.things.act writes ({what}, line 6) without a fault point of its own before and after"
    ]


@pytest.mark.parametrize(
    "reading",
    [
        "cursor.execute('SELECT 1 FROM thing FOR UPDATE')", "cursor.execute('SELECT 1 FROM thing FOR NO KEY UPDATE')",
        "found.update(other)", "text.replace('a', 'b')", "frame.rename({'a': 'b'})", "book.save(target)", "event.set()",
        "path.open('rb')", "Thing.objects.select_for_update().get(pk=1)", "row.copy()",
    ],
)
def test_reading_is_no_write(reading: str) -> None:
    source = f"def act(cursor, found, other, text, frame, book, target, event, path, row):\n    {reading}\n"
    assert told(("room.actions.things", source)) == []


def test_a_point_on_one_side_only_is_not_enough() -> None:
    before = BARE.replace("    thing.save", "    fault_point('room.rename.before')\n    thing.save")
    assert told(("room.actions.things", before)) == [
        "room.actions.things.rename_thing writes (save, line 9) without a fault point of its own after",
        "room.actions.things.rename_thing writes (an event, line 10) without a fault point of its own after",
    ]
    early = before.replace("    events", "    fault_point('room.rename.after')\n    events")
    assert told(("room.actions.things", early)) == [
        "room.actions.things.rename_thing writes (an event, line 11) without a fault point of its own after"
    ]
    assert told(("room.actions.things", before + "    fault_point('room.rename.after')\n")) == []


def test_a_helper_leaves_its_points_to_all_that_call_it() -> None:
    helper = "def _store(thing):\n    thing.save()\n\n\n"
    marked = "def one(thing):\n    fault_point('room.one.before')\n    _store(thing)\n    fault_point('room.one.after')\n\n\n"
    bare = "def two(thing):\n    _store(thing)\n"
    assert told(("room.actions.things", helper + marked)) == []
    assert told(("room.actions.things", helper + marked + bare)) == [
        "room.actions.things.two writes (through _store, line 16) without a fault point of its own before and after"
    ]


def test_a_public_action_may_not_leave_its_points_to_its_callers() -> None:
    caller = (
        "from room.actions.things import rename_thing\n\n\ndef page(thing):\n    fault_point('room.page.before')\n"
        "    rename_thing(thing, by=1, at=2)\n    fault_point('room.page.after')\n"
    )
    modules = (("room.actions.things", BARE), ("room.admin", caller))
    assert told(*modules) == []
    assert [line.split(" without")[0] for line in told(*modules, entries=("room.actions.things.rename_thing",))] == [
        "room.actions.things.rename_thing writes (save, line 8)", "room.actions.things.rename_thing writes (an event, line 9)",
    ]


def test_methods_and_functions_handed_on_are_followed() -> None:
    source = (
        "class Desk:\n    def act(self, thing):\n        self._store(thing)\n\n    def _store(self, thing):\n"
        "        thing.save()\n\n\n"
        "def _write(thing):\n    thing.save()\n\n\ndef begin(behind, thing):\n    behind.then(_write, thing)\n"
    )
    assert [line.split(" without")[0] for line in told(("room.desk", source))] == [
        "room.desk.Desk.act writes (through _store, line 7)", "room.desk.begin writes (through _write, line 18)",
    ]


def test_an_exemption_leaves_out_what_it_names_and_nothing_else() -> None:
    modules = (("room.actions.things", BARE), ("room.local", BARE))
    assert [line.split(".rename")[0] for line in told(*modules, exempt=("room.local.",))] == ["room.actions.things"] * 2
