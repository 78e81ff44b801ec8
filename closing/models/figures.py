"""What is kept of a month: each figure by place, category and payer, each account's turnover; written once, never changed."""

from __future__ import annotations

from decimal import Decimal

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.models.events import append_only
from audit.scope import ScopedQuerySet
from closing.models.closing import MonthClosing, program_scope
from programs.models import Category, Funder, LedgerAccount
from programs.models.ledger import AccountKind

_WHILE_DRAWN = """
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT closing_id FROM new_rows) lines JOIN closing_monthclosing c ON c.id = lines.closing_id
        WHERE c.state <> 'drawn' OR c.digest <> ''
    ) THEN
        RAISE EXCEPTION 'the figures of this month stand' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
"""


def _written_once(name: str) -> list[pgtrigger.Trigger]:
    return [
        *append_only(name),
        pgtrigger.Trigger(
            name=f"{name}_while_drawn", level=pgtrigger.Statement, when=pgtrigger.After, operation=pgtrigger.Insert,
            referencing=pgtrigger.Referencing(new="new_rows"), func=_WHILE_DRAWN,
        ),
    ]


class ClosedFigure(models.Model):
    """One measure of one county, category, payer and detail; names as they were, so that a report never changes."""

    closing = models.ForeignKey(MonthClosing, models.PROTECT, related_name="figures", verbose_name=_("closing of a month"))
    measure = models.CharField(_("figure"), max_length=40, db_collation="C")
    county = models.CharField(_("county"), max_length=6, blank=True, db_collation="C")
    county_name = models.CharField(_("name of the county"), max_length=100, blank=True)
    category = models.ForeignKey(Category, models.PROTECT, null=True, related_name="+", verbose_name=_("category"))
    category_name = models.CharField(_("name of the category"), max_length=60, blank=True)
    #: Empty for the insured themselves, and where no payer is told.
    funder = models.ForeignKey(Funder, models.PROTECT, null=True, related_name="+", verbose_name=_("payer"))
    funder_name = models.CharField(_("name of the payer"), max_length=100, blank=True)
    #: By what the measure is told further: a responsibility, a state, an insurer.
    detail = models.CharField(_("detail"), max_length=60, blank=True, default="", db_collation="C")
    detail_name = models.CharField(_("name of the detail"), max_length=200, blank=True, default="")
    #: As known at the cut-off; what differs from the sum of the months before is their correction.
    before = models.DecimalField(_("before the month"), max_digits=18, decimal_places=2)
    amount = models.DecimalField(_("in the month"), max_digits=18, decimal_places=2)

    objects = ScopedQuerySet.as_manager()

    scope = program_scope("closing__")
    personal_fields = ()
    open_fields = (
        "id", "closing", "measure", "county", "county_name", "category", "category_name", "funder", "funder_name", "detail",
        "detail_name", "before", "amount",
    )

    class Meta:
        verbose_name = _("figure of a month")
        verbose_name_plural = _("figures of months")
        ordering = ["id"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="closed_figure_once", fields=["closing", "measure", "county", "category", "funder", "detail"],
                nulls_distinct=False,
            ),
        ]
        triggers = _written_once("closed_figure")

    def __str__(self) -> str:
        return f"{self.closing_id} {self.measure}"


class ClosedBalance(models.Model):
    """One account of the ledger in a month, by accounting day; yuan, debits and credits above zero."""

    closing = models.ForeignKey(MonthClosing, models.PROTECT, related_name="balances", verbose_name=_("closing of a month"))
    account = models.ForeignKey(LedgerAccount, models.PROTECT, related_name="+", verbose_name=_("account"))
    kind = models.CharField(_("kind"), max_length=20, choices=AccountKind, db_collation="C")
    funder_name = models.CharField(_("funder"), max_length=100, blank=True)
    tranche = models.CharField(_("tranche"), max_length=100, blank=True)
    opening = models.DecimalField(_("at the begin"), max_digits=18, decimal_places=2)
    debits = models.DecimalField(_("debits"), max_digits=18, decimal_places=2)
    credits = models.DecimalField(_("credits"), max_digits=18, decimal_places=2)

    objects = ScopedQuerySet.as_manager()

    scope = program_scope("closing__")
    personal_fields = ()
    open_fields = ("id", "closing", "account", "kind", "funder_name", "tranche", "opening", "debits", "credits")

    class Meta:
        verbose_name = _("balance of a month")
        verbose_name_plural = _("balances of months")
        ordering = ["id"]
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(name="closed_balance_once", fields=["closing", "account"])]
        triggers = _written_once("closed_balance")

    def __str__(self) -> str:
        return f"{self.closing_id} {self.account_id}"

    @property
    def ending(self) -> Decimal:
        """At the end of the month: debits less credits since the beginning."""
        return self.opening + self.debits - self.credits

    @property
    def label(self) -> str:
        """The account in words."""
        return " · ".join(part for part in (str(AccountKind(self.kind).label), self.funder_name, self.tranche) if part)
