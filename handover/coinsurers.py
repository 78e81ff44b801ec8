"""A plan's premium by insurer, period by period: an office and the lead read all parts, a co-insurer its own alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection

from handover.models import HandOver, HandOverState
from handover.statement import ZERO, Sums, by_insurer
from programs.filing import insurers_of
from programs.models import Period, Plan, PlanInsurer, Program
from programs.rules.coinsurance import percent

VIEW = "handover.view_handover"
TOLD = (HandOverState.RELEASED, HandOverState.ANSWERED)
# From the counts kept with each hand-over; a premium has one of a few dozen divisions.
_SUMS = """
SELECT h.period_id, h.kind = 'removals', sum((part ->> 4)::bigint * s.premium), sum((part ->> 7)::bigint * s.premium),
    sum((part ->> 8)::bigint * s.premium)
FROM handover_handover h CROSS JOIN LATERAL jsonb_array_elements(h.statement) part
JOIN programs_fundingsplit s ON s.id = (part ->> 2)::bigint
WHERE h.id = ANY(%s) GROUP BY h.id ORDER BY h.id
"""


@dataclass
class Share:
    """Yuan of one insurer: accepted for whoever came, given back for whoever went, told and not answered."""

    name: str
    percent: str
    accepted: Decimal = ZERO
    given_back: Decimal = ZERO
    open: Decimal = ZERO

    @property
    def balance(self) -> Decimal:
        """Accepted less given back."""
        return self.accepted - self.given_back


@dataclass
class OfPeriod:
    """The parts of one period's premium."""

    code: str
    shares: Sequence[Share] = field(default_factory=list)


def shares_of(plan: Plan, user: Any) -> list[OfPeriod]:
    """What the hand-overs of each period come to by insurer, as far as this reader may know; none where one insurer bears it."""
    insurers = insurers_of(plan)
    if not insurers:
        return []
    told = HandOver.objects.filter(period__plan=plan, state__in=TOLD)
    shown = {each.pk for each in insurers}
    if Program.objects.visible_to(user, VIEW).filter(pk=plan.program_id).exists():
        told = told.visible_to(user, VIEW)
    else:
        shown = set(PlanInsurer.objects.of_readers_own(user, VIEW).filter(plan=plan).values_list("pk", flat=True))
    codes = dict(Period.objects.filter(plan=plan).order_by("-starts_on").values_list("pk", "code"))
    found = {
        pk: {each.pk: Share(each.insurer.name, percent(each.share)) for each in insurers} for pk in codes
    }
    heard = set()
    for period, removals, premium, accepted, refused in _sums(list(told.values_list("pk", flat=True))):
        heard.add(period)
        sums = Sums(premium=premium, accepted_premium=accepted, refused_premium=refused)
        for each, part in by_insurer(sums, insurers):
            _add(found[period][each.pk], part, removals=removals)
    return [
        OfPeriod(code, [share for pk, share in found[period].items() if pk in shown])
        for period, code in codes.items() if period in heard
    ]


def _sums(hand_overs: list[int]) -> list[tuple[int, bool, Decimal, Decimal, Decimal]]:
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, [hand_overs])
        return list(cursor.fetchall())


def _add(share: Share, part: Sums, *, removals: bool) -> None:
    """An answer that is open is one of whoever came: of whoever went nothing is given back before it is accepted."""
    if removals:
        share.given_back += part.accepted_premium
    else:
        share.accepted += part.accepted_premium
        share.open += part.open_premium
