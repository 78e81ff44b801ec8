"""Every invariant finds what it is for: a violation planted past the database's own guards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from audit.events import seal_events
from beneficiaries.actions import approve_roster, submit_roster
from beneficiaries.models import Roster
from beneficiaries.testing import make_world, people, row, uploaded
from jobs.invariants import INVARIANTS as JOBS
from jobs.testing import drain
from portal.verify import ALL, check_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def books(db: Any) -> Roster:
    """A world with one applied roster and a sealed chain."""
    world = make_world()
    uploaded(world, [*people(4), row(name="")])
    drain()
    roster = submit_roster(Roster.objects.get(), by=world.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()
    seal_events(at=timezone.now())
    return Roster.objects.get()


@contextmanager
def unguarded(*tables: str) -> Iterator[Any]:
    """A cursor past triggers; constraints in the way are dropped by the statements themselves."""
    with connection.cursor() as cursor:
        # Deferred triggers of the set-up must have run before a table can be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield cursor


E = "beneficiaries_enrollment"
PLANTED: list[tuple[str, tuple[str, ...], list[str]]] = [
    ("shares_sum_to_premium", ("programs_fundingsplitline",), ["UPDATE programs_fundingsplitline SET amount = amount + 0.01"]),
    ("ledger_balances", ("programs_ledgerentry",), ["UPDATE programs_ledgerentry SET amount = amount + 0.01 WHERE amount > 0"]),
    ("balance_equals_entries", ("programs_ledgeraccount",), ["UPDATE programs_ledgeraccount SET balance = balance + 1"]),
    ("budget_within_grant", ("programs_budget",), ["UPDATE programs_budget SET used = used + 1"]),
    ("budget_equals_ledger", ("programs_budget",), ["UPDATE programs_budget SET granted = granted + 1"]),
    ("no_self_approved_plan", ("programs_plan",), [
        "ALTER TABLE programs_plan DROP CONSTRAINT plan_approved_by_another",
        "UPDATE programs_plan SET decided_by_id = drafted_by_id",
    ]),
    ("one_live_annual_cover", (E,), [
        "DROP INDEX enrollment_live_once",
        f"UPDATE {E} SET person_id = (SELECT min(person_id) FROM {E})",
    ]),
    ("eligible_when_decided", (E,), [f"UPDATE {E} SET verdict = 'unknown'"]),
    ("enrollments_equal_budget_use", (E,), [f"DELETE FROM {E} WHERE id = (SELECT min(id) FROM {E})"]),
    ("roster_approved_by_another", ("beneficiaries_roster",), [
        "ALTER TABLE beneficiaries_roster DROP CONSTRAINT roster_approved_by_another",
        "UPDATE beneficiaries_roster SET decided_by_id = uploaded_by_id",
    ]),
    ("children_belong_to_their_parents", (E,), [
        f"UPDATE {E} SET organization_id = (SELECT min(id) FROM accounts_organization)"
    ]),
    ("every_row_has_one_outcome", (E,), [f"DELETE FROM {E} WHERE id = (SELECT min(id) FROM {E})"]),
    ("one_enrollment_per_row", (E,), [
        f"ALTER TABLE {E} DROP CONSTRAINT enrollment_once_per_row",
        f"UPDATE {E} SET row_id = (SELECT min(row_id) FROM {E})",
    ]),
    ("every_roster_step_has_its_event", ("audit_event",), ["DELETE FROM audit_event WHERE verb = 'roster.approved'"]),
    ("chain_is_whole", ("audit_event",), ["UPDATE audit_event SET actor = 'nobody' WHERE verb = 'roster.approved'"]),
    ("one_person_per_identity", ("beneficiaries_person",), [
        "DROP INDEX person_identity_once_a",
        "UPDATE beneficiaries_person SET identity_index_a = (SELECT min(identity_index_a) FROM beneficiaries_person)",
    ]),
    ("nothing_kept_past_its_date", ("intake_file",), ["UPDATE intake_file SET purge_on = current_date - 10"]),
    ("reveal_has_reason", (), [
        "INSERT INTO audit_reveal (user_id, actor, subject_type, subject_id, fields, reason, at, expires_at, "
        "organization_path, region_code) VALUES (1, 'x', 'a.b', '1', '{name}', 'some reason', now(), "
        "now() + interval '1 minute', '', '')"
    ]),
    ("no_raw_numbers_in_events", ("audit_event",), [
        "UPDATE audit_event SET data = '{\"x\": \"441602196203151219\"}' WHERE verb = 'roster.checked'"
    ]),
]


def test_healthy_books_break_nothing(books: Roster) -> None:
    assert [(result.name, result.examples) for result in check_all() if result.rows] == []


@pytest.mark.parametrize(("name", "tables", "statements"), PLANTED, ids=[planted[0] for planted in PLANTED])
def test_a_planted_violation_is_found(
    books: Roster, name: str, tables: tuple[str, ...], statements: list[str]
) -> None:
    with unguarded(*tables) as cursor:
        for statement in statements:
            cursor.execute(statement)
    assert name in {result.name for result in check_all() if result.rows}


def test_each_invariant_has_a_planted_violation_here_or_in_jobs() -> None:
    wanted = {invariant.name for invariant in ALL} - {invariant.name for invariant in JOBS}
    assert wanted <= {planted[0] for planted in PLANTED}


def test_the_command_exits_with_status_1_when_something_is_broken(books: Roster, capsys: Any) -> None:
    call_command("verify")
    assert ", 0 broken, " in capsys.readouterr().out
    with unguarded("programs_budget") as cursor:
        cursor.execute("UPDATE programs_budget SET used = used + 1")
    with pytest.raises(SystemExit):
        call_command("verify", "--json")
    assert '"budget_within_grant"' in capsys.readouterr().out
