"""Complaints and appeals for tests: recorded, answered, told."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from accounts.testing import make_user
from claims.actions import print_letter
from claims.models import Addressee, Claim, LetterFormat, LetterKind, LetterStyle
from claims.testing import Ward
from complaints import actions
from complaints.models import Channel, Complainant, Complaint, Outcome, Topic
from papers.actions import write_wording

WORDS = "住院费用清单已交，三次要求补同一份材料。"
ANSWER = "经核查，材料齐全，此前重复要求补件，已向经办人员说明并改正。"


def judge_of(ward: Ward, name: str = "judge") -> User:
    """A reviewer of the city who never touched a claim."""
    return make_user(f"{ward.clerk.username}.{name}", organization=ward.market.world.city, role="reviewer")


def worded(ward: Ward) -> None:
    """Letters need a telephone."""
    write_wording(ward.cover.program, how_to_claim="拨打电话", phone="0762-3380000", by=ward.market.world.reviewer, at=ward.at)


def told_claim(ward: Ward, *, kind: LetterKind = LetterKind.PAYMENT, **given: Any) -> Claim:
    """Decided, its letter printed."""
    claim = ward.claim()
    ward.decide(claim, **given)
    print_letter(
        claim, kind=kind, style=LetterStyle.FORMAL, addressee=Addressee.PERSON, file_format=LetterFormat.DOCX, purpose="寄送本人",
        by=ward.clerk, at=ward.at,
    )
    return Claim.objects.get(pk=claim.pk)


def recorded(ward: Ward, claim: Claim, *, topic: Topic = Topic.PAPERS, **changes: Any) -> Complaint:
    """By a colleague of whoever handles the claim."""
    given: dict[str, Any] = {
        "topic": topic, "complainant": Complainant.INSURED, "words": WORDS, "channel": Channel.COUNTER, "received_on": ward.today,
        "by": ward.colleague, "at": ward.at, **changes,
    }
    return actions.record_complaint(claim, **given)


def answered(ward: Ward, complaint: Complaint, *, by: User, outcome: Outcome = Outcome.NOT_UPHELD) -> Complaint:
    """By somebody independent."""
    return actions.answer_complaint(complaint, outcome=outcome, answer=ANSWER, by=by, at=ward.at)


def told(ward: Ward, complaint: Complaint, *, by: User, **given: Any) -> Complaint:
    """Answered, and told on the same day."""
    done = answered(ward, complaint, by=by, **given)
    return actions.tell_answer(done, told_on=ward.today, by=ward.colleague, at=ward.at)
