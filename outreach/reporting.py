"""A delivery report as a template of intake: each line found by our reference, what became of its message kept set-wise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl
from django.conf import settings
from django.db import connection, models
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from audit.faults import fault_point
from audit.history import plan_anew
from intake import checks
from intake.checks import Checked, Context
from intake.checks.work import found_at, placed
from intake.columns import Column
from intake.copying import ask
from intake.findings import SEVERITY_OF, FileFinding, Severity, Verdict
from intake.models import Chunk
from intake.staging import chunk_digest
from intake.template import Applied, Compared, Template, Undone, Unusual
from outreach.connectors import result_words
from outreach.errors import OutreachRefused
from outreach.models import DeliveryReport, DeliveryReportChunk, DeliveryReportRow, Sending, SendingState

_FINE = pl.col("worst") < Severity.ERROR.weight
COUNTY_DIGITS = 6
COLUMNS: tuple[Column, ...] = (
    Column(
        "reference", "编号", ("短信编号", "消息编号", "业务编号", "自定义编号", "扩展编号"), required=True, example="M20-3",
        max_length=40, help=_("Our reference of the message, as the file for the gateway had it."),
    ),
    Column(
        "result", "状态", ("发送状态", "发送结果", "回执状态", "状态报告", "结果"), clean="choice", example="送达",
        help=_("Delivered, failed or unknown; empty is unknown."),
    ),
    Column(
        "reason", "失败原因", ("原因", "错误码", "错误描述", "状态描述", "状态码", "备注"), max_length=120,
        help=_("Why it failed, as the gateway says it."),
    ),
)
#: A run of digits that could be somebody's number: the reason stays, the number does not.
_PERSONAL = r"[0-9]{8,}"
# Looked up row by row: no statistics know the lines of a sending when its report comes.
_FOUND = sql.SQL("""
SELECT wanted.row, line.id, line.outcome
FROM unnest(%(rows)s::int[], %(numbers)s::bigint[]) AS wanted(row, number)
CROSS JOIN LATERAL (
    SELECT id, outcome FROM outreach_sendingline
    WHERE sending_id = %(sending)s AND number = wanted.number AND reach = 'phone' AND stands LIMIT 1) AS line
""").format()
# Lines of one report that say different things of one message: none of them counts.
_CONFLICTS = """
WITH said AS (
    SELECT line_id FROM outreach_deliveryreportrow
    WHERE report_id = %(report)s AND verdict = %(new)s GROUP BY line_id HAVING count(DISTINCT outcome) > 1
)
UPDATE outreach_deliveryreportrow r SET verdict = %(doubtful)s, codes = r.codes || 'RESULT_CONFLICT'::varchar,
    findings = coalesce(r.findings, '[]'::jsonb) || jsonb_build_array(jsonb_build_object('column', 'result', 'code',
        'RESULT_CONFLICT', 'severity', %(severity)s::text, 'value_masked', '', 'extra', ''))
