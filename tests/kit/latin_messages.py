"""Messages of the world of Latin data: wordings and messages in each state that has a page of its own."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from beneficiaries.actions import approve_change, propose_end, propose_representative
from beneficiaries.models import Enrollment, PersonChange, Representative, Role
from beneficiaries.shown_change import digest_of
from beneficiaries.testing import resident_id
from jobs.testing import drain
from outreach import actions
from outreach.models import DeliveryReport, MessageWording, NameForm, Sending, Topic
from outreach.reporting import template_of
from outreach.testing import report_file


def add_messages(world: Any, *, reason: str) -> None:
    """Wordings drafted, declined, replaced and approved; a message to release, one withdrawn, one ready, one fetched."""
    clerk, drafter, reviewer = world.users["county clerk"], world.users["city clerk"], world.users["city reviewer"]

    def drafted(topic: Topic) -> MessageWording:
        return actions.draft_message(
            world.program, topic=topic, signature="Zqsign", text="Zqtext", name_form=NameForm.MASKED,
            hotline="0762-3380000", by=drafter, at=timezone.now(),
        )

    def proposed(topic: Topic) -> Sending:
        return actions.propose_sending(
            world.period, organization=world.county, region_code="441602", topic=topic, by=clerk, at=timezone.now()
        )

    def ready(topic: Topic) -> Sending:
        sending = proposed(topic)
        actions.release_sending(sending, shown=sending.people, by=reviewer, at=timezone.now())
        drain()
        return Sending.objects.get(pk=sending.pk)

    for topic in (Topic.IN_FORCE, Topic.IN_FORCE, Topic.ENDED):
        actions.approve_message(drafted(topic), by=reviewer, at=timezone.now())
    actions.decline_message(drafted(Topic.IN_FORCE), reason=reason, by=reviewer, at=timezone.now())
    drafted(Topic.IN_FORCE)
    actions.withdraw_sending(proposed(Topic.IN_FORCE), reason=reason, by=reviewer, at=timezone.now())
    ready(Topic.ENDED)
    # Proposed before everybody is told by the other one.
    proposed(Topic.IN_FORCE)
    told = ready(Topic.IN_FORCE)
    first = told.lines.filter(reach="phone").earliest("number")
    rows = [(f"M{told.pk}-{first.number}", "失败", "Zqreason"), ("Zqnobody", "送达", "")]
    kept = _reported(told, clerk, rows)
    others = [(f"M{told.pk}-{line.number}", "送达", "") for line in told.lines.filter(reach="phone", told_with=None)]
    _reported(told, clerk, [*others, ("Zqsomebody", "送达", "")])
    _reported(told, clerk, [*others, ("Zqother", "送达", "")], submitted=False)
    actions.REPORTS.approve(kept, digest=kept.digest, by=reviewer, at=timezone.now())
    drain()


def _reported(
    told: Sending, clerk: Any, rows: list[tuple[str, str, str]], *, submitted: bool = True
) -> DeliveryReport:
    """A report that was checked, and handed on unless said otherwise."""
    report = actions.upload_report(
        [(f"zq{rows[-1][0]}.csv".lower(), report_file(rows))], sending=told, control_lines=len(rows), by=clerk, at=timezone.now()
    )
    drain()
    report.refresh_from_db()
    if submitted:
        report = actions.REPORTS.submit(report, by=clerk, at=timezone.now())
    return report


def words_of_reports() -> set[str]:
    """What files of reports say in their own language: headings and words."""
    return {word for column in template_of().columns for word in (str(column.label), *column.synonyms, *column.choices)}


def add_speakers(world: Any, *, reason: str) -> None:
    """An agent who was recorded and ended, one who stands, one proposed."""
    clerk, reviewer = world.users["county clerk"], world.users["city reviewer"]
    cover = Enrollment.objects.filter(state="in_force", organization=world.county, period=world.period).earliest("pk")
    given: dict[str, Any] = {"reason": reason, "by": clerk, "at": timezone.now()}

    def proposed(number: int) -> PersonChange:
        return propose_representative(
            cover.beneficiary, role=Role.AGENT, name="Zqagent", document_type="resident_id",
            document=resident_id("441602", "19850101", number), phone="13700137000", relation="Zqrelation", **given,
        )

    def approved(change: PersonChange) -> None:
        fresh = PersonChange.objects.get(pk=change.pk)
        approve_change(fresh, shown=digest_of(fresh), by=reviewer, at=timezone.now())

    approved(proposed(1))
    approved(proposed(3))
    approved(propose_end(Representative.objects.earliest("pk"), **given))
    proposed(5)
