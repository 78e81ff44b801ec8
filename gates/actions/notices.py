"""Public notices: made, posted by another, withdrawn, and closed when their days are over and nothing is objected any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import Organization, User
from audit import events
from audit.faults import fault_point
from beneficiaries.gating import DEAD, PASSABLE, Gate, pass_gate_of
from beneficiaries.models import Enrollment, Roster
from gates.errors import GatesRefused
from gates.models import WHITELIST, Notice, NoticeLine, NoticeState, Objection, ObjectionState
from gates.reach import refuse_beyond
from jobs.actions import enqueue
from jobs.errors import JobsRefused
from jobs.models import Job
from programs.models import Category, Period

CLOSER = gettext_noop("system:notices")
KIND = "gates.close_notice"
BATCH = 20_000

# Whoever waits for the notice and lives, of this office and those below it, in its place; who is on a standing notice is on
# none else.
_LINES = f"""
INSERT INTO gates_noticeline (notice_id, enrollment_id, region_code, number, stands)
SELECT %(notice)s, e.id, e.region_code, row_number() OVER (PARTITION BY e.region_code ORDER BY e.id), true
FROM beneficiaries_enrollment e JOIN accounts_organization o ON o.id = e.organization_id
LEFT JOIN beneficiaries_roster r ON r.id = e.roster_id
WHERE e.period_id = %(period)s AND e.state = 'awaiting' AND e.notice_passed_at IS NULL AND NOT {DEAD}
    AND starts_with(o.path, %(path)s) AND starts_with(e.region_code, %(region)s)
    AND (%(roster)s::bigint IS NULL OR e.roster_id = %(roster)s)
    AND (r.id IS NULL OR r.state = ANY(%(passable)s))
    AND NOT EXISTS (SELECT FROM beneficiaries_beneficiary b WHERE b.id = e.beneficiary_id AND b.restricted_at IS NOT NULL)
    AND NOT EXISTS (SELECT FROM gates_noticeline l WHERE l.enrollment_id = e.id AND l.stands)
ORDER BY e.region_code, e.id
"""  # noqa: S608 - constants of ours
_FIXED = """
SELECT count(*), count(DISTINCT region_code), encode(sha256(convert_to(coalesce(string_agg(
    region_code || ' ' || number || ' ' || enrollment_id, E'\\n' ORDER BY region_code, number), ''), 'UTF8')), 'hex')
