"""`make_roster` gives the same bytes for the same seed, in every format, whenever it is asked."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from django.core.management import call_command

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
