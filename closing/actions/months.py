"""Months drawn up, submitted, closed by another person; or taken back before they are closed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.faults import fault_point
from closing.counting import (
    definitions,
    digest_of,
    figures_now,
    last_closed,
    next_month,
    open_points,
    postings_in,
    write_balances,
    write_figures,
)
from closing.errors import ClosingRefused
from closing.models import ClosingState, MonthClosing
from closing.reach import refuse_beyond
from programs.actions import open_books_from
from programs.models import Program
from programs.models.books import month_after
from programs.months import Month

DRAW, CLOSE = "closing.draw_up_month", "closing.close_month"


def draw_up_month(program: Program, *, month: date, by: User, at: datetime) -> MonthClosing:
    """Count a month that is over, the next in the program's order, and hold it: postings fall into the next from now on.

    `month`: its first day. The books are locked while it is counted: a posting under way is waited for and counted, a later
    one waits and falls into the next month.
    """
    with transaction.atomic():
        program = _locked_program(program)
        refuse_beyond(by, DRAW, program=program)
        if MonthClosing.objects.filter(program=program, state__in=(ClosingState.DRAWN, ClosingState.SUBMITTED)).exists():
            raise ClosingRefused("UNDER_WAY")
        _refuse_wrong_month(program, month, at=at)
        open_books_from(program, month_after(month))
        fault_point("closing.draw_up.held")
        counted, previous = Month(program.pk, month), last_closed(program)
        closing = MonthClosing.objects.create(
            program=program, month=month, previous=previous, previous_digest=previous.digest if previous is not None else "",
            measures=definitions(), open_points=open_points(counted), postings=postings_in(counted), drawn_by=by, drawn_at=at,
        )
        fault_point("closing.draw_up.begun")
        write_figures(closing, figures_now(counted))
        write_balances(closing)
        fault_point("closing.draw_up.counted")
        closing.digest = digest_of(closing)
        closing.save(update_fields=["digest"])
        _record("month.drawn_up", closing, by=by, at=at, postings=closing.postings, checksum=closing.digest[:12])
        fault_point("closing.draw_up.after")
    return closing


def submit_closing(closing: MonthClosing, *, by: User, at: datetime) -> MonthClosing:
    """The figures are right: a colleague who checks closes the month."""
    with transaction.atomic():
        closing = _locked(closing, ClosingState.DRAWN)
        refuse_beyond(by, DRAW, program=closing.program)
        fault_point("closing.submit.before")
        closing.state, closing.submitted_by, closing.submitted_at = ClosingState.SUBMITTED, by, at
        closing.save(update_fields=["state", "submitted_by", "submitted_at"])
        _record("month.submitted", closing, by=by, at=at, checksum=closing.digest[:12])
        fault_point("closing.submit.after")
    return closing


def approve_closing(closing: MonthClosing, *, digest: str, by: User, at: datetime) -> MonthClosing:
    """Close the month, for good. `digest`: of the figures that were shown."""
    with transaction.atomic():
        closing = _locked(closing, ClosingState.SUBMITTED)
        _refuse_own(closing, by=by)
        if digest != closing.digest:
            raise ClosingRefused("FIGURES_CHANGED")
        fault_point("closing.approve.before")
        closing.state, closing.decided_by, closing.decided_at = ClosingState.CLOSED, by, at
        closing.save(update_fields=["state", "decided_by", "decided_at"])
        _record("month.closed", closing, by=by, at=at, checksum=closing.digest[:12])
        fault_point("closing.approve.after")
    return closing


def decline_closing(closing: MonthClosing, *, reason: str, by: User, at: datetime) -> MonthClosing:
    """Send it back: the month is open again, and drawn up anew once what is wrong is put right."""
    with transaction.atomic():
        closing = _locked(closing, ClosingState.SUBMITTED)
        _refuse_own(closing, by=by)
        if not reason.strip():
            raise ClosingRefused("REASON")
        events.refuse_personal(reason)
        fault_point("closing.decline.before")
        closing.reason, closing.decided_by, closing.decided_at = reason.strip(), by, at
        _let_go(closing, ClosingState.DECLINED)
        _record("month.declined", closing, by=by, at=at, reason=closing.reason)
        fault_point("closing.decline.after")
    return closing


def withdraw_closing(closing: MonthClosing, *, by: User, at: datetime) -> MonthClosing:
    """Take it back before it is closed: the month is open again."""
    with transaction.atomic():
        closing = _locked(closing, ClosingState.DRAWN, ClosingState.SUBMITTED)
        refuse_beyond(by, DRAW, program=closing.program)
        fault_point("closing.withdraw.before")
        _let_go(closing, ClosingState.WITHDRAWN)
        _record("month.withdrawn", closing, by=by, at=at)
        fault_point("closing.withdraw.after")
    return closing


def _let_go(closing: MonthClosing, state: ClosingState) -> None:
    """The month takes postings again; what was moved to the next in between stays there, as its accounting day says."""
    open_books_from(closing.program, closing.month)
    fault_point("closing.let_go.before")
    closing.state = state
    closing.save(update_fields=["state", "reason", "decided_by", "decided_at"])
    fault_point("closing.let_go.after")


def _refuse_wrong_month(program: Program, month: date, *, at: datetime) -> None:
    expected = next_month(program)
    if expected is None:
        raise ClosingRefused("NOTHING_BOOKED")
    if month != expected:
        raise ClosingRefused("ORDER", month=f"{expected:%Y-%m}")
    if timezone.localdate(at) < month_after(month):
        raise ClosingRefused("NOT_OVER", month=f"{month:%Y-%m}", day=f"{month_after(month):%Y-%m-%d}")


def _refuse_own(closing: MonthClosing, *, by: User) -> None:
    refuse_beyond(by, CLOSE, program=closing.program)
    if by.pk in (closing.drawn_by_id, closing.submitted_by_id):
        raise ClosingRefused("ANOTHER_CLOSES")


def _locked_program(program: Program) -> Program:
    """Its closings are made one after another; nobody else waits for that."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('closing.program', %s))", [program.pk])
    fault_point("closing.program.locked")
    return Program.objects.select_related("organization").get(pk=program.pk)


def _locked(closing: MonthClosing, *states: ClosingState) -> MonthClosing:
    """The row, locked, in one of these states."""
    _locked_program(closing.program)
    rows = MonthClosing.objects.select_for_update(of=("self",)).select_related("program__organization")
    locked = rows.get(pk=closing.pk)
    if locked.state not in states:
        raise ClosingRefused("STATE", state=locked.get_state_display())
    return locked


def _record(verb: str, closing: MonthClosing, *, by: Any, at: datetime, **data: Any) -> None:
    events.record(
        verb, closing, by=by, at=at, organization=closing.program.organization, region_code=closing.program.region_code,
        program_id=closing.program_id, data={"month": f"{closing.month:%Y-%m}", **data},
    )
