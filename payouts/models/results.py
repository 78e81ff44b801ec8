"""What a bank says of a batch's lines: returned files as imports, their checked lines, and the results that stand for good."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.destroying import Destroyable
from audit.history import tracked, tracked_corrections
from audit.models.events import append_only
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.agreement import kept_after_its_check, never_deleted
from intake.models import BEING_CHECKED, Chunk, File, Import, StagedRow
from payouts.models.batch import Batch, BatchLine, FailureCode
from programs.models import Program


class Outcome(models.TextChoices):
    """What a line of a returned file says."""

    PAID = "paid", _("Paid")
    FAILED = "failed", _("Failed")
    RETURNED = "returned", _("Returned after payment")


@tracked
class BankReturn(Import):
    """A bank's file about one batch, with the count and the sum that the bank gives for it."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="returns", verbose_name=_("payout batch"))
    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    #: What the bank says of the whole: another count or sum of the lines refuses it.
    control_lines = models.PositiveIntegerField(_("lines by the bank"))
    control_amount = models.DecimalField(_("sum by the bank (yuan)"), max_digits=16, decimal_places=2)
    files = models.ManyToManyField(File, related_name="bank_returns", verbose_name=_("files"), through="BankReturnFile")

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "state", "organization", "region_code", "uploaded_by", "uploaded_at", "submitted_by", "submitted_at",
        "decided_by", "decided_at", "reason", "applied_at", "digest", "approved_digest", "row_count", "counts",
        "confirmed_digest", "file_findings", "files", "layouts", "money", "batch", "program", "control_lines", "control_amount",
        "undo_asked_at", "undo_asked_by", "undo_decided_at", "undo_decided_by", "undo_reason", "undone_at",
    )

    class Meta(Import.Meta):
        verbose_name = _("returned file of a bank")
        verbose_name_plural = _("returned files of banks")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("upload_bankreturn", _("Can upload returned files of banks")),
            ("submit_bankreturn", _("Can submit returned files of banks")),
            ("approve_bankreturn", _("Can approve returned files of banks or send them back")),
            ("download_bankreturn_rows", _("Can download refused rows of returned files in the clear")),
        ]
        constraints = [
            *Import.Meta.constraints,
            models.CheckConstraint(name="bank_return_has_a_sum", condition=Q(control_lines__gt=0, control_amount__gt=0)),
        ]
        triggers = [
            never_deleted("bank_return_is_never_deleted"),
            pgtrigger.Protect(
                name="bank_return_keeps_what_it_says", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("batch", "program", "control_lines", "control_amount"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


_SCOPE = Scope(
    organization_path="bank_return__organization__path", region="bank_return__region_code", program="bank_return__program_id"
)


class BankReturnFile(models.Model):
    """A file of a bank's answer."""

    bank_return = models.ForeignKey(BankReturn, models.PROTECT, related_name="return_files")
    file = models.ForeignKey(File, models.PROTECT, related_name="return_files")

    objects = ScopedQuerySet.as_manager()

    without_history = "Names a file of an import as it is received, and goes with it; nothing changes it."
    scope = _SCOPE
    personal_fields = ()
    open_fields = ("id", "bank_return", "file")

    class Meta:
        verbose_name = _("file of a bank's answer")
        verbose_name_plural = _("files of banks' answers")
        default_permissions = ()
        constraints = [models.UniqueConstraint(name="bank_return_file_once", fields=["bank_return", "file"])]

    def __str__(self) -> str:
        return f"{self.bank_return_id} {self.file_id}"


@tracked_corrections
class BankReturnRow(StagedRow):
    """A checked line: which payout it speaks of, and what it says."""

    bank_return = models.ForeignKey(BankReturn, models.PROTECT, related_name="rows", db_constraint=False, db_index=False)
    #: The line of the batch; empty where the batch has no such line.
    line_id = models.BigIntegerField(_("payout line"), null=True)
    number = models.IntegerField(_("line of the batch"), null=True)
    outcome = models.CharField(_("result"), max_length=8, choices=Outcome, null=True, db_collation="C")
    code = models.CharField(_("why it failed"), max_length=13, choices=FailureCode, null=True, db_collation="C")
    amount = models.DecimalField(_("amount (yuan)"), max_digits=16, decimal_places=2, null=True)
    settled_on = models.DateField(_("day"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = _SCOPE
    destroyable = Destroyable(dropped=("raw",), emptied={"findings": "NULL"})
    personal_fields = ("raw",)
    open_fields = (
        "id", "file", "sheet", "line", "chunk", "verdict", "codes", "findings", "set_aside", "kept", "bank_return", "line_id",
        "number", "outcome", "code", "amount", "settled_on",
    )

    class Meta:
        verbose_name = _("row of a bank's answer")
        verbose_name_plural = _("rows of banks' answers")
        default_permissions = ()
        indexes = [
            models.Index(fields=["bank_return", "chunk", "id"], name="bank_return_row_by_chunk"),
            models.Index(fields=["bank_return", "verdict", "id"], name="bank_return_row_by_verdict"),
        ]
        triggers = [
            kept_after_its_check("bank_return_row_stays", ("payouts_bankreturn", "bank_return_id"), BEING_CHECKED)
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class BankReturnChunk(Chunk):
    """A piece of a bank's answer."""

    bank_return = models.ForeignKey(BankReturn, models.PROTECT, related_name="chunks")

    objects = ScopedQuerySet.as_manager()

    scope = _SCOPE
    personal_fields = ()
    open_fields = (
        "id", "number", "rows", "counts", "digest", "applied_at", "applied_rows", "set_aside_rows", "undone_at",
        "undone_rows", "kept_counts", "bank_return",
    )

    class Meta:
        verbose_name = _("chunk of a bank's answer")
        verbose_name_plural = _("chunks of banks' answers")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="bank_return_chunk_once", fields=["bank_return", "number"]),
            models.CheckConstraint(
                name="bank_return_chunk_counts_rows",
                condition=Q(applied_at__isnull=True, applied_rows=0, set_aside_rows=0)
                | Q(applied_at__isnull=False, applied_rows__lte=models.F("rows")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bank_return_id} {self.number}"


class BankResult(models.Model):
    """What the bank said of one line, taken over for good: paid or failed once, and after "paid" perhaps returned."""

    line = models.ForeignKey(BatchLine, models.PROTECT, related_name="results", db_index=False, verbose_name=_("payout line"))
    outcome = models.CharField(_("result"), max_length=8, choices=Outcome, db_collation="C")
    code = models.CharField(_("why it failed"), max_length=13, choices=FailureCode, blank=True, default="", db_collation="C")
    amount = models.DecimalField(_("amount (yuan)"), max_digits=16, decimal_places=2)
    settled_on = models.DateField(_("day"))
    #: The line of the returned file that says so.
    row_id = models.BigIntegerField(_("row of the bank's answer"))
    #: A payment that only its return tells of: what comes back has been paid.
    implied = models.BooleanField(default=False)
    at = models.DateTimeField(_("taken over at"))

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="line__batch__organization__path", region="line__region_code", program="line__batch__program_id"
    )
    personal_fields = ()
    open_fields = ("id", "line", "outcome", "code", "amount", "settled_on", "row_id", "implied", "at")

    class Meta:
        verbose_name = _("result of a payout")
        verbose_name_plural = _("results of payouts")
        ordering = ["-id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="bank_result_is_not_contradicted", fields=["line"], condition=Q(outcome__in=["paid", "failed"])
            ),
            models.UniqueConstraint(name="bank_result_returned_once", fields=["line"], condition=Q(outcome="returned")),
            models.CheckConstraint(name="bank_result_says_why", condition=Q(outcome="paid") ^ ~Q(code="")),
            models.CheckConstraint(name="bank_result_implied_is_paid", condition=Q(implied=False) | Q(outcome="paid")),
        ]
        triggers = append_only("bank_result")

    def __str__(self) -> str:
        return f"{self.line_id} {self.outcome}"
