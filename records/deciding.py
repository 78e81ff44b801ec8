"""What is due by the records of a file: set-wise, a slice of covers at a time, two slices abreast.

A slice holds every record of its covers, so deductibles and limits are used up from record to record in the order of
settlement, after what claims, an insurer's payouts and earlier proposals have used. It is read in columns without a join,
decided in columns (`benefits.batch`), plan by plan, and copied in one transaction.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

import polars as pl
from django.db import connection, transaction
from psycopg import sql

from audit.faults import fault_point
from audit.history import carry_context, plan_anew
from benefits.batch import decide_batch
from benefits.usage import Usage
from claims.elsewhere import LINE, lines_elsewhere
from continuity.in_columns import engine_lines, with_facts
from intake.abreast import all_abreast
from intake.copying import ask, copied_out, copy_columns, frame_of
from intake.deciding import Change, recount, redigest
from intake.findings import SEVERITY_OF, Verdict
from intake.held import ACCEPT, MARKS
from intake.template import Template
from programs.plan_views import PlanView
from records.models import Calculation, RecordDecision, RecordList, RecordRow, RecordSlice

#: Records of one slice, about; slices that are calculated at once.
ROWS_PER_SLICE = 250_000
ABREAST = 2
#: Records that a page names as the biggest.
BIGGEST = 20
TWICE = "STAY_TWICE"
#: Marks of records that a person decided to propose: whatever stays stand beside them.
COVERED = "DECIDED_COVER"
_PROPOSED_BY_PEOPLE = [MARKS[ACCEPT], COVERED]
_HOLD_TWICE = """
UPDATE records_recordrow r SET verdict = %(held)s, codes = r.codes || %(code)s::varchar,
    findings = coalesce(r.findings, '[]'::jsonb) || jsonb_build_array(jsonb_build_object('column', 'hospital',
        'code', %(code)s::text, 'severity', %(severity)s::text, 'value_masked', NULL, 'extra', coalesce(first.line::text, '')))
FROM unnest(%(rows)s::bigint[], %(firsts)s::bigint[]) AS twice(row_id, first_id)
LEFT JOIN records_recordrow first ON first.id = twice.first_id
WHERE r.id = twice.row_id AND r.verdict = %(new)s RETURNING r.chunk
"""


# -- The steps of a check --------------------------------------------------------------------------------------------------


def calculate_all(run: Any, subject: RecordList, template: Template, context: Any) -> None:
    """After all rows are staged: every slice calculated, then stays that stand twice are held."""
    of = slices_of(RecordRow.objects.filter(record_list=subject).count())
    with transaction.atomic():
        fault_point("records.calculate_all.before")
        if RecordSlice.objects.filter(record_list=subject).exclude(of=of).exists():
            forget(subject)
        run.advance()
        fault_point("records.calculate_all.after")
    done = set(RecordSlice.objects.filter(record_list=subject, job_id=run.job.pk).values_list("number", flat=True))
    waiting = [number for number in range(of) if number not in done]
    all_abreast(lambda number: _one(run, subject, context, number=number, of=of), waiting, width=min(ABREAST, len(waiting)))
    with transaction.atomic():
        changes = hold_twice(subject)
        if changes:
            recount(subject, template, changes)
            redigest(subject, template, sorted(changes))
        run.advance()
    fault_point("records.hold_twice.committed")


def _one(run: Any, subject: RecordList, context: Any, *, number: int, of: int) -> None:
    run.check_stop()
    with transaction.atomic():
        calculate(subject, context.plans, number=number, of=of, job_id=run.job.pk)
        run.advance()
    fault_point("records.calculate.committed")


def recalculate(subject: RecordList, plans: Mapping[int, PlanView], covers: Iterable[int]) -> None:
    """The slices of covers whose records were decided about, anew. In the caller's transaction."""
    kept = list(RecordSlice.objects.filter(record_list=subject))
    for each in sorted(kept, key=lambda found: found.number):
        if any(cover % each.of == each.number for cover in covers):
            calculate(subject, plans, number=each.number, of=each.of, job_id=each.job_id)


