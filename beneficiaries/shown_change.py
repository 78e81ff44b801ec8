"""The digest of what an approver of a change is shown: the change itself, and what it would touch as it stands now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from beneficiaries.ending_single import ending_outlook
from beneficiaries.models import ChangeKind, PersonChange


def _ending(change: PersonChange) -> list[Any]:
    if change.ended_on is None:
        return []
    outlook = ending_outlook(change.beneficiary, end_reason=change.end_reason, ended_on=change.ended_on)
    return [[(each.pk, each.ends_at) for each in outlook.covers], outlook.dies]


def _identity(change: PersonChange) -> list[Any]:
    person = change.person
    tokens = [sealed.token.hex() for sealed in (person.name, person.document)]
    beside = person.documents.order_by("pk").values_list("pk", "standing")
    return [tokens, person.document_type, person.birth_on, person.sex, list(beside)]


#: What a change of each kind stands on.
GROUNDS: Mapping[str, Callable[[PersonChange], list[Any]]] = {
    ChangeKind.ENDING: _ending, ChangeKind.CORRECTION: _identity, ChangeKind.DOCUMENT: _identity,
}


def digest_of(change: PersonChange) -> str:
    """SHA-256 over number and grounds: it differs when anything has moved that the approver was shown."""
    told = json.dumps([change.pk, change.kind, *GROUNDS[change.kind](change)], default=str)
    return hashlib.sha256(told.encode()).hexdigest()
