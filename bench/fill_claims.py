"""Claims of the covers that `bench.fill` made, set-wise: a case, a bill, a decision and what is owed each, as after some years.

Of twenty claims one is open; most of these are of the last weeks, some old ones wait or are investigated. Offices, programs and
days are mixed, as claims come in. Keys, indexes and check constraints are the real ones; triggers and foreign keys are not asked
(rows are made of rows that agree) and history starts empty. Left out: charge lines, papers, steps, events and postings; sealed
texts are of a few ciphertexts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portal.local.postgres import Server

TABLES = (
    "claims_claim", "claims_case", "claims_bill", "claims_decision", "claims_signature", "claims_payable", "claims_paperrequest",
)
#: Rows of one statement: so they lie in the order of their keys.
AT_ONCE = 500_000


def chance(seed: int, of: int, number: str = "n") -> str:
    """A number from 0 on, the same for the same row."""
    return f"((hashint8extended({number}, {seed}) & 2147483647) %% {of})"


# Covers whose period runs: those of the next year have no claims yet. Who works on an office's claims is its clerk.
_COVERS = """
CREATE TABLE bench_cover AS
SELECT row_number() OVER (ORDER BY e.id) - 1 AS at, e.id, e.program_id, e.plan_id, e.period_id, e.organization_id, e.region_code,
    clerk.id AS clerk_id
FROM beneficiaries_enrollment e JOIN programs_period p ON p.id = e.period_id AND p.starts_on <= current_date
JOIN LATERAL (SELECT min(u.id) AS id FROM accounts_user u WHERE u.organization_id = e.organization_id) clerk ON true
WHERE e.state IN ('in_force', 'ended')
"""
_CLAIM = f"""
INSERT INTO claims_claim (id, case_id, enrollment_id, program_id, plan_id, period_id, organization_id, region_code, position,
    state, waits_from, handler_id, clock_begun_on, due_on, amount, settlement, reopened, payee, payee_name, payee_account,
    bank_name, bank_code, reported_at, ended_at)
SELECT n, n, k.id, k.program_id, k.plan_id, k.period_id, k.organization_id, k.region_code, 1, s.state,
    CASE WHEN s.state = 'waiting' THEN 'review' ELSE '' END,
    CASE WHEN s.state IN ('waiting', 'review', 'investigation', 'assessed') THEN k.clerk_id END,
    CASE WHEN s.state <> 'reported' THEN s.at::date END,
    CASE WHEN s.state IN ('reported', 'waiting') THEN NULL
        WHEN NOT s.fresh AND s.is_open THEN current_date - 1 - {chance(13, 60)}::int
        WHEN s.is_open THEN current_date - 3 + {chance(13, 33)}::int
        WHEN s.state = 'payable' THEN current_date + {chance(13, 10)}::int
    END,
    CASE WHEN s.pays THEN 100 + {chance(14, 5_000_000)} / 100.0 WHEN s.state IN ('refused', 'zero') THEN 0 END,
    CASE WHEN s.pays OR s.state IN ('refused', 'zero') THEN n END, 0, CASE WHEN s.pays THEN 'self' ELSE '' END,
    CASE WHEN s.pays THEN %(name)s END, CASE WHEN s.pays THEN %(account)s END, '', '', s.at,
    CASE WHEN NOT s.is_open AND s.state NOT IN ('payable', 'paid') THEN s.at + interval '20 days' END
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
JOIN bench_cover k ON k.at = {chance(10, 2_000_000_011)} %% %(covers)s
CROSS JOIN LATERAL (
    SELECT n > %(rows)s * 0.92 AS fresh, {chance(11, 1000)} AS c, {chance(12, 100)} AS d,
        now() - interval '700 days' * ((%(rows)s - n)::float8 / %(rows)s) - interval '1 hour' AS at
) x
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN fresh AND c < 550 THEN CASE WHEN d < 15 THEN 'reported' WHEN d < 25 THEN 'accepted' WHEN d < 40 THEN 'registered'
            WHEN d < 55 THEN 'waiting' WHEN d < 80 THEN 'review' WHEN d < 85 THEN 'investigation' ELSE 'assessed' END
        WHEN fresh AND c < 600 THEN 'payable' WHEN fresh AND c < 700 THEN 'paid' WHEN fresh AND c < 900 THEN 'closed'
        WHEN fresh AND c < 940 THEN 'refused' WHEN fresh AND c < 970 THEN 'zero' WHEN fresh AND c < 990 THEN 'withdrawn'
        WHEN fresh THEN 'declined' WHEN c < 3 THEN 'investigation' WHEN c < 6 THEN 'waiting' WHEN c < 906 THEN 'closed'
        WHEN c < 946 THEN 'refused' WHEN c < 980 THEN 'zero' WHEN c < 995 THEN 'withdrawn' ELSE 'declined' END AS state
) named
CROSS JOIN LATERAL (
    SELECT named.state, x.at, x.fresh, named.state IN ('payable', 'paid', 'closed') AS pays,
        named.state IN ('reported', 'accepted', 'registered', 'waiting', 'review', 'investigation', 'assessed') AS is_open
) s
"""
_CASE = f"""
INSERT INTO claims_case (id, organization_id, region_code, kind, event_at, time_known, diagnosis, disease_group, injuries,
    death_paid_elsewhere, channel, reporter, reported_on, recorded_by_id, recorded_at)
