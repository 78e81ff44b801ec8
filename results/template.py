"""A report of payouts as a template of intake: read by its program's plans, matched, recalculated, recorded, undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

import polars as pl
from django.db import models
from django.db.models import Count, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from audit import keys
from audit.sealing import Unsealed
from beneficiaries.covers_named import USABLE, known, with_numbers
from beneficiaries.models.person import BENEFICIARY_KEY
from intake import checks
from intake.checks import Checked, Context
from intake.checks.work import found_at, placed, worst_of
from intake.columns import Column
from intake.findings import SEVERITY_OF, FileFinding, Severity, Verdict
from intake.framing import Cells
from intake.models import Chunk
from intake.template import Applied, Compared, Template, Undone, Unusual
from programs.benefit_terms import terms_of_program
from programs.expense_columns import KIND, LOCALITIES, SETTINGS, YES_OR_NO, json_of
from programs.plan_views import plans_of
from results import comparing, recording
from results.columns import BANK_RESULTS, PART, columns_of
from results.errors import ResultsRefused
from results.matching import JUDGED_CODES, TOLD_OF, ReportContext, doubled, judged
from results.models import Report, ReportChunk, ReportDecision, ReportRow, ReportSlice
from results.models.report import DIAGNOSIS, DOCUMENT, NAME

ZERO = Decimal("0.00")
_NO_REGIONS = pl.DataFrame(schema={"code": pl.String, "successor": pl.String})
_WORDS: dict[str, dict[str, Any]] = {
    "setting": SETTINGS, "locality": LOCALITIES, "settled": YES_OR_NO, "pre_existing": YES_OR_NO,
    "bank_result": {word: result.value for word, result in BANK_RESULTS.items()},
}
_PLAIN = (
    "claim_number", "bill_number", "number", "enrollment_id", "event_on", "hospital", "cost", "basic_paid", "others_paid", "paid",
    "parts", "figures", "setting", "locality", "settled", "pre_existing", "paid_on", "last_four", "bank_result",
)
_SEALED = (("name", NAME), ("document", DOCUMENT), ("diagnosis", DIAGNOSIS))


class ReportTemplate(Template):
    """One line, one settled claim."""

    key = "payout_report"
    title = _("Report of payouts")
    import_model = Report
    row_model = ReportRow
    chunk_model = ReportChunk
    import_key = "report"
    unique_by = ("claim_number",)
    staged = (*_PLAIN, *(name for name, _logical in _SEALED))
    purpose = BENEFICIARY_KEY

    def __init__(self, program_id: int | None = None) -> None:
        self.program_id = program_id

    @cached_property
    def columns(self) -> tuple[Column, ...]:  # type: ignore[override]
        """What every report has, and what the program's plans add."""
        return columns_of([] if self.program_id is None else terms_of_program(self.program_id).values())

    def context(self, subject: Report, *, at: datetime) -> ReportContext:
        """The report with its program, the offices whose people it may speak of, and the plans."""
        report = Report.objects.select_related("program", "organization").get(pk=subject.pk)
        day = timezone.localdate(at)
        return ReportContext(
            report, Context(today=day, regions=_NO_REGIONS),
            list(Organization.objects.filter(path__startswith=report.organization.path).values_list("pk", flat=True)),
            plans_of(report.program_id), day.year,
        )

    def check(self, frame: pl.DataFrame, context: ReportContext) -> Checked:
        """As any file; words as the engine calls them, amounts by responsibility and kind together, four digits of an account."""
        checked = checks.check(frame, self.columns, context.checks)
        given, findings = checked.frame, checked.findings
        given = given.with_columns(
            pl.col(name).replace_strict(words, default=None, return_dtype=pl.Boolean if words is YES_OR_NO else pl.String)
            for name, words in _WORDS.items()
        )
        given = self._together(given)
        given, findings = self._digits(given, findings)
        return Checked(given.with_columns(worst_of(findings, len(given))), findings)

    def _together(self, frame: pl.DataFrame) -> pl.DataFrame:
        """`parts` and `figures` as JSON of what a line fills in, and the sum of its parts."""
        parts = [column.key for column in self.columns if column.key.startswith(PART)]
        kinds = [column.key for column in self.columns if column.key.startswith(KIND)]
        filled = pl.any_horizontal([pl.col(key).is_not_null() for key in parts] or [pl.lit(value=False)])
        total = pl.sum_horizontal([pl.col(key).fill_null(0) for key in parts] or [pl.lit(0)]).cast(pl.Decimal(16, 2))
        return frame.with_columns(
            parts=json_of(parts, PART), figures=json_of(kinds, KIND), parts_sum=pl.when(filled).then(total),
        )

    def _digits(self, frame: pl.DataFrame, findings: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Of an account number never more than its last four digits."""
        said = pl.col("last_four").str.replace_all(r"[\s*＊-]", "")
        good = said.str.contains(r"^[0-9]{4,30}$").fill_null(value=False)
        long = frame.select(good & (said.str.len_bytes() > 4)).to_series()
        wrong = frame.select(pl.col("last_four").is_not_null() & ~good).to_series()
        column = self.column("last_four")
        for code, where in (("ACCOUNT_CUT", long), ("LAST_FOUR", wrong)):
            if where.any():
                rows = where.arg_true()
                found = placed(found_at(code, column, rows, pl.Series([None] * len(rows), dtype=pl.String)), frame)
                findings = pl.concat([findings, found]).sort("row", maintain_order=True)
        return frame.with_columns(last_four=pl.when(good).then(said.str.slice(-4))), findings

    def compare(self, checked: Checked, context: ReportContext) -> Compared:
        """Whose cover each line speaks of, or why it is held or refused."""
        frame = with_numbers(checked.frame, context.reach)
        frame = frame.join(known(frame, context.reach), on="row", how="left", maintain_order="left")
        frame = frame.join(doubled(frame, context).unique("row"), on="row", how="left", maintain_order="left")
        frame = judged(frame, context)
        findings = checked.findings
        for code in JUDGED_CODES:
            rows = frame.select((pl.col("code") == code).fill_null(value=False)).to_series().arg_true()
            if rows.is_empty():
                continue
            column = TOLD_OF.get(code, "document")
            values = pl.Series([None] * len(rows), dtype=pl.String)
            found = found_at(code, self.column(column), rows, values, frame["extra"].gather(rows))
            findings = pl.concat([findings, placed(found, frame)]).sort("row", maintain_order=True)
        weight = pl.col("code").replace_strict(SEVERITY_OF, default=None, return_dtype=pl.String)
        verdict = (
            pl.when(~USABLE | (weight == Severity.ERROR.value)).then(Verdict.REFUSED)
            .when((pl.col("worst") == Severity.DOUBT.weight) | (weight == Severity.DOUBT.value)).then(Verdict.DOUBTFUL)
            .otherwise(Verdict.NEW)
        )  # fmt: skip
        # Of a line that cannot be used nothing is linked.
        frame = frame.with_columns(verdict=verdict.cast(pl.UInt8)).with_columns(
            enrollment_id=pl.when(pl.col("verdict") != Verdict.REFUSED).then("enrollment_id"),
            number=pl.when(pl.col("cover_id").is_not_null()).then("number"),
        )
        sealed: dict[str, Cells | Unsealed] = {
            name: keys.sealer(
                logical, purpose=BENEFICIARY_KEY, program_code=context.program_code, year=context.year
            ).later(frame[name].to_list())
            for name, logical in _SEALED
        }
        return Compared(frame, sealed, findings)

    def compare_all(self, run: Any, subject: Report, context: ReportContext) -> None:
        """Lines against one another: doubles within the report, then each cover's lines recalculated in the order of payment."""
        comparing.compare_all(run, subject, self, context)

    def remember_decisions(self, subject: Report, number: int) -> None:
        """Nothing is remembered; what was recalculated of the rows goes with them."""
        comparing.forget(subject)

    def decide_again(self, subject: Report, *, at: datetime) -> dict[str, int]:
        """The moment up to which earlier results were looked at stands with the review that opens."""
        subject.compared_at = at
        return {}

    def preview_money(self, subject: Report, context: ReportContext) -> dict[str, Any]:
        """Lines and yuan, as text: "lines", "sum" of all that stand; "rows", "amount" to be recorded; "held_rows", "held";
        "refused_rows", "refused"; and what `comparing.summed` says of the recalculation."""
        rows = self.rows_of(subject).exclude(verdict=Verdict.REPLACED).order_by()
        found = {
            Verdict(verdict): (lines, amount)
            for verdict, lines, amount in rows.values_list("verdict").annotate(
                lines=Count("pk"), amount=Sum("paid", default=ZERO)
            )
        }
        told: dict[str, Any] = {
            "lines": sum(lines for lines, _amount in found.values()),
            "sum": str(sum((amount for _lines, amount in found.values()), ZERO)),
        }
        for verdict, name, amount_name in (
            (Verdict.NEW, "rows", "amount"), (Verdict.DOUBTFUL, "held_rows", "held"), (Verdict.REFUSED, "refused_rows", "refused"),
        ):
            lines, amount = found.get(verdict, (0, ZERO))
            told |= {name: lines, amount_name: str(amount)}
        return {**told, **comparing.summed(subject)}

    def reason_to_close(self, subject: Report, *, at: datetime) -> FileFinding | None:
        """Nothing refuses the whole: other totals than the insurer's wait for the approver's word."""
        return None

    def unusual(self, subject: Report) -> list[Unusual]:
        """Half of the lines twice, as for any file; a report changes nobody."""
        return [each for each in super().unusual(subject) if each.code == "MANY_REPEATED"]

    def reserve(self, subject: Report, *, by: Any, at: datetime) -> None:
        """One report of a program at a time, its totals agreed or confirmed, approved by nobody who decided about its lines."""
        recording.refuse_beside(subject)
        if ReportDecision.objects.filter(report=subject, decided_by=by).exists():
            raise ResultsRefused("OWN_DECISIONS")
        if not totals_agree(subject) and (subject.totals_digest != subject.digest or subject.totals_by_id != by.pk):
            raise ResultsRefused("TOTALS_DIFFER", **totals(subject))

    def release(self, subject: Report, *, at: datetime) -> None:
        """Nothing was held."""

    def apply_chunk(self, subject: Report, chunk: Chunk, *, context: ReportContext, at: datetime) -> Applied:
        """The results of one chunk; what was touched by others since the review is set aside."""
        return recording.record_chunk(subject, chunk.number, at=at)

    def undo_chunk(self, subject: Report, chunk: Chunk, *, context: ReportContext, at: datetime) -> Undone:
        """Its results stand no more."""
        return recording.undo_chunk(subject, chunk.number, at=at)

    def kept_in_words(self, code: str) -> str:
        """Nothing is ever kept by an undo."""
        return code

    def terms_of(self, subject: Report) -> Sequence[str]:
        """Program, insurer, number, what the insurer says of the whole, what was recalculated, what was decided."""
        return (
            f"program {subject.program_id}", f"insurer {subject.insurer_id}", f"organization {subject.organization_id}",
            f"region {subject.region_code}", f"reference {subject.reference}",
            f"control {subject.control_lines} {subject.control_amount}",
            *(
                f"recalculated {number} of {of} {digest}"
                for number, of, digest in ReportSlice.objects.filter(report=subject).order_by("number")
                .values_list("number", "of", "digest")
            ),
            *(
                f"decision {pk} {kind} {reason} {chosen}"
                for pk, kind, reason, chosen in ReportDecision.objects.filter(report=subject).order_by("pk")
                .values_list("pk", "kind", "reason", "chosen")
            ),
        )

    def same_terms(self, subject: Report) -> models.QuerySet:
        """Reports of the same program and insurer."""
        return Report.objects.filter(program=subject.program_id, insurer=subject.insurer_id)

    def program_id_of(self, subject: Report) -> int:
        """The program."""
        return int(subject.program_id)


#: For whatever needs no columns of a program.
REPORT = ReportTemplate()


def template_of(report: Report) -> ReportTemplate:
    """The template with the columns of its program."""
    return ReportTemplate(report.program_id)


def totals(report: Report) -> dict[str, str]:
    """{"ours": what the lines that stand come to, "theirs": what the insurer says}: lines / yuan."""
    return {
        "ours": f"{report.money.get('lines', 0):,} / {Decimal(report.money.get('sum', '0.00')):,.2f}",
        "theirs": f"{report.control_lines:,} / {report.control_amount:,.2f}",
    }


def totals_agree(report: Report) -> bool:
    """Whether count and sum of the lines are what the insurer says."""
    return (report.money.get("lines"), Decimal(report.money.get("sum", "-1"))) == (report.control_lines, report.control_amount)
