"""Accounts that money leaves from, and how many people authorize a sum: put forward by one person, decided by another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max

from accounts.models import Organization, User
from audit import events
from audit.faults import fault_point
from payouts.errors import PayoutsRefused
from payouts.models import ApprovalThreshold, PayerAccount, PayerState, ThresholdState
from payouts.reach import refuse_beyond
from programs.models import Program

DRAFT, APPROVE = "payouts.draft_payer", "payouts.approve_payer"
PROPOSE, DECIDE = "payouts.propose_threshold", "payouts.decide_threshold"
MOST_PEOPLE, MOST_DAYS = 3, 365
_NUMBER, _CODE = re.compile(r"[0-9]{8,30}"), re.compile(r"(?:[0-9]{12})?")


def draft_payer(
    program: Program, *, organization: Organization, holder: str, bank_name: str, bank_code: str, own_names: Sequence[str],
    number: str, fresh_days: int, tests_accounts: bool = False, by: User, at: datetime,
) -> PayerAccount:
    """Put an account on record: `number` its digits, `own_names` how names of the same bank begin, `tests_accounts` whether it
    verifies payees' accounts by 0.01 yuan before their first payout. Not in use yet."""
    with transaction.atomic():
        region = organization.region_code or ""
        refuse_beyond(by, DRAFT, organization=organization, region_code=region, program_id=program.pk)
        holder, bank_name, bank_code = " ".join(holder.split()), " ".join(bank_name.split()), bank_code.strip()
        number = "".join(number.split())
        if not holder or not bank_name:
            raise PayoutsRefused("PAYER_HOLDER")
        if not _NUMBER.fullmatch(number):
            raise PayoutsRefused("PAYER_NUMBER")
        if not _CODE.fullmatch(bank_code):
            raise PayoutsRefused("PAYER_CODE")
        if not 0 <= fresh_days <= MOST_DAYS:
            raise PayoutsRefused("PAYER_DAYS")
        for text in (holder, bank_name, *own_names):
            events.refuse_personal(text)
        fault_point("payouts.draft_payer.before")
        payer = PayerAccount.objects.create(
            program=program, organization=organization, region_code=region, holder=holder[:100], bank_name=bank_name[:100],
            bank_code=bank_code, own_names=[name.strip() for name in own_names if name.strip()] or [bank_name[:100]], number=number,
            fresh_days=fresh_days, tests_accounts=tests_accounts, drafted_by=by, drafted_at=at,
        )
        _record_payer("payer_account.drafted", payer, by=by, at=at)
        fault_point("payouts.draft_payer.after")
    return payer


def redraft_payer(payer: PayerAccount, *, tests_accounts: bool, by: User, at: datetime) -> PayerAccount:
    """Put an account that is in use on record once more, to verify payees' accounts from then on, or no longer; the one in use
    goes on until a second person takes this one into its place."""
    with transaction.atomic():
        kept = _locked_payer(payer, PayerState.APPROVED, by=by, permission=DRAFT)
        if kept.tests_accounts == tests_accounts:
            raise PayoutsRefused("PAYER_SAME")
        if PayerAccount.objects.filter(instead_of=kept, state=PayerState.DRAFT).exists():
            raise PayoutsRefused("PAYER_REDRAFTED")
        fault_point("payouts.redraft_payer.before")
        draft = PayerAccount.objects.create(
            program_id=kept.program_id, organization=kept.organization, region_code=kept.region_code, holder=kept.holder,
            bank_name=kept.bank_name, bank_code=kept.bank_code, own_names=kept.own_names,
            number=kept.number.reveal() if kept.number else "", fresh_days=kept.fresh_days, tests_accounts=tests_accounts,
            instead_of=kept, drafted_by=by, drafted_at=at,
        )
        _record_payer("payer_account.redrafted", draft, by=by, at=at, tests=tests_accounts)
        fault_point("payouts.redraft_payer.after")
    return draft


def approve_payer(payer: PayerAccount, *, by: User, at: datetime) -> PayerAccount:
    """Take an account into use; by a second person. Where it comes instead of another one, that one goes out of use."""
    with transaction.atomic():
        hold_payers(payer.program_id)
        kept = _locked_payer(payer, PayerState.DRAFT, by=by)
        if kept.drafted_by_id == by.pk:
            raise PayoutsRefused("PAYER_OWN")
        fault_point("payouts.approve_payer.before")
        if kept.instead_of_id is not None:
            earlier = _locked_payer(kept.instead_of, PayerState.APPROVED, by=by)
            earlier.state = PayerState.RETIRED
            earlier.save(update_fields=["state"])
            _record_payer("payer_account.retired", earlier, by=by, at=at)
        kept.state, kept.approved_by, kept.approved_at = PayerState.APPROVED, by, at
        kept.save(update_fields=["state", "approved_by", "approved_at"])
        _record_payer("payer_account.approved", kept, by=by, at=at)
        fault_point("payouts.approve_payer.after")
    return kept


def retire_payer(payer: PayerAccount, *, by: User, at: datetime) -> PayerAccount:
    """Nothing new leaves from an account; what is on its way from it goes on."""
    with transaction.atomic():
        kept = _locked_payer(payer, PayerState.DRAFT, PayerState.APPROVED, by=by)
        fault_point("payouts.retire_payer.before")
        kept.state = PayerState.RETIRED
        kept.save(update_fields=["state"])
        _record_payer("payer_account.retired", kept, by=by, at=at)
        fault_point("payouts.retire_payer.after")
    return kept


