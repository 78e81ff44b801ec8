"""Files of claims of the world of Latin data: one under review with lines of each outcome, one opened with its papers."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from django.utils import timezone

from beneficiaries.models import Enrollment
from filings import actions
from filings.models import ClaimFile
from intake.findings import Verdict
from intake.models import State
from jobs.testing import drain

HEADINGS = "报案号,保障凭证号,姓名,出险日期,医院,票据代码,票据号码,票据总金额,医保目录外自费费用"
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def add_filings(world: Any) -> None:
    """Of the county's people."""
    clerk, reviewer = world.users["city clerk"], world.users["city reviewer"]
    covers = Enrollment.objects.filter(program=world.period.program, state="in_force").select_related("person", "program", "period")
    today = timezone.localdate()
    for number, cover in enumerate(covers.order_by("pk")[:2]):
        lines = [
            HEADINGS,
            f"ZQF{number}1,{cover.number},{cover.person.name.reveal()},{today},Zqhospital,4406012{number},000000000{number},10.00,10.00",
            f"ZQF{number}2,,Zq Nobody,{today},Zqhospital,,,5.00,5.00",
            f"ZQF{number}3,{cover.number},{cover.person.name.reveal()},{today},Zqhospital,,,5.00,4.00",
        ]
        subject = actions.upload_claim_file(
            [(f"zqclaims{number}.csv", io.BytesIO("\n".join(lines).encode("utf-8-sig")))], program=world.period.program,
            organization=clerk.organization, by=clerk, at=timezone.now(),
        )
        actions.add_archive(subject, name=f"zqpapers{number}.zip", stream=_papers(number), by=clerk, at=timezone.now())
        drain()
        subject = ClaimFile.objects.get(pk=subject.pk)
        if number == 0 and subject.verdict_count(Verdict.NEW):
            subject = actions.DESK.submit(subject, by=clerk, at=timezone.now())
            actions.DESK.approve(subject, digest=subject.digest, by=reviewer, at=timezone.now())
            drain()
    _as_if(clerk, reviewer)


def _papers(number: int) -> io.BytesIO:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in (
            (f"ZQF{number}1/zqinvoice.pdf", PDF), (f"ZQF{number}1_zqrecord.pdf", b"zq"), ("zqnobody/zqother.pdf", PDF),
        ):
            archive.writestr(name, content)
    target.seek(0)
    return target


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
        subject = ClaimFile.objects.latest("pk")
        subject.pk, subject._state.adding, subject.state = None, True, state
        for name, value in changes.items():
            setattr(subject, name, value)
        subject.approved_digest = subject.digest if state == State.UNDO_ASKED else ""
        subject.save(force_insert=True)
