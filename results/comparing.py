"""Lines of a report against one another, and against our own calculation: set-wise, a slice of covers at a time.

A slice holds every line of its covers, so usage of deductibles and limits goes on from line to line in the order of payment,
after the results that stand already. It is decided in columns (`benefits.batch`), plan by plan, and copied in one transaction.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl
from django.db import connection, transaction
from django.utils import timezone
from psycopg import sql

from audit.faults import fault_point
from audit.history import carry_context, plan_anew
from benefits.batch import decide_batch
from benefits.usage import Usage
from continuity.in_columns import engine_lines, with_facts
from intake.copying import copied_out, copy_columns, frame_of
from intake.deciding import Change, recount, redigest
from intake.findings import SEVERITY_OF, Verdict
from intake.template import Template
from programs.plan_views import PlanView, plans_of
from results.matching import NOT_PAID_WORDS
from results.models import Comparison, Recalculation, Report, ReportRow, ReportSlice, Why

#: Rows of one slice, about.
ROWS_PER_SLICE = 120_000
BEYOND, DOUBLED, ACCEPTED = "BEYOND_LIMIT", "DOUBLED", "DECIDED_ACCEPTED"
#: SQL over a row `r`: it is to be recorded, or would be but for a limit.
_TAKES_PART = f"(r.verdict = {int(Verdict.NEW)} OR (r.verdict = {int(Verdict.DOUBTFUL)} AND '{BEYOND}' = ANY(r.codes)))"
# Of lines of one cover, event and bill the first counts, whatever chunk or file it stands in.
_REPEATED = """
WITH again AS (
    SELECT r.id, r.sheet, r.line, first_value(CASE WHEN r.sheet = '' THEN '' ELSE r.sheet || '!' END || r.line) OVER same AS first,
        row_number() OVER same AS turn
    FROM results_reportrow r
    WHERE r.report_id = %(report)s AND r.verdict = %(new)s AND coalesce(r.bank_result, '') <> ALL(%(not_paid)s)
    WINDOW same AS (PARTITION BY r.enrollment_id, r.event_on, coalesce(r.bill_number,
        '|' || coalesce(r.hospital, '') || '|' || r.paid || '|' || coalesce(r.cost::text, '')) ORDER BY r.id)
)
UPDATE results_reportrow r SET verdict = %(held)s, codes = r.codes || %(code)s::varchar,
    findings = coalesce(r.findings, '[]'::jsonb) || jsonb_build_array(jsonb_build_object('column', 'claim_number', 'code',
        %(code)s::text, 'severity', %(severity)s::text, 'value_masked', NULL, 'extra', again.first))
FROM again WHERE r.id = again.id AND again.turn > 1 RETURNING r.chunk
"""
_BEYOND = """
UPDATE results_reportrow r SET verdict = %(held)s, codes = r.codes || %(code)s::varchar,
    findings = coalesce(r.findings, '[]'::jsonb) || jsonb_build_array(jsonb_build_object('column', 'paid', 'code', %(code)s::text,
        'severity', %(severity)s::text, 'value_masked', NULL, 'extra', c.beyond))
FROM results_recalculation c
WHERE c.report_id = %(report)s AND c.slice = ANY(%(slices)s) AND c.beyond <> '' AND r.id = c.row_id AND r.verdict = %(new)s
    AND NOT r.codes @> ARRAY[%(code)s, %(accepted)s]::varchar[]
RETURNING r.chunk
"""
_WITHIN = """
UPDATE results_reportrow r SET verdict = %(new)s, codes = array_remove(r.codes, %(code)s::varchar),
    findings = (SELECT jsonb_agg(f.value ORDER BY f.place) FROM jsonb_array_elements(r.findings) WITH ORDINALITY AS f(value, place)
        WHERE f.value ->> 'code' <> %(code)s)
FROM results_recalculation c
WHERE c.report_id = %(report)s AND c.slice = ANY(%(slices)s) AND c.beyond = '' AND r.id = c.row_id AND r.verdict = %(held)s
    AND %(code)s = ANY(r.codes)
