"""What keeps a cover from being undone: rooms above say it here at start; no claim is known here."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: Reasons of this room.
ALREADY_ENDED, CHANGED_SINCE, ADDED = "ALREADY_ENDED", "CHANGED_SINCE", "ADDED"
OWN_WORDS: dict[str, str | Promise] = {
    ALREADY_ENDED: _("the cover had lapsed or ended before: it stays so, with its money; contact and categories were undone"),
    CHANGED_SINCE: _("the cover was undone; contact data that were entered or confirmed later stay"),
    ADDED: _("the line had only added to the cover of another roster: what it added stays"),
}


@dataclass(frozen=True)
class Keeper:
    """`code`: up to 24 letters, kept with the row. `condition`: SQL, true of a cover `e` (beneficiaries_enrollment).

    The undo locks its covers FOR UPDATE before it asks. Whoever uses a cover locks it too (a foreign key does), and looks
    at its state after the lock: what is under way is waited for and then seen, what comes later finds the cover voided.
    """

    code: str
    words: str | Promise
    condition: str


_keepers: dict[str, Keeper] = {}


def register_keeper(keeper: Keeper) -> None:
    """Called at start by the room whose rows keep a cover; the first that holds is the reason."""
    if keeper.code in OWN_WORDS or len(keeper.code) > 24:
        raise ValueError(f"no code of a keeper: {keeper.code}")
    _keepers[keeper.code] = keeper


def forget_keeper(code: str) -> None:
    """For tests, which register codes of their own: a room's own is registered once."""
    _keepers.pop(code, None)


def keepers() -> list[Keeper]:
    """In the order of their registration."""
    return list(_keepers.values())


def keeper_case() -> str:
    """SQL: the code of the first keeper that holds of a cover `e`, '' for none."""
    cases = " ".join(f"WHEN {keeper.condition} THEN '{keeper.code}'" for keeper in keepers())
    return f"(CASE {cases} ELSE '' END)" if cases else "''::text"


def kept_in_words(code: str) -> str:
    """Why an undo left something of a row."""
    if code in OWN_WORDS:
        return str(OWN_WORDS[code])
    return str(_keepers[code].words) if code in _keepers else code
