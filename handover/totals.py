"""An invoice without lines as a template of intake: one sum stands for lines of ours, and is compared with what they come to.

What is compared, found and agreed is of our own lists; the sum is agreed to whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from audit.faults import fault_point
from audit.history import plan_anew
from handover import premium
from handover.charging import INVOICE, ZERO, InvoiceContext, InvoiceTemplate
from handover.models import Covers, DecisionKind, HandOver, Invoice, InvoiceChunk, InvoiceDecision, Sides
from handover.statement import COUNTY_DIGITS
from intake import template as engine
from intake.abreast import all_abreast
from intake.findings import FileFinding, Verdict
from intake.models import Chunk
from intake.staging import chunk_digest
from intake.template import Applied
from intake.unstaging import remove_staged

ABREAST = 2
DIRECTIONS = {Sides.ENTRIES: ["entry"], Sides.LEAVES: ["leave"], Sides.BOTH: ["entry", "leave"]}
_SPAN = """
FROM handover_handoverline l
WHERE l.hand_over_id = ANY(%(told)s) AND l.stands AND l.direction = ANY(%(directions)s)
"""
# What a receipt has accepted by then and no invoice has agreed.
_DUE = f"""{_SPAN} AND l.answer = 'accepted' AND l.answered_at <= %(at)s
    AND NOT EXISTS (SELECT FROM handover_invoiceline a WHERE a.line_id = l.id)"""
_WORTH = "CASE l.direction WHEN 'entry' THEN l.premium ELSE -l.premium END"
_SUM = f"SELECT count(*), coalesce(sum({_WORTH}), 0.00) {_DUE}"
_PIECES = f"""
SELECT number, min(id), max(id), count(*)
FROM (SELECT l.id, (row_number() OVER (ORDER BY l.id) - 1) / %(cut)s AS number {_DUE}) AS cut GROUP BY 1 ORDER BY 1
"""  # noqa: S608 - text of our own
_ROWS = f"""
INSERT INTO handover_invoicerow (invoice_id, sheet, line, chunk, verdict, codes, set_aside, line_id, enrollment_id, due)
SELECT %(invoice)s, '', %(lines)s + row_number() OVER (ORDER BY l.id), %(chunk)s, %(equal)s, '{{}}'::varchar[], '', l.id,
    l.enrollment_id, {_WORTH}
{_DUE} AND l.id BETWEEN %(first)s AND %(last)s ORDER BY l.id
"""
# Lines and those whose premium counts: due, agreed on earlier invoices, not answered, refused.
_COUNTED = f"""
SELECT l.direction, left(l.region_code, {COUNTY_DIGITS}), e.category_id, coalesce(l.split_id, e.split_id),
    count(*) FILTER (WHERE l.standing = 'due'), count(*) FILTER (WHERE l.standing = 'due' AND l.premium > 0),
    count(*) FILTER (WHERE l.standing = 'before'), count(*) FILTER (WHERE l.standing = 'before' AND l.premium > 0),
    count(*) FILTER (WHERE l.standing = 'open'), count(*) FILTER (WHERE l.standing = 'open' AND l.premium > 0),
    count(*) FILTER (WHERE l.standing = 'refused'), count(*) FILTER (WHERE l.standing = 'refused' AND l.premium > 0)
FROM (
    SELECT l.*, CASE WHEN a.id IS NOT NULL THEN 'before' WHEN l.answer = 'refused' THEN 'refused'
        WHEN l.answer = 'accepted' AND l.answered_at <= %(at)s THEN 'due' ELSE 'open' END AS standing
    FROM handover_handoverline l LEFT JOIN handover_invoiceline a ON a.line_id = l.id
    WHERE l.hand_over_id = ANY(%(told)s) AND l.stands AND l.direction = ANY(%(directions)s)
) AS l JOIN beneficiaries_enrollment e ON e.id = l.enrollment_id
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""  # noqa: S608
_ASIDE = """
UPDATE handover_invoicerow SET set_aside = 'SUM_DISPUTED' WHERE invoice_id = %(invoice)s AND chunk = %(chunk)s AND set_aside = ''
"""


