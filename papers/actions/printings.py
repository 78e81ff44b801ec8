"""Certificates printed: of one person at once, of many asked for, approved by another person, written by a job, fetched."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import Organization, User
from audit import events
from audit.faults import fault_point
from beneficiaries.models import Enrollment, Roster
from beneficiaries.models.enrollment import EnrollmentState
from intake import storage
from jobs.actions import cancel_job, enqueue
from jobs.models import Job
from papers.certificate import file_of
from papers.covers import covers_of, holders, shared_of, villages_of, wording_of
from papers.errors import PapersRefused
from papers.models import PrintedPart, Printing, PrintingState
from papers.reach import refuse_beyond
from papers.writing import content_of, record
from programs.models import Period

KIND = "papers.write_printing"
PRINT = "papers.print_certificate"
RETENTION = gettext_noop("system:retention")
PURPOSE_MIN, PURPOSE_MAX = 4, 300


@dataclass(frozen=True)
class Handed:
    """A certificate that was handed over: its row, and its bytes."""

    printing: Printing
    content: bytes


def print_certificate(enrollment: Enrollment, *, purpose: str, by: User, at: datetime) -> Handed:
    """One person's paper, for that person. Its row and its event stand before a byte leaves.

    The cover is locked while it is drawn: what was printed as in force was in force.
    """
    purpose = _checked(purpose)
    with transaction.atomic():
        rows = Enrollment.objects.free().visible_to(by, PRINT).select_for_update(of=("self",))
        found = rows.select_related("organization", "person").filter(pk=enrollment.pk).first()
        if found is None:
            raise PapersRefused("OUT_OF_SCOPE")
        if found.state != EnrollmentState.IN_FORCE or found.ends_at <= at:
            raise PapersRefused("NOT_IN_FORCE", state=found.get_state_display())
        period = Period.objects.select_related("plan", "program__insurer").get(pk=found.period_id)
        _refuse_too_many(by, at=at)
        # The first certificate of a program and year makes the key of their codes.
        fault_point("papers.print.before")
        content, _count = file_of(
            shared_of(period, issued_on=timezone.localdate(at)), holders([found], period), title=found.number
        )
        printing = Printing.objects.create(
            program_id=found.program_id, period=period, organization=found.organization, region_code=found.region_code,
            enrollment=found, purpose=purpose, state=PrintingState.SENT, people=1, villages=1, size=len(content),
            digest=hashlib.sha256(content).hexdigest(), asked_by=by, asked_at=at, ended_at=at,
        )
        events.record(
            "certificate.printed", found, by=by, at=at, organization=found.organization, region_code=found.region_code,
            program_id=found.program_id, data={"printing": printing.pk, "purpose": purpose},
        )
        fault_point("papers.print.after")
    return Handed(printing, content)


def ask_printing(
    period: Period, *, organization: Organization, region_code: str, purpose: str, roster: Roster | None = None, by: User,
    at: datetime,
) -> Printing:
    """Ask for the certificates of everybody there whose cover is in force; nothing is written before a colleague approves."""
    purpose = _checked(purpose)
    with transaction.atomic():
        refuse_beyond(by, PRINT, organization=organization, region_code=region_code, program_id=period.program_id)
        if not region_code.startswith(organization.region_code):
            raise PapersRefused("OUT_OF_SCOPE")
        if roster is not None and (
            roster.period_id != period.pk or not roster.organization.path.startswith(organization.path)
        ):
            raise PapersRefused("ROSTER_OF_OTHERS")
        wording_of(period.program_id)
        _refuse_too_many(by, at=at)
        printing = Printing(
            program_id=period.program_id, period=period, organization=organization, region_code=region_code, roster=roster,
            purpose=purpose, asked_by=by, asked_at=at, people=0, villages=0,
        )
        villages = villages_of(covers_of(printing))
        if not villages:
            raise PapersRefused("NOBODY_COVERED")
        printing.people, printing.villages = sum(people for _code, people in villages), len(villages)
        fault_point("papers.ask.before")
        printing.save(force_insert=True)
        record("printing.asked", printing, by=by, at=at, people=printing.people, purpose=purpose)
        fault_point("papers.ask.after")
    return printing


def approve_printing(printing: Printing, *, by: User, at: datetime) -> Job:
    """Another person lets the names leave: the job that writes them is queued."""
    with transaction.atomic():
        printing = _locked(printing, PrintingState.ASKED)
        if printing.asked_by_id == by.pk:
            raise PapersRefused("ANOTHER_APPROVES")
        fault_point("papers.approve.before")
        printing.state, printing.decided_by, printing.decided_at = PrintingState.WRITING, by, at
        printing.folder = f"printings/{timezone.localdate(at).year}/{uuid.uuid4().hex}"
        printing.purge_on = timezone.localdate(at) + timedelta(days=settings.PRINTING_KEPT_DAYS)
        printing.save(update_fields=["state", "decided_by", "decided_at", "folder", "purge_on"])
        record("printing.approved", printing, by=by, at=at)
        job = enqueue(
            KIND, arguments={"printing": printing.pk}, subject=printing, organization=printing.organization,
            region_code=printing.region_code, program_id=printing.program_id, by=by, at=at, total=printing.people,
        )
        fault_point("papers.approve.after")
    return job


def decline_printing(printing: Printing, *, reason: str, by: User, at: datetime) -> Printing:
    """Nothing leaves; whoever asked reads why."""
    with transaction.atomic():
        printing = _locked(printing, PrintingState.ASKED)
        if printing.asked_by_id == by.pk:
            raise PapersRefused("ANOTHER_APPROVES")
        if not reason.strip():
            raise PapersRefused("REASON")
        events.refuse_personal(reason)
        fault_point("papers.decline.before")
        printing.state, printing.decided_by, printing.decided_at = PrintingState.DECLINED, by, at
        printing.reason, printing.ended_at = reason.strip(), at
        printing.save(update_fields=["state", "decided_by", "decided_at", "reason", "ended_at"])
        record("printing.declined", printing, by=by, at=at, reason=printing.reason)
        fault_point("papers.decline.after")
    return printing


def cancel_printing(printing: Printing, *, by: User, at: datetime) -> Printing:
    """Whoever asked takes it back; what was written is deleted with the next removal."""
    with transaction.atomic():
        printing = _locked(printing, PrintingState.ASKED, PrintingState.WRITING)
        if printing.asked_by_id != by.pk:
            raise PapersRefused("OWN_FILE")
        fault_point("papers.cancel.before")
        job = Job.objects.about(printing).live().select_for_update().first()
        if job is not None and not job.stop_requested:
            cancel_job(job, by=by, at=at)
        printing.state, printing.ended_at = PrintingState.CANCELLED, at
        if printing.folder:
            printing.purge_on = timezone.localdate(at)
        printing.save(update_fields=["state", "ended_at", "purge_on"])
        record("printing.cancelled", printing, by=by, at=at)
        fault_point("papers.cancel.after")
    return printing


def open_printing(printing: Printing, *, by: User, at: datetime) -> Iterable[bytes]:
    """The bytes of the archive, its event written before the first: for whoever asked, while a role of theirs reaches it."""
    with transaction.atomic():
        printing = _locked(printing, *PrintingState)
        if printing.asked_by_id != by.pk:
            raise PapersRefused("OWN_FILE")
        if printing.state == PrintingState.EXPIRED or (
            printing.state == PrintingState.READY and printing.purge_on is not None
            and printing.purge_on <= timezone.localdate(at)
        ):
            raise PapersRefused("EXPIRED", day=f"{printing.purge_on:%Y-%m-%d}")
        if printing.state != PrintingState.READY:
            raise PapersRefused("STATE", state=printing.get_state_display())
        if not Printing.objects.visible_to(User.objects.get(pk=by.pk), PRINT).filter(pk=printing.pk).exists():
            raise PapersRefused("RIGHT_LOST")
        fault_point("papers.fetch.before")
        record("printing.downloaded", printing, by=by, at=at, people=printing.people, content=printing.digest[:12])
        fault_point("papers.fetch.after")
    return content_of(printing)


def purge_printings(*, at: datetime, limit: int = 200) -> int:
    """Delete the files whose time is over, whole folders, orphans of killed steps included; the rows stay and say so."""
    live = Job.objects.live().filter(subject_type=Printing._meta.label_lower).values_list("subject_id", flat=True)
    due = Printing.objects.filter(purge_on__lte=timezone.localdate(at), purged_at=None).exclude(folder="")
    due = due.exclude(pk__in=[int(pk) for pk in live])
    return sum(_purge(printing, at=at) for printing in due.order_by("pk")[:limit])


def _purge(printing: Printing, *, at: datetime) -> bool:
    """Delete one folder, then say so: killed between the two, the next run does it again."""
    fault_point("papers.purge.before")
    for key in storage.keys_within(printing.folder):
        storage.remove(key)
    fault_point("papers.purge.removed")
    with transaction.atomic():
        kept = _locked(printing, *PrintingState)
        if kept.purged_at is not None:
            return False
        PrintedPart.objects.filter(printing=kept).delete()
        kept.purged_at = at
        if kept.state in (PrintingState.READY, PrintingState.WRITING):
            kept.state, kept.ended_at = PrintingState.EXPIRED, kept.ended_at or at
        kept.save(update_fields=["purged_at", "state", "ended_at"])
        record("printing.purged", kept, by=RETENTION, at=at)
        fault_point("papers.purge.after")
    return True


def _locked(printing: Printing, *states: PrintingState) -> Printing:
    """The row, locked, in one of these states."""
    locked = Printing.objects.select_for_update(of=("self",)).select_related("organization").get(pk=printing.pk)
    fault_point("papers.printing.locked")
    if locked.state not in states:
        raise PapersRefused("STATE", state=locked.get_state_display())
    return locked


def _checked(purpose: str) -> str:
    """What the paper is for and who gets it, without a number of a person."""
    purpose = " ".join(purpose.split())
    if len(purpose) < PURPOSE_MIN:
        raise PapersRefused("PURPOSE", characters=PURPOSE_MIN)
    if len(purpose) > PURPOSE_MAX:
        raise PapersRefused("PURPOSE_LONG", characters=PURPOSE_MAX)
    events.refuse_personal(purpose)
    return purpose


def _refuse_too_many(by: Any, *, at: datetime) -> None:
    """The day's cap of one person; two clicks at once must not pass it together."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('papers.print', %s))", [by.pk])
    day = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    if Printing.objects.filter(asked_by=by, asked_at__gte=day).count() >= settings.PRINTS_PER_DAY:
        raise PapersRefused("DAY_CAP", number=settings.PRINTS_PER_DAY)
