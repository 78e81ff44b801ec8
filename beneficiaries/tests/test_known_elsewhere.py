"""People of one program enrolled in another of the same office, without a file: who, with what, at whose cost, and traced."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from accounts.testing import make_user
from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import (
    approve_change,
    approve_undo,
    enroll_known,
    propose_ending,
    renew_period,
    request_undo,
    restrict_person,
    upload_roster,
)
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.evidence import masked
from beneficiaries.models import Beneficiary, BeneficiaryCategory, Enrollment, Person, Roster, RosterRow
from beneficiaries.models.roster import EndReason
from beneficiaries.shown_change import digest_of
from beneficiaries.testing import World, applied, csv_of, make_world, people
from beneficiaries.tests.outcomes import broken
from beneficiaries.tests.renewing import approved, checked, next_year, verdicts
from beneficiaries.tests.test_purpose_pages import page_of, signed_in, text_of
from intake.models import State
from programs.models import Category, Period, Plan, Program
from programs.testing import make_budget, make_period, make_plan, make_program

pytestmark = pytest.mark.django_db
BASIS = "市政府惠民保资助方案（2027）第三条"
OPEN: dict[str, Any] = {"requires_notice": False, "requires_own_payment": False, "requires_insurer_acceptance": False}
NEW, CHANGED, UNCHANGED, COVERED, REFUSED = 1, 2, 3, 4, 6


@dataclass
class Two:
    """A world whose program knows people, and another program of the same city that takes enrollments."""

    world: World
    other: Program
    plan: Plan
    into: Period


def made() -> Two:
    """Eight people of 1940 to 1947 covered by the one; the other's plan takes nobody above 85."""
    world = make_world(**OPEN)
    applied(world, people(8))
    other = make_program("HM", organization=world.city, insurer=world.insurer)
    by = {"maker": world.finance_maker, "checker": world.finance_checker, "at": world.at}
    plan = make_plan(other, foundation=world.foundation, max_age=85, **OPEN, **by)
    into = make_period(plan, year=world.period.starts_on.year, by=world.finance_checker, at=world.at)
    for funder in (world.foundation, world.county):
        make_budget(funder, period=into, granted=Decimal("1000000.00"), **by)
    return Two(world, other, plan, into)


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture
def two(kept_world: Two) -> Two:
    return kept_world


def asked(two: Two, **given: Any) -> Roster:
    values: dict[str, Any] = {
        "into": two.into, "organization": two.world.office, "basis": BASIS, "by": two.world.clerk, "at": timezone.now(), **given,
    }
    return enroll_known(two.world.period, **values)


def reviewed(two: Two, **given: Any) -> Roster:
    return checked(asked(two, **given))


def enrolled(two: Two, **given: Any) -> Roster:
    return checked(approved(two.world, reviewed(two, **given)))


def born(number: int) -> date:
    return date(1940 + number, 1, 1)


def known(two: Two, number: int) -> Beneficiary:
    """What the first program knows of one of `people`."""
    return Beneficiary.objects.get(program=two.world.program, person__birth_on=born(number))


def here(two: Two, number: int) -> Beneficiary:
    """What the other program knows of them."""
    return Beneficiary.objects.get(program=two.other, person__birth_on=born(number))


def end(beneficiary: Beneficiary, world: World) -> None:
    """Their cover ends, by two people."""
    change = propose_ending(
        beneficiary, end_reason=EndReason.LEFT, ended_on=timezone.localdate(), reason="社区核实。", by=world.clerk,
        at=timezone.now(),
    )
    approve_change(change, shown=digest_of(change), by=world.reviewer, at=timezone.now())


def code(refused: Any) -> str:
    return str(refused.value.code)


def test_whoever_is_covered_there_is_enrolled_here_by_the_rules_of_this_plan(two: Two) -> None:
    world = two.world
    Person.objects.filter(birth_on=born(4)).update(deceased_on=date(2026, 1, 1))
    restrict_person(known(two, 5).person, organization=world.office, by=world.clerk, at=timezone.now())
    BeneficiaryCategory.objects.filter(beneficiary=known(two, 6)).update(valid_to=two.into.starts_on)
    end(known(two, 7), world)
    roster = reviewed(two)
    assert (roster.state, roster.row_count, roster.purpose, roster.basis) == (State.REVIEW, 7, "enroll", BASIS)
    assert verdicts(roster) == {
        born(0): (REFUSED, ["NOT_ELIGIBLE"], "too_old"), born(1): (REFUSED, ["NOT_ELIGIBLE"], "too_old"),
        born(2): (NEW, [], ""), born(3): (NEW, [], ""), born(4): (REFUSED, ["STATUS_DECEASED"], ""),
        None: (REFUSED, ["NOT_PROCESSED"], ""), born(6): (REFUSED, ["NOT_ELIGIBLE"], "category"),
    }
    assert (roster.money["rows"], roster.money["premium"], roster.money["own_share"]) == (2, "198.00", "0.02")
    done = checked(approved(world, roster))
    assert done.state == State.APPLIED
    covers = Enrollment.objects.filter(roster=done).order_by("pk")
    assert [(each.program_id, each.state, each.premium, each.category.name) for each in covers] == [
        (two.other.pk, "in_force", Decimal("99.00"), "低保对象")
    ] * 2
    assert broken() == []


