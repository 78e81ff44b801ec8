"""What became of the lines of one claim number: the case that they opened, or why they opened none."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from audit.history import tracked_updates
from audit.scope import ScopedQuerySet
from beneficiaries.models.agreement import never_deleted
from claims.models import Case
from filings.models.claim_file import SCOPE, ClaimFile
from programs.models import Program


@tracked_updates
class FiledCase(models.Model):
    """The lines of a file under one of the sender's numbers, taken together. Never changed but undone once.

    `code`: the reason for which no case was opened when the file was applied; then there is no case.
    """

    claim_file = models.ForeignKey(ClaimFile, models.PROTECT, related_name="cases", verbose_name=_("file of claims"))
    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False, verbose_name=_("program"))
    sender = models.ForeignKey(Organization, models.PROTECT, related_name="+", db_index=False, verbose_name=_("sender"))
    number = models.CharField(_("sender's claim number"), max_length=60, db_collation="C")
    case = models.OneToOneField(Case, models.PROTECT, null=True, related_name="filed", verbose_name=_("case"))
    code = models.CharField(_("why no case was opened"), max_length=24, blank=True, default="", db_collation="C")
    #: The lines, by their numbers.
    rows = ArrayField(models.BigIntegerField(), verbose_name=_("rows"))
    opened_at = models.DateTimeField(_("opened at"))
    undone_at = models.DateTimeField(_("undone at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = SCOPE
    personal_fields = ()
    open_fields = ("id", "claim_file", "program", "sender", "number", "case", "code", "rows", "opened_at", "undone_at")

    class Meta:
        verbose_name = _("case of a file")
        verbose_name_plural = _("cases of files")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="filed_case_once_in_a_file", fields=["claim_file", "number"]),
            models.UniqueConstraint(
                name="filed_case_stands_once", fields=["program", "sender", "number"],
                condition=Q(case__isnull=False, undone_at__isnull=True),
            ),
            models.CheckConstraint(
                name="filed_case_or_a_reason", condition=Q(case__isnull=False, code="") | (Q(case__isnull=True) & ~Q(code="")),
            ),
            models.CheckConstraint(
                name="filed_case_undone_was_opened", condition=Q(undone_at__isnull=True) | Q(case__isnull=False)
            ),
        ]
        triggers = [
            never_deleted("filed_case_is_never_deleted"),
            pgtrigger.Protect(
                name="filed_case_stands", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "claim_file", "program", "sender", "number", "case", "code", "rows", "opened_at"
                ),
            ),
            pgtrigger.Protect(
                name="filed_case_is_undone_once", operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.undone_at IS NOT NULL AND NEW.undone_at IS DISTINCT FROM OLD.undone_at"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
