"""Failed sign-ins counted by axes, shown read-only to security administrators."""

from __future__ import annotations

from axes.models import AccessAttempt
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin


@admin.register(AccessAttempt)
class FailedSignInAdmin(ModelAdmin):
    """What locks an account or an address; unlocking is a button of the user's page.

    Not scoped: an unknown name belongs to no organization. Form data is never shown. Needs AXES_ENABLE_ADMIN = False.
    """

    list_display = ("attempt_time", "username", "ip_address", "failures_since_start")
    list_filter = ("attempt_time",)
    search_fields = ("username", "ip_address")
    search_help_text = _("User name or address")
    ordering = ("-attempt_time",)
    fields = ("attempt_time", "username", "ip_address", "user_agent", "failures_since_start")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only axes writes them."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: AccessAttempt | None = None) -> bool:
        """Only axes writes them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AccessAttempt | None = None) -> bool:
        """Forgetting is the action `unlock_user`, which leaves an event."""
        return False
