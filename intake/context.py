"""What checks measure against, read from the rooms below."""

from __future__ import annotations

from datetime import date

import polars as pl

from accounts.models import Region


def region_frame(*, on: date) -> pl.DataFrame:
    """All regions: `code`, and `successor`: null while valid on the day, else the heir's code, "" where it has none."""
    rows = Region.objects.order_by("code").values_list("code", "valid_to", "successor_id")
    return pl.DataFrame(
        [(code, None if ends is None or ends > on else heir or "") for code, ends, heir in rows],
        schema={"code": pl.String, "successor": pl.String}, orient="row",
    )
