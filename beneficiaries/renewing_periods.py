"""A roster without a file: everybody covered in one period, asked anew under another one's plan; rows are made in the server.

Nothing personal is opened or sealed again: a row takes over the tokens of the person as they stand. See ADR 29; people of another
program: `known_elsewhere`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from audit.faults import fault_point
from beneficiaries import participants
from beneficiaries.covered_before import TAKEN_OVER, for_everybody
from beneficiaries.entrusting import UNGUARDED
from beneficiaries.models import Enrollment, Roster, RosterChunk, RosterRow
from beneficiaries.models.enrollment import LIVE
from beneficiaries.money import COUNTY_DIGITS
from beneficiaries.renewing import RenewalTemplate
from beneficiaries.template import RosterContext, RosterTemplate
from intake import template as engine
from intake.abreast import all_abreast
from intake.findings import Verdict
from intake.staging import chunk_digest
from intake.unstaging import remove_staged
from programs import actions as programs
from programs.models import PlanCategory
from programs.rules.eligibility_sql import decision_sql
from programs.rules.minority import last_adult_birth
from programs.rules.prices import amounts, price_sql

#: Chunks under way at once, each on a connection of its own.
ABREAST = 2
#: Findings in the order in which the first that holds is told, with their columns; the rest of a line is not looked at.
FINDINGS = {
    "NOT_PROCESSED": "document", "STATUS_DECEASED": "document", "ALREADY_COVERED": "document", "ENDED_EARLY": "document",
    "COVER_WAITS": "document", "TAKEN_OVER": "document", "NOT_ELIGIBLE": "categories",
    "GUARDIAN_MISSING": "guardian_name", "NOT_INSURED": "document", "NOT_FUNDED": "region_code",
}
# Whoever was covered: now, until an early end, or almost (a gate is open); of several covers of one person the live one, else
# the last. Cover that lapsed or was voided never stood. The place is where the person lives by now.
_CANDIDATES = """
beneficiaries_enrollment before
WHERE before.organization_id = %(organization)s AND before.period_id = %(renewed)s AND before.period_kind = 'annual'
    AND before.state = ANY(%(states)s) AND (%(ends_after)s::timestamptz IS NULL OR before.ends_at > %(ends_after)s::timestamptz)
    AND (cardinality(%(of_categories)s::bigint[]) = 0 OR before.category_id = ANY(%(of_categories)s::bigint[]))
    AND (%(whole_office)s OR EXISTS (
        SELECT FROM beneficiaries_beneficiary beneficiary
        WHERE beneficiary.id = before.beneficiary_id AND beneficiary.region_code LIKE %(place)s))
"""
_LAST_OF_PERSON = """(before.state <> 'ended' OR NOT EXISTS (
    SELECT FROM beneficiaries_enrollment other WHERE other.person_id = before.person_id AND other.id <> before.id
        AND other.program_id = before.program_id AND other.period_id = before.period_id
        AND other.organization_id = before.organization_id AND other.period_kind = 'annual'
        AND (other.state IN ('in_force', 'awaiting') OR (other.state = 'ended' AND other.id > before.id))))"""
_PIECES = f"""
SELECT number, min(id), max(id), count(*) FROM (
    SELECT before.id, (row_number() OVER (ORDER BY before.id) - 1) / %(cut)s AS number FROM {_CANDIDATES} AND {_LAST_OF_PERSON}
) AS cut GROUP BY number ORDER BY number
"""  # noqa: S608 - text of our own
_COUNTIES = f"""
SELECT DISTINCT left(region_code, {COUNTY_DIGITS}) FROM beneficiaries_beneficiary
WHERE organization_id = %(organization)s AND (%(whole_office)s OR region_code LIKE %(place)s)
"""  # noqa: S608 - a number of our own
_WORK = f"""
CREATE TEMPORARY TABLE renewal_work ON COMMIT DROP AS
SELECT judged.*, price.split_id, price.premium, price.own_share,
    CASE WHEN restricted THEN 'NOT_PROCESSED' WHEN deceased THEN 'STATUS_DECEASED' WHEN covered THEN 'ALREADY_COVERED'
        WHEN state = 'ended' THEN 'ENDED_EARLY' WHEN state = 'awaiting' THEN 'COVER_WAITS' WHEN taken_over THEN 'TAKEN_OVER'
        WHEN rule IS NOT NULL THEN 'NOT_ELIGIBLE' WHEN unguarded THEN 'GUARDIAN_MISSING'
        WHEN uninsured THEN 'NOT_INSURED'
        WHEN price.split_id IS NULL THEN 'NOT_FUNDED' ELSE '' END AS code,
    price.reason
