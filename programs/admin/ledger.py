"""The ledger in the admin: to be read, never changed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from audit.admin import ReadOnlyScopedAdmin
from audit.admin.base import ScopedTabularInline
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

    list_display = ("id", "at", "kind", "program", "source_type", "source_id", "memo", "by_label")
    list_filter = ("kind", "program", "at")
    list_select_related = ("program",)
    search_fields = ("=source_id",)
    ordering = ("-id",)
    fields = ("at", "kind", "program", "source_type", "source_id", "memo", "by_label")
    readonly_fields = fields
    inlines = (EntryInline,)


@admin.register(LedgerAccount)
class LedgerAccountAdmin(ReadOnlyScopedAdmin):
    """Accounts with their balances."""

    list_display = ("name", "program", "balance_shown")
    list_filter = ("kind", "program", "funder")
    list_select_related = ("program", "funder", "budget__funder")
    ordering = ("code",)
    fields = ("code", "kind", "program", "funder", "budget", "balance_shown")
    readonly_fields = fields

    @display(description=_("account"), ordering="code")
    def name(self, account: LedgerAccount) -> str:
        """Kind, funder and tranche."""
        return account_name(account)

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
