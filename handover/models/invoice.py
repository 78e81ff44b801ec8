"""Invoices: what an insurer charges for a period as a file that came in, its checked lines, and what was agreed of it."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.destroying import Destroyable
from audit.history import tracked, tracked_corrections
from audit.models.events import append_only
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.agreement import kept_after_its_check, never_deleted
from handover.models.hand_over import HandOverLine
from intake.models import BEING_CHECKED, STANDING, Chunk, File, Import, StagedRow
from programs.models import Period, Program


@tracked
class Invoice(Import):
    """An insurer's invoice for a period, with the count and the sum that it says; of the office that operates the program."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="invoices", verbose_name=_("period"))
    insurer = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("insurer"))
    number = models.CharField(_("invoice number"), max_length=60, db_collation="C")
    issued_on = models.DateField(_("day of the invoice"))
    #: What the insurer says of the whole: another count or sum of the lines refuses it. Below zero where it gives back.
    control_lines = models.PositiveIntegerField(_("lines by the invoice"))
    control_amount = models.DecimalField(_("sum by the invoice (yuan)"), max_digits=16, decimal_places=2)
    files = models.ManyToManyField(File, related_name="invoices", verbose_name=_("files"), through="InvoiceFile")
    #: Why our amount is paid where the insurer charges more; empty: those lines are disputed.
    pays_ours = models.CharField(_("why our amount is paid"), max_length=300, blank=True, default="")
    pays_ours_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    agreed_lines = models.PositiveIntegerField(_("lines agreed"), default=0)
    agreed_amount = models.DecimalField(_("agreed (yuan)"), max_digits=16, decimal_places=2, default=0)
    #: [[split, covers charged, covers given back], ...] of what was agreed: see `premium.parts_of`.
    shares = models.JSONField(default=list)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "state", "organization", "region_code", "uploaded_by", "uploaded_at", "submitted_by", "submitted_at",
        "decided_by", "decided_at", "reason", "applied_at", "digest", "approved_digest", "row_count", "counts",
        "confirmed_digest", "file_findings", "files", "layouts", "money", "program", "period", "insurer", "number",
        "issued_on", "control_lines", "control_amount", "pays_ours", "pays_ours_by", "agreed_lines", "agreed_amount", "shares",
        "undo_asked_at", "undo_asked_by", "undo_decided_at", "undo_decided_by", "undo_reason", "undone_at",
    )

    class Meta(Import.Meta):
        verbose_name = _("invoice of an insurer")
        verbose_name_plural = _("invoices of insurers")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("upload_invoice", _("Can upload insurers' invoices")),
            ("submit_invoice", _("Can submit insurers' invoices to be agreed")),
            ("approve_invoice", _("Can agree to insurers' invoices or send them back")),
            ("download_invoice_rows", _("Can download disputed lines of insurers' invoices")),
        ]
        constraints = [
            *Import.Meta.constraints,
            models.UniqueConstraint(
                name="invoice_number_once", fields=["insurer", "number"], condition=Q(state__in=STANDING)
            ),
            models.CheckConstraint(
                name="invoice_has_a_number_and_lines", condition=Q(control_lines__gt=0) & ~Q(number="")
            ),
            models.CheckConstraint(
                name="invoice_difference_decided_by_a_person",
                condition=Q(pays_ours="", pays_ours_by__isnull=True) | (~Q(pays_ours="") & Q(pays_ours_by__isnull=False)),
            ),
            models.CheckConstraint(
                name="invoice_agrees_when_applied",
                condition=Q(state__in=["applying", "applied"]) | Q(agreed_lines=0, agreed_amount=0),
            ),
        ]
        indexes = [models.Index(fields=["period", "state"], name="invoice_of_period")]
        triggers = [
            never_deleted("invoice_is_never_deleted"),
            pgtrigger.Protect(
                name="invoice_keeps_what_it_says", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "program", "period", "insurer", "number", "issued_on", "control_lines", "control_amount"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


_SCOPE = Scope(
    organization_path="invoice__organization__path", region="invoice__region_code", program="invoice__program_id"
)


class InvoiceFile(models.Model):
    """A file of an invoice."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="invoice_files")
    file = models.ForeignKey(File, models.PROTECT, related_name="invoice_files")

    objects = ScopedQuerySet.as_manager()

    scope = _SCOPE
    personal_fields = ()
    open_fields = ("id", "invoice", "file")

    class Meta:
        verbose_name = _("file of an invoice")
        verbose_name_plural = _("files of invoices")
        default_permissions = ()
        constraints = [models.UniqueConstraint(name="invoice_file_once", fields=["invoice", "file"])]

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.file_id}"


@tracked_corrections
class InvoiceRow(StagedRow):
    """A checked line: whose premium is charged or given back, how much, and how much it is by our list."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="rows", db_constraint=False, db_index=False)
    #: The line of a hand-over and its enrollment; empty where no list has it.
    line_id = models.BigIntegerField(_("line of the hand-over"), null=True)
    enrollment_id = models.BigIntegerField(_("enrollment"), null=True)
    #: Below zero where premium is given back, as `due` is.
    amount = models.DecimalField(_("charged (yuan)"), max_digits=16, decimal_places=2, null=True)
    due = models.DecimalField(_("due by our list (yuan)"), max_digits=16, decimal_places=2, null=True)

    objects = ScopedQuerySet.as_manager()

    scope = _SCOPE
    destroyable = Destroyable(dropped=("raw",), emptied={"findings": "NULL"})
    personal_fields = ("raw",)
    open_fields = (
        "id", "file", "sheet", "line", "chunk", "verdict", "codes", "findings", "set_aside", "kept", "invoice", "line_id",
        "enrollment_id", "amount", "due",
    )

    class Meta:
        verbose_name = _("row of an invoice")
        verbose_name_plural = _("rows of invoices")
        default_permissions = ()
        indexes = [
            models.Index(fields=["invoice", "chunk", "id"], name="invoice_row_by_chunk"),
            models.Index(fields=["invoice", "verdict", "id"], name="invoice_row_by_verdict"),
        ]
        triggers = [
            kept_after_its_check("invoice_row_stays_after_its_check", ("handover_invoice", "invoice_id"), BEING_CHECKED)
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class InvoiceChunk(Chunk):
    """A piece of an invoice."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="chunks")

    objects = ScopedQuerySet.as_manager()

    scope = _SCOPE
    personal_fields = ()
    open_fields = (
        "id", "number", "rows", "counts", "digest", "applied_at", "applied_rows", "set_aside_rows", "undone_at",
        "undone_rows", "kept_counts", "invoice",
    )

    class Meta:
        verbose_name = _("chunk of an invoice")
        verbose_name_plural = _("chunks of invoices")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="invoice_chunk_once", fields=["invoice", "number"]),
            models.CheckConstraint(
                name="invoice_chunk_counts_rows",
                condition=Q(applied_at__isnull=True, applied_rows=0, set_aside_rows=0)
                | Q(applied_at__isnull=False, applied_rows__lte=models.F("rows")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.number}"


class InvoiceLine(models.Model):
    """Premium of one line of a hand-over that was agreed to be owed (below zero: given back): once, and never changed."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="lines", db_index=False)
    # Written by the chunk that has compared it with its line.
    line = models.ForeignKey(HandOverLine, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    amount = models.DecimalField(_("agreed (yuan)"), max_digits=16, decimal_places=2)
    #: The line of the invoice that charged it.
    row_id = models.BigIntegerField(_("row of the invoice"))

    objects = ScopedQuerySet.as_manager()

    scope = _SCOPE
    personal_fields = ()
    open_fields = ("id", "invoice", "line", "amount", "row_id")

    class Meta:
        verbose_name = _("agreed line of an invoice")
        verbose_name_plural = _("agreed lines of invoices")
        default_permissions = ()
        constraints = [models.UniqueConstraint(name="invoice_line_agreed_once", fields=["line"])]
        indexes = [models.Index(fields=["invoice", "id"], name="invoice_line_of_invoice")]
        triggers = append_only("invoice_line")

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
