"""Budgets that do not suffice: all or nothing, or whole categories in the plan's order, never by the order of lines."""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.testing import Stepper
from beneficiaries import money
from beneficiaries.actions import approve_roster, approve_roster_by_priority, submit_roster
from beneficiaries.models import Enrollment, Roster, RosterRow
from beneficiaries.template import ROSTER
from beneficiaries.testing import World, csv_of, make_world, people, row, uploaded
from beneficiaries.tests.outcomes import broken
from intake.models import State
from intake.staging import import_digest
from jobs.testing import drain
from programs.errors import BudgetRefused
from programs.models import Budget, BudgetReservation, Category, LedgerTransaction

D = Decimal
COUNTY, FOUNDATION = D("30.00"), D("68.99")


def ids(*codes: str) -> list[int]:
    """Ids of categories by their codes."""
    known = dict(Category.objects.values_list("code", "pk"))
    return [known[code] for code in codes]


def three_categories() -> list[list[str]]:
    """4 of the lowest category, then 3 of a middle one, then 2 of the highest: the order of lines is against them."""
    return [
        *people(4, first=0, categories="因病致贫重病患者"), *people(3, first=4, categories="低保对象"),
        *people(2, first=7, categories="特困人员"), row(name=""),
    ]


def submitted(world: World, rows: list[list[str]]) -> Roster:
    roster = uploaded(world, rows)
    drain()
    return submit_roster(Roster.objects.get(pk=roster.pk), by=world.clerk, at=timezone.now())


def by_priority(world: World, roster: Roster, **changes: Any) -> Roster:
    return approve_roster_by_priority(roster, digest=roster.digest, by=world.reviewer, at=timezone.now(), **changes)


def enrolled(roster: Roster) -> dict[str, int]:
    found: dict[str, int] = {}
    for code in Enrollment.objects.filter(roster=roster).values_list("category__code", flat=True):
        found[code] = found.get(code, 0) + 1
    return found


@pytest.mark.django_db
def test_the_whole_is_refused_when_one_fen_is_missing_and_nothing_is_held() -> None:
    world = make_world(granted=9 * FOUNDATION - D("0.01"))
    roster = submitted(world, three_categories())
    with pytest.raises(BudgetRefused) as refused:
        approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    assert (refused.value.code, refused.value.facts) == (
        "BUDGET", {"funder": "示例公益基金会HY", "wanted": D("620.91"), "remaining": D("620.90")},
    )
    assert Roster.objects.get(pk=roster.pk).state == State.SUBMITTED
    assert BudgetReservation.objects.count() == 0
    assert set(Budget.objects.values_list("reserved", "used")) == {(D("0.00"), D("0.00"))}


def sums(money: Any) -> tuple[Any, ...]:
    """Rows, premium, own share, and by funder the amount and rows."""
    funders = {line["name"]: (line["amount"], line["rows"]) for line in money["funders"]}
    return money["rows"], money["premium"], money["own_share"], funders


@pytest.mark.django_db
def test_by_priority_the_highest_categories_are_enrolled_and_the_rest_is_set_aside() -> None:
    world = make_world(granted=D("400.00"))
    roster = submitted(world, three_categories())
    approved = by_priority(world, roster)
    (yinbing,) = ids("yinbing")
    assert approved.money["left_out"] == [{"county": "441602", "category": yinbing, "rows": 4, "premium": "396.00"}]
    assert Budget.objects.get(funder=world.foundation).reserved == 5 * FOUNDATION
    assert Budget.objects.get(funder=world.county).reserved == 5 * COUNTY
    assert sums(approved.money) == (5, "495.00", "0.05", {"示例公益基金会HY": ("344.95", 5), "源城区财政": ("150.00", 5)})
    assert sums(approved.money["whole"]) == (
        9, "891.00", "0.09", {"示例公益基金会HY": ("620.91", 9), "源城区财政": ("270.00", 9)},
    )
    assert sum(demand[4] for demand in approved.money["demands"]) == 10
    drain()
    roster = Roster.objects.get(pk=roster.pk)
    assert roster.money == approved.money
    assert (roster.state, enrolled(roster)) == (State.APPLIED, {"dibao": 3, "tekun": 2})
    assert list(RosterRow.objects.filter(roster=roster).order_by("line").values_list("set_aside", flat=True)) == [
        *["NO_BUDGET"] * 4, *[""] * 6,
    ]
    assert (roster.chunks.get().applied_rows, roster.chunks.get().set_aside_rows) == (5, 4)
    budget = Budget.objects.get(funder=world.foundation)
    assert (budget.reserved, budget.used, budget.released) == (D("0.00"), D("344.95"), D("0.00"))
    left_out = Event.objects.get(verb="roster.left_out")
    assert left_out.data == {"rows": 4, "groups": 1, "premium": "396.00"}
    assert Event.objects.filter(verb="roster.approved").count() == 1
    assert roster.approved_digest == roster.digest == import_digest(ROSTER, roster)
    assert broken() == []