FROM said WHERE r.report_id = %(report)s AND r.verdict = %(new)s AND r.line_id = said.line_id RETURNING r.chunk
"""
# Whoever shares the message shares what became of it: people of one telephone whose days are the same (see `composing`).
_KEPT = """
WITH said AS (
    SELECT DISTINCT ON (line_id) id, line_id, outcome, failure FROM outreach_deliveryreportrow
    WHERE report_id = %(report)s AND chunk = %(chunk)s AND verdict = %(new)s AND set_aside = '' ORDER BY line_id, id
), held AS (
    SELECT l.id, l.number, coalesce(l.told_with, l.number) AS head, l.outcome, l.enrollment_id
    FROM outreach_sendingline l JOIN said ON said.line_id = l.id ORDER BY l.id FOR UPDATE OF l
), fresh AS (
    SELECT held.*, said.id AS row_id, said.outcome AS said, said.failure,
        (e.starts_at AT TIME ZONE %(zone)s)::date AS first,
        ((e.ends_at - interval '1 microsecond') AT TIME ZONE %(zone)s)::date AS last
    FROM held JOIN said ON said.line_id = held.id JOIN beneficiaries_enrollment e ON e.id = held.enrollment_id
    WHERE held.outcome = ''
), shared AS (
    SELECT m.id, fresh.row_id, fresh.said, fresh.failure
    FROM fresh JOIN outreach_sendingline m ON m.sending_id = %(sending)s AND m.told_with = fresh.head AND m.number > fresh.number
    JOIN beneficiaries_enrollment e ON e.id = m.enrollment_id
    WHERE m.outcome = '' AND (e.starts_at AT TIME ZONE %(zone)s)::date = fresh.first
        AND ((e.ends_at - interval '1 microsecond') AT TIME ZONE %(zone)s)::date = fresh.last
        AND m.id NOT IN (SELECT id FROM held)
), told AS (
    UPDATE outreach_sendingline l SET outcome = one.said, failure = coalesce(one.failure, ''), report_row_id = one.row_id
    FROM (SELECT id, row_id, said, failure FROM fresh UNION ALL SELECT * FROM shared) one WHERE l.id = one.id RETURNING l.id
), late AS (
    UPDATE outreach_deliveryreportrow r SET set_aside = 'CHANGED_SINCE_REVIEW'
    WHERE r.report_id = %(report)s AND r.chunk = %(chunk)s AND r.verdict = %(new)s AND r.set_aside = ''
        AND r.line_id IN (SELECT id FROM held WHERE outcome <> '') RETURNING r.id
)
SELECT (SELECT count(*) FROM fresh), (SELECT count(*) FROM late), (SELECT count(*) FROM told)
"""
_COUNTED = """
SELECT left(region_code, %s), count(*), count(*) FILTER (WHERE outcome = 'delivered'), count(*) FILTER (WHERE outcome = 'failed')
FROM outreach_sendingline WHERE sending_id = %s AND reach = 'phone' GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True)
class ReportContext:
    """What one job needs to check and compare a report's rows."""

    report: DeliveryReport
    checks: Context
    words: dict[str, str]
    year: int

    @property
    def program_code(self) -> str:
        """The program whose data keys seal the lines as they came."""
        return self.report.program.code


