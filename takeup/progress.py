"""What the take-up page of a period shows its reader: the window, who stands enrolled, against the target and last year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from math import ceil
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _t

from accounts.models import Organization, Region
from beneficiaries.age_bands import BANDS, band_name
from beneficiaries.models import DayStanding
from programs.models import Period
from subsidies.rules import hidden
from takeup.counting import VIEW, Counted, count, sees_people
from takeup.drawing import Course, Drawing, draw
from takeup.models import InsuranceStatus, ParticipantCount, Target, TargetState
from years.actions.comparisons import before_of

#: The line of sums.
ALL = ""
NOW, BEFORE = "now", "before"
SHADES = 5
#: Days that the page lists one by one at most, the last ones.
LISTED = 120


@dataclass(frozen=True)
class Window:
    """When people are enrolled: its first and last day, and how it stands today."""

    opens: date
    last: date
    is_open: bool
    is_over: bool
    #: Of an open window: today's number, from 1. Of one to come: the days until it opens.
    day: int
    days: int
    left: int


@dataclass(frozen=True)
class Line:
    """People of one kind: now, last year up to the same day of its window, and the target; None where it is not shown."""

    label: str
    now: int | None
    before: int | None
    target: int | None = None
    #: Whom the target is of: of a sum, those of places that have one.
    rated: int | None = None
    shade: int = 0
    #: Participants of basic insurance by the lists in force.
    insured: int | None = None

    @property
    def part(self) -> str:
        """Of a hundred participants."""
        return share(self.now, self.insured)

    @property
    def rate(self) -> str:
        """Of a hundred of the target; "" where it cannot be told. Rounded down: 99.96 % is not yet all."""
        return share(self.rated, self.target)

    @property
    def more(self) -> int | None:
        """What it is more than last year, or less."""
        return None if self.now is None or self.before is None else self.now - self.before

    @property
    def fewer(self) -> int | None:
        """The same as a number of its own where it is less."""
        return None if self.more is None else -self.more


@dataclass(frozen=True)
class Day:
    """A day of enrollment: its people and those up to it; of last year's same day of the window, too."""

    day: date
    now: int | None
    so_far: int | None
    before: int | None
    before_so_far: int | None


@dataclass(frozen=True)
class TakenUp:
    """The page. `hides`: its reader may not see all of the people behind it."""

    window: Window
    before: Period | None
    total: Line
    counties: Sequence[Line]
    bands: Sequence[Line]
    channels: Sequence[Line]
    days: Sequence[Day]
    drawing: Drawing | None
    hides: bool
    has_gaps: bool
    #: Names of counties without a target where others have one.
    without_target: Sequence[str]

    @property
    def before_words(self) -> str:
        """Which numbers of last year stand beside this year's."""
        if self.before is None:
            return ""
        return self.before.code if self.window.is_over else _t("%(code)s, same day") % {"code": self.before.code}


def window_of(period: Period, *, today: date) -> Window:
    """How a period's window stands on a day."""
    opens, closes = period.enrollment_opens_on, period.enrollment_closes_on
    is_over = today >= closes or period.closed_at is not None
    is_open = opens <= today and not is_over
    day = (today - opens).days + 1 if is_open else max((opens - today).days, 0)
    return Window(
        opens, closes - timedelta(days=1), is_open, is_over, day, (closes - opens).days, (closes - today).days if is_open else 0
    )


def in_words(window: Window) -> str:
    """ "Day 12 of 60", with what is left."""
    if window.is_over:
        return _t("closed")
    if not window.is_open:
        return _t("opens in %(days)d days") % {"days": window.day}
    return _t("day %(day)d / %(days)d") % {"day": window.day, "days": window.days}


def share(part: int | None, whole: int | None) -> str:
    """ "61.5%", rounded down; "" where it cannot be told."""
    if part is None or not whole:
        return ""
    return f"{(Decimal(part * 100) / whole).quantize(Decimal('0.1'), ROUND_DOWN)}%"


