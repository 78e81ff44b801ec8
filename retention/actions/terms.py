"""Terms proposed by one person and put in force by another; a later version replaces the one before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import User
from audit import events
from audit.faults import fault_point
from programs.models import Program
from retention.due import term_of, terms_now
from retention.errors import RetentionRefused
from retention.models import RetentionTerm, TermState
from retention.reach import refuse_beyond_program
from retention.terms import MOST, RULES, Kind, in_words

PROPOSE, APPROVE = "retention.propose_term", "retention.approve_term"


def propose_term(program: Program, *, kind: Kind, length: int, reason: str, by: User, at: datetime) -> RetentionTerm:
    """Ask a colleague to have records kept so long, in the kind's unit; never shorter than the law asks."""
    refuse_beyond_program(by, PROPOSE, program)
    rule, reason = RULES[kind], " ".join(reason.split())
    if length < rule.least:
        raise RetentionRefused("LEGAL_MINIMUM", least=in_words(rule.least, rule.unit))
    if length > MOST[rule.unit]:
        raise RetentionRefused("TOO_LONG", most=in_words(MOST[rule.unit], rule.unit))
    if not reason:
        raise RetentionRefused("REASON")
    events.refuse_personal(reason)
    if (program.pk, str(kind)) in (terms := terms_now([program.pk])) and term_of(program.pk, kind, terms)[0] == length:
        raise RetentionRefused("SAME_TERM")
    term = RetentionTerm(
        program=program, kind=kind, length=length, unit=rule.unit, reason=reason[:300], proposed_by=by, proposed_at=at
    )
    try:
        with transaction.atomic():
            fault_point("retention.propose_term.before")
            term.save(force_insert=True)
            _record(
                "term.proposed", term, by=by, at=at, length=length, unit=str(rule.unit.value), kind=str(kind), reason=term.reason
            )
            fault_point("retention.propose_term.after")
    except IntegrityError as conflict:
        if "retention_term_waits_once" in str(conflict):
            raise RetentionRefused("TERM_WAITS") from conflict
        raise
    return term


def approve_term(term: RetentionTerm, *, by: User, at: datetime) -> RetentionTerm:
    """Put it in force. A list that was drawn up under the term before cannot be released any more."""
    with transaction.atomic():
        term = _to_decide(term, by=by)
        fault_point("retention.approve_term.before")
        RetentionTerm.objects.filter(program=term.program_id, kind=term.kind, state=TermState.IN_FORCE).update(
            state=TermState.REPLACED
        )
        term.state, term.decided_by, term.decided_at = TermState.IN_FORCE, by, at
        term.save(update_fields=["state", "decided_by", "decided_at"])
        _record("term.in_force", term, by=by, at=at, length=term.length, unit=term.unit, kind=term.kind)
        fault_point("retention.approve_term.after")
    return term


def decline_term(term: RetentionTerm, *, answer: str, by: User, at: datetime) -> RetentionTerm:
    """What was in force stays."""
    with transaction.atomic():
        term, answer = _to_decide(term, by=by), " ".join(answer.split())
        if not answer:
            raise RetentionRefused("REASON")
        events.refuse_personal(answer)
        fault_point("retention.decline_term.before")
        term.state, term.decided_by, term.decided_at, term.answer = TermState.DECLINED, by, at, answer[:300]
        term.save(update_fields=["state", "decided_by", "decided_at", "answer"])
        _record("term.declined", term, by=by, at=at, kind=term.kind, reason=term.answer)
        fault_point("retention.decline_term.after")
    return term


def _to_decide(term: RetentionTerm, *, by: User) -> RetentionTerm:
    # The program's row: two versions of one kind are put in force one after another.
    Program.objects.select_for_update(no_key=True).get(pk=term.program_id)
    locked = RetentionTerm.objects.select_for_update(of=("self",)).select_related("program__organization").get(pk=term.pk)
    refuse_beyond_program(by, APPROVE, locked.program)
    if locked.state != TermState.PROPOSED:
        raise RetentionRefused("STATE", state=locked.get_state_display())
    if locked.proposed_by_id == by.pk:
        raise RetentionRefused("ANOTHER_APPROVES")
    return locked


def _record(verb: str, term: RetentionTerm, *, by: Any, at: datetime, **data: Any) -> None:
    events.record(
        verb, term, by=by, at=at, organization=term.program.organization, region_code=term.program.region_code,
        program_id=term.program_id, data=data,
    )
