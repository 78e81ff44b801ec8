"""Exit and death of whoever still waits for a gate: the cover is voided, every payer gets the share back, no gate is recorded."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from django.utils import timezone
from django.utils.translation import override

from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import approve_change, open_gates, pass_gate
from beneficiaries.admin.change_words import facts_of, warnings_of
from beneficiaries.gating import Gate, Passed, pass_gate_of
from beneficiaries.models import Ending, Enrollment, Person, Roster
from beneficiaries.models.roster import EndReason, Purpose
from beneficiaries.shown_change import digest_of
from beneficiaries.testing import World, make_world
from beneficiaries.tests.changing import approved, person_of, signed_in
from beneficiaries.tests.outcomes import broken
from beneficiaries.tests.test_lapses import balances, money_of
from beneficiaries.tests.test_purposes import applied, brought, enrolled, who
from beneficiaries.tests.test_single_endings import cover_of, page, proposed, refused, yesterday
from programs.actions import receive_own

pytestmark = pytest.mark.django_db


def waiting() -> World:
    """Three people: two of them have only the insurer before them, the third the notice."""
    found = make_world(
        requires_notice=True, notice_days=0, requires_own_payment=True, requires_insurer_acceptance=True
    )
    enrolled(found, 3)
    two = Enrollment.objects.filter(person__in=[person_of(0).pk, person_of(1).pk])
    for gate in (Gate.NOTICE, Gate.OWN_PAYMENT):
        passed = pass_gate_of(two, gate=gate, period=found.period, by=found.clerk, at=timezone.now())
    receive_own(
        Roster.objects.get(), passed.own_share, program_id=found.program.pk, people=passed.people, by=found.clerk, at=timezone.now()
    )
    return found


_django_db_helper, one_world, kept_world = shared(waiting)


@pytest.fixture
def world(settings: Any, kept_world: World) -> World:
    settings.SECOND_FACTOR_REQUIRED = False
    return kept_world


def accepted(world: World) -> Passed:
    return pass_gate_of(
        Enrollment.objects.all(), gate=Gate.ACCEPTANCE, period=world.period, policy_number="P1", by=world.clerk, at=timezone.now()
    )


@pytest.mark.parametrize("end_reason", [EndReason.LEFT, EndReason.DECEASED])
def test_whoever_waits_for_a_gate_is_voided_with_the_ending_and_every_fen_goes_back(world: World, end_reason: EndReason) -> None:
    before, owed = money_of(world.foundation), balances()
    change = proposed(world, 0, end_reason=end_reason)
    assert (cover_of(0).state, money_of(world.foundation)) == ("awaiting", before)
    approved(change, by=world.reviewer)
    approved(proposed(world, 2, end_reason=end_reason), by=world.reviewer)
    assert [cover_of(number).state for number in range(3)] == ["voided", "awaiting", "voided"]
    endings = Ending.objects.order_by("pk").values_list("enrollment", "reason", "ended_on", "ended_before")
    assert list(endings) == [(cover_of(number).pk, end_reason, yesterday(), cover_of(number).ends_at) for number in (0, 2)]
    assert money_of(world.foundation) == (before[0], before[1] - 2 * D("68.99"), before[2] + 2 * D("68.99"))
    assert balances()["insurer_payable"] - owed["insurer_payable"] == 2 * D("99.00")
    told = Event.objects.filter(verb="roster.covers_voided").order_by("pk").values_list("data", flat=True)
    assert list(told) == [{"covers": 1, "released": "98.99"}] * 2
    assert [each.data["covers"] for each in Event.objects.filter(verb="person.ended")] == [1, 1]
    assert refused(lambda: proposed(world, 0, end_reason=end_reason)) == "NOTHING_TO_END"
    assert accepted(world) == Passed(1, 1, D("0.01"))
    assert broken() == []


def test_a_line_of_a_file_voids_them_as_a_change_does(world: World) -> None:
    day = yesterday()
    roster = applied(
        world, Purpose.END,
        [{**who(number), "end_reason": word, "ended_on": f"{day}"} for number, word in ((0, "身故"), (2, "迁出"))],
    )
    assert (roster.counts["verdicts"], roster.counts["codes"]) == ({"2": 2}, {})
    assert [cover_of(number).state for number in range(3)] == ["voided", "awaiting", "voided"]
    endings = Ending.objects.values_list("enrollment", "reason", "ended_on", "ended_before")
    assert set(endings) == {
        (cover_of(number).pk, reason, day, cover_of(number).ends_at) for number, reason in ((0, "deceased"), (2, "moved"))
    }
    assert (person_of(0).deceased_on, person_of(2).deceased_on) == (day, None)
    assert [money_of(world.foundation), money_of(world.county)] == [
        (D("0.00"), D("68.99"), D("137.98")), (D("0.00"), D("30.00"), D("60.00")),
    ]
    voided = Event.objects.get(verb="roster.covers_voided")
    assert (voided.data, voided.actor_id) == ({"covers": 2, "released": "197.98"}, world.reviewer.pk)
    again = brought(world, Purpose.END, [{**who(2), "end_reason": "退出", "ended_on": f"{day}"}])
    assert again.counts["codes"] == {"NOTHING_TO_END": 1}
    assert broken() == []


def test_the_approver_sees_what_is_voided_and_what_each_payer_gets_back(world: World) -> None:
    change = proposed(world, 0)
    with override("en"):
        facts, warned = dict(facts_of(change)), warnings_of(change)
    assert (facts["covers that wait for a step and are voided"], facts["back to the budgets"]) == ("1", "98.99 yuan")
    assert facts["to be refunded to the person"] == "0.01 yuan"
    assert "covers that end" not in facts
    assert warned == ["1 covers of this office wait for a step; they are voided and never begin."]
    shown = digest_of(change)
    accepted(world)
    assert refused(lambda: approve_change(change, shown=shown, by=world.reviewer, at=timezone.now())) == "CHANGE_STALE"
    approved(change, by=world.reviewer)
    assert (cover_of(0).state, Event.objects.filter(verb="roster.covers_voided").count()) == ("ended", 0)
    assert broken() == []


def test_the_pages_say_of_a_voided_cover_that_it_never_began(world: World) -> None:
    clerk = signed_in(world.clerk)
    assert page("end_cover", cover_of(0)) in clerk.get(page("change", cover_of(0))).content.decode()
    approved(proposed(world, 0), by=world.reviewer)
    said = clerk.get(page("change", cover_of(0))).content.decode()
    assert f"Left on {yesterday()}, while it waited for a step: it never began" in said
    assert "The cover that waited for a step was voided: Left" in clerk.get(page("change", person_of(0))).content.decode()


def test_no_gate_is_recorded_for_the_dead_whoever_told_of_the_death(world: World) -> None:
    """Another office's death: the cover is this office's own to end."""
    Person.objects.filter(pk=person_of(0).pk).update(deceased_on=yesterday())
    assert accepted(world) == Passed(1, 1, D("0.01"))
    assert [cover_of(number).state for number in range(3)] == ["awaiting", "in_force", "awaiting"]
    approved(proposed(world, 0, end_reason=EndReason.DECEASED), by=world.reviewer)
    assert cover_of(0).state == "voided"
    assert broken() == []


def test_the_dead_hold_up_no_step_of_a_whole_roster(world: World) -> None:
    Person.objects.filter(pk=person_of(2).pk).update(deceased_on=yesterday())
    roster = Roster.objects.get()
    assert open_gates(roster) == [Gate.ACCEPTANCE]
    assert pass_gate(roster, gate=Gate.ACCEPTANCE, policy_number="P1", by=world.clerk, at=timezone.now()) == 2


def test_a_planted_cover_that_begins_after_a_known_death_is_found(world: World) -> None:
    approved(proposed(world, 0, end_reason=EndReason.DECEASED), by=world.reviewer)
    Ending.objects.all().delete()
    assert "no_cover_begins_after_a_known_death" not in {name for _number, name, _rows in broken()}
    Enrollment.objects.filter(pk=cover_of(0).pk).update(state="in_force", accepted_at=timezone.now(), insurer_policy_number="P1")
    assert "no_cover_begins_after_a_known_death" in {name for _number, name, _rows in broken()}
