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
from beneficiaries.models import Enrollment, PurchaseStage, PurchaseStanding, Standing
from beneficiaries.models.enrollment import GIVEN_BACK, EnrollmentState
from gates.board import VIEW as VIEW_STANDING
from gates.board import waiting_counts
from gates.models import OUTSTANDING, Clearing, ClearingKind, HeldKind, HeldPayment, HeldState, OwnPayment
from programs.models import LedgerEntry, LedgerTransaction, Period
from programs.models.ledger import AccountKind

VIEW = "gates.view_ownpayment"
ZERO = Decimal("0.00")
Posting = LedgerTransaction.Kind
#: Postings of own payments, those of subsidies' refunds not among them.
_KINDS = (Posting.RECEIPT, Posting.HELD, Posting.ASSIGN, Posting.RETURN, Posting.UNPAID)
#: Where payments come from, as their list can be narrowed.
_ORIGINS = {
    "file": Q(statement__isnull=False), "held": Q(clearing__isnull=False),
    "hand": Q(statement__isnull=True, clearing__isnull=True),
}
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
    """What the ledger says of a period: `came_in` is `received` (as own shares), `held` and `returned`; and what the lists say.

    `shares`, `outstanding`: own shares recorded as paid, money that waits to be cleared.
    """

    came_in: Decimal
    received: Decimal
    held: Decimal
    returned: Decimal
    shares: Decimal
    outstanding: Decimal

    @property
    def difference(self) -> Decimal:
        """Nothing, unless something is wrong."""
        return self.received - self.shares

    @property
    def held_difference(self) -> Decimal:
        """Nothing, unless something is wrong."""
        return self.held - self.outstanding


@dataclass(frozen=True)
class Reconciliation:
    """`people`: by what they owe; `came_in`: by where the money came from; `held`: what pays nobody's share and has no end yet;
    `ended`: what was held and has one."""

    people: Sequence[Line]
    came_in: Sequence[Line]
    held: Sequence[Line]
    ended: Sequence[Line]
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
    held, ended = _held(period, user)
    return Reconciliation(people, _came_in(period, user), held, ended, _books(period, user, found["shares"]))


def _people(which: Q) -> Sum:
    return Sum("people", filter=which, default=0)


def _yuan(which: Q) -> Sum:
    return Sum("own_share", filter=which, default=ZERO)


def _came_in(period: Period, user: Any) -> list[Line]:
    """Payments that were recorded for people one by one, by file and without."""
    seen = OwnPayment.objects.visible_to(user, VIEW).filter(period=period)
    amount, people = F("amount") - F("left_amount") - F("reversed_amount"), F("people") - F("left_people") - F("reversed_people")
    page = f"{reverse('admin:gates_ownpayment_changelist')}?period__id__exact={period.pk}"
    sums: dict[str, Any] = {}
    for name, which in _ORIGINS.items():
        sums[f"{name}_people"] = Sum(people, filter=which, default=0)
        sums[f"{name}_amount"] = Sum(amount, filter=which, default=ZERO)
    found = seen.aggregate(**sums)
    labels = (
        ("file", _t("By collection statements")), ("held", _t("Assigned from held money")),
        ("hand", _t("Recorded without a file")),
    )
    return [
        *[
            Line(label, found[f"{name}_people"], found[f"{name}_amount"], f"{page}&origin={name}")
            for name, label in labels if name != "held" or found["held_people"]
        ],
        *_bought(period, user),
    ]


def _bought(period: Period, user: Any) -> list[Line]:
    """Payments that came with purchases, by counts that are kept: shown by a channel, by none yet, given up; nothing else."""
    seen = PurchaseStanding.objects.visible_to(user, VIEW).filter(period=period).order_by()
    counted = seen.values_list("stage").annotate(number=Sum("purchases"), amount=Sum("amount"))
    found = {stage: (number, amount) for stage, number, amount in counted}
    taken, arrived, given_up = (found.get(stage, (0, ZERO)) for stage in PurchaseStage)
    page = f"{reverse('admin:gates_uncollected_changelist')}?period__id__exact={period.pk}"
    lines = (
        Line(_t("Purchases paid, and arrived by statements"), *arrived),
        Line(
            _t("Purchases paid, not arrived yet"), taken[0] - arrived[0] - given_up[0], taken[1] - arrived[1] - given_up[1], page
        ),
        Line(
            _t("Purchases whose payment never came, given up"), *given_up,
            f"{reverse('admin:gates_clearing_changelist')}?period__id__exact={period.pk}&kind__exact={ClearingKind.UNPAID.value}",
        ),
    )
    return [line for line in lines if line.number]


