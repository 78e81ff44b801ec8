"""What people decided about rows in doubt."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.agreement import never_deleted
from beneficiaries.models.roster import Roster


class DecisionKind(models.TextChoices):
    """What a row in doubt becomes."""

    ACCEPT = "accept", _("Accept as it is")
    SAME = "same", _("Accept: the same person, registered name and document stay")
    CORRECT = "correct", _("Accept: the same person, correct name and document to the roster's")
    REFUSE = "refuse", _("Refuse")
    REOPEN = "reopen", _("Take the decision back")


@tracked
class RosterDecision(models.Model):
    """One act of one person about one row or many; the rows name it in their findings. Never changed."""

    roster = models.ForeignKey(Roster, models.PROTECT, related_name="decisions", verbose_name=_("roster"))
    kind = models.CharField(_("decision"), max_length=8, choices=DecisionKind, db_collation="C")
    reason = models.CharField(_("reason"), max_length=300)
    #: How the rows were chosen: {"code": "ID_ROUNDED", "region": "441602"}; {"rows": 1} for rows that were named.
    chosen = models.JSONField(_("chosen by"), default=dict)
    rows = models.PositiveIntegerField(_("rows"), help_text=_("Rows that this decision changed when it was made."))
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("who decided"))
    decided_at = models.DateTimeField(_("decided at"))

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="roster__organization__path", region="roster__region_code", program="roster__program_id"
    )
    personal_fields = ()
    open_fields = ("id", "roster", "kind", "reason", "chosen", "rows", "decided_by", "decided_at")

    class Meta:
        verbose_name = _("decision about rows")
        verbose_name_plural = _("decisions about rows")
        constraints = [
            models.CheckConstraint(name="roster_decision_has_reason", condition=~Q(reason="")),
            models.CheckConstraint(name="roster_decision_kind_is_known", condition=Q(kind__in=DecisionKind.values)),
        ]
        triggers = [never_deleted("roster_decision_is_never_deleted")]

    def __str__(self) -> str:
        return f"{self.roster_id} {self.pk}"

    @property
    def said(self) -> tuple[Any, ...]:
        """What a second person approves with the rows."""
        return (self.kind, self.rows, self.reason, self.decided_by_id, self.decided_at.isoformat())
