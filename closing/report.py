"""A month as its page and its paper show it: tables from what is kept, in the reader's language; nothing here counts anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils.translation import get_language
from django.utils.translation import gettext as _t

from closing.counting import figures_now
from closing.models import ClosedFigure, MonthClosing
from programs.models import LedgerTransaction
from programs.models.books import month_after
from programs.months import Month

ZERO = Decimal(0)
#: Postings that the comparison lists; all stand in the ledger's list.
SHOWN = 50


@dataclass(frozen=True)
class Table:
    """Headings of the columns after the first, and lines of a label and as many cells; the last line may be a sum."""

    key: str
    title: str
    first: str
    headings: Sequence[str]
    lines: Sequence[tuple[str, Sequence[str]]]
    total: Sequence[str] = ()


@dataclass(frozen=True)
class Kept:
    """A measure as it was defined when the month was drawn up."""

    code: str
    title: str
    definition: str
    is_money: bool
    is_standing: bool
    by_payer: bool
    overlaps: bool
    #: By what it is told further, in the reader's language; empty where it is not.
    detail: str

    def said(self, value: Decimal | None) -> str:
        """Yuan with two places, or a whole number; a dash where there is none."""
        if value is None:
            return "—"
        return f"{value:,.2f}" if self.is_money else f"{value:,.0f}"

    def shown(self, before: Decimal, amount: Decimal) -> Decimal:
        """What stands at the end, or what happened in the month."""
        return before + amount if self.is_standing else amount


def measures_of(closing: MonthClosing) -> list[Kept]:
    """In the reader's language."""
    language = get_language() or "en"
    return [
        Kept(
            each["code"], _in(each["title"], language), _in(each["definition"], language), each["is_money"], each["is_standing"],
            each["by_payer"], each.get("overlaps", False), _in(each.get("detail", {}), language),
        )
        for each in closing.measures
    ]


def open_points_of(closing: MonthClosing) -> list[tuple[str, str]]:
    """(sentence, address) of what was open at the cut-off."""
    language = get_language() or "en"
    return [(_in(each["sentence"], language), each["address"]) for each in closing.open_points]


def summary(closing: MonthClosing) -> Table:
    """Each measure: in the month, corrections of earlier months that came since the last closing, and in all."""
    sums = _sums(closing)
    earlier = _sums(closing.previous) if closing.previous is not None else {}
    lines = []
    for each in measures_of(closing):
        if each.overlaps:
            continue
        before, amount = sums.get(each.code, (ZERO, ZERO))
        was = sum(earlier.get(each.code, (ZERO, ZERO)))
        corrected = before - was if closing.previous is not None else None
        lines.append((each.title, [each.said(amount), each.said(corrected), each.said(before + amount)]))
    return Table(
        "summary", _t("Figures of the month"), _t("figure"),
        [_t("in the month"), _t("corrections of earlier months"), _t("in all")], lines,
    )


def divisions(closing: MonthClosing) -> list[Table]:
    """By county, category, payer and detail: measures side by side, those that have any number there. What overlaps among
    payers stands by payer alone."""
    figures = list(closing.figures.order_by("id"))
    measures = measures_of(closing)
    whole = [each for each in measures if not each.overlaps]

    def county(figure: ClosedFigure) -> tuple[str, str]:
        return figure.county, figure.county_name or _t("of the whole program")

    def category(figure: ClosedFigure) -> tuple[str, str]:
        return (f"{figure.category_id:012d}", figure.category_name) if figure.category_id else ("", _t("of the whole program"))

    def payer(figure: ClosedFigure) -> tuple[str, str]:
        return (f"{figure.funder_id:012d}", figure.funder_name) if figure.funder_id else ("", _t("the insured themselves"))

    return [
        _divided("county", _t("By county"), _t("county"), figures, whole, county),
        _divided("category", _t("By category"), _t("category"), figures, [each for each in whole if not each.detail], category),
        _divided("payer", _t("By payer"), _t("payer"), figures, [each for each in measures if each.by_payer], payer),
        *by_detail(figures, measures),
    ]


