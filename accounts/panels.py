"""What this room adds to the workbench: roles that run out, users and organizations in figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organization, User
from accounts.roles import Role
from audit import panels
from audit.panels import Chart, ChartData, Figure, Series, queue_of

#: Days before its end that a role is shown as work.
SOON_DAYS = 30


def ending_soon(memberships: Any, user: Any) -> Any:
    """Live roles within reach that run out soon."""
    day = timezone.localdate()
    reached = memberships.visible_to(user, "accounts.grant_membership").live(on=day)
    return reached.filter(expires_on__lte=day + timedelta(days=SOON_DAYS))


def active_users(user: Any) -> int:
    """Users within reach who can sign in."""
    return User.objects.visible_to(user, "accounts.view_user").filter(is_active=True).count()


def active_organizations(user: Any) -> int:
    """Organizations within reach that work."""
    return Organization.objects.visible_to(user, "accounts.view_organization").active().count()


def by_role(user: Any) -> ChartData:
    """Live roles within reach."""
    live = Membership.objects.visible_to(user, "accounts.view_membership").live(on=timezone.localdate())
    found = dict(live.order_by().values_list("role").annotate(number=Count("id")).values_list("role", "number"))
    if not found:
        return ChartData([], [])
    return ChartData([role.label for role in Role], [Series(_("users"), [found.get(role.value, 0) for role in Role])])


ENDING = queue_of(
    "accounts.membership", "accounts.ending", _("Roles that end within 30 days"), "accounts.grant_membership", ending_soon
)
USERS = Figure(
    "accounts.users", _("Active users"), "accounts.view_user", active_users, _("persons"),
    lambda: f"{reverse('admin:accounts_user_changelist')}?is_active__exact=1",
)
ORGANIZATIONS = Figure(
    "accounts.organizations", _("Organizations"), "accounts.view_organization", active_organizations, "",
    lambda: f"{reverse('admin:accounts_organization_changelist')}?active__exact=1",
)
BY_ROLE = Chart("accounts.by_role", _("Live roles"), "accounts.view_membership", by_role, _("persons"))


def register() -> None:
    """Called once from the app's `ready()`."""
    panels.register_queue(ENDING)
    panels.register_figure(USERS)
    panels.register_figure(ORGANIZATIONS)
    panels.register_chart(BY_ROLE)
