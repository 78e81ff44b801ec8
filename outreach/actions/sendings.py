"""Messages to people: proposed by one person, released by another with the list fixed, fetched, withdrawn, deleted in time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import Organization, User
from audit import events
from audit.faults import fault_point
from beneficiaries.gating import Gate, asked_gates
from intake import storage
from jobs.actions import cancel_job, enqueue
from jobs.models import Job
from outreach import choosing, printing, writing
from outreach.composing import check_page
from outreach.errors import OutreachRefused
from outreach.models import MessageWording, Sending, SendingLine, SendingPart, SendingState, Topic, WordingState
from outreach.models.sending import FIRST_HOUR, LAST_HOUR, MOST_TURNS
from outreach.reach import refuse_beyond
from outreach.wording import places_of
from outreach.writing import record
from programs.models import Period, Plan

KIND = "outreach.write_sending"
PROPOSE, FETCH = "outreach.propose_sending", "outreach.fetch_sending"
RETENTION = gettext_noop("system:retention")
MOST_DAYS = 90

_FIXED = """
SELECT count(*) FILTER (WHERE reach = 'phone'), count(*) FILTER (WHERE reach = 'village'),
    encode(sha256(convert_to(coalesce(string_agg(
        number || ' ' || enrollment_id || ' ' || reach, E'\\n' ORDER BY number), ''), 'UTF8')), 'hex')
