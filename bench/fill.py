"""`python -m bench.fill --rows 10000000`: a database of so many people, beneficiaries and enrollments, made set-wise by the server.

    python -m bench.fill --rows 10000000 --folder /somewhere     # kept there; `python -m bench.lists` asks its pages
    python -m bench.fill --rows 1000000 --claims 10000000        # and claims of these people

One person, beneficiary and enrollment each; rosters of all counties in turn, year after year, so that what belongs to an office
lies in lumps, as it does where offices enroll in seasons. Keys, indexes, constraints and the triggers of the tables
are the real ones: secondary indexes are dropped for the time of filling and built again, rows pass every trigger (their parents
are checked, they are counted). Names are of a pool of some thousand, with true blind indexes, some of them frequent; of
some thousand people the document is a true one, too, so that a search finds them. Left out: staged rows and files of the rosters
(`row_id` points to none), events, ledger and budgets, phones are of a small pool of ciphertexts, addresses and accounts
are empty, document numbers of the other people are one ciphertext with an index value of its own that stands for no text.

Only in a database of its own, or an empty one of a demo or of tests: anything else is refused.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from bench.__main__ import _now, set_up
from bench.fill_claims import fill_claims
from beneficiaries.age_bands import BAND_SQL, BIRTHS_SQL
from portal.local.environment import RUN_FOLDER
from portal.local.postgres import Server

#: Cities whose counties enroll.
CITIES = ("4416", "4417", "4510", "4413", "4301", "5101", "4115", "6105")
TOWNS, SMALL_TOWN, SMALL = 15, "016", 300
YEARS_BACK = 1
ROSTERS_A_YEAR = 3
NAMES, KNOWN = 2_000, 2_000
#: Some have hundreds of people: agents who speak for many.
PHONES = 20_000
#: Rows are filled without these, which are built at once afterwards.
_TABLES = ("beneficiaries_person", "beneficiaries_beneficiary", "beneficiaries_enrollment")


class FillRefused(RuntimeError):
    """The database holds somebody's data."""


def main() -> None:
    """Fill, and print what it took."""
    parser = argparse.ArgumentParser(prog="python -m bench.fill")
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--claims", type=int, default=0, help="claims of these people (`bench.fill_claims`)")
    parser.add_argument("--folder", type=Path, default=RUN_FOLDER / "bench-lists")
    wanted = parser.parse_args()
    # What is made up can be made up again: no waiting for the disk.
    server = Server(wanted.folder, durable=False)
    with server.running():
        files = wanted.folder / "files"
        files.mkdir(parents=True, exist_ok=True)
        set_up(server, files)
        fill(wanted.rows, at=_now())
        if wanted.claims:
            began = time.perf_counter()
            fill_claims(
                server, wanted.claims, dropped=drop_indexes,
                say=lambda text: print(f"claims, {text}: {time.perf_counter() - began:.0f} s", flush=True),
            )


def fill(rows: int, *, at: datetime, say: Callable[[str], None] | None = None) -> None:
    """Make offices, programs and users through their own actions, and people set-wise; refused where anybody is known."""
    from django.conf import settings
    from django.db import connection

    from beneficiaries.models import Person

    say = say or partial(print, flush=True)
    if not (settings.DEMO or settings.TESTING) or Person.objects.exists():
        raise FillRefused("Only an empty database of a demo or of tests is filled.")
    began = time.perf_counter()
    offices = _offices(at)
    pools(rows)
    _rosters(rows, offices, at)
    say(f"offices, pools and rosters: {time.perf_counter() - began:.0f} s")
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '1GB'")
        dropped = drop_indexes(cursor, _TABLES)
        cursor.execute("SELECT id, first, last FROM bench_roster ORDER BY first")
        for roster, first, last in cursor.fetchall():
            for statement in (_PERSON, _BENEFICIARY, _ENROLLMENT):
                cursor.execute(statement, {"roster": roster, "first": first, "last": last, "rows": rows})
        say(f"rows: {time.perf_counter() - began:.0f} s")
        for definition in dropped:
            cursor.execute(definition)
        for statement in _AFTERWARDS:
            cursor.execute(statement)
        say(f"indexes: {time.perf_counter() - began:.0f} s")
        for name, statement in _LINES.items():
            cursor.execute(statement, {"rows": rows})
            say(f"{name}: {cursor.rowcount:,}, {time.perf_counter() - began:.0f} s")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        say(f"vacuumed: {time.perf_counter() - began:.0f} s, {cursor.fetchone()[0]}")