def test_identity_place_and_categories_are_taken_over_and_nothing_else(two: Two) -> None:
    enrolled(two)
    there, now = known(two, 3), here(two, 3)
    assert there.phone is not None and there.bank_account is not None and there.address is not None
    assert (now.person_id, now.region_code, now.organization_id) == (there.person_id, there.region_code, there.organization_id)
    assert (now.phone, now.bank_account, now.address, now.bank_name, now.guardian_name) == (None, None, None, "", None)
    held = BeneficiaryCategory.objects.filter(beneficiary=now).values_list("category__name", flat=True)
    assert list(held) == ["低保对象"]
    # A roster that says no more than that finds nothing to change.
    same = applied_here(two, people(1, first=3, phone="", bank_name="", bank_account="", address=""))
    assert [(row.verdict, row.codes) for row in RosterRow.objects.filter(roster=same)] == [(COVERED, ["ALREADY_COVERED"])]
    row = RosterRow.objects.get(roster=same)
    assert bytes(row.contact_digest or b"") == bytes(now.contact_digest)


def applied_here(two: Two, rows: list[list[str]]) -> Roster:
    """A roster of the other program, checked."""
    return checked(
        upload_roster(
            [("名册.csv", csv_of(rows))], period=two.into, organization=two.world.office, by=two.world.clerk, at=timezone.now(),
        )
    )


def test_whoever_is_known_here_already_keeps_what_is_known_and_gains_categories(two: Two) -> None:
    world = two.world
    checked(approved(world, applied_here(two, people(1, first=2, phone="13900139000"))))
    end(here(two, 2), world)
    orphan = Category.objects.get(code="guer")
    BeneficiaryCategory.objects.create(beneficiary=known(two, 2), category=orphan, valid_from=date(2026, 1, 1), row_id=1)
    before = here(two, 2)
    roster = reviewed(two)
    assert verdicts(roster)[born(2)] == (CHANGED, [], "")
    checked(approved(world, roster))
    after = here(two, 2)
    assert (after.pk, str(after.phone)) == (before.pk, str(before.phone))
    assert set(BeneficiaryCategory.objects.filter(beneficiary=after).values_list("category__name", flat=True)) == {
        "低保对象", orphan.name,
    }
    assert broken() == []
    # The same again finds everybody covered.
    again = reviewed(two)
    assert {verdict for verdict, _codes, _extra in verdicts(again).values()} == {COVERED, REFUSED}


def test_a_plan_for_everybody_takes_everybody_in(two: Two) -> None:
    world = two.world
    everybody = Category.objects.filter(holds_for_everybody=True).earliest("pk")
    program = make_program("HE", organization=world.city, insurer=world.insurer)
    by = {"maker": world.finance_maker, "checker": world.finance_checker, "at": world.at}
    plan = make_plan(program, foundation=world.foundation, categories=[everybody], **OPEN, **by)
    into = make_period(plan, year=world.period.starts_on.year, by=world.finance_checker, at=world.at)
    for funder in (world.foundation, world.county):
        make_budget(funder, period=into, granted=Decimal("1000000.00"), **by)
    BeneficiaryCategory.objects.all().update(valid_to=world.period.starts_on)
    done = enrolled(two, into=into)
    covers = Enrollment.objects.filter(roster=done)
    assert (covers.count(), set(covers.values_list("category", flat=True))) == (8, {everybody.pk})
    # And so does its next year, of people who hold no category of their own.
    BeneficiaryCategory.objects.all().update(valid_to=world.period.starts_on)
    later = next_year(replace(world, program=program, plan=plan, period=into)).into
    renewal = checked(
        renew_period(into, into=later, organization=world.office, by=world.clerk, at=timezone.now())
    )
    assert {(verdict, *codes) for verdict, codes, _extra in verdicts(renewal).values()} == {(UNCHANGED,)}
    assert Enrollment.objects.filter(roster=checked(approved(world, renewal))).count() == 8
    assert broken() == []


def test_what_changed_there_between_review_and_approval_is_set_aside_with_its_money(two: Two) -> None:
    world = two.world
    roster = reviewed(two)
    end(known(two, 2), world)
    Beneficiary.objects.filter(pk=known(two, 3).pk).update(region_code="441602001")
    BeneficiaryCategory.objects.filter(beneficiary=known(two, 4)).update(valid_to=two.into.starts_on)
    restrict_person(known(two, 5).person, organization=world.office, by=world.clerk, at=timezone.now())
    done = checked(approved(world, roster))
    aside = RosterRow.objects.filter(roster=done).exclude(set_aside="").order_by("birth_on")
    assert [(row.birth_on, row.set_aside) for row in aside] == [
        (born(number), "CHANGED_SINCE_REVIEW") for number in (2, 3, 4, 5)
    ]
    covered = Enrollment.objects.filter(roster=done).values_list("person__birth_on", flat=True)
    assert sorted(covered) == [born(6), born(7)]
    assert broken() == []


