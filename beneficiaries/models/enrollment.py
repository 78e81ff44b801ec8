"""Enrollments: one person in one period of one plan; premium, shares, gates and cover."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Self

import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from audit.history import tracked_updates_by_row
from audit.scope import Offices, Scope, ScopedQuerySet
from beneficiaries.models.agreement import agrees, keeps_its_parents, moves_by_a_merge
from beneficiaries.models.person import Beneficiary, Person
from beneficiaries.models.purchase import Purchase
from beneficiaries.models.roster import Roster
from beneficiaries.models.spans import lie_apart
from beneficiaries.models.standing import counted
from programs.models import Category, FundingSplit, Period, Plan, Program


class EnrollmentState(models.TextChoices):
    """Before, during and after cover."""

    AWAITING = "awaiting", _("Awaiting its gates")
    IN_FORCE = "in_force", _("In force")
    LAPSED = "lapsed", _("Lapsed")
    ENDED = "ended", _("Ended")
    #: By an undo: cancelled from the start, cover never stood.
    VOIDED = "voided", _("Voided")


LIVE = (EnrollmentState.AWAITING, EnrollmentState.IN_FORCE)


#: A cover whose own share was paid and goes back whole: it was voided, or ended before it began.
GIVEN_BACK = Q(own_paid_at__isnull=False, own_share__gt=0) & (
    Q(state=EnrollmentState.VOIDED) | Q(state=EnrollmentState.ENDED, ends_at=F("starts_at"))
)


_CENTURY = datetime(2000, 1, 1, tzinfo=UTC)


class EnrollmentQuerySet(ScopedQuerySet):
    """Chainable words about enrollments."""

    def live(self) -> Self:
        """Awaiting or in force."""
        return self.filter(state__in=LIVE)

    def covering(self, *, at: datetime) -> Self:
        """In force at a moment; what has ended since did cover until then."""
        covered = (EnrollmentState.IN_FORCE, EnrollmentState.ENDED)
        return self.filter(state__in=covered, starts_at__lte=at, ends_at__gt=at)

    def free(self) -> Self:
        """Of people whose data is not restricted."""
        restricted = Beneficiary.objects.filter(pk=OuterRef("beneficiary_id"), restricted_at__isnull=False)
        return self.filter(~Exists(restricted))

    def visible_to(self, user: Any, permission: str | None = None, *, offices: Offices | None = None) -> Self:
        """As the scope says, without people whose data is restricted (ADR 27)."""
        return super().visible_to(user, permission, offices=offices).free()


# Program, plan, period and office are those of its source, a roster or a purchase, which has true foreign keys to them;
# whether it covers a whole period or a span is the plan's.
_FEW = """
    SELECT FROM (
        SELECT DISTINCT roster_id, purchase_id, program_id, plan_id, period_id, organization_id, split_id, category_id,
            period_kind
        FROM new_rows
    ) few
    LEFT JOIN beneficiaries_roster roster ON roster.id = few.roster_id AND roster.program_id = few.program_id
        AND roster.plan_id = few.plan_id AND roster.period_id = few.period_id
        AND roster.organization_id = few.organization_id
    LEFT JOIN beneficiaries_purchase purchase ON purchase.id = few.purchase_id AND purchase.program_id = few.program_id
        AND purchase.plan_id = few.plan_id AND purchase.period_id = few.period_id
        AND purchase.organization_id = few.organization_id
    LEFT JOIN programs_plan plan ON plan.id = few.plan_id AND plan.period_kind = few.period_kind
    LEFT JOIN programs_fundingsplit split ON split.id = few.split_id AND split.plan_id = few.plan_id
    LEFT JOIN programs_category category ON category.id = few.category_id
    WHERE coalesce(roster.id, purchase.id) IS NULL OR plan.id IS NULL OR split.id IS NULL OR category.id IS NULL
"""
# A beneficiary agrees with its person.
_MANY = """
    SELECT FROM new_rows
    LEFT JOIN LATERAL (
        SELECT id, person_id, program_id, organization_id FROM beneficiaries_beneficiary
        WHERE id = new_rows.beneficiary_id LIMIT 1
    ) AS beneficiary ON true
    WHERE beneficiary.id IS NULL OR beneficiary.person_id <> new_rows.person_id
        OR beneficiary.program_id <> new_rows.program_id OR beneficiary.organization_id <> new_rows.organization_id
