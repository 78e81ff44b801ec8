"""How people are found by what somebody types: exactly, through blind indexes; by marks that are opened and compared (ADR 34).

Never by a pattern. By telephone and by the beginning of a name only people within the asker's reach are looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.models import Organization
from audit import blind_index, keys
from audit.paging import keys_between, read_by_key
from beneficiaries import marking
from beneficiaries.marks import begins, dialed, marks_beginning, phone_mark, pieces_of
from beneficiaries.models import Beneficiary, Enrollment, Person
from beneficiaries.models.enrollment import enrollment_id_of
from beneficiaries.models.person import MARK
from beneficiaries.money import COUNTY_DIGITS

#: People named one by one to the database; of a name that more have, it looks itself.
NAMED = 5_000
#: People found by telephone or the beginning of a name at most.
MOST = 200
#: Marked people named to be opened, newest first; beyond them some of each office.
LOOKED_AT, OPENED = 20_000, 500
#: Of each office at least so many, where offices are many.
OF_EACH, OF_ALL = 20, 600
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
    # Beside the conditions of an office and its region the planner would read all of their covers.
    return read_by_key(rows, keys_between(rows, Q(person__in=asked.people), falling=True)), asked


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
    marked = Beneficiary.objects.filter(**{f"phone_mark_{slot}": mark}).order_by()
    known = list(marked.values_list("person_id", "pk")[: LOOKED_AT + 1])
    found, more = _opened(known, _PHONES, lambda texts: [text == phone for text in texts], by=by)
    return found, more or len(known) > LOOKED_AT


def _by_beginning(term: str, *, by: Any) -> tuple[list[int], bool]:
    """Whose name begins so, as offices within reach know them."""
    start = "".join(term.split())
    if not start:
        return [], False
    slot = blind_index.active_slot(MARK)
    marks = marks_beginning(blind_index.digest_for(MARK, slot), start)
    frequent = len(start) == 1 and pieces_of(start) >= FREQUENT
    known, some = _marked(slot, marks, frequent=frequent, by=by)
    found, more = _opened(known, _NAMES, lambda texts: begins(texts, start), by=by)
    return found, more or some


# Nothing but offices and marks is asked for: beside a condition on the region the planner would read whole offices.
_OF_OFFICES = """
SELECT person_id, id FROM beneficiaries_beneficiary
WHERE organization_id = ANY(%(offices)s) AND name_mark_{slot} = ANY(%(marks)s) LIMIT %(most)s
"""
# Of each office its newest, in the order of its index.
_OF_EACH = """
SELECT found.person_id, found.id, office.id FROM unnest(%(offices)s::bigint[]) AS office(id) CROSS JOIN LATERAL (
    SELECT person_id, id FROM beneficiaries_beneficiary
    WHERE organization_id = office.id AND name_mark_{slot} = ANY(%(marks)s)
        AND EXISTS (SELECT FROM unnest(%(regions)s::text[]) AS region WHERE starts_with(region_code, region))
    ORDER BY person_id DESC LIMIT %(each)s
) AS found
"""


def _marked(slot: str, marks: list[int], *, frequent: bool, by: Any) -> tuple[list[tuple[int, int]], bool]:
    """People of these marks (person, beneficiary) of the offices within reach, and whether there are more.

    Some may still be out of reach by region or program; of a frequent beginning, or of too many, some of each office.
    """
    grants = by.grants(VIEW)
    if grants and all(len(grant.region_prefix) > COUNTY_DIGITS for grant in grants):
        # A town's people are few, and found by their region.
        rows = Beneficiary.objects.visible_to(by, VIEW).filter(**{f"name_mark_{slot}__in": marks}).order_by()
        few = list(rows.values_list("person_id", "pk")[: LOOKED_AT + 1])
        return few, len(few) > LOOKED_AT
    offices = _offices(by)
    facts: dict[str, Any] = {
        "offices": offices, "marks": marks, "most": LOOKED_AT + 1, "each": max(OF_EACH, OF_ALL // max(len(offices), 1)),
        "regions": sorted({grant.region_prefix for grant in grants}),
    }
    with connection.cursor() as cursor:
        if not frequent:
            cursor.execute(_OF_OFFICES.format(slot=slot), facts)
            found = cursor.fetchall()
            if len(found) <= LOOKED_AT:
                return found, False
        cursor.execute(_OF_EACH.format(slot=slot), facts)
        of_each = cursor.fetchall()
    of_office = Counter(office for _person, _known, office in of_each)
    return [(person, known) for person, known, _office in of_each], max(of_office.values(), default=0) >= facts["each"]


_NAMES = ("person.name", "SELECT p.name FROM beneficiaries_beneficiary b JOIN beneficiaries_person p ON p.id = b.person_id")
_PHONES = ("beneficiary.phone", "SELECT b.phone FROM beneficiaries_beneficiary b")


def _opened(
    known: list[tuple[int, int]], what: tuple[str, str], fits: Callable[[list[str | None]], list[bool]], *, by: Any
) -> tuple[list[int], bool]:
    """Those of people (key, beneficiary), newest first, whom `by` may see and what is opened fits; are there more?"""
    found: dict[int, None] = {}
    for some in _batches(sorted(known, reverse=True)):
        seen = Beneficiary.objects.visible_to(by, VIEW).order_by("-person_id")
        within = keys_between(seen, Q(pk__in=[each for _person, each in some]), falling=True)
        rows = list(read_by_key(seen, within).values_list("person_id", "person__merged_into", "pk"))
        texts = _texts([each for *_people, each in rows], *what)
        for (person, merged, _known), fit in zip(rows, fits(texts), strict=True):
            if fit:
                found[merged or person] = None
        if len(found) > MOST:
            return list(found)[:MOST], True
    return list(found), False


def _batches(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Few at first, then many at once."""
    first, size = 0, OPENED
    while first < len(rows):
        yield rows[first : first + size]
        first, size = first + size, 4 * OPENED


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