SELECT c.id, c.organization_id, c.region_code, CASE {chance(20, 10, "c.id")} WHEN 0 THEN 'accident' ELSE 'illness' END,
    c.reported_at - interval '3 days', false, 'C' || (10 + {chance(21, 80, "c.id")}) || '.1', '', '[]', 0, 'counter', 'self',
    c.reported_at::date, coalesce(c.handler_id, %(user)s), c.reported_at
FROM claims_claim c WHERE c.id BETWEEN %(first)s AND %(last)s ORDER BY c.id
"""
# Of some invoices the same number stands in another case, too.
_BILL = f"""
INSERT INTO claims_bill (id, case_id, invoice_code, invoice_number, check_code, issued_on, setting, locality, settled,
    hospital_name, department, diagnosis, total, false_papers, standing, findings, explanation, entered_by_id, entered_at)
SELECT c.id, c.case_id, '44060125', lpad((CASE WHEN s.doubled THEN c.id - 1 ELSE c.id END)::text, 10, '0'), '',
    c.reported_at::date - 2, 'inpatient', 'local', true, '示例市第' || {chance(22, 400, "c.id")} || '人民医院', 'general', '',
    60000.00, false, CASE WHEN s.doubled THEN 'doubled' ELSE 'stands' END, '[]', '', coalesce(c.handler_id, %(user)s), c.reported_at
FROM claims_claim c
CROSS JOIN LATERAL (SELECT c.id > 1 AND c.state = 'review' AND {chance(23, 200, "c.id")} = 0 AS doubled) s
WHERE c.id BETWEEN %(first)s AND %(last)s ORDER BY c.id
"""
_DECISION = f"""
INSERT INTO claims_decision (id, claim_id, number, kind, outcome, state, terms_digest, used_before, used, usage_version, proposed,
    amount, refusals, assumed, undecided, burden, refusal_code, reason, effects, digest, signatures_needed, proposed_by_id,
    proposed_at, decided_at, answer)
SELECT c.id, c.id, 1, 'first', CASE c.state WHEN 'refused' THEN 'refuse' WHEN 'zero' THEN 'zero' ELSE 'pay' END,
    CASE c.state WHEN 'assessed' THEN 'proposed' ELSE 'approved' END, 'd', '{{}}', '{{}}', 1, coalesce(c.amount, 500),
    coalesce(c.amount, 500),
    '[]', '[]', '[]', '{{}}', CASE c.state WHEN 'refused' THEN 'EXCLUDED' ELSE '' END,
    CASE c.state WHEN 'refused' THEN '示例' ELSE '' END, '[]', 'd', 1 + ({chance(24, 5, "c.id")} = 0)::int,
    coalesce(c.handler_id, %(user)s), c.reported_at + interval '10 days',
    CASE WHEN c.state <> 'assessed' THEN c.reported_at + interval '12 days' END, ''
FROM claims_claim c WHERE c.id BETWEEN %(first)s AND %(last)s
    AND c.state IN ('assessed', 'payable', 'paid', 'closed', 'refused', 'zero')