"""


@tracked_updates_by_row
class Enrollment(models.Model):
    """A funded place; cover runs from `starts_at` to before `ends_at` once every gate of the plan is passed."""

    # Held by the triggers below, and found by the few indexes that pages ask for.
    person = models.ForeignKey(
        Person, models.PROTECT, related_name="enrollments", verbose_name=_("person"), db_constraint=False
    )
    beneficiary = models.ForeignKey(
        Beneficiary, models.PROTECT, related_name="enrollments", verbose_name=_("beneficiary"), db_constraint=False,
        db_index=False,
    )
    program = models.ForeignKey(
        Program, models.PROTECT, related_name="+", verbose_name=_("program"), db_constraint=False, db_index=False
    )
    plan = models.ForeignKey(
        Plan, models.PROTECT, related_name="+", verbose_name=_("plan"), db_constraint=False, db_index=False
    )
    period = models.ForeignKey(
        Period, models.PROTECT, related_name="+", verbose_name=_("period"), db_constraint=False, db_index=False
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="+", verbose_name=_("organization"), db_constraint=False,
        db_index=False,
    )
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    category = models.ForeignKey(
        Category, models.PROTECT, related_name="+", verbose_name=_("category"), db_constraint=False, db_index=False
    )
    # Where it comes from: a roster and the staged row (file, sheet and line), or a purchase and the line in it.
    roster = models.ForeignKey(
        Roster, models.PROTECT, null=True, related_name="enrollments", verbose_name=_("roster"), db_constraint=False,
        db_index=False,
    )
    row_id = models.BigIntegerField(_("row"), null=True)
    purchase = models.ForeignKey(
        Purchase, models.PROTECT, null=True, related_name="enrollments", verbose_name=_("purchase"), db_constraint=False,
        db_index=False,
    )
    line = models.PositiveIntegerField(_("line"), null=True)
    premium = models.DecimalField(_("premium"), max_digits=16, decimal_places=2, help_text=_("Yuan."))
    own_share = models.DecimalField(_("own share"), max_digits=16, decimal_places=2, help_text=_("Yuan."))
    split = models.ForeignKey(
        FundingSplit, models.PROTECT, related_name="+", verbose_name=_("funding"), db_constraint=False, db_index=False
    )
    #: The plan's: what may stand beside it depends on it.
    period_kind = models.CharField(_("time of cover"), max_length=6, choices=Plan.PeriodKind, db_collation="C")
    starts_at = models.DateTimeField(_("cover from"))
    ends_at = models.DateTimeField(_("cover until"))
    state = models.CharField(_("state"), max_length=8, choices=EnrollmentState, db_collation="C")
    notice_passed_at = models.DateTimeField(_("public notice passed at"), null=True)
    own_paid_at = models.DateTimeField(_("own share paid at"), null=True)
    accepted_at = models.DateTimeField(_("accepted by the insurer at"), null=True)
    insurer_policy_number = models.CharField(_("insurer's policy"), max_length=60, blank=True, default="")
    #: The eligibility decision: rule "eligible" under the plan, at the moment it was made.
    verdict = models.CharField(_("eligibility"), max_length=20, db_collation="C")
    decided_at = models.DateTimeField(_("decided at"))
    created_at = models.DateTimeField(_("enrolled at"))
    #: The least age of the band (see `age_bands`) on the period's first day, as known when enrolled; of spans nobody asks.
    age_band = models.SmallIntegerField(_("age band"), null=True)

    objects = EnrollmentQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "person", "beneficiary", "program", "plan", "period", "organization", "region_code", "category", "roster",
        "row_id", "purchase", "line", "premium", "own_share", "split", "period_kind", "starts_at",
        "ends_at", "state", "notice_passed_at", "own_paid_at", "accepted_at",
        "insurer_policy_number", "verdict", "decided_at", "created_at", "age_band",
    )

    class Meta:
        verbose_name = _("enrollment")
        verbose_name_plural = _("enrollments")
        constraints = [
            models.UniqueConstraint(
                name="enrollment_live_once", fields=["person", "program", "period"],
                condition=Q(state__in=LIVE, period_kind="annual"),
            ),
            models.UniqueConstraint(name="enrollment_once_per_row", fields=["row_id"]),
            models.UniqueConstraint(
                name="enrollment_once_per_line", fields=["purchase", "line"], condition=Q(purchase__isnull=False)
            ),
            models.CheckConstraint(
                name="enrollment_has_one_source",
                condition=Q(roster__isnull=False, row_id__isnull=False, purchase__isnull=True, line__isnull=True)
                | Q(roster__isnull=True, row_id__isnull=True, purchase__isnull=False, line__isnull=False),
            ),
            # What is ended before it begins covers no moment.
            models.CheckConstraint(
                name="enrollment_ends_after_it_begins",
                condition=Q(ends_at__gt=F("starts_at")) | Q(state=EnrollmentState.ENDED, ends_at=F("starts_at")),
            ),
            models.CheckConstraint(
                name="enrollment_own_share_within_premium",
                condition=Q(own_share__gte=0, premium__gte=F("own_share")),
            ),
        ]
        indexes = [
            # A roster's enrollments lie together: ranges of blocks find them, at almost no cost to the insert.
            BrinIndex(fields=["roster"], name="enrollment_by_roster", autosummarize=True, pages_per_range=32),
            models.Index(fields=["organization", "region_code"], name="enrollment_by_region"),
            # A person's spans on a plan in their order: what the next one is compared with.
            models.Index(
                fields=["person", "plan", "starts_at"], name="enrollment_spans",
                condition=Q(state__in=LIVE, period_kind="span"),
            ),
            # Spans that are not over, among millions that are. It says of all ends that they are of this century, so that it
            # serves who asks for an end and nobody else: of a table believed to be empty, it was read whole for each new span.
            models.Index(
                fields=["ends_at"], name="enrollment_spans_by_end",
                condition=Q(state__in=LIVE, period_kind="span", ends_at__gt=_CENTURY),
            ),
            # Few at any time: what still waits for a gate, found without reading those in force.
            models.Index(fields=["period", "roster"], name="enrollment_awaiting", condition=Q(state="awaiting")),
            # Few: own shares that go back whole, of covers that were voided or ended before they began.
            models.Index(fields=["period"], name="enrollment_given_back", condition=GIVEN_BACK),
            # Whom the insurer's number names: written with its answer, never by an enrollment.
            models.Index(
                fields=["insurer_policy_number"], name="enrollment_by_policy", condition=~Q(insurer_policy_number="")
            ),
        ]
        triggers = [
            agrees("enrollment_agrees", _FEW, _MANY),
            keeps_its_parents(
                "enrollment_keeps_its_parents", "program", "plan", "period", "organization", "category", "roster", "row_id",
                "purchase", "line", "split", "period_kind",
            ),
            moves_by_a_merge(
                "enrollment_moves_by_a_merge", "person", "beneficiary", kept=(),
                agrees_if="""
                SELECT FROM beneficiaries_beneficiary b WHERE b.id = NEW.beneficiary_id AND b.person_id = NEW.person_id
                    AND b.program_id = NEW.program_id AND b.organization_id = NEW.organization_id
                """,
            ),
            lie_apart("enrollment_spans_apart", pgtrigger.Insert),
            lie_apart("enrollment_spans_stay_apart", pgtrigger.Update),
            counted("enrollment_counted", pgtrigger.Insert, new="+"),
            counted("enrollment_counted_anew", pgtrigger.Update, old="-", new="+"),
            counted("enrollment_counted_out", pgtrigger.Delete, old="-"),
        ]

    #: Pages say the last day instead.
    ends_before = ("ends_at",)

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def covers_a_span(self) -> bool:
        """From a moment to a moment, where others cover a whole period."""
        return self.period_kind == Plan.PeriodKind.SPAN

    @property
    def employer(self) -> Any:
        """Who paid its own share, or is to, and gets it back: the employer of its roster; None for all others."""
        return self.roster.employer if self.roster is not None else None

    @property
    def number(self) -> str:
        """保障凭证号: program, period and the enrollment's own number with a check digit (mod 97-10, ISO 7064)."""
        return cover_number(self.program.code, self.period.code, self.pk)


def cover_number(program_code: str, period_code: str, enrollment_id: int) -> str:
    """A cover's number, as people read it to each other."""
    check = 98 - (enrollment_id * 100) % 97
    return f"{program_code}-{period_code}-{enrollment_id:010d}{check:02d}"


def enrollment_id_of(number: str) -> int | None:
    """The enrollment that a cover number names; None when its check digits do not fit."""
    digits = number.strip().upper().rsplit("-", 1)[-1]
    if not (digits.isascii() and digits.isdecimal() and len(digits) >= 12):
        return None
    return int(digits[:-2]) if int(digits) % 97 == 1 else None