@pytest.mark.django_db
def test_by_priority_with_enough_money_is_the_whole() -> None:
    world = make_world()
    roster = submitted(world, three_categories())
    approved = by_priority(world, roster)
    assert not {"left_out", "whole"} & set(approved.money)
    assert approved.money["premium"] == "891.00"
    drain()
    assert enrolled(roster) == {"yinbing": 4, "dibao": 3, "tekun": 2}
    assert Event.objects.filter(verb="roster.left_out").count() == 0
    assert broken() == []


@pytest.mark.django_db
def test_when_not_even_one_group_fits_the_approval_is_refused_and_nothing_is_held() -> None:
    world = make_world(granted=D("59.99"))
    roster = submitted(world, three_categories())
    with pytest.raises(BudgetRefused) as refused:
        by_priority(world, roster)
    assert refused.value.code == "NOTHING_FITS"
    assert Roster.objects.get(pk=roster.pk).state == State.SUBMITTED
    assert (BudgetReservation.objects.count(), LedgerTransaction.objects.filter(kind="reserve").count()) == (0, 0)


@pytest.mark.django_db
def test_what_was_shown_as_left_out_must_still_hold_at_the_approval() -> None:
    world = make_world(granted=D("400.00"))
    roster = submitted(world, three_categories())
    shown = [group.place for group in money.outlook(roster).left_out]
    assert shown == [("441602", ids("yinbing")[0])]
    Budget.objects.filter(funder=world.foundation).update(granted=D("300.00"))
    with pytest.raises(BudgetRefused) as refused:
        by_priority(world, roster, expected=shown)
    assert refused.value.code == "CHANGED"
    assert BudgetReservation.objects.count() == 0
    Budget.objects.filter(funder=world.foundation).update(granted=D("400.00"))
    assert by_priority(world, roster, expected=shown).state == State.APPROVED


@pytest.mark.django_db
def test_the_outlook_tells_funders_and_groups_to_the_fen_without_reading_the_rows(
    django_assert_num_queries: Any
) -> None:
    world = make_world(granted=D("400.00"))
    roster = submitted(world, three_categories())
    with django_assert_num_queries(5):
        found = money.outlook(roster)
    assert [(each.name, each.people, each.wanted, each.available, each.short) for each in found.funders] == [
        ("示例公益基金会HY", 9, D("620.91"), D("400.00"), D("220.91")), ("源城区财政", 9, D("270.00"), D("400.00"), D("0.00")),
    ]
    assert [(each.category, each.county, each.rows, each.premium, each.held) for each in found.groups] == [
        ("特困人员", "源城区", 2, D("198.00"), True), ("低保对象", "源城区", 3, D("297.00"), True),
        ("因病致贫重病患者", "源城区", 4, D("396.00"), False),
    ]
    assert not found.suffices


@pytest.mark.django_db
def test_left_out_rows_are_downloaded_with_their_reason_and_can_be_uploaded_again_once_the_budget_is_raised(
    client: Client
) -> None:
    world = make_world(granted=D("400.00"))
    roster = submitted(world, three_categories())
    by_priority(world, roster)
    drain()
    client.force_login(world.clerk, backend="accounts.backends.RoleBackend")
    answer = client.post(reverse("admin:beneficiaries_roster_refused_rows", args=[roster.pk]), {"kind": "csv"})
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(lines) == 1 + 4 + 1
    assert "该县该类别预算不足" in lines[1][-1]
    Budget.objects.filter(funder=world.foundation).update(granted=D("9000.00"))
    again = uploaded(world, [line[: len(three_categories()[0])] for line in lines[1:5]], name="补录.csv")
    drain()
    assert Roster.objects.get(pk=again.pk).counts["verdicts"] == {"1": 4}