def _held(period: Period, user: Any) -> tuple[list[Line], list[Line]]:
    """Payments of statements that pay nobody's share, by reason, and what came too late without a file; those that have an end."""
    seen = HeldPayment.objects.visible_to(user, "gates.view_heldpayment").filter(period=period)
    counted = seen.order_by().values_list("kind", "state").annotate(number=Count("pk"), amount=Sum("amount"))
    by_kind: dict[str, tuple[int, Decimal]] = {}
    by_state: dict[str, tuple[int, Decimal]] = {}
    for kind, state, number, amount in counted:
        found, key = (by_kind, kind) if state in OUTSTANDING else (by_state, state)
        before = found.get(key, (0, ZERO))
        found[key] = (before[0] + number, before[1] + amount)
    page = f"{reverse('admin:gates_heldpayment_changelist')}?period__id__exact={period.pk}"
    open_ones = f"{page}&state__in={'%2C'.join(state.value for state in OUTSTANDING)}"
    lines = [
        Line(str(kind.label), *by_kind[kind], f"{open_ones}&kind__exact={kind.value}") for kind in HeldKind if kind in by_kind
    ]
    ended = [
        *_refunds(period, user),
        *(
            Line(str(state.label), *by_state[state], f"{page}&state__exact={state.value}") for state in HeldState
            if state in by_state
        ),
    ]
    late = OwnPayment.objects.visible_to(user, VIEW).filter(period=period, statement=None, clearing=None, left_people__gt=0)
    told = late.aggregate(people=Sum("left_people", default=0), amount=Sum("left_amount", default=ZERO))
    if told["people"]:
        lines.append(
            Line(
                _t("Paid too late, recorded without a file"), told["people"], told["amount"],
                f"{reverse('admin:gates_ownpayment_changelist')}?period__id__exact={period.pk}&origin=hand",
            )
        )
    return lines, ended


def _refunds(period: Period, user: Any) -> list[Line]:
    """Covers whose own share goes back whole: those that a channel has shown to have gone back, and the others."""
    given_back = Enrollment.objects.visible_to(user, VIEW).filter(GIVEN_BACK, period=period)
    shown = Q(refund__isnull=False)
    found = given_back.aggregate(
        done=Count("pk", filter=shown), back=Sum("own_share", filter=shown, default=ZERO), open=Count("pk", filter=~shown),
        owed=Sum("own_share", filter=~shown, default=ZERO),
    )
    lines = (
        Line(_t("Own shares of covers taken back, refund shown by the channel"), found["done"], found["back"]),
        Line(_t("Own shares of covers taken back, refund not shown yet"), found["open"], found["owed"]),
    )
    return [line for line in lines if line.number]


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
        ("beneficiaries.purchase", period.purchases), ("gates.statement", period.statements),
        ("gates.clearing", Clearing.objects.filter(period=period)),
    ):
        of_period |= Q(transaction__source_type=kind, transaction__source_id__in=sources.values("pk"))
    legs = LedgerEntry.objects.filter(of_period, transaction__kind__in=_KINDS, account__program=period.program_id)
    returns = Q(transaction__kind=Posting.RETURN)
    found = legs.aggregate(
        came_in=Sum("amount", filter=Q(account__kind=AccountKind.OWN_RECEIVED) & ~returns, default=ZERO),
        received=Sum("amount", filter=Q(account__kind=AccountKind.PERSON_RECEIVABLE), default=ZERO),
        held=Sum("amount", filter=Q(account__kind=AccountKind.OWN_HELD), default=ZERO),
        returned=Sum("amount", filter=Q(account__kind=AccountKind.OWN_RECEIVED) & returns, default=ZERO),
    )
    outstanding = HeldPayment.objects.filter(period=period, state__in=OUTSTANDING).aggregate(
        amount=Sum("amount", default=ZERO)
    )["amount"]
    return Books(
        came_in=found["came_in"], received=-found["received"], held=-found["held"], returned=-found["returned"], shares=shares,
        outstanding=outstanding,
    )
