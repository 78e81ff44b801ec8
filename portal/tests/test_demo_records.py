"""The demo's settlement records: a file proposed, told of and claimed; one to be looked at; loaded once."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.testing import make_organization
from beneficiaries.testing import make_world
from portal.demo_benefits import supplementary
from portal.demo_records import PROPOSED, WAITING, take_in_records
from portal.demo_results import report_payouts
from portal.tests.test_demo_results import of_the_county
from portal.verify import check_all
from programs.models import Program
from programs.reference import make_categories
from records.models import Proposal, RecordList

pytestmark = pytest.mark.django_db
D = Decimal


def test_a_bureau_tells_of_people_who_never_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.demo_families.people", of_the_county)
    world = make_world()
    make_categories(at=timezone.now())
    insurers = [world.insurer, *(make_organization(f"共保{number}", kind="insurer") for number in (1, 2))]
    supplementary(
        "HMB4416", name="惠民保", office=world.city, insurers=insurers, maker=world.finance_maker, checker=world.finance_checker,
        by="system:demo", at=timezone.now(),
    )
    program = Program.objects.get(code="HMB4416")
    said: list[str] = []
    report_payouts(
        program, clerk=world.clerk, reviewer=world.reviewer, maker=world.finance_maker, checker=world.finance_checker,
        say=said.append
    )
    said.clear()
    for _time in range(2):
        take_in_records(program, clerk=world.clerk, reviewer=world.reviewer, say=said.append)
    first, second = RecordList.objects.order_by("pk")
    assert (first.state, first.row_count, second.state, second.row_count) == ("applied", len(PROPOSED), "review", len(WAITING))
    assert sorted(Proposal.objects.values_list("due", flat=True)) == [
        D("0.00"), D("0.00"), D("11700.00"), D("14300.00"), D("14675.00"), D("33600.00"),
    ]
    assert Counter(Proposal.objects.values_list("state", flat=True)) == {"nothing": 1, "told": 2, "claimed": 2, "open": 1}
    assert second.counts["codes"] == {
        "PAID_BY_INSURER": 1, "PARTS_ABOVE_TOTAL": 1, "RECORD_OTHER_NAME": 1, "STAY_TWICE": 1,
    }
    assert len(set(said)) == 1
    assert [(result.name, result.examples) for result in check_all() if result.rows] == []
