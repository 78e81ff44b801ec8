"""Events: written in the transaction of their change, later chained by one sealer, verified link by link."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

import structlog
from django.db import connection, models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.functional import Promise
from django.utils.translation import gettext

from audit import naming
from audit.errors import PersonalDataRefused
from audit.faults import fault_point
from audit.invariants import NUMBER
from audit.models.events import Event, Seal, UnsealedEvent
from audit.scope import Scope

GENESIS = bytes(32)
#: One sealer at a time: the number is this lock's name.
SEALER_LOCK = 7_042_611_905
_PERSONAL = re.compile(NUMBER)
_AMOUNT = re.compile(r"-?[0-9]{1,14}\.[0-9]{2}")
_sentences: dict[str, str | Promise] = {}
_words: dict[str, Callable[[Mapping[str, Any]], Mapping[str, str]]] = {}


class HasPath(Protocol):
    """An organization, as an event names one."""

    pk: Any
    path: str


def register_verbs(sentences: Mapping[str, str | Promise]) -> None:
    """Sentences for people, by verb; `%(name)s` are filled from the event's data. Called from `ready()`."""
    _sentences.update(sentences)


def register_words(words: Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, str]]]) -> None:
    """What fills a verb's sentence where the event's data are codes: from data to words in the reader's language, by
    verb. Called from `ready()`."""
    _words.update(words)


def sentence(event: Event) -> str:
    """What an event says to a person."""
    template = _sentences.get(event.verb)
    if template is None:
        return event.verb
    try:
        values = {name: _readable(value) for name, value in event.data.items()}
        return str(template) % {**values, **_words.get(event.verb, _no_words)(event.data)}
    except (KeyError, TypeError, ValueError):
        return str(template)


def _no_words(data: Mapping[str, Any]) -> Mapping[str, str]:
    return {}


def _readable(value: Any) -> Any:
    """An amount with its groups of three; everything else as it is."""
    return f"{Decimal(value):,.2f}" if isinstance(value, str) and _AMOUNT.fullmatch(value) else value


def known_verbs() -> frozenset[str]:
    """Verbs with a sentence."""
    return frozenset(_sentences)


def refuse_personal(text: str) -> None:
    """Refuse a text with a document or account number where it would stay in the clear for good."""
    if _PERSONAL.search(text):
        raise PersonalDataRefused("PERSONAL_DATA")


@dataclass(frozen=True)
class Note:
    """What an event is to say; `data` holds counts, codes and sums, no person."""

    verb: str
    subject: models.Model
    organization: HasPath | None = None
    region_code: str = ""
    program_id: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


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
    event = _composed(Note(verb, subject, organization, region_code, program_id, data or {}), by=by, at=at)
    fault_point("audit.record.before")
    event.save(force_insert=True)
    fault_point("audit.record.after")
    return event


def record_many(notes: Sequence[Note], *, by: Any, at: datetime) -> list[Event]:
    """Write events in their order, all by one actor at one moment, in one statement; as `record` would one by one."""
    found = [_composed(note, by=by, at=at) for note in notes]
    fault_point("audit.record_many.before")
    Event.objects.bulk_create(found)
    fault_point("audit.record_many.after")
    return found