FROM outreach_sendingline WHERE sending_id = %s
"""


def propose_sending(
    period: Period, *, organization: Organization, region_code: str, topic: Topic, turn: int = 1, within_days: int | None = None,
    grouped: bool = True, village_only: bool = False, earliest_hour: int = FIRST_HOUR, latest_hour: int = 20, by: User,
    at: datetime,
) -> Sending:
    """Say who is to be told what. Nothing leaves, and nobody is on a list, before a colleague releases it.

    `village_only`: everybody by the villages' lists, as an office does that has no gateway, or tells its villages by broadcast.
    """
    with transaction.atomic():
        refuse_beyond(by, PROPOSE, organization=organization, region_code=region_code, program_id=period.program_id)
        if not region_code.startswith(organization.region_code or ""):
            raise OutreachRefused("OUT_OF_SCOPE")
        approved = MessageWording.objects.filter(program=period.program_id, topic=topic, state=WordingState.APPROVED)
        worded = approved.first()
        if worded is None:
            raise OutreachRefused("NO_WORDING")
        sending = Sending(
            program_id=period.program_id, period=period, organization=organization, region_code=region_code, topic=topic,
            turn=turn, within_days=within_days if topic == Topic.ENDS_SOON else None, wording=worded, grouped=grouped,
            village_only=village_only, earliest_hour=earliest_hour, latest_hour=latest_hour, proposed_by=by, proposed_at=at,
        )
        _refuse_unfit(sending, at=at)
        found = choosing.outlook(sending, at=at)
        if not found.people:
            raise OutreachRefused("NOBODY")
        sending.people, sending.by_phone, sending.by_village = found.people, found.phone, found.village
        fault_point("outreach.propose.before")
        sending.save(force_insert=True)
        record("sending.proposed", sending, by=by, at=at, people=sending.people, topic=str(topic))
        fault_point("outreach.propose.after")
    return sending


def _refuse_unfit(sending: Sending, *, at: datetime) -> None:
    plan = sending.period.plan
    if "check_page" in places_of(sending.wording.text) and not check_page():
        raise OutreachRefused("NO_ADDRESS")
    if plan.period_kind != Plan.PeriodKind.ANNUAL:
        raise OutreachRefused("ANNUAL_ONLY")
    if not FIRST_HOUR <= sending.earliest_hour < sending.latest_hour <= LAST_HOUR:
        raise OutreachRefused("HOURS")
    if sending.turn != 1 and not (sending.topic == Topic.TO_PAY and 1 < sending.turn <= MOST_TURNS):
        raise OutreachRefused("TURN")
    if sending.topic == Topic.ENDS_SOON and not 1 <= (sending.within_days or 0) <= MOST_DAYS:
        raise OutreachRefused("DAYS", most=MOST_DAYS)
    if sending.topic == Topic.TO_PAY:
        if Gate.OWN_PAYMENT not in asked_gates(plan):
            raise OutreachRefused("NOT_ASKED")
        if timezone.localdate(at) >= sending.period.enrollment_closes_on:
            raise OutreachRefused("CLOSED", day=f"{sending.period.enrollment_closes_on - timedelta(days=1):%Y-%m-%d}")


def release_sending(sending: Sending, *, shown: int, by: User, at: datetime) -> Sending:
    """Fix the list of whoever the occasion concerns now, and have their messages written; by a second person.

    `shown`: how many people the releasing person was told of; another number is refused.
    """
    with transaction.atomic():
        sending = _locked(sending, SendingState.PROPOSED)
        if sending.proposed_by_id == by.pk:
            raise OutreachRefused("ANOTHER_RELEASES")
        with connection.cursor() as cursor:
            # Two releases of one period at once: the second sees who is on the first.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"outreach:{sending.period_id}"])
        if sending.wording.state != WordingState.APPROVED:
            raise OutreachRefused("WORDING_CHANGED")
        _refuse_unfit(sending, at=at)
        fault_point("outreach.release.before")
        chosen, values = choosing.chosen(sending, at=at)
        with connection.cursor() as cursor:
            cursor.execute(choosing.LINES.format(chosen=chosen), values)
            # Filled in one go: plans made without statistics fall into nested loops.
            cursor.execute("ANALYZE outreach_sendingline (sending_id, enrollment_id, number, region_code, reach, told_with)")
            cursor.execute(_FIXED, [sending.pk])
            sending.by_phone, sending.by_village, sending.digest = cursor.fetchone()
        sending.people = sending.by_phone + sending.by_village
        if not sending.people:
            raise OutreachRefused("NOBODY")
        if sending.people != shown:
            raise OutreachRefused("CHANGED", people=sending.people)
        fault_point("outreach.release.fixed")
        sending.state, sending.released_by, sending.released_at = SendingState.RELEASED, by, at
        sending.folder = f"sendings/{timezone.localdate(at).year}/{uuid.uuid4().hex}"
        sending.purge_on = timezone.localdate(at) + timedelta(days=settings.SENDING_KEPT_DAYS)
        sending.save()
        record(
            "sending.released", sending, by=by, at=at, people=sending.people, phone=sending.by_phone, village=sending.by_village,
            wording=sending.wording_id,
        )
        enqueue(
            KIND, arguments={"sending": sending.pk}, subject=sending, organization=sending.organization,
            region_code=sending.region_code, program_id=sending.program_id, by=by, at=at, total=sending.people,
        )
        fault_point("outreach.release.after")
    return sending


def withdraw_sending(sending: Sending, *, reason: str, by: User, at: datetime) -> Sending:
    """Take it back before anything of it has left: its people can be told anew, its file goes."""
    with transaction.atomic():
        sending = _locked(sending, SendingState.PROPOSED, SendingState.RELEASED, SendingState.READY)
        reason = " ".join(reason.split())
        if not reason:
            raise OutreachRefused("REASON")
        events.refuse_personal(reason)
        # A part without a file was sent by the connector itself, unless its file's time is over.
        sent_already = sending.purged_at is None and sending.parts.filter(messages__gt=0, storage_key="").exists()
        if sending.fetched_at is not None or sent_already:
            raise OutreachRefused("FETCHED")
        fault_point("outreach.withdraw.before")
        SendingLine.objects.filter(sending=sending).update(stands=False)
        job = Job.objects.about(sending).live().select_for_update().first()
        if job is not None and not job.stop_requested:
            cancel_job(job, by=by, at=at)
        sending.state, sending.withdrawn_by, sending.reason = SendingState.WITHDRAWN, by, reason[:300]
        if sending.folder:
            sending.purge_on = timezone.localdate(at)
        sending.save()
        record("sending.withdrawn", sending, by=by, at=at, reason=sending.reason)
        fault_point("outreach.withdraw.after")
    return sending


def open_messages(sending: Sending, *, by: User, at: datetime) -> Iterator[bytes]:
    """The files for the gateway in one archive, telephones in the clear; their event written before the first byte."""
    with transaction.atomic():
        sending = _to_fetch(sending, at=at)
        if not sending.parts.exclude(storage_key="").exists():
            raise OutreachRefused("NO_MESSAGES")
        fault_point("outreach.open.before")
        _fetched(sending, at=at)
        record("sending.downloaded", sending, by=by, at=at, messages=sending.messages)
        fault_point("outreach.open.after")
    return writing.content_of(sending)


def print_villages(sending: Sending, *, place: str = "", by: User, at: datetime) -> Iterator[str]:
    """The lists of one village, or of all, as HTML; their event written before the first sign."""
    with transaction.atomic():
        sending = _to_fetch(sending, at=at)
        villages = [people for code, _name, people in printing.villages_of(sending) if place in ("", code)]
        if not villages:
            raise OutreachRefused("NO_VILLAGE")
        fault_point("outreach.print.before")
        _fetched(sending, at=at)
        sending.printed_at = at
        sending.save(update_fields=["printed_at"])
        record("sending.printed", sending, by=by, at=at, people=sum(villages), villages=len(villages))
        fault_point("outreach.print.after")
    return printing.document(sending, place=place)


def _to_fetch(sending: Sending, *, at: datetime) -> Sending:
    found = _locked(sending, SendingState.RELEASED, SendingState.READY)
    if found.state != SendingState.READY:
        raise OutreachRefused("NOT_READY")
    if found.purged_at is not None or (found.purge_on is not None and found.purge_on <= timezone.localdate(at)):
        raise OutreachRefused("EXPIRED", day=f"{found.purge_on:%Y-%m-%d}")
    return found


def _fetched(sending: Sending, *, at: datetime) -> None:
    """The first time is kept: after it nothing can be taken back."""
    if sending.fetched_at is None:
        fault_point("outreach.fetched.before")
        sending.fetched_at = at
        sending.save(update_fields=["fetched_at"])
        fault_point("outreach.fetched.after")


def purge_sendings(*, at: datetime, limit: int = 200) -> int:
    """Delete the files whose time is over, whole folders, orphans of killed steps included; the rows stay and say so."""
    live = Job.objects.live().filter(subject_type=Sending._meta.label_lower).values_list("subject_id", flat=True)
    due = Sending.objects.filter(purge_on__lte=timezone.localdate(at), purged_at=None).exclude(folder="")
    due = due.exclude(pk__in=[int(pk) for pk in live])
    return sum(_purge(sending, at=at) for sending in due.order_by("pk")[:limit])


def _purge(sending: Sending, *, at: datetime) -> bool:
    """Delete one folder, then say so: killed between the two, the next run does it again."""
    fault_point("outreach.purge.before")
    for key in storage.keys_within(sending.folder):
        storage.remove(key)
    fault_point("outreach.purge.removed")
    with transaction.atomic():
        kept = _locked(sending, *SendingState)
        if kept.purged_at is not None:
            return False
        SendingPart.objects.filter(sending=kept).update(storage_key="", size=0)
        kept.purged_at = at
        kept.save(update_fields=["purged_at"])
        record("sending.purged", kept, by=RETENTION, at=at)
        fault_point("outreach.purge.after")
    return True


def _locked(sending: Sending, *states: SendingState) -> Sending:
    """The row, locked, in one of these states."""
    found = Sending.objects.select_for_update(of=("self",)).select_related(
        "organization", "program", "period__plan", "period__program", "wording"
    )
    locked = found.get(pk=sending.pk)
    fault_point("outreach.sending.locked")
    if locked.state not in states:
        raise OutreachRefused("STATE", state=locked.get_state_display())
    return locked
