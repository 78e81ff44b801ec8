"""A file of claims as a template of intake: read by its program's plans, matched, judged by the rules of cases, opened, undone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, cast

import polars as pl
from django.db import models
from django.db.models import Count, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from audit import keys
from audit.sealing import Unsealed
from beneficiaries.covers_named import USABLE, Reach, known, with_numbers
from beneficiaries.models.person import BENEFICIARY_KEY
from filings import grouping, opening
from filings.columns import WORDS, columns_of
from filings.errors import FilingsRefused
from filings.judging import found_of
from filings.models import ClaimFile, ClaimFileChunk, ClaimFileRow, FilingDecision
from filings.models.claim_file import (
    DIAGNOSIS,
    DOCUMENT,
    NAME,
    PAYEE_ACCOUNT,
    PAYEE_NAME,
    REPORTER_NAME,
    REPORTER_PHONE,
)
from filings.reading import PARTS, clock_of, line_of
from intake import checks
from intake.checks import Checked, Context
from intake.checks.work import found_at, placed, worst_of
from intake.columns import Column
from intake.findings import Severity, Verdict
from intake.framing import Cells
from intake.models import Chunk
from intake.template import Applied, Compared, Template, Undone, Unusual
from programs.benefit_terms import terms_of_program
from programs.expense_columns import KIND, YES_OR_NO, json_of
from programs.models import Hospital

ZERO = Decimal("0.00")
_NO_REGIONS = pl.DataFrame(schema={"code": pl.String, "successor": pl.String})
_SEALED = (
    ("name", NAME), ("document", DOCUMENT), ("diagnosis", DIAGNOSIS), ("payee_name", PAYEE_NAME),
    ("payee_account", PAYEE_ACCOUNT), ("reporter_name", REPORTER_NAME), ("reporter_phone", REPORTER_PHONE),
)
_PLAIN = (
    "claim_number", "number", "enrollment_id", "event_on", "event_time", "event_kind", "reported_on", "hospital_id",
    "hospital_name", "setting", "locality", "settled", "admitted_on", "discharged_on", "issued_on", "invoice_code",
    "invoice_number", "check_code", "total", "amounts", "charges", "payee", "bank_name", "bank_code", "reporter",
)


@dataclass(frozen=True)
class FilingContext:
    """What one job needs to check and match a file's lines."""

    subject: ClaimFile
    checks: Context
    offices: list[int]
    #: Name or code of a hospital -> its number; a name that two bear names none.
    hospitals: dict[str, int]
    year: int
    at: datetime

    @property
    def reach(self) -> Reach:
        """Of whose covers its lines may speak."""
        of = self.subject
        return Reach(of.program_id, of.program.code, self.offices, of.region_code)

    @property
    def program_code(self) -> str:
        """The program whose data keys seal the lines."""
        return self.subject.program.code


