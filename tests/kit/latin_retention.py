"""Terms, holds and destructions of the Latin world, in each state that has a page of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from beneficiaries.models import Roster
from jobs.testing import drain
from retention import actions
from retention.models import RunKind
from retention.terms import Kind
from retention.testing import age_import


def make_latin_retention(world: Any, *, reason: str) -> None:
    """Terms in force, declined, to approve; a hold that stands and one that was lifted; lists withdrawn and to be released."""
    officer, auditor = world.users["city security_admin"], world.users["city auditor"]
    reviewer, at = world.users["city reviewer"], timezone.now()

    def proposed(kind: Kind, length: int) -> Any:
        return actions.propose_term(world.program, kind=kind, length=length, reason=reason, by=officer, at=at)

    actions.approve_term(proposed(Kind.COVER, 10), by=reviewer, at=at)
    actions.decline_term(proposed(Kind.LIST, 400), answer=reason, by=reviewer, at=at)
    proposed(Kind.LIST, 90)
    hold = actions.place_hold(world.city, reason=reason, by=auditor, at=at)
    actions.lift_hold(hold, reason=reason, by=officer, at=at)
    age_import(Roster.objects.filter(program=world.program, state="refused").earliest("pk"), days=400)
    for kind in RunKind:
        run = actions.draw_up_run(world.program, kind=kind, due_on=timezone.localdate(at), by=officer, at=at)
        drain()
        if kind == RunKind.PEOPLE:
            actions.withdraw_run(run, reason=reason, by=officer, at=at)
    actions.place_hold(world.program, reason=reason, ends_on=timezone.localdate(at) + timedelta(days=30), by=auditor, at=at)
