"""How many enrollments of a place stand where: differences that every statement leaves, so that boards count nothing.

Counting 450,000 rows for a page costs a tenth of a second and reads them all; ten million cost seconds. A statement
trigger adds one row for each kind of enrollment that a statement made more or fewer; their sum is the count. No row is
ever updated, so that chunks that are applied side by side do not wait for each other; `standing.settle` puts rows together.
Covers of spans have no gates and are left out.

`Standing` is fine enough for boards and tells between which numbers its enrollments lie, so that a list of ten million is read
only where its rows are; `CountyStanding` is coarse, so that the workbench sums a few thousand rows whatever the people;
`DayStanding` tells who stands enrolled by day, age and the way they came in, which take-up is read from.
"""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.roster import Roster
from programs.models import Category, FundingSplit, Period, Program

#: What enrollments are told apart by, as SQL over a row of the enrollments' table.
KINDS = """program_id, period_id, organization_id, roster_id, region_code, state,
    notice_passed_at IS NOT NULL AS noticed, own_paid_at IS NOT NULL OR own_share = 0 AS paid,
    accepted_at IS NOT NULL AS accepted"""
COLUMNS = "program_id, period_id, organization_id, roster_id, region_code, state, noticed, paid, accepted"


#: What the coarse counts tell apart besides, as SQL over a row of the enrollments' table: the day is that of the enrollment.
DAY = "(created_at AT TIME ZONE 'Asia/Shanghai')::date"
FURTHER_KINDS = f"category_id, split_id, date_trunc('month', {DAY})::date AS month"
COUNTY_COLUMNS = (
    "program_id, period_id, organization_id, county, category_id, split_id, month, state, noticed, paid, accepted"
)
COUNTY_KINDS = COUNTY_COLUMNS.replace("county", "left(region_code, 6) AS county")
#: Who stands enrolled: neither lapsed nor undone, nor ended before the first moment. The way in: a roster or a purchase says.
DAY_COLUMNS = "program_id, period_id, organization_id, county, day, age_band, channel"
BOUGHT = "CASE WHEN purchase_id IS NOT NULL THEN (SELECT channel FROM beneficiaries_purchase WHERE id = purchase_id) END"
DAY_KINDS = """program_id, period_id, organization_id, left(region_code, 6) AS county, day, age_band,
    coalesce(bought, (SELECT CASE WHEN purpose = 'renew' THEN 'renewal' WHEN employer_id IS NOT NULL THEN 'employer'
        WHEN renewed_period_id IS NOT NULL THEN 'known' ELSE 'list' END FROM beneficiaries_roster
        WHERE id = roster_id)) AS channel"""
_OF_DAYS = COUNTY_KINDS.replace("month", "date_trunc('month', day)::date AS month")
STATES = "state NOT IN ('lapsed', 'voided')"
STOOD = "ends_at > starts_at"
ENROLLED = f"{STATES} AND {STOOD}"


def _side(rows: str, sign: str) -> str:
    # Rows of a statement have no statistics: of `= 'annual'` the planner expects one of 200, and sorts all by 14 columns.
    return (
        f"SELECT id, {KINDS}, category_id, split_id, {DAY} AS day, age_band, {BOUGHT} AS bought,"  # noqa: S608
        f" {sign}1 AS people, {sign}own_share AS own_share, CASE WHEN {STOOD} THEN {sign}1 END AS standing"
        f" FROM {rows} WHERE period_kind <> 'span'"
    )


def counted(name: str, operation: pgtrigger.Operation, **sides: str) -> pgtrigger.Trigger:
    """Leave the difference that a statement makes. Planned anew each time: a plan made for one row would sort millions.

    A kind that gains and loses as many leaves a row of nobody where it gains one beyond the numbers that it lost.
    """
    referencing = pgtrigger.Referencing(**{side: f"{side}_rows" for side in sides})
    rows = " UNION ALL ".join(_side(f"{side}_rows", sign) for side, sign in sides.items())
    return pgtrigger.Trigger(
        name=name, level=pgtrigger.Statement, when=pgtrigger.After, operation=operation, referencing=referencing,
        func=f"""
        EXECUTE $counting$
            WITH sums AS MATERIALIZED (
                SELECT {COLUMNS}, category_id, split_id, day, age_band, bought, sum(people) AS people, sum(own_share) AS own_share,
                    sum(standing) AS standing,
                    min(id) FILTER (WHERE people > 0) AS first_come, max(id) FILTER (WHERE people > 0) AS last_come,
                    min(id) FILTER (WHERE people < 0) AS first_gone, max(id) FILTER (WHERE people < 0) AS last_gone
                FROM ({rows}) AS sides GROUP BY {COLUMNS}, category_id, split_id, day, age_band, bought
            ), fine AS (
                INSERT INTO beneficiaries_standing ({COLUMNS}, people, own_share, first_id, last_id)
                SELECT {COLUMNS}, sum(people), sum(own_share), coalesce(min(first_come), min(first_gone)),
                    coalesce(max(last_come), max(last_gone))
                FROM sums GROUP BY {COLUMNS}
                HAVING sum(people) <> 0 OR sum(own_share) <> 0
                    OR min(first_come) < min(first_gone) OR max(last_come) > max(last_gone)
                ORDER BY {COLUMNS}
            ), coarse AS (
                INSERT INTO beneficiaries_countystanding ({COUNTY_COLUMNS}, people)
                SELECT {_OF_DAYS}, sum(people) FROM sums GROUP BY {COUNTY_COLUMNS} HAVING sum(people) <> 0
                ORDER BY {COUNTY_COLUMNS}
            )
            INSERT INTO beneficiaries_daystanding ({DAY_COLUMNS}, people)
            SELECT {DAY_KINDS}, sum(standing) FROM sums WHERE {STATES} GROUP BY {DAY_COLUMNS} HAVING sum(standing) <> 0
            ORDER BY {DAY_COLUMNS}
        $counting$;
        RETURN NULL;""",  # noqa: S608 - made of our own names
    )


