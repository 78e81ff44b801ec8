"""Receipts: what each line comes to, once; accepted people in force under their own policies, refused ones out with their money."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import Gate, approve_undo, pass_gate, propose_ending, propose_refund, request_undo
from beneficiaries.actions import approve_change as approve_change_of_person
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Enrollment, Person, Roster
from beneficiaries.models.roster import EndReason
from beneficiaries.shown_change import digest_of
from beneficiaries.testing import World, applied, make_world, people
from beneficiaries.tests.purchasing import paid_market, person
from beneficiaries.tests.test_lapses import balances, money_of
from handover import actions, choosing
from handover.errors import HandOverRefused
from handover.fields import CODE_WORDS
from handover.models import HandOver, HandOverLine, Kind, LeaveReason, Receipt, ReceiptRow
from handover.premium import parts_of
from handover.statement import statement_of
from handover.testing import TERMS, agreed, answered, approved, format_in_use, invoiced, numbers_of, received, released
from intake.errors import IntakeRefused
from jobs.testing import drain
from portal.verify import check_all
from subsidies.actions import make_differences
from subsidies.giving_back import backs_of
from subsidies.models import DifferenceLine
from subsidies.testing import ended, prorated

pytestmark = pytest.mark.django_db
D = Decimal


def made() -> tuple[World, Roster, HandOver]:
    """Six people of whom the insurer was told."""
    world = make_world(**TERMS)
    roster = applied(world, people(6))
    format_in_use(world)
    return world, roster, released(world)


_django_db_helper, one_world, kept_world = shared(made)


def broken() -> list[tuple[str, list[str]]]:
    return [(result.name, result.examples) for result in check_all() if result.rows]


def verdicts(receipt: Receipt) -> list[tuple[int, list[str]]]:
    return list(ReceiptRow.objects.filter(receipt=receipt).order_by("line").values_list("verdict", "codes"))


def lines_of(hand_over: HandOver) -> list[tuple[str, str, str]]:
    return list(hand_over.lines.order_by("number").values_list("answer", "policy_number", "refusal"))


NEW, COVERED, DOUBTFUL, REFUSED = 1, 4, 5, 6


def test_accepted_people_come_into_force_under_their_own_numbers_and_refused_ones_are_taken_out(kept_world: Any) -> None:
    world, roster, hand_over = kept_world
    numbers = numbers_of(hand_over)
    before = balances()
    taken = [(number, "Y", f"PA{at}", "") for at, number in enumerate(numbers[:4], 1)]
    receipt = received(world, hand_over, [*taken, (numbers[4], "N", "", "年龄超限")])
    assert (receipt.state, verdicts(receipt)) == ("review", [(NEW, [])] * 5)
    assert receipt.money == {"accepted": [4, "396.00"], "refused": [1, "99.00"]}
    receipt = approved(world, receipt)
    drain()
    receipt.refresh_from_db()
    hand_over.refresh_from_db()
    assert (receipt.state, hand_over.state) == ("applied", "released")
    assert (hand_over.accepted, hand_over.refused, hand_over.open_lines) == (4, 1, 1)
    assert lines_of(hand_over) == [
        *(("accepted", f"PA{at}", "") for at in range(1, 5)), ("refused", "", "年龄超限"), ("", "", ""),
    ]
    found = [Enrollment.objects.get(pk=int(number[-12:-2])) for number in numbers]
    assert [(cover.state, cover.insurer_policy_number) for cover in found] == [
        *(("in_force", f"PA{at}") for at in range(1, 5)), ("voided", ""), ("awaiting", ""),
    ]
    assert all(cover.accepted_at == receipt.chunks.get().applied_at for cover in found[:4])
    # 99.00 a person: what the refused one would have cost goes back to each who was to pay it.
    now = balances()
    assert now["insurer_payable"] - before["insurer_payable"] == D("99.00")
    assert money_of(world.foundation) == (D("0.00"), 5 * D("68.99"), D("68.99"))
    told = {event.verb: event.data for event in Event.objects.filter(subject_id=str(roster.pk)).order_by("pk")}
    assert told["roster.gate_passed"] == {"gate": "acceptance", "passed": 4, "in_force": 4}
    assert told["roster.covers_voided"] == {"covers": 1, "released": "98.99"}
    sums = statement_of(hand_over).total
    assert (sums.accepted_premium, sums.refused_premium, sums.open_premium) == (D("396.00"), D("99.00"), D("99.00"))
    row = ReceiptRow.objects.get(pk=hand_over.lines.get(number=1).row_id)
    assert (row.receipt_id, row.line, row.file.name) == (receipt.pk, 2, "回执.csv")
    assert broken() == []


def test_the_dead_are_not_handed_over_and_an_acceptance_brings_none_of_them_into_force(kept_world: Any) -> None:
    world, _roster, hand_over = kept_world
    applied(world, people(2, first=20))
    named = Enrollment.objects.get(pk=int(numbers_of(hand_over)[0][-12:-2]))
    unnamed = Enrollment.objects.order_by("pk").last()
    Person.objects.filter(pk__in=(named.person_id, unnamed.person_id)).update(deceased_on=timezone.localdate())
    answered(world, hand_over, [(number, "Y", f"PA{at}", "") for at, number in enumerate(numbers_of(hand_over))])
    states = Enrollment.objects.order_by("pk").values_list("state", flat=True)
    assert sorted(states) == [*["awaiting"] * 3, *["in_force"] * 5]
    additions = released(world, kind=Kind.ADDITIONS)
    assert additions.people == 1
    assert broken() == []


def test_nobody_accepts_by_hand_of_whom_the_insurer_was_told_and_has_not_answered(kept_world: Any) -> None:
    world, roster, hand_over = kept_world

    def by_hand(subject: Roster) -> int:
        return pass_gate(subject, gate=Gate.ACCEPTANCE, policy_number="P-1", by=world.clerk, at=timezone.now())

    with pytest.raises(BeneficiariesRefused) as refused:
        by_hand(roster)
    assert (refused.value.code, refused.value.facts) == ("GATE_ASKED", {"people": 6})
    numbers = numbers_of(hand_over)
    answered(world, hand_over, [(numbers[0], "N", "", "年龄超限"), (numbers[1], "Y", "PA1", "")])
    with pytest.raises(BeneficiariesRefused) as refused:
        by_hand(roster)
    assert refused.value.facts == {"people": 4}
    assert sorted(roster.enrollments.values_list("state", flat=True)) == [*["awaiting"] * 4, "in_force", "voided"]
    answered(world, hand_over, [(number, "N", "", "年龄超限") for number in numbers[2:]], name="二.csv")
    assert sorted(roster.enrollments.values_list("state", flat=True)) == ["in_force", *["voided"] * 5]
    assert by_hand(applied(world, people(2, first=30))) == 2
    assert broken() == []


def test_the_last_answer_closes_the_hand_over(kept_world: Any) -> None:
    world, _roster, hand_over = kept_world
    numbers = numbers_of(hand_over)
    answered(world, hand_over, [(number, "Y", f"PA{at}", "") for at, number in enumerate(numbers[:5])])
    answered(world, hand_over, [(numbers[5], "N", "", "职业不符")], name="二.csv")
    hand_over.refresh_from_db()
    assert (hand_over.state, hand_over.accepted, hand_over.refused) == ("answered", 5, 1)
    assert Event.objects.get(verb="hand_over.answered").data == {"accepted": 5, "refused": 1}
    assert broken() == []


def other_number(number: str) -> str:
    """The same with a wrong check digit."""
    return number[:-1] + str((int(number[-1]) + 1) % 10)


@pytest.mark.parametrize(
    ("row", "verdict", "codes"),
    [
        (("{0}", "Y", "PA1", ""), NEW, []), (("{0}", "N", "", "年龄超限"), NEW, []),
        (("{0}", "承保", "PA1", ""), NEW, []), (("{0}", "拒保", "", "年龄超限"), NEW, []),
        (("{0}", "", "PA1", ""), NEW, []), (("{0}", "", "", "年龄超限"), NEW, []),
        (("{0d}", "Y", "PA1", ""), NEW, []),
        (("{0w}", "Y", "PA1", ""), REFUSED, ["HANDED_NUMBER"]), (("XX-2027-{0d}", "Y", "PA1", ""), REFUSED, ["HANDED_NUMBER"]),
        (("客户甲", "Y", "PA1", ""), REFUSED, ["HANDED_NUMBER"]), (("", "Y", "PA1", ""), REFUSED, ["CELL_EMPTY"]),
        (("{unknown}", "Y", "PA1", ""), REFUSED, ["UNKNOWN_LINE"]),
        (("{0}", "", "", ""), REFUSED, ["ANSWER_MISSING"]), (("{0}", "", "PA1", "年龄超限"), REFUSED, ["ANSWER_MISSING"]),
        (("{0}", "也许", "PA1", ""), REFUSED, ["CHOICE_UNKNOWN"]),
        (("{0}", "Y", "", ""), REFUSED, ["POLICY_MISSING"]), (("{0}", "N", "PA1", "年龄超限"), REFUSED, ["POLICY_OF_REFUSED"]),
        (("{0}", "N", "", ""), REFUSED, ["REFUSAL_MISSING"]),
        (("{0}", "N", "", "证件13800138000有误"), REFUSED, ["REFUSAL_PERSONAL"]),
    ],
)
def test_each_line_gets_its_verdict(kept_world: Any, row: tuple[str, str, str, str], verdict: int, codes: list[str]) -> None:
    world, _roster, hand_over = kept_world
    number = numbers_of(hand_over)[0]
    unknown = number.rsplit("-", 1)[0] + f"-{999:010d}{98 - 99900 % 97:02d}"
    first = row[0]
    for mark, text in (("{0d}", number[-12:]), ("{0w}", other_number(number)), ("{0}", number), ("{unknown}", unknown)):
        first = first.replace(mark, text)
    receipt = received(world, hand_over, [(first, *row[1:]), (numbers_of(hand_over)[1], "Y", "PA9", "")])
    assert verdicts(receipt) == [(verdict, codes), (NEW, [])]


def test_a_line_that_comes_again_is_refused_and_lines_that_contradict_each_other_both_are(kept_world: Any) -> None:
    world, _roster, hand_over = kept_world
    one, two, three, four, five, six = numbers_of(hand_over)
    receipt = received(
        world, hand_over,
        [
            (one, "Y", "PA1", ""), (one, "Y", "PA1", ""), (two, "Y", "PA2", ""), (two, "N", "", "年龄超限"),
            (three, "Y", "PA3", ""), (three, "Y", "PA33", ""), (four, "Y", "PA4", ""), (five, "Y", "PA4", ""),
            (six, "Y", "PA6", ""),
        ],
    )
    assert verdicts(receipt) == [
        (NEW, []), (REFUSED, ["DUP_IN_FILE"]), (REFUSED, ["CONFLICT"]), (REFUSED, ["CONFLICT"]), (REFUSED, ["CONFLICT"]),
        (REFUSED, ["CONFLICT"]), (REFUSED, ["POLICY_TWICE"]), (REFUSED, ["POLICY_TWICE"]), (NEW, []),
    ]
    assert receipt.counts["verdicts"] == {"1": 2, "6": 7}
    assert receipt.counts["codes"] == {"CONFLICT": 4, "DUP_IN_FILE": 1, "POLICY_TWICE": 2}
    approved(world, receipt)
    drain()
    hand_over.refresh_from_db()
    assert (hand_over.accepted, hand_over.open_lines) == (2, 4)
    assert broken() == []


def test_one_policy_may_stand_for_a_group_where_the_insurer_says_so(kept_world: Any) -> None:
    world, _roster, hand_over = kept_world
    actions.withdraw_handover(hand_over, reason="改用团单", by=world.reviewer, at=timezone.now())
    group = released(world, format=format_in_use(world, name="团单", own_policies=False))
    answered(world, group, [(number, "Y", "GP1", "") for number in numbers_of(group)])
    assert set(Enrollment.objects.values_list("state", "insurer_policy_number")) == {("in_force", "GP1")}
    assert broken() == []


def test_a_second_receipt_answers_what_is_open_and_what_it_contradicts_is_held(kept_world: Any) -> None:
    world, _roster, hand_over = kept_world
    one, two, three, four, *_rest = numbers_of(hand_over)
    answered(world, hand_over, [(one, "Y", "PA1", ""), (two, "N", "", "年龄超限"), (four, "Y", "PA4", "")])
    second = received(
        world, hand_over,
        [
            (one, "Y", "PA1", ""), (two, "N", "", "另有原因"), (three, "Y", "PA3", ""), (four, "N", "", "年龄超限"),
            (one, "Y", "PA1", ""),
        ],
        name="二.csv",
    )
    assert verdicts(second) == [
        (COVERED, ["ANSWERED"]), (COVERED, ["ANSWERED"]), (NEW, []), (DOUBTFUL, ["ANSWERED_OTHERWISE"]), (REFUSED, ["DUP_IN_FILE"]),
    ]
    approved(world, second)
    drain()
    hand_over.refresh_from_db()
    assert (hand_over.accepted, hand_over.refused) == (3, 1)
    assert lines_of(hand_over)[:4] == [
        ("accepted", "PA1", ""), ("refused", "", "年龄超限"), ("accepted", "PA3", ""), ("accepted", "PA4", ""),
    ]
    third = received(world, hand_over, [(numbers_of(hand_over)[4], "Y", "PA1", "")], name="三.csv")
    assert verdicts(third) == [(REFUSED, ["POLICY_TWICE"])]
    assert broken() == []


def test_two_receipts_of_the_same_lines_answer_them_once(kept_world: Any) -> None:
    world, _roster, hand_over = kept_world
    one, two, *_rest = numbers_of(hand_over)
    first = received(world, hand_over, [(one, "Y", "PA1", "")])
    second = received(world, hand_over, [(one, "N", "", "年龄超限"), (two, "Y", "PA2", "")], name="二.csv")
    approved(world, first)
    approved(world, second)
    drain()
    assert (Receipt.objects.get(pk=second.pk).chunks.get().set_aside_rows, lines_of(hand_over)[:2]) == (
        1, [("accepted", "PA1", ""), ("accepted", "PA2", "")],
    )
    assert ReceiptRow.objects.get(receipt=second, line=2).set_aside == "CHANGED_SINCE_REVIEW"
    assert broken() == []


def test_the_same_content_is_not_taken_twice_and_nobody_approves_their_own(kept_world: Any) -> None:
    world, _roster, hand_over = kept_world
    rows = [(numbers_of(hand_over)[0], "Y", "PA1", "")]
    receipt = received(world, hand_over, rows)
    with pytest.raises(IntakeRefused) as refused:
        received(world, hand_over, rows)
    assert refused.value.code == "ALREADY_IMPORTED"
    receipt = actions.DESK.submit(receipt, by=world.clerk, at=timezone.now())
    with pytest.raises(IntakeRefused) as refused:
        actions.DESK.approve(receipt, digest=receipt.digest, by=world.clerk, at=timezone.now())
    assert refused.value.code == "OWN_WORK"
    actions.DESK.refuse(receipt, reason="文件不完整", by=world.reviewer, at=timezone.now())
    assert received(world, hand_over, rows).state == "review"


def test_nothing_is_taken_for_a_hand_over_that_was_not_released_or_lies_elsewhere(kept_world: Any) -> None:
    world, _roster, hand_over = kept_world
    with pytest.raises(HandOverRefused) as refused:
        actions.upload_receipt([], hand_over=hand_over, by=world.auditor, at=timezone.now())
    assert refused.value.code == "OUT_OF_SCOPE"
    actions.withdraw_handover(hand_over, reason="不对", by=world.reviewer, at=timezone.now())
    with pytest.raises(HandOverRefused) as refused:
        actions.upload_receipt([], hand_over=HandOver.objects.get(), by=world.clerk, at=timezone.now())
    assert refused.value.code == "NOT_RELEASED"


def test_whoever_is_being_undone_is_answered_but_never_covered_and_goes_with_the_next_removals(kept_world: Any) -> None:
    world, roster, hand_over = kept_world
    numbers = numbers_of(hand_over)
    taken = [(each, "Y", f"PA{at}", "") for at, each in enumerate(numbers[:5])]
    approved(world, received(world, hand_over, [*taken, (numbers[5], "N", "", "拒")]))
    approve_undo(
        request_undo(roster, reason="名单发错了镇街", by=world.clerk, at=timezone.now()), by=world.reviewer, at=timezone.now()
    )
    drain()
    assert set(roster.enrollments.values_list("state", flat=True)) == {"voided"}
    hand_over.refresh_from_db()
    assert (hand_over.state, hand_over.accepted, hand_over.refused) == ("answered", 5, 1)
    removals = released(world, kind=Kind.REMOVALS)
    told = set(removals.lines.values_list("direction", "leave_reason", "premium", "last_day"))
    assert told == {("leave", "undone", D("99.00"), None)}
    assert removals.people == 5
    assert broken() == []


def test_additions_and_removals_of_a_month_name_each_person_once(kept_world: Any) -> None:
    world, _roster, hand_over = kept_world
    numbers = numbers_of(hand_over)
    answered(world, hand_over, [(number, "Y", f"PA{at}", "") for at, number in enumerate(numbers)])
    applied(world, people(2, first=10))
    additions = released(world, kind=Kind.ADDITIONS, month=date(2027, 3, 15))
    assert (additions.people, additions.month) == (2, date(2027, 3, 1))
    gone = Enrollment.objects.get(pk=int(numbers[0][-12:-2]))
    change = propose_ending(
        gone.beneficiary, end_reason=EndReason.MOVED, ended_on=timezone.localdate(), reason="迁往外市", by=world.clerk,
        at=timezone.now(),
    )
    approve_change_of_person(change, shown=digest_of(change), by=world.reviewer, at=timezone.now())
    removals = released(world, kind=Kind.REMOVALS)
    line = removals.lines.get()
    assert (line.enrollment_id, line.leave_reason, line.last_day, line.premium) == (
        gone.pk, "moved", timezone.localdate(), D("99.00"),
    )
    receipt = answered(world, removals, [(gone.number, "Y", "", "")], name="减.csv")
    assert (receipt.state, HandOver.objects.get(pk=removals.pk).state) == ("applied", "answered")
    assert Enrollment.objects.get(pk=gone.pk).state == "ended"
    for kind in (Kind.ADDITIONS, Kind.REMOVALS):
        with pytest.raises(HandOverRefused) as refused:
            released(world, kind=kind)
        assert refused.value.code == "NOBODY"
    assert HandOverLine.objects.count() == 9
    assert broken() == []


def test_whoever_gave_their_cover_back_goes_with_the_whole_premium() -> None:
    market = paid_market(world=make_world(code="TB", regions=("4417", "441702", "441702")), refund_days=15)
    world = replace(market.world, period=market.period)
    cover = market.enroll(person(0, region_code="441702"))
    format_in_use(world)
    answered(world, released(world), [(cover.number, "Y", "PA1", "")])
    change = propose_refund(cover, reason="购买后改变主意", by=world.clerk, at=market.at)
    approve_change_of_person(change, shown=digest_of(change), by=world.reviewer, at=market.at)
    removals = released(world, kind=Kind.REMOVALS)
    line = removals.lines.get()
    day = timezone.localdate(cover.starts_at) - timedelta(days=1)
    assert (line.leave_reason, line.get_leave_reason_display(), line.last_day, line.premium, removals.premium) == (
        "refunded", "退保，全额退还", day, D("150.00"), D("150.00"),
    )
    assert CODE_WORDS["leave_reason"].keys() == set(LeaveReason.values)
    assert [line.sums.premium for line in statement_of(removals).payers] == [D("150.00")]
    assert broken() == []


def test_whoever_ends_after_their_cover_began_goes_without_premium(kept_world: Any) -> None:
    world, _roster, hand_over = kept_world
    numbers = numbers_of(hand_over)
    answered(world, hand_over, [(number, "Y", f"PA{at}", "") for at, number in enumerate(numbers)])
    gone = Enrollment.objects.get(pk=int(numbers[0][-12:-2]))
    Enrollment.objects.filter(pk=gone.pk).update(starts_at=timezone.now() - timedelta(days=30))
    change = propose_ending(
        gone.beneficiary, end_reason=EndReason.DECEASED, ended_on=timezone.localdate(), reason="已注销户口", by=world.clerk,
        at=timezone.now(),
    )
    approve_change_of_person(change, shown=digest_of(change), by=world.reviewer, at=timezone.now())
    line = released(world, kind=Kind.REMOVALS).lines.get()
    assert (line.leave_reason, line.last_day, line.premium) == ("deceased", timezone.localdate(), D("0.00"))


def test_where_the_plan_prorates_whoever_ends_goes_with_the_part_of_the_premium_that_was_not_used(kept_world: Any) -> None:
    world, _roster, hand_over = kept_world
    prorated(world, "daily")
    numbers = numbers_of(hand_over)
    answered(world, hand_over, [(number, "Y", f"PA{at}", "") for at, number in enumerate(numbers)])
    covers = [Enrollment.objects.get(pk=int(number[-12:-2])) for number in numbers[:3]]
    until = timezone.localdate(covers[0].ends_at)
    # Of 100 days 40 were used, twice; the third had begun and ended on one of 50 days.
    for cover, days, used in ((covers[0], 100, 40), (covers[1], 100, 40), (covers[2], 50, 1)):
        first = until - timedelta(days=days)
        ended(cover, ended_on=first + timedelta(days=used - 1), starts_on=first)
    removals = released(world, kind=Kind.REMOVALS)
    told = [(line.enrollment_id, line.premium) for line in removals.lines.order_by("number")]
    assert told == [(covers[0].pk, D("59.40")), (covers[1].pk, D("59.40")), (covers[2].pk, D("97.02"))]
    assert removals.premium == D("215.82")
    divisions = list(removals.lines.order_by("number").values_list("split", flat=True))
    assert divisions[0] == divisions[1] != divisions[2]
    stated = statement_of(removals)
    assert stated.total.premium == D("215.82")
    # Payer by payer what the list of differences gives back, and to whom.
    make_differences(world.period, by=world.finance_maker, at=timezone.now())
    owed: dict[str, Decimal] = defaultdict(lambda: D("0.00"))
    for line in DifferenceLine.objects.select_related("funder"):
        owed["个人自缴" if line.funder is None else line.funder.name] += line.amount
    assert {line.label: line.sums.premium for line in stated.payers} == owed
    assert sum(owed.values()) == D("215.82")
    answered(world, removals, [(cover.number, "Y", "", "") for cover in covers], name="减.csv")
    back = [(cover.number, "", f"-{premium}") for cover, (_pk, premium) in zip(covers, told, strict=True)]
    invoice = agreed(world, invoiced(world, back))
    assert (invoice.agreed_lines, invoice.agreed_amount) == (3, D("-215.82"))
    assert sum(parts_of(invoice.shares).values()) == D("-215.82")
    # The endings of this test are of no file.
    assert [name for name, _rows in broken()] == ["endings_are_of_their_rows"]


def test_who_ends_between_the_look_and_the_release_goes_with_the_next_removals(
    kept_world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, _roster, hand_over = kept_world
    prorated(world, "daily")
    numbers = numbers_of(hand_over)
    answered(world, hand_over, [(number, "Y", f"PA{at}", "") for at, number in enumerate(numbers)])
    first, second = (Enrollment.objects.get(pk=int(number[-12:-2])) for number in numbers[:2])
    begun = timezone.localdate(first.ends_at) - timedelta(days=100)
    ended(first, ended_on=begun + timedelta(days=39), starts_on=begun)

    asked: list[Any] = []

    def meanwhile(kinds: Any) -> Any:
        asked.append(backs_of(kinds))
        if len(asked) == 3:  # by the release, after the proposal and the page
            ended(second, ended_on=begun + timedelta(days=59), starts_on=begun)
        return asked[-1]

    monkeypatch.setattr(choosing, "backs_of", meanwhile)
    removals = released(world, kind=Kind.REMOVALS)
    assert [(line.enrollment_id, line.premium) for line in removals.lines.all()] == [(first.pk, D("59.40"))]
    later = released(world, kind=Kind.REMOVALS)
    assert [(line.enrollment_id, line.premium) for line in later.lines.all()] == [(second.pk, D("39.60"))]
    # The endings of this test are of no file.
    assert [name for name, _rows in broken()] == ["endings_are_of_their_rows"]


def test_where_the_plan_asks_no_acceptance_the_receipt_only_brings_numbers(kept_world: Any) -> None:
    world = make_world(code="YJ", regions=("4417", "441702", "441702"), requires_insurer_acceptance=False)
    applied(world, people(2, county="441702"))
    format_in_use(world)
    hand_over = released(world)
    one, two = numbers_of(hand_over)
    answered(world, hand_over, [(one, "Y", "PA1", ""), (two, "N", "", "年龄超限")])
    found = [Enrollment.objects.get(pk=int(number[-12:-2])) for number in (one, two)]
    assert [(cover.state, cover.insurer_policy_number, cover.accepted_at) for cover in found] == [
        ("in_force", "PA1", None), ("in_force", "", None),
    ]
    assert broken() == []
