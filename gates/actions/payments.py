"""Own payments: recorded for many people at once under one reference, paid by themselves or by a sponsor, booked to the fen."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import User
from audit import events
from audit.faults import fault_point
from beneficiaries.gating import PASSABLE, Gate, asked_gates, pass_gate_of, waiting_at
from beneficiaries.models import Enrollment
from beneficiaries.models.purchase import names_a_person
from gates.errors import GatesRefused
from gates.models import OwnPayment, OwnPaymentLine
from gates.reach import refuse_beyond
from jobs.actions import enqueue
from programs import actions as programs
from programs.models import Funder, Period

PAYER = gettext_noop("system:payments")
KIND = "gates.record_payment"
#: So many are recorded with the click; more by a job, this many at a step.
AT_ONCE, BATCH = 2_000, 20_000
REFERENCE_LENGTH = 60
ZERO = Decimal("0.00")

_LINES = """
INSERT INTO gates_ownpaymentline (payment_id, enrollment_id, amount)
SELECT %s, e.id, e.own_share FROM beneficiaries_enrollment e WHERE e.id IN ({chosen}) ORDER BY e.id
"""


def due_of(covers: QuerySet, period: Period) -> tuple[QuerySet[Enrollment], int, Decimal]:
    """Whoever of these people waits for the own payment of a period: they, how many, and the yuan that they owe.

    Not whose roster is being undone, nor who is on a payment that is being recorded, nor the dead.
    """
    chosen = covers.order_by().values("pk")
    waiting = Enrollment.objects.filter(
        waiting_at(Gate.OWN_PAYMENT), period=period, person__deceased_on=None, pk__in=chosen
    )
    # Nor who stands in an employer's roster: the employer pays by its bill.
    waiting = waiting.filter(Q(roster__isnull=True) | Q(roster__state__in=PASSABLE, roster__employer__isnull=True))
    waiting = waiting.filter(~Exists(OwnPaymentLine.objects.filter(enrollment=OuterRef("pk"), reversed_by=None)))
    found = waiting.aggregate(people=Count("pk"), amount=Sum("own_share", default=ZERO))
    return waiting, found["people"], found["amount"]


def record_payment(
    covers: QuerySet, *, period: Period, reference: str, paid_on: date, amount: Decimal, sponsor: Funder | None = None,
    by: User, at: datetime,
) -> OwnPayment:
    """Record that the own shares of all these people came in, under the bank's or office's own reference.

    The sum is compared with what they owe, to the fen: another sum is refused whole. Few are recorded in this
    transaction, many by a job; the people are fixed now either way, and nobody is on two payments.
    """
    try:
        with transaction.atomic():
            return _record_payment(
                covers, period=period, reference=reference.strip(), paid_on=paid_on, amount=amount, sponsor=sponsor, by=by,
                at=at,
            )
    except IntegrityError as conflict:
        raise said(conflict) from conflict


def _record_payment(
    covers: QuerySet, *, period: Period, reference: str, paid_on: date, amount: Decimal, sponsor: Funder | None, by: User,
    at: datetime,
) -> OwnPayment:
    office = by.organization
    refuse_unfit(period, reference=reference, paid_on=paid_on, at=at)
    refuse_beyond(
        by, "gates.record_payment", organization=office, region_code=office.region_code or "", program_id=period.program_id
    )
    with connection.cursor() as cursor:
        # Two payments of one period at once: the second sees who is on the first.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"gates.payment:{period.pk}"])
    waiting, people, due = due_of(covers, period)
    if not people:
        raise GatesRefused("NOBODY_OWES")
    if amount != due:
        raise GatesRefused("AMOUNT", paid=amount, due=due)
    if named_so(reference, program_id=period.program_id).exists():
        raise GatesRefused("REFERENCE_TAKEN", reference=reference)
    return pay_whole(
        OwnPayment(
            program_id=period.program_id, period=period, organization=office, region_code=office.region_code or "",
            sponsor=sponsor, reference=reference, paid_on=paid_on, people=people, amount=amount, made_by=by, made_at=at,
        ),
        waiting, by=by,
    )


def pay_whole(payment: OwnPayment, waiting: QuerySet[Enrollment], *, by: Any) -> OwnPayment:
    """Save a payment with a line for each of these people, and record it for them: few at once, many by a job.

    In the caller's transaction and turn, which has counted the people and compared the sum.
    """
    people, amount, at = payment.people, payment.amount, payment.made_at
    fault_point("gates.record_payment.before")
    payment.save(force_insert=True)
    chosen, values = waiting.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_LINES.format(chosen=chosen), [payment.pk, *values])
        if cursor.rowcount != people:
            raise GatesRefused("CHANGED")
    _record("payment.recorded", payment, by=by, at=at, people=people, amount=str(amount))
    fault_point("gates.record_payment.fixed")
    if people <= AT_ONCE:
        passed, received = _pay(payment, OwnPaymentLine.objects.filter(payment=payment), by=by)
        end_recording(payment, people - passed, amount - received, by=by, at=at)
    else:
        enqueue(
            KIND, arguments={"payment": payment.pk}, subject=payment, organization=payment.organization,
            region_code=payment.region_code, program_id=payment.program_id, by=by, at=at, total=people,
        )
    fault_point("gates.record_payment.after")
    return payment


def pay_part(run: Any, payment: OwnPayment, *, at: datetime) -> dict[str, Any]:
    """Record a payment of many people part by part; a killed run goes on where it was."""
    place = run.cursor or {"line": 0, "people": 0, "amount": "0.00"}
    while True:
        run.check_stop()
        with transaction.atomic():
            fault_point("gates.pay_part.before")
            lines = OwnPaymentLine.objects.filter(payment=payment, pk__gt=place["line"]).order_by("pk")
            ids = list(lines.values_list("pk", flat=True)[:BATCH])
            if not ids:
                break
            part = OwnPaymentLine.objects.filter(payment=payment, pk__gt=place["line"], pk__lte=ids[-1])
            people, amount = _pay(payment, part, by=PAYER)
            place = {
                "line": ids[-1], "people": place["people"] + people, "amount": str(Decimal(place["amount"]) + amount),
            }
            run.advance(more=len(ids), cursor=place)
            fault_point("gates.pay_part.after")
        fault_point("gates.pay_part.committed")
    with transaction.atomic():
        fault_point("gates.pay_end.before")
        payment = OwnPayment.objects.select_for_update(of=("self",)).select_related("organization").get(pk=payment.pk)
        if payment.state == OwnPayment.State.RECORDING:
            end_recording(
                payment, payment.people - place["people"], payment.amount - Decimal(place["amount"]), by=PAYER, at=at
            )
        run.advance()
        fault_point("gates.pay_end.after")
    return {"people": place["people"], "left": payment.left_people}


def _pay(payment: OwnPayment, lines: QuerySet[OwnPaymentLine], *, by: Any) -> tuple[int, Decimal]:
    """Stamp and book some lines of a payment: (people, yuan) for whom it was recorded.

    At the moment at which the payment was recorded: whoever paid in time is in time, whenever their turn comes.
    """
    covers = Enrollment.objects.filter(pk__in=lines.values("enrollment"))
    passed = pass_gate_of(covers, gate=Gate.OWN_PAYMENT, period=payment.period, by=by, at=payment.made_at)
    fault_point("gates.pay.before")
    programs.receive_own(
        payment, passed.own_share, program_id=payment.program_id, people=passed.people, by=by, at=payment.made_at
    )
    fault_point("gates.pay.after")
    return passed.people, passed.own_share


def end_recording(payment: OwnPayment, left_people: int, left_amount: Decimal, *, by: Any, at: datetime) -> None:
    """Nothing of a payment is still to be recorded; for whom it came too late is told with it."""
    fault_point("gates.finish_payment.before")
    payment.state, payment.left_people, payment.left_amount = OwnPayment.State.RECORDED, left_people, left_amount
    payment.save(update_fields=["state", "left_people", "left_amount"])
    if left_people:
        _record("payment.too_late", payment, by=by, at=at, people=left_people, amount=str(left_amount))
    fault_point("gates.finish_payment.after")


def named_so(reference: str, *, program_id: int) -> QuerySet[OwnPayment]:
    """Payments that keep a reference from being used again."""
    found = OwnPayment.objects.filter(program=program_id, reference=reference, clearing=None)
    return found.exclude(state=OwnPayment.State.REVERSED)


def refuse_unfit(period: Period, *, reference: str, paid_on: date, at: datetime) -> None:
    """GatesRefused for a reference that is none, a day to come, a closed time of enrollment, a plan that asks for no payment."""
    today = timezone.localdate(at)
    if Gate.OWN_PAYMENT not in asked_gates(period.plan):
        raise GatesRefused("PAYMENT_NOT_ASKED")
    if today >= period.enrollment_closes_on:
        raise GatesRefused("ENROLLMENT_CLOSED", day=period.enrollment_closes_on)
    if not 0 < len(reference) <= REFERENCE_LENGTH or names_a_person(reference):
        raise GatesRefused("REFERENCE", characters=REFERENCE_LENGTH)
    if paid_on > today:
        raise GatesRefused("PAID_LATER")


def said(conflict: IntegrityError) -> Exception:
    """Somebody was faster: what the database refused, as the rules say it."""
    name = getattr(getattr(conflict.__cause__, "diag", None), "constraint_name", "")
    codes = {
        "own_share_paid_once": "CHANGED", "payment_line_reversed_once": "CHANGED", "held_payment_listed_once": "CHANGED",
        "arrival_reversed_once": "CHANGED", "purchase_given_up_once": "CHANGED", "purchase_payment_arrives_once": "CHANGED",
        "own_payment_once": "REFERENCE_TAKEN", "statement_stands_once": "REFERENCE_TAKEN",
    }
    return GatesRefused(codes[name], reference="") if name in codes else conflict


def _record(verb: str, payment: OwnPayment, *, by: Any, at: datetime, **data: Any) -> None:
    events.record(
        verb, payment, by=by, at=at, organization=payment.organization, region_code=payment.region_code,
        program_id=payment.program_id, data=data,
    )
