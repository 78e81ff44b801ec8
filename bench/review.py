"""`python -m bench.review`: the page of a big roster in review, filter by filter, and a tenth of its rows decided at once.

Rows are staged by the engine; those in doubt are then made by one statement, spread over every chunk.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.__main__ import _Captured, _Quiet, set_up
from portal.local.environment import RUN_FOLDER
from portal.local.postgres import Server

#: Every tenth row becomes one in doubt.
_DOUBT = """
UPDATE beneficiaries_rosterrow SET verdict = 5, codes = codes || '{ID_ROUNDED}'::varchar[], findings = coalesce(findings, '[]')
    || '[{"column": "document", "code": "ID_ROUNDED", "severity": "doubt", "value_masked": "", "extra": ""}]'::jsonb
WHERE id % 10 = 0 AND verdict = 1
"""


#: By which a page's rows are counted.
MARK = b'<tr id="row-'


def main() -> None:
    """Print milliseconds per page, seconds per decision."""
    parser = argparse.ArgumentParser(prog="python -m bench.review")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--explain", action="store_true", help="print the plan of each page's rows, too")
    wanted = parser.parse_args()
    server = Server(RUN_FOLDER / "bench")
    with server.running(), tempfile.TemporaryDirectory() as folder:
        set_up(server, Path(folder))
        measure(wanted.rows, Path(folder), explain=wanted.explain)


def measure(count: int, folder: Path, *, explain: bool) -> None:
    """Stage, show, decide."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.urls import reverse
    from django.utils import timezone

    from accounts.actions.regions import SYSTEM, import_regions
    from accounts.regions_file import VENDORED, read_regions
    from beneficiaries.admin import review
    from beneficiaries.deciding import Choice, decide
    from beneficiaries.models import DecisionKind, Roster, RosterRow
    from beneficiaries.template import ROSTER
    from beneficiaries.testing import make_world

    settings.SECOND_FACTOR_REQUIRED = False
    settings.ALLOWED_HOSTS = ["testserver"]
    import_regions(read_regions(VENDORED), by=SYSTEM, at=timezone.now())
    world = make_world(granted=Decimal("999999999.00"))
    file = folder / "roster.csv"
    call_command("make_roster", rows=count, seed=1, dirty=0.02, region="441602", output=file, verbosity=0, stdout=_Quiet())
    started = time.perf_counter()
    call_command(
        "import_roster", str(file), program=world.program.code, user=world.clerk.username, json=True, stdout=_Captured()
    )
    print(f"staged {count:,} rows in {time.perf_counter() - started:.1f} s")
    roster = Roster.objects.get()
    with connection.cursor() as cursor:
        cursor.execute(_DOUBT)
        print(f"{cursor.rowcount:,} rows in doubt")
        cursor.execute("VACUUM ANALYZE beneficiaries_rosterrow")
    recount(roster)
    roster.refresh_from_db()
    client = Client()
    client.force_login(world.clerk, backend="accounts.backends.RoleBackend")
    page = reverse("admin:beneficiaries_roster_change", args=[roster.pk])
    row = RosterRow.objects.filter(roster=roster, verdict=1).order_by("pk")[count // 2]
    town = str(row.region_code)
    rare = min(roster.counts["codes"].items(), key=lambda item: item[1])
    deep = str(row.pk)
    for name, query in (
        ("first page", {}), ("half-way down", {"after": deep}), ("by verdict", {"sort": "verdict"}),
        ("by verdict, half-way", {"sort": "verdict", "after": f"1.{deep}"}), ("refused", {"verdict": "6"}),
        ("by region", {"sort": "region"}), ("by region, half-way", {"sort": "region", "after": f"{town}.{deep}"}),
        ("by premium", {"sort": "premium"}), ("in doubt by region", {"sort": "region", "verdict": "5"}),
        ("a town by premium", {"sort": "premium", "region": town}),
        ("in doubt", {"verdict": "5"}), ("in doubt, half-way", {"verdict": "5", "after": deep}),
        ("code ID_ROUNDED", {"code": "ID_ROUNDED"}), (f"rarest code {rare[0]} ({rare[1]})", {"code": rare[0]}),
        ("county", {"region": "441602"}), (f"town {town}", {"region": town}), ("no such town", {"region": "441602999"}),
        ("category", {"category": str(row.category_id)}), ("no such category", {"category": "999999"}),
        ("refused of a category", {"verdict": "6", "category": str(row.category_id)}),
        ("decided", {"decided": "1"}), ("set aside", {"aside": "1"}),
    ):
        shown(client, page, name, query)
        if explain:
            asked = review.shown(query_dict(query))
            print(review.rows_shown(roster, asked, list(roster.chunks.all()))[:51].explain(analyze=True))
    document, person = (sealed.reveal() if sealed is not None else "" for sealed in (row.document, row.name))
    for name, text in (("find a document", document), ("find a name", person), ("find nobody", "查无此人")):
        started = time.perf_counter()
        found = review.find_rows(roster, text)
        print(f"{name:<44} {(time.perf_counter() - started) * 1000:>7.0f} ms ({len(found)} rows)")
    for kind, choice in (
        (DecisionKind.ACCEPT, Choice(code="ID_ROUNDED")), (DecisionKind.REOPEN, Choice(decided=True)),
        (DecisionKind.REFUSE, Choice(code="ID_ROUNDED")),
    ):
        started = time.perf_counter()
        done = decide(roster, choice=choice, kind=kind, reason="measured", by=world.clerk, at=timezone.now())
        print(f"{kind.value}: {done.decision.rows:,} rows in {time.perf_counter() - started:.1f} s")
    decision = roster.decisions.latest("pk")
    shown(client, page, "rows of a decision", {"decision": str(decision.pk)})
    shown(client, page, "first page after decisions", {})
    assert ROSTER.chunks_of(roster).count()


def query_dict(query: dict[str, str]) -> Any:
    """As a request's."""
    from django.http import QueryDict
    from django.utils.http import urlencode

    return QueryDict(urlencode(query))


def shown(client: Any, page: str, name: str, query: dict[str, str]) -> None:
    """Median of five, after one that warms."""
    client.get(page, query)
    taken = []
    for _turn in range(5):
        started = time.perf_counter()
        answer = client.get(page, query)
        taken.append((time.perf_counter() - started) * 1000)
        assert answer.status_code == 200, answer.status_code
    print(f"{name:<44} {statistics.median(taken):>7.0f} ms (slowest {max(taken):.0f}), {answer.content.count(MARK)} rows")


def recount(roster: Any) -> None:
    """Bring counts and digests to the rows that were changed past the engine."""
    from collections import Counter

    from django.db import connection

    from beneficiaries import money
    from beneficiaries.template import ROSTER
    from intake.staging import chunk_digest, import_digest, summed

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT chunk, verdict, split_id, left(region_code, 6), category_id, count(*) FROM beneficiaries_rosterrow "
            "WHERE roster_id = %s GROUP BY 1, 2, 3, 4, 5", [roster.pk],
        )
        found = cursor.fetchall()
    chunks = list(roster.chunks.order_by("number"))
    for chunk in chunks:
        verdicts: Counter[str] = Counter()
        places = []
        for number, verdict, split, county, category, rows in sorted(found, key=str):
            if number == chunk.number:
                verdicts[str(verdict)] += rows
                if verdict in (1, 2, 3):
                    places.append([split, county, category, rows])
        chunk.counts = {
            **chunk.counts, "verdicts": dict(verdicts), "tally": {"places": places},
            "codes": {**chunk.counts["codes"], "ID_ROUNDED": verdicts["5"]},
        }
        chunk.digest = chunk_digest(ROSTER, roster.pk, chunk.number)
        chunk.save()
    roster.counts = {kind: summed(chunk.counts[kind] for chunk in chunks) for kind in ("verdicts", "codes")}
    roster.money, roster.digest = money.preview(roster), import_digest(ROSTER, roster)
    roster.save()


if __name__ == "__main__":
    main()
