"""Staff who sign in: one account, one duty, no superuser; what they may do comes from memberships."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import cache, cached_property
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import connection, models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.models.organization import Organization
from accounts.roles import ADMINISTRATIVE_DUTIES, Duty, permissions_of
from audit.fields import SealedTextField
from audit.history import tracked
from audit.masking import mask_phone
from audit.scope import Grant, Scope, ScopedQuerySet

USERNAME_PATTERN = "^[a-z0-9][a-z0-9._-]{2,63}$"


class UserQuerySet(ScopedQuerySet):
    """Chainable words about users."""


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Finds users by name; making one is the action `create_user`."""

    def of_session(self, user_id: int) -> User | None:
        """The user of a session, if active, with their organization; every request asks it, so its words are composed once."""
        with connection.cursor() as cursor:
            cursor.execute(_session_statement(), [user_id])
            values = cursor.fetchone()
        if values is None:
            return None
        mine = len(User._meta.concrete_fields)
        user: User = _of_row(User, values[:mine])
        user.organization = _of_row(Organization, values[mine:])
        return user


@cache
def _session_statement() -> str:
    columns = [f'u."{field.column}"' for field in User._meta.concrete_fields]
    columns += [f'o."{field.column}"' for field in Organization._meta.concrete_fields]
    return (
        f"SELECT {', '.join(columns)} FROM accounts_user u JOIN accounts_organization o ON o.id = u.organization_id "  # noqa: S608 - our own columns
        "WHERE u.id = %s AND u.is_active"
    )


def _of_row(model: Any, values: Sequence[Any]) -> Any:
    """A row as the model reads it, from its columns in the order of its fields."""
    fields = model._meta.concrete_fields
    read = [
        field.from_db_value(value, None, connection) if hasattr(field, "from_db_value") else value
        for field, value in zip(fields, values, strict=True)
    ]
    return model.from_db(connection.alias, [field.attname for field in fields], read)


