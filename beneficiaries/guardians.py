"""Guardians that lines name, compared with who is known: what is found, what is staged beside, whom a plan refuses without one.

A whole guardian (name and number) of a minor becomes a representative when the line is applied (`entrusting`). A chunk
without any, under a plan that asks for none, passes in one look at five columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from audit import blind_index, keys
from audit.models.keys import SLOTS
from audit.sealing import Unsealed
from beneficiaries.models.person import BENEFICIARY_KEY, IDENTITY, PERSON_KEY
from beneficiaries.models.representative import OPEN, STANDS
from intake.copying import ask
from intake.findings import Meaning, Severity
from intake.framing import Cells
from intake.identity import RESIDENT_ID
from programs.rules.minority import last_adult_birth

#: Columns of a row that are staged beside: only where a chunk has any. The first one is filled wherever another is.
STAGED = (
    "speaker_name", "speaker_document", "guardian_document_type", "guardian_index_a", "guardian_index_b", "guardian_phone",
    "guardian_relation", "known_guardian_id", "same_guardian_id",
)
NAME, DOCUMENT, TYPE, PHONE, RELATION = (
    "guardian_name", "guardian_document", "guardian_document_type", "guardian_phone", "guardian_relation",
)
MEANINGS = (
    Meaning(
        "GUARDIAN_PARTLY", Severity.WARNING,
        _("the guardian is named in part (missing: %(extra)s): nobody is put on record as guardian"),
        _("fill in name and document number of the guardian, or leave all their cells empty"),
    ),
    Meaning(
        "GUARDIAN_RELATION", Severity.WARNING, _("a relation holds no digits; it was left out"),
        _("write what the guardian is to the person, such as 母亲 or 祖父"),
    ),
    Meaning(
        "GUARDIAN_CHANGED", Severity.WARNING, _("another guardian is on record, who ends when this row is applied"),
        _("compare it with the papers; leave the guardian's cells empty to keep the one on record"),
    ),
    Meaning(
        "GUARDIAN_MISSING", Severity.ERROR, _("under 18, and no guardian is known: the plan enrolls minors with a guardian only"),
        _(
            "fill in the guardian's name and document number, or record the guardian on the person's page, then upload the row "
            "again"
        ),
    ),
)
#: What a finding names as missing.
WORDS = {"guardian_name": _("guardian's name"), "guardian_document": _("guardian's document number")}
_REFUSED = Severity.ERROR.weight
_USABLE = pl.col("worst") < _REFUSED
_KNOWN = sql.SQL(f"""
SELECT wanted.row, person.birth_on, r.id, r.{{index}} IS NOT DISTINCT FROM wanted.guardian, {STANDS}, r.relation, r.phone
FROM unnest(%(rows)s::int[], %(people)s::bigint[], %(guardians)s::bytea[]) AS wanted(row, person, guardian)
JOIN beneficiaries_person person ON person.id = wanted.person
JOIN beneficiaries_beneficiary b ON b.person_id = wanted.person AND b.program_id = %(program)s
    AND b.organization_id = %(organization)s
LEFT JOIN beneficiaries_representative r ON r.beneficiary_id = b.id AND r.role = 'guardian' AND {OPEN}
ORDER BY wanted.row, r.id
""")  # noqa: S608 - words of our own
#: Columns that `compared` adds: whether the line puts a guardian on record who is none yet, and what stands.
_SCHEMA: dict[str, Any] = {
    "names_guardian": pl.Boolean, "begins_guardian": pl.Boolean, "guarded": pl.Boolean, "changes_guardian": pl.Boolean,
    "known_guardian_id": pl.Int64, "same_guardian_id": pl.Int64,
}


def said(frame: pl.DataFrame) -> pl.Expr | None:
    """What else a line says of its guardian, as its contact digest covers it; None where no line of the chunk says more.

    A line without any gives "": its digest stays what it was before there were such columns.
    """
    if DOCUMENT not in frame.columns or PHONE not in frame.columns:
        return None
    kind = pl.when(pl.col(DOCUMENT).is_not_null() & (pl.col(TYPE) != RESIDENT_ID)).then(TYPE)
    empty = pl.col(PHONE).is_null() & pl.col(RELATION).is_null() & kind.is_null()
    if frame.select(empty.all()).item():
        return None
    facts = pl.concat_str(*(fact.fill_null("") for fact in (kind, pl.col(PHONE), pl.col(RELATION))), separator="\x1f")
    return pl.when(empty).then(pl.lit("")).otherwise(pl.lit("\x1f") + facts)


def without(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with the columns that `compared` adds, empty."""
    return frame.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in _SCHEMA.items())


