"""What this room counts of a month, and what of it may still be open."""

from __future__ import annotations

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from gates.models import Clearing, ClearingState, OwnPayment, Statement
from intake.models import UNDER_WAY
from programs.months import Counting, Measure, Month, OpenPoint

PAYMENTS = Counting(
    (
        Measure(
            "gates.payers", _("Own payments: covers"),
            _("Covers whose own share was paid on a day of the month, as the bank or office says it."),
        ),
        Measure(
            "gates.paid", _("Own payments received"),
            _("Own shares paid on a day of the month, as the bank or office says it, recorded until now."), is_money=True,
        ),
    ),
    """
    WITH paid AS (
        SELECT e.county, e.category_id,
            count(*) FILTER (WHERE p.paid_on < %(first)s) AS people_before,
            count(*) FILTER (WHERE p.paid_on >= %(first)s) AS people,
            sum(l.amount) FILTER (WHERE p.paid_on < %(first)s) AS before,
            sum(l.amount) FILTER (WHERE p.paid_on >= %(first)s) AS amount
        FROM gates_ownpayment p JOIN gates_ownpaymentline l ON l.payment_id = p.id AND l.reversed_by_id IS NULL
        JOIN (SELECT id, left(region_code, 6) AS county, category_id FROM beneficiaries_enrollment) e ON e.id = l.enrollment_id
        WHERE p.program_id = %(program)s AND p.paid_on < %(next)s
        GROUP BY 1, 2
    )
    SELECT m.measure, p.county, p.category_id, NULL::bigint, m.before, m.amount
    FROM paid p CROSS JOIN LATERAL (VALUES
        ('gates.payers', people_before, people), ('gates.paid', p.before, p.amount)
    ) m (measure, before, amount)
    """,
)


def _statements(month: Month) -> int:
    return Statement.objects.filter(
        program_id=month.program_id, state__in=UNDER_WAY, uploaded_at__lt=month.ends_at
    ).count()


def _payments(month: Month) -> int:
    return OwnPayment.objects.filter(program_id=month.program_id, state=OwnPayment.State.RECORDING).count()


def _clearings(month: Month) -> int:
    return Clearing.objects.filter(
        program_id=month.program_id, state__in=(ClearingState.PROPOSED, ClearingState.APPROVED), proposed_at__lt=month.ends_at
    ).count()


OPEN_POINTS = (
    OpenPoint(
        "gates.statements", _("%(number)d collection statements uploaded by the end of the month wait to be checked or approved."),
        _statements,
        lambda month: f"{reverse('admin:gates_statement_changelist')}?{urlencode({'program__id__exact': month.program_id})}",
    ),
    OpenPoint("gates.payments", _("%(number)d own payments are still being recorded."), _payments),
    OpenPoint(
        "gates.clearings", _("%(number)d clearings of held money put forward by the end of the month are not at their end."),
        _clearings,
        lambda month: f"{reverse('admin:gates_clearing_changelist')}?{urlencode({'program__id__exact': month.program_id})}",
    ),
)
