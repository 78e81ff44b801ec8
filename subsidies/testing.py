"""Requests, receipts and differences, for tests."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pgtrigger
from django.utils import timezone

from beneficiaries.actions import approve_undo, request_undo
from beneficiaries.models import Ending, Enrollment, Roster
from beneficiaries.models.roster import EndReason
from beneficiaries.testing import World
from jobs.testing import drain
from programs.models import LedgerAccount
from subsidies import actions
from subsidies.models import Differences, FundMovement, FundRequest

D = Decimal


def undone(world: World, roster: Roster) -> None:
    """Taken back whole, by two."""
    request_undo(roster, reason="重复导入", by=world.clerk, at=timezone.now())
    approve_undo(Roster.objects.get(pk=roster.pk), by=world.reviewer, at=timezone.now())
    drain()


def ended(cover: Enrollment, *, ended_on: date, starts_on: date | None = None) -> None:
    """As an applied line that ends a cover leaves it; `starts_on`: as if the cover had begun then."""
    if starts_on is not None:
        Enrollment.objects.filter(pk=cover.pk).update(starts_at=midnight(starts_on))
        cover.refresh_from_db()
    Ending.objects.create(
        enrollment=cover, row_id=10_000_000 + cover.pk, reason=EndReason.LEFT, ended_on=ended_on, ended_before=cover.ends_at,
        created_at=timezone.now(),
    )
    ends_at = max(cover.starts_at, midnight(ended_on + timedelta(days=1)))
    Enrollment.objects.filter(pk=cover.pk).update(state="ended", ends_at=ends_at)


def prorated(world: World, rule: str) -> None:
    """As if the plan had been put in force with this rule."""
    with pgtrigger.ignore("programs.Plan:plan_terms_stand"):
        type(world.plan).objects.filter(pk=world.plan.pk).update(proration=rule)


def midnight(day: date) -> datetime:
    """The begin of a day."""
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))


def made(world: World, funder: Any = None, **changes: Any) -> FundRequest:
    """A draft to the foundation, by today."""
    values = {
        "period": world.period, "cut_on": timezone.localdate(), "by": world.finance_maker, "at": timezone.now(), **changes,
    }
    return actions.make_request(funder or world.foundation, **values)


def submitted(world: World, funder: Any = None, **changes: Any) -> FundRequest:
    """By the maker."""
    return actions.submit_request(made(world, funder, **changes), by=world.finance_maker, at=timezone.now())


def sent(world: World, funder: Any = None, **changes: Any) -> FundRequest:
    """Approved by the checker."""
    request = submitted(world, funder, **changes)
    return actions.approve_request(request, digest=request.digest, by=world.finance_checker, at=timezone.now())


def receipt(world: World, amount: str, *, reference: str = "R1", **changes: Any) -> FundMovement:
    """Recorded, not confirmed."""
    values: dict[str, Any] = {
        "program": world.program, "amount": D(amount), "reference": reference, "received_on": timezone.localdate(),
        "by": world.finance_maker, "at": timezone.now(), **changes,
    }
    return actions.record_receipt(values.pop("funder", world.foundation), **values)


def received(world: World, amount: str, *, reference: str = "R1", **changes: Any) -> FundMovement:
    """Recorded, and confirmed by the checker."""
    return confirmed(world, receipt(world, amount, reference=reference, **changes))


def confirmed(world: World, movement: FundMovement) -> FundMovement:
    """By the checker."""
    return actions.confirm_movement(movement, by=world.finance_checker, at=timezone.now())


def reversed_one(world: World, movement: FundMovement) -> FundMovement:
    """By two."""
    movement = FundMovement.objects.get(pk=movement.pk)
    asked = actions.record_reversal(movement, reason="录错金额", by=world.finance_maker, at=timezone.now())
    return confirmed(world, asked)


def differences(world: World) -> Differences:
    """Made and approved."""
    found = actions.make_differences(world.period, by=world.finance_maker, at=timezone.now())
    return actions.approve_differences(found, digest=found.digest, by=world.finance_checker, at=timezone.now())


def funds(funder: Any) -> dict[str, Decimal]:
    """What the books say of a funder: receivable, received, credit and written off, by the last word of the account."""
    rows = LedgerAccount.objects.filter(funder=funder, kind__startswith="funder_").exclude(balance=0)
    return {row.kind.removeprefix("funder_"): row.balance for row in rows}
