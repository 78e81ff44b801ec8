"""Clearings: put forward by one person, approved by another as they were shown; at the bank, line by line, to their end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.faults import fault_point
from beneficiaries.models import Purchase
from beneficiaries.models.enrollment import enrollment_id_of
from beneficiaries.models.purchase import names_a_person
from exports.locking import LEAST, MOST, can_be_typed, locked
from gates import clearing as lines
from gates import returning
from gates.actions.payments import AT_ONCE, BATCH, PAYER, REFERENCE_LENGTH, end_recording, said
from gates.bills import employer_of
from gates.clearing import Chosen, count_outcomes, settle_part, take_turns, why_in_words
from gates.errors import GatesRefused
from gates.models import (
    Arrival,
    Clearing,
    ClearingKind,
    ClearingLine,
    ClearingState,
    HeldPayment,
    HeldState,
    Outcome,
    OwnPayment,
    Statement,
    Uncollected,
)
from gates.reach import refuse_beyond
from intake.deciding import reason_of
from jobs.actions import enqueue
from programs import actions as programs

PROPOSE, APPROVE = "gates.propose_clearing", "gates.approve_clearing"
KIND = "gates.settle_clearing"
ZERO = Decimal("0.00")
AT_ONCE_PURCHASES, BATCH_PURCHASES = 50, 200
#: Lines named one by one on a page.
NAMED_AT_MOST = 2_000


def propose_assignment(held: QuerySet[HeldPayment], *, number: str = "", reason: str, by: User, at: datetime) -> Clearing:
    """Held lines of one statement are the own shares of covers: of those that the lines name, or one line of the cover `number`."""
    cover = _cover_of(held, number)
    with transaction.atomic():
        statement = _statement_of(held, by=by)
        if statement.period.closed_at is not None:
            raise GatesRefused("PERIOD_CLOSED", period=statement.period.code)
        chosen = lines.choose_held(held, statement, kind=ClearingKind.ASSIGN, cover=cover, at=at)
        if not chosen.lines:
            raise GatesRefused("NO_FIT", why=_most(chosen)) if chosen.left else GatesRefused("NOTHING_HELD")
        return _proposed(
            Clearing(kind=ClearingKind.ASSIGN, statement=statement), statement, chosen, reason=reason, by=by, at=at
        )


def propose_match(held: QuerySet[HeldPayment], *, number: str = "", reason: str, by: User, at: datetime) -> Clearing:
    """Held lines of one statement are payments that came with purchases: of the covers that they name, or one of cover `number`."""
    cover = _cover_of(held, number)
    with transaction.atomic():
        statement = _statement_of(held, by=by)
        chosen = lines.choose_held(held, statement, kind=ClearingKind.MATCH, cover=cover, at=at)
        if not chosen.lines:
            raise GatesRefused("NO_FIT", why=_most(chosen)) if chosen.left else GatesRefused("NOTHING_HELD")
        return _proposed(
            Clearing(kind=ClearingKind.MATCH, statement=statement), statement, chosen, reason=reason, by=by, at=at
        )


def propose_return(held: QuerySet[HeldPayment], *, reason: str, by: User, at: datetime) -> Clearing:
    """Held lines of one statement go back the way they came."""
    with transaction.atomic():
        statement = _statement_of(held, by=by)
        chosen = lines.choose_held(held, statement, kind=ClearingKind.RETURN, at=at)
        if not chosen.lines:
            raise GatesRefused("NOTHING_HELD")
        return _proposed(
            Clearing(kind=ClearingKind.RETURN, statement=statement), statement, chosen, reason=reason, by=by, at=at
        )


def propose_unmatch(arrivals: QuerySet[Arrival], *, reason: str, by: User, at: datetime) -> Clearing:
    """Lines of one statement were counted for purchases by mistake: each is held again, each purchase has not arrived."""
    standing = arrivals.filter(reversed_by=None)
    with transaction.atomic():
        statement = _statement_of(standing, by=by, code="NOTHING_MATCHED")
        chosen = lines.choose_arrivals(standing)
        if not chosen.lines:
            raise GatesRefused("NO_FIT", why=_most(chosen)) if chosen.left else GatesRefused("NOTHING_MATCHED")
        return _proposed(
            Clearing(kind=ClearingKind.UNMATCH, statement=statement), statement, chosen, reason=reason, by=by, at=at
        )


def propose_giving_up(purchases: QuerySet[Uncollected], *, reason: str, by: User, at: datetime) -> Clearing:
    """Payments that came with purchases of one office and period never came: out of the books, and their covers are voided."""
    found = list(purchases.select_related("period", "organization").order_by("pk"))
    if not found:
        raise GatesRefused("NOTHING_UNPAID")
    first = found[0]
    if len({(each.organization_id, each.region_code, each.period_id) for each in found}) > 1:
        raise GatesRefused("ONE_OFFICE")
    refuse_beyond(
        by, PROPOSE, organization=first.organization, region_code=first.region_code, program_id=first.program_id
    )
    if first.period.closed_at is not None:
        raise GatesRefused("PERIOD_CLOSED", period=first.period.code)
    with transaction.atomic():
        take_turns(first.period_id)
        chosen = lines.choose_purchases(purchases, at=at)
        if not chosen.lines:
            raise GatesRefused("CANNOT_GIVE_UP", why=_most(chosen)) if chosen.left else GatesRefused("NOTHING_UNPAID")
        return _proposed(Clearing(kind=ClearingKind.UNPAID), first, chosen, reason=reason, by=by, at=at)


def propose_reversal(
    payment: OwnPayment, *, numbers: Sequence[str] = (), others_stay: bool = False, reason: str, by: User, at: datetime
) -> Clearing:
    """A payment was recorded wrongly: all of it, or for the covers with these `numbers`.

    Refused whole when one of them cannot be reversed any more, unless those are to stay as they are (`others_stay`).
    """
    covers = _covers_named(numbers)
    with transaction.atomic():
        payment = OwnPayment.objects.select_related("period__plan", "organization", "statement", "clearing__statement").get(
            pk=payment.pk
        )
        refuse_beyond(
            by, PROPOSE, organization=payment.organization, region_code=payment.region_code, program_id=payment.program_id
        )
        if payment.state == OwnPayment.State.RECORDING:
            raise GatesRefused("STILL_RECORDING")
        _refuse_lapsing(payment, at=at)
        take_turns(payment.period_id)
        chosen = lines.choose_paid(payment, covers=covers, at=at)
        if covers is not None and chosen.lines + chosen.left_lines != len(covers):
            raise GatesRefused("NOT_ON_PAYMENT", number=len(covers) - chosen.lines - chosen.left_lines)
        if employer_of(payment) is not None and (covers is not None or (chosen.left and chosen.lines)):
            raise GatesRefused("BILL_WHOLE")
        if employer_of(payment) is not None and employer_of(payment).row_id is not None:
            raise GatesRefused("BILL_ARRIVED")
        if chosen.left and (not others_stay or not chosen.lines):
            raise GatesRefused("BARRED", number=chosen.left_lines, why=_most(chosen))
        if not chosen.lines:
            raise GatesRefused("NOTHING_TO_REVERSE")
        statement = payment.statement or (payment.clearing.statement if payment.clearing else None)
        return _proposed(
            Clearing(kind=ClearingKind.REVERSE, payment=payment, statement=statement), payment, chosen, reason=reason, by=by, at=at
        )


def approve_clearing(clearing: Clearing, *, digest: str, by: User, at: datetime) -> Clearing:
    """Let exactly what was shown happen: few lines in this transaction, many by a job; what goes back waits for the bank."""
    try:
        with transaction.atomic():
            return _approve(clearing, digest=digest, by=by, at=at)
    except IntegrityError as conflict:
        raise said(conflict) from conflict


def _approve(clearing: Clearing, *, digest: str, by: User, at: datetime) -> Clearing:
    clearing = locked_clearing(clearing, ClearingState.PROPOSED)
    _refuse_beyond(clearing, APPROVE, by=by)
    if clearing.proposed_by_id == by.pk:
        raise GatesRefused("ANOTHER_APPROVES")
    if digest != clearing.digest or lines.digest_of(clearing) != digest:
        raise GatesRefused("STALE")
    if clearing.kind in (ClearingKind.ASSIGN, ClearingKind.UNPAID) and clearing.period.closed_at is not None:
        raise GatesRefused("PERIOD_CLOSED", period=clearing.period.code)
    if clearing.kind == ClearingKind.REVERSE:
        _refuse_lapsing(clearing, at=at)
    fault_point("gates.approve_clearing.before")
    clearing.state, clearing.decided_by, clearing.decided_at = ClearingState.APPROVED, by, at
    clearing.save(update_fields=["state", "decided_by", "decided_at"])
    _record("clearing.approved", clearing, by=by, at=at, lines=clearing.lines_count, amount=str(clearing.amount))
    if clearing.kind == ClearingKind.ASSIGN:
        _open_payment(clearing, by=by, at=at)
    if clearing.kind != ClearingKind.RETURN:
        if clearing.lines_count <= _at_once(clearing):
            settle_part(clearing, first=1, last=clearing.lines_count, at=at)
            _end(clearing, at=at)
            if not clearing.done_lines:
                first = clearing.lines.order_by("number")[0]
                raise GatesRefused("NOTHING_FITS_ANY_MORE", why=why_in_words(first.why))
        else:
            enqueue(
                KIND, arguments={"clearing": clearing.pk}, subject=clearing, organization=clearing.organization,
                region_code=clearing.region_code, program_id=clearing.program_id, by=by, at=at, total=clearing.lines_count,
            )
    fault_point("gates.approve_clearing.after")
    return clearing


def settle_clearing(run: Any, clearing: Clearing, *, at: datetime) -> dict[str, Any]:
    """The lines of an approved clearing, part by part; a killed run goes on where it was, since open lines say so."""
    while True:
        run.check_stop()
        with transaction.atomic():
            fault_point("gates.settle_clearing.before")
            open_lines = ClearingLine.objects.filter(clearing=clearing, outcome=Outcome.OPEN).order_by("number")
            numbers = list(open_lines.values_list("number", flat=True)[:_part_of(clearing)])
            if not numbers:
                break
            settle_part(clearing, first=numbers[0], last=numbers[-1], at=at)
            run.advance(more=len(numbers))
            fault_point("gates.settle_clearing.after")
        fault_point("gates.settle_clearing.committed")
    with transaction.atomic():
        fault_point("gates.settle_end.before")
        clearing = locked_clearing(clearing, ClearingState.APPROVED, ClearingState.DONE)
        if clearing.state == ClearingState.APPROVED:
            _end(clearing, at=at)
        run.advance()
        fault_point("gates.settle_end.after")
    return {"lines": clearing.done_lines, "left": clearing.left_lines}


def _at_once(clearing: Clearing) -> int:
    """How many lines are settled with their approval; each purchase that is given up has a posting and an event of its own."""
    return AT_ONCE_PURCHASES if clearing.kind == ClearingKind.UNPAID else AT_ONCE


def _part_of(clearing: Clearing) -> int:
    """How many lines a job settles in one transaction."""
    return BATCH_PURCHASES if clearing.kind == ClearingKind.UNPAID else BATCH


def drop_clearing(clearing: Clearing, *, reason: str, by: User, at: datetime) -> Clearing:
    """Nothing of it happens: whoever put it forward withdraws it, or whoever approves sends it back. Its lines are free again."""
    with transaction.atomic():
        clearing = locked_clearing(clearing, ClearingState.PROPOSED)
        _refuse_beyond(clearing, PROPOSE if clearing.proposed_by_id == by.pk else APPROVE, by=by)
        reason = reason_of(reason)
        events.refuse_personal(reason)
        take_turns(clearing.period_id)
        fault_point("gates.drop_clearing.before")
        _free(ClearingLine.objects.filter(clearing=clearing), why=lines.DROPPED)
        clearing.state, clearing.decided_by, clearing.decided_at, clearing.answer = ClearingState.DROPPED, by, at, reason
        count_outcomes(clearing)
        clearing.save(update_fields=["state", "decided_by", "decided_at", "answer", "left_lines", "left_amount"])
        _record("clearing.dropped", clearing, by=by, at=at, reason=reason)
        fault_point("gates.drop_clearing.after")
    return clearing


def record_returned(
    clearing: Clearing, *, numbers: str = "", reference: str, returned_on: date, by: User, at: datetime
) -> Clearing:
    """The bank has given money back: of the open lines with these `numbers` ("1-20, 35"), or of all that are open."""
    reference = reference.strip()
    if not 0 < len(reference) <= REFERENCE_LENGTH or names_a_person(reference):
        raise GatesRefused("REFERENCE", characters=REFERENCE_LENGTH)
    if returned_on > timezone.localdate(at):
        raise GatesRefused("RETURNED_LATER")
    with transaction.atomic():
        clearing = _at_the_bank(clearing, by=by)
        if clearing.decided_at is not None and returned_on < timezone.localdate(clearing.decided_at):
            raise GatesRefused("RETURNED_BEFORE")
        meant = _meant(clearing, numbers, Outcome.OPEN)
        found = meant.aggregate(amount=Sum("amount", default=ZERO))
        fault_point("gates.record_returned.before")
        lines.move_held(meant, HeldState.RETURNED)
        number = meant.update(outcome=Outcome.DONE, reference=reference, settled_on=returned_on)
        programs.return_held(
            clearing, found["amount"], program_id=clearing.program_id, lines=number, by=by, at=at
        )
        _record("clearing.returned", clearing, by=by, at=at, lines=number, amount=str(found["amount"]), reference=reference)
        _count_at_the_bank(clearing, at=at)
        fault_point("gates.record_returned.after")
    return clearing


def end_returned(clearing: Clearing, ids: Sequence[int], *, reference: str, at: datetime) -> None:
    """A channel's statement shows that lines were given back: where their money is, the books, and whether the list is at its end.

    In the caller's transaction, which has said so in the lines.
    """
    clearing = locked_clearing(clearing, ClearingState.APPROVED, ClearingState.DONE)
    meant = ClearingLine.objects.filter(pk__in=ids)
    found = meant.aggregate(amount=Sum("amount", default=ZERO))
    fault_point("gates.end_returned.before")
    lines.move_held(meant, HeldState.RETURNED)
    programs.return_held(clearing, found["amount"], program_id=clearing.program_id, lines=len(ids), by=PAYER, at=at)
    _record(
        "clearing.returned", clearing, by=PAYER, at=at, lines=len(ids), amount=str(found["amount"]), reference=reference
    )
    _count_at_the_bank(clearing, at=at)
    fault_point("gates.end_returned.after")


def record_not_returned(clearing: Clearing, *, numbers: str, reason: str, by: User, at: datetime) -> Clearing:
    """The bank could not give money back, or it bounced after all: the lines with these numbers are held again."""
    reason = reason_of(reason)
    events.refuse_personal(reason)
    if not numbers.strip():
        raise GatesRefused("NUMBERS")
    with transaction.atomic():
        clearing = _at_the_bank(clearing, by=by)
        meant = _meant(clearing, numbers, Outcome.OPEN, Outcome.DONE)
        bounced = meant.filter(outcome=Outcome.DONE)
        found = bounced.aggregate(amount=Sum("amount", default=ZERO))
        fault_point("gates.record_not_returned.before")
        programs.return_held(
            clearing, -found["amount"], program_id=clearing.program_id, lines=bounced.count(), by=by, at=at
        )
        number = _free(meant, why=reason)
        _record("clearing.not_returned", clearing, by=by, at=at, lines=number, reason=reason)
        _count_at_the_bank(clearing, at=at)
        fault_point("gates.record_not_returned.after")
    return clearing


def open_returns(clearing: Clearing, *, password: str, by: User, at: datetime) -> Iterator[bytes]:
    """The list for the bank in an archive that the password opens, names in the clear; its event written before the first byte."""
    if not can_be_typed(password):
        raise GatesRefused("PASSWORD", least=LEAST, most=MOST)
    with transaction.atomic():
        clearing = _at_the_bank(clearing, by=None)
        fault_point("gates.open_returns.before")
        _record("clearing.downloaded", clearing, by=by, at=at, lines=clearing.lines_count, digest=clearing.digest[:12])
        fault_point("gates.open_returns.after")
    return locked(returning.content_of(clearing), name=f"{file_name(clearing)}.csv", size=0, password=password.encode("ascii"))


def file_name(clearing: Clearing) -> str:
    """What its file is called, without an ending."""
    return f"{clearing.program.code}-{clearing.period.code}-return-{clearing.pk}"


def locked_clearing(clearing: Clearing, *states: ClearingState) -> Clearing:
    """The row, locked, in one of these states."""
    found = Clearing.objects.select_for_update(of=("self",)).select_related(
        "organization", "program", "period__plan", "period__program", "statement", "payment"
    )
    kept = found.get(pk=clearing.pk)
    fault_point("gates.clearing.locked")
    if kept.state not in states:
        raise GatesRefused("CLEARING_STATE", state=kept.get_state_display())
    return kept


def _cover_of(held: QuerySet[HeldPayment], number: str) -> int | None:
    """The cover of a number that is given for one line; None without a number."""
    if not number.strip():
        return None
    cover = enrollment_id_of(number)
    if cover is None:
        raise GatesRefused("COVER_NUMBER")
    if held.count() != 1:
        raise GatesRefused("ONE_LINE")
    return cover


def _statement_of(held: QuerySet[Any], *, by: User, code: str = "NOTHING_HELD") -> Statement:
    """The one statement of these lines, in the reach of whoever proposes; its period's turn is taken. `code`: of none."""
    found = list(held.order_by().values_list("statement", flat=True).distinct()[:2])
    if not found:
        raise GatesRefused(code)
    if len(found) > 1:
        raise GatesRefused("ONE_STATEMENT")
    statement = Statement.objects.select_related("organization", "period", "program").get(pk=found[0])
    refuse_beyond(
        by, PROPOSE, organization=statement.organization, region_code=statement.region_code, program_id=statement.program_id
    )
    take_turns(statement.period_id)
    return statement


