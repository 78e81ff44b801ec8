"""What the buttons of a form of parts do to its data: a line more, a line less, another order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benefits import editing


def changed_by(post: Mapping[str, Any], data: Any) -> Any:
    """The data with the line that a button adds or takes out; None where another button was pressed."""
    place = post.get("_add", "")
    if place:
        return editing.added(data, place, {})
    place = post.get("_remove", "")
    return editing.removed(data, place) if place else None


def moved_by(post: Mapping[str, Any], data: Any, place: str) -> Any:
    """The data with the responsibility at another position in the order of settlement."""
    by = {"up": -1, "down": 1}.get(post.get("_move", ""), 0)
    return editing.moved(data, place, by) if by and place else data
