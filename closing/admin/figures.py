"""Figures and balances of months as lists, to be filtered and downloaded."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from audit.admin import ReadOnlyScopedAdmin
from audit.exporting import ExportColumn
from closing.models import ClosedBalance, ClosedFigure
from programs.months import measures


class _ListAlone(ReadOnlyScopedAdmin):
    """A list and its export: what a line belongs to has the page."""

    list_display_links = None

    def get_urls(self) -> list[Any]:
        """No page of a single line."""
        prefix = f"{self.opts.app_label}_{self.opts.model_name}_"
        return [
            each for each in super().get_urls() if str(each.name or "").removeprefix(prefix) in ("changelist", "export_list")
        ]

    @display(description=_("month"))
    def month(self, line: Any) -> str:
        """Year and month."""
        return f"{line.closing.month:%Y-%m}"

    @display(description=_("program"))
    def program(self, line: Any) -> str:
        """By name."""
        return str(line.closing.program.name)

    @display(description=_("state"))
    def state(self, line: Any) -> str:
        """Of its closing."""
        return str(line.closing.get_state_display())


@admin.register(ClosedFigure)
class ClosedFigureAdmin(_ListAlone):
    """Figures of months, by place, category and payer."""

    list_display = (
        "month", "program", "title", "county_shown", "category_name", "payer", "detail_name", "before_shown", "amount_shown",
        "state",
    )
    export_columns = (
        "month", "program", "title", "measure", "county", "county_shown", "category_name", "payer", "detail", "detail_name",
        "before", "amount", "state",
    )
    list_filter = ("closing",)
    list_select_related = ("closing__program",)
    sortable_by = ()
    ordering = ("-id",)

    @display(description=_("figure"))
    def title(self, line: ClosedFigure) -> str:
        """In words."""
        known = measures().get(line.measure)
        return str(known.title) if known is not None else line.measure

    @display(description=_("county"))
    def county_shown(self, line: ClosedFigure) -> str:
        """By its name then."""
        return line.county_name or _t("of the whole program")

    @display(description=_("payer"))
    def payer(self, line: ClosedFigure) -> str:
        """Where the figure is by payer."""
        known = measures().get(line.measure)
        if line.funder_name or known is None or not known.by_payer:
            return line.funder_name or "—"
        return _t("the insured themselves")

    @display(description=_("before the month"))
    def before_shown(self, line: ClosedFigure) -> str:
        """As known at the cut-off."""
        return _said(line, line.before)

    @display(description=_("in the month"))
    def amount_shown(self, line: ClosedFigure) -> str:
        """As known at the cut-off."""
        return _said(line, line.amount)


def _said(line: ClosedFigure, value: Any) -> str:
    known = measures().get(line.measure)
    return f"{value:,.0f}" if known is not None and not known.is_money else f"{value:,.2f}"


@admin.register(ClosedBalance)
class ClosedBalanceAdmin(_ListAlone):
    """Balances of months, account by account."""

    list_display = ("month", "program", "label", "opening_shown", "debits_shown", "credits_shown", "ending_shown", "state")
    export_columns = (
        "month", "program", "label", "opening", "debits", "credits",
        ExportColumn("ending", _("at the end"), lambda line: line.ending), "state",
    )
    list_filter = ("closing", "kind")
    list_select_related = ("closing__program",)
    sortable_by = ()
    ordering = ("-id",)

    @display(description=_("account"))
    def label(self, line: ClosedBalance) -> str:
        """Kind, funder and tranche."""
        return line.label

    @display(description=_("at the begin"))
    def opening_shown(self, line: ClosedBalance) -> str:
        """Yuan."""
        return f"{line.opening:,.2f}"

    @display(description=_("debits"))
    def debits_shown(self, line: ClosedBalance) -> str:
        """Yuan."""
        return f"{line.debits:,.2f}"

    @display(description=_("credits"))
    def credits_shown(self, line: ClosedBalance) -> str:
        """Yuan."""
        return f"{line.credits:,.2f}"

    @display(description=_("at the end"))
    def ending_shown(self, line: ClosedBalance) -> str:
        """Yuan."""
        return f"{line.ending:,.2f}"
