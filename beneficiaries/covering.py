"""Spans of many people judged and priced set-wise: which lines can be covered, and what each costs; writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl
from django.db import connection
from django.utils import timezone

from accounts.models import Organization
from beneficiaries import participants
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Person
from beneficiaries.models.representative import OPEN
from beneficiaries.models.spans import live_span
from beneficiaries.turns import cover_beside_others
from programs import actions as programs
from programs.models import Category, Period
from programs.rules import eligibility
from programs.rules.minority import OF_AGE
from programs.rules.prices import amounts, price_number
from programs.rules.span_price import price_span
from programs.terms import PlanTerms

COUNTY_DIGITS = 6
MOST = 200_000
_MOMENT = pl.Datetime("us", "UTC")
_SCHEMA: dict[str, Any] = {"person_id": pl.Int64, "starts_at": _MOMENT, "ends_at": _MOMENT}


@dataclass(frozen=True)
class Span:
    """One person from a moment to before another, both aware."""

    person_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Judged:
    """`covered`: lines with all that their enrollment needs; `refused`: (line, code, extra) of the others."""

    covered: pl.DataFrame
    refused: Sequence[tuple[int, str, str]]


def lines_of(spans: pl.DataFrame | Sequence[Span]) -> pl.DataFrame:
    """`line` (from 1), `person_id`, `starts_at`, `ends_at` in UTC; refused when a moment has no time zone."""
    if isinstance(spans, pl.DataFrame):
        for name in ("starts_at", "ends_at"):
            if getattr(spans.schema[name], "time_zone", None) is None:
                raise BeneficiariesRefused("SPAN_WITHOUT_ZONE")
        frame = spans.select(
            pl.col("person_id").cast(pl.Int64),
            *(pl.col(name).dt.convert_time_zone("UTC").cast(_MOMENT) for name in ("starts_at", "ends_at")),
        )
    else:
        if any(timezone.is_naive(each) for span in spans for each in (span.starts_at, span.ends_at)):
            raise BeneficiariesRefused("SPAN_WITHOUT_ZONE")
        frame = pl.DataFrame(
            [(span.person_id, span.starts_at.astimezone(UTC), span.ends_at.astimezone(UTC)) for span in spans],
            schema=_SCHEMA, orient="row",
        )
    if frame.is_empty():
        raise BeneficiariesRefused("NOTHING_ASKED")
    if len(frame) > MOST:
        raise BeneficiariesRefused("TOO_MANY_SPANS", most=MOST)
    return frame.with_row_index("line", offset=1)


def judge(
    lines: pl.DataFrame, *, period: Period, terms: PlanTerms, organization: Organization, at: datetime
) -> Judged:
    """Which lines can be covered now, for what premium, divided how; in the caller's transaction.

    The people are locked in the order of ids, as the database's own guard does: what is compared stays as it is.
    """
    lines = _of_those_who_stand(lines)
    frame = lines.with_columns(code=_time_rule(period, at=at), extra=pl.lit(""))
    known = _known(lines, period=period, organization=organization, at=at)
    frame = frame.join(known, on="person_id", how="left", maintain_order="left")
    frame = _named(frame, "UNKNOWN_PERSON", pl.col("beneficiary_id").is_null())
    frame = _named(frame, "STATUS_DECEASED", pl.col("deceased"))
    frame = _named(frame, "NOT_PROCESSED", pl.col("restricted"))
    frame = _eligible(frame, terms, period=period, at=at)
    frame = _guarded(frame, terms)
    frame = _insured(frame, terms, organization)
    frame = _named(frame, "SPAN_TWICE", ~_first_of_its_kind())
    frame = _named(frame, "SPAN_OVERLAP", pl.col("line").is_in(_overlapping(_fine(frame)).implode()))
    frame = _named(frame, "SPAN_OVERLAP", pl.col("line").is_in(_covered_already(_fine(frame), period).implode()))
    frame = _priced(frame, period, terms, at=at)
    refused = frame.filter(pl.col("code") != "").select("line", "code", "extra")
    return Judged(_fine(frame), [(line, code, extra) for line, code, extra in refused.iter_rows()])


def _fine(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("code") == "")


def _named(frame: pl.DataFrame, code: str, where: pl.Expr, extra: pl.Expr | None = None) -> pl.DataFrame:
    """The first rule that a line breaks is the one that is named."""
    breaks = (pl.col("code") == "") & where
    return frame.with_columns(
        code=pl.when(breaks).then(pl.lit(code)).otherwise("code"),
        extra=pl.when(breaks).then(pl.lit("") if extra is None else extra).otherwise("extra"),
    )


def _time_rule(period: Period, *, at: datetime) -> pl.Expr:
    """What is wrong with a span's moments by themselves; never back-dated, begun within the period."""
    begins, hours = pl.col("starts_at"), period.plan.longest_hours
    day = begins.dt.convert_time_zone(timezone.get_current_timezone_name()).dt.date()
    too_long = (pl.col("ends_at") - begins) > pl.duration(hours=hours) if hours is not None else pl.lit(value=False)
    return (
        pl.when(pl.col("ends_at").is_null() | begins.is_null() | (pl.col("ends_at") <= begins)).then(pl.lit("SPAN_ORDER"))
        .when(begins < pl.lit(at.astimezone(UTC), _MOMENT)).then(pl.lit("SPAN_PAST"))
        .when((day < period.starts_on) | (day >= period.ends_on)).then(pl.lit("SPAN_OUTSIDE"))
        .when(too_long).then(pl.lit("SPAN_TOO_LONG"))
        .otherwise(pl.lit(""))
    )  # fmt: skip


