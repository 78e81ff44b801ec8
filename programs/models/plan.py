"""Plan versions: terms that are drafted, approved by another person, and never changed once in force."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from programs.models.program import Category, Program, program_scope

#: Columns that the way of a plan through its states writes; everything else is its terms.
WORKFLOW = (
    "state", "submitted_by_id", "submitted_at", "decided_by_id", "decided_at", "reason", "in_force_at", "retired_at",
)


#: States in which a plan's terms were approved by a second person.
DECIDED = ("approved", "in_force", "retired")


def plan_scope(prefix: str = "") -> Scope:
    """Who sees a plan version and what belongs to it: whoever sees its program; its co-insurers read it once it is approved."""
    co_insurer = Scope(
        organization_path=f"{prefix}insurers__insurer__path", program=f"{prefix}program_id", many=True, reading_only=True,
        where=((f"{prefix}state__in", DECIDED),),
    )
    return Scope.any_of(*program_scope(f"{prefix}program__").alternatives, co_insurer)


def child_of_draft(name: str, plan: str) -> pgtrigger.Trigger:
    """Terms of a plan change while it is a draft only. `plan` is an SQL expression over a row named {row}."""
    return pgtrigger.Trigger(
        name=name, level=pgtrigger.Row, when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        declare=[("touched", "bigint[]")],
        func=f"""
            IF TG_OP = 'INSERT' THEN touched := ARRAY[{plan.format(row='NEW')}];
            ELSIF TG_OP = 'DELETE' THEN touched := ARRAY[{plan.format(row='OLD')}];
            ELSE touched := ARRAY[{plan.format(row='OLD')}, {plan.format(row='NEW')}];
            END IF;
            IF EXISTS (SELECT 1 FROM programs_plan WHERE id = ANY(touched) AND state <> 'draft') THEN
                RAISE EXCEPTION 'the terms of a plan change while it is a draft only'
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
        """,
    )


@tracked
class Plan(models.Model):
    """One version of a program's terms."""

    class State(models.TextChoices):
        """draft -> in review -> approved -> in force -> retired."""

        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in_review", _("In review")
        APPROVED = "approved", _("Approved")
        IN_FORCE = "in_force", _("In force")
        RETIRED = "retired", _("Retired")

    class PeriodKind(models.TextChoices):
        """What a cover's time is."""

        ANNUAL = "annual", _("A whole period")
        SPAN = "span", _("From a moment to a moment")

    class Proration(models.TextChoices):
        """What a late start costs; of a span: each day begun, or its time, at the premium of a day."""

        NONE = "none", _("The whole premium")
        MONTHLY = "monthly", _("By months begun")
        DAILY = "daily", _("By days")
        TIME = "time", _("By time, to the second")

    class AgeOn(models.TextChoices):
        """The day on which ages count."""

        PERIOD_START = "period_start", _("The period's first day")
        ENROLLMENT = "enrollment", _("The day of enrollment")

    program = models.ForeignKey(Program, models.PROTECT, related_name="plans", verbose_name=_("program"))
    number = models.PositiveIntegerField(_("version"))
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=100)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT, db_collation="C")
    premium = models.DecimalField(
        _("premium"), max_digits=16, decimal_places=2, help_text=_("Yuan a person and period; of spans, a person and day.")
    )
    cover_limit = models.DecimalField(_("cover"), max_digits=16, decimal_places=2, help_text=_("Yuan a person and period."))
    period_kind = models.CharField(_("time of cover"), max_length=6, choices=PeriodKind, default=PeriodKind.ANNUAL)
    proration = models.CharField(_("late start"), max_length=7, choices=Proration, default=Proration.NONE)
    minimum_premium = models.DecimalField(
        _("least premium of a span"), max_digits=16, decimal_places=2, null=True, blank=True, help_text=_("Yuan.")
    )
    longest_hours = models.PositiveSmallIntegerField(_("longest span (hours)"), null=True, blank=True)
    min_age = models.PositiveSmallIntegerField(_("youngest age"), null=True, blank=True)
    max_age = models.PositiveSmallIntegerField(_("oldest age"), null=True, blank=True)
    age_on = models.CharField(_("age counts on"), max_length=12, choices=AgeOn, default=AgeOn.PERIOD_START)
    requires_notice = models.BooleanField(_("public notice first"), default=True)
    notice_days = models.PositiveSmallIntegerField(_("days of public notice"), default=5)
    requires_own_payment = models.BooleanField(_("own payment first"), default=True)
    requires_insurer_acceptance = models.BooleanField(_("insurer's acceptance first"), default=True)
    refund_days = models.PositiveSmallIntegerField(
        _("days for giving cover back"), default=0, db_default=0,
        help_text=_("From the payment on, while nothing was claimed: the whole premium goes back. 0: not at all."),
    )
    gap_days = models.PositiveSmallIntegerField(
        _("days without cover between two years"), default=90, db_default=90,
        help_text=_("Years count as insured in a row while no more days than these lie between two of them."),
    )
    requires_guardian = models.BooleanField(
        _("guardian of minors first"), default=False, db_default=False,
        help_text=_("Whoever is under 18 on the first day of cover is enrolled only with a guardian who is known."),
    )
    requires_basic_insurance = models.BooleanField(
        _("basic insurance first"), default=False, db_default=False,
        help_text=_("Only who stands on the list of participants of basic insurance that is in force is enrolled."),
    )
    filing_number = models.CharField(
        _("filing number"), max_length=60, blank=True, default="", db_default="", help_text=_("Of the report to the regulator.")
    )
    reported_on = models.DateField(_("reported to the regulator on"), null=True, blank=True)
    drafted_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("drafted by"))
    drafted_at = models.DateTimeField(_("drafted at"))
    submitted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("submitted by"))
    submitted_at = models.DateTimeField(_("submitted at"), null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")
    in_force_at = models.DateTimeField(_("in force since"), null=True)
    retired_at = models.DateTimeField(_("retired at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = plan_scope()
    personal_fields = ()
    open_fields = (
        "id", "program", "number", "name", "state", "premium", "cover_limit", "period_kind", "proration", "minimum_premium",
        "longest_hours", "min_age", "max_age", "age_on", "requires_notice", "notice_days", "requires_own_payment",
        "requires_insurer_acceptance", "requires_guardian", "requires_basic_insurance", "refund_days", "gap_days",
        "filing_number", "reported_on", "drafted_by", "drafted_at", "submitted_by", "submitted_at", "decided_by", "decided_at",
        "reason", "in_force_at", "retired_at",
    )

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering = ["program", "-number"]
        permissions = [
            ("submit_plan", _("Can submit plans")),
            ("approve_plan", _("Can approve plans and put them in force")),
        ]
        constraints = [
            models.UniqueConstraint(name="plan_version_once", fields=["program", "number"]),
            models.UniqueConstraint(
                name="plan_one_in_force", fields=["program", "name"], condition=Q(state="in_force")
            ),
            models.CheckConstraint(name="plan_premium_above_zero", condition=Q(premium__gt=0)),
            models.CheckConstraint(name="plan_cover_above_zero", condition=Q(cover_limit__gt=0)),
            models.CheckConstraint(
                name="plan_ages_in_order",
                condition=Q(min_age__isnull=True) | Q(max_age__isnull=True) | Q(max_age__gte=F("min_age")),
            ),
            # A span is priced by the day and begins at its moment; a draft is still being filled in.
            models.CheckConstraint(
                name="plan_prices_its_time",
                condition=Q(state="draft")
                | (
                    Q(period_kind="annual", minimum_premium__isnull=True, longest_hours__isnull=True)
                    & ~Q(proration="time")
                )
                | Q(
                    period_kind="span", proration__in=["daily", "time"], requires_notice=False,
                    requires_insurer_acceptance=False,
                ),
            ),
            models.CheckConstraint(
                name="plan_least_premium_above_zero",
                condition=Q(minimum_premium__isnull=True) | Q(minimum_premium__gt=0),
            ),
            models.CheckConstraint(
                name="plan_approved_by_another",
                condition=~Q(state__in=["approved", "in_force", "retired"])
                | (
                    Q(decided_by__isnull=False, submitted_by__isnull=False)
                    & ~Q(decided_by=F("submitted_by"))
                    & ~Q(decided_by=F("drafted_by"))
                ),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="plan_terms_stand", level=pgtrigger.Row, when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=f"""
                    IF OLD.state <> 'draft' AND (TG_OP = 'DELETE' OR
                        to_jsonb(NEW) - ARRAY{list(WORKFLOW)} IS DISTINCT FROM to_jsonb(OLD) - ARRAY{list(WORKFLOW)})
                    THEN
                        RAISE EXCEPTION 'the terms of a plan change while it is a draft only'
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    IF TG_OP = 'UPDATE' AND OLD.state = ANY(ARRAY{list(DECIDED)}) AND NEW.state <> ALL(ARRAY{list(DECIDED)}) THEN
                        RAISE EXCEPTION 'a plan that was approved is never a draft again'
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,
            ),
            # Of one insurer there are no rows: the program's bears the whole.
            pgtrigger.Trigger(
                name="plan_insurers_are_whole", level=pgtrigger.Row, when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("state"), condition=pgtrigger.Q(old__state="draft") & ~pgtrigger.Q(new__state="draft"),
                func="""
                    IF EXISTS (
                        SELECT FROM programs_planinsurer i
                        JOIN accounts_organization o ON o.id = i.insurer_id
                        JOIN programs_program p ON p.id = NEW.program_id
                        WHERE i.plan_id = NEW.id
                        HAVING count(*) > 0 AND (
                            sum(i.share) <> 100 OR count(*) FILTER (WHERE i.lead) <> 1 OR bool_or(o.kind <> 'insurer')
                            OR bool_or(i.lead AND i.insurer_id IS DISTINCT FROM p.insurer_id)
                        )
                    ) THEN
                        RAISE EXCEPTION 'the shares of the insurers of a plan are its whole, and the insurer of its program leads'
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.number}"


@tracked
class PlanCategory(models.Model):
    """A category that a plan takes in; of a person's several the one with the lowest priority number counts."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="categories")
    category = models.ForeignKey(Category, models.PROTECT, related_name="+", verbose_name=_("category"))
    priority = models.PositiveSmallIntegerField(_("priority"), default=1)

    objects = ScopedQuerySet.as_manager()

    scope = program_scope("plan__program__")
    personal_fields = ()
    open_fields = ("id", "plan", "category", "priority")

    class Meta:
        verbose_name = _("category of a plan")
        verbose_name_plural = _("categories of plans")
        ordering = ["priority", "id"]
        constraints = [models.UniqueConstraint(name="plan_category_once", fields=["plan", "category"])]
        triggers = [child_of_draft("plan_category_stands", "{row}.plan_id")]

    def __str__(self) -> str:
        return f"{self.category}"


@tracked
class PlanRegion(models.Model):
    """A region whose people a plan takes in; a plan without any takes its program's region."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="regions")
    region_prefix = models.CharField(_("region"), max_length=12, db_collation="C")

    objects = ScopedQuerySet.as_manager()

    scope = program_scope("plan__program__")
    personal_fields = ()
    open_fields = ("id", "plan", "region_prefix")

    class Meta:
        verbose_name = _("region of a plan")
        verbose_name_plural = _("regions of plans")
        ordering = ["region_prefix"]
        constraints = [models.UniqueConstraint(name="plan_region_once", fields=["plan", "region_prefix"])]
        triggers = [child_of_draft("plan_region_stands", "{row}.plan_id")]

    def __str__(self) -> str:
        return self.region_prefix


@tracked
class PlanPrice(models.Model):
    """What a cover costs people of some ages, of one category or all; the first that holds counts, else the plan's premium."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="prices")
    position = models.PositiveSmallIntegerField(_("order"), default=1)
    name = models.CharField(_("for whom"), max_length=40, blank=True, default="")
    name_en = models.CharField(_("for whom (English)"), max_length=60, blank=True, default="")
    age_from = models.PositiveSmallIntegerField(_("age from"), null=True, blank=True)
    age_until = models.PositiveSmallIntegerField(_("age until"), null=True, blank=True, help_text=_("Inclusive."))
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("category"),
        help_text=_("Empty: every category."),
    )
    premium = models.DecimalField(_("premium"), max_digits=16, decimal_places=2, help_text=_("Yuan."))

    objects = ScopedQuerySet.as_manager()

    scope = program_scope("plan__program__")
    personal_fields = ()
    open_fields = ("id", "plan", "position", "name", "name_en", "age_from", "age_until", "category", "premium")

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices by age and category")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(name="plan_price_above_zero", condition=Q(premium__gt=0)),
            models.CheckConstraint(
                name="plan_price_ages_in_order",
                condition=Q(age_from__isnull=True) | Q(age_until__isnull=True) | Q(age_until__gte=F("age_from")),
            ),
            models.CheckConstraint(
                name="plan_price_ages_of_people",
                condition=(Q(age_from__isnull=True) | Q(age_from__lte=150)) & (Q(age_until__isnull=True) | Q(age_until__lte=150)),
            ),
        ]
        triggers = [child_of_draft("plan_price_stands", "{row}.plan_id")]

    def __str__(self) -> str:
        return self.name or f"{self.position}"


@tracked
class Period(models.Model):
    """A program year: when cover runs, when people are enrolled, under which plan version."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="periods", verbose_name=_("program"))
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="periods", verbose_name=_("plan"))
    code = models.CharField(_("period"), max_length=12, db_collation="C")
    starts_on = models.DateField(_("cover from"))
    ends_on = models.DateField(_("cover until"), help_text=_("The first day without cover."))
    enrollment_opens_on = models.DateField(_("enrollment opens"))
    enrollment_closes_on = models.DateField(_("enrollment closes"), help_text=_("The first day on which it is closed."))
    closed_at = models.DateTimeField(_("closed at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = program_scope("program__")
    personal_fields = ()
    open_fields = (
        "id", "program", "plan", "code", "starts_on", "ends_on", "enrollment_opens_on", "enrollment_closes_on",
        "closed_at",
    )

    class Meta:
        verbose_name = _("period")
        verbose_name_plural = _("periods")
        ordering = ["program", "-starts_on"]
        permissions = [("open_period", _("Can open and close periods"))]
        constraints = [
            models.UniqueConstraint(name="period_code_once", fields=["program", "code"]),
            models.CheckConstraint(name="period_ends_after_it_begins", condition=Q(ends_on__gt=F("starts_on"))),
            models.CheckConstraint(
                name="period_window_in_order",
                condition=Q(enrollment_closes_on__gt=F("enrollment_opens_on"), enrollment_closes_on__lte=F("ends_on")),
            ),
        ]

    #: Pages say the last day instead.
    ends_before = ("ends_on",)

    #: Whose name is a part of its own.
    named_by = ("program",)

    def __str__(self) -> str:
        return f"{self.program} {self.code}"
