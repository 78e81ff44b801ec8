"""Counts failed sign-ins: one limit per account, a wider one per address, since an office shares its address."""

from __future__ import annotations

from typing import Any

from axes.conf import settings
from axes.handlers.database import AxesDatabaseHandler
from django.db.models import Sum
from django.http import HttpRequest, QueryDict

from accounts.models import User
from accounts.policy import policy
from audit import keys
from audit.faults import fault_point

#: Before the digest of a name that no account has; no account's name holds such a sign.
NOBODY = "?"


def counted_name(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str | None:
    """Under which name failures are counted (AXES_USERNAME_CALLABLE): an account's, or a keyed digest of anything else.

    What is typed for a name may be a document number, or a password in the wrong cell.
    """
    typed = (credentials or request.POST).get("username")
    if not typed:
        return typed
    known: dict[str, str] = request.__dict__.setdefault("_counted_names", {})
    if typed not in known:
        is_account = "\0" not in typed and User.objects.filter(username=typed).exists()
        known[typed] = typed if is_account else f"{NOBODY}{keys.fleeting_digest('sign-in name', typed).hex()}"
    return known[typed]


class AccountAndAddress(AxesDatabaseHandler):
    """AXES_HANDLER with AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]: an address gets its own limit."""

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
    ) -> None:
        """Count a failure; nothing of the form is kept with it."""
        if request is None:
            return
        asked, typed = request.GET, request.POST
        request.GET = request.POST = QueryDict()
        try:
            super().user_login_failed(sender, credentials, request, **kwargs)
        finally:
            request.GET, request.POST = asked, typed

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
