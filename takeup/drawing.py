"""A course of days as lines: numbers in, points of an SVG out; drawn without a script, its numbers stand in a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: Units of the drawing: a day's step, and its height.
STEP, HEIGHT = 10, 100
#: Labels under it at most.
LABELS = 8


@dataclass(frozen=True)
class Course:
    """One line: its name, its tone, and a number a day, as many days as there are."""

    name: str
    tone: int
    values: Sequence[int]
    dashed: bool = False


@dataclass(frozen=True)
class Drawn:
    """A course with its points, "x,y x,y"."""

    course: Course
    points: str


@dataclass(frozen=True)
class Label:
    """A day under the drawing; `spare`: there is no room for it on a phone."""

    text: str
    shown: bool
    spare: bool


@dataclass(frozen=True)
class Drawing:
    """Lines over days, from 0 to `top`."""

    lines: Sequence[Drawn]
    labels: Sequence[Label]
    top: int
    width: int


def draw(courses: Sequence[Course], days: Sequence[str]) -> Drawing:
    """The lines of courses over the days that are named; a course may end before the last day."""
    top = round_top(max((value for course in courses for value in course.values), default=0))
    every = max(1, -(-len(days) // LABELS))
    return Drawing(
        [
            Drawn(course, " ".join(f"{x},{_height(value, top)}" for x, value in _places(course.values)))
            for course in courses if course.values
        ],
        [Label(text, at % every == 0, at % (2 * every) == every) for at, text in enumerate(days)],
        top, STEP * max(1, len(days)),
    )


def _places(values: Sequence[int]) -> list[tuple[int, int]]:
    """In the middle of each day; a single one as a line across it."""
    if len(values) == 1:
        return [(0, values[0]), (STEP, values[0])]
    return [(at * STEP + STEP // 2, value) for at, value in enumerate(values)]


def round_top(highest: int) -> int:
    """The least of 1, 2, 5, 10, 20, 50 … that is not below the highest value."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if step * factor >= highest:
                return step * factor
        step *= 10


def _height(value: int, top: int) -> str:
    return f"{HEIGHT - value * HEIGHT / top:.2f}".rstrip("0").rstrip(".")
