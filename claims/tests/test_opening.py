"""Many reports at once: each as the actions that do one would have left it, in a number of statements that does not grow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from django.db import connection, connections, models, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit import blind_index
from audit.fields import Sealed
from audit.models import Event
from beneficiaries.models import Enrollment
from beneficiaries.tests.purchasing import paid_market
from claims import actions
from claims.actions import Account, Charge, Opened, Opening, Report, open_cases
from claims.calendar_file import make_law_terms
from claims.errors import ClaimsRefused
from claims.models import ACCOUNT, Bill, BillLine, Case, Claim, ClaimStep
from claims.rules.states import State
from claims.testing import ACCOUNT_NUMBER, Ward, bought, make_ward

D = Decimal
OUT = "out_of_catalogue"
pytestmark = pytest.mark.django_db


def told(ward: Ward, **changes: Any) -> Report:
    return ward.told(**{"diagnosis": "c34.1 ", "channel": "file", **changes})


def bill(ward: Ward, number: str, *charges: tuple[str, str], **changes: Any) -> tuple[Bill, list[Charge]]:
    lines = [Charge(kind, D(amount)) for kind, amount in charges or [(OUT, "60000.00")]]
    return ward.invoice(lines, invoice_number=number, **changes), lines


def messy(ward: Ward, covers: Sequence[Enrollment]) -> list[Opening]:
    """A file as it comes: what fits, what is odd, an invoice that counts elsewhere, one without a number, a payee."""
    first, second, third = covers
    person = first.person
    return [
        Opening(
            first.pk, told(ward, reporter="agent", reporter_name=" 李四 ", reporter_phone="13800001234", account="在家摔倒"),
            [
                bill(ward, "0000000001", ("self_pay", "50000.00"), (OUT, "10000.00"), fund=D("30000.00"), printed_name="张*"),
                bill(ward, "0000000002", setting="outpatient", admitted_on=None, discharged_on=None),
                bill(ward, "", ("self_pay", "10.00"), invoice_code="", total=D("11.00")),
            ],
            Account("self", person.name.reveal(), f"{ACCOUNT_NUMBER[:8]} {ACCOUNT_NUMBER[8:]}", " 中国农业银行 ", "103598000011"),
        ),
        Opening(second.pk, told(ward, kind="accident", diagnosis="", injuries=[9, 8]), [bill(ward, "0000000001")]),
        Opening(third.pk, told(ward, diagnosis="I21.9", reported_on=timezone.localdate(ward.at))),
    ]


def one_by_one(ward: Ward, opening: Opening, covers: Sequence[Enrollment], *, until: State) -> Case:
    """The same report by the actions that do one."""
    case = actions.report_case(covers, opening.told, by=ward.clerk, at=ward.at)
    for row, charges in opening.bills:
        actions.add_bill(case, row, charges, by=ward.clerk, at=ward.at)
    for claim in case.claims.order_by("position"):
        if until != State.REPORTED:
            claim = actions.accept_claim(claim, by=ward.clerk, at=ward.at)
        if until == State.REGISTERED:
            claim = actions.register_claim(claim, by=ward.clerk, at=ward.at)
        if opening.payee is not None:
            actions.state_payee(claim, opening.payee, by=ward.clerk, at=ward.at)
    return case


@contextmanager
def undone() -> Iterator[None]:
    """As if nothing of it had been."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def pictured() -> list[Any]:
    """Every column of every row, numbers of rows by their turn, sealed values opened; and what was told."""
    turns: dict[str, dict[Any, int]] = {}
    rows: list[Any] = []
    for model in (Case, Claim, ClaimStep, Bill, BillLine):
        # Steps of a claim stand in their order, whatever stands between them.
        order = ("claim", "pk") if model is ClaimStep else ("pk",)
        kept = list(model.objects.order_by(*order))  # type: ignore[attr-defined]
        turns[model._meta.label_lower] = {row.pk: turn for turn, row in enumerate(kept)}
        rows += [{column.attname: _value(row, column, turns) for column in model._meta.concrete_fields} for row in kept]
    events = Event.objects.filter(subject_type__in=("claims.case", "claims.claim"))
    for event in sorted(events, key=lambda event: (event.subject_type, int(event.subject_id), event.pk)):
        said = {column.attname: getattr(event, column.attname) for column in Event._meta.concrete_fields if column.attname != "id"}
        rows.append({**said, "subject_id": turns[event.subject_type][int(event.subject_id)]})
    return rows


