"""`python -m bench.payouts`: a batch of payouts made, approved, rendered, taken over, held against the books; seconds, cpu.

    python -m bench.payouts --rows 200000

What is owed is written as rows first, which is not measured. Of the bank's lines two of a hundred fail and one comes back.
"""

from __future__ import annotations

import argparse
import io
import resource
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.__main__ import _now, set_up
from bench.handover import told
from portal.local.environment import RUN_FOLDER
from portal.local.postgres import Server

#: Rows that are written at a time.
AT_ONCE = 50_000
_CASES = """
INSERT INTO claims_case (organization_id, region_code, kind, event_at, time_known, diagnosis, disease_group, injuries,
    death_paid_elsewhere, channel, reporter, reported_on, recorded_by_id, recorded_at)
SELECT organization_id, region_code, kind, event_at, time_known, diagnosis, disease_group, injuries, death_paid_elsewhere, channel,
    reporter, reported_on, recorded_by_id, recorded_at FROM claims_case, generate_series(1, %(many)s)
WHERE id = %(model)s RETURNING id
"""


def main() -> None:
    """Print one row a step."""
    parser = argparse.ArgumentParser(prog="python -m bench.payouts")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--folder", type=Path, default=RUN_FOLDER / "bench-payouts")
    wanted = parser.parse_args()
    server = Server(wanted.folder)
    with server.running(), tempfile.TemporaryDirectory() as folder:
        set_up(server, Path(folder))
        till = owing(wanted.rows)
        print(f"{'':<28} {'seconds':>8} {'our cpu':>8} {'server':>8}")
        began = time.perf_counter()
        for name, work in steps(till, wanted.rows):
            told(name, work, server)
        print(f"{'all of them':<28} {time.perf_counter() - began:>8.1f}")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"Peak memory of this process, the rows before it included: {peak:,.0f} MB.")


def owing(rows: int) -> Any:
    """A till with so many amounts owed, each of a claim of its own, to an account of its own."""
    from django.db import connection, transaction

    from accounts.actions.regions import SYSTEM, import_regions
    from accounts.regions_file import VENDORED, read_regions
    from payouts.testing import make_till

    import_regions(read_regions(VENDORED), by=SYSTEM, at=_now())
    till = make_till()
    (first,) = till.owe("10.00")
    for begin in range(2, rows + 1, AT_ONCE):
        numbers = list(range(begin, min(begin + AT_ONCE, rows + 1)))
        with transaction.atomic(), connection.cursor() as cursor:
            _copies(cursor, first, numbers)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return till


def _copies(cursor: Any, first: Any, numbers: list[int]) -> None:
    """Cases, claims, decisions and payables as the first, with sums and accounts of their own."""
    from django.utils import timezone

    from audit import blind_index, keys
    from claims.models import ACCOUNT, Claim, Payable

    accounts = [f"62284800{number:010d}" for number in numbers]
    indexes = {slot: blind_index.index_many(ACCOUNT, accounts, slot) for slot in blind_index.written_slots(ACCOUNT)}
    given: dict[str, Any] = {
        "numbers": numbers, "a": indexes.get("a", [None] * len(numbers)), "b": indexes.get("b", [None] * len(numbers)),
    }
    year = timezone.localdate().year
    for model, stem in ((Claim, "claim"), (Payable, "payable")):
        for field, texts in (("payee_name", [f"示例{number}" for number in numbers]), ("payee_account", accounts)):
            kept: Any = model._meta.get_field(field)
            sealer = keys.sealer(kept.logical_name, purpose=kept.purpose, year=year)
            given[f"{stem}_{field}"] = sealer.seal_many(texts)
    cursor.execute(_CASES, {"many": len(numbers), "model": first.claim.case_id})
    given["cases"] = [pk for (pk,) in cursor.fetchall()]
    cursor.execute("ANALYZE claims_case")
    for table, made, changed in (
        ("claims_claim", first.claim_id, {
            "case_id": "given.case_id", "settlement": "given.number", "payee_name": "given.claim_payee_name",
            "payee_account": "given.claim_payee_account", "account_index_a": "given.a", "account_index_b": "given.b",
        }),
        ("claims_decision", first.decision_id, {"claim_id": "given.made"}),
        ("claims_payable", first.pk, {
            "claim_id": "given.before", "decision_id": "given.made", "payee_name": "given.payable_payee_name",
            "payee_account": "given.payable_payee_account", "account_index_a": "given.a", "account_index_b": "given.b",
        }),
    ):
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND column_name <> 'id'"
            " AND is_generated = 'NEVER' ORDER BY ordinal_position", [table],
        )
        names = [name for (name,) in cursor.fetchall()]
        picked = ", ".join(changed.get(name, f"model.{name}") for name in names)
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {picked} FROM {table} model, unnest("
            "%(cases)s::bigint[], %(numbers)s::int[], %(claim_payee_name)s::bytea[], %(claim_payee_account)s::bytea[],"
            "%(payable_payee_name)s::bytea[], %(payable_payee_account)s::bytea[], %(a)s::bytea[], %(b)s::bytea[],"
            "%(before)s::bigint[], %(made)s::bigint[]) AS given(case_id, number, claim_payee_name, claim_payee_account,"
            " payable_payee_name, payable_payee_account, a, b, before, made) WHERE model.id = %(model)s"
            " ORDER BY given.number RETURNING id",
            {"before": given["cases"], "made": given["cases"], **given, "model": made},
        )
        given["before"], given["made"] = given.get("made", given["cases"]), [pk for (pk,) in cursor.fetchall()]
        # What the next table's checks join with is no longer the one row of before.
        cursor.execute(f"ANALYZE {table}")


