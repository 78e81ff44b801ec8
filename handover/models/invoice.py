"""Invoices: what an insurer charges for a period, line by line or as one sum; its lines, what was decided and agreed of them."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.destroying import Destroyable
from audit.history import tracked, tracked_corrections
from audit.models.events import append_only
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.agreement import kept_after_its_check, never_deleted
from handover.models.hand_over import HandOver, HandOverLine
from intake.models import BEING_CHECKED, ONCE_APPLIED, STANDING, Chunk, File, Import, StagedRow
from programs.models import Period, Program


def _billed(prefix: str = "") -> Scope:
    """The operating office's own; read by the insurer that charges, once it is decided what of it is agreed."""
    return Scope.any_of(
        Scope(
            organization_path=f"{prefix}organization__path", region=f"{prefix}region_code", program=f"{prefix}program_id"
        ),
        Scope(
            organization_path=f"{prefix}insurer__path", program=f"{prefix}program_id", reading_only=True,
            where=((f"{prefix}state__in", ONCE_APPLIED),),
        ),
    )


class Covers(models.TextChoices):
    """What an invoice without lines is of; one with lines says it line by line."""

    LINES = "", _("Its own lines")
    HAND_OVER = "hand_over", _("One hand-over")
    MONTH = "month", _("Additions and removals of a month")
    PERIOD = "period", _("The whole period")


class Sides(models.TextChoices):
    """Which lines of our lists a sum is compared with."""

    LINES = "", _("Its own lines")
    ENTRIES = "entries", _("Who comes")
    LEAVES = "leaves", _("Who goes: premium given back")
    BOTH = "both", _("Who comes less who goes")


@tracked
class Invoice(Import):
    """An insurer's invoice for a period, with the count and the sum that it says; of the office that operates the program."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="invoices", verbose_name=_("period"))
    insurer = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("insurer"))
    #: Of invoices on paper; those that are only electronic have a number alone.
    code = models.CharField(_("invoice code"), max_length=20, blank=True, default="", db_collation="C")
    number = models.CharField(_("invoice number"), max_length=60, db_collation="C")
    issued_on = models.DateField(_("day of the invoice"))
    tax = models.DecimalField(_("of which tax (yuan)"), max_digits=16, decimal_places=2, default=0)
    covers = models.CharField(_("what it is of"), max_length=9, choices=Covers, blank=True, default="", db_collation="C")
    sides = models.CharField(_("compared with"), max_length=7, choices=Sides, blank=True, default="", db_collation="C")
    hand_over = models.ForeignKey(
        HandOver, models.PROTECT, null=True, related_name="invoices", verbose_name=_("hand-over")
    )
    #: The first day of the month whose additions and removals it is of.
    month = models.DateField(_("month"), null=True)
    #: Of one below zero (a red-letter invoice): the invoice that it takes back in part or whole.
    reverses = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="reversals", verbose_name=_("takes back")
    )
    #: What the insurer says of the whole: another count or sum of the lines refuses it. Below zero where it gives back.
    #: Of one without lines: the lines of ours that were due when it was recorded.
    control_lines = models.PositiveIntegerField(_("lines by the invoice"))
    control_amount = models.DecimalField(_("sum by the invoice (yuan)"), max_digits=16, decimal_places=2)
    files = models.ManyToManyField(File, related_name="invoices", verbose_name=_("files"), through="InvoiceFile")
    #: Why our amount is paid where the insurer charges more; empty: those lines are disputed.
    pays_ours = models.CharField(_("why our amount is paid"), max_length=300, blank=True, default="")
    pays_ours_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    agreed_lines = models.PositiveIntegerField(_("lines agreed"), default=0)
    agreed_amount = models.DecimalField(_("agreed (yuan)"), max_digits=16, decimal_places=2, default=0)
    #: Of what was agreed: by how much the insurer's figures that were accepted are above our premium (below zero: under it).
    difference = models.DecimalField(_("accepted difference (yuan)"), max_digits=16, decimal_places=2, default=0)
    #: [[funder, yuan as text], ...]: who bears the difference.
    bearers = models.JSONField(default=list)
    #: [[split, covers charged, covers given back], ...] of what was agreed: see `premium.parts_of`.
    shares = models.JSONField(default=list)

    objects = ScopedQuerySet.as_manager()

    scope = _billed()
    personal_fields = ()
    open_fields = (
        "id", "state", "organization", "region_code", "uploaded_by", "uploaded_at", "submitted_by", "submitted_at",
        "decided_by", "decided_at", "reason", "applied_at", "digest", "approved_digest", "row_count", "counts",
        "confirmed_digest", "file_findings", "files", "layouts", "money", "program", "period", "insurer", "number",
        "code", "issued_on", "tax", "covers", "sides", "hand_over", "month", "reverses", "control_lines", "control_amount",
        "pays_ours", "pays_ours_by", "agreed_lines", "agreed_amount", "difference", "bearers", "shares",
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
                name="invoice_number_once", fields=["insurer", "code", "number"], condition=Q(state__in=STANDING)
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
                condition=Q(state__in=["applying", "applied"]) | Q(agreed_lines=0, agreed_amount=0, difference=0),
            ),
            models.CheckConstraint(
                name="invoice_tax_within_its_sum",
                condition=Q(tax=0) | Q(tax__gt=0, control_amount__gte=F("tax")) | Q(tax__lt=0, control_amount__lte=F("tax")),
            ),
            models.CheckConstraint(
                name="invoice_is_of_one_thing",
                condition=Q(covers="hand_over", hand_over__isnull=False, month__isnull=True)
                | Q(covers="month", hand_over__isnull=True, month__isnull=False)
                | Q(covers__in=["", "period"], hand_over__isnull=True, month__isnull=True),
            ),
            models.CheckConstraint(
                name="invoice_sum_is_compared_with_a_side",
                condition=Q(covers="", sides="") | (~Q(covers="") & ~Q(sides="")),
            ),
            models.CheckConstraint(
                name="invoice_sum_has_the_sign_of_its_side",
                condition=Q(sides="") | Q(sides="entries", control_amount__gt=0) | Q(sides="leaves", control_amount__lt=0)
                | (Q(sides="both") & ~Q(control_amount=0)),
            ),
            models.CheckConstraint(
                name="invoice_below_zero_takes_back", condition=Q(reverses__isnull=True) | Q(control_amount__lt=0)
            ),
        ]
        indexes = [models.Index(fields=["period", "state"], name="invoice_of_period")]
        triggers = [
            never_deleted("invoice_is_never_deleted"),
            pgtrigger.Protect(
                name="invoice_keeps_what_it_says", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "program", "period", "insurer", "code", "number", "issued_on", "tax", "covers", "sides", "hand_over", "month",
                    "reverses", "control_lines", "control_amount",
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def has_lines(self) -> bool:
        """Whether the insurer said whom it charges; else one sum stands for lines of ours."""
        return self.covers == Covers.LINES

    @property
    def is_red(self) -> bool:
        """Whether it gives premium back."""
        return self.control_amount < 0


_SCOPE = _billed("invoice__")


class InvoiceFile(models.Model):
    """A file of an invoice."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="invoice_files")
    file = models.ForeignKey(File, models.PROTECT, related_name="invoice_files")

    objects = ScopedQuerySet.as_manager()

    without_history = "Names a file of an import as it is received, and goes with it; nothing changes it."
    scope = Scope(
        organization_path="invoice__organization__path", region="invoice__region_code", program="invoice__program_id"
    )
    personal_fields = ()
    open_fields = ("id", "invoice", "file")

    class Meta:
        verbose_name = _("file of an invoice")
        verbose_name_plural = _("files of invoices")
        default_permissions = ()
        constraints = [models.UniqueConstraint(name="invoice_file_once", fields=["invoice", "file"])]

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.file_id}"