ORDER BY c.id
"""
_PAYABLE = f"""
INSERT INTO claims_payable (id, claim_id, decision_id, program_id, organization_id, region_code, kind, amount, state, payee_name,
    payee_account, bank_name, bank_code, failure, received, written_off, made_at, paid_on)
SELECT c.id, c.id, c.id, c.program_id, c.organization_id, c.region_code, CASE WHEN s.back THEN 'reclaim' ELSE 'payout' END,
    c.amount, s.state, %(owed_name)s, %(owed_account)s, '中国农业银行', '', CASE s.state WHEN 'failed' THEN 'ACCOUNT' ELSE '' END,
    0, 0, c.reported_at + interval '12 days', CASE s.state WHEN 'paid' THEN c.reported_at::date + 15 END
FROM claims_claim c
CROSS JOIN LATERAL (SELECT c.state = 'closed' AND {chance(25, 2000, "c.id")} = 0 AS back, {chance(26, 10, "c.id")} AS d) x
CROSS JOIN LATERAL (
    SELECT back, CASE WHEN back OR (c.state = 'payable' AND d < 7) THEN 'open' WHEN c.state <> 'payable' THEN 'paid'
        WHEN d < 9 THEN 'in_payment' ELSE 'failed' END AS state
) s
WHERE c.id BETWEEN %(first)s AND %(last)s AND c.state IN ('payable', 'paid', 'closed') ORDER BY c.id
"""
#: Not all at once: of decisions of large sums half are signed by the first.
_FURTHER = (
    f"""
    INSERT INTO claims_signature (decision_id, step, digest, by_id, at)
    SELECT d.id, 1, d.digest, %(user)s, now() FROM claims_decision d
    WHERE d.state = 'proposed' AND d.signatures_needed = 2 AND {chance(27, 2, "d.id")} = 0
    """,
    """
    INSERT INTO claims_paperrequest (claim_id, kinds, words, asked_on, asked_by_id)
    SELECT c.id, '["invoice"]', '', current_date - 5, c.handler_id FROM claims_claim c WHERE c.state = 'waiting'
    """,
)


def fill_claims(
    server: Server, rows: int, *, dropped: Callable[[Any, Any], list[str]], say: Callable[[str], None], database: str = "bench"
) -> None:
    """Make so many claims; `dropped` (cursor, tables) drops indexes and says how they are made again."""
    facts = {"rows": rows, **_sealed(), "user": _user()}
    with server.connect(database) as connection, connection.cursor() as cursor:
        # Triggers and foreign keys are not asked in this session.
        cursor.execute("SET session_replication_role = replica; SET work_mem = '512MB'; SET maintenance_work_mem = '1GB'")
        cursor.execute(_COVERS)
        cursor.execute("ANALYZE bench_cover")
        cursor.execute("SELECT count(*) FROM bench_cover")
        (facts["covers"],) = cursor.fetchone() or (0,)
        again = dropped(cursor, TABLES)
        for statement in (_CLAIM, _CASE, _BILL, _DECISION, _PAYABLE):
            for first in range(1, rows + 1, AT_ONCE):
                cursor.execute(statement, {**facts, "first": first, "last": min(first + AT_ONCE - 1, rows)})
            say(statement.split("(")[0].split()[-1])
            if statement is _CLAIM:
                cursor.execute("ANALYZE claims_claim")
        for statement in _FURTHER:
            cursor.execute(statement, facts)
        for definition in again:
            cursor.execute(definition)
            say(definition[:100])
        for table in TABLES:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
            cursor.execute(f"VACUUM ANALYZE {table}")
        say("vacuumed")


def _sealed() -> dict[str, bytes]:
    """One name and account, sealed for claims and for what they owe."""
    from claims.models import Claim, Payable

    found = {}
    for model, names in ((Claim, ("name", "account")), (Payable, ("owed_name", "owed_account"))):
        for field, name, text in zip(("payee_name", "payee_account"), names, ("示例人", "6228480000000007"), strict=True):
            kept: Any = model._meta.get_field(field)
            found[name] = bytes(kept.seal(text).token)
    return found


def _user() -> int:
    from accounts.models import User

    return int(User.objects.get(username="filler.checker").pk)
