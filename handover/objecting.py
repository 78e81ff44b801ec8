"""What goes back to the insurer: lines that are insisted on or asked about, with both figures and the reason; no person."""

from __future__ import annotations

import io
from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext as _t

from beneficiaries.models import Enrollment
from handover.models import DecisionKind, Invoice, InvoiceDecision, InvoiceRow
from handover.totals import difference_of, settled
from intake.exports import write_rows_xlsx
from intake.findings import MEANINGS, plain_words

_SAID = (DecisionKind.INSIST, DecisionKind.ASK)
BATCH = 5_000


def objections(invoice: Invoice) -> list[list[str]]:
    """[line, cover number, charged, ours, difference, finding, answer, reason], all as text, in the order of the file."""
    return _of_lines(invoice) if invoice.has_lines else _of_sum(invoice)


def workbook(invoice: Invoice, rows: Sequence[Sequence[str]]) -> bytes:
    """A workbook of text cells."""
    head = [
        _t("line"), _t("cover number"), _t("charged (yuan)"), _t("ours (yuan)"), _t("difference (yuan)"), _t("finding"),
        _t("our answer"), _t("reason"),
    ]
    target = io.BytesIO()
    write_rows_xlsx(target, _t("Objections"), [[_t("invoice number"), invoice.number], head, *rows])
    return target.getvalue()


def _of_lines(invoice: Invoice) -> list[list[str]]:
    rows = InvoiceRow.objects.filter(invoice=invoice).select_related("decision").order_by("pk")
    found: list[list[str]] = []
    said = rows.filter(decision__kind__in=_SAID)
    if invoice.pays_ours:
        said = said | rows.filter(decision=None, codes__contains=["CHARGED_MORE"])
    batch: list[InvoiceRow] = []
    for row in said.iterator(chunk_size=BATCH):
        batch.append(row)
        if len(batch) == BATCH:
            found += _in_words(invoice, batch)
            batch = []
    return found + _in_words(invoice, batch)


def _in_words(invoice: Invoice, rows: Sequence[InvoiceRow]) -> list[list[str]]:
    covers = Enrollment.objects.select_related("program", "period").in_bulk([row.enrollment_id for row in rows if row.line_id])
    return [
        [
            " ".join(part for part in (row.sheet, str(row.line)) if part),
            covers[row.enrollment_id].number if row.line_id and row.enrollment_id in covers else "",
            _yuan(row.amount), _yuan(row.due),
            _yuan(row.amount - row.due) if row.amount is not None and row.due is not None else "",
            "；".join(plain_words(MEANINGS[code].cause) for code in row.codes if code in MEANINGS),
            *(
                (str(DecisionKind(row.decision.kind).label), row.decision.reason) if row.decision is not None
                else (str(DecisionKind.INSIST.label), invoice.pays_ours)
            ),
        ]
        for row in rows
    ]


def _of_sum(invoice: Invoice) -> list[list[str]]:
    if settled(invoice) not in _SAID:
        return []
    decision = InvoiceDecision.objects.filter(invoice=invoice).latest("pk")
    return [[
        _t("the whole sum"), "", _yuan(invoice.control_amount), _yuan(Decimal(invoice.money["due"][1])),
        _yuan(difference_of(invoice)), "", str(DecisionKind(decision.kind).label), decision.reason,
    ]]


def _yuan(amount: Decimal | None) -> str:
    return f"{amount:.2f}" if amount is not None else ""