class Standing(models.Model):
    """So many enrollments more (or fewer) of a roster and region in a state, with these gates passed."""

    # Of rows that are held to their parents already.
    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    period = models.ForeignKey(Period, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    roster = models.ForeignKey(
        Roster, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False
    )
    region_code = models.CharField(max_length=12, db_collation="C")
    state = models.CharField(max_length=8, db_collation="C")
    noticed = models.BooleanField()
    paid = models.BooleanField()
    accepted = models.BooleanField()
    people = models.BigIntegerField()
    own_share = models.DecimalField(max_digits=16, decimal_places=2)
    #: Every enrollment of the kind that this row counts has a number from the first to the last.
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()

    objects = ScopedQuerySet.as_manager()

    without_history = "Counted from covers, which have their history."
    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "program", "period", "organization", "roster", "region_code", "state", "noticed", "paid", "accepted",
        "people", "own_share", "first_id", "last_id",
    )

    class Meta:
        verbose_name = _("count of enrollments")
        verbose_name_plural = _("counts of enrollments")
        indexes = [
            models.Index(fields=["period", "roster"], name="standing_by_period"),
            # Where the newest and the oldest of a kind lie: found without reading the counts of all others.
            models.Index(fields=["last_id"], name="standing_by_last"),
            models.Index(fields=["first_id"], name="standing_by_first"),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class CountyStanding(models.Model):
    """So many enrollments more (or fewer) of a county, category and division of the premium, enrolled in one month, in a state."""

    # Of rows that are held to their parents already.
    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    period = models.ForeignKey(Period, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    #: The first six digits of the region.
    county = models.CharField(max_length=6, db_collation="C")
    category = models.ForeignKey(Category, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    #: Gives the premium of each, and what each payer pays of it.
    split = models.ForeignKey(FundingSplit, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    month = models.DateField()
    state = models.CharField(max_length=8, db_collation="C")
    noticed = models.BooleanField()
    paid = models.BooleanField()
    accepted = models.BooleanField()
    people = models.BigIntegerField()

    objects = ScopedQuerySet.as_manager()

    without_history = "Counted from covers, which have their history."
    scope = Scope(organization_path="organization__path", region="county", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "program", "period", "organization", "county", "category", "split", "month", "state", "noticed", "paid",
        "accepted", "people",
    )

    class Meta:
        verbose_name = _("count of enrollments of a county")
        verbose_name_plural = _("counts of enrollments of counties")

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class DayStanding(models.Model):
    """So many people more (or fewer) who stand enrolled, of one county, day of enrollment, age band and way in."""

    class Channel(models.TextChoices):
        """By which way people come in: by a list, an employer's, known already, renewed without one, or by a purchase's own."""

        LIST = "list", _("List of an office")
        EMPLOYER = "employer", _("List of an employer")
        KNOWN = "known", _("Known by another program")
        RENEWAL = "renewal", _("Renewed without a file")
        API = "api", _("Partner interface")
        FILE = "file", _("File of payments")
        OFFICE = "office", _("At the office")

    # Of rows that are held to their parents already.
    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    period = models.ForeignKey(Period, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    #: The first six digits of the region.
    county = models.CharField(max_length=6, db_collation="C")
    day = models.DateField()
    #: The least age of the band, see `age_bands`.
    age_band = models.SmallIntegerField(null=True)
    channel = models.CharField(max_length=8, choices=Channel, db_collation="C")
    people = models.BigIntegerField()

    objects = ScopedQuerySet.as_manager()

    without_history = "Counted from covers, which have their history."
    scope = Scope(organization_path="organization__path", region="county", program="program_id")
    personal_fields = ()
    open_fields = ("id", "program", "period", "organization", "county", "day", "age_band", "channel", "people")

    class Meta:
        verbose_name = _("count of enrollments of a day")
        verbose_name_plural = _("counts of enrollments of days")
        indexes = [models.Index(fields=["period"], name="day_standing_by_period")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
