"""The own payment's gate opened again, set-wise: a payment was recorded wrongly, and its cover has not begun.

Rooms above say what else stands against it (an insurer that knows of the cover, money that was paid back), each as a
condition of its own tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit import events
from audit.faults import fault_point
from audit.history import plan_anew
from beneficiaries.gating import Gate
from beneficiaries.models import Roster


@dataclass(frozen=True)
class Bar:
    """What stands against it: a code, how people read it, and the SQL condition of a row `e` of enrollments."""

    code: str
    words: str | Promise
    condition: str
    #: That money went back: it holds up the end of a payment that never came, too.
    is_of_money: bool = False


#: What this room knows, `%(at)s` being now. The first that holds is told.
_OWN = (
    Bar(
        "COVER_GONE", _("the cover has ended, lapsed or was taken back"),
        "e.id IS NULL OR e.state NOT IN ('awaiting', 'in_force') OR roster.state IN ('undoing', 'undone')",
    ),
    Bar("NOT_PAID", _("no own payment is recorded"), "e.own_paid_at IS NULL OR e.own_share = 0"),
    Bar("COVER_BEGUN", _("the cover has begun"), "e.state = 'in_force' AND e.starts_at <= %(at)s"),
    Bar("INSURER_ACCEPTED", _("the insurer has accepted the cover"), "e.accepted_at IS NOT NULL"),
)
_BARS: dict[str, Bar] = {}
_REOPEN = """
WITH reopened AS (
    UPDATE beneficiaries_enrollment e SET own_paid_at = NULL, state = 'awaiting'
    WHERE e.id = ANY(ARRAY(SELECT enrollment_id FROM {work})) RETURNING e.roster_id
)
SELECT roster_id, count(*) FROM reopened GROUP BY 1 ORDER BY 1
"""


def register_bar(bar: Bar) -> None:
    """Called at start by a room whose tables know of a cover."""
    _BARS[bar.code] = bar


def _all() -> Iterator[Bar]:
    yield from _OWN
    yield from (_BARS[code] for code in sorted(_BARS))


def barred() -> str:
    """SQL branches of a CASE: the code of the first thing that stands against a row `e`, with its `roster`; needs `%(at)s`."""
    return " ".join(f"WHEN {bar.condition} THEN '{bar.code}'" for bar in _all())


def money_barred() -> str:
    """As `barred`, of bars alone that say that money went back."""
    return " ".join(f"WHEN {bar.condition} THEN '{bar.code}'" for bar in _all() if bar.is_of_money)


def bar_in_words(code: str) -> str:
    """Why, as people read it."""
    return next((str(bar.words) for bar in _all() if bar.code == code), "")


def reopen_payments(work: str, *, rosters: Mapping[int, Roster], by: Any, at: datetime) -> int:
    """Whoever stands in the temporary table `work` (`enrollment_id`) has not paid any more and waits; how many those were.

    In the caller's transaction, which has locked their rosters and left out whatever `barred` names. A start that was moved
    stays: paid again, the cover begins then or later.
    """
    fault_point("beneficiaries.reopen_payments.before")
    with connection.cursor() as cursor:
        plan_anew(cursor)
        cursor.execute(_REOPEN.format(work=work))
        found = cursor.fetchall()
    for roster_id, people in found:
        if roster_id is not None:
            roster = rosters[roster_id]
            events.record(
                "roster.gate_reopened", roster, by=by, at=at, organization=roster.organization,
                region_code=roster.region_code, program_id=roster.program_id,
                data={"gate": Gate.OWN_PAYMENT.value, "people": people},
            )
    fault_point("beneficiaries.reopen_payments.after")
    return sum(people for _roster, people in found)