RETURNING r.chunk
"""


# -- The steps of a check --------------------------------------------------------------------------------------------------


def compare_all(run: Any, subject: Report, template: Template, context: Any) -> None:
    """After all rows are staged: what is doubled is held, every slice recalculated, what is beyond a limit held."""
    with transaction.atomic():
        fault_point("results.compare_all.before")
        settle_chunks(subject, template, _hold_repeated(subject))
        of = slices_of(ReportRow.objects.filter(report=subject).count())
        stale = ReportSlice.objects.filter(report=subject).exclude(of=of)
        if stale.exists():
            forget(subject)
        run.advance()
        fault_point("results.compare_all.after")
    done = set(ReportSlice.objects.filter(report=subject, job_id=run.job.pk).values_list("number", flat=True))
    for number in range(of):
        if number in done:
            continue
        run.check_stop()
        with transaction.atomic():
            recalculate(subject, context.plans, number=number, of=of, job_id=run.job.pk)
            settle_chunks(subject, template, hold_beyond(subject, [number]))
            run.advance()
        fault_point("results.recalculate.committed")


def forget(subject: Report) -> None:
    """Take away what was recalculated of a report that is being checked."""
    fault_point("results.forget_recalculation.before")
    for model in (Recalculation, ReportSlice):
        rows = model.objects.filter(report=subject)
        rows._raw_delete(rows.db)
    fault_point("results.forget_recalculation.after")


def slices_of(rows: int) -> int:
    """How many slices a report of so many rows has."""
    return max(1, -(-rows // ROWS_PER_SLICE))


def recalculate_again(subject: Report, template: Template, numbers: Iterable[int]) -> dict[int, Change]:
    """Slices whose lines were decided about, anew; by chunk what that changes of verdicts. In the caller's transaction."""
    kept = {each.number: each for each in ReportSlice.objects.filter(report=subject, number__in=set(numbers))}
    plans = plans_of(subject.program_id)
    for number in sorted(kept):
        recalculate(subject, plans, number=number, of=kept[number].of, job_id=kept[number].job_id)
    return hold_beyond(subject, sorted(kept))


def settle_chunks(subject: Report, template: Template, changes: Mapping[int, Change]) -> None:
    """Counts and digests of the chunks whose rows have changed."""
    if changes:
        recount(subject, template, changes)
        redigest(subject, template, sorted(changes))


def _hold_repeated(subject: Report) -> dict[int, Change]:
    given: dict[str, Any] = {
        "report": subject.pk, "new": int(Verdict.NEW), "held": int(Verdict.DOUBTFUL), "code": DOUBLED,
        "severity": SEVERITY_OF[DOUBLED], "not_paid": NOT_PAID_WORDS,
    }
    with connection.cursor() as cursor:
        fault_point("results.hold_repeated.before")
        plan_anew(cursor)
        cursor.execute(_REPEATED, given)
        chunks = [chunk for (chunk,) in cursor.fetchall()]
        fault_point("results.hold_repeated.after")
    return _changes(chunks, DOUBLED, before=Verdict.NEW, after=Verdict.DOUBTFUL)


def hold_beyond(subject: Report, slices: Sequence[int]) -> dict[int, Change]:
    """Lines of these slices that are beyond a limit are held; those that are so no more are to be recorded."""
    given: dict[str, Any] = {
        "report": subject.pk, "slices": list(slices), "new": int(Verdict.NEW), "held": int(Verdict.DOUBTFUL), "code": BEYOND,
        "severity": SEVERITY_OF[BEYOND], "accepted": ACCEPTED,
    }
    with connection.cursor() as cursor:
        fault_point("results.hold_beyond.before")
        plan_anew(cursor)
        cursor.execute(_BEYOND, given)
        held = [chunk for (chunk,) in cursor.fetchall()]
        cursor.execute(_WITHIN, given)
        freed = [chunk for (chunk,) in cursor.fetchall()]
        fault_point("results.hold_beyond.after")
    changes = _changes(held, BEYOND, before=Verdict.NEW, after=Verdict.DOUBTFUL)
    for chunk, change in _changes(freed, BEYOND, before=Verdict.DOUBTFUL, after=Verdict.NEW, sign=-1).items():
        add(changes.setdefault(chunk, Change()), change)
    return changes


def add(change: Change, other: Change) -> None:
    """One change on top of another."""
    change.verdicts.update(other.verdicts)
    change.codes.update(other.codes)
    change.decided.update(other.decided)


def _changes(chunks: Sequence[int], code: str, *, before: Verdict, after: Verdict, sign: int = 1) -> dict[int, Change]:
    changes: dict[int, Change] = defaultdict(Change)
    for chunk, rows in Counter(chunks).items():
        changes[chunk].verdicts.update({str(int(before)): -rows, str(int(after)): rows})
        changes[chunk].codes.update({code: sign * rows})
    return dict(changes)


