"""A place's payouts, for the scope matrix: an account, a format, a threshold, a batch with a line, a returned file."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from accounts.models import Organization, User
from beneficiaries.models import Enrollment
from beneficiaries.testing import World
from claims.models import Payable
from payouts.models import ApprovalThreshold, BankFormat, BankReturn, Batch, BatchLine, BatchVote, PayerAccount
from payouts.testing import terms


def pay_out_of(
    relation: str, world: World, office: Organization, clerk: User, enrollment: Enrollment, canary: str, *, at: Any
) -> None:
    """As if it had gone its way; an office keeps one format and one threshold for all its programs."""
    # Offices below read what an office keeps for all: neither is a secret to them.
    told = canary if relation in ("foreign", "own") else "示例"
    kept = BankFormat.objects.filter(organization=office).first()
    if kept is None:
        kept = BankFormat.objects.create(
            organization=office, bank=f"{told}银行", name="代发", number=1, state="approved", drafted_by=world.finance_maker,
            drafted_at=at, approved_by=world.finance_checker, approved_at=at, **terms(),
        )
        ApprovalThreshold.objects.create(
            organization=office, from_amount="5000.00", approvals=2, proposed_by=world.finance_maker, proposed_at=at
        )
    payer = PayerAccount.objects.create(
        program=world.program, organization=office, region_code=office.region_code or "", holder=f"{canary}户",
        bank_name="示例银行",
        own_names=["示例银行"], number="44010000000000001", state="approved", drafted_by=world.finance_maker, drafted_at=at,
        approved_by=world.finance_checker, approved_at=at,
    )
    payable = Payable.objects.get(claim__enrollment=enrollment, kind="payout")
    given: dict[str, Any] = {
        "program": world.program, "organization": office, "region_code": office.region_code or "",
    }
    batch = Batch.objects.create(
        **given, payer=payer, format=kept, kind="both", purpose=f"{canary}款", lines=1, amount=payable.amount, digest="0" * 64,
        made_by=clerk, made_at=at,
    )
    BatchLine.objects.create(
        batch=batch, payable=payable, number=1, region_code=enrollment.region_code, amount=payable.amount, in_bank=True,
        payee=b"0" * 32,
    )
    BatchVote.objects.create(batch=batch, user=clerk, step="make", digest=batch.digest, at=at)
    BankReturn.objects.create(
        **given, batch=batch, control_lines=1, control_amount="1.00", uploaded_by=clerk, uploaded_at=timezone.now(),
        state="review",
        reason=f"{canary}回盘", digest="0" * 64,
    )