FROM gates_noticeline WHERE notice_id = %s
"""


def make_notice(
    period: Period, *, organization: Organization, region_code: str, starts_on: date, days: int, columns: Sequence[str],
    named_categories: Sequence[Category], basis: str, phone: str, roster: Roster | None = None, by: User, at: datetime,
) -> Notice:
    """A draft: what will hang where, for how many days. Its list is fixed when another person posts it."""
    with transaction.atomic():
        plan = period.plan
        refuse_beyond(
            by, "gates.make_notice", organization=organization, region_code=region_code, program_id=period.program_id
        )
        if not plan.requires_notice:
            raise GatesRefused("NOTICE_NOT_ASKED")
        if period.closed_at is not None:
            raise GatesRefused("PERIOD_CLOSED", period=period.code)
        if not region_code.startswith(organization.region_code):
            raise GatesRefused("OUT_OF_SCOPE")
        if "name" not in columns or not set(columns) <= set(WHITELIST):
            raise GatesRefused("COLUMNS")
        if starts_on < timezone.localdate(at):
            raise GatesRefused("STARTS_LATE")
        if days < plan.notice_days:
            raise GatesRefused("TOO_SHORT", days=plan.notice_days)
        if roster is not None and (
            roster.period_id != period.pk or not roster.organization.path.startswith(organization.path)
        ):
            raise GatesRefused("ROSTER_OF_OTHERS")
        for text in (basis, phone):
            events.refuse_personal(text)
        fault_point("gates.make_notice.before")
        notice = Notice.objects.create(
            program_id=period.program_id, period=period, organization=organization, region_code=region_code, roster=roster,
            starts_on=starts_on, ends_on=starts_on + timedelta(days=days),
            columns=[column for column in WHITELIST if column in columns],
            named_categories=sorted(category.pk for category in named_categories), basis=basis.strip(), phone=phone.strip(),
            made_by=by, made_at=at,
        )
        _record("notice.made", notice, by=by, at=at, first=starts_on, last=notice.last_day)
        fault_point("gates.make_notice.after")
    return notice


def post_notice(notice: Notice, *, by: User, at: datetime) -> Notice:
    """Fix the list of who waits there now, and let it hang. Everything within one statement for any number of people."""
    with transaction.atomic():
        notice = locked_notice(notice, NoticeState.DRAFT)
        if notice.made_by_id == by.pk:
            raise GatesRefused("ANOTHER_POSTS")
        if notice.starts_on < timezone.localdate(at):
            raise GatesRefused("STARTED")
        fault_point("gates.post_notice.before")
        with connection.cursor() as cursor:
            # Two notices that are posted at once: the second sees who is on the first.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"gates.notice:{notice.period_id}"])
            cursor.execute(
                _LINES,
                {
                    "notice": notice.pk, "period": notice.period_id, "path": notice.organization.path,
                    "region": notice.region_code, "roster": notice.roster_id,
                    "passable": [state.value for state in PASSABLE],
                },
            )
            cursor.execute(_FIXED, [notice.pk])
            notice.people, notice.villages, notice.digest = cursor.fetchone()
        if not notice.people:
            raise GatesRefused("NOBODY_WAITS")
        fault_point("gates.post_notice.fixed")
        notice.state, notice.posted_by, notice.posted_at = NoticeState.POSTED, by, at
        notice.save(update_fields=["people", "villages", "digest", "state", "posted_by", "posted_at"])
        _record("notice.posted", notice, by=by, at=at, people=notice.people, villages=notice.villages)
        fault_point("gates.post_notice.after")
    return notice


def withdraw_notice(notice: Notice, *, reason: str, by: User, at: datetime) -> Notice:
    """Take a notice down before it is closed: nobody's step is recorded, and its people can be put on another one."""
    with transaction.atomic():
        notice = locked_notice(notice, NoticeState.DRAFT, NoticeState.POSTED)
        if not reason.strip():
            raise GatesRefused("REASON")
        _refuse_open_objections(notice)
        events.refuse_personal(reason)
        fault_point("gates.withdraw_notice.before")
        NoticeLine.objects.filter(notice=notice).update(stands=False)
        notice.state, notice.reason = NoticeState.WITHDRAWN, reason.strip()
        notice.save(update_fields=["state", "reason"])
        _record("notice.withdrawn", notice, by=by, at=at, reason=notice.reason)
        fault_point("gates.withdraw_notice.after")
    return notice


def record_printing(notice: Notice, *, people: int, villages: int, by: User, at: datetime) -> None:
    """Somebody took the list to be hung: masked names left the portal."""
    with transaction.atomic():
        notice = locked_notice(notice, NoticeState.POSTED, NoticeState.CLOSING, NoticeState.CLOSED)
        fault_point("gates.record_printing.before")
        _record("notice.printed", notice, by=by, at=at, people=people, villages=villages)
        fault_point("gates.record_printing.after")


def close_notice(notice: Notice, *, by: Any, at: datetime) -> Job:
    """The days are over and nothing is objected any more: queue the job that records the step for everybody else."""
    with transaction.atomic():
        notice = locked_notice(notice, NoticeState.POSTED, NoticeState.CLOSING)
        if timezone.localdate(at) < notice.ends_on:
            raise GatesRefused("NOT_OVER", day=notice.last_day)
        _refuse_open_objections(notice)
        fault_point("gates.close_notice.before")
        if notice.state == NoticeState.POSTED:
            notice.state, notice.closed_by = NoticeState.CLOSING, str(by)[:80]
            notice.save(update_fields=["state", "closed_by"])
            _record("notice.closing", notice, by=by, at=at)
        job = enqueue(
            KIND, arguments={"notice": notice.pk}, subject=notice, organization=notice.organization,
            region_code=notice.region_code, program_id=notice.program_id, by=by, at=at, total=notice.people,
        )
        fault_point("gates.close_notice.after")
    return job


