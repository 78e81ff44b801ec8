"""What came in is mended on the roster's page: words, sheets, files, corrected lines, and what is unusual."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from accounts.models import Region
from accounts.testing import make_user
from audit.models import Event
from audit.testing import shared
from beneficiaries import actions
from beneficiaries.actions import approve_roster, submit_roster, upload_roster
from beneficiaries.models import Enrollment, Roster, RosterChunk, RosterRow
from beneficiaries.template import ROSTER
from beneficiaries.testing import HEADINGS, World, csv_of, make_world, people, row, uploaded
from intake.actions import Said, end_mapping
from intake.errors import IntakeRefused
from intake.findings import Verdict
from intake.models import State, WordMapping
from intake.refused import refused_by_file, write_refused
from intake.staging import chunk_digest, import_digest
from jobs.models import Job
from jobs.testing import drain

pytestmark = pytest.mark.django_db
BACKEND = "accounts.backends.RoleBackend"
BAD = "441602196203151218"
GOOD = "441602196203151219"


_django_db_helper, one_world, kept_world = shared(make_world)


@pytest.fixture
def world(settings: Any, kept_world: World) -> World:
    settings.SECOND_FACTOR_REQUIRED = False
    return kept_world


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def latest() -> Roster:
    return Roster.objects.select_related("period__program", "organization").latest("pk")


def checked(world: World, rows: list[list[str]], **given: Any) -> Roster:
    uploaded(world, rows, **given)
    drain()
    return latest()


def with_headings(headings: list[str], rows: list[list[str]]) -> io.BytesIO:
    text = io.StringIO()
    csv.writer(text).writerows([headings, *rows])
    return io.BytesIO(text.getvalue().encode("utf-8-sig"))


def upload(world: World, *files: tuple[str, io.BytesIO], **given: Any) -> Roster:
    upload_roster(
        list(files), period=world.period, organization=world.office, by=world.clerk, at=timezone.now(), **given
    )
    drain()
    return latest()


def workbook(**sheets: list[list[str]]) -> io.BytesIO:
    book = Workbook()
    del book[book.sheetnames[0]]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for cells in [HEADINGS, *rows]:
            sheet.append(cells)
    target = io.BytesIO()
    book.save(target)
    target.seek(0)
    return target


def verdicts(roster: Roster) -> dict[str, int]:
    return {verdict.name: roster.verdict_count(verdict) for verdict in Verdict if roster.verdict_count(verdict)}


def mapped(roster: Roster, world: World, *words: Said) -> Roster:
    actions.map_words(roster, words=words, by=world.clerk, at=timezone.now())
    drain()
    return latest()


def assert_whole(roster: Roster) -> None:
    """Rows, chunks, counts and digests agree with one another."""
    chunks = list(roster.chunks.order_by("number"))
    assert roster.row_count == RosterRow.objects.filter(roster=roster).count() == sum(chunk.rows for chunk in chunks)
    for chunk in chunks:
        assert chunk.digest == chunk_digest(ROSTER, roster.pk, chunk.number)
        for verdict in Verdict:
            rows = RosterRow.objects.filter(roster=roster, chunk=chunk.number, verdict=verdict).count()
            assert chunk.counts["verdicts"].get(str(int(verdict)), 0) == rows
    assert roster.digest == import_digest(ROSTER, roster)


# -- Words -------------------------------------------------------------------------------------------------------------


def test_an_unknown_category_is_said_once_and_the_roster_is_checked_again(world: World) -> None:
    roster = checked(world, [*people(2), *people(3, first=10, categories="低保户甲")])
    assert verdicts(roster) == {"NEW": 2, "REFUSED": 3}
    assert roster.counts["unknown"] == {"category": {"低保户甲": 3}}
    before = roster.digest
    roster = mapped(roster, world, Said("category", "低保户甲", "dibao"))
    assert (roster.state, verdicts(roster)) == (State.REVIEW, {"NEW": 5})
    assert roster.digest != before and roster.counts["unknown"] == {}
    assert_whole(roster)
    word = WordMapping.objects.get()
    assert (word.organization, word.template, word.word, word.target) == (world.office, "roster", "低保户甲", "dibao")
    assert word.made_by == world.clerk
    assert Event.objects.filter(verb="roster.words_mapped", data__words=1).count() == 1
    assert Event.objects.filter(verb="word.mapped", subject_id=str(word.pk)).count() == 1


def test_a_word_that_was_said_is_read_by_the_offices_next_file_and_by_no_other_offices(world: World) -> None:
    mapped(checked(world, people(2, categories="低保户甲")), world, Said("category", "低保户甲", "dibao"))
    assert verdicts(checked(world, people(2, first=10, categories=" 低保户甲 "), name="二.csv")) == {"NEW": 2}
    sibling = make_user("sibling.clerk", organization=world.sibling, role="clerk")
    upload_roster(
        [("名册.csv", csv_of(people(2, first=20, county="441621", categories="低保户甲")))], period=world.period,
        organization=world.sibling, by=sibling, at=timezone.now(),
    )
    drain()
    assert verdicts(latest()) == {"REFUSED": 2}


def test_an_ended_word_is_not_read_any_more_and_can_be_said_anew(world: World) -> None:
    mapped(checked(world, people(1, categories="低保户甲")), world, Said("category", "低保户甲", "dibao"))
    word = WordMapping.objects.get()
    end_mapping(word, by=world.clerk, at=timezone.now())
    with pytest.raises(IntakeRefused) as refused:
        end_mapping(word, by=world.clerk, at=timezone.now())
    assert refused.value.code == "MAPPING_ENDED"
    roster = checked(world, people(1, first=10, categories="低保户甲"), name="二.csv")
    assert verdicts(roster) == {"REFUSED": 1}
    assert verdicts(mapped(roster, world, Said("category", "低保户甲", "tekun"))) == {"NEW": 1}
    assert list(WordMapping.objects.order_by("pk").values_list("target", "ended_at")) == [
        ("dibao", WordMapping.objects.earliest("pk").ended_at), ("tekun", None),
    ]


def test_a_places_name_in_the_region_column_is_said_once(world: World) -> None:
    roster = checked(world, [*people(1), *people(2, first=10, county="441602")])
    lines = people(2, first=20)
    for line in lines:
        line[5] = "源城区"
    roster = checked(world, lines, name="地名.csv")
    assert roster.counts["unknown"] == {"region": {"源城区": 2}}
    roster = mapped(roster, world, Said("region", "源城区", "441602"))
    assert verdicts(roster) == {"NEW": 2}
    assert set(RosterRow.objects.filter(roster=roster).values_list("region_code", flat=True)) == {"441602"}


def test_a_file_that_failed_for_its_headings_is_mapped_and_checked(world: World) -> None:
    headings = ["户主" if heading == "姓名" else heading for heading in HEADINGS]
    roster = upload(world, ("名册.csv", with_headings(headings, people(3))))
    assert (roster.state, roster.file_findings[0][1]) == (State.FAILED, "HEADER_MISSING")
    assert list(roster.counts["headings"]["heading"]) == ["户主"]
    samples = roster.counts["headings"]["heading"]["户主"]
    assert samples == ["李*", "李*", "李*"]
    assert "name" not in roster.counts["headings"]["taken"] and "document" in roster.counts["headings"]["taken"]
    roster = mapped(roster, world, Said("heading", "户主", "name"))
    assert (roster.state, verdicts(roster)) == (State.REVIEW, {"NEW": 3})
    assert verdicts(upload(world, ("二.csv", with_headings(headings, people(2, first=10))))) == {"NEW": 2}


def test_of_a_file_without_headings_nothing_is_kept_or_shown(world: World) -> None:
    text = io.StringIO()
    csv.writer(text).writerows(people(4))
    roster = upload(world, ("名册.csv", io.BytesIO(text.getvalue().encode())))
    assert roster.state == State.FAILED
    assert roster.counts == {"headings": {}, "sheets": {}}
    page = signed_in(world.clerk).get(reverse("admin:beneficiaries_roster_change", args=[roster.pk])).content.decode()
    assert "李伟" not in page and people(1)[0][2] not in page


def test_a_column_with_more_unknown_words_than_can_be_said_keeps_none_of_them(world: World) -> None:
    lines = people(60)
    for number, line in enumerate(lines):
        line[7] = "赵钱孙李周吴郑王冯陈"[number // 6 % 10] + "一二三四五六七"[number % 6]
    roster = checked(world, lines)
    assert roster.counts["unknown"] == {"too_many": ["category"]}
    page = signed_in(world.clerk).get(reverse("admin:beneficiaries_roster_change", args=[roster.pk]))
    assert page.context["unknown_words"] == [] and page.context["too_many_words"]


def test_words_that_hold_a_persons_number_are_not_kept(world: World) -> None:
    roster = checked(world, [*people(1), row(categories=f"低保{GOOD}")])
    assert roster.counts["unknown"] == {}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (Said("category", "别的词", "dibao"), "NOT_ASKED"), (Said("category", "低保户甲", "nothing"), "NOT_OFFERED"),
        (Said("region", "低保户甲", "441602"), "NOT_ASKED"), (None, "NOTHING_SAID"),
    ],
)
def test_only_words_of_the_file_are_said_and_only_what_is_offered(world: World, said: Said | None, code: str) -> None:
    roster = checked(world, people(1, categories="低保户甲"))
    with pytest.raises(IntakeRefused) as refused:
        actions.map_words(roster, words=[said] if said else [], by=world.clerk, at=timezone.now())
    assert refused.value.code == code
    assert not WordMapping.objects.exists() and latest().state == State.REVIEW


def test_a_place_outside_the_offices_region_is_not_offered(world: World) -> None:
    lines = people(1)
    lines[0][5] = "紫金县"
    roster = checked(world, lines)
    assert Region.objects.filter(pk="441621").exists()
    with pytest.raises(IntakeRefused) as refused:
        mapped(roster, world, Said("region", "紫金县", "441621"))
    assert refused.value.code == "NOT_OFFERED"


def test_what_is_submitted_or_approved_is_not_mended(world: World) -> None:
    roster = checked(world, [*people(2), *people(1, first=10, categories="低保户甲")])
    word = Said("category", "低保户甲", "dibao")
    submit_roster(roster, by=world.clerk, at=timezone.now())
    for _state in (State.SUBMITTED, State.APPROVED):
        for attempt in (
            lambda: mapped(roster, world, word),
            lambda: actions.add_files(roster, [("二.csv", csv_of(people(1)))], by=world.clerk, at=timezone.now()),
        ):
            with pytest.raises(IntakeRefused) as refused:
                attempt()
            assert refused.value.code == "STATE"
        if latest().state == State.SUBMITTED:
            approve_roster(latest(), digest=roster.digest, by=world.reviewer, at=timezone.now())


def test_removed_rows_leave_no_history(world: World) -> None:
    roster = checked(world, [*people(3), *people(1, first=10, categories="低保户甲")])
    history = RosterRow.pgh_event_models  # type: ignore[attr-defined]
    mapped(roster, world, Said("category", "低保户甲", "dibao"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM beneficiaries_rosterrowevent")
        assert cursor.fetchone() == (0,)
    assert history and RosterChunk.objects.filter(roster=roster).count() == 1


# -- Sheets ------------------------------------------------------------------------------------------------------------


def test_a_person_chooses_among_the_sheets_and_the_choice_stays_with_the_file(world: World) -> None:
    book = workbook(东村=people(3), 西村=people(2, first=10), 旧表=people(4, first=20))
    roster = upload(world, ("三村.xlsx", book), ask_sheets=True)
    assert (roster.state, roster.file_findings[0][1]) == (State.FAILED, "CHOOSE_SHEET")
    file = roster.files.get()
    assert roster.counts["sheets"][str(file.pk)] == [
        {"name": "东村", "rows": 3, "hidden": False, "read": False},
        {"name": "西村", "rows": 2, "hidden": False, "read": False},
        {"name": "旧表", "rows": 4, "hidden": False, "read": False},
    ]
    client = signed_in(world.clerk)
    address = reverse("admin:beneficiaries_roster_choose_sheets", args=[roster.pk])
    page = client.get(address).content.decode()
    assert "东村 · 3" in page and "旧表 · 4" in page
    client.post(address, {f"file-{file.pk}": ["东村", "西村"]})
    drain()
    roster = latest()
    assert (roster.state, roster.row_count, roster.files.get().sheets) == (State.REVIEW, 5, ["东村", "西村"])
    assert set(RosterRow.objects.filter(roster=roster).values_list("sheet", flat=True)) == {"东村", "西村"}
    client.post(address, {f"file-{file.pk}": ["西村"]})
    drain()
    assert (latest().row_count, latest().files.get().sheets) == (2, ["西村"])
    assert_whole(latest())


def test_a_sheet_that_the_file_does_not_have_cannot_be_chosen(world: World) -> None:
    roster = upload(world, ("两村.xlsx", workbook(东村=people(1), 西村=people(1, first=5))))
    file = roster.files.get()
    for sheets in ([], ["南村"], ["东村", "南村"]):
        with pytest.raises(IntakeRefused) as refused:
            actions.choose_sheets(roster, choices=[(file, sheets)], by=world.clerk, at=timezone.now())
        assert refused.value.code == "NO_SHEET"
    assert (latest().state, latest().row_count) == (State.REVIEW, 2)


# -- Several files -----------------------------------------------------------------------------------------------------


def test_several_files_are_one_roster_and_a_repeated_person_names_file_and_line(world: World) -> None:
    client = signed_in(world.clerk)
    first, second = csv_of(people(3)), csv_of([*people(2, first=10), *people(1)])
    client.post(
        reverse("admin:beneficiaries_roster_upload"),
        {
            "period": world.period.pk, "organization": world.office.pk,
            "file": [SimpleUploadedFile("一.csv", first.read()), SimpleUploadedFile("二.csv", second.read())],
        },
    )
    drain()
    roster = latest()
    assert [file.name for file in roster.files.order_by("pk")] == ["一.csv", "二.csv"]
    assert verdicts(roster) == {"NEW": 5, "REFUSED": 1}
    repeated = RosterRow.objects.get(roster=roster, verdict=Verdict.REFUSED)
    assert (repeated.line, repeated.findings[0]["code"], repeated.findings[0]["extra"]) == (4, "DUP_IN_FILE", "一.csv 2")
    assert_whole(roster)


def test_the_same_content_twice_in_one_upload_or_roster_is_refused(world: World) -> None:
    with pytest.raises(IntakeRefused) as refused:
        upload(world, ("一.csv", csv_of(people(2))), ("二.csv", csv_of(people(2))))
    assert (refused.value.code, refused.value.facts["first"]) == ("SAME_FILE_TWICE", "一.csv")
    assert not Roster.objects.exists()
    roster = checked(world, people(2))
    with pytest.raises(IntakeRefused) as again:
        actions.add_files(roster, [("再来.csv", csv_of(people(2)))], by=world.clerk, at=timezone.now())
    assert (again.value.code, again.value.facts["number"]) == ("ALREADY_IMPORTED", roster.pk)
    assert latest().files.count() == 1


def test_a_file_joins_a_roster_under_review_and_only_its_rows_are_staged(world: World) -> None:
    roster = checked(world, people(3))
    kept = list(RosterRow.objects.filter(roster=roster).order_by("pk").values_list("pk", flat=True))
    before = roster.digest
    actions.add_files(roster, [("二.csv", csv_of(people(2, first=10)))], by=world.clerk, at=timezone.now())
    assert latest().state == State.CHECKING
    drain()
    roster = latest()
    assert (roster.state, verdicts(roster)) == (State.REVIEW, {"NEW": 5})
    assert roster.digest != before
    assert list(RosterRow.objects.filter(roster=roster).order_by("pk").values_list("pk", flat=True))[:3] == kept
    assert_whole(roster)
    submit_roster(roster, by=world.clerk, at=timezone.now())
    approve_roster(latest(), digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()
    assert Enrollment.objects.filter(roster=roster).count() == 5


def test_a_joined_file_that_cannot_be_read_is_left_out_and_nothing_else_is_lost(world: World) -> None:
    roster = checked(world, people(3))
    actions.add_files(roster, [("坏.csv", io.BytesIO(b"%PDF-1.7 nothing"))], by=world.clerk, at=timezone.now())
    drain()
    roster = latest()
    bad = roster.files.latest("pk")
    assert roster.state == State.FAILED and roster.file_findings[0][0] == bad.pk
    client = signed_in(world.clerk)
    page = client.get(reverse("admin:beneficiaries_roster_change", args=[roster.pk])).content.decode()
    address = reverse("admin:beneficiaries_roster_take_out_file", args=[roster.pk])
    assert address in page
    client.post(address, {"file": bad.pk})
    drain()
    assert (latest().state, verdicts(latest()), latest().files.count()) == (State.REVIEW, {"NEW": 3}, 1)
    with pytest.raises(IntakeRefused):
        actions.take_out_file(latest(), file=latest().files.get(), by=world.clerk, at=timezone.now())


# -- Corrected lines ---------------------------------------------------------------------------------------------------


def refused_file(roster: Roster, kind: str = "xlsx", number: int = 0) -> io.BytesIO:
    target = io.BytesIO()
    write_refused(target, roster, ROSTER.files_of(roster)[number], template=ROSTER, kind=kind)
    return io.BytesIO(target.getvalue())


def corrected(file: io.BytesIO, changes: dict[int, dict[int, str]]) -> io.BytesIO:
    """The given-back workbook with cells changed: {row from 2: {column from 1: value}}."""
    book = load_workbook(file)
    for line, cells in changes.items():
        for column, value in cells.items():
            book.worksheets[0].cell(row=line, column=column, value=value)
    target = io.BytesIO()
    book.save(target)
    target.seek(0)
    return target


def test_corrected_rows_replace_the_refused_ones_and_what_stays_refused_comes_back(world: World) -> None:
    nameless = ["", *people(1, first=50)[0][1:]]
    roster = checked(world, [*people(2), row(document=BAD), nameless])
    assert verdicts(roster) == {"NEW": 2, "REFUSED": 2}
    file = corrected(refused_file(roster), {2: {3: GOOD}})
    actions.add_files(roster, [("更正.xlsx", file)], by=world.clerk, at=timezone.now())
    drain()
    roster = latest()
    assert verdicts(roster) == {"NEW": 3, "REFUSED": 1, "REPLACED": 2}
    assert_whole(roster)
    replaced = list(RosterRow.objects.filter(roster=roster, verdict=Verdict.REPLACED).order_by("line"))
    assert [(each.line, each.findings[-1]["extra"].split()[0], each.findings[-1]["extra"].split()[-1]) for each in replaced] == [
        (4, "更正.xlsx", "2"), (5, "更正.xlsx", "3"),
    ]
    assert "HEADER_UNKNOWN" not in {code for _file, code, _extra, _sheet in roster.file_findings}
    assert [(file.name, rows) for file, rows in refused_by_file(ROSTER, roster)] == [("更正.xlsx", 1)]
    assert roster.counts["codes"].get("ID_CHECKSUM") is None
    again = load_workbook(refused_file(roster, number=1)).worksheets[0]
    assert [cell.value for cell in again[1]][-2:] == ["行号", "原因"] and again.max_row == 2
    assert again.cell(row=2, column=again.max_column - 1).value == "2#3"
    second = corrected(refused_file(roster, number=1), {2: {1: "李静"}})
    actions.add_files(roster, [("再更正.xlsx", second)], by=world.clerk, at=timezone.now())
    drain()
    roster = latest()
    assert verdicts(roster) == {"NEW": 4, "REPLACED": 3}
    assert_whole(roster)
    page = signed_in(world.clerk).get(reverse("admin:beneficiaries_roster_change", args=[roster.pk])).content.decode()
    assert "更正.xlsx" in page and "已更正" in page


def test_the_same_person_in_another_layout_replaces_the_refused_row_when_it_is_usable(world: World) -> None:
    person = people(1, first=50)[0]
    roster = checked(world, [*people(2), [*person[:7], "低保户甲", *person[8:]]])
    again = with_headings([HEADINGS[2], HEADINGS[0], HEADINGS[5], HEADINGS[7]], [[person[2], person[0], person[5], "低保对象"]])
    actions.add_files(roster, [("补充.csv", again)], by=world.clerk, at=timezone.now())
    drain()
    roster = latest()
    assert verdicts(roster) == {"NEW": 3, "REPLACED": 1}
    assert_whole(roster)


def test_a_row_that_is_refused_again_without_naming_its_line_leaves_the_earlier_one_refused(world: World) -> None:
    person = people(1, first=50)[0]
    roster = checked(world, [*people(2), [*person[:7], "低保户甲", *person[8:]]])
    again = csv_of([[*person[:7], "低保户乙", *person[8:]]])
    actions.add_files(roster, [("补充.csv", again)], by=world.clerk, at=timezone.now())
    drain()
    assert verdicts(latest()) == {"NEW": 2, "REFUSED": 2}


def test_a_line_that_was_good_is_not_replaced_by_one_that_claims_to_correct_it(world: World) -> None:
    roster = checked(world, [*people(2), row(document=BAD)])
    headings = [*HEADINGS, "行号", "原因"]
    actions.add_files(
        roster, [("更正.csv", with_headings(headings, [[*row(), "2", ""]]))], by=world.clerk, at=timezone.now()
    )
    drain()
    assert verdicts(latest()) == {"NEW": 3, "REFUSED": 1}


# -- What is unusual ---------------------------------------------------------------------------------------------------


def test_a_file_that_is_half_duplicates_waits_for_a_person_who_confirms_it(world: World) -> None:
    roster = checked(world, [*people(12), *people(12)])
    assert [reason.code for reason in ROSTER.unusual(roster)] == ["MANY_REPEATED"]
    with pytest.raises(IntakeRefused) as refused:
        submit_roster(roster, by=world.clerk, at=timezone.now())
    assert refused.value.code == "UNUSUAL"
    client = signed_in(world.clerk)
    page = client.get(reverse("admin:beneficiaries_roster_change", args=[roster.pk])).content.decode()
    address = reverse("admin:beneficiaries_roster_confirm_unusual", args=[roster.pk])
    assert address in page and "12 行" in page
    client.post(address)
    event = Event.objects.get(verb="roster.confirmed")
    assert (event.actor_id, event.data["reasons"]) == (world.clerk.pk, "MANY_REPEATED")
    assert submit_roster(latest(), by=world.clerk, at=timezone.now()).state == State.SUBMITTED
    with pytest.raises(IntakeRefused):
        actions.confirm_unusual(latest(), by=world.clerk, at=timezone.now())


def test_a_confirmation_does_not_hold_for_other_rows(world: World) -> None:
    roster = checked(world, [*people(12), *people(12)])
    actions.confirm_unusual(roster, by=world.clerk, at=timezone.now())
    actions.add_files(latest(), [("二.csv", csv_of(people(12)[::-1]))], by=world.clerk, at=timezone.now())
    drain()
    with pytest.raises(IntakeRefused) as refused:
        submit_roster(latest(), by=world.clerk, at=timezone.now())
    assert refused.value.code == "UNUSUAL"


def test_more_changes_of_known_people_than_the_limit_wait_for_a_person(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    roster = submit_roster(checked(world, people(3)), by=world.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()
    Enrollment.objects.update(state="ended")
    changed = checked(world, people(3, phone="13911112222"), name="改.csv")
    assert ROSTER.unusual(changed) == []
    monkeypatch.setattr(type(ROSTER), "changed_limit", 2)
    assert verdicts(changed) == {"CHANGED": 3}
    assert [(reason.code, reason.rows, reason.limit) for reason in ROSTER.unusual(changed)] == [("MANY_CHANGED", 3, 2)]


# -- Pages -------------------------------------------------------------------------------------------------------------


def test_the_words_page_asks_for_each_word_and_remembers_what_is_chosen(world: World) -> None:
    lines = people(2)
    for line in lines:
        line[5], line[7] = "源城", "低保户甲"
    roster = upload(world, ("名册.csv", with_headings([*HEADINGS, "户籍备注"], [[*line, "王小二"] for line in lines])))
    client = signed_in(world.clerk)
    address = reverse("admin:beneficiaries_roster_map_words", args=[roster.pk])
    page = client.get(address)
    labels = [str(field.label) for field in page.context["form"]]
    assert labels == ["表头“户籍备注”", "类别“低保户甲”", "地名“源城”"]
    assert "王小二" not in page.content.decode() and "王**" in page.content.decode()
    names = list(page.context["form"].fields)
    assert client.post(address, {}).status_code == 409
    client.post(address, {names[1]: "dibao", names[2]: "441602"})
    drain()
    assert verdicts(latest()) == {"NEW": 2}
    assert set(WordMapping.objects.values_list("kind", "word", "target")) == {
        ("category", "低保户甲", "dibao"), ("region", "源城", "441602"),
    }
    listed = client.get(reverse("admin:intake_wordmapping_changelist")).content.decode()
    assert "低保对象" in listed and "源城" in listed
    word = WordMapping.objects.get(kind="category")
    client.post(reverse("admin:intake_wordmapping_end", args=[word.pk]))
    word.refresh_from_db()
    assert word.ended_by == world.clerk


def test_the_pages_ask_as_much_of_many_words_and_files_as_of_few(world: World) -> None:
    client = signed_in(world.clerk)

    def asked(address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    def costs(first: int, words: int, files: int) -> list[int]:
        parts = []
        for number in range(files):
            lines = people(words, first=first + 100 * number)
            for place, line in enumerate(lines):
                line[7] = "低保户" + "甲乙丙丁戊己庚辛壬癸"[place]
            parts.append((f"{first}-{number}.csv", csv_of(lines)))
        roster = upload(world, *parts)
        return [
            asked(reverse(f"admin:beneficiaries_roster_{page}", args=[roster.pk])) for page in ("change", "map_words")
        ]

    assert costs(0, 1, 2) == costs(1000, 9, 4)


def test_who_only_reads_is_shown_no_mending_button(world: World) -> None:
    roster = checked(world, people(1, categories="低保户甲"))
    page = signed_in(world.auditor).get(reverse("admin:beneficiaries_roster_change", args=[roster.pk])).content.decode()
    assert reverse("admin:beneficiaries_roster_map_words", args=[roster.pk]) not in page
    assert signed_in(world.reviewer).get(
        reverse("admin:beneficiaries_roster_map_words", args=[roster.pk])
    ).status_code == 403
    assert Job.objects.live().count() == 0
