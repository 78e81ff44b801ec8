"""What a word in a roster's file may stand for: columns, categories, places of the roster's own region."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Region
from beneficiaries.models import Roster
from beneficiaries.purposes import LAYOUTS, template_of
from intake.actions.mending import columns_left
from intake.columns import Column
from intake.models import Kind
from programs.models import Category

#: Places listed under a word; the nearest by name come first, whatever their number.
PLACES_AT_MOST = 400


def columns_of(roster: Roster) -> list[Column]:
    """The columns that no heading names yet."""
    return columns_left(roster, template_of(roster))


def categories() -> list[tuple[str, str]]:
    """Every category as (code, name)."""
    return list(Category.objects.order_by("pk").values_list("code", "name"))


def places_of(roster: Roster) -> QuerySet[Region]:
    """Places of today inside the roster's region, counties and below."""
    inside = Region.objects.filter(pk__startswith=roster.region_code, pk__regex="^.{6,}$")
    day = timezone.localdate()
    return (inside.filter(valid_to=None) | inside.filter(valid_to__gt=day)).order_by("pk")


def near(word: str, places: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The places whose name holds the word, or the other way round, the longest names first."""
    stem = word.removesuffix("委会").removesuffix("居").rstrip("镇乡村街道社区")
    found = [
        (code, name) for code, name in places
        if name in word or word in name or (len(stem) >= 2 and stem in name)
    ]
    return sorted(found, key=lambda place: (-len(place[1]), place[0]))[:20]


def offered_for(roster: Roster) -> Mapping[str, Collection[str]]:
    """By kind what a word may stand for."""
    return {
        Kind.HEADING.value: {column.key for column in columns_of(roster)},
        Kind.CATEGORY.value: {code for code, _name in categories()},
        Kind.REGION.value: set(places_of(roster).values_list("pk", flat=True)),
    }


def in_words(targets: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """What (kind, target) are called: columns by their label, categories and places by their names."""
    labels = {column.key: str(column.label) for template in LAYOUTS.values() for column in template.columns}
    codes = {kind: {target for each, target in targets if each == kind} for kind in Kind.values}
    names: dict[str, dict[str, str]] = {
        Kind.HEADING.value: labels,
        Kind.CATEGORY.value: dict(
            Category.objects.filter(code__in=codes[Kind.CATEGORY]).values_list("code", "name")
        ) if codes[Kind.CATEGORY] else {},
        Kind.REGION.value: Region.objects.names_of(codes[Kind.REGION]) if codes[Kind.REGION] else {},
    }
    return {(kind, target): names[kind][target] for kind, target in targets if target in names[kind]}
