"""How many purchases came with a payment, and what became of it: differences, as `standing` leaves them for enrollments.

A city that sells millions of covers one by one has as many purchases as people: the page of its period sums a few rows. No row
is ever updated; `standing.settle` puts rows together. Rooms above say what has become of payments, by triggers of their own tables.
"""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from audit.scope import Scope, ScopedQuerySet
from programs.models import Period, Program

PURCHASE_COLUMNS = "program_id, period_id, organization_id, region_code, stage"
_TAKEN_DOWN = """
INSERT INTO beneficiaries_purchasestanding (program_id, period_id, organization_id, region_code, stage, purchases, amount)
SELECT program_id, period_id, organization_id, region_code, 'taken', count(*), sum(own_share) FROM new_rows
WHERE payment_reference <> '' AND own_share > 0 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;
RETURN NULL;
"""


class PurchaseStage(models.TextChoices):
    """What is counted of a payment that came with a purchase; whoever is in the first and in no other has not arrived."""

    TAKEN = "taken", _("Taken down")
    ARRIVED = "arrived", _("Shown by a statement")
    GIVEN_UP = "given_up", _("Given up")


def counts_purchases(name: str) -> pgtrigger.Trigger:
    """Count purchases with a payment, as they are made."""
    return pgtrigger.Trigger(
        name=name, level=pgtrigger.Statement, when=pgtrigger.After, operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"), func=_TAKEN_DOWN,
    )


def counts_of(rows: str, *, stage: PurchaseStage, purchase: str, sign: str = "") -> str:
    """SQL: leave the difference that rows (with the `purchase` of each) make to a stage; each purchase is looked up alone."""
    return f"""
    INSERT INTO beneficiaries_purchasestanding (program_id, period_id, organization_id, region_code, stage, purchases, amount)
    SELECT p.program_id, p.period_id, p.organization_id, p.region_code, '{stage.value}', {sign}count(*), {sign}sum(p.own_share)
    FROM {rows} CROSS JOIN LATERAL (SELECT * FROM beneficiaries_purchase WHERE id = {purchase} LIMIT 1) AS p
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;
    RETURN NULL;
    """  # noqa: S608 - names of our own


class PurchaseStanding(models.Model):
    """So many purchases more (or fewer) of an office and place whose payment is at a stage, and their yuan."""

    # Of rows that are held to their parents already.
    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    period = models.ForeignKey(Period, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    region_code = models.CharField(max_length=12, db_collation="C")
    stage = models.CharField(max_length=8, choices=PurchaseStage, db_collation="C")
    purchases = models.BigIntegerField()
    amount = models.DecimalField(max_digits=16, decimal_places=2)

    objects = ScopedQuerySet.as_manager()

    without_history = "Counted from purchases, which are append-only."
    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = ("id", "program", "period", "organization", "region_code", "stage", "purchases", "amount")

    class Meta:
        verbose_name = _("count of purchases")
        verbose_name_plural = _("counts of purchases")
        default_permissions = ()
        indexes = [models.Index(fields=["period"], name="purchase_standing_by_period")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
