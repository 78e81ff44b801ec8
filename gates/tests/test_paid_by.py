"""An own share that goes back is told with its payment: by which number and channel it came, and whose money it was."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import User
from beneficiaries.models import Enrollment
from beneficiaries.testing import World, applied, employer_of, make_world, people
from gates.models import Channel
from gates.testing import line_of, paid, taken_in
from programs.models import Program
from subsidies.models import DifferenceLine, Differences
from subsidies.testing import differences, ended

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def world(db: Any, settings: Any) -> World:
    settings.SECOND_FACTOR_REQUIRED = False
    return make_world(requires_own_payment=True)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def back_of(world: World, *covers: Enrollment) -> Differences:
    """They ended before they began: every payer gets the whole share back."""
    for cover in covers:
        ended(Enrollment.objects.get(pk=cover.pk), ended_on=world.period.starts_on - timedelta(days=1))
    return differences(world)


def told(world: World) -> list[tuple[str, str, str]]:
    """(payer, number, way) of each own share that goes back, as the list and its export say them."""
    listed: Any = admin.site._registry[DifferenceLine]
    request = RequestFactory().get("/")
    request.user = world.finance_maker
    rows = listed.get_queryset(request).filter(funder=None).order_by("enrollment")
    assert {"payment_number", "payment_way"} <= set(listed.export_columns)
    return [(listed.payer(row), listed.payment_number(row), listed.payment_way(row)) for row in rows]


def test_what_a_statement_showed_goes_back_by_its_serial_number_and_channel(world: World) -> None:
    applied(world, people(2))
    one, two = Enrollment.objects.order_by("pk")
    taken_in(world, [{**line_of(one), "serial": "WX-1"}], channel=Channel.WECHAT)
    paid(world, Enrollment.objects.filter(pk=two.pk), amount=D("0.01"), reference="YH-7")
    back_of(world, one, two)
    assert told(world) == [("个人自缴", "WX-1", "微信"), ("个人自缴", "YH-7", "")]


def test_what_a_sponsor_paid_goes_back_to_the_sponsor(world: World) -> None:
    applied(world, people(3))
    one, two, three = Enrollment.objects.order_by("pk")
    paid(world, Enrollment.objects.filter(pk__in=[one.pk, two.pk]), amount=D("0.02"), reference="ZZ-1", sponsor=world.foundation)
    paid(world, Enrollment.objects.filter(pk=three.pk), amount=D("0.01"), reference="YH-8")
    found = back_of(world, one, two, three)
    name = world.foundation.name
    assert told(world) == [(name, "ZZ-1", ""), (name, "ZZ-1", ""), ("个人自缴", "YH-8", "")]
    client = signed_in(world.finance_maker)
    shown = client.get(reverse("admin:subsidies_differences_change", args=[found.pk])).context["sums"]
    assert sorted(amount for payer, _reason, _covers, amount in shown if payer in (name, "个人自缴"))[:2] == [D("0.01"), D("0.02")]
    refund = client.get(reverse("admin:subsidies_differences_refund", args=[found.pk])).context["facts"]
    assert (f"其中退给{name}", "0.02") in refund


def test_a_share_of_a_funder_tells_no_payment(world: World) -> None:
    applied(world, people(1))
    cover = Enrollment.objects.get()
    paid(world, Enrollment.objects.all(), amount=D("0.01"), reference="YH-9")
    back_of(world, cover)
    listed: Any = admin.site._registry[DifferenceLine]
    request = RequestFactory().get("/")
    request.user = world.finance_maker
    rows = listed.get_queryset(request).exclude(funder=None)
    assert {(listed.payment_number(row), listed.payment_way(row)) for row in rows} == {("", "")}
    assert rows.count() == 2


def test_what_an_employer_transferred_is_told_with_the_number_of_its_transfer(world: World) -> None:
    from gates.tests.test_bills import confirmed, recorded

    Program.objects.filter(pk=world.program.pk).update(kind=Program.Kind.SUPPLEMENTARY)
    roster = applied(world, people(1), employer=employer_of(world))
    bill = roster.bill
    confirmed(world, recorded(world, bill, amount=bill.amount))
    back_of(world, roster.enrollments.get())
    assert told(world) == [("示例制造有限公司", "DG-1", "")]
