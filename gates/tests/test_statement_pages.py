"""Pages of collection statements and of the reconciliation, as their users meet them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import Gate, pass_gate
from beneficiaries.models import Roster
from beneficiaries.testing import World, applied, make_world, people
from exports.tests.conftest import content_of, export
from gates.models import HeldPayment, OwnPayment, Statement
from gates.reconciliation import reconciliation_of
from gates.testing import checked_statement, line_of, paid, statement_csv, taken_in
from jobs.testing import drain
from programs.models import Period

pytestmark = pytest.mark.django_db
D = Decimal


def made() -> tuple[World, Roster]:
    """Four people who have only to pay."""
    world = make_world(requires_notice=True, notice_days=0, requires_own_payment=True)
    roster = applied(world, people(4))
    pass_gate(roster, gate=Gate.NOTICE, by=world.clerk, at=timezone.now())
    return world, roster


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def lines_of(roster: Roster) -> list[dict[str, str]]:
    return [line_of(cover) for cover in roster.enrollments.select_related("person", "program", "period").order_by("pk")]


def page(name: str, statement: Statement) -> str:
    return reverse(f"admin:gates_statement_{name}", args=[statement.pk])


def test_a_statement_goes_from_the_upload_to_the_cover_by_its_buttons(kept_world: Any) -> None:
    world, roster = kept_world
    maker, checker = signed_in(world.finance_maker), signed_in(world.finance_checker)
    lines = lines_of(roster)
    lines[3]["amount"] = "3.00"
    given = {
        "period": world.period.pk, "organization": world.city.pk, "channel": "wechat", "reference": "WX-1", "control_lines": "4",
        "control_amount": "3.03", "file": SimpleUploadedFile("微信.csv", statement_csv(lines).getvalue()),
    }
    answer = maker.post(reverse("admin:gates_statement_upload"), given)
    statement = Statement.objects.get()
    assert answer.headers["Location"] == page("change", statement)
    drain()
    shown = maker.get(page("change", statement))
    assert dict(shown.context["summary"]) == {
        "对账单合计": "4 笔，3.03 元", "已匹配": "3 笔，0.03 元", "未匹配：待核实或退还": "1 笔，3.00 元",
    }
    assert [(row.line, row.verdict) for row in shown.context["rows"]] == [
        ("2", "已匹配"), ("3", "已匹配"), ("4", "已匹配"), ("5", "未通过"),
    ]
    [group] = shown.context["problems"]
    assert [(one.cause, one.number) for one in group.problems] == [("与个人应缴金额不符", 1)]
    person = roster.enrollments.first().person
    assert person.name.reveal() not in shown.content.decode() and person.document.reveal() not in shown.content.decode()
    assert len(maker.get(f"{page('change', statement)}?code=AMOUNT_DIFFERS").context["rows"]) == 1
    maker.post(page("submit", statement))
    assert maker.get(page("approve", statement)).status_code == 403
    confirm = checker.get(page("approve", statement))
    assert [value for _label, value in confirm.context["facts"]][2:] == [
        "微信", "WX-1", world.city.name, "4 笔，3.03 元", "3 笔，0.03 元", "1 笔，3.00 元", "1",
    ]
    checker.post(page("approve", statement), {"digest": confirm.context["form"]["digest"].value()})
    drain()
    done = checker.get(page("change", statement))
    assert (Statement.objects.get().state, OwnPayment.objects.get().amount) == ("applied", D("0.03"))
    assert "查看清单" in done.content.decode()
    held = checker.get(f"{reverse('admin:gates_heldpayment_changelist')}?statement={statement.pk}")
    assert [each.amount for each in held.context["cl"].result_list] == [D("3.00")]
    assert set(roster.enrollments.values_list("state", flat=True)) == {"in_force", "awaiting"}
    # Who sees covers walks from the line to the cover, and back.
    cover = reverse("admin:beneficiaries_enrollment_change", args=[roster.enrollments.order_by("pk").first().pk])
    assert signed_in(world.auditor).get(page("change", statement)).context["rows"][0].outcome == cover
    row = statement.rows.order_by("pk").first().pk
    back = f"{page('change', statement)}?row={row}#row-{row}"
    assert f'href="{back}"' in signed_in(world.auditor).get(cover).content.decode()


def test_a_stale_page_approves_nothing(kept_world: Any) -> None:
    world, roster = kept_world
    statement = checked_statement(world, lines_of(roster))
    signed_in(world.finance_maker).post(page("submit", statement))
    answer = signed_in(world.finance_checker).post(page("approve", statement), {"digest": "0" * 64})
    assert (answer.status_code, Statement.objects.get().state, OwnPayment.objects.count()) == (409, "submitted", 0)


def test_refused_lines_come_back_in_the_files_layout_with_the_reason(kept_world: Any) -> None:
    world, roster = kept_world
    lines = lines_of(roster)
    lines[1]["amount"] = "0.50"
    statement = checked_statement(world, lines)
    answer = signed_in(world.finance_maker).post(page("refused_rows", statement), {"kind": "csv"})
    text = answer.content.decode("utf-8-sig")
    assert answer["Content-Disposition"] == f'attachment; filename="statement-{statement.pk}-refused.csv"'
    assert len(text.strip().splitlines()) == 2 and "与个人应缴金额不符" in text and lines[1]["number"] in text
    event = Event.objects.get(verb="statement.refused_rows_downloaded")
    assert (event.actor_id, event.data) == (world.finance_maker.pk, {"rows": 1, "format": "csv"})


def test_a_statement_whose_sum_differs_says_so_on_its_page(kept_world: Any) -> None:
    world, roster = kept_world
    statement = checked_statement(world, lines_of(roster), control_amount=D("0.05"))
    shown = signed_in(world.finance_maker).get(page("change", statement)).content.decode()
    assert "笔数或金额与对账单不符（4 / 0.04 ≠ 4 / 0.05）" in shown
    assert statement.state == "failed"


def test_who_may_not_upload_or_approve_has_no_button_and_no_page(kept_world: Any) -> None:
    world, roster = kept_world
    statement = checked_statement(world, lines_of(roster))
    signed_in(world.finance_maker).post(page("submit", statement))
    for user in (world.clerk, world.reviewer, world.auditor):
        client = signed_in(user)
        assert client.get(reverse("admin:gates_statement_upload")).status_code == 403, user
        assert client.post(page("approve", statement)).status_code == 403, user
    assert Statement.objects.get().state == "submitted"


def test_a_page_asks_as_much_for_many_lines_as_for_few(kept_world: Any, django_assert_max_num_queries: Any) -> None:
    world, roster = kept_world
    one = lines_of(roster)[0]
    few = checked_statement(world, [one, {**one, "serial": "again"}], reference="A")
    many = checked_statement(world, [*lines_of(roster), *[line_of(roster.enrollments.first(), serial=f"X{n}") for n in range(55)]])
    client = signed_in(world.finance_maker)
    counts = []
    for statement in (few, many):
        client.get(page("change", statement))
        with django_assert_max_num_queries(60) as asked:
            shown = client.get(page("change", statement))
        counts.append(len(asked))
    assert counts[0] == counts[1] and len(shown.context["rows"]) == 50
    rest = client.get(page("change", many) + shown.context["next_url"].partition("#")[0])
    assert len(rest.context["rows"]) == 9


def test_the_reconciliation_says_who_paid_who_did_not_and_what_came_in_for_nobody(kept_world: Any) -> None:
    world, roster = kept_world
    one, two, three, four = roster.enrollments.select_related("person", "program", "period").order_by("pk")
    paid(world, roster.enrollments.filter(pk=one.pk), amount=D("0.01"), reference="YH-1")
    taken_in(world, [line_of(one), line_of(two), line_of(three, amount="7.00"), line_of(two, serial="again")])
    period = Period.objects.select_related("plan", "program__organization").get(pk=world.period.pk)
    found = reconciliation_of(period, world.finance_checker)
    assert found is not None and found.books is not None
    told = [(line.number, line.amount) for line in found.people]
    assert told == [(2, D("0.02")), (2, D("0.02")), (0, D("0.00")), (0, D("0.00")), (0, D("0.00"))]
    assert [(line.number, line.amount) for line in found.came_in] == [(1, D("0.01")), (1, D("0.01"))]
    assert {line.label: (line.number, line.amount) for line in found.held} == {
        "重复缴费": (2, D("0.02")), "金额不符": (1, D("7.00")),
    }
    assert (found.books.received, found.books.shares, found.books.difference) == (D("0.02"), D("0.02"), D("0.00"))
    assert (found.books.came_in, found.books.held, found.books.outstanding) == (D("7.04"), D("7.02"), D("7.02"))
    client = signed_in(world.finance_checker)
    for line in (*found.people, *found.came_in, *found.held):
        if line.url and line.number:
            listed = client.get(line.url)
            if "ownpayment" in line.url:
                assert listed.context["cl"].result_count == 1, line.label
            else:
                assert listed.context["cl"].result_count == line.number, line.label
    text = client.get(reverse("admin:programs_period_change", args=[period.pk])).content.decode()
    assert "账面共收到 7.04 元：个人缴费 0.02 元，暂收 7.02 元，已退回 0.00 元。" in text
    # A county sees its own part, and no books of the whole.
    part = reconciliation_of(period, world.clerk)
    assert part is not None and part.books is None
    assert [(line.number, line.amount) for line in part.people][:2] == [(2, D("0.02")), (2, D("0.02"))]
    assert not part.held and four.pk and HeldPayment.objects.count() == 3


def test_held_payments_and_statements_leave_as_files_masked_and_without_markup(kept_world: Any) -> None:
    world, roster = kept_world
    lines = lines_of(roster)
    lines[0] |= {"number": "", "document": roster.enrollments.order_by("pk").first().person.document.reveal(), "amount": "5.00"}
    statement = taken_in(world, lines)
    client = signed_in(world.finance_maker)
    held = content_of(export(client, "gates.heldpayment")).decode("utf-8-sig").splitlines()
    assert held[0] == "编号,理由,姓名,保障凭证号,证件号码,金额（元）,缴费日期,状态,保障年度,对账单号,工作表,行号,机构"
    person = roster.enrollments.order_by("pk").first().person
    day = str(timezone.localdate())
    cells = [str(person.name), "", str(person.document), "5.00", day, "待处理", world.period.code, "DZ-1", "", "2", world.city.name]
    assert held[1].split(",")[1:] == ["金额不符", *cells]
    told = content_of(export(client, "gates.statement")).decode("utf-8-sig").splitlines()
    assert len(told) == 2 and ",DZ-1," in told[1] and ",5.03," in told[1] and "<" not in told[1]
    assert statement.money["held"] == "5.00"
