"""`make_roster` gives the same bytes for the same seed, in every format, whenever it is asked."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.regions_file import VENDORED, read_regions
from beneficiaries.columns import COLUMNS
from intake.readers import read_chunks


def made(path: Path, **how: object) -> bytes:
    call_command("make_roster", rows=300, dirty=0.1, output=path, verbosity=0, **how)
    return path.read_bytes()


@pytest.mark.parametrize("how", [{"format": "xlsx"}, {"format": "csv"}, {"format": "csv", "encoding": "gb18030"}])
def test_the_same_seed_gives_the_same_bytes_and_another_gives_others(tmp_path, how):
    first = made(tmp_path / "a", seed=7, **how)
    assert made(tmp_path / "b", seed=7, **how) == first
    assert made(tmp_path / "c", seed=8, **how) != first


def test_the_parts_of_a_workbook_bear_no_time(tmp_path):
    made(tmp_path / "a.xlsx", seed=7, format="xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_both_formats_hold_the_same_rows_and_faults(tmp_path):
    made(tmp_path / "a.xlsx", seed=7, format="xlsx", manifest=tmp_path / "xlsx.json")
    made(tmp_path / "a.csv", seed=7, format="csv", manifest=tmp_path / "csv.json")
    keys = [column.key for column in COLUMNS]
    read = [
        [row for chunk in read_chunks(tmp_path / name, COLUMNS) for row in chunk.frame.select("line", *keys).rows()]
        for name in ("a.xlsx", "a.csv")
    ]
    assert read[0] == read[1]
    assert len(read[0]) == 300
    manifest = json.loads((tmp_path / "xlsx.json").read_text())
    assert manifest == json.loads((tmp_path / "csv.json").read_text())
    assert len(manifest) > 10


@pytest.mark.parametrize("region", ["4416", "4417", "4510", "441602"])
def test_every_region_of_a_roster_is_known_and_current_and_below_the_one_asked_for(tmp_path, region):
    current = {row.code for row in read_regions(VENDORED) if row.valid_to is None}
    made(tmp_path / "a.csv", seed=3, format="csv", region=region, manifest=tmp_path / "planted.json")
    faults = json.loads((tmp_path / "planted.json").read_text())
    planted = {int(line) for line, found in faults.items() if "REGION_UNKNOWN" in found}
    rows = [row for chunk in read_chunks(tmp_path / "a.csv", COLUMNS) for row in chunk.frame.select("line", "region_code").rows()]
    assert len(rows) == 300
    codes = {code for line, code in rows if line not in planted}
    assert codes <= current and all(code.startswith(region) for code in codes)
    assert not {code for line, code in rows if line in planted} & current
