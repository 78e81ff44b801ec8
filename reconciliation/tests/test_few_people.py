"""What a payer is told of few people: nothing under five, people and yuan from five on."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from closing.testing import closed
from payouts.testing import fresh, keys_of
from reconciliation.models import ClaimStatement
from reconciliation.statement import readers_of, tables_of
from reconciliation.testing import sent_booked

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("people", "shown"), [(4, (None, None, None, None)), (5, (5, Decimal("5.00"), 5, Decimal("5.00")))]
)
def test_a_payer_is_told_nothing_of_fewer_than_five(people: int, shown: tuple[Any, ...]) -> None:
    till, batch = sent_booked(*["1.00"] * people)
    till.answered(fresh(batch), [(key, "1.00", "Y") for key in keys_of(batch)])
    found = ClaimStatement.objects.get(pk=closed(till.world, None).pk)
    funders = [each for each in readers_of(found) if each.key.startswith("funder:")]
    assert len(funders) == 2
    for each in funders:
        (table,) = tables_of(found, each)
        assert [cells for _name, cells in table.lines] == [shown]
        assert table.total is not None and table.total[1] == shown
