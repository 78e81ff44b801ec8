"""Complaints, appeals and reviews on their way: recorded, answered by somebody independent, told, withdrawn."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from audit.faults import fault_point
from claims.actions import reopen_claim
from claims.errors import ClaimsRefused
from claims.models import Claim, Decision, DecisionState, Letter
from claims.rules.states import OPEN, State
from claims.stepping import reaches
from complaints.errors import ComplaintsRefused
from complaints.independence import answerable_by, is_above
from complaints.models import (
    APPEAL_TOPICS,
    Channel,
    Complainant,
    Complaint,
    ComplaintState,
    Kind,
    Outcome,
    Topic,
)
from complaints.rules.terms import due_on, review_until
from complaints.stepping import ANSWER, RECORD, locked, record, said

WORDS_MAX = 4000


def record_complaint(
    claim: Claim, *, topic: Topic, complainant: Complainant, complainant_name: str = "", words: str, channel: Channel,
    received_on: date, by: User, at: datetime,
) -> Complaint:
    """投诉 about how a claim is handled, or 申诉 against its decision in force: the topic says which. The term begins."""
    complaint = _made(
        claim, kind=Kind.APPEAL if topic in APPEAL_TOPICS else Kind.COMPLAINT, topic=topic, complainant=complainant,
        complainant_name=complainant_name, words=words, channel=channel, received_on=received_on, by=by, at=at,
    )
    complaint.due_on = due_on(received_on)
    with transaction.atomic():
        fault_point("complaints.record_complaint.before")
        if complaint.kind == Kind.APPEAL:
            complaint.decision = _told_decision(claim)
        _keep(complaint, by=by, at=at)
        fault_point("complaints.record_complaint.after")
    return complaint


def ask_review(
    answered: Complaint, *, complainant: Complainant, complainant_name: str = "", words: str, channel: Channel, received_on: date,
    by: User, at: datetime,
) -> Complaint:
    """核查 of an answer, once, within 30 days of the day on which it was told."""
    with transaction.atomic():
        answered = locked(answered, by=by, permission=RECORD, among=tuple(ComplaintState))
        if answered.kind == Kind.REVIEW:
            raise ComplaintsRefused("REVIEW_OF_REVIEW")
        if answered.state != ComplaintState.TOLD or answered.told_on is None:
            raise ComplaintsRefused("REVIEW_OF_TOLD")
        if Complaint.objects.filter(of=answered).exists():
            raise ComplaintsRefused("REVIEW_ONCE")
        if received_on < answered.told_on:
            raise ComplaintsRefused("REVIEW_EARLY")
        if received_on > review_until(answered.told_on):
            raise ComplaintsRefused("REVIEW_LATE", day=f"{review_until(answered.told_on):%Y-%m-%d}")
        review = _made(
            answered.claim, kind=Kind.REVIEW, topic=Topic(answered.topic), complainant=complainant,
            complainant_name=complainant_name, words=words, channel=channel, received_on=received_on, by=by, at=at,
        )
        review.of, review.decision = answered, answered.decision
        review.due_on = due_on(received_on, review=True)
        fault_point("complaints.ask_review.before")
        _keep(review, by=by, at=at)
        fault_point("complaints.ask_review.after")
    return review


def _made(
    claim: Claim, *, kind: Kind, topic: Topic, complainant: Complainant, complainant_name: str, words: str, channel: Channel,
    received_on: date, by: User, at: datetime,
) -> Complaint:
    """What was said, not kept yet."""
    if not reaches(by, RECORD, claim):
        raise ComplaintsRefused("OUT_OF_SCOPE")
    if received_on > timezone.localdate(at):
        raise ComplaintsRefused("RECEIVED_LATER")
    name = " ".join(complainant_name.split())[:100]
    if complainant != Complainant.INSURED and not name:
        raise ComplaintsRefused("NAME")
    if not words.strip():
        raise ComplaintsRefused("WORDS")
    return Complaint(
        kind=kind, claim=claim, program_id=claim.program_id, organization=claim.organization, region_code=claim.region_code,
        topic=topic, complainant=complainant, complainant_name=name or None, words=words.strip()[:WORDS_MAX], channel=channel,
        received_on=received_on, recorded_by=by, recorded_at=at,
    )


def _told_decision(claim: Claim) -> Decision:
    """The decision in force, locked, if whoever it is about knows of it: by its letter, or by the money."""
    holding = Decision.objects.select_for_update(of=("self",), no_key=True).filter(claim=claim.pk, state=DecisionState.APPROVED)
    decision = holding.first()
    if decision is None:
        raise ComplaintsRefused("NO_DECISION")
    paid = Claim.objects.filter(pk=claim.pk, state__in=(State.PAID, State.CLOSED)).exists()
    if not paid and not Letter.objects.filter(decision=decision).exists():
        raise ComplaintsRefused("NOT_TOLD")
    return decision


def _keep(complaint: Complaint, *, by: User, at: datetime) -> None:
    try:
        with transaction.atomic():
            fault_point("complaints.keep.before")
            complaint.save(force_insert=True)
    except IntegrityError as conflict:
        if "appeal_open_once_of_a_decision" in str(conflict):
            raise ComplaintsRefused("APPEAL_WAITS") from conflict
        raise
    record(
        "complaint.recorded", complaint, by=by, at=at, kind=str(complaint.kind), topic=str(complaint.topic), day=complaint.due_on
    )
    fault_point("complaints.keep.after")


def answer_complaint(complaint: Complaint, *, outcome: Outcome, answer: str, by: User, at: datetime) -> Complaint:
    """What was found, by somebody who had no hand in the claim. An appeal that is upheld, wholly or partly, reopens the claim.

    A claim that is open anyway, since it was reopened for another reason, goes on as it does.
    """
    if not answer.strip():
        raise ComplaintsRefused("ANSWER")
    with transaction.atomic():
        complaint = locked(complaint, by=by, permission=ANSWER, among=(ComplaintState.OPEN,))
        refuse_dependent(complaint, by=by)
        fault_point("complaints.answer_complaint.before")
        if complaint.decision is not None and outcome != Outcome.NOT_UPHELD:
            _reopen(complaint, by=by, at=at)
        complaint.state, complaint.outcome, complaint.answer = ComplaintState.ANSWERED, outcome, answer.strip()[:WORDS_MAX]
        complaint.answered_by, complaint.answered_at = by, at
        complaint.save(update_fields=["state", "outcome", "answer", "answered_by", "answered_at"])
        record("complaint.answered", complaint, by=by, at=at, outcome=str(outcome))
        fault_point("complaints.answer_complaint.after")
    return complaint


def refuse_dependent(complaint: Complaint, *, by: User) -> None:
    """ComplaintsRefused unless the user had no hand in what is complained about, and works above for a review."""
    if complaint.recorded_by_id == by.pk:
        raise ComplaintsRefused("ANOTHER_ANSWERS")
    if not answerable_by(Complaint.objects.filter(pk=complaint.pk), by).exists():
        raise ComplaintsRefused("HAD_A_HAND")
    if complaint.kind == Kind.REVIEW and not is_above(by, complaint.organization):
        raise ComplaintsRefused("OFFICE_ABOVE")


def _reopen(complaint: Complaint, *, by: User, at: datetime) -> None:
    """The claim of an upheld appeal is decided anew, unless that is under way or done."""
    claim = Claim.objects.get(pk=complaint.claim_id)
    decision: Any = complaint.decision
    if claim.state in OPEN or decision.state != DecisionState.APPROVED:
        return
    try:
        reopen_claim(claim, reason=complaint.number, by=by, at=at)
    except ClaimsRefused as refused:
        raise ComplaintsRefused("CANNOT_REOPEN", why=str(refused)) from refused


def tell_answer(complaint: Complaint, *, told_on: date, by: User, at: datetime) -> Complaint:
    """Whoever complained knows the answer since a day: the term ends, the term for a review begins."""
    with transaction.atomic():
        complaint = locked(complaint, by=by, permission=RECORD, among=(ComplaintState.ANSWERED,))
        answered_at: Any = complaint.answered_at
        if not timezone.localdate(answered_at) <= told_on <= timezone.localdate(at):
            raise ComplaintsRefused("TOLD_DAY")
        fault_point("complaints.tell_answer.before")
        complaint.state, complaint.told_on, complaint.told_by = ComplaintState.TOLD, told_on, by
        complaint.save(update_fields=["state", "told_on", "told_by"])
        record("complaint.told", complaint, by=by, at=at, day=told_on)
        fault_point("complaints.tell_answer.after")
    return complaint


def withdraw_complaint(complaint: Complaint, *, reason: str, by: User, at: datetime) -> Complaint:
    """Whoever complained takes it back before it is answered."""
    reason = said(reason)
    with transaction.atomic():
        complaint = locked(complaint, by=by, permission=RECORD, among=(ComplaintState.OPEN,))
        fault_point("complaints.withdraw_complaint.before")
        complaint.state, complaint.withdrawn_because = ComplaintState.WITHDRAWN, reason
        complaint.save(update_fields=["state", "withdrawn_because"])
        record("complaint.withdrawn", complaint, by=by, at=at, reason=reason)
        fault_point("complaints.withdraw_complaint.after")
    return complaint
