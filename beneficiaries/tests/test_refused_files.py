"""Refused rows of a roster of several files come back whole: one file each, in its own layout, with its reasons."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import upload_roster
from beneficiaries.models import Roster
from beneficiaries.testing import HEADINGS, World, csv_of, make_world, people, row
from intake.refused_archive import safe_name
from jobs.testing import drain

pytestmark = pytest.mark.django_db
WRONG = "441602196203151218"


_django_db_helper, one_world, kept_world = shared(make_world)


@pytest.fixture
def world(settings: Any, kept_world: World) -> World:
    settings.SECOND_FACTOR_REQUIRED = False
    return kept_world


def workbook(sheets: dict[str, list[list[str]]]) -> io.BytesIO:
    """Sheets with their own headings in the first row."""
    book, target = Workbook(), io.BytesIO()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for cells in rows:
            sheet.append(cells)
    book.save(target)
    target.seek(0)
    return target


def two_files(world: World) -> Roster:
    """A CSV file, and a workbook whose sheets have their columns in another order each."""
    order, fewer = list(range(len(HEADINGS)))[::-1], [0, 2, 5, 7]
    lines = {"城东": (order, [*people(2, first=10), row(document=WRONG)]), "城西": (fewer, [*people(1, first=20), row(name="")])}
    book = workbook(
        {title: [[cells[at] for at in places] for cells in (HEADINGS, *rows)] for title, (places, rows) in lines.items()}
    )
    files: list[tuple[str, Any]] = [("../名册 一.csv", csv_of([*people(2), row(name="")])), ("../名册 一.xlsx", book)]
    upload_roster(files, period=world.period, organization=world.office, by=world.clerk, at=timezone.now())
    drain()
    return Roster.objects.get()


def given_back(world: World, roster: Roster, kind: str) -> Any:
    client = Client()
    client.force_login(world.clerk, backend="accounts.backends.RoleBackend")
    answer = client.post(reverse("admin:beneficiaries_roster_refused_rows", args=[roster.pk]), {"kind": kind})
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return answer


def test_several_files_come_back_in_an_archive_each_in_its_own_layout(world: World) -> None:
    roster = two_files(world)
    assert roster.counts["verdicts"]["6"] == 3
    answer = given_back(world, roster, "xlsx")
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"] == f'attachment; filename="roster-{roster.pk}-refused.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["01-名册_一-refused.xlsx", "02-名册_一-refused.xlsx"]
        books = [load_workbook(io.BytesIO(archive.read(name))) for name in archive.namelist()]
    rows = [{sheet.title: [list(line) for line in sheet.iter_rows(values_only=True)] for sheet in book} for book in books]
    [of_csv] = rows[0].values()
    assert [len(of_csv), of_csv[0][:-2], of_csv[1][2]] == [2, HEADINGS, "441602196203151219"]
    assert list(rows[1]) == ["城东", "城西"]
    assert rows[1]["城东"][0][:-2] == HEADINGS[::-1] and rows[1]["城东"][1][HEADINGS[::-1].index("证件号码")] == WRONG
    assert rows[1]["城西"][0][:-2] == [HEADINGS[at] for at in (0, 2, 5, 7)]
    assert [len(rows[1][name]) for name in ("城东", "城西")] == [2, 2]
    reasons = [of_csv[1][-1], rows[1]["城东"][1][-1], rows[1]["城西"][1][-1]]
    assert all(reasons) and "校验位" in reasons[1]
    assert Event.objects.get(verb="roster.refused_rows_downloaded").data == {"rows": 3, "format": "xlsx"}


def test_as_csv_each_sheet_is_a_file_of_its_own_layout(world: World) -> None:
    answer = given_back(world, two_files(world), "csv")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        found = {name: list(csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig")))) for name in archive.namelist()}
    assert list(found) == ["01-名册_一-refused.csv", "02-名册_一-城东-refused.csv", "03-名册_一-城西-refused.csv"]
    assert [lines[0][:-2] for lines in found.values()] == [
        HEADINGS, HEADINGS[::-1], [HEADINGS[at] for at in (0, 2, 5, 7)],
    ]
    assert [len(lines) for lines in found.values()] == [2, 2, 2]


def test_one_file_with_refused_rows_among_several_comes_back_as_it_is(world: World) -> None:
    files: list[tuple[str, Any]] = [("a.csv", csv_of(people(2))), ("b.csv", csv_of([*people(1, first=9), row(name="")]))]
    upload_roster(files, period=world.period, organization=world.office, by=world.clerk, at=timezone.now())
    drain()
    answer = given_back(world, Roster.objects.get(), "csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [len(lines), lines[0][:-2], lines[1][2]] == [2, HEADINGS, "441602196203151219"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "etc_passwd"), ("名册 一", "名册_一"), ("=cmd|' /C'!A0", "cmd_C_A0"), ("...", "roster"),
        ("a" * 99, "a" * 60),
    ],
)
def test_names_in_the_archive_are_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe
