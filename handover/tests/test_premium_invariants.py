"""Each invariant of invoices and remittances finds its planted violation, and nothing in those that are made."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.testing import shared
from beneficiaries.testing import applied, make_world, people
from handover import actions
from handover.models import DecisionKind, Invoice
from handover.premium_invariants import PREMIUM
from handover.testing import TERMS, agreed, answered, invoiced, numbers_of, recorded, released, remitted
from portal.verify import check

pytestmark = pytest.mark.django_db
F, R, L = "handover_invoice", "handover_invoicerow", "handover_invoiceline"
T, N, P, V = "handover_remittance", "handover_remittanceinvoice", "handover_remittancepart", "audit_event"
A, D = "programs_ledgeraccount", "handover_invoicedecision"
#: Name -> tables whose triggers stand aside, and what breaks it.
VIOLATIONS: dict[str, list[tuple[tuple[str, ...], list[str]]]] = {
    "premium_moved_by_two": [
        ((F,), [
            f"ALTER TABLE {F} DROP CONSTRAINT invoice_approved_by_another", f"UPDATE {F} SET decided_by_id = submitted_by_id",
        ]),
        ((D,), [f"UPDATE {D} SET decided_by_id = (SELECT decided_by_id FROM {F} WHERE {F}.id = invoice_id)"]),
        ((T,), [
            f"ALTER TABLE {T} DROP CONSTRAINT remittance_approved_by_another, DROP CONSTRAINT remittance_confirmed_by_another",
            f"UPDATE {T} SET approved_by_id = made_by_id",
        ]),
        ((T,), [
            f"ALTER TABLE {T} DROP CONSTRAINT remittance_confirmed_by_another",
            f"UPDATE {T} SET ended_by_id = approved_by_id WHERE state = 'paid'",
        ]),
    ],
    "agreed_is_what_was_due": [
        ((L,), [f"UPDATE {L} SET amount = amount + 0.01"]), ((L,), [f"UPDATE {L} SET row_id = 987654321"]),
        ((F,), [f"UPDATE {F} SET pays_ours = '', pays_ours_by_id = NULL"]),
        ((R,), [f"UPDATE {R} SET set_aside = 'CHANGED_SINCE_REVIEW'"]),
        ((L,), [
            f"ALTER TABLE {L} DROP CONSTRAINT invoice_line_agreed_once",
            f"INSERT INTO {L} (invoice_id, line_id, amount, row_id) SELECT invoice_id, line_id, amount, row_id FROM {L} LIMIT 1",
        ]),
    ],
    "invoice_equals_its_lines": [
        ((F,), [f"UPDATE {F} SET agreed_amount = agreed_amount + 0.01 WHERE state = 'applied'"]),
        ((F,), [f"UPDATE {F} SET control_lines = control_lines + 1"]), ((F,), [f"UPDATE {F} SET shares = '[]'"]),
        ((F,), [f"UPDATE {F} SET bearers = '[]' WHERE difference <> 0"]),
        ((L,), [f"DELETE FROM {L} WHERE id = (SELECT min(id) FROM {L})"]),
    ],
    "sum_is_agreed_as_decided": [
        ((D,), [f"UPDATE {D} SET kind = 'ask'"]),
        ((F,), [f"UPDATE {F} SET money = jsonb_set(money, '{{due,1}}', '\"98.00\"') WHERE covers <> ''"]),
    ],
    "an_invoice_is_taken_in_once": [((F,), [f"UPDATE {F} SET number = 'FP-2', code = '04' WHERE number = 'FP-3'"])],
    "red_letter_within_its_invoice": [
        ((F,), [
            f"UPDATE {F} SET control_amount = -500, reverses_id = (SELECT id FROM {F} WHERE number = 'FP-2') WHERE number = 'FP-1'",
        ]),
    ],
    "invoice_row_has_one_outcome": [
        ((L,), [f"DELETE FROM {L}"]), ((R,), [f"UPDATE {R} SET verdict = 6 WHERE verdict = 1"]),
        ((R,), [f"UPDATE {R} SET set_aside = 'CHANGED_SINCE_REVIEW' WHERE verdict = 1"]),
    ],
    "remittance_equals_its_invoices": [
        ((T,), [f"UPDATE {T} SET amount = amount + 0.01"]), ((P,), [f"DELETE FROM {P} WHERE funder_id IS NULL"]),
        ((N,), [f"DELETE FROM {N}"]), ((N,), [f"UPDATE {N} SET stands = true WHERE NOT stands AND invoice_id IN ("
            f"SELECT invoice_id FROM {N} GROUP BY 1 HAVING bool_and(NOT stands))"]),
    ],
    "invoice_is_remitted_once": [((N,), ["DROP INDEX invoice_remitted_once", f"UPDATE {N} SET stands = true"])],
    "remitted_equals_ledger": [
        ((A,), [f"UPDATE {A} SET balance = balance + 0.01 WHERE kind = 'insurer_paid' AND funder_id IS NULL"]),
        ((T,), [f"UPDATE {T} SET state = 'failed', reason = 'x', reference = '', paid_on = NULL WHERE state = 'paid'"]),
    ],
    "every_step_of_premium_has_its_event": [
        ((V,), [f"DELETE FROM {V} WHERE verb = '{verb}'"])
        for verb in (
            "invoice.received", "invoice.recorded", "invoice.sum_decided", "invoice.approved", "invoice.difference_decided",
            "remittance.prepared", "remittance.approved", "remittance.paid", "remittance.failed", "remittance.withdrawn",
        )
    ],
    "no_raw_numbers_in_premium": [
        ((F,), [f"UPDATE {F} SET pays_ours = '证件441602196203151219' WHERE pays_ours <> ''"]),
        ((D,), [f"UPDATE {D} SET reason = '账号6228480000000007'"]),
        ((T,), [f"UPDATE {T} SET reason = '账号6228480000000007' WHERE reason <> ''"]),
    ],
}


def made() -> None:
    """An invoice agreed and paid after a failure, another whose remittance was withdrawn; a sum accepted."""
    world = make_world(**TERMS)
    applied(world, people(5))
    hand_over = released(world)
    one, two, three, four, _five = numbers_of(hand_over)
    answered(world, hand_over, [(number, "Y", f"PA{at}", "") for at, number in enumerate((one, two, three, four), 1)])
    given: dict[str, Any] = {"by": world.finance_maker, "at": timezone.now()}
    invoice = invoiced(world, [(one, "", "99.00"), (two, "", "99.50"), ("x", "", "99.00")])
    invoice = agreed(world, actions.pay_ours(invoice, reason="按备案费率", **given))
    actions.record_failure(remitted(world, invoice), reason="账号已变更", **given)
    remitted(world, invoice, reference="YH-1")
    other = agreed(world, invoiced(world, [(three, "", "99.00")], number="FP-2"))
    actions.withdraw_remittance(actions.prepare_remittance([other], **given), reason="下月一并", **given)
    whole = recorded(world, "100.00", number="FP-3")
    actions.decide_sum(whole, kind=DecisionKind.ACCEPT, reason="按合同约定", **given)
    agreed(world, Invoice.objects.get(pk=whole.pk))


_django_db_helper, one_world, kept_world = shared(made)


def broken() -> list[str]:
    return [invariant.name for invariant in PREMIUM if check(invariant).rows]


def test_invoices_and_remittances_as_they_are_made_break_nothing(kept_world: Any) -> None:
    assert broken() == [] and {invariant.name for invariant in PREMIUM} == VIOLATIONS.keys()


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
