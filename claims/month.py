"""What this room counts of a month: decisions by their moments, claims by their steps; and what of it may still be open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from claims.models import Claim, DecisionState, Outcome, Recovery, RecoveryState
from claims.models.claim import STATE_NAMES
from claims.models.decision import Decision
from claims.rules.states import State
from programs.benefit_terms import benefit_terms, engine_language
from programs.models import Plan
from programs.months import Counting, Measure, Month, OpenPoint


def _outcomes(_program_id: int, codes: Iterable[str]) -> Mapping[str, str]:
    return {code: str(Outcome(code).label) for code in codes}


def _states(_program_id: int, codes: Iterable[str]) -> Mapping[str, str]:
    return {code: str(STATE_NAMES[State(code)]) for code in codes}


def _responsibilities(program_id: int, codes: Iterable[str]) -> Mapping[str, str]:
    """By the newest plan that names them."""
    found: dict[str, str] = {}
    for plan in Plan.objects.filter(program=program_id).order_by("number"):
        terms = benefit_terms(plan)
        found |= {} if terms is None else {each.code: each.name.say(engine_language()) for each in terms.responsibilities}
    return {code: found.get(code, code) for code in codes}


#: What an amount owed counts for: of a cancelled one that was asked back, what had come back of it by then.
COUNTED = "CASE {p}.state WHEN 'cancelled' THEN {p}.received + {p}.written_off ELSE {p}.amount END"
# A decision counts from its moment until that of the next one of its claim that comes into force: so what is decided anew
# counts with its difference, in the month in which that happens.
DECIDED = Counting(
    (
        Measure(
            "claims.decided", _("Claims decided"),
            _("Decisions that came into force in the month, without those that another claim's decision made."),
            detail=_("outcome"), names=_outcomes,
        ),
        Measure(
            "claims.decided_amount", _("Claims decided: sum"),
            _("What the decisions that came into force in the month pay, less what the decisions that they replace paid."),
            is_money=True, detail=_("responsibility"), names=_responsibilities,
        ),
    ),
    """
    WITH held AS (
        SELECT d.id, left(c.region_code, 6) AS county, d.kind, d.outcome, d.amount, d.decided_at, later.decided_at AS until
        FROM claims_claim c JOIN claims_decision d ON d.claim_id = c.id AND d.state IN ('approved', 'replaced')
        LEFT JOIN LATERAL (
            SELECT n.decided_at FROM claims_decision n
            WHERE n.claim_id = d.claim_id AND n.number > d.number AND n.state IN ('approved', 'replaced')
            ORDER BY n.number LIMIT 1
        ) later ON true
        WHERE c.program_id = %(program)s AND d.decided_at < %(end)s
    )
    SELECT 'claims.decided', county, NULL::bigint, NULL::bigint, count(*) FILTER (WHERE decided_at < %(begin)s),
        count(*) FILTER (WHERE decided_at >= %(begin)s), outcome
    FROM held WHERE kind <> 'recomputed' GROUP BY county, outcome
    UNION ALL
    SELECT 'claims.decided_amount', county, NULL, NULL, sum(moved.amount) FILTER (WHERE moved.at < %(begin)s),
        sum(moved.amount) FILTER (WHERE moved.at >= %(begin)s), coalesce(l.responsibility, '')
    FROM held LEFT JOIN claims_decisionline l ON l.decision_id = held.id
    CROSS JOIN LATERAL (VALUES
        (held.decided_at, coalesce(l.amount, held.amount)), (held.until, -coalesce(l.amount, held.amount))
    ) moved (at, amount)
    WHERE moved.at < %(end)s GROUP BY county, l.responsibility
    """,
)
ASKED_BACK = Counting(
    (
        Measure(
            "claims.asked_back", _("Claims asked back"),
            _("What was paid too much and is asked back since the month, as far as it still is or came back."), is_money=True,
        ),
        Measure(
            "claims.received_back", _("Received back of claims"),
            _("What came in of amounts asked back, as confirmed in the month, less what was reversed in it."), is_money=True,
        ),
        Measure(
            "claims.written_off", _("Written off of claims"),
            _("What was written off of amounts asked back, as confirmed in the month, less what was reversed in it."),
            is_money=True,
        ),
    ),
    f"""
    WITH asked AS (
        SELECT id, left(region_code, 6) AS county, made_at, {COUNTED.format(p="claims_payable")} AS amount
        FROM claims_payable WHERE program_id = %(program)s AND kind = 'reclaim'
    )
    SELECT 'claims.asked_back', county, NULL::bigint, NULL::bigint,
        sum(amount) FILTER (WHERE made_at < %(begin)s), sum(amount) FILTER (WHERE made_at >= %(begin)s)
    FROM asked WHERE amount <> 0 AND made_at < %(end)s GROUP BY county
    UNION ALL
    SELECT CASE coalesce(w.kind, r.kind) WHEN 'receipt' THEN 'claims.received_back' ELSE 'claims.written_off' END, asked.county,
        NULL, NULL, sum(moved.amount) FILTER (WHERE r.decided_at < %(begin)s),
        sum(moved.amount) FILTER (WHERE r.decided_at >= %(begin)s)
    FROM asked JOIN claims_recovery r ON r.payable_id = asked.id AND r.state IN ('confirmed', 'reversed')
    LEFT JOIN claims_recovery w ON w.id = r.reverses_id
    CROSS JOIN LATERAL (SELECT CASE WHEN w.id IS NULL THEN r.amount ELSE -r.amount END AS amount) moved
    WHERE r.decided_at < %(end)s GROUP BY 1, 2
    """,  # noqa: S608 - names of ours
)
# Each step takes a claim out of one state and puts it into another.
STANDING = Counting(
    (
        Measure("claims.reported", _("Claims reported"), _("Claims whose report was put on record in the month.")),
        Measure(
            "claims.standing", _("Claims by state"), _("Claims as they stand at the end of the month, by their state."),
            is_standing=True, detail=_("state"), names=_states,
        ),
    ),
    """
    SELECT 'claims.reported', left(c.region_code, 6), NULL::bigint, NULL::bigint,
        count(*) FILTER (WHERE c.reported_at < %(begin)s), count(*) FILTER (WHERE c.reported_at >= %(begin)s), ''
    FROM claims_claim c WHERE c.program_id = %(program)s AND c.reported_at < %(end)s GROUP BY 2
    UNION ALL
    SELECT 'claims.standing', left(c.region_code, 6), NULL, NULL, sum(moved.more) FILTER (WHERE s.at < %(begin)s),
        sum(moved.more) FILTER (WHERE s.at >= %(begin)s), moved.state
    FROM claims_claim c JOIN claims_claimstep s ON s.claim_id = c.id
    CROSS JOIN LATERAL (VALUES (s.to_state, 1), (s.from_state, -1)) moved (state, more)
    WHERE c.program_id = %(program)s AND s.at < %(end)s AND moved.state <> '' GROUP BY 2, moved.state
    """,
)
COUNTINGS = (STANDING, DECIDED, ASKED_BACK)


def _to_sign(month: Month) -> int:
    return Decision.objects.filter(
        claim__program_id=month.program_id, state=DecisionState.PROPOSED, proposed_at__lt=month.ends_at
    ).count()


def _to_confirm(month: Month) -> int:
    return Recovery.objects.filter(
        payable__program_id=month.program_id, state=RecoveryState.PROPOSED, made_at__lt=month.ends_at
    ).count()


OPEN_POINTS = (
    OpenPoint(
        "claims.to_sign", _("%(number)d decisions of claims calculated by the end of the month wait for signatures."), _to_sign,
        lambda month: f"{reverse(f'admin:{Claim._meta.app_label}_claim_changelist')}?"
        f"{urlencode({'program__id__exact': month.program_id})}",
    ),
    OpenPoint(
        "claims.recoveries",
        _("%(number)d records of amounts asked back made by the end of the month wait to be confirmed."), _to_confirm,
        lambda month: f"{reverse(f'admin:{Recovery._meta.app_label}_recovery_changelist')}?"
        f"{urlencode({'payable__program__id__exact': str(month.program_id), 'state__exact': 'proposed'})}",
    ),
)
