"""Spans of one person on one plan never overlap: asked past the application by SQL, alone, in sets and two at once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, NotSupportedError, ProgrammingError, connection, transaction
from django.utils import timezone

from audit.faults import fault_point
from audit.testing import FULL_SWEEP, Stepper
from beneficiaries.models import Enrollment, Purchase
from beneficiaries.models.spans import live_span
from beneficiaries.tests.purchasing import Market, day_market, many_workers
from portal.local.pytest_plugin import SERVER
from programs import actions
from programs.models import FundingSplit
from programs.terms import plan_terms

#: Spans of one statement; FULL_SWEEP=1 takes five times as many.
MANY = 100_000 if FULL_SWEEP else 20_000
#: New people whom the planner takes for a few.
FEW_BELIEVED = 40_000

COLUMNS = (
    "person_id, beneficiary_id, program_id, plan_id, period_id, organization_id, region_code, category_id, purchase_id, "
    "line, premium, own_share, split_id, period_kind, starts_at, ends_at, state, insurer_policy_number, verdict, "
    "decided_at, created_at"
)
BEGIN = "'2027-03-01 00:00+08'::timestamptz"


class Book:
    """One purchase under which spans are inserted by SQL."""

    def __init__(self, market: Market, workers: int = 3) -> None:
        self.market = market
        self.people = many_workers(market, workers)
        self.line = 0
        terms = plan_terms(market.plan)
        splits, _reasons = actions.resolve_splits(terms, [("441602", terms.categories[0][1])])
        self.split: FundingSplit = next(iter(splits.values()))
        self.category = terms.categories[0][1]
        self.purchase = self.another()

    def another(self) -> Purchase:
        market = self.market
        return Purchase.objects.create(
            channel="api", program=market.program, plan=market.plan, period=market.period,
            organization=market.world.office, region_code="441602", reference=f"R{Purchase.objects.count()}",
            digest=b"x", people=0, premium=0, own_share=0, by_label="test", made_at=market.at,
        )

    def statement(self, spans: str, *, state: str = "in_force", kind: str = "span") -> str:
        """An INSERT of spans; `spans` is SQL that gives (person_id, begins, ends) in hours and a line."""
        market = self.market
        return (
            f"INSERT INTO beneficiaries_enrollment ({COLUMNS}) SELECT s.person_id, b.id, {market.program.pk}, "
            f"{market.plan.pk}, {market.period.pk}, {market.world.office.pk}, '441602', {self.category}, "
            f"{self.purchase.pk}, s.line, 3, 0, {self.split.pk}, '{kind}', {BEGIN} + s.begins * interval '1 hour', "
            f"{BEGIN} + s.ends * interval '1 hour', '{state}', '', 'eligible', now(), now() "
            f"FROM ({spans}) AS s JOIN beneficiaries_beneficiary b ON b.person_id = s.person_id "
            f"AND b.program_id = {market.program.pk}"
        )

    def insert(self, *spans: tuple[int, float, float], state: str = "in_force") -> None:
        """Spans (number of the person, begins, ends in hours), by one statement."""
        rows = []
        for number, begins, ends in spans:
            self.line += 1
            rows.append(f"({self.people[number]}::bigint, {begins}::float8, {ends}::float8, {self.line})")
        self.run(self.statement(
            f"SELECT * FROM (VALUES {', '.join(rows)}) AS v(person_id, begins, ends, line)", state=state
        ))

    @staticmethod
    def run(statement: str) -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            return int(cursor.rowcount)


def named(refused: Any) -> str:
    return str(refused.value.__cause__.diag.constraint_name)


@pytest.fixture
def book(db: Any) -> Book:
    return Book(day_market())


@pytest.mark.parametrize(
    ("begins", "ends"), [(8, 12), (7, 9), (11, 13), (9, 10), (7, 13), (8, 9), (11, 12), (11.999, 12.5), (0, 8.001)]
)
def test_a_span_that_overlaps_one_of_the_same_person_is_refused(book: Book, begins: float, ends: float) -> None:
    book.insert((0, 8, 12))
    with pytest.raises(IntegrityError) as refused:
        book.insert((0, begins, ends))
    assert named(refused) == "enrollment_spans_apart"
    assert Enrollment.objects.count() == 1


def test_spans_that_touch_or_are_of_others_are_taken(book: Book) -> None:
    book.insert((0, 8, 12))
    book.insert((0, 12, 16), (0, 4, 8), (1, 8, 12))
    book.insert((1, 7, 8), (2, 0, 24))
    assert Enrollment.objects.count() == 6


def test_a_long_span_far_behind_is_seen(book: Book) -> None:
    book.insert((0, 0, 100))
    book.insert((0, 100, 101), (0, 103, 104))
    for begins, ends in ((50, 51), (99, 100), (0, 1)):
        with pytest.raises(IntegrityError):
            book.insert((0, begins, ends))
    book.insert((0, 101, 103))


def test_two_spans_of_one_statement_that_overlap_are_refused_whole(book: Book) -> None:
    with pytest.raises(IntegrityError) as refused:
        book.insert((1, 0, 8), (0, 8, 12), (0, 11, 14))
    assert named(refused) == "enrollment_spans_apart"
    assert Enrollment.objects.count() == 0


@pytest.mark.parametrize("state", ["ended", "lapsed"])
def test_a_span_that_is_over_blocks_nobody(book: Book, state: str) -> None:
    book.insert((0, 8, 12), state=state)
    book.insert((0, 9, 11))
    book.insert((0, 8, 12), (0, 8, 12), state=state)
    assert Enrollment.objects.live().count() == 1


def test_an_update_into_an_overlap_is_refused(book: Book) -> None:
    book.insert((0, 8, 12), (0, 12, 16), (1, 8, 12))
    first = Enrollment.objects.earliest("starts_at")
    for change in ("ends_at = ends_at + interval '1 second'", "ends_at = ends_at + interval '100 hours'"):
        with pytest.raises(IntegrityError) as refused:
            book.run(f"UPDATE beneficiaries_enrollment SET {change} WHERE id = {first.pk}")
        assert named(refused) == "enrollment_spans_stay_apart"
    assert book.run(
        f"UPDATE beneficiaries_enrollment SET ends_at = ends_at - interval '1 hour' WHERE id = {first.pk}"
    ) == 1
    assert book.run("UPDATE beneficiaries_enrollment SET starts_at = starts_at + interval '9 days', "
                    "ends_at = ends_at + interval '9 days'") == 3


def test_a_span_that_comes_back_to_life_over_another_is_refused(book: Book) -> None:
    book.insert((0, 8, 12), state="ended")
    book.insert((0, 8, 12))
    with pytest.raises(IntegrityError):
        book.run("UPDATE beneficiaries_enrollment SET state = 'in_force'")
    assert book.run("UPDATE beneficiaries_enrollment SET state = 'ended'") == 2


def test_nobody_chooses_the_rule_that_holds(book: Book) -> None:
    with pytest.raises(IntegrityError) as refused:
        book.run(book.statement(f"SELECT {book.people[0]}::bigint AS person_id, 1 AS begins, 2 AS ends, 1 AS line", kind="annual"))
    assert named(refused) == "enrollment_agrees"
    book.insert((0, 8, 12))
    with pytest.raises(ProgrammingError, match="Cannot update rows"):
        book.run("UPDATE beneficiaries_enrollment SET period_kind = 'annual'")


@pytest.mark.parametrize(
    "change",
    ["purchase_id = purchase_id + 1", "line = line + 1", "roster_id = 1"],
)
def test_a_span_stays_with_its_source(book: Book, change: str) -> None:
    book.insert((0, 8, 12))
    with pytest.raises(ProgrammingError, match="Cannot update rows"):
        book.run(f"UPDATE beneficiaries_enrollment SET {change}")


def test_a_source_is_one_and_is_there(book: Book) -> None:
    one = f"SELECT {book.people[0]}::bigint AS person_id, 1 AS begins, 2 AS ends, 1 AS line"
    sound = book.statement(one)
    columns = sound.replace("purchase_id, line,", "purchase_id, line, roster_id, row_id,")
    for statement, name in (
        (sound.replace(f"{book.purchase.pk}, s.line", "NULL::bigint, NULL::int"), "enrollment_has_one_source"),
        (sound.replace(f"{book.purchase.pk}, s.line", f"{book.purchase.pk}, NULL::int"), "enrollment_has_one_source"),
        (columns.replace(f"{book.purchase.pk}, s.line,", f"{book.purchase.pk}, s.line, 1, 1,"), "enrollment_has_one_source"),
        (columns.replace(f"{book.purchase.pk}, s.line,", "NULL::bigint, NULL::int, 987, 1,"), "enrollment_agrees"),
        (sound.replace(f"{book.purchase.pk}, s.line", "987654321, s.line"), "enrollment_agrees"),
    ):
        with pytest.raises(IntegrityError) as refused:
            book.run(statement)
        assert named(refused) == name, statement
    assert book.run(sound) == 1
    with pytest.raises(IntegrityError) as refused:
        book.run(sound.replace("s.begins *", "(s.begins + 5) *").replace("s.ends *", "(s.ends + 5) *"))
    assert named(refused) == "enrollment_once_per_line"


def test_a_purchase_is_never_changed_and_agrees_with_its_period(book: Book) -> None:
    for statement in ("UPDATE beneficiaries_purchase SET people = 9", "DELETE FROM beneficiaries_purchase"):
        with pytest.raises(IntegrityError, match="append-only"):
            book.run(statement)
    with pytest.raises(IntegrityError) as refused:
        Purchase.objects.create(
            channel="api", program=book.market.program, plan=book.market.world.plan, period=book.market.period,
            organization=book.market.world.office, region_code="441602", reference="X", digest=b"x", people=0, premium=0,
            own_share=0, by_label="test", made_at=book.market.at,
        )
    assert named(refused) == "purchase_agrees"


@pytest.mark.parametrize("seed", range(6))
def test_what_is_taken_is_what_lies_apart(book: Book, seed: int) -> None:
    """Against the plain rule, in sets of one to four of three people: any order, touching, nested, equal."""
    chance = random.Random(seed)
    taken: list[tuple[int, float, float]] = []
    for _turn in range(40):
        wanted = []
        for _span in range(chance.randint(1, 4)):
            begins = chance.randint(0, 60)
            wanted.append((chance.randint(0, 2), begins, begins + chance.randint(1, 12)))
        both = [*taken, *wanted]
        apart = all(
            one[0] != other[0] or one[2] <= other[1] or other[2] <= one[1]
            for place, one in enumerate(both) for other in both[:place]
        )
        if apart:
            book.insert(*wanted)
            taken = both
        else:
            with pytest.raises(IntegrityError):
                book.insert(*wanted)
    assert Enrollment.objects.count() == len(taken) > 5


def test_many_spans_of_one_statement_are_taken(db: Any) -> None:
    workers = MANY // 5
    book = Book(day_market(), workers=workers)
    first = book.people[0]
    spans = (
        f"SELECT {first} + n % {workers} AS person_id, (n / {workers}) * 24 + 8 AS begins, (n / {workers}) * 24 + 32 AS ends, "
        f"n + {{offset}} AS line FROM generate_series(0, {MANY - 1}) AS n"
    )
    assert book.run(book.statement(spans.format(offset=1))) == MANY
    with pytest.raises(IntegrityError):
        book.run(book.statement(spans.format(offset=200_001).replace("* 24 + 8", "* 24 + 127")))
    assert Enrollment.objects.count() == MANY


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("second", "fits"), [((0, 9, 10), False), ((0, 12, 13), True)])
def test_of_two_at_once_the_second_waits_and_sees_the_first(second: tuple[int, float, float], fits: bool) -> None:
    book = Book(day_market())

    def write(*spans: tuple[int, float, float]) -> None:
        with transaction.atomic():
            book.insert(*spans)
            fault_point("test.written")

    with Stepper() as stepper:
        first = stepper.start(lambda: write((0, 8, 12), (1, 8, 12)), stop_at="test.written")
        later = stepper.start(lambda: write((1, 14, 15), second))
        assert later.waits()
        other = stepper.start(lambda: write((2, 8, 12)))
        other.result()
        first.go_on()
        first.result()
        error = later.error()
    assert (error is None) is fits
    assert fits or error.__cause__.diag.constraint_name == "enrollment_spans_apart"  # type: ignore[union-attr]
    assert Enrollment.objects.count() == (5 if fits else 3)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_with_the_same_people_in_other_orders_do_not_lock_each_other_out() -> None:
    book = Book(day_market(), workers=40)
    orders = [list(range(40)), list(range(39, -1, -1))]

    def write(order: list[int], begins: int) -> None:
        book.insert(*((number, begins, begins + 1) for number in order))

    with Stepper() as stepper:
        walkers = [stepper.start(lambda order=order, at=at: write(order, at)) for at, order in enumerate(orders)]
        for walker in walkers:
            walker.result()
    assert Enrollment.objects.count() == 80


@pytest.mark.django_db(transaction=True)
def test_an_isolation_that_would_not_see_the_other_is_refused() -> None:
    book = Book(day_market())
    with pytest.raises(NotSupportedError, match="READ COMMITTED"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        book.insert((0, 8, 12))
    assert Enrollment.objects.count() == 0


def test_a_day_is_long_enough(book: Book) -> None:
    """Many spans of one person stand one after the other, each compared with its neighbor only."""
    book.insert(*((0, hour, hour + 1) for hour in range(500)))
    with pytest.raises(IntegrityError):
        book.insert((0, 250.5, 250.6))
    assert Enrollment.objects.count() == 500
    assert Enrollment.objects.covering(at=timezone.now() + timedelta(days=4000)).count() == 0


@pytest.mark.django_db
def test_people_are_locked_one_by_one_whatever_the_planner_believes_of_their_number() -> None:
    """Statistics of a time when there were few people: a plan made by them would read all new rows for each person."""
    market = day_market()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE beneficiaries_person")
    book = Book(market, workers=FEW_BELIEVED)
    first = book.people[0]
    spans = (
        f"SELECT {first} + n AS person_id, 8 AS begins, 32 AS ends, n + 1 AS line "
        f"FROM generate_series(0, {FEW_BELIEVED - 1}) AS n"
    )
    # It takes a second; the other way some hundred million comparisons.
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '60s'")
    assert book.run(book.statement(spans)) == FEW_BELIEVED


@pytest.fixture
def few_believed() -> Iterator[None]:
    """As after a look at a table that held next to nothing on many pages."""
    def believe(tables: float, pages: int) -> None:
        with SERVER.connect(str(connection.settings_dict["NAME"])) as superuser:
            superuser.execute(
                "UPDATE pg_class SET reltuples = %s, relpages = %s WHERE oid = 'beneficiaries_enrollment'::regclass OR oid IN "
                "(SELECT indexrelid FROM pg_index WHERE indrelid = 'beneficiaries_enrollment'::regclass)", [tables, pages],
            )

    believe(1, 800)
    yield
    believe(-1, 0)


@pytest.mark.django_db
@pytest.mark.usefixtures("few_believed")
def test_spans_beside_are_found_by_their_person_whatever_the_planner_believes_of_their_number() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN SELECT ends_at FROM beneficiaries_enrollment other WHERE other.person_id = 5 AND other.plan_id = 3 "
            f"AND {live_span('other')} AND other.starts_at < now() AND other.id <> 77 ORDER BY other.starts_at DESC LIMIT 1"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "using enrollment_spans on" in plan, plan
        cursor.execute(
            f"EXPLAIN SELECT count(*) FROM beneficiaries_enrollment e WHERE {live_span('e')} AND e.ends_at > '2026-01-01 00:00+8'"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "enrollment_spans_by_end" in plan, plan
