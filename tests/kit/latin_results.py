"""Payouts of the world of Latin data: a report with a line of each kind of outcome under review, and one that is recorded."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

from django.utils import timezone

from beneficiaries.models import Enrollment
from intake.findings import Verdict
from intake.models import State
from jobs.testing import drain
from results import actions
from results.models import Report


def add_results(world: Any, *, reason: str) -> None:
    """Of the county's people."""
    clerk, reviewer = world.users["city clerk"], world.users["city reviewer"]
    covers = Enrollment.objects.filter(program=world.period.program, state="in_force").select_related("person", "program", "period")
    today = timezone.localdate()
    for number, cover in enumerate(covers.order_by("pk")[:2]):
        name = cover.person.name.reveal() if hasattr(cover.person.name, "reveal") else "Zqname"
        lines = [
            "赔案号,保障凭证号,姓名,出险日期,医院,赔付金额,赔付日期",
            f"ZQ{number}1,{cover.number},{name},{today},Zqhospital,10.00,{today}",
            f"ZQ{number}2,,Zq Nobody,{today},Zqhospital,5.00,{today}",
        ]
        report = actions.upload_report(
            [(f"zqresults{number}.csv", io.BytesIO("\n".join(lines).encode("utf-8-sig")))], program=world.period.program,
            organization=clerk.organization, reference=f"zqresults{number}", control_lines=2, control_amount=Decimal("15.00"),
            by=clerk, at=timezone.now(),
        )
        drain()
        report = Report.objects.get(pk=report.pk)
        if number == 0 and report.verdict_count(Verdict.NEW):
            report = actions.DESK.submit(report, by=clerk, at=timezone.now())
            actions.DESK.approve(report, digest=report.digest, by=reviewer, at=timezone.now())
            drain()
    _as_if(clerk, reviewer)


def _as_if(clerk: Any, reviewer: Any) -> None:
    """One that waits to be approved, and one that is to be undone."""
    at = timezone.now()
    sent = {"submitted_by": clerk, "submitted_at": at}
    for state, changes in (
        (State.SUBMITTED, sent),
        (State.UNDO_ASKED, {
            **sent, "decided_by": reviewer, "decided_at": at, "applied_at": at, "undo_asked_by": clerk, "undo_asked_at": at,
            "undo_reason": "Zqreason zqgiven",
        }),
    ):
        report = Report.objects.latest("pk")
        report.pk, report._state.adding = None, True
        report.reference, report.state = f"zq{state}", state
        for name, value in changes.items():
            setattr(report, name, value)
        report.approved_digest = report.digest if state == State.UNDO_ASKED else ""
        report.save(force_insert=True)
