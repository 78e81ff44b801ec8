"""Delivery reports: what became of the messages of a sending, as a file of the gateway that came back; its checked lines."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.destroying import Destroyable
from audit.history import tracked, tracked_corrections
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.agreement import kept_after_its_check, never_deleted
from intake.models import BEING_CHECKED, Chunk, File, Import, StagedRow
from outreach.models.sending import Outcome, Sending
from programs.models import Program


@tracked
class DeliveryReport(Import):
    """What the gateway says of the messages of one sending, with the count that it says."""

    sending = models.ForeignKey(Sending, models.PROTECT, related_name="reports", verbose_name=_("message"))
    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    #: As whoever uploads it was told: another number of lines refuses the whole.
    control_lines = models.PositiveIntegerField(_("lines by the gateway"))
    files = models.ManyToManyField(
        File, related_name="delivery_reports", verbose_name=_("files"), through="DeliveryReportFile"
    )

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "state", "organization", "region_code", "uploaded_by", "uploaded_at", "submitted_by", "submitted_at",
        "decided_by", "decided_at", "reason", "applied_at", "digest", "approved_digest", "row_count", "counts",
        "confirmed_digest", "file_findings", "files", "layouts", "money", "sending", "program", "control_lines",
        "undo_asked_at", "undo_asked_by", "undo_decided_at", "undo_decided_by", "undo_reason", "undone_at",
    )

    class Meta(Import.Meta):
        verbose_name = _("delivery report of a message")
        verbose_name_plural = _("delivery reports of messages")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("upload_report", _("Can upload delivery reports of messages")),
            ("submit_report", _("Can submit delivery reports of messages")),
            ("approve_report", _("Can approve delivery reports of messages or send them back")),
            ("download_report_rows", _("Can download refused rows of delivery reports in the clear")),
        ]
        constraints = [
            *Import.Meta.constraints,
            models.CheckConstraint(name="delivery_report_has_lines", condition=Q(control_lines__gt=0)),
        ]
        triggers = [never_deleted("delivery_report_is_never_deleted")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


_SCOPE = Scope(
    organization_path="report__organization__path", region="report__region_code", program="report__program_id"
)


class DeliveryReportFile(models.Model):
    """A file of a report."""

    report = models.ForeignKey(DeliveryReport, models.PROTECT, related_name="report_files")
    file = models.ForeignKey(File, models.PROTECT, related_name="delivery_report_files")

    objects = ScopedQuerySet.as_manager()

    without_history = "Names a file of an import as it is received, and goes with it; nothing changes it."
    scope = _SCOPE
    personal_fields = ()
    open_fields = ("id", "report", "file")

    class Meta:
        verbose_name = _("file of a delivery report")
        verbose_name_plural = _("files of delivery reports")
        default_permissions = ()
        constraints = [models.UniqueConstraint(name="delivery_report_file_once", fields=["report", "file"])]

    def __str__(self) -> str:
        return f"{self.report_id} {self.file_id}"


@tracked_corrections
class DeliveryReportRow(StagedRow):
    """A checked line: of which message it speaks, and what became of it."""

    report = models.ForeignKey(DeliveryReport, models.PROTECT, related_name="rows", db_constraint=False, db_index=False)
    #: The line of the sending whose message it is; empty where there is none.
    line_id = models.BigIntegerField(_("line of the message"), null=True)
    number = models.PositiveIntegerField(_("number on the list"), null=True)
    outcome = models.CharField(_("what became of it"), max_length=9, choices=Outcome, null=True, db_collation="C")
    failure = models.CharField(_("why it failed"), max_length=120, null=True)

    objects = ScopedQuerySet.as_manager()

    scope = _SCOPE
    destroyable = Destroyable(dropped=("raw",), emptied={"findings": "NULL"})
    personal_fields = ("raw",)
    open_fields = (
        "id", "file", "sheet", "line", "chunk", "verdict", "codes", "findings", "set_aside", "kept", "report", "line_id",
        "number", "outcome", "failure",
    )

    class Meta:
        verbose_name = _("row of a delivery report")
        verbose_name_plural = _("rows of delivery reports")
        default_permissions = ()
        indexes = [
            models.Index(fields=["report", "chunk", "id"], name="report_row_by_chunk"),
            models.Index(fields=["report", "verdict", "id"], name="report_row_by_verdict"),
        ]
        triggers = [
            kept_after_its_check(
                "report_row_stays_after_its_check", ("outreach_deliveryreport", "report_id"), BEING_CHECKED
            )
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class DeliveryReportChunk(Chunk):
    """A piece of a report."""

    report = models.ForeignKey(DeliveryReport, models.PROTECT, related_name="chunks")

    objects = ScopedQuerySet.as_manager()

    scope = _SCOPE
    personal_fields = ()
    open_fields = (
        "id", "number", "rows", "counts", "digest", "applied_at", "applied_rows", "set_aside_rows", "undone_at",
        "undone_rows", "kept_counts", "report",
    )

    class Meta:
        verbose_name = _("chunk of a delivery report")
        verbose_name_plural = _("chunks of delivery reports")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="delivery_report_chunk_once", fields=["report", "number"]),
            models.CheckConstraint(
                name="delivery_report_chunk_counts_rows",
                condition=Q(applied_at__isnull=True, applied_rows=0, set_aside_rows=0)
                | Q(applied_at__isnull=False, applied_rows__lte=models.F("rows")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.number}"