def taken_up(period: Period, user: Any, *, today: date) -> TakenUp:
    """For one reader; a dozen questions, whose cost does not grow with the people."""
    window, earlier = window_of(period, today=today), before_of(period)
    now = count(period, user, until=today)
    before = count(earlier, user, until=_same_day(period, earlier, today=today)) if earlier is not None else Counted()
    targets, insured = targets_of(period, user), insured_of(period, user)
    hides = not all(
        sees_people(user, path, county, period.program_id) for path, county in now.places | before.places
    )
    names = Region.objects.names_of({*now.county, *before.until["county"], *targets, *insured})
    days = _days(period, earlier, now, before, today=today)
    shown = {
        "county": {code: names.get(code) or code for code in sorted({*now.county, *before.until["county"], *targets, *insured})},
        "band": {
            band: band_name(band) or _t("not known") for band in (*reversed(BANDS), None)
            if now.band[band] or before.until["band"][band]
        },
        "channel": {
            each.value: str(each.label) for each in DayStanding.Channel
            if now.channel[each.value] or before.until["channel"][each.value]
        },
    }
    gaps = _gaps({
        NOW: {"county": now.county, "band": now.band, "channel": now.channel, "day": {each.day: each.now or 0 for each in days}},
        BEFORE: {**before.until, "day": {each.day: each.before or 0 for each in days}},
    }) if hides else set()
    if any(name == "day" or name == ALL for name, _key, _column in gaps):
        # What stands up to a day would tell what came on it.
        days = [
            Day(
                each.day, None if ("day", each.day, NOW) in gaps else each.now, None,
                None if ("day", each.day, BEFORE) in gaps else each.before, None,
            )
            for each in days
        ]

    def lines(name: str) -> list[Line]:
        numbers: Counter[Any] = getattr(now, name)
        of_before = before.until[name]
        found = []
        for key, label in shown[name].items():
            people = None if (name, key, NOW) in gaps else numbers[key]
            last_year = None if earlier is None or (name, key, BEFORE) in gaps else of_before[key]
            of_county: dict[str, Any] = {"target": targets.get(key), "insured": insured.get(key)} if name == "county" else {}
            found.append(Line(label, people, last_year, rated=people, **of_county))
        return found

    counties = lines("county")
    rated = [line.now for line in counties if line.target]
    people = None if (ALL, ALL, NOW) in gaps else now.people
    has_all = all(line.target for line in counties)
    total = Line(
        _t("In all"), people, None if earlier is None or (ALL, ALL, BEFORE) in gaps else before.people_until,
        sum(targets.values()) or None,
        people if has_all or people is None else None if None in rated else sum(number or 0 for number in rated),
        insured=sum(insured.values()) or None,
    )
    return TakenUp(
        window, earlier, total, _shaded(counties), lines("band"), lines("channel"), days[-LISTED:],
        _drawing(period, earlier, days, total.target) if days and days[-1].so_far is not None else None, hides, bool(gaps),
        [line.label for line in counties if targets and line.target is None],
    )


def _shaded(lines: Sequence[Line]) -> list[Line]:
    """The darker, the more of the target, else of the participants; the more people where neither is known."""
    wholes = [line.target for line in lines] if any(line.target for line in lines) else [line.insured for line in lines]
    by_rate = any(wholes)
    sizes = [
        (line.now or 0) / whole if whole else 0.0 if by_rate else float(line.now or 0)
        for line, whole in zip(lines, wholes, strict=True)
    ]
    highest = max(sizes, default=0.0)
    return [
        replace(line, shade=ceil(SHADES * size / highest) if highest else 0) for line, size in zip(lines, sizes, strict=True)
    ]


def targets_of(period: Period, user: Any) -> dict[str, int]:
    """County -> approved target population, of the counties that a reader's numbers can be of."""
    rows = Target.objects.visible_to(user, VIEW).filter(period=period, state=TargetState.APPROVED)
    reached = _prefixes(period, user)
    return {
        code: people for code, people in rows.order_by("region_code").values_list("region_code", "people")
        if reached is None or any(code.startswith(prefix[:6]) for prefix in reached)
    }


def insured_of(period: Period, user: Any) -> dict[str, int]:
    """County (or city that is told as a whole) -> participants of basic insurance, by the lists in force of the region."""
    region, reached = period.program.region_code, _prefixes(period, user)
    rows = ParticipantCount.objects.filter(
        list__is_in_force=True, status=InsuranceStatus.ACTIVE, region_code__startswith=region[:6]
    )
    counted: dict[int, dict[str, int]] = {}
    summed = rows.order_by("list", "region_code").values_list("list", "region_code").annotate(sum=Sum("people"))
    for number, code, people in summed:
        counted.setdefault(number, {})[code] = people
    found: dict[str, int] = {}
    # Of several lists that speak of one place the newest counts.
    for number in sorted(counted):
        found |= counted[number]
    return {
        code: people for code, people in found.items()
        if reached is None or any(code.startswith(prefix[:6]) for prefix in reached)
    }


