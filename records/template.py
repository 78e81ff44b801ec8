"""A bureau's settlement records as a template of intake: read, matched, calculated, proposed, undone."""

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
from beneficiaries.covers_named import USABLE
from beneficiaries.models.person import BENEFICIARY_KEY
from intake import checks
from intake.checks import Checked, Context
from intake.checks.work import found_at, placed
from intake.columns import Column
from intake.findings import SEVERITY_OF, FileFinding, Severity, Verdict
from intake.framing import Cells
from intake.models import Chunk
from intake.template import Applied, Compared, Template, Undone, Unusual
from programs.benefit_terms import terms_of_program
from programs.expense_columns import KIND, LOCALITIES, SETTINGS, json_of
from programs.plan_views import plans_of
from records import deciding, proposing
from records.columns import columns_of
from records.errors import RecordsRefused
from records.matching import CLAIMED_CODES, JUDGED_CODES, TOLD_OF, RecordContext, claimed, judged, known
from records.models import RecordChunk, RecordDecision, RecordList, RecordRow, RecordSlice
from records.models.record import DIAGNOSIS, DOCUMENT, NAME

ZERO = Decimal("0.00")
_NO_REGIONS = pl.DataFrame(schema={"code": pl.String, "successor": pl.String})
_PLAIN = (
    "settlement_number", "invoice_code", "invoice_number", "enrollment_id", "plan_id", "age", "hospital_code", "hospital",
    "admitted_on", "discharged_on", "settled_on", "setting", "locality", "total", "fund", "major_illness", "assistance", "others",
    "account_paid", "cash", "figures",
)
_SEALED = (("name", NAME), ("document", DOCUMENT), ("diagnosis", DIAGNOSIS))
_KEPT = {"CLAIMED": _("a claim was opened of it: it stays")}


