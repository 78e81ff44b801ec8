"""Who was shown which personal data in the clear, why and until when; append-only."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.models.events import append_only
from audit.scope import Scope, ScopedQuerySet

REASON_MIN, REASON_MAX = 4, 200


class Reveal(models.Model):
    """One person's fields, shown to one user for some minutes."""

    user_id = models.BigIntegerField()
    actor = models.CharField(_("who"), max_length=80)
    subject_type = models.CharField(_("kind of object"), max_length=60, db_collation="C")
    subject_id = models.CharField(_("object"), max_length=40, db_collation="C")
    fields = ArrayField(models.CharField(max_length=60), verbose_name=_("fields"))
    reason = models.CharField(_("reason"), max_length=REASON_MAX)
    at = models.DateTimeField(_("at"))
    expires_at = models.DateTimeField(_("until"))
    organization_path = models.CharField(max_length=500, blank=True, default="", db_collation="C")
    region_code = models.CharField(max_length=12, blank=True, default="", db_collation="C")
    program_id = models.BigIntegerField(null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization_path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "user_id", "actor", "subject_type", "subject_id", "fields", "reason", "at", "expires_at",
        "organization_path", "region_code", "program_id",
    )

    class Meta:
        verbose_name = _("reveal")
        verbose_name_plural = _("reveals")
        ordering = ["-id"]
        indexes = [models.Index(fields=["user_id", "at"], name="reveal_by_user")]
        constraints = [
            models.CheckConstraint(name="reveal_has_reason", condition=Q(reason__regex=rf"\S.{{{REASON_MIN - 2},}}\S")),
            models.CheckConstraint(name="reveal_ends", condition=Q(expires_at__gt=F("at"))),
        ]
        triggers = append_only("reveal")

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
