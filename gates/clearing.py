"""What becomes of lines, set-wise: which may stand on a clearing, and what moves once that is approved.

The same two ways, whatever the clearing: held money becomes a cover's own share, a cover's own share becomes held money (or
nothing, where no file ever said that it came in). Payments that came with purchases have two further ends: what was counted for
one by mistake is held again, and one that never came is taken out of the books, with its covers. A line that is no longer fit
when its turn comes is put back, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, F, Max, Q, QuerySet, Sum
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.translation import gettext as _t

from audit import events
from audit.faults import fault_point
from audit.history import plan_anew
from beneficiaries.actions import void_unpaid
from beneficiaries.gating import Gate, lock_rosters, pass_gate_of
from beneficiaries.keepers import keeper_case, kept_in_words
from beneficiaries.models import Enrollment, Purchase
from beneficiaries.reopening import bar_in_words, barred, money_barred, reopen_payments
from gates.actions.payments import PAYER
from gates.errors import GatesRefused
from gates.fitting import COVER, GIVEN_UP, UNFIT
from gates.models import (
    OF_HELD,
    Arrival,
    Clearing,
    ClearingKind,
    ClearingLine,
    HeldPayment,
    HeldState,
    Outcome,
    OwnPayment,
    Statement,
)
from intake.findings import MEANINGS, plain_words
from programs import actions as programs

ZERO = Decimal("0.00")
#: Why the lines of a dropped clearing are free again.
DROPPED = "DROPPED"
_SETTINGS = "SET LOCAL work_mem = '64MB'; SET LOCAL enable_seqscan = off"
#: Whoever is not of the statement's offices and period reads as unknown.
_STRANGE = """
    WHEN e.id IS NULL OR e.period_id <> h.period_id OR NOT starts_with(e.region_code, %(region)s)
        OR NOT EXISTS (SELECT FROM accounts_organization o WHERE o.id = e.organization_id AND starts_with(o.path, %(path)s))
        THEN 'PAYER_UNKNOWN'