# -- One slice -------------------------------------------------------------------------------------------------------------


def recalculate(subject: Report, plans: Mapping[int, PlanView], *, number: int, of: int, job_id: int) -> None:
    """The lines of one slice decided anew; its counts and digest. In the caller's transaction."""
    lines = _lines(subject, plans, number=number, of=of)
    decided = decided_lines(lines, plans)
    fault_point("results.recalculate.before")
    old = Recalculation.objects.filter(report=subject, slice=number)
    old._raw_delete(old.db)
    carry_context()
    if len(decided):
        copy_columns(
            Recalculation._meta.db_table,
            decided.select(
                "row_id", "comparison", "why", "beyond", due=_yuan("due"), difference=_yuan("difference"), parts="due_parts"
            ),
            same={"report_id": subject.pk, "slice": number},
        )
    ReportSlice.objects.update_or_create(
        report=subject, number=number,
        defaults={"of": of, "job_id": job_id, "counts": _counts(decided, plans), "digest": _digest(subject, number)},
    )
    fault_point("results.recalculate.after")


_DIGESTED = """
SELECT row_id, comparison, why, due, difference, parts::text, beyond FROM results_recalculation
WHERE report_id = {report} AND slice = {slice} ORDER BY row_id
"""


def _digest(subject: Report, number: int) -> str:
    whole = hashlib.sha256()
    for part in copied_out(sql.SQL(_DIGESTED).format(report=sql.Literal(subject.pk), slice=sql.Literal(number))):
        whole.update(part)
    return whole.hexdigest()


# A line as the calculation takes it. Days as whole numbers, yuan as whole fen; {amounts}: what was paid by responsibility and
# what was left to pay by kind. `f`: the line's own facts, which of a result are those of the line that it came by.
_LINE = """
SELECT r.id AS row_id, {is_new} AS is_new, r.enrollment_id, e.plan_id, r.paid_on - date '2000-01-01' AS paid_on,
    r.event_on - date '2000-01-01' AS event_on, (r.paid * 100)::bigint AS paid, r.setting, r.locality,
    coalesce(r.settled, true) AS settled, r.pre_existing, r.parts IS NOT NULL AS has_parts, r.figures IS NOT NULL AS has_figures,
    extract(year FROM age((e.starts_at AT TIME ZONE 'Asia/Shanghai')::date, person.birth_on))::int AS age,
    {counts} AS counts, {computable} AS computable{amounts}
"""
_NEW_LINES = _LINE + """
FROM results_reportrow r
JOIN beneficiaries_enrollment e ON e.id = r.enrollment_id
JOIN beneficiaries_person person ON person.id = e.person_id
WHERE r.report_id = {report} AND {which} AND {takes_part}
"""
_STANDING = _LINE + """
FROM (SELECT DISTINCT enrollment_id FROM results_reportrow r WHERE r.report_id = {report} AND {which} AND {takes_part}) asked
JOIN results_result other ON other.enrollment_id = asked.enrollment_id AND other.report_id <> {report} AND {standing}
JOIN results_reportrow r ON r.id = other.row_id
JOIN beneficiaries_enrollment e ON e.id = other.enrollment_id
JOIN beneficiaries_person person ON person.id = e.person_id
"""  # noqa: S608 - words of this module
_SCHEMA: dict[str, Any] = {
    "row_id": pl.Int64, "is_new": pl.Boolean, "enrollment_id": pl.Int64, "plan_id": pl.Int64, "paid_on": pl.Int32,
    "event_on": pl.Int32, "paid": pl.Int64, "setting": pl.String, "locality": pl.String, "settled": pl.Boolean,
    "pre_existing": pl.Boolean, "has_parts": pl.Boolean, "has_figures": pl.Boolean, "age": pl.Int32, "counts": pl.Boolean,
    "computable": pl.Boolean,
}


#: Which lines: those of a slice, by the remainder of their cover's number; or those of one cover, and one line whatever it is.
_OF_SLICE = "r.enrollment_id % {of} = {number}"
_STANDS = "other.undone_at IS NULL"
_STOOD = "other.applied_at <= {at} AND (other.undone_at IS NULL OR other.undone_at > {at})"


