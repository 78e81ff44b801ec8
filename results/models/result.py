"""Payouts that an insurer has made and an office has approved as recorded: one row a line, never changed but undone."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from audit.destroying import Destroyable
from audit.fields import SealedTextField
from audit.history import tracked_updates
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models import Enrollment
from beneficiaries.models.agreement import agrees, never_deleted
from beneficiaries.models.person import BENEFICIARY_KEY
from programs.models import Period, Plan, Program
from results.models.decision import ReportDecision
from results.models.recalculation import Comparison, Why
from results.models.report import DIAGNOSIS, Report, mask_diagnosis


class BankResult(models.TextChoices):
    """What the bank said of the payment."""

    PAID = "paid", _("Paid")
    FAILED = "failed", _("Failed")
    RETURNED = "returned", _("Returned")
    UNKNOWN = "unknown", _("Unknown")


#: The money is not with the person.
NOT_PAID = (BankResult.FAILED, BankResult.RETURNED)


class ResultQuerySet(ScopedQuerySet):
    """Chainable words about results."""

    def standing(self) -> ResultQuerySet:
        """Not undone."""
        return self.filter(undone_at=None)

    def counting(self) -> ResultQuerySet:
        """Of which the money went out, as far as is known: what limits and doubles are held against."""
        return self.standing().exclude(bank_result__in=NOT_PAID)


# Program, plan, period and office are those of the cover, which the chunk that writes them has joined.
_AGREES = """
    SELECT FROM new_rows
    LEFT JOIN LATERAL (
        SELECT id, program_id, plan_id, period_id, organization_id FROM beneficiaries_enrollment
        WHERE id = new_rows.enrollment_id LIMIT 1
    ) AS cover ON true
    WHERE cover.id IS NULL OR cover.program_id <> new_rows.program_id OR cover.plan_id <> new_rows.plan_id
        OR cover.period_id <> new_rows.period_id OR cover.organization_id <> new_rows.organization_id
"""
_OF_REPORT = """
    SELECT FROM (SELECT DISTINCT report_id, program_id, insurer_id FROM new_rows) few
    LEFT JOIN results_report report ON report.id = few.report_id AND report.program_id = few.program_id
        AND report.insurer_id = few.insurer_id
    WHERE report.id IS NULL
