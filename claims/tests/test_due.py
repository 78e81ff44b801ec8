"""The last day of a claim on its way: by law and promise, standing while papers are waited for, counted anew by the job."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit import panels
from audit.faults import PlantedFault
from audit.testing import fault_at, shared
from claims import actions
from claims.actions import Refusal
from claims.actions.opening import Opening
from claims.actions.service_terms import TermDraft
from claims.calendar_file import make_holidays, make_law_terms
from claims.due import days_of, due_of_claim, terms_of_claim
from claims.models import Claim, Holiday, ServiceTerm
from claims.models.service_term import TermKind, TermSetting
from claims.recounting import KIND, STEP, ask_recount
from claims.rules.clock import due_on
from claims.rules.states import State
from claims.terms import calendar_now
from claims.testing import Ward, make_ward
from jobs.models import Job
from jobs.testing import drain, drain_through_failures

pytestmark = pytest.mark.django_db
CHINA = ZoneInfo("Asia/Shanghai")


def make_dated_ward() -> Ward:
    ward = make_ward()
    make_law_terms(at=ward.at)
    drain()
    return ward


_django_db_helper, one_world, kept_world = shared(make_dated_ward)


@pytest.fixture
def ward(kept_world: Ward) -> Ward:
    return kept_world


def accepted_on(claim: Claim, day: date) -> Claim:
    Claim.objects.filter(pk=claim.pk).update(clock_begun_on=day)
    return Claim.objects.get(pk=claim.pk)


def kept(claim: Claim) -> date | None:
    return Claim.objects.get(pk=claim.pk).due_on


def recounted() -> Any:
    ask_recount(by="system:test", at=timezone.now())
    drain()
    return Job.objects.filter(kind=KIND).latest("pk").result


def test_each_step_keeps_the_nearest_day(ward: Ward) -> None:
    case = ward.report()
    claim = case.claims.get()
    assert kept(claim) is None
    actions.accept_claim(claim, by=ward.clerk, at=ward.at)
    due = due_of_claim(claim)
    assert due is not None and due.term.days == 5
    assert kept(claim) == due.day
    actions.ask_papers(claim, ["invoice"], by=ward.clerk, at=ward.at)
    assert kept(claim) is None
    actions.complete_papers(claim, complete_on=ward.today, by=ward.clerk, at=ward.at)
    assert kept(claim) == due.day
    actions.register_claim(claim, by=ward.clerk, at=ward.at)
    actions.take_claim(claim, by=ward.clerk, at=ward.at)
    actions.begin_investigation(claim, reason="核实就诊", by=ward.clerk, at=ward.at)
    late = due_of_claim(claim)
    assert late is not None and late.term.kind == TermKind.DECIDE_COMPLEX
    assert kept(claim) == late.day


def test_once_it_is_decided_the_days_to_pay_count_and_then_none(ward: Ward) -> None:
    claim = ward.claim()
    ward.decide(claim)
    due = due_of_claim(claim)
    assert due is not None and (due.term.kind, due.term.days) == (TermKind.PAY, 10)
    assert kept(claim) == due.day
    ward.pay(claim)
    assert kept(claim) is None


def test_a_promise_counts_by_the_kind_of_care(ward: Ward) -> None:
    claim = accepted_on(ward.claim(), date(2026, 11, 2))
    for setting, days in ((TermSetting.INPATIENT, 3), (TermSetting.OUTPATIENT, 1)):
        term = actions.propose_service_term(
            claim.program, TermDraft(TermKind.DECIDE, days, "承诺", date(2026, 1, 1), setting=setting),
            by=ward.market.world.finance_maker, at=ward.at,
        )
        actions.approve_service_term(term, by=ward.market.world.reviewer, at=ward.at)
    drain()
    assert kept(claim) == date(2026, 11, 5)
    claim.case.bills.update(setting="pharmacy")
    assert days_of([claim.pk]) == {claim.pk: date(2026, 11, 3)}


def promise(ward: Ward, kind: TermKind, days: int) -> None:
    term = actions.propose_service_term(
        ward.market.program, TermDraft(kind, days, "承诺", date(2026, 1, 1)), by=ward.market.world.finance_maker, at=ward.at
    )
    actions.approve_service_term(term, by=ward.market.world.reviewer, at=ward.at)
    drain()


def test_a_promise_to_ask_for_papers_counts_from_the_report_until_they_were_asked_for(ward: Ward) -> None:
    promise(ward, TermKind.ASK_PAPERS, 2)
    claim = ward.report(reported_on=ward.today - timedelta(days=1)).claims.get()
    due = due_of_claim(claim)
    assert due is not None and due.term.kind == TermKind.ASK_PAPERS
    assert kept(claim) == due.day == due_on(ward.today - timedelta(days=1), due.term.term, calendar=calendar_now())
    actions.accept_claim(claim, by=ward.clerk, at=ward.at)
    # The five days of the decision end later.
    assert kept(claim) == due.day
    told = terms_of_claim(claim, today=ward.today)[1]
    assert [each.term.kind for each in told] == [TermKind.ASK_PAPERS, TermKind.DECIDE]
    actions.ask_papers(claim, ["invoice"], by=ward.clerk, at=ward.at)
    assert kept(claim) is None
    actions.complete_papers(claim, complete_on=ward.today, by=ward.clerk, at=ward.at)
    back = due_of_claim(claim)
    assert back is not None and back.term.kind == TermKind.DECIDE


def test_who_files_a_claim_needs_no_papers_and_a_file_of_claims_keeps_the_promise_too(ward: Ward) -> None:
    promise(ward, TermKind.ASK_PAPERS, 2)
    claim = ward.report().claims.get()
    for act in (actions.accept_claim, actions.register_claim):
        claim = act(claim, by=ward.clerk, at=ward.at)
    due = due_of_claim(claim)
    assert due is not None and due.term.kind == TermKind.DECIDE
    opened = actions.open_cases(
        [Opening(ward.cover.pk, ward.told(diagnosis="I21.9", event_at=ward.at - timedelta(days=9)))], by=ward.clerk, at=ward.at,
        until=State.REPORTED,
    )
    assert opened
    late = due_of_claim(Claim.objects.latest("pk"))
    assert late is not None and late.term.kind == TermKind.ASK_PAPERS
    assert kept(Claim.objects.latest("pk")) == late.day


def test_a_refusal_is_told_within_three_days_and_waits_for_that_in_a_queue(ward: Ward) -> None:
    claim = ward.claim()
    decided_at = datetime(2026, 11, 3, 10, tzinfo=CHINA)
    decision = ward.propose(claim, refusal=Refusal("PRE_EXISTING", "投保前已患病"))
    actions.sign_decision(decision, digest=decision.digest, by=ward.reviewer, at=decided_at)
    assert kept(claim) == date(2026, 11, 6)
    due = due_of_claim(claim)
    assert due is not None and (due.term.kind, due.term.days) == (TermKind.REFUSAL_NOTICE, 3)
    queue = panels.registry.queues["claims.refusals_to_tell"]
    assert (queue.count(ward.clerk), queue.count(ward.market.world.finance_maker)) == (1, 0)
    assert list(queue.narrow(Claim.objects.all(), ward.clerk)) == [claim]
    Claim.objects.filter(pk=claim.pk).update(state="zero")
    assert queue.count(ward.clerk) == 0


def test_a_changed_calendar_moves_the_days_of_open_claims_alone(ward: Ward) -> None:
    claim = accepted_on(ward.claim(), date(2026, 9, 30))
    assert recounted() == {"changed": 1}
    assert kept(claim) == date(2026, 10, 5)
    make_holidays(at=ward.at)
    drain()
    assert kept(claim) == date(2026, 10, 8)
    Claim.objects.filter(pk=claim.pk).update(state="withdrawn", ended_at=ward.at)
    actions.create_holiday(Holiday(day=date(2026, 10, 8), kind="off", name="临时放假", source="通知"), by="system:test", at=ward.at)
    drain()
    assert kept(claim) == date(2026, 10, 8)


def test_waiting_claims_keep_no_day_and_those_that_waited_get_theirs_back(ward: Ward) -> None:
    claim = accepted_on(ward.claim(), date(2026, 11, 2))
    at = datetime(2026, 11, 3, 9, tzinfo=CHINA)
    Claim.objects.filter(pk=claim.pk).update(state="waiting", waits_from="review", due_on=date(2026, 11, 9))
    asked = claim.paper_requests.create(kinds=["invoice"], asked_on=at.date(), asked_by=ward.clerk)
    assert recounted() == {"changed": 1}
    assert kept(claim) is None
    asked.complete_on, asked.completed_by = date(2026, 11, 10), ward.clerk
    asked.save()
    assert recounted() == {"changed": 1}
    assert kept(claim) == date(2026, 11, 16)  # the 3rd, then 11 to 14: Saturday, so Monday


def test_a_recount_goes_on_where_it_was_struck_and_asks_the_same_for_many(ward: Ward) -> None:
    claim = accepted_on(ward.claim(), date(2026, 11, 2))
    ask_recount(by="system:test", at=timezone.now())
    with fault_at("claims.write_days.after"), pytest.raises(PlantedFault):
        drain()
    assert kept(claim) != date(2026, 11, 9)
    # Asked again, it is the same one: whatever waits takes this change in, too.
    ask_recount(by="system:test", at=timezone.now())
    assert Job.objects.filter(kind=KIND, state="queued").count() == 1
    drain_through_failures()
    assert kept(claim) == date(2026, 11, 9)
    with CaptureQueriesContext(connection) as asked:
        days_of([claim.pk])
    assert len(asked) == 3
    assert STEP == 2_000


def test_no_term_no_day(ward: Ward) -> None:
    claim = ward.claim()
    ServiceTerm.objects.filter(kind="decide").update(valid_to=date(2010, 1, 1))
    assert due_of_claim(claim) is None
    recounted()
    assert kept(claim) is None
    assert kept(claim) != ward.today + timedelta(days=5)


def test_a_claims_page_tells_each_term_with_its_day(ward: Ward, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    claim = accepted_on(ward.claim(), date(2026, 1, 5))
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(ward.clerk, backend="accounts.backends.RoleBackend")
    page = reverse("admin:claims_claim_change", args=[claim.pk])
    shown = client.get(page).content.decode()
    assert "2026-01-12" in shown and "自2026-01-05起计算" in shown and "按5日掌握" in shown and "已超期" in shown
    claim.paper_requests.create(kinds=["invoice"], asked_on=date(2026, 1, 6), asked_by=ward.clerk)
    assert "时钟暂停" in client.get(page).content.decode()
