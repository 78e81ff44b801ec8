"""What tests of this room and of others need: a city program with worked benefits, its covers, and a bureau's files about them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from audit.worlds import keepable
from beneficiaries.models import Enrollment
from beneficiaries.testing import World, make_world
from beneficiaries.tests.purchasing import Market, paid_market, person
from jobs.testing import drain
from programs.benefit_terms import terms_of_program
from records.actions import DESK, upload_records
from records.columns import columns_of
from records.models import RecordList


@dataclass
class Bureau:
    """A market whose plan pays as 潍坊's (see DOMAIN, section 4), and people who are covered in it since thirty days or more."""

    market: Market
    covers: list[Enrollment]

    @property
    def clerk(self) -> User:
        """Who uploads."""
        return self.market.world.clerk

    @property
    def reviewer(self) -> User:
        """Who approves."""
        return self.market.world.reviewer

    @property
    def today(self) -> date:
        """Of the world's clock."""
        return timezone.localdate(self.market.at)


@keepable
def bureau(*, people: int = 4, code: str = "HMB", **terms: Any) -> Bureau:
    """See `bureau_of`, in a world of its own."""
    return bureau_of(make_world(), people=people, code=code, **terms)


def bureau_of(world: World, *, people: int = 4, code: str = "HMB", **terms: Any) -> Bureau:
    """So many people, as if covered since the period began; the county's clerk uploads, the city's reviewer approves."""
    market = paid_market(code=code, world=world, pays="weifang", **terms)
    covers = [market.enroll(person(number), reference=f"P{number}") for number in range(people)]
    began = timezone.make_aware(datetime.combine(market.period.starts_on, time()))
    Enrollment.objects.filter(pk__in=[each.pk for each in covers]).update(starts_at=began)
    found = Enrollment.objects.select_related("program", "period", "person", "plan").in_bulk([each.pk for each in covers])
    return Bureau(market, [found[each.pk] for each in covers])


def headings(program_id: int) -> dict[str, str]:
    """Column key -> heading, of a program's files."""
    return {column.key: str(column.label) for column in columns_of(terms_of_program(program_id).values())}


def line(bureau: Bureau, who: int, settlement: str, **cells: Any) -> dict[str, str]:
    """A record of one of the covered people: a stay of two days that ended yesterday; 1,000 yuan in the catalogue are left unless
    said otherwise."""
    said = person(who)
    return {
        "settlement_number": settlement, "name": said["name"], "document": said["document"], "hospital": "示例市人民医院",
        "admitted_on": day(bureau, -3), "discharged_on": day(bureau, -1), "settled_on": day(bureau, -1), "diagnosis": "C34.9 肺癌",
        "total": "600000.00", "fund": "20000.00", "of:self_pay": "1000.00",
        **{key: str(value) for key, value in cells.items()},
    }


def file_of(bureau: Bureau, lines: Sequence[Mapping[str, str]]) -> io.BytesIO:
    """Lines as a CSV file with the columns that any of them fills."""
    words = headings(bureau.market.program.pk)
    used = [key for key in words if any(key in each for each in lines)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([words[key] for key in used])
    writer.writerows([each.get(key, "") for key in used] for each in lines)
    return io.BytesIO(text.getvalue().encode("utf-8-sig"))


def uploaded(bureau: Bureau, lines: Sequence[Mapping[str, str]], *, reference: str = "J1") -> RecordList:
    """A file that waits for its check."""
    return upload_records(
        [(f"{reference}.csv", file_of(bureau, lines))], program=bureau.market.program, organization=bureau.market.world.office,
        reference=reference, by=bureau.clerk, at=timezone.now(),
    )


def checked(bureau: Bureau, lines: Sequence[Mapping[str, str]], *, reference: str = "J1") -> RecordList:
    """Uploaded and checked."""
    found = uploaded(bureau, lines, reference=reference)
    drain()
    return RecordList.objects.get(pk=found.pk)


def approved(bureau: Bureau, found: RecordList) -> RecordList:
    """A checked file submitted, approved and taken in."""
    found = DESK.submit(found, by=bureau.clerk, at=timezone.now())
    DESK.approve(found, digest=found.digest, by=bureau.reviewer, at=timezone.now())
    drain()
    return RecordList.objects.get(pk=found.pk)


def proposed(bureau: Bureau, lines: Sequence[Mapping[str, str]], *, reference: str = "J1") -> RecordList:
    """All the way: checked, submitted, approved by another, proposed."""
    return approved(bureau, checked(bureau, lines, reference=reference))


def undone(bureau: Bureau, found: RecordList) -> RecordList:
    """Its undo asked for and approved by another."""
    DESK.request_undo(found, reason="文件重复上报", by=bureau.clerk, at=timezone.now())
    DESK.approve_undo(RecordList.objects.get(pk=found.pk), by=bureau.reviewer, at=timezone.now())
    drain()
    return RecordList.objects.get(pk=found.pk)


def day(bureau: Bureau, days: int) -> str:
    """So many days from today, as files write it."""
    return f"{bureau.today + timedelta(days=days):%Y-%m-%d}"