"""
#: What keeps a held line `h` from a cover `e`.
_UNASSIGNABLE = f"""CASE {_STRANGE}
    WHEN h.paid_on IS NULL THEN 'DATE_FORMAT'
    WHEN h.paid_on > %(today)s THEN 'DATE_FUTURE'
    WHEN h.paid_on >= %(closes)s THEN 'PAID_LATE'
    WHEN row_number() OVER (PARTITION BY e.id ORDER BY h.id) > 1 THEN 'PAYER_REPEATED'
    {UNFIT.format(amount="h.amount")}
    ELSE '' END"""
#: What keeps a held line `h` from being the payment that came with the purchase of a cover `e`.
_UNMATCHABLE = f"""CASE {_STRANGE}
    WHEN NOT EXISTS (
        SELECT FROM beneficiaries_purchase p WHERE p.id = e.purchase_id AND p.payment_reference <> '' AND p.own_share > 0
    ) THEN 'NO_PURCHASE'
    WHEN EXISTS (SELECT FROM gates_arrival a WHERE a.purchase_id = e.purchase_id AND a.reversed_by_id IS NULL) THEN 'PAID_TWICE'
    WHEN {GIVEN_UP.format(purchase="e.purchase_id")} THEN 'PAYMENT_GIVEN_UP'
    WHEN row_number() OVER (PARTITION BY e.purchase_id ORDER BY h.id) > 1 THEN 'PAYER_REPEATED'
    WHEN h.amount <> (SELECT p.own_share FROM beneficiaries_purchase p WHERE p.id = e.purchase_id) THEN 'AMOUNT_DIFFERS'
    ELSE '' END"""  # noqa: S608 - words of this room
#: A channel has shown that money of a cover of the purchase `{purchase}` went back.
_SHOWN_BACK = """EXISTS (
    SELECT FROM beneficiaries_enrollment e JOIN gates_refund back ON back.enrollment_id = e.id WHERE e.purchase_id = {purchase})"""
#: What keeps an arrival `a` from being reversed.
_IRREVERSIBLE = f"""CASE WHEN a.reversed_by_id IS NOT NULL THEN 'NO_ARRIVAL'
    WHEN {_SHOWN_BACK.format(purchase="a.purchase_id")} THEN 'REFUND_SHOWN' ELSE '' END"""
#: What keeps the payment of a purchase `p` from being given up: it came, went back, or one of its covers is in use.
_STANDING = f"""CASE
    WHEN p.payment_reference = '' OR p.own_share = 0 THEN 'NO_PURCHASE'
    WHEN EXISTS (SELECT FROM gates_arrival a WHERE a.purchase_id = p.id AND a.reversed_by_id IS NULL) THEN 'ARRIVED'
    WHEN {GIVEN_UP.format(purchase="p.id")} THEN 'PAYMENT_GIVEN_UP'
    WHEN {_SHOWN_BACK.format(purchase="p.id")} THEN 'REFUND_SHOWN'
    ELSE coalesce((
        SELECT min(kept.code) FROM beneficiaries_enrollment e CROSS JOIN LATERAL (
            SELECT nullif(CASE WHEN false THEN '' {{barred}} ELSE {{kept}} END, '') AS code
        ) AS kept WHERE e.purchase_id = p.id
    ), '') END"""  # noqa: S608 - words of this module
_FIRST = "(SELECT e.id FROM beneficiaries_enrollment e WHERE e.purchase_id = {purchase} ORDER BY e.line LIMIT 1)"
_DRIFT = {ClearingKind.ASSIGN: _UNASSIGNABLE, ClearingKind.MATCH: _UNMATCHABLE, ClearingKind.RETURN: "''"}
# Found by their keys alone: by another index each line would be looked for in the whole list.
_HELD_LINES = f"""
CREATE TEMPORARY TABLE clearing_work ON COMMIT DROP AS
SELECT h.id AS held_id, NULL::bigint AS paid_id, NULL::bigint AS arrival_id, NULL::bigint AS purchase_id,
    {{cover}} AS enrollment_id, h.amount, {{drift}} AS drift
FROM gates_heldpayment h {COVER.format(cover="{cover}")}
WHERE h.id = ANY(ARRAY({{chosen}})) AND h.statement_id + 0 = %(statement)s AND h.state || '' = 'held'
"""  # noqa: S608 - words of this room
_PAID_LINES = f"""
CREATE TEMPORARY TABLE clearing_work ON COMMIT DROP AS
SELECT NULL::bigint AS held_id, l.id AS paid_id, NULL::bigint AS arrival_id, NULL::bigint AS purchase_id, l.enrollment_id,
    l.amount, CASE {{barred}} ELSE '' END AS drift
FROM gates_ownpaymentline l {COVER.format(cover="l.enrollment_id")}
WHERE l.payment_id = %(payment)s AND l.reversed_by_id IS NULL
    AND (%(covers)s::bigint[] IS NULL OR l.enrollment_id = ANY(%(covers)s))
    AND NOT EXISTS (SELECT FROM gates_clearingline o WHERE o.paid_id = l.id AND o.outcome = '')
"""  # noqa: S608 - words of this room
_ARRIVALS = f"""
CREATE TEMPORARY TABLE clearing_work ON COMMIT DROP AS
SELECT NULL::bigint AS held_id, NULL::bigint AS paid_id, a.id AS arrival_id, NULL::bigint AS purchase_id,
    {_FIRST.format(purchase="a.purchase_id")} AS enrollment_id, a.amount, {_IRREVERSIBLE} AS drift
FROM gates_arrival a WHERE a.id = ANY(%(chosen)s)
    AND NOT EXISTS (SELECT FROM gates_clearingline o WHERE o.arrival_id = a.id AND o.outcome IN ('', 'done'))
