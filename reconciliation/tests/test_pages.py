"""Pages of the room: agreeing books, a difference led to its rows, a statement and its files, each by its clicks."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.testing import make_user
from audit.testing import shared
from closing.testing import closed
from handover.tests.test_pages import signed_in, text_of
from payouts.testing import Till, fresh, keys_of
from reconciliation.testing import owe_booked, sent_booked

pytestmark = pytest.mark.django_db


def made() -> Till:
    """One paid, one returned, one unanswered, one in no batch."""
    till, batch = sent_booked("1.00", "2.00", "3.00")
    one, two, _three = keys_of(batch)
    till.answered(fresh(batch), [(one, "1.00", "Y"), (two, "2.00", "T", "", "销户")])
    owe_booked(till, "5.00")
    return till


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:reconciliation_{name}", args=args)


def test_agreeing_books_say_so_and_what_is_on_its_way(kept_world: Till) -> None:
    client, program = signed_in(kept_world.maker), kept_world.world.program
    listed = text_of(client.get(page("reconciliation_changelist")))
    assert program.name in listed and "10.00" in listed
    shown = text_of(client.get(page("reconciliation_change", program.pk)))
    for words in ("全部一致", "应付但未进批次", "核定与入账", "应付赔款合计", "10.00"):
        assert words in shown, words
    assert "不一致" not in shown.replace("不一致的行", "")
    rows = text_of(client.get(page("reconciliation_rows", program.pk) + "?of=unbatched"))
    assert "5.00" in rows and "返回对账" in rows


def test_a_difference_leads_to_exactly_its_rows(kept_world: Till) -> None:
    client, program = signed_in(kept_world.maker), kept_world.world.program
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE payouts_bankresult DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM payouts_bankresult WHERE line_id = (SELECT id FROM payouts_batchline WHERE number = 1)")
    shown = text_of(client.get(page("reconciliation_change", program.pk)))
    assert "不一致" in shown and "of=lines_results_paid" in shown and "of=results_booked" in shown
    rows = text_of(client.get(page("reconciliation_rows", program.pk) + "?of=lines_results_paid"))
    assert "-000001" in rows and "-000002" not in rows and "1.00" in rows
    assert "没有不一致的行" in text_of(client.get(page("reconciliation_rows", program.pk) + "?of=paid_lines"))


def test_a_month_a_day_or_an_office_narrows_and_nonsense_is_told(kept_world: Till) -> None:
    client, world, today = signed_in(kept_world.checker), kept_world.world, timezone.localdate()
    address = page("reconciliation_change", world.program.pk)
    month = text_of(client.get(f"{address}?month={today:%Y-%m}&late=5"))
    assert "期末余额" in month and "截至现在" in month
    assert "期末余额" in text_of(client.get(f"{address}?day={today:%Y-%m-%d}"))
    assert "余额（元）" not in text_of(client.get(f"{address}?office={world.office.pk}"))
    assert "月份与日期只能选一个" in text_of(client.get(f"{address}?month={today:%Y-%m}&day={today:%Y-%m-%d}"))
    for wrong in ("month=2026-99", "day=x", "office=x", "late=-1", "office=99999999"):
        assert client.get(f"{address}?{wrong}").status_code == 200, wrong
    rows = page("reconciliation_rows", world.program.pk)
    for wrong in ("of=nothing", "of=failed&after=x", "of=failed&after=-5"):
        assert client.get(f"{rows}?{wrong}").status_code == 404, wrong


def test_the_page_costs_as_many_queries_for_many_payouts_as_for_few(kept_world: Till) -> None:
    client, address = signed_in(kept_world.maker), page("reconciliation_change", kept_world.world.program.pk)
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    owe_booked(kept_world, *["1.00"] * 4)
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(few) == len(many)


def test_only_finance_and_auditors_of_the_operating_office_come_in(kept_world: Till) -> None:
    world = kept_world.world
    county = make_user("hy-county.money", organization=world.office, role="finance_maker")
    for name in ("reconciliation_change", "reconciliation_rows"):
        address = page(name, world.program.pk)
        assert signed_in(world.auditor).get(address).status_code == 200
        assert signed_in(county).get(address).status_code in (302, 403, 404)
        assert signed_in(world.clerk).get(address).status_code in (403, 404)


def test_a_statement_is_read_and_taken_along_as_workbook_and_paper(kept_world: Till) -> None:
    found = closed(kept_world.world)
    client = signed_in(kept_world.maker)
    assert f"{found.month:%Y-%m}" in text_of(client.get(page("claimstatement_changelist")))
    shown = text_of(client.get(page("claimstatement_change", found.pk)))
    for words in ("赔付月结单", "应付变动", "与账本一致", "期末应付", "10.00"):
        assert words in shown, words
    insurer = kept_world.world.program.insurer_id
    assert "100.00 %" in text_of(client.get(page("claimstatement_change", found.pk) + f"?for=insurer:{insurer}"))
    assert client.get(page("claimstatement_change", found.pk) + "?for=insurer:0").status_code == 404
    for name, begins in (("workbook", b"PK"), ("paper", b"%PDF-")):
        answer = client.get(page(f"claimstatement_{name}", found.pk))
        assert answer.status_code == 200 and answer.content.startswith(begins) and "attachment" in answer["Content-Disposition"]
