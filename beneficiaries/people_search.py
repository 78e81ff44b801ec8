"""How people are found by what somebody types: exactly, through blind indexes; by marks that are opened and compared (ADR 34).

Never by a pattern. By telephone and by the beginning of a name only people within the asker's reach are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.models import Organization
from audit import blind_index, keys
from beneficiaries import marking
from beneficiaries.marks import begins, dialed, marks_beginning, phone_mark, pieces_of
from beneficiaries.models import Beneficiary, Enrollment, Person
from beneficiaries.models.enrollment import enrollment_id_of
from beneficiaries.models.person import MARK

#: People named one by one to the database; of a name that more have, it looks itself.
NAMED = 5_000
#: People found by telephone or the beginning of a name at most.
MOST = 200
#: Marked people named to be opened, newest first; beyond them some of each office.
LOOKED_AT, OPENED = 20_000, 500
#: So many marks has a name that is too frequent to be looked for in full.
FREQUENT = 5
VIEW = "beneficiaries.view_person"


@dataclass(frozen=True)
class Asked:
    """What somebody asked for. `people`: keys, None where they are too many to be named; `more`: there are further ones;
    `partly`: who is not marked yet was not looked at."""

    term: str
    people: Sequence[int] | None
    more: bool = False
    partly: bool = False


def people_found(term: str) -> QuerySet:
    """People by document number when the term holds digits, else by their whole name."""
    term = "".join(term.split()).upper()
    if any(sign.isdigit() for sign in term):
        return Person.objects.with_document(term)
    return Person.objects.with_name(term)


def asked_for(term: str, *, by: Any) -> Asked:
    """Whom a term means: a document, a telephone, a whole name, or, within the reach of `by`, the beginning of a name."""
    exact = _named(people_found(term))
    phone = dialed(term)
    if not phone and any(sign.isdigit() for sign in term):
        return Asked(term, exact)
    found, more = _by_phone(phone, by=by) if phone else _by_beginning(term, by=by)
    if exact is None and not found:
        # Nobody within reach by this way: whoever sees covers and no people looks for the whole name alone.
        return Asked(term, None)
    return Asked(term, sorted({*(exact or ()), *found}), more, marking.unfinished())


def covers_found(rows: QuerySet[Any], term: str, *, by: Any, path: str = "") -> tuple[QuerySet[Any], Asked | None]:
    """Enrollments, or rows that point to one by `path`, by cover number, policy number, or person; who was asked for.

    Who is meant is asked for first: as parts of one condition these would cost a reading of everybody.
    """
    found = enrollment_id_of(term)
    if found is not None and "-" in term and not dialed(term):
        return rows.filter(**{f"{path}pk": found}), None
    policy = term.strip()
    if any(sign.isdigit() for sign in policy):
        by_policy = _named(Enrollment.objects.filter(insurer_policy_number=policy))
        if by_policy is None:
            return rows.filter(**{f"{path}insurer_policy_number": policy}), None
        if by_policy:
            return rows.filter(**{f"{path}pk__in": by_policy}), None
    asked = asked_for(term, by=by)
    if asked.people is None:
        return rows.filter(**{f"{path}person__in": people_found(term).values("pk")}), asked
    if path:
        covers = _named(Enrollment.objects.filter(person__in=asked.people))
        if covers is not None:
            return rows.filter(**{f"{path}pk__in": covers}), asked
    return rows.filter(**{f"{path}person__in": asked.people}), asked


def named_people(people: QuerySet[Any], term: str, *, by: Any) -> tuple[QuerySet[Any], Asked]:
    """Of these people those who are found."""
    asked = asked_for(term, by=by)
    named: Any = people_found(term).values("pk") if asked.people is None else asked.people
    return people.filter(pk__in=named), asked


def _named(rows: QuerySet[Any]) -> list[int] | None:
    """Their keys; None where they are too many to be named one by one."""
    keys = list(rows.order_by().values_list("pk", flat=True)[: NAMED + 1])
    return keys if len(keys) <= NAMED else None


def _by_phone(phone: str, *, by: Any) -> tuple[list[int], bool]:
    """Who has a telephone with an office within reach."""
    slot = blind_index.active_slot(MARK)
    mark = phone_mark(blind_index.digest_for(MARK, slot), phone)
    marked = Beneficiary.objects.visible_to(by, VIEW).filter(**{f"phone_mark_{slot}": mark}).order_by("-person_id")
    tokens = marked.values_list("person_id", "person__merged_into", "pk")[: LOOKED_AT + 1]
    return _opened(list(tokens), _PHONES, lambda texts: [text == phone for text in texts])


def _by_beginning(term: str, *, by: Any) -> tuple[list[int], bool]:
    """Whose name begins so, as offices within reach know them."""
    start = "".join(term.split())
    if not start:
        return [], False
    slot = blind_index.active_slot(MARK)
    marks = marks_beginning(blind_index.digest_for(MARK, slot), start)
    offices = _offices(by)
    seen = Beneficiary.objects.visible_to(by, VIEW).filter(
        **{"organization__in": offices, f"name_mark_{slot}__in": marks}
    )
    some = False
    rows: list[Any] = []
    if len(start) > 1 or pieces_of(start) < FREQUENT:
        rows = list(seen.order_by().values_list("person_id", "person__merged_into", "pk")[: LOOKED_AT + 1])
        some = len(rows) > LOOKED_AT
    else:
        some = True
    if some:
        each = max(20, 3 * MOST // max(len(offices), 1))
        parts = [
            seen.filter(organization=office).order_by("-person_id").values_list("person_id", "person__merged_into", "pk")[:each]
            for office in offices
        ]
        rows, some = [], False
        for part in parts:
            of_office = list(part)
            some |= len(of_office) == each
            rows += of_office
    rows.sort(reverse=True)
    found, more = _opened(rows, _NAMES, lambda texts: begins(texts, start))
    return found, more or some


_NAMES = ("person.name", "SELECT p.name FROM beneficiaries_beneficiary b JOIN beneficiaries_person p ON p.id = b.person_id")
_PHONES = ("beneficiary.phone", "SELECT b.phone FROM beneficiaries_beneficiary b")


def _opened(
    rows: Sequence[tuple[int, int | None, int]], what: tuple[str, str], fits: Callable[[list[str | None]], list[bool]]
) -> tuple[list[int], bool]:
    """Those of people (key, whom they were merged into, beneficiary), newest first, whom what is opened fits; are there more?"""
    found: dict[int, None] = {}
    for some in _batches(rows):
        for (person, merged, _known), fit in zip(some, fits(_texts([known for *_, known in some], *what)), strict=True):
            if fit:
                found[merged or person] = None
        if len(found) > MOST:
            return list(found)[:MOST], True
    return list(found), False


def _batches(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (rows[first : first + OPENED] for first in range(0, len(rows), OPENED))


def _texts(known: list[int], logical_name: str, statement: str) -> list[str | None]:
    """What stands of these beneficiaries, opened, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{statement} JOIN unnest(%s::bigint[]) WITH ORDINALITY AS asked(id, place) ON asked.id = b.id ORDER BY place", [known]
        )
        tokens = [None if token is None else bytes(token) for (token,) in cursor.fetchall()]
    return keys.open_many(tokens, logical_name)


def _offices(by: Any) -> list[int]:
    """Offices within reach, named, so that each is looked into by its index."""
    within = Q(pk__in=[])
    for grant in by.grants(VIEW):
        within |= Q(path__startswith=grant.organization_path)
    return list(Organization.objects.filter(within).order_by("pk").values_list("pk", flat=True))
