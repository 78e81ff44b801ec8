"""Sample runs of actions with audit samples and their evidence: each in a program of its own."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from beneficiaries.testing import World
from jobs.models import Job
from jobs.testing import drain
from samples import actions
from samples.models import EvidenceBundle, Finding, Sample
from samples.testing import PURPOSE, asked, drawn, gathering, paid_out
from tests.kit.crash_funds import funded
from tests.kit.crash_samples import Run, fresh, sample
from tests.kit.crash_samples_payouts import owing
from tests.kit.crashes import Token
from tests.kit.papers_samples import officer_of


def made(world: World, token: Token) -> Sample:
    """Of two covers; nothing else is queued."""
    Job.objects.live().update(state="cancelled", finished_at=timezone.now(), lease_until=None)
    return drawn(funded(world, token))


@sample("samples.draw_sample")
def draw_sample(world: World, token: Token) -> Run:
    own = funded(world, token)
    return lambda: drawn(own)


@sample("samples.note_item")
def note_item(world: World, token: Token) -> Run:
    item = made(world, token).items.earliest("position")
    return lambda: actions.note_item(
        fresh(item), finding=Finding.FAULT, note="类别不符", by=world.auditor, at=timezone.now()
    )


@sample("samples.finish_sample")
def finish_sample(world: World, token: Token) -> Run:
    found = made(world, token)
    for item in found.items.all():
        actions.note_item(item, finding=Finding.CORRECT, note="", by=world.auditor, at=timezone.now())
    return lambda: actions.finish_sample(fresh(found), conclusion="合规", by=world.auditor, at=timezone.now())


@sample("samples.gather_evidence")
def gather_evidence(world: World, token: Token) -> Run:
    found = made(world, token)
    return lambda: gathering(world, fresh(found))


@sample("samples.ask_clear_evidence")
def ask_clear_evidence(world: World, token: Token) -> Run:
    found = made(world, token)
    return lambda: asked(world, fresh(found))


@sample("samples.approve_evidence")
def approve_evidence(world: World, token: Token) -> Run:
    bundle, officer = asked(world, made(world, token)), officer_of(world)
    return lambda: actions.approve_evidence(fresh(bundle), by=officer, at=timezone.now())


@sample("samples.decline_evidence")
def decline_evidence(world: World, token: Token) -> Run:
    bundle, officer = asked(world, made(world, token)), officer_of(world)
    return lambda: actions.decline_evidence(fresh(bundle), reason="范围过大", by=officer, at=timezone.now())


@sample("samples.cancel_evidence")
def cancel_evidence(world: World, token: Token) -> Run:
    bundle = gathering(world, made(world, token))
    return lambda: actions.cancel_evidence(fresh(bundle), by=world.auditor, at=timezone.now())


@sample("samples.open_evidence")
def open_evidence(world: World, token: Token) -> Run:
    bundle = gathering(world, made(world, token))
    drain()
    return lambda: actions.open_evidence(fresh(bundle), by=world.auditor, at=timezone.now())


@sample("samples.open_payout_evidence")
def open_payout_evidence(world: World, token: Token) -> Run:
    till = owing(world, token)
    item = paid_out(till, token.letters)
    return lambda: actions.open_payout_evidence(fresh(item), purpose=PURPOSE, by=world.auditor, at=timezone.now())


@sample("samples.open_evidence_of_payout")
def open_evidence_of_payout(world: World, token: Token) -> Run:
    till = owing(world, token)
    line = paid_out(till, token.letters).payout
    return lambda: actions.open_evidence_of_payout(fresh(line), purpose=PURPOSE, by=world.auditor, at=timezone.now())


@sample("samples.purge_evidence")
def purge_evidence(world: World, token: Token) -> Run:
    EvidenceBundle.objects.filter(purged_at=None).update(purge_on=None, folder="")
    gathering(world, made(world, token))
    drain()
    return lambda: actions.purge_evidence(at=timezone.now() + timedelta(days=60))
