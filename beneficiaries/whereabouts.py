"""Where the enrollments of a list are and how many, by the counts that triggers keep: ten million are not read for fifty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.db.models import Q, QuerySet, Sum

from audit import panels
from beneficiaries.gating import ASKED, Gate, waiting_at
from beneficiaries.models import Beneficiary, CountyStanding, Enrollment, Standing
from beneficiaries.models.enrollment import EnrollmentQuerySet, EnrollmentState
from programs.models import Plan

COUNTY_DIGITS = 6
#: Counts that are looked at for one page; beyond them the page is read without.
MOST = 400
#: Stretches of numbers that one page is read from at most.
STRETCHES = 40
#: A category is not among the counts that say where: so many times more people are looked for, since each has many.
THIN = 20
#: Filters of a list by what they ask of a count; the address gives their values.
_ASKS = {
    "state__exact": "state", "program__id__exact": "program", "period__id__exact": "period",
    "organization__id__exact": "organization",
}
CATEGORY, PLACE, ROSTER, GATE = "category__id__exact", "place", "roster", "gate"


class _Everybody(EnrollmentQuerySet):
    """Restricted people with the others: to be counted off, never to be shown."""

    def free(self) -> Self:
        """Nobody is left out."""
        return self


@dataclass(frozen=True)
class Kinds:
    """The kinds of enrollments that a list shows.

    `fine`: their counts with the numbers they lie between; `coarse`: by county, None where a filter asks for more than
    these tell apart; `covers`: the condition of the same enrollments; `whole`: the fine counts tell all that is asked.
    """

    fine: QuerySet[Standing]
    coarse: QuerySet[CountyStanding] | None
    covers: QuerySet[Enrollment]
    whole: bool


def kinds_of(
    model: type[Enrollment], user: Any, permission: str, asked: Mapping[str, Any], *, gate: Gate | None = None
) -> Kinds | None:
    """What a list's address asks for; None where the counts cannot tell (a search, spans, a filter that is not theirs)."""
    fine: Any = Standing.objects.visible_to(user, permission)
    coarse: Any = CountyStanding.objects.visible_to(user, permission)
    covers: Any = _Everybody(Enrollment).visible_to(user, permission)
    tells, whole, plans = not reaches_below_counties(user, permission), True, Plan.objects.filter(period_kind=Plan.PeriodKind.SPAN)
    gates = [gate] if gate is not None else []
    for name, values in asked.items():
        value = str(values[-1] if isinstance(values, list) else values)
        if name in _ASKS and _fits(name, value):
            fine, coarse, covers = (rows.filter(**{_ASKS[name]: value}) for rows in (fine, coarse, covers))
            if name.startswith(("program", "period")):
                # The counts know nothing of spans: only where none can be are they the whole.
                pinned = "program" if name.startswith("program") else "period"
                plans = plans.filter(**{pinned if pinned == "program" else "periods": value})
        elif name == CATEGORY and _number(value):
            coarse, covers, whole = coarse.filter(category=value), covers.filter(category=value), False
        elif name == PLACE and value.isascii() and value.isdecimal():
            fine, covers = (rows.filter(region_code__startswith=value) for rows in (fine, covers))
            coarse, tells = coarse.filter(county__startswith=value), tells and len(value) <= COUNTY_DIGITS
        elif name == ROSTER and _number(value):
            fine, covers, tells, plans = fine.filter(roster=value), covers.filter(roster=value), False, plans.none()
        elif name == GATE and value in list(Gate):
            gates.append(Gate(value))
        elif name == panels.QUEUE_PARAMETER:
            narrow = next((queue.narrow for queue in panels.queues_of(model, user) if queue.key == value), None)
            if narrow is None:
                return None
            fine, coarse, covers = (narrow(rows, user) for rows in (fine, coarse, covers))
        else:
            return None
    for each in gates:
        fine, coarse = fine.filter(waiting_kinds(each)), coarse.filter(waiting_kinds(each))
        covers, plans = covers.filter(waiting_at(each)), plans.none()
    return None if plans.exists() else Kinds(fine, coarse if tells else None, covers, whole)


#: What a count says of each gate.
FLAG = {Gate.NOTICE: "noticed", Gate.OWN_PAYMENT: "paid", Gate.ACCEPTANCE: "accepted"}


def waiting_kinds(gate: Gate) -> Q:
    """Counts of enrollments whose next gate is this one, as `gating.waiting_at` says it of themselves."""
    found = Q(state=EnrollmentState.AWAITING, **{f"period__plan__{ASKED[gate]}": True, FLAG[gate]: False})
    for earlier in Gate:
        if earlier is gate:
            break
        found &= Q(**{f"period__plan__{ASKED[earlier]}": False}) | Q(**{FLAG[earlier]: True})
    return found


