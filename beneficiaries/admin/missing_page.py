"""Who is missing from a full list: masked, by keyset; the same as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from django import forms
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanSwitchWidget,
)

from accounts.models import Region
from beneficiaries import missing
from beneficiaries.models import Enrollment, Roster
from intake.exports import harmless
from programs.models import Category, PlanCategory

PER_PAGE = 50
_BATCH = 2_000


class FullListForm(forms.Form):
    """Of what the roster is the full list."""

    region = forms.ChoiceField(label=_("Full list of"), widget=UnfoldAdminSelectWidget())
    category = forms.ModelChoiceField(
        Category.objects.none(), label=_("category"), required=False, widget=UnfoldAdminSelectWidget(),
        help_text=_("Empty: of every category."),
    )
    ends_missing = forms.BooleanField(
        label=_("End the cover of who is missing, once the roster is approved"), required=False,
        widget=UnfoldBooleanSwitchWidget(),
    )
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))

    def __init__(self, data: Any, *, roster: Roster) -> None:
        super().__init__(data)
        own = roster.region_code
        below = Region.objects.filter(pk__startswith=own, level__in=_levels_below(own)).order_by("pk")[:200]
        self.fields["region"].choices = [(each.pk, each.full_name or each.name) for each in below]  # type: ignore[attr-defined]
        held = PlanCategory.objects.filter(plan=roster.plan_id).values("category")
        self.fields["category"].queryset = Category.objects.filter(pk__in=held)  # type: ignore[attr-defined]
        if not missing.can_end():
            del self.fields["ends_missing"]

    def clean(self) -> dict[str, Any]:
        """Without the switch nothing is ended."""
        given = super().clean() or {}
        return {"ends_missing": False, **given}


def _levels_below(code: str) -> list[Any]:
    """The region itself and the one level below it."""
    levels = list(Region.objects.filter(pk__startswith=code).order_by("level").values_list("level", flat=True).distinct())
    return sorted(set(levels))[:2]


def page_context(roster: Roster, request: HttpRequest) -> dict[str, Any]:
    """One page of the list; five questions, however long it is."""
    after = request.GET.get("after", "")
    found = missing.missing_of(roster).visible_to(request.user)  # type: ignore[attr-defined]
    if after.isascii() and after.isdecimal():
        found = found.filter(pk__gt=int(after[:18]))
    page = list(found.select_related("person", "category")[: PER_PAGE + 1])
    more, page = len(page) > PER_PAGE, page[:PER_PAGE]
    places = Region.objects.names_of([each.region_code for each in page])
    full_list = roster.full_list
    return {
        "roster": roster, "full_list": full_list, "title": _t("Missing from the full list"),
        "region": Region.objects.names_of([full_list.region_prefix]).get(full_list.region_prefix, full_list.region_prefix),
        "rows": [{"cover": each, "region": places.get(each.region_code, "")} for each in page],
        "next_url": f"?after={page[-1].pk}" if more else "", "first_url": "?" if after else "",
    }


def as_csv(roster: Roster, request: HttpRequest) -> StreamingHttpResponse:
    """The whole list, masked, as Excel opens it."""
    response = StreamingHttpResponse(_lines(roster, request), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="roster-{roster.pk}-missing.csv"'
    response["Cache-Control"] = "no-store"
    return response


def _lines(roster: Roster, request: HttpRequest) -> Iterator[bytes]:
    yield "\ufeff".encode() + _line([
        _t("certificate number"), _t("name"), _t("document number"), _t("region"), _t("category"), _t("cover from")
    ])
    last = 0
    while True:
        found = missing.missing_of(roster).visible_to(request.user)  # type: ignore[attr-defined]
        batch: list[Enrollment] = list(found.filter(pk__gt=last).select_related("person", "category")[:_BATCH])
        if not batch:
            return
        places = Region.objects.names_of([each.region_code for each in batch])
        for each in batch:
            person: Any = each.person
            yield _line([
                str(each.number or ""), str(person.name), str(person.document), places.get(each.region_code, ""),
                each.category.name, f"{each.starts_at:%Y-%m-%d}",
            ])
        last = batch[-1].pk


def _line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow([harmless(cell) for cell in cells])
    return text.getvalue().encode()