class ReportTemplate(Template):
    """One line, what became of one message. Its words are the common ones and those of the connector's gateway."""

    key = "delivery_report"
    title = _("Delivery report of a message")
    import_model = DeliveryReport
    row_model = DeliveryReportRow
    chunk_model = DeliveryReportChunk
    import_key = "report"
    columns = COLUMNS
    unique_by = ("reference", "said")
    staged = ("line_id", "number", "outcome", "failure")
    purpose = "outreach"

    def __init__(self) -> None:
        words = tuple(result_words())
        self.columns = tuple(  # type: ignore[misc]
            replace(column, choices=words) if column.clean == "choice" else column for column in COLUMNS
        )

    def context(self, subject: DeliveryReport, *, at: datetime) -> ReportContext:
        """The report with its program; the words of results."""
        report = DeliveryReport.objects.select_related("program").get(pk=subject.pk)
        day = timezone.localdate(at)
        regions = pl.DataFrame(schema={"code": pl.String, "successor": pl.String})
        return ReportContext(report, Context(today=day, regions=regions), dict(result_words()), day.year)

    def check(self, frame: pl.DataFrame, context: ReportContext) -> Checked:
        """Cleaned cells; which message of this sending a reference names, and what became of it."""
        checked = checks.check(frame, self.columns, self.checks_of(context))
        reference = pl.col("reference").str.strip_chars().str.to_uppercase()
        number = reference.str.extract(rf"^M{context.report.sending_id}-([0-9]{{1,9}})$").cast(pl.Int64, strict=False)
        result = pl.col("result").replace_strict(context.words, default=None, return_dtype=pl.String)
        found = checked.frame.with_columns(
            number=number, said_outcome=pl.when(pl.col("result").is_null()).then(pl.lit("unknown")).otherwise(result),
        ).with_columns(said=pl.col("said_outcome").fill_null("-"))
        return Checked(found, checked.findings)

    def compare(self, checked: Checked, context: ReportContext) -> Compared:
        """Each line against its message, and what was reported of it before."""
        frame, findings = checked.frame, checked.findings
        frame = frame.join(_known(frame, context), on="row", how="left", maintain_order="left")
        said, before = pl.col("said_outcome"), pl.col("known_outcome").fill_null("")
        ours = pl.col("line_id").is_not_null()
        unknown = said == "unknown"
        code = (
            pl.when(~_FINE).then(None).when(~ours).then(pl.lit("UNKNOWN_MESSAGE")).when(unknown).then(pl.lit("RESULT_UNKNOWN"))
            .when(before == said).then(pl.lit("REPORTED")).when(before != "").then(pl.lit("REPORTED_OTHERWISE"))
        )  # fmt: skip
        frame = frame.with_columns(code=code)
        for each in ("UNKNOWN_MESSAGE", "RESULT_UNKNOWN", "REPORTED", "REPORTED_OTHERWISE"):
            rows = frame.select((pl.col("code") == each).fill_null(value=False)).to_series().arg_true()
            if not rows.is_empty():
                column = self.column("reference" if each == "UNKNOWN_MESSAGE" else "result")
                found = placed(found_at(each, column, rows, frame[column.key].gather(rows)), frame)
                findings = pl.concat([findings, found]).sort("row", maintain_order=True)
        verdict = (
            pl.when(~_FINE | (pl.col("code") == "UNKNOWN_MESSAGE")).then(Verdict.REFUSED)
            .when(pl.col("code") == "RESULT_UNKNOWN").then(Verdict.UNCHANGED)
            .when(pl.col("code") == "REPORTED").then(Verdict.COVERED)
            .when(pl.col("code") == "REPORTED_OTHERWISE").then(Verdict.DOUBTFUL).otherwise(Verdict.NEW)
        )  # fmt: skip
        failed = said == "failed"
        frame = frame.with_columns(
            verdict=verdict.cast(pl.UInt8), outcome=pl.when(~unknown).then(said),
            failure=pl.when(failed).then(pl.col("reason").str.replace_all(_PERSONAL, "…")),
        )
        return Compared(frame, {}, findings)

    def decide_again(self, subject: DeliveryReport, *, at: datetime) -> dict[str, int]:
        """Contradictions between lines, which show when all are read: they are held."""
        hold_contradictions(subject, self)
        return {}

    def reason_to_close(self, subject: DeliveryReport, *, at: datetime) -> FileFinding | None:
        """Another count than the gateway's refuses the whole: nobody could say which line is missing."""
        lines = self.rows_of(subject).exclude(verdict=Verdict.REPLACED).count()
        if lines == subject.control_lines:
            return None
        return FileFinding("REPORT_COUNT", f"{lines} ≠ {subject.control_lines}")

    def unusual(self, subject: DeliveryReport) -> list[Unusual]:
        """What was reported before is no sign of a wrong file: a later report often has all lines again."""
        return []

    def preview_money(self, subject: DeliveryReport, context: ReportContext) -> dict[str, Any]:
        """No money: {"delivered": messages, "failed": messages} that would be kept."""
        rows = DeliveryReportRow.objects.filter(report=subject, verdict=Verdict.NEW).order_by()
        return {outcome or "": number for outcome, number in rows.values_list("outcome").annotate(number=Count("pk"))}

    def does_something(self, subject: DeliveryReport) -> bool:
        """Whether there is anything to be kept."""
        return bool(subject.verdict_count(Verdict.NEW))

    def reserve(self, subject: DeliveryReport, *, by: Any, at: datetime) -> None:
        """Nothing is held; the message must still stand."""
        if Sending.objects.get(pk=subject.sending_id).state != SendingState.READY:
            raise OutreachRefused("NOT_READY")

    def release(self, subject: DeliveryReport, *, at: datetime) -> None:
        """The sending's counts by county with what came in."""
        fault_point("outreach.end_report.before")
        sending = Sending.objects.select_for_update(of=("self",)).get(pk=subject.sending_id)
        with connection.cursor() as cursor:
            cursor.execute(_COUNTED, [COUNTY_DIGITS, sending.pk])
            sending.results = [list(row) for row in cursor.fetchall()]
        sending.delivered = sum(row[2] for row in sending.results)
        sending.failed = sum(row[3] for row in sending.results)
        sending.reported_at = at
        sending.save(update_fields=["results", "delivered", "failed", "reported_at"])
        fault_point("outreach.end_report.after")

    def apply_chunk(self, subject: DeliveryReport, chunk: Chunk, *, context: ReportContext, at: datetime) -> Applied:
        """What became of the messages of one chunk; what another report has said meanwhile is set aside."""
        fault_point("outreach.keep_results.before")
        with connection.cursor() as cursor:
            plan_anew(cursor)
            cursor.execute(
                _KEPT,
                {
                    "report": subject.pk, "chunk": chunk.number, "new": int(Verdict.NEW), "sending": subject.sending_id,
                    "zone": settings.TIME_ZONE,
                },
            )
            kept, late, _people = cursor.fetchone()
        fault_point("outreach.keep_results.after")
        return Applied(kept, late)

    def undo_chunk(self, subject: DeliveryReport, chunk: Chunk, *, context: ReportContext, at: datetime) -> Undone:
        """What was reported stands."""
        raise OutreachRefused("REPORT_STANDS")

    def kept_in_words(self, code: str) -> str:
        """Nothing is ever kept by an undo."""
        return code

    def terms_of(self, subject: DeliveryReport) -> Sequence[str]:
        """The message whose report it is."""
        return (f"sending {subject.sending_id}", f"lines {subject.control_lines}")

    def same_terms(self, subject: DeliveryReport) -> models.QuerySet:
        """Reports of the same message."""
        return DeliveryReport.objects.filter(sending=subject.sending_id)

    def program_id_of(self, subject: DeliveryReport) -> int:
        """The program."""
        return int(subject.program_id)


