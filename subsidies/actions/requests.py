"""Requests for funds: made of what has changed since the last one, looked through, submitted, approved by another, withdrawn."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import User
from audit import events
from audit.faults import fault_point
from jobs.actions import enqueue
from programs.models import BudgetReservation, Funder, FundingSplitLine, Period
from subsidies.actions.funds import approve_funds, lock_funds
from subsidies.asking import add_lines, digest_of, sum_up
from subsidies.errors import SubsidyRefused
from subsidies.models import FundRequest, FundRequestLine
from subsidies.models.request import ASKED, UNDER_WAY, Doubt, RequestState, Verdict
from subsidies.reach import refuse_beyond

MAKER = gettext_noop("system:fund_requests")
KIND = "subsidies.list_request"
#: So many are listed with the click; more by a job.
AT_ONCE = 2_000


def make_request(funder: Funder, *, period: Period, cut_on: date, by: User, at: datetime) -> FundRequest:
    """Make the list of what the funder owes beyond, or no longer owes of, what it was asked; of few at once, of many by a job."""
    try:
        with transaction.atomic():
            return _make_request(funder, period=period, cut_on=cut_on, by=by, at=at)
    except IntegrityError as conflict:
        name = getattr(getattr(conflict.__cause__, "diag", None), "constraint_name", "")
        if name == "fund_request_one_at_a_time":
            raise SubsidyRefused("REQUEST_UNDER_WAY") from conflict
        raise


def _make_request(funder: Funder, *, period: Period, cut_on: date, by: User, at: datetime) -> FundRequest:
    program = period.program
    refuse_beyond(by, "subsidies.make_request", program=program)
    if cut_on > timezone.localdate(at):
        raise SubsidyRefused("CUT_LATER")
    if not FundingSplitLine.objects.filter(funder=funder, split__plan=period.plan_id).exists():
        raise SubsidyRefused("FUNDER_PAYS_NOTHING", funder=funder.name)
    lock_funds(funder_id=funder.pk, program_id=program.pk)
    if FundRequest.objects.filter(funder=funder, period=period, state__in=UNDER_WAY).exists():
        raise SubsidyRefused("REQUEST_UNDER_WAY")
    fault_point("subsidies.make_request.before")
    request = FundRequest.objects.create(
        funder=funder, program=program, period=period, cut_on=cut_on, made_by=by, made_at=at,
    )
    held = BudgetReservation.objects.filter(funder=funder, period=period).aggregate(people=Sum("people"))["people"] or 0
    if held > AT_ONCE:
        _record("funds.request_begun", request, by=by, at=at, cut_on=cut_on)
        enqueue(
            KIND, arguments={"request": request.pk}, subject=request, organization=program.organization,
            region_code=program.region_code, program_id=program.pk, by=by, at=at, total=held,
        )
    else:
        place = 0
        while (step := add_lines(request, after=place)).read:
            place = step.until
        _listed(request, by=by, at=at)
        if request.state != RequestState.DRAFT:
            raise SubsidyRefused("NOTHING_TO_ASK")
    fault_point("subsidies.make_request.after")
    return request


def list_part(run: Any, request: FundRequest, *, at: datetime) -> dict[str, Any]:
    """Put a request's list together part by part; a killed run goes on where it was."""
    place = run.cursor or {"enrollment": 0}
    while True:
        run.check_stop()
        with transaction.atomic():
            fault_point("subsidies.list_part.before")
            # Withdrawn meanwhile: nothing more is put on it.
            state = FundRequest.objects.select_for_update(of=("self",)).values_list("state", flat=True).get(pk=request.pk)
            if state != RequestState.MAKING:
                break
            step = add_lines(request, after=place["enrollment"])
            if not step.read:
                break
            place = {"enrollment": step.until}
            run.advance(more=step.read, cursor=place)
            fault_point("subsidies.list_part.after")
        fault_point("subsidies.list_part.committed")
    with transaction.atomic():
        request = _locked(request, *RequestState)
        fault_point("subsidies.list_end.before")
        if request.state == RequestState.MAKING:
            _listed(request, by=MAKER, at=at)
        run.advance()
        fault_point("subsidies.list_end.after")
    return {"people": request.people, "removals": request.removals, "amount": str(request.amount)}


