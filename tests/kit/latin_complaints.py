"""Complaints of the Latin world: one in each state, with longer terms asked for and to be told, and an appeal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from claims.models import Claim
from complaints import actions
from complaints.models import Channel, Complainant, Complaint, Outcome, Topic


def add_complaints(world: Any, *, reason: str) -> None:
    """Of the county's claims, in the hands of others than who answers."""
    county, clerk, reviewer = world.users["county clerk"], world.users["city clerk"], world.users["city reviewer"]
    at = timezone.now()
    today = timezone.localdate(at)
    # The reviewer of the world signed a decision: claims on which nobody did anything yet.
    claim = Claim.objects.filter(organization=world.county, state="reported").latest("pk")
    given: dict[str, Any] = {
        "complainant": Complainant.AGENT, "complainant_name": "Zqagent", "words": "Zqsaid", "channel": Channel.REGULATOR, "at": at,
    }

    def recorded(topic: Topic, *, ago: int = 0) -> Complaint:
        return actions.record_complaint(claim, topic=topic, received_on=today - timedelta(days=ago), by=clerk, **given)

    def answered(topic: Topic) -> Complaint:
        return actions.answer_complaint(recorded(topic), outcome=Outcome.PARTLY, answer="Zqanswer", by=reviewer, at=at)

    recorded(Topic.DELAY, ago=20)
    answered(Topic.PAPERS)
    told = actions.tell_answer(answered(Topic.ATTITUDE), told_on=today, by=clerk, at=at)
    actions.ask_review(told, received_on=today, by=clerk, **given)
    actions.withdraw_complaint(recorded(Topic.OTHER), reason=reason, by=clerk, at=at)
    asked = recorded(Topic.DATA, ago=13)
    actions.ask_extension(asked, reason=reason, by=clerk, at=at)
    actions.approve_extension(asked, by=reviewer, at=at)
    actions.ask_extension(asked, reason=reason, by=clerk, at=at)
    paid = Claim.objects.filter(organization=world.county, state="payable").latest("pk")
    Complaint.objects.create(
        kind="appeal", claim=paid, decision=paid.decisions.get(state="approved"), program_id=paid.program_id,
        organization_id=paid.organization_id, region_code=paid.region_code, topic=Topic.AMOUNT, complainant=Complainant.PAYEE,
        complainant_name="Zqpayee", words="Zqsaid", channel=Channel.WEB, received_on=today, due_on=today + timedelta(days=15),
        recorded_by=county, recorded_at=at,
    )
    actions.write_answer_wording(
        world.program, text="Zqtext {投诉编号}{处理结果}{答复}{后续途径}", phone="0762-3380000", by=reviewer, at=at
    )
