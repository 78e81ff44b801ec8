"""A longer term for a complaint: asked for with a reason, approved by another person, told to whoever complained."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from complaints.models.complaint import Complaint


class ExtensionState(models.TextChoices):
    """Where it stands."""

    ASKED = "asked", _("To be approved")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")


@tracked
class Extension(models.Model):
    """The first (complex) or second (specially complex) of a complaint; the reason is what whoever complained is told."""

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="extensions", verbose_name=_("complaint"))
    step = models.PositiveSmallIntegerField(_("extension"), choices=[(1, _("Complex")), (2, _("Specially complex"))])
    state = models.CharField(_("state"), max_length=8, choices=ExtensionState, default=ExtensionState.ASKED, db_collation="C")
    until = models.DateField(_("longer until"))
    reason = models.CharField(_("reason"), max_length=300)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("asked for by"))
    asked_at = models.DateTimeField(_("asked for at"))
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("approved or declined at"), null=True)
    told_on = models.DateField(_("told on"), null=True)
    told_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("told by"))

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="complaint__organization__path", region="complaint__region_code", program="complaint__program_id"
    )
    personal_fields = ()
    open_fields = (
        "id", "complaint", "step", "state", "until", "reason", "asked_by", "asked_at", "decided_by", "decided_at", "told_on",
        "told_by",
    )

    class Meta:
        verbose_name = _("longer term")
        verbose_name_plural = _("longer terms")
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="extension_once_a_step", fields=["complaint", "step"], condition=~Q(state="declined")
            ),
            models.CheckConstraint(name="extension_is_first_or_second", condition=Q(step__in=[1, 2])),
            models.CheckConstraint(name="extension_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="extension_decided_by_another",
                condition=Q(state="asked", decided_by__isnull=True, decided_at__isnull=True)
                | (Q(state__in=["approved", "declined"], decided_by__isnull=False, decided_at__isnull=False)
                   & ~Q(decided_by=F("asked_by"))),
            ),
            models.CheckConstraint(
                name="extension_told_once_it_is_approved",
                condition=Q(told_on__isnull=True, told_by__isnull=True)
                | Q(state="approved", told_on__isnull=False, told_by__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="extension_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="extension_stays_what_was_asked", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("complaint", "step", "until", "reason", "asked_by", "asked_at"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
