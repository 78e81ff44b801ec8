"""An invoice being uploaded, checked and agreed, killed at every point of its way: each line agreed once, the sums add up."""

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
from handover.models import Invoice, InvoiceLine, Kind
from handover.testing import TERMS, answered, invoiced, numbers_of, released
from intake import staging
from jobs.testing import drain_through_failures
from portal.verify import check_all

#: Points between two strikes of the short form.
STEP = 1 if FULL_SWEEP else 29


@pytest.mark.django_db(transaction=True)
def test_a_fault_at_any_point_of_an_invoice_agrees_each_line_once(monkeypatch: Any) -> None:
    monkeypatch.setattr(staging, "ROWS_PER_CHUNK", 2)
    world = make_world(**TERMS)
    struck, k, turns = 0, 1, 0
    while True:
        turns += 1
        applied(world, people(3, first=10 * k))
        told = released(world, kind=Kind.INITIAL if turns == 1 else Kind.ADDITIONS)
        one, two, three = numbers_of(told)
        answered(world, told, [(number, "Y", f"PA{k}{at}", "") for at, number in enumerate((one, two, three))], name=f"{k}.csv")
        rows = [(one, "", "99.00"), (two, "", "98.00"), (three, "", "99.00")]
        uploading = FaultAt(k=k)
        try:
            with handled_by(uploading):
                invoiced(world, rows, number=f"FP-{k}")
        except LOST:
            pass
        connection.close()
        recover()
        # A struck upload has left its invoice whole, or nothing that stands in the way of the next.
        invoice = Invoice.objects.filter(number=f"FP-{k}").first() or invoiced(world, rows, number=f"FP-{k}")
        assert (invoice.state, invoice.row_count) == ("review", 3), uploading.seen[-1:]
        invoice = actions.INVOICES.submit(invoice, by=world.finance_maker, at=timezone.now())
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
        assert (invoice.state, invoice.agreed_lines, invoice.agreed_amount) == ("applied", 2, Decimal("198.00")), agreeing.seen[-1:]
        assert InvoiceLine.objects.filter(invoice=invoice).count() == 2
        if not (agreeing.struck or uploading.struck):
            break
        struck += agreeing.struck + uploading.struck
        k += STEP
    assert struck > 1
    assert [result.name for result in check_all() if result.rows] == []
