"""Importing an edition of the regions: set-based, retires what is missing when asked, deletes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.db import transaction

from accounts.errors import AccountsRefused
from accounts.models import Region, User
from accounts.regions_file import RegionRow, full_name, parent_of, read_regions
from audit import events
from audit.faults import fault_point

COLUMNS = ("name", "full_name", "level", "parent_id", "valid_from", "valid_to", "successor_id")
SYSTEM = "system:regions"
#: An edition that would end more than this share (and number) of the regions it speaks of is looked at twice.
SHRINKS_SHARE, SHRINKS_COUNT = 0.05, 20
_SHOWN = 10


@dataclass(frozen=True)
class RegionImport:
    """What an edition changed: counts of rows."""

    read: int
    added: int
    changed: int
    retired: int


@dataclass(frozen=True)
class EditionChange:
    """What an edition would change: new regions, known ones as they would be, and those that would end."""

    added: list[Region]
    changed: list[Region]
    retired: list[Region]

    @property
    def touched(self) -> list[Region]:
        """Each region once."""
        return list({region.code: region for region in [*self.added, *self.changed, *self.retired]}.values())


def compare_edition(
    rows: Sequence[RegionRow], known: Mapping[str, Region], *, retire_missing_on: date | None = None
) -> EditionChange:
    """What an edition changes of the known regions, which may be changed in place; refused where it fits nowhere."""
    wanted = {row.code: row for row in rows}
    _check_edition(rows, wanted)
    _check_places(wanted, known)
    names = {code: region.name for code, region in known.items()} | {row.code: row.name for row in rows}
    fresh = {row.code: _region(row, names) for row in rows}
    changed = [region for code, region in fresh.items() if code in known and _differs(region, known[code])]
    changed += _renamed(known, fresh, names)
    retired = [] if retire_missing_on is None else _missing(known, fresh, on=retire_missing_on)
    for region in retired:
        region.valid_to = retire_missing_on
    return EditionChange([region for code, region in fresh.items() if code not in known], changed, retired)


def import_regions(
    edition: Sequence[RegionRow] | Path, *, by: User | str, at: datetime, retire_missing_on: date | None = None,
    retire_expected: int | None = None,
) -> RegionImport:
    """Add and change regions; with `retire_missing_on` those that the edition lacks end on that day.

    An edition speaks only of the children of regions whose children it lists: one of counties says nothing about towns,
    one with the towns of three cities nothing about other towns. When it would end unusually many, `retire_expected`
    has to name their number.
    """
    if isinstance(by, User) and not any(grant.operates_portal for grant in by.grants("accounts.import_region")):
        raise AccountsRefused("OUT_OF_SCOPE")
    rows = read_regions(edition) if isinstance(edition, Path) else edition
    with transaction.atomic():
        known = {region.code: region for region in Region.objects.select_for_update().order_by("code")}
        live = _live_children(rows, known)
        change = compare_edition(rows, known, retire_missing_on=retire_missing_on)
        if retire_missing_on is not None:
            _check_shrinking(len(change.retired), live, expected=retire_expected)
        touched = change.touched
        fault_point("accounts.import_regions.before")
        Region.objects.bulk_create(
            touched, update_conflicts=True, unique_fields=["code"],
            update_fields=[name.removesuffix("_id") for name in COLUMNS], batch_size=2_000,
        )
        if touched:
            events.record(
                "region.imported", Region(code=min(region.code for region in touched)), by=by, at=at,
                data={"added": len(change.added), "changed": len(change.changed), "retired": len(change.retired)},
            )
        fault_point("accounts.import_regions.after")
    return RegionImport(len(rows), len(change.added), len(change.changed), len(change.retired))


def _check_edition(rows: Sequence[RegionRow], wanted: dict[str, RegionRow]) -> None:
    if not rows:
        raise AccountsRefused("EDITION_EMPTY")
    if len(wanted) < len(rows):
        seen: set[str] = set()
        twice = sorted({row.code for row in rows if row.code in seen or seen.add(row.code)})  # type: ignore[func-returns-value]
        raise AccountsRefused("EDITION_TWICE", codes=", ".join(twice[:_SHOWN]))


def _check_places(wanted: Mapping[str, RegionRow], known: Mapping[str, Region]) -> None:
    """Parents and successors stand in the edition or are known."""
    above = {row.parent for row in wanted.values()} - wanted.keys() - known.keys() - {""}
    if above:
        raise AccountsRefused("EDITION_PARENT", codes=", ".join(sorted(above)[:_SHOWN]))
    for row in wanted.values():
        if row.successor and row.successor not in wanted and row.successor not in known:
            raise AccountsRefused("REGION_FILE_UNKNOWN", line=row.line, region=row.code, other=row.successor)


def _region(row: RegionRow, names: dict[str, str]) -> Region:
    return Region(
        code=row.code, name=row.name, full_name=full_name(row.code, names)[:300], level=len(row.code),
        parent_id=row.parent or None, valid_from=row.valid_from, valid_to=row.valid_to,
        successor_id=row.successor or None,
    )


def _differs(wanted: Region, known: Region) -> bool:
    return any(getattr(wanted, name) != getattr(known, name) for name in COLUMNS)


def _renamed(known: Mapping[str, Region], fresh: dict[str, Region], names: dict[str, str]) -> list[Region]:
    """Regions that the edition lacks, below ones whose name it changes."""
    moved = {code for code, region in fresh.items() if code in known and region.name != known[code].name}
    if not moved:
        return []
    found = []
    for code, region in known.items():
        if code not in fresh and any(code[:length] in moved for length in (2, 4, 6, 9)):
            name = full_name(code, names)[:300]
            if name != region.full_name:
                region.full_name = name
                found.append(region)
    return found


def _missing(known: Mapping[str, Region], fresh: dict[str, Region], *, on: date) -> list[Region]:
    """Live regions that the edition speaks of and lacks, from the province down."""
    told = {parent_of(code) for code in fresh}
    gone: dict[str, Region] = {}
    for code in sorted(known, key=lambda code: (len(code), code)):
        region = known[code]
        above = parent_of(code)
        if code not in fresh and region.valid_to is None and (above in told or above in gone):
            if region.valid_from is not None and region.valid_from >= on:
                raise AccountsRefused("EDITION_TOO_EARLY", region=code, day=on.isoformat())
            gone[code] = region
    return list(gone.values())


def _live_children(rows: Sequence[RegionRow], known: Mapping[str, Region]) -> int:
    """Live regions of the places whose children the edition lists."""
    told = {row.parent for row in rows}
    return sum(region.valid_to is None and parent_of(code) in told for code, region in known.items())


def shrinks(retired: int, live: int) -> bool:
    """Whether an edition ends unusually many of the regions that it speaks of."""
    return retired > SHRINKS_COUNT and retired > live * SHRINKS_SHARE


def _check_shrinking(retired: int, live: int, *, expected: int | None) -> None:
    if expected != retired and (shrinks(retired, live) or expected is not None):
        raise AccountsRefused("EDITION_SHRINKS", retired=retired, live=live)
