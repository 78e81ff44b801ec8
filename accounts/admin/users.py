"""Users in the admin: read-only details, every change a button; the stored phone stays masked."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts import actions
from accounts.admin.buttons import AccountButtons
from accounts.admin.forms import CorrectUserForm, NewUserForm
from accounts.models import Membership, User
from accounts.roles import Role
from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import holds


@admin.register(User)
class UserAdmin(AccountButtons, ReadOnlyScopedAdmin):
    """Staff accounts."""

    list_display = ("username", "display_name", "organization", "duty", "roles_held", "is_active", "last_login")
    list_filter = ("duty", "is_active")
    search_fields = ("username", "display_name")
    search_help_text = _("User name or name, or a part of it")
    list_select_related = ("organization",)
    ordering = ("username",)
    fields = (
        "username", "display_name", "organization", "phone", "duty", "roles_held", "is_active",
        "must_change_password", "password_changed_at", "has_second_factor", "last_login", "created_at",
        "deactivated_at",
    )
    readonly_fields = fields
    actions_list = ("new_user",)
    actions_detail = (
        "correct", "give_new_password", "unlock", "remove_second_factor", "deactivate", "reactivate",
    )

    has_make_permission = holds("accounts.add_user")
    has_correct_permission = holds("accounts.change_user")
    has_password_permission = holds("accounts.reset_password")
    has_deactivate_permission = holds("accounts.deactivate_user")
    has_unlock_permission = holds("accounts.unlock_user")
    has_second_factor_permission = holds("accounts.reset_second_factor")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """With live memberships and second factor, at a constant number of queries."""
        live = Membership.objects.live(on=timezone.localdate()).order_by("role")
        prefetch = Prefetch("memberships", queryset=live, to_attr="memberships_now")
        return super().get_queryset(request).select_related("second_factor", "organization").prefetch_related(prefetch)

    @display(description=_("roles"))
    def roles_held(self, user: User) -> str:
        """Role names held now."""
        return "、".join(sorted({str(Role(row.role).label) for row in user.memberships_now})) or "—"

    @display(description=_("second factor"), boolean=True)
    def has_second_factor(self, user: User) -> bool:
        """Whether one is set up."""
        return hasattr(user, "second_factor") and user.second_factor.confirmed_at is not None

    @action(description=_("New user"), url_path="new", permissions=["make"], icon="person_add")
    def new_user(self, request: HttpRequest) -> HttpResponse:
        """Make a user and show the initial password once."""

        def run(given: dict[str, Any]) -> HttpResponse:
            user, password = actions.create_user(given.pop("username"), **given)
            return self.password_page(request, user, password)

        return self.button_page(
            request,
            title=_t("New user"),
            sentence=_t("The initial password is shown once on the next page and must be changed at the first sign-in."),
            button=_t("Make user"),
            form=NewUserForm(request.POST or None, by=request.user),
            run=run,
        )

    @action(description=_("Correct"), url_path="correct", permissions=["correct"], icon="edit")
    def correct(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Correct name and phone."""
        user = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.change_user(user, **{**given, "phone": given["phone"] or None})
            return _t("User %(user)s has been corrected.") % {"user": user.username}

        return self.button_page(
            request, title=_t("Correct user"), sentence=user.username, button=_t("Save"), subject=user, run=run,
            form=CorrectUserForm(request.POST or None, initial={"display_name": user.display_name}),
        )

    @action(description=_("New password"), url_path="password", permissions=["password"], icon="key")
    def give_new_password(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give a random password, shown once."""
        user = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            return self.password_page(request, *actions.reset_password(user, **given))

        return self.button_page(
            request, title=_t("New password"), button=_t("Give new password"), subject=user, run=run,
            sentence=_t("User %(user)s gets a new random password; all their sessions end.") % {"user": user.username},
        )

    @action(description=_("Unlock"), url_path="unlock", permissions=["unlock"], icon="lock_open")
    def unlock(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Forget failed attempts."""
        user = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            forgotten = actions.unlock_user(user, **given)
            return _t("User %(user)s is unlocked; failed attempts forgotten: %(number)d.") % {
                "user": user.username, "number": forgotten,
            }

        return self.button_page(
            request, title=_t("Unlock"), button=_t("Unlock"), subject=user, run=run,
            sentence=_t("User %(user)s may sign in again at once; make sure that it was really them.")
            % {"user": user.username},
        )

    @action(
        description=_("Reset second factor"), url_path="second-factor", permissions=["second_factor"],
        icon="phonelink_erase",
    )
    def remove_second_factor(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Remove a lost second factor."""
        user = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.reset_second_factor(user, **given)
            return _t("The second factor of %(user)s has been removed.") % {"user": user.username}

        return self.button_page(
            request, title=_t("Reset second factor"), button=_t("Remove second factor"), subject=user, run=run,
            sentence=_t("User %(user)s signs in with the password alone until a new one is set up; sessions end.")
            % {"user": user.username},
        )

    @action(description=_("Deactivate"), url_path="deactivate", permissions=["deactivate"], icon="person_off")
    def deactivate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Close the account."""
        user = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.deactivate_user(user, **given)
            return _t("User %(user)s has been deactivated.") % {"user": user.username}

        return self.button_page(
            request, title=_t("Deactivate"), button=_t("Deactivate"), subject=user, run=run,
            sentence=_t("User %(user)s can no longer sign in; their %(number)d roles stop to count.")
            % {"user": user.username, "number": len(user.memberships_now)},
        )

    @action(description=_("Reactivate"), url_path="reactivate", permissions=["deactivate"], icon="person_check")
    def reactivate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Open the account again."""
        user = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.reactivate_user(user, **given)
            return _t("User %(user)s can sign in again.") % {"user": user.username}

        return self.button_page(
            request, title=_t("Reactivate"), button=_t("Reactivate"), subject=user, run=run,
            sentence=_t("User %(user)s can sign in again; their %(number)d roles count again.")
            % {"user": user.username, "number": len(user.memberships_now)},
        )