"""


@tracked_updates
class Result(models.Model):
    """What an insurer paid for one event of one cover, as its report says it, and what our calculation made of it."""

    report = models.ForeignKey(
        Report, models.PROTECT, related_name="results", db_constraint=False, db_index=False, verbose_name=_("report of payouts")
    )
    #: The line of the report: its file, sheet and line.
    row_id = models.BigIntegerField(_("row"), unique=True)
    program = models.ForeignKey(
        Program, models.PROTECT, related_name="+", db_constraint=False, db_index=False, verbose_name=_("program")
    )
    insurer = models.ForeignKey(
        Organization, models.PROTECT, related_name="+", db_constraint=False, db_index=False, verbose_name=_("insurer")
    )
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+", db_constraint=False, db_index=False, verbose_name=_("plan"))
    period = models.ForeignKey(
        Period, models.PROTECT, related_name="+", db_constraint=False, db_index=False, verbose_name=_("period")
    )
    #: Of the cover, as it stood.
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="+", db_constraint=False, db_index=False, verbose_name=_("organization")
    )
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    enrollment = models.ForeignKey(
        Enrollment, models.PROTECT, related_name="results", db_constraint=False, verbose_name=_("enrollment")
    )
    claim_number = models.CharField(_("claim number"), max_length=60, db_collation="C")
    bill_number = models.CharField(_("number of the bill"), max_length=60, blank=True, default="", db_collation="C")
    event_on = models.DateField(_("day of the event"))
    hospital = models.CharField(_("hospital"), max_length=100, blank=True, default="")
    diagnosis = SealedTextField(
        _("diagnosis"), logical_name=DIAGNOSIS, purpose=BENEFICIARY_KEY, mask=mask_diagnosis, null=True
    )
    cost = models.DecimalField(_("total cost (yuan)"), max_digits=16, decimal_places=2, null=True)
    basic_paid = models.DecimalField(_("paid by basic insurance (yuan)"), max_digits=16, decimal_places=2, null=True)
    others_paid = models.DecimalField(_("paid by others (yuan)"), max_digits=16, decimal_places=2, null=True)
    paid = models.DecimalField(_("paid (yuan)"), max_digits=16, decimal_places=2)
    parts = models.JSONField(_("paid by responsibility"), null=True)
    paid_on = models.DateField(_("day of payment"))
    last_four = models.CharField(_("account's last four digits"), max_length=4, blank=True, default="", db_collation="C")
    bank_result = models.CharField(
        _("bank result"), max_length=8, choices=BankResult, blank=True, default="", db_collation="C"
    )
    comparison = models.CharField(_("compared with ours"), max_length=10, choices=Comparison, db_collation="C")
    why = models.CharField(_("why not"), max_length=12, choices=Why, blank=True, default="", db_collation="C")
    due = models.DecimalField(_("by our calculation (yuan)"), max_digits=16, decimal_places=2, null=True)
    difference = models.DecimalField(_("difference (yuan)"), max_digits=16, decimal_places=2, null=True)
    due_parts = models.JSONField(_("by our calculation, by responsibility"), null=True)
    #: By which a person accepted a line that was held; nothing else is beyond a limit, doubled or outside its cover.
    decision = models.ForeignKey(
        ReportDecision, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False,
        verbose_name=_("decision"),
    )
    applied_at = models.DateTimeField(_("recorded at"))
    undone_at = models.DateTimeField(_("undone at"), null=True)

    objects = ResultQuerySet.as_manager()

    keeps_its_seals = True
    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    destroyable = Destroyable(emptied={"last_four": "''", "hospital": "''"})
    personal_fields = ("diagnosis",)
    open_fields = (
        "id", "report", "row_id", "program", "insurer", "plan", "period", "organization", "region_code", "enrollment",
        "claim_number", "bill_number", "event_on", "hospital", "cost", "basic_paid", "others_paid", "paid", "parts", "paid_on",
        "last_four", "bank_result", "comparison", "why", "due", "difference", "due_parts", "decision", "applied_at", "undone_at",
    )

    class Meta:
        verbose_name = _("payout result")
        verbose_name_plural = _("payout results")
        ordering = ["-id"]
        default_permissions = ("view", "export")
        constraints = [
            # Once, unless a person said otherwise, or the bank gave the money back.
            models.UniqueConstraint(
                name="result_of_a_claim_once", fields=["program", "insurer", "claim_number"],
                condition=Q(undone_at__isnull=True, decision__isnull=True) & ~Q(bank_result__in=["failed", "returned"]),
            ),
            models.CheckConstraint(
                name="result_amounts_are_amounts",
                condition=Q(paid__gte=0) & (Q(cost__isnull=True) | Q(cost__gte=0)) & ~Q(claim_number=""),
            ),
            models.CheckConstraint(
                name="result_says_why_it_is_not_computable",
                condition=Q(comparison="unknown", due__isnull=True, difference__isnull=True) & ~Q(why="")
                | Q(comparison__in=["equal", "different"], due__isnull=False, difference__isnull=False, why=""),
            ),
        ]
        indexes = [
            models.Index(fields=["report", "id"], name="result_of_report"),
            models.Index(fields=["program", "-id"], name="result_of_program"),
            # Doubles and searches ask for it.
            models.Index(fields=["claim_number"], name="result_by_claim"),
            models.Index(fields=["hospital", "-id"], name="result_by_hospital", condition=~Q(hospital="")),
            models.Index(
                fields=["program", "comparison", "-id"], name="result_that_differs",
                condition=Q(comparison__in=["different", "unknown"]),
            ),
        ]
        triggers = [
            agrees("result_agrees", _OF_REPORT, _AGREES),
            never_deleted("result_is_never_deleted"),
            pgtrigger.Protect(
                name="result_stands", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "report", "row_id", "program", "insurer", "plan", "period", "organization", "region_code", "enrollment",
                    "claim_number", "bill_number", "event_on", "cost", "basic_paid", "others_paid", "paid", "parts", "paid_on",
                    "bank_result", "comparison", "why", "due", "difference", "due_parts", "decision", "applied_at",
                ),
            ),
            pgtrigger.Trigger(
                name="result_is_undone_once", level=pgtrigger.Row, when=pgtrigger.Before, operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.undone_at IS NOT NULL AND NEW.undone_at IS DISTINCT FROM OLD.undone_at"),
                func="RAISE EXCEPTION 'a result is undone once' USING ERRCODE = 'integrity_constraint_violation';",
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