def _composed(note: Note, *, by: Any, at: datetime) -> Event:
    plain = json.loads(json.dumps(dict(note.data), ensure_ascii=False, default=str))
    refuse_personal(json.dumps(plain, ensure_ascii=False))
    is_user = isinstance(by, models.Model)
    actor = str(by)[:80]
    if is_user and _PERSONAL.search(actor):
        # Someone's user name is their document number; what they do is recorded all the same.
        actor = f"user {by.pk}"
    return Event(
        at=at,
        verb=note.verb,
        actor_id=by.pk if is_user else None,
        actor=actor,
        subject_type=note.subject._meta.label_lower,
        subject_id=str(note.subject.pk),
        organization_id=note.organization.pk if note.organization is not None else None,
        organization_path=note.organization.path if note.organization is not None else "",
        region_code=note.region_code or "",
        program_id=note.program_id,
        data=plain,
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", ""))[:40],
    )


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
    """Chain committed events that have no seal yet, oldest id first; 0 when another sealer is at work.

    An event that was removed while it waited keeps its place in the queue: the verifier names it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALER_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        kept = Exists(Event.objects.filter(pk=OuterRef("event_id")))
        queue = UnsealedEvent.objects.filter(kept).order_by("event_id")
        waiting = list(queue.values_list("event_id", flat=True)[:limit])
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
    """What a walk along the chain found. `head` is its last link, "position:digest": kept elsewhere, it proves later
    that the chain up to there was neither cut off nor written anew."""

    sealed: int
    unsealed: int
    oldest_unsealed_at: datetime | None
    broken: list[str]
    head: str = ""


def verify_chain(*, limit: int = 20, head: str = "") -> ChainReport:
    """Walk the chain from its first link; names up to `limit` broken rows. `head` is that of an earlier report."""
    limit = max(limit, 1)
    with transaction.atomic(), connection.cursor() as cursor:
        if not connection.savepoint_ids:
            # One picture of all three tables: sealing goes on meanwhile.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        broken = [*_moved_head(head), *_broken_links(limit)]
        # NOT EXISTS, not NOT IN: the latter compares each event with each seal.
        waits = Exists(UnsealedEvent.objects.filter(event_id=OuterRef("pk")))
        sealed = Exists(Seal.objects.filter(event_id=OuterRef("pk")))
        lost = Event.objects.filter(~waits, ~sealed).order_by("pk").values_list("pk", flat=True)[:limit]
        broken += [f"event {pk}: has no seal and does not wait for one" for pk in lost]
        gone = UnsealedEvent.objects.filter(~Exists(Event.objects.filter(pk=OuterRef("event_id"))))
        broken += [
            f"event {pk}: was removed before it was sealed"
            for pk in gone.order_by("pk").values_list("pk", flat=True)[:limit]
        ]
        waiting = Event.objects.filter(waits)
        oldest = waiting.order_by("at").values_list("at", flat=True).first()
        last = Seal.objects.order_by("-position").first()
        return ChainReport(
            sealed=Seal.objects.count(), unsealed=waiting.count(), oldest_unsealed_at=oldest, broken=broken[:limit],
            head=f"{last.position}:{bytes(last.digest).hex()}" if last else "",
        )


def _moved_head(head: str) -> list[str]:
    position, _colon, digest = head.partition(":")
    if not head:
        return []
    if not (position.isascii() and position.isdecimal()):
        return [f"the head {head!r} cannot be read"]
    seal = Seal.objects.filter(position=int(position)).first()
    if seal is None:
        return [f"seal {position}: is missing, but was the head of the chain"]
    return [] if bytes(seal.digest).hex() == digest.lower() else [f"seal {position}: is not what it was as head"]


def _broken_links(limit: int) -> Iterator[str]:
    found, expected, after = 0, 0, 0
    #: The digest of the link before; None after a gap, behind which one link cannot be checked.
    before: bytes | None = GENESIS
    while found < limit:
        seals = list(Seal.objects.filter(position__gt=after).order_by("position")[:5_000])
        if not seals:
            return
        events = Event.objects.in_bulk([seal.event_id for seal in seals])
        for seal in seals:
            expected += 1
            if seal.position != expected:
                yield f"seal {expected}: is missing (the next is {seal.position})"
                found, expected, before = found + 1, seal.position, None
            event = events.get(seal.event_id)
            if event is None:
                yield f"event {seal.event_id}: was removed (seal {seal.position})"
                found += 1
            elif before is not None and hashlib.sha256(before + canonical(event)).digest() != bytes(seal.digest):
                yield f"event {event.pk}: does not fit its seal {seal.position}"
                found += 1
            before = bytes(seal.digest)
            if found >= limit:
                return
        after = seals[-1].position


def is_sealed(event: Event) -> bool:
    """Whether the chain covers an event."""
    return Seal.objects.filter(event_id=event.pk).exists()


@dataclass(frozen=True)
class TimelineEntry:
    """One line of a timeline; `actor` is the user's name as recorded, `who` the name that colleagues know."""

    at: datetime
    actor: str
    sentence: str
    sealed: bool
    who: str = ""
    pk: int = 0


@dataclass(frozen=True)
class TimelinePage:
    """Lines of a timeline, newest first; `before` opens the next page, None on the last."""

    entries: list[TimelineEntry]
    before: int | None


def timeline(subject: models.Model, *, to: Any = None, limit: int = 50) -> list[TimelineEntry]:
    """The newest events of one object; see `timeline_page`."""
    return timeline_page([subject], to=to, limit=limit).entries


def timeline_page(
    subjects: Sequence[models.Model], *, to: Any = None, before: int | None = None, limit: int = 20
) -> TimelinePage:
    """Events of some objects; whoever may see an object may read what happened to it. Three questions a page.

    An object that several offices see through rows of their own (a person, a funder of several cities) has no history
    of its own: each reader gets the events within their reach, without a reader nobody's.
    """
    shared = [each for each in subjects if getattr(each, "scope", Scope.nobody()).is_met_by_many]
    condition = _about([each for each in subjects if each not in shared])
    if shared:
        condition |= Q(pk__in=Event.objects.filter(_about(shared)).visible_to(to).order_by().values("pk"))
    found = Event.objects.filter(condition)
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found.order_by("-id")[: limit + 1])
    more = len(rows) > limit
    rows = rows[:limit]
    waiting = set(
        UnsealedEvent.objects.filter(event_id__in=[event.pk for event in rows]).values_list("event_id", flat=True)
    )
    names = naming.names_of_users(event.actor_id for event in rows)
    return TimelinePage(
        [
            TimelineEntry(
                event.at, _recorded_name(event), sentence(event), event.pk not in waiting,
                naming.actor_in_words(event.actor, event.actor_id, names), event.pk,
            )
            for event in rows
        ],
        rows[-1].pk if more else None,
    )


def _about(subjects: Sequence[models.Model]) -> Q:
    """Events of these objects."""
    ids: dict[str, list[str]] = {}
    for subject in subjects:
        ids.setdefault(subject._meta.label_lower, []).append(str(subject.pk))
    about = Q(pk__in=[])
    for label, keys in ids.items():
        about |= Q(subject_type=label, subject_id__in=keys)
    return about


def _recorded_name(event: Event) -> str:
    return gettext("the system") if event.actor.startswith(naming.SYSTEM) else event.actor
