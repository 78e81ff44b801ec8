"""Facts of a cover as the benefit engine takes them: pure, and read from a real cover."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.utils import timezone

from beneficiaries.tests.purchasing import paid_market
from benefits.facts import Cover, Insured
from continuity.facts import CoverFacts, cover_of, facts_of, insured_of
from continuity.testing import bought, year_of

FROM, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("given", "expected"), [
    ({}, Insured()),
    ({"continuity_years": 3, "claim_free_years": 2}, Insured(continuity_years=3, claim_free_years=2)),
    ({"health_class": "healthy"}, Insured(health_class="healthy")),
    ({"health_class": "pre_existing"}, Insured(health_class="pre_existing")),
    # Which diseases they are leaves it to the plan whether they count.
    ({"health_class": "pre_existing", "conditions": frozenset({"tumor"})}, Insured(conditions=frozenset({"tumor"}))),
    # A class alone says of no single expense that it is for such a disease.
    ({"health_class": "pre_existing", "is_by_treatment": True}, Insured()),
    ({"health_class": "healthy", "is_by_treatment": True}, Insured(health_class="healthy")),
    ({"birth_on": date(1960, 2, 29)}, Insured(birth_on=date(1960, 2, 29))),
])
def test_the_engine_is_told_what_is_known_and_no_more(given: dict[str, Any], expected: Insured) -> None:
    assert insured_of(CoverFacts(**{"birth_on": None, "starts_at": FROM, "ends_at": UNTIL, **given})) == expected


def test_a_cover_that_never_stood_is_none() -> None:
    assert cover_of(CoverFacts(None, FROM, UNTIL)) == Cover(FROM, UNTIL)
    assert cover_of(CoverFacts(None, FROM, FROM)) is None


@pytest.mark.django_db
def test_a_real_cover_gives_its_years_and_days() -> None:
    market = paid_market()
    bought(market, year_of(market, 2025))
    cover = bought(market, year_of(market, 2026))
    facts = facts_of(cover, on=timezone.localdate())
    assert (facts.continuity_years, facts.claim_free_years, facts.health_class, facts.conditions) == (1, 1, "", frozenset())
    assert (facts.birth_on, facts.starts_at, facts.ends_at) == (cover.person.birth_on, cover.starts_at, cover.ends_at)