def names_any(frame: pl.DataFrame) -> bool:
    """Whether any line has any cell of a guardian."""
    cells = [name for name in (NAME, DOCUMENT, PHONE, RELATION) if name in frame.columns]
    return any(frame[name].null_count() < len(frame) for name in cells)


def compared(
    template: Any, frame: pl.DataFrame, findings: pl.DataFrame, context: Any, *, day: date, demanded: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The frame with what stands of guardians, and what is found of them; `day`: on which minors and guardians count.

    `demanded`: the plan enrolls minors with a guardian only, and these lines enroll.
    """
    if not names_any(frame) and not demanded:
        return without(frame), findings
    frame, findings = _cleaned(template, frame, findings)
    frame = _with_known(frame, context, day=day, demanded=demanded)
    uncovered = _USABLE & pl.col("enrollment_id").is_null()
    findings = template.find(findings, frame, "GUARDIAN_CHANGED", NAME, uncovered & pl.col("changes_guardian"))
    if demanded:
        alone = uncovered & _is_minor(day) & ~pl.col("names_guardian") & ~pl.col("guarded")
        frame, findings = template.refuse(frame, findings, "GUARDIAN_MISSING", NAME, alone)
    return frame, findings


def cells(frame: pl.DataFrame, context: Any) -> Mapping[str, Cells | Unsealed]:
    """The columns that are staged beside, of the rows that name a whole guardian; nothing where none does."""
    if "names_guardian" not in frame.columns:
        return {}
    named = _USABLE & pl.col("names_guardian").fill_null(value=False)
    if not frame.select(named.any()).item():
        return {}
    told = frame.select(
        name=pl.when(named).then(NAME), document=pl.when(named).then(DOCUMENT), phone=pl.when(named).then(PHONE),
        kind=pl.when(named).then(pl.col(TYPE).fill_null(RESIDENT_ID)), relation=pl.when(named).then(RELATION),
        known=pl.when(named).then("known_guardian_id"), same=pl.when(named).then("same_guardian_id"),
    )

    def sealed(name: str, logical_name: str, purpose: str) -> Unsealed:
        code = context.program_code if purpose == BENEFICIARY_KEY else ""
        sealer = keys.sealer(logical_name, purpose=purpose, program_code=code, year=context.year)
        return sealer.later(told[name].to_list())

    found: dict[str, Cells | Unsealed] = {
        "speaker_name": sealed("name", "person.name", PERSON_KEY),
        "speaker_document": sealed("document", "person.document", PERSON_KEY),
        "guardian_phone": sealed("phone", "beneficiary.phone", BENEFICIARY_KEY),
        **{
            name: [None if text is None else text.encode() for text in told[column].to_list()]
            for name, column in ((TYPE, "kind"), (RELATION, "relation"))
        },
        **{
            name: [None if number is None else number.to_bytes(8, "big") for number in told[column].to_list()]
            for name, column in (("known_guardian_id", "known"), ("same_guardian_id", "same"))
        },
    }
    texts = _identities(told, kind="kind", document="document")
    for slot in SLOTS:
        if slot in context.identity_slots:
            found[f"guardian_index_{slot}"] = blind_index.index_many(IDENTITY, texts, slot)
    return found


def _cleaned(template: Any, frame: pl.DataFrame, findings: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Guardians named in part are pointed out; relations that hold digits (a number, a telephone) are left out."""
    wrong = pl.col(RELATION).str.contains(r"\d")
    findings = template.find(findings, frame, "GUARDIAN_RELATION", RELATION, _USABLE & wrong)
    frame = frame.with_columns(pl.when(~wrong).then(RELATION).alias(RELATION))
    some = _USABLE & pl.any_horizontal(pl.col(name).is_not_null() for name in (NAME, DOCUMENT, PHONE, RELATION))
    # One finding a line: where both are missing, the name.
    for lacking, partly in (
        (NAME, pl.col(NAME).is_null()), (DOCUMENT, pl.col(NAME).is_not_null() & pl.col(DOCUMENT).is_null()),
    ):
        frame = frame.with_columns(lacking=pl.lit(lacking))
        findings = template.find(findings, frame, "GUARDIAN_PARTLY", lacking, some & partly, extra="lacking")
    return frame.drop("lacking"), findings


def _with_known(frame: pl.DataFrame, context: Any, *, day: date, demanded: bool) -> pl.DataFrame:
    """Which lines name a whole guardian of a minor, and what stands already."""
    whole = _USABLE & pl.col(NAME).is_not_null() & pl.col(DOCUMENT).is_not_null()
    known = pl.col("same_name").fill_null(value=False) & pl.col("known_person_id").is_not_null()
    # Of people who are known the line of an update says no birth date: what is registered tells.
    says_birth = "birth_on" in frame.columns
    named = whole & _is_minor(day) if says_birth else whole & known
    frame = frame.with_columns(names_guardian=named)
    asked = pl.col("names_guardian") | (_USABLE & _is_minor(day)) if demanded else pl.col("names_guardian")
    rows = frame.select(known & asked).to_series().arg_true().to_list()
    facts = _known(frame, rows, context, day=day) if rows else {}
    told = [facts.get(row, _NOBODY) for row in range(len(frame))]
    if not says_birth:
        minors = pl.Series([each.birth is not None and each.birth > last_adult_birth(day) for each in told], dtype=pl.Boolean)
        frame = frame.with_columns(names_guardian=pl.col("names_guardian") & minors)
    return frame.with_columns(
        guarded=pl.Series([each.stands for each in told], dtype=pl.Boolean),
        changes_guardian=pl.Series([each.stands and not each.is_theirs for each in told], dtype=pl.Boolean),
        known_guardian_id=pl.Series([each.newest for each in told], dtype=pl.Int64),
        same_guardian_id=pl.Series([each.same for each in told], dtype=pl.Int64),
    ).with_columns(
        begins_guardian=pl.col("names_guardian") & pl.col("same_guardian_id").is_null(),
        changes_guardian=pl.col("names_guardian") & pl.col("changes_guardian"),
    )


@dataclass
class _Known:
    """What is known of the guardians of one line's person. `newest`: of those whom nothing has ended; `stands`: whether any
    does on the day; `is_theirs`: whether the line's does; `same`: the one who stands just as the line says."""

    birth: date | None = None
    stands: bool = False
    is_theirs: bool = False
    newest: int | None = None
    same: int | None = None


_NOBODY = _Known()


def _known(frame: pl.DataFrame, rows: list[int], context: Any, *, day: date) -> dict[int, _Known]:
    """Row -> what stands of the person's guardians with the roster's own office; one question a chunk."""
    lines = frame.select("known_person_id", "names_guardian", TYPE, DOCUMENT, PHONE, RELATION)[rows]
    slot = blind_index.active_slot(IDENTITY)
    texts = _identities(lines, kind=TYPE, document=DOCUMENT, where="names_guardian")
    found = ask(
        _KNOWN.format(index=sql.Identifier(f"identity_index_{slot}")),
        {
            "rows": rows, "people": lines["known_person_id"].to_list(), "day": day,
            "guardians": blind_index.index_many(IDENTITY, texts, slot), "program": context.roster.program_id,
            "organization": context.roster.organization_id,
        },
    )
    said_of = dict(zip(rows, lines.select(PHONE, RELATION).iter_rows(), strict=True))
    phones = keys.open_many([None if one[6] is None else bytes(one[6]) for one in found], "beneficiary.phone")
    facts: dict[int, _Known] = {}
    for (row, birth, number, theirs, stands, relation, _phone), registered in zip(found, phones, strict=True):
        known = facts.setdefault(row, _Known(birth))
        if number is None:
            continue
        phone, related = said_of[row]
        known.newest, known.stands, theirs = number, known.stands or stands, theirs and stands
        known.is_theirs = known.is_theirs or theirs
        if theirs and phone in (None, registered) and related in (None, relation):
            known.same = number
    return facts


def _identities(frame: pl.DataFrame, *, kind: str, document: str, where: str = "") -> list[str | None]:
    """What the index of guardians is made of: type and number."""
    text = pl.col(kind).fill_null(RESIDENT_ID) + pl.lit("|") + pl.col(document)
    return frame.select(pl.when(pl.col(where)).then(text) if where else text).to_series().to_list()


def _is_minor(day: date) -> pl.Expr:
    """Of whom the line says a birth date."""
    return (pl.col("birth_on") > last_adult_birth(day)).fill_null(value=False)
