"""How an own share was paid, as expressions over any rows that lead to an enrollment: payment, channel, sponsor."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from beneficiaries.own_payers import OwnPaid
from gates.models import Arrival, BillPayment, Channel, OwnPayment, OwnPaymentLine, StatementRow


def _line(path: str) -> QuerySet[OwnPaymentLine]:
    return OwnPaymentLine.objects.filter(enrollment=OuterRef(f"{path}pk"), reversed_by=None).order_by()


def _bill(path: str) -> QuerySet[BillPayment]:
    """The employer's newest confirmed payment of the roster."""
    found = BillPayment.objects.filter(bill__roster=OuterRef(f"{path}roster_id"), state=BillPayment.State.CONFIRMED)
    return found.order_by("-pk")


def _reference(path: str) -> Any:
    row = StatementRow.objects.filter(pk=OuterRef("row_id")).order_by()
    lines = _line(path).annotate(serial=Subquery(row.values("serial")[:1]))
    return Coalesce(
        Subquery(_bill(path).values("reference")[:1]),
        Subquery(lines.values_list(Coalesce("serial", "payment__reference"))[:1]),
    )


def _way(path: str) -> Any:
    arrived = Arrival.objects.filter(purchase=OuterRef(f"{path}purchase_id"), reversed_by=None).order_by()
    return Coalesce(
        Subquery(arrived.values("statement__channel")[:1]), Subquery(_bill(path).values("statement__channel")[:1]),
        Subquery(_line(path).values("payment__statement__channel")[:1]),
    )


def _sponsor(path: str) -> Any:
    return Subquery(_line(path).values("payment__sponsor__name")[:1])


def _has_sponsors(program_id: int) -> bool:
    return OwnPayment.objects.filter(program=program_id, sponsor__isnull=False).exists()


OWN_PAID = OwnPaid(_reference, _way, _sponsor, _has_sponsors, dict(Channel.choices))