"""  # noqa: S608 - words of this module
_PURCHASES = f"""
CREATE TEMPORARY TABLE clearing_work ON COMMIT DROP AS
SELECT NULL::bigint AS held_id, NULL::bigint AS paid_id, NULL::bigint AS arrival_id, p.id AS purchase_id,
    {_FIRST.format(purchase="p.id")} AS enrollment_id, p.own_share AS amount, {_STANDING} AS drift
FROM beneficiaries_purchase p WHERE p.id = ANY(%(chosen)s)
    AND NOT EXISTS (SELECT FROM gates_clearingline o WHERE o.purchase_id = p.id AND o.outcome = '')
"""  # noqa: S608 - words of this module
# Lines of purchases say which; those of all other lists read as they always did.
_DIGEST = """encode(sha256(convert_to(string_agg(number || ' ' || coalesce(held_id, 0) || ' ' || coalesce(paid_id, 0) || ' '
    || coalesce(enrollment_id, 0) || ' ' || amount || coalesce(' a' || arrival_id, '') || coalesce(' p' || purchase_id, ''),
    E'\\n' ORDER BY number), 'UTF8')), 'hex')"""
_NUMBERED = "SELECT row_number() OVER (ORDER BY held_id, paid_id, arrival_id, purchase_id) AS number, * FROM clearing_work"
_SUMMED = f"SELECT count(*), coalesce(sum(amount), 0.00), {_DIGEST} FROM ({_NUMBERED}) AS numbered"  # noqa: S608
_WRITE = f"""
INSERT INTO gates_clearingline
    (clearing_id, number, held_id, paid_id, arrival_id, purchase_id, enrollment_id, amount, outcome, why, reference)
SELECT %(clearing)s, number, held_id, paid_id, arrival_id, purchase_id, enrollment_id, amount, '', '', ''
FROM ({_NUMBERED}) AS numbered ORDER BY number
"""  # noqa: S608 - words of this module
_LIST = """
UPDATE gates_heldpayment h SET state = 'listed' FROM clearing_work w WHERE w.held_id = h.id AND h.state = 'held'
"""
_TO_PLACE = f"""
CREATE TEMPORARY TABLE clearing_work ON COMMIT DROP AS
SELECT l.id AS line_id, l.held_id, h.row_id, l.enrollment_id, l.amount, {{drift}} AS drift
FROM gates_clearingline l JOIN gates_heldpayment h ON h.id = l.held_id {COVER.format(cover="l.enrollment_id")}
WHERE l.clearing_id = %(clearing)s AND l.number BETWEEN %(first)s AND %(last)s AND l.outcome = ''
"""  # noqa: S608 - words of this module
_TO_REVERSE = f"""
CREATE TEMPORARY TABLE clearing_work ON COMMIT DROP AS
SELECT l.id AS line_id, NULL::bigint AS held_id, l.paid_id, p.row_id, l.enrollment_id, l.amount,
    CASE WHEN p.reversed_by_id IS NOT NULL THEN 'NOT_PAID' {{barred}} ELSE '' END AS drift
FROM gates_clearingline l JOIN gates_ownpaymentline p ON p.id = l.paid_id {COVER.format(cover="l.enrollment_id")}
WHERE l.clearing_id = %(clearing)s AND l.number BETWEEN %(first)s AND %(last)s AND l.outcome = ''
"""  # noqa: S608 - words of this room
_TO_UNMATCH = f"""
CREATE TEMPORARY TABLE clearing_work ON COMMIT DROP AS
SELECT l.id AS line_id, NULL::bigint AS held_id, l.arrival_id, a.row_id, l.enrollment_id, l.amount, {_IRREVERSIBLE} AS drift
FROM gates_clearingline l JOIN gates_arrival a ON a.id = l.arrival_id
WHERE l.clearing_id = %(clearing)s AND l.number BETWEEN %(first)s AND %(last)s AND l.outcome = ''
"""  # noqa: S608 - words of this module
_TO_GIVE_UP = f"""
CREATE TEMPORARY TABLE clearing_work ON COMMIT DROP AS
SELECT l.id AS line_id, NULL::bigint AS held_id, l.purchase_id, NULL::bigint AS row_id, l.enrollment_id, l.amount,
    {_STANDING} AS drift
