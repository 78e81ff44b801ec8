"""Pages of funds as their readers meet them: buttons, sums, what a funder may see and what it may not; constant questions."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.testing import make_user
from audit.testing import shared
from beneficiaries.models import Enrollment
from beneficiaries.testing import World, applied, make_world, people
from subsidies import actions
from subsidies.models import FundMovement, FundRequest
from subsidies.money_page import page_of
from subsidies.testing import ended, made, received, sent

pytestmark = pytest.mark.django_db
D = Decimal


def make() -> tuple[World, FundRequest]:
    """Twelve people of 低保 and two of 特困 asked for; half the money came in."""
    world = make_world()
    applied(world, people(12))
    applied(world, people(2, first=20, categories="特困人员"))
    request = sent(world)
    received(world, "500.00")
    return world, FundRequest.objects.get(pk=request.pk)


_django_db_helper, one_world, kept_world = shared(make)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:subsidies_{name}", args=args)


def buttons(client: Client, address: str) -> set[str]:
    context = client.get(address).context
    return {str(each["path"]).rstrip("/").rsplit("/", 1)[1] for each in (context["actions_detail"] or ())}


def test_a_request_goes_from_its_form_to_what_came_in_by_the_buttons(kept_world: Any) -> None:
    world, _request = kept_world
    applied(world, people(1, first=40))
    maker, checker = signed_in(world.finance_maker), signed_in(world.finance_checker)
    form = {"funder": world.foundation.pk, "period": world.period.pk, "cut_on": str(timezone.localdate())}
    answer = maker.post(page("fundrequest_make"), form)
    request = FundRequest.objects.latest("pk")
    assert (answer.status_code, answer.url) == (302, page("fundrequest_change", request.pk))
    assert buttons(maker, answer.url) == {"submit", "withdraw", "statement"}
    maker.post(page("fundrequest_submit", request.pk))
    assert buttons(maker, answer.url) == {"withdraw", "statement", "print"}
    assert buttons(checker, answer.url) == {"approve", "statement", "print"}
    request.refresh_from_db()
    assert checker.post(page("fundrequest_approve", request.pk), {"digest": "x"}).status_code == 409
    checker.post(page("fundrequest_approve", request.pk), {"digest": request.digest})
    assert buttons(maker, answer.url) == {"receive", "write-off", "statement", "print"}
    assert buttons(checker, answer.url) == {"recall", "statement", "print"}
    given = {"request": request.pk, "amount": "68.99", "reference": "YH1", "received_on": str(timezone.localdate())}
    maker.post(page("fundrequest_receive", request.pk), given)
    movement = FundMovement.objects.latest("pk")
    assert buttons(maker, page("fundmovement_change", movement.pk)) == set()
    assert buttons(checker, page("fundmovement_change", movement.pk)) == {"confirm", "decline"}
    checker.post(page("fundmovement_confirm", movement.pk))
    request.refresh_from_db()
    assert (request.state, request.allocated) == ("settled", D("68.99"))
    assert buttons(maker, page("fundmovement_change", movement.pk)) == {"reverse"}


def test_a_refusal_stands_on_the_page_in_words_and_changes_nothing(kept_world: Any) -> None:
    world, _request = kept_world
    form = {"funder": world.foundation.pk, "period": world.period.pk, "cut_on": str(timezone.localdate())}
    answer = signed_in(world.finance_maker).post(page("fundrequest_make"), form, headers={"accept-language": "zh-hans"})
    assert answer.status_code == 409 and "上次请款之后没有变化" in answer.content.decode()
    assert FundRequest.objects.count() == 1


def test_doubts_are_decided_on_the_list_that_shows_them(kept_world: Any) -> None:
    world, _request = kept_world
    Enrollment.objects.filter(roster__isnull=False).update(state="in_force")
    request = made(world, world.county)
    request.lines.update(doubt="overlaps")
    client = signed_in(world.finance_maker)
    address = f"{page('fundrequestline_decide')}?request__id__exact={request.pk}&open=1"
    shown = client.get(address)
    assert [value for _label, value in shown.context["facts"]][1] == "14"
    client.post(address, {"verdict": "left_out", "reason": "外县已资助"})
    request.refresh_from_db()
    assert (request.people, request.amount) == (0, D("0.00"))
    assert set(request.lines.values_list("verdict", "reason")) == {("left_out", "外县已资助")}


def test_a_funder_sees_sums_and_no_person_and_no_small_number(kept_world: Any) -> None:
    world, request = kept_world
    client = signed_in(world.foundation_maker)
    answer = client.get(page("fundrequest_change", request.pk))
    table = answer.context["table"]
    assert table.hides and [[cell.times for cell in line.cells] for line in table.lines] == [[None, None]]
    assert table.total.total.amount == D("965.86")
    assert answer.context["lines_url"] == ""
    assert client.get(page("fundrequestline_changelist")).context["cl"].result_count == 0
    assert buttons(client, page("fundrequest_change", request.pk)) == {"print", "statement"}
    for denied in ("submit", "approve", "receive", "withdraw"):
        assert client.post(page(f"fundrequest_{denied}", request.pk)).status_code in (403, 404)
    letter = client.post(page("fundrequest_print", request.pk)).content.decode()
    assert "玖佰陆拾伍元捌角陆分" in letter and "不显示" in letter and "李" not in letter
    file = client.get(f"{page('fundrequest_statement', request.pk)}?format=csv").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(file)))
    assert [row[2:] for row in rows[1:]] == [["不显示"] * 6, ["不显示"] * 6, ["14", "965.86", "0.00", "965.86", "0.00", "0.00"]]


def test_the_office_sees_every_number_and_the_statement_adds_up(kept_world: Any) -> None:
    world, request = kept_world
    roster = Enrollment.objects.earliest("pk").roster
    ended(roster.enrollments.earliest("pk"), ended_on=timezone.localdate())
    found = actions.make_differences(world.period, by=world.finance_maker, at=timezone.now())
    actions.approve_differences(found, digest=found.digest, by=world.finance_checker, at=timezone.now())
    client = signed_in(world.finance_maker)
    table = client.get(page("fundrequest_change", request.pk)).context["table"]
    assert [[(cell.times, str(cell.amount)) for cell in line.cells] for line in table.lines] == [[(2, "137.98"), (12, "827.88")]]
    stated = client.get(page("fundrequest_statement", request.pk)).context["stated"]
    assert [(row.sums.used, row.sums.given_back, row.sums.asked, row.sums.to_ask) for row in stated.rows] == [
        (D("137.98"), D("0.00"), D("137.98"), D("0.00")), (D("827.88"), D("68.99"), D("827.88"), D("-68.99")),
    ]
    assert (stated.total.used, stated.total.to_ask) == (D("965.86"), D("-68.99"))


def funder_page(client: Client, world: World) -> Any:
    return client.get(reverse("admin:programs_funder_change", args=[world.foundation.pk]))


def funds_of(world: World, user: Any) -> Any:
    return page_of(world.foundation, user)


def test_a_foundation_sees_its_money_from_grant_to_person_times(kept_world: Any) -> None:
    world, _request = kept_world
    found = funds_of(world, world.foundation_maker)
    total = found.total
    assert (total.granted, total.used, total.asked, total.received, total.people, total.times) == (
        D("1000000.00"), D("965.86"), D("965.86"), D("500.00"), 14, 14,
    )
    assert [(month.asked, month.received) for month in found.months][4:] == [(0, 0), (D("965.86"), D("500.00"))]
    assert len(found.months) == 6
    assert found.table.hides and found.table.has_gaps
    assert not funds_of(world, world.auditor).table.has_gaps
    text = funder_page(signed_in(world.foundation_maker), world).content.decode()
    assert "965.86" in text and "李" not in text
    # Of a county's office it shows nothing: the money is not its own.
    stranger = make_user("sibling.finance", organization=world.sibling, role="finance_maker")
    assert funds_of(world, stranger).years == []


def test_pages_ask_as_much_for_many_as_for_few(kept_world: Any) -> None:
    world, request = kept_world
    client = signed_in(world.finance_maker)
    addresses = [
        page("fundrequest_change", request.pk), page("fundrequest_changelist"), page("fundrequestline_changelist"),
        page("fundmovement_changelist"), reverse("admin:programs_funder_change", args=[world.foundation.pk]),
        page("fundrequest_statement", request.pk),
    ]

    def asked() -> list[int]:
        found = []
        for address in addresses:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200, address
            found.append(len(queries))
        return found

    asked()
    before = asked()
    applied(world, people(6, first=60))
    sent(world)
    for number in range(3):
        received(world, "1.00", reference=f"M{number}")
    assert asked() == before


def test_what_a_role_reads_of_a_row_says_nothing_of_what_it_may_change(kept_world: Any) -> None:
    """One request asks both of one row: whichever is asked first, a funder reads and does not change."""
    world, request = kept_world
    model_admin = admin.site._registry[FundRequest]
    for order in (("view_fundrequest", "make_request"), ("make_request", "view_fundrequest")):
        asked = RequestFactory().get("/")
        asked.user = world.foundation_maker
        found = {name: model_admin.reaches(asked, request.pk, f"subsidies.{name}") for name in order}  # type: ignore[attr-defined]
        assert found == {"view_fundrequest": True, "make_request": False}
