"""Retention of the demo: a term in force, a hold, and a list of what is due that waits for its release; again without harm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from beneficiaries.models import Roster
from intake.models import State
from jobs.actions import run_pending
from programs.models import Program
from retention import actions
from retention.models import DestructionRun, LegalHold, RetentionTerm, RunKind, TermState
from retention.terms import Kind

#: So long ago a list was sent back that its file is due.
LONG_AGO = timedelta(days=60)


def keep_and_list(program: Program, *, users: Mapping[str, User], reviewer: User, say: Callable[[str], None]) -> None:
    """Files of lists that came to nothing are kept thirty days here; one is held, one is due."""
    officer, at = users["security"], timezone.now()
    terms = RetentionTerm.objects.filter(program=program, kind=Kind.LIST)
    if not terms.exists():
        actions.propose_term(
            program, kind=Kind.LIST, length=30, reason="未成名单的文件满三十日即不再需要", by=officer, at=at
        )
    for term in terms.filter(state=TermState.PROPOSED):
        actions.approve_term(term, by=reviewer, at=at)
    withdrawn = Roster.objects.filter(program=program, state=State.WITHDRAWN).select_related("organization").first()
    if withdrawn is not None and not LegalHold.objects.filter(roster=withdrawn).exists():
        actions.place_hold(withdrawn, reason="审计核查中，文号示例〔2026〕1号", by=users["auditor"], at=at)
    if not DestructionRun.objects.filter(program=program).exists():
        actions.draw_up_run(program, kind=RunKind.IMPORTS, due_on=timezone.localdate(at), by=officer, at=at)
        run_pending()
        say(f"{program.name}: what is out of its term is listed")