class ClaimFileTemplate(Template):
    """One line, one bill; lines of one claim number, one case."""

    key = "claim_file"
    title = _("File of claims")
    import_model = ClaimFile
    row_model = ClaimFileRow
    chunk_model = ClaimFileChunk
    import_key = "claim_file"
    unique_by = ("claim_number", "line_mark")
    staged = (*_PLAIN, *(name for name, _logical in _SEALED))
    purpose = BENEFICIARY_KEY

    def __init__(self, program_id: int | None = None) -> None:
        self.program_id = program_id

    @cached_property
    def columns(self) -> tuple[Column, ...]:  # type: ignore[override]
        """What every file has, and the kinds of expenses of the program's plans."""
        return columns_of([] if self.program_id is None else terms_of_program(self.program_id).values())

    def context(self, subject: ClaimFile, *, at: datetime) -> FilingContext:
        """The file with its program, the offices whose people it may speak of, and the hospitals."""
        found = ClaimFile.objects.select_related("program", "organization").get(pk=subject.pk)
        day = timezone.localdate(at)
        return FilingContext(
            found, Context(today=day, regions=_NO_REGIONS),
            list(Organization.objects.filter(path__startswith=found.organization.path).values_list("pk", flat=True)),
            hospitals_by_name(), day.year, at,
        )

    def check(self, frame: pl.DataFrame, context: FilingContext) -> Checked:
        """As any file; words as cases call them, amounts together, a time of day, and what tells one line from another."""
        checked = checks.check(frame, self.columns, context.checks)
        given, findings = checked.frame, checked.findings
        given = given.with_columns(
            pl.col(name).replace_strict(
                {word: each if isinstance(each, bool) else str(each) for word, each in words.items()}, default=None,
                return_dtype=pl.Boolean if words is YES_OR_NO else pl.String,
            )
            for name, words in cast("dict[str, dict[str, Any]]", WORDS).items()
        )
        times = [None if text is None else clock_of(text) for text in given["event_time"].to_list()]
        wrong = given["event_time"].is_not_null() & pl.Series(times, dtype=pl.String).is_null()
        if wrong.any():
            rows = wrong.arg_true()
            column = self.column("event_time")
            found = placed(found_at("FILED_TIME", column, rows, given["event_time"].gather(rows)), given)
            findings = pl.concat([findings, found]).sort("row", maintain_order=True)
        kinds = [column.key for column in self.columns if column.key.startswith(KIND)]
        given = given.with_columns(
            event_time=pl.Series(times, dtype=pl.String), amounts=json_of(PARTS, ""), charges=json_of(kinds, KIND),
            hospital_name=pl.col("hospital"),
            hospital_id=pl.col("hospital").replace_strict(
                context.hospitals or {"": 0}, default=None, return_dtype=pl.Int64
            ),
        )
        # An invoice is one line of a claim; without its number two lines are the same when they say the same of a bill.
        mark = pl.concat_str(
            *(pl.col(name).cast(pl.String).fill_null("") for name in (
                "invoice_code", "invoice_number", "issued_on", "discharged_on", "hospital", "total", "charges",
            )), separator="|",
        )
        numbered = pl.concat_str("invoice_code", "invoice_number", separator="|")
        given = given.with_columns(line_mark=pl.coalesce(numbered, mark))
        return Checked(given.with_columns(worst_of(findings, len(given))), findings)

    def compare(self, checked: Checked, context: FilingContext) -> Compared:
        """Whose cover each line speaks of, and by the rules of cases what does not fit."""
        frame = with_numbers(checked.frame, context.reach)
        frame = frame.join(known(frame, context.reach), on="row", how="left", maintain_order="left")
        frame = frame.with_columns(code=_identity())
        findings = self._with(checked.findings, frame, [
            (row, code, "", _TOLD_OF.get(code, "document")) for row, code in frame.select("row", "code").iter_rows() if code
        ])
        fits = frame.filter(USABLE & pl.col("enrollment_id").is_not_null() & (
            pl.col("code").is_null() | (pl.col("code") == "IDENTITY_CONFLICT")
        ))
        lines = {cells["row"]: (line_of(_decoded(cells)), cells["enrollment_id"]) for cells in fits.iter_rows(named=True)}
        if lines:
            found = found_of(lines, context.subject, at=context.at)
            findings = self._with(findings, frame, [(each.row, each.code, each.extra, each.column) for each in found])
        worst = worst_of(findings, len(frame))
        frame = frame.with_columns(worst)
        verdict = (
            pl.when(~USABLE).then(Verdict.REFUSED)
            .when(pl.col("worst") == Severity.DOUBT.weight).then(Verdict.DOUBTFUL)
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

    def _with(
        self, findings: pl.DataFrame, frame: pl.DataFrame, found: Sequence[tuple[int, str, str, str]]
    ) -> pl.DataFrame:
        """With findings (row, code, extra, column) beside those that are there."""
        of: dict[tuple[str, str], tuple[list[int], list[str]]] = {}
        for row, code, extra, column in found:
            rows, extras = of.setdefault((code, column), ([], []))
            rows.append(row)
            extras.append(extra)
        parts = [findings]
        for (code, column), (rows, extras) in of.items():
            values = pl.Series([None] * len(rows), dtype=pl.String)
            told = found_at(code, self.column(column), pl.Series(rows, dtype=pl.UInt32), values, pl.Series(extras, dtype=pl.String))
            parts.append(placed(told, frame))
        return pl.concat(parts).sort("row", maintain_order=True)

    def compare_all(self, run: Any, subject: ClaimFile, context: FilingContext) -> None:
        """Lines against one another: of one claim number they must say the same event, and none is taken without the others."""
        grouping.compare_all(run, subject, self)

    def preview_money(self, subject: ClaimFile, context: FilingContext) -> dict[str, Any]:
        """Lines and yuan as text: "rows", "amount", "claims" to be opened; "held_rows", "held"; "refused_rows", "refused"."""
        rows = self.rows_of(subject).exclude(verdict=Verdict.REPLACED).order_by()
        found = {
            Verdict(verdict): (lines, amount, claims)
            for verdict, lines, amount, claims in rows.values_list("verdict").annotate(
                lines=Count("pk"), amount=Sum("total", default=ZERO), claims=Count("claim_number", distinct=True)
            )
        }
        told: dict[str, Any] = {"claims": found.get(Verdict.NEW, (0, ZERO, 0))[2]}
        for verdict, name, amount_name in (
            (Verdict.NEW, "rows", "amount"), (Verdict.DOUBTFUL, "held_rows", "held"), (Verdict.REFUSED, "refused_rows", "refused"),
        ):
            lines, amount, _claims = found.get(verdict, (0, ZERO, 0))
            told |= {name: lines, amount_name: str(amount)}
        return told

    def unusual(self, subject: ClaimFile) -> list[Unusual]:
        """Half of the lines twice, as for any file."""
        return [each for each in super().unusual(subject) if each.code == "MANY_REPEATED"]

    def reserve(self, subject: ClaimFile, *, by: Any, at: datetime) -> None:
        """No money is held; nobody approves who decided about its lines."""
        if FilingDecision.objects.filter(claim_file=subject, decided_by=by).exists():
            raise FilingsRefused("OWN_DECISIONS")

    def release(self, subject: ClaimFile, *, at: datetime) -> None:
        """No money was held; papers that waited for the cases are attached now."""
        opening.attach_waiting(subject, at=at)

    def apply_chunk(self, subject: ClaimFile, chunk: Chunk, *, context: FilingContext, at: datetime) -> Applied:
        """The cases of one chunk's claims."""
        return opening.open_chunk(subject, chunk, self, at=at)

    def undo_chunk(self, subject: ClaimFile, chunk: Chunk, *, context: FilingContext, at: datetime) -> Undone:
        """Its cases are taken back as long as nothing of them is decided."""
        return opening.undo_chunk(subject, chunk, at=at)

    def kept_in_words(self, code: str) -> str:
        """Why an undo left a case."""
        return str(KEPT.get(code, code))

    def terms_of(self, subject: ClaimFile) -> Sequence[str]:
        """Program, sender, office, what was decided."""
        return (
            f"program {subject.program_id}", f"sender {subject.sender_id}", f"organization {subject.organization_id}",
            f"region {subject.region_code}",
            *(
                f"decision {pk} {kind} {reason} {chosen}"
                for pk, kind, reason, chosen in FilingDecision.objects.filter(claim_file=subject).order_by("pk")
                .values_list("pk", "kind", "reason", "chosen")
            ),
        )

    def same_terms(self, subject: ClaimFile) -> models.QuerySet:
        """Files of the same program and sender."""
        return ClaimFile.objects.filter(program=subject.program_id, sender=subject.sender_id)

    def program_id_of(self, subject: ClaimFile) -> int:
        """The program."""
        return int(subject.program_id)


#: For whatever needs no columns of a program.
CLAIM_FILE = ClaimFileTemplate()
KEPT = {"CLAIM_DECIDED": _("a claim of its case is calculated or decided: the case stays")}
_TOLD_OF = {"FILED_NUMBER": "number", "IDENTITY_CONFLICT": "name", "FILED_NO_COVER": "event_on"}


def template_of(subject: ClaimFile) -> ClaimFileTemplate:
    """The template with the columns of its program."""
    return ClaimFileTemplate(subject.program_id)


def hospitals_by_name() -> dict[str, int]:
    """Hospitals by their names and codes; a name that two bear is left out."""
    found: dict[str, int] = {}
    twice: set[str] = set()
    for pk, name, code in Hospital.objects.values_list("pk", "name", "code"):
        for word in (name, code):
            if found.setdefault(word, pk) != pk:
                twice.add(word)
    return {word: pk for word, pk in found.items() if word not in twice}


def _identity() -> pl.Expr:
    """The code of what keeps a usable line from its cover, null where nothing does."""
    names_nobody = pl.col("number").is_null() & pl.col("document").is_null() & pl.col("policy_number").is_null()
    # Who has a number and not its name learns nothing of its cover.
    return (
        pl.when(~USABLE).then(None)
        .when(pl.col("misfit")).then(pl.lit("FILED_NUMBER"))
        .when(names_nobody).then(pl.lit("FILED_OF_WHOM"))
        .when(pl.col("enrollment_id").is_null()).then(pl.lit("FILED_NOBODY"))
        .when(~pl.col("same_name") | ~pl.col("same_document")).then(pl.lit("IDENTITY_CONFLICT"))
        .when(~pl.col("in_cover")).then(pl.lit("FILED_NO_COVER"))
    )  # fmt: skip


def _decoded(cells: dict[str, Any]) -> dict[str, Any]:
    """A row of the frame with its amounts as mappings."""
    return {**cells, **{name: json.loads(cells[name]) if cells[name] else None for name in ("amounts", "charges")}}
