"""A bank's own file as data: which of ours under which heading, how it is written, and in which words its answer comes back."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organization, User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet


class FormatState(models.TextChoices):
    """Where a version stands."""

    DRAFT = "draft", _("Draft")
    APPROVED = "approved", _("In use")
    RETIRED = "retired", _("No longer used")


class Takes(models.TextChoices):
    """Which transfers a file of this format may hold."""

    IN_BANK = "in_bank", _("Transfers within the bank")
    INTERBANK = "interbank", _("Transfers to other banks")
    BOTH = "both", _("Both")


class Encoding(models.TextChoices):
    """How the text of the file is written. Never GBK: rare characters of names would be lost."""

    UTF_8 = "utf-8", _("UTF-8")
    UTF_8_SIG = "utf-8-sig", _("UTF-8 with a mark at its begin")
    GB18030 = "gb18030", _("GB18030")


class Separator(models.TextChoices):
    """What stands between two cells."""

    COMMA = ",", _("comma")
    PIPE = "|", _("vertical bar")
    SEMICOLON = ";", _("semicolon")
    TAB = "\t", _("tab")


class LineEnd(models.TextChoices):
    """What ends a line."""

    CRLF = "crlf", _("CR LF (Windows)")
    LF = "lf", _("LF")


class DateStyle(models.TextChoices):
    """How a day is written."""

    DASHES = "%Y-%m-%d", _("2026-01-31")
    SLASHES = "%Y/%m/%d", _("2026/01/31")
    DIGITS = "%Y%m%d", _("20260131")


class AmountStyle(models.TextChoices):
    """How an amount is written."""

    YUAN = "yuan", _("yuan with two decimal places: 5000.00")
    FEN = "fen", _("fen without a point: 500000")


class Dangerous(models.TextChoices):
    """What becomes of a text that a spreadsheet would calculate."""

    QUOTE = "quote", _("an apostrophe before it")
    REFUSE = "refuse", _("the file is not written")


@tracked
class BankFormat(models.Model):
    """One version of a bank's format, drafted by one person and approved by another; unchanged from then on."""

    #: The office that keeps it; offices below use it.
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("office"))
    bank = models.CharField(_("bank"), max_length=60)
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=60)
    number = models.PositiveIntegerField(_("version"))
    state = models.CharField(_("state"), max_length=8, choices=FormatState, default=FormatState.DRAFT, db_collation="C")
    takes = models.CharField(_("transfers"), max_length=9, choices=Takes, db_collation="C")
    encoding = models.CharField(_("encoding"), max_length=9, choices=Encoding, default=Encoding.GB18030, db_collation="C")
    separator = models.CharField(_("between cells"), max_length=1, choices=Separator, default=Separator.COMMA, db_collation="C")
    line_end = models.CharField(_("end of a line"), max_length=4, choices=LineEnd, default=LineEnd.CRLF, db_collation="C")
    dates = models.CharField(_("days are written"), max_length=8, choices=DateStyle, default=DateStyle.DIGITS, db_collation="C")
    amounts = models.CharField(_("amounts are written"), max_length=4, choices=AmountStyle, default=AmountStyle.YUAN,
        db_collation="C")
    dangerous = models.CharField(
        _("texts like formulas"), max_length=6, choices=Dangerous, default=Dangerous.REFUSE, db_collation="C"
    )
    has_headings = models.BooleanField(_("a line of headings"), default=True)
    #: [[heading, field or "", fixed text], ...]: columns in their order.
    columns = models.JSONField(_("columns of the file"), default=list)
    #: Lines before and after those of payees, with places such as {count}: see `columns.PLACES`.
    head_lines = models.JSONField(_("lines at the begin"), default=list)
    foot_lines = models.JSONField(_("lines at the end"), default=list)
    #: {"in_bank": "I", "interbank": "D"}: their words for the kind of a transfer.
    codes = models.JSONField(_("their codes"), default=dict)
    #: {"line_key": [heading, ...], "status": ..., ...}: how their returned file heads our columns.
    result_headings = models.JSONField(_("headings of the returned file"), default=dict)
    #: {"paid": [word, ...], "failed": ..., "unknown": ..., "returned": ...}: how it says what became of a line.
    result_words = models.JSONField(_("words of the returned file"), default=dict)
    #: {"name_mismatch": [code or word, ...], ...}: why a line failed.
    failure_words = models.JSONField(_("reasons of the returned file"), default=dict)
    drafted_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("drafted by"))
    drafted_at = models.DateTimeField(_("drafted at"))
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("approved by"))
    approved_at = models.DateTimeField(_("approved at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope.any_of(
        Scope(organization_path="organization__path", region="organization__region_code"),
        Scope(organization_path="organization__path", region="organization__region_code", upward=True, reading_only=True),
    )
    personal_fields = ()
    open_fields = (
        "id", "organization", "bank", "name", "number", "state", "takes", "encoding", "separator", "line_end", "dates",
        "amounts", "dangerous", "has_headings", "columns", "head_lines", "foot_lines", "codes", "result_headings",
        "result_words", "failure_words", "drafted_by", "drafted_at", "approved_by", "approved_at",
    )

    class Meta:
        verbose_name = _("bank's format")
        verbose_name_plural = _("banks' formats")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("draft_format", _("Can draft banks' formats")), ("approve_format", _("Can approve or retire banks' formats")),
        ]
        constraints = [
            models.UniqueConstraint(name="bank_format_version_once", fields=["organization", "bank", "name", "number"]),
            models.CheckConstraint(
                name="bank_format_approved_by_another",
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("drafted_by")),
            ),
            models.CheckConstraint(
                name="bank_format_in_use_is_approved",
                condition=Q(state=FormatState.DRAFT) | Q(approved_by__isnull=False, approved_at__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="bank_format_is_kept", operation=pgtrigger.Delete),
            # A version that has been approved only goes out of use.
            pgtrigger.Protect(
                name="bank_format_stands", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state <> 'draft' AND to_jsonb(OLD) - 'state' IS DISTINCT FROM to_jsonb(NEW) - 'state'"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bank} {self.name} {self.number}"
