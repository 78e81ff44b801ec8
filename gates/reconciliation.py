"""A period's own payments against its enrollments: who paid, who did not, what came in for nobody; to the fen, for one reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _t

from beneficiaries.gating import Gate, asked_gates
from beneficiaries.models import Standing
from beneficiaries.models.enrollment import EnrollmentState
from gates.board import VIEW as VIEW_STANDING
from gates.board import waiting_counts
from gates.models import HeldKind, HeldPayment, OwnPayment
from programs.models import LedgerEntry, Period
from programs.models.ledger import AccountKind

VIEW = "gates.view_ownpayment"
ZERO = Decimal("0.00")
_LIVE = (EnrollmentState.AWAITING, EnrollmentState.IN_FORCE, EnrollmentState.ENDED)


@dataclass(frozen=True)
class Line:
    """So many people or payments and their yuan; no address for a reader who has no such list."""

    label: str
    number: int
    amount: Decimal
    url: str = ""


@dataclass(frozen=True)
class Books:
    """What the ledger says was received of a period, and what the people's shares say."""

    received: Decimal
    shares: Decimal

    @property
    def difference(self) -> Decimal:
        """Nothing, unless something is wrong."""
        return self.received - self.shares


@dataclass(frozen=True)
class Reconciliation:
    """`people`: by what they owe; `came_in`: by where the money came from; `held`: what pays nobody's share."""

    people: Sequence[Line]
    came_in: Sequence[Line]
    held: Sequence[Line]
    books: Books | None


def reconciliation_of(period: Period, user: Any) -> Reconciliation | None:
    """As far as the reader sees; None where the plan asks for no own payment. A handful of questions, whatever the people."""
    if Gate.OWN_PAYMENT not in asked_gates(period.plan):
        return None
    standing = Standing.objects.visible_to(user, VIEW_STANDING).filter(period=period)
    found = standing.aggregate(
        **{name: sums for name, sums in waiting_counts(period.plan).items() if name in (Gate.OWN_PAYMENT.value, "unpaid")},
        paid_people=_people(Q(paid=True, state__in=_LIVE)), paid_amount=_yuan(Q(paid=True, state__in=_LIVE)),
        later_people=_people(Q(paid=False, state=EnrollmentState.AWAITING)),
        later_amount=_yuan(Q(paid=False, state=EnrollmentState.AWAITING)),
        lapsed_people=_people(Q(state=EnrollmentState.LAPSED)), lapsed_amount=_yuan(Q(state=EnrollmentState.LAPSED)),
        refund_people=_people(Q(paid=True, own_share__gt=0, state=EnrollmentState.VOIDED)),
        refund_amount=_yuan(Q(paid=True, state=EnrollmentState.VOIDED)),
        shares=_yuan(Q(paid=True)),
    )
    unpaid, owed = found[Gate.OWN_PAYMENT.value], found["unpaid"]
    sees = user.has_perm("beneficiaries.view_enrollment")

    def covers(**chosen: Any) -> str:
        page = reverse("admin:beneficiaries_enrollment_changelist")
        return f"{page}?{urlencode({'period__id__exact': period.pk, **chosen})}" if sees else ""

    people = [
        Line(_t("Enrolled and paid, or nothing to pay"), found["paid_people"], found["paid_amount"]),
        Line(
            _t("Enrolled and not paid"), unpaid, owed,
            f"{reverse('admin:gates_unpaid_changelist')}?period__id__exact={period.pk}",
        ),
        Line(
            _t("Enrolled, waits for the notice first"), found["later_people"] - unpaid, found["later_amount"] - owed,
            covers(gate=Gate.NOTICE.value),
        ),
        Line(
            _t("Lapsed unpaid"), found["lapsed_people"], found["lapsed_amount"],
            covers(state__exact=EnrollmentState.LAPSED.value),
        ),
        Line(
            _t("Paid, and the cover was taken back: to be refunded"), found["refund_people"], found["refund_amount"],
            covers(state__exact=EnrollmentState.VOIDED.value),
        ),
    ]
    return Reconciliation(people, _came_in(period, user), _held(period, user), _books(period, user, found["shares"]))


def _people(which: Q) -> Sum:
    return Sum("people", filter=which, default=0)


def _yuan(which: Q) -> Sum:
    return Sum("own_share", filter=which, default=ZERO)


def _came_in(period: Period, user: Any) -> list[Line]:
    """Payments that were recorded for people one by one, by file and without."""
    seen = OwnPayment.objects.visible_to(user, VIEW).filter(period=period)
    by_file = Q(statement__isnull=False)
    amount, people = Sum(F("amount") - F("left_amount"), default=ZERO), Sum(F("people") - F("left_people"), default=0)
    page = f"{reverse('admin:gates_ownpayment_changelist')}?period__id__exact={period.pk}"
    lines = []
    for label, which, empty in ((_t("By collection statements"), by_file, 0), (_t("Recorded without a file"), ~by_file, 1)):
        found = seen.filter(which).aggregate(people=people, amount=amount)
        lines.append(Line(label, found["people"], found["amount"], f"{page}&statement__isempty={empty}"))
    return lines


def _held(period: Period, user: Any) -> list[Line]:
    """Payments of statements that pay nobody's share, by reason; and what came too late without a file."""
    seen = HeldPayment.objects.visible_to(user, "gates.view_heldpayment").filter(period=period)
    by_kind = {
        kind: (number, amount)
        for kind, number, amount in seen.order_by().values_list("kind").annotate(number=Count("pk"), amount=Sum("amount"))
    }
    page = f"{reverse('admin:gates_heldpayment_changelist')}?period__id__exact={period.pk}"
    lines = [
        Line(str(kind.label), *by_kind[kind], f"{page}&kind__exact={kind.value}") for kind in HeldKind if kind in by_kind
    ]
    late = OwnPayment.objects.visible_to(user, VIEW).filter(period=period, statement=None, left_people__gt=0)
    told = late.aggregate(people=Sum("left_people", default=0), amount=Sum("left_amount", default=ZERO))
    if told["people"]:
        lines.append(
            Line(
                _t("Paid too late, recorded without a file"), told["people"], told["amount"],
                f"{reverse('admin:gates_ownpayment_changelist')}?period__id__exact={period.pk}&statement__isempty=1",
            )
        )
    return lines


def _books(period: Period, user: Any, shares: Decimal) -> Books | None:
    """For who sees all of the program's people: the ledger beside them."""
    whole = period.program.organization.path
    if not any(
        whole.startswith(grant.organization_path) and not grant.region_prefix.removeprefix(period.program.region_code)
        and (grant.program_ids is None or period.program_id in grant.program_ids)
        for grant in user.grants(VIEW)
    ):
        return None
    of_period = Q()
    for kind, sources in (
        ("gates.ownpayment", period.own_payments), ("beneficiaries.roster", period.rosters),
        ("beneficiaries.purchase", period.purchases),
    ):
        of_period |= Q(transaction__source_type=kind, transaction__source_id__in=sources.values("pk"))
    received = LedgerEntry.objects.filter(
        of_period, account__kind=AccountKind.OWN_RECEIVED, transaction__kind="receipt", account__program=period.program_id
    ).aggregate(amount=Sum("amount", default=ZERO))["amount"]
    return Books(received, shares)