def _value(row: models.Model, column: Any, turns: dict[str, dict[Any, int]]) -> Any:
    value = getattr(row, column.attname)
    target = column.related_model._meta.label_lower if column.related_model else row._meta.label_lower if column.primary_key else ""
    if target in turns and value is not None:
        return turns[target][value]
    return value.reveal() if isinstance(value, Sealed) else bytes(value) if isinstance(value, memoryview) else value


def codes(results: Sequence[Opened]) -> list[str]:
    return ["" if each.refused is None else each.refused.code for each in results]


@pytest.mark.parametrize("until", [State.REPORTED, State.ACCEPTED, State.REGISTERED])
def test_a_case_opened_with_many_is_column_for_column_the_one_that_was_opened_alone(until: State) -> None:
    ward = make_ward()
    make_law_terms(at=ward.at - timedelta(days=400))
    market = paid_market(code="ZWEI", world=ward.market.world, pays="beijing-2025")
    covers = [ward.cover, ward.insure(1), ward.insure(2)]
    beside = bought(market)
    assert beside.person_id == ward.cover.person_id
    # A key that is made in what is undone would be another one.
    blind_index.index_value(ACCOUNT, ACCOUNT_NUMBER)
    with undone():
        for opening, group in zip(messy(ward, covers), ([ward.cover, beside], [covers[1]], [covers[2]]), strict=True):
            one_by_one(ward, opening, group, until=until)
        wanted = pictured()
    with undone():
        found = open_cases(messy(ward, covers), by=ward.clerk, at=ward.at, until=until)
        assert codes(found) == ["", "", ""]
        assert [[claim.enrollment_id for claim in each.claims] for each in found] == [
            [ward.cover.pk, beside.pk], [covers[1].pk], [covers[2].pk],
        ]
        got = pictured()
    assert len(wanted) == len(got)
    for before, after in zip(wanted, got, strict=True):
        assert after == before
    claims = [row for row in got if "due_on" in row]
    assert [row["state"] for row in claims] == [until] * 4
    assert [row["due_on"] is None for row in claims] == [until == State.REPORTED] * 4


def test_the_number_of_statements_does_not_grow_with_the_reports() -> None:
    ward = make_ward()
    make_law_terms(at=ward.at - timedelta(days=400))
    covers = [ward.cover, *(ward.insure(number) for number in range(1, 7))]
    blind_index.index_value(ACCOUNT, ACCOUNT_NUMBER)
    asked = []
    # The first makes keys and reads terms that are remembered.
    for few in (covers[:1], covers[:1], covers):
        with undone(), CaptureQueriesContext(connection) as queries:
            openings = [
                Opening(
                    cover.pk, told(ward), [bill(ward, f"000000001{number}"), bill(ward, f"000000002{number}")],
                    Account("self", cover.person.name.reveal(), ACCOUNT_NUMBER),
                )
                for number, cover in enumerate(few)
            ]
            named = len(queries)
            assert codes(open_cases(openings, by=ward.clerk, at=ward.at, until=State.REGISTERED)) == [""] * len(few)
            asked.append(len(queries) - named)
    assert asked[1] == asked[2]


def test_a_report_that_is_refused_says_why_and_takes_nothing_from_the_others() -> None:
    ward = make_ward()
    other, third = ward.insure(1), ward.insure(2)
    known = ward.report(third)
    soon = ward.at + timedelta(days=1)
    self_paid = Account("self", "李四", ACCOUNT_NUMBER)
    openings = [
        Opening(ward.cover.pk, told(ward, event_at=soon)),
        Opening(ward.cover.pk, told(ward, event_at=ward.at - timedelta(days=300))),
        Opening(0, told(ward)),
        Opening(third.pk, told(ward, diagnosis="C34.1")),
        Opening(ward.cover.pk, told(ward, injuries=[11])),
        Opening(ward.cover.pk, told(ward), [bill(ward, "0000000001", ("gold", "1.00"))]),
        Opening(ward.cover.pk, told(ward), [bill(ward, "0000000001"), bill(ward, "0000000001")]),
        Opening(ward.cover.pk, told(ward), [bill(ward, "0000000001", hospital_name="院" * 121)]),
        Opening(ward.cover.pk, told(ward), [bill(ward, "0000000001", fund=D("1e12"))]),
        Opening(ward.cover.pk, told(ward), [bill(ward, "0000000001", setting="elsewhere")]),
        Opening(ward.cover.pk, told(ward, diagnosis="C" * 21)),
        Opening(ward.cover.pk, told(ward), payee=self_paid),
        Opening(ward.cover.pk, told(ward), payee=replace(self_paid, payee="agent", number="1")),
        Opening(ward.cover.pk, told(ward), [bill(ward, "0000000001")]),
        Opening(ward.cover.pk, told(ward)),
        Opening(other.pk, told(ward), [bill(ward, "0000000001")]),
    ]
    found = open_cases(openings, by=ward.clerk, at=ward.at)
    assert codes(found) == [
        "HAPPENS_LATER", "NO_COVER", "NO_COVER", "REPORTED_ALREADY", "INJURY", "BILL_KIND", "BILL_TWICE", "SHAPE", "SHAPE",
        "SHAPE", "SHAPE", "PAYEE_NAME", "PAYEE_ACCOUNT", "", "REPORTED_ALREADY", "",
    ]
    first, last = found[13].case, found[15].case
    assert first is not None and last is not None
    assert found[3].refused is not None and found[3].refused.facts == {"number": known.number}
    assert found[14].refused is not None and found[14].refused.facts == {"number": first.number}
    assert [(each.case_id, each.standing) for each in Bill.objects.order_by("pk")] == [(first.pk, "stands"), (last.pk, "doubled")]
    assert Case.objects.count() == 3


