"""Reconciliation in the admin: the programs, one program's books of claims, and the rows that make a difference."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.badges import badge
from audit.buttons import ButtonPages, holds
from audit.exporting import ExportColumn
from claims.models.case import numbered
from payouts.models import BatchLine
from payouts.models.batch import REFERENCE
from programs.models import LedgerAccount
from reconciliation.admin.forms import SpanForm
from reconciliation.books import Books, books_of
from reconciliation.models import Reconciliation
from reconciliation.pairs import BY_CODE, Pair, Row, rows_of, sums_of

#: Rows of a page of differences.
SHOWN = 100
_VIEW = "reconciliation.view_reconciliation"


@admin.register(Reconciliation)
class ReconciliationAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Programs, with what their books owe and have paid."""

    list_display = ("name", "code", "office", "owed", "paid")
    export_columns = (
        "name", "code", "office",
        ExportColumn("owed", _("owed to payees (yuan)"), lambda program: getattr(program, "owed", None)),
        ExportColumn("paid", _("paid (yuan)"), lambda program: getattr(program, "paid", None)),
    )
    list_select_related = ("organization",)
    search_fields = ("name", "code")
    search_help_text = _("Name or code of a program")
    sortable_by = ()
    ordering = ("code",)
    change_form_template = "reconciliation/program_page.html"
    fields = ("code",)
    readonly_fields = fields
    actions_detail = ("rows",)

    has_read_permission = holds(_VIEW)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related("organization")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """None: a difference leads to its rows."""
        return []

    def rows_read(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """The balances of the page's programs."""
        super().rows_read(request, rows)
        kinds = ("claims_payable", "claims_paid")
        found = LedgerAccount.objects.filter(program__in=[row.pk for row in rows], kind__in=kinds)
        balances = {(program, kind): -balance for program, kind, balance in found.values_list("program", "kind", "balance")}
        for row in rows:
            row.owed, row.paid = (balances.get((row.pk, kind), Decimal("0.00")) for kind in kinds)

    @display(description=_("office"))
    def office(self, program: Any) -> str:
        """Which operates it."""
        return str(program.organization.name)

    @display(description=_("owed to payees (yuan)"))
    def owed(self, program: Any) -> str:
        """By the ledger, now."""
        return f"{getattr(program, 'owed', 0):,.2f}"

    @display(description=_("paid (yuan)"))
    def paid(self, program: Any) -> str:
        """By the ledger, now."""
        return f"{getattr(program, 'paid', 0):,.2f}"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """One program, side by side."""
        program = self.visible_or_404(request, object_id)
        at = timezone.now()
        form = SpanForm(request.GET or None, program=program, today=timezone.localdate(at))
        found = books_of(program, form.span, at=at)
        context = {
            "title": str(self.opts.verbose_name), "program": program, "form": form, "found": found, "badge": _standing(found),
            "rows_url": reverse("admin:reconciliation_reconciliation_rows", args=[program.pk]), "query": _query(request),
        }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @action(description=_("Rows"), url_path="rows", permissions=["read"])
    def rows(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Exactly the rows that make one difference, or that wait, by page."""
        program = self.visible_or_404(request, object_id)
        pair = BY_CODE.get(request.GET.get("of", next(iter(BY_CODE))))
        after = request.GET.get("after", "")
        if pair is None or not (after == "" or (after.isascii() and after.isdecimal() and len(after) < 19)):
            raise Http404
        at = timezone.now()
        form = SpanForm(request.GET, program=program, today=timezone.localdate(at))
        facts = form.span.facts(program.pk, at=at)
        rows = rows_of(pair, facts, after=int(after or -1), most=SHOWN + 1)
        more = len(rows) > SHOWN
        rows = rows[:SHOWN]
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "program": program, "pair": pair, "title": str(pair.title),
            "is_pair": isinstance(pair, Pair), "sums": sums_of(pair, facts), "after": after,
            "rows": [(row, *_named(row, request.user)) for row in rows], "next": rows[-1].key if more else None,
            "query": _query(request), "of": pair.code,
            "back_url": f"{reverse('admin:reconciliation_reconciliation_change', args=[program.pk])}?{_query(request)}",
        }
        return render(request, "reconciliation/rows.html", context)


def _query(request: HttpRequest) -> str:
    """What the page is narrowed to, to be taken along."""
    given = request.GET.copy()
    for name in ("of", "after"):
        given.pop(name, None)
    return given.urlencode()


def _standing(found: Books) -> SafeString:
    if found.apart:
        return badge(_t("%(number)d comparisons differ") % {"number": found.apart}, "bad")
    return badge(_t("Everything agrees"), "good")


def _named(row: Row, user: Any) -> tuple[str, str]:
    """What a row is called, and the address of its page where the reader may open it."""
    claim = numbered("P", row.claim_id) if row.claim_id is not None else ""
    if row.subject == "line":
        name = BatchLine(batch_id=row.batch_id, number=row.number or 0).key if row.batch_id is not None else str(row.key)
        return (f"{name} · {claim}" if claim else name), _address("payouts_batch", "payouts.view_batch", row.batch_id, user)
    if row.subject == "batch":
        return REFERENCE.format(row.key), _address("payouts_batch", "payouts.view_batch", row.key if row.office else None, user)
    if row.subject == "recovery":
        return claim or str(row.key), _address("claims_recovery", "claims.view_recovery", row.key if claim else None, user)
    if row.subject == "payable":
        return claim or str(row.key), _address("claims_payable", "claims.view_payable", row.key if claim else None, user)
    return claim or _t("posting of decision %(number)d") % {"number": row.key}, _address(
        "claims_claim", "claims.view_claim", row.claim_id, user
    )


def _address(page: str, permission: str, key: int | None, user: Any) -> str:
    return reverse(f"admin:{page}_change", args=[key]) if key is not None and user.has_perm(permission) else ""
