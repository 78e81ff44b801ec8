"""Decisions about held lines of a file of claims: what was decided, why, by whom."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.models.events import append_only
from audit.scope import ScopedQuerySet
from filings.models.claim_file import SCOPE, ClaimFile


class LineDecision(models.TextChoices):
    """What a person says of a held line."""

    ACCEPT = "accept", _("Take it as it is")
    REFUSE = "refuse", _("Leave it out: ask the sender")
    REOPEN = "reopen", _("Not decided any more")


class FilingDecision(models.Model):
    """One act of one person about one line or many; the lines name it in their findings. Never changed."""

    claim_file = models.ForeignKey(ClaimFile, models.PROTECT, related_name="decisions", verbose_name=_("file of claims"))
    kind = models.CharField(_("decision"), max_length=6, choices=LineDecision, db_collation="C")
    reason = models.CharField(_("reason"), max_length=300)
    #: How the lines were chosen: {"code": "BILL_ELSEWHERE"}; {"rows": 1} for lines that were named.
    chosen = models.JSONField(_("rows chosen"), default=dict)
    rows = models.PositiveIntegerField(_("rows"))
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("who decided"))
    decided_at = models.DateTimeField(_("decided at"))

    objects = ScopedQuerySet.as_manager()

    scope = SCOPE
    personal_fields = ()
    open_fields = ("id", "claim_file", "kind", "reason", "chosen", "rows", "decided_by", "decided_at")

    class Meta:
        verbose_name = _("decision about lines of a file of claims")
        verbose_name_plural = _("decisions about lines of files of claims")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(name="filing_decision_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(name="filing_decision_kind_is_known", condition=Q(kind__in=LineDecision.values)),
        ]
        triggers = append_only("filing_decision")

    def __str__(self) -> str:
        return f"{self.claim_file_id} {self.pk}"
