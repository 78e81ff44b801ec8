"""Shades of numbers by place: rules without a database."""

from __future__ import annotations

from decimal import Decimal

import pytest

from audit.panels import Place, PlaceData, PlaceGroup, PlaceTable
from portal.places import place_card, shade


@pytest.mark.parametrize(
    ("value", "highest", "wanted"),
    [
        (0, 10, 0), (None, 10, 0), (1, 10, 1), (2, 10, 1), (3, 10, 2), (4, 10, 2), (5, 10, 3), (8, 10, 4), (9, 10, 5), (10, 10, 5),
        (999, 1000, 5), (Decimal("0.01"), Decimal("99.00"), 1), (Decimal("98.99"), Decimal("99.00"), 5), (1, 1, 5),
    ],
)
def test_a_ground_is_the_darker_the_nearer_a_number_is_to_the_highest(
    value: int | Decimal | None, highest: int | Decimal, wanted: int
) -> None:
    assert shade(value, highest) == wanted


def test_a_number_that_is_hidden_stands_as_a_dash_and_has_no_ground_and_no_sum() -> None:
    groups = [PlaceGroup("City", [Place("1", "A", [None, 7]), Place("2", "B", [4, 14])], [None, 21])]
    card = place_card(PlaceTable("a.b", "t", "p", lambda user: PlaceData(["x", "y"], groups, [9, 21])), None)
    (group,) = card.groups
    first, second = ([(cell.text, cell.shade) for cell in line.cells] for line in group.lines)
    assert (first, second) == ([("—", 0), ("7", 3)], [("4", 5), ("14", 5)])
    assert (group.sums, [cell.text for cell in card.sums]) == ([], ["9", "21"])


def test_a_line_of_another_length_than_the_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="a line of a table of places has a value for each of its columns"):
        PlaceData(["x", "y"], [PlaceGroup("City", [Place("1", "A", [1])], [1, 2])], [1, 2])