def test_nobody_reports_on_covers_beyond_their_reach_but_a_caller_may_say_which_are_meant() -> None:
    ward = make_ward()
    assert codes(open_cases([Opening(ward.cover.pk, told(ward))], by=ward.third, at=ward.at)) == ["NO_COVER"]
    meant = Enrollment.objects.filter(organization=ward.cover.organization)
    found = open_cases([Opening(ward.cover.pk, told(ward))], by=ward.third, at=ward.at, among=meant)
    assert codes(found) == [""]
    assert open_cases([], by=ward.clerk, at=ward.at) == []


def test_a_doubled_invoice_is_in_its_case_once_too() -> None:
    ward = make_ward()
    ward.bill(ward.report())
    case = ward.report(diagnosis="I21.9")
    assert ward.bill(case).standing == "doubled"
    with pytest.raises(ClaimsRefused) as refused:
        ward.bill(case)
    assert refused.value.code == "BILL_TWICE"


@pytest.mark.django_db(transaction=True)
def test_an_invoice_that_is_entered_at_the_same_moment_counts_once_and_no_file_fails_for_it() -> None:
    ward = make_ward()
    other = ward.insure(1)
    ready: list[Any] = []

    def elsewhere() -> None:
        try:
            ready.extend(open_cases(
                [Opening(other.pk, told(ward), [bill(ward, "0000000001")])], by=ward.clerk, at=ward.at
            ))
        finally:
            connections["default"].close()

    with transaction.atomic():
        open_cases([Opening(ward.cover.pk, told(ward), [bill(ward, "0000000001")])], by=ward.clerk, at=ward.at)
        thread = Thread(target=elsewhere)
        thread.start()
        _wait_until_somebody_waits()
    thread.join(timeout=60)
    assert codes(ready) == [""]
    assert sorted(Bill.objects.values_list("standing", flat=True)) == ["doubled", "stands"]
    assert BillLine.objects.count() == 2


def _wait_until_somebody_waits() -> None:
    began = datetime.now()  # noqa: DTZ005 - a stretch of time
    while (datetime.now() - began) < timedelta(seconds=30):  # noqa: DTZ005
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waited")


def test_an_event_of_today_is_told_before_noon_when_its_hour_is_not_known() -> None:
    ward = make_ward()
    morning = timezone.localtime(ward.at).replace(hour=8, minute=30, second=0, microsecond=0)
    noon = morning.replace(hour=12, minute=0)
    for later in (Report(noon, time_known=True, diagnosis="C34.1"), Report(noon + timedelta(days=1), diagnosis="C34.1")):
        with pytest.raises(ClaimsRefused) as refused:
            actions.report_case([ward.cover], later, by=ward.clerk, at=morning)
        assert refused.value.code == "HAPPENS_LATER"
    case = actions.report_case([ward.cover], Report(noon, diagnosis="C34.1"), by=ward.clerk, at=morning)
    assert (case.event_at, case.recorded_at, case.time_known) == (noon, morning, False)
    found = open_cases([Opening(ward.cover.pk, Report(noon, diagnosis="I21.9"), [])], by=ward.clerk, at=morning)
    assert Case.objects.order_by("pk").last().event_at == noon and len(found) == 1