FROM gates_clearingline l JOIN beneficiaries_purchase p ON p.id = l.purchase_id
WHERE l.clearing_id = %(clearing)s AND l.number BETWEEN %(first)s AND %(last)s AND l.outcome = ''
"""  # noqa: S608 - words of this module
_LOCK_COVERS = """
SELECT FROM beneficiaries_enrollment WHERE purchase_id IN (
    SELECT purchase_id FROM gates_clearingline WHERE clearing_id = %(clearing)s AND number BETWEEN %(first)s AND %(last)s
) ORDER BY id FOR UPDATE
"""
_PUT_BACK = """
UPDATE gates_clearingline l SET outcome = 'left', why = w.drift FROM clearing_work w WHERE w.line_id = l.id AND w.drift <> ''
"""
_HELD_AGAIN = """
UPDATE gates_heldpayment h SET state = 'held' FROM clearing_work w WHERE w.held_id = h.id AND w.drift <> ''
"""
_PAY = """
INSERT INTO gates_ownpaymentline (payment_id, enrollment_id, amount, row_id)
SELECT %(payment)s, enrollment_id, amount, row_id FROM clearing_work ORDER BY enrollment_id
"""
_ARRIVE = """
INSERT INTO gates_arrival (statement_id, row_id, purchase_id, clearing_id, amount)
SELECT h.statement_id, w.row_id, e.purchase_id, %(clearing)s, w.amount FROM clearing_work w
JOIN gates_heldpayment h ON h.id = w.held_id JOIN beneficiaries_enrollment e ON e.id = w.enrollment_id ORDER BY e.purchase_id
"""
_ASSIGNED = "UPDATE gates_heldpayment h SET state = 'assigned' FROM clearing_work w WHERE w.held_id = h.id"
_DONE = "UPDATE gates_clearingline l SET outcome = 'done' FROM clearing_work w WHERE w.line_id = l.id"
_REVERSED = """
UPDATE gates_ownpaymentline p SET reversed_by_id = %(clearing)s FROM clearing_work w
WHERE w.paid_id = p.id AND p.reversed_by_id IS NULL
"""
# Money of a statement's line is held again, or for the first time.
_HOLD = """
INSERT INTO gates_heldpayment (statement_id, row_id, period_id, enrollment_id, kind, amount, paid_on, state)
SELECT r.statement_id, r.id, %(period)s, {whose}, 'reversed', w.amount, r.paid_on, 'held'
FROM clearing_work w JOIN gates_statementrow r ON r.id = w.row_id ORDER BY r.id
ON CONFLICT (row_id) DO UPDATE SET state = 'held'
"""
_UNARRIVE = """
UPDATE gates_arrival a SET reversed_by_id = %(clearing)s FROM clearing_work w
WHERE w.arrival_id = a.id AND a.reversed_by_id IS NULL
"""
_MOVE = """
UPDATE gates_heldpayment SET state = %s WHERE id = ANY(ARRAY({lines})) AND state || '' IN ('listed', 'returned')
"""
_SUMS = """
SELECT count(*), coalesce(sum(amount), 0.00), coalesce(sum(amount) FILTER (WHERE row_id IS NOT NULL), 0.00) FROM clearing_work
"""


@dataclass(frozen=True)
class Chosen:
    """What may stand on a clearing: so many lines and yuan, their digest; `left`: why others may not, the most first."""

    lines: int
    amount: Decimal
    digest: str
    left: Sequence[tuple[str, int]]

    @property
    def left_lines(self) -> int:
        """How many those are."""
        return sum(number for _code, number in self.left)


def why_in_words(code: str) -> str:
    """What keeps a line from its end, as people read it; what a bank or a person said stands as it is."""
    if code == DROPPED:
        return _t("the clearing was dropped")
    return plain_words(MEANINGS[code].cause) if code in MEANINGS else bar_in_words(code) or kept_in_words(code)


def take_turns(period_id: int) -> None:
    """Payments, statements and clearings of one period come one after another: whoever is second sees what the first did."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"gates.payment:{period_id}"])


