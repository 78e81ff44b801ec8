"""The calendar of working days: the edition that ships, files of it, single days, its page, and the year that is missing."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from accounts.models import User
from accounts.roles import Role
from accounts.testing import make_organization, make_region_tree, make_user
from audit.models import Event
from claims import actions
from claims.calendar_file import VENDORED, make_holidays, make_law_terms, read_calendar
from claims.lists import HolidayResource
from claims.models import Holiday, ServiceTerm
from claims.term_errors import TermRefused
from claims.term_panels import QUEUES
from claims.terms import calendar_now
from intake.reference.formats import ListCsv

pytestmark = pytest.mark.django_db
HEAD = "日期,类型,名称,依据"
NOTICE = "国务院办公厅关于2027年部分节假日安排的通知"


@pytest.fixture(autouse=True)
def _chinese(settings: Any) -> Any:
    settings.SECOND_FACTOR_REQUIRED = False
    with override("zh-hans"):
        yield


@pytest.fixture
def operator() -> User:
    make_region_tree()
    return make_user("portal-system", organization=make_organization(kind="operator"), role=Role.SYSTEM_ADMIN)


def browser(user: User) -> Client:
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def day(on: date, kind: str = "off", name: str = "元旦") -> Holiday:
    return Holiday(day=on, kind=kind, name=name, source=NOTICE)


def test_the_edition_that_ships_is_what_the_notices_say() -> None:
    rows = read_calendar(VENDORED)
    counts = {
        year: tuple(sum(row.day.year == year and row.kind == kind for row in rows) for kind in ("off", "worked"))
        for year in range(2023, 2027)
    }
    assert counts == {2023: (26, 7), 2024: (28, 8), 2025: (28, 5), 2026: (33, 6)}
    # Working days of a year: those from Monday to Friday less what is off of them, and the worked weekends.
    make_holidays(at=timezone.now())
    calendar = calendar_now()
    working = {
        year: sum(calendar.works(date(year, 1, 1) + timedelta(days=step)) for step in range(366 if year == 2024 else 365))
        for year in counts
    }
    assert working == {2023: 249, 2024: 251, 2025: 248, 2026: 248}
    assert calendar.known_until == date(2026, 12, 31)
    again = make_holidays(at=timezone.now())
    assert (again.read, again.added, again.changed) == (0, 0, 0)


def test_what_a_keeper_changed_stays_when_the_edition_is_loaded_again(operator: User) -> None:
    make_holidays(at=timezone.now())
    kept = Holiday.objects.get(day=date(2026, 1, 4))
    kept.kind, kept.source = "ordinary", "通知有调整"
    actions.change_holiday(kept, by=operator, at=timezone.now())
    assert make_law_terms(at=timezone.now()) == 4
    call_command("import_holidays", verbosity=0)
    kept.refresh_from_db()
    assert (kept.kind, kept.source) == ("ordinary", "通知有调整")
    assert not calendar_now().works(date(2026, 1, 4))
    assert ServiceTerm.objects.count() == 4


def test_the_command_takes_a_file_and_says_which_line_is_none(tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "2027.csv"
    file.write_text(f"{HEAD}\n2027-01-01,放假,元旦,{NOTICE}\n", encoding="utf-8-sig")
    call_command("import_holidays", str(file))
    assert capsys.readouterr().out == "1 days read, 1 added, 0 changed.\n"
    file.write_text(f"{HEAD}\n2027-01-01,放假,元旦,{NOTICE}\n2027-02-30,放假,春节,{NOTICE}\n", encoding="utf-8")
    with pytest.raises(CommandError, match="第3行"):
        call_command("import_holidays", str(file))
    file.write_text("日期,类型\n", encoding="utf-8")
    with pytest.raises(CommandError, match="缺少列：名称、依据"):
        call_command("import_holidays", str(file))


def test_a_file_is_told_all_its_faults_and_which_year_is_not_whole(operator: User) -> None:
    make_holidays(at=timezone.now())

    def preview(*lines: str) -> Any:
        return HolidayResource(user=operator).preview(
            ListCsv(columns=HolidayResource.columns).create_dataset("\n".join((HEAD, *lines)).encode())
        )

    bad = preview(
        f"2027-01-01,放假,元旦,{NOTICE}", f"2027-01-04,调休上班,元旦,{NOTICE}", f"2027-13-01,放假,,{NOTICE}",
        f"2027/1/1,休息,元旦,{NOTICE}",
    )
    assert [sentence for row in bad.rows for sentence in row.sentences] == [
        "第3行 类型（调休上班）：周一至周五本来就上班，请填写为放假或照常，或核对日期",
        "第4行 日期（2027-13-01）：不是日期，请按2025-01-31的样式填写",
        "第4行 名称：必填项为空，请填写",
        "第5行 类型（休息）：不是可选的内容，请填写：放假、调休上班、照常",
        "第5行 日期（2027/1/1）：与前面的行重复（行号2），请只保留一行",
    ]
    part = preview(f"2027-01-01,放假,元旦,{NOTICE}", "2026-10-10,调休上班,国庆节,改期的通知")
    assert (part.added, part.changed) == (1, 1)
    assert part.warnings == ["2027年不完整：每年的1月1日和10月1日都放假。列入之前，该年按未公布处理。"]
    assert preview(f"2027-01-01,放假,元旦,{NOTICE}", f"2027-10-01,放假,国庆节,{NOTICE}").warnings == []


def test_a_file_goes_in_by_its_pages_and_is_told(operator: User) -> None:
    make_holidays(at=timezone.now())
    client, page = browser(operator), reverse("admin:claims_holiday_import_action")
    content = f"{HEAD}\n2027-01-01,放假,元旦,{NOTICE}\n2027-10-01,放假,国庆节,{NOTICE}"
    answer = client.post(
        page, {"import_file": SimpleUploadedFile("2027.csv", content.encode("utf-8-sig")), "format": "", "resource": "0"}
    )
    assert answer.status_code == 302, answer.context["form"].errors
    shown = client.get(answer["Location"])
    assert "确认导入" in shown.content.decode()
    done = client.post(page, {"held": shown.context["held"].pk, "digest": shown.context["preview"].digest})
    assert done.status_code == 302
    assert calendar_now().known_until == date(2027, 12, 31)
    told = Event.objects.get(verb="holiday.imported", data__added=2)
    assert told.data == {"added": 2, "changed": 0, "first": "2027-01-01", "last": "2027-10-01"}
    exported = client.post(reverse("admin:claims_holiday_export_action"), {"format": "1", "beginning": "2027", "resource": "0"})
    assert exported.content.decode("utf-8-sig").splitlines() == [
        HEAD, f"2027-10-01,放假,国庆节,{NOTICE}", f"2027-01-01,放假,元旦,{NOTICE}",
    ]


def test_days_are_kept_by_the_operator_alone_once_each_and_never_deleted(operator: User) -> None:
    at = timezone.now()
    office = make_user("office-system", organization=make_organization("某局", region="441602"), role=Role.SYSTEM_ADMIN)
    for act in (actions.create_holiday, actions.change_holiday):
        with pytest.raises(TermRefused) as refused:
            act(day(date(2027, 1, 1)), by=office, at=at)
        assert refused.value.code == "SHARED"
    kept = actions.create_holiday(day(date(2027, 1, 1)), by=operator, at=at)
    with pytest.raises(TermRefused, match="2027-01-01"):
        actions.create_holiday(day(date(2027, 1, 1)), by=operator, at=at)
    with pytest.raises(TermRefused, match="周一至周五"):
        actions.create_holiday(day(date(2027, 1, 4), "worked"), by=operator, at=at)
    with pytest.raises(IntegrityError, match="holiday_worked_is_a_weekend"), transaction.atomic():
        day(date(2027, 1, 4), "worked").save()
    with pytest.raises(Exception, match=r"[Cc]annot delete"), transaction.atomic():
        kept.delete()
    assert actions.change_holiday(kept, by=operator, at=at) == kept
    assert Event.objects.filter(verb__startswith="holiday.").count() == 1


def test_the_page_of_a_year_shows_each_day_by_constant_questions(operator: User) -> None:
    make_holidays(at=timezone.now())
    client, page = browser(operator), reverse("admin:claims_holiday_year_page")
    client.get(page)
    with CaptureQueriesContext(connection, ) as one:
        shown = client.get(page, {"year": "2026"}).content.decode()
    for text in ("2026年工作日", "共248个工作日", "一月", "十二月", "10-01–10-07", "国庆节", "调休上班", "国务院办公厅关于2026年"):
        assert text in shown, text
    assert shown.count("pp-day-worked") == 6 + 1
    with CaptureQueriesContext(connection) as other:
        empty = client.get(page, {"year": "2031"}).content.decode()
    assert "尚未录入该年的通知" in empty
    assert len(one) == len(other)
    for odd in ("x", "99999", "²²²²", ""):
        assert client.get(page, {"year": odd}).status_code == 200


def test_from_december_on_the_operator_is_told_that_the_next_year_is_missing(operator: User, monkeypatch: Any) -> None:
    queue = next(each for each in QUEUES if each.key == "claims.calendar_missing")
    assert queue.count(operator) == 0
    make_holidays(at=timezone.now())
    for today, waiting in ((date(2026, 11, 30), 0), (date(2026, 12, 1), 1)):
        monkeypatch.setattr("claims.term_panels.timezone.localdate", lambda today=today: today)
        assert queue.count(operator) == waiting
    clerk = make_user("clerk", organization=make_organization("某局", region="441602"), role=Role.SYSTEM_ADMIN)
    assert queue.count(clerk) == 0
