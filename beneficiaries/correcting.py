"""Corrections of identity and further documents, as changes do them: indexes renewed, the former number kept, none held twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from accounts.models import User
from audit import blind_index
from audit.faults import fault_point
from beneficiaries.change_events import tell
from beneficiaries.errors import ApplicantRefused, BeneficiariesRefused
from beneficiaries.identity import Identity, cleaned, holder_of, identity_of
from beneficiaries.marking import mark_people
from beneficiaries.models import DocumentStanding, Person, PersonChange, PersonDocument
from beneficiaries.models.document import NAMES_THE_PERSON
from beneficiaries.models.person import IDENTITY, NAME

_VIEW = "beneficiaries.view_person"


def corrected(person: Person, change: PersonChange, *, at: datetime) -> Identity:
    """The identity with what a change says of it, cleaned. A new number brings its own birth date and sex."""
    was = identity_of(person)
    given: dict[str, Any] = {"name": _clear(change.name), "document": _clear(change.document)}
    given |= {"document_type": change.document_type, "birth_on": change.birth_on, "sex": change.sex}
    if given["document"]:
        was = replace(was, birth_on=None, sex="")
    right = cleaned(replace(was, **{key: value for key, value in given.items() if value}), at=at)
    return replace(right, birth_on=right.birth_on or person.birth_on, sex=right.sex or person.sex)


def refuse_held(person: Person, text: str, *, by: User) -> None:
    """Refuse a number that names another: in words that lead to a merge where their reader knows both, else in neutral ones."""
    holder = holder_of(text, besides=person.pk)
    if holder is None:
        return
    if Person.objects.visible_to(by, _VIEW).filter(pk=holder).exists():
        raise BeneficiariesRefused("HELD_BY", person=holder)
    raise ApplicantRefused("IDENTITY_CONFLICT", person_id=holder)


def correct_identity(change: PersonChange, *, by: User, at: datetime) -> None:
    """Give a person the identity that was approved, in the caller's transaction, alone with whoever makes people."""
    fault_point("beneficiaries.correct_identity.before")
    person = Person.objects.select_for_update().get(pk=change.person_id)
    right = corrected(person, change, at=at)
    values: dict[str, Any] = {"birth_on": right.birth_on, "sex": right.sex}
    if change.name is not None:
        values |= {"name": change.name, **blind_index.slot_values(NAME, "name_index", right.name)}
    if change.document is not None:
        refuse_held(person, right.text, by=by)
        # A document of theirs that becomes the first is kept once.
        person.documents.filter(blind_index.lookup(IDENTITY, "identity_index", right.text)).delete()
        values |= {"document": change.document, "document_type": right.document_type}
        values |= blind_index.slot_values(IDENTITY, "identity_index", right.text)
    fault_point("beneficiaries.correct_identity.person.before")
    Person.objects.filter(pk=person.pk).update(**values)
    if change.name is not None:
        mark_people(person.pk)
    if change.document is not None:
        fault_point("beneficiaries.correct_identity.former.before")
        PersonDocument.objects.create(
            person=person, document_type=person.document_type, document=person.document, change=change, created_at=at,
            standing=DocumentStanding.FORMER if change.number_was_theirs else DocumentStanding.MISTAKEN,
            identity_index_a=person.identity_index_a, identity_index_b=person.identity_index_b,
        )
    tell("person.corrected", change, by=by, at=at, fields=fields_of(change))
    fault_point("beneficiaries.correct_identity.after")


def add_document(change: PersonChange, *, by: User, at: datetime) -> None:
    """Give a person a further document, by which rosters find them, too; in the caller's transaction."""
    fault_point("beneficiaries.add_document.before")
    person = Person.objects.select_for_update().get(pk=change.person_id)
    text = document_text(person, change, at=at)
    refuse_known(person, text)
    refuse_held(person, text, by=by)
    PersonDocument.objects.create(
        person=person, document_type=change.document_type, document=change.document, standing=DocumentStanding.FURTHER,
        valid_from=change.valid_from, valid_to=change.valid_to, change=change, created_at=at,
        **blind_index.slot_values(IDENTITY, "identity_index", text),
    )
    tell("person.document_added", change, by=by, at=at, document_type=change.document_type)
    fault_point("beneficiaries.add_document.after")


def document_text(person: Person, change: PersonChange, *, at: datetime) -> str:
    """What the index of a further document is made of, cleaned; birth and sex are those of the first."""
    given = Identity(person.name.told(), change.document_type, _clear(change.document), None, "")
    return cleaned(given, at=at).text


def refuse_known(person: Person, text: str) -> None:
    """Refuse a number that is the person's already."""
    same = blind_index.lookup(IDENTITY, "identity_index", text)
    if Person.objects.filter(same, pk=person.pk).exists() or person.documents.filter(NAMES_THE_PERSON & same).exists():
        raise BeneficiariesRefused("DOCUMENT_KNOWN")


def fields_of(change: PersonChange) -> list[str]:
    """Names of the fields that a correction changes, as events tell them."""
    given = ("name", "document", "birth_on", "sex")
    return [name for name in given if getattr(change, name) not in (None, "")]


def _clear(sealed: Any) -> str:
    if sealed is None:
        return ""
    return sealed if isinstance(sealed, str) else str(sealed.reveal())
