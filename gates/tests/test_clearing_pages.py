"""Pages of held money, of clearings and of a payment's reversal, as finance and an auditor meet them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.testing import shared
from beneficiaries.actions import Gate, pass_gate
from beneficiaries.models import Roster
from beneficiaries.testing import World, applied, make_world, people
from exports.tests.conftest import content_of, export
from gates.models import Clearing, HeldPayment
from gates.reconciliation import reconciliation_of
from gates.testing import approved_clearing, clearing_of, line_of, paid, taken_in
from handover.testing import PASSWORD, opened
from portal.verify import check_all
from programs.models import Period

pytestmark = pytest.mark.django_db
D = Decimal
LIST = "admin:gates_heldpayment_changelist"


def made() -> tuple[World, Roster]:
    """Four people; a statement paid the first, and left three lines held: another amount, another name, a misread number."""
    world = make_world(requires_notice=True, notice_days=0, requires_own_payment=True)
    roster = applied(world, people(4))
    pass_gate(roster, gate=Gate.NOTICE, by=world.clerk, at=timezone.now())
    one, two, three, four = covers_of(roster)
    taken_in(
        world,
        [line_of(one), line_of(two, amount="5.00"), line_of(three, name="赵六"), line_of(four, number=f"{four.number[:-2]}00")],
    )
    return world, roster


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def covers_of(roster: Roster) -> list[Any]:
    return list(roster.enrollments.select_related("person", "program", "period").order_by("pk"))


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def page(name: str, of: Any) -> str:
    return reverse(f"admin:{of._meta.app_label}_{of._meta.model_name}_{name}", args=[of.pk])


def broken() -> list[tuple[str, list[str]]]:
    return [(result.name, result.examples) for result in check_all() if result.rows]


def test_a_held_line_is_assigned_by_the_buttons_of_two_people_and_walks_back_to_its_line(kept_world: Any) -> None:
    world, roster = kept_world
    four = covers_of(roster)[3]
    held = HeldPayment.objects.get(kind="unknown")
    maker, checker = signed_in(world.finance_maker), signed_in(world.finance_checker)
    assert page("assign", held) in maker.get(page("change", held)).content.decode()
    wrong = maker.post(page("assign", held), {"number": covers_of(roster)[0].number, "reason": "与银行回单核对"})
    assert (wrong.status_code, Clearing.objects.count()) == (409, 0)
    done = maker.post(page("assign", held), {"number": four.number, "reason": "与银行回单核对"})
    clearing = Clearing.objects.get()
    assert done.headers["Location"] == page("change", clearing)
    shown = maker.get(page("change", clearing)).content.decode()
    assert "待审批" in shown and four.number in shown and four.person.name.reveal() not in shown
    assert page("approve", clearing) not in shown and page("withdraw", clearing) in shown
    asked = checker.get(page("approve", clearing))
    assert str(four.person.name) in asked.content.decode()
    checker.post(page("approve", clearing), {"digest": asked.context["form"].initial["digest"]})
    four.refresh_from_db()
    assert four.state == "in_force"
    back = f"{page('change', held.statement)}?row={held.row_id}#row-{held.row_id}"
    assert f'href="{back}"' in signed_in(world.auditor).get(page("change", four)).content.decode()
    assert page("assign", held) not in maker.get(page("change", held)).content.decode()
    assert broken() == []


def test_what_the_list_shows_is_given_back_downloaded_and_recorded_by_its_lines(kept_world: Any) -> None:
    world, _roster = kept_world
    maker, checker = signed_in(world.finance_maker), signed_in(world.finance_checker)
    give_back = reverse("admin:gates_heldpayment_give_back")
    ids = [str(pk) for pk in HeldPayment.objects.order_by("pk").values_list("pk", flat=True)]
    to = maker.post(reverse(LIST), {"action": "return_selected", "_selected_action": ids[:2], "index": "0"})
    asked = maker.get(to.headers["Location"])
    assert [value for _label, value in asked.context["facts"]] == ["2", "5.01"]
    maker.post(to.headers["Location"], {"reason": "本人申请退款"})
    clearing = Clearing.objects.get()
    assert (clearing.lines_count, clearing.amount) == (2, D("5.01"))
    rest = maker.get(f"{give_back}?state__exact=held")
    assert [value for _label, value in rest.context["facts"]] == ["1", "0.01"]
    checker.post(page("approve", clearing), {"digest": clearing.digest})
    file = maker.post(page("download", clearing), {"password": PASSWORD})
    assert file["Content-Disposition"] == f'attachment; filename="HY-{world.period.code}-return-{clearing.pk}.zip"'
    assert len(opened(b"".join(file.streaming_content))[1].decode("utf-8-sig").splitlines()) == 3
    lines = reverse("admin:gates_clearingline_changelist")
    told = maker.post(
        f"{lines}?clearing={clearing.pk}",
        {"action": "returned_selected", "_selected_action": [clearing.lines.get(number=2).pk], "index": "0"},
    )
    assert told.headers["Location"] == f"{page('returned', clearing)}?numbers=2"
    answer = maker.post(
        told.headers["Location"], {"numbers": "2", "reference": "TK-9", "returned_on": str(timezone.localdate())}
    )
    assert answer.status_code == 302
    maker.post(page("not_returned", clearing), {"numbers": "1", "reason": "账户已销户"})
    clearing.refresh_from_db()
    assert (clearing.state, clearing.done_lines, clearing.left_lines) == ("done", 1, 1)
    shown = maker.get(f"{lines}?clearing={clearing.pk}").content.decode()
    assert "账户已销户" in shown and "TK-9" in shown
    assert broken() == []


def test_a_payment_is_reversed_by_its_button_and_says_so(kept_world: Any) -> None:
    world, roster = kept_world
    two, three = covers_of(roster)[1:3]
    payment = paid(world, roster.enrollments.filter(pk__in=[two.pk, three.pk]), amount=D("0.02"))
    maker, checker = signed_in(world.finance_maker), signed_in(world.finance_checker)
    assert page("reverse", payment) in maker.get(page("change", payment)).content.decode()
    maker.post(page("reverse", payment), {"numbers": f"{two.number}\n", "reason": "登记错了人"})
    clearing = Clearing.objects.get()
    checker.post(page("approve", clearing), {"digest": clearing.digest})
    two.refresh_from_db()
    assert (two.state, two.own_paid_at) == ("awaiting", None)
    assert f"已由处理单 {clearing.pk} 冲正" in signed_in(world.auditor).get(page("change", two)).content.decode()
    shown = maker.get(page("change", payment)).content.decode()
    assert page("change", clearing) in shown


def test_who_may_not_propose_or_approve_has_no_button_and_no_page(kept_world: Any) -> None:
    world, _roster = kept_world
    held = HeldPayment.objects.get(kind="unknown")
    clearing = clearing_of(world, HeldPayment.objects.filter(kind="amount"), "return")
    for user in (world.clerk, world.reviewer, world.auditor, world.finance_checker):
        client = signed_in(user)
        assert client.get(page("assign", held)).status_code == 403, user
        assert client.get(reverse("admin:gates_heldpayment_give_back")).status_code == 403, user
    for user in (world.auditor, world.finance_maker):
        assert signed_in(user).post(page("approve", clearing), {"digest": clearing.digest}).status_code == 403, user
    assert Clearing.objects.get().state == "proposed"


def test_a_list_of_several_statements_is_refused_in_words(kept_world: Any) -> None:
    world, roster = kept_world
    taken_in(world, [line_of(covers_of(roster)[0], serial="again")], reference="DZ-2")
    answer = signed_in(world.finance_maker).post(reverse("admin:gates_heldpayment_give_back"), {"reason": "本人申请退款"})
    assert (answer.status_code, Clearing.objects.count()) == (409, 0)
    assert "2 份对账单" in answer.content.decode()


def test_the_reconciliation_adds_up_what_came_in_with_its_ends(kept_world: Any) -> None:
    world, roster = kept_world
    four = covers_of(roster)[3]
    approved_clearing(world, clearing_of(world, HeldPayment.objects.filter(kind="unknown"), "assign", number=four.number))
    approved_clearing(world, clearing_of(world, HeldPayment.objects.filter(kind="amount"), "return"))
    period = Period.objects.select_related("plan", "program__organization").get(pk=world.period.pk)
    found = reconciliation_of(period, world.finance_checker)
    assert found is not None and found.books is not None
    assert [(line.label, line.number, line.amount) for line in found.came_in] == [
        ("按对账单登记", 1, D("0.01")), ("由待处理款项归入", 1, D("0.01")), ("逐批登记（无对账单）", 0, D("0.00")),
    ]
    assert {line.label: line.amount for line in found.held} == {"姓名或证件不符": D("0.01"), "金额不符": D("5.00")}
    assert {line.label: line.amount for line in found.ended} == {"已归入保障": D("0.01")}
    books = found.books
    assert (books.came_in, books.received, books.held, books.returned) == (D("5.03"), D("0.02"), D("5.01"), D("0.00"))
    assert (books.difference, books.held_difference) == (D("0.00"), D("0.00"))
    client = signed_in(world.finance_checker)
    for line in (*found.came_in, *found.held, *found.ended):
        listed = client.get(line.url)
        assert listed.context["cl"].result_count == line.number, line.label
    text = client.get(page("change", period)).content.decode()
    assert "账面共收到 5.03 元：个人缴费 0.02 元，暂收 5.01 元，已退回 0.00 元。" in text


def test_lines_of_a_clearing_leave_as_a_file_masked(kept_world: Any) -> None:
    world, _roster = kept_world
    clearing = clearing_of(world, HeldPayment.objects.filter(kind="amount"), "return")
    held = HeldPayment.objects.get(kind="amount")
    told = content_of(export(signed_in(world.finance_maker), "gates.clearingline")).decode("utf-8-sig").splitlines()
    assert len(told) == 2 and "<" not in told[1]
    cells = told[1].split(",")
    assert cells[0] == f"T{clearing.pk}-1" and str(held.row.name) in cells and held.row.name.reveal() not in told[1]
    assert {"退回", "未办结", "5.00"} <= set(cells)


def test_pages_ask_as_much_for_many_lines_as_for_few(kept_world: Any, django_assert_max_num_queries: Any) -> None:
    world, roster = kept_world
    one = clearing_of(world, HeldPayment.objects.filter(kind="amount"), "return")
    taken_in(world, [line_of(covers_of(roster)[0], serial=f"X{n}") for n in range(30)], reference="DZ-2")
    many = clearing_of(world, HeldPayment.objects.filter(statement__reference="DZ-2"), "return")
    client = signed_in(world.finance_checker)
    counts = []
    for clearing in (one, many):
        client.get(page("change", clearing))
        with django_assert_max_num_queries(60) as asked:
            client.get(page("change", clearing))
        counts.append(len(asked))
    assert counts[0] == counts[1]
