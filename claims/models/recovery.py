"""What becomes of an amount asked back: received, in parts, or written off; recorded by one person, confirmed by another."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.agreement import agrees
from claims.models.decision import Payable


class RecoveryKind(models.TextChoices):
    """What happened."""

    RECEIPT = "receipt", pgettext_lazy("asked back", "Received back")
    WRITE_OFF = "write_off", pgettext_lazy("asked back", "Written off")
    REVERSAL = "reversal", pgettext_lazy("asked back", "Reversal of a wrong record")


class RecoveryState(models.TextChoices):
    """Nothing is booked before somebody else confirms it."""

    PROPOSED = "proposed", pgettext_lazy("asked back", "To be confirmed")
    CONFIRMED = "confirmed", pgettext_lazy("asked back", "Confirmed")
    DECLINED = "declined", pgettext_lazy("asked back", "Not confirmed")
    REVERSED = "reversed", pgettext_lazy("asked back", "Reversed")


@tracked
class Recovery(models.Model):
    """One receipt, write-off or reversal of an amount asked back; yuan, always above zero."""

    payable = models.ForeignKey(Payable, models.PROTECT, related_name="recoveries", verbose_name=_("amount asked back"))
    kind = models.CharField(_("kind"), max_length=9, choices=RecoveryKind, db_collation="C")
    reverses = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="reversals", verbose_name=_("reverses")
    )
    amount = models.DecimalField(_("amount (yuan)"), max_digits=14, decimal_places=2)
    reference = models.CharField(_("the bank's reference"), max_length=60, blank=True, default="", db_collation="C")
    happened_on = models.DateField(_("day"))
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")
    state = models.CharField(_("state"), max_length=9, choices=RecoveryState, default=RecoveryState.PROPOSED, db_collation="C")
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("recorded by"))
    made_at = models.DateTimeField(_("recorded at"))
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    answer = models.CharField(_("answer"), max_length=300, blank=True, default="")

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="payable__organization__path", region="payable__region_code", program="payable__program_id"
    )
    personal_fields = ()
    open_fields = (
        "id", "payable", "kind", "reverses", "amount", "reference", "happened_on", "reason", "state", "made_by", "made_at",
        "decided_by", "decided_at", "answer",
    )

    class Meta:
        verbose_name = _("record of an amount asked back")
        verbose_name_plural = _("records of amounts asked back")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("record_recovery", _("Can record what became of amounts asked back")),
            ("confirm_recovery", _("Can confirm what became of amounts asked back")),
        ]
        constraints = [
            models.CheckConstraint(name="recovery_above_zero", condition=Q(amount__gt=0)),
            # One transfer may give back several amounts; of one amount it counts once. A declined or reversed one frees it.
            models.UniqueConstraint(
                name="recovery_reference_once", fields=["payable", "reference"],
                condition=Q(state__in=["proposed", "confirmed"]) & ~Q(reference=""),
            ),
            models.UniqueConstraint(
                name="recovery_reversed_once", fields=["reverses"],
                condition=Q(reverses__isnull=False, state__in=["proposed", "confirmed"]),
            ),
            models.CheckConstraint(
                name="recovery_says_what_it_is",
                condition=(Q(kind="receipt", reverses__isnull=True) & ~Q(reference=""))
                | (Q(kind="write_off", reverses__isnull=True, reference="") & ~Q(reason=""))
                | (Q(kind="reversal", reverses__isnull=False, reference="") & ~Q(reason="")),
            ),
            models.CheckConstraint(
                name="recovery_decided_by_another",
                condition=Q(state="proposed", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(state="proposed") & Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_by=F("made_by"))),
            ),
            models.CheckConstraint(
                name="recovery_declined_with_an_answer", condition=~Q(state="declined") | ~Q(answer=""),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="recovery_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="recovery_stands", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "payable", "kind", "reverses", "amount", "reference", "happened_on", "reason", "made_by", "made_at",
                ),
            ),
            pgtrigger.Protect(
                name="recovery_is_decided_once", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "NEW.state <> OLD.state AND NOT (OLD.state = 'proposed' OR (OLD.state = 'confirmed' AND"
                    " NEW.state = 'reversed'))"
                ),
            ),
            agrees(
                "recovery_agrees",
                """
                SELECT FROM new_rows LEFT JOIN claims_payable p ON p.id = new_rows.payable_id AND p.kind = 'reclaim'
                LEFT JOIN claims_recovery w ON w.id = new_rows.reverses_id AND w.payable_id = new_rows.payable_id
                    AND w.amount = new_rows.amount AND w.kind <> 'reversal'
                WHERE p.id IS NULL OR (new_rows.reverses_id IS NOT NULL AND w.id IS NULL)
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
