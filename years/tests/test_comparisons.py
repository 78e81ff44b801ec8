"""Two years compared: each number against a slow literal count, who sees what, what the clock does, what small numbers tell."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.testing import shared
from beneficiaries.models import Beneficiary, BeneficiaryCategory, Ending, Enrollment, Person
from beneficiaries.testing import people
from beneficiaries.tests.renewing import Years, cover_of, covered, make_years, renewed
from jobs.testing import drain
from portal.verify import check_all
from programs.models import Category, FundingSplitLine
from programs.rules.eligibility import decide_one
from programs.terms import plan_terms
from years.actions import ask_comparison, count_due
from years.compared import compared
from years.errors import YearsRefused
from years.invariants import INVARIANTS
from years.models import Comparison, YearCount, YearLeft

pytestmark = pytest.mark.django_db


def of_two_years() -> Years:
    """Twelve people before: one too old, one dead, one ended, one without a category; the rest renewed but one; three new."""
    years = make_years(max_age=87)
    covered(years, 8)
    covered(years, 4, first=8, categories="特困人员")
    Person.objects.filter(birth_on=date(1941, 1, 1)).update(deceased_on=date(2026, 1, 1))
    cover = cover_of(years, 2)
    Enrollment.objects.filter(pk=cover.pk).update(state="ended")
    Ending.objects.create(
        enrollment=cover, row_id=cover.row_id, reason="left", ended_on=date(2026, 1, 2), ended_before=cover.ends_at,
        created_at=timezone.now(),
    )
    renewed(years)
    # As if the list had come without these two.
    for number in (3, 4):
        Enrollment.objects.filter(period=years.into, person__birth_on=date(1940 + number, 1, 1)).update(state="voided")
    BeneficiaryCategory.objects.filter(beneficiary=cover_of(years, 3).beneficiary).update(valid_to=date(2027, 6, 1))
    Beneficiary.objects.filter(pk=cover_of(years, 5).beneficiary_id).update(region_code="441602001")
    later = Years(years.world, years.into, years.into)
    covered(later, 3, first=20)
    return years


_django_db_helper, one_world, kept_world = shared(of_two_years)


@pytest.fixture
def years(settings: Any, kept_world: Years) -> Years:
    settings.SECOND_FACTOR_REQUIRED = False
    return kept_world


def counted(years: Years) -> Comparison:
    comparison = ask_comparison(years.into, by=years.world.reviewer, at=timezone.now())
    drain()
    return Comparison.objects.get(pk=comparison.pk)


def literal(years: Years) -> Counter[tuple[str, str, str]]:
    """Person by person, with the pure rule: (county, category, outcome)."""
    found: Counter[tuple[str, str, str]] = Counter()
    terms = plan_terms(years.into.plan)
    names = dict(Category.objects.values_list("pk", "code"))
    for person in Person.objects.all():
        sides = []
        for period in (years.before, years.into):
            covers = Enrollment.objects.filter(person=person, period=period).exclude(state__in=("lapsed", "voided"))
            sides.append(sorted(covers, key=lambda cover: (cover.state == "ended", -cover.pk))[:1])
        before, now = sides
        if not before and not now:
            continue
        if now:
            outcome = "renewed" if before else "new"
        elif person.deceased_on is not None:
            outcome = "died"
        elif before[0].state == "ended":
            outcome = "ended"
        else:
            known = before[0].beneficiary
            held = [
                names[each.category_id] for each in known.categories.all()
                if each.valid_to is None or each.valid_to > years.into.starts_on
            ]
            judged = decide_one(
                person.birth_on, known.region_code, held, terms, period_starts_on=years.into.starts_on,
                enrolled_on=timezone.localdate(),
            )
            outcome = "not_eligible" if judged.rule else "not_renewed"
        cover = (now or before)[0]
        found[cover.region_code[:6], cover.category.code, outcome] += 1
    return found


def kept(comparison: Comparison) -> Counter[tuple[str, str, str]]:
    found: Counter[tuple[str, str, str]] = Counter()
    for row in YearCount.objects.filter(comparison=comparison).select_related("category"):
        found[row.region_code, row.category.code, row.outcome] += row.people
    return found


def test_every_number_is_that_of_a_count_person_by_person(years: Years) -> None:
    comparison = counted(years)
    wanted = literal(years)
    assert kept(comparison) == wanted
    by_outcome: Counter[str] = Counter()
    for (_county, _category, outcome), number in wanted.items():
        by_outcome[outcome] += number
    assert by_outcome == {"renewed": 7, "new": 3, "died": 1, "ended": 1, "not_eligible": 2, "not_renewed": 1}
    left = {(row.enrollment.person.birth_on.year, row.outcome, row.reason) for row in YearLeft.objects.all()}
    assert left == {
        (1940, "not_eligible", "too_old"), (1941, "died", ""), (1942, "ended", "left"), (1943, "not_eligible", "category"),
        (1944, "not_renewed", ""),
    }


def test_premiums_and_each_payers_part_are_those_of_the_covers(years: Years) -> None:
    found = compared(counted(years), years.world.clerk)
    for period, premium, place in ((years.before, found.total.premium_before, 0), (years.into, found.total.premium, 1)):
        covers = Enrollment.objects.filter(period=period).exclude(state__in=("lapsed", "voided"))
        assert premium == sum((cover.premium for cover in covers), Decimal(0))
        parts: Counter[str] = Counter()
        for cover in covers:
            parts["被保险人"] += cover.own_share  # type: ignore[assignment]
            for line in FundingSplitLine.objects.filter(split=cover.split).select_related("funder"):
                parts[line.funder.name] += line.amount  # type: ignore[assignment]
        shown = {payer.name: (payer.before, payer.now)[place] for payer in found.payers}
        assert sorted(shown.values()) == sorted(parts.values())
        assert {name for name in shown if name in parts} >= {years.world.foundation.name, years.world.county.name}
    assert [sum(line.people[place] or 0 for line in found.counties) for place in range(8)] == list(found.total.people)
    assert [sum(line.people[place] or 0 for line in found.categories) for place in range(8)] == list(found.total.people)
    assert found.total.people == [12, 7, 3, 1, 1, 2, 1, 10]
    assert found.total.kept == "58.3%"


def test_what_changes_is_counted_again_and_nothing_stays_of_the_count_before(years: Years) -> None:
    first = counted(years)
    covered(Years(years.world, years.into, years.into), 1, first=4)
    assert count_due(at=timezone.now()) == 1
    drain()
    again = Comparison.objects.get(pk=first.pk)
    assert again.counted_at is not None and first.counted_at is not None and again.counted_at > first.counted_at
    assert kept(again) == literal(years)
    assert kept(again)["441602", "dibao", "not_renewed"] == 0
    assert count_due(at=timezone.now()) == 0
    own = {invariant.name for invariant in INVARIANTS}
    assert [result.name for result in check_all() if result.rows and result.name in own] == []


def test_the_clock_asks_for_the_first_count_once_somebody_is_enrolled(years: Years) -> None:
    assert count_due(at=timezone.now()) == 1
    assert Comparison.objects.get().period == years.into
    assert count_due(at=timezone.now()) == 0
    drain()
    assert Comparison.objects.get().before == years.before


def test_only_whole_periods_that_follow_one_are_compared_and_one_count_runs_at_a_time(years: Years) -> None:
    with pytest.raises(YearsRefused) as refused:
        ask_comparison(years.before, by=years.world.reviewer, at=timezone.now())
    assert refused.value.code == "NO_EARLIER_PERIOD"
    ask_comparison(years.into, by=years.world.reviewer, at=timezone.now())
    with pytest.raises(YearsRefused) as refused:
        ask_comparison(years.into, by=years.world.reviewer, at=timezone.now())
    assert refused.value.code == "BEING_COUNTED"


def test_a_foundation_reads_sums_without_small_numbers_and_only_its_own_money(years: Years) -> None:
    comparison = counted(years)
    found = compared(comparison, years.world.foundation_maker)
    assert (found.hides, found.has_gaps, found.steps, found.left) == (True, True, [], [])
    small = {number for line in (*found.counties, *found.categories, found.total) for number in line.people if number}
    assert small and min(small) >= 5
    assert [payer.name for payer in found.payers] == [years.world.foundation.name]
    assert all(line.premium is None for line in found.counties)
    assert compared(comparison, years.world.clerk).hides is False
    elsewhere = YearCount.objects.filter(comparison=comparison).update(organization=years.world.sibling)
    assert elsewhere
    assert compared(comparison, years.world.clerk).counties == []


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def test_pages_show_two_years_side_by_side_and_the_list_of_who_could_have_gone_on(years: Years) -> None:
    comparison = counted(years)
    client = signed_in(years.world.clerk)
    address = reverse("admin:years_comparison_change", args=[comparison.pk])
    shown = client.get(address).content.decode()
    assert "2028 与 2027 对比" in shown
    assert "58.3%" in shown
    listed = f"{reverse('admin:years_yearleft_changelist')}?comparison__id__exact={comparison.pk}&amp;outcome__exact=not_renewed"
    assert listed in shown
    rows = client.get(listed.replace("&amp;", "&")).content.decode()
    assert cover_of(years, 4).number in rows
    assert cover_of(years, 0).number not in rows
    assert "李*" in rows or "李**" in rows
    period = client.get(reverse("admin:programs_period_change", args=[years.into.pk])).content.decode()
    assert address in period
    assert f"{reverse('admin:beneficiaries_roster_renew')}?into={years.into.pk}" in period
    again = signed_in(years.world.reviewer)
    assert again.post(reverse("admin:years_comparison_count", args=[comparison.pk])).status_code == 302
    drain()


def test_queries_of_the_page_do_not_grow_with_the_people(years: Years) -> None:
    comparison = counted(years)
    client = signed_in(years.world.clerk)
    address = reverse("admin:years_comparison_change", args=[comparison.pk])
    numbers = []
    for more in (0, 9):
        if more:
            covered(Years(years.world, years.into, years.into), more, first=30)
            counted(years)
        client.get(address)
        with CaptureQueriesContext(connection) as found:
            client.get(address)
        numbers.append(len(found))
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize(("name", "statement"), [
    ("comparison_counts_its_lists", "UPDATE years_yearcount SET people = people + 1"),
    ("comparison_counts_its_lists", "DELETE FROM years_yearleft WHERE outcome = 'died'"),
    ("who_left_was_covered_before", "UPDATE years_yearleft SET enrollment_id = (SELECT max(id) FROM beneficiaries_enrollment) "
     "WHERE outcome = 'died'"),
    *(
        ("no_self_approved_review",
         "ALTER TABLE years_planreview DROP CONSTRAINT plan_review_decided_by_another; "
         "INSERT INTO years_planreview (program_id, period_id, plan_id, state, figures, digest, drawn_by_id, drawn_at, "
         "decided_by_id, decided_at, reason) SELECT p.program_id, p.id, p.plan_id, 'approved', '[]', repeat('0', 64), u.id, now(), "
         f"{decided}, now(), '' FROM programs_period p CROSS JOIN accounts_user u "
         "ORDER BY u.id LIMIT 1")
        for decided in ("u.id", "NULL")
    ),
    ("every_count_has_its_event", "UPDATE years_comparison SET counted_at = now() + interval '1 day'"),
])
def test_a_planted_violation_is_found(years: Years, name: str, statement: str) -> None:
    counted(years)
    with connection.cursor() as cursor:
        cursor.execute(statement)
    assert name in {result.name for result in check_all() if result.rows}


def test_people_of_the_sample_are_different() -> None:
    assert len({line[2] for line in people(23)}) == 23
