"""Working days and terms of the Latin world: a year that is not the last one that should be known, terms in each state."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from beneficiaries.models import Enrollment
from claims import actions
from claims.actions.service_terms import TermDraft
from claims.models import Case, Claim, Decision, FlagCode, Holiday, LetterKind, LetterStyle
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
    _refused(world, reason=reason)
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


def _refused(world: Any, *, reason: str) -> None:
    """As if a claim had been refused, whose notice nobody has printed yet."""
    cover = Enrollment.objects.filter(program=world.program, organization=world.county).earliest("pk")
    clerk, at = world.users["county clerk"], timezone.now()
    case = Case.objects.create(
        organization=world.county, region_code=cover.region_code, kind="illness", event_at=at - timedelta(days=1),
        channel="counter", reporter="self", reported_on=at.date(), recorded_by=clerk, recorded_at=at,
    )
    claim = Claim.objects.create(
        case=case, enrollment=cover, program_id=cover.program_id, plan_id=cover.plan_id, period_id=cover.period_id,
        organization=world.county, region_code=cover.region_code, position=1, state="refused", due_on=at.date(), reported_at=at,
        ended_at=at,
    )
    Decision.objects.create(
        claim=claim, number=1, kind="first", outcome="refuse", state="approved", terms_digest="0" * 64, usage_version=0, proposed=0,
        amount=0, digest="0" * 64, signatures_needed=1, proposed_by=clerk, proposed_at=at, decided_at=at,
        refusal_code="PRE_EXISTING", reason=reason,
    )