def test_the_undo_takes_the_covers_here_and_leaves_those_there(two: Two) -> None:
    world = two.world
    done = enrolled(two)
    undo = request_undo(done, reason="方案尚未批准", by=world.clerk, at=timezone.now())
    approve_undo(undo, by=world.reviewer, at=timezone.now())
    checked(done)
    assert set(Enrollment.objects.filter(roster=done).values_list("state", flat=True)) == {"voided"}
    assert Enrollment.objects.filter(program=world.program, state="in_force").count() == 8
    assert broken() == []


def test_each_cover_leads_to_the_cover_there_and_to_its_line(two: Two) -> None:
    done = enrolled(two)
    cover = Enrollment.objects.get(roster=done, person__birth_on=born(3))
    there = Enrollment.objects.get(program=two.world.program, person__birth_on=born(3))
    with translation.override("en"):
        parts = {part.title: dict(part.entries[0]) for part in masked(cover) if part.entries}
    assert parts["Known by another program"]["Cover that it comes from"] == there.number
    assert parts["Line of the file"]["Line"] == "5"
    said = Event.objects.get(verb="roster.known_begun").data
    assert (said["basis"], said["before"], said["into"]) == (
        BASIS, f"{two.world.program.name} {two.world.period.code}", f"{two.other.name} {two.into.code}",
    )
    told = Event.objects.get(verb="period.people_used")
    assert (told.program_id, told.data["roster"]) == (two.world.program.pk, done.pk)


def test_only_some_categories_and_one_place_are_looked_at_where_that_is_said(two: Two) -> None:
    Beneficiary.objects.filter(pk=known(two, 3).pk).update(region_code="441602001")
    roster = reviewed(two, region="441602001", categories=[Category.objects.get(code="dibao")])
    assert set(verdicts(roster)) == {born(3)}
    with pytest.raises(BeneficiariesRefused) as refused:
        asked(two, categories=[Category.objects.get(code="guer")])
    assert code(refused) == "NOBODY_TO_RENEW"


def test_it_is_refused_without_a_ground_within_one_program_or_beyond_the_reach_of_a_role(two: Two) -> None:
    world = two.world
    limited = make_user("hy-limited", organization=world.office, role="clerk", program_ids=[two.other.pk])
    elsewhere = make_user("hy-sibling", organization=world.sibling, role="clerk")
    for given, wanted in (
        ({"basis": "  "}, "BASIS"), ({"into": world.period}, "KNOWN_OF_ANOTHER"), ({"by": limited}, "OUT_OF_SCOPE"),
        ({"by": elsewhere}, "OUT_OF_SCOPE"), ({"region": "441621"}, "OUT_OF_SCOPE"),
    ):
        with pytest.raises(BeneficiariesRefused) as refused:
            asked(two, **given)
        assert code(refused) == wanted, given
    assert not Roster.objects.filter(period=two.into).exists()
    asked(two)
    with pytest.raises(BeneficiariesRefused) as refused:
        asked(two)
    assert code(refused) == "RENEWAL_WAITS"


def test_a_renewal_stays_within_its_program(two: Two) -> None:
    with pytest.raises(BeneficiariesRefused) as refused:
        renew_period(two.world.period, into=two.into, organization=two.world.office, by=two.world.clerk, at=timezone.now())
    assert code(refused) == "RENEWED_PERIOD"


def test_a_clerk_begins_it_by_a_form_and_the_pages_say_where_people_come_from(two: Two, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    client = signed_in(two.world.clerk)
    address = reverse("admin:beneficiaries_roster_known")
    given = {"into": two.into.pk, "before": two.world.period.pk, "organization": two.world.office.pk}
    assert "从其他项目人员投保" in text_of(client, address)
    missing = client.post(address, given)
    assert (missing.status_code, Roster.objects.filter(period=two.into).count()) == (200, 0)
    same = client.post(address, {**given, "into": two.world.period.pk, "basis": BASIS})
    assert "同一项目内请使用续保" in same.content.decode()
    assert client.post(address, {**given, "basis": BASIS}).status_code == 302
    roster = checked(Roster.objects.latest("pk"))
    shown = text_of(client, page_of(roster))
    assert f"来自{two.world.program.name} {two.world.period.code}" in shown.replace("来自 ", "来自")
    assert "源城区在该项目在保并经核查 8 人，可在本项目投保 6 人。" in shown
    assert f"依据：{BASIS}" in shown
    assert "本项目新增" in shown and "不予投保" in shown
    there = Enrollment.objects.get(program=two.world.program, person__birth_on=born(3))
    assert there.number in shown
    assert "添加文件" not in shown
    cover = Enrollment.objects.get(roster=checked(approved(two.world, roster)), person__birth_on=born(3))
    page = reverse("admin:beneficiaries_enrollment_change", args=[cover.pk])
    assert f"从其他项目人员投保。该项目保障凭证号：{there.number}" in text_of(client, page)
    limited = make_user("hy-limited", organization=two.world.office, role="clerk", program_ids=[two.other.pk])
    said = text_of(signed_in(limited), page)
    assert "该项目保障凭证号：—" in said
    assert there.number not in said
