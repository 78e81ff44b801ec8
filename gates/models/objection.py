"""Objections against people on a public notice; each is decided by a second person."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.destroying import Destroyable
from audit.fields import SealedTextField
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models import Enrollment
from gates.models.notice import Notice

OBJECTION = "objection.text"


class ObjectionReason(models.TextChoices):
    """What is held against somebody's place on the list."""

    NOT_HERE = "not_here", _("Does not live here")
    CATEGORY = "category", _("Not of this category")
    MEANS = "means", _("Income or property above the bound")
    TWICE = "twice", _("Enjoys the same elsewhere")
    DECEASED = "deceased", _("Deceased")
    OTHER = "other", _("Another reason")


class ObjectionState(models.TextChoices):
    """Where an objection stands."""

    OPEN = "open", _("To decide")
    UPHELD = "upheld", _("Upheld: taken off the list")
    DISMISSED = "dismissed", _("Dismissed")


@tracked
class Objection(models.Model):
    """Somebody objects to one line of a notice. What they said is sealed: it speaks of people."""

    notice = models.ForeignKey(Notice, models.PROTECT, related_name="objections", verbose_name=_("public notice"))
    enrollment = models.ForeignKey(
        Enrollment, models.PROTECT, related_name="objections", db_constraint=False, verbose_name=_("enrollment")
    )
    reason = models.CharField(_("reason"), max_length=8, choices=ObjectionReason, db_collation="C")
    text = SealedTextField(_("what was said"), logical_name=OBJECTION, purpose="objection", null=True)
    received_on = models.DateField(_("received on"))
    received_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("recorded by"))
    received_at = models.DateTimeField(_("recorded at"))
    state = models.CharField(
        _("state"), max_length=9, choices=ObjectionState, default=ObjectionState.OPEN, db_collation="C"
    )
    decision = models.CharField(_("why it was decided so"), max_length=300, blank=True, default="")
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="notice__organization__path", region="notice__region_code", program="notice__program_id"
    )
    destroyable = Destroyable(owner_gone="""EXISTS (
        SELECT FROM beneficiaries_enrollment e JOIN beneficiaries_person owner ON owner.id = e.person_id
        WHERE e.id = kept.enrollment_id AND owner.destroyed_at IS NOT NULL)""")
    personal_fields = ("text",)
    open_fields = (
        "id", "notice", "enrollment", "reason", "received_on", "received_by", "received_at", "state", "decision",
        "decided_by", "decided_at",
    )

    class Meta:
        verbose_name = _("objection")
        verbose_name_plural = _("objections")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("record_objection", _("Can record objections")), ("decide_objection", _("Can decide objections")),
        ]
        constraints = [
            models.UniqueConstraint(name="objection_open_once", fields=["enrollment"], condition=Q(state="open")),
            models.CheckConstraint(
                name="objection_decided_by_another",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("received_by")),
            ),
            models.CheckConstraint(
                name="objection_decided_with_a_reason",
                condition=Q(state="open", decided_by=None)
                | (~Q(state="open") & Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decision="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
