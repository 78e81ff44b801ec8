"""Claims of the Latin world: one in each state that has a page of its own, with bills, papers, decisions and what is owed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from beneficiaries.models import Enrollment
from claims import actions
from claims.models import (
    Bill,
    BillLine,
    Case,
    Claim,
    ClaimNote,
    ClaimStep,
    Decision,
    DecisionLine,
    Paper,
    PaperRequest,
    Payable,
    Recovery,
    Signature,
)
from claims.rules.states import State

D = Decimal


class _Ward:
    """Who works on what cover, and how many cases there are."""

    def __init__(self, world: Any, reason: str) -> None:
        self.world, self.reason, self.at = world, reason, timezone.now()
        self.cover = Enrollment.objects.filter(program=world.program, organization=world.county).earliest("pk")
        self.clerk, self.reviewer = world.users["county clerk"], world.users["city reviewer"]
        self.day = timezone.localdate(self.at)
        self.made = 0

    def claim(self, state: State, **changes: Any) -> Claim:
        """As if it had come so far."""
        self.made += 1
        case = Case.objects.create(
            organization=self.world.county, region_code=self.cover.region_code, kind="accident",
            event_at=self.at - timedelta(days=2, minutes=self.made), channel="agent", reporter="agent", reporter_name="Zqreporter",
            reporter_phone="13800138001", account="Zqaccount", injuries=[8, 8], marks=["zqmark"], died_on=None,
            reported_on=self.day, recorded_by=self.clerk, recorded_at=self.at,
        )
        values = {"due_on": self.day, "clock_begun_on": self.day, **changes}
        claim = Claim.objects.create(
            case=case, enrollment=self.cover, program_id=self.cover.program_id, plan_id=self.cover.plan_id,
            period_id=self.cover.period_id, organization=self.world.county, region_code=self.cover.region_code, position=1,
            state=state, reported_at=self.at, **values,
        )
        ClaimStep.objects.create(
            claim=claim, from_state="", to_state=state, at=self.at, by=self.clerk, by_label="zq", reason=self.reason
        )
        return claim

    def bill(self, claim: Claim, **changes: Any) -> Bill:
        """With everything that an invoice can say."""
        bill = Bill.objects.create(
            case=claim.case, invoice_code="44060124", invoice_number=f"{claim.pk:010d}", issued_on=self.day, setting="inpatient",
            hospital_name="Zqhospital", admitted_on=self.day, discharged_on=self.day, total=D("10.00"), fund=D("1.00"),
            others=D("1.00"), major_illness=D("1.00"), account_paid=D("1.00"), cash=D("7.00"), third_party=D("1.00"),
            commercial=D("1.00"), entered_by=self.clerk, entered_at=self.at,
            **{"marks": ["zqmark"], **changes},
        )
        BillLine.objects.create(
            bill=bill, position=1, kind="out_of_catalogue", name="Zqitem", code="ZQ1", amount=D("10.00"), marks=["zqmark"]
        )
        return bill

    def decision(self, claim: Claim, state: str, *, number: int = 1, needed: int = 1, **changes: Any) -> Decision:
        """As if it had been calculated."""
        decided = None if state == "proposed" else self.at
        decision = Decision.objects.create(
            claim=claim, number=number, state=state, terms_digest="0" * 64, usage_version=0, digest="0" * 64,
            signatures_needed=needed, proposed_by=self.clerk, proposed_at=self.at, decided_at=decided,
            **{"kind": "first", "outcome": "pay", "proposed": D("10.00"), "amount": D("9.00"), **changes},
        )
        if decision.amount:
            DecisionLine.objects.create(
                decision=decision, position=1, responsibility="zqpart", counted=D("10.00"), deducted=D("0.00"), proposed=D("10.00"),
                amount=D("9.00"), code="agreement", reason=self.reason,
            )
        return decision


def make_latin_claims(world: Any, *, reason: str) -> None:
    """A claim of each state, whose days are over or today; thresholds in force and to approve."""
    ward = _Ward(world, reason)
    clerk, reviewer, at = ward.clerk, ward.reviewer, ward.at
    for state in (State.REPORTED, State.ACCEPTED, State.REGISTERED, State.INVESTIGATION):
        ward.claim(state)
    for state in (State.WITHDRAWN, State.DECLINED, State.ZERO):
        ward.claim(state)
    waiting = ward.claim(State.WAITING, waits_from=State.REVIEW)
    PaperRequest.objects.create(claim=waiting, kinds=["record", "death"], words=reason, asked_on=ward.day, asked_by=clerk)
    review = ward.claim(
        State.REVIEW, handler=clerk, payee="heir", payee_name="Zqpayee", payee_account="6228480000000007", bank_name="Zqbank",
        due_on=ward.day - timedelta(days=1),
    )
    _fill(ward, review)
    _doubled(ward)
    ward.decision(
        ward.claim(State.ASSESSED), "proposed", assumed=["age"], burden={"ours": "9.00", "person": "1.00"},
        refusals=[{"code": "PRE_EXISTING", "responsibility": "", "place": "", "reason": ""}],
        effects=[{"claim": review.pk, "before": "1.00", "after": "2.00"}],
    )
    large = ward.decision(ward.claim(State.ASSESSED), "proposed", needed=2)
    Signature.objects.create(decision=large, step=1, digest=large.digest, by=reviewer, at=at)
    _failed(ward)
    _asked_back(ward)
    kept: dict[str, Any] = {"second_above": D("1.00"), "third_above": D("2.00"), "by": world.users["city clerk"], "at": at}
    actions.approve_threshold(actions.propose_threshold(world.program, **kept), by=reviewer, at=at)
    actions.drop_threshold(actions.propose_threshold(world.program, **kept), by=world.users["city clerk"], at=at)
    actions.propose_threshold(world.program, **kept)


def _fill(ward: _Ward, claim: Claim) -> None:
    """Bills, papers, notes and an earlier decision."""
    ward.bill(claim, findings=[{"code": "LINES_DIFFER", "weight": "error", "facts": {"lines": "1.00", "total": "2.00"}}])
    Paper.objects.create(
        case=claim.case, kind="invoice", name="zqpaper.pdf", media_type="application/pdf", size=1, sha256="0" * 64,
        storage_key="none", uploaded_by=ward.clerk, uploaded_at=ward.at,
    )
    ClaimNote.objects.create(claim=claim, text="Zqnote", by=ward.clerk, at=ward.at)
    ward.decision(claim, "sent_back", answer=ward.reason)


def _doubled(ward: _Ward) -> None:
    """A bill that was presented elsewhere."""
    ward.bill(ward.claim(State.REVIEW, handler=ward.clerk), standing="doubled")


def _failed(ward: _Ward) -> None:
    """The bank did not pay."""
    claim = ward.claim(State.PAYABLE, amount=D("9.00"), settlement=901, reopened=1)
    decision = ward.decision(claim, "approved")
    Payable.objects.create(
        claim=claim, decision=decision, program_id=claim.program_id, organization_id=claim.organization_id,
        region_code=claim.region_code, kind="payout", amount=D("9.00"), state="failed", payee_name="Zqpayee",
        payee_account="6228480000000007", bank_name="Zqbank", failure="ZQ", made_at=ward.at,
    )


def _asked_back(ward: _Ward) -> None:
    """A part came back, a part is written off, a record waits, one was declined, one is reversed."""
    claim = ward.claim(State.PAID, amount=D("9.00"), settlement=902, reopened=1, due_on=None)
    asked = Payable.objects.create(
        claim=claim, decision=ward.decision(claim, "approved"), program_id=claim.program_id, organization_id=claim.organization_id,
        region_code=claim.region_code, kind="reclaim", amount=D("9.00"), made_at=ward.at,
    )
    maker, checker = ward.world.users["city finance_maker"], ward.world.users["city finance_checker"]
    told: dict[str, Any] = {"by": maker, "at": ward.at}

    def received(reference: str) -> Recovery:
        return actions.record_recovery(asked, amount=D("1.00"), reference=reference, received_on=ward.day, **told)

    wrong = actions.confirm_recovery(received("ZQ-1"), by=checker, at=ward.at)
    actions.confirm_recovery(actions.record_reversal(wrong, reason=ward.reason, **told), by=checker, at=ward.at)
    actions.decline_recovery(received("ZQ-2"), reason=ward.reason, by=checker, at=ward.at)
    actions.confirm_recovery(
        actions.record_write_off(asked, amount=D("2.00"), reason=ward.reason, **told), by=checker, at=ward.at
    )
    received("ZQ-3")
