"""Organizations in the admin as an indented tree; every change is a button."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.decorators import action, display

from accounts import actions
from accounts.admin.forms import MoveForm, NewOrganizationForm, OrganizationForm
from accounts.models import Organization
from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from audit.exporting import ExportColumn


@admin.register(Organization)
class OrganizationAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Offices, charities, insurers and the rest."""

    list_display = ("tree_name", "short_name", "kind", "region", "active")
    export_columns = (
        "name", "short_name", "kind",
        ExportColumn("region_code", _("region code"), lambda organization: organization.region_code), "region", "parent",
        "uscc", "active",
    )
    list_filter = ("kind", "active")
    search_fields = ("name", "short_name", "uscc", "region_code")
    search_help_text = _("Name, credit code or region code, or a part of it")
    list_select_related = ("region",)
    ordering = ("path",)
    fields = ("name", "short_name", "kind", "region", "parent", "uscc", "active")
    readonly_fields = fields
    actions_list = ("new_organization",)
    actions_detail = ("correct", "move", "close", "reopen")

    has_make_permission = holds("accounts.add_organization")
    has_correct_permission = holds("accounts.change_organization")

    @display(description=pgettext_lazy("of a thing", "name"), ordering="path")
    def tree_name(self, organization: Organization) -> str:
        """Deeper ones stand further right."""
        return "　" * organization.depth + organization.name

    @action(description=_("New organization"), url_path="new", permissions=["make"], icon="add_business")
    def new_organization(self, request: HttpRequest) -> HttpResponse:
        """Make an organization below another."""

        def run(given: dict[str, Any]) -> str:
            made = actions.create_organization(given.pop("name"), **given)
            return _t("Organization %(name)s has been made.") % {"name": made.name}

        return self.button_page(
            request, title=_t("New organization"), button=_t("Make organization"), run=run,
            sentence=_t("Users of the organization above will see it and its data."),
            form=NewOrganizationForm(request.POST or None, by=request.user),
        )

    @action(description=_("Correct"), url_path="correct", permissions=["correct"], icon="edit")
    def correct(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Correct names, region and code."""
        organization = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.change_organization(organization, **given)
            return _t("Organization %(name)s has been corrected.") % {"name": given["name"]}

        initial = {
            "name": organization.name, "short_name": organization.short_name, "region": organization.region_code,
            "uscc": organization.uscc,
        }
        return self.button_page(
            request, title=_t("Correct organization"), sentence=organization.name, button=_t("Save"), run=run,
            subject=organization, form=OrganizationForm(request.POST or None, initial=initial),
        )

    @action(description=_("Move"), url_path="move", permissions=["correct"], icon="account_tree")
    def move(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Move it with everything below."""
        organization = self.visible_or_404(request, object_id)
        below = Organization.objects.at_or_below(organization).count() - 1

        def run(given: dict[str, Any]) -> str:
            actions.move_organization(organization, **given)
            return _t("Organization %(name)s has been moved.") % {"name": organization.name}

        return self.button_page(
            request, title=_t("Move organization"), button=_t("Move"), run=run, subject=organization,
            sentence=_t("%(name)s moves with %(number)d organizations below it; who sees their data changes.")
            % {"name": organization.name, "number": below},
            form=MoveForm(request.POST or None, by=request.user),
        )

    @action(description=_("Close"), url_path="close", permissions=["correct"], icon="block")
    def close(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Stop it."""
        organization = self.visible_or_404(request, object_id)
        roles = organization.memberships.filter(ended_at__isnull=True).count()

        def run(given: dict[str, Any]) -> str:
            actions.close_organization(organization, **given)
            return _t("Organization %(name)s has been closed.") % {"name": organization.name}

        return self.button_page(
            request, title=_t("Close organization"), button=_t("Close"), run=run, subject=organization,
            sentence=_t("%(number)d roles in %(name)s stop to count; its data stays.")
            % {"name": organization.name, "number": roles},
        )

    @action(description=_("Reopen"), url_path="reopen", permissions=["correct"], icon="check_circle")
    def reopen(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let it work again."""
        organization = self.visible_or_404(request, object_id)
        roles = organization.memberships.filter(ended_at__isnull=True).count()

        def run(given: dict[str, Any]) -> str:
            actions.reopen_organization(organization, **given)
            return _t("Organization %(name)s works again.") % {"name": organization.name}

        return self.button_page(
            request, title=_t("Reopen organization"), button=_t("Reopen"), run=run, subject=organization,
            sentence=_t("%(number)d roles in %(name)s count again.") % {"name": organization.name, "number": roles},
        )
