"""What tests of this room and of others need: somebody covered year after year, and figures of an earlier insurer."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.testing import make_user
from beneficiaries.actions import Payment
from beneficiaries.models import Enrollment
from beneficiaries.testing import World
from beneficiaries.tests.purchasing import Market, person
from continuity.actions import LISTS, upload_earlier
from continuity.models import EarlierList
from jobs.testing import drain
from programs.models import Period, Program
from programs.testing import make_period

HEADINGS = ("证件号码", "连续投保年数", "连续未理赔年数")


def year_of(market: Market, year: int, **changes: Any) -> Period:
    """A period of the market's plan, a calendar year."""
    return make_period(market.plan, year=year, by=market.world.finance_checker, at=market.at, **changes)


def bought(market: Market, period: Period, *, number: int = 0) -> Enrollment:
    """Bought in the month before the period begins, in force from its first day."""
    at = timezone.make_aware(datetime.combine(date(period.starts_on.year - 1, 12, 1), time(10)))
    reference = f"{period.code}-{number}"
    cover = market.enroll(
        person(number), reference=reference, period=period, at=at, payment=Payment(f"pay-{reference}", at, Decimal("150.00"))
    )
    return Enrollment.objects.select_related("person", "program", "period", "plan").get(pk=cover.pk)


def cut_short(cover: Enrollment, last: date) -> None:
    """As if an approved ending had ended it with a day."""
    ends = timezone.make_aware(datetime.combine(last, time())) + timedelta(days=1)
    Enrollment.objects.filter(pk=cover.pk).update(state="ended", ends_at=ends)


def city_clerk(world: World) -> User:
    """A clerk of the office that operates the program."""
    username = f"{world.program.code.lower()}-years.clerk"
    return User.objects.filter(username=username).first() or make_user(username, organization=world.city, role="clerk")


def file_of(lines: Sequence[Sequence[str]]) -> io.BytesIO:
    """A list of (document, years in a row, years without a claim)."""
    return io.BytesIO("\n".join(",".join(line) for line in [HEADINGS, *lines]).encode())


def checked(world: World, program: Program, lines: Sequence[Sequence[str]], *, as_of: date) -> EarlierList:
    """Uploaded by the city's clerk and checked."""
    subject = upload_earlier(
        [("往年.csv", file_of(lines))], program=program, organization=world.city, as_of=as_of, by=city_clerk(world),
        at=timezone.now(),
    )
    drain()
    return EarlierList.objects.get(pk=subject.pk)


def taken_in(world: World, program: Program, lines: Sequence[Sequence[str]], *, as_of: date) -> EarlierList:
    """The same, approved by the city's reviewer and applied."""
    subject = LISTS.submit(checked(world, program, lines, as_of=as_of), by=city_clerk(world), at=timezone.now())
    LISTS.approve(subject, digest=subject.digest, by=world.reviewer, at=timezone.now())
    drain()
    return EarlierList.objects.get(pk=subject.pk)