def choose_held(
    held: QuerySet[HeldPayment], statement: Statement, *, kind: ClearingKind, cover: int | None = None, at: datetime
) -> Chosen:
    """Which of these held lines of a statement may be given back, or placed with a cover: `cover`, else the one that it names."""
    query, values = held.order_by().values("pk").query.sql_with_params()
    named = {f"chosen_{place}": value for place, value in enumerate(values)}
    chosen = query % tuple(f"%({name})s" for name in named)
    whose = "NULL::bigint" if kind == ClearingKind.RETURN else "h.enrollment_id" if cover is None else "%(cover)s::bigint"
    return _chosen(
        _HELD_LINES.format(cover=whose, drift=_DRIFT[kind], chosen=chosen),
        {**facts_of(statement, at=at), **named, "statement": statement.pk, "cover": cover},
    )


def choose_paid(payment: OwnPayment, *, covers: Sequence[int] | None, at: datetime) -> Chosen:
    """Which lines of a payment may be reversed: all that stand, or those of some covers."""
    statement = _PAID_LINES.format(barred=barred())
    return _chosen(statement, {"payment": payment.pk, "covers": list(covers) if covers is not None else None, "at": at})


def choose_arrivals(arrivals: QuerySet[Arrival]) -> Chosen:
    """Which of these payments of purchases may be held again."""
    return _chosen(_ARRIVALS, {"chosen": list(arrivals.order_by("pk").values_list("pk", flat=True))})


def choose_purchases(purchases: QuerySet[Purchase], *, at: datetime) -> Chosen:
    """Which of these purchases' payments may be given up as never having come."""
    statement = _PURCHASES.format(barred=money_barred(), kept=keeper_case())
    return _chosen(statement, {"chosen": list(purchases.order_by("pk").values_list("pk", flat=True)), "at": at})


def _chosen(statement: str, facts: Mapping[str, Any]) -> Chosen:
    with connection.cursor() as cursor:
        fault_point("gates.choose.before")
        cursor.execute(_SETTINGS)
        cursor.execute(statement, facts)
        cursor.execute("SELECT drift, count(*) FROM clearing_work WHERE drift <> '' GROUP BY 1 ORDER BY 2 DESC, 1")
        left = cursor.fetchall()
        cursor.execute("DELETE FROM clearing_work WHERE drift <> ''")
        cursor.execute("ANALYZE clearing_work")
        cursor.execute(_SUMMED)
        lines, amount, digest = cursor.fetchone()
        fault_point("gates.choose.after")
    return Chosen(lines, amount, digest or "", left)


def write_lines(clearing: Clearing) -> None:
    """Put whatever was chosen onto a clearing; held lines can stand on no other then."""
    with connection.cursor() as cursor:
        fault_point("gates.write_lines.before")
        cursor.execute(_WRITE, {"clearing": clearing.pk})
        if clearing.kind in OF_HELD:
            cursor.execute(_LIST)
            if cursor.rowcount != clearing.lines_count:
                raise GatesRefused("CHANGED")
        cursor.execute("DROP TABLE clearing_work")
        fault_point("gates.write_lines.after")


def facts_of(of: Any, *, at: datetime) -> dict[str, Any]:
    """What the rules ask: whose offices and place, when enrollment closes, today."""
    return {
        "path": of.organization.path, "region": of.region_code, "today": timezone.localdate(at),
        "closes": of.period.enrollment_closes_on,
    }


