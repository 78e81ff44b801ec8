"""Counts failed sign-ins: one limit per account, a wider one per address, since an office shares its address."""

from __future__ import annotations

from typing import Any

from axes.conf import settings
from axes.handlers.database import AxesDatabaseHandler
from django.db.models import Sum
from django.http import HttpRequest

from accounts.policy import policy
from audit.faults import fault_point


class AccountAndAddress(AxesDatabaseHandler):
    """AXES_HANDLER with AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]: an address gets its own limit."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Failures of the account; the account's limit once the address has reached its own."""
        by_account, by_address = (
            attempts.aggregate(total=Sum("failures_since_start"))["total"] or 0
            for attempts in self.get_user_attempts(request, credentials)
        )
        if by_address >= policy().sign_in_address_failure_limit:
            return max(by_account, settings.AXES_FAILURE_LIMIT)
        return by_account

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """After a good sign-in forget the account's failures; an address' others stay counted."""
        by_account, _by_address = self.filter_user_attempts(request, credentials)
        fault_point("accounts.forget_failures.before")
        forgotten = by_account.delete()[0]
        fault_point("accounts.forget_failures.after")
        return int(forgotten)
