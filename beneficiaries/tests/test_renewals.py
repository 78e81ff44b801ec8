"""Everybody of one period renewed into the next: who goes on, why others do not, what it costs, drift, undo, traces."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone, translation

from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import (
    add_files,
    approve_change,
    approve_undo,
    propose_ending,
    propose_move,
    renew_period,
    request_undo,
    restrict_person,
    withdraw_roster,
)
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.evidence import masked
from beneficiaries.models import Beneficiary, BeneficiaryCategory, Enrollment, Person, PersonChange, Roster, RosterRow
from beneficiaries.models.roster import EndReason
from beneficiaries.renewing_periods import cover_before, rows_before
from beneficiaries.shown_change import digest_of
from beneficiaries.testing import csv_of, people
from beneficiaries.tests.outcomes import broken
from beneficiaries.tests.renewing import (
    Years,
    approved,
    asked,
    checked,
    cover_of,
    covered,
    make_years,
    renewed,
    reviewed,
    verdicts,
)
from intake.errors import IntakeRefused
from intake.models import State
from programs.models import Budget, Category

pytestmark = pytest.mark.django_db

_django_db_helper, one_world, kept_world = shared(lambda: with_people())


def with_people() -> Years:
    """Eight people of 1940 to 1947 covered; the plan takes nobody above 87, so that the eldest is too old a year later."""
    years = make_years(max_age=87)
    covered(years, 8)
    return years


@pytest.fixture
def years(kept_world: Years) -> Years:
    return kept_world


def born(number: int) -> date:
    return date(1940 + number, 1, 1)


def ended(years: Years, number: int, reason: EndReason = EndReason.LEFT) -> None:
    cover = cover_of(years, number)
    Enrollment.objects.filter(pk=cover.pk).update(starts_at=timezone.now() - timedelta(days=30))
    change = propose_ending(
        Beneficiary.objects.get(pk=cover.beneficiary_id), end_reason=reason,
        ended_on=timezone.localdate() - timedelta(days=1), reason="社区核实。", by=years.world.clerk, at=timezone.now(),
    )
    approve_change(change, shown=digest_of(change), by=years.world.reviewer, at=timezone.now())


def restricted(years: Years, number: int) -> None:
    person = cover_of(years, number).person
    restrict_person(person, organization=years.world.office, by=years.world.clerk, at=timezone.now())


def test_who_is_eligible_is_renewed_and_everybody_else_is_told_why(years: Years) -> None:
    world = years.world
    Person.objects.filter(birth_on=born(1)).update(deceased_on=date(2026, 1, 1))
    ended(years, 2)
    restricted(years, 3)
    BeneficiaryCategory.objects.filter(beneficiary=cover_of(years, 4).beneficiary).update(valid_to=years.into.starts_on)
    Enrollment.objects.filter(pk=cover_of(years, 5).pk).update(state="awaiting")
    roster = reviewed(years)
    assert (roster.state, roster.row_count) == (State.REVIEW, 8)
    assert verdicts(roster) == {
        born(0): (6, ["NOT_ELIGIBLE"], "too_old"), born(1): (6, ["STATUS_DECEASED"], ""),
        born(2): (6, ["ENDED_EARLY"], "left"), None: (6, ["NOT_PROCESSED"], ""),
        born(4): (6, ["NOT_ELIGIBLE"], "category"), born(5): (6, ["COVER_WAITS"], ""),
        born(6): (3, [], ""), born(7): (3, [], ""),
    }
    assert roster.counts["verdicts"] == {"3": 2, "6": 6}
    assert roster.counts["codes"] == {
        "COVER_WAITS": 1, "ENDED_EARLY": 1, "NOT_ELIGIBLE": 2, "NOT_PROCESSED": 1, "STATUS_DECEASED": 1,
    }
    assert (roster.money["rows"], roster.money["premium"], roster.money["own_share"]) == (2, "198.00", "0.02")
    assert [(line["name"], line["amount"]) for line in roster.money["funders"]] == [
        (world.foundation.name, "137.98"), (world.county.name, "60.00"),
    ]
    assert list(rows_before(roster).values()) == [[2, 8]]
    assert broken() == []


def test_an_approved_renewal_enrolls_from_the_first_day_of_the_new_period_and_leads_back_to_a_line(years: Years) -> None:
    roster = renewed(years)
    assert roster.state == State.APPLIED
    made = Enrollment.objects.filter(roster=roster).select_related("program", "period").order_by("id")
    assert {each.person.birth_on for each in made} == {born(number) for number in range(1, 8)}
    for each in made:
        before = cover_before(each)
        assert before is not None
        assert (before.person_id, before.period_id, before.beneficiary_id) == (each.person_id, years.before.pk, each.beneficiary_id)
        line = RosterRow.objects.get(pk=before.row_id)
        assert (line.file is not None and line.file.name, line.before_id) == ("名册.csv", None)
        assert timezone.localtime(each.starts_at).date() == years.into.starts_on
        assert timezone.localtime(each.ends_at).date() == years.into.ends_on
        assert (each.premium, each.own_share, each.state) == (Decimal("99.00"), Decimal("0.01"), cover_of(years, 1).state)
    assert {(budget.reserved, budget.used) for budget in Budget.objects.filter(period=years.into)} == {
        (Decimal("0.00"), Decimal("482.93")), (Decimal("0.00"), Decimal("210.00")),
    }
    assert cover_before(cover_of(years, 1)) is None
    told = Event.objects.filter(subject_type="beneficiaries.roster", subject_id=str(roster.pk)).order_by("pk")
    assert [event.verb for event in told] == [
        "roster.renewal_begun", "roster.checked", "roster.submitted", "roster.approved", "roster.chunk_applied", "roster.applied",
    ]
    assert broken() == []


def test_the_evidence_of_a_renewed_cover_leads_to_the_file_of_the_cover_before(years: Years) -> None:
    cover = Enrollment.objects.filter(roster=renewed(years)).earliest("pk")
    before = cover_before(cover)
    assert before is not None
    with translation.override("en"):
        parts = {str(part.title): dict(part.entries[0]) for part in masked(cover)}
    assert parts["Renewed without a file"]["Cover that it comes from"] == before.number
    line = RosterRow.objects.get(pk=before.row_id)
    assert (parts["Line of the file"]["File"], parts["Line of the file"]["Line"]) == ("名册.csv", str(line.line))


def test_nothing_personal_is_sealed_again_and_nothing_known_is_changed(years: Years) -> None:
    contact = list(Beneficiary.objects.order_by("pk").values_list("contact_digest", "updated_at", "bank_name"))
    roster = renewed(years)
    rows = RosterRow.objects.filter(roster=roster, verdict=3)
    # The very tokens: sealed anew they would differ.
    tokens = Person.objects.extra(select={"token": "document"}).values_list("pk", "token")
    assert dict(rows.extra(select={"token": "document"}).values_list("known_person_id", "token")).items() <= dict(tokens).items()
    assert rows.filter(phone__isnull=True, address__isnull=True, bank_account__isnull=True, raw__isnull=True).count() == 7
    assert list(Beneficiary.objects.order_by("pk").values_list("contact_digest", "updated_at", "bank_name")) == contact
    assert BeneficiaryCategory.objects.count() == 8


def test_what_changed_between_review_and_approval_is_set_aside_and_its_money_released(years: Years) -> None:
    roster = reviewed(years)
    ended(years, 1)
    Person.objects.filter(birth_on=born(2)).update(deceased_on=date(2026, 1, 1))
    BeneficiaryCategory.objects.filter(beneficiary=cover_of(years, 3).beneficiary).update(valid_to=years.into.starts_on)
    Beneficiary.objects.filter(pk=cover_of(years, 4).beneficiary_id).update(region_code="441602001")
    restricted(years, 5)
    roster = checked(approved(years.world, roster))
    assert roster.state == State.APPLIED
    aside = dict(RosterRow.objects.filter(roster=roster).exclude(set_aside="").values_list("birth_on", "set_aside"))
    assert aside == {
        born(1): "CHANGED_SINCE_REVIEW", born(2): "STATUS_DECEASED", born(3): "CHANGED_SINCE_REVIEW",
        born(4): "CHANGED_SINCE_REVIEW", born(5): "NOT_PROCESSED",
    }
    assert {each.person.birth_on for each in Enrollment.objects.filter(roster=roster)} == {born(6), born(7)}
    assert [(budget.reserved, budget.used) for budget in Budget.objects.filter(period=years.into).order_by("pk")] == [
        (Decimal("0.00"), Decimal("137.98")), (Decimal("0.00"), Decimal("60.00")),
    ]
    assert broken() == []


def test_whoever_another_office_has_taken_over_is_left_to_it(years: Years) -> None:
    world, cover = years.world, cover_of(years, 1)
    change = propose_move(
        Beneficiary.objects.get(pk=cover.beneficiary_id), region_code="441621", reason="搬到紫金县", by=world.clerk,
        at=timezone.now(),
    )
    assert change.kind == "transfer"
    waiting = reviewed(years)
    PersonChange.objects.filter(pk=change.pk).update(
        state="approved", decided_by=world.reviewer, decided_at=timezone.now()
    )
    withdraw_roster(waiting, reason="重新发起", by=world.clerk, at=timezone.now())
    roster = reviewed(years)
    assert verdicts(roster)[born(1)] == (6, ["TAKEN_OVER"], "")


def test_who_lives_where_nobody_pays_is_not_renewed_and_the_reason_is_told(years: Years) -> None:
    Beneficiary.objects.filter(pk=cover_of(years, 1).beneficiary_id).update(region_code="441621")
    verdict, codes, reason = verdicts(reviewed(years))[born(1)]
    assert (verdict, codes) == (6, ["NOT_FUNDED"])
    assert "441621" in reason


def test_whoever_is_taken_over_after_the_review_is_set_aside(years: Years) -> None:
    world, cover = years.world, cover_of(years, 1)
    change = propose_move(
        Beneficiary.objects.get(pk=cover.beneficiary_id), region_code="441621", reason="搬到紫金县", by=world.clerk,
        at=timezone.now(),
    )
    roster = reviewed(years)
    PersonChange.objects.filter(pk=change.pk).update(
        state="approved", decided_by=world.reviewer, decided_at=timezone.now()
    )
    roster = checked(approved(world, roster))
    aside = dict(RosterRow.objects.filter(roster=roster).exclude(set_aside="").values_list("birth_on", "set_aside"))
    assert aside == {born(1): "CHANGED_SINCE_REVIEW"}


def test_whoever_is_covered_already_is_not_covered_twice(years: Years) -> None:
    first = renewed(years)
    again = reviewed(years)
    assert again.counts["verdicts"] == {"4": 7, "6": 1}
    with pytest.raises(IntakeRefused) as refused:
        approved(years.world, again)
    assert refused.value.code == "NOTHING_TO_APPLY"
    assert Enrollment.objects.filter(period=years.into).count() == Enrollment.objects.filter(roster=first).count() == 7


def test_two_renewals_that_overlap_cover_each_person_once(years: Years) -> None:
    whole = reviewed(years)
    part = reviewed(years, categories=list(Category.objects.filter(pk=cover_of(years, 1).category_id)))
    assert (whole.row_count, part.row_count) == (8, 8)
    part, whole = approved(years.world, part), approved(years.world, whole)
    part, whole = checked(part), checked(whole)
    done = [Enrollment.objects.filter(roster=each).count() for each in (part, whole)]
    assert sorted(done) == [0, 7]
    late = (part, whole)[done.index(0)]
    assert set(RosterRow.objects.filter(roster=late, verdict=3).values_list("set_aside", flat=True)) == {"ALREADY_COVERED"}
    assert broken() == []


def test_a_second_renewal_of_the_same_people_is_refused_while_the_first_is_not_done(years: Years) -> None:
    first = asked(years)
    with pytest.raises(BeneficiariesRefused) as refused:
        asked(years)
    assert (refused.value.code, refused.value.facts["number"]) == ("RENEWAL_WAITS", first.pk)
    withdraw_roster(checked(first), reason="发错了年度", by=years.world.clerk, at=timezone.now())
    assert asked(years).pk > first.pk


def test_an_undone_renewal_voids_its_covers_and_can_be_made_again(years: Years) -> None:
    roster = renewed(years)
    roster = request_undo(roster, reason="方案有误", by=years.world.clerk, at=timezone.now())
    roster = checked(approve_undo(roster, by=years.world.reviewer, at=timezone.now()))
    assert roster.state == State.UNDONE
    assert set(Enrollment.objects.filter(roster=roster).values_list("state", flat=True)) == {"voided"}
    assert set(Enrollment.objects.filter(period=years.before).values_list("state", flat=True)) == {cover_of(years, 1).state}
    assert set(Budget.objects.filter(period=years.into).values_list("reserved", "used")) == {(Decimal(0), Decimal(0))}
    assert Beneficiary.objects.filter(bank_account__isnull=False).count() == 8
    again = renewed(years)
    assert Enrollment.objects.filter(roster=again, state=cover_of(years, 1).state).count() == 7
    assert broken() == []


def test_only_a_region_or_categories_are_renewed_where_that_is_said(years: Years) -> None:
    Beneficiary.objects.filter(pk__in=[cover_of(years, number).beneficiary_id for number in (1, 2)]).update(region_code="441602001")
    roster = reviewed(years, region="441602001")
    assert set(verdicts(roster)) == {born(1), born(2)}
    other = Category.objects.exclude(pk=cover_of(years, 1).category_id).order_by("pk")[:1]
    with pytest.raises(BeneficiariesRefused) as refused:
        asked(years, categories=list(other))
    assert refused.value.code == "NOBODY_TO_RENEW"


def test_wrong_periods_regions_and_files_are_refused_in_words(years: Years) -> None:
    world = years.world
    given = {"organization": world.office, "by": world.clerk, "at": timezone.now()}
    for before, into, further, code in (
        (years.into, years.before, {}, "RENEWED_PERIOD"), (years.before, years.before, {}, "RENEWED_PERIOD"),
        (years.before, years.into, {"region": "441621"}, "RENEWED_REGION"),
    ):
        with pytest.raises(BeneficiariesRefused) as refused:
            renew_period(before, into=into, **given, **further)
        assert refused.value.code == code
    roster = reviewed(years)
    with pytest.raises(BeneficiariesRefused) as refused:
        add_files(roster, [("更多.csv", csv_of(people(1)))], by=world.clerk, at=timezone.now())
    assert refused.value.code == "RENEWAL_HAS_NO_FILES"
    assert Roster.objects.filter(renewed_period__isnull=False).count() == 1


def test_the_approved_digest_binds_whom_and_what_the_renewal_means(years: Years) -> None:
    roster = reviewed(years)
    row = RosterRow.objects.filter(roster=roster, verdict=3).order_by("pk").first()
    assert row is not None
    other = Enrollment.objects.filter(period=years.before).exclude(pk=row.before_id).order_by("pk").first()
    roster = approved(years.world, roster)
    RosterRow.objects.filter(pk=row.pk).update(before=other)
    roster = checked(roster)
    assert roster.state == State.APPLYING
    assert not Enrollment.objects.filter(roster=roster).exists()


@pytest.mark.parametrize("change", [
    "before_id = NULL, file_id = 1", "before_id = (SELECT max(id) FROM beneficiaries_enrollment)",
    "before_id = (SELECT min(before_id) FROM beneficiaries_rosterrow)",
])
def test_a_renewed_cover_that_leads_to_no_cover_before_is_told(years: Years, change: str) -> None:
    roster = renewed(years)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE beneficiaries_rosterrow DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE beneficiaries_rosterrow SET {change} WHERE roster_id = %s AND verdict = 3", [roster.pk])
    assert "renewals_lead_to_the_cover_before" in {name for _number, name, _rows in broken()}
