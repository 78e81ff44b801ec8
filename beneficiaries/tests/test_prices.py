"""Prices by age and category wherever a premium is determined: rosters, renewals, purchases, spans; to the fen and verified."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from beneficiaries.actions import Payment
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Enrollment, Roster, RosterRow
from beneficiaries.testing import World, applied, make_world, people, resident_id, row, uploaded
from beneficiaries.tests.outcomes import broken
from beneficiaries.tests.purchasing import day_market, paid_market, person
from beneficiaries.tests.renewing import covered, make_years, renewed, reviewed
from intake.findings import Verdict
from jobs.testing import drain
from programs.models import Budget, FundingSplit, Plan
from programs.testing import PriceLine

pytestmark = pytest.mark.django_db
D = Decimal
#: 99.00; children 50.00, whoever is in extreme poverty 20.00: below the county's 30.00.
BY_AGE: tuple[PriceLine, ...] = (("50.00", None, 17, ""), ("20.00", None, None, "tekun"))


def child(number: int, **cells: str) -> list[str]:
    document = resident_id("441602", "20150301", number)
    return row(
        name="李小明", document=document, birth_on="2015-03-01", sex="男" if int(document[16]) % 2 else "女", **cells
    )


def roster_of(world: World, rows: list[list[str]]) -> Roster:
    roster = uploaded(world, rows)
    drain()
    return Roster.objects.get(pk=roster.pk)


def test_a_roster_costs_each_line_its_price_and_every_payer_their_part_to_the_fen() -> None:
    world = make_world(prices=BY_AGE)
    lines = [*people(3), child(1), child(2), *people(1, first=10, categories="特困人员"), child(3, categories="特困人员")]
    roster = roster_of(world, lines)
    assert roster.money["rows"] == 7
    # 3 x 99.00 + 2 x 50.00 + 20.00 + 50.00: the first price that holds counts, a child's before the category's.
    assert (roster.money["premium"], roster.money["own_share"]) == ("467.00", "0.07")
    paid = {funder["name"]: funder["amount"] for funder in roster.money["funders"]}
    # The county gives 30.00 a person, of the price of 20.00 what the person's fen leaves; the foundation the rest.
    assert paid == {"源城区财政": "199.99", "示例公益基金会HY": "266.94"}
    roster = applied(world, [*people(1, first=20), child(9)])
    assert sorted(Enrollment.objects.values_list("premium", "own_share")) == [(D("50.00"), D("0.01")), (D("99.00"), D("0.01"))]
    assert {budget.funder.name: budget.used for budget in Budget.objects.select_related("funder")} == {
        "源城区财政": D("60.00"), "示例公益基金会HY": D("88.98"),
    }
    assert broken() == []


def test_a_plan_without_prices_asks_for_no_price_and_costs_what_it_did() -> None:
    world = make_world()
    roster = roster_of(world, [*people(2), child(1)])
    assert (roster.money["premium"], roster.money["rows"]) == ("297.00", 3)
    assert FundingSplit.objects.count() == 1


def test_whoever_has_no_birth_date_has_no_price_by_age() -> None:
    world = make_world(prices=BY_AGE)
    unknown = row(document_type="护照", document="E12345678", birth_on="", sex="")
    roster_of(world, [unknown, *people(1)])
    found = RosterRow.objects.get(verdict=Verdict.REFUSED)
    assert [(each["code"], each["extra"]) for each in found.findings if each["severity"] == "error"] == [
        ("NOT_ELIGIBLE", "age_unknown")
    ]


def test_ages_count_on_the_plans_own_day() -> None:
    """Eighteen on the first day of the period, seventeen when enrolled."""
    year = timezone.localdate().year + 1
    document = resident_id("441602", f"{year - 18}0101", 1)
    line = row(name="李小明", document=document, birth_on=f"{year - 18}-01-01", sex="男" if int(document[16]) % 2 else "女")
    costs = {}
    for age_on, code, regions in (
        ("period_start", "HY", ("4416", "441602", "441621")), ("enrollment", "YJ", ("4417", "441702", "441702")),
    ):
        world = make_world(prices=BY_AGE, age_on=age_on, code=code, regions=regions)
        here = [cell if cell != "441602" else regions[1] for cell in line]
        costs[age_on] = roster_of(world, [here]).money["premium"]
    assert costs == {"period_start": "99.00", "enrollment": "50.00"}


def test_a_renewal_prices_people_at_the_age_that_they_have_by_then() -> None:
    """Born on the first of January: 69 in the period before, 70 in the next one, from which they cost 40.00."""
    years = make_years(prices=(("40.00", 70, None, ""),))
    born = years.before.starts_on.year - 69
    covered(years, 3, first=born - 1940 - 1)
    assert sorted(Enrollment.objects.values_list("person__birth_on__year", "premium")) == [
        (born - 1, D("40.00")), (born, D("99.00")), (born + 1, D("99.00")),
    ]
    roster = reviewed(years)
    assert (roster.money["premium"], roster.money["rows"]) == ("179.00", 3)


def test_an_approved_renewal_enrolls_at_the_new_price_and_the_books_agree() -> None:
    years = make_years(prices=(("40.00", 70, None, ""), ("25.00", None, None, "guer")))
    born = years.before.starts_on.year - 69
    covered(years, 2, first=born - 1940)
    covered(years, 1, first=5, categories="孤儿")
    renewed(years)
    assert sorted(
        Enrollment.objects.filter(period=years.into).values_list("person__birth_on__year", "premium", "split__premium")
    ) == [(1945, D("40.00"), D("40.00")), (born, D("40.00"), D("40.00")), (born + 1, D("99.00"), D("99.00"))]
    assert broken() == []


def test_one_person_who_pays_owes_the_price_of_their_age() -> None:
    market = paid_market(prices=(("80.00", 60, None, ""),))
    with pytest.raises(BeneficiariesRefused) as refused:
        market.enroll(person(0))
    assert (refused.value.code, refused.value.facts) == ("PAID_AMOUNT", {"paid": D("150.00"), "due": D("80.00")})
    enrollment = market.enroll(person(0), payment=Payment("x", market.at, D("80.00")))
    assert (enrollment.premium, enrollment.own_share) == (D("80.00"), D("80.00"))
    assert broken() == []


def test_a_late_start_takes_its_part_of_the_price() -> None:
    market = paid_market(prices=(("80.00", 60, None, ""),), proration="daily")
    days = (market.period.ends_on - timezone.localdate(market.at)).days - 1
    due = (D(80) * days / 330).quantize(D("0.01"))
    assert market.enroll(person(0), payment=Payment("x", market.at, due)).premium == due
    assert broken() == []


def test_spans_cost_the_price_of_a_day_at_each_persons_age() -> None:
    market = day_market(prices=(("5.00", 60, None, ""),))
    old, young = market.worker(0), market.worker(45)
    bought = market.cover(market.span(old, 8, 20), market.span(young, 8, 40))
    assert (bought.people, bought.premium) == (2, D("11.00"))
    assert sorted(bought.enrollments.values_list("person_id", "premium")) == sorted([(old, D("5.00")), (young, D("6.00"))])
    assert broken() == []


@pytest.mark.parametrize("prices", [(), BY_AGE])
def test_divisions_are_asked_once_a_price_and_place_not_once_a_line(
    prices: Any, django_assert_max_num_queries: Any
) -> None:
    """However many people: what is asked of the database does not grow with them."""
    world = make_world(prices=prices)
    roster = uploaded(world, [*people(200), *(child(number) for number in range(1, 40))])
    with django_assert_max_num_queries(400):
        drain()
    assert FundingSplit.objects.filter(plan=Plan.objects.get(pk=world.plan.pk)).count() == (2 if prices else 1)
    assert Roster.objects.get(pk=roster.pk).money["rows"] == 239