FROM (
    SELECT facts.*, {{category}} AS counts_as, {{rule}} AS rule FROM (
        SELECT before.id AS before_id, before.state, before.split_id AS split_before, before.category_id AS category_before,
            person.id AS person_id, person.name, person.document, person.document_type, person.birth_on, person.sex,
            person.identity_index_a, person.identity_index_b, person.name_index_a, person.name_index_b,
            person.deceased_on IS NOT NULL AS deceased, held.ids, covers.id IS NOT NULL AS covered, {{known}},
            {TAKEN_OVER.format(person="person.id")} AS taken_over, ending.reason AS end_reason, {{unguarded}} AS unguarded,
            {{uninsured}} AS uninsured
        FROM (SELECT * FROM {_CANDIDATES} AND before.id BETWEEN %(first)s AND %(last)s) AS before
        JOIN LATERAL (SELECT * FROM beneficiaries_beneficiary WHERE id = before.beneficiary_id LIMIT 1) AS beneficiary ON true
        JOIN LATERAL (SELECT * FROM beneficiaries_person WHERE id = before.person_id LIMIT 1) AS person ON true
        {{here}}
        LEFT JOIN LATERAL (
            SELECT array_agg(DISTINCT category_id ORDER BY category_id) AS ids FROM (
                SELECT category_id FROM beneficiaries_beneficiarycategory
                WHERE {{holders}} AND (valid_to IS NULL OR valid_to > %(cover_from)s)
                UNION ALL SELECT unnest(%(for_everybody)s::bigint[])
            ) AS named
        ) AS held ON true
        LEFT JOIN LATERAL (
            SELECT id FROM beneficiaries_enrollment
            WHERE person_id = before.person_id AND program_id = %(program)s AND period_id = %(period)s
                AND period_kind = 'annual' AND state = ANY(%(live)s) LIMIT 1
        ) AS covers ON true
        LEFT JOIN LATERAL (
            SELECT reason FROM beneficiaries_ending WHERE enrollment_id = before.id AND before.state = 'ended'
            ORDER BY id DESC LIMIT 1
        ) AS ending ON true
        WHERE {_LAST_OF_PERSON}
    ) AS facts
) AS judged
LEFT JOIN unnest(%(counties)s::text[], %(categories)s::bigint[], %(prices)s::numeric[], %(splits)s::bigint[],
    %(premiums)s::numeric[], %(own_shares)s::numeric[], %(reasons)s::text[])
    AS price(county, category_id, whole, split_id, premium, own_share, reason)
    ON price.county = left(judged.region_code, {COUNTY_DIGITS}) AND price.category_id = judged.counts_as
        AND price.whole = {{price}}
"""  # noqa: S608 - text of our own
# Whose data is only kept: the row says that somebody was left out, and nothing of them but the cover.
_ROWS = """
INSERT INTO beneficiaries_rosterrow (roster_id, sheet, line, chunk, verdict, codes, findings, set_aside, before_id, name,
    document, document_type, birth_on, sex, identity_index_a, identity_index_b, name_index_a, name_index_b, region_code,
    contact_digest, known_contact_digest, category_ids, category_id, split_id, premium, own_share, known_person_id)
