"""Identities checked outside of a roster by its own rules, and who holds a number: nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
from django.db.models import Q
from django.utils import timezone

from audit import blind_index
from beneficiaries.columns import COLUMNS
from beneficiaries.errors import ApplicantRefused
from beneficiaries.models import Person, PersonDocument
from beneficiaries.models.document import NAMES_THE_PERSON
from beneficiaries.models.person import IDENTITY, identity_text
from intake.checks import Context, check
from intake.checks.documents import DOCUMENT_TYPES
from intake.findings import Severity

_KEYS = ("name", "document_type", "document", "sex", "birth_on")
_COLUMNS = tuple(column for column in COLUMNS if column.key in _KEYS)
#: As a file would say it.
_TYPE_WORDS: dict[str, str] = {}
for _word, _code in DOCUMENT_TYPES.items():
    _TYPE_WORDS.setdefault(_code, _word)
_SEX_WORDS = {"male": "男", "female": "女"}


@dataclass(frozen=True)
class Identity:
    """Who somebody is, in the clear and cleaned."""

    name: str
    document_type: str
    document: str
    birth_on: date | None
    sex: str

    @property
    def text(self) -> str:
        """What the identity index is made of."""
        return identity_text(self.document_type, self.document)


def identity_of(person: Person) -> Identity:
    """As it is registered."""
    return Identity(
        person.name.told(), person.document_type, person.document.told(), person.birth_on, person.sex
    )


def cleaned(identity: Identity, *, at: datetime) -> Identity:
    """The identity by the rules of a roster's line; ApplicantRefused names what is wrong with which cell."""
    day = timezone.localdate(at)
    line = {
        "name": identity.name, "document_type": _TYPE_WORDS.get(identity.document_type, identity.document_type),
        "document": identity.document, "sex": _SEX_WORDS.get(identity.sex),
        "birth_on": str(identity.birth_on) if identity.birth_on else None,
    }
    frame = pl.DataFrame(
        {**{key: [line[key] or None] for key in _KEYS}, "sheet": [""], "line": [1]},
        schema={**dict.fromkeys(_KEYS, pl.String), "sheet": pl.String, "line": pl.Int32},
    )
    checked = check(frame, _COLUMNS, Context(today=day, regions=pl.DataFrame(), prefixes=(), categories={}))
    wrong = checked.findings.filter(pl.col("severity") == Severity.ERROR.value)
    if len(wrong):
        raise ApplicantRefused(
            "IDENTITY",
            findings=[
                (found["column"], found["code"], found["value_masked"] or "", found["extra"] or "")
                for found in wrong.iter_rows(named=True)
            ],
        )
    row = checked.frame.row(0, named=True)
    return Identity(row["name"], row["document_type"], row["document"], row["birth_on"], row["sex"] or "")


def holder_of(text: str, *, besides: int) -> int | None:
    """The person whom a number names, but for one; whoever decides on it holds the lock that those take who make people."""
    found: Q = blind_index.lookup(IDENTITY, "identity_index", text)
    people = Person.objects.filter(found).exclude(pk=besides).values_list("pk", flat=True)
    documents = PersonDocument.objects.filter(NAMES_THE_PERSON & found).exclude(person=besides)
    held: Any = people.first() or documents.values_list("person_id", flat=True).first()
    return int(held) if held is not None else None
