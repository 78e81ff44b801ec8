"""Bad files of every kind: a refusal in words or rows with findings, never an unhandled error; good rows come through.

A hundred in the suite; thousands with `SPOILT_FILES=5000 SPOILT_SEED=1 pytest intake/tests/test_spoilt_files.py`.
"""

from __future__ import annotations

import io
import os

import polars as pl
import pytest

from intake.checks import check
from intake.findings import MEANINGS
from intake.readers import FileRefused, Limits, open_table
from intake.tests.plain_layout import COLUMNS, CONTEXT
from intake.tests.spoiling import CSV_WAYS, WORKBOOK_WAYS, Spoilt, spoilt

FILES = int(os.environ.get("SPOILT_FILES", "100"))
FIRST = int(os.environ.get("SPOILT_SEED", "1")) * 1_000_000
#: A workbook costs a process of its own.
WORKBOOKS = max(FILES // 10, 1) if FILES < 1_000 else FILES // 4
LIMITS = Limits(memory=2 * 1024**3, wall_seconds=60, cpu_seconds=30)
KEYS = [column.key for column in COLUMNS]


def outcome(file: Spoilt) -> tuple[str, pl.DataFrame | None]:
    """The codes of a refusal, or the rows that were read; everything was checked and described on the way."""
    try:
        table = open_table(io.BytesIO(file.content), COLUMNS, name=file.name, limits=LIMITS)
        try:
            frames = []
            for chunk in table.chunks(rows_per_chunk=40):
                checked = check(chunk.frame, COLUMNS, CONTEXT)
                assert len(checked.frame) == len(chunk.frame)
                assert set(checked.findings["code"]) <= set(MEANINGS)
                frames.append(chunk.frame.with_columns(worst=checked.frame["worst"]))
        finally:
            table.close()
    except FileRefused as refused:
        assert str(refused)
        return "、".join(finding.code for finding in refused.findings), None
    assert all(str(finding) for finding in table.findings)
    return "", pl.concat(frames)


def judge(seed: int, *, workbooks: bool) -> str:
    file = spoilt(seed, workbooks=workbooks)
    said, frame = outcome(file)
    if file.survivors is None:
        return said or "read"
    told = f"seed {seed}, {file.name}: {file.what}"
    assert frame is not None, f"{told}: refused as {said}"
    good = set(frame.filter(pl.col("worst") == 0).select(pl.col(KEYS).fill_null("")).rows())
    lost = [row for row in file.survivors if tuple(row) not in good]
    assert not lost, f"{told}: {len(lost)} good rows are lost, the first is {lost[0]}"
    return "read"


@pytest.mark.parametrize("workbooks", [False, True], ids=["text", "workbooks"])
def test_no_bad_file_gives_an_unhandled_error_and_good_rows_come_through(workbooks):
    seeds = range(FIRST, FIRST + (WORKBOOKS if workbooks else FILES))
    outcomes = set()
    for seed in seeds:
        try:
            outcomes.add(judge(seed, workbooks=workbooks))
        except Exception as error:
            error.add_note(f"spoilt({seed}, workbooks={workbooks})")
            raise
    # The generator does its work: some files are read, others refused for several reasons.
    assert "read" in outcomes
    assert len(outcomes) > 2


def test_a_seed_always_gives_the_same_file():
    for workbooks in (False, True):
        for seed in range(20):
            first, second = spoilt(seed, workbooks=workbooks), spoilt(seed, workbooks=workbooks)
            assert (first.what, first.survivors) == (second.what, second.survivors)
            assert workbooks or first.content == second.content
    assert len(CSV_WAYS) + len(WORKBOOK_WAYS) == 13
