"""What this room counts of a month: payouts that insurers reported, as recorded; and what of it may still be open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from intake.models import UNDER_WAY
from programs.months import Counting, Measure, Month, OpenPoint
from results.models import Report


def _insurers(_program_id: int, codes: Iterable[str]) -> Mapping[str, str]:
    return {str(pk): name for pk, name in Organization.objects.filter(
        pk__in=[int(code) for code in codes]
    ).values_list("pk", "name")}


# What is undone counts off again in the month in which it is.
REPORTED = Counting(
    (
        Measure(
            "results.reported", _("Payouts reported by insurers"),
            _("Payouts of insurers' reports that were recorded in the month, without those that the bank did not make."),
            detail=_("insurer"), names=_insurers,
        ),
        Measure(
            "results.reported_amount", _("Payouts reported by insurers: sum"),
            _("What the payouts recorded in the month come to, without those that the bank did not make."), is_money=True,
            detail=_("insurer"), names=_insurers,
        ),
        Measure(
            "results.different", _("Reported payouts that differ from ours"),
            _("Of those reported, the ones whose sum is not that of our own calculation."), detail=_("insurer"), names=_insurers,
        ),
        Measure(
            "results.difference", _("Reported payouts: difference to ours"),
            _("What they pay more than our own calculation (less: below zero), where it can be calculated."), is_money=True,
            detail=_("insurer"), names=_insurers,
        ),
        Measure(
            "results.unknown", _("Reported payouts that cannot be calculated"),
            _("Of those reported, the ones that lack what our own calculation needs."), detail=_("insurer"), names=_insurers,
        ),
    ),
    """
    WITH said AS (
        SELECT left(r.region_code, 6) AS county, r.insurer_id, m.at, m.sign, r.paid, r.comparison,
            coalesce(r.difference, 0) AS apart
        FROM results_result r CROSS JOIN LATERAL (VALUES (r.applied_at, 1), (r.undone_at, -1)) m (at, sign)
        WHERE r.program_id = %(program)s AND r.bank_result NOT IN ('failed', 'returned') AND m.at < %(end)s
    )
    SELECT v.measure, county, NULL::bigint, NULL::bigint, sum(v.amount) FILTER (WHERE at < %(begin)s),
        sum(v.amount) FILTER (WHERE at >= %(begin)s), insurer_id::text
    FROM said CROSS JOIN LATERAL (VALUES
        ('results.reported', sign::numeric), ('results.reported_amount', sign * paid),
        ('results.different', sign * (comparison = 'different')::int), ('results.difference', sign * apart),
        ('results.unknown', sign * (comparison = 'unknown')::int)
    ) v (measure, amount)
    GROUP BY v.measure, county, insurer_id
    """,
)
COUNTINGS = (REPORTED,)


def _reports(month: Month) -> int:
    return Report.objects.filter(
        program_id=month.program_id, state__in=UNDER_WAY, uploaded_at__lt=month.ends_at
    ).count()


OPEN_POINTS = (
    OpenPoint(
        "results.reports", _("%(number)d reports of payouts by insurers wait to be checked or approved."), _reports,
        lambda month: f"{reverse('admin:results_report_changelist')}?{urlencode({'program__id__exact': month.program_id})}",
    ),
)