def _proposed(
    clearing: Clearing, of: Statement | OwnPayment | Purchase, chosen: Chosen, *, reason: str, by: User, at: datetime
) -> Clearing:
    reason = reason_of(reason)
    events.refuse_personal(reason)
    if chosen.amount <= 0:
        raise GatesRefused("NOTHING_HELD")
    clearing.program_id, clearing.period_id = of.program_id, of.period_id
    clearing.organization, clearing.region_code = of.organization, of.region_code
    clearing.reason, clearing.proposed_by, clearing.proposed_at = reason, by, at
    clearing.lines_count, clearing.amount, clearing.digest = chosen.lines, chosen.amount, chosen.digest
    fault_point("gates.propose_clearing.before")
    clearing.save(force_insert=True)
    lines.write_lines(clearing)
    _record(
        "clearing.proposed", clearing, by=by, at=at, kind=str(clearing.kind), lines=chosen.lines, amount=str(chosen.amount),
        left=chosen.left_lines, reason=reason,
    )
    fault_point("gates.propose_clearing.after")
    return clearing


def _most(chosen: Chosen) -> str:
    """What keeps most of those that may not."""
    return why_in_words(chosen.left[0][0])


def _covers_named(numbers: Sequence[str]) -> list[int] | None:
    """The enrollments of cover numbers; None where none are named."""
    given = [number for number in (each.strip() for each in numbers) if number]
    if not given:
        return None
    if len(given) > NAMED_AT_MOST:
        raise GatesRefused("TOO_MANY_NAMED", most=NAMED_AT_MOST)
    found = [enrollment_id_of(number) for number in given]
    if None in found:
        raise GatesRefused("COVER_NUMBER")
    return sorted({pk for pk in found if pk is not None})


