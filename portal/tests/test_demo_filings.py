"""The demo's claims by file: three opened with their papers, one file with held lines; loaded once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from beneficiaries.models import Enrollment
from claims.models import Case
from filings.models import ClaimFile, PaperEntry
from filings.testing import filings
from portal.demo_filings import OPENED, PAPERS, WAITING, file_claims
from portal.verify import check_all

pytestmark = pytest.mark.django_db


def test_a_county_sends_in_claims_with_papers_and_some_that_wait() -> None:
    world: Any = filings()
    Enrollment.objects.update(starts_at=timezone.now() - timedelta(days=60))
    said: list[str] = []
    for _time in range(2):
        file_claims(world.market.program, clerk=world.clerk, reviewer=world.reviewer, say=said.append)
    first, second = ClaimFile.objects.order_by("pk")
    assert (first.state, first.row_count, second.state, second.row_count) == ("applied", len(OPENED), "review", len(WAITING))
    assert sorted(case.bills.count() for case in Case.objects.all()) == [1, 1, 2]
    assert Counter(PaperEntry.objects.values_list("outcome", flat=True)) == {"attached": 6, "refused": 1, "no_claim": 1}
    assert len(PAPERS) == 8
    assert {code: second.counts["codes"][code] for code in ("B_LINES_DIFFER", "FILED_ELSEWHERE", "IDENTITY_CONFLICT")} == {
        "B_LINES_DIFFER": 1, "FILED_ELSEWHERE": 1, "IDENTITY_CONFLICT": 1,
    }
    assert len(set(said)) == 1
    assert [(result.name, result.examples) for result in check_all() if result.rows] == []
