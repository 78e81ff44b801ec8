"""Where a funder's money goes within the books: onto requests, the oldest first; the rest is held. In the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, models
from django.db.models import Sum

from audit.faults import fault_point
from programs import actions as programs
from programs.actions import Leg
from programs.errors import BudgetRefused
from programs.models import LedgerAccount, LedgerTransaction
from programs.models.ledger import AccountKind
from subsidies.errors import SubsidyRefused
from subsidies.models import FundAllocation, FundMovement, FundRequest
from subsidies.models.request import ASKED, RequestState

ZERO = Decimal("0.00")


def lock_funds(*, funder_id: int, program_id: int) -> None:
    """Alone with a funder's money in a program until the transaction ends; taken before any row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"subsidies.funds:{program_id}:{funder_id}"])


def held_for(*, funder_id: int | None, program_id: int) -> Decimal:
    """Yuan held for a funder: to be set against its next request, or paid back."""
    found = LedgerAccount.objects.filter(kind=AccountKind.FUNDER_CREDIT, funder=funder_id, program=program_id)
    return -(found.aggregate(sum=Sum("balance"))["sum"] or ZERO)


def asked_of(funder_id: int, program_id: int) -> list[FundRequest]:
    """A funder's sent and settled requests in a program, locked, the oldest first."""
    found = FundRequest.objects.filter(funder=funder_id, program=program_id, state__in=ASKED)
    return list(found.select_for_update(of=("self",)).order_by("pk"))


def approve_funds(request: FundRequest, *, by: Any, at: datetime) -> None:
    """Count an approved request in: what is held goes onto it, or its sum below zero is held and goes onto what is open."""
    funder_id, program_id = request.funder_id, request.program_id
    requests = asked_of(funder_id, program_id)
    moved: dict[FundRequest, Decimal] = {}
    legs: list[Leg] = []
    request.state = RequestState.SENT
    if request.amount < 0:
        same = [each for each in requests if each.period_id == request.period_id]
        paid = sum((each.allocated for each in same), ZERO)
        back = min(-request.amount, paid + sum((each.open_amount for each in same), ZERO))
        # What had been written off was never paid: it is no longer owed, and nothing comes back.
        request.written_off = request.amount + back
        legs += [
            Leg(AccountKind.FUNDER_RECEIVABLE, -request.written_off, funder_id=funder_id),
            Leg(AccountKind.FUNDER_WRITTEN_OFF, request.written_off, funder_id=funder_id),
        ]
        request.allocated = -back
        moved = spread(back, [*same, *(each for each in requests if each not in same)])
        moved[request] = -back
    else:
        moved = spread(min(request.amount, held_for(funder_id=funder_id, program_id=program_id)), [request])
    whole = sum(moved.values(), ZERO)
    legs += [
        Leg(AccountKind.FUNDER_RECEIVABLE, -whole, funder_id=funder_id),
        Leg(AccountKind.FUNDER_CREDIT, whole, funder_id=funder_id),
    ]
    restate(request, at=at)
    fault_point("subsidies.approve_funds.before")
    request.save(
        update_fields=["state", "settled_at", "allocated", "written_off", "approved_by", "approved_at"]
    )
    allocate(moved, movement=None, at=at)
    book(LedgerTransaction.Kind.CREDIT, legs, source=request, program_id=program_id, by=by, at=at)
    fault_point("subsidies.approve_funds.after")


def spread(amount: Decimal, requests: Iterable[FundRequest]) -> dict[FundRequest, Decimal]:
    """How much of an amount goes onto which open request, in their order; counted in on the objects, not saved."""
    moved: dict[FundRequest, Decimal] = {}
    for request in requests:
        part = min(amount, request.open_amount)
        if part > 0:
            request.allocated += part
            moved[request] = part
            amount -= part
    return moved


def allocate(moved: dict[FundRequest, Decimal], *, movement: FundMovement | None, at: datetime) -> None:
    """Save what moved onto requests (off them, below zero), and what budgets show of it."""
    periods: dict[tuple[int, int, int], Decimal] = defaultdict(Decimal)
    fault_point("subsidies.allocate.before")
    for request in sorted(moved, key=lambda each: each.pk):
        if not moved[request]:
            continue
        restate(request, at=at)
        request.save(update_fields=["state", "settled_at", "allocated"])
        FundAllocation.objects.create(request=request, movement=movement, amount=moved[request], at=at)
        periods[request.funder_id, request.program_id, request.period_id] += moved[request]
    for (funder_id, program_id, period_id), amount in sorted(periods.items()):
        try:
            programs.settle_budgets(funder_id=funder_id, program_id=program_id, period_id=period_id, amount=amount)
        except BudgetRefused as refused:
            raise SubsidyRefused("SPENT") from refused
    fault_point("subsidies.allocate.after")


def restate(request: FundRequest, *, at: datetime) -> None:
    """Settled once all of it came in or was written off, sent until then; on the object only."""
    if request.amount == request.allocated + request.written_off:
        request.state, request.settled_at = RequestState.SETTLED, request.settled_at or at
    else:
        request.state, request.settled_at = RequestState.SENT, None


def book(
    kind: str, legs: Sequence[Leg], *, source: models.Model, program_id: int, memo: str = "", by: Any, at: datetime
) -> None:
    """Post the legs, unless they cancel each other out."""
    sums: dict[tuple[str, int | None], Decimal] = defaultdict(Decimal)
    for leg in legs:
        sums[leg.kind, leg.funder_id] += leg.amount
    if any(sums.values()):
        programs.post(kind, legs, program_id=program_id, source=source, memo=memo, by=by, at=at)