def _refuse_lapsing(of: OwnPayment | Clearing, *, at: datetime) -> None:
    """After the close whoever has not paid lapses: nobody's payment is taken back then."""
    if of.period.closed_at is not None:
        raise GatesRefused("PERIOD_CLOSED", period=of.period.code)
    if timezone.localdate(at) >= of.period.enrollment_closes_on:
        raise GatesRefused("WOULD_LAPSE", day=of.period.enrollment_closes_on)


def _refuse_beyond(clearing: Clearing, permission: str, *, by: Any) -> None:
    refuse_beyond(
        by, permission, organization=clearing.organization, region_code=clearing.region_code, program_id=clearing.program_id
    )


def _open_payment(clearing: Clearing, *, by: User, at: datetime) -> None:
    """The payment of an assignment: of the statement's reference, in time by its lines' own days."""
    assert clearing.statement is not None
    fault_point("gates.open_assigned.before")
    payment = OwnPayment.objects.create(
        program_id=clearing.program_id, period_id=clearing.period_id, organization=clearing.organization,
        region_code=clearing.region_code, clearing=clearing, reference=clearing.statement.reference,
        paid_on=lines.last_day_of(clearing), people=clearing.lines_count, amount=clearing.amount, made_by=by, made_at=at,
    )
    events.record(
        "payment.recorded", payment, by=by, at=at, organization=clearing.organization, region_code=clearing.region_code,
        program_id=clearing.program_id, data={"people": clearing.lines_count, "amount": str(clearing.amount)},
    )
    fault_point("gates.open_assigned.after")


