"""Terms of claims: the law's stated by the portal's operator; a program's promise proposed by one and approved by another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from accounts.models import User
from audit import events
from audit.faults import fault_point
from claims.models.service_term import ServiceTerm, TermKind, TermSetting, TermState, TermUnit
from claims.recounting import ask_recount
from claims.rules.clock import LONGEST
from claims.term_errors import TermRefused
from programs.actions.lists import operates_portal
from programs.models import Plan, Program

STATE_LAW, PROPOSE, APPROVE = "claims.state_law_term", "claims.propose_service_term", "claims.approve_service_term"


@dataclass(frozen=True)
class TermDraft:
    """What a term says. `days` None: from `valid_from` on nothing is promised any more."""

    kind: TermKind
    days: int | None
    source: str
    valid_from: date
    unit: TermUnit = TermUnit.CALENDAR
    setting: TermSetting = TermSetting.ALL
    plan: Plan | None = None


def state_law_term(draft: TermDraft, *, by: User | str, at: datetime) -> ServiceTerm:
    """What the law asks of every program, in force at once; the version before ends the day before."""
    if isinstance(by, User) and not operates_portal(by, STATE_LAW):
        raise TermRefused("SHARED")
    if draft.plan is not None:
        raise TermRefused("PLAN")
    with transaction.atomic():
        _hold_terms(None)
        term = _row(None, draft, by=by, at=at)
        _refuse_pointless(term)
        fault_point("claims.state_law_term.before")
        _end_before(term)
        term.state = TermState.IN_FORCE
        term.save(force_insert=True)
        events.record("law_term.stated", term, by=by, at=at, data=_told(term))
        ask_recount(by=by, at=at)
        fault_point("claims.state_law_term.after")
    return term


def propose_service_term(program: Program, draft: TermDraft, *, by: User, at: datetime) -> ServiceTerm:
    """Put forward what a program, or one of its plans, promises; it holds once a colleague has approved it."""
    refuse_beyond(by, PROPOSE, program=program)
    if draft.plan is not None and draft.plan.program_id != program.pk:
        raise TermRefused("PLAN")
    term = _row(program, draft, by=by, at=at)
    try:
        with transaction.atomic():
            _hold_terms(program)
            _refuse_pointless(term)
            fault_point("claims.propose_service_term.before")
            term.save(force_insert=True)
            _record("service_term.proposed", term, by=by, at=at)
            fault_point("claims.propose_service_term.after")
    except IntegrityError as conflict:
        if "service_term_waits_once" in str(conflict):
            raise TermRefused("WAITS") from conflict
        raise
    return term


def approve_service_term(term: ServiceTerm, *, by: User, at: datetime) -> ServiceTerm:
    """It holds from its day on; the version before ends the day before."""
    with transaction.atomic():
        term = _to_decide(term, by=by)
        _refuse_pointless(term)
        fault_point("claims.approve_service_term.before")
        _end_before(term)
        term.state, term.decided_by, term.decided_at = TermState.IN_FORCE, by, at
        term.save(update_fields=["state", "decided_by", "decided_at"])
        _record("service_term.in_force", term, by=by, at=at)
        ask_recount(by=by, at=at)
        fault_point("claims.approve_service_term.after")
    return term


def decline_service_term(term: ServiceTerm, *, answer: str, by: User, at: datetime) -> ServiceTerm:
    """What held stays."""
    with transaction.atomic():
        term, answer = _to_decide(term, by=by), " ".join(answer.split())
        if not answer:
            raise TermRefused("REASON")
        events.refuse_personal(answer)
        fault_point("claims.decline_service_term.before")
        term.state, term.decided_by, term.decided_at, term.answer = TermState.DECLINED, by, at, answer[:300]
        term.save(update_fields=["state", "decided_by", "decided_at", "answer"])
        _record("service_term.declined", term, by=by, at=at, reason=term.answer)
        fault_point("claims.decline_service_term.after")
    return term


def refuse_beyond(by: Any, permission: str, *, program: Program) -> None:
    """TermRefused("OUT_OF_SCOPE") unless a role of the user gives the permission in the office that operates the program."""
    if isinstance(by, User) and not reaches(by, permission, program=program):
        raise TermRefused("OUT_OF_SCOPE")


def reaches(user: Any, permission: str, *, program: Program) -> bool:
    """Whether a role of the user gives the permission over all of a program."""
    return any(
        program.organization.path.startswith(grant.organization_path)
        and program.region_code.startswith(grant.region_prefix)
        and (grant.program_ids is None or program.pk in grant.program_ids)
        for grant in user.grants(permission)
    )


def _row(program: Program | None, draft: TermDraft, *, by: Any, at: datetime) -> ServiceTerm:
    source = " ".join(draft.source.split())
    if draft.days is not None and not 1 <= draft.days <= LONGEST:
        raise TermRefused("DAYS", most=LONGEST)
    if not source:
        raise TermRefused("SOURCE")
    events.refuse_personal(source)
    return ServiceTerm(
        program=program, plan=draft.plan, kind=draft.kind, setting=draft.setting, days=draft.days, unit=draft.unit,
        source=source[:200], valid_from=draft.valid_from, proposed_by=by if isinstance(by, User) else None, proposed_at=at,
    )


def _same(term: ServiceTerm) -> Any:
    """Versions in force of the same term."""
    return ServiceTerm.objects.filter(
        program=term.program_id, plan=term.plan_id, kind=term.kind, setting=term.setting, state=TermState.IN_FORCE
    )


def _refuse_pointless(term: ServiceTerm) -> None:
    """It must begin after the version before, and say something else."""
    last = _same(term).order_by("valid_from").last()
    if last is None or last.days is None:
        if term.days is None:
            raise TermRefused("NOTHING_PROMISED")
    elif last.days == term.days and last.unit == term.unit and last.source == term.source:
        raise TermRefused("SAME")
    latest = _same(term).aggregate(latest=Max("valid_from"))["latest"]
    if latest is not None and term.valid_from <= latest:
        raise TermRefused("ORDER", day=f"{latest:%Y-%m-%d}")


def _end_before(term: ServiceTerm) -> None:
    _same(term).filter(valid_to__isnull=True).update(valid_to=term.valid_from)


def _hold_terms(program: Program | None) -> None:
    """Versions of one program's terms, or of the law's, are written one after another."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('claims.terms', %s))", [program.pk if program is not None else 0]
        )
    fault_point("claims.terms.held")


def _to_decide(term: ServiceTerm, *, by: User) -> ServiceTerm:
    _hold_terms(term.program)
    rows = ServiceTerm.objects.select_for_update(of=("self",)).select_related("program__organization", "plan")
    locked = rows.get(pk=term.pk)
    if locked.program is None or locked.state != TermState.PROPOSED:
        raise TermRefused("STATE", state=locked.get_state_display())
    refuse_beyond(by, APPROVE, program=locked.program)
    if locked.proposed_by_id == by.pk:
        raise TermRefused("ANOTHER_APPROVES")
    return locked


def _told(term: ServiceTerm) -> dict[str, Any]:
    return {
        "kind": str(term.kind), "setting": str(term.setting), "days": term.days or 0, "unit": str(term.unit),
        "from": f"{term.valid_from:%Y-%m-%d}",
    }


def _record(verb: str, term: ServiceTerm, *, by: Any, at: datetime, **data: Any) -> None:
    program: Any = term.program
    events.record(
        verb, term, by=by, at=at, organization=program.organization, region_code=program.region_code, program_id=program.pk,
        data={**_told(term), **data},
    )