def _of_those_who_stand(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines with the person into whom somebody was merged in their place."""
    with connection.cursor() as cursor:
        cover_beside_others(cursor)
    people = sorted(set(lines["person_id"].drop_nulls().to_list()))
    merged = dict(Person.objects.filter(pk__in=people, merged_into__isnull=False).values_list("pk", "merged_into"))
    return lines.with_columns(pl.col("person_id").replace([*merged], [*merged.values()])) if merged else lines


_LOCK = "SELECT FROM beneficiaries_person WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
# As this office knows them in this program: others' people are nobody here.
_KNOWN = """
SELECT person.id, beneficiary.id, beneficiary.region_code, person.birth_on, person.deceased_on IS NOT NULL,
    beneficiary.restricted_at IS NOT NULL, array_remove(array_agg(category.code), NULL)
FROM beneficiaries_beneficiary beneficiary
JOIN beneficiaries_person person ON person.id = beneficiary.person_id
LEFT JOIN beneficiaries_beneficiarycategory held ON held.beneficiary_id = beneficiary.id
    AND held.valid_from <= %(day)s AND (held.valid_to IS NULL OR held.valid_to > %(day)s)
LEFT JOIN programs_category category ON category.id = held.category_id
WHERE beneficiary.person_id = ANY(%(people)s) AND person.destroyed_at IS NULL AND beneficiary.program_id = %(program)s
    AND beneficiary.organization_id = %(organization)s
GROUP BY person.id, beneficiary.id
"""
_KNOWN_SCHEMA: dict[str, Any] = {
    "person_id": pl.Int64, "beneficiary_id": pl.Int64, "region": pl.String, "birth_on": pl.Date,
    "deceased": pl.Boolean, "restricted": pl.Boolean,
    "categories": pl.List(pl.String),
}


def _known(lines: pl.DataFrame, *, period: Period, organization: Organization, at: datetime) -> pl.DataFrame:
    people = sorted(set(lines["person_id"].drop_nulls().to_list()))
    facts: dict[str, Any] = {
        "people": people, "program": period.program_id, "organization": organization.pk, "day": timezone.localdate(at),
    }
    with connection.cursor() as cursor:
        cover_beside_others(cursor)
        cursor.execute(_KNOWN, facts)
        found = pl.DataFrame(cursor.fetchall(), schema=_KNOWN_SCHEMA, orient="row")
        cursor.execute(_LOCK, [found["person_id"].to_list()])
    everybody = list(Category.objects.filter(holds_for_everybody=True, active=True).values_list("code", flat=True))
    return found.with_columns(
        categories=pl.concat_list("categories", pl.lit(everybody, pl.List(pl.String)))
    )


def _eligible(frame: pl.DataFrame, terms: PlanTerms, *, period: Period, at: datetime) -> pl.DataFrame:
    """The plan's rules, and the category that counts for money."""
    judged = eligibility.decide(
        frame.select("birth_on", "region", "categories"), terms, period_starts_on=period.starts_on,
        enrolled_on=timezone.localdate(at),
    )
    ids = dict(terms.categories)
    frame = frame.with_columns(
        category_id=judged["category"].replace_strict(ids, default=None, return_dtype=pl.Int64), rule=judged["rule"],
        county=pl.col("region").str.slice(0, COUNTY_DIGITS),
    )
    return _named(frame, "NOT_ELIGIBLE", pl.col("rule").is_not_null(), pl.col("rule"))


# With the days on which each holds: lines of one person may begin on several.
_GUARDIANS = f"""
SELECT r.beneficiary_id, r.valid_from, r.valid_to FROM beneficiaries_representative r
WHERE r.beneficiary_id = ANY(%s) AND r.role = 'guardian' AND {OPEN}
"""  # noqa: S608 - words of our own
_GUARDIANS_SCHEMA: dict[str, Any] = {"beneficiary_id": pl.Int64, "since": pl.Date, "until": pl.Date}


def _guarded(frame: pl.DataFrame, terms: PlanTerms) -> pl.DataFrame:
    """Minors on the first day of their span are covered with a guardian on record only, where the plan says so."""
    if not terms.requires_guardian:
        return frame
    day = pl.col("starts_at").dt.convert_time_zone(timezone.get_current_timezone_name()).dt.date()
    numbers = {name: _number(pl.col(name) if name == "birth_on" else day) for name in ("birth_on", "day")}
    minor = (numbers["birth_on"] > numbers["day"] - OF_AGE * 10_000).fill_null(value=False)
    minors = frame.filter((pl.col("code") == "") & minor).select("line", "beneficiary_id", day=day)
    if minors.is_empty():
        return frame
    with connection.cursor() as cursor:
        cursor.execute(_GUARDIANS, [minors["beneficiary_id"].unique().to_list()])
        known = pl.DataFrame(cursor.fetchall(), schema=_GUARDIANS_SCHEMA, orient="row")
    stands = (pl.col("since").is_null() | (pl.col("since") <= pl.col("day"))) & (
        pl.col("until").is_null() | (pl.col("until") >= pl.col("day"))
    )
    guarded = minors.join(known, on="beneficiary_id").filter(stands)["line"]
    alone = minors.filter(~pl.col("line").is_in(guarded.implode()))["line"]
    return _named(frame, "GUARDIAN_MISSING", pl.col("line").is_in(alone.implode()))


def _insured(frame: pl.DataFrame, terms: PlanTerms, organization: Organization) -> pl.DataFrame:
    """Whoever is on no list of participants in force is not covered, where the plan says so."""
    if not terms.requires_basic_insurance:
        return frame
    among = participants.among_or_refuse(organization.region_code or "", identity=participants.of_person("person"))
    people = frame.filter(pl.col("code") == "")["person_id"].unique().to_list()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT person.id FROM beneficiaries_person person WHERE person.id = ANY(%s) AND NOT {among}", [people]  # noqa: S608
        )
        away = [number for (number,) in cursor.fetchall()]
    return _named(frame, participants.NOT_INSURED, pl.col("person_id").is_in(away))


