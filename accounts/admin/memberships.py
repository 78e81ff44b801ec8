"""Memberships in the admin: granted and ended by buttons, never edited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts import actions
from accounts.admin.forms import GrantForm
from accounts.models import Membership, Region
from accounts.panels import SOON_DAYS
from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds


class EndingFilter(admin.SimpleListFilter):
    """Live roles that run out soon: what the workbench counts."""

    title = _("end")
    parameter_name = "ending"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """One choice."""
        return [("soon", _("Within 30 days"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Roles within the days."""
        if self.value() != "soon":
            return queryset
        day = timezone.localdate()
        return queryset.live(on=day).filter(expires_on__lte=day + timedelta(days=SOON_DAYS))


@admin.register(Membership)
class MembershipAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Who holds which role where."""

    list_display = ("user", "role", "organization", "reach", "live_now", "expires_on", "ended_at")
    list_filter = ("role", EndingFilter, ("ended_at", admin.EmptyFieldListFilter))
    search_fields = ("user__username", "user__display_name", "organization__name")
    search_help_text = _("User name, name or organization, or a part of it")
    list_select_related = ("user", "organization")
    ordering = ("user__username", "role", "id")
    fields = (
        "user", "role", "organization", "reach", "every_program", "granted_at", "granted_by", "expires_on",
        "ended_at",
    )
    readonly_fields = fields
    actions_list = ("grant",)
    actions_detail = ("end",)

    has_grant_permission = holds("accounts.grant_membership")
    has_end_permission = holds("accounts.end_membership")

    def rows_read(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """The names of the page's regions."""
        names = Region.objects.names_of(row.region_prefix for row in rows)
        for row in rows:
            row.place_name = names.get(row.region_prefix, row.region_prefix)

    @display(description=_("region"), ordering="region_prefix")
    def reach(self, membership: Any) -> str:
        """Where the role holds: a region by name, or all of the organization's."""
        code = membership.region_prefix
        if not code:
            return _t("every region")
        return getattr(membership, "place_name", None) or Region.objects.names_of([code]).get(code, code)

    @display(description=_("in force"), boolean=True)
    def live_now(self, membership: Membership) -> bool:
        """Neither ended nor expired."""
        return membership.is_live(on=timezone.localdate())

    @action(description=_("Grant role"), url_path="grant", permissions=["grant"], icon="person_add")
    def grant(self, request: HttpRequest) -> HttpResponse:
        """Give a user a role."""

        def run(given: dict[str, Any]) -> str:
            region = given.pop("region")
            user = given.pop("user")
            membership = actions.grant_membership(user, region_prefix=region.code if region else None, **given)
            return _t("%(user)s now holds: %(role)s.") % {
                "user": user.username, "role": membership.get_role_display(),
            }

        return self.button_page(
            request, title=_t("Grant role"), button=_t("Grant role"), run=run,
            sentence=_t("The user's sessions end, so that the role holds from the next sign-in."),
            form=GrantForm(request.POST or None, by=request.user),
        )

    @action(description=_("End membership"), url_path="end", permissions=["end"], icon="person_remove")
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End it and the user's sessions."""
        membership = self.visible_or_404(request, object_id)
        facts = {"user": membership.user.username, "role": membership.get_role_display()}

        def run(given: dict[str, Any]) -> str:
            actions.end_membership(membership, **given)
            return _t("%(user)s no longer holds: %(role)s.") % facts

        return self.button_page(
            request, title=_t("End membership"), button=_t("End membership"), subject=membership, run=run,
            sentence=_t("%(user)s loses at once: %(role)s. All their sessions end.") % facts,
        )
