"""What the workbench shows of enrollments, against a literal count of them, for every reader."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.testing import make_user
from audit.panels import registry
from audit.testing import shared
from beneficiaries.actions import void_waiting
from beneficiaries.counted import counts_for, live_by, people_by_place, premium_by_place, premium_of
from beneficiaries.gating import Gate, pass_gate_of, waiting_at
from beneficiaries.models import Enrollment
from beneficiaries.place_tables import laid_out
from beneficiaries.testing import World, make_world, people
from beneficiaries.tests.purchasing import day_market
from beneficiaries.tests.test_lapses import applied, approved
from jobs.testing import drain
from programs.models import FundingSplitLine

D = Decimal
pytestmark = pytest.mark.django_db
VIEW = "beneficiaries.view_enrollment"


def made() -> World:
    """Nine people in two places and two categories; some noticed, one paid and covered, one voided."""
    world = make_world(requires_notice=True, notice_days=5, requires_own_payment=True)
    first = applied(world, 5)
    rows = people(4, first=10, categories="孤儿")
    for line in rows[:2]:
        line[5] = "441602001"
    approved(world, rows)
    drain()
    at = timezone.now()
    noticed = list(first.enrollments.order_by("pk").values_list("pk", flat=True)[:3])
    covers = Enrollment.objects.filter(pk__in=noticed)
    pass_gate_of(covers, gate=Gate.NOTICE, period=world.period, by=world.clerk, at=at)
    pass_gate_of(covers.filter(pk=noticed[0]), gate=Gate.OWN_PAYMENT, period=world.period, by=world.clerk, at=at)
    void_waiting(Enrollment.objects.filter(pk=first.enrollments.latest("pk").pk), by=world.reviewer, at=at)
    return world


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def readers(world: World) -> dict[str, Any]:
    return {
        "clerk": world.clerk, "reviewer": world.reviewer, "auditor": world.auditor,
        "sibling": make_user("sibling.clerk", organization=world.sibling, role="clerk"),
        "town": make_user("town.clerk", organization=world.office, role="clerk", region_prefix="441602001"),
    }


def test_figures_and_charts_are_what_a_literal_count_gives_for_every_reader(kept_world: World) -> None:
    world = kept_world
    for name, user in readers(world).items():
        seen = Enrollment.objects.visible_to(user, VIEW)
        live = list(seen.filter(state__in=("awaiting", "in_force")).select_related("category", "program"))
        keys = ("in_force", "awaiting", "this_month", "last_month", "premium")
        assert {key: registry.figures[f"beneficiaries.{key}"].value(user) for key in keys} == {
            "in_force": seen.filter(state="in_force").count(), "awaiting": seen.filter(state="awaiting").count(),
            "this_month": seen.count(), "last_month": 0, "premium": sum((each.premium for each in live), D("0.00")),
        }, name
        words = {"category__name": lambda each: each.category.name, "program__name": lambda each: each.program.name}
        for column, word in words.items():
            assert dict(live_by(user, VIEW, column)) == Counter(word(each) for each in live), (name, column)
    assert registry.figures["beneficiaries.in_force"].value(world.clerk) == 1
    assert registry.figures["beneficiaries.premium"].value(world.clerk) == D("792.00")


def test_the_chart_by_county_is_what_a_literal_count_gives_for_every_reader(kept_world: World) -> None:
    shown = {}
    for name, user in readers(kept_world).items():
        size = 9 if name == "town" else 6
        live = Enrollment.objects.visible_to(user, VIEW).filter(state__in=("awaiting", "in_force"))
        wanted = Counter(each.region_code[:size] for each in live)
        assert dict(live_by(user, VIEW, "county")) == wanted, name
        chart = registry.charts["beneficiaries.by_county"].data(user)
        shown[name] = [(label, line.values[at]) for line in chart.series for at, label in enumerate(chart.labels)]
        assert sorted(number for _label, number in shown[name]) == sorted(wanted.values())
    assert (shown["clerk"], shown["sibling"]) == ([("源城区", 8)], [])
    assert [number for _label, number in shown["town"]] == [2]


def test_spans_count_in_their_county_as_long_as_they_run(kept_world: World) -> None:
    market = day_market(world=kept_world)
    worker = market.worker()
    market.cover(market.span(worker, 8, 20))
    before = dict(live_by(kept_world.auditor, VIEW, "county"))
    assert before == {"441602": 9}
    Enrollment.objects.filter(period_kind="span").update(
        starts_at=timezone.now() - timedelta(hours=9), ends_at=timezone.now() - timedelta(hours=1)
    )
    assert dict(live_by(kept_world.auditor, VIEW, "county")) == {"441602": 8}


def test_people_by_place_are_what_a_literal_count_gives_for_every_reader(kept_world: World) -> None:
    month = timezone.localdate().replace(day=1)
    for name, user in readers(kept_world).items():
        size = 9 if name == "town" else 6
        seen = Enrollment.objects.visible_to(user, VIEW)
        found = people_by_place(user, VIEW, (month.replace(year=month.year - 1), month))
        wanted = {each.region_code[:size] for each in seen}
        assert set(found) == wanted, name
        for code, place in found.items():
            here = seen.filter(region_code__startswith=code)
            assert place.covered == here.filter(state="in_force").count()
            assert place.waiting == {gate: here.filter(waiting_at(gate)).count() for gate in Gate}
            assert (place.this_month, place.last_month) == (here.count(), 0)


def test_each_payers_part_sums_to_the_premium_of_every_place(kept_world: World) -> None:
    world = kept_world
    for user in (world.finance_checker, world.auditor):
        found = premium_by_place(user, "programs.view_statement")
        assert found == {"441602": {"person": D("0.08"), "government": D("240.00"), "foundation": D("551.92")}}
        assert sum(found["441602"].values()) == premium_of(counts_for(user, "programs.view_statement")) == D("792.00")
    literal = sum(
        FundingSplitLine.objects.filter(split=each.split_id).aggregate(sum=Sum("amount"))["sum"] + each.own_share
        for each in Enrollment.objects.filter(state__in=("awaiting", "in_force"))
    )
    assert literal == D("792.00")
    assert premium_by_place(world.foundation_maker, "programs.view_statement") == {}


def test_the_table_stands_on_the_workbench_with_headings_sums_and_links(kept_world: World) -> None:
    client = Client()
    client.force_login(kept_world.reviewer, backend="accounts.backends.RoleBackend")
    page = client.get(reverse("admin:index"))
    (card,) = [card for card in page.context["place_tables"] if card.table.key == "beneficiaries.people_by_place"]
    (group,) = card.groups
    assert (group.name, [line.name for line in group.lines], group.sums) == ("河源市", ["源城区"], [])
    assert [(cell.text, cell.shade) for cell in group.lines[0].cells] == [("1", 5), ("5", 5), ("2", 5), ("9", 5)]
    assert [cell.text for cell in card.sums] == ["1", "5", "2", "9"]
    assert group.lines[0].url == f"{reverse('admin:beneficiaries_enrollment_changelist')}?place=441602"
    text = page.content.decode()
    assert '<th scope="rowgroup" colspan="5">河源市</th>' in text and 'class="pp-shade-5">9</td>' in text


def test_places_stand_below_their_city_with_its_sums_and_empty_ones_are_left_out(one_world: World) -> None:
    numbers = {"441602": [1, 0, 2], "441621": [3, 0, 4], "451081": [5, 0, 0], "441702": [0, 0, 0]}
    data = laid_out(["a", "b", "c"], numbers, lambda code: "")
    assert data.columns == ["a", "c"]
    assert [(group.name, [place.name for place in group.places], group.sums) for group in data.groups] == [
        ("河源市", ["源城区", "紫金县"], [4, 6]), ("百色市", ["靖西市"], [5, 0]),
    ]
    assert data.sums == [9, 6]


def test_many_counties_are_shown_by_their_cities_below_provinces(one_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("beneficiaries.place_tables.MOST", 3)
    numbers = {"441602": [1], "441621": [2], "441702": [4], "451081": [8]}
    data = laid_out(["a"], numbers, lambda code: code)
    assert [(group.name, [(each.name, each.values, each.url) for each in group.places], group.sums) for group in data.groups] == [
        ("广东省", [("河源市", [3], "4416"), ("阳江市", [4], "4417")], [7]), ("广西壮族自治区", [("百色市", [8], "4510")], [8]),
    ]
    assert data.sums == [15]
