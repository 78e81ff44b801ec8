"""Months of the Latin world: one in each state that has a page of its own."""

from __future__ import annotations

from typing import Any

from django.utils.translation import override

from claims.models import Outcome
from claims.models.claim import STATE_NAMES
from closing import actions
from closing.testing import once_over, this_month
from programs.models.books import month_after
from results.models import BankResult


def make_latin_months(world: Any, *, reason: str) -> None:
    """Withdrawn, sent back, closed; the next one drawn up."""
    maker, checker, at = world.users["city finance_maker"], world.users["city finance_checker"], once_over()

    def drawn() -> Any:
        return actions.draw_up_month(world.program, month=this_month(), by=maker, at=at)

    actions.withdraw_closing(drawn(), by=maker, at=at)
    actions.decline_closing(actions.submit_closing(drawn(), by=maker, at=at), reason=reason, by=checker, at=at)
    waiting = actions.submit_closing(drawn(), by=maker, at=at)
    actions.approve_closing(waiting, digest=waiting.digest, by=checker, at=at)
    following = month_after(this_month())
    last = actions.draw_up_month(world.program, month=following, by=maker, at=once_over(following))
    actions.submit_closing(last, by=maker, at=once_over(following))


def words_of_months() -> set[str]:
    """How details are called in figures that are kept: in the language of the office, whatever the reader's."""
    with override("zh-hans"):
        return {str(name) for name in (*STATE_NAMES.values(), *Outcome.labels, *BankResult.labels)}
