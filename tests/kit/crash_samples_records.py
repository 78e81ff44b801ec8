"""Sample runs of actions with proposals: each in a program of its own."""

from __future__ import annotations

from functools import partial

from django.utils import timezone

from beneficiaries.testing import World
from intake.findings import Verdict
from intake.held import Choice
from records import actions
from records.models import LineDecision, Proposal, RecordRow
from records.testing import Bureau, bureau_of, checked, line, proposed
from tests.kit.crash_samples import Run, sample
from tests.kit.crashes import Token


def waiting(world: World, token: Token) -> tuple[Bureau, list[Proposal]]:
    """Two records of one person: the first uses up a part of the deductible of the second."""
    own = bureau_of(world, code=token.letters.upper(), people=1)
    proposed(own, [
        line(own, 0, f"C{token.digits}", hospital="甲医院", **{"of:self_pay": "12000.00"}),
        line(own, 0, f"D{token.digits}", hospital="乙医院", **{"of:self_pay": "12000.00"}),
    ], reference=token.letters)
    return own, list(Proposal.objects.waiting().filter(program=own.market.program))


@sample("records.tell_proposals")
def tell_proposals(world: World, token: Token) -> Run:
    own, proposals = waiting(world, token)
    return partial(
        actions.tell_proposals, proposals, told_on=timezone.localdate(), reason="村干部上门告知", by=own.clerk, at=timezone.now()
    )


@sample("records.decline_proposals")
def decline_proposals(world: World, token: Token) -> Run:
    own, proposals = waiting(world, token)
    return partial(actions.decline_proposals, proposals, reason="本人放弃", by=own.clerk, at=timezone.now())


@sample("records.reopen_proposals")
def reopen_proposals(world: World, token: Token) -> Run:
    own, proposals = waiting(world, token)
    actions.decline_proposals(proposals, reason="本人放弃", by=own.clerk, at=timezone.now())
    return partial(actions.reopen_proposals, proposals, reason="本人改变主意", by=own.clerk, at=timezone.now())


@sample("records.open_claims")
def open_claims(world: World, token: Token) -> Run:
    own, proposals = waiting(world, token)
    return partial(actions.open_claims, proposals, by=own.clerk, at=timezone.now())


@sample("records.decide_lines")
def decide_lines(world: World, token: Token) -> Run:
    """A record of another name goes under the cover of somebody else."""
    own = bureau_of(world, code=token.letters.upper(), people=2)
    lines = [line(own, 0, f"E{token.digits}", name="王无名"), line(own, 1, f"F{token.digits}")]
    found = checked(own, lines, reference=token.letters)
    row = RecordRow.objects.get(record_list=found, verdict=Verdict.DOUBTFUL)
    return partial(
        actions.decide_lines, found, choice=Choice(rows=(row.pk,)), kind=LineDecision.COVER, reason="与医保局核对",
        cover=own.covers[1].number, by=own.clerk, at=timezone.now(),
    )
