"""Payouts of the world of Latin data: a report with a line of each kind of outcome under review, and one that is recorded."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

from django.utils import timezone

from beneficiaries.models import Enrollment
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
        if number == 0 and report.verdict_count(1):
            report = actions.DESK.submit(report, by=clerk, at=timezone.now())
            actions.DESK.approve(report, digest=report.digest, by=reviewer, at=timezone.now())
            drain()
