"""An invoice of one sum being compared and agreed, killed at every point of its way: each line agreed once, the sums add up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.faults import FaultAt, handled_by
from audit.testing import FULL_SWEEP
from beneficiaries.testing import applied, make_world, people
from beneficiaries.tests.outcomes import LOST, recover
from handover import actions
from handover.models import Covers, DecisionKind, Invoice, InvoiceLine, Kind
from handover.testing import TERMS, answered, numbers_of, recorded, released
from intake import template
from jobs.testing import drain_through_failures
from portal.verify import check_all

#: Points between two strikes of the short form.
STEP = 1 if FULL_SWEEP else 29


@pytest.mark.django_db(transaction=True)
def test_a_fault_at_any_point_of_a_sum_agrees_each_line_once(monkeypatch: Any) -> None:
    monkeypatch.setattr(template, "ROWS_PER_CHUNK", 2)
    world = make_world(**TERMS)
    struck, k, turns = 0, 1, 0
    while True:
        turns += 1
        applied(world, people(3, first=10 * k))
        told = released(world, kind=Kind.INITIAL if turns == 1 else Kind.ADDITIONS)
        answered(world, told, [(number, "Y", f"PA{k}{at}", "") for at, number in enumerate(numbers_of(told))], name=f"{k}.csv")
        given: dict[str, Any] = {"number": f"FP-{k}", "covers": Covers.HAND_OVER, "hand_over": told}
        recording = FaultAt(k=k)
        try:
            with handled_by(recording):
                recorded(world, "298.00", **given)
        except LOST:
            pass
        connection.close()
        recover()
        # A struck record has left its invoice whole, or nothing that stands in the way of the next.
        invoice = Invoice.objects.filter(number=f"FP-{k}").first() or recorded(world, "298.00", **given)
        assert (invoice.state, invoice.row_count, invoice.money["due"]) == ("review", 3, [3, "297.00"]), recording.seen[-1:]
        actions.decide_sum(invoice, kind=DecisionKind.ACCEPT, reason="按合同约定", by=world.finance_maker, at=timezone.now())
        invoice = actions.INVOICES.submit(Invoice.objects.get(pk=invoice.pk), by=world.finance_maker, at=timezone.now())
        actions.INVOICES.approve(invoice, digest=invoice.digest, by=world.finance_checker, at=timezone.now())
        agreeing = FaultAt(k=k)
        try:
            with handled_by(agreeing):
                drain_through_failures()
        except LOST:
            pass
        connection.close()
        recover()
        invoice.refresh_from_db()
        found = (invoice.state, invoice.agreed_lines, invoice.agreed_amount, invoice.difference)
        assert found == ("applied", 3, Decimal("298.00"), Decimal("1.00")), agreeing.seen[-1:]
        assert InvoiceLine.objects.filter(invoice=invoice).count() == 3
        if not (agreeing.struck or recording.struck):
            break
        struck += agreeing.struck + recording.struck
        k += STEP
    assert struck > 1
    assert [result.name for result in check_all() if result.rows] == []