def _lines(subject: Report, plans: Mapping[int, PlanView], *, number: int, of: int) -> pl.DataFrame:
    """Every line of the slice's covers that takes part, and the results that stand of the same covers."""
    which = sql.SQL(_OF_SLICE).format(of=sql.Literal(of), number=sql.Literal(number))
    return _asked(subject, plans, which=which, takes_part=sql.SQL(_TAKES_PART), standing=sql.SQL(_STANDS))


def lines_of_cover(subject: Report, plans: Mapping[int, PlanView], *, cover: int, row_id: int) -> pl.DataFrame:
    """The same of one cover, as it stood when the report was compared; with the line itself, even where it takes no part."""
    takes_part = sql.SQL("({takes_part} OR r.id = {row})").format(takes_part=sql.SQL(_TAKES_PART), row=sql.Literal(row_id))
    return _asked(
        subject, plans, which=sql.SQL("r.enrollment_id = {cover}").format(cover=sql.Literal(cover)), takes_part=takes_part,
        standing=sql.SQL(_STOOD).format(at=sql.Literal(subject.compared_at or timezone.now())),
    )


def _asked(
    subject: Report, plans: Mapping[int, PlanView], *, which: sql.Composable, takes_part: sql.Composable, standing: sql.Composable
) -> pl.DataFrame:
    codes, kinds = _codes(plans), _kinds(plans)
    amounts = sql.SQL("").join(
        sql.SQL(", ({bag} ->> {key})::numeric * 100 AS {name}").format(
            bag=sql.Identifier("r", bag), key=sql.Literal(key), name=sql.Identifier(f"{prefix}{key}")
        )
        for bag, prefix, keys in (("parts", "paid:", codes), ("figures", "of:", kinds)) for key in keys
    )
    counted = sql.SQL("coalesce(r.bank_result, '') <> ALL({words})").format(words=sql.Literal(NOT_PAID_WORDS))
    place = {
        "report": sql.Literal(subject.pk), "which": which, "takes_part": takes_part, "amounts": amounts, "counts": counted,
    }
    schema = {**_SCHEMA, **{f"paid:{code}": pl.Float64 for code in codes}, **{f"of:{kind}": pl.Float64 for kind in kinds}}
    new = sql.SQL(_NEW_LINES).format(is_new=sql.SQL("true"), computable=sql.SQL("true"), **place)
    before = sql.SQL(_STANDING).format(
        is_new=sql.SQL("false"), standing=standing,
        computable=sql.SQL("other.comparison <> {word}").format(word=sql.Literal(Comparison.NOT_COMPUTABLE.value)), **place,
    )
    found = pl.concat([frame_of(new, schema), frame_of(before, schema)])
    return found.with_columns(
        pl.col(name).round(0).cast(pl.Int64) for name in schema if name.startswith(("paid:", "of:"))
    )


def _codes(plans: Mapping[int, PlanView]) -> list[str]:
    return list(dict.fromkeys(code for view in plans.values() for code in view.codes))


def _kinds(plans: Mapping[int, PlanView]) -> list[str]:
    return list(dict.fromkeys(kind for view in plans.values() for kind in view.kinds))


# -- Deciding ---------------------------------------------------------------------------------------------------------------


def decided_lines(lines: pl.DataFrame, plans: Mapping[int, PlanView]) -> pl.DataFrame:
    """The new lines with `comparison`, `why`, `due`, `difference` (fen), `due_parts` (JSON), `beyond` ("" or limit and sum)."""
    if not lines["is_new"].any():
        return lines.filter("is_new").with_columns(
            **{name: pl.lit(None, kind) for name, kind in _DECIDED.items()}
        )
    ordered = in_order(lines)
    found = [_of_plan(part, plans[plan]) for (plan,), part in ordered.partition_by("plan_id", as_dict=True).items()]
    return pl.concat(found, how="diagonal").filter("is_new").sort("row_id")


def in_order(lines: pl.DataFrame) -> pl.DataFrame:
    """In the order of settlement, with its `place`: results that stand, then the report's lines by day of payment and event."""
    return lines.sort("is_new", "paid_on", "event_on", "row_id").with_row_index("place")


_DECIDED: dict[str, Any] = {
    "comparison": pl.String, "why": pl.String, "due": pl.Int64, "difference": pl.Int64, "due_parts": pl.String, "beyond": pl.String,
}


