"""`python -m bench.takeup`: a list of participants taken in, and the page of take-up over the counts of ten million enrollments.

    python -m bench.takeup --rows 500000 --counties 20

The counts are made by the server as triggers leave them: each of so many counties, day of a window of two months, age band and way
in has a row, of two years; the enrollments behind them are not there, since the page does not read them. The page is asked for by
Django's test client, signed in: every query, the sums, and the drawing of it count.
"""

from __future__ import annotations

import argparse
import io
import statistics
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.__main__ import _now, set_up
from portal.local.environment import RUN_FOLDER
from portal.local.postgres import Server

TIMES = 9
PEOPLE = 10_000_000
_WINDOWS = """
UPDATE programs_period SET enrollment_opens_on = CASE WHEN id = %(into)s THEN current_date - 59 ELSE starts_on - 90 END,
    enrollment_closes_on = CASE WHEN id = %(into)s THEN greatest(enrollment_closes_on, current_date + 1) ELSE starts_on - 30 END
WHERE program_id = %(program)s
"""
_COUNTS = """
INSERT INTO beneficiaries_daystanding (program_id, period_id, organization_id, county, day, age_band, channel, people)
SELECT %(program)s, period.id, %(organization)s, '44' || lpad((1600 + county)::text, 4, '0'), period.enrollment_opens_on + day,
    band, way, greatest(1, %(people)s / (%(counties)s * 60 * 9 * 4))
FROM programs_period period, generate_series(0, %(counties)s - 1) AS county, generate_series(0, 59) AS day,
    unnest(ARRAY[0, 6, 18, 30, 40, 50, 60, 70, 80]) AS band, unnest(ARRAY['list', 'renewal', 'office', 'api']) AS way
WHERE period.program_id = %(program)s
"""


def main() -> None:
    """Print one row for each step, and for the page its median."""
    parser = argparse.ArgumentParser(prog="python -m bench.takeup")
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--counties", type=int, default=20, help="of the program whose page is asked")
    parser.add_argument("--folder", type=Path, default=RUN_FOLDER / "bench-takeup")
    wanted = parser.parse_args()
    server = Server(wanted.folder)
    with server.running(), tempfile.TemporaryDirectory() as folder:
        set_up(server, Path(folder))
        from accounts.actions.regions import SYSTEM, import_regions
        from accounts.regions_file import VENDORED, read_regions
        from beneficiaries.tests.renewing import make_years

        import_regions(read_regions(VENDORED), by=SYSTEM, at=_now())
        years = make_years(granted=Decimal("999999999.00"))
        for name, seconds in taken_in(years.world, wanted.rows):
            print(f"{name:<44} {wanted.rows:>9,} rows {seconds:>7.1f} s {wanted.rows / seconds:>9,.0f} rows/s", flush=True)
        rows, pages = page(years, wanted.counties)
        for reader, milliseconds, queries in pages:
            print(f"{f'the page, drawn for {reader}':<44} {rows:>9,} counts {milliseconds:>7.0f} ms {queries:>4} queries")


def taken_in(world: Any, rows: int) -> list[tuple[str, float]]:
    """(what, seconds): checked, then taken in."""
    from beneficiaries.testing import resident_id
    from jobs.testing import drain
    from takeup.actions import LISTS, upload_participants
    from takeup.models import ParticipantList
    from takeup.testing import city_clerk

    text = io.StringIO("")
    text.write("证件号码,险种,参保状态,统筹区\n")
    for number in range(rows):
        day = f"{1940 + number // 999 // 336 % 80}{number // 999 // 28 % 12 + 1:02d}{number // 999 % 28 + 1:02d}"
        text.write(f"{resident_id('441602', day, number % 999 + 1)},390,正常参保,441602\n")
    clerk, found = city_clerk(world), []
    began = time.perf_counter()
    subject = upload_participants(
        [("参保人员.csv", io.BytesIO(text.getvalue().encode()))], organization=world.city, as_of=_now().date(), by=clerk, at=_now()
    )
    drain()
    found.append(("a list of participants uploaded and checked", time.perf_counter() - began))
    subject = LISTS.submit(ParticipantList.objects.get(pk=subject.pk), by=clerk, at=_now())
    began = time.perf_counter()
    LISTS.approve(subject, digest=subject.digest, by=world.reviewer, at=_now())
    drain()
    found.append(("the same approved and in force", time.perf_counter() - began))
    return found


def page(years: Any, counties: int) -> tuple[int, list[tuple[str, float, int]]]:
    """(rows of counts, (reader, median milliseconds, queries) of the drawn page), as a browser asks for it."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    world, into = years.world, years.into
    settings.SECOND_FACTOR_REQUIRED, settings.ALLOWED_HOSTS = False, ["testserver"]
    with connection.cursor() as cursor:
        # Today is the last day of both windows' sixty: every day of them is drawn.
        cursor.execute(_WINDOWS, {"program": world.program.pk, "into": into.pk})
        cursor.execute(
            _COUNTS, {"program": world.program.pk, "organization": world.city.pk, "people": PEOPLE, "counties": counties}
        )
        rows = cursor.rowcount
        cursor.execute("ANALYZE beneficiaries_daystanding")
    address, found = reverse("admin:takeup_takeup_change", args=[into.pk]), []
    for name, user in (("the office", world.reviewer), ("a foundation", world.foundation_maker)):
        client, taken = Client(headers={"accept-language": "zh-hans"}), []
        client.force_login(user, backend="accounts.backends.RoleBackend")
        for _time in range(TIMES):
            began = time.perf_counter()
            answer = client.get(address)
            taken.append((time.perf_counter() - began) * 1000)
        if answer.status_code != 200 or "polyline" not in answer.content.decode():
            raise SystemExit(f"the page of {name} is not drawn: {answer.status_code}")
        with CaptureQueriesContext(connection) as asked:
            client.get(address)
        found.append((name, statistics.median(taken), len(asked)))
    return rows, found


if __name__ == "__main__":
    main()
