"""What an employer owes: who of a bill's roster has still to be paid for, by price, and how the bill stands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum
from django.utils.translation import gettext as _t

from beneficiaries.gating import PASSABLE, Gate, waiting_at
from beneficiaries.models import Enrollment
from beneficiaries.models.enrollment import EnrollmentState
from gates.models import EmployerBill, OwnPayment, OwnPaymentLine, owing

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Owed:
    """So many people and yuan of a bill that are to be paid now; `early`: of them, who waits for the public notice first."""

    covers: QuerySet[Enrollment]
    people: int
    amount: Decimal
    early: int


def owed_of(bill: EmployerBill) -> Owed:
    """What is due now: whoever left (ended, voided, lapsed, undone) is owed for no more."""
    covers = Enrollment.objects.filter(
        owing(), period=bill.period_id, roster=bill.roster_id, roster__state__in=PASSABLE
    ).filter(~Exists(OwnPaymentLine.objects.filter(enrollment=OuterRef("pk"), reversed_by=None)))
    due = covers.filter(waiting_at(Gate.OWN_PAYMENT))
    whole = covers.aggregate(people=Count("pk"), amount=Sum("own_share", default=ZERO))
    return Owed(due, whole["people"], whole["amount"], whole["people"] - due.count())


@dataclass(frozen=True)
class Price:
    """People of one own share: how many of the bill, of whom this many are still to be paid for."""

    own_share: Decimal
    people: int
    due: int

    @property
    def due_amount(self) -> Decimal:
        """Yuan."""
        return self.own_share * self.due


def prices_of(bill: EmployerBill) -> Sequence[Price]:
    """Everybody of the bill's roster by own share, the dearest first."""
    of_roster = Enrollment.objects.filter(roster=bill.roster_id, own_share__gt=0).order_by()
    rows = of_roster.values("own_share").annotate(people=Count("pk"), due=Count("pk", filter=owing())).order_by("-own_share")
    return [Price(row["own_share"], row["people"], row["due"]) for row in rows]


#: What became of people of a bill, in the order in which pages say it.
_STATES = (
    EnrollmentState.AWAITING, EnrollmentState.IN_FORCE, EnrollmentState.LAPSED, EnrollmentState.ENDED, EnrollmentState.VOIDED,
)


def states_of(bill: EmployerBill) -> Sequence[tuple[str, int, Decimal]]:
    """(state, people, yuan) of everybody of the bill's roster who has an own share."""
    of_roster = Enrollment.objects.filter(roster=bill.roster_id, own_share__gt=0).order_by()
    found = {
        row["state"]: (row["people"], row["sum"])
        for row in of_roster.values("state").annotate(people=Count("pk"), sum=Sum("own_share"))
    }
    return [(str(state.label), *found[state]) for state in _STATES if state in found]


def standing_of(bill: Any) -> tuple[str, str]:
    """How a bill read `with_due` stands: in words, and the tone of its badge."""
    if bill.due_people:
        return (_t("Payment to be confirmed"), "work") if bill.waits else (_t("To be paid"), "wait")
    return (_t("Paid"), "good") if bill.was_paid else (_t("Nothing is due any more"), "calm")


def employer_of(payment: OwnPayment) -> Any:
    """The bill's payment that an own payment was made by; None for all others."""
    return getattr(payment, "of_bill", None)


_NUMBER = re.compile(r"(?<![A-Z])Q([0-9]{10,18})(?![0-9])")


def bill_id_of(text: str) -> int | None:
    """The bill whose number stands in a text, as a bank's remark writes it; None when its check digits do not fit."""
    found = _NUMBER.search("".join(unicodedata.normalize("NFKC", text).upper().split()))
    return int(found[1][:-2]) if found and int(found[1]) % 97 == 1 else None