def _of_plan(lines: pl.DataFrame, view: PlanView) -> pl.DataFrame:
    """Lines of covers of one plan version."""
    lines = lines.with_columns(why=why_not(lines, view))
    decided = _batch(lines.filter((pl.col("why") == "") & (pl.col("is_new") | pl.col("computable"))), lines, view)
    lines = lines.join(decided, on="row_id", how="left", maintain_order="left")
    paying = [f"due:{part.code}" for part in view.expenses]
    lines = lines.with_columns(
        pl.when(pl.col("why") == "").then(pl.col(name).fill_null(0)).alias(name) for name in ["due", *paying]
    )
    apart = pl.any_horizontal(
        [(pl.col(f"paid:{part.code}").fill_null(0) != pl.col(f"due:{part.code}")) for part in view.expenses]
        or [pl.lit(value=False)]
    )
    differs = (pl.col("paid") != pl.col("due")) | (pl.col("has_parts") & apart)
    return lines.with_columns(
        difference=pl.when(pl.col("why") == "").then(pl.col("paid") - pl.col("due")),
        comparison=pl.when(pl.col("why") != "").then(pl.lit(Comparison.NOT_COMPUTABLE.value))
        .when(differs).then(pl.lit(Comparison.DIFFERENT.value)).otherwise(pl.lit(Comparison.EQUAL.value)),
        due_parts=pl.when(pl.col("why") == "").then(_parts_json(view)),
        beyond=_beyond(view),
    )  # fmt: skip


def why_not(lines: pl.DataFrame, view: PlanView) -> pl.Expr:
    """Why nothing can be calculated for a line; "" where it can."""
    if not view.expenses or view.is_open:
        return pl.lit(Why.NO_TERMS.value if not view.expenses else Why.TERMS_UNKNOWN.value)
    fixed = pl.any_horizontal([pl.col(f"paid:{code}").fill_null(0) > 0 for code in view.others] or [pl.lit(value=False)])
    left_open = pl.any_horizontal(
        [pl.col(f"of:{kind}").fill_null(0) > 0 for kind in sorted(view.open_kinds)] or [pl.lit(value=False)]
    )
    return (
        pl.when(~pl.col("has_figures")).then(pl.lit(Why.NO_FIGURES.value))
        .when(fixed).then(pl.lit(Why.OTHER_BENEFIT.value))
        .when(left_open).then(pl.lit(Why.TERMS_UNKNOWN.value))
        .otherwise(pl.lit(""))
    )  # fmt: skip


def _batch(cases: pl.DataFrame, lines: pl.DataFrame, view: PlanView) -> pl.DataFrame:
    """`row_id`, `due`, `due:CODE`: what the engine pays in each case, after those of the same cover before it."""
    names = {f"paid:{part.code}": f"due:{part.code}" for part in view.expenses}
    empty = pl.DataFrame(schema={"row_id": pl.Int64, "due": pl.Int64, **dict.fromkeys(names.values(), pl.Int64)})
    if cases.is_empty() or view.terms is None:
        return empty
    given = engine_lines(with_facts(cases, view), view)
    if given.is_empty():
        return empty
    answer = decide_batch(given, view.terms, used_before=paid_otherwise(lines, view))
    return answer.select(row_id="case", due="amount", **{due: paid for paid, due in names.items()})


def paid_otherwise(lines: pl.DataFrame, view: PlanView) -> dict[int, Usage]:
    """By cover what standing results that cannot be calculated have used of limits: what was paid of each responsibility."""
    before = lines.filter(~pl.col("is_new") & ((pl.col("why") != "") | ~pl.col("computable")))
    used: dict[int, dict[str, Decimal]] = {}
    shared = {part.code: part.shared_limits for part in view.terms.responsibilities} if view.terms is not None else {}
    for code in view.codes:
        column = f"paid:{code}"
        for cover, fen in before.filter(pl.col(column).fill_null(0) > 0).select("enrollment_id", column).iter_rows():
            counters = used.setdefault(cover, {})
            for name in (column, *(f"limit:{limit}" for limit in shared[code])):
                counters[name] = counters.get(name, Decimal(0)) + Decimal(fen).scaleb(-2)
    return {cover: Usage(counters) for cover, counters in used.items()}


def _parts_json(view: PlanView) -> pl.Expr:
    """{code: yuan} by our calculation, of responsibilities that pay something."""
    filled = [
        pl.when(pl.col(f"due:{part.code}") > 0).then(
            pl.lit(f'"{part.code}": "') + _yuan_text(f"due:{part.code}") + pl.lit('"')
        )
        for part in view.expenses
    ]
    return pl.lit("{") + pl.concat_str(filled, separator=", ", ignore_nulls=True).fill_null("") + pl.lit("}")


