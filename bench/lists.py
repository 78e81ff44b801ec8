"""`python -m bench.lists`: what the pages of a filled database (`bench.fill`) take in the server, each asked as a browser asks it.

    python -m bench.lists --folder /somewhere [--claims] [--only enrollment] [--slow 100] [--touch] [--plans] [--stock]

Milliseconds are of the whole request within this process (median of five), of this process's and of
its server process's processor (which a busy machine changes less), and of its SQL (one request);
with `--touch` a tenth of the rows is updated first and not vacuumed. `--plans` explains the worst statement of each slow page.
`--stock` asks Django's own list of the same enrollments (its paginator, its order, four columns) in the same run, and says
how many times longer it takes than ours: what a slow machine does to both. `--claims` asks the pages of claims and of what they owe
instead, filled by `bench.fill --claims`.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bench.__main__ import environment
from portal.local.environment import RUN_FOLDER
from portal.local.postgres import OWNER, Server

TIMES = 5
#: A page of a list by its key: so many pages of fifty below the first.
DEEP = 5_000 * 50


@dataclass(frozen=True)
class Page:
    """One address as one reader asks it."""

    reader: str
    name: str
    address: str


def main() -> None:
    """Print one line a page, the slow ones marked."""
    parser = argparse.ArgumentParser(prog="python -m bench.lists")
    parser.add_argument("--folder", type=Path, default=RUN_FOLDER / "bench-lists")
    parser.add_argument("--only", default="", help="pages whose line holds this text")
    parser.add_argument("--slow", type=float, default=100, help="milliseconds from which a page counts as slow")
    parser.add_argument("--touch", action="store_true", help="update a tenth of the rows first")
    parser.add_argument("--plans", action="store_true", help="explain the worst statement of each slow page")
    parser.add_argument("--times", type=int, default=TIMES, help="asked so often for a median")
    parser.add_argument("--stock", action="store_true", help="ask Django's own list first")
    parser.add_argument("--claims", action="store_true", help="pages of claims instead of those of enrollments")
    parser.add_argument("--migrate", action="store_true", help="bring the database to today's tables first")
    wanted = parser.parse_args()
    server = Server(wanted.folder, durable=False)
    with server.running():
        environment(server.url("bench", role=OWNER), wanted.folder / "files")
        from django.conf import settings

        settings.SECOND_FACTOR_REQUIRED = False
        settings.ALLOWED_HOSTS = ["testserver"]
        if wanted.migrate:
            migrate()
        from portal.garbage import search_seldom
        from portal.serving import SERVING

        # As the process that serves pages does once it has loaded everything.
        search_seldom()
        SERVING.begin()
        if wanted.touch:
            touch()
        if wanted.stock:
            compare(wanted.times, claims=wanted.claims)
        asked = claim_pages() if wanted.claims else pages()
        slow = [ask(page, wanted) for page in asked if wanted.only in f"{page.reader} {page.name} {page.address}"]
    print(f"{sum(slow)} of {len(slow)} pages at {wanted.slow:.0f} ms or above")


def migrate() -> None:
    """With what it took."""
    from django.core.management import call_command
    from django.db import connection

    began = time.perf_counter()
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    print(f"migrated and vacuumed: {time.perf_counter() - began:.0f} s")


def touch() -> None:
    """Every tenth enrollment and person is written anew; nothing is vacuumed."""
    from django.db import connection

    with connection.cursor() as cursor:
        for table in ("beneficiaries_enrollment", "beneficiaries_person", "beneficiaries_beneficiary"):
            cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(f"UPDATE {table} SET created_at = created_at + interval '1 second' WHERE id % 10 = 3")
            print(f"{table}: {cursor.rowcount:,} rows touched", flush=True)
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def pages() -> Iterator[Page]:
    """Every list in every way that the brief of its readers names."""
    from django.db import connection
    from django.urls import reverse

    from audit.paging import AFTER, written
    from beneficiaries.models import Enrollment, Person
    from handover.models import HandOver
    from programs.models import Category, Funder, Period, Program
    from subsidies.models import FundRequest

    def listed(label: str) -> str:
        return reverse(f"admin:{label.replace('.', '_')}_changelist")

    with connection.cursor() as cursor:
        cursor.execute("SELECT person, document FROM bench_known ORDER BY person DESC LIMIT 1")
        known, document = cursor.fetchone()
        cursor.execute("SELECT name FROM bench_name WHERE id IN (0, 1500) ORDER BY id")
        frequent, rare = (row[0] for row in cursor.fetchall())
        cursor.execute("SELECT max(id) FROM beneficiaries_enrollment")
        top = cursor.fetchone()[0]
    program = Program.objects.get(code="P4416")
    old, new = Period.objects.filter(program=program).order_by("code")
    category = Category.objects.filter(holds_for_everybody=False).order_by("pk")[2]
    county = "441602"
    one = Enrollment.objects.get(pk=known)
    readers = {
        "everything": "auditor", "city": "reviewer.4416", "county": f"clerk.{county}", "town": "town.4416",
    }
    filters: dict[str, dict[str, Any]] = {
        "first": {}, "last": {"p": "last"}, "province": {"place": "44"}, "city": {"place": "4416"}, "county": {"place": county},
        "town": {"place": f"{county}003"}, "small town": {"place": f"{county}016"}, "nobody there": {"place": "110101"},
        "awaiting": {"state__exact": "awaiting"}, "in force": {"state__exact": "in_force"}, "lapsed": {"state__exact": "lapsed"},
        "ended": {"state__exact": "ended"}, "voided": {"state__exact": "voided"}, "notice": {"gate": "notice"},
        "payment": {"gate": "own_payment"}, "acceptance": {"gate": "acceptance"}, "last year": {"period__id__exact": old.pk},
        "next year": {"period__id__exact": new.pk}, "program": {"program__id__exact": program.pk},
        "category": {"category__id__exact": category.pk}, "office": {"organization__id__exact": one.organization_id},
        "roster": {"roster": one.roster_id},
        "lapsed of a county": {"state__exact": "lapsed", "place": county},
        "category of last year in a city": {"category__id__exact": category.pk, "period__id__exact": old.pk, "place": "4416"},
        "ended, last page": {"state__exact": "ended", "p": "last"}, "county, last page": {"place": county, "p": "last"},
        "document": {"q": document}, "name": {"q": frequent}, "rarer name": {"q": rare}, "nobody": {"q": "查无此人"},
        "telephone": {"q": "138-0000-0077"}, "no telephone": {"q": "13911112222"}, "frequent family": {"q": frequent[0]},
        "rarer family": {"q": rare[0]}, "rare family": {"q": "欧"}, "two signs": {"q": frequent[:2]},
        "two signs, nobody": {"q": "欧阳"},
        "cover number": {"q": one.number}, "policy": {"q": one.insurer_policy_number or "PA0000000001"},
        "queue": {"queue": "beneficiaries.gates"},
    }
    for user in readers.values():
        for name, query in filters.items():
            yield Page(user, f"enrollments {name}", address(listed("beneficiaries.enrollment"), query))
        for order in ("1", "-1"):
            deep = max(1, top - DEEP) if order == "-1" else min(top, DEEP)
            yield Page(
                user, f"enrollments deep {order}",
                address(listed("beneficiaries.enrollment"), {"o": order, "p": written(AFTER, [deep])}),
            )
            yield Page(user, f"enrollments order {order}", address(listed("beneficiaries.enrollment"), {"o": order}))
        for name in (
            "first", "last", "document", "name", "rarer name", "nobody", "telephone", "no telephone", "frequent family",
            "rarer family", "rare family", "two signs", "two signs, nobody",
        ):
            yield Page(user, f"people {name}", address(listed("beneficiaries.person"), filters[name]))
        further: dict[str, dict[str, Any]] = {
            "deep": {"p": written(AFTER, [max(1, top - DEEP)])}, "of a sex": {"sex__exact": "male"},
            "no such document": {"document_type__exact": "passport"},
        }
        for name, query in further.items():
            yield Page(user, f"people {name}", address(listed("beneficiaries.person"), query))
        for name in ("first", "last", "county", "town", "next year", "category", "roster", "document", "name", "cover number"):
            yield Page(user, f"unpaid {name}", address(listed("gates.unpaid"), filters[name]))
        for label in (
            "beneficiaries.roster", "gates.ownpayment", "gates.notice", "gates.objection", "handover.handoverline",
            "handover.handover", "subsidies.fundrequestline", "subsidies.fundrequest", "subsidies.differenceline",
            "programs.budget", "programs.period", "audit.event", "jobs.job", "accounts.user", "accounts.region",
        ):
            yield Page(user, f"{label} first", listed(label))
            yield Page(user, f"{label} last", address(listed(label), {"p": "last"}))
        hand_over, request = HandOver.objects.earliest("pk"), FundRequest.objects.earliest("pk")
        yield Page(user, "lines of one hand-over", address(listed("handover.handoverline"), {"hand_over__id__exact": hand_over.pk}))
        yield Page(user, "open lines of hand-overs", address(listed("handover.handoverline"), {"answer": "open"}))
        yield Page(user, "lines of one request", address(listed("subsidies.fundrequestline"), {"request__id__exact": request.pk}))
        yield Page(user, "own payments of a period", address(listed("gates.ownpayment"), {"period__id__exact": old.pk}))
        yield Page(user, "rosters applied", address(listed("beneficiaries.roster"), {"state__exact": "applied"}))
        yield Page(user, "workbench", reverse("admin:index"))
        person = Person.objects.get(pk=one.person_id)
        yield Page(user, "a person", reverse("admin:beneficiaries_person_change", args=[person.pk]))
        yield Page(user, "an enrollment", reverse("admin:beneficiaries_enrollment_change", args=[one.pk]))
        yield Page(user, "a roster", reverse("admin:beneficiaries_roster_change", args=[one.roster_id]))
        yield Page(user, "a period", reverse("admin:programs_period_change", args=[old.pk]))
        yield Page(user, "next period", reverse("admin:programs_period_change", args=[new.pk]))
        yield Page(user, "a program", reverse("admin:programs_program_change", args=[program.pk]))
        yield Page(user, "a hand-over", reverse("admin:handover_handover_change", args=[hand_over.pk]))
        yield Page(user, "a request for funds", reverse("admin:subsidies_fundrequest_change", args=[request.pk]))
    funder = Funder.objects.get(kind="foundation")
    for user in ("foundation", "finance.4416", "auditor"):
        yield Page(user, "workbench", reverse("admin:index"))
        yield Page(user, "a funder", reverse("admin:programs_funder_change", args=[funder.pk]))
    for label in ("handover.handoverline", "handover.handover"):
        yield Page("insurer", f"{label} first", listed(label))
        yield Page("insurer", f"{label} last", address(listed(label), {"p": "last"}))
    yield Page("insurer", "workbench", reverse("admin:index"))


def claim_pages() -> Iterator[Page]:
    """Claims and what they owe: by every filter, search and queue, first, deep and last, and their numbers on the workbench."""
    from django.db import connection
    from django.urls import reverse

    from accounts.models import User
    from audit import panels
    from audit.paging import AFTER, written
    from claims.models import Bill, Claim, Payable
    from claims.rules.states import OPEN, State
    from programs.models import Period, Program

    top = Claim.objects.latest("pk").pk
    one = Claim.objects.filter(enrollment__in=_known()).latest("pk")
    program = Program.objects.get(code="P4416")
    old, new = Period.objects.filter(program=program).order_by("code")
    with connection.cursor() as cursor:
        cursor.execute("SELECT document FROM bench_known WHERE person = %s", [one.enrollment.person_id])
        (document,) = cursor.fetchone()
        cursor.execute("SELECT name FROM bench_name WHERE id IN (0, 1500) ORDER BY id")
        frequent, rare = (row[0] for row in cursor.fetchall())
    clerk = User.objects.get(username="clerk.441602")
    filters: dict[str, dict[str, Any]] = {
        "first": {}, "last": {"p": "last"}, "deep": {"p": written(AFTER, [max(1, top - DEEP)])},
        "program": {"program__id__exact": program.pk}, "last year": {"period__id__exact": old.pk},
        "next year, none": {"period__id__exact": new.pk}, "office": {"organization__id__exact": clerk.organization_id},
        "office, last": {"organization__id__exact": clerk.organization_id, "p": "last"},
        "city": {"place": "4416"}, "county": {"place": "441602"}, "town": {"place": "441602003"},
        "small town": {"place": "441602016"}, "nobody there": {"place": "110101"},
        "mine": {"hand": "mine"}, "nobody's": {"hand": "nobody"}, "nobody's, last": {"hand": "nobody", "p": "last"},
        "overdue": {"due": "over"}, "today": {"due": "today"}, "week": {"due": "week"}, "week, last": {"due": "week", "p": "last"},
        "to pay": {"due": "pay"},
        "reported today": {"reported_at__gte": f"{_today():%Y-%m-%d} 00:00:00+08:00"},
        "program's review in a county": {"state__exact": "review", "program__id__exact": program.pk, "place": "441602"},
        "claim number": {"q": one.number}, "case number": {"q": one.case.number}, "cover number": {"q": one.enrollment.number},
        "invoice": {"q": Bill.objects.get(pk=one.pk).invoice_number}, "no invoice": {"q": "9999999999"},
        "document": {"q": document}, "name": {"q": frequent}, "rarer name": {"q": rare}, "two signs": {"q": frequent[:2]},
        "nobody": {"q": "查无此人"}, "telephone": {"q": "138-0000-0077"},
    }
    filters |= {f"state {state}": {"state__exact": state.value} for state in State}
    seldom = (*OPEN, State.REFUSED, State.CLOSED)
    filters |= {f"state {state}, last": {"state__exact": state.value, "p": "last"} for state in seldom}
    owed: dict[str, dict[str, Any]] = {
        "first": {}, "last": {"p": "last"}, "deep": {"p": written(AFTER, [max(1, Payable.objects.latest("pk").pk - DEEP)])},
        "program": {"program__id__exact": program.pk}, "office": {"organization__id__exact": clerk.organization_id},
        "asked back": {"kind__exact": "reclaim"}, "claim number": {"q": one.number},
        **{f"state {state}": {"state__exact": state} for state in ("open", "in_payment", "paid", "failed", "cancelled")},
    }
    for reader in ("auditor", "operator", "reviewer.4416", "clerk.441602", "town.4416", "finance.4416"):
        user = User.objects.get(username=reader)
        for name, query in filters.items():
            yield Page(reader, f"claims {name}", address(reverse("admin:claims_claim_changelist"), query))
        queues = [queue.key for queue in panels.queues_of(Claim, user)]
        for key in queues:
            for name, query in (("", {}), (", last", {"p": "last"})):
                query = {"queue": key, **query}
                yield Page(reader, f"queue {key}{name}", address(reverse("admin:claims_claim_changelist"), query))
        for days, query in ((0, {"due": "week"}), (10, {"hand": "nobody"})):
            seen = Claim.objects.visible_to(user).filter(due_on=_today() + timedelta(days=days), state__in=OPEN)
            place = seen.order_by("-pk").values_list("due_on", "pk").first()
            if place is not None:
                deep = address(reverse("admin:claims_claim_changelist"), {**query, "p": written(AFTER, place)})
                yield Page(reader, f"work, {days} days on", deep)
        for queue in panels.queues_of(Payable, user):
            yield Page(reader, f"queue {queue.key}", address(reverse("admin:claims_payable_changelist"), {"queue": queue.key}))
        for name, query in owed.items():
            yield Page(reader, f"payables {name}", address(reverse("admin:claims_payable_changelist"), query))
        yield Page(reader, "workbench", reverse("admin:index"))
        yield Page(reader, "a claim", reverse("admin:claims_claim_change", args=[one.pk]))


def _today() -> Any:
    from django.utils import timezone

    return timezone.localdate()


def _known() -> Any:
    """Covers of people whose document is a true one; covers have the numbers of their people."""
    from django.db.models.expressions import RawSQL

    return RawSQL("SELECT person FROM bench_known", [])


def address(page: str, query: dict[str, Any]) -> str:
    """With what it is narrowed to."""
    from django.utils.http import urlencode

    return f"{page}?{urlencode(query)}" if query else page


_clients: dict[str, Any] = {}


def client_of(username: str) -> Any:
    """Signed in."""
    from django.test import Client

    from accounts.models import User

    if username not in _clients:
        _clients[username] = Client(headers={"accept-language": "zh-hans"})
        _clients[username].force_login(User.objects.get(username=username), backend="accounts.backends.RoleBackend")
    return _clients[username]


def ask(page: Page, wanted: argparse.Namespace) -> bool:
    """Print its line; whether it was slow. A page that its reader may not open has none."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = client_of(page.reader)
    with CaptureQueriesContext(connection) as warm:
        answer = client.get(page.address)
    if answer.status_code in (302, 400, 403, 404):
        return False
    assert answer.status_code == 200, (page, answer.status_code)
    taken, ours, theirs = [], [], []
    clock = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    for _turn in range(wanted.times):
        began, used, spent = time.perf_counter(), time.process_time(), _nanoseconds(clock)
        client.get(page.address)
        ours.append((time.process_time() - used) * 1000)
        theirs.append((_nanoseconds(clock) - spent) / 1e6)
        taken.append((time.perf_counter() - began) * 1000)
        if taken[-1] > 1_000:
            break
    with CaptureQueriesContext(connection) as asked:
        client.get(page.address)
    sql = sum(float(query["time"]) for query in asked) * 1000
    median = statistics.median(taken)
    mark = "!" if median >= wanted.slow else " "
    cpu, server = statistics.median(ours), statistics.median(theirs)
    print(
        f"{mark} {median:>7.0f} ms {cpu:>5.0f} own cpu {server:>6.0f} server's {sql:>7.0f} sql {len(asked):>3} queries  "
        f"{page.reader:<16} {page.name}", flush=True,
    )
    if wanted.plans and median >= wanted.slow and warm:
        explain(max(asked.captured_queries, key=lambda query: float(query["time"])))
    return median >= wanted.slow


