"""How many people of a period wait where, by county and by roster: one question, whose cost does not grow with the people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum
from django.db.models.functions import Left
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _t

from accounts.models import Region
from beneficiaries.gating import Gate, asked_gates
from beneficiaries.models import Roster, Standing
from beneficiaries.models.enrollment import EnrollmentState
from gates.models import Objection, ObjectionState
from programs.models import Period, Plan

VIEW = "gates.view_board"
COUNTY_DIGITS = 6
#: Rosters shown by themselves; the newest.
SHOWN = 100
_FLAG = {Gate.NOTICE: "noticed", Gate.OWN_PAYMENT: "paid", Gate.ACCEPTANCE: "accepted"}
#: Columns after the gates: states, as far as the plan can lead to them.
IN_FORCE, LAPSED, VOIDED, ENDED = (
    EnrollmentState.IN_FORCE, EnrollmentState.LAPSED, EnrollmentState.VOIDED, EnrollmentState.ENDED,
)
_STATES = (IN_FORCE, LAPSED, VOIDED, ENDED)


@dataclass
class Counts:
    """People by where they stand, and the yuan that those who have not paid owe."""

    gates: dict[Gate, int] = field(default_factory=dict)
    states: dict[str, int] = field(default_factory=dict)
    objections: int = 0
    unpaid: Decimal = Decimal("0.00")

    def add(self, other: Counts) -> None:
        """Sum up."""
        for gate, number in other.gates.items():
            self.gates[gate] = self.gates.get(gate, 0) + number
        for state, number in other.states.items():
            self.states[state] = self.states.get(state, 0) + number
        self.objections += other.objections
        self.unpaid += other.unpaid


@dataclass(frozen=True)
class Cell:
    """A number, and the list of the same people; no address for a reader who has no such list."""

    number: int
    url: str


@dataclass(frozen=True)
class Line:
    """A county or a roster with its numbers in the order of the board's columns."""

    label: str
    url: str
    cells: Sequence[Cell]
    unpaid: Decimal
    objections: Cell | None


@dataclass(frozen=True)
class Board:
    """A period's standing as far as its reader sees it."""

    headings: Sequence[str]
    counties: Sequence[Line]
    rosters: Sequence[Line]
    total: Line
    left_out: int
    asks_notice: bool
    asks_payment: bool


def waiting_counts(plan: Plan) -> dict[str, Any]:
    """Sums over `Standing` by gate ("notice", ...), state, and the own shares that are still to be paid ("unpaid")."""
    asked = asked_gates(plan)
    found: dict[str, Any] = {}
    for place, gate in enumerate(asked):
        waits = Q(state=EnrollmentState.AWAITING, **{_FLAG[gate]: False}, **{_FLAG[each]: True for each in asked[:place]})
        found[gate.value] = Sum("people", filter=waits, default=0)
        if gate is Gate.OWN_PAYMENT:
            found["unpaid"] = Sum("own_share", filter=waits, default=Decimal("0.00"))
    return found | {state.value: Sum("people", filter=Q(state=state), default=0) for state in _STATES}


def standing_of(period: Period, user: Any, **only: Any) -> dict[tuple[int | None, str], Counts]:
    """(roster, county) -> counts; roster None for what came without one. Two questions."""
    seen = Standing.objects.visible_to(user, VIEW).filter(period=period, **only)
    rows: Any = seen.annotate(county=Left("region_code", COUNTY_DIGITS)).values("roster", "county").order_by().annotate(
        **waiting_counts(period.plan)
    )
    asked = asked_gates(period.plan)
    found: dict[tuple[int | None, str], Counts] = {
        (row["roster"], row["county"]): Counts(
            {gate: row[gate.value] for gate in asked}, {state: row[state] for state in _STATES},
            unpaid=row.get("unpaid", Decimal("0.00")),
        )
        for row in rows
    }
    open_ones = Objection.objects.visible_to(user, "gates.view_objection").filter(
        notice__period=period, state=ObjectionState.OPEN, **{f"enrollment__{name}": value for name, value in only.items()}
    )
    objected = open_ones.annotate(county=Left("enrollment__region_code", COUNTY_DIGITS)).order_by()
    for roster, county, number in objected.values_list("enrollment__roster", "county").annotate(number=Count("pk")):
        found.setdefault((roster, county), Counts()).objections += number
    return found


