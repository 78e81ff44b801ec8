"""Lists that overlap: who is covered already gains what a second list says more, and pairs of contact change together."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from audit.testing import shared
from beneficiaries.actions import approve_roster, submit_roster, upload_roster
from beneficiaries.models import Beneficiary, BeneficiaryCategory, Enrollment, Roster, RosterRow
from beneficiaries.testing import World, csv_of, make_world, people, uploaded
from beneficiaries.tests.outcomes import broken
from intake.models import State
from jobs.testing import drain
from programs.models import Budget, Category, LedgerTransaction, Period
from programs.testing import make_budget, make_period

pytestmark = pytest.mark.django_db


_django_db_helper, one_world, kept_world = shared(make_world)


@pytest.fixture
def world(kept_world: World) -> World:
    return kept_world


def checked(roster: Roster) -> Roster:
    drain()
    return Roster.objects.get(pk=roster.pk)


def approved(world: World, roster: Roster) -> Roster:
    roster = submit_roster(Roster.objects.get(pk=roster.pk), by=world.clerk, at=timezone.now())
    return approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())


def through(world: World, rows: list[list[str]], period: Period | None = None) -> Roster:
    roster = checked(in_period(world, rows, period or world.period))
    approved(world, roster)
    return checked(roster)


def in_period(world: World, rows: list[list[str]], period: Period) -> Roster:
    return upload_roster(
        [("名册.csv", csv_of(rows))], period=period, organization=world.office, by=world.clerk, at=timezone.now()
    )


def categories() -> list[str]:
    return sorted(BeneficiaryCategory.objects.filter(valid_to=None).values_list("category__name", flat=True))


def next_period(world: World) -> Period:
    period = make_period(
        world.plan, year=world.period.starts_on.year + 1, by=world.finance_checker, at=world.at,
        enrollment_opens_on=world.period.enrollment_opens_on, enrollment_closes_on=world.period.enrollment_closes_on,
    )
    for funder in (world.foundation, world.county):
        make_budget(
            funder, period=period, granted=Decimal("1000000.00"), maker=world.finance_maker,
            checker=world.finance_checker, at=world.at,
        )
    return period


def test_a_second_list_adds_its_category_and_enrolls_nobody_again(world: World) -> None:
    through(world, people(3))
    before = (list(Budget.objects.order_by("pk").values_list("reserved", "used")), LedgerTransaction.objects.count())
    second = checked(uploaded(world, [*people(2, categories="特困人员"), *people(1, first=2)]))
    assert second.counts["verdicts"] == {"2": 2, "4": 1}
    assert second.counts["codes"] == {"ALREADY_COVERED": 1, "CATEGORY_ADDED": 2}
    assert (second.money["rows"], second.money["premium"], second.money["funders"]) == (0, "0", [])
    approved(world, second)
    second = checked(second)
    assert second.state == State.APPLIED
    assert (Enrollment.objects.count(), categories()) == (3, ["低保对象"] * 3 + ["特困人员"] * 2)
    after = (list(Budget.objects.order_by("pk").values_list("reserved", "used")), LedgerTransaction.objects.count())
    assert after == before
    row = RosterRow.objects.filter(roster=second).order_by("pk")[0]
    assert BeneficiaryCategory.objects.get(row_id=row.pk).category.name == "特困人员"
    assert [chunk.applied_rows for chunk in second.chunks.all()] == [2]
    assert broken() == []


def test_additions_stand_beside_new_people_who_alone_cost_money(world: World) -> None:
    through(world, people(2))
    second = through(world, [*people(2, categories="特困人员"), *people(1, first=2)])
    assert (second.money["rows"], second.money["premium"]) == (1, "99.00")
    assert Enrollment.objects.filter(roster=second).count() == 1
    assert Budget.objects.get(funder=world.foundation).used == Decimal("206.97")
    assert broken() == []


def test_the_second_list_again_is_covered_and_brings_nothing(world: World) -> None:
    through(world, people(2))
    through(world, people(2, categories="特困人员"))
    third = checked(uploaded(world, people(2, categories="特困人员", phone="13911112222")))
    assert third.counts["verdicts"] == {"4": 2}
    assert third.counts["codes"] == {"ALREADY_COVERED": 2}


def test_a_category_that_the_plan_does_not_name_is_gained_by_the_covered_and_enrolls_nobody_else(world: World) -> None:
    other = Category.objects.create(code="temporary", name="临时困难对象").name
    through(world, people(1))
    second = checked(uploaded(world, people(2, categories=other)))
    assert second.counts["verdicts"] == {"2": 1, "6": 1}
    refused = RosterRow.objects.get(roster=second, verdict=6)
    assert (refused.codes, refused.identity_index_a, refused.contact_digest) == (["NOT_ELIGIBLE"], None, None)
    approved(world, second)
    checked(second)
    assert categories() == sorted(["低保对象", other])
    assert broken() == []


def test_contact_of_the_covered_is_added_where_none_is_registered_and_never_replaced(world: World) -> None:
    through(world, people(1, phone="", bank_account="", bank_name=""))
    second = through(world, people(1, phone="13911112222", bank_name="中国建设银行", address="另一处1号"))
    assert second.counts["codes"] == {"CONTACT_ADDED": 1}
    known = Beneficiary.objects.get()
    assert (known.phone.reveal(), known.bank_name) == ("13911112222", "中国建设银行")
    assert known.bank_account.reveal() == "6228480000000007"
    assert known.address.reveal() == "东埔街道8号"
    assert broken() == []


def test_who_is_known_to_another_office_of_the_program_only_stays_covered(world: World) -> None:
    through(world, people(1))
    roster = upload_roster(
        [("名册.csv", csv_of(people(1, categories="特困人员")))], period=world.period, organization=world.city,
        by=world.finance_maker, at=timezone.now(),
    )
    roster = checked(roster)
    assert roster.counts["verdicts"] == {"4": 1}
    assert (categories(), Beneficiary.objects.count()) == (["低保对象"], 1)


def test_a_list_overtaken_by_another_goes_back_with_the_category_it_would_have_lost(world: World) -> None:
    first, second = uploaded(world, people(2)), uploaded(world, [*people(1, categories="特困人员"), *people(1, first=1)][:1])
    drain()
    approved(world, first)
    approved(world, second)
    drain()
    outcome = list(RosterRow.objects.filter(roster=second).values_list("set_aside", flat=True))
    assert outcome == ["CHANGED_SINCE_REVIEW"]
    again = through(world, people(1, categories="特困人员", address="东埔街道9号"))
    assert again.counts["codes"] == {"CATEGORY_ADDED": 1}
    assert categories() == ["低保对象", "低保对象", "特困人员"]
    assert broken() == []


def test_an_addition_whose_cover_ended_since_the_review_is_set_aside_and_adds_nothing(world: World) -> None:
    through(world, people(1))
    second = checked(uploaded(world, people(1, categories="特困人员")))
    approved(world, second)
    Enrollment.objects.update(state="ended")
    drain()
    assert RosterRow.objects.get(roster=second).set_aside == "CHANGED_SINCE_REVIEW"
    assert categories() == ["低保对象"]


def test_a_new_account_never_stands_beside_the_old_accounts_bank(world: World) -> None:
    through(world, people(1))
    through(world, people(1, bank_account="6217000000000000005", bank_name=""), next_period(world))
    known = Beneficiary.objects.get()
    assert (known.bank_account.reveal(), known.bank_name) == ("6217000000000000005", "")


def test_the_same_account_and_guardian_with_an_empty_cell_keep_what_goes_with_them(world: World) -> None:
    through(world, people(1, guardian_name="赵大", guardian_document="441602196203151219"))
    through(world, people(1, bank_name="", guardian_name="赵大", phone="13911112222"), next_period(world))
    known = Beneficiary.objects.get()
    assert (known.bank_account.reveal(), known.bank_name) == ("6228480000000007", "中国农业银行")
    assert (known.guardian_name.reveal(), known.guardian_document.reveal()) == ("赵大", "441602196203151219")
    again = checked(in_period(world, people(1, bank_name="", guardian_name="赵大", phone="13911112222"), world.period))
    assert again.counts["verdicts"] == {"4": 1}


def test_a_bank_without_an_account_changes_nothing_of_a_known_account(world: World) -> None:
    through(world, people(1))
    through(world, people(1, bank_account="", bank_name="中国建设银行"), next_period(world))
    known = Beneficiary.objects.get()
    assert (known.bank_account.reveal(), known.bank_name) == ("6228480000000007", "中国农业银行")


def test_a_new_guardian_never_stands_beside_the_old_guardians_document(world: World) -> None:
    through(world, people(1, guardian_name="赵大", guardian_document="441602196203151219"))
    through(world, people(1, guardian_name="钱二", guardian_document=""), next_period(world))
    known = Beneficiary.objects.get()
    assert (known.guardian_name.reveal(), known.guardian_document) == ("钱二", None)


def test_a_line_that_says_nothing_of_bank_and_guardian_keeps_both_pairs(world: World) -> None:
    through(world, people(1, guardian_name="赵大", guardian_document="441602196203151219"))
    through(world, people(1, bank_account="", bank_name="", phone="13911112222"), next_period(world))
    known = Beneficiary.objects.get()
    assert (known.bank_account.reveal(), known.bank_name) == ("6228480000000007", "中国农业银行")
    assert (known.guardian_name.reveal(), known.guardian_document.reveal()) == ("赵大", "441602196203151219")
    assert known.phone.reveal() == "13911112222"
