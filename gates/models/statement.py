"""Statements of a collection channel: files that say who paid their own share, with checked lines; and money that is held."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.destroying import Destroyable
from audit.fields import SealedTextField
from audit.history import tracked, tracked_corrections
from audit.masking import mask_document, mask_name
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models import Enrollment, Purchase
from beneficiaries.models.agreement import kept_after_its_check, never_deleted
from beneficiaries.models.person import BENEFICIARY_KEY
from intake.models import BEING_CHECKED, STANDING, Chunk, File, Import, StagedRow
from programs.models import Period, Program

NAME, DOCUMENT = "statement.name", "statement.document"


class Channel(models.TextChoices):
    """Who collected the money."""

    BANK = "bank", _("Bank")
    WECHAT = "wechat", _("WeChat")
    ALIPAY = "alipay", _("Alipay")
    #: 个账: the office of basic insurance that pays out of people's own medical accounts.
    ACCOUNT = "account", _("Personal medical accounts")
    VILLAGE = "village", _("Village collector")
    OTHER = "other", _("Another channel")


class Direction(models.TextChoices):
    """What the lines of a statement say."""

    IN = "in", _("Payments")
    OUT = "out", _("Refunds")


@tracked
class Statement(Import):
    """What one channel says it collected of own shares of a period, or gave back: under one reference, with count and sum."""

    Direction = Direction

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="statements", verbose_name=_("period"))
    direction = models.CharField(
        _("payments or refunds"), max_length=3, choices=Direction, default=Direction.IN, db_default=Direction.IN,
        db_collation="C",
    )
    channel = models.CharField(_("channel"), max_length=8, choices=Channel, db_collation="C")
    reference = models.CharField(_("statement number"), max_length=60, db_collation="C")
    #: What the channel says of the whole: another count or sum of the lines refuses it.
    control_lines = models.PositiveIntegerField(_("lines by the statement"))
    control_amount = models.DecimalField(_("sum by the statement (yuan)"), max_digits=16, decimal_places=2)
    files = models.ManyToManyField(File, related_name="statements", verbose_name=_("files"), through="StatementFile")

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "state", "organization", "region_code", "uploaded_by", "uploaded_at", "submitted_by", "submitted_at",
        "decided_by", "decided_at", "reason", "applied_at", "digest", "approved_digest", "row_count", "counts",
        "confirmed_digest", "file_findings", "files", "layouts", "money", "program", "period", "direction", "channel", "reference",
        "control_lines", "control_amount", "undo_asked_at", "undo_asked_by", "undo_decided_at", "undo_decided_by",
        "undo_reason", "undone_at",
    )

    class Meta(Import.Meta):
        verbose_name = _("collection statement")
        verbose_name_plural = _("collection statements")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("upload_statement", _("Can upload collection statements")),
            ("submit_statement", _("Can submit collection statements")),
            ("approve_statement", _("Can approve collection statements or send them back")),
            ("download_statement_rows", _("Can download refused rows of statements in the clear")),
        ]
        constraints = [
            *Import.Meta.constraints,
            models.UniqueConstraint(
                name="statement_stands_once", fields=["program", "reference"], condition=Q(state__in=STANDING)
            ),
            models.CheckConstraint(
                name="statement_has_a_sum", condition=Q(control_lines__gt=0, control_amount__gt=0) & ~Q(reference="")
            ),
        ]
        indexes = [models.Index(fields=["organization", "state"], name="statement_by_state")]
        triggers = [
            never_deleted("statement_is_never_deleted"),
            pgtrigger.Protect(
                name="statement_keeps_what_it_says", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "program", "period", "direction", "channel", "reference", "control_lines", "control_amount"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class StatementFile(models.Model):
    """A file of a statement."""

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="statement_files")
    file = models.ForeignKey(File, models.PROTECT, related_name="statement_files")

    objects = ScopedQuerySet.as_manager()

    without_history = "Names a file of an import as it is received, and goes with it; nothing changes it."
    scope = Scope(
        organization_path="statement__organization__path", region="statement__region_code", program="statement__program_id"
    )
    personal_fields = ()
    open_fields = ("id", "statement", "file")

    class Meta:
        verbose_name = _("file of a statement")
        verbose_name_plural = _("files of statements")
        constraints = [models.UniqueConstraint(name="statement_file_once", fields=["statement", "file"])]

    def __str__(self) -> str:
        return f"{self.statement_id} {self.file_id}"


# As the roster's rows: made again from the files, kept from their review on.
@tracked_corrections
class StatementRow(StagedRow):
    """A checked line: what was paid when, and whose share it is found to be."""

    # Written by the engine only, under the statement's own chunk, which has a true foreign key.
    statement = models.ForeignKey(Statement, models.PROTECT, related_name="rows", db_constraint=False, db_index=False)
    name = SealedTextField(_("name"), logical_name=NAME, purpose=BENEFICIARY_KEY, mask=mask_name, null=True)
    document = SealedTextField(
        _("document number"), logical_name=DOCUMENT, purpose=BENEFICIARY_KEY, mask=mask_document, null=True
    )
    number = models.CharField(_("cover number"), max_length=60, null=True, db_collation="C")
    amount = models.DecimalField(_("amount (yuan)"), max_digits=16, decimal_places=2, null=True)
    paid_on = models.DateField(_("paid on"), null=True)
    serial = models.CharField(_("serial number"), max_length=60, null=True, db_collation="C")
    #: Whose share it is, where the line finds them.
    enrollment = models.ForeignKey(
        Enrollment, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False,
        verbose_name=_("enrollment"),
    )
    #: The purchase with which this payment came, where the line finds it.
    purchase = models.ForeignKey(
        Purchase, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False, verbose_name=_("purchase")
    )

    #: The employer's bill that the line names.
    bill = models.ForeignKey(
        "gates.EmployerBill", models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False,
        verbose_name=_("employer's bill"),
    )
    #: Of a statement of refunds: the line of a list of money to be given back.
    refund_line = models.ForeignKey(
        "gates.ClearingLine", models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False,
        verbose_name=_("line of a clearing"),
    )

    objects = ScopedQuerySet.as_manager()

    #: The digest that is approved covers the tokens.
    keeps_its_seals = True
    scope = Scope(
        organization_path="statement__organization__path", region="statement__region_code", program="statement__program_id"
    )
    destroyable = Destroyable(dropped=("raw",), emptied={"findings": "NULL"})
    personal_fields = ("name", "document", "raw")
    open_fields = (
        "id", "file", "sheet", "line", "chunk", "verdict", "codes", "findings", "set_aside", "kept", "statement", "number",
        "amount", "paid_on", "serial", "enrollment", "purchase", "bill", "refund_line",
    )

    class Meta:
        verbose_name = _("line of a statement")
        verbose_name_plural = _("lines of statements")
        indexes = [
            models.Index(fields=["statement", "chunk", "id"], name="statement_row_by_chunk"),
            models.Index(fields=["statement", "verdict", "id"], name="statement_row_by_verdict"),
            # What a channel says it gave back of a list.
            models.Index(fields=["refund_line"], name="statement_row_by_refund", condition=Q(refund_line__isnull=False)),
            # The same line of a bank in a later statement is found by it.
            models.Index(fields=["serial"], name="statement_row_by_serial", condition=Q(serial__isnull=False)),
        ]
        triggers = [
            kept_after_its_check("statement_row_stays_after_its_check", ("gates_statement", "statement_id"), BEING_CHECKED)
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class StatementChunk(Chunk):
    """A piece of a statement."""

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="chunks")

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="statement__organization__path", region="statement__region_code", program="statement__program_id"
    )
    personal_fields = ()
    open_fields = (
        "id", "number", "rows", "counts", "digest", "applied_at", "applied_rows", "set_aside_rows", "undone_at",
        "undone_rows", "kept_counts", "statement",
    )

    class Meta:
        verbose_name = _("chunk of a statement")
        verbose_name_plural = _("chunks of statements")
        constraints = [
            models.UniqueConstraint(name="statement_chunk_once", fields=["statement", "number"]),
            models.CheckConstraint(
                name="statement_chunk_counts_rows",
                condition=Q(applied_at__isnull=True, applied_rows=0, set_aside_rows=0)
                | Q(applied_at__isnull=False, applied_rows__lte=models.F("rows")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.statement_id} {self.number}"


class HeldKind(models.TextChoices):
    """Why money of a statement is nobody's own share."""

    UNKNOWN = "unknown", _("Paid and not enrolled")
    TWICE = "twice", _("Paid twice")
    LATE = "late", _("Paid too late")
    ENDED = "ended", _("Cover ended or was taken back")
    AMOUNT = "amount", _("Another amount than the own share")
    EARLY = "early", _("Paid before it was due")
    BILLED = "billed", _("An employer pays by its bill")
    DOUBTFUL = "doubtful", _("Name or document differs")
    REPORTED = "reported", _("Reported twice by the channel")
    #: It paid a share until that was reversed.
    REVERSED = "reversed", _("Payment reversed")
    OTHER = "other", _("Line with a fault")