def _prefixes(period: Period, user: Any) -> list[str] | None:
    """Where a reader's offices lie; None for whoever reads the whole program: its office, what is above, insurer, funders."""
    program, found = period.program, []
    grants = [each for each in user.grants(VIEW) if each.program_ids is None or program.pk in each.program_ids]
    places = dict(
        Organization.objects.filter(path__in={each.organization_path for each in grants}).values_list("path", "region_code")
    )
    for grant in grants:
        is_below = grant.organization_path.startswith(program.organization.path) and (
            grant.organization_path != program.organization.path
        )
        prefix = grant.region_prefix or (places.get(grant.organization_path) or "" if is_below else "")
        if not prefix or program.region_code.startswith(prefix):
            return None
        found.append(prefix)
    return found


def _same_day(period: Period, before: Period, *, today: date) -> date:
    """Last year's day that lies as many days after its window opened; once this one is over, last year's last."""
    if today >= period.enrollment_closes_on:
        return date.max
    return before.enrollment_opens_on + (today - period.enrollment_opens_on)


def _gaps(columns: Mapping[str, Mapping[str, Mapping[Any, int]]]) -> set[tuple[str, Any, str]]:
    """(table, key, column) of what would tell who people are; `columns`: column -> table -> people by key.

    The sum of a column, which its tables share, is (ALL, ALL, column): what one of them hides of it, all of them do.
    """
    gaps: set[tuple[str, Any, str]] = set()
    for column, tables in columns.items():
        whole, sum_is_hidden = max((sum(numbers.values()) for numbers in tables.values()), default=0), False
        while True:
            found: set[tuple[str, Any, str]] = set()
            for name, numbers in tables.items():
                by_name = {repr(key): key for key in numbers}
                cells = {(repr(key), column): number for key, number in numbers.items()}
                for key, _column in hidden({**cells, (ALL, column): 1 if sum_is_hidden else whole}):
                    found.add((ALL, ALL, column) if key == ALL else (name, by_name[key], column))
            if sum_is_hidden or (ALL, ALL, column) not in found:
                break
            sum_is_hidden = True
        gaps |= found
    return gaps


def _days(period: Period, earlier: Period | None, now: Counted, before: Counted, *, today: date) -> list[Day]:
    """Of the window up to today or its end, from the day before the first enrollment of either year on.

    Who was enrolled outside of the window counts on its first or last day.
    """
    opens = period.enrollment_opens_on
    length = (min(today + timedelta(days=1), period.enrollment_closes_on) - opens).days
    if length <= 0:
        return []
    mine = _by_offset(now.day, opens, length)
    theirs: Counter[int] = Counter()
    if earlier is not None:
        # What came after the same day of last year's window is not told: this year's is still to come.
        whole = (earlier.enrollment_closes_on - earlier.enrollment_opens_on).days
        theirs = _by_offset(before.day, earlier.enrollment_opens_on, max(whole, length))
    found, so_far, before_so_far = [], 0, 0
    for at in range(length):
        so_far, before_so_far = so_far + mine[at], before_so_far + theirs[at]
        found.append(Day(
            opens + timedelta(days=at), mine[at], so_far, theirs[at] if earlier is not None else None,
            before_so_far if earlier is not None else None,
        ))
    first = next((at for at, each in enumerate(found) if each.now or each.before), len(found) - 1)
    return found[max(first - 1, 0):]


def _by_offset(days: Mapping[date, int], opens: date, length: int) -> Counter[int]:
    found: Counter[int] = Counter()
    for day, people in days.items():
        found[min(max((day - opens).days, 0), length - 1)] += people
    return found


def _drawing(period: Period, earlier: Period | None, days: Sequence[Day], target: int | None) -> Drawing:
    courses = [Course(_t("%(code)s, so far") % {"code": period.code}, 1, [each.so_far or 0 for each in days])]
    if earlier is not None:
        courses.append(Course(
            _t("%(code)s, same day of the window") % {"code": earlier.code}, 2, [each.before_so_far or 0 for each in days]
        ))
    if target:
        courses.append(Course(_t("target population"), 3, [target] * len(days), dashed=True))
    return draw(courses, [f"{each.day:%m-%d}" for each in days])
