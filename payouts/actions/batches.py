"""Batches of payouts: made, checked, authorized over one digest, released into a file; what changed meanwhile is taken out."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Organization, User
from audit import events
from audit.faults import fault_point
from audit.history import plan_anew
from beneficiaries.models.purchase import names_a_person
from claims.actions.payables import give_back_payables, take_payables
from claims.errors import ClaimsRefused
from jobs.actions import cancel_job, enqueue
from jobs.models import Job
from payouts import choosing
from payouts.actions.payers import approvals_for, hold_payers
from payouts.errors import PayoutsRefused
from payouts.models import (
    BEFORE,
    TEST_AMOUNT,
    BankFormat,
    Batch,
    BatchLine,
    BatchState,
    BatchVote,
    FormatState,
    PayerAccount,
    PayerState,
    Step,
    WhyOut,
)
from payouts.reach import refuse_beyond

PREPARE, CHECK, AUTHORIZE = "payouts.prepare_batch", "payouts.check_batch", "payouts.authorize_batch"
DISCARD = "payouts.discard_batch"
WRITE = "payouts.write_file"
PURPOSE_LENGTH, REASON_LENGTH = 60, 300

_LINE = "number || ' ' || payable || ' ' || amount || ' ' || in_bank || ' ' || encode(payee, 'hex')"
#: Over the head and every line in its order. A line that was taken out is in it no more.
DIGEST = f"encode(sha256(convert_to(%(head)s || coalesce(string_agg(E'\\n' || {_LINE}, '' ORDER BY number), ''), 'UTF8')), 'hex')"
_TAKE = f"""
CREATE TEMPORARY TABLE payout_taken ON COMMIT DROP AS
SELECT chosen.number, p.id AS payable, p.region_code, coalesce(%(each)s, p.amount) AS amount, bank.in_bank,
    chosen.proof, {choosing.PAYEE} AS payee,
    coalesce(p.account_changed_at >= %(fresh_from)s, false) AS is_fresh, coalesce(p.account_index_a, p.account_index_b) AS account
FROM unnest(%(ids)s::bigint[], %(proofs)s::bigint[]) WITH ORDINALITY AS chosen(id, proof, number)
JOIN claims_payable p ON p.id = chosen.id
CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT FROM unnest(%(own_names)s::text[]) AS own(name) WHERE starts_with(p.bank_name, own.name)) AS in_bank
) bank
"""  # noqa: S608 - words of this room
_SUMMED = f"""
SELECT count(*), coalesce(sum(amount), 0.00), {DIGEST}, count(*) FILTER (WHERE is_fresh),
    (SELECT coalesce(sum(many), 0) FROM (
        SELECT count(*) AS many FROM payout_taken WHERE account IS NOT NULL GROUP BY account HAVING count(*) > 1) shared)
FROM payout_taken
"""  # noqa: S608 - words of this room
_LINES = """
INSERT INTO payouts_batchline (
    batch_id, payable_id, number, region_code, amount, in_bank, is_test, proven_by_id, payee, state, code, why_out)
SELECT %(batch)s, payable, number, region_code, amount, in_bank, %(is_test)s, proof, payee, 'open', '', ''
FROM payout_taken ORDER BY number
"""
_FIXED = f"""
SELECT count(*), coalesce(sum(amount), 0.00), {DIGEST}
FROM (SELECT number, payable_id AS payable, amount, in_bank, payee FROM payouts_batchline
    WHERE batch_id = %(batch)s AND state <> 'out') line
"""  # noqa: S608 - words of this room
# What is sent is what was approved: the same amount, name, account and bank, none of it corrected in the claim since.
_CHANGED = f"""
SELECT l.id, l.payable_id FROM payouts_batchline l JOIN claims_payable p ON p.id = l.payable_id
JOIN claims_claim c ON c.id = p.claim_id
WHERE l.batch_id = %(batch)s AND l.state = 'open' AND (
    p.state <> CASE WHEN l.is_test THEN 'open' ELSE 'in_payment' END OR (NOT l.is_test AND p.amount <> l.amount)
    OR p.payee_name IS NULL OR p.payee_account IS NULL
    OR l.payee IS DISTINCT FROM {choosing.PAYEE}
    OR (c.account_index_a IS NOT NULL AND p.account_index_a IS NOT NULL AND c.account_index_a <> p.account_index_a)
    OR (c.account_index_b IS NOT NULL AND p.account_index_b IS NOT NULL AND c.account_index_b <> p.account_index_b))
