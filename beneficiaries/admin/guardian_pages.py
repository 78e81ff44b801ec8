"""Guardians that a roster's lines name, as its page shows them: masked, beside those who stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
    kind = _kind_in_words(row.guardian_document_type)
    return _words(row.speaker_name, row.guardian_relation, kind, row.speaker_document, row.guardian_phone)


def differences(
    row: RosterRow, known: Beneficiary, standing: Sequence[Representative]
) -> Iterator[tuple[str, str, str]]:
    """Label, who is on record (where nobody is, whom the contact names), who the line says: name, number, telephone."""
    on_record: list[tuple[Any, ...]] = [
        (each.name, each.relation, each.document_type, each.document, each.phone) for each in standing
    ] or [(known.guardian_name, None, None, known.guardian_document, None)]
    line = (
        row.speaker_name, row.guardian_relation, row.guardian_document_type, row.speaker_document, row.guardian_phone
    )
    for label, words in (
        (_("guardian"), lambda name, relation, _kind, _document, _phone: _words(name, relation)),
        (_("guardian's document"), lambda _name, _relation, kind, document, _phone: _words(_kind_in_words(kind), document)),
        (_("guardian's phone"), lambda _name, _relation, _kind, _document, phone: _words(phone)),
    ):
        before, after = "; ".join(filter(None, (words(*each) for each in on_record))), words(*line)
        if before or after:
            yield label, before, after


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


def _kind_in_words(kind: str | None) -> str:
    """The type of a document, where it is not the usual one."""
    return str(DocumentType(kind).label) if kind and kind != DocumentType.RESIDENT_ID else ""


def _words(*parts: Any) -> str:
    return " · ".join(str(part) for part in parts if part is not None and str(part))
