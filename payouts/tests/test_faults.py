"""A file being written and a bank's answer being taken over, killed at every point of their way: each payout once."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.faults import FaultAt, handled_by
from audit.models import Event
from audit.testing import FULL_SWEEP, in_turn
from beneficiaries.tests.outcomes import LOST, Dropped, recover
from claims.models import Payable
from jobs.testing import drain_through_failures
from payouts import actions, writing
from payouts.invariants import INVARIANTS
from payouts.models import BankResult, BankReturn, Batch
from payouts.testing import downloaded, keys_of, make_till, verifying
from portal.verify import check
from programs.models import LedgerTransaction

MODES: dict[str, type[FaultAt]] = {"exception": FaultAt, "disconnect": Dropped}
#: Points between two strikes of the short form.
STEP = 1 if FULL_SWEEP else 23


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", in_turn(MODES, 1))
def test_a_fault_at_any_point_of_a_file_and_of_its_results_loses_and_doubles_nothing(mode: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(writing, "STEP_LINES", 2)
    till = make_till()
    struck, k = 0, 1
    while True:
        till.owe("1.00", "2.00", "3.00")
        batch = actions.release_batch(till.authorized(till.prepare()), by=till.maker, at=timezone.now())
        written = _through(MODES[mode](k=k))
        batch = Batch.objects.select_related("format").get(pk=batch.pk)
        assert batch.has_file, written.seen[-1:]
        assert hashlib.sha256(b"".join(writing.content_of(batch))).hexdigest() == batch.sha256, written.seen[-1:]
        assert list(batch.parts.order_by("number").values_list("number", "rows", "last_line")) == [(1, 2, 2), (2, 1, 3)]
        assert Event.objects.filter(verb="payout_batch.written", subject_id=str(batch.pk)).count() == 1
        assert downloaded(till, batch).count(b"\r\n") == 4
        one, two, three = keys_of(batch)
        rows = [(one, "1.00", "Y"), (two, "2.00", "N", "E404"), (three, "3.00", "T", "", "销户")]
        batch = Batch.objects.get(pk=batch.pk)
        uploading = MODES[mode](k=k)
        try:
            with handled_by(uploading):
                till.received(batch, rows)
        except LOST:
            pass
        connection.close()
        recover()
        # A struck upload has left its file whole, or nothing that stands in the way of the next.
        found = BankReturn.objects.filter(batch=batch).first() or till.received(batch, rows)
        assert (found.state, found.row_count) == ("review", 3), uploading.seen[-1:]
        found = actions.RETURNS.submit(found, by=till.maker, at=timezone.now())
        actions.RETURNS.approve(found, digest=found.digest, by=till.checker, at=timezone.now())
        taking = _through(MODES[mode](k=k))
        batch.refresh_from_db()
        assert BankReturn.objects.get(pk=found.pk).state == "applied", taking.seen[-1:]
        assert (batch.state, batch.paid_lines, batch.failed_lines, batch.returned_lines) == ("partial", 1, 1, 1), taking.seen[-1:]
        results = BankResult.objects.filter(line__batch=batch).order_by("line__number", "outcome")
        assert list(results.values_list("line__number", "outcome")) == [(1, "paid"), (2, "failed"), (3, "paid"), (3, "returned")]
        postings = LedgerTransaction.objects.filter(source_type="payouts.batch", source_id=batch.pk).order_by("pk")
        assert [each.kind for each in postings] == ["payout", "bounce"], taking.seen[-1:]
        if not (written.struck or taking.struck or uploading.struck):
            break
        struck += written.struck + taking.struck + uploading.struck
        k += STEP
    assert struck > 2
    # What is owed here was written as if it had been decided: invariants of claims would find no decision behind it.
    assert [each.name for each in INVARIANTS if check(each).rows] == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", in_turn(MODES, 0))
def test_a_fault_at_any_point_of_what_verifies_accounts_loses_and_doubles_nothing(mode: str) -> None:
    till = verifying(make_till())
    struck, k = 0, 1
    while True:
        good, bad = (f"62284800{k:06d}{place}" for place in "12")
        ready, (refused,) = till.owe("1.00", "2.00", account=good), till.owe("3.00", account=bad)
        preparing = MODES[mode](k=k)
        try:
            with handled_by(preparing):
                till.prepare_test()
        except LOST:
            pass
        connection.close()
        recover()
        # A struck preparation has left nothing, or the whole batch.
        batch = Batch.objects.filter(is_test=True, state="prepared").first() or till.prepare_test()
        assert (batch.lines, batch.amount, batch.batch_lines.count()) == (2, Decimal("0.02"), 2), preparing.seen[-1:]
        batch = till.brought(till.written(batch))
        one, two = keys_of(batch)
        found = till.received(batch, [(one, "0.01", "Y"), (two, "0.01", "N", "E404")])
        found = actions.RETURNS.submit(found, by=till.maker, at=timezone.now())
        actions.RETURNS.approve(found, digest=found.digest, by=till.checker, at=timezone.now())
        taking = _through(MODES[mode](k=k))
        batch.refresh_from_db()
        assert (batch.state, batch.paid_lines, batch.failed_lines) == ("partial", 1, 1), taking.seen[-1:]
        assert list(BankResult.objects.filter(line__batch=batch).order_by("line_id").values_list("outcome", flat=True)) == [
            "paid", "failed"
        ], taking.seen[-1:]
        postings = LedgerTransaction.objects.filter(source_type="payouts.batch", source_id=batch.pk)
        assert [each.kind for each in postings] == ["test"], taking.seen[-1:]
        states = [Payable.objects.get(pk=each.pk).state for each in (*ready, refused)]
        assert states == ["open", "open", "failed"], taking.seen[-1:]
        assert till.prepare().lines == 2
        if not (preparing.struck or taking.struck):
            break
        struck += preparing.struck + taking.struck
        k += STEP
    assert struck > 2
    assert [each.name for each in INVARIANTS if check(each).rows] == []


def _through(fault: FaultAt) -> FaultAt:
    """Everything that waits, struck once and gone on from."""
    try:
        with handled_by(fault):
            drain_through_failures()
    except LOST:
        pass
    connection.close()
    recover()
    return fault
