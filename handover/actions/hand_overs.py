"""Hand-overs: proposed by one person, released by another with its list fixed, withdrawn, fetched, deleted in time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import Organization, User
from audit import events
from audit.faults import fault_point
from handover import choosing, locking, statement, writing
from handover.errors import HandOverRefused
from handover.models import (
    FormatState,
    HandOver,
    HandOverLine,
    HandOverPart,
    HandOverState,
    InsurerFormat,
    Kind,
    Receipt,
)
from handover.reach import refuse_beyond
from intake import storage
from intake.models import State
from jobs.actions import cancel_job, enqueue
from jobs.models import Job
from programs.actions import split_of_parts
from programs.models import Period, Plan

KIND = "handover.write_file"
RETENTION = gettext_noop("system:retention")
MOST_DAYS = 30
#: States of a receipt in which it may still answer lines.
UNDER_WAY = (State.RECEIVED, State.CHECKING, State.REVIEW, State.SUBMITTED, State.APPROVED, State.APPLYING)

_FIXED = """
SELECT count(*), coalesce(sum(premium), 0.00), encode(sha256(convert_to(coalesce(string_agg(
    number || ' ' || enrollment_id || ' ' || premium, E'\\n' ORDER BY number), ''), 'UTF8')), 'hex')
FROM handover_handoverline WHERE hand_over_id = %s
"""


def propose_handover(
    period: Period, *, organization: Organization, kind: Kind, month: date | None, format: InsurerFormat, purpose: str,
    recipient: str, kept_days: int, by: User, at: datetime,
) -> HandOver:
    """Say what is to be handed over to the program's insurer, why, to whom, in which columns. Nothing leaves yet."""
    with transaction.atomic():
        program = period.program
        region = organization.region_code or ""
        refuse_beyond(by, "handover.propose_handover", organization=organization, region_code=region, program_id=program.pk)
        _refuse_unfit(period, organization, kind=kind, month=month, format=format)
        purpose, recipient = " ".join(purpose.split()), " ".join(recipient.split())
        if not purpose:
            raise HandOverRefused("PURPOSE")
        if not recipient:
            raise HandOverRefused("RECIPIENT")
        if not 1 <= kept_days <= MOST_DAYS:
            raise HandOverRefused("DAYS", most=MOST_DAYS)
        for text in (purpose, recipient):
            events.refuse_personal(text)
        hand_over = HandOver(
            program=program, period=period, organization=organization, region_code=region, insurer=format.insurer,
            kind=kind, month=month.replace(day=1) if month else None, format=format, purpose=purpose[:300],
            recipient=recipient[:120], kept_days=kept_days, proposed_by=by, proposed_at=at,
        )
        hand_over.people, hand_over.premium = choosing.outlook(hand_over)
        if not hand_over.people:
            raise HandOverRefused("NOBODY")
        fault_point("handover.propose.before")
        hand_over.save(force_insert=True)
        _record("hand_over.proposed", hand_over, by=by, at=at, people=hand_over.people, kind=hand_over.kind)
        fault_point("handover.propose.after")
    return hand_over


def _refuse_unfit(
    period: Period, organization: Organization, *, kind: Kind, month: date | None, format: InsurerFormat
) -> None:
    program = period.program
    if program.insurer_id is None:
        raise HandOverRefused("NO_INSURER")
    if period.plan.period_kind != Plan.PeriodKind.ANNUAL:
        raise HandOverRefused("PERIODS_ONLY")
    if period.closed_at is not None:
        raise HandOverRefused("PERIOD_CLOSED", period=period.code)
    if format.state != FormatState.APPROVED:
        raise HandOverRefused("FORMAT_NOT_IN_USE")
    if format.insurer_id != program.insurer_id or not organization.path.startswith(format.organization.path):
        raise HandOverRefused("FORMAT_OF_OTHERS")
    if (month is None) != (kind == Kind.INITIAL):
        raise HandOverRefused("MONTH")
    told = HandOver.objects.filter(
        period=period, organization=organization, state__in=(HandOverState.RELEASED, HandOverState.ANSWERED)
    )
    if kind == Kind.INITIAL and told.exists():
        raise HandOverRefused("FIRST_LIST_DONE")
    if kind != Kind.INITIAL and not told.exists():
        raise HandOverRefused("FIRST_LIST_FIRST")


def release_handover(hand_over: HandOver, *, shown: int, by: User, at: datetime) -> HandOver:
    """Fix the list of whoever is to be handed over now, and have its file written; by a second person.

    `shown`: how many people the releasing person was told of; another number is refused.
    """
    with transaction.atomic():
        hand_over = _locked(hand_over, HandOverState.PROPOSED)
        if hand_over.proposed_by_id == by.pk:
            raise HandOverRefused("ANOTHER_RELEASES")
        with connection.cursor() as cursor:
            # Two releases of one period at once: the second sees who is on the first. Nor is anybody accepted by hand meanwhile.
            turn = choosing.TURN.format(period=hand_over.period_id)
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [turn])
        _refuse_unfit(
            hand_over.period, hand_over.organization, kind=Kind(hand_over.kind), month=hand_over.month,
            format=hand_over.format,
        )
        fault_point("handover.release.before")
        chosen, values = choosing.chosen(hand_over, divide=split_of_parts)
        with connection.cursor() as cursor:
            cursor.execute(choosing.LINES.format(chosen=chosen), values)
            # Filled in one go: plans made without statistics fall into nested loops.
            cursor.execute("ANALYZE handover_handoverline (hand_over_id, enrollment_id, direction, answer, stands, policy_number)")
            cursor.execute(_FIXED, [hand_over.pk])
            hand_over.people, hand_over.premium, hand_over.digest = cursor.fetchone()
        if not hand_over.people:
            raise HandOverRefused("NOBODY")
        if hand_over.people != shown:
            raise HandOverRefused("CHANGED", people=hand_over.people)
        fault_point("handover.release.fixed")
        hand_over.statement = statement.counted(hand_over)
        hand_over.state, hand_over.released_by, hand_over.released_at = HandOverState.RELEASED, by, at
        hand_over.folder = f"handovers/{timezone.localdate(at).year}/{uuid.uuid4().hex}"
        hand_over.save()
        _record(
            "hand_over.released", hand_over, by=by, at=at, people=hand_over.people, premium=str(hand_over.premium),
            purpose=hand_over.purpose, recipient=hand_over.recipient,
            columns=[column.heading for column in writing.columns_for(hand_over)],
        )
        enqueue(
            KIND, arguments={"hand_over": hand_over.pk}, subject=hand_over, organization=hand_over.organization,
            region_code=hand_over.region_code, program_id=hand_over.program_id, by=by, at=at, total=hand_over.people,
        )
        fault_point("handover.release.after")
    return hand_over


