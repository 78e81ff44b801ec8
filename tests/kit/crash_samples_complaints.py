"""Sample runs of actions with complaints: each about a claim of a supplementary program of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from beneficiaries.testing import World
from claims.actions import Refusal
from claims.models import LetterFormat, LetterKind
from claims.testing import Ward
from complaints import actions
from complaints.models import Channel, Complainant, Complaint, Outcome, Topic
from complaints.rules.answer_text import TEXT
from complaints.testing import answered, judge_of, recorded, told, told_claim, worded
from tests.kit.crash_samples import Run, fresh, sample
from tests.kit.crash_samples_claims import ward_of
from tests.kit.crashes import Token


def simply(name: str, prepare: Callable[[Ward], Any], run: Callable[[Ward, Any], Any]) -> None:
    """A sample: what is prepared, and what is done with it, read anew."""

    @sample(name)
    def made(world: World, token: Token) -> Run:
        ward = ward_of(world, token)
        subject = prepare(ward)
        return lambda: run(ward, fresh(subject))


def complained(ward: Ward) -> Complaint:
    """About a claim that was just reported."""
    judge_of(ward)
    return recorded(ward, ward.report().claims.get())


def appealed(ward: Ward) -> Complaint:
    """Against a refusal."""
    judge_of(ward)
    worded(ward)
    claim = told_claim(ward, kind=LetterKind.REFUSAL, refusal=Refusal("PRE_EXISTING", "病历记载"))
    return recorded(ward, claim, topic=Topic.REFUSAL)


def judge(ward: Ward) -> Any:
    """Of the ward, made before."""
    return type(ward.clerk).objects.get(username=f"{ward.clerk.username}.judge")


def longer(ward: Ward) -> Complaint:
    """A longer term waits."""
    complaint = complained(ward)
    actions.ask_extension(complaint, reason="需核实", by=ward.colleague, at=ward.at)
    return complaint


def extended(ward: Ward) -> Complaint:
    """A longer term was approved."""
    complaint = longer(ward)
    actions.approve_extension(complaint, by=judge(ward), at=ward.at)
    return complaint


def letter_ready(ward: Ward) -> Complaint:
    """Answered, with a telephone for the letter."""
    worded(ward)
    return answered(ward, complained(ward), by=judge(ward))


simply("complaints.record_complaint", lambda ward: ward.report().claims.get(), recorded)
simply(
    "complaints.answer_complaint", appealed,
    lambda ward, found: answered(ward, found, by=judge(ward), outcome=Outcome.UPHELD),
)
simply(
    "complaints.tell_answer", lambda ward: answered(ward, complained(ward), by=judge(ward)),
    lambda ward, found: actions.tell_answer(found, told_on=ward.today, by=ward.colleague, at=ward.at),
)
simply(
    "complaints.ask_review", lambda ward: told(ward, complained(ward), by=judge(ward)),
    lambda ward, found: actions.ask_review(
        found, complainant=Complainant.INSURED, words="不服", channel=Channel.LETTER, received_on=ward.today, by=ward.colleague,
        at=ward.at,
    ),
)
simply(
    "complaints.withdraw_complaint", complained,
    lambda ward, found: actions.withdraw_complaint(found, reason="误会", by=ward.colleague, at=ward.at),
)
simply(
    "complaints.ask_extension", complained,
    lambda ward, found: actions.ask_extension(found, reason="需核实", by=ward.colleague, at=ward.at),
)
simply(
    "complaints.approve_extension", longer, lambda ward, found: actions.approve_extension(found, by=judge(ward), at=ward.at)
)
simply(
    "complaints.decline_extension", longer, lambda ward, found: actions.decline_extension(found, by=judge(ward), at=ward.at)
)
simply(
    "complaints.tell_extension", extended,
    lambda ward, found: actions.tell_extension(found, told_on=ward.today, by=ward.colleague, at=ward.at),
)
simply(
    "complaints.print_answer", letter_ready,
    lambda ward, found: actions.print_answer(
        found, file_format=LetterFormat.DOCX, purpose="寄送投诉人", by=ward.colleague, at=ward.at
    ),
)
simply(
    "complaints.write_answer_wording", lambda ward: ward.cover.program,
    lambda ward, found: actions.write_answer_wording(found, text=TEXT, phone="95500", by=ward.reviewer, at=ward.at),
)
