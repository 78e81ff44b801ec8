"""Lists of claims and of what they owe: what work stands first, what is found, and that no page reads the whole table."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.testing import make_user
from audit import panels
from audit.admin.queue_filter import said_once
from audit.testing import shared
from claims import actions
from claims.admin.claims import ClaimAdmin
from claims.models import Claim
from claims.testing import Ward, make_ward
from portal import dashboard

pytestmark = pytest.mark.django_db

_django_db_helper, one_world, kept_world = shared(make_ward)
#: Claims of one office, and how many of them a page of fifty may look at.
MANY, LOOKED_AT = 6_000, 700


@pytest.fixture
def ward(kept_world: Ward, settings: Any) -> Ward:
    settings.SECOND_FACTOR_REQUIRED = False
    return kept_world


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def address(label: str = "claim") -> str:
    return reverse(f"admin:claims_{label}_changelist")


def listed(client: Client, **query: Any) -> list[int]:
    return [row.pk for row in client.get(address(), query).context["cl"].result_list]


def copies(claim: Claim, many: int, **changes: str) -> list[int]:
    """So many claims as this one, of cases of their own; `changes`: columns by SQL over the number `beside.id` of each."""
    made = []
    with connection.cursor() as cursor:
        for table, model, changed in (
            ("claims_case", claim.case_id, {}),
            ("claims_claim", claim.pk, {"case_id": "beside.id", "settlement": "NULL", **changes}),
        ):
            cursor.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND column_name <> 'id'"
                " AND is_generated = 'NEVER'", [table],
            )
            names = [name for (name,) in cursor.fetchall()]
            picked = ", ".join(changed.get(name, f"model.{name}") for name in names)
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(names)}) SELECT {picked} FROM {table} model,"
                " unnest(%s::bigint[]) AS beside(id) WHERE model.id = %s ORDER BY beside.id RETURNING id",
                [made or list(range(many)), model],
            )
            made = [number for (number,) in cursor.fetchall()]
    return made


def test_work_stands_by_nearness_of_its_day_and_each_page_goes_on_where_the_last_one_ended(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = ward.report().claims.get()
    made = [claim.pk, *copies(claim, 6)]
    days = [3, None, -2, 3, None, 0, 3]
    for number, day in zip(made, days, strict=True):
        Claim.objects.filter(pk=number).update(due_on=None if day is None else ward.today + timedelta(days=day))
    nearest = [made[2], made[5], made[0], made[3], made[6], made[1], made[4]]
    clerk = signed_in(ward.clerk)
    assert listed(clerk, hand="nobody") == nearest
    assert listed(clerk) == made[::-1]
    assert listed(clerk, queue="claims.near") == nearest[:2]
    assert listed(clerk, due="week") == nearest[1:5]
    monkeypatch.setattr(ClaimAdmin, "list_per_page", 2)
    forward, backward = [], []
    for way, first, found in (("next", "", forward), ("previous", "last", backward)):
        place = f"?hand=nobody&p={first}"
        while place:
            shown = clerk.get(f"{address()}{place}").context["cl"]
            found.append([row.pk for row in shown.result_list])
            place = shown.paginator.links.get(way, "")
    assert forward == [nearest[0:2], nearest[2:4], nearest[4:6], nearest[6:]]
    assert [number for page in backward[::-1] for number in page] == nearest


def test_a_payment_past_its_day_waits_for_who_pays(ward: Ward) -> None:
    claims = [
        ward.claim(number=f"000000000{number}", event_at=ward.at - timedelta(days=number)) for number in range(1, 5)
    ]
    for claim, day in zip(claims, (-1, 1, 2, 0), strict=True):
        ward.decide(claim)
        Claim.objects.filter(pk=claim.pk).update(due_on=ward.today + timedelta(days=day))
    ward.pay(claims[3])
    late, soon, far, _paid = [claim.payables.get() for claim in claims]
    queue = panels.registry.queues["claims.to_pay"]
    cashier = signed_in(ward.cashier)

    def waits() -> tuple[int, list[int]]:
        shown = cashier.get(address("payable"), {"queue": "claims.to_pay"}).context["cl"]
        return queue.count(ward.cashier), [row.pk for row in shown.result_list]

    assert waits() == (2, [soon.pk, late.pk])
    assert listed(signed_in(ward.clerk), due="pay") == [claims[0].pk, claims[1].pk]
    assert listed(signed_in(ward.clerk), due="over") == []
    # What is at the bank, or came back from it, is late all the same.
    actions.take_payables([late.pk], by=ward.second, at=ward.at)
    assert waits() == (2, [soon.pk, late.pk])
    actions.fail_payables([(late.pk, "ACCOUNT_CLOSED")], by=ward.second, at=ward.at)
    assert waits() == (2, [soon.pk, late.pk])
    ward.pay(claims[1])
    assert waits() == (1, [late.pk])
    Claim.objects.filter(pk=claims[2].pk).update(due_on=ward.today)
    assert waits() == (2, [far.pk, late.pk])


def test_a_queue_says_each_condition_of_its_rows_once(ward: Ward) -> None:
    claim = ward.propose(ward.claim()).claim
    with CaptureQueriesContext(connection) as asked:
        assert listed(signed_in(ward.reviewer), queue="claims.to_sign") == [claim.pk]
    of_rows = [query["sql"] for query in asked if "'assessed'" in query["sql"] and "FROM \"claims_claim\"" in query["sql"]]
    assert len(of_rows) > 1
    # The list's scope and the queue's are of two permissions of one role.
    assert [(sql.count('"organization_id" IN ('), sql.count("restricted_at")) for sql in of_rows] == [(1, 1)] * len(of_rows)


def test_conditions_that_differ_are_all_kept(ward: Ward) -> None:
    made = [ward.report().claims.get().pk]
    made += copies(Claim.objects.get(), 4)
    rows = Claim.objects.filter(pk__gte=made[1]).filter(pk__gte=made[1]).filter(pk__lte=made[3]).exclude(pk=made[2])
    once = said_once(rows)
    assert str(once.query).count(">=") == 1
    assert set(once.values_list("pk", flat=True)) == {made[1], made[3]}
    assert str(rows.query).count(">=") == 2
    either = Claim.objects.filter(Q(pk=made[0]) | Q(pk=made[1]))
    assert set(said_once(either).values_list("pk", flat=True)) == set(made[:2])
    nothing = Claim.objects.filter(pk__in=[])
    assert list(said_once(nothing)) == []


def test_claims_of_today_lie_behind_the_first_of_them(ward: Ward) -> None:
    claim = ward.report().claims.get()
    noon = timezone.localtime().replace(hour=12)
    # One of last week bears a later number than one of today: numbers follow the hour nearly, not always.
    last_week, today, late, morning, yesterday = [
        copies(claim, 1, reported_at=f"'{noon + timedelta(hours=hour):%Y-%m-%d %H:%M}+08'")[0] for hour in (-200, 0, -200, -1, -24)
    ]
    clerk = signed_in(ward.clerk)

    def since(days: int, **query: str) -> list[int]:
        day = timezone.localdate() - timedelta(days=days)
        found = listed(clerk, reported_at__gte=f"{day:%Y-%m-%d} 00:00:00+08:00", **query)
        return [number for number in found if number != claim.pk]

    with CaptureQueriesContext(connection) as asked:
        assert since(0) == [morning, today]
    assert any(f'"claims_claim"."id" >= {claim.pk}' in query["sql"] for query in asked)
    assert since(0, p="last") == [morning, today]
    assert since(1) == [yesterday, morning, today]
    assert since(20) == [yesterday, morning, late, today, last_week]
    assert since(-1) == []


@pytest.mark.parametrize("asked", [
    "9999-12-31 23:59:59+00:00", "9999-12-31 23:59:59-12:00", "0001-01-01 00:00:00+14:00", "2026-13-01 00:00:00+08:00", "today", "",
])
def test_a_day_that_no_calendar_reaches_is_answered(ward: Ward, asked: str) -> None:
    assert signed_in(ward.clerk).get(address(), {"reported_at__gte": asked}).status_code in (200, 302)


def test_a_claim_is_found_by_its_invoice_within_reach_only(ward: Ward) -> None:
    claim = ward.claim(number="0044006612")
    other = ward.claim(("out_of_catalogue", "900.00"), number="0044006613", event_at=ward.at - timedelta(days=20))
    assert listed(signed_in(ward.clerk), q=" 0044006612 ") == [claim.pk]
    assert listed(signed_in(ward.reviewer), q="0044006613") == [other.pk]
    assert listed(signed_in(ward.clerk), q="0044006614") == []
    stranger = make_user("hy-lists.clerk", organization=ward.market.world.sibling, role="clerk")
    assert listed(signed_in(stranger), q="0044006612") == []


def test_decisions_wait_for_whom_they_lack(ward: Ward) -> None:
    proposed = actions.propose_threshold(
        ward.market.program, second_above=Decimal("10000.00"), third_above=Decimal("20000.00"), by=ward.clerk, at=ward.at
    )
    actions.approve_threshold(proposed, by=ward.reviewer, at=ward.at)
    claim = ward.claim()
    decision = ward.propose(claim)
    assert decision.signatures_needed == 3
    queues = {queue.key: queue for queue in panels.registry.queues.values()}

    def waits() -> list[tuple[int, int]]:
        return [
            (queues["claims.to_sign"].count(user), queues["claims.to_countersign"].count(user))
            for user in (ward.reviewer, ward.second, ward.third)
        ]

    # Who signs for finance signs as second or third only.
    assert waits() == [(1, 0), (1, 0), (0, 0)]
    actions.sign_decision(decision, digest=decision.digest, by=ward.reviewer, at=ward.at)
    assert waits() == [(0, 0), (0, 1), (0, 1)]
    actions.sign_decision(decision, digest=decision.digest, by=ward.second, at=ward.at)
    assert waits() == [(0, 0), (0, 0), (0, 1)]
    actions.sign_decision(decision, digest=decision.digest, by=ward.third, at=ward.at)
    assert waits() == [(0, 0), (0, 0), (0, 0)]


def test_a_long_queue_is_counted_up_to_a_bound(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    copies(ward.report().claims.get(), 3)
    queue = panels.registry.queues["claims.reported"]
    assert dashboard.queue_card(queue, ward.clerk).text == "4"
    monkeypatch.setattr(panels, "MOST", 3)
    assert (queue.count(ward.clerk), dashboard.queue_card(queue, ward.clerk).text) == (4, "3+")
    monkeypatch.setattr(panels, "MOST", 2)
    assert queue.count(ward.clerk) == 3


def read_of(client: Client, query: dict[str, Any]) -> tuple[int, list[str]]:
    """Rows of claims that the questions of a page looked at, and the lines of their plans."""
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address(), query).status_code == 200
    looked_at, lines = 0, []
    for statement in {each["sql"] for each in asked if 'FROM "claims_claim"' in each["sql"] and "LIMIT" in each["sql"]}:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + statement.replace("%", "%%"), [])
            (plan,) = cursor.fetchone() or ()
        for node in nodes(plan[0]["Plan"] if isinstance(plan, list) else json.loads(plan)[0]["Plan"]):
            if node.get("Relation Name") == "claims_claim":
                rows = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
                looked_at = max(looked_at, round(rows))
                lines.append(f"{rows:.0f} rows by {node['Node Type']} {node.get('Index Name')} of ...{statement[-300:]}")
    return looked_at, lines


def nodes(node: dict[str, Any]) -> Any:
    yield node
    for below in node.get("Plans", ()):
        yield from nodes(below)


def test_no_page_and_no_count_looks_at_more_than_it_shows_of_thousands(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    claim = ward.report().claims.get()
    covers = [ward.insure(number).pk for number in range(1, 9)]
    # As in an office after years: of twenty claims one is open, and states lie among one another.
    copies(
        claim, MANY, enrollment_id=f"(ARRAY{covers})[1 + beside.id %% {len(covers)}]",
        due_on="current_date - 5 + (beside.id %% 40)::int",
        state="CASE WHEN beside.id %% 20 = 3 THEN 'review' WHEN beside.id %% 20 = 7 THEN 'refused'"
        " WHEN beside.id %% 20 = 11 THEN 'payable'"
        " WHEN beside.id %% 100 = 9 THEN 'withdrawn' ELSE 'zero' END",
        settlement="CASE WHEN beside.id %% 20 = 11 THEN beside.id END", amount="CASE WHEN beside.id %% 20 = 11 THEN 1.00 END",
        handler_id=f"CASE WHEN beside.id %% 40 = 3 THEN {ward.clerk.pk} END",
        reported_at=f"model.reported_at - ({claim.case_id + MANY} - beside.id) * interval '1 hour'",
    )
    with connection.cursor() as cursor:
        # What stands beside them, too.
        cursor.execute("ANALYZE")
    monkeypatch.setattr("audit.paging.CAP", 100)
    clerk = signed_in(ward.clerk)
    queries: list[dict[str, Any]] = [
        {}, {"p": "last"}, {"state__exact": "refused"}, {"state__exact": "refused", "p": "last"}, {"state__exact": "declined"},
        {"state__exact": "review"}, {"hand": "mine"}, {"hand": "nobody"}, {"due": "over"}, {"due": "week"},
        {"due": "pay"}, {"queue": "claims.near"},
        {"queue": "claims.mine"}, {"period__id__exact": 0}, {"program__id__exact": claim.program_id}, {"place": "441602"},
        {"place": "110101"}, {"organization__id__exact": claim.organization_id}, {"q": claim.number},
    ]
    assert Claim.objects.count() == MANY + 1
    wrong = {str(query): lines for query in queries for found, lines in [read_of(clerk, query)] if found > LOOKED_AT}
    assert not wrong, "\n".join(f"{query}: {line}" for query, lines in wrong.items() for line in lines)