SELECT %(roster)s, '', %(lines)s + row_number() OVER (ORDER BY before_id), %(chunk)s,
    CASE WHEN code = 'ALREADY_COVERED' THEN %(covered)s::smallint WHEN code <> '' THEN %(refused)s::smallint
        WHEN NOT is_known THEN %(new)s::smallint WHEN brings THEN %(changed)s::smallint ELSE %(unchanged)s::smallint END,
    CASE WHEN code = '' THEN '{}'::varchar[] ELSE ARRAY[code]::varchar[] END,
    CASE WHEN code <> '' THEN jsonb_build_array(jsonb_build_object(
        'column', %(columns)s::jsonb ->> code, 'code', code,
        'severity', CASE code WHEN 'ALREADY_COVERED' THEN 'warning' ELSE 'error' END, 'value_masked', NULL,
        'extra', CASE code WHEN 'ENDED_EARLY' THEN coalesce(end_reason, '') WHEN 'NOT_ELIGIBLE' THEN rule
            WHEN 'NOT_FUNDED' THEN coalesce(reason, '') ELSE '' END)) END,
    '', before_id,
    CASE WHEN NOT restricted THEN name END, CASE WHEN NOT restricted THEN document END,
    CASE WHEN NOT restricted THEN document_type END, CASE WHEN NOT restricted THEN birth_on END,
    CASE WHEN NOT restricted THEN nullif(sex, '') END,
    CASE WHEN NOT restricted THEN identity_index_a END, CASE WHEN NOT restricted THEN identity_index_b END,
    CASE WHEN NOT restricted THEN name_index_a END, CASE WHEN NOT restricted THEN name_index_b END,
    CASE WHEN NOT restricted THEN region_code END, CASE WHEN code = '' THEN coalesce(new_digest, contact_digest) END,
    CASE WHEN code = '' THEN contact_digest END, CASE WHEN NOT restricted THEN ids END,
    CASE WHEN NOT restricted THEN coalesce(counts_as, category_before) END,
    CASE WHEN code = '' THEN split_id END, CASE WHEN code = '' THEN premium END, CASE WHEN code = '' THEN own_share END,
    CASE WHEN NOT restricted THEN person_id END
FROM renewal_work ORDER BY before_id
"""
_COUNTED = f"""
SELECT code, left(region_code, {COUNTY_DIGITS}), counts_as, split_id, split_before, is_known, brings, count(*) FROM renewal_work
GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7
"""  # noqa: S608 - a number of our own
_SETTINGS = "SET LOCAL work_mem = '64MB'; SET LOCAL enable_seqscan = off"


class CoversTemplate(RosterTemplate):
    """Rows come from covers instead of lines; review, approval, money, applying and undo are those of any roster."""

    staged = (*RosterTemplate.staged, "before_id")
    #: Covers that are looked at.
    states: ClassVar[tuple[str, ...]]
    #: SQL of the work table: what is known of the person here (region_code, restricted, is_known, brings, contact_digest,
    #: new_digest), from where, whose categories count, and whose guardians.
    known: ClassVar[str]
    here: ClassVar[str]
    holders: ClassVar[str]
    guarded: ClassVar[str]

    def looked_at(self, roster: Roster) -> dict[str, Any]:
        """Values that choose the covers."""
        return {
            "organization": roster.organization_id, "renewed": roster.renewed_period_id, "place": f"{roster.region_code}%",
            # Whoever lives outside by now was taken over by another office, which the row says.
            "whole_office": roster.region_code == roster.organization.region_code,
            "of_categories": list(roster.renewed_categories), "states": list(self.states), "ends_after": None,
        }

    def note_contacts(self, cursor: CursorWrapper, context: RosterContext) -> None:
        """Digests of contact that rows bring, in the work table; nothing where contact stays as it is."""

    def make_rows(self, run: Any, subject: Roster, context: RosterContext) -> bool:
        """Everybody covered in the renewed period becomes a row with its verdict; two chunks at a time."""
        roster = context.roster
        facts = _facts(self, context)
        pieces = _pieces(run, roster, self, facts)
        facts |= _prices(context, facts)
        staged = set(self.chunks_of(roster).values_list("number", flat=True))
        waiting = [piece for piece in pieces if piece[0] not in staged]
        all_abreast(lambda piece: _make_chunk(run, self, context, facts, piece), waiting, width=min(ABREAST, len(waiting)))
        return True

    def terms_of(self, subject: Roster) -> Sequence[str]:
        """And whom it renews."""
        return (
            *super().terms_of(subject), f"renewed period {subject.renewed_period_id}",
            f"renewed categories {sorted(subject.renewed_categories)}",
        )

    def unusual(self, subject: Roster) -> list[engine.Unusual]:
        """When half of the people fall out."""
        refused = subject.verdict_count(Verdict.REFUSED)
        if subject.row_count >= self.unusual_from and refused * 2 >= subject.row_count:
            return [engine.Unusual("MANY_LEFT_OUT", refused, subject.row_count)]
        return []

    def same_terms(self, subject: Roster) -> Any:
        """Renewals of the same people into the same period."""
        return super().same_terms(subject).filter(
            renewed_period=subject.renewed_period, region_code=subject.region_code,
            renewed_categories=subject.renewed_categories,
        )


class PeriodRenewalTemplate(CoversTemplate, RenewalTemplate):
    """Everybody covered in an earlier period of the program, by what the office knows of them there."""

    states = ("in_force", "awaiting", "ended")
    known = """beneficiary.region_code, beneficiary.restricted_at IS NOT NULL AS restricted, true AS is_known, false AS brings,
            beneficiary.contact_digest, NULL::bytea AS new_digest"""
    here = ""
    holders = "beneficiary_id = before.beneficiary_id"
    guarded = "before.beneficiary_id"


def anybody(roster: Roster, template: CoversTemplate) -> bool:
    """Whether anybody was covered whom such a roster would look at."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {_CANDIDATES})", template.looked_at(roster))  # noqa: S608 - text of our own
        return bool(cursor.fetchone()[0])


