"""What this room holds about a person, for a copy of their data."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from beneficiaries.holdings import About, Holding
from beneficiaries.models import Person, PersonDocument
from beneficiaries.models.document import NAMES_THE_PERSON
from continuity.models import EarlierYears


def _years(whom: About) -> QuerySet:
    """Figures that lists of the office, and of those below it, tell of the person's documents."""
    same = Q(pk__in=[])
    for column in ("identity_index_a", "identity_index_b"):
        known = {f"{column}__isnull": False}
        people = Person.objects.filter(pk__in=whom.people, **known).values(column)
        papers = PersonDocument.objects.filter(NAMES_THE_PERSON, person__in=whom.people, **known).values(column)
        same |= Q(**{f"{column}__in": people}) | Q(**{f"{column}__in": papers})
    return EarlierYears.objects.filter(same, list__organization__path__startswith=whom.organization_path).order_by("pk")


HOLDINGS = (Holding(_years),)
