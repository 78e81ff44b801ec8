"""A claim on its way to a decision: accepted, filed, taken into hand, papers asked for, investigated; withdrawn, reopened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.faults import fault_point
from beneficiaries.models import Person
from claims.actions.cases import REPORT
from claims.errors import ClaimsRefused
from claims.known_papers import known_papers
from claims.models import Claim, ClaimNote, PaperKind, PaperRequest, Payee
from claims.rules.states import ASKABLE, DECIDED, OPEN, REOPENABLE, State
from claims.stepping import locked, not_later, reaches, record, said, step

HANDLE, ASSIGN = "claims.handle_claim", "claims.assign_claim"
_MAJORITY = 18
#: Of an account number, without blanks.
_SHORTEST, _LONGEST = 8, 32


def accept_claim(claim: Claim, *, by: User, at: datetime) -> Claim:
    """受理: the request is there; legal terms run from this day."""
    with transaction.atomic():
        claim = locked(claim, by=by, permission=HANDLE, among=(State.REPORTED,))
        fault_point("claims.accept_claim.before")
        claim.clock_begun_on = timezone.localdate(at)
        step(claim, State.ACCEPTED, by=by, at=at)
        record("claim.accepted", claim, by=by, at=at)
        fault_point("claims.accept_claim.after")
    return claim


def register_claim(claim: Claim, *, by: User, at: datetime) -> Claim:
    """立案: what was reported is a claim on this cover."""
    with transaction.atomic():
        claim = locked(claim, by=by, permission=HANDLE, among=(State.ACCEPTED,))
        fault_point("claims.register_claim.before")
        step(claim, State.REGISTERED, by=by, at=at)
        record("claim.registered", claim, by=by, at=at)
        fault_point("claims.register_claim.after")
    return claim


def decline_claim(claim: Claim, *, reason: str, by: User, at: datetime) -> Claim:
    """不予立案: it is no claim on this cover."""
    reason = said(reason)
    with transaction.atomic():
        claim = locked(claim, by=by, permission=HANDLE, among=(State.REPORTED, State.ACCEPTED))
        fault_point("claims.decline_claim.before")
        step(claim, State.DECLINED, by=by, at=at, reason=reason)
        record("claim.declined", claim, by=by, at=at, reason=reason)
        fault_point("claims.decline_claim.after")
    return claim


def take_claim(claim: Claim, *, by: User, at: datetime) -> Claim:
    """Take a filed claim into hand; one that a colleague handles is handed over instead."""
    with transaction.atomic():
        claim = locked(claim, by=by, permission=HANDLE, among=(State.REGISTERED, State.REVIEW))
        if claim.handler is not None and claim.handler_id != by.pk:
            raise ClaimsRefused("NOT_HANDLER", name=claim.handler.get_full_name())
        if claim.handler_id == by.pk and claim.state == State.REVIEW:
            return claim
        fault_point("claims.take_claim.before")
        claim.handler = by
        if claim.state == State.REGISTERED:
            step(claim, State.REVIEW, by=by, at=at)
        else:
            claim.save(update_fields=["handler"])
        record("claim.taken", claim, by=by, at=at)
        fault_point("claims.take_claim.after")
    return claim


def hand_over(claim: Claim, to: User, *, reason: str, by: User, at: datetime) -> Claim:
    """Give a claim to a colleague: by whoever handles it, or by somebody who assigns work."""
    reason = said(reason)
    with transaction.atomic():
        claim = locked(claim, by=by, permission=HANDLE if claim.handler_id == by.pk else ASSIGN, among=OPEN)
        if claim.handler_id != by.pk and not reaches(by, ASSIGN, claim):
            # It was in their hands when they asked, and is a colleague's now.
            raise ClaimsRefused("NOT_HANDLER", name=claim.handler.get_full_name() if claim.handler is not None else "–")
        if not (to.is_active and reaches(to, HANDLE, claim)):
            raise ClaimsRefused("HANDLER_CANNOT")
        if claim.handler_id == to.pk:
            return claim
        fault_point("claims.hand_over.before")
        claim.handler = to
        claim.save(update_fields=["handler"])
        record("claim.handed_over", claim, by=by, at=at, to=to.get_full_name(), reason=reason)
        fault_point("claims.hand_over.after")
    return claim


def ask_papers(claim: Claim, kinds: Sequence[str], *, words: str = "", by: User, at: datetime) -> PaperRequest:
    """补充材料: ask for everything that is missing, at once; the clock stands from tomorrow on until it is complete."""
    wanted = [str(PaperKind(kind)) for kind in dict.fromkeys(kinds)]
    if not wanted:
        raise ClaimsRefused("PAPERS_NONE")
    events.refuse_personal(words)
    with transaction.atomic():
        claim = locked(claim, by=by, permission=HANDLE)
        if claim.state == State.WAITING:
            raise ClaimsRefused("PAPERS_WAIT")
        if claim.state not in ASKABLE:
            raise ClaimsRefused("STATE", state=claim.get_state_display())
        known = [kind for kind in known_papers(claim.case) if kind in wanted]
        if known:
            raise ClaimsRefused("PAPER_KNOWN", kinds=", ".join(str(kind.label) for kind in known))
        fault_point("claims.ask_papers.before")
        asked = PaperRequest.objects.create(
            claim=claim, kinds=wanted, words=" ".join(words.split())[:300], asked_on=timezone.localdate(at), asked_by=by
        )
        claim.waits_from = claim.state
        step(claim, State.WAITING, by=by, at=at)
        record("claim.papers_asked", claim, by=by, at=at, kinds=wanted)
        fault_point("claims.ask_papers.after")
    return asked


def complete_papers(claim: Claim, *, complete_on: date, by: User, at: datetime) -> PaperRequest:
    """Everything that was asked for is there since a day: the clock goes on."""
    with transaction.atomic():
        claim = locked(claim, by=by, permission=HANDLE)
        asked = claim.paper_requests.filter(complete_on=None).first()
        if claim.state != State.WAITING or asked is None:
            raise ClaimsRefused("PAPERS_NOT_ASKED")
        if complete_on < asked.asked_on or not not_later(complete_on, at=at):
            raise ClaimsRefused("COMPLETE_DAY")
        fault_point("claims.complete_papers.before")
        asked.complete_on, asked.completed_by = complete_on, by
        asked.save(update_fields=["complete_on", "completed_by"])
        back, claim.waits_from = State(claim.waits_from), ""
        step(claim, back, by=by, at=at)
        record("claim.papers_complete", claim, by=by, at=at)
        fault_point("claims.complete_papers.after")
    return asked


def begin_investigation(claim: Claim, *, reason: str, by: User, at: datetime) -> Claim:
    """调查: something is to be found out first."""
    reason = said(reason)
    with transaction.atomic():
        claim = locked(claim, by=by, permission=HANDLE, among=(State.REVIEW,))
        fault_point("claims.begin_investigation.before")
        step(claim, State.INVESTIGATION, by=by, at=at, reason=reason)
        record("claim.investigation_begun", claim, by=by, at=at, reason=reason)
        fault_point("claims.begin_investigation.after")
    return claim


def end_investigation(claim: Claim, *, reason: str, by: User, at: datetime) -> Claim:
    """What was found; the review goes on."""
    reason = said(reason)
    with transaction.atomic():
        claim = locked(claim, by=by, permission=HANDLE, among=(State.INVESTIGATION,))
        fault_point("claims.end_investigation.before")
        step(claim, State.REVIEW, by=by, at=at, reason=reason)
        record("claim.investigation_ended", claim, by=by, at=at, reason=reason)
        fault_point("claims.end_investigation.after")
    return claim


def note_claim(claim: Claim, *, text: str, by: User, at: datetime) -> ClaimNote:
    """Leave a note for whoever works on the claim next; it is sealed, since it speaks of people."""
    if not text.strip():
        raise ClaimsRefused("REASON")
    with transaction.atomic():
        claim = locked(claim, by=by, permission=REPORT if by.has_perm(REPORT) else "claims.sign_decision")
        fault_point("claims.note_claim.before")
        note = ClaimNote.objects.create(claim=claim, text=text.strip()[:2000], by=by, at=at)
        record("claim.noted", claim, by=by, at=at)
        fault_point("claims.note_claim.after")
    return note


@dataclass(frozen=True)
class Account:
    """Who is paid, and where."""

    payee: str
    name: str
    number: str
    bank_name: str = ""
    bank_code: str = ""


def state_payee(claim: Claim, account: Account, *, by: User, at: datetime) -> Claim:
    """Say who is paid, and to which account; until the decision is calculated, or after the bank has refused it."""
    number = number_of(account)
    with transaction.atomic():
        claim = locked(claim, by=by, permission=REPORT)
        if claim.state not in OPEN or claim.state == State.ASSESSED:
            raise ClaimsRefused("PAYEE_FROZEN")
        fault_point("claims.state_payee.before")
        write_payee(claim, account, number=number, by=by, at=at)
        record("claim.payee_stated", claim, by=by, at=at, payee=str(account.payee))
        fault_point("claims.state_payee.after")
    return claim


def number_of(account: Account) -> str:
    """The account's number without blanks; refused where it cannot be one, or the bank's code is none."""
    number = "".join(account.number.split())
    if not (number.isascii() and number.isalnum() and _SHORTEST <= len(number) <= _LONGEST):
        raise ClaimsRefused("PAYEE_ACCOUNT")
    if account.bank_code and not (account.bank_code.isascii() and account.bank_code.isdecimal() and len(account.bank_code) == 12):
        raise ClaimsRefused("BANK_CODE")
    return number


def holder_of(account: Account, person: Person, *, on: date) -> str:
    """The account holder's name as it is kept; refused where it does not fit whoever is to be paid."""
    name = " ".join(account.name.split())
    if not 2 <= len(name) <= 100:
        raise ClaimsRefused("PAYEE_NAME")
    if account.payee == Payee.SELF and is_minor(person.birth_on, on=on):
        raise ClaimsRefused("PAYEE_MINOR")
    if account.payee == Payee.SELF and name != person.name.reveal():
        raise ClaimsRefused("PAYEE_NAME")
    return name