def _decided_on(subject: RecordList) -> list[int]:
    """Records of a file that a person decided to propose."""
    if not RecordDecision.objects.filter(record_list=subject).exists():
        return []
    rows = RecordRow.objects.filter(record_list=subject, verdict=Verdict.NEW, codes__overlap=_PROPOSED_BY_PEOPLE)
    return list(rows.values_list("pk", flat=True))


def forget(subject: RecordList) -> None:
    """Take away what was calculated of a file that is being checked."""
    fault_point("records.forget_calculation.before")
    for model in (Calculation, RecordSlice):
        rows = model.objects.filter(record_list=subject)
        rows._raw_delete(rows.db)
    fault_point("records.forget_calculation.after")


def slices_of(rows: int) -> int:
    """How many slices a file of so many records has."""
    return max(1, -(-rows // ROWS_PER_SLICE))


def hold_twice(subject: RecordList) -> dict[int, Change]:
    """Records whose stay overlaps an earlier one of the same cover and hospital are held, as the slices found them."""
    pairs = [pair for counts in RecordSlice.objects.filter(record_list=subject).values_list("counts", flat=True)
             for pair in counts["twice"]]
    if not pairs:
        return {}
    with connection.cursor() as cursor:
        fault_point("records.hold_twice.before")
        plan_anew(cursor)
        cursor.execute(_HOLD_TWICE, {
            "rows": [row for row, _first in pairs], "firsts": [first for _row, first in pairs], "new": int(Verdict.NEW),
            "held": int(Verdict.DOUBTFUL), "code": TWICE, "severity": SEVERITY_OF[TWICE],
        })
        chunks = Counter(chunk for (chunk,) in cursor.fetchall())
        fault_point("records.hold_twice.after")
    changes: dict[int, Change] = defaultdict(Change)
    for chunk, rows in chunks.items():
        changes[chunk].verdicts.update({str(int(Verdict.NEW)): -rows, str(int(Verdict.DOUBTFUL)): rows})
        changes[chunk].codes.update({TWICE: rows})
    return dict(changes)


# -- One slice -------------------------------------------------------------------------------------------------------------


def calculate(subject: RecordList, plans: Mapping[int, PlanView], *, number: int, of: int, job_id: int) -> None:
    """The records of one slice decided anew; its sums and digest. In the caller's transaction."""
    lines, twice = without_twice(new_lines(subject, plans, number=number, of=of), _decided_on(subject))
    decided = decided_lines(subject, lines, plans)
    fault_point("records.calculate.before")
    old = Calculation.objects.filter(record_list=subject, slice=number)
    old._raw_delete(old.db)
    carry_context()
    if len(decided):
        copy_columns(
            Calculation._meta.db_table, decided.select("row_id", "parts", due=_yuan("due")),
            same={"record_list_id": subject.pk, "slice": number},
        )
    RecordSlice.objects.update_or_create(
        record_list=subject, number=number,
        defaults={
            "of": of, "job_id": job_id, "counts": {**_counts(decided, plans), "twice": twice}, "digest": _digest(subject, number),
        },
    )
    fault_point("records.calculate.after")


_DIGESTED = """
SELECT row_id, due, parts::text FROM records_calculation WHERE record_list_id = {record_list} AND slice = {slice} ORDER BY row_id
"""


def _digest(subject: RecordList, number: int) -> str:
    whole = hashlib.sha256()
    for part in copied_out(sql.SQL(_DIGESTED).format(record_list=sql.Literal(subject.pk), slice=sql.Literal(number))):
        whole.update(part)
    return whole.hexdigest()


# A record as the calculation takes it: days as whole numbers, the hospital as a number that tells it apart, {amounts}: what was
# left to pay by kind. Nothing is joined: cover, plan and age stand in the row.
_NEW = """
SELECT r.id, true, r.enrollment_id, r.plan_id, r.settled_on - date '2000-01-01', r.discharged_on - date '2000-01-01',
    coalesce(r.admitted_on, r.discharged_on) - date '2000-01-01', hashtext(r.hospital), r.setting, r.locality, true, NULL, r.age,
    true{amounts}
FROM records_recordrow r
WHERE r.record_list_id = {record_list} AND r.verdict = {new} AND {which}
"""
# What other rooms say is settled, and earlier proposals: of the covers `asked`.
_BEFORE = """
WITH asked AS MATERIALIZED (SELECT unnest({covers}::bigint[]) AS cover_id), found ({columns}) AS ({lines})
SELECT -row_number() OVER (), false, r.enrollment_id, e.plan_id, r.settled_on - date '2000-01-01', r.event_on - date '2000-01-01',
    0, 0, r.setting, r.locality, r.settled, r.pre_existing,
    extract(year FROM age((e.starts_at AT TIME ZONE 'Asia/Shanghai')::date, person.birth_on))::int, r.computable{amounts}
FROM found r
JOIN LATERAL (SELECT * FROM beneficiaries_enrollment WHERE id = r.enrollment_id LIMIT 1) AS e ON true
JOIN beneficiaries_person person ON person.id = e.person_id
"""
# A claim that was decided has used its cover itself.
_PROPOSED = """
SELECT p.enrollment_id, p.settled_on, p.discharged_on, line.setting, line.locality, true, NULL::boolean, line.figures, p.parts, true
FROM asked JOIN records_proposal p ON p.enrollment_id = asked.cover_id AND p.record_list_id <> {record_list}
    AND (p.state IN ('open', 'told', 'nothing') OR p.state = 'claimed' AND EXISTS (
        SELECT FROM claims_claim c WHERE c.case_id = p.case_id AND c.enrollment_id = p.enrollment_id AND c.settlement IS NULL
            AND c.state NOT IN ('withdrawn', 'declined')))
JOIN records_recordrow line ON line.id = p.row_id
"""
_SCHEMA: dict[str, Any] = {
    "row_id": pl.Int64, "is_new": pl.Boolean, "enrollment_id": pl.Int64, "plan_id": pl.Int64, "settled_on": pl.Int32,
    "event_on": pl.Int32, "begun_on": pl.Int32, "hospital": pl.Int64, "setting": pl.String, "locality": pl.String,
    "settled": pl.Boolean, "pre_existing": pl.Boolean, "age": pl.Int32, "computable": pl.Boolean,
}


def new_lines(subject: RecordList, plans: Mapping[int, PlanView], *, number: int, of: int) -> pl.DataFrame:
    """Every record of the slice's covers that is to be proposed."""
    which = sql.SQL("r.enrollment_id % {of} = {number}").format(of=sql.Literal(of), number=sql.Literal(number))
    return _new(subject, plans, which)


def lines_of_cover(subject: RecordList, plans: Mapping[int, PlanView], *, cover: int) -> pl.DataFrame:
    """The same of one cover."""
    return _new(subject, plans, sql.SQL("r.enrollment_id = {cover}").format(cover=sql.Literal(cover)))


def _new(subject: RecordList, plans: Mapping[int, PlanView], which: sql.Composable) -> pl.DataFrame:
    found = frame_of(
        sql.SQL(_NEW).format(
            record_list=sql.Literal(subject.pk), new=sql.Literal(int(Verdict.NEW)), which=which,
            amounts=_amounts(plans, ("figures", "of:", _kinds(plans))),
        ),
        {**_SCHEMA, **{f"of:{kind}": pl.Float64 for kind in _kinds(plans)}},
    )
    return _in_fen(found)


def lines_before(subject: RecordList, covers: list[int], plans: Mapping[int, PlanView]) -> pl.DataFrame:
    """What is settled or proposed of covers beside this file, and has not used them as a claim would."""
    codes, kinds = _codes(plans), _kinds(plans)
    proposed = sql.SQL(_PROPOSED).format(record_list=sql.Literal(subject.pk))
    elsewhere = lines_elsewhere()
    lines = sql.SQL("({proposed}) UNION ALL ").format(proposed=proposed) + sql.SQL(elsewhere) if elsewhere else proposed
    found = frame_of(
        sql.SQL(_BEFORE).format(
            covers=sql.Literal(covers), columns=sql.SQL(", ").join(map(sql.Identifier, LINE)), lines=lines,
            amounts=_amounts(plans, ("figures", "of:", kinds), ("parts", "paid:", codes)),
        ),
        {**_SCHEMA, **{f"of:{kind}": pl.Float64 for kind in kinds}, **{f"paid:{code}": pl.Float64 for code in codes}},
    )
    return _in_fen(found)


def _amounts(plans: Mapping[int, PlanView], *bags: tuple[str, str, list[str]]) -> sql.Composable:
    """Yuan of each key of the bags, as text: fewer steps for the server, and the reader's numbers are exact to the fen."""
    return sql.SQL("").join(
        sql.SQL(", {bag} ->> {key}").format(bag=sql.Identifier("r", bag), key=sql.Literal(key))
        for bag, _prefix, names in bags for key in names
    )


def _in_fen(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        (pl.col(name) * 100).round(0).cast(pl.Int64) for name in frame.columns if name.startswith(("paid:", "of:"))
    )


def _codes(plans: Mapping[int, PlanView]) -> list[str]:
    return list(dict.fromkeys(code for view in plans.values() for code in view.codes))


def _kinds(plans: Mapping[int, PlanView]) -> list[str]:
    return list(dict.fromkeys(kind for view in plans.values() for kind in view.kinds))


def without_twice(lines: pl.DataFrame, decided: Collection[int] = ()) -> tuple[pl.DataFrame, list[list[int]]]:
    """The records without stays that overlap an earlier one of the same cover and hospital; those with the earlier's number.
    `decided`: records that a person decided to propose, which count, and hold no other."""
    stays = lines.filter((pl.col("setting") == "inpatient") & ~pl.col("row_id").is_in(list(decided))).sort(
        "enrollment_id", "hospital", "begun_on", "row_id"
    )
    if stays.is_empty():
        return lines, []
    same = ["enrollment_id", "hospital"]
    stays = stays.with_columns(
        until=pl.col("event_on").cum_max().over(same).shift(1).over(same), first=pl.col("row_id").shift(1).over(same)
    )
    again = stays.filter((pl.col("begun_on") < pl.col("until")).fill_null(value=False)).select("row_id", "first")
    if again.is_empty():
        return lines, []
    return lines.join(again, on="row_id", how="anti"), [list(pair) for pair in again.sort("row_id").iter_rows()]


# -- Deciding ---------------------------------------------------------------------------------------------------------------


def decided_lines(subject: RecordList, lines: pl.DataFrame, plans: Mapping[int, PlanView]) -> pl.DataFrame:
    """The new records with `due` (fen), `due:CODE` of each responsibility, and `parts` (JSON, null where nothing is due)."""
    if lines.is_empty():
        return lines.with_columns(due=pl.lit(None, pl.Int64), parts=pl.lit(None, pl.String))
    covers = lines["enrollment_id"].unique().to_list()
    before, used = lines_before(subject, covers, plans), used_of(covers)
    ordered = in_order(lines, before)
    found = [
        _of_plan(part, plans[plan], used)
        for (plan,), part in ordered.partition_by("plan_id", as_dict=True).items() if plan in plans
    ]
    return pl.concat(found, how="diagonal").filter("is_new").sort("row_id")


def in_order(lines: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """In the order of settlement, with its `place`: what was settled before, then the file's records by day."""
    return pl.concat([lines, before], how="diagonal").sort("is_new", "settled_on", "event_on", "row_id").with_row_index("place")


def used_of(covers: list[int]) -> dict[int, Usage]:
    """What claims have used of covers."""
    found = ask(
        sql.Composed([sql.SQL(
            "SELECT u.enrollment_id, u.counters::text FROM claims_coverusage u WHERE u.enrollment_id = ANY(%(covers)s)"
            " AND u.counters <> '{}'::jsonb"
        )]),
        {"covers": covers},
    )
    return {cover: Usage.from_data(_read(counters)) for cover, counters in found}


def _read(counters: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(counters)
    return found


def _of_plan(lines: pl.DataFrame, view: PlanView, used: Mapping[int, Usage]) -> pl.DataFrame:
    """Records of covers of one plan version."""
    names = {f"paid:{part.code}": f"due:{part.code}" for part in view.expenses}
    cases = lines.filter("computable") if view.terms is not None else lines.clear()
    given = engine_lines(with_facts(cases, view), view) if len(cases) else lines.clear()
    if len(given) and view.terms is not None:
        answer = decide_batch(given, view.terms, used_before=used_before(lines, view, used)).select(
            row_id="case", due="amount", **{due: pl.col(paid) for paid, due in names.items()}
        )
        lines = lines.join(answer, on="row_id", how="left", maintain_order="left")
    else:
        lines = lines.with_columns(pl.lit(0, pl.Int64).alias(name) for name in ("due", *names.values()))
    return lines.with_columns(pl.col(name).fill_null(0) for name in ("due", *names.values())).with_columns(parts=_parts_json(view))


def used_before(lines: pl.DataFrame, view: PlanView, used: Mapping[int, Usage]) -> dict[int, Usage]:
    """By cover what its claims have used, and what payouts that cannot be calculated have used of limits."""
    found = dict(used)
    if view.terms is None:
        return found
    shared = {part.code: part.shared_limits for part in view.terms.responsibilities}
    uncounted = lines.filter(~pl.col("is_new") & ~pl.col("computable"))
    for code in view.codes:
        column = f"paid:{code}"
        if column not in uncounted.columns:
            continue
        for cover, fen in uncounted.filter(pl.col(column).fill_null(0) > 0).select("enrollment_id", column).iter_rows():
            amount = Decimal(fen).scaleb(-2)
            more = dict.fromkeys((column, *(f"limit:{limit}" for limit in shared[code])), amount)
            found[cover] = found.get(cover, Usage()).plus(more)
    return found


def _parts_json(view: PlanView) -> pl.Expr:
    """{code: yuan} of responsibilities that pay something; null where none does."""
    filled = [
        pl.when(pl.col(f"due:{part.code}") > 0).then(
            pl.lit(f'"{part.code}": "') + _yuan_text(f"due:{part.code}") + pl.lit('"')
        )
        for part in view.expenses
    ]
    if not filled:
        return pl.lit(None, pl.String)
    inner = pl.concat_str(filled, separator=", ", ignore_nulls=True)
    return pl.when(pl.col("due") > 0).then(pl.lit("{") + inner + pl.lit("}"))


def _yuan(name: str) -> pl.Expr:
    """Fen as yuan of two places."""
    return _yuan_text(name).cast(pl.Decimal(16, 2))


def _yuan_text(name: str) -> pl.Expr:
    fen = pl.col(name)
    return (fen // 100).cast(pl.String) + pl.lit(".") + (fen % 100).cast(pl.String).str.zfill(2)


# -- Sums -------------------------------------------------------------------------------------------------------------------


def _counts(decided: pl.DataFrame, plans: Mapping[int, PlanView]) -> dict[str, Any]:
    """See `RecordSlice.counts`."""
    if decided.is_empty():
        return {"due": [0, 0], "nothing": 0, "parts": {}, "biggest": []}
    paying = decided.filter(pl.col("due") > 0)
    parts: dict[str, list[int]] = {}
    for code in _codes(plans):
        column = f"due:{code}"
        if column in paying.columns:
            told = paying.select(lines=(pl.col(column) > 0).sum(), due=pl.col(column).sum()).row(0)
            if told[0]:
                parts[code] = [int(told[0]), int(told[1])]
    biggest = paying.sort("due", "row_id", descending=[True, False]).head(BIGGEST).select("row_id", "due")
    return {
        "due": [len(paying), int(paying["due"].sum() or 0)], "nothing": len(decided) - len(paying), "parts": parts,
        "biggest": [list(each) for each in biggest.iter_rows()],
    }


def summed(subject: RecordList) -> dict[str, Any]:
    """The slices' sums put together, amounts as yuan in text: "due", "nothing", "parts", "biggest" as in a slice."""
    due, nothing, parts, biggest = [0, 0], 0, dict[str, list[int]](), list[list[int]]()
    for counts in RecordSlice.objects.filter(record_list=subject).order_by("number").values_list("counts", flat=True):
        due = [a + b for a, b in zip(due, counts["due"], strict=True)]
        nothing += counts["nothing"]
        biggest += counts["biggest"]
        for code, sums in counts["parts"].items():
            parts[code] = [a + b for a, b in zip(parts.get(code, [0, 0]), sums, strict=True)]
    first: Iterable[list[int]] = sorted(biggest, key=lambda each: (-each[1], each[0]))[:BIGGEST]
    return {
        "due": [due[0], _text(due[1])], "nothing": nothing,
        "parts": {code: [lines, _text(fen)] for code, (lines, fen) in sorted(parts.items())},
        "biggest": [[row, _text(fen)] for row, fen in first],
    }


def _text(fen: int) -> str:
    return str(Decimal(fen).scaleb(-2))
