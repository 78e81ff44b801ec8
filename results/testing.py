"""What tests of this room and of others need: a city program with worked benefits, its covers, and reports about them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from audit.worlds import keepable
from beneficiaries.models import Enrollment
from beneficiaries.testing import World, make_world
from beneficiaries.tests.purchasing import Market, paid_market, person
from jobs.testing import drain
from programs.benefit_terms import terms_of_program
from results.actions import DESK, upload_report
from results.columns import columns_of
from results.models import Report

D = Decimal


@dataclass
class Payouts:
    """A market whose plan pays as 潍坊's (see DOMAIN, section 4), and people who are covered in it."""

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
        """The day on which everybody is covered."""
        return timezone.localdate(self.market.at)


@keepable
def payouts(*, people: int = 4, code: str = "HMB", **terms: Any) -> Payouts:
    """See `payouts_of`, in a world of its own."""
    return payouts_of(make_world(), people=people, code=code, **terms)


def payouts_of(world: World, *, people: int = 4, code: str = "HMB", pays: str = "weifang", **terms: Any) -> Payouts:
    """So many people, as if covered since the period began; the county's clerk reports, the city's reviewer approves."""
    market = paid_market(code=code, world=world, pays=pays, **terms)
    covers = [market.enroll(person(number), reference=f"P{number}") for number in range(people)]
    began = timezone.make_aware(datetime.combine(market.period.starts_on, time()))
    Enrollment.objects.filter(pk__in=[each.pk for each in covers]).update(starts_at=began)
    found = Enrollment.objects.select_related("program", "period", "person", "plan").in_bulk([each.pk for each in covers])
    return Payouts(market, [found[each.pk] for each in covers])


def headings(program_id: int) -> dict[str, str]:
    """Column key -> heading, of a program's reports."""
    return {column.key: str(column.label) for column in columns_of(terms_of_program(program_id).values())}


def line(payouts: Payouts, who: int, claim: str, **cells: Any) -> dict[str, str]:
    """A line about one of the covered people: an event of today, paid today, nothing paid unless said."""
    said = person(who)
    today = f"{payouts.today:%Y-%m-%d}"
    return {
        "claim_number": claim, "name": said["name"], "document": said["document"], "event_on": today, "paid_on": today,
        "hospital": "示例市人民医院", "diagnosis": "C34.9", "cost": "600000.00", "paid": "0.00",
        **{key: str(value) for key, value in cells.items()},
    }


def file_of(payouts: Payouts, lines: Sequence[Mapping[str, str]]) -> io.BytesIO:
    """Lines as a CSV file with the columns that any of them fills."""
    words = headings(payouts.market.program.pk)
    used = [key for key in words if any(key in each for each in lines)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([words[key] for key in used])
    writer.writerows([each.get(key, "") for key in used] for each in lines)
    return io.BytesIO(text.getvalue().encode("utf-8-sig"))


def uploaded(payouts: Payouts, lines: Sequence[Mapping[str, str]], *, reference: str = "R1", **changes: Any) -> Report:
    """A report that waits for its check; its totals are those of the lines unless others are said."""
    sums = {
        "control_lines": len(lines), "control_amount": sum((D(each["paid"]) for each in lines), D("0.00")), **changes,
    }
    return upload_report(
        [(f"{reference}.csv", file_of(payouts, lines))], program=payouts.market.program, organization=payouts.market.world.office,
        reference=reference, by=payouts.clerk, at=timezone.now(), **sums,
    )


def checked(payouts: Payouts, lines: Sequence[Mapping[str, str]], *, reference: str = "R1", **changes: Any) -> Report:
    """Uploaded and checked."""
    report = uploaded(payouts, lines, reference=reference, **changes)
    drain()
    return Report.objects.get(pk=report.pk)


def recorded(payouts: Payouts, lines: Sequence[Mapping[str, str]], *, reference: str = "R1") -> Report:
    """All the way: checked, submitted, approved by another, recorded."""
    return approved(payouts, checked(payouts, lines, reference=reference))


def approved(payouts: Payouts, report: Report) -> Report:
    """A checked report submitted, approved and recorded."""
    report = DESK.submit(report, by=payouts.clerk, at=timezone.now())
    DESK.approve(report, digest=report.digest, by=payouts.reviewer, at=timezone.now())
    drain()
    return Report.objects.get(pk=report.pk)


def undone(payouts: Payouts, report: Report, *, at: datetime | None = None) -> Report:
    """Its undo asked for and approved by another."""
    at = at or timezone.now()
    DESK.request_undo(report, reason="文件重复上报", by=payouts.clerk, at=at)
    DESK.approve_undo(Report.objects.get(pk=report.pk), by=payouts.reviewer, at=at)
    drain()
    return Report.objects.get(pk=report.pk)


def day(payouts: Payouts, days: int) -> str:
    """So many days from today, as files write it."""
    return f"{payouts.today + timedelta(days=days):%Y-%m-%d}"