def total(kinds: Kinds) -> int | None:
    """How many they are, less the people whose data is restricted, who are in no list; None where the counts cannot tell."""
    if kinds.coarse is None and not kinds.whole:
        return None
    counts: QuerySet[Any] = kinds.fine if kinds.coarse is None else kinds.coarse
    number = counts.order_by().aggregate(sum=Sum("people", default=0))["sum"]
    restricted = list(Beneficiary.objects.filter(restricted_at__isnull=False).values_list("pk", "person_id"))
    if not restricted:
        return int(number)
    people = {person for _pk, person in restricted}
    # By the person, whom an index finds.
    hidden = kinds.covers.filter(person_id__in=people, beneficiary_id__in=[pk for pk, _person in restricted])
    return int(number) - hidden.filter(period_kind=Plan.PeriodKind.ANNUAL).count()


def number_of(
    model: type[Enrollment], user: Any, permission: str, asked: Mapping[str, Any], *, gate: Gate | None = None
) -> int | None:
    """As `total` of `kinds_of`."""
    kinds = kinds_of(model, user, permission, asked, gate=gate)
    return None if kinds is None else total(kinds)


#: From a number to a number; None for no end.
Stretch = tuple[int | None, int | None]


@dataclass
class Group:
    """People of one kind and the numbers they lie between."""

    people: int
    first: int
    last: int


def stretches(kinds: Kinds, *, beyond: int | None, falling: bool, wanted: int) -> tuple[Q, bool] | None:
    """Where the next enrollments beyond a number lie, reading down (`falling`) or up; None where the counts do not tell.

    With whether none lies outside. People may come and go while counts and rows are read one after the other, and a count
    of those who left may be among those not looked at: whoever finds too few looks again without.
    """
    near, far = ("last_id", "first_id") if falling else ("first_id", "last_id")
    rows = kinds.fine
    if beyond is not None:
        rows = rows.filter(**{f"{far}__lt" if falling else f"{far}__gt": beyond})
    found = list(
        rows.order_by(f"-{near}" if falling else near)
        .values_list("roster_id", "region_code", "state", "noticed", "paid", "accepted", "people", "first_id", "last_id")[:MOST]
    )
    every = len(found) < MOST
    groups: dict[tuple[Any, ...], Group] = {}
    for *kind, people, first, last in found:
        group = groups.setdefault(tuple(kind), Group(0, first, last))
        group.people += people
        group.first, group.last = min(group.first, first), max(group.last, last)
    where = lying(
        list(groups.values()), beyond=beyond, falling=falling, wanted=wanted if kinds.whole else wanted * THIN, every=every
    )
    if where is None:
        return None
    places, whole = where
    between = Q() if places else Q(pk__in=[])
    for lowest, highest in places:
        between |= Q(**{name: at for name, at in (("pk__gte", lowest), ("pk__lte", highest)) if at is not None})
    return between, whole


def lying(
    groups: Sequence[Group], *, beyond: int | None, falling: bool, wanted: int, every: bool
) -> tuple[list[Stretch], bool] | None:
    """Stretches that hold the nearest so many of these people, with whether they hold all; None where that is not known.

    Unless `every`, groups may be missing, none of which lies nearer than the last of these.
    """
    if falling:
        ordered = sorted(groups, key=lambda group: -group.last)
        sure = [group for group in ordered if beyond is None or group.last < beyond]
    else:
        ordered = sorted(groups, key=lambda group: group.first)
        sure = [group for group in ordered if beyond is None or group.first > beyond]
    gathered, edge = 0, None
    for group in sure:
        gathered += max(group.people, 0)
        reach = group.first if falling else group.last
        edge = reach if edge is None else (min if falling else max)(edge, reach)
        if gathered >= wanted:
            break
    if gathered < wanted:
        if not every:
            return None
        edge = None
    # What lies wholly behind the edge holds none of them.
    near = [group for group in ordered if edge is None or (group.last >= edge if falling else group.first <= edge)]
    if edge is not None and not every and near[-1] is ordered[-1]:
        # Groups that are missing may begin before the edge too.
        return [(edge, ordered[0].last) if falling else (ordered[0].first, edge)], False
    return _united(near, edge, falling), edge is None


def _united(groups: Sequence[Group], edge: int | None, falling: bool) -> list[Stretch]:
    """Their stretches, joined where they meet, and the nearest ones joined until they are few enough."""
    joined: list[list[int]] = []
    for group in sorted(groups, key=lambda each: each.first):
        first = group.first if edge is None or not falling else max(group.first, edge)
        last = group.last if edge is None or falling else min(group.last, edge)
        if joined and first <= joined[-1][1] + 1:
            joined[-1][1] = max(joined[-1][1], last)
        else:
            joined.append([first, last])
    while len(joined) > STRETCHES:
        at = min(range(1, len(joined)), key=lambda place: joined[place][0] - joined[place - 1][1])
        joined[at - 1 : at + 1] = [[joined[at - 1][0], joined[at][1]]]
    if joined and sum(last - first for first, last in joined) * 2 > joined[-1][1] - joined[0][0]:
        joined = [[joined[0][0], joined[-1][1]]]
    return [(first, last) for first, last in joined]


def reaches_below_counties(user: Any, permission: str) -> bool:
    """Whether a role reaches less than a county, where the coarse counts are blind."""
    return any(len(grant.region_prefix) > COUNTY_DIGITS for grant in user.grants(permission))


def _number(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) < 19


def _fits(name: str, value: str) -> bool:
    return value in EnrollmentState.values if name == "state__exact" else _number(value)
