"""States of a claim: which steps there are, who takes which, what each leaves behind; the hands a claim goes through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from accounts.testing import make_user
from audit.testing import shared
from claims import actions
from claims.errors import ClaimsRefused
from claims.models import Claim, ClaimStep
from claims.rules.states import ENDED, State, may_go
from claims.testing import Ward, make_ward

pytestmark = pytest.mark.django_db
_django_db_helper, one_world, kept_world = shared(make_ward)
#: From -> to; nothing else.
WAYS = """
reported: accepted declined withdrawn
accepted: registered waiting declined withdrawn
registered: review waiting withdrawn
waiting: accepted registered review withdrawn
review: waiting investigation assessed withdrawn
investigation: review withdrawn
assessed: review payable refused zero paid closed
payable: paid payable zero refused
paid: closed payable review
closed: review payable
refused: review payable zero
zero: review payable
withdrawn: review
declined: review
"""


@pytest.fixture
def ward(kept_world: Ward) -> Ward:
    return kept_world


def _refused(code: str, act: Callable[..., Any], *args: Any, **given: Any) -> ClaimsRefused:
    with pytest.raises(ClaimsRefused) as refused:
        act(*args, **given)
    assert refused.value.code == code
    return refused.value


def _last(claim: Claim) -> tuple[str, str, str, str]:
    step = ClaimStep.objects.filter(claim=claim).latest("pk")
    return step.from_state, step.to_state, step.by_label, step.reason


def _again(claim: Claim) -> Claim:
    return Claim.objects.get(pk=claim.pk)


def test_a_claim_goes_these_ways_and_no_other() -> None:
    ways = {
        (line.split(":")[0], to) for line in WAYS.strip().splitlines() for to in line.split(":")[1].split()
    }
    assert {(come, to) for come in State for to in State if may_go(come, to)} == ways


#: What may be done, by whom, and in which states.
STEPS: list[tuple[str, dict[str, Any], str, str, tuple[State, ...]]] = [
    ("accept_claim", {}, "clerk", "STATE", (State.REPORTED,)),
    ("register_claim", {}, "clerk", "STATE", (State.ACCEPTED,)),
    ("decline_claim", {"reason": "不属本保障"}, "clerk", "STATE", (State.REPORTED, State.ACCEPTED)),
    ("take_claim", {}, "clerk", "STATE", (State.REGISTERED, State.REVIEW)),
    ("begin_investigation", {"reason": "核实就诊"}, "clerk", "STATE", (State.REVIEW,)),
    ("end_investigation", {"reason": "属实"}, "clerk", "STATE", (State.INVESTIGATION,)),
    ("withdraw_claim", {"reason": "本人撤回"}, "clerk", "STATE", (
        State.REPORTED, State.ACCEPTED, State.REGISTERED, State.REVIEW, State.INVESTIGATION,
    )),
    ("reopen_claim", {"reason": "补交发票"}, "reviewer", "NOT_REOPENABLE", (
        State.REFUSED, State.ZERO, State.WITHDRAWN, State.DECLINED,
    )),
    ("close_claim", {}, "clerk", "STATE", ()),
]


@contextmanager
def _standing(claim: Claim, state: State, at: Any) -> Iterator[Claim]:
    """As if the claim stood there; undone behind it."""
    with transaction.atomic():
        Claim.objects.filter(pk=claim.pk).update(state=state, ended_at=at if state in ENDED else None)
        yield Claim.objects.get(pk=claim.pk)
        transaction.set_rollback(True)


@pytest.mark.parametrize(("name", "given", "by", "code", "states"), STEPS, ids=[step[0] for step in STEPS])
def test_each_step_is_taken_from_its_states_and_refused_from_every_other(
    ward: Ward, name: str, given: dict[str, Any], by: str, code: str, states: tuple[State, ...]
) -> None:
    claim = ward.report().claims.get()
    taken = []
    # Waiting, payable, paid and closed claims have more than a state: their steps are asked for where they are made.
    for state in set(State) - {State.WAITING, State.PAYABLE, State.PAID, State.CLOSED}:
        with _standing(claim, state, ward.at) as standing:
            try:
                getattr(actions, name)(standing, by=getattr(ward, by), at=ward.at, **given)
            except ClaimsRefused as refused:
                assert refused.code == code
                assert ClaimStep.objects.filter(claim=claim).count() == 1
            else:
                taken.append(state)
    assert set(taken) == set(states)


def test_what_is_no_claim_on_the_cover_ends_with_its_reason(ward: Ward) -> None:
    claim = ward.report().claims.get()
    _refused("REASON", actions.decline_claim, claim, reason=" ", by=ward.clerk, at=ward.at)
    claim = actions.decline_claim(claim, reason="非本市参保", by=ward.clerk, at=ward.at)
    assert (claim.state, claim.ended_at) == ("declined", ward.at)
    assert _last(claim) == ("reported", "declined", "hy-claims.clerk", "非本市参保")
    # The event may be reported again, and a declined one be looked at anew.
    assert ward.report().claims.get().state == "reported"
    actions.reopen_claim(claim, reason="参保地更正", by=ward.reviewer, at=ward.at)
    assert _last(claim) == ("declined", "review", "hy-claims.reviewer", "参保地更正")


def test_an_investigation_ends_with_what_was_found(ward: Ward) -> None:
    claim = ward.claim()
    actions.begin_investigation(claim, reason="核实就诊", by=ward.clerk, at=ward.at)
    assert _last(claim) == ("review", "investigation", "hy-claims.clerk", "核实就诊")
    _refused("STATE", ward.propose, claim)
    actions.end_investigation(_again(claim), reason="医院回函属实", by=ward.clerk, at=ward.at)
    assert _last(claim) == ("investigation", "review", "hy-claims.clerk", "医院回函属实")
    assert ward.decide(_again(claim)).state == "approved"


def test_whoever_takes_a_claim_back_ends_what_was_asked_for(ward: Ward) -> None:
    claim = ward.claim()
    asked = actions.ask_papers(claim, ["invoice"], by=ward.clerk, at=ward.at)
    claim = actions.withdraw_claim(_again(claim), reason="本人撤回", by=ward.clerk, at=ward.at)
    asked.refresh_from_db()
    assert (claim.state, claim.waits_from, claim.ended_at) == ("withdrawn", "", ward.at)
    assert (asked.complete_on, asked.completed_by) == (ward.today, ward.clerk)
    assert _last(claim) == ("waiting", "withdrawn", "hy-claims.clerk", "本人撤回")


def test_what_was_paid_once_is_not_left_by_withdrawing(ward: Ward) -> None:
    claim = ward.claim()
    ward.propose(claim)
    _refused("STATE", actions.withdraw_claim, _again(claim), reason="本人撤回", by=ward.clerk, at=ward.at)
    ward.sign(claim.decisions.get())
    ward.pay(claim)
    actions.reopen_claim(_again(claim), reason="补交发票", by=ward.reviewer, at=ward.at)
    _refused("STATE", actions.withdraw_claim, _again(claim), reason="本人撤回", by=ward.clerk, at=ward.at)
    assert (_again(claim).state, _again(claim).settlement) == ("review", 1)


def test_papers_are_asked_for_once_and_by_name(ward: Ward) -> None:
    claim = ward.claim()
    _refused("PAPERS_NONE", actions.ask_papers, claim, [], by=ward.clerk, at=ward.at)
    _refused("PAPERS_NOT_ASKED", actions.complete_papers, claim, complete_on=ward.today, by=ward.clerk, at=ward.at)
    actions.ask_papers(claim, ["invoice", "invoice"], by=ward.clerk, at=ward.at)
    assert claim.paper_requests.get().kinds == ["invoice"]
    _refused("PAPERS_WAIT", actions.ask_papers, _again(claim), ["record"], by=ward.clerk, at=ward.at)
    assert claim.paper_requests.count() == 1


def test_one_person_handles_a_claim_and_only_they_calculate_it(ward: Ward) -> None:
    claim = ward.claim()
    name = ward.clerk.get_full_name()
    assert _refused("NOT_HANDLER", actions.take_claim, claim, by=ward.colleague, at=ward.at).facts == {"name": name}
    other = _refused("NOT_HANDLER", actions.propose_decision, claim, by=ward.colleague, at=ward.at)
    assert other.facts == {"name": name}
    assert actions.take_claim(claim, by=ward.clerk, at=ward.at).handler == ward.clerk
    nobody = ward.report(diagnosis="I21.9").claims.get()
    Claim.objects.filter(pk=nobody.pk).update(state="review")
    assert _refused("NOT_HANDLER", actions.propose_decision, nobody, by=ward.clerk, at=ward.at).facts == {"name": "–"}


def test_a_claim_is_handed_to_somebody_who_can_handle_it(ward: Ward) -> None:
    claim = ward.claim()
    given = {"reason": "休假", "at": ward.at}
    stranger = make_user("hy-states.clerk", organization=ward.market.world.sibling, role="clerk")
    for nobody in (ward.reviewer, stranger):
        _refused("HANDLER_CANNOT", actions.hand_over, claim, nobody, by=ward.clerk, **given)
    # Beside whoever handles it, only those who assign work do.
    _refused("OUT_OF_SCOPE", actions.hand_over, claim, ward.colleague, by=ward.colleague, **given)
    ward.colleague.is_active = False
    _refused("HANDLER_CANNOT", actions.hand_over, claim, ward.colleague, by=ward.clerk, **given)
    ward.colleague.is_active = True
    assert _again(claim).handler == ward.clerk
    actions.hand_over(claim, ward.colleague, by=ward.reviewer, **given)
    assert _again(claim).handler == ward.colleague
    # The page of whoever had it before is old.
    assert _refused("NOT_HANDLER", actions.hand_over, claim, ward.clerk, by=ward.clerk, **given).facts == {
        "name": ward.colleague.get_full_name(),
    }
    assert actions.propose_decision(_again(claim), by=ward.colleague, at=ward.at).state == "proposed"


def test_a_note_is_sealed_and_read_back_by_the_next_one(ward: Ward) -> None:
    claim = ward.claim()
    _refused("REASON", actions.note_claim, claim, text="  ", by=ward.clerk, at=ward.at)
    actions.note_claim(claim, text="家属下周补交处方 ", by=ward.clerk, at=ward.at)
    actions.note_claim(claim, text="已电话确认", by=ward.reviewer, at=ward.at)
    assert [(note.text.told(), note.by) for note in claim.notes.order_by("pk")] == [
        ("家属下周补交处方", ward.clerk), ("已电话确认", ward.reviewer),
    ]
    _refused("OUT_OF_SCOPE", actions.note_claim, claim, text="x", by=ward.market.world.finance_maker, at=ward.at)
