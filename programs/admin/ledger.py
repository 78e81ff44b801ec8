"""The ledger in the admin: to be read, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import Sum
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from audit import naming
from audit.admin import ReadOnlyScopedAdmin
from audit.admin.base import ScopedTabularInline
from audit.exporting import ExportColumn
from programs.models import LedgerAccount, LedgerEntry, LedgerTransaction


class EntryInline(ScopedTabularInline):
    """The legs of a posting."""

    model = LedgerEntry
    fields = ("account_name", "debit", "credit")
    readonly_fields = fields
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> Any:
        """Legs within the user's reach: a funder sees its own."""
        return LedgerEntry.objects.visible_to(request.user).select_related("account__funder", "account__budget")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Written by postings."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Written by postings."""
        return False

    @display(description=_("account"))
    def account_name(self, entry: LedgerEntry) -> str:
        """Kind, funder and tranche."""
        return account_name(entry.account)

    @display(description=_("debit"))
    def debit(self, entry: LedgerEntry) -> str:
        """Yuan."""
        return f"{entry.amount:,.2f}" if entry.amount > 0 else ""

    @display(description=_("credit"))
    def credit(self, entry: LedgerEntry) -> str:
        """Yuan."""
        return f"{-entry.amount:,.2f}" if entry.amount < 0 else ""


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(ReadOnlyScopedAdmin):
    """Postings, newest first."""

    list_display = ("number", "booked_on", "at", "kind", "program", "source", "amount", "remark", "by")
    export_columns = (
        "number", "booked_on", "at", "kind", "program", "source",
        ExportColumn("amount", _("amount (yuan)"), lambda posting: posting.debit_sum), "memo", "by",
    )
    list_filter = ("kind", "program", "booked_on", "at")
    list_select_related = ("program",)
    search_fields = ("=source_id",)
    search_help_text = _("Number of the roster or budget that was posted")
    sortable_by = ("number",)
    ordering = ("-id",)
    fields = ("number", "accounting_day", "at", "kind", "program", "source", "amount", "remark", "by")
    readonly_fields = fields
    inlines = (EntryInline,)

    def rows_read(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """The sums of the page's postings: of legs within the reader's reach, the debits."""
        legs = LedgerEntry.objects.visible_to(request.user).filter(transaction__in=[row.pk for row in rows], amount__gt=0)
        sums = dict(legs.order_by().values("transaction").annotate(sum=Sum("amount")).values_list("transaction", "sum"))
        names = naming.names_of_users_by_username(row.by_label for row in rows)
        for row in rows:
            row.debit_sum = sums.get(row.pk, Decimal("0.00"))
            row.by_name = names.get(row.by_label, row.by_label)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """With its sum, as in the list."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            self.rows_read(request, [found])
        return found

    @display(description=_("no."), ordering="id")
    def number(self, posting: LedgerTransaction) -> str:
        """The posting's number."""
        return f"#{posting.pk}"

    @display(description=_("accounting day"))
    def accounting_day(self, posting: LedgerTransaction) -> str:
        """The day that counts, and why it is another than that of the posting."""
        day = f"{posting.booked_on:%Y-%m-%d}"
        if not posting.is_carried:
            return day
        return _t("%(day)s: the month in which it was made is closed, so it falls into the first open one") % {"day": day}

    @display(description=_("posted for"))
    def source(self, posting: LedgerTransaction) -> str:
        """The kind of object in words, and its number."""
        return f"{naming.kind_in_words(posting.source_type)} #{posting.source_id}"

    @display(description=_("amount (yuan)"))
    def amount(self, posting: Any) -> str:
        """Yuan: the debits within the reader's reach."""
        return f"{posting.debit_sum:,.2f}"

    @display(description=_("memo"))
    def remark(self, posting: LedgerTransaction) -> str:
        """People, tranche or reference."""
        return posting.remark

    @display(description=_("who"))
    def by(self, posting: Any) -> str:
        """Who, by the name colleagues know."""
        return naming.actor_in_words(posting.by_name, None, {})


@admin.register(LedgerAccount)
class LedgerAccountAdmin(ReadOnlyScopedAdmin):
    """Accounts with their balances."""

    list_display = ("name", "program", "balance_shown")
    export_columns = ("code", "name", "kind", "program", "funder", "balance")
    list_filter = ("kind", "program", "funder")
    list_select_related = ("program", "funder", "budget__funder")
    ordering = ("code",)
    fields = ("recorded_code", "kind", "program", "funder", "budget", "balance_shown")
    readonly_fields = fields

    @display(description=_("account"), ordering="code")
    def name(self, account: LedgerAccount) -> str:
        """Kind, funder and tranche."""
        return account_name(account)

    @display(description=_("code"))
    def recorded_code(self, account: LedgerAccount) -> SafeString:
        """As postings name it."""
        return naming.as_recorded(account.code)

    @display(description=_("balance"), ordering="balance")
    def balance_shown(self, account: LedgerAccount) -> str:
        """Yuan; debit above zero, credit below."""
        return f"{account.balance:,.2f}"


def account_name(account: LedgerAccount) -> str:
    """An account in words."""
    parts = [account.get_kind_display()]
    if account.funder is not None:
        parts.append(account.funder.name)
    if account.budget is not None:
        parts.append(account.budget.label)
    return " · ".join(parts)