def _offices(at: datetime) -> list[dict[str, Any]]:
    """A county's office, program, plan, periods and splits, one entry for each county."""
    from accounts.actions.regions import SYSTEM, import_regions
    from accounts.models import Region
    from accounts.regions_file import VENDORED, read_regions
    from accounts.testing import make_organization, make_user
    from handover.actions import draft_format
    from handover.testing import terms
    from programs.actions.splits import resolve_splits
    from programs.reference import make_categories
    from programs.terms import plan_terms
    from programs.testing import make_budget, make_funder, make_period, make_plan, make_program

    import_regions(read_regions(VENDORED), by=SYSTEM, at=at)
    operator = make_organization("示例平台运营中心", kind="operator")
    insurer = make_organization("示例财产保险", kind="insurer", parent=operator)
    charity = make_organization("示例公益基金会", kind="charity", parent=operator)
    maker = make_user("filler.maker", organization=operator, role="finance_maker")
    checker = make_user("filler.checker", organization=operator, role="finance_checker")
    make_user("auditor", organization=operator, role="auditor")
    make_user("operator", organization=operator, role="reviewer")
    make_user("insurer", organization=insurer, role="clerk")
    make_user("foundation", organization=charity, role="finance_maker")
    foundation = make_funder("示例公益基金会", organization=charity)
    clerk = make_user("filler.clerk", organization=operator, role="clerk")
    draft_format(operator, insurer, name="示例清单", terms=terms(), by=clerk, at=at)
    hardship = sorted(each.pk for each in make_categories(at=at).values() if not each.holds_for_everybody)[:6]
    found = []
    for turn, city in enumerate(CITIES):
        # What is below a city as one tree of offices; the operator reads all of them.
        office = make_organization(f"民政局{city}", region=city, parent=operator)
        make_user(f"reviewer.{city}", organization=office, role="reviewer")
        make_user(f"finance.{city}", organization=office, role="finance_checker")
        program = make_program(f"P{city}", organization=office, insurer=insurer)
        plan = make_plan(
            program, foundation=foundation, maker=maker, checker=checker, at=at, requires_notice=turn % 2 == 0,
            requires_own_payment=True, requires_insurer_acceptance=turn % 2 == 0,
        )
        periods = [make_period(plan, year=at.year + 1 - back, by=checker, at=at) for back in (*range(YEARS_BACK, 0, -1), 0)]
        counties = [
            region for region in Region.objects.below(city).filter(level=6, valid_to=None).order_by("code")
            if region.name != "市辖区"
        ]
        for number, county in enumerate(counties):
            towns = [
                Region(code=f"{county.code}{town:03d}", name=f"示例{town}镇", full_name=f"{county.full_name}示例{town}镇",
                       level=9, parent=county)
                for town in range(1, TOWNS + 2)
            ]
            Region.objects.bulk_create(towns, ignore_conflicts=True)
            local = make_organization(f"民政局{county.code}", region=county.code, parent=office)
            clerk = make_user(f"clerk.{county.code}", organization=local, role="clerk")
            if not number:
                make_user(f"town.{city}", organization=local, role="clerk", region_prefix=f"{county.code}{SMALL_TOWN}")
            funder = make_funder(f"{county.name}财政{county.code}", organization=local, kind="government", region=county.code)
            if not number:
                for period in periods:
                    for each in (foundation, funder):
                        make_budget(each, period=period, granted=Decimal("99999999.00"), maker=maker, checker=checker, at=at)
            splits, _none = resolve_splits(plan_terms(plan), [(county.code, category) for category in hardship])
            found.append(
                {"office": local, "program": program, "plan": plan, "periods": periods, "county": county.code, "clerk": clerk,
                 "checker": checker, "split": splits[county.code, hardship[0]], "categories": hardship}
            )
    return found