def by_detail(figures: Sequence[ClosedFigure], measures: Sequence[Kept]) -> list[Table]:
    """A table of each thing by which measures are told further."""

    def detail(figure: ClosedFigure) -> tuple[str, str]:
        return figure.detail, figure.detail_name or _t("not told")

    return [
        _divided(
            f"detail-{number}", _t("By %(what)s") % {"what": word}, word, figures,
            [each for each in measures if each.detail == word], detail,
        )
        for number, word in enumerate(dict.fromkeys(each.detail for each in measures if each.detail))
    ]


def balances(closing: MonthClosing) -> Table:
    """The ledger of the month, account by account; yuan."""
    rows = list(closing.balances.order_by("id"))
    return Table(
        "ledger", _t("Ledger (yuan, debits above zero, credits below)"), _t("account"),
        [_t("at the begin"), _t("debits"), _t("credits"), _t("at the end")],
        [(row.label, [f"{value:,.2f}" for value in (row.opening, row.debits, row.credits, row.ending)]) for row in rows],
        [f"{sum((getattr(row, name) for row in rows), ZERO):,.2f}" for name in ("opening", "debits", "credits", "ending")],
    )


def definitions(closing: MonthClosing) -> list[tuple[str, str]]:
    """What each figure means, as it was kept."""
    return [(each.title, each.definition) for each in measures_of(closing)]


def comparison(closing: MonthClosing) -> Table:
    """Each measure as it is kept, and as it would be counted today; in one reading of each room's rows."""
    now: dict[str, tuple[Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO))
    for cell in figures_now(Month(closing.program_id, closing.month)):
        before, amount = now[cell.measure]
        now[cell.measure] = before + cell.before, amount + cell.amount
    kept, lines = _sums(closing), []
    for each in (each for each in measures_of(closing) if not each.overlaps):
        was, today = each.shown(*kept.get(each.code, (ZERO, ZERO))), each.shown(*now[each.code])
        lines.append((each.title, [each.said(was), each.said(today), each.said(today - was) if today != was else "—"]))
    return Table(
        "comparison", _t("As closed, and as of today"), _t("figure"), [_t("as closed"), _t("today"), _t("correction since")], lines
    )


def carried(closing: MonthClosing) -> QuerySet[LedgerTransaction]:
    """Postings made in the month that came too late for it: they count in a later one."""
    month = Month(closing.program_id, closing.month)
    return LedgerTransaction.objects.filter(
        program_id=closing.program_id, at__gte=month.begins_at, at__lt=month.ends_at, booked_on__gte=month_after(closing.month)
    )


def _in(said: Mapping[str, str], language: str) -> str:
    return said.get(language) or next(iter(said.values()), "")


def _sums(closing: MonthClosing) -> dict[str, tuple[Decimal, Decimal]]:
    rows = ClosedFigure.objects.filter(closing=closing).order_by().values("measure")
    return {
        row["measure"]: (row["sum_before"], row["sum_amount"])
        for row in rows.annotate(sum_before=Sum("before"), sum_amount=Sum("amount"))
    }


def _divided(
    key: str, title: str, first: str, figures: Sequence[ClosedFigure], measures: Sequence[Kept],
    place_of: Callable[[ClosedFigure], tuple[str, str]],
) -> Table:
    known = {each.code: each for each in measures}
    cells: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    for figure in figures:
        measure = known.get(figure.measure)
        value = measure.shown(figure.before, figure.amount) if measure is not None else ZERO
        if value:
            cells[place_of(figure)][figure.measure] += value
    used = [each for each in measures if any(values[each.code] for values in cells.values())]
    sums = {each.code: sum((values[each.code] for values in cells.values()), ZERO) for each in used}
    return Table(
        key, title, first, [each.title for each in used],
        [(name, _row(used, cells[(code, name)])) for code, name in sorted(cells)],
        ["—" if each.overlaps else cell for each, cell in zip(used, _row(used, sums), strict=True)] if cells else (),
    )


def _row(measures: Sequence[Kept], values: Mapping[str, Decimal]) -> list[str]:
    return [each.said(values[each.code]) if values[each.code] else "—" for each in measures]


def context_of(closing: MonthClosing) -> dict[str, Any]:
    """All tables of a month, for its page and its paper."""
    return {
        "found": closing, "month": f"{closing.month:%Y-%m}", "summary": summary(closing), "divisions": divisions(closing),
        "ledger": balances(closing), "definitions": definitions(closing), "open_points": open_points_of(closing),
    }
