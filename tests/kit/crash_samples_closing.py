"""Sample runs of actions with months: each in a program of its own."""

from __future__ import annotations

from beneficiaries.testing import World
from closing import actions
from closing.testing import drawn, once_over, submitted
from tests.kit.crash_funds import funded
from tests.kit.crash_samples import Run, fresh, sample
from tests.kit.crashes import Token


@sample("closing.draw_up_month")
def draw_up_month(world: World, token: Token) -> Run:
    own = funded(world, token)
    return lambda: drawn(own)


@sample("closing.submit_closing")
def submit_closing(world: World, token: Token) -> Run:
    closing = drawn(funded(world, token))
    return lambda: actions.submit_closing(fresh(closing), by=world.finance_maker, at=once_over())


@sample("closing.approve_closing")
def approve_closing(world: World, token: Token) -> Run:
    closing = submitted(funded(world, token))
    return lambda: actions.approve_closing(fresh(closing), digest=closing.digest, by=world.finance_checker, at=once_over())


@sample("closing.decline_closing")
def decline_closing(world: World, token: Token) -> Run:
    closing = submitted(funded(world, token))
    return lambda: actions.decline_closing(fresh(closing), reason="漏记一笔", by=world.finance_checker, at=once_over())


@sample("closing.withdraw_closing")
def withdraw_closing(world: World, token: Token) -> Run:
    closing = drawn(funded(world, token))
    return lambda: actions.withdraw_closing(fresh(closing), by=world.finance_maker, at=once_over())
