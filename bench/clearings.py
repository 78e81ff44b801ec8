"""`python -m bench.clearings`: a whole statement reversed, assigned anew and given back, and the pages at that size.

    python -m bench.clearings --rows 100000
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import statements
from bench.__main__ import _now, set_up
from bench.statements import shown, told
from portal.local.environment import RUN_FOLDER
from portal.local.postgres import Server


def main() -> None:
    """Print rows per second of each step, milliseconds per page."""
    parser = argparse.ArgumentParser(prog="python -m bench.clearings")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, default=RUN_FOLDER / "bench-clearings")
    wanted = parser.parse_args()
    server = Server(wanted.folder)
    with server.running(), tempfile.TemporaryDirectory() as folder:
        set_up(server, Path(folder))
        statements.measure(wanted.rows, Path(folder))
        measure()


def measure() -> None:
    """What `bench.statements` left: one payment of nearly all, some lines held."""
    from django.test import Client
    from django.urls import reverse

    from accounts.models import User
    from gates import actions
    from gates.models import Clearing, HeldPayment, OwnPayment
    from jobs.testing import drain
    from portal.verify import check_all

    payment = OwnPayment.objects.select_related("statement").get()
    assert payment.statement is not None
    maker, checker = payment.statement.uploaded_by, payment.made_by

    def cleared(what: str, propose: Any) -> Clearing:
        started = time.perf_counter()
        clearing: Clearing = propose()
        told(f"{what}, put forward", clearing.lines_count, time.perf_counter() - started)
        started = time.perf_counter()
        clearing = actions.approve_clearing(clearing, digest=clearing.digest, by=checker, at=_now())
        print(f"approved in {time.perf_counter() - started:.2f} s")
        started = time.perf_counter()
        drain()
        told(f"{what}, worked through", clearing.lines_count, time.perf_counter() - started)
        return Clearing.objects.get(pk=clearing.pk)

    given: dict[str, Any] = {"reason": "bench bench", "by": maker, "at": _now()}
    cleared("reversal", lambda: actions.propose_reversal(payment, **given))
    held = HeldPayment.objects.filter(state="held", kind="reversed")
    assigned = cleared("assignment", lambda: actions.propose_assignment(held, **given))
    print(assigned.state, assigned.done_lines, assigned.left_lines)
    again = cleared("second reversal", lambda: actions.propose_reversal(OwnPayment.objects.get(clearing=assigned), **given))
    back = cleared("giving back", lambda: actions.propose_return(HeldPayment.objects.filter(state="held"), **given))
    started = time.perf_counter()
    size = sum(len(piece) for piece in actions.open_returns(back, password="bench-bench-1", by=maker, at=_now()))
    told(f"list for the bank, {size / 1e6:.1f} MB", back.lines_count, time.perf_counter() - started)
    started = time.perf_counter()
    actions.record_returned(back, reference="TK-1", returned_on=_now().date(), by=maker, at=_now())
    told("recorded as given back", back.lines_count, time.perf_counter() - started)
    client = Client()
    client.force_login(User.objects.get(pk=checker.pk), backend="accounts.backends.RoleBackend")
    for name, address in (
        ("clearing", reverse("admin:gates_clearing_change", args=[again.pk])),
        ("lines of a clearing", f"{reverse('admin:gates_clearingline_changelist')}?clearing={again.pk}"),
        ("clearings", reverse("admin:gates_clearing_changelist")),
        ("payments held", reverse("admin:gates_heldpayment_changelist")),
        ("payments held of a statement", f"{reverse('admin:gates_heldpayment_changelist')}?statement={payment.statement_id}"),
        ("payments held, given back", f"{reverse('admin:gates_heldpayment_changelist')}?state__exact=returned"),
        ("workbench", reverse("admin:index")),
    ):
        shown(client, name, address)
    started = time.perf_counter()
    print("broken:", [result.name for result in check_all() if result.rows], f"{time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main()
