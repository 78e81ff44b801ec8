"""Pages of the room: a month drawn up, looked at, submitted, closed, printed and compared, each by its clicks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.testing import shared
from beneficiaries.models import Enrollment
from beneficiaries.testing import World, applied, make_world, people
from closing.models import MonthClosing
from closing.testing import closed, once_over, this_month
from closing.tests.test_months import book
from subsidies.testing import midnight

pytestmark = pytest.mark.django_db


def made() -> World:
    """Three people, two of them covered from this month on."""
    world = make_world()
    applied(world, people(3))
    for cover in Enrollment.objects.order_by("pk")[:2]:
        Enrollment.objects.filter(pk=cover.pk).update(starts_at=midnight(this_month()))
    return world


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def next_month(monkeypatch: Any) -> datetime:
    """The clock of the pages stands in the next month, where a person's hand on it is: sessions live on."""
    at = once_over()
    for place in ("closing.admin.forms.timezone.now", "audit.buttons.timezone.now"):
        monkeypatch.setattr(place, lambda: at)
    return at


def signed_in(user: Any, language: str = "zh-hans") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


def page(name: str, closing: MonthClosing | None = None) -> str:
    return reverse(f"admin:closing_monthclosing_{name}", args=[] if closing is None else [closing.pk])


def test_a_month_goes_from_its_offer_to_being_closed_by_two_people(kept_world: World, next_month: datetime) -> None:
    maker, checker = signed_in(kept_world.finance_maker), signed_in(kept_world.finance_checker)
    month = f"{next_month - timedelta(days=9):%Y-%m}"
    form = text_of(maker.get(page("draw_up")))
    assert f"爱心保 HY · {month}" in form
    assert checker.post(page("draw_up"), {"which": f"{kept_world.program.pk}:{month}"}).status_code == 403
    made = maker.post(page("draw_up"), {"which": f"{kept_world.program.pk}:{month}"})
    closing = MonthClosing.objects.get()
    assert (made.status_code, made["Location"]) == (302, page("change", closing))
    shown = text_of(maker.get(page("change", closing)))
    for word in (f"月结 {month}", "新增承保保费", "源城区", "示例公益基金会HY", "137.98", "期末余额", "指标口径", closing.digest):
        assert word in shown, word
    assert "目前没有已结束、待编制的月份。" in text_of(maker.get(page("draw_up")))
    assert checker.post(page("approve", closing), {"digest": closing.digest}).status_code == 409
    assert maker.post(page("submit", closing)).status_code == 302
    assert maker.post(page("approve", closing), {"digest": closing.digest}).status_code == 403
    stale = checker.post(page("approve", closing), {"digest": "0" * 64})
    assert (stale.status_code, "数字与您看到的不一致" in stale.content.decode()) == (409, True)
    assert checker.post(page("approve", closing), {"digest": closing.digest}).status_code == 302
    closing.refresh_from_db()
    assert (closing.state, closing.decided_by) == ("closed", kept_world.finance_checker)
    assert "已结账，不可反结账" in text_of(checker.get(page("change", closing)))


def test_the_paper_is_the_same_whatever_happens_later_and_the_comparison_tells_it(kept_world: World) -> None:
    closing = closed(kept_world)
    client = signed_in(kept_world.auditor)
    before = text_of(client.get(page("print", closing)))
    assert "月度报告" in before and "<script" not in before and "covers.begun" not in before
    assert "137.98" in text_of(signed_in(kept_world.auditor, "en").get(page("print", closing)))
    cover = Enrollment.objects.order_by("pk").last()
    assert cover is not None
    Enrollment.objects.filter(pk=cover.pk).update(starts_at=midnight(this_month()))
    late = book(kept_world, "0.01")
    assert text_of(client.get(page("print", closing))) == before
    compared = text_of(client.get(page("compare", closing)))
    for cells in (("2", "3", "1"), ("198.00", "297.00", "99.00")):
        assert "".join(f'<td class="pp-right">{cell}</td>' for cell in cells) in compared
    assert f"#{late.pk}" in compared


def test_a_posting_says_that_its_month_was_closed(kept_world: World) -> None:
    closed(kept_world)
    late = book(kept_world, "0.01")
    client = signed_in(kept_world.finance_maker)
    shown = text_of(client.get(reverse("admin:programs_ledgertransaction_change", args=[late.pk])))
    assert f"{once_over():%Y-%m}-01：发生当月已结账，计入首个未结账月份" in shown


def test_pages_of_months_ask_as_many_questions_with_more_lines(kept_world: World) -> None:
    client = signed_in(kept_world.finance_maker)
    addresses = []
    for turn in range(2):
        closing = closed(kept_world, month_number(turn))
        addresses.append([
            page("changelist"), page("change", closing), page("print", closing), page("compare", closing),
            reverse("admin:closing_closedfigure_changelist"), reverse("admin:closing_closedbalance_changelist"),
        ])
        if not turn:
            applied(kept_world, people(2, county="441602", first=50))
            Enrollment.objects.update(starts_at=once_over())
    counted = []
    for group in addresses:
        for address in group:
            client.get(address)
            with CaptureQueriesContext(connection) as asked:
                text_of(client.get(address))
            counted.append(len(asked))
    # The second month has one before it, whose sums its corrections are told from.
    half = len(counted) // 2
    assert [more - less for less, more in zip(counted[:half], counted[half:], strict=True)] == [0, 1, 1, 0, 0, 0]


def month_number(turn: int) -> Any:
    return this_month() if not turn else timezone.localdate(once_over()).replace(day=1)
