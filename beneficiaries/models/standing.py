"""How many enrollments of a place stand where: differences that every statement leaves, so that boards count nothing.

Counting 450,000 rows for a page costs a tenth of a second and reads them all; ten million cost seconds. A statement
trigger adds one row for each kind of enrollment that a statement made more or fewer; their sum is the count. No row is
ever updated, so that chunks that are applied side by side do not wait for each other; `standing.settle` puts rows together.
Covers of spans have no gates and are left out.
"""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.roster import Roster
from programs.models import Period, Program

#: What enrollments are told apart by, as SQL over a row of the enrollments' table.
KINDS = """program_id, period_id, organization_id, roster_id, region_code, state,
    notice_passed_at IS NOT NULL AS noticed, own_paid_at IS NOT NULL OR own_share = 0 AS paid,
    accepted_at IS NOT NULL AS accepted"""
COLUMNS = "program_id, period_id, organization_id, roster_id, region_code, state, noticed, paid, accepted"


def _side(rows: str, sign: str) -> str:
    return (
        f"SELECT {KINDS}, {sign}1 AS people, {sign}own_share AS own_share FROM {rows} WHERE period_kind = 'annual'"  # noqa: S608
    )


def counted(name: str, operation: pgtrigger.Operation, **sides: str) -> pgtrigger.Trigger:
    """Leave the difference that a statement makes. Planned anew each time: a plan made for one row would sort millions."""
    referencing = pgtrigger.Referencing(**{side: f"{side}_rows" for side in sides})
    rows = " UNION ALL ".join(_side(f"{side}_rows", sign) for side, sign in sides.items())
    return pgtrigger.Trigger(
        name=name, level=pgtrigger.Statement, when=pgtrigger.After, operation=operation, referencing=referencing,
        func=f"""
        EXECUTE $counting$
            INSERT INTO beneficiaries_standing ({COLUMNS}, people, own_share)
            SELECT {COLUMNS}, sum(people), sum(own_share) FROM ({rows}) AS sides
            GROUP BY {COLUMNS} HAVING sum(people) <> 0 OR sum(own_share) <> 0 ORDER BY {COLUMNS}
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

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "program", "period", "organization", "roster", "region_code", "state", "noticed", "paid", "accepted",
        "people", "own_share",
    )

    class Meta:
        verbose_name = _("count of enrollments")
        verbose_name_plural = _("counts of enrollments")
        indexes = [models.Index(fields=["period", "roster"], name="standing_by_period")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
