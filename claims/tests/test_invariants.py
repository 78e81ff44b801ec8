"""Each invariant of the room finds its planted violation, and nothing in claims as they are made."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from audit.testing import shared
from claims import actions
from claims.invariants import INVARIANTS
from claims.models import Claim
from claims.testing import make_ward
from portal.verify import check

pytestmark = pytest.mark.django_db
C, D, L, P, U, S, R = (
    "claims_claim", "claims_decision", "claims_decisionline", "claims_payable", "claims_coverusage", "claims_signature",
    "claims_recovery",
)
FIRST = f"(SELECT min(id) FROM {C})"

#: Name -> tables whose triggers stand aside, and what breaks it.
VIOLATIONS: dict[str, list[tuple[tuple[str, ...], list[str]]]] = {
    "a_cover_pays_within_its_limit": [
        (("programs_plan",), ["UPDATE programs_plan SET cover_limit = 1.00"]),
    ],
    "use_of_a_cover_is_that_of_its_decisions": [
        ((U,), [f"UPDATE {U} SET paid = paid + 0.01"]),
        ((U,), [f"UPDATE {U} SET counters = '{{}}'::jsonb"]),
        ((D,), [f"UPDATE {D} SET used = used || '{{\"paid:x\": \"1\"}}'::jsonb WHERE state = 'approved'"]),
    ],
    "an_event_lies_in_its_cover": [
        (("claims_case",), ["UPDATE claims_case SET event_at = event_at - interval '2 years'"]),
        # A cover does not hold at its end.
        (("beneficiaries_enrollment",), [
            "UPDATE beneficiaries_enrollment e SET ends_at = k.event_at FROM claims_claim c JOIN claims_case k ON k.id = c.case_id"
            " WHERE c.enrollment_id = e.id AND c.settlement IS NOT NULL"
        ]),
        (("beneficiaries_enrollment",), ["UPDATE beneficiaries_enrollment SET state = 'lapsed'"]),
    ],
    "a_case_is_of_one_person": [
        ((C,), [f"UPDATE {C} SET case_id = (SELECT min(case_id) FROM {C}), position = 9 WHERE id = (SELECT max(id) FROM {C})"]),
    ],
    "owed_is_what_was_decided": [
        ((P,), [f"UPDATE {P} SET amount = amount + 0.01 WHERE id = (SELECT max(id) FROM {P})"]),
        ((C,), [f"UPDATE {C} SET amount = amount + 0.01"]),
    ],
    "a_decision_is_the_sum_of_its_parts": [((L,), [f"DELETE FROM {L} WHERE id = (SELECT min(id) FROM {L})"])],
    "decisions_have_their_signatures": [
        ((S,), [f"DELETE FROM {S} WHERE id = (SELECT min(id) FROM {S})"]),
        ((S,), [f"UPDATE {S} SET digest = repeat('1', 64)"]),
        ((D,), [f"UPDATE {D} SET digest = repeat('1', 64) WHERE kind = 'recomputed'"]),
    ],
    "asked_back_is_what_records_say": [
        ((P,), [f"UPDATE {P} SET received = received - 0.01 WHERE kind = 'reclaim' AND received > 0"]),
        ((R,), [f"UPDATE {R} SET amount = amount + 0.01 WHERE state = 'confirmed' AND kind = 'write_off'"]),
        ((R,), [f"UPDATE {R} SET state = 'confirmed' WHERE state = 'reversed'"]),
    ],
    "books_hold_what_is_asked_back": [
        ((P,), [f"UPDATE {P} SET amount = amount + 0.01 WHERE kind = 'reclaim'"]),
        (("programs_ledgerentry",), [
            "UPDATE programs_ledgerentry SET amount = amount + 0.01 WHERE account_id = (SELECT min(id) FROM programs_ledgeraccount"
            " WHERE kind = 'claims_recovered')"
        ]),
        (("programs_ledgerentry",), [
            "UPDATE programs_ledgerentry SET amount = amount + 0.01 WHERE account_id = (SELECT min(id) FROM programs_ledgeraccount"
            " WHERE kind = 'claims_written_off')"
        ]),
    ],
    "books_hold_what_claims_cost": [
        ((D,), [f"UPDATE {D} SET amount = amount + 0.01 WHERE state = 'approved' AND outcome = 'pay'"]),
    ],
    "claims_are_of_their_covers_office": [
        ((C,), [f"UPDATE {C} SET organization_id = (SELECT min(id) FROM accounts_organization) WHERE id = {FIRST}"]),
    ],
    "every_step_of_a_claim_is_kept": [
        ((C,), [f"UPDATE {C} SET state = 'paid', amount = 1, settlement = 99 WHERE id = {FIRST}"]),
    ],
}


def made() -> None:
    """Two claims of one cover, the first decided anew after it was paid, so that the second changed; and one of another person."""
    ward = make_ward()
    first = ward.claim(("out_of_catalogue", "20000.00"))
    second = ward.claim(("out_of_catalogue", "30000.00"), number="0000000002", diagnosis="I21.9")
    ward.decide(first)
    ward.decide(second)
    ward.pay(first)
    actions.reopen_claim(Claim.objects.get(pk=first.pk), reason="发票金额录错", by=ward.reviewer, at=ward.at)
    actions.remove_bill(first.case.bills.get(), reason="发票金额录错", by=ward.clerk, at=ward.at)
    ward.bill(first.case, ("out_of_catalogue", "12000.00"))
    first = actions.take_claim(Claim.objects.get(pk=first.pk), by=ward.clerk, at=ward.at)
    assert ward.decide(first).amount == Decimal("0.00")
    asked = first.payables.get(kind="reclaim")
    wrong = actions.confirm_recovery(ward.received(asked, "100.00"), by=ward.third, at=ward.at)
    actions.confirm_recovery(ward.received(asked, "200.00", "YH2"), by=ward.third, at=ward.at)
    told = {"reason": "被保险人困难", "by": ward.cashier, "at": ward.at}
    actions.confirm_recovery(actions.record_write_off(asked, amount=Decimal("300.00"), **told), by=ward.third, at=ward.at)
    actions.confirm_recovery(actions.record_reversal(wrong, **told), by=ward.third, at=ward.at)
    ward.report(ward.insure(1))


_django_db_helper, one_world, kept_world = shared(made)


def broken() -> list[str]:
    return [invariant.name for invariant in INVARIANTS if check(invariant).rows]


def test_claims_as_they_are_made_break_nothing(kept_world: Any) -> None:
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
        for statement in statements:
            cursor.execute(statement)
    assert name in broken()
