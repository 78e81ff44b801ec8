"""Regions: the vendored edition, later ones, and files that are refused with their line."""

from __future__ import annotations

import time
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.actions import import_regions
from accounts.errors import AccountsRefused
from accounts.models import Region
from accounts.regions_file import VENDORED, RegionRow, full_name, read_regions
from audit.faults import FaultAt, PlantedFault, handled_by

BY = "system:test"
DAY = date(2027, 1, 1)


def written(folder: Path, *lines: str, head: str = "code,name,valid_from,valid_to,successor") -> Path:
    """A file of regions."""
    path = folder / "regions.csv"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


def test_the_vendored_edition_has_every_level_and_no_orphan() -> None:
    rows = {row.code: row for row in read_regions(VENDORED)}
    live = Counter(len(code) for code, row in rows.items() if row.valid_to is None)
    assert live == {2: 34, 4: 342, 6: 2854, 9: 301}
    assert [code for code, row in rows.items() if row.parent and row.parent not in rows] == []
    heirs = {row.successor for row in rows.values()} - {""}
    assert [code for code in heirs if rows[code].valid_to is not None] == []


def test_the_cities_of_the_first_programs_have_the_counties_that_the_field_knows() -> None:
    live = [row.code for row in read_regions(VENDORED) if len(row.code) == 6 and row.valid_to is None]
    assert [code for code in live if code.startswith("4416")] == ["441602", *(f"44162{n}" for n in range(1, 6))]
    assert [code for code in live if code.startswith("4417")] == ["441702", "441704", "441721", "441781"]
    assert [code for code in live if code.startswith("4510")] == [
        "451002", "451003", "451022", "451024", *(f"4510{n}" for n in range(26, 32)), "451081", "451082",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "valid_to", "successor"),
    [
        ("451025", date(2015, 12, 31), "451081"),
        ("441723", date(2014, 12, 31), "441704"),
        ("130421", date(2016, 12, 31), ""),
        ("120107", date(2009, 12, 31), "120116"),
    ],
)
def test_retired_counties_end_and_name_their_heir_where_there_is_one(code: str, valid_to: date, successor: str) -> None:
    row = next(row for row in read_regions(VENDORED) if row.code == code)
    assert (row.valid_to, row.successor) == (valid_to, successor)


@pytest.mark.django_db
def test_thousands_of_regions_come_in_at_once_and_a_second_time_nothing_changes(at: datetime) -> None:
    started = time.monotonic()
    done = import_regions(VENDORED, by=BY, at=at)
    seconds = time.monotonic() - started
    assert (done.read, done.added, done.changed, done.retired) == (4497, 4497, 0, 0)
    assert seconds < 5
    connection.check_constraints()
    again = import_regions(VENDORED, by=BY, at=at)
    assert (again.added, again.changed, again.retired) == (0, 0, 0)
    assert Region.objects.count() == 4497


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "parent", "full"),
    [
        ("429004", "4290", "湖北省仙桃市"),
        ("469001", "4690", "海南省五指山市"),
        ("659001", "6590", "新疆维吾尔自治区石河子市"),
        ("441900", "4419", "广东省东莞市"),
        ("442000", "4420", "广东省中山市"),
        ("460400", "4604", "海南省儋州市"),
        ("110101", "1101", "北京市东城区"),
        ("441602001", "441602", "广东省河源市源城区上城街道"),
    ],
)
def test_places_governed_directly_have_a_parent_and_a_name_that_people_use(
    code: str, parent: str, full: str, at: datetime
) -> None:
    rows = [row for row in read_regions(VENDORED) if code.startswith(row.code)]
    import_regions(rows, by=BY, at=at)
    region = Region.objects.get(pk=code)
    assert (region.parent_id, region.full_name, region.level) == (parent, full, len(code))


@pytest.mark.django_db
def test_towns_of_a_city_without_counties_find_their_parent(at: datetime) -> None:
    import_regions(VENDORED, by=BY, at=at)
    towns = [
        RegionRow("441900003", "东城街道"), RegionRow("442000001", "石岐街道"), RegionRow("441900003001", "岗贝社区"),
    ]
    assert import_regions(towns, by=BY, at=at).added == 3
    village = Region.objects.get(pk="441900003001")
    assert (village.parent_id, village.full_name) == ("441900003", "广东省东莞市东城街道岗贝社区")


@pytest.mark.django_db
def test_a_new_name_reaches_everything_below_though_the_edition_lacks_it(regions: object, at: datetime) -> None:
    done = import_regions([RegionRow("441602", "新源城区")], by=BY, at=at)
    assert (done.added, done.changed, done.retired) == (0, 3, 0)
    assert Region.objects.get(pk="441602001001").full_name == "广东省河源市新源城区上城街道公园社区"


