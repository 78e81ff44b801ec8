"""What a plan version pays, as the engine's plan file: one text, which nobody changes once the plan is submitted."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.history import tracked
from audit.scope import ScopedQuerySet
from programs.models.plan import Plan, child_of_draft, plan_scope


@tracked
class PlanBenefits(models.Model):
    """The benefit terms of one plan version: a plan file as `benefits.plan_file.dump` writes it, and its SHA-256."""

    plan = models.OneToOneField(Plan, models.CASCADE, related_name="benefits", verbose_name=_("plan"))
    content = models.TextField(_("plan file"))
    digest = models.CharField(_("SHA-256 of the file"), max_length=64, db_collation="C")
    changed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("changed by"))
    changed_at = models.DateTimeField(_("changed at"))

    objects = ScopedQuerySet.as_manager()

    scope = plan_scope("plan__")
    personal_fields = ()
    open_fields = ("id", "plan", "content", "digest", "changed_by", "changed_at")

    class Meta:
        verbose_name = _("benefits of a plan")
        verbose_name_plural = _("benefits of plans")
        ordering = ["plan"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="plan_benefits_say_something", condition=~Q(content="") & Q(digest__regex=r"^[0-9a-f]{64}$")
            ),
        ]
        triggers = [child_of_draft("plan_benefits_stand", "{row}.plan_id")]

    def __str__(self) -> str:
        return f"{self.plan}"
