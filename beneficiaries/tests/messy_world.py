"""The county that sends the ugly workbook: its people of this year and last, one of them dead, and the steps of its clerk."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts.models import Region
from accounts.regions_file import VENDORED, read_regions
from accounts.testing import make_region_tree
from audit.worlds import keepable
from beneficiaries import actions, messy
from beneficiaries.ending import END_COLUMNS
from beneficiaries.models import Roster
from beneficiaries.models.roster import Purpose
from beneficiaries.testing import HEADINGS, World, make_world
from intake.actions import Said
from jobs.testing import drain
from programs.testing import make_budget, make_period

BOOK = Path(settings.BASE_DIR) / "fixtures" / "rosters" / "messy-county.xlsx"
GOLDEN = BOOK.with_name("messy-county.golden.csv")


def make_regions() -> None:
    """The county with its towns, the code that it had before, and its neighbor, as the vendored file has them."""
    make_region_tree()
    counties = (messy.COUNTY, messy.NEIGHBOR, messy.RETIRED)
    wanted = [row for row in read_regions(VENDORED) if row.code[:6] in counties and len(row.code) >= 6]
    for row in sorted(wanted, key=lambda row: (row.successor != "", len(row.code), row.code)):
        Region.objects.get_or_create(
            code=row.code,
            defaults={
                "name": row.name, "full_name": f"百色市{row.name}", "level": len(row.code), "parent_id": row.parent,
                "valid_from": row.valid_from, "valid_to": row.valid_to, "successor_id": row.successor or None,
            },
        )


@keepable
def make_messy_world() -> World:
    """A city that runs the program, the county's office, last year's and this year's period, and who is known before."""
    make_regions()
    world = make_world(code="BS", regions=("4510", messy.COUNTY, messy.NEIGHBOR), max_age=95)
    before = earlier_period(world)
    applied(world, csv_of(HEADINGS, messy.rows_of(messy.LAST_YEAR)), name="上年.csv", period=before)
    applied(world, csv_of(HEADINGS, messy.rows_of(messy.THIS_YEAR)), name="在保.csv", period=world.period)
    died = [[messy.DIED["name"], messy.DIED["document_type"], messy.DIED["document"], "身故", f"{yesterday()}"]]
    headings = [str(column.label) for column in END_COLUMNS]
    applied(world, csv_of(headings, died), name="身故.csv", period=world.period, purpose=Purpose.END)
    return world


def yesterday() -> date:
    return timezone.localdate() - timedelta(days=1)


def earlier_period(world: World) -> Any:
    year = timezone.localdate(world.at).year
    period = make_period(world.plan, year=year, by=world.finance_checker, at=world.at)
    for funder in (world.foundation, world.county):
        make_budget(
            funder, period=period, granted=Decimal("100000.00"), maker=world.finance_maker, checker=world.finance_checker,
            at=world.at,
        )
    return period


def csv_of(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> io.BytesIO:
    text = io.StringIO()
    csv.writer(text).writerows([headings, *rows])
    return io.BytesIO(text.getvalue().encode("utf-8-sig"))


def applied(world: World, file: io.BytesIO, *, name: str, **given: Any) -> Roster:
    """A roster all the way through."""
    actions.upload_roster([(name, file)], organization=world.office, by=world.clerk, at=timezone.now(), **given)
    drain()
    roster = actions.submit_roster(Roster.objects.latest("pk"), by=world.clerk, at=timezone.now())
    actions.approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()
    return Roster.objects.get(pk=roster.pk)


def uploaded(world: World) -> Roster:
    """The workbook as it comes, checked."""
    actions.upload_roster(
        [(messy.FILE_NAME, io.BytesIO(BOOK.read_bytes()))], period=world.period, organization=world.office, by=world.clerk,
        at=timezone.now(),
    )
    drain()
    return Roster.objects.latest("pk")


def mended(roster: Roster, world: World) -> Roster:
    """Sheets chosen and words said: the village that calls the name otherwise is read with the others."""
    actions.choose_sheets(roster, choices=[(roster.files.get(), messy.READ)], by=world.clerk, at=timezone.now())
    drain()
    roster = Roster.objects.get(pk=roster.pk)
    asked = [word for word in messy.WORDS if word.word != "渠洋镇"]
    actions.map_words(
        roster, words=[Said(word.kind, word.word, word.target) for word in asked], by=world.clerk, at=timezone.now()
    )
    drain()
    roster = Roster.objects.get(pk=roster.pk)
    # The last village's own words are known once its sheet is read.
    actions.map_words(roster, words=[Said("region", "渠洋镇", "451081105")], by=world.clerk, at=timezone.now())
    drain()
    return Roster.objects.get(pk=roster.pk)


@keepable
def make_mended() -> tuple[World, Roster]:
    """That county, its workbook checked and mended."""
    world = make_messy_world()
    return world, mended(uploaded(world), world)
