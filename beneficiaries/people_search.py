"""How people are found by what somebody types: exactly, through blind indexes, never by a pattern."""

from __future__ import annotations

from django.db.models import QuerySet

from beneficiaries.models import Person


def people_found(term: str) -> QuerySet:
    """People by document number when the term holds digits, else by their whole name."""
    term = "".join(term.split()).upper()
    if any(sign.isdigit() for sign in term):
        return Person.objects.with_document(term)
    return Person.objects.with_name(term)