def _listed(request: FundRequest, *, by: Any, at: datetime) -> None:
    """The list is whole: a draft to be looked through; one without a line is withdrawn by itself."""
    sum_up(request)
    fault_point("subsidies.listed.before")
    if FundRequestLine.objects.filter(request=request).exists():
        request.state = RequestState.DRAFT
        _record("funds.request_made", request, by=by, at=at, **_sums(request), cut_on=request.cut_on)
    else:
        request.state, request.reason = RequestState.WITHDRAWN, str(SubsidyRefused("NOTHING_TO_ASK"))
        _record("funds.request_empty", request, by=by, at=at)
    request.save(update_fields=["state", "reason", "people", "removals", "amount"])
    fault_point("subsidies.listed.after")


def decide_doubts(
    lines: QuerySet[FundRequestLine], *, request: FundRequest, verdict: str, reason: str, by: User, at: datetime
) -> int:
    """Keep doubtful lines of a draft, or leave them out; how many those are. What was decided before is decided anew."""
    with transaction.atomic():
        request = _locked(request, RequestState.DRAFT)
        refuse_beyond(by, "subsidies.make_request", program=request.program)
        reason = _reason(reason)
        doubtful = FundRequestLine.objects.filter(request=request, pk__in=lines.order_by().values("pk")).exclude(doubt=Doubt.NONE)
        ids = list(doubtful.exclude(verdict=verdict).order_by("pk").values_list("pk", flat=True))
        if not ids:
            raise SubsidyRefused("NO_DOUBT")
        chosen = FundRequestLine.objects.filter(pk__in=ids)
        fault_point("subsidies.decide_doubts.before")
        if verdict == Verdict.LEFT_OUT:
            chosen.update(verdict=Verdict.LEFT_OUT, amount=0, times=0, reason=reason)
        else:
            chosen.update(verdict=Verdict.KEPT, amount=F("share"), times=1, reason=reason)
        sum_up(request)
        request.save(update_fields=["people", "removals", "amount"])
        _record("funds.doubts_decided", request, by=by, at=at, lines=len(ids), verdict=str(verdict), reason=reason)
        fault_point("subsidies.decide_doubts.after")
    return len(ids)


def take_up_again(lines: QuerySet[FundRequestLine], *, request: FundRequest, reason: str, by: User, at: datetime) -> int:
    """Let lines that were left out of a sent request stand on the next one again, to be decided anew; how many those are."""
    with transaction.atomic():
        request = _locked(request, *ASKED)
        refuse_beyond(by, "subsidies.make_request", program=request.program)
        reason = _reason(reason)
        lock_funds(funder_id=request.funder_id, program_id=request.program_id)
        if FundRequest.objects.filter(funder=request.funder_id, period=request.period_id, state__in=UNDER_WAY).exists():
            raise SubsidyRefused("REQUEST_UNDER_WAY")
        left_out = FundRequestLine.objects.filter(
            request=request, pk__in=lines.order_by().values("pk"), verdict=Verdict.LEFT_OUT, stands=True
        )
        fault_point("subsidies.take_up_again.before")
        number = left_out.update(stands=False)
        if not number:
            raise SubsidyRefused("NOT_LEFT_OUT")
        _record("funds.taken_up_again", request, by=by, at=at, lines=number, reason=reason)
        fault_point("subsidies.take_up_again.after")
    return number


def submit_request(request: FundRequest, *, by: User, at: datetime) -> FundRequest:
    """Fix the list: nothing of it changes any more."""
    with transaction.atomic():
        request = _locked(request, RequestState.DRAFT)
        refuse_beyond(by, "subsidies.make_request", program=request.program)
        doubts = FundRequestLine.objects.filter(request=request, verdict=Verdict.OPEN).exclude(doubt=Doubt.NONE).count()
        if doubts:
            raise SubsidyRefused("DOUBTS_OPEN", number=doubts)
        fault_point("subsidies.submit_request.before")
        request.digest, request.state = digest_of(request), RequestState.SUBMITTED
        request.submitted_by, request.submitted_at = by, at
        request.save(update_fields=["digest", "state", "submitted_by", "submitted_at"])
        _record("funds.request_submitted", request, by=by, at=at, **_sums(request))
        fault_point("subsidies.submit_request.after")
    return request


