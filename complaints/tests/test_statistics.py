"""Complaints of a quarter in figures: by kind, cause, program, insurer and office, as far as their reader sees them."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override
from openpyxl import load_workbook

from accounts.models import User
from accounts.testing import make_user
from audit.testing import shared
from claims.terms import calendar_now
from claims.testing import Ward
from complaints.models import Outcome, Topic
from complaints.rules.quarters import Quarter, working_days
from complaints.statistics import quarters, tables_of
from complaints.testing import recorded, told
from complaints.tests.test_complaints import make_court
from complaints.tests.test_pages import browser, page
from exports.tables import Cell, Table

pytestmark = pytest.mark.django_db


def made() -> tuple[Ward, User]:
    """Of one claim: a complaint partly upheld and told, one that is open, an appeal that is not upheld; one of a year ago."""
    ward, judge, _other, claim = make_court()
    recorded(ward, claim, received_on=ward.today - timedelta(days=370), topic=Topic.DATA)
    told(ward, recorded(ward, claim, received_on=ward.today - timedelta(days=3)), by=judge, outcome=Outcome.PARTLY)
    told(ward, recorded(ward, claim, topic=Topic.REFUSAL), by=judge, outcome=Outcome.NOT_UPHELD)
    recorded(ward, claim, topic=Topic.DELAY)
    return ward, judge


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def _chinese(settings: Any) -> Any:
    settings.SECOND_FACTOR_REQUIRED = False
    with override("zh-hans"):
        yield


def of(ward: Ward, user: User, **given: Any) -> dict[str, Table]:
    """The tables of the days in which the world's complaints came; a quarter may begin within them."""
    found = tables_of(user, Quarter.of(ward.today), **{
        "program_id": None, "calendar": calendar_now(), "today": ward.today, **given,
    })
    return {each.key: each for each in found}


def lines(table: Table) -> dict[str, tuple[Cell, ...]]:
    return {name: tuple(cells[:2]) + tuple(cells[3:6]) + tuple(cells[7:10]) for name, cells in table.lines}


def test_complaints_are_counted_by_kind_cause_program_insurer_and_office(kept_world: Any) -> None:
    ward, judge = kept_world
    before = Quarter.of(ward.today - timedelta(days=3)) != Quarter.of(ward.today)
    tables = of(ward, judge)
    # received, withdrawn, overdue, answered, in time, upheld, partly, not upheld
    plain = (1, 0, 0, 0, 0, 0, 0, 0) if before else (2, 0, 0, 1, 1, 0, 1, 0)
    appeal = (1, 0, 0, 1, 1, 0, 0, 1)
    assert lines(tables["kinds"]) == {"投诉": plain, "申诉": appeal}
    assert next(iter(lines(tables["causes"]))) == str(Topic.DELAY.label)
    whole = tuple(one + other for one, other in zip(plain, appeal, strict=True))
    program = ward.market.program
    assert lines(tables["programs"]) == {f"{program.name}（{program.code}）": whole}
    assert lines(tables["insurers"]) == {program.insurer.name if program.insurer else "未指定保险公司": whole}
    assert lines(tables["offices"]) == {ward.cover.organization.name: whole}
    total = tables["kinds"].total
    assert total is not None and total[1][0] == whole[0]
    if not before:
        days = working_days(ward.today - timedelta(days=3), ward.today, calendar_now())
        assert tables["kinds"].lines[0][1][11] == days and total[1][6] == 100


def test_an_older_complaint_stands_in_its_own_quarter_overdue(kept_world: Any) -> None:
    ward, judge = kept_world
    then = Quarter.of(ward.today - timedelta(days=370))
    assert quarters(judge, today=ward.today)[-1] == then
    found = tables_of(judge, then, program_id=None, calendar=calendar_now(), today=ward.today)
    assert lines(found[0]) == {"投诉": (1, 0, 1, 0, 0, 0, 0, 0)}


def test_whoever_sees_no_complaint_counts_none(kept_world: Any) -> None:
    ward, _judge = kept_world
    stranger = make_user("hy-claims.stranger", organization=ward.market.world.sibling, role="clerk")
    assert all(table.lines == [] for table in of(ward, stranger).values())
    assert len(quarters(stranger, today=ward.today)) == 2
    assert all(table.lines == [] for table in of(ward, _judge, program_id=ward.market.program.pk + 1).values())


def test_the_page_shows_what_the_workbook_holds_in_as_many_questions_whatever_their_number(kept_world: Any) -> None:
    ward, judge = kept_world
    client = browser(judge)
    asked = {"quarter": Quarter.of(ward.today).code, "program": str(ward.market.program.pk)}
    client.get(page("statistics"), asked)
    with CaptureQueriesContext(connection) as few:
        shown = client.get(page("statistics"), asked)
    assert shown.status_code == 200
    assert "平均工作日" in shown.content.decode()
    answer = client.get(page("statistics"), {**asked, "workbook": "1"})
    book = load_workbook(io.BytesIO(answer.content))
    assert [sheet.title for sheet in book] == ["统计说明", "按类型", "按事由", "按项目", "按保险公司", "按经办机构"]
    assert [cell.value for cell in book["按类型"][1]][:2] == ["类型", "收到"]
    assert [cell.value for cell in book["按类型"][3]][:2] == ["申诉", 1]
    recorded(ward, kept_world[0].cover.claims.get(), topic=Topic.OTHER)
    with CaptureQueriesContext(connection) as more:
        client.get(page("statistics"), asked)
    assert len(more) == len(few)
    assert client.get(page("statistics")).status_code == 200
    assert client.get(page("statistics"), {"quarter": "1999Q9"}).status_code == 200
