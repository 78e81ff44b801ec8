"""Evidence of samples: masked at once, in the clear once another person approves; written by a job, fetched, deleted."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import User
from audit import events
from audit.faults import fault_point
from intake import storage
from jobs.actions import cancel_job, enqueue
from jobs.models import Job
from samples.actions.drawing import checked_purpose
from samples.errors import SamplesRefused
from samples.models import EvidenceBundle, EvidencePart, EvidenceState, Sample
from samples.reach import refuse_beyond
from samples.writing import content_of, record

KIND = "samples.write_evidence"
GATHER, APPROVE = "samples.gather_evidence", "samples.approve_evidence"
RETENTION = gettext_noop("system:retention")
_LIVE = (EvidenceState.ASKED, EvidenceState.WRITING)


def gather_evidence(sample: Sample, *, by: User, at: datetime) -> Job:
    """Gather what is kept of every cover of a sample, masked."""
    with transaction.atomic():
        bundle = _begun(sample, is_clear=False, purpose="", by=by, at=at)
        job = _queued(bundle, by=by, at=at)
        fault_point("samples.gather.after")
    return job


def ask_clear_evidence(sample: Sample, *, purpose: str, by: User, at: datetime) -> EvidenceBundle:
    """Ask for it in the clear: nothing is opened before the person in charge approves."""
    purpose = checked_purpose(purpose)
    with transaction.atomic():
        bundle = _begun(sample, is_clear=True, purpose=purpose, by=by, at=at)
        fault_point("samples.ask.after")
    return bundle


def approve_evidence(bundle: EvidenceBundle, *, by: User, at: datetime) -> Job:
    """Another person lets names, documents and lines leave: the job that gathers them is queued."""
    with transaction.atomic():
        bundle = _locked(bundle, EvidenceState.ASKED)
        _refuse_own(bundle, by=by)
        fault_point("samples.approve.before")
        bundle.decided_by, bundle.decided_at = by, at
        record("evidence.approved", bundle, by=by, at=at)
        job = _queued(bundle, by=by, at=at)
        fault_point("samples.approve.after")
    return job


def decline_evidence(bundle: EvidenceBundle, *, reason: str, by: User, at: datetime) -> EvidenceBundle:
    """Nothing is opened; whoever asked reads why."""
    if not reason.strip():
        raise SamplesRefused("REASON")
    events.refuse_personal(reason)
    with transaction.atomic():
        bundle = _locked(bundle, EvidenceState.ASKED)
        _refuse_own(bundle, by=by)
        fault_point("samples.decline.before")
        bundle.state, bundle.decided_by, bundle.decided_at = EvidenceState.DECLINED, by, at
        bundle.reason, bundle.ended_at = reason.strip(), at
        bundle.save(update_fields=["state", "decided_by", "decided_at", "reason", "ended_at"])
        record("evidence.declined", bundle, by=by, at=at, reason=bundle.reason)
        fault_point("samples.decline.after")
    return bundle


def cancel_evidence(bundle: EvidenceBundle, *, by: User, at: datetime) -> EvidenceBundle:
    """Whoever asked takes it back; what was written is deleted with the next removal."""
    with transaction.atomic():
        bundle = _locked(bundle, *_LIVE)
        if bundle.asked_by_id != by.pk:
            raise SamplesRefused("OWN_FILE")
        fault_point("samples.cancel.before")
        job = Job.objects.about(bundle).live().select_for_update().first()
        if job is not None and not job.stop_requested:
            cancel_job(job, by=by, at=at)
        bundle.state, bundle.ended_at = EvidenceState.CANCELLED, at
        if bundle.folder:
            bundle.purge_on = timezone.localdate(at)
        bundle.save(update_fields=["state", "ended_at", "purge_on"])
        record("evidence.cancelled", bundle, by=by, at=at)
        fault_point("samples.cancel.after")
    return bundle


def open_evidence(bundle: EvidenceBundle, *, by: User, at: datetime) -> Iterable[bytes]:
    """The bytes of the archive, its event written before the first: for whoever asked, while a role of theirs reaches it."""
    with transaction.atomic():
        bundle = _locked(bundle, *EvidenceState)
        if bundle.asked_by_id != by.pk:
            raise SamplesRefused("OWN_FILE")
        day = timezone.localdate(at)
        if bundle.purge_on is not None and (
            bundle.state == EvidenceState.EXPIRED or (bundle.state == EvidenceState.READY and bundle.purge_on <= day)
        ):
            raise SamplesRefused("EXPIRED", day=f"{bundle.purge_on:%Y-%m-%d}")
        if bundle.state != EvidenceState.READY:
            raise SamplesRefused("STATE", state=bundle.get_state_display())
        if not EvidenceBundle.objects.visible_to(User.objects.get(pk=by.pk), GATHER).filter(pk=bundle.pk).exists():
            raise SamplesRefused("RIGHT_LOST")
        fault_point("samples.fetch.before")
        record("evidence.downloaded", bundle, by=by, at=at, covers=bundle.items, checksum=bundle.digest[:12])
        fault_point("samples.fetch.after")
    return content_of(bundle)


def purge_evidence(*, at: datetime, limit: int = 200) -> int:
    """Delete the files whose time is over, whole folders, orphans of killed steps included; the rows stay and say so."""
    live = Job.objects.live().filter(subject_type=EvidenceBundle._meta.label_lower).values_list("subject_id", flat=True)
    due = EvidenceBundle.objects.filter(purge_on__lte=timezone.localdate(at), purged_at=None).exclude(folder="")
    due = due.exclude(pk__in=[int(pk) for pk in live])
    return sum(_purge(bundle, at=at) for bundle in due.order_by("pk")[:limit])


def _purge(bundle: EvidenceBundle, *, at: datetime) -> bool:
    """Delete one folder, then say so: killed between the two, the next run does it again."""
    fault_point("samples.purge.before")
    for key in storage.keys_within(bundle.folder):
        storage.remove(key)
    fault_point("samples.purge.removed")
    with transaction.atomic():
        kept = _locked(bundle, *EvidenceState)
        if kept.purged_at is not None:
            return False
        EvidencePart.objects.filter(bundle=kept).delete()
        kept.purged_at = at
        if kept.state in (EvidenceState.READY, EvidenceState.WRITING):
            kept.state, kept.ended_at = EvidenceState.EXPIRED, kept.ended_at or at
        kept.save(update_fields=["purged_at", "state", "ended_at"])
        record("evidence.purged", kept, by=RETENTION, at=at)
        fault_point("samples.purge.after")
    return True


def _begun(sample: Sample, *, is_clear: bool, purpose: str, by: User, at: datetime) -> EvidenceBundle:
    sample = Sample.objects.select_for_update(of=("self",)).select_related("organization").get(pk=sample.pk)
    refuse_beyond(by, GATHER, organization=sample.organization, region_code=sample.region_code, program_id=sample.program_id)
    if sample.bundles.filter(asked_by=by, is_clear=is_clear, state__in=_LIVE).exists():
        raise SamplesRefused("UNDER_WAY")
    fault_point("samples.begin.before")
    bundle = EvidenceBundle.objects.create(
        sample=sample, is_clear=is_clear, purpose=purpose, items=sample.items.count(), asked_by=by, asked_at=at
    )
    record("evidence.asked", bundle, by=by, at=at, covers=bundle.items, is_clear=is_clear)
    fault_point("samples.begin.after")
    return bundle


def _queued(bundle: EvidenceBundle, *, by: User, at: datetime) -> Job:
    fault_point("samples.queue.before")
    bundle.state = EvidenceState.WRITING
    bundle.folder = f"evidence/{timezone.localdate(at).year}/{uuid.uuid4().hex}"
    bundle.purge_on = timezone.localdate(at) + timedelta(days=settings.EVIDENCE_KEPT_DAYS)
    bundle.save(update_fields=["state", "decided_by", "decided_at", "folder", "purge_on"])
    sample = bundle.sample
    job = enqueue(
        KIND, arguments={"bundle": bundle.pk}, subject=bundle, organization=sample.organization,
        region_code=sample.region_code, program_id=sample.program_id, by=by, at=at, total=bundle.items,
    )
    fault_point("samples.queue.after")
    return job


def _refuse_own(bundle: EvidenceBundle, *, by: User) -> None:
    if bundle.asked_by_id == by.pk:
        raise SamplesRefused("ANOTHER_APPROVES")
    sample = bundle.sample
    refuse_beyond(by, APPROVE, organization=sample.organization, region_code=sample.region_code, program_id=sample.program_id)


def _locked(bundle: EvidenceBundle, *states: EvidenceState) -> EvidenceBundle:
    """The row, locked, in one of these states."""
    rows = EvidenceBundle.objects.select_for_update(of=("self",)).select_related("sample__organization")
    locked = rows.get(pk=bundle.pk)
    fault_point("samples.bundle.locked")
    if locked.state not in states:
        raise SamplesRefused("STATE", state=locked.get_state_display())
    return locked
