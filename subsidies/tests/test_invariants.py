"""Each invariant of the room finds its planted violation, and nothing in funds as they move."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.testing import shared
from beneficiaries.testing import applied, make_world, people
from portal.verify import check
from subsidies import actions
from subsidies.invariants import INVARIANTS
from subsidies.models import FundRequest
from subsidies.testing import confirmed, differences, ended, receipt, received, reversed_one, sent

pytestmark = pytest.mark.django_db
R, L, P, M, A = (
    "subsidies_fundrequest", "subsidies_fundrequestline", "subsidies_fundrequestpart", "subsidies_fundmovement",
    "subsidies_fundallocation",
)
D, DL, B, E, V = (
    "subsidies_differences", "subsidies_differenceline", "programs_budget", "beneficiaries_enrollment", "audit_event"
)
LINE = f"id = (SELECT min(id) FROM {L})"

#: Name -> tables whose triggers stand aside, and what breaks it.
VIOLATIONS: dict[str, list[tuple[tuple[str, ...], list[str]]]] = {
    "request_equals_its_lines": [
        ((L,), [f"UPDATE {L} SET share = 1, amount = 1 WHERE {LINE}"]), ((L,), [f"DELETE FROM {L} WHERE {LINE}"]),
        ((P,), [f"UPDATE {P} SET times = times + 1"]), ((R,), [f"UPDATE {R} SET people = people + 1 WHERE amount > 0"]),
    ],
    "request_keeps_its_digest": [
        ((L,), [f"UPDATE {L} SET county = '441621' WHERE {LINE}"]), ((L,), [f"DELETE FROM {L} WHERE {LINE}"]),
    ],
    "cover_asked_once": [
        ((L,), [f"UPDATE {L} SET turn = 1 WHERE id = (SELECT max(id) FROM {L})"]),
        ((L,), [f"UPDATE {L} SET share = 500, amount = 500 WHERE {LINE}"]),
        ((L,), [f"UPDATE {L} SET times = 0 WHERE times = 1 AND {LINE}", f"UPDATE {L} SET share = -1, amount = -1 WHERE {LINE}"]),
    ],
    "request_lines_are_of_the_request": [
        ((L,), [f"UPDATE {L} SET funder_id = 987654321 WHERE {LINE}"]),
        ((L,), [f"UPDATE {L} SET stands = false WHERE {LINE}"]), ((L,), [f"UPDATE {L} SET enrollment_id = 987654321 WHERE {LINE}"]),
        ((L,), [f"UPDATE {L} SET doubt = 'overlaps' WHERE {LINE}"]),
    ],
    "request_receives_its_allocations": [
        ((A,), [f"UPDATE {A} SET amount = amount + 0.01"]), ((A,), [f"DELETE FROM {A}"]),
        ((R,), [f"UPDATE {R} SET allocated = allocated - 0.01 WHERE allocated > 0 AND state = 'sent'"]),
    ],
    "written_off_by_movements": [((M,), [f"UPDATE {M} SET amount = amount + 0.01 WHERE kind = 'write_off'"])],
    "receipts_are_allocated_or_held": [
        ((M,), [f"UPDATE {M} SET amount = amount + 1 WHERE kind = 'receipt' AND state = 'confirmed'"]),
        ((A,), [f"UPDATE {A} SET movement_id = (SELECT id FROM {M} WHERE kind = 'write_off')"]),
    ],
    "settled_equals_receipts": [((B,), [f"UPDATE {B} SET settled = settled + 0.01"])],
    "funds_equal_ledger": [
        (("programs_ledgeraccount",), [f"UPDATE programs_ledgeraccount SET balance = balance + 1 WHERE kind = '{kind}'"])
        for kind in ("funder_received", "funder_credit", "funder_written_off")
    ] + [((M,), [f"UPDATE {M} SET state = 'declined' WHERE kind = 'receipt' AND state = 'confirmed'"])],
    "receivable_equals_shares": [
        ((E,), [f"UPDATE {E} SET state = 'voided' WHERE state = 'in_force'"]),
        ((DL,), [f"UPDATE {DL} SET amount = amount - 0.01 WHERE funder_id IS NOT NULL"]),
        ((R,), [
            f"ALTER TABLE {R} DROP CONSTRAINT fund_request_settled_is_whole",
            f"UPDATE {R} SET written_off = written_off - 0.01 WHERE written_off > 0",
        ]),
    ],
    "used_stands_where_covers_are": [
        (("beneficiaries_rosterrow",), ["UPDATE beneficiaries_rosterrow SET region_code = '441621'"]),
        (("programs_budgetreservation",), ["UPDATE programs_budgetreservation SET region_code = '441621'"]),
    ],
    "differences_equal_their_lines": [
        ((D,), [f"UPDATE {D} SET own_amount = own_amount + 0.01"]), ((DL,), [f"UPDATE {DL} SET stands = false"]),
        ((D,), [f"UPDATE {D} SET refund_amount = refund_amount + 0.01"]), ((DL,), [f"DELETE FROM {DL} WHERE funder_id IS NULL"]),
    ],
    "nobody_gets_back_more_than_their_share": [
        ((DL,), [f"UPDATE {DL} SET amount = 70"]), ((DL,), [f"UPDATE {DL} SET amount = 0.02 WHERE funder_id IS NULL"]),
        ((DL,), [f"UPDATE {DL} SET amount = -1"]),
    ],
    "funds_moved_by_two": [
        ((R,), [
            f"ALTER TABLE {R} DROP CONSTRAINT fund_request_approved_by_another", f"UPDATE {R} SET approved_by_id = made_by_id",
        ]),
        ((M,), [f"ALTER TABLE {M} DROP CONSTRAINT fund_movement_decided_by_another", f"UPDATE {M} SET decided_by_id = made_by_id"]),
        ((M,), [f"UPDATE {M} SET state = 'declined' WHERE kind = 'reversal'"]),
        ((D,), [f"ALTER TABLE {D} DROP CONSTRAINT differences_approved_by_another", f"UPDATE {D} SET decided_by_id = made_by_id"]),
    ],
    "every_step_of_funds_has_its_event": [
        ((V,), [f"DELETE FROM {V} WHERE verb = 'funds.{verb}'"])
        for verb in (
            "request_submitted", "request_sent", "movement_recorded", "movement_confirmed", "movement_declined",
            "differences_made", "differences_approved",
        )
    ],
}


def make() -> None:
    """Asked, received above all, reversed, written off, declined; a cover ended, its difference taken off; money held."""
    world = make_world()
    roster = applied(world, people(4))
    first = sent(world)
    reversed_one(world, received(world, "5.00", reference="X"))
    received(world, "200.00")
    off = actions.record_write_off(
        FundRequest.objects.get(pk=first.pk), amount=first.amount - 200, reason="不再拨付", by=world.finance_maker,
        at=timezone.now(),
    )
    confirmed(world, off)
    ended(roster.enrollments.earliest("pk"), ended_on=timezone.localdate())
    differences(world)
    sent(world)
    actions.decline_movement(
        receipt(world, "1.00", reference="N"), reason="查无此款", by=world.finance_checker, at=timezone.now()
    )
    applied(world, people(1, first=10))
    sent(world)
    received(world, "3.00", reference="R3")
    # To the county: money that stays held, and a request that is not settled.
    sent(world, world.county)
    received(world, "10.00", reference="R4", funder=world.county)


_django_db_helper, one_world, kept_world = shared(make)


def broken() -> list[str]:
    return [invariant.name for invariant in INVARIANTS if check(invariant).rows]


def test_funds_as_they_move_break_nothing(kept_world: Any) -> None:
    assert broken() == [] and {invariant.name for invariant in INVARIANTS} == VIOLATIONS.keys()


@pytest.mark.parametrize(
    ("name", "tables", "statements"),
    [(name, *planted) for name, all_planted in VIOLATIONS.items() for planted in all_planted],
)
def test_a_planted_violation_is_found(
    kept_world: Any, name: str, tables: tuple[str, ...], statements: list[str]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        changed = 0
        for statement in statements:
            cursor.execute(statement)
            changed += max(cursor.rowcount, 0)
    assert changed, "the violation changes nothing"
    assert name in broken()
