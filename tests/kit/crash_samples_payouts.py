"""Sample runs of payouts: formats, accounts, thresholds, batches and their ways out."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone

from beneficiaries.models import Enrollment
from beneficiaries.testing import World, applied, people
from claims.models import Claim
from jobs.models import Job
from jobs.testing import drain
from payouts import actions
from payouts.models import BankFormat, PayerAccount
from payouts.testing import (
    PASSWORD,
    Till,
    downloaded,
    drafted,
    format_in_use,
    keys_of,
    payer_drafted,
    payer_in_use,
    terms,
    till_of,
    verifying,
)
from programs.testing import make_budget, make_period, make_plan, make_program
from tests.kit.crash_samples import D, Run, fresh, sample
from tests.kit.crashes import Token


def maker_of(world: World) -> dict[str, Any]:
    """Who makes, of finance."""
    return {"by": world.finance_maker, "at": timezone.now()}


def checker_of(world: World) -> dict[str, Any]:
    """Who checks, of finance."""
    return {"by": world.finance_checker, "at": timezone.now()}


def owing(world: World, token: Token) -> Till:
    """A program of its own with two people who are owed money."""
    Job.objects.live().update(state="cancelled", finished_at=timezone.now(), lease_until=None)
    program = make_program(token.capitals, organization=world.city, insurer=world.insurer)
    plan = make_plan(
        program, foundation=world.foundation, maker=world.finance_maker, checker=world.finance_checker, at=timezone.now()
    )
    period = make_period(plan, year=2031, by=world.finance_checker, at=timezone.now(), enrollment_opens_on=date(2020, 1, 1))
    for funder in (world.foundation, world.county):
        make_budget(
            funder, period=period, granted=D("1000.00"), maker=world.finance_maker, checker=world.finance_checker, at=timezone.now()
        )
    own = World(**{**vars(world), "program": program, "plan": plan, "period": period})
    applied(own, people(2))
    found = till_of(own)
    found.owe("10.00", "20.00")
    return found


@sample("payouts.draft_format")
def draft_format(world: World, token: Token) -> Run:
    return lambda: drafted(world, name=token.letters)


@sample("payouts.change_format")
def change_format(world: World, token: Token) -> Run:
    draft = drafted(world, name=token.letters)
    return lambda: actions.change_format(fresh(draft), terms=terms(amounts="fen"), **maker_of(world))


@sample("payouts.approve_format")
def approve_format(world: World, token: Token) -> Run:
    format_in_use(world, name=token.letters)
    draft = drafted(world, name=token.letters)
    return lambda: actions.approve_format(fresh(draft), **checker_of(world))


@sample("payouts.retire_format")
def retire_format(world: World, token: Token) -> Run:
    kept: BankFormat = format_in_use(world, name=token.letters)
    return lambda: actions.retire_format(fresh(kept), **checker_of(world))


@sample("payouts.draft_payer")
def draft_payer(world: World, token: Token) -> Run:
    return lambda: payer_drafted(world, holder=token.letters)


@sample("payouts.approve_payer")
def approve_payer(world: World, token: Token) -> Run:
    payer: PayerAccount = payer_drafted(world, holder=token.letters)
    return lambda: actions.approve_payer(fresh(payer), **checker_of(world))


@sample("payouts.retire_payer")
def retire_payer(world: World, token: Token) -> Run:
    payer = payer_in_use(world, holder=token.letters)
    return lambda: actions.retire_payer(fresh(payer), **checker_of(world))


def proposed(world: World, token: Token) -> Any:
    """A threshold of a sum that no other run has."""
    return actions.propose_threshold(
        world.city, program=None, from_amount=D(token.digits) + D("1000000000.00"), approvals=2, **maker_of(world)
    )


@sample("payouts.propose_threshold")
def propose_threshold(world: World, token: Token) -> Run:
    return lambda: proposed(world, token)


@sample("payouts.approve_threshold")
def approve_threshold(world: World, token: Token) -> Run:
    actions.approve_threshold(proposed(world, token), **checker_of(world))
    threshold = proposed(world, token)
    return lambda: actions.approve_threshold(fresh(threshold), **checker_of(world))


@sample("payouts.decline_threshold")
def decline_threshold(world: World, token: Token) -> Run:
    threshold = proposed(world, token)
    return lambda: actions.decline_threshold(fresh(threshold), **checker_of(world))


@sample("payouts.prepare_batch")
def prepare_batch(world: World, token: Token) -> Run:
    till = owing(world, token)
    return lambda: till.prepare()


@sample("payouts.redraft_payer")
def redraft_payer(world: World, token: Token) -> Run:
    payer = payer_in_use(world, holder=token.letters)
    return lambda: actions.redraft_payer(fresh(payer), tests_accounts=True, **maker_of(world))


@sample("payouts.approve_payer#instead_of_another")
def approve_redrafted(world: World, token: Token) -> Run:
    draft = actions.redraft_payer(payer_in_use(world, holder=token.letters), tests_accounts=True, **maker_of(world))
    return lambda: actions.approve_payer(fresh(draft), **checker_of(world))


@sample("payouts.prepare_test")
def prepare_test(world: World, token: Token) -> Run:
    till = verifying(owing(world, token))
    return lambda: till.prepare_test()


@sample("payouts.release_batch#a_verified_account_is_refused")
def release_refused(world: World, token: Token) -> Run:
    till = verifying(owing(world, token))
    tested = till.brought(till.written(till.prepare_test()))
    (key,) = keys_of(tested)
    till.answered(tested, [(key, "0.01", "Y")])
    batch = till.authorized(till.prepare())
    till.answered(tested, [(key, "0.01", "T", "", "销户")], name="退票.csv")
    return lambda: actions.release_batch(fresh(batch), **maker_of(world))


@sample("payouts.check_batch")
def check_batch(world: World, token: Token) -> Run:
    till = owing(world, token)
    batch = till.prepare()
    return lambda: till.checked(fresh(batch))


@sample("payouts.authorize_batch")
def authorize_batch(world: World, token: Token) -> Run:
    till = owing(world, token)
    batch = till.checked(till.prepare())
    return lambda: actions.authorize_batch(fresh(batch), digest=batch.digest, by=till.authorizer, at=timezone.now())


@sample("payouts.release_batch")
def release_batch(world: World, token: Token) -> Run:
    till = owing(world, token)
    batch = till.authorized(till.prepare())
    return lambda: actions.release_batch(fresh(batch), **maker_of(world))


@sample("payouts.release_batch#an_account_changed")
def release_changed(world: World, token: Token) -> Run:
    till = owing(world, token)
    batch = till.authorized(till.prepare())
    changed = Claim.objects.filter(enrollment__in=Enrollment.objects.filter(program=till.world.program)).earliest("pk")
    Claim.objects.filter(pk=changed.pk).update(account_index_a=b"another", account_index_b=None)
    return lambda: actions.release_batch(fresh(batch), **maker_of(world))


@sample("payouts.discard_batch")
def discard_batch(world: World, token: Token) -> Run:
    till = owing(world, token)
    batch = till.authorized(till.prepare())
    return lambda: actions.discard_batch(fresh(batch), reason="下周再付", **maker_of(world))


def written(world: World, token: Token) -> tuple[Till, Any]:
    """Released, its file written."""
    till = owing(world, token)
    batch = actions.release_batch(till.authorized(till.prepare()), **maker_of(world))
    drain()
    return till, fresh(batch)


@sample("payouts.open_batch")
def open_batch(world: World, token: Token) -> Run:
    _till, batch = written(world, token)
    return lambda: list(actions.open_batch(fresh(batch), password=PASSWORD, **maker_of(world)))


@sample("payouts.destroy_batch_file")
def destroy_batch_file(world: World, token: Token) -> Run:
    _till, batch = written(world, token)
    return lambda: actions.destroy_batch_file(fresh(batch), at=timezone.now())


def unknown(world: World, token: Token) -> tuple[Till, Any]:
    """Downloaded."""
    till, batch = written(world, token)
    downloaded(till, batch)
    return till, fresh(batch)


@sample("payouts.record_enquiry")
def record_enquiry(world: World, token: Token) -> Run:
    _till, batch = unknown(world, token)
    return lambda: actions.record_enquiry(fresh(batch), answer="received", reference="PC1", **maker_of(world))


@sample("payouts.confirm_enquiry")
def confirm_enquiry(world: World, token: Token) -> Run:
    till, batch = unknown(world, token)
    enquiry = actions.record_enquiry(batch, answer="not_received", reference="PC1", **maker_of(world))
    return lambda: actions.confirm_enquiry(fresh(enquiry), by=till.authorizer, at=timezone.now())


@sample("payouts.decline_enquiry")
def decline_enquiry(world: World, token: Token) -> Run:
    till, batch = unknown(world, token)
    enquiry = actions.record_enquiry(batch, answer="received", reference="PC1", **maker_of(world))
    return lambda: actions.decline_enquiry(fresh(enquiry), by=till.authorizer, at=timezone.now())

