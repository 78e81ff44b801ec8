"""Pages of covers that no roster brought: the cover, the person, lists, books and statements show their true source."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from accounts.models import User
from accounts.testing import make_user
from audit import panels
from beneficiaries.models import Enrollment, Purchase
from beneficiaries.models.enrollment import enrollment_id_of
from beneficiaries.models.purchase import names_a_person
from beneficiaries.tests.purchasing import Market, day_market, paid_market, person
from programs.statements import postings, statement

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def one_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def page(user: User, name: str, *arguments: Any, **query: str) -> str:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    answer = client.get(reverse(f"admin:{name}", args=arguments), query)
    assert answer.status_code == 200
    return answer.content.decode()


def bought(market: Market) -> Enrollment:
    worker = market.worker()
    market.cover(market.span(worker, 18, 25.5), market.span(worker, 32, 48), reference="PLATFORM-7")
    return Enrollment.objects.earliest("starts_at")


def test_the_page_of_a_span_tells_its_moments_payer_and_source() -> None:
    market = day_market()
    cover = bought(market)
    day = timezone.localdate(cover.starts_at)
    text = page(market.world.auditor, "beneficiaries_enrollment_change", cover.pk)
    for said in (
        cover.number, f"{day:%Y-%m-%d} 18:00", f"{day + timedelta(days=1):%Y-%m-%d} 01:30", "示例平台DAY",
        f"投保单 {cover.purchase_id}（合作方接口），申请编号 PLATFORM-7，第 1 行。", "日结保", "不限类别",
    ):
        assert said in text, said
    assert "名单 None" not in text
    assert enrollment_id_of(cover.number) == cover.pk


def test_the_page_of_a_paid_cover_tells_its_payment() -> None:
    market = paid_market()
    cover = market.enroll()
    text = page(market.world.auditor, "beneficiaries_enrollment_change", cover.pk)
    assert f"pay-P1 · {timezone.localtime(market.at):%Y-%m-%d %H:%M}" in text
    assert f"投保单 {cover.purchase_id}（合作方接口），申请编号 P1，第 1 行。" in text
    assert "150.00" in text


def test_the_list_shows_moments_of_spans_and_days_of_years() -> None:
    market = day_market()
    cover = bought(market)
    text = page(market.world.auditor, "beneficiaries_enrollment_changelist")
    day = timezone.localdate(cover.starts_at)
    assert f"{day:%Y-%m-%d} 18:00 – {day + timedelta(days=1):%Y-%m-%d} 01:30" in text
    found = page(market.world.auditor, "beneficiaries_enrollment_changelist", q=cover.number)
    assert cover.number in found
    assert Enrollment.objects.exclude(pk=cover.pk).get().number not in found


def test_the_persons_page_shows_spans_and_tells_of_the_purchase() -> None:
    market = day_market()
    cover = bought(market)
    text = page(market.world.auditor, "beneficiaries_person_change", cover.person_id)
    day = timezone.localdate(cover.starts_at)
    for said in (
        f"{day:%Y-%m-%d} 18:00", f"{day + timedelta(days=1):%Y-%m-%d} 01:30", f"{day + timedelta(days=1):%Y-%m-%d} 24:00",
        f"由投保单 {cover.purchase_id} 投保 日结保 P1。",
    ):
        assert said in text, said


def test_a_persons_page_asks_as_often_for_many_spans_as_for_one() -> None:
    market = day_market()
    worker = market.worker()
    market.cover(market.span(worker, 0, 1), reference="A")
    client = Client()
    client.force_login(market.world.auditor, backend="accounts.backends.RoleBackend")
    address = reverse("admin:beneficiaries_person_change", args=[worker])
    client.get(address)
    counts = []
    for _turn in range(2):
        with CaptureQueriesContext(connection) as asked:
            client.get(address)
        counts.append(len(asked))
        market.cover(*(market.span(worker, hour, hour + 1) for hour in range(1, 9)), reference="B")
    assert counts[0] == counts[1]


def test_the_workbench_counts_covers_that_are_not_over() -> None:
    market = day_market()
    cover = bought(market)
    figure = panels.registry.figures["beneficiaries.in_force"]
    assert figure.value(market.world.auditor) == 2
    cover.refresh_from_db()
    Enrollment.objects.filter(pk=cover.pk).update(
        starts_at=market.at - timedelta(hours=3), ends_at=market.at - timedelta(hours=1)
    )
    assert figure.value(market.world.auditor) == 1


def test_books_and_statements_name_the_purchase() -> None:
    market = day_market()
    cover = bought(market)
    maker = market.world.foundation_maker
    today = timezone.localdate(market.at)
    span = {"program": market.program, "first": today, "last": today, "to": maker}
    lines = statement(market.funder, **span)
    assert {line.kind: line.closing for line in lines}["budget_used"] == Decimal("6.00")
    with override("zh-hans"):
        sources = {posting.source for posting in postings(market.funder, **span, opening=lines)}
    assert f"投保单 {cover.purchase_id}" in sources
    assert f"投保单 #{cover.purchase_id}" in page(market.world.finance_maker, "programs_ledgertransaction_changelist")
    assert f"投保单 #{cover.purchase_id}" in page(market.world.finance_maker, "programs_budgetreservation_changelist")


@pytest.mark.parametrize(
    ("reference", "names"),
    [
        ("441602196203151219", True), ("A-44162519951102042x-1", True), ("441602196203151218", False),
        ("202612010000123456", False), ("4200002612202612017788990011", False), ("", False),
    ],
)
def test_a_reference_names_a_person_when_it_holds_a_residents_number(reference: str, names: bool) -> None:
    assert names_a_person(reference) is names


def test_the_sibling_office_sees_nothing_of_it() -> None:
    market = paid_market()
    cover = market.enroll(person(3))
    sibling = make_user("sibling.clerk", organization=market.world.sibling, role="clerk")
    assert cover.number in page(market.world.clerk, "beneficiaries_enrollment_changelist")
    assert cover.number not in page(sibling, "beneficiaries_enrollment_changelist")
    assert list(Purchase.objects.visible_to(market.world.clerk, "beneficiaries.view_purchase")) == [cover.purchase]
    assert not Purchase.objects.visible_to(sibling, "beneficiaries.view_purchase").exists()
