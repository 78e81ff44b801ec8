"""Differences: premium that is no longer owed though cover was paid for; what each payer gets back, to the fen."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models import Enrollment
from programs.models import Funder, Period, Program


class DifferencesKind(models.TextChoices):
    """How the list came about."""

    BY_RULE = "by_rule", _("By the plan's rule")
    ELSEWHERE = "elsewhere", _("Subsidized twice or elsewhere")


class DifferencesState(models.TextChoices):
    """Nothing is booked before somebody else approves it."""

    PROPOSED = "proposed", _("To be approved")
    APPROVED = "approved", _("Approved")
    WITHDRAWN = "withdrawn", _("Withdrawn")


@tracked
class Differences(models.Model):
    """One list for one period: made by one person, approved by another, booked then."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="differences", verbose_name=_("period"))
    kind = models.CharField(_("kind"), max_length=9, choices=DifferencesKind, db_collation="C")
    state = models.CharField(
        _("state"), max_length=9, choices=DifferencesState, default=DifferencesState.PROPOSED, db_collation="C"
    )
    people = models.IntegerField(_("number of covers"), default=0)
    funders_amount = models.DecimalField(_("to funders (yuan)"), max_digits=16, decimal_places=2, default=0)
    own_amount = models.DecimalField(_("to the insured (yuan)"), max_digits=16, decimal_places=2, default=0)
    #: Of what goes to the insured: the part that they had paid.
    refund_amount = models.DecimalField(_("own shares to pay back (yuan)"), max_digits=16, decimal_places=2, default=0)
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")
    #: SHA-256 over enrollment, payer, reason and amount of every line.
    digest = models.CharField(max_length=64, blank=True, default="", db_collation="C")
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made at"))
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="program__organization__path", region="program__region_code", program="program_id"
    )
    personal_fields = ()
    open_fields = (
        "id", "program", "period", "kind", "state", "people", "funders_amount", "own_amount", "refund_amount", "reason",
        "digest", "made_by", "made_at", "decided_by", "decided_at",
    )

    class Meta:
        verbose_name = _("differences")
        verbose_name_plural = _("lists of differences")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("make_differences", _("Can make lists of differences")),
            ("approve_differences", _("Can approve lists of differences")),
        ]
        constraints = [
            models.UniqueConstraint(
                name="differences_one_at_a_time", fields=["period"], condition=Q(state="proposed")
            ),
            models.CheckConstraint(
                name="differences_approved_by_another",
                condition=~Q(state="approved")
                | (Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_by=F("made_by"))),
            ),
            models.CheckConstraint(
                name="differences_elsewhere_have_a_reason", condition=~Q(kind="elsewhere") | ~Q(reason="")
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="differences_are_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="differences_decided_stand", operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=["approved", "withdrawn"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class DifferenceReason(models.TextChoices):
    """Why a share is no longer owed."""

    ENDED = "ended", _("Cover ended before its time")
    VOIDED = "voided", _("Cover was undone after its own share was paid")
    #: Below zero: an ending was undone, or the cover is void altogether.
    TAKEN_BACK = "taken_back", _("An earlier difference holds no more")
    ELSEWHERE = "elsewhere", _("Subsidized twice or elsewhere")


class DifferenceLine(models.Model):
    """What one payer gets back for one enrollment; below zero what an earlier line gave too much."""

    differences = models.ForeignKey(
        Differences, models.PROTECT, related_name="lines", db_index=False, verbose_name=_("differences")
    )
    enrollment = models.ForeignKey(
        Enrollment, models.PROTECT, related_name="difference_lines", db_constraint=False, verbose_name=_("enrollment")
    )
    #: None: the insured person.
    funder = models.ForeignKey(
        Funder, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name=_("funder")
    )
    amount = models.DecimalField(_("amount (yuan)"), max_digits=16, decimal_places=2)
    reason = models.CharField(_("reason"), max_length=10, choices=DifferenceReason, db_collation="C")
    #: Whether it is booked here; an undo was booked when it was made.
    books = models.BooleanField(_("booked by this list"))
    #: Whether the insured had paid, and gets money rather than owing less.
    paid = models.BooleanField(_("own share was paid"))
    #: True once the list is approved.
    stands = models.BooleanField(default=False)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="enrollment__organization__path", region="enrollment__region_code",
        program="enrollment__program_id",
    )
    personal_fields = ()
    open_fields = ("id", "differences", "enrollment", "funder", "amount", "reason", "books", "paid", "stands")

    class Meta:
        verbose_name = _("line of differences")
        verbose_name_plural = _("lines of differences")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="difference_line_once", fields=["differences", "enrollment", "funder", "books"], nulls_distinct=False
            ),
            models.CheckConstraint(name="difference_line_is_not_zero", condition=~Q(amount=0)),
        ]
        triggers = [
            pgtrigger.Protect(name="difference_line_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="difference_line_stays", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("differences", "enrollment", "funder", "amount", "reason", "books", "paid"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
