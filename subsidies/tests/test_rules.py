"""What is owed back, and which numbers are hidden: tables of cases."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from programs.rules.amounts import amount_in_words
from subsidies.rules import given_back, hidden, used_premium

D = Decimal
HERE = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HERE)


@pytest.mark.parametrize(
    ("rule", "is_span", "premium", "starts", "ends", "before", "minimum", "used"),
    [
        ("none", False, "99.00", "2026-01-01", "2026-03-15", "2027-01-01", None, "99.00"),
        ("none", False, "99.00", "2026-01-01", "2026-01-01", "2027-01-01", None, "0.00"),
        ("daily", False, "99.00", "2026-01-01", "2026-03-15", "2027-01-01", None, "19.80"),
        ("daily", False, "99.00", "2024-01-01", "2024-03-01", "2025-01-01", None, "16.23"),
        ("daily", False, "0.01", "2026-01-01", "2026-07-02", "2027-01-01", None, "0.00"),
        ("daily", False, "0.01", "2026-01-01", "2026-07-03", "2027-01-01", None, "0.01"),
        ("monthly", False, "99.00", "2026-01-01", "2026-01-02", "2027-01-01", None, "8.25"),
        ("monthly", False, "99.00", "2026-01-01", "2026-02-01", "2027-01-01", None, "8.25"),
        ("monthly", False, "99.00", "2026-01-01", "2026-02-02", "2027-01-01", None, "16.50"),
        ("monthly", False, "99.00", "2026-07-01", "2026-10-01", "2027-01-01", None, "49.50"),
        ("daily", False, "99.00", "2026-01-01", "2027-01-01", "2027-01-01", None, "99.00"),
        ("daily", True, "9.00", "2026-05-01T08:00", "2026-05-02T08:00", "2026-05-04T08:00", None, "3.00"),
        ("daily", True, "9.00", "2026-05-01T08:00", "2026-05-02T08:01", "2026-05-04T08:00", None, "6.00"),
        ("time", True, "3.00", "2026-05-01T08:00", "2026-05-01T14:00", "2026-05-02T08:00", None, "0.75"),
        ("time", True, "3.00", "2026-05-01T08:00", "2026-05-01T14:00", "2026-05-02T08:00", "1.00", "1.00"),
        ("time", True, "0.50", "2026-05-01T08:00", "2026-05-01T14:00", "2026-05-02T08:00", "1.00", "0.50"),
    ],
)
def test_what_a_cover_used_of_its_premium(
    rule: str, is_span: bool, premium: str, starts: str, ends: str, before: str, minimum: str | None, used: str
) -> None:
    found = used_premium(
        D(premium), rule=rule, is_span=is_span, starts_at=at(starts), ends_at=at(ends), ended_before=at(before),
        minimum=D(minimum) if minimum else None,
    )
    assert found == D(used)


@pytest.mark.parametrize(
    ("shares", "used", "back"),
    [
        (["0.01", "30.00", "68.99"], "0.00", ["0.01", "30.00", "68.99"]),
        (["0.01", "30.00", "68.99"], "99.00", ["0.00", "0.00", "0.00"]),
        (["0.01", "30.00", "68.99"], "19.80", ["0.01", "24.00", "55.19"]),
        (["0.01", "30.00", "68.99"], "49.50", ["0.00", "15.00", "34.50"]),
        (["0.01", "0.01", "0.01"], "0.01", ["0.01", "0.00", "0.01"]),
        (["1.00"], "0.33", ["0.67"]), (["0.00", "5.00"], "1.25", ["0.00", "3.75"]), (["0.00"], "0.00", ["0.00"]),
    ],
)
def test_each_payer_gets_back_their_own_part(shares: list[str], used: str, back: list[str]) -> None:
    assert given_back([D(each) for each in shares], used=D(used)) == [D(each) for each in back]


def test_what_payers_get_back_sums_to_what_was_not_used_and_never_passes_a_share() -> None:
    for fen in range(0, 9901, 7):
        shares = [D("0.01"), D("30.00"), D("0.02"), D("68.97")]
        back = given_back(shares, used=D(fen) / 100)
        assert sum(back) == D("99.00") - D(fen) / 100
        assert all(0 <= part <= share for part, share in zip(back, shares, strict=True)), fen


def table(*rows: tuple[int, ...]) -> dict[tuple[object, object], int]:
    """With the sums of rows and columns, and of all."""
    numbers: dict[tuple[object, object], int] = {
        (f"r{at}", f"c{place}"): number for at, row in enumerate(rows) for place, number in enumerate(row)
    }
    for at, row in enumerate(rows):
        numbers[f"r{at}", "all"] = sum(row)
    for place in range(len(rows[0])):
        numbers["all", f"c{place}"] = sum(row[place] for row in rows)
    numbers["all", "all"] = sum(map(sum, rows))
    return numbers


def test_numbers_of_five_and_more_are_all_shown() -> None:
    assert hidden(table((5, 12), (0, 900))) == set()


def test_a_small_number_takes_another_of_its_row_and_column_with_it() -> None:
    gaps = hidden(table((3, 40, 50), (60, 70, 80), (90, 100, 110)))
    assert {("r0", "c0"), ("r0", "c1"), ("r1", "c0"), ("r1", "c1")} == gaps


def test_no_line_has_a_single_gap_however_small_the_table() -> None:
    for rows in (((2,),), ((2, 0),), ((2, 9),), ((2, 9), (9, 9)), ((1, 1), (0, 30)), ((4, 0, 0), (0, 4, 0), (0, 0, 40))):
        numbers = table(*rows)
        gaps = hidden(numbers)
        assert {place for place, number in numbers.items() if 0 < number < 5} <= gaps
        for side in (0, 1):
            for line in {place[side] for place in numbers}:
                told = [place for place in numbers if place[side] == line and numbers[place]]
                assert sum(place in gaps for place in told) != 1 or len(told) == 1, (rows, line, gaps)


def test_time_is_never_read_as_a_span_without_length() -> None:
    moment = at("2026-05-01T08:00")
    assert used_premium(
        D("3.00"), rule="time", is_span=True, starts_at=moment, ends_at=moment - timedelta(hours=1), ended_before=moment
    ) == D("0.00")


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("0.00", "零元整"), ("0.01", "壹分"), ("0.10", "壹角整"), ("1.00", "壹元整"), ("10.00", "壹拾元整"),
        ("344.95", "叁佰肆拾肆元玖角伍分"),
        ("344.05", "叁佰肆拾肆元零伍分"), ("1007.50", "壹仟零柒元伍角整"), ("100000.00", "壹拾万元整"),
        ("100200.00", "壹拾万零贰佰元整"),
        ("31045500.00", "叁仟壹佰零肆万伍仟伍佰元整"), ("200000001.00", "贰亿零壹元整"), ("-68.99", "负陆拾捌元玖角玖分"),
        ("10500.00", "壹万零伍佰元整"), ("15000.00", "壹万伍仟元整"),
    ],
)
def test_amounts_are_written_out_as_vouchers_write_them(amount: str, said: str) -> None:
    assert amount_in_words(D(amount)) == said


def test_a_sum_that_everybody_knows_is_never_hidden() -> None:
    numbers = table((3, 0))
    known = frozenset({("all", "all")})
    assert hidden(numbers, known=known) == {("r0", "c0"), ("r0", "all"), ("all", "c0")}