def digest_of(clearing: Clearing) -> str:
    """Of its lines as they are."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_DIGEST} FROM gates_clearingline WHERE clearing_id = %s", [clearing.pk])  # noqa: S608
        return str(cursor.fetchone()[0])


def last_day_of(clearing: Clearing) -> Any:
    """The last day on which any of its lines was paid."""
    return clearing.lines.aggregate(day=Max("held__paid_on"))["day"]


def settle_part(clearing: Clearing, *, first: int, last: int, at: datetime) -> None:
    """Move the open lines with these numbers; what is no longer fit is put back."""
    covers = Enrollment.objects.filter(
        pk__in=ClearingLine.objects.filter(clearing=clearing, number__gte=first, number__lte=last).values("enrollment")
    )
    take_turns(clearing.period_id)
    rosters = lock_rosters(covers)
    facts = {
        "clearing": clearing.pk, "first": first, "last": last, "period": clearing.period_id, "at": at,
        **facts_of(clearing, at=at),
    }
    fault_point("gates.settle_part.before")
    with connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        if clearing.kind == ClearingKind.UNPAID:
            # As an undo does: who uses a cover is waited for, and then seen.
            cursor.execute(_LOCK_COVERS, facts)
        cursor.execute(_work_of(ClearingKind(clearing.kind)), facts)
        cursor.execute("ANALYZE clearing_work")
        plan_anew(cursor)
        cursor.execute(_PUT_BACK)
        cursor.execute(_HELD_AGAIN)
        cursor.execute("DELETE FROM clearing_work WHERE drift <> ''")
        cursor.execute(_SUMS)
        lines, amount, held = cursor.fetchone()
        if lines:
            match clearing.kind:
                case ClearingKind.REVERSE:
                    _reverse(clearing, lines, amount, held, facts, rosters=rosters, at=at)
                case ClearingKind.MATCH:
                    _match(clearing, lines, amount, at=at)
                case ClearingKind.UNMATCH:
                    _unmatch(clearing, lines, amount, facts, at=at)
                case ClearingKind.UNPAID:
                    _give_up(at=at)
                case _:
                    _assign(clearing, lines, amount, facts, at=at)
            cursor.execute(_DONE)
        cursor.execute("DROP TABLE clearing_work")
    fault_point("gates.settle_part.after")


def _work_of(kind: ClearingKind) -> str:
    """What makes the work table of a part of a clearing: its lines, each with what keeps it from its end."""
    match kind:
        case ClearingKind.REVERSE:
            return _TO_REVERSE.format(barred=barred())
        case ClearingKind.UNMATCH:
            return _TO_UNMATCH
        case ClearingKind.UNPAID:
            return _TO_GIVE_UP.format(barred=money_barred(), kept=keeper_case())
        case _:
            return _TO_PLACE.format(drift=_DRIFT[kind])


def _assign(clearing: Clearing, lines: int, amount: Decimal, facts: Mapping[str, Any], *, at: datetime) -> None:
    """Held money becomes the share of whoever is in the work table.

    In time is who paid before the close, by the statement's own day. The gate is passed at the moment of the approval: nobody
    is covered for days on which nobody knew of their payment.
    """
    payment = OwnPayment.objects.select_related("period__plan").get(clearing=clearing)
    with connection.cursor() as cursor:
        fault_point("gates.assign.before")
        cursor.execute(_PAY, {"payment": payment.pk})
        cursor.execute(_ASSIGNED)
    covers = Enrollment.objects.filter(pk__in=RawSQL("SELECT enrollment_id FROM clearing_work", []))
    passed = pass_gate_of(
        covers, gate=Gate.OWN_PAYMENT, period=payment.period, by=PAYER, at=payment.made_at, paid_on=payment.paid_on
    )
    if (passed.people, passed.own_share) != (lines, amount):
        raise RuntimeError(f"clearing {clearing.pk}: {lines} lines, {passed.people} shares")
    programs.assign_held(payment, amount, program_id=clearing.program_id, people=lines, by=PAYER, at=at)
    fault_point("gates.assign.after")


def _match(clearing: Clearing, lines: int, amount: Decimal, *, at: datetime) -> None:
    """Held money is what the purchases of the work table had brought already: it came in once, and was booked with them."""
    with connection.cursor() as cursor:
        fault_point("gates.match.before")
        cursor.execute(_ARRIVE, {"clearing": clearing.pk})
        cursor.execute(_ASSIGNED)
    programs.count_held_once(clearing, amount, program_id=clearing.program_id, lines=lines, by=PAYER, at=at)
    fault_point("gates.match.after")


def _unmatch(clearing: Clearing, lines: int, amount: Decimal, facts: Mapping[str, Any], *, at: datetime) -> None:
    """What was counted for the purchases of the work table is held again: each has not arrived, and both came in once more."""
    with connection.cursor() as cursor:
        fault_point("gates.unmatch.before")
        cursor.execute(_UNARRIVE, facts)
        if cursor.rowcount != lines:
            raise GatesRefused("CHANGED")
        cursor.execute(_HOLD.format(whose="r.enrollment_id"), facts)
    programs.count_held_once(clearing, -amount, program_id=clearing.program_id, lines=lines, by=PAYER, at=at)
    fault_point("gates.unmatch.after")


def _give_up(*, at: datetime) -> None:
    """The payments of the purchases of the work table never came: their covers are voided, and nobody has paid."""
    purchases = Purchase.objects.filter(pk__in=RawSQL("SELECT purchase_id FROM clearing_work", []))
    fault_point("gates.give_up.before")
    void_unpaid(purchases, by=PAYER, at=at)
    fault_point("gates.give_up.after")


def _reverse(
    clearing: Clearing, lines: int, amount: Decimal, held: Decimal, facts: Mapping[str, Any], *, rosters: Any, at: datetime
) -> None:
    """The share of whoever is in the work table is owed again; what a statement's line said came in is held."""
    with connection.cursor() as cursor:
        fault_point("gates.reverse.before")
        cursor.execute(_REVERSED, facts)
        if cursor.rowcount != lines:
            raise GatesRefused("CHANGED")
        cursor.execute(_HOLD.format(whose="w.enrollment_id"), facts)
    if reopen_payments("clearing_work", rosters=rosters, by=PAYER, at=at) != lines:
        raise RuntimeError(f"clearing {clearing.pk}: {lines} lines do not reopen as many covers")
    payment = clearing.payment
    assert payment is not None
    programs.reverse_own(
        payment, amount, held=held, program_id=clearing.program_id, people=lines, by=PAYER, at=at
    )
    OwnPayment.objects.filter(pk=payment.pk).update(
        reversed_people=F("reversed_people") + lines, reversed_amount=F("reversed_amount") + amount
    )
    OwnPayment.objects.filter(pk=payment.pk, people=F("left_people") + F("reversed_people")).update(
        state=OwnPayment.State.REVERSED
    )
    events.record(
        "payment.reversed", payment, by=PAYER, at=at, organization=clearing.organization,
        region_code=clearing.region_code, program_id=clearing.program_id, data={"people": lines, "amount": str(amount)},
    )
    fault_point("gates.reverse.after")


def move_held(lines: QuerySet[ClearingLine], state: HeldState) -> None:
    """Say where the money of lines of a clearing is now: found by their keys in one walk, whatever is known of the tables."""
    query, values = lines.filter(held__isnull=False).order_by().values("held").query.sql_with_params()
    with connection.cursor() as cursor:
        fault_point("gates.move_held.before")
        plan_anew(cursor)
        cursor.execute(_MOVE.format(lines=query), [state.value, *values])
        fault_point("gates.move_held.after")


def count_outcomes(clearing: Clearing) -> None:
    """How many lines have which end, and their yuan; saved by the caller."""
    number: dict[str, Any] = {}
    for outcome in (Outcome.DONE, Outcome.LEFT):
        number[f"{outcome.value}_lines"] = Count("pk", filter=Q(outcome=outcome))
        number[f"{outcome.value}_amount"] = Sum("amount", filter=Q(outcome=outcome), default=ZERO)
    for name, value in ClearingLine.objects.filter(clearing=clearing).aggregate(**number).items():
        setattr(clearing, name, value)
