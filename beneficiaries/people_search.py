"""How people are found by what somebody types: exactly, through blind indexes, never by a pattern."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from beneficiaries.models import Enrollment, Person
from beneficiaries.models.enrollment import enrollment_id_of

#: People named one by one to the database; of a name that more have, it looks itself.
NAMED = 5_000


def people_found(term: str) -> QuerySet:
    """People by document number when the term holds digits, else by their whole name."""
    term = "".join(term.split()).upper()
    if any(sign.isdigit() for sign in term):
        return Person.objects.with_document(term)
    return Person.objects.with_name(term)


def covers_found(rows: QuerySet[Any], term: str, *, path: str = "") -> QuerySet[Any]:
    """Enrollments, or rows that point to one by `path`, by cover number, insurer's policy number, or the person's document or name.

    Who is meant is asked for first: as parts of one condition these would cost a reading of everybody.
    """
    found = enrollment_id_of(term)
    if found is not None and "-" in term:
        return rows.filter(**{f"{path}pk": found})
    policy = term.strip()
    if any(sign.isdigit() for sign in policy):
        by_policy = _named(Enrollment.objects.filter(insurer_policy_number=policy))
        if by_policy is None:
            return rows.filter(**{f"{path}insurer_policy_number": policy})
        if by_policy:
            return rows.filter(**{f"{path}pk__in": by_policy})
    people = people_found(term)
    named = _named(people)
    if named is None:
        return rows.filter(**{f"{path}person__in": people.values("pk")})
    if path:
        covers = _named(Enrollment.objects.filter(person__in=named))
        if covers is not None:
            return rows.filter(**{f"{path}pk__in": covers})
    return rows.filter(**{f"{path}person__in": named})


def named_people(people: QuerySet[Any], term: str) -> QuerySet[Any]:
    """Of these people those who are found."""
    found = people_found(term)
    named = _named(found)
    return people.filter(pk__in=found.values("pk") if named is None else named)


def _named(rows: QuerySet[Any]) -> list[int] | None:
    """Their keys; None where they are too many to be named one by one."""
    keys = list(rows.order_by().values_list("pk", flat=True)[: NAMED + 1])
    return keys if len(keys) <= NAMED else None
