"""Which buttons a claim's page offers whom: what its state allows, what a role gives, what maker and checker may not do both."""

from __future__ import annotations

from typing import Any

from claims.actions.cases import UNDECIDED
from claims.marks import known_marks
from claims.models import Claim, DecisionState, PayableState
from claims.rules.states import ASKABLE, OPEN, REOPENABLE, State

REPORT, HANDLE = "claims.report_claim", "claims.handle_claim"


def offers_of(claim: Claim, *, by: Any) -> set[str]:
    """Names of the buttons."""
    state, mine = claim.state, claim.handler_id == by.pk
    found: set[str] = set()

    def offer(permission: str, **fits: bool) -> None:
        if any(fits.values()) and by.has_perm(permission):
            found.update(name for name, fit in fits.items() if fit)

    editable = state in OPEN and not claim.case.claims.exclude(state__in=UNDECIDED).exists()
    open_now = state in OPEN and state != State.ASSESSED
    offer(
        HANDLE, accept=state == State.REPORTED, register=state == State.ACCEPTED,
        take=state in (State.REGISTERED, State.REVIEW) and claim.handler_id is None,
        decline=state in (State.REPORTED, State.ACCEPTED), ask_papers=state in ASKABLE, complete_papers=state == State.WAITING,
        investigate=state == State.REVIEW and mine, end_investigation=state == State.INVESTIGATION,
        calculate_decision=state == State.REVIEW and mine, call_bill_false=editable, withdraw=open_now and claim.settlement is None,
        close=state == State.PAID,
    )
    offer(
        REPORT, add_bill=editable, change_case=editable, add_paper=True, payee=open_now,
        order=editable and claim.case.claims.count() > 1,
        correct_account=state == State.PAYABLE and claim.payables.filter(state=PayableState.FAILED).exists(),
    )
    offer("claims.report_claim" if by.has_perm(REPORT) else "claims.sign_decision", note=True)
    offer("claims.explain_bill", explain_bill=editable)
    if editable and by.has_perm(HANDLE) and known_marks(claim.case):
        found.update(("mark_case", "mark_bill"))
    offer("claims.assign_claim" if not mine else HANDLE, hand_over=state in OPEN)
    offer("claims.sign_decision", reopen=state in REOPENABLE)
    if state == State.ASSESSED:
        _offer_signing(claim, found, by=by)
    if state == State.PAYABLE and claim.account_stated_by_id != by.pk and by.has_perm("claims.review_account"):
        failed = claim.payables.filter(state=PayableState.FAILED).values_list("made_at", flat=True).first()
        if failed is not None and claim.account_changed_at is not None and claim.account_changed_at > failed:
            found.add("confirm_account")
    return found


def _offer_signing(claim: Claim, found: set[str], *, by: Any) -> None:
    decision = claim.decisions.filter(state=DecisionState.PROPOSED).first()
    if decision is None:
        return
    signers = set(decision.signatures.values_list("by", flat=True))
    if decision.proposed_by_id == by.pk:
        found.add("send_back")
        return
    if by.has_perm("claims.sign_decision"):
        found.add("send_back")
    wanted = "claims.countersign_decision" if signers else "claims.sign_decision"
    if by.pk not in signers and by.has_perm(wanted):
        found.add("sign")
