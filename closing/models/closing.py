"""A month of a program, drawn up by one person and closed by another; nothing opens it again."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Trunc
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from programs.models import Program


class ClosingState(models.TextChoices):
    """Where a closing stands. From `drawn` on the month takes no posting, unless the closing is taken back."""

    DRAWN = "drawn", _("Drawn up")
    SUBMITTED = "submitted", _("To be approved")
    CLOSED = "closed", _("Month closed")
    DECLINED = "declined", _("Sent back")
    WITHDRAWN = "withdrawn", _("Withdrawn")


#: A month is held by one of these.
HOLDING = (ClosingState.DRAWN, ClosingState.SUBMITTED, ClosingState.CLOSED)
_LIVE = ("drawn", "submitted")
_OVER = ("closed", "declined", "withdrawn")


def program_scope(prefix: str = "") -> Scope:
    """Of the office that operates the program."""
    return Scope(
        organization_path=f"{prefix}program__organization__path", region=f"{prefix}program__region_code",
        program=f"{prefix}program_id",
    )


@tracked
class MonthClosing(models.Model):
    """What was counted when a month was drawn up (`drawn_at` is the cut-off), by whose word it is closed."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="closings", verbose_name=_("program"))
    #: Its first day.
    month = models.DateField(_("month"))
    state = models.CharField(_("state"), max_length=9, choices=ClosingState, default=ClosingState.DRAWN, db_collation="C")
    previous = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", verbose_name=_("closing of the month before"))
    previous_digest = models.CharField(max_length=64, blank=True, default="", db_collation="C")
    #: SHA-256 over all that is kept here, and the digest of the month before: see `closing.digests`.
    digest = models.CharField(max_length=64, blank=True, default="", db_collation="C")
    #: Of each measure: code, title and definition in each language, whether it is money, stands, has a payer.
    measures = models.JSONField(default=list)
    #: What was open at the cut-off: code, number, sentence in each language.
    open_points = models.JSONField(default=list)
    postings = models.BigIntegerField(_("postings"))
    drawn_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("drawn up by"))
    drawn_at = models.DateTimeField(_("cut-off"))
    submitted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("submitted by"))
    submitted_at = models.DateTimeField(_("submitted at"), null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")

    objects = ScopedQuerySet.as_manager()

    scope = program_scope()
    personal_fields = ()
    open_fields = (
        "id", "program", "month", "state", "previous", "previous_digest", "digest", "measures", "open_points", "postings",
        "drawn_by", "drawn_at", "submitted_by", "submitted_at", "decided_by", "decided_at", "reason",
    )

    class Meta:
        verbose_name = _("closing of a month")
        verbose_name_plural = _("closings of months")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("draw_up_month", _("Can draw up months to be closed")),
            ("close_month", _("Can close months")),
        ]
        constraints = [
            models.UniqueConstraint(name="month_closing_one_at_a_time", fields=["program"], condition=Q(state__in=_LIVE)),
            models.UniqueConstraint(
                name="month_closed_once", fields=["program", "month"], condition=Q(state__in=[*_LIVE, "closed"])
            ),
            models.UniqueConstraint(name="month_closing_chain", fields=["previous"], condition=Q(state__in=[*_LIVE, "closed"])),
            models.CheckConstraint(
                name="month_closing_is_of_a_month", condition=Q(month=Trunc("month", "month", output_field=models.DateField()))
            ),
            models.CheckConstraint(
                name="month_closed_by_another",
                condition=~Q(state__in=["closed", "declined"])
                | (
                    Q(submitted_by__isnull=False, decided_by__isnull=False, decided_at__isnull=False)
                    & ~Q(decided_by=F("drawn_by")) & ~Q(decided_by=F("submitted_by"))
                ),
            ),
            models.CheckConstraint(name="month_closing_beyond_drawing_is_whole", condition=Q(state="drawn") | ~Q(digest="")),
            models.CheckConstraint(name="month_declined_with_a_reason", condition=~Q(state="declined") | ~Q(reason="")),
        ]
        triggers = [
            pgtrigger.Protect(name="month_closing_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="month_closing_stands", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "program", "month", "previous", "previous_digest", "measures", "open_points", "postings", "drawn_by",
                    "drawn_at",
                ),
            ),
            pgtrigger.Protect(
                name="month_closing_digest_stands", operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__digest__gt="") & pgtrigger.Q(old__digest__df=pgtrigger.F("new__digest")),
            ),
            pgtrigger.Protect(
                name="month_closed_stays_closed", operation=pgtrigger.Update, condition=pgtrigger.Q(old__state__in=_OVER)
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.month:%Y-%m}"