class HeldState(models.TextChoices):
    """Where the money of a line is."""

    HELD = "held", _("To be cleared")
    #: On a clearing that is not at its end: it can be on no other.
    LISTED = "listed", _("Being cleared")
    ASSIGNED = "assigned", _("Assigned to a cover")
    RETURNED = "returned", _("Given back")
    #: Reported twice by the channel: the money is that of the other line.
    COUNTED = "counted", _("Counted in another statement")


#: Where the money is in the collecting account and nobody's own share.
OUTSTANDING = (HeldState.HELD, HeldState.LISTED)


class HeldPayment(models.Model):
    """A line of an applied statement that paid nobody's share, or does no more: its money came in; a clearing gives it its end."""

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="held")
    row = models.OneToOneField(
        StatementRow, models.PROTECT, related_name="held", db_constraint=False, verbose_name=_("line")
    )
    period = models.ForeignKey(Period, models.PROTECT, related_name="+", verbose_name=_("period"))
    enrollment = models.ForeignKey(
        Enrollment, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False,
        verbose_name=_("enrollment"),
    )
    kind = models.CharField(_("reason"), max_length=8, choices=HeldKind, db_collation="C")
    amount = models.DecimalField(_("amount (yuan)"), max_digits=16, decimal_places=2)
    paid_on = models.DateField(_("paid on"), null=True)
    state = models.CharField(
        _("state"), max_length=8, choices=HeldState, default=HeldState.HELD, db_default=HeldState.HELD, db_collation="C"
    )

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="statement__organization__path", region="statement__region_code", program="statement__program_id"
    )
    personal_fields = ()
    open_fields = ("id", "statement", "row", "period", "enrollment", "kind", "amount", "paid_on", "state")

    class Meta:
        verbose_name = _("payment held")
        verbose_name_plural = _("payments held")
        ordering = ["-id"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="held_payment_counted_elsewhere",
                condition=Q(kind="reported", state="counted") | (~Q(kind="reported") & ~Q(state="counted")),
            ),
        ]
        indexes = [
            models.Index(fields=["period", "kind", "id"], name="held_payment_by_kind"),
            models.Index(fields=["statement", "state"], name="held_payment_by_statement"),
            models.Index(fields=["state", "-id"], name="held_payment_by_state"),
        ]
        triggers = [
            pgtrigger.Protect(name="held_payment_is_kept", operation=pgtrigger.Delete),
            # Only where its money is is written later.
            pgtrigger.Protect(
                name="held_payment_stands", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("statement", "row", "period", "enrollment", "kind", "amount", "paid_on"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
