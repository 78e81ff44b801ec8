"""Terms of claims: which hold for a claim, its nearest day, versions by two people, and the pages of both."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from accounts.roles import Role
from accounts.testing import make_organization, make_user
from audit.testing import shared
from beneficiaries.testing import World, make_world
from claims import actions
from claims.actions.service_terms import TermDraft
from claims.calendar_file import make_holidays, make_law_terms
from claims.models import ServiceTerm
from claims.models.service_term import TermKind, TermSetting, TermState, TermUnit
from claims.rules.clock import Pause, Term, Unit
from claims.term_errors import TermRefused
from claims.term_panels import QUEUES
from claims.terms import due_of, terms_of
from programs.testing import make_program

pytestmark = pytest.mark.django_db
_django_db_helper, one_world, kept_world = shared(make_world)
FROM, ON = date(2026, 1, 1), date(2026, 11, 2)


@pytest.fixture(autouse=True)
def _chinese(settings: Any) -> Any:
    settings.SECOND_FACTOR_REQUIRED = False
    with override("zh-hans"):
        yield


def draft(days: int | None, *, kind: TermKind = TermKind.DECIDE, since: date = FROM, **changes: Any) -> TermDraft:
    return TermDraft(kind, days, changes.pop("source", "服务承诺第3条"), since, **changes)


def promised(world: World, wanted: TermDraft) -> ServiceTerm:
    term = actions.propose_service_term(world.program, wanted, by=world.finance_maker, at=timezone.now())
    return actions.approve_service_term(term, by=world.reviewer, at=timezone.now())


def held(
    world: World, setting: str = "inpatient", *, plan: bool = True, kind: str = "decide", on: date = ON
) -> list[tuple[Term, str]]:
    return terms_of(world.program.pk, world.plan.pk if plan else None, setting, kind, on)


def test_the_law_holds_beside_the_promise_that_is_most_the_claims_own(kept_world: World) -> None:
    make_law_terms(at=timezone.now())
    law = (Term(5), "《保险法》第二十三条：及时作出核定（本平台按5日掌握）")
    assert held(kept_world) == [law]
    promised(kept_world, draft(4, source="项目承诺"))
    assert held(kept_world) == [law, (Term(4), "项目承诺")]
    promised(kept_world, draft(3, setting=TermSetting.INPATIENT, source="住院三日"))
    promised(kept_world, draft(1, setting=TermSetting.OUTPATIENT, source="门诊一日", unit=TermUnit.WORKING))
    assert held(kept_world) == [law, (Term(3), "住院三日")]
    for setting in ("outpatient", "special_outpatient", "pharmacy"):
        assert held(kept_world, setting) == [law, (Term(1, Unit.WORKING), "门诊一日")]
    assert held(kept_world, "") == [law, (Term(4), "项目承诺")]
    # A plan's own stands before the program's, whatever its length.
    promised(kept_world, draft(6, plan=kept_world.plan, source="方案六日"))
    assert held(kept_world) == [law, (Term(6), "方案六日")]
    assert held(kept_world, plan=False) == [law, (Term(3), "住院三日")]
    other = make_program("OTHER", organization=kept_world.city, insurer=kept_world.insurer)
    assert terms_of(other.pk, None, "inpatient", "decide", ON) == [law]
    with CaptureQueriesContext(connection) as asked:
        held(kept_world)
    assert len(asked) == 1


def test_the_nearest_day_counts_and_says_by_which_term(kept_world: World) -> None:
    make_law_terms(at=timezone.now())
    make_holidays(at=timezone.now())
    key = (kept_world.program.pk, kept_world.plan.pk)
    promised(kept_world, draft(3, setting=TermSetting.INPATIENT, unit=TermUnit.WORKING))

    def due(begun: date, **given: Any) -> tuple[date | None, str] | None:
        found = due_of(*key, "inpatient", "decide", begun_on=begun, **given)
        return None if found is None else (found.day, found.term.source[:6])

    # The day before National Day: the law's fifth day is within it and moves to the 8th; three working days end on the 10th.
    assert due(date(2026, 9, 30)) == (date(2026, 10, 8), "《保险法》第")
    assert due(date(2026, 11, 2)) == (date(2026, 11, 5), "服务承诺第3")
    assert due(date(2026, 11, 2), pauses=[Pause(date(2026, 11, 3), date(2026, 11, 10))]) == (date(2026, 11, 12), "服务承诺第3")
    # While papers are waited for nobody knows the day; the shortest term is the one to come.
    assert due(date(2026, 11, 2), pauses=[Pause(date(2026, 11, 3))]) == (None, "服务承诺第3")
    assert due_of(*key, "inpatient", "ask_papers", begun_on=ON) is None


def test_versions_follow_each_other_and_a_promise_can_end(kept_world: World) -> None:
    first = promised(kept_world, draft(3))
    with pytest.raises(TermRefused) as same:
        promised(kept_world, draft(3, since=ON))
    assert same.value.code == "SAME"
    for since in (FROM, FROM - timedelta(days=1)):
        with pytest.raises(TermRefused, match="2026-01-01") as early:
            promised(kept_world, draft(2, since=since))
        assert early.value.code == "ORDER"
    second = promised(kept_world, draft(2, since=ON))
    ended = promised(kept_world, draft(None, since=ON + timedelta(days=30), source="承诺到期"))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.valid_to, second.valid_to, ended.valid_to) == (ON, ON + timedelta(days=30), None)
    lengths = {day: [term.days for term, _source in held(kept_world, on=day)] for day in (ON - timedelta(days=1), ON)}
    assert lengths == {ON - timedelta(days=1): [3], ON: [2]}
    assert held(kept_world, on=ON + timedelta(days=30)) == []
    with pytest.raises(TermRefused) as nothing:
        promised(kept_world, draft(None, since=ON + timedelta(days=60)))
    assert nothing.value.code == "NOTHING_PROMISED"
    assert str(ended) == "核定：自受理至作出核定 · 不再承诺"


def test_a_promise_is_by_two_and_of_the_programs_own_office(kept_world: World) -> None:
    at, maker, reviewer = timezone.now(), kept_world.finance_maker, kept_world.reviewer
    with pytest.raises(TermRefused) as stranger:
        actions.propose_service_term(kept_world.program, draft(3), by=kept_world.clerk, at=at)
    assert stranger.value.code == "OUT_OF_SCOPE"
    foreign = make_program("OTHER", organization=kept_world.city, insurer=kept_world.insurer)
    with pytest.raises(TermRefused) as plan:
        actions.propose_service_term(foreign, draft(3, plan=kept_world.plan), by=maker, at=at)
    assert plan.value.code == "PLAN"
    term = actions.propose_service_term(kept_world.program, draft(3), by=maker, at=at)
    with pytest.raises(TermRefused) as waits:
        actions.propose_service_term(kept_world.program, draft(4), by=maker, at=at)
    assert waits.value.code == "WAITS"
    with pytest.raises(TermRefused) as own:
        actions.approve_service_term(term, by=maker, at=at)
    assert own.value.code == "OUT_OF_SCOPE"
    with pytest.raises(IntegrityError, match="service_term_decided_by_another"), transaction.atomic():
        ServiceTerm.objects.filter(pk=term.pk).update(state="in_force", decided_by=maker, decided_at=at)
    declined = actions.decline_service_term(term, answer="做不到", by=reviewer, at=at)
    assert (declined.state, declined.answer) == (TermState.DECLINED, "做不到")
    with pytest.raises(TermRefused) as over:
        actions.approve_service_term(term, by=reviewer, at=at)
    assert over.value.code == "STATE"
    for days in (0, 3661):
        with pytest.raises(TermRefused) as length:
            actions.propose_service_term(kept_world.program, draft(days), by=maker, at=at)
        assert length.value.code == "DAYS"
    assert held(kept_world) == []


def test_the_laws_terms_are_the_operators(kept_world: World) -> None:
    at = timezone.now()
    make_law_terms(at=at)
    office = make_user("office-system", organization=kept_world.city, role=Role.SYSTEM_ADMIN)
    operator = make_user("portal-system", organization=make_organization(kind="operator"), role=Role.SYSTEM_ADMIN)
    with pytest.raises(TermRefused) as stranger:
        actions.state_law_term(draft(8, kind=TermKind.PAY), by=office, at=at)
    assert stranger.value.code == "SHARED"
    stated = actions.state_law_term(draft(8, kind=TermKind.PAY, since=ON, source="新法"), by=operator, at=at)
    assert stated.state == TermState.IN_FORCE
    assert held(kept_world, kind="pay") == [(Term(8), "新法")]
    before = held(kept_world, kind="pay", on=ON - timedelta(days=1))
    assert before == [(Term(10), "《保险法》第二十三条：达成协议后十日内履行赔付义务")]


def test_a_promise_goes_its_way_by_its_pages(kept_world: World) -> None:
    def browser(user: Any) -> Client:
        client = Client(headers={"accept-language": "zh-hans"})
        client.force_login(user, backend="accounts.backends.RoleBackend")
        return client

    make_law_terms(at=timezone.now())
    maker, reviewer = browser(kept_world.finance_maker), browser(kept_world.reviewer)
    page = reverse("admin:claims_serviceterm_propose")
    given = {
        "program": kept_world.program.pk, "plan": "", "kind": "decide", "setting": "outpatient", "days": "1", "unit": "working",
        "source": "服务承诺：门诊一日", "valid_from": "2026-01-01",
    }
    assert "提出承诺" in maker.get(page).content.decode()
    wrong = maker.post(page, {**given, "days": "0", "source": ""}).content.decode()
    assert "该字段" in wrong or "必填" in wrong
    assert ServiceTerm.objects.filter(state="proposed").count() == 0
    assert maker.post(page, given).status_code == 302
    term = ServiceTerm.objects.get(state="proposed")
    queue = next(each for each in QUEUES if each.key == "claims.terms_to_approve")
    assert (queue.count(kept_world.reviewer), queue.count(kept_world.finance_maker)) == (1, 0)
    address = reverse("admin:claims_serviceterm_approve", args=[term.pk])
    assert maker.get(address).status_code == 403
    shown = reviewer.get(address).content.decode()
    for text in ("门诊", "1个工作日", "服务承诺：门诊一日", "生效日在过去"):
        assert text in shown, text
    assert reviewer.post(address, {}).status_code == 302
    term.refresh_from_db()
    assert term.state == TermState.IN_FORCE
    listed = reviewer.get(reverse("admin:claims_serviceterm_changelist")).content.decode()
    assert "法律规定" in listed and "爱心保 HY" in listed
    program = reviewer.get(reverse("admin:programs_program_change", args=[kept_world.program.pk])).content.decode()
    assert "1个工作日" in program
    assert reverse("admin:claims_serviceterm_state_law") not in listed