def pools(rows: int) -> None:
    """Names, phones and the people who can be found, in tables of their own."""
    from django.db import connection

    from audit import blind_index
    from beneficiaries.marks import name_mark, phone_mark
    from beneficiaries.models import Beneficiary, Person
    from beneficiaries.models.person import IDENTITY, MARK, NAME, DocumentType, identity_text
    from beneficiaries.synthetic import AT, people

    lines = list(people(NAMES * 2, seed=1, region="441602"))
    name: Any = Person._meta.get_field("name")
    document: Any = Person._meta.get_field("document")
    phone: Any = Beneficiary._meta.get_field("phone")
    names = list(dict.fromkeys(line.cells[AT["name"]] for line in lines))[:NAMES]
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_name (id int PRIMARY KEY, name text, token bytea, index bytea, mark smallint);"
            "CREATE TABLE bench_phone (id int PRIMARY KEY, token bytea, mark smallint);"
            "CREATE TABLE bench_known (person bigint PRIMARY KEY, document text, token bytea, index bytea)"
        )
        marked = blind_index.digest_for(MARK)
        # Asked first: the key of a purpose is made at its first use.
        blind_index.slot_values(NAME, "name_index", names[0])
        cursor.executemany(
            "INSERT INTO bench_name VALUES (%s, %s, %s, %s, %s)",
            [
                (at, text, name.seal(text).token, blind_index.index_value(NAME, text), name_mark(marked, text))
                for at, text in enumerate(names)
            ],
        )
        cursor.executemany(
            "INSERT INTO bench_phone VALUES (%s, %s, %s)",
            [
                (at, phone.seal(f"13800{at:06d}").token, phone_mark(marked, f"13800{at:06d}")) for at in range(PHONES)
            ],
        )
        step = max(1, rows // KNOWN)
        numbers = [line.cells[AT["document"]] for line in lines[:KNOWN]]
        cursor.executemany(
            "INSERT INTO bench_known VALUES (%s, %s, %s, %s)",
            [
                (1 + at * step, text, document.seal(text).token,
                 blind_index.index_value(IDENTITY, identity_text(DocumentType.RESIDENT_ID, text)))
                for at, text in enumerate(dict.fromkeys(numbers)) if at * step < rows
            ],
        )


def _rosters(rows: int, offices: list[dict[str, Any]], at: datetime) -> None:
    """Applied rosters in the order in which they enrolled, each with its stretch of people."""
    from datetime import timedelta

    from django.db import connection
    from django.utils import timezone

    from beneficiaries.models import Roster
    from intake.models import State

    turns = [
        (year, batch, office) for year in range(YEARS_BACK + 1) for batch in range(ROSTERS_A_YEAR) for office in offices
    ]
    size, rest = divmod(rows, len(turns))
    made, places, first = [], [], 1
    for number, (year, batch, office) in enumerate(turns):
        last = first + size + (1 if number < rest else 0) - 1
        period = office["periods"][year]
        enrolled_at = at - timedelta(days=30 + 330 * (YEARS_BACK - year) + 20 * (ROSTERS_A_YEAR - batch), minutes=number)
        made.append(
            Roster(
                program=office["program"], plan=office["plan"], period=period, organization=office["office"],
                region_code=office["county"], state=State.APPLIED, uploaded_by=office["clerk"], uploaded_at=enrolled_at,
                submitted_by=office["clerk"], submitted_at=enrolled_at, decided_by=office["checker"], decided_at=enrolled_at,
                applied_at=enrolled_at, cover_from=period.starts_on, digest="d", approved_digest="d",
                row_count=last - first + 1, counts={"verdicts": {"1": last - first + 1}, "codes": {}},
            )
        )
        starts, ends = (
            timezone.make_aware(datetime.combine(day, datetime.min.time())) for day in (period.starts_on, period.ends_on)
        )
        places.append(
            (first, last, year, number, office["split"].pk, starts, ends, enrolled_at, office["categories"],
             office["plan"].requires_notice)
        )
        first = last + 1
    Roster.objects.bulk_create(made)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_roster (id bigint PRIMARY KEY, first bigint, last bigint, year int, number int, split bigint,"
            " starts_at timestamptz, ends_at timestamptz, at timestamptz, categories bigint[], gates boolean)"
        )
        cursor.executemany(
            "INSERT INTO bench_roster VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [(roster.pk, *place) for roster, place in zip(made, places, strict=True)],
        )


def drop_indexes(cursor: Any, tables: Sequence[str]) -> list[str]:
    """Drop the indexes that no constraint stands on; how they are made again."""
    cursor.execute(
        """
        SELECT x.indexrelid::regclass::text, pg_get_indexdef(x.indexrelid), conname, pg_get_constraintdef(c.oid),
            x.indrelid::regclass::text
        FROM pg_index x LEFT JOIN pg_constraint c ON c.conindid = x.indexrelid AND c.contype IN ('u', 'p')
        WHERE x.indrelid = ANY(%s::regclass[]) AND NOT x.indisprimary
        """,
        [list(tables)],
    )
    again = []
    for index, made, constraint, held, table in cursor.fetchall():
        if constraint:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
            again.append(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {held}")
        else:
            cursor.execute(f"DROP INDEX {index}")
            again.append(made)
    return again


def _chance(seed: int, of: int, number: str = "n") -> str:
    """A number from 0 on, the same for the same row."""
    return f"((hashint8extended({number}, {seed}) & 2147483647) %% {of})"


_PERSON = f"""
INSERT INTO beneficiaries_person (id, name, document, document_type, birth_on, sex, identity_index_a, name_index_a, created_at)
SELECT n, t.token, coalesce(k.token, (SELECT token FROM bench_known ORDER BY person LIMIT 1)), 'resident_id',
    date '1940-01-01' + {_chance(1, 30_000)}::int, CASE {_chance(2, 2)} WHEN 0 THEN 'female' ELSE 'male' END,
    coalesce(k.index, substr(sha256(int8send(n)), 1, 16)), t.index, b.at
FROM bench_roster b CROSS JOIN generate_series(%(first)s, %(last)s) n
JOIN bench_name t ON t.id = floor(power({_chance(3, 1_000_000)} / 1000000.0, 2) * (SELECT count(*) FROM bench_name))
LEFT JOIN bench_known k ON k.person = n.n
WHERE b.id = %(roster)s ORDER BY n
"""
_BENEFICIARY = f"""
INSERT INTO beneficiaries_beneficiary
    (id, person_id, program_id, organization_id, region_code, phone, bank_name, contact_digest, created_at, updated_at,
    name_mark_a, phone_mark_a)
SELECT n, n, r.program_id, r.organization_id,
    r.region_code || CASE WHEN n - %(first)s < {SMALL // (ROSTERS_A_YEAR * (YEARS_BACK + 1))} THEN '{SMALL_TOWN}'
        ELSE lpad((1 + {_chance(4, TOWNS)})::text, 3, '0') END,
    p.token, '中国农业银行', sha256(int8send(n)), b.at, b.at, t.mark, p.mark
FROM bench_roster b JOIN beneficiaries_roster r ON r.id = b.id CROSS JOIN generate_series(%(first)s, %(last)s) n
JOIN bench_phone p ON p.id = {_chance(5, PHONES)}
JOIN bench_name t ON t.id = floor(power({_chance(3, 1_000_000)} / 1000000.0, 2) * (SELECT count(*) FROM bench_name))
WHERE b.id = %(roster)s ORDER BY n
"""
_BORN = f"date '1940-01-01' + {_chance(1, 30_000, 'k.id')}::int"
_BAND = BAND_SQL.format(birth=_BORN, births=BIRTHS_SQL.format(day="(b.starts_at AT TIME ZONE 'Asia/Shanghai')::date"))
# Of the year before: in force, but for some who ended or lapsed, and every fortieth roster undone. Of the next: two fifths wait.
_ENROLLMENT = f"""
INSERT INTO beneficiaries_enrollment
    (id, person_id, beneficiary_id, program_id, plan_id, period_id, organization_id, region_code, category_id, roster_id,
    row_id, premium, own_share, split_id, period_kind, starts_at, ends_at, state, notice_passed_at, own_paid_at, accepted_at,
    insurer_policy_number, verdict, decided_at, created_at, age_band)
SELECT n, n, n, r.program_id, r.plan_id, r.period_id, r.organization_id, k.region_code,
    b.categories[1 + least({_chance(6, 9)}, 5)], r.id, -n, s.premium, s.own_share, s.id, 'annual', b.starts_at, b.ends_at,
    c.state, CASE WHEN b.gates AND c.step > 0 THEN b.at END, CASE WHEN c.step > 1 THEN b.at END,
    CASE WHEN b.gates AND c.step > 2 THEN b.at END, CASE WHEN b.gates AND c.step > 2 THEN 'PA' || lpad(n::text, 10, '0') ELSE '' END,
    'eligible', b.at, b.at, {_BAND}
FROM bench_roster b JOIN beneficiaries_roster r ON r.id = b.id JOIN programs_fundingsplit s ON s.id = b.split
JOIN beneficiaries_beneficiary k ON k.id BETWEEN %(first)s AND %(last)s
CROSS JOIN LATERAL (SELECT k.id AS n, {_chance(7, 100, "k.id")} AS chance) x
CROSS JOIN LATERAL (
    SELECT CASE WHEN b.year < {YEARS_BACK} AND b.number %% 40 = 7 THEN 'voided' WHEN b.year < {YEARS_BACK} AND chance < 4 THEN 'ended'
            WHEN b.year < {YEARS_BACK} AND chance < 7 THEN 'lapsed' WHEN b.year = {YEARS_BACK} AND chance < 40 THEN 'awaiting'
            ELSE 'in_force' END AS state,
        CASE WHEN b.year < {YEARS_BACK} AND chance BETWEEN 4 AND 6 THEN 1 WHEN b.year = {YEARS_BACK} AND chance < 10 THEN 0
            WHEN b.year = {YEARS_BACK} AND chance < 30 THEN 1 WHEN b.year = {YEARS_BACK} AND chance < 40 AND b.gates THEN 2
            WHEN b.year = {YEARS_BACK} AND chance < 40 THEN 1 ELSE 3 END AS step
) c
WHERE b.id = %(roster)s ORDER BY n
"""
_AFTERWARDS = tuple(
    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))" for table in _TABLES
)
#: A tenth or a fifth of the people again, on what rooms above keep of them.
_LINES = {
    "public notices": """
        INSERT INTO gates_notice (program_id, period_id, organization_id, region_code, roster_id, state, starts_on, ends_on, columns,
            named_categories, basis, phone, people, villages, digest, made_by_id, made_at, posted_by_id, posted_at, closed_by,
            passed, reason)
        SELECT r.program_id, r.period_id, r.organization_id, r.region_code, r.id, 'posted', current_date, current_date + 5,
            '["name", "region"]', '[]', '示例', '12345', r.row_count, 16, 'd', r.uploaded_by_id, b.at, r.decided_by_id, b.at, '', 0, ''
        FROM bench_roster b JOIN beneficiaries_roster r ON r.id = b.id WHERE b.gates AND b.number %% 5 = 0
        """,
    "lines of notices": """
        INSERT INTO gates_noticeline (notice_id, enrollment_id, region_code, number, stands)
        SELECT o.id, e.id, e.region_code, row_number() OVER (PARTITION BY o.id, e.region_code ORDER BY e.id), true
        FROM gates_notice o JOIN bench_roster b ON b.id = o.roster_id
        JOIN beneficiaries_enrollment e ON e.id BETWEEN b.first AND b.last ORDER BY e.id
        """,
    "hand-overs": """
        INSERT INTO handover_handover (program_id, period_id, organization_id, region_code, insurer_id, kind, format_id, state,
            purpose, recipient, kept_days, people, premium, digest, statement, accepted, refused, proposed_by_id, proposed_at,
            released_by_id, released_at, reason, folder, sha256)
        SELECT p.id, min(r.period_id), p.organization_id, p.region_code, p.insurer_id, 'initial', f.id, 'released', '承保', '示例', 7,
            sum(r.row_count), 0, 'd', '[]', 0, 0, min(r.uploaded_by_id), now(), min(r.decided_by_id), now(), '', 'f', ''
        FROM bench_roster b JOIN beneficiaries_roster r ON r.id = b.id JOIN programs_program p ON p.id = r.program_id
        CROSS JOIN (SELECT id FROM handover_insurerformat ORDER BY id LIMIT 1) f
        WHERE b.number %% 4 = 1 AND b.gates GROUP BY p.id, p.organization_id, p.region_code, p.insurer_id, f.id
        """,
    "lines of hand-overs": """
        INSERT INTO handover_handoverline (hand_over_id, enrollment_id, number, direction, region_code, premium, leave_reason,
            stands, answer, policy_number, refusal)
        SELECT h.id, e.id, row_number() OVER (PARTITION BY h.id ORDER BY e.id), 'entry', e.region_code, e.premium, '', true, '', '', ''
        FROM bench_roster b JOIN beneficiaries_enrollment e ON e.id BETWEEN b.first AND b.last
        JOIN handover_handover h ON h.program_id = e.program_id WHERE b.number %% 4 = 1 AND b.gates ORDER BY e.id
        """,
    "requests for funds": """
        INSERT INTO subsidies_fundrequest (funder_id, program_id, period_id, cut_on, state, people, removals, amount, allocated,
            written_off, digest, made_by_id, made_at, reason)
        SELECT f.id, r.program_id, r.period_id, current_date, 'draft', sum(r.row_count), 0, 0, 0, 0, '', min(r.uploaded_by_id), now(), ''
        FROM bench_roster b JOIN beneficiaries_roster r ON r.id = b.id JOIN programs_funder f ON f.kind = 'foundation'
        WHERE b.number %% 4 = 2 GROUP BY f.id, r.program_id, r.period_id
        """,
    "lines of requests for funds": """
        INSERT INTO subsidies_fundrequestline (request_id, funder_id, enrollment_id, turn, county, category_id, share, amount, times,
            new_person, doubt, verdict, reason, stands)
        SELECT q.id, q.funder_id, e.id, 0, left(e.region_code, 6), e.category_id, 30, 30, 1, true, '', '', '', true
        FROM bench_roster b JOIN beneficiaries_enrollment e ON e.id BETWEEN b.first AND b.last
        JOIN subsidies_fundrequest q ON q.program_id = e.program_id AND q.period_id = e.period_id
        WHERE b.number %% 4 = 2 ORDER BY e.id
        """,
    "own payments": """
        INSERT INTO gates_ownpayment (program_id, period_id, organization_id, region_code, reference, paid_on, people, amount, state,
            left_people, left_amount, made_by_id, made_at)
        SELECT e.program_id, e.period_id, e.organization_id, e.region_code, 'T' || e.id, current_date, 1, 0.01, 'recorded', 0, 0,
            (SELECT min(id) FROM accounts_user), e.own_paid_at
        FROM beneficiaries_enrollment e WHERE e.own_paid_at IS NOT NULL AND e.id %% 50 = 0 ORDER BY e.id
        """,
    "rosters withdrawn": """
        INSERT INTO beneficiaries_roster (state, organization_id, region_code, uploaded_by_id, uploaded_at, reason, undo_reason, digest,
            approved_digest, row_count, confirmed_digest, counts, money, file_findings, layouts, purpose, program_id, plan_id, period_id,
            cover_from)
        SELECT 'withdrawn', r.organization_id, r.region_code, r.uploaded_by_id, b.at, '', '', 'd', '', 10, '', r.counts, '{}', '[]', '{}',
            'enroll', r.program_id, r.plan_id, r.period_id, r.cover_from
        FROM bench_roster b JOIN beneficiaries_roster r ON r.id = b.id CROSS JOIN generate_series(1, 100) n
        """,
}


if __name__ == "__main__":
    main()
