"""What this room counts of a month: what the bank paid and gave back, as it was taken over; and what may still be open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from intake.models import UNDER_WAY
from payouts.models import BankReturn, Batch, BatchState
from programs.models import Plan
from programs.months import Counting, Measure, Month, OpenPoint


def _list(name: str, month: Month) -> str:
    return f"{reverse(f'admin:payouts_{name}_changelist')}?{urlencode({'program__id__exact': month.program_id})}"


def _unanswered(month: Month) -> int:
    out = (BatchState.RELEASED, BatchState.UNKNOWN, BatchState.SENT)
    return Batch.objects.filter(program_id=month.program_id, state__in=out, released_at__lt=month.ends_at).count()


def _returns(month: Month) -> int:
    return BankReturn.objects.filter(program_id=month.program_id, state__in=UNDER_WAY, uploaded_at__lt=month.ends_at).count()


def _plans(program_id: int, codes: Iterable[str]) -> Mapping[str, str]:
    return {str(plan.pk): plan.name for plan in Plan.objects.filter(program=program_id, pk__in=[int(code) for code in codes])}


#: By the moment at which a result was taken over and booked, as the ledger has it.
PAID = Counting(
    (
        Measure("payouts.paid", _("Payouts made"), _("Payouts that the bank has made, as taken over in the month.")),
        Measure(
            "payouts.paid_amount", _("Payouts made: sum"), _("What the bank has paid out, as taken over in the month."),
            is_money=True, detail=_("plan"), names=_plans,
        ),
        Measure(
            "payouts.returned", _("Payouts returned"),
            _("Payouts that came back after they had been made, as taken over in the month."),
        ),
        Measure(
            "payouts.returned_amount", _("Payouts returned: sum"),
            _("What came back after it had been paid, as taken over in the month."), is_money=True, detail=_("plan"), names=_plans,
        ),
    ),
    """
    WITH said AS (
        SELECT r.outcome, left(l.region_code, 6) AS county, c.plan_id, count(*) FILTER (WHERE r.at < %(begin)s) AS number_before,
            count(*) FILTER (WHERE r.at >= %(begin)s) AS number, sum(r.amount) FILTER (WHERE r.at < %(begin)s) AS before,
            sum(r.amount) FILTER (WHERE r.at >= %(begin)s) AS amount
        FROM payouts_batch b JOIN payouts_batchline l ON l.batch_id = b.id JOIN payouts_bankresult r ON r.line_id = l.id
        JOIN claims_payable p ON p.id = l.payable_id JOIN claims_claim c ON c.id = p.claim_id
        WHERE b.program_id = %(program)s AND NOT b.is_test AND r.outcome IN ('paid', 'returned') AND r.at < %(end)s GROUP BY 1, 2, 3
    )
    SELECT 'payouts.' || outcome, county, NULL::bigint, NULL::bigint, sum(number_before), sum(number), '' FROM said
    GROUP BY outcome, county
    UNION ALL
    SELECT 'payouts.' || outcome || '_amount', county, NULL, NULL, before, amount, plan_id::text FROM said
    """,
)
# What was decided and not paid; what came back is owed again, and what is asked back is owed to nobody.
OWED = Counting(
    (
        Measure(
            "payouts.owed", _("Owed to payees"),
            _("What is decided and not paid at the end of the month: decided less paid, with what came back and what is asked"
                " back."),
            is_money=True, is_standing=True,
        ),
    ),
    """
    WITH moved AS (
        SELECT left(c.region_code, 6) AS county, m.at, m.amount
        FROM claims_claim c JOIN claims_decision d ON d.claim_id = c.id AND d.state IN ('approved', 'replaced')
        LEFT JOIN LATERAL (
            SELECT n.decided_at FROM claims_decision n
            WHERE n.claim_id = d.claim_id AND n.number > d.number AND n.state IN ('approved', 'replaced')
            ORDER BY n.number LIMIT 1
        ) later ON true
        CROSS JOIN LATERAL (VALUES (d.decided_at, d.amount), (later.decided_at, -d.amount)) m (at, amount)
        WHERE c.program_id = %(program)s AND d.decided_at < %(end)s
        UNION ALL
        SELECT left(region_code, 6), made_at, CASE state WHEN 'cancelled' THEN received + written_off ELSE amount END
        FROM claims_payable WHERE program_id = %(program)s AND kind = 'reclaim'
        UNION ALL
        SELECT left(l.region_code, 6), r.at, CASE r.outcome WHEN 'paid' THEN -r.amount ELSE r.amount END
        FROM payouts_batch b JOIN payouts_batchline l ON l.batch_id = b.id JOIN payouts_bankresult r ON r.line_id = l.id
        WHERE b.program_id = %(program)s AND NOT b.is_test AND r.outcome IN ('paid', 'returned')
    )
    SELECT 'payouts.owed', county, NULL::bigint, NULL::bigint, sum(amount) FILTER (WHERE at < %(begin)s),
        sum(amount) FILTER (WHERE at >= %(begin)s)
    FROM moved WHERE at < %(end)s GROUP BY county
    """,
)
COFUNDED = Counting(
    (
        Measure(
            "payouts.cofunded", _("Paid to people whose cover a payer shares"),
            _("What was paid, less what came back, to people whose premium the payer bears a part of; of several payers of one"
                " cover each has the whole."),
            is_money=True, by_payer=True, overlaps=True,
        ),
        Measure(
            "payouts.cofunded_people", _("People paid whose cover a payer shares"),
            _("People to whom something was paid for the first time in the month, whose premium the payer bears a part of."),
            by_payer=True, overlaps=True,
        ),
    ),
    """
    WITH said AS (
        SELECT r.outcome, r.at, r.amount, left(l.region_code, 6) AS county, coalesce(q.merged_into_id, q.id) AS person, f.funder_id
        FROM payouts_batch b JOIN payouts_batchline l ON l.batch_id = b.id JOIN payouts_bankresult r ON r.line_id = l.id
        JOIN claims_payable p ON p.id = l.payable_id JOIN claims_claim c ON c.id = p.claim_id
        JOIN beneficiaries_enrollment e ON e.id = c.enrollment_id JOIN beneficiaries_person q ON q.id = e.person_id
        JOIN programs_fundingsplitline f ON f.split_id = e.split_id AND f.amount > 0
        WHERE b.program_id = %(program)s AND NOT b.is_test AND r.outcome IN ('paid', 'returned') AND r.at < %(end)s
    ), first AS (
        SELECT county, funder_id, person, min(at) AS at FROM said WHERE outcome = 'paid' GROUP BY 1, 2, 3
    )
    SELECT 'payouts.cofunded', county, NULL::bigint, funder_id,
        sum(CASE outcome WHEN 'paid' THEN amount ELSE -amount END) FILTER (WHERE at < %(begin)s),
        sum(CASE outcome WHEN 'paid' THEN amount ELSE -amount END) FILTER (WHERE at >= %(begin)s)
    FROM said GROUP BY county, funder_id
    UNION ALL
    SELECT 'payouts.cofunded_people', county, NULL, funder_id, count(*) FILTER (WHERE at < %(begin)s),
        count(*) FILTER (WHERE at >= %(begin)s)
    FROM first GROUP BY county, funder_id
    """,
)
#: What an office pays to verify accounts is no claim paid, and stands in none of the figures above.
TESTS = Counting(
    (
        Measure(
            "payouts.tests", _("Accounts verified"),
            _("Accounts of payees at which a payment of 0.01 yuan has arrived to verify them, as taken over in the month."),
        ),
        Measure(
            "payouts.tests_amount", _("Cost of verifying accounts"),
            _("What was paid to verify accounts, less what came back; a cost of whoever pays, and no claim."), is_money=True,
        ),
    ),
    """
    WITH said AS (
        SELECT left(l.region_code, 6) AS county, r.at, r.outcome,
            CASE r.outcome WHEN 'paid' THEN r.amount ELSE -r.amount END AS amount
        FROM payouts_batch b JOIN payouts_batchline l ON l.batch_id = b.id JOIN payouts_bankresult r ON r.line_id = l.id
        WHERE b.program_id = %(program)s AND b.is_test AND r.outcome IN ('paid', 'returned') AND r.at < %(end)s
    )
    SELECT 'payouts.tests', county, NULL::bigint, NULL::bigint, count(*) FILTER (WHERE outcome = 'paid' AND at < %(begin)s),
        count(*) FILTER (WHERE outcome = 'paid' AND at >= %(begin)s)
    FROM said GROUP BY county
    UNION ALL
    SELECT 'payouts.tests_amount', county, NULL, NULL, sum(amount) FILTER (WHERE at < %(begin)s),
        sum(amount) FILTER (WHERE at >= %(begin)s)
    FROM said GROUP BY county
    """,
)
COUNTINGS = (PAID, OWED, COFUNDED, TESTS)
OPEN_POINTS = (
    OpenPoint(
        "payouts.unanswered", _("%(number)d payout batches released by the end of the month have lines without the bank's result."),
        _unanswered, lambda month: _list("batch", month),
    ),
    OpenPoint(
        "payouts.returns", _("%(number)d returned files of banks wait to be checked or approved."), _returns,
        lambda month: _list("bankreturn", month),
    ),
)
