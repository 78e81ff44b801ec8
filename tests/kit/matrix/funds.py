"""Funds of one relation: a request of one enrollment to a funder, a receipt, and a line of the program's differences."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import timezone

from beneficiaries.models import Enrollment
from beneficiaries.testing import World
from programs.models import Funder
from subsidies.models import (
    DifferenceLine,
    Differences,
    FundMovement,
    FundRequest,
    FundRequestLine,
    FundRequestPart,
)


def make_funds(world: World, funder: Funder, enrollment: Enrollment, canary: str, *, at: Any) -> None:
    """As if it had been asked for and paid; nothing of it is booked."""
    day = timezone.localdate(at)
    given: dict[str, Any] = {"funder": funder, "program": world.program}
    share = Decimal("30.00")
    # The funder of "parent" is the foundation, which reads what it is asked and paid.
    seen = "YH" if canary == "鸬鹚" else canary
    request = FundRequest.objects.create(
        **given, period=world.period, cut_on=day, state="sent", people=1, amount=share, digest="0" * 64,
        made_by=world.finance_maker, made_at=at, submitted_by=world.finance_maker, submitted_at=at,
        approved_by=world.finance_checker, approved_at=at,
    )
    place: dict[str, Any] = {"request": request, "county": enrollment.region_code[:6], "category_id": enrollment.category_id}
    FundRequestLine.objects.create(
        **place, funder=funder, enrollment=enrollment, share=share, amount=share, times=1, new_person=True, doubt="overlaps",
        verdict="kept", reason=f"{canary}核实",
    )
    FundRequestPart.objects.create(
        **place, people=1, removals=0, times=1, new_people=1, asked=share, taken_off=0, left_out=0, amount=share
    )
    FundMovement.objects.create(
        **given, request=request, kind="receipt", amount=share, reference=f"{seen}{enrollment.pk}", moved_on=day,
        made_by=world.finance_maker, made_at=at,
    )
    found = Differences.objects.filter(period=world.period).first() or Differences.objects.create(
        program=world.program, period=world.period, kind="elsewhere", reason="核实", made_by=world.finance_maker, made_at=at
    )
    DifferenceLine.objects.create(
        differences=found, enrollment=enrollment, funder=funder, amount=share, reason="elsewhere", books=True, paid=False
    )
