"""Pages of big tables: the number of rows is counted up to a cap only, since a whole count costs more than the page."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.utils.functional import cached_property

CAP = 10_000


class CappedPaginator(Paginator):
    """Counts at most CAP rows; filters reach the rest."""

    @cached_property
    def count(self) -> int:
        """Rows, or CAP."""
        rows: Any = self.object_list
        return int(rows.order_by()[:CAP].count())
