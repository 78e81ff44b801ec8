"""What this room counts of a month, and what of it may still be open."""

from __future__ import annotations

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from programs.months import Counting, Measure, Month, OpenPoint
from subsidies.models import Differences, FundMovement, FundRequest
from subsidies.models.difference import DifferencesState
from subsidies.models.movement import MovementState
from subsidies.models.request import RequestState

REQUESTS = Counting(
    (
        Measure(
            "subsidies.asked_times", _("Funds requested: person-times"),
            _("Person-times on requests for funds that were approved and sent in the month; corrections count with their sign."),
            by_payer=True,
        ),
        Measure(
            "subsidies.asked", _("Funds requested"),
            _("Sums of the requests for funds that were approved and sent in the month, corrections with their sign."),
            is_money=True, by_payer=True,
        ),
    ),
    """
    WITH asked AS (
        SELECT p.county, p.category_id, r.funder_id,
            sum(p.times) FILTER (WHERE r.approved_at < %(begin)s) AS times_before,
            sum(p.times) FILTER (WHERE r.approved_at >= %(begin)s) AS times,
            sum(p.amount) FILTER (WHERE r.approved_at < %(begin)s) AS before,
            sum(p.amount) FILTER (WHERE r.approved_at >= %(begin)s) AS amount
        FROM subsidies_fundrequest r JOIN subsidies_fundrequestpart p ON p.request_id = r.id
        WHERE r.program_id = %(program)s AND r.state IN ('sent', 'settled') AND r.approved_at < %(end)s
        GROUP BY 1, 2, 3
    )
    SELECT m.measure, a.county, a.category_id, a.funder_id, m.before, m.amount
    FROM asked a CROSS JOIN LATERAL (VALUES
        ('subsidies.asked_times', times_before, times), ('subsidies.asked', a.before, a.amount)
    ) m (measure, before, amount)
    """,
)
MOVEMENTS = Counting(
    (
        Measure(
            "subsidies.receipt", _("Funds received"), _("Receipts from funders that were confirmed in the month."),
            is_money=True, by_payer=True,
        ),
        Measure(
            "subsidies.write_off", _("Funds written off"), _("What was written off by a decision of the month."),
            is_money=True, by_payer=True,
        ),
        Measure(
            "subsidies.payback", _("Funds paid back"), _("What was paid back to funders, confirmed in the month."),
            is_money=True, by_payer=True,
        ),
        Measure(
            "subsidies.own_refund", _("Own shares paid back"), _("Own shares paid back to the insured, confirmed in the month."),
            is_money=True, by_payer=True,
        ),
        Measure(
            "subsidies.reversal", _("Wrong records reversed"),
            _("Movements of funds that a reversal of the month took back; what it reverses stays counted in its own month."),
            is_money=True, by_payer=True,
        ),
    ),
    """
    SELECT 'subsidies.' || kind, '', NULL::bigint, funder_id,
        sum(amount) FILTER (WHERE decided_at < %(begin)s), sum(amount) FILTER (WHERE decided_at >= %(begin)s)
    FROM subsidies_fundmovement
    WHERE program_id = %(program)s AND state IN ('confirmed', 'reversed') AND decided_at < %(end)s
    GROUP BY 1, 4
    """,
)
COUNTINGS = (REQUESTS, MOVEMENTS)


def _movements(month: Month) -> int:
    return FundMovement.objects.filter(
        program_id=month.program_id, state=MovementState.PROPOSED, made_at__lt=month.ends_at
    ).count()


def _differences(month: Month) -> int:
    return Differences.objects.filter(program_id=month.program_id, state=DifferencesState.PROPOSED).count()


def _requests(month: Month) -> int:
    under_way = (RequestState.MAKING, RequestState.DRAFT, RequestState.SUBMITTED)
    return FundRequest.objects.filter(program_id=month.program_id, state__in=under_way).count()


def _list(name: str, month: Month) -> str:
    return f"{reverse(f'admin:subsidies_{name}_changelist')}?{urlencode({'program__id__exact': month.program_id})}"


OPEN_POINTS = (
    OpenPoint(
        "subsidies.movements", _("%(number)d movements of funds recorded by the end of the month are not yet confirmed."),
        _movements, lambda month: _list("fundmovement", month),
    ),
    OpenPoint(
        "subsidies.differences", _("%(number)d lists of differences wait to be approved."), _differences,
        lambda month: _list("differences", month),
    ),
    OpenPoint(
        "subsidies.requests", _("%(number)d requests for funds are not yet sent."), _requests,
        lambda month: _list("fundrequest", month),
    ),
)