def _number(day: pl.Expr) -> pl.Expr:
    """A date as eight digits: whoever was born later than 18 years before is a minor, 29 February included."""
    return day.dt.year() * 10_000 + day.dt.month().cast(pl.Int32) * 100 + day.dt.day()


def _first_of_its_kind() -> pl.Expr:
    """A line that says what an earlier one says is no second cover and no contradiction."""
    return pl.struct("person_id", "starts_at", "ends_at").is_first_distinct()


def _overlapping(frame: pl.DataFrame) -> pl.Series:
    """Lines that overlap another of the same person: both are named, so that the order of lines decides nothing."""
    ordered = frame.sort("person_id", "starts_at", "ends_at")
    before = pl.col("ends_at").cum_max().shift(1).over("person_id")
    after = pl.col("starts_at").shift(-1).over("person_id")
    return ordered.filter((before > pl.col("starts_at")) | (after < pl.col("ends_at")))["line"]


# Spans that stand lie apart, so the last that begins before the end of the wanted one tells (see models.spans).
_COVERED = f"""
SELECT wanted.line FROM unnest(%(lines)s::int[], %(people)s::bigint[], %(begins)s::timestamptz[], %(ends)s::timestamptz[])
    AS wanted(line, person_id, starts_at, ends_at)
JOIN LATERAL (
    SELECT ends_at FROM beneficiaries_enrollment other
    WHERE other.person_id = wanted.person_id AND other.plan_id = %(plan)s AND {live_span("other")}
        AND other.starts_at < wanted.ends_at
    ORDER BY other.starts_at DESC LIMIT 1
) AS last ON last.ends_at > wanted.starts_at
"""  # noqa: S608 - made of our own names