def compare(times: int, *, claims: bool) -> None:
    """Django's own list beside ours, in turns, each as one who reads everything and one who works in a city."""
    from django.contrib.admin import AdminSite, ModelAdmin
    from django.contrib.sessions.backends.cache import SessionStore
    from django.test import RequestFactory
    from django.urls import reverse

    from accounts.models import User
    from beneficiaries.models import Enrollment
    from claims.models import Claim

    model, amount = (Claim, "amount") if claims else (Enrollment, "premium")

    class Stock(ModelAdmin):
        """As `startapp` leaves it, with four columns."""

        list_display = ("id", "region_code", "state", amount)

        def has_view_permission(self, request: Any, obj: Any = None) -> bool:
            """Everybody's."""
            return True

    class Site(AdminSite):
        """Whose pages nobody has to sign in to."""

        def has_permission(self, request: Any) -> bool:
            """Everybody."""
            return True

    site = Site(name="admin")
    site.register(model, Stock)
    request = RequestFactory().get("/")
    request.user, request.session = User.objects.get(username="auditor"), SessionStore()
    request.environ["HTTP_ACCEPT_LANGUAGE"] = "zh-hans"
    ours = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")

    def stock() -> None:
        page: Any = site._registry[model].changelist_view(request)
        page.render()

    takers: dict[str, Any] = {"stock": stock}
    for user in ("auditor", "reviewer.4416"):
        takers[user] = partial(client_of(user).get, ours)
    taken: dict[str, list[float]] = {name: [] for name in takers}
    for turn in range(times + 1):
        for name, taker in takers.items():
            began = time.perf_counter()
            taker()
            if turn:
                taken[name].append((time.perf_counter() - began) * 1000)
    base = statistics.median(taken.pop("stock"))
    print(f"{base:>9.0f} ms  Django's own list of {model._meta.model_name}s, first page")
    for name, found in taken.items():
        median = statistics.median(found)
        print(f"{median:>9.0f} ms  ours, {name}: {base / median:.1f} times faster", flush=True)


def _nanoseconds(clock: Path) -> int:
    """Processor time of the server's process for us (Linux); of workers beside it none."""
    return int(clock.read_text().split()[0]) if clock.exists() else 0


def explain(query: dict[str, str]) -> None:
    """The statement and its plan as it was carried out."""
    from django.db import connection

    print(f"    {float(query['time']) * 1000:.0f} ms: {query['sql'][:3000]}")
    if query["sql"].startswith(("SELECT", "WITH", "(SELECT")):
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, BUFFERS) " + query["sql"].replace("%", "%%"), [])
            for (line,) in cursor.fetchall():
                print(f"        {line[:220]}")


if __name__ == "__main__":
    main()
