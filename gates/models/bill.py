"""Bills of employers (缴费通知): what an employer owes for a roster in one sum; and the one transfer that pays it."""

from __future__ import annotations

from typing import Any, Self

import pgtrigger
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.models.events import append_only
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models import Employer, Enrollment, Roster
from beneficiaries.models.agreement import agrees
from beneficiaries.models.enrollment import EnrollmentState
from gates.models.payment import OwnPayment
from gates.models.statement import Statement, StatementRow
from programs.models import Period, Program


def owing() -> Q:
    """Enrollments whose own share nobody has paid, and is still to be paid."""
    return Q(state=EnrollmentState.AWAITING, own_paid_at__isnull=True, own_share__gt=0)


class BillQuerySet(ScopedQuerySet):
    """Chainable words about bills. How a bill stands is asked of its covers: it is kept nowhere, and so never wrong."""

    def _covers(self) -> Any:
        # Found by the index of whoever waits.
        return Enrollment.objects.filter(owing(), period=OuterRef("period"), roster=OuterRef("roster"))

    def with_due(self) -> Self:
        """With `due_people` and `due` yuan of now."""
        summed = self._covers().order_by().values("roster")
        return self.annotate(
            due_people=Coalesce(Subquery(summed.annotate(people=Count("pk")).values("people")), 0),
            due=Coalesce(
                Subquery(summed.annotate(sum=Sum("own_share")).values("sum")), 0, output_field=models.DecimalField()
            ),
            waits=Exists(BillPayment.objects.filter(bill=OuterRef("pk"), state=BillPayment.State.PROPOSED)),
            was_paid=Exists(_standing().filter(bill=OuterRef("pk"))),
        )

    def unpaid(self) -> Self:
        """Of which something is due."""
        return self.filter(Exists(self._covers()))

    def paid(self) -> Self:
        """Paid, and nothing more is due."""
        return self.filter(~Exists(self._covers()), Exists(_standing().filter(bill=OuterRef("pk"))))

    def gone(self) -> Self:
        """Nothing is due any more, and nothing was paid."""
        return self.filter(~Exists(self._covers()), ~Exists(_standing().filter(bill=OuterRef("pk"))))


def _standing() -> Any:
    return BillPayment.objects.filter(state=BillPayment.State.CONFIRMED).exclude(payment__state=OwnPayment.State.REVERSED)


