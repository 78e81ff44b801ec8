"""A file killed at every point of its check, its opening, its papers and its undo: each claim once, each paper once."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.faults import FaultAt, handled_by
from audit.testing import FULL_SWEEP
from beneficiaries.tests.outcomes import LOST, recover
from claims.models import Case, Claim, Paper
from filings.actions import DESK, add_archive
from filings.models import ClaimFile, FiledCase, PaperArchive
from filings.testing import PDF, Filings, filings, line, uploaded, zipped
from jobs.testing import drain_through_failures
from portal.verify import check_all

pytestmark = pytest.mark.django_db(transaction=True)


def lines_of(world: Filings, k: int) -> list[dict[str, str]]:
    """Three lines of two claims over two chunks, and one that is held."""
    own = {"event_time": f"{k % 24:02d}:{k % 60:02d}", "diagnosis": f"C{k % 90:02d}.{k % 9}"}
    return [
        line(world, 0, f"A{k}", invoice_number=f"1{k:09d}", **own), line(world, 1, f"B{k}", invoice_number=f"2{k:09d}", **own),
        line(world, 0, f"A{k}", invoice_number=f"3{k:09d}", **own),
        line(world, 2, f"C{k}", invoice_number=f"4{k:09d}", name="张三丰", **own),
    ]


def led_on(world: Filings, k: int) -> None:
    """As far as its people lead a file by their clicks; each step where it is its turn."""
    subject = ClaimFile.objects.get(files__name=f"F{k}.csv")
    if not subject.paper_archives.exists() and subject.state in ("review", "submitted"):
        stream = zipped({f"A{k}/发票.pdf": PDF, f"B{k}_身份证.pdf": PDF})
        add_archive(subject, name=f"{k}.zip", stream=stream, by=world.clerk, at=timezone.now())
    drain_through_failures()
    subject.refresh_from_db()
    if subject.state == "review":
        subject = DESK.submit(subject, by=world.clerk, at=timezone.now())
    if subject.state == "submitted":
        DESK.approve(subject, digest=subject.digest, by=world.reviewer, at=timezone.now())
    drain_through_failures()
    subject.refresh_from_db()
    if subject.state == "applied":
        DESK.request_undo(subject, reason="文件重复报送", by=world.clerk, at=timezone.now())
        subject.refresh_from_db()
    if subject.state == "undo_asked":
        DESK.approve_undo(subject, by=world.reviewer, at=timezone.now())
    drain_through_failures()


def test_a_fault_at_any_point_of_a_files_way_loses_and_doubles_nothing(monkeypatch: Any) -> None:
    monkeypatch.setattr("intake.staging.ROWS_PER_CHUNK", 2)
    world = filings()
    struck, k = 0, 1
    while True:
        fault = FaultAt(k=k)
        try:
            with handled_by(fault):
                uploaded(world, lines_of(world, k), name=f"F{k}")
                drain_through_failures()
                led_on(world, k)
        except LOST:
            pass
        connection.close()
        # What was not received whole was not received at all, and comes again.
        if not ClaimFile.objects.filter(files__name=f"F{k}.csv").exists():
            uploaded(world, lines_of(world, k), name=f"F{k}")
        recover()
        led_on(world, k)
        recover()
        subject = ClaimFile.objects.get(files__name=f"F{k}.csv")
        assert subject.state == "undone", (subject.state, fault.seen[-1])
        filed = FiledCase.objects.filter(claim_file=subject)
        assert sorted((each.number, len(each.rows), each.undone_at is None) for each in filed) == [
            (f"A{k}", 2, False), (f"B{k}", 1, False),
        ], fault.seen[-1]
        cases = Case.objects.filter(filed__claim_file=subject)
        assert set(Claim.objects.filter(case__in=cases).values_list("state", flat=True)) == {"withdrawn"}
        kinds = Paper.objects.filter(case__in=cases).values_list("kind", flat=True)
        assert sorted(kinds) == ["identity", "invoice"], fault.seen[-1]
        assert PaperArchive.objects.filter(claim_file=subject).count() == 1
        if not fault.struck:
            break
        struck += 1
        k += 1 if FULL_SWEEP else 61
    assert struck > 1
    assert [result.name for result in check_all() if result.rows] == []