def close_part(run: Any, notice: Notice, *, at: datetime) -> dict[str, int]:
    """Record the step part by part; whoever was taken off the list is voided and stays so. A killed run goes on."""
    place = run.cursor or {"line": 0, "passed": 0, "in_force": 0}
    while True:
        run.check_stop()
        with transaction.atomic():
            fault_point("gates.close_part.before")
            lines = NoticeLine.objects.filter(notice=notice, pk__gt=place["line"]).order_by("pk")
            ids = list(lines.values_list("pk", flat=True)[:BATCH])
            if not ids:
                break
            part = NoticeLine.objects.filter(notice=notice, pk__gt=place["line"], pk__lte=ids[-1])
            covers = Enrollment.objects.filter(pk__in=part.values("enrollment"))
            passed = pass_gate_of(covers, gate=Gate.NOTICE, period=notice.period, by=CLOSER, at=at)
            place = {
                "line": ids[-1], "passed": place["passed"] + passed.people, "in_force": place["in_force"] + passed.in_force,
            }
            run.advance(more=len(ids), cursor=place)
            fault_point("gates.close_part.after")
        fault_point("gates.close_part.committed")
    _closed(run, notice, place, at=at)
    return {"passed": place["passed"], "in_force": place["in_force"]}


def _closed(run: Any, notice: Notice, place: dict[str, int], *, at: datetime) -> None:
    with transaction.atomic():
        notice = locked_notice(notice, NoticeState.CLOSING, NoticeState.CLOSED)
        fault_point("gates.closed.before")
        if notice.state == NoticeState.CLOSING:
            notice.state, notice.closed_at, notice.passed = NoticeState.CLOSED, at, place["passed"]
            notice.save(update_fields=["state", "closed_at", "passed"])
            _record("notice.closed", notice, by=CLOSER, at=at, passed=place["passed"], in_force=place["in_force"])
        run.advance()
        fault_point("gates.closed.after")


def queue_closings(*, at: datetime) -> list[Job]:
    """Close every notice whose days are over and against which nothing is open; again without harm."""
    over = Notice.objects.filter(
        state__in=(NoticeState.POSTED, NoticeState.CLOSING), ends_on__lte=timezone.localdate(at)
    )
    queued = []
    for notice in over.exclude(objections__state=ObjectionState.OPEN).order_by("pk"):
        try:
            queued.append(close_notice(notice, by=CLOSER, at=at))
        except (JobsRefused, GatesRefused) as refused:
            # Its job is at work already, or somebody was faster.
            if refused.code not in ("ALREADY_LIVE", "STATE", "OBJECTIONS_OPEN"):
                raise
    return queued


def _refuse_open_objections(notice: Notice) -> None:
    number = Objection.objects.filter(notice=notice, state=ObjectionState.OPEN).count()
    if number:
        raise GatesRefused("OBJECTIONS_OPEN", number=number)


def locked_notice(notice: Notice, *states: NoticeState) -> Notice:
    """The row, locked, in one of these states."""
    found = Notice.objects.select_for_update(of=("self",)).select_related("organization", "period__plan", "program")
    locked = found.get(pk=notice.pk)
    fault_point("gates.notice.locked")
    if locked.state not in states:
        raise GatesRefused("STATE", state=locked.get_state_display())
    return locked


def _record(verb: str, notice: Notice, *, by: Any, at: datetime, **data: Any) -> None:
    events.record(
        verb, notice, by=by, at=at, organization=notice.organization, region_code=notice.region_code,
        program_id=notice.program_id, data=data,
    )