@pytest.mark.django_db
def test_missing_regions_end_only_when_asked_and_only_where_the_edition_lists_siblings(
    regions: object, at: datetime
) -> None:
    edition = [RegionRow("441602", "源城区")]
    assert import_regions(edition, by=BY, at=at).retired == 0
    assert import_regions(edition, by=BY, at=at, retire_missing_on=DAY).retired == 2
    ended = Region.objects.filter(valid_to=DAY).order_by("code").values_list("code", flat=True)
    assert list(ended) == ["441621", "441621100"]
    assert Region.objects.get(pk="441602001").valid_to is None
    assert import_regions(edition, by=BY, at=at, retire_missing_on=DAY).retired == 0


@pytest.mark.django_db
def test_an_edition_that_would_end_unusually_many_needs_their_number(at: datetime) -> None:
    import_regions(VENDORED, by=BY, at=at)
    edition = [row for row in read_regions(VENDORED) if not row.code.startswith("441")]
    with pytest.raises(AccountsRefused) as refused:
        import_regions(edition, by=BY, at=at, retire_missing_on=DAY)
    assert refused.value.code == "EDITION_SHRINKS"
    number = refused.value.facts["retired"]
    assert Region.objects.filter(valid_to=DAY).count() == 0
    with pytest.raises(AccountsRefused):
        import_regions(edition, by=BY, at=at, retire_missing_on=DAY, retire_expected=number - 1)
    assert import_regions(edition, by=BY, at=at, retire_missing_on=DAY, retire_expected=number).retired == number


@pytest.mark.django_db
def test_a_region_without_its_parent_is_refused_and_nothing_is_stored(at: datetime) -> None:
    with pytest.raises(AccountsRefused) as refused:
        import_regions([RegionRow("44", "广东省"), RegionRow("441602", "源城区")], by=BY, at=at)
    assert (refused.value.code, refused.value.facts) == ("EDITION_PARENT", {"codes": "4416"})
    assert Region.objects.count() == 0


@pytest.mark.django_db
def test_an_unknown_successor_is_refused_with_its_line(tmp_path: Path, at: datetime) -> None:
    path = written(tmp_path, "44,广东省,,,", "45,广西,,2000-01-01,46")
    with pytest.raises(AccountsRefused) as refused:
        import_regions(path, by=BY, at=at)
    assert refused.value.code == "REGION_FILE_UNKNOWN"
    assert refused.value.facts == {"line": 3, "region": "45", "other": "46"}


@pytest.mark.django_db
def test_empty_and_double_editions_are_refused(at: datetime) -> None:
    for edition, code in (([], "EDITION_EMPTY"), ([RegionRow("44", "广东省")] * 2, "EDITION_TWICE")):
        with pytest.raises(AccountsRefused) as refused:
            import_regions(edition, by=BY, at=at)
        assert refused.value.code == code


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["accounts.import_regions.before", "accounts.import_regions.after"])
def test_a_fault_in_between_leaves_nothing(name: str, at: datetime) -> None:
    with handled_by(FaultAt(name=name)), pytest.raises(PlantedFault):
        import_regions([RegionRow("44", "广东省")], by=BY, at=at)
    assert Region.objects.count() == 0


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (["44,广东省,,,", "4,x,,,"], 3),
        (["44,,,,"], 2),
        (["44,广东省,1988-13-01,,"], 2),
        (["44,广东省,2000-01-01,2000-01-01,"], 2),
        (["44,广东省,,,", "45,广西,,,", "44,广东,,,"], 4),
        (["44,广东省,,,4416"], 2),
        (["44,广东省,,,45"], 2),
        (["44,广东省,,2000-01-01,44"], 2),
        (["44,广东省,,,,,more"], 2),
        (['44,"广东省" x,,,'], 2),
        (["44,广东省,,,", "44,广东省,,,"], 3),
    ],
)
def test_a_faulty_file_is_refused_with_the_line(lines: list[str], line: int, tmp_path: Path) -> None:
    with pytest.raises(AccountsRefused) as refused:
        read_regions(written(tmp_path, *lines))
    assert (refused.value.code, refused.value.facts["line"]) == ("REGION_FILE_LINE", line)
    assert str(line) in str(refused.value)


def test_a_file_without_its_columns_or_in_another_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AccountsRefused) as refused:
        read_regions(written(tmp_path, "44,广东省", head="代码,名称"))
    assert (refused.value.code, refused.value.facts) == ("REGION_FILE_COLUMNS", {"columns": "code, name"})
    path = tmp_path / "gbk.csv"
    path.write_bytes("code,name\n44,广东省\n".encode("gb18030"))
    with pytest.raises(AccountsRefused) as refused:
        read_regions(path)
    assert refused.value.code == "REGION_FILE_LINE"


def test_a_place_on_paper_keeps_its_own_name() -> None:
    assert full_name("4290", {"42": "湖北省", "4290": "省直辖县级行政区划"}) == "湖北省省直辖县级行政区划"


@pytest.mark.django_db
def test_the_command_imports_the_vendored_edition_and_refuses_half_a_retirement(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_regions")
    assert capsys.readouterr().out == "4497 regions read: 4497 added, 0 changed, 0 retired.\n"
    for arguments in (["--retire-missing"], ["--on", "2027-01-01"], ["nowhere.csv"]):
        with pytest.raises(CommandError):
            call_command("import_regions", *arguments)
