"""Events: written in the transaction of their change, later chained by one sealer, verified link by link."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog
from django.db import connection, models, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext

from audit.faults import fault_point
from audit.models.events import Event, Seal, UnsealedEvent

GENESIS = bytes(32)
#: One sealer at a time: the number is this lock's name.
SEALER_LOCK = 7_042_611_905
_PERSONAL = re.compile(r"[0-9]{14,}[0-9Xx]")
_sentences: dict[str, str | Promise] = {}


class HasPath(Protocol):
    """An organization, as an event names one."""

    pk: Any
    path: str


def register_verbs(sentences: Mapping[str, str | Promise]) -> None:
    """Sentences for people, by verb; `%(name)s` are filled from the event's data. Called from `ready()`."""
    _sentences.update(sentences)


def sentence(event: Event) -> str:
    """What an event says to a person."""
    template = _sentences.get(event.verb)
    if template is None:
        return event.verb
    try:
        return str(template) % event.data
    except (KeyError, TypeError, ValueError):
        return str(template)


def known_verbs() -> frozenset[str]:
    """Verbs with a sentence."""
    return frozenset(_sentences)


def record(
    verb: str,
    subject: models.Model,
    *,
    by: Any,
    at: datetime,
    organization: HasPath | None = None,
    region_code: str = "",
    program_id: int | None = None,
    data: Mapping[str, Any] | None = None,
) -> Event:
    """Write one event. `by` is a user, or the name of a system actor; `data` holds counts, codes and sums, no person."""
    plain = json.loads(json.dumps(dict(data or {}), ensure_ascii=False, default=str))
    if _PERSONAL.search(json.dumps(plain, ensure_ascii=False)):
        raise ValueError(f"the data of {verb} looks like a document or account number")
    is_user = isinstance(by, models.Model)
    event = Event(
        at=at,
        verb=verb,
        actor_id=by.pk if is_user else None,
        actor=str(by)[:80],
        subject_type=subject._meta.label_lower,
        subject_id=str(subject.pk),
        organization_id=organization.pk if organization is not None else None,
        organization_path=organization.path if organization is not None else "",
        region_code=region_code or "",
        program_id=program_id,
        data=plain,
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", ""))[:40],
    )
    fault_point("audit.record.before")
    event.save(force_insert=True)
    fault_point("audit.record.after")
    return event


def canonical(event: Event) -> bytes:
    """The bytes that a seal covers: every column, keys sorted, time in UTC to the microsecond."""
    return json.dumps(
        {
            "id": event.pk,
            "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "verb": event.verb,
            "actor_id": event.actor_id,
            "actor": event.actor,
            "subject_type": event.subject_type,
            "subject_id": event.subject_id,
            "organization_id": event.organization_id,
            "organization_path": event.organization_path,
            "region_code": event.region_code,
            "program_id": event.program_id,
            "data": event.data,
            "request_id": event.request_id,
        },
        ensure_ascii=False, sort_keys=True, separators=(",", ":"),
    ).encode()


def seal_events(*, at: datetime, limit: int = 20_000) -> int:
    """Chain committed events that have no seal yet, oldest id first; 0 when another sealer is at work."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALER_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        waiting = list(UnsealedEvent.objects.order_by("event_id").values_list("event_id", flat=True)[:limit])
        if not waiting:
            return 0
        last = Seal.objects.order_by("-position").first()
        position, digest = (last.position, bytes(last.digest)) if last else (0, GENESIS)
        seals = []
        for event in Event.objects.filter(pk__in=waiting).order_by("pk").iterator(chunk_size=2_000):
            position += 1
            digest = hashlib.sha256(digest + canonical(event)).digest()
            seals.append(Seal(position=position, event_id=event.pk, digest=digest, sealed_at=at))
        fault_point("audit.seal.before")
        Seal.objects.bulk_create(seals, batch_size=2_000)
        cursor.execute("DELETE FROM audit_unsealedevent WHERE event_id = ANY(%s)", [waiting])
        fault_point("audit.seal.after")
    return len(seals)


@dataclass(frozen=True)
class ChainReport:
    """What a walk along the chain found."""

    sealed: int
    unsealed: int
    oldest_unsealed_at: datetime | None
    broken: list[str]


def verify_chain(*, limit: int = 20) -> ChainReport:
    """Walk the chain from its first link; names up to `limit` broken rows."""
    broken = list(_broken_links(limit))
    sealed = Seal.objects.count()
    lost = (
        Event.objects.exclude(pk__in=UnsealedEvent.objects.values("event_id"))
        .exclude(pk__in=Seal.objects.values("event_id"))
        .order_by("pk").values_list("pk", flat=True)[:limit]
    )
    broken += [f"event {pk}: has no seal and does not wait for one" for pk in lost]
    waiting = Event.objects.filter(pk__in=UnsealedEvent.objects.values("event_id"))
    oldest = waiting.order_by("at").values_list("at", flat=True).first()
    return ChainReport(sealed, waiting.count(), oldest, broken[:limit])


def _broken_links(limit: int) -> Iterator[str]:
    found, before, expected = 0, GENESIS, 0
    after = 0
    while found < limit:
        seals = list(Seal.objects.filter(position__gt=after).order_by("position")[:5_000])
        if not seals:
            return
        events = Event.objects.in_bulk([seal.event_id for seal in seals])
        for seal in seals:
            expected += 1
            if seal.position != expected:
                yield f"seal {expected}: is missing (the next is {seal.position})"
                found, expected = found + 1, seal.position
            event = events.get(seal.event_id)
            if event is None:
                yield f"event {seal.event_id}: was removed (seal {seal.position})"
                found += 1
            elif hashlib.sha256(before + canonical(event)).digest() != bytes(seal.digest):
                yield f"event {event.pk}: does not fit its seal {seal.position}"
                found += 1
            before = bytes(seal.digest)
            if found >= limit:
                return
        after = seals[-1].position


def actor_name(event: Event) -> str:
    """Who did it, as a page names them."""
    return gettext("the system") if event.actor.startswith("system:") else event.actor


def is_sealed(event: Event) -> bool:
    """Whether the chain covers an event."""
    return Seal.objects.filter(event_id=event.pk).exists()


@dataclass(frozen=True)
class TimelineEntry:
    """One line of a timeline."""

    at: datetime
    actor: str
    sentence: str
    sealed: bool


def timeline(subject: models.Model, *, limit: int = 50) -> list[TimelineEntry]:
    """The newest events of one object; whoever may see the object may read what happened to it."""
    events = list(
        Event.objects.filter(subject_type=subject._meta.label_lower, subject_id=str(subject.pk)).order_by("-id")[:limit]
    )
    waiting = set(
        UnsealedEvent.objects.filter(event_id__in=[event.pk for event in events]).values_list("event_id", flat=True)
    )
    return [
        TimelineEntry(event.at, actor_name(event), sentence(event), event.pk not in waiting) for event in events
    ]
