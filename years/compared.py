"""What a comparison shows its reader: people by place and category, premiums by payer, steps taken; read from sums alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum
from django.utils.translation import gettext as _t

from accounts.models import Region
from beneficiaries.gating import GATE_WORDS, Gate, asked_gates
from beneficiaries.models import Standing
from beneficiaries.models.enrollment import EnrollmentState
from programs.models import Category, Funder, FundingSplit, FundingSplitLine, Period
from subsidies.rules import hidden
from years.models import Comparison, Outcome, YearCount
from years.models.comparison import LEFT

ZERO = Decimal("0.00")
VIEW, PEOPLE = "years.view_yearcount", "years.view_yearleft"
#: The line of sums.
ALL = ""
#: Columns that are sums of others.
BEFORE, NOW = "before", "now"
COLUMNS = (BEFORE, Outcome.RENEWED, Outcome.NEW, *LEFT, NOW)
_FLAG = {Gate.NOTICE: "noticed", Gate.OWN_PAYMENT: "paid", Gate.ACCEPTANCE: "accepted"}


@dataclass(frozen=True)
class Line:
    """A county or category: people by column (None where they are not shown), yuan of premium before and now."""

    label: str
    people: Sequence[int | None]
    premium_before: Decimal | None
    premium: Decimal | None

    @property
    def kept(self) -> str:
        """How many of a hundred went on; "" where that cannot be told."""
        before, renewed = self.people[COLUMNS.index(BEFORE)], self.people[COLUMNS.index(Outcome.RENEWED)]
        return f"{Decimal(renewed * 100) / before:.1f}%" if before and renewed is not None else ""


@dataclass(frozen=True)
class Payer:
    """Yuan of one payer in both periods."""

    name: str
    before: Decimal
    now: Decimal

    @property
    def more(self) -> Decimal:
        """What it is more, or less."""
        return self.now - self.before


@dataclass(frozen=True)
class Step:
    """How far the people of both periods came: of those enrolled, how many passed a gate, are in force, lapsed."""

    label: str
    before: int
    of_before: int
    now: int
    of_now: int

    @property
    def shares(self) -> tuple[str, str]:
        """Of a hundred."""
        return _share(self.before, self.of_before), _share(self.now, self.of_now)


def _share(part: int, whole: int) -> str:
    return f"{Decimal(part * 100) / whole:.1f}%" if whole else "—"


@dataclass(frozen=True)
class Compared:
    """The page; nothing in it for a reader who sees no sum."""

    headings: Sequence[str]
    counties: Sequence[Line]
    categories: Sequence[Line]
    total: Line
    payers: Sequence[Payer]
    steps: Sequence[Step]
    hides: bool
    has_gaps: bool
    left: Sequence[tuple[str, str, int]] = field(default_factory=list)


@dataclass
class _Sums:
    people: Counter[str] = field(default_factory=Counter)
    premium_before: Decimal = ZERO
    premium: Decimal = ZERO


def compared(comparison: Comparison, user: Any) -> Compared:
    """For one reader. A dozen questions, whose cost does not grow with the people."""
    rows = list(
        YearCount.objects.visible_to(user, VIEW).filter(comparison=comparison).order_by()
        .values("region_code", "category", "outcome", "split_before", "split", "organization__path")
        .annotate(number=Sum("people"))
    )
    hides = not all(_sees_people(user, row, comparison.program_id) for row in rows)
    splits = FundingSplit.objects.in_bulk({row[side] for row in rows for side in ("split_before", "split")} - {None})
    by_county, by_category, total = defaultdict(_Sums), defaultdict(_Sums), _Sums()  # type: ignore[var-annotated]
    for row in rows:
        for sums in (by_county[row["region_code"]], by_category[str(row["category"])], total):
            _add(sums, row, splits)
    gaps = _gaps(by_county, by_category, total) if hides else set()
    regions = Region.objects.names_of(by_county)
    categories = {
        str(pk): name for pk, name in Category.objects.filter(pk__in=list(by_category)).order_by("position", "pk")
        .values_list("pk", "name")
    }
    return Compared(
        headings=_headings(comparison),
        counties=[_line(regions.get(code) or code, by_county[code], gaps, code, hides) for code in sorted(by_county)],
        categories=[_line(name, by_category[code], gaps, code, hides) for code, name in categories.items()],
        total=_line(_t("In all"), total, gaps, ALL, hides), hides=hides, has_gaps=bool(gaps),
        payers=_payers(rows, splits, user, hides=hides),
        steps=[] if hides else _steps(comparison, user),
        left=[(each.value, str(each.label), total.people[each]) for each in LEFT] if not hides and rows else [],
    )


def _sees_people(user: Any, row: Mapping[str, Any], program_id: int) -> bool:
    """Whether a role of the reader opens the people behind a number."""
    return any(
        row["organization__path"].startswith(grant.organization_path) and row["region_code"].startswith(grant.region_prefix[:6])
        and (grant.program_ids is None or program_id in grant.program_ids)
        for grant in user.grants(PEOPLE)
    )


def _add(sums: _Sums, row: Mapping[str, Any], splits: Mapping[int, FundingSplit]) -> None:
    outcome, number = row["outcome"], row["number"]
    sums.people[outcome] += number
    if row["split_before"] is not None:
        sums.people[BEFORE] += number
        sums.premium_before += splits[row["split_before"]].premium * number
    if row["split"] is not None:
        sums.people[NOW] += number
        sums.premium += splits[row["split"]].premium * number


def _gaps(by_county: Mapping[str, _Sums], by_category: Mapping[str, _Sums], total: _Sums) -> set[tuple[str, str]]:
    """Cells that would tell who the people are; what one table hides of their common line of sums, the other hides, too."""
    tables = [{**by_county, ALL: total}, {**by_category, ALL: total}]
    forced: set[tuple[str, str]] = set()
    while True:
        found: set[tuple[str, str]] = set()
        for table in tables:
            numbers = {
                (place, str(column)): 1 if (place, str(column)) in forced else sums.people[column]
                for place, sums in table.items() for column in COLUMNS
            }
            found |= hidden(numbers)
        again = {(place, column) for place, column in found if place == ALL}
        if again <= forced:
            return found
        forced |= again


def _line(label: str, sums: _Sums, gaps: set[tuple[str, str]], code: str, hides: bool) -> Line:
    return Line(
        label, [None if (code, str(column)) in gaps else sums.people[column] for column in COLUMNS],
        None if hides else sums.premium_before, None if hides else sums.premium,
    )


def _headings(comparison: Comparison) -> list[str]:
    words = {
        BEFORE: _t("In %(code)s") % {"code": comparison.before.code}, NOW: _t("In %(code)s") % {"code": comparison.period.code},
    }
    return [words.get(str(column)) or str(Outcome(column).label) for column in COLUMNS]


def _payers(
    rows: Iterable[Mapping[str, Any]], splits: Mapping[int, FundingSplit], user: Any, *, hides: bool
) -> list[Payer]:
    """Persons first, then funders; a reader who does not see the people is told of their own funders alone."""
    numbers: dict[str, Counter[int]] = {"split_before": Counter(), "split": Counter()}
    for row in rows:
        for side, counted in numbers.items():
            if row[side] is not None:
                counted[row[side]] += row["number"]
    sums: dict[int, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for split, funder, amount in FundingSplitLine.objects.filter(split__in=list(splits)).values_list("split", "funder", "amount"):
        for place, side in enumerate(("split_before", "split")):
            sums[funder][place] += amount * numbers[side][split]
    funders = Funder.objects.filter(pk__in=list(sums))
    if hides:
        own = [grant.organization_path for grant in user.grants(VIEW)]
        reached = Q(pk__in=[])
        for path in own:
            reached |= Q(organization__path__startswith=path)
        funders = funders.filter(reached)
    found = [Payer(name, *sums[pk]) for pk, name in funders.order_by("name", "pk").values_list("pk", "name")]
    if hides or not splits:
        return found
    own_shares = [
        sum((splits[split].own_share * number for split, number in counted.items()), ZERO) for counted in numbers.values()
    ]
    return [Payer(_t("the insured persons"), *own_shares), *found]


def _steps(comparison: Comparison, user: Any) -> list[Step]:
    """Of everybody enrolled in each period, lapsed ones too: who passed each gate that its plan asks for, who is in force."""
    sides = [_stood(period, user) for period in (comparison.before, comparison.period)]
    asked = [set(asked_gates(period.plan)) for period in (comparison.before, comparison.period)]
    steps = []
    for gate in Gate:
        if gate in asked[0] | asked[1]:
            steps.append((str(GATE_WORDS[gate]), [
                side[gate] if gate in asks else 0 for side, asks in zip(sides, asked, strict=True)
            ], [side["enrolled"] if gate in asks else 0 for side, asks in zip(sides, asked, strict=True)]))
    for state in (EnrollmentState.IN_FORCE, EnrollmentState.ENDED, EnrollmentState.LAPSED):
        steps.append((str(state.label), [side[state] for side in sides], [side["enrolled"] for side in sides]))
    return [Step(label, found[0], whole[0], found[1], whole[1]) for label, found, whole in steps]


def _stood(period: Period, user: Any) -> Counter[str]:
    found: Counter[str] = Counter()
    rows = (
        Standing.objects.visible_to(user, PEOPLE).filter(period=period).exclude(state=EnrollmentState.VOIDED).order_by()
        .values("state", *_FLAG.values()).annotate(number=Sum("people"))
    )
    for row in rows:
        found["enrolled"] += row["number"]
        found[row["state"]] += row["number"]
        for gate, flag in _FLAG.items():
            found[gate] += row["number"] if row[flag] else 0
    return found
