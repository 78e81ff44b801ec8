"""Working days and terms of the Latin world: a year that is not the last one that should be known, terms in each state."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from claims import actions
from claims.actions.service_terms import TermDraft
from claims.models import FlagCode, Holiday, LetterKind, LetterStyle
from claims.models.service_term import TermKind


def make_latin_terms(world: Any, *, reason: str) -> None:
    """The calendar of last year alone; a term of the law; promises in force, declined, to approve."""
    at, day = timezone.now(), timezone.localdate()
    operator = world.users["operator system_admin"]
    days = [date(day.year - 1, month, 1) for month in (1, 10)]
    actions.import_holidays(
        [Holiday(day=each, kind="off", name="Zqholiday", source="Zqnotice") for each in days], by=operator, at=at
    )
    actions.state_law_term(TermDraft(TermKind.PAY, 10, "Zqlaw", days[0]), by=operator, at=at)
    maker, reviewer = world.users["city finance_maker"], world.users["city reviewer"]

    def proposed(kind: TermKind, days: int) -> Any:
        draft = TermDraft(kind, days, "Zqclause", day + timedelta(days=1))
        return actions.propose_service_term(world.program, draft, by=maker, at=at)

    actions.approve_service_term(proposed(TermKind.DECIDE, 3), by=reviewer, at=at)
    actions.decline_service_term(proposed(TermKind.PAY, 2), answer=reason, by=reviewer, at=at)
    proposed(TermKind.PAY, 3)
    actions.set_flag_rule(world.program, code=FlagCode.AMOUNT, active=True, number=30, share=Decimal("0.95"), by=reviewer, at=at)
    actions.write_letter_wording(
        world.program, kind=LetterKind.PAPERS, style=LetterStyle.PLAIN, text="Zq {赔案号} {缺少材料}", phone="12345",
        by=reviewer, at=at,
    )