def hold_payers(program_id: int) -> None:
    """Lock the paying accounts of a program, in the order of their keys: whatever is prepared from one of them waits."""
    list(
        PayerAccount.objects.select_for_update(of=("self",), no_key=True).filter(program=program_id).order_by("pk")
        .values_list("pk", flat=True)
    )


def _locked_payer(payer: Any, *states: PayerState, by: User, permission: str = APPROVE) -> PayerAccount:
    found = PayerAccount.objects.select_for_update(of=("self",)).select_related("organization").get(pk=payer.pk)
    fault_point("payouts.payer.locked")
    refuse_beyond(
        by, permission, organization=found.organization, region_code=found.region_code, program_id=found.program_id
    )
    if found.state not in states:
        raise PayoutsRefused("PAYER_STATE", state=found.get_state_display())
    return found


def _record_payer(verb: str, payer: PayerAccount, *, by: Any, at: datetime, **data: Any) -> None:
    events.record(
        verb, payer, by=by, at=at, organization=payer.organization, region_code=payer.region_code,
        program_id=payer.program_id, data={"bank": payer.bank_name, "account": str(payer.number), **data},
    )


def propose_threshold(
    organization: Organization, *, program: Program | None, from_amount: Decimal, approvals: int, by: User, at: datetime
) -> ApprovalThreshold:
    """From `from_amount` (yuan) on so many people are to authorize a batch. One takes an earlier demand back."""
    with transaction.atomic():
        refuse_beyond(
            by, PROPOSE, organization=organization, region_code=organization.region_code or "",
            program_id=program.pk if program else None,
        )
        if from_amount < 0 or from_amount != from_amount.quantize(Decimal("0.01")):
            raise PayoutsRefused("THRESHOLD_SUM")
        if not 1 <= approvals <= MOST_PEOPLE:
            raise PayoutsRefused("THRESHOLD_PEOPLE")
        fault_point("payouts.propose_threshold.before")
        threshold = ApprovalThreshold.objects.create(
            organization=organization, program=program, from_amount=from_amount, approvals=approvals, proposed_by=by,
            proposed_at=at,
        )
        _record_threshold("payout_threshold.proposed", threshold, by=by, at=at)
        fault_point("payouts.propose_threshold.after")
    return threshold


def approve_threshold(threshold: ApprovalThreshold, *, by: User, at: datetime) -> ApprovalThreshold:
    """It holds for batches that are made from now on; the earlier one of the same sum ends."""
    with transaction.atomic():
        found = _locked_threshold(threshold, by=by)
        fault_point("payouts.approve_threshold.before")
        earlier = ApprovalThreshold.objects.select_for_update().filter(
            organization=found.organization_id, program=found.program_id, from_amount=found.from_amount,
            state=ThresholdState.IN_FORCE,
        )
        for each in earlier.order_by("pk"):
            each.state = ThresholdState.REPLACED
            each.save(update_fields=["state"])
        done = _decided_threshold(found, ThresholdState.IN_FORCE, "payout_threshold.approved", by=by, at=at)
        fault_point("payouts.approve_threshold.after")
    return done


def decline_threshold(threshold: ApprovalThreshold, *, by: User, at: datetime) -> ApprovalThreshold:
    """It shall not hold."""
    with transaction.atomic():
        found = _locked_threshold(threshold, by=by)
        fault_point("payouts.decline_threshold.before")
        return _decided_threshold(found, ThresholdState.DECLINED, "payout_threshold.declined", by=by, at=at)


def _decided_threshold(
    threshold: ApprovalThreshold, state: ThresholdState, verb: str, *, by: User, at: datetime
) -> ApprovalThreshold:
    threshold.state, threshold.decided_by, threshold.decided_at = state, by, at
    fault_point("payouts.decide_threshold.before")
    threshold.save(update_fields=["state", "decided_by", "decided_at"])
    _record_threshold(verb, threshold, by=by, at=at)
    fault_point("payouts.decide_threshold.after")
    return threshold


def _locked_threshold(threshold: ApprovalThreshold, *, by: User) -> ApprovalThreshold:
    found = ApprovalThreshold.objects.select_for_update(of=("self",)).select_related("organization").get(pk=threshold.pk)
    fault_point("payouts.threshold.locked")
    refuse_beyond(
        by, DECIDE, organization=found.organization, region_code=found.organization.region_code or "", program_id=found.program_id
    )
    if found.state != ThresholdState.PROPOSED:
        raise PayoutsRefused("THRESHOLD_STATE", state=found.get_state_display())
    if found.proposed_by_id == by.pk:
        raise PayoutsRefused("THRESHOLD_OWN")
    return found


def _record_threshold(verb: str, threshold: ApprovalThreshold, *, by: Any, at: datetime) -> None:
    events.record(
        verb, threshold, by=by, at=at, organization=threshold.organization,
        region_code=threshold.organization.region_code or "", program_id=threshold.program_id,
        data={"from_amount": str(threshold.from_amount), "approvals": threshold.approvals},
    )


def approvals_for(organization: Organization, *, program: Program, amount: Decimal) -> int:
    """How many people authorize a batch of this sum: what the strictest threshold asks, of this office or one above it."""
    steps = organization.path.strip("/").split("/")
    above = [f"/{'/'.join(steps[:count])}/" for count in range(1, len(steps) + 1)]
    found = ApprovalThreshold.objects.filter(
        organization__path__in=above, state=ThresholdState.IN_FORCE, from_amount__lte=amount
    )
    of_program = found.filter(program=program) | found.filter(program=None)
    return max(1, of_program.aggregate(most=Max("approvals"))["most"] or 1)
