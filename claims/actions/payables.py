"""What is owed on its way to the bank and back, set-wise: the one writer of `Payable.state` and of what it makes of claims.

Called by the room that pays, which tells its own events, one for a whole batch. Rows are locked in the order of their keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from accounts.models import User
from audit.faults import fault_point
from claims.actions.handling import Account, number_of, write_payee
from claims.actions.settling import make_payable
from claims.errors import ClaimsRefused
from claims.models import Claim, Payable, PayableKind, PayableState
from claims.rules.states import State
from claims.stepping import locked, record

REVIEW = "claims.review_account"
_LOCK = "SELECT id FROM claims_payable WHERE id = ANY(%(ids)s) AND state = %(state)s AND kind = 'payout' ORDER BY id FOR UPDATE"
# A claim follows its payable; the step is kept as every other, by whom and when.
_FOLLOW = """
WITH moved AS (
    UPDATE claims_claim c SET state = %(to)s, ended_at = NULL, due_on = NULL FROM claims_payable p
    WHERE p.id = ANY(%(ids)s) AND c.id = p.claim_id AND c.state = %(from)s RETURNING c.id
)
INSERT INTO claims_claimstep (claim_id, from_state, to_state, at, by_id, by_label, code, reason)
SELECT id, %(from)s, %(to)s, %(at)s, %(by)s, %(label)s, '', '' FROM moved
"""


def take_payables(ids: Sequence[int], *, by: Any, at: datetime) -> None:
    """Into a batch: open -> in payment; ClaimsRefused("NOT_OPEN") where one is not open any more."""
    with transaction.atomic():
        _move(ids, PayableState.OPEN, PayableState.IN_PAYMENT, refusal="NOT_OPEN")


def give_back_payables(ids: Sequence[int], *, by: Any, at: datetime) -> None:
    """Out of a batch that is not sent: in payment -> open."""
    with transaction.atomic():
        _move(ids, PayableState.IN_PAYMENT, PayableState.OPEN, refusal="NOT_IN_PAYMENT")


def settle_payables(ids: Sequence[int], *, paid_on: date, by: Any, at: datetime) -> None:
    """The bank paid: in payment -> paid; their claims are paid."""
    with transaction.atomic():
        _move(ids, PayableState.IN_PAYMENT, PayableState.PAID, refusal="NOT_IN_PAYMENT", paid_on=paid_on)
        _follow(ids, State.PAYABLE, State.PAID, by=by, at=at)


def fail_payables(failed: Sequence[tuple[int, str]], *, by: Any, at: datetime) -> None:
    """The bank did not pay, with a code each: in payment -> failed; payable again with a corrected account only."""
    with transaction.atomic():
        _move([key for key, _code in failed], PayableState.IN_PAYMENT, PayableState.FAILED, refusal="NOT_IN_PAYMENT", codes=failed)


def fail_open_payables(failed: Sequence[tuple[int, str]], *, by: Any, at: datetime) -> None:
    """Their account was refused by the bank before anything was paid to it, with a code each: open -> failed, as above.

    What is open no more stays as it is: it was taken into a batch, or is owed no more.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK, {"ids": sorted({key for key, _code in failed}), "state": PayableState.OPEN})
            held = {key for (key,) in cursor.fetchall()}
        fault_point("claims.fail_open.locked")
        if held:
            codes = [(key, code) for key, code in failed if key in held]
            _move(sorted(held), PayableState.OPEN, PayableState.FAILED, refusal="NOT_OPEN", codes=codes)


def return_payables(returned: Sequence[tuple[int, str]], *, by: Any, at: datetime) -> None:
    """退票: the bank paid and the money came back, with a code each: paid -> failed; their claims are to be paid again."""
    with transaction.atomic():
        ids = [key for key, _code in returned]
        _move(ids, PayableState.PAID, PayableState.FAILED, refusal="NOT_PAID", codes=returned)
        for come_from in (State.PAID, State.CLOSED):
            _follow(ids, come_from, State.PAYABLE, by=by, at=at)


