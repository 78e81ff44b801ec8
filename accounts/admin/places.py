"""A column that says where: regions by name, looked up once for a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.models import Region


class PlaceColumn:
    """Mixed into a ScopedModelAdmin of rows with a `region_code`: the column `place`."""

    def rows_read(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """The names of the page's regions."""
        super().rows_read(request, rows)
        names = Region.objects.names_of(row.region_code for row in rows)
        for row in rows:
            row.place_name = names.get(row.region_code, "")

    @display(description=_("region"), ordering="region_code")
    def place(self, row: Any) -> str:
        """The region's name; of a row by itself its code."""
        return getattr(row, "place_name", row.region_code)

    @display(description=_("region"))
    def place_of_one(self, row: Any) -> str:
        """The region's name, on the page of one row."""
        return Region.objects.names_of([row.region_code]).get(row.region_code, row.region_code)