def write_payee(claim: Claim, account: Account, *, number: str, by: User, at: datetime) -> None:
    """Keep payee and account of a locked claim."""
    name = holder_of(account, claim.enrollment.person, on=timezone.localdate(at))
    set_payee(claim, account, name=name, number=number, by=by, at=at)
    fault_point("claims.write_payee.before")
    claim.save()
    for column, value in claim.account_indexes().items():
        setattr(claim, column, value)
    claim.save(update_fields=["account_index_a", "account_index_b"])
    fault_point("claims.write_payee.after")


def set_payee(claim: Claim, account: Account, *, name: str, number: str, by: User, at: datetime) -> None:
    """Payee and account on a claim that is not saved by this; its index is made by whoever saves it."""
    held, holder = claim.payee_account, claim.payee_name
    # Another holder is another account to whoever pays: it is looked at, and confirmed, as another number is.
    changed = held is not None and (held.reveal() != number or holder is None or holder.reveal() != name)
    claim.account_stated_by = by
    claim.payee, claim.payee_name, claim.payee_account = Payee(account.payee), name, number
    claim.bank_name, claim.bank_code = account.bank_name.strip(), account.bank_code
    if changed or claim.account_changed_at is None:
        claim.account_changed_at = at


def is_minor(birth_on: date | None, *, on: date) -> bool:
    """Under 18 on a day; of whom no birthday is known is taken as of age."""
    if birth_on is None:
        return False
    return on.year - birth_on.year - ((on.month, on.day) < (birth_on.month, birth_on.day)) < _MAJORITY


