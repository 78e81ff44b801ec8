"""An insurer's own columns as data: which of ours under which heading, in which words, in what kind of file."""

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


class FileKind(models.TextChoices):
    """What the file is."""

    XLSX = "xlsx", _("Excel workbook (XLSX)")
    CSV = "csv", _("CSV")


class Encoding(models.TextChoices):
    """How the text of a CSV file is written; a workbook has its own."""

    UTF_8 = "utf-8", _("UTF-8 with a mark at its begin")
    GB18030 = "gb18030", _("GB18030")


class DateStyle(models.TextChoices):
    """How a day is written."""

    DASHES = "%Y-%m-%d", _("2026-01-31")
    SLASHES = "%Y/%m/%d", _("2026/01/31")
    DIGITS = "%Y%m%d", _("20260131")


@tracked
class InsurerFormat(models.Model):
    """One version of one insurer's format, drafted by one person and approved by another; unchanged from then on."""

    #: The office that keeps it; offices below use it.
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("office"))
    insurer = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("insurer"))
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=60)
    number = models.PositiveIntegerField(_("version"))
    state = models.CharField(_("state"), max_length=8, choices=FormatState, default=FormatState.DRAFT, db_collation="C")
    file_kind = models.CharField(_("kind of file"), max_length=4, choices=FileKind, db_collation="C")
    encoding = models.CharField(_("encoding"), max_length=7, choices=Encoding, default=Encoding.UTF_8, db_collation="C")
    dates = models.CharField(_("days are written"), max_length=8, choices=DateStyle, default=DateStyle.DASHES, db_collation="C")
    #: {"entries": [[heading, field or "", fixed text], ...], "removals": ...}: columns in their order.
    columns = models.JSONField(_("columns of the file"), default=dict)
    #: {"document_type": {"resident_id": "01", ...}, "sex": {"male": "M", ...}}: their words for our codes.
    codes = models.JSONField(_("their codes"), default=dict)
    #: {"number": [heading, ...], "policy_number": ..., "result": ..., "reason": ...}: how their receipt heads our columns.
    receipt_headings = models.JSONField(_("headings of the receipt"), default=dict)
    #: {"accepted": [word, ...], "refused": [word, ...]}: how their receipt says what they decided.
    receipt_words = models.JSONField(_("words of the receipt"), default=dict)
    #: Else several people may stand under one policy of a group.
    own_policies = models.BooleanField(_("each person has a policy number of their own"), default=True)
    drafted_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("drafted by"))
    drafted_at = models.DateTimeField(_("drafted at"))
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("approved by"))
    approved_at = models.DateTimeField(_("approved at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope.any_of(
        Scope(organization_path="organization__path", region="organization__region_code"),
        Scope(organization_path="organization__path", region="organization__region_code", upward=True, reading_only=True),
        Scope(organization_path="insurer__path", reading_only=True),
    )
    personal_fields = ()
    open_fields = (
        "id", "organization", "insurer", "name", "number", "state", "file_kind", "encoding", "dates", "columns", "codes",
        "receipt_headings", "receipt_words", "own_policies", "drafted_by", "drafted_at", "approved_by", "approved_at",
    )

    class Meta:
        verbose_name = _("insurer's format")
        verbose_name_plural = _("insurers' formats")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("draft_format", _("Can draft insurers' formats")), ("approve_format", _("Can approve or retire insurers' formats")),
        ]
        constraints = [
            models.UniqueConstraint(name="insurer_format_version_once", fields=["organization", "insurer", "name", "number"]),
            models.CheckConstraint(
                name="insurer_format_approved_by_another",
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("drafted_by")),
            ),
            models.CheckConstraint(
                name="insurer_format_in_use_is_approved",
                condition=Q(state=FormatState.DRAFT) | Q(approved_by__isnull=False, approved_at__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="insurer_format_is_kept", operation=pgtrigger.Delete),
            # A version that has been approved only goes out of use.
            pgtrigger.Protect(
                name="insurer_format_stands", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state <> 'draft' AND to_jsonb(OLD) - 'state' IS DISTINCT FROM to_jsonb(NEW) - 'state'"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"
