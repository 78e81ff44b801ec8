"""Decisions about held settlement records: what was decided, why, by whom."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.models.events import append_only
from audit.scope import ScopedQuerySet
from records.models.record import SCOPE, RecordList


class LineDecision(models.TextChoices):
    """What a person says of a held record."""

    ACCEPT = "accept", _("Propose it as it is")
    COVER = "cover", _("Propose it under another cover")
    REFUSE = "refuse", _("Leave it out: ask the bureau")
    REOPEN = "reopen", _("Not decided any more")


class RecordDecision(models.Model):
    """One act of one person about one record or many; the records name it in their findings. Never changed."""

    record_list = models.ForeignKey(
        RecordList, models.PROTECT, related_name="decisions", verbose_name=_("file of settlement records")
    )
    kind = models.CharField(_("decision"), max_length=6, choices=LineDecision, db_collation="C")
    reason = models.CharField(_("reason"), max_length=300)
    #: How the records were chosen: {"code": "STAY_TWICE"}; {"rows": 1} for records that were named, {"cover": 7} for whose cover.
    chosen = models.JSONField(_("rows chosen"), default=dict)
    rows = models.PositiveIntegerField(_("rows"))
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("who decided"))
    decided_at = models.DateTimeField(_("decided at"))

    objects = ScopedQuerySet.as_manager()

    scope = SCOPE
    personal_fields = ()
    open_fields = ("id", "record_list", "kind", "reason", "chosen", "rows", "decided_by", "decided_at")

    class Meta:
        verbose_name = _("decision about settlement records")
        verbose_name_plural = _("decisions about settlement records")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(name="record_decision_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(name="record_decision_kind_is_known", condition=Q(kind__in=LineDecision.values)),
            models.CheckConstraint(
                name="record_decision_of_a_cover_is_of_one",
                condition=~Q(kind="cover") | Q(rows=1, chosen__has_key="cover"),
            ),
        ]
        triggers = append_only("record_decision")

    def __str__(self) -> str:
        return f"{self.record_list_id} {self.pk}"