def _end(clearing: Clearing, *, at: datetime) -> None:
    """No line is open any more: counted, told, and the payment of an assignment recorded."""
    count_outcomes(clearing)
    fault_point("gates.end_clearing.before")
    clearing.state, clearing.ended_at = ClearingState.DONE, at
    clearing.save(update_fields=["state", "ended_at", "done_lines", "done_amount", "left_lines", "left_amount"])
    _record(
        "clearing.done", clearing, by=PAYER, at=at, lines=clearing.done_lines, amount=str(clearing.done_amount),
        left=clearing.left_lines,
    )
    if clearing.kind == ClearingKind.ASSIGN:
        payment = OwnPayment.objects.select_for_update(of=("self",)).select_related("organization").get(clearing=clearing)
        end_recording(payment, clearing.left_lines, clearing.left_amount, by=PAYER, at=at)
    fault_point("gates.end_clearing.after")


def _at_the_bank(clearing: Clearing, *, by: User | None) -> Clearing:
    """A list that was approved to be given back; its period's turn is taken."""
    if clearing.kind != ClearingKind.RETURN:
        raise GatesRefused("NOT_A_RETURN")
    found = locked_clearing(clearing, ClearingState.APPROVED, ClearingState.DONE)
    if by is not None:
        _refuse_beyond(found, PROPOSE, by=by)
        take_turns(found.period_id)
    return found


