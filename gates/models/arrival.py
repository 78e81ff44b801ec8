"""Payments that came with a purchase: shown to have arrived by a line of a channel's statement, or not shown yet."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from audit.models.events import append_only
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models import Enrollment, Purchase
from beneficiaries.models.agreement import agrees
from beneficiaries.models.purchase_standing import PurchaseStage, counts_of
from gates.models.clearing import Clearing, ClearingLine, Outcome
from gates.models.statement import Statement, StatementRow


class ArrivalQuerySet(ScopedQuerySet):
    """Chainable words about arrivals."""

    def standing(self) -> Self:
        """Those that no clearing has reversed."""
        return self.filter(reversed_by__isnull=True)


class Arrival(models.Model):
    """One line of an applied statement is the payment of one purchase: the same yuan, said by the office and by the channel.

    It is kept when it was a mistake, and says by which clearing it was reversed: then the line's money is held again.
    """

    statement = models.ForeignKey(
        Statement, models.PROTECT, related_name="arrivals", verbose_name=_("collection statement")
    )
    row = models.ForeignKey(
        StatementRow, models.PROTECT, related_name="arrivals", db_constraint=False, db_index=False, verbose_name=_("line")
    )
    purchase = models.ForeignKey(Purchase, models.PROTECT, related_name="arrivals", verbose_name=_("purchase"))
    #: By which held money was found to be its payment later on.
    clearing = models.ForeignKey(
        Clearing, models.PROTECT, null=True, related_name="arrivals", db_index=False, verbose_name=_("clearing")
    )
    amount = models.DecimalField(_("amount (yuan)"), max_digits=16, decimal_places=2)
    #: By which it was found to be a mistake: the purchase has not arrived by it.
    reversed_by = models.ForeignKey(
        Clearing, models.PROTECT, null=True, related_name="reversed_arrivals", db_index=False, verbose_name=_("reversed by")
    )

    objects = ArrivalQuerySet.as_manager()

    #: As the purchase: its office reads that its money came, whoever's statement said so.
    scope = Scope(
        organization_path="purchase__organization__path", region="purchase__region_code", program="purchase__program_id"
    )
    personal_fields = ()
    open_fields = ("id", "statement", "row", "purchase", "clearing", "amount", "reversed_by")

    class Meta:
        verbose_name = _("payment of a purchase that arrived")
        verbose_name_plural = _("payments of purchases that arrived")
        ordering = ["-id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="purchase_payment_arrives_once", fields=["purchase"], condition=Q(reversed_by__isnull=True)
            ),
            models.UniqueConstraint(name="line_arrives_once", fields=["row"], condition=Q(reversed_by__isnull=True)),
        ]
        triggers = [
            pgtrigger.Protect(name="arrival_is_kept", operation=pgtrigger.Delete),
            # Only that it was reversed is written later, once.
            pgtrigger.Protect(
                name="arrival_stands", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.reversed_by_id IS NOT NULL OR NEW.statement_id <> OLD.statement_id OR NEW.row_id <> OLD.row_id"
                    " OR NEW.purchase_id <> OLD.purchase_id OR NEW.clearing_id IS DISTINCT FROM OLD.clearing_id"
                    " OR NEW.amount <> OLD.amount"
                ),
            ),
            pgtrigger.Trigger(
                name="arrival_counted", level=pgtrigger.Statement, when=pgtrigger.After, operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_rows"),
                func=counts_of("new_rows", stage=PurchaseStage.ARRIVED, purchase="new_rows.purchase_id"),
            ),
            pgtrigger.Trigger(
                name="arrival_counted_out", level=pgtrigger.Row, when=pgtrigger.After, operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.reversed_by_id IS NULL AND NEW.reversed_by_id IS NOT NULL"),
                func=counts_of("(SELECT) AS one", stage=PurchaseStage.ARRIVED, purchase="NEW.purchase_id", sign="-"),
            ),
            agrees(
                "arrival_agrees",
                """
                SELECT FROM new_rows LEFT JOIN beneficiaries_purchase bought ON bought.id = new_rows.purchase_id
                    AND bought.own_share = new_rows.amount AND bought.payment_reference <> ''
                LEFT JOIN gates_statement said ON said.id = new_rows.statement_id AND said.period_id = bought.period_id
                WHERE said.id IS NULL
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class Refund(models.Model):
    """One cover that was given back: a channel's statement of refunds shows that its own share has gone back."""

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="refunds", verbose_name=_("collection statement"))
    row = models.ForeignKey(
        StatementRow, models.PROTECT, related_name="refunds", db_constraint=False, db_index=False, verbose_name=_("line")
    )
    enrollment = models.OneToOneField(
        Enrollment, models.PROTECT, related_name="refund", db_constraint=False, verbose_name=_("enrollment")
    )
    amount = models.DecimalField(_("amount (yuan)"), max_digits=16, decimal_places=2)

    objects = ScopedQuerySet.as_manager()

    #: As the cover: see `Arrival`.
    scope = Scope(
        organization_path="enrollment__organization__path", region="enrollment__region_code", program="enrollment__program_id"
    )
    personal_fields = ()
    open_fields = ("id", "statement", "row", "enrollment", "amount")

    class Meta:
        verbose_name = _("refund of a cover")
        verbose_name_plural = _("refunds of covers")
        ordering = ["-id"]
        default_permissions = ()
        triggers = [
            *append_only("refund"),
            agrees(
                "refund_agrees",
                """
                SELECT FROM new_rows LEFT JOIN LATERAL (
                    SELECT e.id FROM beneficiaries_enrollment e JOIN gates_statement s ON s.id = new_rows.statement_id
                        AND s.period_id = e.period_id AND s.direction = 'out'
                    WHERE e.id = new_rows.enrollment_id AND e.own_share = new_rows.amount LIMIT 1
                ) AS given ON true WHERE given.id IS NULL
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class UncollectedManager(models.Manager.from_queryset(ScopedQuerySet)):  # type: ignore[misc]
    """Only payments that no statement has shown, and nobody has given up."""

    def get_queryset(self) -> Any:
        """Purchases with a payment, without its arrival and without its end."""
        arrived = Arrival.objects.standing().filter(purchase=OuterRef("pk"))
        given_up = ClearingLine.objects.filter(purchase=OuterRef("pk"), outcome=Outcome.DONE)
        paid = super().get_queryset().filter(own_share__gt=0).exclude(payment_reference="")
        return paid.exclude(Exists(arrived)).exclude(Exists(given_up))


class Uncollected(Purchase):
    """A purchase whose payment an office took down and no channel has reported yet: enrolled, and not shown to be paid."""

    objects: ClassVar[Any] = UncollectedManager()

    class Meta:
        proxy = True
        verbose_name = _("payment that has not arrived")
        verbose_name_plural = _("payments that have not arrived")
        default_permissions = ("view",)
