"""Public notices: which people of a place are named in public, from when to when, with which of the columns that the law allows."""

from __future__ import annotations

from datetime import date, timedelta

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models import Enrollment, Roster
from programs.models import Period, Program

#: What may be published of a person, and nothing else: the masked name, the village, the category of hardship. Never a
#: number, a phone, an account, a condition of health.
NAME, REGION, CATEGORY = "name", "region", "category"
WHITELIST = (NAME, REGION, CATEGORY)


class NoticeState(models.TextChoices):
    """Where a notice stands."""

    DRAFT = "draft", _("Draft")
    POSTED = "posted", _("Posted")
    #: Objections are over; the step is being recorded for everybody else.
    CLOSING = "closing", _("Being closed")
    CLOSED = "closed", _("Closed")
    WITHDRAWN = "withdrawn", _("Withdrawn")


@tracked
class Notice(models.Model):
    """One list that hangs in the villages of a place; made by one person, posted by another, its list fixed then."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="notices", verbose_name=_("period"))
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("office"))
    #: Whoever lives here is named; the office's own region, or a part of it.
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    roster = models.ForeignKey(
        Roster, models.PROTECT, null=True, blank=True, related_name="notices", verbose_name=_("roster")
    )
    state = models.CharField(_("state"), max_length=9, choices=NoticeState, default=NoticeState.DRAFT, db_collation="C")
    starts_on = models.DateField(_("hangs from"))
    #: Objections are taken on each of these days; the step is recorded from this day on.
    ends_on = models.DateField(_("first day after the notice"))
    columns = models.JSONField(_("what is published"), default=list)
    #: Numbers of the categories that are named; of the others the cell stays empty (children, disability, illness).
    named_categories = models.JSONField(_("categories that are named"), default=list)
    basis = models.CharField(_("legal basis"), max_length=200)
    phone = models.CharField(_("phone for objections"), max_length=40)
    people = models.IntegerField(_("people"), default=0)
    villages = models.IntegerField(_("villages"), default=0)
    #: SHA-256 over region, number and enrollment of every line.
    digest = models.CharField(max_length=64, blank=True, default="", db_collation="C")
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made at"))
    posted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("posted by"))
    posted_at = models.DateTimeField(_("posted at"), null=True)
    closed_by = models.CharField(_("closed by"), max_length=80, blank=True, default="")
    closed_at = models.DateTimeField(_("closed at"), null=True)
    passed = models.IntegerField(_("people whose notice has passed"), default=0)
    reason = models.CharField(_("reason for the withdrawal"), max_length=300, blank=True, default="")

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "program", "period", "organization", "region_code", "roster", "state", "starts_on", "ends_on", "columns",
        "named_categories", "basis", "phone", "people", "villages", "digest", "made_by", "made_at", "posted_by", "posted_at",
        "closed_by", "closed_at", "passed", "reason",
    )

    class Meta:
        verbose_name = _("public notice")
        verbose_name_plural = _("public notices")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("view_board", _("Can see how many wait at which step")),
            ("make_notice", _("Can make public notices")),
            ("post_notice", _("Can post public notices or withdraw them")),
            ("print_notice", _("Can print public notices")),
            ("close_notice", _("Can close public notices")),
        ]
        constraints = [
            models.CheckConstraint(
                name="notice_posted_by_another",
                condition=Q(posted_by__isnull=True) | ~Q(posted_by=F("made_by")),
            ),
            models.CheckConstraint(
                name="notice_publishes_the_whitelist_only", condition=Q(columns__contained_by=list(WHITELIST)),
            ),
            models.CheckConstraint(name="notice_lasts", condition=Q(ends_on__gte=F("starts_on"))),
            models.CheckConstraint(
                name="notice_posted_is_fixed",
                condition=Q(state__in=["draft", "withdrawn"])
                | (Q(posted_by__isnull=False, posted_at__isnull=False) & ~Q(digest="")),
            ),
            models.CheckConstraint(
                name="notice_closed_has_its_moment", condition=~Q(state="closed") | Q(closed_at__isnull=False),
            ),
            models.CheckConstraint(name="notice_withdrawn_has_a_reason", condition=~Q(state="withdrawn") | ~Q(reason="")),
        ]
        indexes = [models.Index(fields=["ends_on"], name="notice_to_close", condition=Q(state__in=["posted", "closing"]))]

    #: Pages say the last day instead.
    ends_before = ("ends_on",)

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def last_day(self) -> date:
        """The last day on which it hangs; of one without days its first."""
        return max(self.starts_on, self.ends_on - timedelta(days=1))


class NoticeLine(models.Model):
    """One person on a notice: the number by which the village speaks of the line, and the enrollment behind it."""

    notice = models.ForeignKey(Notice, models.PROTECT, related_name="lines", db_index=False)
    enrollment = models.ForeignKey(
        Enrollment, models.PROTECT, related_name="notice_lines", db_constraint=False, db_index=False,
        verbose_name=_("enrollment"),
    )
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    number = models.PositiveIntegerField(_("number on the list"))
    #: False once the notice was withdrawn.
    stands = models.BooleanField(default=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="notice__organization__path", region="region_code", program="notice__program_id")
    personal_fields = ()
    open_fields = ("id", "notice", "enrollment", "region_code", "number", "stands")

    class Meta:
        verbose_name = _("line of a public notice")
        verbose_name_plural = _("lines of public notices")
        constraints = [
            models.UniqueConstraint(name="notice_line_once", fields=["notice", "region_code", "number"]),
            models.UniqueConstraint(name="noticed_once", fields=["enrollment"], condition=Q(stands=True)),
        ]
        indexes = [
            # Few: of withdrawn notices. Of the others the constraint above finds a person's line.
            models.Index(fields=["enrollment"], name="notice_line_withdrawn", condition=Q(stands=False)),
        ]
        triggers = [
            pgtrigger.Protect(name="notice_line_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="notice_line_stays", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("notice", "enrollment", "region_code", "number"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
