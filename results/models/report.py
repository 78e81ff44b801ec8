"""What an insurer says it has paid: a report under its number, its files, and their checked lines."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.destroying import Destroyable
from audit.fields import SealedTextField
from audit.history import tracked, tracked_corrections
from audit.masking import mask_document, mask_name
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models import Enrollment
from beneficiaries.models.agreement import kept_after_its_check, never_deleted
from beneficiaries.models.person import BENEFICIARY_KEY
from intake.models import BEING_CHECKED, STANDING, Chunk, File, Import, StagedRow
from programs.models import Program

NAME, DOCUMENT, DIAGNOSIS = "result.name", "result.document", "result.diagnosis"


def mask_diagnosis(_text: str) -> str:
    """Nothing of it."""
    return "***"


@tracked
class Report(Import):
    """Settled results of one program as its insurer reports them, with the count and the sum that it says."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    insurer = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("insurer"))
    reference = models.CharField(_("report number"), max_length=60, db_collation="C")
    control_lines = models.PositiveIntegerField(_("lines by the insurer"))
    control_amount = models.DecimalField(_("sum by the insurer (yuan)"), max_digits=16, decimal_places=2)
    files = models.ManyToManyField(File, related_name="result_reports", verbose_name=_("files"), through="ReportFile")
    #: Up to when earlier results were looked at: whose cover another report has touched since is set aside.
    compared_at = models.DateTimeField(_("recalculated at"), null=True)
    #: Why another count or sum than the insurer says is accepted, by whoever then approves.
    totals_reason = models.CharField(_("why the totals may differ"), max_length=300, blank=True, default="")
    totals_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("totals confirmed by"))
    #: The digest at which they were confirmed.
    totals_digest = models.CharField(max_length=64, blank=True, default="", db_collation="C")

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "state", "organization", "region_code", "uploaded_by", "uploaded_at", "submitted_by", "submitted_at",
        "decided_by", "decided_at", "reason", "applied_at", "digest", "approved_digest", "row_count", "counts",
        "confirmed_digest", "file_findings", "files", "layouts", "money", "program", "insurer", "reference", "control_lines",
        "control_amount", "compared_at", "totals_reason", "totals_by", "totals_digest",
        "undo_asked_at", "undo_asked_by", "undo_decided_at", "undo_decided_by", "undo_reason", "undone_at",
    )

    class Meta(Import.Meta):
        verbose_name = _("report of payouts")
        verbose_name_plural = _("reports of payouts")
        ordering = ["-id"]
        default_permissions = ("view", "export")
        permissions = [
            ("upload_report", _("Can upload reports of payouts")),
            ("submit_report", _("Can decide lines of reports of payouts and submit them")),
            ("approve_report", _("Can approve reports of payouts or send them back")),
            ("request_report_undo", _("Can ask for the undo of a report of payouts")),
            ("approve_report_undo", _("Can approve the undo of a report of payouts")),
            ("download_report_rows", _("Can download refused rows of reports of payouts in the clear")),
        ]
        constraints = [
            *Import.Meta.constraints,
            models.UniqueConstraint(
                name="payout_report_stands_once", fields=["program", "insurer", "reference"], condition=Q(state__in=STANDING)
            ),
            models.CheckConstraint(
                name="payout_report_has_a_sum", condition=Q(control_lines__gt=0, control_amount__gte=0) & ~Q(reference="")
            ),
            models.CheckConstraint(
                name="payout_report_totals_confirmed_by_a_person",
                condition=Q(totals_reason="", totals_by__isnull=True, totals_digest="")
                | (~Q(totals_reason="") & ~Q(totals_digest="") & Q(totals_by__isnull=False)),
            ),
        ]
        indexes = [models.Index(fields=["program", "state"], name="payout_report_by_state")]
        triggers = [
            never_deleted("report_is_never_deleted"),
            pgtrigger.Protect(
                name="report_keeps_what_it_says", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("program", "insurer", "reference", "control_lines", "control_amount"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


SCOPE = Scope(organization_path="report__organization__path", region="report__region_code", program="report__program_id")


class ReportFile(models.Model):
    """A file of a report."""

    report = models.ForeignKey(Report, models.PROTECT, related_name="payout_report_files")
    file = models.ForeignKey(File, models.PROTECT, related_name="result_report_files")

    objects = ScopedQuerySet.as_manager()

    without_history = "Names a file of an import as it is received, and goes with it; nothing changes it."
    scope = SCOPE
    personal_fields = ()
    open_fields = ("id", "report", "file")

    class Meta:
        verbose_name = _("file of a report of payouts")
        verbose_name_plural = _("files of reports of payouts")
        default_permissions = ()
        constraints = [models.UniqueConstraint(name="payout_report_file_once", fields=["report", "file"])]

    def __str__(self) -> str:
        return f"{self.report_id} {self.file_id}"


@tracked_corrections
class ReportRow(StagedRow):
    """A checked line: whose cover it is found to be, what the event cost, what was paid."""

    # Written by the engine only, under the report's own chunk, which has a true foreign key.
    report = models.ForeignKey(Report, models.PROTECT, related_name="rows", db_constraint=False, db_index=False)
    name = SealedTextField(_("name"), logical_name=NAME, purpose=BENEFICIARY_KEY, mask=mask_name, null=True)
    document = SealedTextField(
        _("document number"), logical_name=DOCUMENT, purpose=BENEFICIARY_KEY, mask=mask_document, null=True
    )
    diagnosis = SealedTextField(
        _("diagnosis"), logical_name=DIAGNOSIS, purpose=BENEFICIARY_KEY, mask=mask_diagnosis, null=True
    )
    claim_number = models.CharField(_("claim number"), max_length=60, null=True, db_collation="C")
    bill_number = models.CharField(_("number of the bill"), max_length=60, null=True, db_collation="C")
    #: As far as it names a cover of the program.
    number = models.CharField(_("cover number"), max_length=60, null=True, db_collation="C")
    enrollment = models.ForeignKey(
        Enrollment, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False,
        verbose_name=_("enrollment"),
    )
    event_on = models.DateField(_("day of the event"), null=True)
    hospital = models.CharField(_("hospital"), max_length=100, null=True)
    cost = models.DecimalField(_("total cost (yuan)"), max_digits=16, decimal_places=2, null=True)
    basic_paid = models.DecimalField(_("paid by basic insurance (yuan)"), max_digits=16, decimal_places=2, null=True)
    others_paid = models.DecimalField(_("paid by others (yuan)"), max_digits=16, decimal_places=2, null=True)
    paid = models.DecimalField(_("paid (yuan)"), max_digits=16, decimal_places=2, null=True)
    #: {responsibility: yuan as text}, where the line says it.
    parts = models.JSONField(_("paid by responsibility"), null=True)
    #: {kind of expense: yuan as text} after other payers, where the line says it.
    figures = models.JSONField(_("what was left to pay by kind"), null=True)
    setting = models.CharField(_("kind of treatment"), max_length=20, null=True, db_collation="C")
    locality = models.CharField(_("place of treatment"), max_length=24, null=True, db_collation="C")
    settled = models.BooleanField(_("settled through basic insurance"), null=True)
    pre_existing = models.BooleanField(_("of a pre-existing condition"), null=True)
    paid_on = models.DateField(_("day of payment"), null=True)
    last_four = models.CharField(_("account's last four digits"), max_length=4, null=True, db_collation="C")
    bank_result = models.CharField(_("bank result"), max_length=8, null=True, db_collation="C")

    objects = ScopedQuerySet.as_manager()

    #: The digest that is approved covers the tokens.
    keeps_its_seals = True
    scope = SCOPE
    destroyable = Destroyable(dropped=("raw",), emptied={"findings": "NULL", "last_four": "NULL"})
    personal_fields = ("name", "document", "diagnosis", "raw")
    open_fields = (
        "id", "file", "sheet", "line", "chunk", "verdict", "codes", "findings", "set_aside", "kept", "report", "claim_number",
        "bill_number", "number", "enrollment", "event_on", "hospital", "cost", "basic_paid", "others_paid", "paid", "parts",
        "figures", "setting", "locality", "settled", "pre_existing", "paid_on", "last_four", "bank_result",
    )

    class Meta:
        verbose_name = _("row of a report of payouts")
        verbose_name_plural = _("rows of reports of payouts")
        default_permissions = ()
        indexes = [
            models.Index(fields=["report", "chunk", "id"], name="payout_report_row_by_chunk"),
            models.Index(fields=["report", "verdict", "id"], name="payout_report_row_by_verdict"),
        ]
        triggers = [
            kept_after_its_check("report_row_stays_after_its_check", ("results_report", "report_id"), BEING_CHECKED)
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class ReportChunk(Chunk):
    """A piece of a report."""

    report = models.ForeignKey(Report, models.PROTECT, related_name="chunks")

    objects = ScopedQuerySet.as_manager()

    scope = SCOPE
    personal_fields = ()
    open_fields = (
        "id", "number", "rows", "counts", "digest", "applied_at", "applied_rows", "set_aside_rows", "undone_at",
        "undone_rows", "kept_counts", "report",
    )

    class Meta:
        verbose_name = _("chunk of a report of payouts")
        verbose_name_plural = _("chunks of reports of payouts")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="payout_report_chunk_once", fields=["report", "number"]),
            models.CheckConstraint(
                name="payout_report_chunk_counts_rows",
                condition=Q(applied_at__isnull=True, applied_rows=0, set_aside_rows=0)
                | Q(applied_at__isnull=False, applied_rows__lte=F("rows")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.number}"
