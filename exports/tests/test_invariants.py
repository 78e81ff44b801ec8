"""Each invariant of the room finds its planted violation, and nothing in exports as they are made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from beneficiaries.testing import World
from exports import writing
from exports.actions import ask_export
from exports.invariants import INVARIANTS
from exports.listing import Listing, Wanted
from exports.models import Export, ExportPart
from exports.tests.conftest import PURPOSE, Browser, content_of, export
from jobs.testing import drain
from portal.verify import check

pytestmark = pytest.mark.django_db

VIOLATIONS: dict[str, Callable[[], Any]] = {
    "no_raw_numbers_in_exports": lambda: Export.objects.update(purpose="给 441602196203151219 核对"),
    "export_has_its_event": lambda: Export.objects.filter(state="sent").update(rows=F("rows") + 1),
    "export_is_its_parts": lambda: ExportPart.objects.filter(number=1).delete(),
    "no_export_kept_past_its_time": lambda: Export.objects.filter(state="ready").update(
        purge_on=timezone.localdate() - timedelta(days=9)
    ),
}


def broken() -> list[str]:
    return [invariant.name for invariant in INVARIANTS if check(invariant).rows]


@pytest.fixture
def made(world: World, signed_in: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """One handed over at once, one that waits, of two parts."""
    monkeypatch.setattr(writing, "STEP_ROWS", 1)
    content_of(export(signed_in(world.finance_maker), "programs.budget"))
    listing = Listing("programs.budget", world.finance_maker, Wanted(""))
    ask_export(listing, kind="csv", purpose=PURPOSE, by=world.finance_maker, at=timezone.now())
    drain()
    assert Export.objects.get(state="ready").parts.count() == 2


def test_exports_as_they_are_made_break_nothing(made: None) -> None:
    assert broken() == [] and {invariant.name for invariant in INVARIANTS} == VIOLATIONS.keys()


@pytest.mark.parametrize("name", sorted(VIOLATIONS))
def test_a_planted_violation_is_found(made: None, name: str) -> None:
    VIOLATIONS[name]()
    assert broken() == [name]