def correct_account(claim: Claim, account: Account, *, by: User, at: datetime) -> Claim:
    """After the bank refused an account: another one, or its holder as the bank knows them. A second person confirms it."""
    number = number_of(account)
    with transaction.atomic():
        claim = locked(claim, by=by, permission="claims.report_claim", among=(State.PAYABLE,))
        failed = _failed(claim)
        held, holder = failed.payee_account, failed.payee_name
        if held is not None and holder is not None and (held.reveal(), holder.reveal()) == (number, " ".join(account.name.split())):
            raise ClaimsRefused("ACCOUNT_SAME")
        fault_point("claims.correct_account.before")
        write_payee(claim, account, number=number, by=by, at=at)
        record("claim.payee_stated", claim, by=by, at=at, payee=str(account.payee))
        fault_point("claims.correct_account.after")
    return claim


def confirm_account(claim: Claim, *, by: User, at: datetime) -> Payable:
    """The corrected account was looked at: the amount is payable again, by a new payable in the place of the failed one."""
    with transaction.atomic():
        claim = locked(claim, by=by, permission=REVIEW, among=(State.PAYABLE,))
        failed = _failed(claim)
        stated, held = claim.payee_account, failed.payee_account
        same = stated is not None and held is not None and stated.reveal() == held.reveal()
        holder, before = claim.payee_name, failed.payee_name
        if same and holder is not None and before is not None and holder.reveal() == before.reveal():
            raise ClaimsRefused("ACCOUNT_SAME")
        if claim.account_stated_by_id == by.pk:
            raise ClaimsRefused("CONFIRMS_OWN")
        fault_point("claims.confirm_account.before")
        Payable.objects.filter(pk=failed.pk).update(state=PayableState.CANCELLED)
        made = make_payable(claim, failed.decision, kind=failed.kind, amount=failed.amount, instead_of=failed, at=at)
        record("claim.account_confirmed", claim, by=by, at=at)
        fault_point("claims.confirm_account.after")
    return made


def _failed(claim: Claim) -> Payable:
    found = claim.payables.select_related("decision").filter(state=PayableState.FAILED, kind=PayableKind.PAYOUT).first()
    if found is None:
        raise ClaimsRefused("NOTHING_FAILED")
    return found


def _move(
    ids: Sequence[int], come_from: PayableState, to: PayableState, *, refusal: str, paid_on: date | None = None,
    codes: Sequence[tuple[int, str]] = (),
) -> None:
    wanted = sorted(set(ids))
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, {"ids": wanted, "state": come_from})
        missing = len(wanted) - len(cursor.fetchall())
        fault_point("claims.payables.locked")
        if missing:
            raise ClaimsRefused(refusal, number=missing)
        fault_point("claims.payables.before")
        given = {
            "ids": wanted, "to": to, "paid_on": paid_on, "keys": [key for key, _code in codes],
            "codes": [code for _key, code in codes],
        }
        if codes:
            cursor.execute(
                "UPDATE claims_payable p SET state = %(to)s, failure = said.code"
                " FROM unnest(%(keys)s::bigint[], %(codes)s::text[]) AS said(id, code) WHERE p.id = said.id", given,
            )
        else:
            cursor.execute(
                "UPDATE claims_payable SET state = %(to)s, paid_on = coalesce(%(paid_on)s::date, paid_on) WHERE id = ANY(%(ids)s)",
                given,
            )
        fault_point("claims.payables.after")


def _follow(ids: Sequence[int], come_from: State, to: State, *, by: Any, at: datetime) -> None:
    fault_point("claims.follow.before")
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOW, {
            "ids": sorted(set(ids)), "from": come_from, "to": to, "at": at, "by": by.pk if isinstance(by, User) else None,
            "label": str(by)[:80],
        })
    fault_point("claims.follow.after")
