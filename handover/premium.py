"""Premium between the office and the insurer: lines agreed once, parts of payers, and how a period stands to the fen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _t

from audit.faults import fault_point
from audit.history import plan_anew
from handover.models import HandOver, Invoice, Remittance, RemittanceState
from intake.findings import Verdict
from intake.models import State
from intake.template import Applied
from programs.models import FundingSplit, FundingSplitLine, Period

ZERO = Decimal("0.00")
# Two invoices that charge one line at once: the second waits for the first, and finds it agreed.
_AGREED = """
WITH ours AS (
    SELECT r.id, r.line_id, CASE WHEN d.kind = 'accept' THEN r.amount ELSE r.due END AS amount
    FROM handover_invoicerow r LEFT JOIN handover_invoicedecision d ON d.id = r.decision_id
    WHERE r.invoice_id = %(invoice)s AND r.chunk = %(chunk)s AND r.set_aside = '' AND r.line_id IS NOT NULL
        AND (r.verdict = %(equal)s OR (r.verdict = %(doubtful)s AND (d.kind = 'accept'
            OR (r.codes @> ARRAY['CHARGED_MORE']::varchar[] AND (d.kind = 'insist' OR (d.kind IS NULL AND %(pays_ours)s))))))
), agreed AS (
    INSERT INTO handover_invoiceline (invoice_id, line_id, amount, row_id)
    SELECT %(invoice)s, line_id, amount, id FROM ours ORDER BY line_id
    ON CONFLICT (line_id) DO NOTHING RETURNING row_id
), late AS (
    UPDATE handover_invoicerow r SET set_aside = 'CHANGED_SINCE_REVIEW'
    FROM ours WHERE r.id = ours.id AND ours.id NOT IN (SELECT row_id FROM agreed) RETURNING r.id
)
SELECT (SELECT count(*) FROM agreed), (SELECT count(*) FROM late)
"""
# A division of premium is one of a few dozen: covers are counted by it, never summed one by one.
_SHARES = """
SELECT coalesce(l.split_id, e.split_id), count(*) FILTER (WHERE r.due > 0), count(*) FILTER (WHERE r.due < 0), count(*),
    sum(a.amount), sum(a.amount - r.due)
FROM handover_invoiceline a JOIN handover_handoverline l ON l.id = a.line_id
JOIN beneficiaries_enrollment e ON e.id = l.enrollment_id JOIN handover_invoicerow r ON r.id = a.row_id
WHERE a.invoice_id = %s GROUP BY 1 ORDER BY 1
"""
_STATED = """
SELECT h.kind = 'removals', coalesce(sum((part ->> 5)::int), 0), coalesce(sum((part ->> 7)::bigint * s.premium), 0.00)
FROM handover_handover h CROSS JOIN LATERAL jsonb_array_elements(h.statement) part
JOIN programs_fundingsplit s ON s.id = (part ->> 2)::bigint
WHERE h.id = ANY(%s) GROUP BY 1
"""


def agree_lines(invoice: Invoice, chunk: int) -> Applied:
    """The lines of one chunk that are agreed, in the caller's transaction."""
    fault_point("handover.agree_lines.before")
    with connection.cursor() as cursor:
        plan_anew(cursor)
        cursor.execute(
            _AGREED,
            {
                "invoice": invoice.pk, "chunk": chunk, "equal": int(Verdict.NEW), "doubtful": int(Verdict.DOUBTFUL),
                "pays_ours": bool(invoice.pays_ours),
            },
        )
        agreed, late = cursor.fetchone()
    fault_point("handover.agree_lines.after")
    return Applied(agreed, late)


@dataclass(frozen=True)
class Agreed:
    """[[split, covers charged, covers given back], ...], the lines and yuan; who bears by how much accepted figures differ."""

    shares: list[list[int]]
    lines: int
    amount: Decimal
    differences: list[tuple[int, Decimal]]


def agreed_of(invoice: Invoice) -> Agreed:
    """What was agreed of an invoice's lines. A difference is borne by the funder who pays most of the line's premium."""
    with connection.cursor() as cursor:
        cursor.execute(_SHARES, [invoice.pk])
        found = cursor.fetchall()
    bearers = bearer_of_split(row[0] for row in found if row[5])
    borne: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for row in found:
        if row[5]:
            borne[bearers[row[0]]] += row[5]
    return Agreed(
        [[split, charged, back] for split, charged, back, _lines, _amount, _difference in found],
        sum(row[3] for row in found), sum((row[4] for row in found), ZERO),
        sorted((funder, amount) for funder, amount in borne.items() if amount),
    )


def bearer_of_split(splits: Iterable[int]) -> dict[int, int]:
    """By division of premium the funder who pays most of it, the first of equals; none where the insured pay it all."""
    lines = FundingSplitLine.objects.filter(split__in=list(splits), amount__gt=0).order_by("split", "-amount", "position")
    found: dict[int, int] = {}
    for split, funder in lines.values_list("split", "funder"):
        found.setdefault(split, funder)
    return found