def _facts(template: CoversTemplate, context: RosterContext) -> dict[str, Any]:
    roster, period = context.roster, context.roster.period
    category, rule, given = decision_sql(
        context.terms, birth="facts.birth_on", region="facts.region_code", categories="facts.ids",
        period_starts_on=period.starts_on, enrolled_on=context.checks.today,
    )
    price, priced = price_sql(context.terms, birth="judged.birth_on", category="judged.counts_as", day=context.counting_day)
    return {
        **template.looked_at(roster), **given, **priced, "category_sql": category, "rule_sql": rule, "price_sql": price,
        "roster": roster.pk, "known_sql": template.known, "here_sql": template.here, "holders_sql": template.holders,
        "unguarded_sql": UNGUARDED.format(birth="person.birth_on", beneficiary=template.guarded)
        if context.terms.requires_guardian else "false",
        "uninsured_sql": _uninsured(context),
        "last_adult_birth": last_adult_birth(roster.cover_from), "day": roster.cover_from,
        "program": roster.program_id, "period": period.pk, "cover_from": roster.cover_from,
        "for_everybody": for_everybody(roster),
        "live": [state.value for state in LIVE],
    }


def _uninsured(context: RosterContext) -> str:
    """SQL of whoever is on no list in force; of nobody where the plan does not ask, or no list is (`reason_to_close` tells)."""
    if not context.terms.requires_basic_insurance:
        return "false"
    found = participants.among(context.roster.region_code, identity=participants.of_person("person"))
    return "false" if found is None else f"NOT {found}"


def _pieces(run: Any, roster: Roster, template: CoversTemplate, facts: dict[str, Any]) -> list[list[int]]:
    """[number, first, last cover, rows at most] of each chunk; as the run before cut them, where one did."""
    if run.cursor:
        return [list(piece) for piece in run.cursor["pieces"]]
    remove_staged(run, roster, template)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        cursor.execute(_PIECES, {**facts, "cut": engine.ROWS_PER_CHUNK})
        pieces = [list(piece) for piece in cursor.fetchall()]
        fault_point("beneficiaries.cut_renewal.before")
        run.advance(done=0, total=sum(rows for _number, _first, _last, rows in pieces), cursor={"pieces": pieces})
        fault_point("beneficiaries.cut_renewal.after")
    fault_point("beneficiaries.cut_renewal.committed")
    return pieces