def board_of(period: Period, user: Any) -> Board:
    """Counties and rosters of a period, each number with the address of its people."""
    places = standing_of(period, user)
    counties, rosters, whole = _summed(places, 1), _summed(places, 0), Counts()
    for counts in places.values():
        whole.add(counts)
    names = Region.objects.names_of(counties)
    newest = sorted((pk for pk in rosters if pk is not None), reverse=True)
    shown = newest[:SHOWN]
    offices = {
        roster.pk: roster.organization.short_name or roster.organization.name
        for roster in Roster.objects.filter(pk__in=shown).select_related("organization")
    }
    lines = [
        _line(
            period, f"#{pk} {offices.get(pk, '')}", rosters[pk], {"roster": pk}, to=user,
            url=reverse("admin:beneficiaries_roster_change", args=[pk]),
        )
        for pk in shown
    ]
    if None in rosters:
        lines.append(_line(period, _t("without a roster"), rosters[None], {"roster": "none"}, to=user))
    asked = asked_gates(period.plan)
    return Board(
        headings=[*(str(HEADINGS[gate]()) for gate in asked), *(str(EnrollmentState(state).label) for state in _STATES)],
        counties=[
            _line(period, names.get(code) or code or _t("without a region"), counts, {"place": code}, to=user)
            for code, counts in sorted(counties.items())
        ],
        rosters=lines,
        total=_line(period, _t("In all"), whole, {}, to=user),
        left_out=len(newest) - len(shown),
        asks_notice=Gate.NOTICE in asked,
        asks_payment=Gate.OWN_PAYMENT in asked,
    )


def line_of_roster(roster: Roster, user: Any) -> tuple[Sequence[str], Line]:
    """The headings, and one roster's numbers."""
    whole = Counts()
    for counts in standing_of(roster.period, user, roster=roster).values():
        whole.add(counts)
    asked = asked_gates(roster.period.plan)
    headings = [*(str(HEADINGS[gate]()) for gate in asked), *(str(EnrollmentState(state).label) for state in _STATES)]
    return headings, _line(roster.period, str(roster), whole, {"roster": roster.pk}, to=user)


HEADINGS = {
    Gate.NOTICE: lambda: _t("Waits for the notice"),
    Gate.OWN_PAYMENT: lambda: _t("Has not paid"),
    Gate.ACCEPTANCE: lambda: _t("Waits for the insurer"),
}


def _summed(places: dict[tuple[int | None, str], Counts], part: int) -> dict[Any, Counts]:
    found: dict[Any, Counts] = {}
    for place, counts in places.items():
        found.setdefault(place[part], Counts()).add(counts)
    return found


def _line(period: Period, label: str, counts: Counts, only: dict[str, Any], *, to: Any, url: str = "") -> Line:
    sees = to.has_perm("beneficiaries.view_enrollment")
    people, unpaid = reverse("admin:beneficiaries_enrollment_changelist"), reverse("admin:gates_unpaid_changelist")

    def address(page: str = people, **chosen: Any) -> str:
        if page == people and not sees:
            return ""
        return f"{page}?{urlencode({'period__id__exact': period.pk, **only, **chosen})}"

    cells = [
        Cell(
            counts.gates.get(gate, 0), address(unpaid) if gate is Gate.OWN_PAYMENT else address(gate=gate.value)
        )
        for gate in asked_gates(period.plan)
    ]
    cells += [Cell(counts.states.get(state, 0), address(state__exact=state.value)) for state in _STATES]
    chosen = urlencode({"notice__period__id__exact": period.pk, **only, "state__exact": ObjectionState.OPEN.value})
    objections = Cell(counts.objections, f"{reverse('admin:gates_objection_changelist')}?{chosen}")
    return Line(label, url, cells, counts.unpaid, objections)


def has_numbers(lines: Iterable[Line]) -> bool:
    """Whether anybody stands anywhere."""
    return any(cell.number for line in lines for cell in line.cells)