class RecordTemplate(Template):
    """One line, one settlement."""

    key = "record_list"
    title = _("Settlement records of the medical insurance bureau")
    import_model = RecordList
    row_model = RecordRow
    chunk_model = RecordChunk
    import_key = "record_list"
    unique_by = ("settlement_number",)
    staged = (*_PLAIN, *(name for name, _logical in _SEALED))
    purpose = BENEFICIARY_KEY

    def __init__(self, program_id: int | None = None) -> None:
        self.program_id = program_id

    @cached_property
    def columns(self) -> tuple[Column, ...]:  # type: ignore[override]
        """What every file has, and the kinds of expenses of the program's plans."""
        return columns_of([] if self.program_id is None else terms_of_program(self.program_id).values())

    @cached_property
    def kinds(self) -> list[str]:
        """Keys of the columns of kinds of expenses."""
        return [column.key for column in self.columns if column.key.startswith(KIND)]

    def context(self, subject: RecordList, *, at: datetime) -> RecordContext:
        """The file with its program, the offices whose people it may speak of, and the plans."""
        found = RecordList.objects.select_related("program", "organization").get(pk=subject.pk)
        day = timezone.localdate(at)
        return RecordContext(
            found, Context(today=day, regions=_NO_REGIONS),
            list(Organization.objects.filter(path__startswith=found.organization.path).values_list("pk", flat=True)),
            plans_of(found.program_id), day.year,
        )

    def check(self, frame: pl.DataFrame, context: RecordContext) -> Checked:
        """As any file; words as the engine calls them, amounts by kind together, days that files leave out."""
        checked = checks.check(frame, self.columns, context.checks)
        given = checked.frame.with_columns(
            pl.col("setting").replace_strict(SETTINGS, default=None, return_dtype=pl.String).fill_null("inpatient"),
            pl.col("locality").replace_strict(LOCALITIES, default=None, return_dtype=pl.String).fill_null("local"),
            figures=json_of(self.kinds, KIND), settled_on=pl.coalesce("settled_on", "discharged_on"),
        )
        return Checked(given, checked.findings)

    def compare(self, checked: Checked, context: RecordContext) -> Compared:
        """Whose cover each record falls under, or why it proposes nothing."""
        frame = checked.frame
        frame = frame.join(known(frame, context), on="row", how="left", maintain_order="left")
        frame = frame.join(claimed(frame, context), on="row", how="left", maintain_order="left")
        frame = judged(frame, context, self.kinds)
        findings = checked.findings
        for name, codes in (("code", JUDGED_CODES), ("warned", ("PARTS_BELOW_TOTAL",))):
            for code in codes:
                rows = frame.select((pl.col(name) == code).fill_null(value=False)).to_series().arg_true()
                if rows.is_empty():
                    continue
                column = self.column(TOLD_OF.get(code, "document"))
                values = pl.Series([None] * len(rows), dtype=pl.String)
                found = found_at(code, column, rows, values, frame["extra"].gather(rows))
                findings = pl.concat([findings, placed(found, frame)]).sort("row", maintain_order=True)
        weight = pl.col("code").replace_strict(SEVERITY_OF, default=None, return_dtype=pl.String)
        verdict = (
            pl.when(~USABLE | (weight == Severity.ERROR.value)).then(Verdict.REFUSED)
            .when(pl.col("code").is_in(CLAIMED_CODES)).then(Verdict.COVERED)
            .when((pl.col("worst") == Severity.DOUBT.weight) | (weight == Severity.DOUBT.value)).then(Verdict.DOUBTFUL)
            .otherwise(Verdict.NEW)
        )  # fmt: skip
        # Of a line that cannot be used nothing is linked.
        usable = pl.col("verdict") != Verdict.REFUSED
        frame = frame.with_columns(verdict=verdict.cast(pl.UInt8)).with_columns(
            pl.when(usable).then(pl.col(name)).alias(name) for name in ("enrollment_id", "plan_id", "age")
        )
        sealed: dict[str, Cells | Unsealed] = {
            name: keys.sealer(
                logical, purpose=BENEFICIARY_KEY, program_code=context.program_code, year=context.year
            ).later(frame[name].to_list())
            for name, logical in _SEALED
        }
        return Compared(frame, sealed, findings)

    def compare_all(self, run: Any, subject: RecordList, context: RecordContext) -> None:
        """What is due by each record, the covers' records in the order of settlement; then doubled stays are held."""
        deciding.calculate_all(run, subject, self, context)

    def remember_decisions(self, subject: RecordList, number: int) -> None:
        """Nothing is remembered; what was calculated of the rows goes with them."""
        deciding.forget(subject)

    def decide_again(self, subject: RecordList, *, at: datetime) -> dict[str, int]:
        """The moment up to which claims and earlier records were looked at stands with the review that opens."""
        subject.compared_at = at
        return {}

    def preview_money(self, subject: RecordList, context: RecordContext) -> dict[str, Any]:
        """Records and yuan, as text: "rows", "total" of all that stand; "claimed_rows", "held_rows", "refused_rows"; and what
        `deciding.summed` says of what is due."""
        rows = self.rows_of(subject).exclude(verdict=Verdict.REPLACED).order_by()
        found = {
            Verdict(verdict): (lines, amount)
            for verdict, lines, amount in rows.values_list("verdict").annotate(lines=Count("pk"), amount=Sum("total", default=ZERO))
        }
        told: dict[str, Any] = {"lines": sum(lines for lines, _amount in found.values())}
        for verdict, name in (
            (Verdict.NEW, "matched"), (Verdict.COVERED, "claimed"), (Verdict.DOUBTFUL, "held"), (Verdict.REFUSED, "refused"),
        ):
            lines, amount = found.get(verdict, (0, ZERO))
            told[name] = [lines, str(amount)]
        return {**told, **deciding.summed(subject)}

    def reason_to_close(self, subject: RecordList, *, at: datetime) -> FileFinding | None:
        """Nothing refuses the whole."""
        return None

    def unusual(self, subject: RecordList) -> list[Unusual]:
        """Half of the lines twice; records change nobody, and many of them may be claimed already."""
        rows = subject.row_count - subject.verdict_count(Verdict.REPLACED)
        repeated = subject.counts.get("codes", {}).get("DUP_IN_FILE", 0)
        return [Unusual("MANY_REPEATED", repeated, rows)] if rows >= self.unusual_from and repeated >= rows * 0.5 else []

    def reserve(self, subject: RecordList, *, by: Any, at: datetime) -> None:
        """One file of a program at a time; nobody approves who decided about its records."""
        if RecordDecision.objects.filter(record_list=subject, decided_by=by).exists():
            raise RecordsRefused("OWN_DECISIONS")
        proposing.refuse_beside(subject)

    def release(self, subject: RecordList, *, at: datetime) -> None:
        """Nothing was held."""

    def apply_chunk(self, subject: RecordList, chunk: Chunk, *, context: RecordContext, at: datetime) -> Applied:
        """The proposals of one chunk; what was claimed or changed since the review is set aside."""
        return proposing.propose_chunk(subject, chunk.number, at=at)

    def undo_chunk(self, subject: RecordList, chunk: Chunk, *, context: RecordContext, at: datetime) -> Undone:
        """Its proposals lapse; those with a claim stay."""
        return proposing.undo_chunk(subject, chunk.number, at=at)

    def kept_in_words(self, code: str) -> str:
        """Why an undo left a proposal."""
        return str(_KEPT.get(code, code))

    def terms_of(self, subject: RecordList) -> Sequence[str]:
        """Program, number, what was calculated."""
        return (
            f"program {subject.program_id}", f"organization {subject.organization_id}", f"region {subject.region_code}",
            f"reference {subject.reference}",
            *(
                f"calculated {number} of {of} {digest}"
                for number, of, digest in RecordSlice.objects.filter(record_list=subject).order_by("number")
                .values_list("number", "of", "digest")
            ),
            *(
                f"decision {pk} {kind} {reason} {chosen}"
                for pk, kind, reason, chosen in RecordDecision.objects.filter(record_list=subject).order_by("pk")
                .values_list("pk", "kind", "reason", "chosen")
            ),
        )

    def same_terms(self, subject: RecordList) -> models.QuerySet:
        """Files of the same program."""
        return RecordList.objects.filter(program=subject.program_id)

    def program_id_of(self, subject: RecordList) -> int:
        """The program."""
        return int(subject.program_id)


#: For whatever needs no columns of a program.
RECORDS = RecordTemplate()


def template_of(record_list: RecordList) -> RecordTemplate:
    """The template with the columns of its program."""
    return RecordTemplate(record_list.program_id)
