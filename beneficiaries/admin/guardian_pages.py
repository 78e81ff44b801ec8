"""Guardians that a roster's lines name, as its page shows them: masked, beside those who stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from beneficiaries.models import Beneficiary, Representative, Role, Roster, RosterRow
from beneficiaries.models.person import DocumentType
from beneficiaries.models.roster import ENROLLING

#: Columns of the contact that stand in the guardian's one line instead.
IN_ONE = ("guardian_name", "guardian_document")


def begins(row: RosterRow) -> bool:
    """Whether a line names a guardian who does not stand as it says."""
    return row.speaker_name is not None and row.same_guardian_id is None


def said_by(row: RosterRow) -> list[str]:
    """The guardian whom a line names, in one sentence; masked."""
    return [_("Guardian: %(who)s") % {"who": words_of_line(row)}] if row.speaker_name is not None else []


def words_of_line(row: RosterRow) -> str:
    """What a line says of the guardian."""
    return _words(
        row.speaker_name, row.guardian_document_type, row.speaker_document, row.guardian_phone, row.guardian_relation
    )


def words_of(each: Representative) -> str:
    """What is on record of one guardian."""
    return _words(each.name, each.document_type, each.document, each.phone, each.relation)


def words_of_known(known: Beneficiary, standing: Sequence[Representative]) -> str:
    """Who is on record of one person; where nobody is, whom their contact names."""
    if standing:
        return "; ".join(map(words_of, standing))
    return _words(known.guardian_name, None, known.guardian_document, None, "") if known.guardian_name is not None else ""


def standing_beside(
    page: Sequence[RosterRow], known: Iterable[Beneficiary], roster: Roster
) -> dict[int, list[Representative]]:
    """By beneficiary, who stands beside the lines of a page that name another; one question, none where no line does."""
    people = {row.known_person_id for row in page if begins(row)}
    wanted = [each.pk for each in known if each.person_id in people]
    if not wanted:
        return {}
    standing = Representative.objects.open().filter(beneficiary__in=wanted, role=Role.GUARDIAN)
    if roster.purpose in ENROLLING:
        standing = Representative.objects.standing(on=roster.cover_from).filter(beneficiary__in=wanted, role=Role.GUARDIAN)
    found: dict[int, list[Representative]] = {}
    for each in standing.order_by("pk"):
        found.setdefault(each.beneficiary_id, []).append(each)
    return found


def _words(name: Any, kind: str | None, document: Any, phone: Any, relation: str | None) -> str:
    kind_in_words = str(DocumentType(kind).label) if kind and kind != DocumentType.RESIDENT_ID else ""
    parts = (name, relation, kind_in_words, document, phone)
    return " · ".join(str(part) for part in parts if part is not None and str(part))