class SumTemplate(InvoiceTemplate):
    """Rows come from our lists instead of a file; review, approval and what is agreed are those of any invoice."""

    title = _("Invoice of an insurer without lines")

    def make_rows(self, run: Any, subject: Invoice, context: InvoiceContext) -> bool:
        """Each line of ours that the sum stands for; two chunks at a time."""
        facts = span_of(context.invoice)
        pieces = _pieces(run, context.invoice, self, facts)
        staged = set(self.chunks_of(subject).values_list("number", flat=True))
        waiting = [piece for piece in pieces if piece[0] not in staged]
        all_abreast(
            lambda piece: _make_chunk(run, self, context.invoice, facts, piece), waiting, width=max(1, min(ABREAST, len(waiting)))
        )
        return True

    def decide_again(self, subject: Invoice, *, at: datetime) -> dict[str, int]:
        """No line of ours comes twice."""
        return {}

    def reason_to_close(self, subject: Invoice, *, at: datetime) -> FileFinding | None:
        """Our own lines are read without fault."""
        return None

    def preview_money(self, subject: Invoice, context: InvoiceContext) -> dict[str, Any]:
        """{"due": [lines, yuan as text], "statement": [[direction, county, category, split, due, paying, before, ...], ...]}."""
        if subject.money:
            return dict(subject.money)
        with connection.cursor() as cursor:
            plan_anew(cursor)
            cursor.execute(_COUNTED, span_of(subject))
            stated = [list(row) for row in cursor.fetchall()]
            cursor.execute(
                "SELECT count(*), coalesce(sum(due), 0.00) FROM handover_invoicerow WHERE invoice_id = %s", [subject.pk]
            )
            lines, due = cursor.fetchone()
        return {"due": [lines, str(due)], "statement": stated}

    def does_something(self, subject: Invoice) -> bool:
        """Whether it is equal, or was decided about."""
        return bool(subject.money["due"][0]) and settled(subject) is not None

    def apply_chunk(self, subject: Invoice, chunk: Chunk, *, context: InvoiceContext, at: datetime) -> Applied:
        """All lines, or none of them."""
        if agrees(subject):
            return premium.agree_lines(subject, chunk.number)
        fault_point("handover.put_aside_sum.before")
        with connection.cursor() as cursor:
            plan_anew(cursor)
            cursor.execute(_ASIDE, {"invoice": subject.pk, "chunk": chunk.number})
            aside = cursor.rowcount
        fault_point("handover.put_aside_sum.after")
        return Applied(0, aside)

    def release(self, subject: Invoice, *, at: datetime) -> None:
        """What was agreed; an accepted sum with its difference, borne by the funder who pays most of the whole."""
        fault_point("handover.end_sum.before")
        agreed = premium.agreed_of(subject)
        subject.shares, subject.agreed_lines = agreed.shares, agreed.lines
        accepted = settled(subject) == DecisionKind.ACCEPT and agreed.lines
        subject.difference = difference_of(subject) if accepted else ZERO
        subject.bearers = [[bearer_of(shares_due(subject)), str(subject.difference)]] if subject.difference else []
        subject.agreed_amount = agreed.amount + subject.difference
        subject.save(update_fields=["shares", "agreed_lines", "agreed_amount", "difference", "bearers"])
        fault_point("handover.end_sum.after")


SUM = SumTemplate()
#: Settled without a decision.
EQUAL = "equal"


def template_of(invoice: Invoice) -> InvoiceTemplate:
    """How an invoice is checked: by its own lines, or by one sum for lines of ours."""
    return INVOICE if invoice.has_lines else SUM


def span_of(invoice: Invoice) -> dict[str, Any]:
    """Which lines of ours a sum stands for."""
    told = HandOver.objects.filter(period=invoice.period_id)
    if invoice.hand_over_id is not None:
        told = told.filter(pk=invoice.hand_over_id)
    elif invoice.covers == Covers.MONTH:
        told = told.filter(month=invoice.month)
    return {
        "told": list(told.order_by("pk").values_list("pk", flat=True)), "directions": DIRECTIONS[Sides(invoice.sides)],
        "at": invoice.uploaded_at, "invoice": invoice.pk,
    }


