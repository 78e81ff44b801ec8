"""Each invariant of the room finds its planted violation, and nothing in notices as they are made."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.testing import shared
from beneficiaries.models import Enrollment
from beneficiaries.testing import applied, make_world, people
from gates import actions
from gates.invariants import INVARIANTS
from gates.models import ObjectionReason, ObjectionState
from gates.testing import TERMS, paid, posted_notice
from gates.tests import test_clearing_invariants, test_statement_invariants
from jobs.testing import drain
from portal.verify import check

pytestmark = pytest.mark.django_db
P, PL = "gates_ownpayment", "gates_ownpaymentline"
F, FP = "gates_noticefile", "gates_noticefilepart"
N, L, B, E = "gates_notice", "gates_noticeline", "gates_objection", "beneficiaries_enrollment"

#: Name -> tables whose triggers stand aside, and what breaks it.
VIOLATIONS: dict[str, list[tuple[tuple[str, ...], list[str]]]] = {
    "notice_posted_by_another": [
        ((N,), [f"ALTER TABLE {N} DROP CONSTRAINT notice_posted_by_another", f"UPDATE {N} SET posted_by_id = made_by_id"]),
        ((B,), [f"ALTER TABLE {B} DROP CONSTRAINT objection_decided_by_another", f"UPDATE {B} SET decided_by_id = received_by_id"]),
    ],
    "notice_counts_its_lines": [
        ((N,), [f"UPDATE {N} SET people = people + 1"]), ((L,), [f"DELETE FROM {L} WHERE number = 3"]),
        ((L,), [f"UPDATE {L} SET number = 9 WHERE number = 3"]), ((N,), [f"UPDATE {N} SET villages = 7"]),
    ],
    "closed_notice_leaves_nobody_waiting": [
        ((E,), [
            f"UPDATE {E} SET state = 'awaiting', notice_passed_at = NULL WHERE state = 'in_force'",
        ]),
        ((B,), [
            f"ALTER TABLE {B} DROP CONSTRAINT objection_decided_with_a_reason", f"UPDATE {B} SET state = 'open'",
        ]),
    ],
    "notice_file_is_its_parts": [
        ((F,), [f"UPDATE {F} SET people = people + 1"]), ((F,), [f"UPDATE {F} SET size = size - 1"]),
        ((FP,), [f"DELETE FROM {FP}"]), ((FP,), [f"UPDATE {FP} SET number = 2"]), ((N,), [f"UPDATE {N} SET villages = 7"]),
    ],
    "no_notice_file_kept_past_its_time": [((F,), [f"UPDATE {F} SET purge_on = current_date - 9"])],
    "upheld_objection_took_the_person_out": [((E,), [f"UPDATE {E} SET state = 'awaiting' WHERE state = 'voided'"])],
    "noticed_people_are_of_the_notice": [
        ((N,), [f"UPDATE {N} SET region_code = '441621'"]), ((L,), [f"UPDATE {L} SET enrollment_id = 987654321 WHERE number = 3"]),
        ((N,), [f"UPDATE {N} SET organization_id = (SELECT max(id) FROM accounts_organization WHERE kind = 'insurer')"]),
        ((L,), [f"DELETE FROM {L} WHERE enrollment_id IN (SELECT enrollment_id FROM {B})"]),
    ],
    "every_notice_step_has_its_event": [
        (("audit_event",), [f"DELETE FROM audit_event WHERE verb = '{verb}'"])
        for verb in ("notice.posted", "notice.closed", "objection.upheld")
    ],
    "payment_equals_its_lines": [
        ((P,), [f"UPDATE {P} SET amount = amount + 0.01"]), ((PL,), [f"DELETE FROM {PL} WHERE id = (SELECT min(id) FROM {PL})"]),
    ],
    "payment_is_booked_and_recorded": [
        ((E,), [f"UPDATE {E} SET own_paid_at = NULL WHERE id = (SELECT min(enrollment_id) FROM {PL})"]),
        (("programs_ledgertransaction",), ["UPDATE programs_ledgertransaction SET source_id = 987654321 WHERE kind = 'receipt'"]),
        ((P,), [f"UPDATE {P} SET left_people = 1"]), ((PL,), [f"UPDATE {PL} SET amount = amount + 0.01"]),
    ],
    "every_payment_has_its_event": [(("audit_event",), ["DELETE FROM audit_event WHERE verb = 'payment.recorded'"])],
}


def made() -> None:
    """A closed notice of three people, of whom an objection took one out; the others have paid."""
    world = make_world(**{**TERMS, "notice_days": 0})
    applied(world, people(3))
    notice = posted_notice(world)
    objection = actions.record_objection(
        notice, region_code="441602", number=2, reason=ObjectionReason.MEANS, text="财产超标",
        received_on=timezone.localdate(), by=world.clerk, at=timezone.now(),
    )
    actions.decide_objection(objection, state=ObjectionState.UPHELD, decision="属实", by=world.reviewer, at=timezone.now())
    actions.close_notice(notice, by=world.clerk, at=timezone.now())
    actions.write_notice(notice, by=world.clerk, at=timezone.now())
    drain()
    paid(world, Enrollment.objects.all(), amount=Decimal("0.02"))


_django_db_helper, one_world, kept_world = shared(made)


def broken() -> list[str]:
    return [invariant.name for invariant in INVARIANTS if check(invariant).rows]


def test_notices_as_they_are_made_break_nothing(kept_world: Any) -> None:
    planted = VIOLATIONS.keys() | test_statement_invariants.VIOLATIONS.keys() | test_clearing_invariants.VIOLATIONS.keys()
    # Planted beside what they are of: arrivals, statements of refunds, payments that never came, bills.
    planted |= {
        "purchase_payment_arrives_once", "refund_line_has_one_outcome", "payment_given_up_left_nothing", "purchases_are_counted",
        "bill_is_of_its_roster", "bill_is_paid_by_two", "every_bill_has_its_events",
    }
    assert broken() == [] and {invariant.name for invariant in INVARIANTS} == planted


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
        for statement in statements:
            cursor.execute(statement)
    assert name in broken()
