"""Failed sign-ins counted by axes, shown read-only to security administrators."""

from __future__ import annotations

from typing import Any

from axes.models import AccessAttempt
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.admin import ReadOnlyScopedAdmin


@admin.register(AccessAttempt)
class FailedSignInAdmin(ReadOnlyScopedAdmin):
    """What locks an account or an address; unlocking is a button of the user's page.

    An office sees the attempts on its own accounts. A name that no account has belongs to no office: it is shown to who
    administers the security of the whole portal. Form data is never shown. Needs AXES_ENABLE_ADMIN = False.
    """

    #: What is typed for a name may be anything, a document number too.
    list_export = False
    list_display = ("attempt_time", "username", "ip_address", "failures_since_start")
    list_filter = ("attempt_time",)
    search_fields = ("username", "ip_address")
    search_help_text = _("User name or address")
    ordering = ("-attempt_time",)
    fields = ("attempt_time", "username", "ip_address", "user_agent", "failures_since_start")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Attempts on visible accounts, and for the whole portal's administrator on names of nobody."""
        user: Any = request.user
        permission = self.permission("view")
        attempts = AccessAttempt.objects.order_by(*self.ordering)
        seen = attempts.filter(username__in=User.objects.visible_to(user, permission).order_by().values("username"))
        if any(grant.operates_portal for grant in user.grants(permission)):
            seen |= attempts.exclude(username__in=User.objects.order_by().values("username"))
        return seen

    def reaches(self, request: HttpRequest, object_id: str | int, permission: str) -> bool:
        """As the list."""
        return self.get_object(request, str(object_id)) is not None
