"""What a report's comparison comes to, as its page says it: counts, sums, responsibilities, the biggest differences."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models.functions import Abs
from django.utils.translation import gettext as _t

from programs.benefit_terms import engine_language, terms_of_program
from results.models import Comparison, Recalculation, Report, ReportRow, Why

#: Differences that the page names.
SHOWN = 20


@dataclass(frozen=True)
class Line:
    """One kind of outcome: lines, what was paid, what is due (None: nothing to compare), paid above and below."""

    label: str
    lines: int
    paid: Decimal
    due: Decimal | None
    above: Decimal | None
    below: Decimal | None


@dataclass(frozen=True)
class Big:
    """A line that differs much."""

    row: ReportRow
    paid: Decimal
    due: Decimal
    difference: Decimal


def outcomes(report: Report) -> list[Line]:
    """Equal, different, not computable."""
    found = []
    for word, sums in report.money.get("comparison", {}).items():
        lines, (paid, due, above, below) = sums[0], map(Decimal, sums[1:])
        known = word != Comparison.NOT_COMPUTABLE
        found.append(Line(
            str(Comparison(word).label), lines, paid, due if known else None, above if known else None, below if known else None
        ))
    order = [str(each.label) for each in Comparison]
    return sorted(found, key=lambda line: order.index(line.label))


def reasons(report: Report) -> list[tuple[str, int]]:
    """Why lines cannot be calculated, the most frequent first."""
    found = [(str(Why(word).label), number) for word, number in report.money.get("why", {}).items()]
    return sorted(found, key=lambda each: -each[1])


def responsibilities(report: Report) -> list[Line]:
    """By responsibility what was paid and what is due, of lines that could be calculated; in the plans' order."""
    parts = report.money.get("parts", {})
    if not parts:
        return []
    names: dict[str, str] = {}
    for terms in terms_of_program(report.program_id).values():
        names.update({each.code: each.name.say(engine_language()) for each in terms.responsibilities})
    found = []
    for code, sums in parts.items():
        paid, due = map(Decimal, sums[1:])
        found.append(Line(names.get(code, code), sums[0], paid, due, max(paid - due, Decimal(0)), max(due - paid, Decimal(0))))
    return found


def biggest(report: Report) -> list[Big]:
    """The lines that differ most."""
    found = Recalculation.objects.filter(report=report, comparison=Comparison.DIFFERENT)
    kept = list(found.order_by(Abs("difference").desc(), "row_id")[:SHOWN])
    rows = ReportRow.objects.in_bulk([each.row_id for each in kept])
    return [
        Big(rows[each.row_id], rows[each.row_id].paid or Decimal(0), each.due or Decimal(0), each.difference or Decimal(0))
        for each in kept if each.row_id in rows
    ]


def context_of(report: Report) -> dict[str, Any]:
    """What the page shows of it; nothing while nothing is compared."""
    if not report.money.get("comparison"):
        return {}
    return {
        "outcomes": outcomes(report), "reasons": reasons(report), "responsibilities": responsibilities(report),
        "biggest": biggest(report), "held_facts": _held(report),
    }


def _held(report: Report) -> list[tuple[str, str]]:
    beyond = report.money.get("beyond", [0, "0"])
    return [(_t("of these beyond a limit"), f"{beyond[0]:,}")] if beyond[0] else []