def _beyond(view: PlanView) -> pl.Expr:
    """"limit, sum" of the first limit of the year that a new line passes; "" where it passes none."""
    counted = pl.when(pl.col("counts")).then("paid").otherwise(0)
    checks = [(counted, int(view.cover_limit * 100))]
    for members, amount in view.limits.items():
        paid = pl.sum_horizontal(pl.col(f"paid:{code}").fill_null(0) for code in members)
        checks.append((pl.when(pl.col("counts")).then(paid).otherwise(0), int(amount * 100)))
    found = pl.lit("")
    for paid, limit in reversed(checks):
        total = paid.cum_sum().over("enrollment_id")
        told = pl.lit(f"{Decimal(limit).scaleb(-2):.2f}, ") + (total // 100).cast(pl.String) + pl.lit(".") + (
            (total % 100).cast(pl.String).str.zfill(2)
        )
        found = pl.when((paid > 0) & (total > limit)).then(told).otherwise(found)
    return pl.when("is_new").then(found).otherwise(pl.lit(""))


def _yuan_text(name: str) -> pl.Expr:
    whole = pl.col(name).abs()
    sign = pl.when(pl.col(name) < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return sign + (whole // 100).cast(pl.String) + pl.lit(".") + (whole % 100).cast(pl.String).str.zfill(2)


def _yuan(name: str) -> pl.Expr:
    """Fen as yuan of two places."""
    return _yuan_text(name).cast(pl.Decimal(16, 2))


# -- Counts -----------------------------------------------------------------------------------------------------------------


def _counts(decided: pl.DataFrame, plans: Mapping[int, PlanView]) -> dict[str, Any]:
    """See `ReportSlice.counts`."""
    if decided.is_empty():
        return {"comparison": {}, "why": {}, "parts": {}, "beyond": [0, 0]}
    above, below = pl.col("difference").clip(0), (-pl.col("difference")).clip(0)
    by_word = decided.group_by("comparison").agg(
        pl.len(), pl.col("paid").sum(), pl.col("due").fill_null(0).sum().alias("owed"), above.sum().alias("above"),
        below.sum().alias("below"),
    )
    why = decided.filter(pl.col("why") != "").group_by("why").agg(pl.len())
    beyond = decided.filter(pl.col("beyond") != "")
    parts: dict[str, list[int]] = {}
    for code in _codes(plans):
        due = pl.col(f"due:{code}").fill_null(0) if f"due:{code}" in decided.columns else pl.lit(0)
        paid = pl.col(f"paid:{code}").fill_null(0)
        told = decided.filter(pl.col("comparison") != Comparison.NOT_COMPUTABLE.value).select(
            lines=((paid > 0) | (due > 0)).sum(), paid=paid.sum(), due=due.sum()
        ).row(0)
        if told[0]:
            parts[code] = list(map(int, told))
    return {
        "comparison": {word: list(map(int, sums)) for word, *sums in by_word.iter_rows()},
        "why": dict(why.iter_rows()), "parts": parts, "beyond": [len(beyond), int(beyond["paid"].sum() or 0)],
    }


def summed(report: Report) -> dict[str, Any]:
    """The slices' counts put together, amounts as yuan in text: "comparison", "why", "parts", "beyond" as in a slice."""
    comparison: dict[str, list[int]] = {}
    parts: dict[str, list[int]] = {}
    why: Counter[str] = Counter()
    beyond = [0, 0]
    for counts in ReportSlice.objects.filter(report=report).values_list("counts", flat=True):
        for total, each in ((comparison, counts["comparison"]), (parts, counts["parts"])):
            for word, sums in each.items():
                total[word] = [a + b for a, b in zip(total.get(word, [0] * len(sums)), sums, strict=True)]
        why.update(counts["why"])
        beyond = [a + b for a, b in zip(beyond, counts["beyond"], strict=True)]

    def told(sums: list[int]) -> list[Any]:
        return [sums[0], *(str(Decimal(fen).scaleb(-2)) for fen in sums[1:])]

    return {
        "comparison": {word: told(sums) for word, sums in sorted(comparison.items())}, "why": dict(sorted(why.items())),
        "parts": {code: told(sums) for code, sums in parts.items()}, "beyond": told(beyond),
    }