class EmployerBill(models.Model):
    """What an employer owes for the people of one applied roster, as it was drawn up; never changed."""

    employer = models.ForeignKey(Employer, models.PROTECT, related_name="bills", verbose_name=_("employer"))
    roster = models.OneToOneField(Roster, models.PROTECT, related_name="bill", verbose_name=_("roster"))
    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="bills", verbose_name=_("period"))
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("office"))
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    people = models.PositiveIntegerField(_("people"))
    amount = models.DecimalField(_("amount (yuan)"), max_digits=16, decimal_places=2)
    made_at = models.DateTimeField(_("drawn up at"))

    objects: Any = BillQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "employer", "roster", "program", "period", "organization", "region_code", "people", "amount", "made_at",
    )

    class Meta:
        verbose_name = _("employer's bill")
        verbose_name_plural = _("employers' bills")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("record_bill_payment", _("Can record payments of employers' bills")),
            ("confirm_bill_payment", _("Can confirm payments of employers' bills or decline them")),
        ]
        constraints = [models.CheckConstraint(name="bill_is_of_somebody", condition=Q(people__gt=0, amount__gt=0))]
        triggers = [
            *append_only("bill"),
            agrees(
                "bill_agrees",
                """
                SELECT FROM new_rows LEFT JOIN beneficiaries_roster roster ON roster.id = new_rows.roster_id
                    AND roster.employer_id = new_rows.employer_id AND roster.program_id = new_rows.program_id
                    AND roster.period_id = new_rows.period_id AND roster.organization_id = new_rows.organization_id
                WHERE roster.id IS NULL
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def number(self) -> str:
        """缴费通知编号: program, period, Q and the bill's own number with a check digit (mod 97-10, ISO 7064)."""
        return f"{self.program.code}-{self.period.code}-Q{self.pk:08d}{98 - (self.pk * 100) % 97:02d}"


class BillPayment(models.Model):
    """The one transfer of an employer: recorded by one person, counted when another confirms it."""

    class State(models.TextChoices):
        """Nobody has paid before somebody else confirms it."""

        PROPOSED = "proposed", _("To be confirmed")
        CONFIRMED = "confirmed", _("Confirmed")
        DECLINED = "declined", _("Declined")

    bill = models.ForeignKey(EmployerBill, models.PROTECT, related_name="payments", verbose_name=_("employer's bill"))
    reference = models.CharField(_("reference of the payment"), max_length=60, db_collation="C")
    paid_on = models.DateField(_("paid on"))
    people = models.PositiveIntegerField(_("people"))
    amount = models.DecimalField(_("amount (yuan)"), max_digits=16, decimal_places=2)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.PROPOSED, db_collation="C")
    #: What it became: the own shares of all its people.
    payment = models.OneToOneField(
        OwnPayment, models.PROTECT, null=True, related_name="of_bill", verbose_name=_("own payment")
    )
    #: The line of a channel's statement that shows that it came: at once, or later.
    statement = models.ForeignKey(
        Statement, models.PROTECT, null=True, related_name="bill_payments", verbose_name=_("collection statement")
    )
    row = models.OneToOneField(
        StatementRow, models.PROTECT, null=True, related_name="bill_payment", db_constraint=False, verbose_name=_("line")
    )
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("recorded by"))
    recorded_at = models.DateTimeField(_("recorded at"))
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    answer = models.CharField(_("reason"), max_length=300, blank=True, default="")

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="bill__organization__path", region="bill__region_code", program="bill__program_id"
    )
    personal_fields = ()
    open_fields = (
        "id", "bill", "reference", "paid_on", "people", "amount", "state", "payment", "statement", "row", "recorded_by",
        "recorded_at", "decided_by", "decided_at", "answer",
    )

    class Meta:
        verbose_name = _("payment of a bill")
        verbose_name_plural = _("payments of bills")
        ordering = ["-id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="bill_payment_one_at_a_time", fields=["bill"], condition=Q(state="proposed")),
            models.CheckConstraint(
                name="bill_payment_confirmed_by_another",
                condition=Q(state="proposed", decided_by__isnull=True, decided_at__isnull=True, payment__isnull=True)
                | Q(state="declined", decided_by__isnull=False, decided_at__isnull=False, payment__isnull=True)
                | (
                    Q(state="confirmed", decided_by__isnull=False, decided_at__isnull=False, payment__isnull=False)
                    & ~Q(decided_by=F("recorded_by"))
                ),
            ),
            models.CheckConstraint(
                name="bill_payment_is_shown_by_a_line",
                condition=Q(statement__isnull=True, row__isnull=True)
                | Q(statement__isnull=False, row__isnull=False, state="confirmed"),
            ),
            models.CheckConstraint(
                name="bill_payment_is_whole", condition=~Q(reference="") & Q(people__gt=0, amount__gt=0)
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="bill_payment_is_kept", operation=pgtrigger.Delete),
            # Only what was decided is written later, once.
            pgtrigger.Protect(
                name="bill_payment_stands", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "bill", "reference", "paid_on", "people", "amount", "recorded_by", "recorded_at"
                ),
            ),
            # And, of what was confirmed, the line that shows it.
            pgtrigger.Protect(
                name="bill_payment_decided_once", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state <> 'proposed' AND (OLD.state = 'declined' OR OLD.row_id IS NOT NULL OR NEW.state <> OLD.state"
                    " OR NEW.payment_id <> OLD.payment_id OR NEW.decided_by_id <> OLD.decided_by_id"
                    " OR NEW.decided_at <> OLD.decided_at OR NEW.answer <> OLD.answer)"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
