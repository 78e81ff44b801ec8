"""Decisions about doubtful lines of a statement: what was decided, why, by whom."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.models.events import append_only
from audit.scope import Scope, ScopedQuerySet
from gates.models.statement import Statement


class LineDecision(models.TextChoices):
    """What a person says of a doubtful line."""

    ACCEPT = "accept", _("It is this cover's payment")
    HOLD = "hold", _("Hold the money")
    REOPEN = "reopen", _("Not decided any more")


class StatementDecision(models.Model):
    """One act of one person about one line or many; the lines name it in their findings. Never changed."""

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="decisions", verbose_name=_("collection statement"))
    kind = models.CharField(_("decision"), max_length=6, choices=LineDecision, db_collation="C")
    reason = models.CharField(_("reason"), max_length=300)
    #: How the lines were chosen: {"code": "NAME_DIFFERS"}; {"rows": 1} for lines that were named.
    chosen = models.JSONField(_("rows chosen"), default=dict)
    rows = models.PositiveIntegerField(_("rows"))
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("who decided"))
    decided_at = models.DateTimeField(_("decided at"))

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="statement__organization__path", region="statement__region_code", program="statement__program_id"
    )
    personal_fields = ()
    open_fields = ("id", "statement", "kind", "reason", "chosen", "rows", "decided_by", "decided_at")

    class Meta:
        verbose_name = _("decision about lines of a statement")
        verbose_name_plural = _("decisions about lines of statements")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(name="statement_decision_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(name="statement_decision_kind_is_known", condition=Q(kind__in=LineDecision.values)),
        ]
        triggers = append_only("statement_decision")

    def __str__(self) -> str:
        return f"{self.statement_id} {self.pk}"