def _meant(clearing: Clearing, numbers: str, *outcomes: Outcome) -> QuerySet[ClearingLine]:
    """The lines with these numbers and one of these ends, fixed by their keys; refused when a number is none of them."""
    found = ClearingLine.objects.filter(clearing=clearing, outcome__in=outcomes)
    spans = spans_of(numbers)
    if spans:
        meant = Q()
        for first, last in spans:
            meant |= Q(number__gte=first, number__lte=last)
        found = found.filter(meant)
        wanted = sum(last - first + 1 for first, last in spans)
        if wanted != found.count():
            raise GatesRefused("NO_SUCH_NUMBERS")
    if not found.exists():
        raise GatesRefused("NO_SUCH_NUMBERS")
    return found


def spans_of(numbers: str) -> list[tuple[int, int]]:
    """Numbers and stretches as people write them, put together: "1-3, 7" is [(1, 3), (7, 7)]; GatesRefused for others."""
    spans = []
    for part in numbers.replace("、", ",").replace("，", ",").replace("–", "-").replace("\n", ",").split(","):
        ends = [end.strip() for end in part.split("-")]
        if ends == [""]:
            continue
        if len(ends) > 2 or not all(end.isascii() and end.isdecimal() and 0 < len(end) < 10 for end in ends):
            raise GatesRefused("NUMBERS")
        first, last = int(ends[0]), int(ends[-1])
        if not 0 < first <= last:
            raise GatesRefused("NUMBERS")
        spans.append((first, last))
    together: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if together and first <= together[-1][1] + 1:
            together[-1] = (together[-1][0], max(last, together[-1][1]))
        else:
            together.append((first, last))
    return together


def _free(meant: QuerySet[ClearingLine], *, why: str) -> int:
    """Put lines back: their money can stand on another list; how many those are."""
    fault_point("gates.free_lines.before")
    lines.move_held(meant, HeldState.HELD)
    number = meant.update(outcome=Outcome.LEFT, why=why)
    fault_point("gates.free_lines.after")
    return number


def _count_at_the_bank(clearing: Clearing, *, at: datetime) -> None:
    """What the bank has said so far; with the last line the list is at its end."""
    count_outcomes(clearing)
    ended = clearing.done_lines + clearing.left_lines == clearing.lines_count
    clearing.state = ClearingState.DONE if ended else ClearingState.APPROVED
    clearing.ended_at = (clearing.ended_at or at) if ended else None
    fault_point("gates.count_at_the_bank.before")
    clearing.save(update_fields=["state", "ended_at", "done_lines", "done_amount", "left_lines", "left_amount"])
    fault_point("gates.count_at_the_bank.after")


def _record(verb: str, clearing: Clearing, *, by: Any, at: datetime, **data: Any) -> None:
    events.record(
        verb, clearing, by=by, at=at, organization=clearing.organization, region_code=clearing.region_code,
        program_id=clearing.program_id, data=data,
    )