def withdraw_claim(claim: Claim, *, reason: str, by: User, at: datetime) -> Claim:
    """撤案: whoever claimed takes it back, before it is calculated."""
    reason = said(reason)
    with transaction.atomic():
        claim = locked(claim, by=by, permission=HANDLE)
        if claim.state not in OPEN or claim.state == State.ASSESSED:
            raise ClaimsRefused("STATE", state=claim.get_state_display())
        if claim.settlement is not None:
            # It was decided before: what it paid and used is undone by a new decision, never by leaving.
            raise ClaimsRefused("STATE", state=claim.get_state_display())
        fault_point("claims.withdraw_claim.before")
        today = timezone.localdate(at)
        claim.paper_requests.filter(complete_on=None).update(complete_on=today, completed_by=by)
        claim.waits_from = ""
        step(claim, State.WITHDRAWN, by=by, at=at, reason=reason)
        record("claim.withdrawn", claim, by=by, at=at, reason=reason)
        fault_point("claims.withdraw_claim.after")
    return claim


def reopen_claim(claim: Claim, *, reason: str, by: User, at: datetime) -> list[Claim]:
    """重开: review it anew, with every claim of the case that pays after it; what holds stays until another decision is signed."""
    reason = said(reason)
    with transaction.atomic():
        claim = locked(claim, by=by, permission="claims.sign_decision")
        if claim.state not in REOPENABLE:
            raise ClaimsRefused("NOT_REOPENABLE")
        after = claim.case.claims.select_for_update(of=("self",)).filter(position__gt=claim.position, state__in=DECIDED)
        reopened = [claim, *after.select_related("organization", "case").order_by("position")]
        for each in reopened:
            if each.state not in REOPENABLE:
                raise ClaimsRefused("IN_PAYMENT", number=each.number)
        fault_point("claims.reopen_claim.before")
        for each in reopened:
            each.reopened += 1
            each.handler = None
            each.clock_begun_on = timezone.localdate(at)
            step(each, State.REVIEW, by=by, at=at, reason=reason)
            record("claim.reopened", each, by=by, at=at, reason=reason)
        fault_point("claims.reopen_claim.after")
    return reopened


def close_claim(claim: Claim, *, by: Any, at: datetime) -> Claim:
    """结案: everything that it owes is paid."""
    with transaction.atomic():
        claim = locked(claim, by=by, permission=HANDLE, among=(State.PAID,))
        fault_point("claims.close_claim.before")
        step(claim, State.CLOSED, by=by, at=at)
        record("claim.closed", claim, by=by, at=at)
        fault_point("claims.close_claim.after")
    return claim