def withdraw_handover(hand_over: HandOver, *, reason: str, by: User, at: datetime) -> HandOver:
    """Take a hand-over back before anything of it is answered: its people can be handed over anew, its file goes."""
    with transaction.atomic():
        hand_over = _locked(hand_over, HandOverState.PROPOSED, HandOverState.RELEASED)
        reason = " ".join(reason.split())
        if not reason:
            raise HandOverRefused("REASON")
        events.refuse_personal(reason)
        if hand_over.accepted or hand_over.refused:
            raise HandOverRefused("ANSWERED_IN_PART")
        if Receipt.objects.filter(hand_over=hand_over, state__in=UNDER_WAY).exists():
            raise HandOverRefused("RECEIPT_UNDER_WAY")
        fault_point("handover.withdraw.before")
        HandOverLine.objects.filter(hand_over=hand_over).update(stands=False)
        job = Job.objects.about(hand_over).live().select_for_update().first()
        if job is not None and not job.stop_requested:
            cancel_job(job, by=by, at=at)
        hand_over.state, hand_over.withdrawn_by, hand_over.reason = HandOverState.WITHDRAWN, by, reason[:300]
        if hand_over.folder:
            hand_over.purge_on = timezone.localdate(at)
        hand_over.save()
        _record("hand_over.withdrawn", hand_over, by=by, at=at, reason=hand_over.reason)
        fault_point("handover.withdraw.after")
    return hand_over


def open_handover(hand_over: HandOver, *, password: str, by: User, at: datetime) -> Iterator[bytes]:
    """The bytes of an archive of the file, which the password opens; their event written before the first.

    The password is kept nowhere: whoever loses it downloads again, under another.
    """
    opens = locking.checked_password(password)
    with transaction.atomic():
        kept = _locked(hand_over, HandOverState.RELEASED, HandOverState.ANSWERED)
        if kept.written_at is None:
            raise HandOverRefused("FILE_NOT_READY")
        if kept.purged_at is not None or (kept.purge_on is not None and kept.purge_on <= timezone.localdate(at)):
            raise HandOverRefused("FILE_GONE")
        fault_point("handover.open.before")
        _record("hand_over.downloaded", kept, by=by, at=at, people=kept.people, sha256=kept.sha256[:12])
        fault_point("handover.open.after")
    return locking.locked(writing.content_of(kept), name=file_name(kept), size=kept.size or 0, password=opens)


def file_name(hand_over: HandOver) -> str:
    """What its file is called: by its hand-over, without a person's name."""
    kind = hand_over.format.file_kind
    return f"{hand_over.program.code}-{hand_over.period.code}-{hand_over.kind}-{hand_over.pk}.{kind}"


def purge_handovers(*, at: datetime, limit: int = 200) -> int:
    """Delete the files whose time is over, whole folders, orphans of killed steps included; the rows stay and say so."""
    live = Job.objects.live().filter(subject_type=HandOver._meta.label_lower).values_list("subject_id", flat=True)
    due = HandOver.objects.filter(purge_on__lte=timezone.localdate(at), purged_at=None).exclude(folder="")
    due = due.exclude(pk__in=[int(pk) for pk in live])
    return sum(_purge(hand_over, at=at) for hand_over in due.order_by("pk")[:limit])


def _purge(hand_over: HandOver, *, at: datetime) -> bool:
    """Delete one folder, then say so: killed between the two, the next run does it again."""
    fault_point("handover.purge.before")
    for key in storage.keys_within(hand_over.folder):
        storage.remove(key)
    fault_point("handover.purge.removed")
    with transaction.atomic():
        kept = _locked(hand_over)
        if kept.purged_at is not None:
            return False
        HandOverPart.objects.filter(hand_over=kept).delete()
        kept.purged_at = at
        kept.save(update_fields=["purged_at"])
        _record("hand_over.purged", kept, by=RETENTION, at=at)
        fault_point("handover.purge.after")
    return True


def _locked(hand_over: HandOver, *states: HandOverState) -> HandOver:
    """The row, locked, in one of these states; in any where none is named."""
    found = HandOver.objects.select_for_update(of=("self",)).select_related(
        "organization", "insurer", "program", "period__plan", "period__program", "format__organization"
    )
    locked = found.get(pk=hand_over.pk)
    fault_point("handover.locked")
    if states and locked.state not in states:
        raise HandOverRefused("STATE", state=locked.get_state_display())
    return locked


def _record(verb: str, hand_over: HandOver, *, by: Any, at: datetime, **data: Any) -> None:
    events.record(
        verb, hand_over, by=by, at=at, organization=hand_over.organization, region_code=hand_over.region_code,
        program_id=hand_over.program_id, data=data,
    )