def _covered_already(frame: pl.DataFrame, period: Period) -> pl.Series:
    facts: dict[str, Any] = {
        "lines": frame["line"].to_list(), "people": frame["person_id"].to_list(),
        "begins": frame["starts_at"].to_list(), "ends": frame["ends_at"].to_list(), "plan": period.plan_id,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(_COVERED, facts)
        return pl.Series([line for (line,) in cursor.fetchall()], dtype=pl.UInt32)


def _priced(frame: pl.DataFrame, period: Period, terms: PlanTerms, *, at: datetime) -> pl.DataFrame:
    """Premium, own share and division of each line that can be covered. Each price, length and place is asked once."""
    plan = period.plan
    day = eligibility.counting_day(terms, period_starts_on=period.starts_on, enrolled_on=timezone.localdate(at))
    fine = _fine(frame).with_columns(lasts=pl.col("ends_at") - pl.col("starts_at"), price=price_number(terms, day=day))
    daily = amounts(terms)
    asked = fine.select("price", "lasts").unique().sort("price", "lasts").rows()
    prices = {
        (number, lasts): price_span(
            daily[number], rule=terms.proration, starts_at=at, ends_at=at + lasts, minimum=plan.minimum_premium
        )
        for number, lasts in asked
    }
    priced = pl.DataFrame(
        [(*key, premium) for key, premium in prices.items()],
        schema={"price": pl.Int16, "lasts": pl.Duration("us"), "premium": pl.Decimal(16, 2)}, orient="row",
    )
    fine = fine.join(priced, on=["price", "lasts"], how="left", maintain_order="left")
    rows: list[tuple[Any, ...]] = []
    for number, premium in sorted({(number, premium) for (number, _lasts), premium in prices.items() if premium > 0}):
        here = fine.filter((pl.col("price") == number) & (pl.col("premium") == premium))
        places = sorted(here.select("county", "category_id").unique().rows())
        splits, reasons = programs.resolve_splits(terms, places, premium=premium, price=daily[number])
        rows += [(*place, number, premium, split.pk, split.own_share, "") for place, split in splits.items()]
        rows += [(*place, number, premium, None, None, reason) for place, reason in reasons.items()]
    divided = pl.DataFrame(
        rows,
        schema={
            "county": pl.String, "category_id": pl.Int64, "price": pl.Int16, "premium": pl.Decimal(16, 2),
            "split_id": pl.Int64, "own_share": pl.Decimal(16, 2), "unfunded": pl.String,
        },
        orient="row",
    )
    fine = fine.join(divided, on=["county", "category_id", "price", "premium"], how="left", maintain_order="left")
    frame = frame.join(
        fine.select("line", "premium", "split_id", "own_share", "unfunded"), on="line", how="left", maintain_order="left"
    )
    frame = _named(frame, "SPAN_TOO_SHORT", pl.col("premium") == 0)
    return _named(frame, "NOT_FUNDED", pl.col("split_id").is_null(), pl.col("unfunded"))
