"""Requests of people about their data: recorded by one, decided by another; access is gathered by a job and handed over."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import User
from audit import events
from audit.faults import fault_point
from beneficiaries.actions import lift_restriction, restrict_person
from beneficiaries.models import Beneficiary, Enrollment, Person
from beneficiaries.representing import representatives_of
from beneficiaries.restricting import known_to
from intake import storage
from jobs.actions import Run, enqueue
from jobs.models import Job
from papers.bundle import bundle_of
from papers.errors import PapersRefused
from papers.models import RESTRICTING, Asker, IdentityCheck, PersonRequest, RequestKind, RequestState
from papers.reach import refuse_beyond
from papers.retaining import kept_until

GATHER = "papers.gather_copy"
RECORD = "papers.record_request"
GATHERER = gettext_noop("system:requests")
RETENTION = gettext_noop("system:retention")
_LIMIT = 1 << 28
_READ = 1 << 20


def record_request(
    beneficiary: Beneficiary, *, kind: RequestKind, asker: Asker, asker_name: str = "", identity_check: IdentityCheck,
    text: str = "", received_on: date, by: User, at: datetime,
) -> PersonRequest:
    """Keep what somebody asks about a person, with how their identity was checked; the term runs from the day of receipt."""
    refuse_beyond(
        by, RECORD, organization=beneficiary.organization, region_code=beneficiary.region_code, program_id=beneficiary.program_id
    )
    if received_on > timezone.localdate(at):
        raise PapersRefused("RECEIVED_LATER")
    _refuse_stranger(beneficiary, asker=asker, asker_name=asker_name, identity_check=identity_check)
    known = known_to(beneficiary.person, beneficiary.organization)
    if kind == RequestKind.LIFTING and not known.exclude(restricted_at=None).exists():
        raise PapersRefused("NOT_RESTRICTED")
    request = PersonRequest(
        kind=kind, person_id=beneficiary.person_id, beneficiary=beneficiary, program_id=beneficiary.program_id,
        organization=beneficiary.organization, region_code=beneficiary.region_code, asker=asker,
        asker_name=asker_name.strip() or None, identity_check=identity_check, text=text.strip() or None, received_on=received_on,
        due_on=received_on + timedelta(days=settings.REQUEST_DAYS), recorded_by=by, recorded_at=at,
    )
    try:
        with transaction.atomic():
            if Person.objects.select_for_update(no_key=True).get(pk=beneficiary.person_id).destroyed_at is not None:
                raise PapersRefused("DESTROYED")
            fault_point("papers.record_request.before")
            request.save(force_insert=True)
            _record("request.recorded", request, by=by, at=at, kind=str(kind), day=request.due_on)
            fault_point("papers.record_request.after")
    except IntegrityError as conflict:
        if "person_request_open_once" in str(conflict):
            raise PapersRefused("REQUEST_WAITS") from conflict
        raise
    return request


def _refuse_stranger(beneficiary: Beneficiary, *, asker: Asker, asker_name: str, identity_check: IdentityCheck) -> None:
    """Whoever asks for somebody else is named and shows the documents of both; relatives ask of the dead only."""
    if asker == Asker.SELF:
        return
    if not asker_name.strip():
        raise PapersRefused("ASKER")
    if identity_check != IdentityCheck.BOTH:
        raise PapersRefused("CHECK_OF_BOTH")
    _refuse_other_than_registered(beneficiary, asker=asker, asker_name=asker_name)
    if asker == Asker.RELATIVE and beneficiary.person.deceased_on is None:
        raise PapersRefused("DEAD_ONLY")


def _refuse_other_than_registered(beneficiary: Beneficiary, *, asker: Asker, asker_name: str) -> None:
    """Where guardians, or agents, are recorded, one of them asks: a new one is recorded first."""
    known = representatives_of(beneficiary.person).filter(
        beneficiary__organization__path__startswith=beneficiary.organization.path, role=str(asker)
    )
    standing = list(known.standing(on=timezone.localdate()))
    if standing and asker_name.strip() not in {each.name.reveal() for each in standing}:
        raise PapersRefused("NOT_RECORDED")


def grant_request(request: PersonRequest, *, answer: str = "", by: User, at: datetime) -> PersonRequest:
    """Do what was asked, with the decision: gather a copy, only keep the data from now on, or work with it again.

    Within the term of retention a deletion only keeps the data; the answer says until when. A correction is done by a
    change of the person, which a colleague approves: this answers the person.
    """
    with transaction.atomic():
        request = _to_decide(request, by=by)
        events.refuse_personal(answer)
        fault_point("papers.grant_request.before")
        request.state, request.answer, request.decided_by, request.decided_at = RequestState.GRANTED, answer.strip(), by, at
        if request.kind == RequestKind.DELETION:
            request.kept_until = kept_until(_last_end(request), at=at)
        request.save(update_fields=["state", "answer", "decided_by", "decided_at", "kept_until"])
        if request.kind in RESTRICTING:
            restrict_person(request.person, organization=request.organization, by=by, at=at)
        elif request.kind == RequestKind.LIFTING:
            lift_restriction(request.person, organization=request.organization, by=by, at=at)
        elif request.kind == RequestKind.ACCESS:
            enqueue(
                GATHER, arguments={"request": request.pk}, subject=request, organization=request.organization,
                region_code=request.region_code, program_id=request.program_id, by=by, at=at, total=1,
            )
        _record("request.granted", request, by=by, at=at, answer=request.answer or "—")
        fault_point("papers.grant_request.after")
    return request


def decline_request(request: PersonRequest, *, answer: str, by: User, at: datetime) -> PersonRequest:
    """Leave everything as it is; the person is told why (art. 50: a refusal says its reasons)."""
    with transaction.atomic():
        request = _to_decide(request, by=by)
        if not answer.strip():
            raise PapersRefused("ANSWER")
        events.refuse_personal(answer)
        fault_point("papers.decline_request.before")
        request.state, request.answer, request.decided_by, request.decided_at = RequestState.DECLINED, answer.strip(), by, at
        request.save(update_fields=["state", "answer", "decided_by", "decided_at"])
        _record("request.declined", request, by=by, at=at, answer=request.answer)
        fault_point("papers.decline_request.after")
    return request


def withdraw_request(request: PersonRequest, *, by: User, at: datetime) -> PersonRequest:
    """The person takes it back before it is decided."""
    with transaction.atomic():
        request = _locked(request)
        if request.state != RequestState.ASKED:
            raise PapersRefused("NOT_OPEN")
        fault_point("papers.withdraw_request.before")
        request.state = RequestState.WITHDRAWN
        request.save(update_fields=["state"])
        _record("request.withdrawn", request, by=by, at=at)
        fault_point("papers.withdraw_request.after")
    return request


def gather_copy(run: Run) -> dict[str, Any]:
    """The work of a job: read everything, seal it, say that it waits. Again without harm: the last copy counts."""
    request = PersonRequest.objects.select_related("person", "organization").get(pk=run.arguments["request"])
    at = timezone.now()
    content, entries = bundle_of(request, at=at)
    year = timezone.localdate(at).year
    kept = storage.store(io.BytesIO(content), year=year, limit=_LIMIT, folder=f"requests/{year}/{request.pk}")
    with transaction.atomic():
        request = _locked(request)
        fault_point("papers.gather.before")
        if not request.storage_key:
            request.storage_key, request.size, request.sha256 = kept.key, kept.size, kept.sha256
            request.purge_on = timezone.localdate(at) + timedelta(days=settings.PRINTING_KEPT_DAYS)
            request.save(update_fields=["storage_key", "size", "sha256", "purge_on"])
            _record("request.gathered", request, by=GATHERER, at=at, entries=entries, content=kept.sha256[:12])
        run.advance(done=1, total=1)
        fault_point("papers.gather.after")
    return {"entries": entries}


def open_copy(request: PersonRequest, *, by: User, at: datetime) -> Iterable[bytes]:
    """The bytes of the copy, to be handed over to the person; its event written before the first. Only to whoever recorded
    the request: they saw the document."""
    with transaction.atomic():
        request = _locked(request)
        if request.recorded_by_id != by.pk:
            raise PapersRefused("OWN_FILE")
        seen = PersonRequest.objects.visible_to(User.objects.get(pk=by.pk), RECORD).filter(pk=request.pk)
        if not seen.exists():
            raise PapersRefused("RIGHT_LOST")
        if not request.storage_key or request.purged_at is not None or request.purge_on is None:
            raise PapersRefused("NO_COPY")
        if request.purge_on <= timezone.localdate(at):
            raise PapersRefused("EXPIRED", day=f"{request.purge_on:%Y-%m-%d}")
        fault_point("papers.open_copy.before")
        _record("request.copy_handed_over", request, by=by, at=at, content=request.sha256[:12])
        fault_point("papers.open_copy.after")
    return _content_of(request)


def _content_of(request: PersonRequest) -> Iterator[bytes]:
    with storage.opened(request.storage_key, request.size or 0) as source:
        while block := source.read(_READ):
            yield block


def purge_copies(*, at: datetime, limit: int = 200) -> int:
    """Delete the copies whose time is over, and what killed gatherings left beside them; the requests stay."""
    live = Job.objects.live().filter(subject_type=PersonRequest._meta.label_lower).values_list("subject_id", flat=True)
    due = PersonRequest.objects.filter(purge_on__lte=timezone.localdate(at), purged_at=None).exclude(storage_key="")
    due = due.exclude(pk__in=[int(pk) for pk in live])
    return sum(_purge(request, at=at) for request in due.order_by("pk")[:limit])


def _purge(request: PersonRequest, *, at: datetime) -> bool:
    """Delete the file, then say so: killed between the two, the next run does it again."""
    fault_point("papers.purge_copy.before")
    for key in storage.keys_within(request.storage_key.rpartition("/")[0]):
        storage.remove(key)
    fault_point("papers.purge_copy.removed")
    with transaction.atomic():
        request = _locked(request)
        if request.purged_at is not None:
            return False
        request.purged_at = at
        request.save(update_fields=["purged_at"])
        _record("request.purged", request, by=RETENTION, at=at)
        fault_point("papers.purge_copy.after")
    return True


def _last_end(request: PersonRequest) -> datetime | None:
    """When the last cover that this office has of the person ends."""
    known = known_to(request.person, request.organization)
    found: datetime | None = Enrollment.objects.filter(beneficiary__in=known).aggregate(last=Max("ends_at"))["last"]
    return found


def _to_decide(request: PersonRequest, *, by: User) -> PersonRequest:
    found = _locked(request)
    if found.state != RequestState.ASKED:
        raise PapersRefused("NOT_OPEN")
    if found.recorded_by_id == by.pk:
        raise PapersRefused("ANOTHER_DECIDES")
    return found


def _locked(request: PersonRequest) -> PersonRequest:
    found = PersonRequest.objects.select_for_update(of=("self",)).select_related("organization", "person", "program")
    locked = found.get(pk=request.pk)
    fault_point("papers.request.locked")
    return locked


def _record(verb: str, request: PersonRequest, *, by: Any, at: datetime, **data: Any) -> None:
    events.record(
        verb, request, by=by, at=at, organization=request.organization, region_code=request.region_code,
        program_id=request.program_id, data=data,
    )
