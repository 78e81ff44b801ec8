"""A claim with its case, bill, paper and note, and an amount that was owed, for the scope matrix."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from accounts.models import User
from beneficiaries.models import Enrollment
from claims.models import Bill, Case, Claim, ClaimNote, ClaimStep, Decision, Paper, Payable, Recovery, SigningThreshold


def add_claim(enrollment: Enrollment, clerk: User, maker: User, canary: str, *, at: Any) -> None:
    """As if it had been reported, reviewed and sent back once; thresholds of the program, by no reader of the matrix."""
    case = Case.objects.create(
        organization=enrollment.organization, region_code=enrollment.region_code, kind="illness", event_at=at - timedelta(days=1),
        channel="counter", reporter="self", reporter_name=f"{canary}丁", account=f"{canary}经过", reported_on=at.date(),
        recorded_by=clerk, recorded_at=at,
    )
    claim = Claim.objects.create(
        case=case, enrollment=enrollment, program_id=enrollment.program_id, plan_id=enrollment.plan_id,
        period_id=enrollment.period_id, organization=enrollment.organization, region_code=enrollment.region_code, position=1,
        state="review", handler=clerk, payee="self", payee_name=f"{canary}丁", payee_account=f"62284800{enrollment.pk:08d}",
        bank_name=f"{canary}银行", reported_at=at,
    )
    ClaimStep.objects.create(
        claim=claim, from_state="registered", to_state="review", at=at, by=clerk, by_label=str(clerk), reason=f"{canary}审核"
    )
    Bill.objects.create(
        case=case, invoice_code="44060124", invoice_number=f"{enrollment.pk:010d}", issued_on=at.date(), setting="inpatient",
        hospital_name=f"{canary}医院", total=Decimal("1.00"), entered_by=clerk, entered_at=at,
    )
    Paper.objects.create(
        case=case, kind="invoice", name=f"{canary}.pdf", media_type="application/pdf", size=1, sha256="0" * 64, storage_key="none",
        uploaded_by=clerk, uploaded_at=at, removed_by=clerk, reason=f"{canary}重传",
    )
    ClaimNote.objects.create(claim=claim, text=f"{canary}备注", by=clerk, at=at)
    decision = Decision.objects.create(
        claim=claim, number=1, kind="first", outcome="pay", state="sent_back", terms_digest="0" * 64, usage_version=0,
        proposed=Decimal("1.00"), amount=Decimal("1.00"), digest="0" * 64, signatures_needed=1, proposed_by=clerk, proposed_at=at,
        decided_at=at, answer=f"{canary}退回",
    )
    Payable.objects.create(
        claim=claim, decision=decision, program_id=claim.program_id, organization=claim.organization,
        region_code=claim.region_code, kind="payout", amount=Decimal("1.00"), state="cancelled", bank_name=f"{canary}银行",
        made_at=at,
    )
    asked = Payable.objects.create(
        claim=claim, decision=decision, program_id=claim.program_id, organization=claim.organization,
        region_code=claim.region_code, kind="reclaim", amount=Decimal("1.00"), state="cancelled", made_at=at,
    )
    Recovery.objects.create(
        payable=asked, kind="write_off", amount=Decimal("1.00"), reason=f"{canary}困难", happened_on=at.date(), made_by=clerk,
        made_at=at,
    )
    program = enrollment.program
    if not SigningThreshold.objects.filter(program=program).exists():
        SigningThreshold.objects.create(
            program=program, second_above=Decimal("1.00"), third_above=Decimal("2.00"), proposed_by=maker, proposed_at=at,
        )
