"""The ugly workbook of fixtures/rosters through the real intake: each of its lines becomes what the golden list says."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone
from django.utils.translation import override
from openpyxl import load_workbook

from beneficiaries import actions, guardians, guarding, messy
from beneficiaries.models import Roster, RosterRow
from beneficiaries.template import ROSTER
from beneficiaries.testing import World
from beneficiaries.tests.messy_world import BOOK, GOLDEN, make_mended, make_messy_world, uploaded
from intake.findings import ROW_CODES, Verdict
from intake.models import State, WordMapping
from intake.refused import write_refused
from jobs.testing import drain

ROOT = Path(settings.BASE_DIR)
#: Findings about a row that do not fit a county's workbook: the test that produces each.
ELSEWHERE = {
    "COLUMN_COUNT": "intake/tests/test_readers_csv.py", "DATE_ORDER": "intake/tests/test_checks.py",
    "AMOUNT_FORMAT": "intake/tests/test_checks.py", "CHOICE_UNKNOWN": "intake/tests/test_checks.py",
    "REGION_ENDED": "intake/tests/test_checks.py", "REPLACED": "beneficiaries/tests/test_mending.py",
    "REGION_MOVED": "beneficiaries/tests/test_deciding.py", "TOO_MANY_CONFLICTS": "beneficiaries/tests/test_probing.py",
    "NOT_KNOWN": "beneficiaries/tests/test_purposes.py", "CATEGORY_NOT_HELD": "beneficiaries/tests/test_purposes.py",
    "NOTHING_TO_END": "beneficiaries/tests/test_purposes.py", "NOT_COVERED_BEFORE": "beneficiaries/tests/test_purposes.py",
    **dict.fromkeys(("ENDED_EARLY", "COVER_WAITS", "TAKEN_OVER"), "beneficiaries/tests/test_renewals.py"),
    "NOT_FUNDED": "beneficiaries/tests/test_cover_days.py", "NO_BUDGET": "beneficiaries/tests/test_approval_by_priority.py",
    "LAPSED": "beneficiaries/tests/test_lapses.py", "CHANGED_SINCE_REVIEW": "beneficiaries/tests/test_deciding.py",
    "DECIDED_ACCEPTED": "beneficiaries/tests/test_decided_again.py", "DECIDED_SAME": "beneficiaries/tests/test_decided_again.py",
    "DECIDED_CORRECTED": "beneficiaries/tests/test_decided_again.py",
    "NOT_PROCESSED": "beneficiaries/tests/test_restrictions.py",
    "DECIDED_AGAINST": "beneficiaries/tests/test_decided_again.py",
    **dict.fromkeys(("GUARDIAN_SELF", "GUARDIAN_MINOR"), "beneficiaries/tests/test_representatives.py"),
    **dict.fromkeys(
        ("GUARDIAN_MISSING", "GUARDIAN_CHANGED", "GUARDIAN_RELATION"), "beneficiaries/tests/test_guardians.py"
    ),
}
#: Findings of the comparison with what is known of guardians, declared by the room itself.
OF_GUARDIANS = {meaning.code for meaning in (*guarding.MEANINGS, *guardians.MEANINGS)}
#: No line of a file says a premium's shares: schemes that do not sum are refused with their plan.
NEVER = {"FUNDING_SUM"}


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    """The language of the file that is given back."""
    with override("zh-hans"):
        yield


@pytest.fixture
def world(db: Any) -> World:
    return make_messy_world()


@pytest.fixture
def mended_world(db: Any) -> tuple[World, Roster]:
    return make_mended()


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def golden() -> list[tuple[str, int, str, tuple[str, ...]]]:
    with GOLDEN.open(encoding="utf-8", newline="") as file:
        return [
            (row["sheet"], int(row["line"]), row["verdict"], tuple(row["codes"].split())) for row in csv.DictReader(file)
        ]


def became(roster: Roster) -> list[tuple[str, int, str, tuple[str, ...]]]:
    rows = RosterRow.objects.filter(roster=roster).order_by("pk")
    return [(row.sheet, row.line, Verdict(row.verdict).name, tuple(sorted(row.codes))) for row in rows]


def verdicts(roster: Roster) -> dict[str, int]:
    return {verdict.name: roster.verdict_count(verdict) for verdict in Verdict if roster.verdict_count(verdict)}


def test_the_committed_workbook_and_its_list_are_what_the_generator_makes(tmp_path: Path) -> None:
    call_command("make_messy_roster", folder=tmp_path, verbosity=0)
    # By content: another release of the compressor may pack the same parts otherwise.
    assert parts_of((tmp_path / BOOK.name).read_bytes()) == parts_of(BOOK.read_bytes())
    assert (tmp_path / GOLDEN.name).read_text(encoding="utf-8") == GOLDEN.read_text(encoding="utf-8")


def test_each_finding_about_a_row_is_in_the_workbook_or_has_its_test() -> None:
    here = {code for _sheet, _line, _verdict, codes in golden() for code in codes}
    assert here & (ELSEWHERE.keys() | NEVER) == set()
    assert here | ELSEWHERE.keys() | NEVER == ROW_CODES | OF_GUARDIANS
    for code, place in ELSEWHERE.items():
        assert code in (ROOT / place).read_text(encoding="utf-8"), f"{place} produces no {code}"


def test_the_workbook_as_it_comes_is_read_without_its_last_village(world: World) -> None:
    roster = uploaded(world)
    assert roster.state == State.REVIEW
    file = str(roster.files.get().pk)
    told = [[code, extra, sheet] for _file, code, extra, sheet in roster.file_findings]
    assert told == [
        ["SHEET_HIDDEN", "上年留底", ""],
        ["FORMULA_VALUE", "2", "新靖镇"], ["HEADER_UNKNOWN", "序号、户主姓名、备注", "新靖镇"],
        ["FORMULA_VALUE", "3", "化峒镇"], ["HEADER_UNKNOWN", "编号、户口类别", "化峒镇"],
        ["SHEET_SKIPPED", "说明", ""], ["SHEET_SKIPPED", "渠洋镇", ""],
        ["TOTAL_ROWS", "12、24", "新靖镇"], ["NOTE_ROWS", "25、26", "新靖镇"], ["HEADER_REPEATED", "13、14、15", "新靖镇"],
        ["FILLED_DOWN", "2", "新靖镇"], ["TOTAL_ROWS", "34", "化峒镇"], ["TOTAL_ROWS", "33", "龙邦镇"],
    ]
    assert {each["name"]: (each["rows"], each["hidden"], each["read"]) for each in roster.counts["sheets"][file]} == {
        "说明": (2, False, False), "新靖镇": (22, False, True), "化峒镇": (32, False, True), "龙邦镇": (32, False, True),
        "渠洋镇": (4, False, False), "作废": (2, False, True), "上年留底": (2, True, False),
    }
    assert roster.counts["unknown"] == {"category": {"乙类户": 2, "困难群众": 1}, "region": {"新靖镇": 1}}
    assert "村民姓名" in roster.counts["headings"]["heading"]
    assert "name" not in roster.counts["headings"]["taken"] and "document" in roster.counts["headings"]["taken"]


def test_each_line_becomes_what_the_golden_list_says(mended_world: tuple[World, Roster]) -> None:
    _world, roster = mended_world
    wanted = [(sheet, line, verdict, tuple(sorted(codes))) for sheet, line, verdict, codes in golden()]
    assert became(roster) == wanted
    assert [tuple(each) for each in messy.expected()] == golden()
    assert verdicts(roster) == dict(Counter(verdict for _sheet, _line, verdict, _codes in wanted))
    assert roster.counts["codes"] == dict(sorted(Counter(code for *_place, codes in wanted for code in codes).items()))
    assert roster.counts["unknown"] == {"category": {"困难群众": 1}}


def test_what_the_lines_say_is_cleaned_as_it_was_meant(mended_world: tuple[World, Roster]) -> None:
    _world, roster = mended_world
    rows = {(row.sheet, row.line): row for row in RosterRow.objects.filter(roster=roster).select_related("category")}
    numbers = {line: rows["新靖镇", line].document.reveal() for line in (8, 9, 10, 11)}
    assert numbers == {
        8: messy.number_of(messy._X, messy._ending_in_x(messy._X)), 9: messy.someone(5)["document"],
        10: messy.someone(6)["document"], 11: messy._OLD,
    }
    assert {rows["新靖镇", line].address.reveal() for line in (5, 6, 7)} == {"新靖镇民生街2号"}
    assert [rows["新靖镇", line].name.reveal() for line in (6, 16, 17)] == ["黄秀珍", "阿依古丽·买买提", "韦𠮷"]
    assert rows["新靖镇", 21].region_code == "451081100" and rows["新靖镇", 22].region_code == messy.COUNTY
    births = [str(rows["龙邦镇", line].birth_on) for line in range(2, 9)]
    assert births == [messy.someone(61 + place)["birth_on"] for place in range(7)]
    assert rows["龙邦镇", 17].phone.reveal() == "13807761076"
    assert rows["化峒镇", 30].address.reveal() == "化峒镇那村屯8号"
    assert [rows["渠洋镇", line].region_code for line in (3, 4, 5)] == ["451081105"] * 3
    assert {row.category.code for row in rows.values() if row.category is not None} == {"dibao", "tekun", "jiance", "tuopin"}


def test_the_words_that_were_said_are_counted_by_the_rows_that_they_read(mended_world: tuple[World, Roster]) -> None:
    _world, roster = mended_world
    said = {
        (word.kind, word.word): (word.target, roster.counts["said"][str(word.pk)]) for word in WordMapping.objects.all()
    }
    assert said == {(word.kind, word.word): (word.target, word.rows) for word in messy.WORDS}


def test_refused_lines_come_back_corrected_and_nothing_is_counted_twice(mended_world: tuple[World, Roster]) -> None:
    world, roster = mended_world
    assert verdicts(roster) == BEFORE
    roster = sent_again(roster, world, corrected(given_back(roster)))
    # Each line of the corrected file stands for one that was refused: four were corrected, three needed no more than to be
    # given back as plain text (a formula's value, a merged cell, an address that was never calculated).
    assert verdicts(roster) == {**BEFORE, "NEW": 41, "REFUSED": 29, "REPLACED": 36}
    assert roster.row_count == 117


def test_numbers_that_excel_has_cut_are_refused_again_when_they_come_back_as_they_were(mended_world: tuple[World, Roster]) -> None:
    world, roster = mended_world
    back = given_back(roster)
    cells = {row[0].value: row for row in back["龙邦镇"].iter_rows(min_row=2)}
    shown = [cell.value for cells in cells.values() for cell in cells if "E+18" in str(cell.value)]
    assert shown == ["6.22848000000000E+18"]
    roster = sent_again(roster, world, back)
    again = RosterRow.objects.filter(roster=roster, file=roster.files.latest("pk"), sheet__in=("化峒镇", "龙邦镇"))
    codes = list(again.values_list("codes", flat=True))
    assert sum("ACCOUNT_NUMERIC" in each for each in codes) == 1
    assert sum("ID_SCIENTIFIC" in each for each in codes) == 2


BEFORE = {"NEW": 34, "CHANGED": 4, "UNCHANGED": 1, "COVERED": 2, "DOUBTFUL": 4, "REFUSED": 36}


def given_back(roster: Roster) -> Any:
    """The workbook of refused rows."""
    back = io.BytesIO()
    write_refused(back, roster, roster.files.get(), template=ROSTER, kind="xlsx")
    back.seek(0)
    return load_workbook(back)


def sent_again(roster: Roster, world: World, book: Any) -> Roster:
    target = io.BytesIO()
    book.save(target)
    target.seek(0)
    actions.add_files(roster, [("更正.xlsx", target)], by=world.clerk, at=timezone.now())
    drain()
    return Roster.objects.get(pk=roster.pk)


def corrected(book: Any) -> Any:
    """Lines 3 to 6 of 化峒镇 put right by hand: numbers as Excel and a tired hand left them."""
    sheet = book["化峒镇"]
    headings = [cell.value for cell in sheet[1]]
    number, line = headings.index("公民身份号码(18位)"), headings.index("行号")
    for row in sheet.iter_rows(min_row=2):
        place = int(row[line].value)
        if place in (3, 4, 5, 6):
            row[number].value = messy.someone(18 + place)["document"]
    return book
