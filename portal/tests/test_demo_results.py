"""The demo's payouts: a report recorded with equal and different lines, one with held lines to be looked at; loaded once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from accounts.testing import make_organization
from beneficiaries.synthetic import AT, Line, people
from beneficiaries.testing import make_world
from portal.demo_benefits import supplementary
from portal.demo_results import RECORDED, WAITING, report_payouts
from portal.verify import check_all
from programs.models import Program
from programs.reference import make_categories
from results.models import Report, Result

pytestmark = pytest.mark.django_db


def of_the_county(*given: Any, **named: Any) -> Iterator[Line]:
    """The county's people where the county has no villages."""
    for line in people(*given, **named):
        yield Line(tuple("441602" if place == AT["region_code"] else cell for place, cell in enumerate(line.cells)))


def test_an_insurer_reports_right_and_wrong_and_what_it_paid_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.demo_families.people", of_the_county)
    world = make_world()
    make_categories(at=timezone.now())
    insurers = [world.insurer, *(make_organization(f"共保{number}", kind="insurer") for number in (1, 2))]
    supplementary(
        "HMB4416", name="惠民保", office=world.city, insurers=insurers, maker=world.finance_maker, checker=world.finance_checker,
        by="system:demo", at=timezone.now(),
    )
    said: list[str] = []
    for _time in range(2):
        report_payouts(
            Program.objects.get(code="HMB4416"), clerk=world.clerk, reviewer=world.reviewer, maker=world.finance_maker,
            checker=world.finance_checker, say=said.append,
        )
    first, second = Report.objects.order_by("pk")
    assert (first.state, first.row_count, second.state, second.row_count) == ("applied", len(RECORDED), "review", len(WAITING))
    assert Counter(Result.objects.values_list("comparison", flat=True)) == {"equal": 4, "different": 2, "unknown": 1}
    codes = second.counts["codes"]
    assert {code: codes[code] for code in ("BEYOND_LIMIT", "DOUBLED", "OUTSIDE_COVER", "IDENTITY_CONFLICT")} == {
        "BEYOND_LIMIT": 1, "DOUBLED": 1, "OUTSIDE_COVER": 1, "IDENTITY_CONFLICT": 1,
    }
    assert len(set(said)) == 1
    assert [(result.name, result.examples) for result in check_all() if result.rows] == []
