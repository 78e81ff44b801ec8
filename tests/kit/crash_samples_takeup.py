"""Sample runs of actions with target populations: each in a program of its own."""

from __future__ import annotations

from django.utils import timezone

from beneficiaries.testing import World
from takeup import actions
from takeup.actions.targets import Wanted, digest_of, waiting_for
from takeup.testing import city_clerk, proposed
from tests.kit.crash_funds import funded
from tests.kit.crash_samples import Run, fresh, sample
from tests.kit.crashes import Token


@sample("takeup.propose_targets")
def propose_targets(world: World, token: Token) -> Run:
    own = funded(world, token)
    proposed(own, c441602=1_000)
    clerk = city_clerk(own)
    wanted = [Wanted("441602", 2_000, "公安函"), Wanted("441621", 3_000, "公安函")]
    return lambda: actions.propose_targets(fresh(own.period), wanted, by=clerk, at=timezone.now())


@sample("takeup.approve_targets")
def approve_targets(world: World, token: Token) -> Run:
    own = funded(world, token)
    proposed(own, c441602=1_000)
    shown = digest_of(waiting_for(own.period, own.reviewer))
    return lambda: actions.approve_targets(fresh(own.period), shown=shown, by=own.reviewer, at=timezone.now())


@sample("takeup.decline_target")
def decline_target(world: World, token: Token) -> Run:
    own = funded(world, token)
    (target,) = proposed(own, c441602=1_000)
    return lambda: actions.decline_target(fresh(target), reason="数据过旧", by=own.reviewer, at=timezone.now())


@sample("takeup.withdraw_target")
def withdraw_target(world: World, token: Token) -> Run:
    own = funded(world, token)
    (target,) = proposed(own, c441602=1_000)
    clerk = city_clerk(own)
    return lambda: actions.withdraw_target(fresh(target), by=clerk, at=timezone.now())
