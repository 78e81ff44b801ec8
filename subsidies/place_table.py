"""A funder's own table of places on the workbench: person-times and yuan asked of it by county, small numbers hidden."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q, Sum
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from audit.panels import Place, PlaceData, PlaceGroup, PlaceTable
from programs.models import Budget, Funder, Program
from subsidies.models import FundRequest, FundRequestPart
from subsidies.models.request import ASKED
from subsidies.money_page import VIEW
from subsidies.summary import Table, entries_of, hides_people, table_of

NOTHING = PlaceData([], [], [])
CITY_DIGITS = 4


def _asked(user: Any) -> PlaceData:
    """Of the one funder that the reader's own office is; who is none, or several, reads their pages."""
    own = Q(pk__in=[])
    for grant in user.grants(VIEW):
        own |= Q(organization__path__startswith=grant.organization_path)
    funders = list(Funder.objects.filter(own)[:2])
    if len(funders) != 1:
        return NOTHING
    (funder,) = funders
    requests = FundRequest.objects.visible_to(user, VIEW).filter(funder=funder, state__in=ASKED).order_by()
    parts = FundRequestPart.objects.filter(request__in=requests.values("pk")).order_by()
    budgets = Budget.objects.visible_to(user, "programs.view_budget").filter(funder=funder).order_by()
    programs = Program.objects.select_related("organization").filter(
        Q(pk__in=requests.values("program")) | Q(pk__in=budgets.values("program"))
    )
    entries = entries_of(
        parts.values("county", "category").annotate(
            covers=Sum(F("people") + F("removals")), times_sum=Sum("times"), amount_sum=Sum("amount")
        )
    )
    if not entries:
        return NOTHING
    counties = sorted({entry.county for entry in entries})
    return _laid_out(funder, counties, table_of(entries, hides=hides_people(user, programs)))


def _laid_out(funder: Funder, counties: list[str], table: Table) -> PlaceData:
    """The sums of the lines of the funder's own table, below their cities; a city's own sum would tell what is hidden in it."""
    address = reverse("admin:programs_funder_change", args=[funder.pk])
    cities: dict[str, list[Place]] = {}
    for county, line in zip(counties, table.lines, strict=True):
        place = Place(county, line.label, [line.total.times, line.total.amount], address)
        cities.setdefault(county[:CITY_DIGITS], []).append(place)
    names = Region.objects.names_of(cities)
    groups = [PlaceGroup(names.get(city) or _t("without a region"), places, [None, None]) for city, places in cities.items()]
    return PlaceData([_("person-times"), _("asked (yuan)")], groups, [table.total.total.times, table.total.total.amount])


TABLE = PlaceTable(
    "subsidies.asked_by_place", _("Subsidies asked of us, by place"), VIEW, _asked,
    _("Numbers that would tell who the people are stand as a dash."),
)
