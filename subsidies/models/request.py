"""Requests for funds: what one funder is asked to pay for one period, enrollment by enrollment, fixed when it is made."""

from __future__ import annotations

from decimal import Decimal

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models import Enrollment
from programs.models import Category, Funder, Period, Program


def funds_scope(prefix: str = "") -> Scope:
    """The office that operates the program works on it; the funder reads what it is asked."""
    return Scope.any_of(
        Scope(
            organization_path=f"{prefix}program__organization__path", region=f"{prefix}program__region_code",
            program=f"{prefix}program_id",
        ),
        Scope(
            organization_path=f"{prefix}funder__organization__path", region=f"{prefix}funder__region_code",
            program=f"{prefix}program_id", reading_only=True,
        ),
    )


class RequestState(models.TextChoices):
    """Where a request stands."""

    MAKING = "making", _("List being made")
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    SENT = "sent", _("Sent")
    SETTLED = "settled", _("Settled")
    WITHDRAWN = "withdrawn", _("Withdrawn")


#: One of these for a funder and period at a time: the next list is made of what this one leaves.
UNDER_WAY = (RequestState.MAKING, RequestState.DRAFT, RequestState.SUBMITTED)
#: Asked for.
ASKED = (RequestState.SENT, RequestState.SETTLED)


@tracked
class FundRequest(models.Model):
    """What a funder owes by what stood in force on the cut day, less what is no longer owed of earlier requests. Yuan."""

    funder = models.ForeignKey(Funder, models.PROTECT, related_name="fund_requests", verbose_name=_("funder"))
    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="fund_requests", verbose_name=_("period"))
    cut_on = models.DateField(_("cut day"), help_text=_("Covers that came into force by the end of this day."))
    state = models.CharField(_("state"), max_length=9, choices=RequestState, default=RequestState.MAKING, db_collation="C")
    #: Lines of covers asked for the first time, and of amounts taken off or asked again.
    people = models.IntegerField(_("number of covers"), default=0)
    removals = models.IntegerField(_("corrections"), default=0)
    amount = models.DecimalField(_("amount (yuan)"), max_digits=16, decimal_places=2, default=0)
    #: Of the sign of the amount; a sum below zero is held for the funder at once.
    allocated = models.DecimalField(_("received (yuan)"), max_digits=16, decimal_places=2, default=0)
    written_off = models.DecimalField(_("written off (yuan)"), max_digits=16, decimal_places=2, default=0)
    #: SHA-256 over place, category, enrollment and amount of every line.
    digest = models.CharField(max_length=64, blank=True, default="", db_collation="C")
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made at"))
    submitted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("submitted by"))
    submitted_at = models.DateTimeField(_("submitted at"), null=True)
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("approved by"))
    approved_at = models.DateTimeField(_("approved at"), null=True)
    settled_at = models.DateTimeField(_("settled at"), null=True)
    reason = models.CharField(_("reason for the withdrawal"), max_length=300, blank=True, default="")

    objects = ScopedQuerySet.as_manager()

    scope = funds_scope()
    personal_fields = ()
    open_fields = (
        "id", "funder", "program", "period", "cut_on", "state", "people", "removals", "amount", "allocated", "written_off",
        "digest", "made_by", "made_at", "submitted_by", "submitted_at", "approved_by", "approved_at", "settled_at", "reason",
    )

    class Meta:
        verbose_name = _("request for funds")
        verbose_name_plural = _("requests for funds")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("make_request", _("Can make requests for funds")),
            ("approve_request", _("Can approve requests for funds")),
        ]
        constraints = [
            models.UniqueConstraint(
                name="fund_request_one_at_a_time", fields=["funder", "period"],
                condition=Q(state__in=["making", "draft", "submitted"]),
            ),
            models.CheckConstraint(
                name="fund_request_approved_by_another",
                condition=Q(approved_by__isnull=True)
                | (~Q(approved_by=F("made_by")) & (Q(submitted_by__isnull=True) | ~Q(approved_by=F("submitted_by")))),
            ),
            models.CheckConstraint(
                name="fund_request_sent_is_fixed",
                condition=~Q(state__in=["sent", "settled"])
                | (Q(submitted_by__isnull=False, approved_by__isnull=False, approved_at__isnull=False) & ~Q(digest="")),
            ),
            models.CheckConstraint(
                name="fund_request_never_above_its_amount",
                condition=(
                    Q(amount__gte=0, allocated__gte=0, written_off__gte=0)
                    & Q(amount__gte=F("allocated") + F("written_off"))
                )
                | (
                    Q(amount__lt=0, allocated__lte=0, written_off__lte=0)
                    & Q(amount__lte=F("allocated") + F("written_off"))
                ),
            ),
            models.CheckConstraint(
                name="fund_request_settled_is_whole",
                condition=(~Q(state="settled") & (~Q(state="sent") | ~Q(amount=F("allocated") + F("written_off"))))
                | Q(state="settled", settled_at__isnull=False, amount=F("allocated") + F("written_off")),
            ),
            models.CheckConstraint(
                name="fund_request_moves_once_sent",
                condition=Q(state__in=["sent", "settled"]) | Q(allocated=0, written_off=0),
            ),
            models.CheckConstraint(name="fund_request_withdrawn_has_a_reason", condition=~Q(state="withdrawn") | ~Q(reason="")),
        ]
        triggers = [
            pgtrigger.Protect(name="fund_request_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="fund_request_stands", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("funder", "program", "period", "cut_on", "made_by", "made_at"),
            ),
            # What was sent is what is asked: only what comes in, or is written off, moves.
            pgtrigger.Protect(
                name="fund_request_sent_stands", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state IN ('sent', 'settled') AND (OLD.people, OLD.removals, OLD.amount, OLD.digest, "
                    "OLD.submitted_by_id, OLD.approved_by_id, OLD.approved_at) IS DISTINCT FROM (NEW.people, NEW.removals, "
                    "NEW.amount, NEW.digest, NEW.submitted_by_id, NEW.approved_by_id, NEW.approved_at)"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def open_amount(self) -> Decimal:
        """Yuan still to come."""
        return self.amount - self.allocated - self.written_off if self.state in ASKED else Decimal("0.00")


class Doubt(models.TextChoices):
    """Why a person looks at a line."""

    NONE = "", _("None")
    OVERLAPS = "overlaps", _("The same person is paid for at the same time by another cover")
    #: That it is so, and no more: neither the program nor who pays there is told.
    ELSEWHERE = "elsewhere", _("The same person is subsidized at the same time in another program, by another funder")


class Verdict(models.TextChoices):
    """What a person decided on a doubtful line."""

    OPEN = "", _("To be decided")
    KEPT = "kept", _("Kept")
    LEFT_OUT = "left_out", _("Left out")


class FundRequestLine(models.Model):
    """One enrollment on a request; `amount` is what is asked for it now, below zero what is taken off again."""

    request = models.ForeignKey(
        FundRequest, models.PROTECT, related_name="lines", db_index=False, verbose_name=_("request for funds")
    )
    #: The request's, for the constraint below.
    funder = models.ForeignKey(
        Funder, models.PROTECT, related_name="+", db_constraint=False, db_index=False, verbose_name=_("funder")
    )
    enrollment = models.ForeignKey(
        Enrollment, models.PROTECT, related_name="fund_request_lines", db_constraint=False, db_index=False,
        verbose_name=_("enrollment"),
    )
    #: How many lines of the funder this enrollment has before this one.
    turn = models.PositiveSmallIntegerField(_("turn"), default=0)
    county = models.CharField(_("county"), max_length=6, db_collation="C")
    category = models.ForeignKey(
        Category, models.PROTECT, related_name="+", db_constraint=False, db_index=False, verbose_name=_("category")
    )
    #: What the list was made with; the amount is the same, or nothing once the line is left out.
    share = models.DecimalField(_("share (yuan)"), max_digits=16, decimal_places=2)
    amount = models.DecimalField(_("amount (yuan)"), max_digits=16, decimal_places=2)
    #: Person-times that the line adds: one when a cover is first paid for, one less when nothing is paid for it any more.
    times = models.SmallIntegerField(_("person-times"))
    #: Nobody on an earlier line of this funder.
    new_person = models.BooleanField(_("first subsidized by this funder"), default=False)
    doubt = models.CharField(_("doubt"), max_length=9, choices=Doubt, blank=True, default="", db_collation="C")
    other_id = models.BigIntegerField(_("the other cover"), null=True)
    verdict = models.CharField(_("decision"), max_length=8, choices=Verdict, blank=True, default="", db_collation="C")
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    #: False once the request was withdrawn, or a line that was left out is taken up again.
    stands = models.BooleanField(default=True)

    objects = ScopedQuerySet.as_manager()

    #: As the enrollment: whoever may see the person; a funder sees sums.
    scope = Scope(
        organization_path="enrollment__organization__path", region="enrollment__region_code",
        program="enrollment__program_id",
    )
    personal_fields = ()
    open_fields = (
        "id", "request", "funder", "enrollment", "turn", "county", "category", "share", "amount", "times", "new_person",
        "doubt", "other_id", "verdict", "reason", "stands",
    )

    class Meta:
        verbose_name = _("line of a request for funds")
        verbose_name_plural = _("lines of requests for funds")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="fund_line_once", fields=["enrollment", "funder", "turn"], condition=Q(stands=True)
            ),
            models.UniqueConstraint(name="fund_line_once_in_a_request", fields=["request", "enrollment"]),
            models.CheckConstraint(
                name="fund_line_left_out_asks_nothing",
                condition=Q(verdict="left_out", amount=0, times=0) | (~Q(verdict="left_out") & Q(amount=F("share"))),
            ),
            models.CheckConstraint(
                name="fund_line_decided_with_a_reason", condition=Q(verdict="") | (~Q(doubt="") & ~Q(reason="")),
            ),
            models.CheckConstraint(name="fund_line_asks_something", condition=~Q(share=0)),
        ]
        indexes = [
            models.Index(fields=["request"], name="fund_line_doubtful", condition=~Q(doubt="")),
        ]
        triggers = [
            pgtrigger.Protect(name="fund_line_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="fund_line_stays", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("request", "funder", "enrollment", "turn", "county", "category", "share"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class FundRequestPart(models.Model):
    """A request's sums for one county and category: what pages and statements read instead of its lines."""

    request = models.ForeignKey(FundRequest, models.PROTECT, related_name="parts", verbose_name=_("request for funds"))
    county = models.CharField(_("county"), max_length=6, db_collation="C")
    category = models.ForeignKey(Category, models.PROTECT, related_name="+", verbose_name=_("category"))
    people = models.IntegerField(_("number of covers"))
    removals = models.IntegerField(_("corrections"))
    times = models.IntegerField(_("person-times"))
    new_people = models.IntegerField(_("people"))
    asked = models.DecimalField(_("asked (yuan)"), max_digits=16, decimal_places=2)
    taken_off = models.DecimalField(_("taken off (yuan)"), max_digits=16, decimal_places=2)
    left_out = models.DecimalField(_("left out (yuan)"), max_digits=16, decimal_places=2)
    amount = models.DecimalField(_("amount (yuan)"), max_digits=16, decimal_places=2)

    objects = ScopedQuerySet.as_manager()

    without_history = (
        "Written as its file is drawn up, and removed with it; what was asked for is in the history of its own row."
    )
    scope = funds_scope("request__")
    personal_fields = ()
    open_fields = (
        "id", "request", "county", "category", "people", "removals", "times", "new_people", "asked", "taken_off", "left_out",
        "amount",
    )

    class Meta:
        verbose_name = _("part of a request for funds")
        verbose_name_plural = _("parts of requests for funds")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="fund_part_once", fields=["request", "county", "category"]),
            models.CheckConstraint(name="fund_part_adds_up", condition=Q(amount=F("asked") + F("taken_off"))),
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.county}"
