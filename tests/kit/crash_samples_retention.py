"""Sample runs of actions with terms, holds and destruction: each in a program of its own."""

from __future__ import annotations

from django.utils import timezone

from beneficiaries.models import Enrollment
from beneficiaries.testing import World
from retention import actions
from retention.models import RetentionTerm, RunKind
from retention.terms import Kind
from retention.testing import drawn, ended_long_ago, officer_of
from tests.kit.crash_samples import Run, fresh, sample
from tests.kit.crashes import Token
from tests.kit.papers_samples import covered


def old(world: World, token: Token) -> World:
    """Two people whose covers ended long ago."""
    own = covered(world, token)
    ended_long_ago(Enrollment.objects.filter(program=own.program), years=11)
    officer_of(own)
    return own


def proposed(own: World) -> RetentionTerm:
    return actions.propose_term(
        own.program, kind=Kind.COVER, length=12, reason="约定", by=officer_of(own), at=timezone.now()
    )


@sample("retention.propose_term")
def propose_term(world: World, token: Token) -> Run:
    own = old(world, token)
    return lambda: proposed(own)


@sample("retention.approve_term")
def approve_term(world: World, token: Token) -> Run:
    own = old(world, token)
    term = proposed(own)
    return lambda: actions.approve_term(fresh(term), by=own.reviewer, at=timezone.now())


@sample("retention.decline_term")
def decline_term(world: World, token: Token) -> Run:
    own = old(world, token)
    term = proposed(own)
    return lambda: actions.decline_term(fresh(term), answer="太长", by=own.reviewer, at=timezone.now())


@sample("retention.place_hold")
def place_hold(world: World, token: Token) -> Run:
    own = old(world, token)
    return lambda: actions.place_hold(own.program, reason="保全", by=own.auditor, at=timezone.now())


@sample("retention.lift_hold")
def lift_hold(world: World, token: Token) -> Run:
    own = old(world, token)
    hold = actions.place_hold(own.program, reason="保全", by=own.auditor, at=timezone.now())
    return lambda: actions.lift_hold(fresh(hold), reason="结案", by=officer_of(own), at=timezone.now())


@sample("retention.draw_up_run")
def draw_up_run(world: World, token: Token) -> Run:
    own = old(world, token)
    return lambda: actions.draw_up_run(
        own.program, kind=RunKind.PEOPLE, due_on=timezone.localdate(), by=officer_of(own), at=timezone.now()
    )


@sample("retention.release_run")
def release_run(world: World, token: Token) -> Run:
    own = old(world, token)
    run = drawn(own)
    return lambda: actions.release_run(fresh(run), digest=run.digest, by=own.reviewer, at=timezone.now())


@sample("retention.withdraw_run")
def withdraw_run(world: World, token: Token) -> Run:
    own = old(world, token)
    run = drawn(own)
    return lambda: actions.withdraw_run(fresh(run), reason="再来", by=officer_of(own), at=timezone.now())
