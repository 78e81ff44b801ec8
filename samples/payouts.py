"""What proves one payout, from the money back to the case: entries as masks. Its cover's evidence stands behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _t

from audit.errors import KeyDestroyed
from audit.versions import value_in_words
from beneficiaries.evidence import who
from beneficiaries.holdings import Line, Part, entry_of
from benefits.trace import Trace
from claims.models import Bill, Claim, Decision, Paper, Payable
from intake.findings import Verdict
from payouts.models import BankReturnRow, Batch, BatchLine, Step
from programs.benefit_terms import engine_language
from programs.models import LedgerEntry
from results.models import Recalculation, ReportRow, Result

#: Codes of the engine, told by the trace; and what is told beside.
_OF_ENGINE = (
    "facts", "trace", "cause", "effects", "used_before", "used", "refusals", "assumed", "undecided", "burden", "usage_version",
    "digest", "terms_digest",
)
_OF_STAFF = ("recorded_by", "entered_by", "explained_by", "uploaded_by", "removed_by", "storage_key", "handler", "proposed_by")


def parts_of(line: BatchLine) -> list[Part]:
    """Of a payout that we made."""
    payable = Payable.objects.select_related("claim__case", "claim__program", "decision", "organization", "program").get(
        pk=line.payable_id
    )
    claim, case = payable.claim, payable.claim.case
    decisions = Decision.objects.filter(claim=claim).select_related("proposed_by").order_by("number")
    return [part for part in (
        Part(_t("Payout"), [_payout(line)]),
        Part(_t("The bank's result"), list(_results(line))),
        Part(_t("Payout batch and who approved it"), [_batch(line)]),
        Part(_t("Amount owed"), [_masked(payable)]),
        Part(_t("Decisions, with calculation and signatures"), [each for found in decisions for each in _decision(found)]),
        Part(_t("Claim and its way"), [_masked(claim), _steps(claim)]),
        Part(_t("Case"), [_masked(case)]),
        Part(_t("Bills"), [entry for bill in Bill.objects.filter(case=case).order_by("pk") for entry in _bill(bill)]),
        Part(_t("Papers"), [_paper(paper) for paper in Paper.objects.filter(case=case).order_by("pk")]),
        Part(_t("Postings of the ledger"), list(_postings(line, [each.pk for each in decisions]))),
    ) if part.entries]


def parts_of_reported(result: Result) -> list[Part]:
    """Of a payout that an insurer made and reported."""
    report = result.report
    return [part for part in (
        Part(_t("Payout reported by the insurer"), [_masked(result)]),
        Part(_t("Line of the report"), list(_report_line(result))),
        Part(_t("Report and who approved it"), [[
            (_t("Report"), f"#{report.pk} {report.reference}"), (_t("Insurer"), result.insurer.name),
            (_t("Uploaded"), who(report.uploaded_by, report.uploaded_at)),
            (_t("Submitted"), who(report.submitted_by, report.submitted_at)),
            (_t("Approved"), who(report.decided_by, report.decided_at)),
            (_t("Checksum that was approved"), report.approved_digest),
        ]]),
    ) if part.entries]


def _masked(row: Model) -> Line:
    return entry_of(row, (*_OF_STAFF, "findings", "parts", "due_parts"), say=str)


def _payout(line: BatchLine) -> Line:
    return [
        (_t("Payout number"), line.key), (_t("Amount (yuan)"), f"{line.amount:.2f}"), (_t("State"), line.get_state_display()),
        (_t("Paid on"), value_in_words(line.settled_on) if line.settled_on else ""),
        (_t("Returned on"), value_in_words(line.returned_on) if line.returned_on else ""),
        (_t("Checksum of payee and account"), bytes(line.payee).hex()),
    ]


def _results(line: BatchLine) -> Iterator[Line]:
    for result in line.results.order_by("pk"):
        found: Line = [
            (_t("Result"), result.get_outcome_display()), (_t("Amount (yuan)"), f"{result.amount:.2f}"),
            (_t("Day"), value_in_words(result.settled_on)), (_t("Taken over at"), value_in_words(result.at)),
            (_t("Told by its return alone"), _t("yes") if result.implied else ""),
            (_t("Why"), result.get_code_display() if result.code else ""),
        ]
        row = BankReturnRow.objects.filter(pk=result.row_id).select_related(
            "file", "bank_return__uploaded_by", "bank_return__submitted_by", "bank_return__decided_by"
        ).first()
        if row is not None:
            said = row.bank_return
            found += [
                (_t("File"), row.file.name), (_t("SHA-256 of the file"), row.file.sha256), (_t("Line of the file"), str(row.line)),
                (_t("Verdict of the check"), str(Verdict(row.verdict).label)),
                (_t("As it came"), _t("kept, sealed") if row.raw else _t("deleted at the end of its time")),
                (_t("Uploaded"), who(said.uploaded_by, said.uploaded_at)),
                (_t("Submitted"), who(said.submitted_by, said.submitted_at)),
                (_t("Approved"), who(said.decided_by, said.decided_at)), (_t("Checksum that was approved"), said.approved_digest),
            ]
        yield found


def _batch(line: BatchLine) -> Line:
    batch = line.batch
    found: Line = [
        (_t("Payout batch"), f"{batch.reference} · {batch.get_state_display()}"), (_t("Payouts"), str(batch.lines)),
        (_t("Sum (yuan)"), f"{batch.amount:.2f}"), (_t("Bank's format"), str(batch.format)),
        (_t("Checksum of the list"), batch.digest),
    ]
    for vote in batch.votes.filter(stands=True).select_related("user").order_by("pk"):
        found.append((str(Step(vote.step).label), f"{who(vote.user, vote.at)} · {vote.digest}"))
    return [
        *found, (_t("Released"), who(batch.released_by, batch.released_at)), (_t("SHA-256 of the file"), batch.sha256),
        (_t("Bank's reference"), batch.bank_reference),
    ]


def _decision(decision: Decision) -> Iterator[Line]:
    yield [
        *entry_of(decision, (*_OF_STAFF, *_OF_ENGINE), say=str), (_t("Checksum that is signed"), decision.digest),
        (_t("Checksum of the plan's terms"), decision.terms_digest),
        (_t("Calculated"), who(decision.proposed_by, decision.proposed_at)),
        *(
            (_t("Signature %(step)d") % {"step": each.step}, f"{who(each.by, each.at)} · {each.digest}")
            for each in decision.signatures.select_related("by").order_by("step")
        ),
    ]
    for each in decision.lines.order_by("position"):
        yield entry_of(each, ("decision", "position"), say=str)
    sentences = _trace(decision)
    if sentences:
        yield [(str(number), sentence) for number, sentence in enumerate(sentences, 1)]


def _trace(decision: Decision) -> list[str]:
    """Step by step; it names nobody."""
    if decision.trace is None:
        return []
    try:
        return list(Trace.from_data(json.loads(decision.trace.reveal())).sentences(engine_language()))
    except KeyDestroyed:
        return [_t("deleted at the end of its time")]


def _steps(claim: Claim) -> Line:
    return [
        (value_in_words(step.at), " · ".join(each for each in (step.get_to_state_display(), step.by_label, step.reason) if each))
        for step in claim.steps.order_by("pk")
    ]


def _bill(bill: Bill) -> Iterator[Line]:
    yield _masked(bill)
    for each in bill.lines.order_by("pk"):
        yield entry_of(each, ("bill",), say=str)


def _paper(paper: Paper) -> Line:
    state = _t("deleted at the end of its time") if paper.purged_at else _t("taken out: %(reason)s") % {
        "reason": paper.reason
    } if paper.removed_by_id else _t("kept, sealed")
    return [
        (_t("Paper"), paper.get_kind_display()), (_t("SHA-256 of the file"), paper.sha256), (_t("Bytes"), str(paper.size)),
        (_t("Uploaded at"), value_in_words(paper.uploaded_at)), (_t("State"), state),
    ]


def _postings(line: BatchLine, decisions: list[int]) -> Iterator[Line]:
    """Of the decisions, and of the batch, whose postings are of all payouts of one part of a returned file."""
    for label, numbers in ((Decision._meta.label_lower, decisions), (Batch._meta.label_lower, [line.batch_id])):
        entries = LedgerEntry.objects.filter(transaction__source_type=label, transaction__source_id__in=numbers)
        found: dict[int, Any] = {}
        for entry in entries.select_related("transaction", "account").order_by("transaction_id", "pk"):
            booked = entry.transaction
            legs = found.setdefault(booked.pk, [
                (_t("Posting"), f"#{booked.pk} {booked.get_kind_display()}"), (_t("At"), value_in_words(booked.at)),
                (_t("Accounting day"), value_in_words(booked.booked_on)), (_t("Memo"), booked.memo),
            ])
            legs.append((str(entry.account.get_kind_display()), f"{entry.amount:,.2f}"))
        yield from found.values()


def _report_line(result: Result) -> Iterator[Line]:
    row = ReportRow.objects.filter(pk=result.row_id).select_related("file").first()
    if row is None:
        return
    yield [
        (_t("File"), row.file.name if row.file is not None else ""),
        (_t("SHA-256 of the file"), row.file.sha256 if row.file is not None else ""), (_t("Sheet"), row.sheet),
        (_t("Line of the file"), str(row.line)), (_t("Verdict of the check"), str(Verdict(row.verdict).label)),
        (_t("As it came"), _t("kept, sealed") if row.raw else _t("deleted at the end of its time")),
    ]
    recalculated = Recalculation.objects.filter(row_id=result.row_id).first()
    if recalculated is not None:
        yield entry_of(recalculated, ("report", "slice"), say=str)