def due_of(invoice: Invoice) -> tuple[int, Decimal]:
    """Lines and yuan that are due by our lists, before it is recorded."""
    with connection.cursor() as cursor:
        cursor.execute(_SUM, span_of(invoice))
        lines, amount = cursor.fetchone()
    return lines, amount


def difference_of(invoice: Invoice) -> Decimal:
    """By how much the sum is above ours; below zero: under it."""
    return Decimal(invoice.control_amount - Decimal(invoice.money["due"][1]))


def settled(invoice: Invoice) -> str | None:
    """How a sum is answered: equal, or by the latest decision; None where it differs and nobody has decided."""
    if difference_of(invoice) == 0:
        return EQUAL
    latest = InvoiceDecision.objects.filter(invoice=invoice).order_by("-pk").values_list("kind", flat=True).first()
    return None if latest == DecisionKind.REOPEN else latest


def agrees(invoice: Invoice) -> bool:
    """Whether its lines are agreed: equal, accepted as charged, or ours where more is charged."""
    how = settled(invoice)
    return how in (EQUAL, DecisionKind.ACCEPT) or (how == DecisionKind.INSIST and difference_of(invoice) > 0)


def shares_due(invoice: Invoice) -> list[list[int]]:
    """[split, covers charged, covers given back] of what is due, from the statement that is kept."""
    return [
        [split, paying if direction == "entry" else 0, paying if direction == "leave" else 0]
        for direction, _county, _category, split, _due, paying, *_others in invoice.money["statement"]
    ]


def bearer_of(shares: Iterable[Sequence[int]]) -> int | None:
    """The funder who pays most of the whole, the first of equals; None where the insured pay it all."""
    parts = premium.parts_of(shares)
    payers = sorted((-abs(amount), payer) for payer, amount in parts.items() if payer is not None)
    return payers[0][1] if payers else None


def _pieces(run: Any, invoice: Invoice, template: SumTemplate, facts: dict[str, Any]) -> list[list[int]]:
    """[number, first, last line, rows at most] of each chunk; as the run before cut them, where one did."""
    if run.cursor:
        return [list(piece) for piece in run.cursor["pieces"]]
    remove_staged(run, invoice, template)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_PIECES, {**facts, "cut": engine.ROWS_PER_CHUNK})
        pieces = [list(piece) for piece in cursor.fetchall()]
        fault_point("handover.cut_sum.before")
        run.advance(done=0, total=sum(piece[3] for piece in pieces), cursor={"pieces": pieces})
        fault_point("handover.cut_sum.after")
    fault_point("handover.cut_sum.committed")
    return pieces


def _make_chunk(run: Any, template: SumTemplate, invoice: Invoice, facts: dict[str, Any], piece: Sequence[int]) -> None:
    """One transaction: rows, their chunk with its digest, the job's progress."""
    number, first, last, rows = piece
    run.check_stop()
    with transaction.atomic():
        fault_point("handover.make_sum_chunk.before")
        with connection.cursor() as cursor:
            cursor.execute(
                _ROWS,
                {
                    **facts, "chunk": number, "first": first, "last": last, "lines": number * engine.ROWS_PER_CHUNK,
                    "equal": int(Verdict.NEW),
                },
            )
            made = cursor.rowcount
        InvoiceChunk.objects.create(
            invoice=invoice, number=number, rows=made, digest=chunk_digest(template, invoice.pk, number),
            counts={
                "verdicts": {str(int(Verdict.NEW)): made} if made else {}, "codes": {}, "tally": {}, "unknown": {},
                "cut": engine.ROWS_PER_CHUNK,
            },
        )
        run.advance(more=rows)
        fault_point("handover.make_sum_chunk.after")
    fault_point("handover.make_sum_chunk.committed")