class DecisionKind(models.TextChoices):
    """What is answered to the insurer about a difference."""

    ACCEPT = "accept", _("Accept the insurer's figure")
    INSIST = "insist", _("Insist on ours")
    ASK = "ask", _("Ask the insurer")
    REOPEN = "reopen", _("Take the decision back")


class InvoiceDecision(models.Model):
    """One act of one person about one line, many, or the whole sum of an invoice; lines name it. Never changed."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="decisions", db_index=False, verbose_name=_("invoice"))
    kind = models.CharField(_("decision"), max_length=6, choices=DecisionKind, db_collation="C")
    reason = models.CharField(_("reason"), max_length=300)
    #: How the lines were chosen: {"code": "CHARGED_MORE"}, {"rows": 1}, or {"whole": true} of a sum without lines.
    chosen = models.JSONField(_("rows chosen"), default=dict)
    rows = models.PositiveIntegerField(_("rows"))
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("who decided"))
    decided_at = models.DateTimeField(_("decided at"))

    objects = ScopedQuerySet.as_manager()

    scope = _SCOPE
    personal_fields = ()
    open_fields = ("id", "invoice", "kind", "reason", "chosen", "rows", "decided_by", "decided_at")

    class Meta:
        verbose_name = _("decision about an invoice")
        verbose_name_plural = _("decisions about invoices")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(name="invoice_decision_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(name="invoice_decision_kind_is_known", condition=Q(kind__in=DecisionKind.values)),
        ]
        indexes = [models.Index(fields=["invoice", "-id"], name="invoice_decision_of_invoice")]
        triggers = append_only("invoice_decision")

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.pk}"


@tracked_corrections
class InvoiceRow(StagedRow):
    """A checked line: whose premium is charged or given back, how much, and how much it is by our list."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="rows", db_constraint=False, db_index=False)
    # Of an invoice without lines: none, but the line of ours that its sum stands for, which `amount` says nothing of.
    file = models.ForeignKey(  # type: ignore[assignment]
        File, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    #: The line of a hand-over and its enrollment; empty where no list has it.
    line_id = models.BigIntegerField(_("line of the hand-over"), null=True)
    enrollment_id = models.BigIntegerField(_("enrollment"), null=True)
    #: Below zero where premium is given back, as `due` is.
    amount = models.DecimalField(_("charged (yuan)"), max_digits=16, decimal_places=2, null=True)
    due = models.DecimalField(_("due by our list (yuan)"), max_digits=16, decimal_places=2, null=True)
    decision = models.ForeignKey(
        InvoiceDecision, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False,
        verbose_name=_("decision"),
    )

    objects = ScopedQuerySet.as_manager()

    scope = _SCOPE
    destroyable = Destroyable(dropped=("raw",), emptied={"findings": "NULL"})
    personal_fields = ("raw",)
    open_fields = (
        "id", "file", "sheet", "line", "chunk", "verdict", "codes", "findings", "set_aside", "kept", "invoice", "line_id",
        "enrollment_id", "amount", "due", "decision",
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
