"""`make bench`: every measurement is reached by its name, and one that finds a difference says so by its end."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from bench import __main__ as bench
from bench import benefits

FOLDER = Path(bench.__file__).parent
#: What other measurements share.
SHARED = {"__init__", "__main__", "fill_claims", "final_rows"}


def test_every_measurement_has_a_name_and_says_what_it_is() -> None:
    assert bench.measurements().keys() == {path.stem for path in FOLDER.glob("*.py")} - SHARED
    assert all(bench.measurements().values())


def test_a_name_runs_its_measurement_with_what_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Any] = []
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    monkeypatch.setattr(bench.runpy, "run_module", lambda name, **_given: ran.append((name, sys.argv[1:])))
    monkeypatch.setattr(bench, "main", lambda: ran.append("roster"))
    bench.dispatch(["results", "--rows", "1000"])
    bench.dispatch(["--rows", "1000"])
    bench.dispatch([])
    assert ran == [("bench.results", ["--rows", "1000"]), "roster", "roster"]
    with pytest.raises(SystemExit, match="There is no measurement nothing"):
        bench.dispatch(["nothing"])


def test_the_list_tells_each_name(capsys: pytest.CaptureFixture[str]) -> None:
    bench.dispatch(["--list"])
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(bench.measurements())


@pytest.mark.parametrize("agree", [True, False])
def test_a_columnar_path_that_decides_otherwise_ends_with_an_error(monkeypatch: pytest.MonkeyPatch, agree: bool) -> None:
    monkeypatch.setattr(sys, "argv", ["python -m bench.benefits", "--cases", "1", "--batch", "8"])
    monkeypatch.setattr(benefits, "kinds", list)
    if not agree:
        monkeypatch.setattr(benefits, "decide_one_by_one", lambda lines, terms: benefits.decide_batch(lines, terms).head(1))
    if agree:
        benefits.main()
    else:
        with pytest.raises(SystemExit, match="decides otherwise"):
            benefits.main()