@tracked(exclude=["last_login", "password"])
class User(AbstractBaseUser):
    """A member of staff. `display_name` is open to colleagues; the phone number is sealed."""

    username = models.CharField(
        _("user name"), max_length=64, unique=True, db_collation="C",
        error_messages={"unique": _("This user name is already in use.")},
    )
    display_name = models.CharField(_("name"), max_length=60)
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="users", verbose_name=_("organization")
    )
    phone = SealedTextField(
        logical_name="user.phone", purpose="staff", mask=mask_phone, verbose_name=_("phone"), null=True, blank=True
    )
    duty = models.CharField(_("duty"), max_length=10, choices=Duty, null=True, blank=True, db_collation="C")
    is_active = models.BooleanField(_("active"), default=True)
    session_version = models.PositiveIntegerField(default=1, editable=False)
    must_change_password = models.BooleanField(_("must change the password"), default=True)
    password_changed_at = models.DateTimeField(_("password changed at"), default=timezone.now)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    deactivated_at = models.DateTimeField(_("deactivated at"), null=True, blank=True)

    objects = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["display_name"]

    scope = Scope(organization_path="organization__path", region="organization__region_code")
    personal_fields = ("phone",)
    open_fields = (
        "id", "username", "display_name", "organization", "duty", "is_active", "session_version", "password",
        "last_login", "must_change_password", "password_changed_at", "created_at", "deactivated_at",
    )

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["username"]
        permissions = [
            ("deactivate_user", _("Can deactivate users")),
            ("reset_password", _("Can reset passwords")),
            ("unlock_user", _("Can unlock users")),
            ("reset_second_factor", _("Can reset second factors")),
        ]
        constraints = [
            models.CheckConstraint(
                name="user_name_is_plain", condition=Q(username__regex=USERNAME_PATTERN)
            ),
            models.CheckConstraint(
                name="user_duty_is_known", condition=Q(duty__isnull=True) | Q(duty__in=Duty.values)
            ),
            models.UniqueConstraint(name="user_id_and_duty", fields=["id", "duty"]),
            models.CheckConstraint(
                name="user_inactive_since_deactivation",
                condition=Q(is_active=True, deactivated_at__isnull=True)
                | Q(is_active=False, deactivated_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.username

    def get_full_name(self) -> str:
        """The name colleagues see."""
        return self.display_name

    def get_short_name(self) -> str:
        """The name colleagues see."""
        return self.display_name

    @property
    def is_staff(self) -> bool:
        """Every active user works in the admin; what is there for them follows from their roles."""
        return self.is_active

    @property
    def is_superuser(self) -> bool:
        """There is none: no account passes by the rules."""
        return False

    @property
    def must_have_second_factor(self) -> bool:
        """Administrators and auditors may not work with a password alone."""
        return self.duty in ADMINISTRATIVE_DUTIES

    def get_session_auth_hash(self) -> str:
        """What a session is bound to: it dies with the password and with each raise of `session_version`."""
        return self._session_hash(secret=None)

    def get_session_auth_fallback_hash(self) -> Iterable[str]:
        """The same under retired secret keys, so that rotating SECRET_KEY signs nobody out."""
        for secret in settings.SECRET_KEY_FALLBACKS:
            yield self._session_hash(secret=secret)

    def _session_hash(self, *, secret: str | bytes | None) -> str:
        value = f"{self.password}:{self.session_version}"
        return salted_hmac("accounts.User.session", value, secret=secret, algorithm="sha256").hexdigest()

    @cached_property
    def _live_grants(self) -> list[Grant]:
        return self.memberships.model.objects.grants_of(self.pk, on=timezone.localdate())

    def grants(self, permission: str | None = None) -> list[Grant]:
        """Where this user may work now, read once per loaded user; with a permission only by roles that give it."""
        if not self.is_active:
            return []
        return [
            grant for grant in self._live_grants if permission is None or permission in permissions_of([grant.role])
        ]

    def covers(self, permission: str, *, organization: Organization | None, region_code: str) -> bool:
        """Whether a role that gives the permission reaches a whole place: organization, region and every program."""
        return any(
            (organization is None or organization.path.startswith(grant.organization_path))
            and region_code.startswith(grant.region_prefix) and grant.program_ids is None
            for grant in self.grants(permission)
        )

    def roles(self) -> frozenset[str]:
        """The roles held now."""
        if not self.is_active:
            return frozenset()
        return frozenset(grant.role for grant in self._live_grants)

    def get_all_permissions(self, obj: Any = None) -> frozenset[str]:
        """Permissions "app.codename" of the roles held now; the same for every object, scope decides which."""
        return permissions_of(self.roles())

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Whether a role held now gives this permission."""
        return perm in self.get_all_permissions()

    def has_perms(self, perm_list: Iterable[str], obj: Any = None) -> bool:
        """Whether the roles held now give all of these permissions."""
        return self.get_all_permissions().issuperset(perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        """Whether a role held now gives any permission of this room."""
        return any(perm.startswith(f"{app_label}.") for perm in self.get_all_permissions())

    def password_expires_on(self, *, max_age_days: int) -> date | None:
        """The day the password must be changed; None when passwords do not age."""
        if not max_age_days:
            return None
        return timezone.localdate(self.password_changed_at + timedelta(days=max_age_days))


class PastPassword(models.Model):
    """A hash that a user may not choose again."""

    user = models.ForeignKey(User, models.CASCADE, related_name="past_passwords")
    password = models.CharField(max_length=128)
    set_at = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    without_history = "A hash is added as the user changes, whose history says when, and the oldest go."
    scope = Scope(organization_path="user__organization__path", region="user__organization__region_code")
    personal_fields = ()
    open_fields = ("id", "user", "password", "set_at")

    class Meta:
        verbose_name = _("past password")
        verbose_name_plural = _("past passwords")
        indexes = [models.Index(fields=["user", "-set_at"], name="past_password_by_user")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