ORDER BY l.payable_id
"""  # noqa: S608 - words of this room


def prepare_batch(
    payer: PayerAccount, *, organization: Organization, format: BankFormat, purpose: str, most: int = choosing.MOST_LINES, by: User,
    at: datetime,
) -> Batch:
    """Take what is owed and open, the oldest first, for one account and format; nothing else may pay it from now on.

    Where the account verifies payees' accounts, it takes what goes to verified ones.
    """
    with transaction.atomic():
        payer = PayerAccount.objects.select_for_update(of=("self",), no_key=True).select_related("program").get(pk=payer.pk)
        fault_point("payouts.prepare.locked")
        batch = _begun(payer, organization, format, purpose=purpose, most=most, by=by, at=at)
        taken = choosing.chosen(payer, format, organization=organization, at=at, most=most)
        if not taken:
            raise _nothing_to_take(payer, format, organization, at=at)
        try:
            take_payables([pk for pk, _proof in taken], by=by, at=at)
        except ClaimsRefused as refused:
            # Another batch was quicker.
            raise PayoutsRefused("IN_BATCH", lines=refused.facts.get("number", 1)) from refused
        return _filled(batch, taken, by=by, at=at)


def prepare_test(
    payer: PayerAccount, *, organization: Organization, format: BankFormat, purpose: str, most: int = choosing.MOST_LINES, by: User,
    at: datetime,
) -> Batch:
    """A batch that verifies accounts: 0.01 yuan to each that payouts wait for, once an account. What is owed stays open."""
    with transaction.atomic():
        # Of one program one after the other, whichever account pays: two at a time would verify one account twice.
        hold_payers(payer.program_id)
        payer = PayerAccount.objects.select_related("program").get(pk=payer.pk)
        fault_point("payouts.prepare_test.locked")
        batch = _begun(payer, organization, format, purpose=purpose, most=most, by=by, at=at)
        if not payer.tests_accounts:
            raise PayoutsRefused("NO_TESTS_HERE")
        batch.is_test = True
        taken = choosing.chosen_tests(payer, format, organization=organization, at=at, most=most)
        if not taken:
            raise PayoutsRefused("NOTHING_TO_TEST")
        return _filled(batch, taken, by=by, at=at)


def _begun(
    payer: PayerAccount, organization: Organization, format: BankFormat, *, purpose: str, most: int, by: User, at: datetime
) -> Batch:
    """What a batch is before its lines; refused where it may not be made so."""
    region = organization.region_code or ""
    refuse_beyond(by, PREPARE, organization=organization, region_code=region, program_id=payer.program_id)
    purpose = " ".join(purpose.split())
    if not 0 < len(purpose) <= PURPOSE_LENGTH or names_a_person(purpose):
        raise PayoutsRefused("PURPOSE", characters=PURPOSE_LENGTH)
    _refuse_unfit(payer, format, organization)
    if not 0 < most <= choosing.MOST_LINES:
        raise PayoutsRefused("TOO_MANY_LINES", most=choosing.MOST_LINES)
    return Batch(
        program=payer.program, organization=organization, region_code=region, payer=payer, format=format, kind=format.takes,
        purpose=purpose, made_by=by, made_at=at,
    )


def _nothing_to_take(payer: PayerAccount, kept: BankFormat, organization: Organization, *, at: datetime) -> PayoutsRefused:
    found = choosing.outlook(payer, kept, organization=organization, at=at)
    if found.untested:
        return PayoutsRefused("TEST_FIRST", lines=found.untested)
    return PayoutsRefused("BANK_CODE", lines=found.without_code) if found.without_code else PayoutsRefused("NO_LINES")


def _filled(batch: Batch, taken: Sequence[tuple[int, int | None]], *, by: User, at: datetime) -> Batch:
    """The batch with its lines, in this order, its sum and its digest."""
    facts = {
        **choosing.given(batch.payer, batch.format, organization=batch.organization, at=at), "head": head_of(batch),
        "ids": [pk for pk, _proof in taken], "proofs": [proof for _pk, proof in taken], "is_test": batch.is_test,
        "each": TEST_AMOUNT if batch.is_test else None,
    }
    fault_point("payouts.prepare.before")
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, facts)
        cursor.execute(_SUMMED, facts)
        batch.lines, batch.amount, batch.digest, batch.fresh_lines, batch.shared_lines = cursor.fetchone()
    batch.approvals = approvals_for(batch.organization, program=batch.program, amount=batch.amount)
    fault_point("payouts.prepare.taken")
    batch.save(force_insert=True)
    with connection.cursor() as cursor:
        cursor.execute(_LINES, {"batch": batch.pk, "is_test": batch.is_test})
        cursor.execute("DROP TABLE payout_taken")
        # Filled in one go: plans made without statistics fall into nested loops.
        cursor.execute("ANALYZE payouts_batchline (batch_id, payable_id, state)")
    fault_point("payouts.prepare.lines")
    _vote(batch, Step.MAKE, by=by, at=at)
    record("payout_batch.test_prepared" if batch.is_test else "payout_batch.prepared", batch, by=by, at=at)
    fault_point("payouts.prepare.after")
    return batch


def _refuse_unfit(payer: PayerAccount, kept: BankFormat, organization: Organization) -> None:
    if payer.state != PayerState.APPROVED:
        raise PayoutsRefused("PAYER_NOT_IN_USE")
    if not organization.path.startswith(payer.organization.path) or organization.region is None:
        raise PayoutsRefused("PAYER_OF_OTHERS")
    if kept.state != FormatState.APPROVED:
        raise PayoutsRefused("FORMAT_NOT_IN_USE")
    if not organization.path.startswith(kept.organization.path):
        raise PayoutsRefused("FORMAT_OF_OTHERS")


def check_batch(batch: Batch, *, digest: str, by: User, at: datetime) -> Batch:
    """复核: exactly what was looked at is right; by another than its maker. `digest`: the one that was shown."""
    with transaction.atomic():
        found = locked(batch, BatchState.PREPARED, by=by, permission=CHECK)
        _refuse_stale(found, digest)
        if found.votes.filter(user=by, stands=True).exists():
            raise PayoutsRefused("ANOTHER_CHECKS")
        fault_point("payouts.check.before")
        _vote(found, Step.CHECK, by=by, at=at)
        found.state = BatchState.CHECKED
        found.save(update_fields=["state"])
        record("payout_batch.checked", found, by=by, at=at)
        fault_point("payouts.check.after")
    return found


def authorize_batch(batch: Batch, *, digest: str, by: User, at: datetime) -> Batch:
    """授权: money may leave; by somebody who has said nothing of this batch yet, as many as its sum asks for."""
    with transaction.atomic():
        found = locked(batch, BatchState.CHECKED, by=by, permission=AUTHORIZE)
        _refuse_stale(found, digest)
        if found.votes.filter(user=by, stands=True).exists():
            raise PayoutsRefused("ANOTHER_AUTHORIZES")
        fault_point("payouts.authorize.before")
        _vote(found, Step.AUTHORIZE, by=by, at=at)
        given = found.votes.filter(step=Step.AUTHORIZE, stands=True, digest=found.digest).count()
        if given >= found.approvals:
            found.state = BatchState.AUTHORIZED
            found.save(update_fields=["state"])
        record("payout_batch.authorized", found, by=by, at=at, given=given, needed=found.approvals)
        fault_point("payouts.authorize.after")
    return found


def release_batch(batch: Batch, *, by: User, at: datetime) -> Batch:
    """Have the file written that may leave. Where an account changed since the batch was made, or was refused by the bank after
    it had been verified, its line is taken out instead, and what is left is checked and authorized anew."""
    with transaction.atomic():
        found = locked(batch, BatchState.AUTHORIZED, by=by, permission=PREPARE)
        _refuse_tampered(found)
        with connection.cursor() as cursor:
            plan_anew(cursor)
            cursor.execute(_CHANGED, {"batch": found.pk})
            changed = dict(cursor.fetchall())
        asks = found.payer.tests_accounts and not found.is_test
        refused = {line: owed for line, owed in choosing.refused_since(found.pk) if line not in changed} if asks else {}
        if changed or refused:
            return _reopened(found, changed, refused, by=by, at=at)
        fault_point("payouts.release.before")
        found.state, found.released_by, found.released_at = BatchState.RELEASED, by, at
        found.folder = f"payouts/{timezone.localdate(at).year}/{uuid.uuid4().hex}"
        found.save(update_fields=["state", "released_by", "released_at", "folder"])
        record("payout_batch.released", found, by=by, at=at)
        enqueue(
            WRITE, arguments={"batch": found.pk}, subject=found, organization=found.organization, region_code=found.region_code,
            program_id=found.program_id, by=by, at=at, total=found.lines,
        )
        fault_point("payouts.release.after")
    return found


def _reopened(
    batch: Batch, changed: Mapping[int, int], refused: Mapping[int, int], *, by: User, at: datetime
) -> Batch:
    """Lines taken out, their amounts owed again, every vote void: what is left is another batch than was approved."""
    fault_point("payouts.reopen.before")
    BatchLine.objects.filter(pk__in=list(changed)).update(state="out", why_out=WhyOut.REAPPROVE)
    BatchLine.objects.filter(pk__in=list(refused)).update(state="out", why_out=WhyOut.UNTESTED)
    if not batch.is_test:
        give_back_payables(sorted({*changed.values(), *refused.values()}), by=by, at=at)
    batch.votes.filter(stands=True).update(stands=False)
    batch.lines, batch.amount, digest = _sums(batch)
    if batch.lines:
        batch.digest, batch.state = digest, BatchState.PREPARED
        batch.approvals = approvals_for(batch.organization, program=batch.program, amount=batch.amount)
    else:
        batch.state, batch.discarded_by = BatchState.DISCARDED, by
        batch.reason = str(PayoutsRefused("REAPPROVE_ALL"))[:REASON_LENGTH]
    batch.save(
        update_fields=["lines", "amount", "digest", "state", "approvals", "discarded_by", "reason"]
    )
    if batch.lines:
        _vote(batch, Step.MAKE, by=batch.made_by, at=at)
    record("payout_batch.reopened", batch, by=by, at=at, taken_out=len(changed) + len(refused))
    fault_point("payouts.reopen.after")
    return batch


def discard_batch(batch: Batch, *, reason: str, by: User, at: datetime) -> Batch:
    """Give a batch up before anything has left: its amounts are owed and open again. By its maker, or whoever checks."""
    with transaction.atomic():
        found = locked(batch, *BEFORE, by=by, permission=DISCARD)
        reason = " ".join(reason.split())
        if not reason:
            raise PayoutsRefused("REASON")
        events.refuse_personal(reason)
        fault_point("payouts.discard.before")
        open_lines = BatchLine.objects.filter(batch=found, state="open")
        ids = list(open_lines.order_by("payable_id").values_list("payable_id", flat=True))
        open_lines.update(state="out", why_out=WhyOut.DISCARDED)
        if not found.is_test:
            give_back_payables(ids, by=by, at=at)
        job = Job.objects.about(found).live().select_for_update().first()
        if job is not None and not job.stop_requested:
            cancel_job(job, by=by, at=at)
        found.votes.filter(stands=True).update(stands=False)
        found.state, found.discarded_by, found.reason = BatchState.DISCARDED, by, reason[:REASON_LENGTH]
        found.save(update_fields=["state", "discarded_by", "reason"])
        record("payout_batch.discarded", found, by=by, at=at, reason=found.reason)
        fault_point("payouts.discard.after")
    return found


def head_of(batch: Batch) -> str:
    """What the digest binds the lines to."""
    whole = f"program {batch.program_id} payer {batch.payer_id} format {batch.format_id} purpose {batch.purpose}"
    return f"test {whole}" if batch.is_test else whole


def digest_of(batch: Batch) -> str:
    """The digest of its lines as they are now."""
    return _sums(batch)[2]


def _sums(batch: Batch) -> tuple[int, Decimal, str]:
    with connection.cursor() as cursor:
        cursor.execute(_FIXED, {"batch": batch.pk, "head": head_of(batch)})
        lines, amount, digest = cursor.fetchone()
    return lines, amount, digest


def _refuse_stale(batch: Batch, digest: str) -> None:
    if digest != batch.digest:
        raise PayoutsRefused("STALE")
    _refuse_tampered(batch)


def _refuse_tampered(batch: Batch) -> None:
    """What stands in the lines is what the digest says, whoever has written there."""
    if _sums(batch) != (batch.lines, batch.amount, batch.digest):
        raise PayoutsRefused("STALE")


def _vote(batch: Batch, step: Step, *, by: User, at: datetime) -> None:
    BatchVote.objects.create(batch=batch, user=by, step=step, digest=batch.digest, at=at)


def locked(batch: Batch, *states: BatchState, by: Any, permission: str) -> Batch:
    """The row, locked, in one of these states and within the user's reach; in any state where none is named."""
    found = Batch.objects.select_for_update(of=("self",)).select_related(
        "program", "organization", "payer", "format", "made_by"
    ).get(pk=batch.pk)
    fault_point("payouts.batch.locked")
    if permission:
        refuse_beyond(
            by, permission, organization=found.organization, region_code=found.region_code, program_id=found.program_id
        )
    if states and found.state not in states:
        raise PayoutsRefused("BATCH_STATE", state=found.get_state_display())
    return found


def record(verb: str, batch: Batch, *, by: Any, at: datetime, **data: Any) -> None:
    """One event about a batch, in the transaction of its change."""
    events.record(
        verb, batch, by=by, at=at, organization=batch.organization, region_code=batch.region_code, program_id=batch.program_id,
        data={"batch": batch.reference, "lines": batch.lines, "amount": str(batch.amount), **data},
    )
