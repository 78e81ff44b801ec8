"""Doubtful rows decided by a person: accepted, accepted as somebody who is known, refused; singly or many at once.

What was decided stands in the row's own findings (a finding with the decision's number), so the digest that a second
person approves covers it. A decision may be taken back, or replaced, until the roster is submitted.

Whom a row may be accepted as: only people whom this office knows in this program. A document that only others know
under another name can be refused and nothing else, in the same words: nobody learns whose it is.

Who corrects a name or a document number: whoever holds `correct_person` decides it for people whom the office knows,
with a reason; a second person approves it with the roster; history keeps what stood before. Whether other organizations
know the person too is no part of the rule: it would tell them so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from accounts.models import User
from audit import events
from audit.faults import fault_point
from beneficiaries import missing
from beneficiaries.chosen import DECIDED_CODES, changed_rows, choose
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import DecisionKind, Roster, RosterChunk, RosterDecision
from beneficiaries.models.roster import ENROLLING
from beneficiaries.purposes import template_of
from intake.deciding import in_review, reason_of, settle
from intake.findings import Verdict


@dataclass(frozen=True)
class Choice:
    """Which rows are meant. `decided`: those that are decided already, to be decided anew, in place of those in doubt.

    `rows` names rows by id, of either kind; otherwise the filters choose, every one that is given.
    """

    rows: tuple[int, ...] = ()
    code: str = ""
    region: str = ""
    category: int | None = None
    decided: bool = False

    @property
    def facts(self) -> dict[str, Any]:
        """As the decision keeps it."""
        if self.rows:
            return {"rows": len(self.rows)}
        given = {"code": self.code, "region": self.region, "category": self.category, "decided": self.decided}
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True)
class Decided:
    """What a decision did: rows it changed, rows that were chosen and cannot be so decided."""

    decision: RosterDecision
    left: int


def decide(
    roster: Roster, *, choice: Choice, kind: DecisionKind, reason: str, by: User, at: datetime
) -> Decided:
    """Decide the chosen rows of a roster in review, all in one transaction."""
    if roster.purpose not in ENROLLING:
        raise BeneficiariesRefused("DECIDED_ENROLLING_ONLY")
    with transaction.atomic():
        roster = in_review(roster, template_of(roster))
        reason = reason_of(reason)
        decision = RosterDecision(
            roster=roster, kind=kind, reason=reason, chosen=choice.facts, rows=0, decided_by=by, decided_at=at
        )
        fault_point("beneficiaries.decide.before")
        left = choose(roster, *_where(roster, choice), kind)
        fault_point("beneficiaries.decide.chosen")
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM deciding")
            decision.rows = int(cursor.fetchone()[0])
        if not decision.rows:
            raise BeneficiariesRefused("NOTHING_TO_DECIDE")
        decision.save(force_insert=True)
        changes = changed_rows(roster, decision)
        missing.again(roster)
        settle(roster, template_of(roster), changes, at=at)
        events.record(
            "roster.decided", roster, by=by, at=at, organization=roster.organization, region_code=roster.region_code,
            program_id=roster.program_id,
            data={
                "rows": decision.rows, "kind": kind.value, "reason": reason, "decision": decision.pk,
                "digest": roster.digest[:12],
            },
        )
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE deciding")
        fault_point("beneficiaries.decide.after")
    return Decided(decision, left)


def _where(roster: Roster, choice: Choice) -> tuple[str, dict[str, Any]]:
    """The rows of a choice as a condition, by an index where there is one."""
    if choice.rows:
        return (
            "r.id = ANY(%(rows)s) AND (r.verdict = %(doubtful)s OR r.codes && %(decided)s::varchar[])",
            {"rows": list(choice.rows), "doubtful": int(Verdict.DOUBTFUL), "decided": list(DECIDED_CODES)},
        )
    parts = ["r.verdict = %(doubtful)s"]
    facts: dict[str, Any] = {"doubtful": int(Verdict.DOUBTFUL)}
    if choice.decided:
        parts = ["r.codes && %(decided)s::varchar[] AND r.chunk = ANY(%(chunks)s)"]
        facts = {"decided": list(DECIDED_CODES), "chunks": chunks_with_decisions(roster)}
    for given, part in (
        (choice.code, "%(code)s = ANY(r.codes)"), (choice.region, "starts_with(r.region_code, %(region)s)"),
        (choice.category, "r.category_id = %(category)s"),
    ):
        if given:
            parts.append(part)
    return " AND ".join(parts), {**facts, "code": choice.code, "region": choice.region, "category": choice.category}


def chunks_with_decisions(roster: Roster) -> list[int]:
    """Numbers of the chunks that hold decided rows."""
    chunks = RosterChunk.objects.filter(roster=roster).values_list("number", "counts")
    return [number for number, counts in chunks if counts.get("decided")]
