"""A message of the demo with what became of it: released, fetched, reported; loaded again, nobody is told twice."""

from __future__ import annotations

import io
from collections.abc import Callable

from django.utils import timezone

from accounts.models import User
from beneficiaries.models import Enrollment
from intake.models import State
from jobs.actions import run_pending
from outreach import actions
from outreach.composing import reference_of
from outreach.models import DeliveryReport, MessageWording, NameForm, Reach, Sending, SendingState, Topic, WordingState
from programs.models import Period

TEXT = "{姓名}您好，{项目}已为您承保，保障期{起保日}至{止保日}。咨询{咨询电话}"
HOTLINE = "0762-3380000"
#: Of so many messages one failed, one is not known.
ONE_OF = 9


def tell_people(period: Period, *, drafter: User, clerk: User, reviewer: User, say: Callable[[str], None]) -> None:
    """Lead a message to people of one town from wherever a killed load left it to its delivery report."""
    covered = Enrollment.objects.filter(period=period, state="in_force", organization=clerk.organization)
    place = covered.order_by("region_code").values_list("region_code", flat=True).first()
    if place is None:
        return
    sending = _sent(period, drafter, clerk, reviewer, place[:9])
    report = DeliveryReport.objects.filter(sending=sending).first()
    if report is None:
        heads = list(sending.lines.filter(reach=Reach.PHONE, told_with=None).order_by("number").values_list("number", flat=True))
        if not heads:
            return
        results = {1: ("失败", "停机"), 2: ("未知", "")}
        lines = [
            ",".join((reference_of(sending, number), *results.get(at % ONE_OF, ("送达", "")))) for at, number in enumerate(heads)
        ]
        content = io.BytesIO("\r\n".join(["短信编号,状态,失败原因", *lines, ""]).encode("utf-8-sig"))
        report = actions.upload_report(
            [("短信回执.csv", content)], sending=sending, control_lines=len(lines), by=clerk, at=timezone.now()
        )
    run_pending()
    report.refresh_from_db()
    if report.state == State.REVIEW:
        report = actions.REPORTS.submit(report, by=clerk, at=timezone.now())
    if report.state == State.SUBMITTED:
        actions.REPORTS.approve(report, digest=report.digest, by=reviewer, at=timezone.now())
        run_pending()
    sending.refresh_from_db()
    say(f"{period.program.name}: {sending.people} people told, {sending.delivered} messages delivered, {sending.failed} not")


def _sent(period: Period, drafter: User, clerk: User, reviewer: User, region: str) -> Sending:
    wording = MessageWording.objects.filter(program=period.program, topic=Topic.IN_FORCE).first()
    if wording is None:
        wording = actions.draft_message(
            period.program, topic=Topic.IN_FORCE, signature=period.program.name, text=TEXT, name_form=NameForm.MASKED,
            hotline=HOTLINE, by=drafter, at=timezone.now(),
        )
    if wording.state == WordingState.DRAFT:
        actions.approve_message(wording, by=reviewer, at=timezone.now())
    sending = Sending.objects.filter(period=period).first()
    if sending is None:
        sending = actions.propose_sending(
            period, organization=clerk.organization, region_code=region, topic=Topic.IN_FORCE, by=clerk, at=timezone.now()
        )
    if sending.state == SendingState.PROPOSED:
        sending = actions.release_sending(sending, shown=sending.people, by=reviewer, at=timezone.now())
    run_pending()
    sending.refresh_from_db()
    if sending.fetched_at is None:
        b"".join(actions.open_messages(sending, by=clerk, at=timezone.now()))
    return Sending.objects.select_related("program", "organization", "period").get(pk=sending.pk)
