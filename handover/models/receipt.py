"""Receipts: what an insurer answered to a hand-over, as a file that came in; its checked lines."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.destroying import Destroyable
from audit.history import tracked, tracked_corrections
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.agreement import kept_after_its_check, never_deleted
from handover.models.hand_over import Answer, HandOver
from intake.models import BEING_CHECKED, Chunk, File, Import, StagedRow
from programs.models import Program


@tracked
class Receipt(Import):
    """An insurer's answers to one hand-over."""

    hand_over = models.ForeignKey(HandOver, models.PROTECT, related_name="receipts", verbose_name=_("hand-over"))
    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    files = models.ManyToManyField(File, related_name="receipts", verbose_name=_("files"), through="ReceiptFile")

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "state", "organization", "region_code", "uploaded_by", "uploaded_at", "submitted_by", "submitted_at",
        "decided_by", "decided_at", "reason", "applied_at", "digest", "approved_digest", "row_count", "counts",
        "confirmed_digest", "file_findings", "files", "layouts", "money", "hand_over", "program", "undo_asked_at",
        "undo_asked_by", "undo_decided_at", "undo_decided_by", "undo_reason", "undone_at",
    )

    class Meta(Import.Meta):
        verbose_name = _("receipt of an insurer")
        verbose_name_plural = _("receipts of insurers")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("upload_receipt", _("Can upload insurers' receipts")),
            ("submit_receipt", _("Can submit insurers' receipts")),
            ("approve_receipt", _("Can approve insurers' receipts or send them back")),
            ("download_refused_receipt_rows", _("Can download refused rows of insurers' receipts in the clear")),
        ]
        triggers = [never_deleted("receipt_is_never_deleted")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


_SCOPE = Scope(
    organization_path="receipt__organization__path", region="receipt__region_code", program="receipt__program_id"
)


class ReceiptFile(models.Model):
    """A file of a receipt."""

    receipt = models.ForeignKey(Receipt, models.PROTECT, related_name="receipt_files")
    file = models.ForeignKey(File, models.PROTECT, related_name="receipt_files")

    objects = ScopedQuerySet.as_manager()

    without_history = "Names a file of an import as it is received, and goes with it; nothing changes it."
    scope = _SCOPE
    personal_fields = ()
    open_fields = ("id", "receipt", "file")

    class Meta:
        verbose_name = _("file of a receipt")
        verbose_name_plural = _("files of receipts")
        default_permissions = ()
        constraints = [models.UniqueConstraint(name="receipt_file_once", fields=["receipt", "file"])]

    def __str__(self) -> str:
        return f"{self.receipt_id} {self.file_id}"


@tracked_corrections
class ReceiptRow(StagedRow):
    """A checked line: which line of the hand-over it answers, and how."""

    receipt = models.ForeignKey(Receipt, models.PROTECT, related_name="rows", db_constraint=False, db_index=False)
    #: The line of the hand-over and its enrollment; empty where the hand-over has no such line.
    line_id = models.BigIntegerField(_("line of the hand-over"), null=True)
    enrollment_id = models.BigIntegerField(_("enrollment"), null=True)
    answer = models.CharField(_("answer"), max_length=8, choices=Answer, null=True, db_collation="C")
    policy_number = models.CharField(_("insurer's policy"), max_length=60, null=True, db_collation="C")
    refusal = models.CharField(_("why the insurer refused"), max_length=200, null=True)

    objects = ScopedQuerySet.as_manager()

    scope = _SCOPE
    destroyable = Destroyable(dropped=("raw",), emptied={"findings": "NULL"})
    personal_fields = ("raw",)
    open_fields = (
        "id", "file", "sheet", "line", "chunk", "verdict", "codes", "findings", "set_aside", "kept", "receipt", "line_id",
        "enrollment_id", "answer", "policy_number", "refusal",
    )

    class Meta:
        verbose_name = _("row of a receipt")
        verbose_name_plural = _("rows of receipts")
        default_permissions = ()
        indexes = [
            models.Index(fields=["receipt", "chunk", "id"], name="receipt_row_by_chunk"),
            models.Index(fields=["receipt", "verdict", "id"], name="receipt_row_by_verdict"),
        ]
        triggers = [
            kept_after_its_check("receipt_row_stays_after_its_check", ("handover_receipt", "receipt_id"), BEING_CHECKED)
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class ReceiptChunk(Chunk):
    """A piece of a receipt."""

    receipt = models.ForeignKey(Receipt, models.PROTECT, related_name="chunks")

    objects = ScopedQuerySet.as_manager()

    scope = _SCOPE
    personal_fields = ()
    open_fields = (
        "id", "number", "rows", "counts", "digest", "applied_at", "applied_rows", "set_aside_rows", "undone_at",
        "undone_rows", "kept_counts", "receipt",
    )

    class Meta:
        verbose_name = _("chunk of a receipt")
        verbose_name_plural = _("chunks of receipts")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="receipt_chunk_once", fields=["receipt", "number"]),
            models.CheckConstraint(
                name="receipt_chunk_counts_rows",
                condition=Q(applied_at__isnull=True, applied_rows=0, set_aside_rows=0)
                | Q(applied_at__isnull=False, applied_rows__lte=models.F("rows")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.receipt_id} {self.number}"
