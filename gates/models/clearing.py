"""Clearings: held money that is assigned or given back, payments that are reversed or never came; by two people, line by line."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models import Enrollment, Purchase
from beneficiaries.models.purchase_standing import PurchaseStage, counts_of
from gates.models.payment import OwnPayment, OwnPaymentLine
from gates.models.statement import HeldPayment, Statement
from programs.models import Period, Program


class ClearingKind(models.TextChoices):
    """What becomes of the lines."""

    ASSIGN = "assign", _("Assignment to covers")
    RETURN = "return", _("Giving back")
    REVERSE = "reverse", _("Reversal of a payment")
    MATCH = "match", _("Counted for purchases")
    UNMATCH = "unmatch", _("Counted for purchases by mistake")
    UNPAID = "unpaid", _("Payments that never came")


#: Kinds whose lines are held money.
OF_HELD = (ClearingKind.ASSIGN, ClearingKind.RETURN, ClearingKind.MATCH)


class ClearingState(models.TextChoices):
    """Nothing moves before somebody else approves it."""

    PROPOSED = "proposed", _("To be approved")
    #: A job is at work, or the bank is awaited.
    APPROVED = "approved", _("Under way")
    DONE = "done", _("Done")
    DROPPED = "dropped", _("Dropped")


@tracked
class Clearing(models.Model):
    """One list: of held lines of one statement, of lines of one payment, of purchases whose payment did not come or came by
    another line; fixed when it is proposed."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="+", verbose_name=_("period"))
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("office"))
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    kind = models.CharField(_("kind"), max_length=7, choices=ClearingKind, db_collation="C")
    #: Whose held lines they are; empty for a payment that was recorded without a file.
    statement = models.ForeignKey(
        Statement, models.PROTECT, null=True, related_name="clearings", verbose_name=_("collection statement")
    )
    #: The payment that is reversed.
    payment = models.ForeignKey(
        OwnPayment, models.PROTECT, null=True, related_name="clearings", verbose_name=_("own payment")
    )
    reason = models.CharField(_("reason"), max_length=300)
    lines_count = models.PositiveIntegerField(_("lines"))
    amount = models.DecimalField(_("amount (yuan)"), max_digits=16, decimal_places=2)
    #: SHA-256 over number, held line, payment line, enrollment and amount of every line, and its arrival or purchase.
    digest = models.CharField(max_length=64, db_collation="C")
    state = models.CharField(_("state"), max_length=8, choices=ClearingState, default=ClearingState.PROPOSED, db_collation="C")
    done_lines = models.PositiveIntegerField(_("lines done"), default=0)
    done_amount = models.DecimalField(_("done (yuan)"), max_digits=16, decimal_places=2, default=0)
    left_lines = models.PositiveIntegerField(_("lines put back"), default=0)
    left_amount = models.DecimalField(_("put back (yuan)"), max_digits=16, decimal_places=2, default=0)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("put forward by"))
    proposed_at = models.DateTimeField(_("put forward at"))
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("approved or dropped at"), null=True)
    #: Why it was dropped.
    answer = models.CharField(_("answer"), max_length=300, blank=True, default="")
    ended_at = models.DateTimeField(_("ended at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "program", "period", "organization", "region_code", "kind", "statement", "payment", "reason", "lines_count",
        "amount", "digest", "state", "done_lines", "done_amount", "left_lines", "left_amount", "proposed_by", "proposed_at",
        "decided_by", "decided_at", "answer", "ended_at",
    )

    class Meta:
        verbose_name = _("clearing of own payments")
        verbose_name_plural = _("clearings of own payments")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("propose_clearing", _("Can propose what becomes of held money, and reversals of payments")),
            ("approve_clearing", _("Can approve what becomes of held money, and reversals of payments")),
            ("fetch_clearing", _("Can download lists of money to be given back in the clear")),
        ]
        constraints = [
            models.CheckConstraint(name="clearing_has_a_reason", condition=~Q(reason="") & ~Q(digest="")),
            models.CheckConstraint(name="clearing_is_of_something", condition=Q(lines_count__gt=0, amount__gt=0)),
            models.CheckConstraint(
                name="clearing_names_what_it_is_about",
                condition=Q(kind__in=["assign", "match", "return", "unmatch"], statement__isnull=False, payment__isnull=True)
                | Q(kind="reverse", payment__isnull=False)
                | Q(kind="unpaid", statement__isnull=True, payment__isnull=True),
            ),
            models.CheckConstraint(
                name="clearing_approved_by_another",
                condition=Q(state="proposed", decided_by__isnull=True)
                | Q(state="dropped", decided_by__isnull=False) & ~Q(answer="")
                | (Q(state__in=["approved", "done"], decided_by__isnull=False, decided_at__isnull=False)
                    & ~Q(decided_by=F("proposed_by"))),
            ),
            models.CheckConstraint(
                name="clearing_ends_with_its_lines",
                condition=Q(lines_count__gte=F("done_lines") + F("left_lines"), amount__gte=F("done_amount") + F("left_amount"))
                & (~Q(state="done") | Q(lines_count=F("done_lines") + F("left_lines"), ended_at__isnull=False)),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="clearing_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="clearing_stays_what_was_proposed", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "program", "period", "organization", "region_code", "kind", "statement", "payment", "reason", "lines_count",
                    "amount", "digest", "proposed_by", "proposed_at",
                ),
            ),
            pgtrigger.Protect(
                name="clearing_is_decided_once", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state = 'dropped' OR (OLD.state <> 'proposed' AND (NEW.state IN ('proposed', 'dropped')"
                    " OR NEW.decided_by_id IS DISTINCT FROM OLD.decided_by_id))"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class Outcome(models.TextChoices):
    """What became of a line."""

    OPEN = "", _("Not done yet")
    DONE = "done", _("Done")
    LEFT = "left", _("Put back")


class ClearingLine(models.Model):
    """One line of a clearing: the money of one statement's line, the share of one cover, or the payment of one purchase."""

    clearing = models.ForeignKey(Clearing, models.PROTECT, related_name="lines", db_index=False, verbose_name=_("clearing"))
    number = models.PositiveIntegerField(_("number of the line"))
    held = models.ForeignKey(
        HeldPayment, models.PROTECT, null=True, related_name="clearing_lines", verbose_name=_("payment held")
    )
    paid = models.ForeignKey(
        OwnPaymentLine, models.PROTECT, null=True, related_name="clearing_lines", verbose_name=_("line of an own payment"),
    )
    #: What was counted for a purchase by mistake.
    arrival = models.ForeignKey(
        "gates.Arrival", models.PROTECT, null=True, related_name="clearing_lines", db_index=False,
        verbose_name=_("payment of a purchase that arrived"),
    )
    #: Whose payment never came.
    purchase = models.ForeignKey(
        Purchase, models.PROTECT, null=True, related_name="clearing_lines", db_index=False, verbose_name=_("purchase")
    )
    #: Whose share it is; of a purchase its first.
    enrollment = models.ForeignKey(
        Enrollment, models.PROTECT, null=True, related_name="clearing_lines", db_constraint=False,
        verbose_name=_("enrollment"),
    )
    amount = models.DecimalField(_("amount (yuan)"), max_digits=16, decimal_places=2)
    outcome = models.CharField(_("how it ended"), max_length=4, choices=Outcome, blank=True, default="", db_collation="C")
    #: The code of what keeps it from its end, or what the bank said.
    why = models.CharField(_("why it was put back"), max_length=300, blank=True, default="")
    reference = models.CharField(_("reference of the bank"), max_length=60, blank=True, default="", db_collation="C")
    settled_on = models.DateField(_("given back on"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="clearing__organization__path", region="clearing__region_code", program="clearing__program_id"
    )
    personal_fields = ()
    open_fields = (
        "id", "clearing", "number", "held", "paid", "arrival", "purchase", "enrollment", "amount", "outcome", "why", "reference",
        "settled_on",
    )

    class Meta:
        verbose_name = _("line of a clearing")
        verbose_name_plural = _("lines of clearings")
        ordering = ["-id"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(name="clearing_line_once", fields=["clearing", "number"]),
            # Money is on one list at a time, and a payment is reversed once.
            models.UniqueConstraint(name="held_payment_listed_once", fields=["held"], condition=Q(outcome="", held__isnull=False)),
            models.UniqueConstraint(
                name="payment_line_reversed_once", fields=["paid"], condition=Q(outcome__in=["", "done"], paid__isnull=False)
            ),
            models.UniqueConstraint(
                name="arrival_reversed_once", fields=["arrival"], condition=Q(outcome__in=["", "done"], arrival__isnull=False)
            ),
            models.UniqueConstraint(
                name="purchase_given_up_once", fields=["purchase"], condition=Q(outcome__in=["", "done"], purchase__isnull=False)
            ),
            models.UniqueConstraint(
                name="clearing_line_once_a_cover", fields=["clearing", "enrollment"], condition=Q(enrollment__isnull=False)
            ),
            models.CheckConstraint(
                name="clearing_line_is_of_one_thing",
                condition=Q(held__isnull=False, paid__isnull=True, arrival__isnull=True, purchase__isnull=True)
                | Q(held__isnull=True, paid__isnull=False, arrival__isnull=True, purchase__isnull=True, enrollment__isnull=False)
                | Q(held__isnull=True, paid__isnull=True, arrival__isnull=False, purchase__isnull=True, enrollment__isnull=False)
                | Q(held__isnull=True, paid__isnull=True, arrival__isnull=True, purchase__isnull=False, enrollment__isnull=False),
            ),
            models.CheckConstraint(
                name="clearing_line_put_back_says_why", condition=Q(outcome="left") & ~Q(why="") | ~Q(outcome="left") & Q(why="")
            ),
        ]
        indexes = [
            # Few: what was counted by mistake, and what never came.
            models.Index(fields=["arrival"], name="clearing_line_by_arrival", condition=Q(arrival__isnull=False)),
            models.Index(fields=["purchase"], name="clearing_line_by_purchase", condition=Q(purchase__isnull=False)),
        ]
        triggers = [
            pgtrigger.Protect(name="clearing_line_is_kept", operation=pgtrigger.Delete),
            # Only purchases that are given up: for all other lines the condition is all that is asked.
            pgtrigger.Trigger(
                name="clearing_line_counted", level=pgtrigger.Row, when=pgtrigger.After, operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "NEW.purchase_id IS NOT NULL AND OLD.outcome <> 'done' AND NEW.outcome = 'done'"
                ),
                func=counts_of("(SELECT) AS one", stage=PurchaseStage.GIVEN_UP, purchase="NEW.purchase_id"),
            ),
            pgtrigger.Protect(
                name="clearing_line_stays", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "clearing", "number", "held", "paid", "arrival", "purchase", "enrollment", "amount"
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """As the bank's list names it; a letter first, so that no workbook takes it for a day."""
        return f"T{self.clearing_id}-{self.number}"