def template_of(_report: DeliveryReport | None = None) -> ReportTemplate:
    """How reports are read: with the words of the gateway that the settings' connector serves."""
    return ReportTemplate()


def _known(frame: pl.DataFrame, context: ReportContext) -> pl.DataFrame:
    """The lines that the rows name: one query a chunk."""
    rows = frame.filter(_FINE & pl.col("number").is_not_null())
    found = ask(
        _FOUND,
        {"rows": rows["row"].to_list(), "numbers": rows["number"].to_list(), "sending": context.report.sending_id},
    ) if len(rows) else []
    schema: dict[str, Any] = {"row": pl.UInt32, "line_id": pl.Int64, "known_outcome": pl.String}
    return pl.DataFrame(found, schema=schema, orient="row")


def hold_contradictions(report: DeliveryReport, template: ReportTemplate) -> None:
    """Hold lines that contradict one another, each chunk with its counts and digest; in the caller's transaction."""
    fault_point("outreach.contradictions.before")
    with connection.cursor() as cursor:
        plan_anew(cursor)
        cursor.execute(
            _CONFLICTS,
            {
                "report": report.pk, "new": int(Verdict.NEW), "doubtful": int(Verdict.DOUBTFUL),
                "severity": SEVERITY_OF["RESULT_CONFLICT"],
            },
        )
        wrong = Counter(number for (number,) in cursor.fetchall())
    for number, rows in sorted(wrong.items()):
        chunk = template.chunks_of(report).get(number=number)
        verdicts, codes = Counter(chunk.counts["verdicts"]), Counter(chunk.counts["codes"])
        verdicts.update({str(int(Verdict.NEW)): -rows, str(int(Verdict.DOUBTFUL)): rows})
        codes["RESULT_CONFLICT"] += rows
        chunk.counts = {**chunk.counts, "verdicts": dict(sorted((+verdicts).items())), "codes": dict(sorted(codes.items()))}
        chunk.digest = chunk_digest(template, report.pk, number)
        chunk.save(update_fields=["counts", "digest"])
    fault_point("outreach.contradictions.after")
