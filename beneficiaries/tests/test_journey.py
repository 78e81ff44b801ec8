"""A roster's whole way: file, check, review, approval by another, people, covers, money, and back to its line."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from audit.models import Event
from beneficiaries.actions import approve_roster, submit_roster
from beneficiaries.models import Beneficiary, BeneficiaryCategory, Enrollment, Person, Roster, RosterRow
from beneficiaries.testing import World, make_world, people, resident_id, row, uploaded
from intake.errors import IntakeRefused
from intake.models import State
from jobs.testing import drain
from programs.errors import BudgetRefused
from programs.models import Budget, LedgerAccount

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def through(world: World, rows: list[list[str]]) -> Roster:
    roster = uploaded(world, rows)
    drain()
    roster = submit_roster(Roster.objects.get(pk=roster.pk), by=world.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()
    return Roster.objects.get(pk=roster.pk)


def test_good_rows_become_funded_cover_and_refused_ones_do_not_stop_them(world: World) -> None:
    bad = row(document="441602196203151218")
    roster = uploaded(world, [*people(3), bad, row(document=resident_id("441602", "19300101", 7), name="")])
    drain()
    roster = Roster.objects.get(pk=roster.pk)
    assert roster.state == State.REVIEW
    assert roster.counts["verdicts"] == {"1": 3, "6": 2}
    assert roster.money["premium"] == "297.00"
    assert roster.money["own_share"] == "0.03"
    assert [(line["name"], line["amount"]) for line in roster.money["funders"]] == [
        ("示例公益基金会HY", "206.97"), ("源城区财政", "90.00"),
    ]
    roster = submit_roster(roster, by=world.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    assert list(Budget.objects.order_by("funder__name").values_list("reserved", "used")) == [
        (Decimal("90.00"), 0), (Decimal("206.97"), 0),
    ]
    drain()
    roster = Roster.objects.get(pk=roster.pk)
    assert roster.state == State.APPLIED
    assert (Person.objects.count(), Beneficiary.objects.count(), BeneficiaryCategory.objects.count()) == (3, 3, 3)
    assert Enrollment.objects.filter(state="in_force").count() == 3
    assert list(Budget.objects.order_by("funder__name").values_list("reserved", "used")) == [
        (0, Decimal("90.00")), (0, Decimal("206.97")),
    ]
    balances = dict(LedgerAccount.objects.values_list("kind", "balance").filter(funder=None))
    assert balances == {"person_receivable": Decimal("0.03"), "insurer_payable": Decimal("-297.00")}
    cover = Enrollment.objects.select_related("person").order_by("pk")[0]
    line = RosterRow.objects.get(pk=cover.row_id)
    assert (line.line, line.file.name) == (2, "名册.csv") or line.line in (3, 4)
    assert cover.person.name.reveal() == line.name.reveal()
    assert str(cover.person.name) == "李*"
    assert (cover.premium, cover.own_share) == (Decimal("99.00"), Decimal("0.01"))
    verbs = list(Event.objects.filter(subject_type="beneficiaries.roster").order_by("pk").values_list("verb", flat=True))
    assert verbs == [
        "roster.received", "roster.checked", "roster.submitted", "roster.approved", "roster.chunk_applied",
        "roster.applied",
    ]


def test_the_same_people_again_are_covered_already_and_cost_nothing(world: World) -> None:
    through(world, people(3))
    second = uploaded(world, [*people(3), *people(1, first=3)])
    drain()
    second = Roster.objects.get(pk=second.pk)
    assert second.counts["verdicts"] == {"1": 1, "4": 3}
    assert second.money["premium"] == "99.00"


def test_the_same_file_again_is_refused_and_names_the_first(world: World) -> None:
    first = uploaded(world, people(2))
    with pytest.raises(IntakeRefused) as refused:
        uploaded(world, people(2))
    assert refused.value.code == "ALREADY_IMPORTED"
    assert refused.value.facts["number"] == first.pk


def test_nobody_approves_what_they_uploaded_and_nothing_changes(world: World) -> None:
    roster = uploaded(world, people(2))
    drain()
    roster = submit_roster(Roster.objects.get(pk=roster.pk), by=world.clerk, at=timezone.now())
    with pytest.raises(IntakeRefused) as refused:
        approve_roster(roster, digest=roster.digest, by=world.clerk, at=timezone.now())
    assert refused.value.code == "OWN_WORK"
    assert Roster.objects.get(pk=roster.pk).state == State.SUBMITTED
    assert set(Budget.objects.values_list("reserved", flat=True)) == {0}


def test_another_digest_than_the_one_looked_at_is_refused(world: World) -> None:
    roster = uploaded(world, people(2))
    drain()
    roster = submit_roster(Roster.objects.get(pk=roster.pk), by=world.clerk, at=timezone.now())
    with pytest.raises(IntakeRefused) as refused:
        approve_roster(roster, digest="0" * 64, by=world.reviewer, at=timezone.now())
    assert refused.value.code == "DIGEST"


def test_rows_changed_after_the_approval_are_not_applied(world: World) -> None:
    roster = uploaded(world, people(2))
    drain()
    roster = submit_roster(Roster.objects.get(pk=roster.pk), by=world.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    RosterRow.objects.filter(roster=roster, line=2).update(premium=Decimal("1.00"))
    outcomes = drain()
    assert [outcome.ending for outcome in outcomes] == ["failed"]
    assert Enrollment.objects.count() == 0


def test_a_budget_that_does_not_suffice_refuses_the_whole_and_names_what_remains() -> None:
    world = make_world(granted=Decimal("100.00"))
    roster = uploaded(world, people(2))
    drain()
    roster = submit_roster(Roster.objects.get(pk=roster.pk), by=world.clerk, at=timezone.now())
    with pytest.raises(BudgetRefused) as refused:
        approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    assert refused.value.facts == {
        "funder": "示例公益基金会HY", "wanted": Decimal("137.98"), "remaining": Decimal("100.00"),
    }
    assert Roster.objects.get(pk=roster.pk).state == State.SUBMITTED


def test_another_name_under_a_known_number_waits_for_a_person(world: World) -> None:
    through(world, people(1))
    again = people(1)[0]
    again[0] = "赵大"
    roster = uploaded(world, [again, *people(1, first=1)])
    drain()
    roster = Roster.objects.get(pk=roster.pk)
    assert roster.counts["verdicts"] == {"1": 1, "5": 1}
    assert roster.counts["codes"]["IDENTITY_CONFLICT"] == 1


def test_what_changed_since_the_review_is_set_aside_and_its_money_released(world: World) -> None:
    first = uploaded(world, people(3))
    drain()
    second = uploaded(world, people(2))
    drain()
    for roster in (first, second):
        found = submit_roster(Roster.objects.get(pk=roster.pk), by=world.clerk, at=timezone.now())
        approve_roster(found, digest=found.digest, by=world.reviewer, at=timezone.now())
    drain()
    assert Enrollment.objects.count() == 3
    assert set(RosterRow.objects.filter(roster=second).values_list("set_aside", flat=True)) == {"ALREADY_COVERED"}
    assert Budget.objects.get(funder=world.foundation).used == Decimal("206.97")
    assert Budget.objects.get(funder=world.foundation).reserved == 0
    assert Budget.objects.get(funder=world.foundation).released == Decimal("137.98")


def test_a_file_that_cannot_be_read_ends_in_words(world: World) -> None:
    roster = uploaded(world, [])
    drain()
    roster = Roster.objects.get(pk=roster.pk)
    assert roster.state == State.FAILED
    assert [finding[1] for finding in roster.file_findings] == ["NO_ROWS"]


def test_no_personal_value_stands_plain_in_the_database(world: World) -> None:
    through(world, people(1))
    from django.db import connection

    plain = people(1)[0]
    with connection.cursor() as cursor:
        for table in ("person", "beneficiary", "rosterrow", "roster", "rosterchunk"):
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM beneficiaries_{table} t")
            text = cursor.fetchone()[0]
            for value in (plain[0], plain[2], plain[8], plain[10], plain[6]):
                assert value not in text, (table, value)
                assert value.encode().hex() not in text
