"""Differences: who is owed what after an ending, an undo, a second subsidy; each payer their own share, to the fen."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from audit.testing import shared
from beneficiaries.actions import approve_change, propose_refund
from beneficiaries.models import Ending, Enrollment, Roster
from beneficiaries.shown_change import digest_of
from beneficiaries.testing import World, applied, make_world, people
from beneficiaries.tests.purchasing import paid_market, person
from beneficiaries.tests.test_lapses import balances
from portal.verify import check_all
from subsidies import actions
from subsidies.errors import SubsidyRefused
from subsidies.models import DifferenceLine, Differences
from subsidies.testing import (
    confirmed,
    differences,
    ended,
    funds,
    made,
    midnight,
    prorated,
    received,
    reversed_one,
    sent,
    undone,
)

pytestmark = pytest.mark.django_db
D = Decimal
#: `endings_are_of_their_rows`: endings are planted here without the roster that would bring them.
PLANTED = {"endings_are_of_their_rows"}


def make() -> tuple[World, Roster]:
    """Three people in force for the whole of next year."""
    world = make_world()
    return world, applied(world, people(3))


_django_db_helper, one_world, kept_world = shared(make)


def broken() -> list[tuple[str, list[str]]]:
    return [(result.name, result.examples) for result in check_all() if result.rows and result.name not in PLANTED]


def refused(code: str, act: Any) -> SubsidyRefused:
    with pytest.raises(SubsidyRefused) as caught:
        act()
    assert caught.value.code == code
    return caught.value


def lines_of(found: Differences) -> list[tuple[str, str, str]]:
    rows = found.lines.select_related("funder").order_by("enrollment", "funder__kind", "pk")
    return [(row.funder.kind if row.funder else "person", str(row.amount), row.reason) for row in rows]


def cover_of(roster: Roster, number: int = 0) -> Enrollment:
    return roster.enrollments.select_related("program", "period").order_by("pk")[number]


def test_a_cover_that_ended_before_it_began_gives_each_payer_the_whole_share_back(kept_world: Any) -> None:
    world, roster = kept_world
    sent(world)
    received(world, "206.97")
    before = balances()
    ended(cover_of(roster), ended_on=timezone.localdate())
    found = differences(world)
    assert lines_of(found) == [("foundation", "68.99", "ended"), ("government", "30.00", "ended"), ("person", "0.01", "ended")]
    assert (found.people, found.funders_amount, found.own_amount, found.refund_amount) == (1, D("98.99"), D("0.01"), D("0.00"))
    now = balances()
    assert now["insurer_payable"] - before["insurer_payable"] == D("99.00")
    assert now["person_receivable"] - before["person_receivable"] == D("-0.01")
    request = sent(world)
    assert (request.amount, request.removals) == (D("-68.99"), 1)
    assert request.lines.get().times == -1
    assert funds(world.foundation) == {"received": D("206.97"), "credit": D("-68.99")}
    assert broken() == []


def test_without_a_rule_nothing_comes_back_of_a_cover_that_had_begun(kept_world: Any) -> None:
    world, roster = kept_world
    began = timezone.localdate() - timedelta(days=30)
    ended(cover_of(roster), ended_on=timezone.localdate(), starts_on=began)
    refused("NO_DIFFERENCES", lambda: differences(world))


@pytest.mark.parametrize(
    ("rule", "begins", "last", "until", "back"),
    [
        # 99.00 for 365 days, 73 of them used: 19.80, of which the person bears 0.00, the county 6.00, the foundation 13.80.
        ("daily", date(2025, 1, 1), date(2025, 3, 14), date(2026, 1, 1), ("55.19", "24.00", "0.01")),
        # Three of twelve months begun: 24.75 used; 0.01 x 0.25 = 0.0025 is borne as 0.00.
        ("monthly", date(2025, 1, 1), date(2025, 3, 14), date(2026, 1, 1), ("51.74", "22.50", "0.01")),
        # All but a day: 98.73 used; the person bears the whole fen.
        ("daily", date(2025, 1, 1), date(2025, 12, 30), date(2026, 1, 1), ("0.19", "0.08", "")),
    ],
)
def test_by_the_plans_rule_each_payer_gets_back_their_part_of_what_was_not_used(
    kept_world: Any, rule: str, begins: date, last: date, until: date, back: tuple[str, str, str]
) -> None:
    world, roster = kept_world
    prorated(world, rule)
    cover = cover_of(roster)
    Enrollment.objects.filter(pk=cover.pk).update(starts_at=midnight(begins), ends_at=midnight(until))
    cover.refresh_from_db()
    ended(cover, ended_on=last)
    found = differences(world)
    wanted = zip(("foundation", "government", "person"), back, strict=True)
    assert lines_of(found) == [(payer, amount, "ended") for payer, amount in wanted if amount]
    assert broken() == []


def test_a_second_list_finds_nothing_and_an_ending_that_was_undone_is_taken_back(kept_world: Any) -> None:
    world, roster = kept_world
    sent(world)
    cover = cover_of(roster)
    until = cover.ends_at
    ended(cover, ended_on=timezone.localdate())
    differences(world)
    sent(world)
    refused("NO_DIFFERENCES", lambda: differences(world))
    Ending.objects.filter(enrollment=cover).delete()
    Enrollment.objects.filter(pk=cover.pk).update(state="in_force", ends_at=until)
    found = differences(world)
    assert {reason for _payer, _amount, reason in lines_of(found)} == {"taken_back"}
    assert (found.funders_amount, found.own_amount) == (D("-98.99"), D("-0.01"))
    request = sent(world)
    line = request.lines.get()
    assert (line.turn, line.times, line.amount, line.new_person) == (2, 1, D("68.99"), False)
    assert broken() == []


def test_own_shares_of_undone_covers_are_paid_back_whole_and_once(kept_world: Any) -> None:
    world, roster = kept_world
    Enrollment.objects.filter(roster=roster).update(own_paid_at=timezone.now())
    undone(world, roster)
    before = balances()
    found = differences(world)
    assert lines_of(found) == [("person", "0.01", "voided")] * 3
    assert (found.refund_amount, found.funders_amount) == (D("0.03"), D("0.00"))
    # The undo was booked when it was made.
    assert balances() == before
    given: dict[str, Any] = {"paid_on": timezone.localdate(), "by": world.finance_maker, "at": timezone.now()}
    wrong = refused("REFUND_AMOUNT", lambda: actions.record_own_refund(found, amount=D("0.02"), reference="T1", **given))
    assert wrong.facts == {"due": D("0.03"), "paid": D("0.02")}
    refund = actions.record_own_refund(found, amount=D("0.03"), reference="T1", **given)
    refused("REFUNDED_ALREADY", lambda: actions.record_own_refund(found, amount=D("0.03"), reference="T2", **given))
    confirmed(world, refund)
    now = balances()
    assert now["person_receivable"] - before["person_receivable"] == D("0.03")
    # What was paid was planted here, not booked.
    assert now["own_received"] == D("-0.03")
    reversed_one(world, refund)
    assert {kind: amount for kind, amount in balances().items() if amount} == {k: amount for k, amount in before.items() if amount}


def test_a_cover_paid_for_elsewhere_costs_the_funder_nothing_more_and_stands(kept_world: Any) -> None:
    world, roster = kept_world
    sent(world)
    cover = cover_of(roster)
    given: dict[str, Any] = {"funder": world.foundation, "by": world.finance_maker, "at": timezone.now()}
    refused("REASON", lambda: actions.name_elsewhere(world.period, numbers=[cover.number], reason=" ", **given))
    refused("NO_COVERS", lambda: actions.name_elsewhere(world.period, numbers=["", " "], reason="外地已享受", **given))
    refused("COVERS_UNKNOWN", lambda: actions.name_elsewhere(world.period, numbers=["HY-1"], reason="外地已享受", **given))
    found = actions.name_elsewhere(world.period, numbers=[cover.number], reason="外地已享受", **given)
    found = actions.approve_differences(found, digest=found.digest, by=world.finance_checker, at=timezone.now())
    assert lines_of(found) == [("foundation", "68.99", "elsewhere")]
    refused("NOTHING_LEFT", lambda: actions.name_elsewhere(world.period, numbers=[cover.number], reason="外地已享受", **given))
    request = sent(world)
    assert (request.amount, Enrollment.objects.get(pk=cover.pk).state) == (D("-68.99"), "in_force")
    assert funds(world.foundation) == {"receivable": D("137.98"), "written_off": D("68.99")}
    # When it ends later, nobody gets twice what was given already.
    ended(cover, ended_on=timezone.localdate())
    assert lines_of(differences(world)) == [("government", "30.00", "ended"), ("person", "0.01", "ended")]
    assert broken() == []


def test_a_list_is_approved_by_another_and_only_while_it_says_what_is_so(kept_world: Any) -> None:
    world, roster = kept_world
    ended(cover_of(roster), ended_on=timezone.localdate())
    found = actions.make_differences(world.period, by=world.finance_maker, at=timezone.now())
    refused("DIFFERENCES_UNDER_WAY", lambda: differences(world))
    approve = {"digest": found.digest, "at": timezone.now()}
    refused("OUT_OF_SCOPE", lambda: actions.approve_differences(found, by=world.finance_maker, **approve))
    wrong = {**approve, "digest": "0"}
    refused("DIFFERENCES_CHANGED", lambda: actions.approve_differences(found, **wrong, by=world.finance_checker))
    ended(cover_of(roster, 1), ended_on=timezone.localdate())
    before = balances()
    refused("DIFFERENCES_CHANGED", lambda: actions.approve_differences(found, **approve, by=world.finance_checker))
    assert (balances(), DifferenceLine.objects.filter(stands=True).count()) == (before, 0)
    actions.withdraw_differences(found, by=world.finance_maker, at=timezone.now())
    assert differences(world).people == 2
    # Not asked for before: what was given back is never asked.
    assert made(world).amount == D("68.99")
    assert broken() == []


def test_a_cover_that_a_person_gave_back_in_time_is_refunded_whole_by_the_next_list(kept_world: Any) -> None:
    """Within the plan's days: nothing of the premium was used, whatever the plan prorates."""
    market = paid_market(world=kept_world[0], refund_days=15)
    cover = market.enroll(person(0))
    change = propose_refund(cover, reason="购买后改变主意", by=market.world.clerk, at=market.at)
    approve_change(change, shown=digest_of(change), by=market.world.reviewer, at=market.at)
    found = actions.make_differences(market.period, by=market.world.finance_maker, at=timezone.now())
    assert (found.people, found.own_amount, found.refund_amount, found.funders_amount) == (1, D("150.00"), D("150.00"), D("0.00"))
    found = actions.approve_differences(found, digest=found.digest, by=market.world.finance_checker, at=timezone.now())
    paid = actions.record_own_refund(
        found, amount=D("150.00"), reference="REF-1", paid_on=timezone.localdate(), by=market.world.finance_maker,
        at=timezone.now(),
    )
    assert paid.amount == D("150.00")
