"""The second factor of a user: a sealed TOTP secret and hashed one-time recovery codes."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.user import User
from audit.fields import SealedTextField
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet


@tracked(exclude=["secret", "last_step", "failures", "locked_until"])
class SecondFactor(models.Model):
    """A TOTP secret (base32, sealed). `last_step` is the newest 30-second step used: none works twice."""

    user = models.OneToOneField(User, models.PROTECT, related_name="second_factor", verbose_name=_("user"))
    secret = SealedTextField(logical_name="second_factor.secret", purpose="sign-in", mask=None)
    created_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(_("set up at"), null=True, blank=True)
    last_step = models.BigIntegerField(default=-1)
    failures = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="user__organization__path", region="user__organization__region_code")
    personal_fields = ("secret",)
    open_fields = ("id", "user", "created_at", "confirmed_at", "last_step", "failures", "locked_until")

    class Meta:
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")
        constraints = [
            models.CheckConstraint(
                name="second_factor_used_only_when_set_up", condition=Q(confirmed_at__isnull=False) | Q(last_step=-1)
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    def is_locked(self, *, at: datetime) -> bool:
        """Whether wrong tokens have closed it for a while."""
        return self.locked_until is not None and at < self.locked_until


class RecoveryCode(models.Model):
    """A one-time code for a lost phone, kept as a hash (the code is random and long)."""

    user = models.ForeignKey(User, models.PROTECT, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64, db_collation="C")
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedQuerySet.as_manager()

    without_history = "A hash that is used once: an event says when, and the row itself."
    scope = Scope(organization_path="user__organization__path", region="user__organization__region_code")
    personal_fields = ()
    open_fields = ("id", "user", "code_hash", "created_at", "used_at")

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        indexes = [models.Index(fields=["user"], name="recovery_code_unused", condition=Q(used_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
