"""Importing an edition of the regions: set-based, retires what is missing when asked, deletes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from accounts.errors import AccountsRefused
from accounts.models import Region, User
from accounts.regions_file import RegionRow, full_names
from audit import events
from audit.faults import fault_point

COLUMNS = ("name", "full_name", "level", "parent_id", "valid_from", "valid_to", "successor_id")
SYSTEM = "system:regions"


@dataclass(frozen=True)
class RegionImport:
    """What an edition changed: counts of rows."""

    read: int
    added: int
    changed: int
    retired: int


def import_regions(
    rows: Sequence[RegionRow], *, by: User | str, at: datetime, retire_missing_on: date | None = None
) -> RegionImport:
    """Add and change regions; with `retire_missing_on` those that the edition lacks end on that day.

    Only levels that the edition holds are retired: an edition of counties says nothing about towns.
    """
    with transaction.atomic():
        known = {region.code: region for region in Region.objects.select_for_update().order_by("code")}
        names = full_names(rows, {code: region.full_name for code, region in known.items()})
        wanted = {row.code: _region(row, names) for row in rows}
        for row in rows:
            for code, what in ((row.parent, "parent"), (row.successor, "successor")):
                if code and code not in wanted and code not in known:
                    raise AccountsRefused("REGION_FILE_UNKNOWN", region=row.code, what=what, other=code)
        added = [region for code, region in wanted.items() if code not in known]
        changed = [region for code, region in wanted.items() if code in known and _differs(region, known[code])]
        retired = []
        if retire_missing_on is not None:
            levels = {region.level for region in wanted.values()}
            retired = [
                region for code, region in known.items()
                if code not in wanted and region.level in levels and region.valid_to is None
            ]
            for region in retired:
                region.valid_to = retire_missing_on
        fault_point("accounts.import_regions.before")
        Region.objects.bulk_create(
            [*added, *changed, *retired], update_conflicts=True, unique_fields=["code"],
            update_fields=[name.removesuffix("_id") for name in COLUMNS], batch_size=2_000,
        )
        if added or changed or retired:
            subject = Region(code=min(region.code for region in [*added, *changed, *retired]))
            events.record(
                "region.imported", subject, by=by, at=at,
                data={"added": len(added), "changed": len(changed), "retired": len(retired)},
            )
        fault_point("accounts.import_regions.after")
    return RegionImport(len(rows), len(added), len(changed), len(retired))


def _region(row: RegionRow, names: dict[str, str]) -> Region:
    return Region(
        code=row.code, name=row.name, full_name=names[row.code][:300], level=len(row.code),
        parent_id=row.parent or None, valid_from=row.valid_from, valid_to=row.valid_to,
        successor_id=row.successor or None,
    )


def _differs(wanted: Region, known: Region) -> bool:
    return any(getattr(wanted, name) != getattr(known, name) for name in COLUMNS)
