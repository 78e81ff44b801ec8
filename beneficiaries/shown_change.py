"""The digest of what an approver of a change is shown: the change itself, and what it would touch as it stands now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from beneficiaries.ending_single import ending_outlook
from beneficiaries.models import (
    Beneficiary,
    ChangeKind,
    Enrollment,
    HealthStatement,
    Person,
    PersonChange,
    Representative,
)


def _ending(change: PersonChange) -> list[Any]:
    if change.ended_on is None:
        return []
    outlook = ending_outlook(change.beneficiary, end_reason=change.end_reason, ended_on=change.ended_on)
    waiting = [(each.pk, each.own_paid_at) for each in outlook.waiting]
    return [[(each.pk, each.ends_at) for each in outlook.covers], waiting, outlook.dies]


def _identity(change: PersonChange) -> list[Any]:
    return _identity_of(change.person)


def _identity_of(person: Person) -> list[Any]:
    tokens = [sealed.token.hex() for sealed in (person.name, person.document)]
    beside = person.documents.order_by("pk").values_list("pk", "standing")
    return [tokens, person.document_type, person.birth_on, person.sex, person.merged_into_id, list(beside)]


def _merge(change: PersonChange) -> list[Any]:
    other: Any = change.other
    covers = Enrollment.objects.filter(person__in=(change.person, other)).order_by("pk")
    known = Beneficiary.objects.filter(person__in=(change.person, other)).order_by("pk").values_list("pk", flat=True)
    return [
        _identity(change), _identity_of(other), list(covers.values_list("pk", "state", "starts_at", "ends_at")), list(known),
    ]


def _move(change: PersonChange) -> list[Any]:
    covers = Enrollment.objects.filter(beneficiary=change.beneficiary).order_by("pk")
    return [_identity(change), change.beneficiary.region_code, list(covers.values_list("pk", "state", "region_code"))]


def _speakers(change: PersonChange) -> list[Any]:
    known = Representative.objects.filter(beneficiary=change.beneficiary).order_by("pk").values_list("pk", "ended_by", "ended_row")
    return [_identity(change), list(known)]


def _health(change: PersonChange) -> list[Any]:
    said = HealthStatement.objects.filter(beneficiary=change.beneficiary).order_by("pk").values_list("pk", flat=True)
    return [_identity(change), list(said)]


def _refund(change: PersonChange) -> list[Any]:
    covers = Enrollment.objects.filter(pk=change.cover_id or 0)
    return list(covers.values_list("pk", "state", "starts_at", "ends_at", "premium", "own_share", "own_paid_at"))


#: What a change of each kind stands on.
GROUNDS: Mapping[str, Callable[[PersonChange], list[Any]]] = {
    ChangeKind.ENDING: _ending, ChangeKind.CORRECTION: _identity, ChangeKind.DOCUMENT: _identity,
    ChangeKind.MERGE: _merge, ChangeKind.UNMERGE: _merge,
    ChangeKind.MOVE: _move, ChangeKind.TRANSFER: _move,
    ChangeKind.SPEAKER: _speakers, ChangeKind.SILENCED: _speakers, ChangeKind.REFUND: _refund,
    ChangeKind.HEALTH: _health,
}


def digest_of(change: PersonChange) -> str:
    """SHA-256 over number and grounds: it differs when anything has moved that the approver was shown."""
    told = json.dumps([change.pk, change.kind, *GROUNDS[change.kind](change)], default=str)
    return hashlib.sha256(told.encode()).hexdigest()
