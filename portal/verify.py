"""Gathers the invariants of all rooms and runs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from accounts.invariants import INVARIANTS as ACCOUNTS
from audit import events
from audit.invariants import INVARIANTS as AUDIT
from audit.invariants import Invariant
from beneficiaries.invariants import INVARIANTS as BENEFICIARIES
from beneficiaries.marking import wrong_marks
from claims.invariants import INVARIANTS as CLAIMS
from closing.invariants import INVARIANTS as CLOSING
from complaints.invariants import INVARIANTS as COMPLAINTS
from continuity.invariants import INVARIANTS as CONTINUITY
from exports.invariants import INVARIANTS as EXPORTS
from filings.invariants import INVARIANTS as FILINGS
from gates.invariants import INVARIANTS as GATES
from handover.invariants import INVARIANTS as HANDOVER
from jobs.invariants import INVARIANTS as JOBS
from outreach.invariants import INVARIANTS as OUTREACH
from papers.invariants import INVARIANTS as PAPERS
from payouts.invariants import INVARIANTS as PAYOUTS
from programs.invariants import INVARIANTS as PROGRAMS
from records.invariants import INVARIANTS as RECORDS
from results.invariants import INVARIANTS as RESULTS
from results.limits import beyond_limits
from retention.invariants import INVARIANTS as RETENTION
from samples.invariants import INVARIANTS as SAMPLES
from subsidies.invariants import INVARIANTS as SUBSIDIES
from takeup.invariants import INVARIANTS as TAKEUP
from years.invariants import INVARIANTS as YEARS

EXAMPLES = 10
ALL: tuple[Invariant, ...] = (
    *PROGRAMS, *BENEFICIARIES, *CONTINUITY,
    *CLAIMS, *GATES, *HANDOVER, *SUBSIDIES, *PAPERS, *OUTREACH, *YEARS, *PAYOUTS, *CLOSING, *RESULTS, *RECORDS, *FILINGS,
    *COMPLAINTS, *TAKEUP,
    *SAMPLES, *RETENTION,
    *EXPORTS,
    *ACCOUNTS, *JOBS, *AUDIT,
)


@dataclass(frozen=True)
class Result:
    """One invariant's outcome: how many rows break it, and the first of them."""

    number: int
    name: str
    sentence: str
    rows: int
    examples: list[str]


def rows_of(invariant: Invariant) -> list[tuple[Any, ...]]:
    """What breaks it: one statement, which is a transaction of its own unless the caller has one."""
    with connection.cursor() as cursor:
        cursor.execute(invariant.sql)
        return cursor.fetchall()


def check(invariant: Invariant) -> Result:
    """Run one invariant."""
    found = rows_of(invariant)
    return Result(
        invariant.number, invariant.name, str(invariant.sentence), len(found),
        [":".join(str(value) for value in row) for row in found[:EXAMPLES]],
    )


def check_all() -> list[Result]:
    """Every invariant in the order of its number, the sealed chain and the marks of people included."""
    results = [check(invariant) for invariant in ALL]
    chain = events.verify_chain()
    results.append(
        Result(21, "chain_is_whole", _("The chain of events is whole."), len(chain.broken), chain.broken[:EXAMPLES])
    )
    wrong = [str(number) for number in wrong_marks()]
    results.append(
        Result(
            23, "marks_are_of_their_people", _("Whom a telephone or the beginning of a name finds has it."), len(wrong),
            wrong[:EXAMPLES],
        )
    )
    beyond = [f"{cover}:{parts}" for cover, parts in beyond_limits()]
    results.append(
        Result(
            6, "responsibilities_pay_within_their_limits",
            _("What is decided and what insurers paid for a cover stays within the limits of the year of each responsibility."),
            len(beyond), beyond[:EXAMPLES],
        )
    )
    return sorted(results, key=lambda result: (result.number, result.name))
