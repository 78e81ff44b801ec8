"""A list of earlier years as a template of intake: each line becomes a blind index and two numbers of years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import polars as pl
from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import blind_index
from audit.faults import fault_point
from audit.history import plan_anew
from audit.models.keys import SLOTS
from beneficiaries.columns import DOCUMENTS
from beneficiaries.models.person import IDENTITY
from continuity.errors import ContinuityRefused
from continuity.models import EarlierChunk, EarlierList, EarlierRow
from continuity.models.earlier import MOST_YEARS
from intake import checks
from intake.checks import Checked, Context
from intake.checks.work import found_at, placed
from intake.columns import Column
from intake.errors import TermsMoved
from intake.findings import FileFinding, Severity, Verdict
from intake.framing import Cells
from intake.models import Chunk
from intake.template import Applied, Compared, Template, Undone, Unusual

_FINE = pl.col("worst") < Severity.ERROR.weight
YEARS = ("continuity_years", "claim_free_years")
COLUMNS: tuple[Column, ...] = (
    Column(
        "document", "证件号码", ("身份证号", "身份证号码", "公民身份号码", "身份证"), required=True, clean="document",
        personal="document", companions={"type": "document_type"}, example="441602196203151219",
        help=_("Nothing of it is kept but a blind index; format the column as text."),
    ),
    Column(
        "document_type", "证件类型", ("证件种类",), clean="document_type", choices=DOCUMENTS, example="居民身份证",
        help=_("Empty means resident ID card."),
    ),
    Column(
        "continuity_years", "连续投保年数", ("连续参保年数", "连续投保年限", "连续参保年限"), required=True, max_length=10,
        example="3",
        help=_("Full years insured in a row up to the day that the list is of."),
    ),
    Column(
        "claim_free_years", "连续未理赔年数", ("连续无理赔年数", "未理赔年数", "无理赔年数"), required=True, max_length=10,
        example="2",
        help=_("The last of these years in a row without a paid claim."),
    ),
)
# Sorted, so that chunks side by side insert in one order; without the line as it came, of which nothing stays.
_TAKEN_IN = """
INSERT INTO continuity_earlieryears (list_id, program_id, identity_index_a, identity_index_b, continuity_years, claim_free_years,
    as_of)
SELECT list_id, %(program)s, identity_index_a, identity_index_b, continuity_years, claim_free_years, %(as_of)s
FROM continuity_earlierrow
WHERE list_id = %(list)s AND chunk = %(chunk)s AND verdict = %(new)s AND set_aside = ''
ORDER BY identity_index_a, identity_index_b
"""
_LET_GO = """
UPDATE continuity_earlierrow SET raw = NULL, identity_index_a = NULL, identity_index_b = NULL
WHERE list_id = %(list)s AND chunk = %(chunk)s AND verdict = %(new)s AND set_aside = ''
"""


@dataclass(frozen=True)
class ListContext:
    """What one job needs to check a list's rows."""

    list: EarlierList
    checks: Context
    slots: tuple[str, ...]
    year: int
    program_code: str


