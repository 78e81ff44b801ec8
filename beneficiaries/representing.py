"""Guardians and agents of a person: who may be one, and what the approved change does; locks and transaction are the caller's."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl
from django.db.models import Q
from django.utils import timezone

from audit import blind_index
from audit.faults import fault_point
from beneficiaries.change_events import tell
from beneficiaries.columns import COLUMNS
from beneficiaries.errors import ApplicantRefused, BeneficiariesRefused
from beneficiaries.identity import Identity, cleaned
from beneficiaries.models import Beneficiary, Person, PersonChange, PersonDocument, Representative, Role
from beneficiaries.models.document import NAMES_THE_PERSON
from beneficiaries.models.person import IDENTITY
from intake.checks import Context, check
from intake.findings import Severity
from programs.rules.minority import OF_AGE, last_adult_birth

_PHONE = tuple(column for column in COLUMNS if column.key == "phone")


def eighteenth(born: date) -> date:
    """The day on which somebody comes of age; 1 March for 29 February."""
    try:
        return born.replace(year=born.year + OF_AGE)
    except ValueError:
        return date(born.year + OF_AGE, 3, 1)


def is_minor(person: Person, *, on: date) -> bool:
    """Whether somebody needs a guardian; of whom no birth date is known, no."""
    return person.birth_on is not None and person.birth_on > last_adult_birth(on)


def fit_identity(person: Person, change: PersonChange, *, at: datetime) -> Identity:
    """Who is to speak, cleaned by the rules of a roster's line: an adult, and not the person themself."""
    found = cleaned(Identity(_clear(change.name), change.document_type, _clear(change.document), None, ""), at=at)
    same = blind_index.lookup(IDENTITY, "identity_index", found.text)
    if Person.objects.filter(same, pk=person.pk).exists() or PersonDocument.objects.filter(
        NAMES_THE_PERSON & same, person=person
    ).exists():
        raise BeneficiariesRefused("SPEAKS_FOR_SELF")
    if found.birth_on is not None and eighteenth(found.birth_on) > timezone.localdate(at):
        raise BeneficiariesRefused("SPEAKER_MINOR")
    return found


def fit_phone(phone: str) -> str | None:
    """A telephone by the rules of a roster's line; none is allowed."""
    if not phone.strip():
        return None
    frame = pl.DataFrame(
        {"phone": [phone], "sheet": [""], "line": [1]}, schema={"phone": pl.String, "sheet": pl.String, "line": pl.Int32}
    )
    checked = check(frame, _PHONE, Context(today=timezone.localdate(), regions=pl.DataFrame(), prefixes=(), categories={}))
    cell: Any = checked.frame.row(0, named=True)["phone"]
    if not cell or len(checked.findings.filter(pl.col("severity").is_in([Severity.DOUBT.value, Severity.ERROR.value]))):
        raise BeneficiariesRefused("SPEAKER_PHONE")
    return str(cell)


def refuse_known(beneficiary: Beneficiary, role: str, identity: Identity) -> None:
    """One guardian, or agent, is recorded once."""
    same: Q = blind_index.lookup(IDENTITY, "identity_index", identity.text)
    if Representative.objects.filter(same, beneficiary=beneficiary, role=role).open().exists():
        raise BeneficiariesRefused("SPEAKER_KNOWN")


def refuse_unguarded(beneficiary_id: int, *, on: date) -> None:
    """Refuse a minor without a guardian on record, where a plan enrolls minors with one only."""
    beneficiary = Beneficiary.objects.select_related("person").get(pk=beneficiary_id)
    known = Representative.objects.standing(on=on).filter(beneficiary=beneficiary, role=Role.GUARDIAN)
    if is_minor(beneficiary.person, on=on) and not known.exists():
        raise BeneficiariesRefused("GUARDIAN_MISSING")


def let_speak(change: PersonChange, *, by: Any, at: datetime) -> None:
    """Record the guardian or agent that was approved."""
    fault_point("beneficiaries.let_speak.before")
    identity = fit_identity(change.person, change, at=at)
    refuse_known(change.beneficiary, change.role, identity)
    Representative.objects.create(
        beneficiary=change.beneficiary, role=change.role, name=change.name, document_type=change.document_type,
        document=change.document, phone=change.phone, relation=change.relation, valid_from=change.valid_from,
        valid_to=change.valid_to, change=change, created_at=at,
        **blind_index.slot_values(IDENTITY, "identity_index", identity.text),
    )
    tell("person.speaker_recorded", change, by=by, at=at, role=change.role)
    fault_point("beneficiaries.let_speak.after")


def let_end(change: PersonChange, *, by: Any, at: datetime) -> None:
    """End a guardian or agent: what they were stays readable, nothing is asked of them any more."""
    fault_point("beneficiaries.let_end.before")
    told: Any = change.representative
    if not Representative.objects.filter(pk=told.pk).open().update(ended_by=change):
        raise BeneficiariesRefused("SPEAKER_ENDED")
    tell("person.speaker_ended", change, by=by, at=at, role=told.role)
    fault_point("beneficiaries.let_end.after")


def representatives_of(person: Person) -> Any:
    """Of a person and of whoever was merged into them, all there were."""
    of_both = Q(beneficiary__person=person) | Q(beneficiary__person__merged_into=person)
    return Representative.objects.filter(of_both).order_by("-pk")


def _clear(sealed: Any) -> str:
    if sealed is None:
        raise ApplicantRefused("IDENTITY", findings=[])
    return sealed if isinstance(sealed, str) else str(sealed.reveal())