def _prices(context: RosterContext, facts: dict[str, Any]) -> dict[str, Any]:
    """The division of the premium for each county, category and price that may come, or why there is none."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTIES, facts)
        counties = sorted(county for (county,) in cursor.fetchall())
    held = list(PlanCategory.objects.filter(plan=context.roster.plan_id).order_by("pk").values_list("category", flat=True))
    names = ("counties", "categories", "prices", "splits", "premiums", "own_shares", "reasons")
    found: dict[str, list[Any]] = {name: [] for name in names}
    for price in amounts(context.terms):
        wanted = [
            (county, category) for county in counties for category in held if price in amounts(context.terms, category)
        ]
        splits, reasons = programs.resolve_splits(
            context.terms, wanted, premium=context.premium_at(price), price=price
        )
        for place in wanted:
            split = splits.get(place)
            row = (None, None, None) if split is None else (split.pk, split.premium, split.own_share)
            for name, value in zip(names, (*place, price, *row, reasons.get(place)), strict=True):
                found[name].append(value)
    return found


def _make_chunk(
    run: Any, template: CoversTemplate, context: RosterContext, facts: Mapping[str, Any], piece: Sequence[int]
) -> None:
    """One transaction: rows, their chunk with its digest, the job's progress."""
    number, first, last, rows = piece
    roster = context.roster
    run.check_stop()
    with transaction.atomic():
        template.hold(context)
        fault_point("beneficiaries.make_renewal_chunk.before")
        with connection.cursor() as cursor:
            cursor.execute(_SETTINGS)
            counts = _make(cursor, template, context, {
                **facts, "chunk": number, "first": first, "last": last, "lines": number * engine.ROWS_PER_CHUNK,
                "unchanged": int(Verdict.UNCHANGED), "covered": int(Verdict.COVERED), "refused": int(Verdict.REFUSED),
                "new": int(Verdict.NEW), "changed": int(Verdict.CHANGED), "columns": _COLUMNS,
            })
        fault_point("beneficiaries.make_renewal_chunk.made")
        RosterChunk.objects.create(
            roster=roster, number=number, rows=sum(counts["verdicts"].values()),
            counts={**counts, "unknown": {}, "cut": engine.ROWS_PER_CHUNK},
            digest=chunk_digest(template, roster.pk, number),
        )
        run.advance(more=rows)
        fault_point("beneficiaries.make_renewal_chunk.after")
    fault_point("beneficiaries.make_renewal_chunk.committed")


_COLUMNS = "{" + ", ".join(f'"{code}": "{column}"' for code, column in FINDINGS.items()) + "}"


def _make(
    cursor: CursorWrapper, template: CoversTemplate, context: RosterContext, facts: dict[str, Any]
) -> dict[str, Any]:
    """The rows of one chunk, and what is counted of them."""
    names = ("category", "rule", "unguarded", "uninsured", "price", "known", "here", "holders")
    cursor.execute(_WORK.format(**{name: facts.pop(f"{name}_sql") for name in names}), facts)
    template.note_contacts(cursor, context)
    cursor.execute(_ROWS, facts)
    cursor.execute(_COUNTED)
    verdicts: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    places: Counter[tuple[int, str, int]] = Counter()
    #: Of each division of the period before: rows that go on, and all.
    before: dict[int, list[int]] = {}
    for code, county, counts_as, split, split_before, is_known, brings, rows in cursor.fetchall():
        goes_on = Verdict.NEW if not is_known else Verdict.CHANGED if brings else Verdict.UNCHANGED
        verdict = goes_on if not code else Verdict.COVERED if code == "ALREADY_COVERED" else Verdict.REFUSED
        verdicts[str(int(verdict))] += rows
        whole = before.setdefault(split_before, [0, 0])
        whole[1] += rows
        if code:
            codes[code] += rows
        else:
            places[split, county, counts_as] += rows
            whole[0] += rows
    cursor.execute("DROP TABLE renewal_work")
    return {
        "verdicts": dict(sorted(verdicts.items())), "codes": dict(sorted(codes.items())),
        "tally": {
            "places": [[*place, rows] for place, rows in sorted(places.items())],
            "before": [[split, *rows] for split, rows in sorted(before.items())],
        },
    }


def rows_before(roster: Roster) -> dict[int, list[int]]:
    """By division of the period before: how many people go on with it, and how many there were."""
    found: dict[int, list[int]] = {}
    for counts in RosterChunk.objects.filter(roster=roster).values_list("counts", flat=True):
        for split, goes_on, whole in counts["tally"].get("before", []):
            sums = found.setdefault(split, [0, 0])
            sums[0] += goes_on
            sums[1] += whole
    return found


def cover_before(enrollment: Enrollment) -> Enrollment | None:
    """The cover that was renewed by this one, where it came by such a renewal."""
    if enrollment.row_id is None:
        return None
    rows = RosterRow.objects.filter(pk=enrollment.row_id, before__isnull=False)
    return Enrollment.objects.filter(pk__in=rows.values("before")).select_related("program", "period").first()


RENEWAL_OF_PERIOD = PeriodRenewalTemplate()
