"""Working days, the law's terms, rules for flags, and what the example of a city's supplementary insurance promises."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from accounts.models import User
from claims.actions import approve_service_term, propose_service_term
from claims.actions.service_terms import TermDraft
from claims.calendar_file import make_flag_rules, make_holidays, make_law_terms
from claims.models.service_term import TermKind, TermSetting
from programs.models import Program

#: Cases and the days in which they are decided.
PROMISED = ((TermSetting.OUTPATIENT, 1), (TermSetting.INPATIENT, 3))


def load_claim_references(say: Callable[[str], None], *, at: datetime) -> None:
    """What every portal begins with."""
    say(f"{make_holidays(at=at).added} holidays")
    say(f"{make_law_terms(at=at)} terms of the law, {make_flag_rules(at=at)} rules for flags")


def promise_days(program: Program, *, maker: User, reviewer: User, at: datetime) -> None:
    """Outpatient cases in a day, inpatient ones in three; what was promised before stays."""
    if program.service_terms.exists():
        return
    for setting, days in PROMISED:
        draft = TermDraft(TermKind.DECIDE, days, "服务承诺（示例）：门诊1日、住院3日", timezone.localdate(at), setting=setting)
        approve_service_term(propose_service_term(program, draft, by=maker, at=at), by=reviewer, at=at)
