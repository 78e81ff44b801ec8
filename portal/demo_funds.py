"""Funds of the demo: each funder of a period asked once, half of it received; loaded again, nothing is asked twice."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal

from django.utils import timezone

from accounts.models import User
from jobs.actions import run_pending
from programs.models import Funder, Period
from subsidies import actions
from subsidies.errors import SubsidyRefused
from subsidies.models import FundMovement, FundRequest
from subsidies.models.request import RequestState


def ask_funders(period: Period, *, maker: User, checker: User, say: Callable[[str], None]) -> None:
    """Lead a request to each funder of a period from wherever a killed load left it."""
    for funder in Funder.objects.filter(budgets__period=period).distinct().order_by("pk"):
        request = _request(funder, period, maker)
        if request is None:
            continue
        if request.state == RequestState.DRAFT:
            request = actions.submit_request(request, by=maker, at=timezone.now())
        if request.state == RequestState.SUBMITTED:
            request = actions.approve_request(request, digest=request.digest, by=checker, at=timezone.now())
        movement = FundMovement.objects.filter(request=request).first()
        half = (request.amount / 2).quantize(Decimal("0.01"), ROUND_DOWN)
        if movement is None and half > 0:
            movement = actions.record_receipt(
                funder, program=period.program, request=request, amount=half, reference=f"YH-{request.pk:06d}",
                received_on=timezone.localdate(), by=maker, at=timezone.now(),
            )
        if movement is not None and movement.state == "proposed":
            actions.confirm_movement(movement, by=checker, at=timezone.now())
        say(f"{funder.name}: {request.people} covers, {request.amount} yuan asked")


def _request(funder: Funder, period: Period, maker: User) -> FundRequest | None:
    """The funder's request of the period; None when nothing is in force yet."""
    found = FundRequest.objects.filter(funder=funder, period=period).exclude(state=RequestState.WITHDRAWN).first()
    if found is None:
        try:
            found = actions.make_request(funder, period=period, cut_on=timezone.localdate(), by=maker, at=timezone.now())
        except SubsidyRefused as refused:
            if refused.code not in ("NOTHING_TO_ASK", "FUNDER_PAYS_NOTHING"):
                raise
            return None
    run_pending()
    found = FundRequest.objects.select_related("program__organization", "period", "funder").get(pk=found.pk)
    return None if found.state == RequestState.WITHDRAWN else found