def approve_request(request: FundRequest, *, digest: str, by: User, at: datetime) -> FundRequest:
    """Send it: what is held for the funder is set against it at once; a sum below zero is held for the funder."""
    with transaction.atomic():
        lock_funds(funder_id=request.funder_id, program_id=request.program_id)
        request = _locked(request, RequestState.SUBMITTED)
        refuse_beyond(by, "subsidies.approve_request", program=request.program)
        if by.pk in (request.made_by_id, request.submitted_by_id):
            raise SubsidyRefused("REQUEST_ANOTHER_APPROVES")
        if digest != request.digest or digest_of(request) != request.digest:
            raise SubsidyRefused("REQUEST_CHANGED")
        fault_point("subsidies.approve_request.before")
        request.approved_by, request.approved_at = by, at
        approve_funds(request, by=by, at=at)
        _record("funds.request_sent", request, by=by, at=at, **_sums(request), set_against=str(request.allocated))
        fault_point("subsidies.approve_request.after")
    return request


def withdraw_request(request: FundRequest, *, reason: str, by: User, at: datetime) -> FundRequest:
    """Take a request back: its covers stand on the next one. A sent one only while nothing moved and none builds on it."""
    with transaction.atomic():
        lock_funds(funder_id=request.funder_id, program_id=request.program_id)
        request = _locked(request, *UNDER_WAY, RequestState.SENT)
        sent = request.state == RequestState.SENT
        refuse_beyond(by, "subsidies.approve_request" if sent else "subsidies.make_request", program=request.program)
        reason = _reason(reason)
        if request.allocated or request.written_off or request.movements.filter(state="proposed").exists():
            raise SubsidyRefused("MONEY_MOVED")
        later = FundRequest.objects.filter(funder=request.funder_id, period=request.period_id, pk__gt=request.pk)
        if later.exclude(state=RequestState.WITHDRAWN).exists():
            raise SubsidyRefused("NOT_NEWEST")
        fault_point("subsidies.withdraw_request.before")
        FundRequestLine.objects.filter(request=request).update(stands=False)
        request.state, request.reason = RequestState.WITHDRAWN, reason
        request.save(update_fields=["state", "reason"])
        _record("funds.request_withdrawn", request, by=by, at=at, reason=reason)
        fault_point("subsidies.withdraw_request.after")
    return request


def record_printing(request: FundRequest, *, by: User, at: datetime) -> None:
    """Somebody took the summary to be sent."""
    with transaction.atomic():
        request = _locked(request, RequestState.SUBMITTED, *ASKED)
        fault_point("subsidies.record_printing.before")
        _record("funds.request_printed", request, by=by, at=at, **_sums(request))
        fault_point("subsidies.record_printing.after")


def _reason(reason: str) -> str:
    if not reason.strip():
        raise SubsidyRefused("REASON")
    events.refuse_personal(reason)
    return reason.strip()


def _sums(request: FundRequest) -> dict[str, Any]:
    return {"people": request.people, "removals": request.removals, "amount": str(request.amount)}


def _locked(request: FundRequest, *states: RequestState) -> FundRequest:
    """The row, locked, in one of these states."""
    found = FundRequest.objects.select_for_update(of=("self",)).select_related("program__organization", "period", "funder")
    locked = found.get(pk=request.pk)
    fault_point("subsidies.request.locked")
    if locked.state not in states:
        raise SubsidyRefused("REQUEST_STATE", state=locked.get_state_display())
    return locked


def _record(verb: str, request: FundRequest, *, by: Any, at: datetime, **data: Any) -> None:
    program = request.program
    events.record(
        verb, request, by=by, at=at, organization=program.organization, region_code=program.region_code,
        program_id=program.pk, data=data,
    )