@pytest.mark.django_db
def test_the_confirm_page_shows_the_money_and_offers_the_second_choice_only_when_money_lacks(client: Client) -> None:
    world = make_world(granted=D("400.00"))
    roster = submitted(world, three_categories())
    client.force_login(world.reviewer, backend="accounts.backends.RoleBackend")
    address = reverse("admin:beneficiaries_roster_approve", args=[roster.pk])
    page = client.get(address).content.decode()
    assert "示例公益基金会HY 的预算不足，缺 220.91 元。" in page
    assert "按优先顺序：现在承保 5 人（495.00 元），4 人暂缓" in page
    assert page.count("pp-badge-good") == 2
    (yinbing,) = ids("yinbing")
    given = {"digest": roster.digest, "left_out": f"441602.{yinbing}"}
    whole = client.post(address, {**given, "hold": "whole"})
    assert whole.status_code == 409
    assert Roster.objects.get(pk=roster.pk).state == State.SUBMITTED
    stale = client.post(address, {**given, "left_out": "", "hold": "by_priority"})
    assert (stale.status_code, stale["Location"]) == (302, address)
    assert Roster.objects.get(pk=roster.pk).state == State.SUBMITTED
    done = client.post(address, {**given, "hold": "by_priority"})
    assert done.status_code == 302
    assert Roster.objects.get(pk=roster.pk).state == State.APPROVED
    drain()
    assert enrolled(roster) == {"dibao": 3, "tekun": 2}
    left = client.get(reverse("admin:beneficiaries_roster_change", args=[roster.pk])).content.decode()
    assert "因预算不足暂缓" in left
    paid = re.search(r'aria-labelledby="money">.*?</section>', left, re.DOTALL)
    assert paid is not None
    assert re.findall(r'<td class="pp-right">([^<]*)</td>', paid[0]) == [
        "5", "0.05", "0.09", "5", "344.95", "620.91", "5", "150.00", "270.00", "5", "495.00", "891.00",
    ]
    assert "最后一列为整份名单，共 9 人。" in paid[0]


@pytest.mark.django_db
def test_the_confirm_page_of_a_funded_roster_offers_no_choice(client: Client) -> None:
    world = make_world()
    roster = submitted(world, three_categories())
    client.force_login(world.reviewer, backend="accounts.backends.RoleBackend")
    address = reverse("admin:beneficiaries_roster_approve", args=[roster.pk])
    page = client.get(address).content.decode()
    assert 'name="hold"' not in page
    assert client.post(address, {"digest": roster.digest, "left_out": ""}).status_code == 302
    assert Roster.objects.get(pk=roster.pk).state == State.APPROVED


@pytest.mark.django_db
def test_the_command_goes_by_priority_when_asked(tmp_path: Path, capsys: Any) -> None:
    world = make_world(granted=D("400.00"))
    path = tmp_path / "名册.csv"
    path.write_bytes(csv_of(three_categories()).getvalue())
    options = {"program": "HY", "user": world.clerk.username, "submit": True, "approve_by": world.reviewer.username}
    with pytest.raises(CommandError, match="--by-priority needs --approve-by"):
        call_command("import_roster", str(path), program="HY", user=world.clerk.username, by_priority=True)
    call_command("import_roster", str(path), **options, by_priority=True, json=True)
    said = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert (said["state"], [group["rows"] for group in said["money"]["left_out"]]) == ("applied", [4])
    assert broken() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first_shown", [True, False])
def test_two_approvals_by_priority_at_one_budget_never_hold_more_and_the_second_takes_what_is_left(
    first_shown: bool
) -> None:
    world = make_world(granted=D("700.00"))
    rosters = [
        submitted(world, [*people(4, first=first), *people(2, first=first + 4, categories="特困人员")])
        for first in (0, 10)
    ]
    expected = [] if first_shown else None
    with Stepper() as stepper:
        first = stepper.start(
            lambda: by_priority(world, rosters[0], expected=expected), stop_at="programs.reserve.before"
        )
        second = stepper.start(lambda: by_priority(world, rosters[1], expected=expected))
        assert second.waits()
        first.go_on()
        assert first.result().state == State.APPROVED
        if first_shown:
            # Whoever was shown that everybody fits is told that this holds no more.
            error = second.error()
            assert isinstance(error, BudgetRefused)
            assert error.code == "CHANGED"
        else:
            assert second.result().money["left_out"][0]["rows"] == 4
    held = 6 if first_shown else 8
    assert Budget.objects.get(funder=world.foundation).reserved == held * FOUNDATION
    assert Budget.objects.get(funder=world.county).reserved == held * COUNTY
    drain()
    assert Enrollment.objects.count() == held
    assert enrolled(rosters[1]) == ({} if first_shown else {"tekun": 2})
    assert broken() == []
