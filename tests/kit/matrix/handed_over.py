"""A place's hand-over to its insurer, for the scope matrix: a format, a list that was released, a receipt that came in.

The insurer reads all of its program's offices: what it may read of a sibling's or of the city's bears no canary of theirs.
"""

from __future__ import annotations

from typing import Any

from accounts.models import Organization, User
from beneficiaries.models import Enrollment
from beneficiaries.testing import World
from handover.models import (
    HandOver,
    HandOverLine,
    InsurerFormat,
    Invoice,
    Receipt,
    Remittance,
    RemittanceInvoice,
)
from handover.testing import terms


def hand_over_of(
    relation: str, world: World, office: Organization, clerk: User, enrollment: Enrollment, canary: str, *, at: Any
) -> None:
    """As if it had gone its way; an office keeps one format for all its programs."""
    told = canary if relation in ("foreign", "own") else "移交"
    kept = InsurerFormat.objects.filter(organization=office).first() or InsurerFormat.objects.create(
        organization=office, insurer=world.insurer, name=f"{told}格式", number=1, state="approved", drafted_by=world.clerk,
        drafted_at=at, approved_by=world.reviewer, approved_at=at, **terms(),
    )
    # Of the second program the insurer is the same: it reads both.
    purpose = f"{canary}承保" if relation in ("foreign", "other program") else "承保出单"
    hand_over = HandOver.objects.create(
        program=world.program, period=world.period, organization=office, region_code=enrollment.region_code,
        insurer=world.insurer, kind="initial", format=kept, state="released", purpose=purpose, recipient="承保部", people=1,
        premium=enrollment.premium, digest="0" * 64, proposed_by=world.clerk, proposed_at=at, released_by=world.reviewer,
        released_at=at, folder="handovers/none",
        statement=[[enrollment.region_code[:6], enrollment.category_id, enrollment.split_id, 1, 1, 0, 0, 0, 0]],
    )
    HandOverLine.objects.create(
        hand_over=hand_over, enrollment=enrollment, number=1, direction="entry", region_code=enrollment.region_code,
        premium=enrollment.premium,
    )
    Receipt.objects.create(
        hand_over=hand_over, program=world.program, organization=office, region_code=enrollment.region_code, state="review",
        uploaded_by=clerk, uploaded_at=at, reason=f"{canary}回执", digest="0" * 64,
    )
    if not Invoice.objects.filter(period=world.period).exists():
        _charge(world, canary, at=at)


def _charge(world: World, canary: str, *, at: Any) -> None:
    """A program's invoice and its remittance, as if they had gone their way; of the office that operates it alone."""
    given: dict[str, Any] = {"program": world.program, "period": world.period, "insurer": world.insurer}
    invoice = Invoice.objects.create(
        **given, organization=world.program.organization, region_code=world.program.region_code,
        number=f"{canary}{world.period.pk}", issued_on=at.date(), control_lines=1, control_amount="99.00", state="applied",
        agreed_lines=1, agreed_amount="99.00",
        uploaded_by=world.finance_maker, uploaded_at=at, submitted_by=world.finance_maker, submitted_at=at,
        decided_by=world.finance_checker, decided_at=at, applied_at=at, digest="0" * 64, approved_digest="0" * 64,
    )
    remittance = Remittance.objects.create(
        **given, state="approved", lines=1, amount="99.00", made_by=world.finance_maker, made_at=at,
        approved_by=world.finance_checker, approved_at=at,
    )
    RemittanceInvoice.objects.create(remittance=remittance, invoice=invoice, amount="99.00")