def steps(till: Any, rows: int) -> list[tuple[str, Callable[[], Any]]]:
    """The way of a batch, step by step."""
    from jobs.actions import run_pending
    from payouts import actions
    from payouts.models import BankReturn, Batch
    from payouts.testing import downloaded, return_file
    from reconciliation.books import books_of
    from reconciliation.pairs import BY_CODE, rows_of
    from reconciliation.span import Span, of_month

    kept: dict[str, Any] = {}

    def prepare() -> None:
        kept["batch"] = till.prepare()
        assert kept["batch"].lines == rows

    def approve() -> None:
        kept["batch"] = till.authorized(kept["batch"])

    def release() -> None:
        actions.release_batch(kept["batch"], by=till.maker, at=_now())

    def work() -> None:
        assert [str(outcome.ending) for outcome in run_pending()] == ["done"]

    def download() -> None:
        kept["batch"] = Batch.objects.get(pk=kept["batch"].pk)
        content = downloaded(till, kept["batch"])
        assert content.count(b"\r\n") == rows + 1
        reference = kept["batch"].reference
        said = ("Y", "N", "N", "T")
        lines = (
            (f"{reference}-{number:06d}", "10.00", said[number % 100 % 4 if number % 100 < 4 else 0], "", "账号不存在")
            for number in range(1, rows + 1)
        )
        kept["file"] = io.BytesIO(return_file(lines).getvalue())

    def upload() -> None:
        kept["batch"] = Batch.objects.get(pk=kept["batch"].pk)
        kept["return"] = actions.upload_return(
            [("回盘.csv", kept["file"])], batch=kept["batch"], control_lines=rows, control_amount=Decimal("10.00") * rows,
            by=till.maker, at=_now(),
        )

    def decide() -> None:
        found = BankReturn.objects.get(pk=kept["return"].pk)
        assert found.state == "review", found.file_findings
        found = actions.RETURNS.submit(found, by=till.maker, at=_now())
        actions.RETURNS.approve(found, digest=found.digest, by=till.checker, at=_now())

    def settled() -> None:
        work()
        batch = Batch.objects.get(pk=kept["batch"].pk)
        assert (batch.state, batch.open_lines) == ("partial", 0)

    def held_against() -> None:
        # What is owed was written as rows, without postings: every decision is a difference, which costs as much to find.
        found = {pair.code: sums for pair, sums in books_of(till.world.program, Span(), at=_now()).pairs}
        assert (found["lines_results_paid"].agrees, found["results_booked"].agrees) == (True, True)
        assert found["decided_booked"].rows == rows

    def month_held_against() -> None:
        books_of(till.world.program, of_month(_now().date().replace(day=1)), at=_now())

    def rows_of_difference() -> None:
        facts = Span().facts(till.world.program.pk, at=_now())
        assert len(rows_of(BY_CODE["decided_booked"], facts, most=101)) == min(101, rows)

    return [
        ("batch made", prepare), ("checked and authorized", approve), ("released", release), ("file written", work),
        ("file fetched", download), ("returned file received", upload), ("returned file checked", work),
        ("submitted and approved", decide), ("results taken over", settled), ("reconciliation, all", held_against),
        ("reconciliation, a month", month_held_against), ("its rows, a page", rows_of_difference),
    ]


if __name__ == "__main__":
    main()