class EarlierTemplate(Template):
    """One line, one person."""

    key = "earlier_years"
    title = _("List of earlier years")
    import_model = EarlierList
    row_model = EarlierRow
    chunk_model = EarlierChunk
    import_key = "list"
    columns: ClassVar[tuple[Column, ...]] = COLUMNS
    unique_by = ("document", "document_type")
    staged = ("identity_index_a", "identity_index_b", *YEARS)
    purpose = "earlier_years"

    def context(self, subject: EarlierList, *, at: datetime) -> ListContext:
        """The list and the slots of the index."""
        found = EarlierList.objects.select_related("organization", "program").get(pk=subject.pk)
        day = timezone.localdate(at)
        return ListContext(
            found, Context(today=day, regions=_NO_REGIONS), tuple(blind_index.written_slots(IDENTITY)), day.year,
            found.program.code,
        )

    def hold(self, context: ListContext) -> None:
        """No index changes its slots before this chunk is committed."""
        if tuple(blind_index.written_slots(IDENTITY)) != context.slots:
            raise TermsMoved(f"slots of {IDENTITY}")

    def check(self, frame: pl.DataFrame, context: ListContext) -> Checked:
        """Cleaned cells; years as numbers."""
        checked = checks.check(frame, self.columns, self.checks_of(context))
        given, findings = checked.frame, checked.findings
        read = {
            name: pl.col(name).str.strip_chars().str.extract(r"^([0-9]{1,2})(?:\.0+)?年?$", 1).cast(pl.Int16, strict=False)
            for name in YEARS
        }
        numbers = given.select(**read)
        for name in YEARS:
            wrong = given[name].is_not_null() & (numbers[name].is_null() | (numbers[name] > MOST_YEARS).fill_null(value=False))
            findings = self._found(findings, given, "YEARS", name, wrong)
        given = given.with_columns(numbers)
        disordered = given["claim_free_years"] > given["continuity_years"]
        findings = self._found(findings, given, "YEARS_ORDER", "claim_free_years", disordered.fill_null(value=False))
        return Checked(given, findings)

    def compare(self, checked: Checked, context: ListContext) -> Compared:
        """Each line by itself: whom it speaks of is asked when years are counted."""
        frame, findings = checked.frame, checked.findings
        bad = pl.any_horizontal(
            *(pl.col(name).is_null() | (pl.col(name) > MOST_YEARS) for name in YEARS),
            pl.col("claim_free_years") > pl.col("continuity_years"),
        ).fill_null(value=True)
        fine = frame.select(_FINE & ~bad).to_series()
        frame = frame.with_columns(
            verdict=pl.when(fine).then(Verdict.NEW).otherwise(Verdict.REFUSED).cast(pl.UInt8),
            **{name: pl.when(fine).then(name) for name in YEARS},
        )
        texts = frame.select(
            pl.when(fine).then(pl.col("document_type") + pl.lit("|") + pl.col("document"))
        ).to_series().to_list()
        sealed: dict[str, Cells] = {
            f"identity_index_{slot}": blind_index.index_many(IDENTITY, texts, slot) if slot in context.slots
            else [None] * len(frame)
            for slot in SLOTS
        }
        return Compared(frame, sealed, findings)

    def _found(
        self, findings: pl.DataFrame, frame: pl.DataFrame, code: str, name: str, where: pl.Series
    ) -> pl.DataFrame:
        rows = where.arg_true()
        if rows.is_empty():
            return findings
        values = frame[name].gather(rows).cast(pl.String)
        return pl.concat([findings, placed(found_at(code, self.column(name), rows, values, ""), frame)]).sort(
            "row", maintain_order=True
        )

    def unusual(self, subject: EarlierList) -> list[Unusual]:
        """Half of the lines twice, as for any file."""
        return [each for each in super().unusual(subject) if each.code == "MANY_REPEATED"]

    def preview_money(self, subject: EarlierList, context: ListContext) -> dict[str, Any]:
        """No money: people by years in a row."""
        rows = EarlierRow.objects.filter(list=subject, verdict=Verdict.NEW).order_by()
        found = rows.values_list("continuity_years").annotate(number=models.Count("pk"))
        return {str(years): number for years, number in sorted(found)}

    def reason_to_close(self, subject: EarlierList, *, at: datetime) -> FileFinding | None:
        """Nothing refuses the whole."""
        return None

    def reserve(self, subject: EarlierList, *, by: Any, at: datetime) -> None:
        """Nothing is held."""

    def release(self, subject: EarlierList, *, at: datetime) -> None:
        """Nothing was held."""

    def apply_chunk(self, subject: EarlierList, chunk: Chunk, *, context: ListContext, at: datetime) -> Applied:
        """The figures of one chunk; of their lines nothing stays."""
        given: dict[str, Any] = {
            "list": subject.pk, "program": subject.program_id, "as_of": subject.as_of, "chunk": chunk.number,
            "new": int(Verdict.NEW),
        }
        fault_point("continuity.take_in_earlier.before")
        with connection.cursor() as cursor:
            plan_anew(cursor)
            cursor.execute(_TAKEN_IN, given)
            rows = cursor.rowcount
            cursor.execute(_LET_GO, given)
        fault_point("continuity.take_in_earlier.after")
        return Applied(rows, 0)

    def undo_chunk(self, subject: EarlierList, chunk: Chunk, *, context: ListContext, at: datetime) -> Undone:
        """A newer list is the way back."""
        raise ContinuityRefused("LIST_STANDS")

    def kept_in_words(self, code: str) -> str:
        """Nothing is ever kept by an undo."""
        return code

    def terms_of(self, subject: EarlierList) -> Sequence[str]:
        """Program, office and day."""
        return (f"program {subject.program_id}", f"organization {subject.organization_id}", f"as of {subject.as_of}")

    def same_terms(self, subject: EarlierList) -> models.QuerySet:
        """Lists of the same program, office and day."""
        return EarlierList.objects.filter(
            program=subject.program_id, organization=subject.organization_id, as_of=subject.as_of
        )

    def program_id_of(self, subject: EarlierList) -> int:
        """The program whose years they are."""
        return subject.program_id


_NO_REGIONS = pl.DataFrame(schema={"code": pl.String, "successor": pl.String})
EARLIER = EarlierTemplate()