def parts_of(shares: Iterable[Sequence[int]], bearers: Iterable[tuple[int, str]] = ()) -> dict[int | None, Decimal]:
    """Yuan by funder, None for the insured themselves, of covers counted by their division of premium; exact: covers are whole.

    `bearers`: who bears how much of accepted differences, yuan as text.
    """
    covers: dict[int, int] = defaultdict(int)
    for split, charged, back in shares:
        covers[split] += charged - back
    found: dict[int | None, Decimal] = defaultdict(lambda: ZERO)
    for pk, own in FundingSplit.objects.filter(pk__in=covers).values_list("pk", "own_share"):
        found[None] += covers[pk] * own
    lines = FundingSplitLine.objects.filter(split__in=covers).values_list("split", "funder", "amount")
    for split, funder, amount in lines:
        found[funder] += covers[split] * amount
    for funder, difference in bearers:
        found[funder] += Decimal(difference)
    return {payer: amount for payer, amount in found.items() if amount}


@dataclass(frozen=True)
class Line:
    """So many covers, invoices or remittances and their yuan; no address for a reader who has no such list."""

    label: str
    number: int
    amount: Decimal
    url: str = ""


def standing_of(period: Period, user: Any) -> list[Line]:
    """Premium by the statement, invoiced, agreed, disputed, remitted and open; a handful of questions, whatever the people."""
    told = HandOver.objects.visible_to(user, "handover.view_handover").filter(period=period)
    with connection.cursor() as cursor:
        cursor.execute(_STATED, [list(told.values_list("pk", flat=True))])
        stated = {removals: (people, amount) for removals, people, amount in cursor.fetchall()}
    entries, leaves = stated.get(False, (0, ZERO)), stated.get(True, (0, ZERO))
    invoices = Invoice.objects.visible_to(user, "handover.view_invoice").filter(period=period)
    decided, waiting = Q(state=State.APPLIED), Q(state__in=UNDECIDED)
    found = invoices.aggregate(
        lines=Sum("control_lines", filter=decided | waiting, default=0),
        amount=Sum("control_amount", filter=decided | waiting, default=ZERO),
        waiting_lines=Sum("control_lines", filter=waiting, default=0),
        waiting=Sum("control_amount", filter=waiting, default=ZERO),
        agreed_lines=Sum("agreed_lines", filter=decided, default=0), agreed=Sum("agreed_amount", filter=decided, default=ZERO),
        above=Sum("difference", filter=decided, default=ZERO), differing=Count("pk", filter=decided & ~Q(difference=0)),
    )
    paid = {
        state: (lines, amount)
        for state, lines, amount in Remittance.objects.visible_to(user, "handover.view_remittance").filter(period=period)
        .order_by().values_list("state").annotate(sum_lines=Sum("lines"), sum_amount=Sum("amount"))
    }
    on_the_way = [paid.get(state, (0, ZERO)) for state in (RemittanceState.PREPARED, RemittanceState.APPROVED)]
    remitted = paid.get(RemittanceState.PAID, (0, ZERO))
    moving = (sum(lines for lines, _amount in on_the_way), sum((amount for _lines, amount in on_the_way), ZERO))
    due = entries[1] - leaves[1]

    def page(name: str, **chosen: Any) -> str:
        return f"{reverse(f'admin:handover_{name}_changelist')}?{urlencode(chosen)}"

    def lines_of(direction: str, **chosen: Any) -> str:
        if not user.has_perm("handover.view_handoverline"):
            return ""
        way = {"direction__exact": direction} if direction else {}
        return page("handoverline", hand_over__period__id__exact=period.pk, answer="accepted", **way, **chosen)

    own: dict[str, Any] = {"period__id__exact": period.pk}
    return [
        Line(_t("Accepted by the insurer, by the statement"), *entries, lines_of("entry")),
        Line(_t("Given back for whoever left, by the statement"), leaves[0], -leaves[1], lines_of("leave")),
        Line(_t("Invoiced"), found["lines"], found["amount"], page("invoice", **own)),
        Line(_t("Invoiced, not decided yet"), found["waiting_lines"], found["waiting"], page("invoice", stands="waiting", **own)),
        Line(_t("Agreed"), found["agreed_lines"], found["agreed"], page("invoice", stands="agreed", **own)),
        Line(
            _t("Disputed: charged and not agreed"), found["lines"] - found["waiting_lines"] - found["agreed_lines"],
            found["amount"] - found["waiting"] - found["agreed"], page("invoice", stands="disputed", **own),
        ),
        *(
            [Line(_t("Of it accepted above or below our premium"), found["differing"], found["above"],
                  page("invoice", stands="differing", **own))] if found["differing"] else []
        ),
        Line(
            _t("Accepted and not agreed on any invoice"), entries[0] + leaves[0] - found["agreed_lines"],
            due - found["agreed"] + found["above"], lines_of("", agreed="no"),
        ),
        Line(_t("Remitted"), *remitted, page("remittance", state__exact="paid", **own)),
        Line(_t("Remittance on the way"), *moving, page("remittance", stands="moving", **own)),
        Line(
            _t("Agreed and still to be remitted"), found["agreed_lines"] - remitted[0] - moving[0],
            found["agreed"] - remitted[1] - moving[1], page("invoice", stands="unpaid", **own),
        ),
    ]


#: States of an invoice that may still be agreed.
UNDECIDED = (State.REVIEW, State.SUBMITTED, State.APPROVED, State.APPLYING)
