"""Sample runs of actions with the calendar and with terms: each on the same days, as if nobody had stated anything before."""

from __future__ import annotations

from datetime import date
from typing import Any

import pgtrigger
from django.utils import timezone

from beneficiaries.testing import World
from claims import actions
from claims.actions.service_terms import TermDraft
from claims.models import FlagCode, FlagRule, Holiday, LetterKind, LetterStyle, ServiceTerm
from claims.models.service_term import TermKind
from jobs.testing import drain
from tests.kit.crash_samples import Run, at_now, fresh, sample
from tests.kit.crashes import Token

_DAY, _NEXT = date(2099, 10, 1), date(2099, 10, 2)


def holiday_of(day: date, name: str) -> Holiday:
    return Holiday(day=day, kind="off", name=name, source="通知")


def forgotten() -> None:
    """Nothing of an earlier run, and no recount under way."""
    with pgtrigger.ignore("claims.Holiday:holiday_is_never_deleted", "claims.ServiceTerm:service_term_is_kept"):
        Holiday.objects.filter(day__in=(_DAY, _NEXT)).delete()
        ServiceTerm.objects.all().delete()
    drain()


def promise(days: int) -> TermDraft:
    return TermDraft(TermKind.PAY, days, "服务承诺", date(2099, 1, 1))


def proposed(world: World) -> ServiceTerm:
    return actions.propose_service_term(world.program, promise(3), by=world.finance_maker, at=timezone.now())


@sample("claims.create_holiday")
def create_holiday(world: World, token: Token) -> Run:
    forgotten()
    return lambda: actions.create_holiday(holiday_of(_DAY, "国庆节"), **at_now())


@sample("claims.change_holiday")
def change_holiday(world: World, token: Token) -> Run:
    forgotten()
    kept = actions.create_holiday(holiday_of(_DAY, "国庆节"), **at_now())
    drain()

    def run() -> Any:
        changed = fresh(kept)
        changed.kind = "ordinary"
        return actions.change_holiday(changed, **at_now())

    return run


@sample("claims.import_holidays")
def import_holidays(world: World, token: Token) -> Run:
    forgotten()
    actions.create_holiday(holiday_of(_DAY, "国庆节"), **at_now())
    drain()
    return lambda: actions.import_holidays([holiday_of(_DAY, "中秋节"), holiday_of(_NEXT, "国庆节")], **at_now())


@sample("claims.state_law_term")
def state_law_term(world: World, token: Token) -> Run:
    forgotten()
    actions.state_law_term(TermDraft(TermKind.PAY, 10, "保险法", date(2009, 10, 1)), **at_now())
    drain()
    return lambda: actions.state_law_term(promise(8), **at_now())


@sample("claims.propose_service_term")
def propose_service_term(world: World, token: Token) -> Run:
    forgotten()
    return lambda: proposed(world)


@sample("claims.approve_service_term")
def approve_service_term(world: World, token: Token) -> Run:
    forgotten()
    term = proposed(world)
    return lambda: actions.approve_service_term(fresh(term), by=world.reviewer, at=timezone.now())


@sample("claims.decline_service_term")
def decline_service_term(world: World, token: Token) -> Run:
    forgotten()
    term = proposed(world)
    return lambda: actions.decline_service_term(fresh(term), answer="做不到", by=world.reviewer, at=timezone.now())


@sample("claims.set_flag_rule")
def set_flag_rule(world: World, token: Token) -> Run:
    FlagRule.objects.all().delete()
    return lambda: actions.set_flag_rule(
        world.program, code=FlagCode.ACCOUNT, active=True, number=3, by=world.reviewer, at=timezone.now()
    )


@sample("claims.write_letter_wording")
def write_letter_wording(world: World, token: Token) -> Run:
    return lambda: actions.write_letter_wording(
        world.program, kind=LetterKind.PAPERS, style=LetterStyle.PLAIN, text=f"{token.letters}{{赔案号}}还差{{缺少材料}}",
        phone="12345", by=world.reviewer, at=timezone.now(),
    )
