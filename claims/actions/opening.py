"""Many reports at once: cases, claims, first steps and bills of a file, each by the rules of the actions that do one.

Every rule is theirs (`cases`, `bills`, `handling`); here is only what makes it set-wise. A report is opened whole or refused
whole, with its code; another's refusal changes nothing for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit import blind_index, events, keys
from audit.faults import fault_point
from audit.fields import Sealed, SealedTextField
from beneficiaries.models import Enrollment
from beneficiaries.models.enrollment import EnrollmentQuerySet
from claims.actions.bills import (
    Charge,
    Presented,
    kinds_of_plans,
    lines_of,
    presented_before,
    refuse_unfit,
    standing_of,
)
from claims.actions.cases import (
    COVERED,
    REPORT,
    EventKey,
    Report,
    case_of,
    claims_of,
    keys_of,
    lock_covers,
    refuse_known,
    refuse_uncovered,
    refuse_untimely,
    reported_before,
)
from claims.actions.handling import HANDLE, Account, holder_of, number_of, set_payee
from claims.checking import findings_of
from claims.due import Counting, running, write_days
from claims.errors import ClaimsRefused
from claims.models import ACCOUNT, CASE_LETTER, Bill, BillLine, Case, Claim, ClaimStep, Payee, Standing, numbered
from claims.rules.states import State
from claims.stepping import case_note, note_of, step_into

#: How far reports may go at once, and what is told of each step on the way.
WAY = {State.REPORTED: "claim.reported", State.ACCEPTED: "claim.accepted", State.REGISTERED: "claim.registered"}
_NUMBERS = "SELECT nextval(pg_get_serial_sequence('claims_bill', 'id')) FROM generate_series(1, %s)"
#: Stands for the case of a report before, while it has no number yet.
_ANOTHER = 0
_KEPT = "SELECT id FROM claims_bill WHERE id = ANY(%s)"


@dataclass(frozen=True)
class Opening:
    """One report with its bills, which are not kept yet. `cover`: one that was in force then, by its number; the person's
    others within reach join it."""

    cover: int
    told: Report
    bills: Sequence[tuple[Bill, Sequence[Charge]]] = ()
    #: Who is paid by every claim of the case; None: to be stated later.
    payee: Account | None = None


@dataclass(frozen=True)
class Opened:
    """What became of a report: a case with its claims, the first payer first; or why there is none."""

    case: Case | None = None
    claims: tuple[Claim, ...] = ()
    refused: ClaimsRefused | None = None


@dataclass
class _Planned:
    """A report that nothing speaks against, on its way into the tables."""

    opening: Opening
    covers: list[Enrollment]
    case: Case
    claims: list[Claim] = field(default_factory=list)
    bills: list[tuple[Bill, Sequence[Charge]]] = field(default_factory=list)


def open_cases(
    reports: Sequence[Opening], *, by: User, at: datetime, until: State = State.REPORTED,
    among: EnrollmentQuerySet | None = None,
) -> list[Opened]:
    """Open a case for each report, in a number of statements that does not grow with them; what became of each, in order.

    `until`: the state that the claims reach (`WAY`). `among`: covers that reports may speak of, where a caller has had that
    approved (a file's office); else those that the user reaches. Opens names and document numbers of the people.
    """
    with transaction.atomic():
        seen = _reached(reports, by=by, until=until, among=among)
        held = {cover.pk: cover for cover in lock_covers(sorted({pk for group in seen for pk in group}))}
        fault_point("claims.open_cases.locked")
        planned, refused = _plan([[held[pk] for pk in group if pk in held] for group in seen], reports, by=by, at=at)
        fault_point("claims.open_cases.before")
        _write(planned, by=by, at=at, until=until)
        fault_point("claims.open_cases.after")
    return [
        Opened(planned[place].case, tuple(planned[place].claims)) if place in planned else Opened(refused=_final(refused[place]))
        for place in range(len(reports))
    ]


# -- Which reports, by the rules of one --------------------------------------------------------------------------------------


def _reached(
    reports: Sequence[Opening], *, by: User, until: State, among: EnrollmentQuerySet | None
) -> list[list[int]]:
    """Of each report the covers of its person that were in force then, by their numbers; none where its own was not."""
    if among is None:
        among = Enrollment.objects.visible_to(by, REPORT)
        if until != State.REPORTED:
            among = among.filter(pk__in=Enrollment.objects.visible_to(by, HANDLE).values("pk"))
    else:
        among = among.free()
    if not reports:
        return []
    moments = [each.told.event_at for each in reports]
    people = dict(Enrollment.objects.filter(pk__in={each.cover for each in reports}).values_list("pk", "person"))
    rows = among.filter(
        person__in=set(people.values()), state__in=COVERED, starts_at__lte=max(moments), ends_at__gt=min(moments)
    )
    of: dict[int, list[tuple[int, datetime, datetime]]] = defaultdict(list)
    for pk, person, starts_at, ends_at in rows.order_by("pk").values_list("pk", "person", "starts_at", "ends_at"):
        of[person].append((pk, starts_at, ends_at))
    found = []
    for each in reports:
        moment = each.told.event_at
        group = [pk for pk, starts_at, ends_at in of.get(people.get(each.cover, 0), ()) if starts_at <= moment < ends_at]
        found.append(group if each.cover in group else [])
    return found


def _plan(
    groups: Sequence[list[Enrollment]], reports: Sequence[Opening], *, by: User, at: datetime
) -> tuple[dict[int, _Planned], dict[int, Any]]:
    """Reports by their places: those that nothing speaks against, and why others are refused."""
    known: dict[EventKey, Any] = dict(reported_before([cover for group in groups for cover in group]))
    presented = presented_before(bill for each in reports for bill, _charges in each.bills)
    kinds: dict[tuple[int, ...], list[str]] = {}
    planned: dict[int, _Planned] = {}
    refused: dict[int, Any] = {}
    for place, (opening, covers) in enumerate(zip(reports, groups, strict=True)):
        try:
            planned[place] = plan = _judge(opening, covers, known, presented, kinds, by=by, at=at)
        except ClaimsRefused as why:
            refused[place] = why
        except _Repeats as why:
            refused[place] = why
        else:
            known |= dict.fromkeys(keys_of(covers, opening.told), plan)
    return planned, refused


class _Repeats(Exception):
    """The event of a report that stands before it among the same reports."""

    def __init__(self, other: _Planned) -> None:
        self.other = other


def _final(why: Any) -> ClaimsRefused:
    if isinstance(why, _Repeats):
        return ClaimsRefused("REPORTED_ALREADY", number=numbered(CASE_LETTER, why.other.case.pk))
    found: ClaimsRefused = why
    return found


def _judge(
    opening: Opening, covers: list[Enrollment], known: dict[EventKey, Any], presented: Presented,
    kinds: dict[tuple[int, ...], list[str]], *, by: User, at: datetime,
) -> _Planned:
    """One report by the rules that one by one holds, with nothing saved; `presented` learns its invoices."""
    told = opening.told
    refuse_untimely(told, at=at)
    refuse_uncovered(covers, told)
    for key in keys_of(covers, told):
        if isinstance(known.get(key), _Planned):
            raise _Repeats(known[key])
    refuse_known(covers, told, known=known)
    plan = _Planned(opening, covers, case_of(told, covers, by=by, at=at))
    _refuse_shapeless(plan.case)
    plan.claims = claims_of(plan.case, covers, at=at)
    if opening.payee is not None:
        if opening.payee.payee not in Payee.values:
            raise ClaimsRefused("SHAPE", name=_("payee"))
        name, number = holder_of(opening.payee, covers[0].person, on=timezone.localdate(at)), number_of(opening.payee)
        for claim in plan.claims:
            set_payee(claim, opening.payee, name=name, number=number, by=by, at=at)
            _refuse_shapeless(claim)
    plans = tuple(claim.plan_id for claim in plan.claims)
    if opening.bills and plans not in kinds:
        kinds[plans] = kinds_of_plans(claim.enrollment.plan for claim in plan.claims)
    own: set[tuple[str, str]] = set()
    person = covers[0].person
    for bill, charges in opening.bills:
        refuse_unfit(bill, charges, known=kinds[plans], at=at)
        _refuse_shapeless(bill, *lines_of(bill, charges))
        invoice = (bill.invoice_code, bill.invoice_number)
        if bill.invoice_number and invoice in own:
            raise ClaimsRefused("BILL_TWICE")
        own.add(invoice)
        bill.case, bill.entered_by, bill.entered_at = plan.case, by, at
        bill.standing = standing_of(bill, presented=presented)
        bill.findings = findings_of(
            bill, charges, name=person.name.reveal(), document=person.document.reveal(), at=at, event_on=plan.case.event_on
        )
        plan.bills.append((bill, charges))
    for bill, _charges in plan.bills:
        if bill.invoice_number:
            presented.setdefault((bill.invoice_code, bill.invoice_number), []).append((_ANOTHER, bill.standing))
    return plan


def _refuse_shapeless(*rows: models.Model) -> None:
    """Refuse what a column cannot take, which would fail for all reports at once."""
    for row in rows:
        texts, amounts = _columns(type(row))
        for name, words, longest, known in texts:
            value = getattr(row, name)
            if isinstance(value, str) and (len(value) > longest or "\0" in value or (known and value not in known)):
                raise ClaimsRefused("SHAPE", name=words)
        for name, words, places, highest in amounts:
            value = getattr(row, name)
            if value is not None and not (abs(value) < highest and value == round(value, places)):
                raise ClaimsRefused("SHAPE", name=words)


@cache
def _columns(model: type[models.Model]) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Of texts: name, words, length, what may be said (empty: anything). Of amounts: name, words, places, what is too much."""
    texts, amounts = [], []
    for column in model._meta.concrete_fields:
        if isinstance(column, models.CharField):
            known = {str(value) for value, _words in column.flatchoices} | ({""} if column.blank else set())
            texts.append((column.attname, column.verbose_name, column.max_length, known if column.choices else set()))
        elif isinstance(column, models.DecimalField):
            highest = Decimal(10) ** (column.max_digits - column.decimal_places)
            amounts.append((column.attname, column.verbose_name, column.decimal_places, highest))
    return texts, amounts


# -- Into the tables, a statement each ---------------------------------------------------------------------------------------


def _write(planned: dict[int, _Planned], *, by: User, at: datetime, until: State) -> None:
    plans = list(planned.values())
    if not plans:
        return
    _seal([plan.case for plan in plans])
    fault_point("claims.write_cases.before")
    Case.objects.bulk_create([plan.case for plan in plans])
    _write_bills([pair for plan in plans for pair in plan.bills])
    claims = [claim for plan in plans for claim in plan.claims]
    _index(claims)
    _seal(claims)
    for claim in claims:
        claim.state = until
        claim.clock_begun_on = None if until == State.REPORTED else timezone.localdate(at)
    fault_point("claims.write_cases.claims")
    Claim.objects.bulk_create(claims)
    way = _way(until)
    ClaimStep.objects.bulk_create(
        step_into(claim, to, come_from=come_from, by=by, at=at)
        for claim in claims for come_from, to in zip(("", *way), way, strict=False)
    )
    write_days(running([claim.pk for claim in claims]), Counting())
    events.record_many([note for plan in plans for note in _notes(plan, way)], by=by, at=at)
    fault_point("claims.write_cases.after")


def _way(until: State) -> list[State]:
    steps = list(WAY)
    return steps[: steps.index(until) + 1]


def _write_bills(bills: Sequence[tuple[Bill, Sequence[Charge]]]) -> None:
    """Bills in the order of their invoices: whoever enters the same ones meanwhile is waited for, and never waits for us
    in turn. An invoice that came to count elsewhere in between is kept as presented elsewhere."""
    rows = [bill for bill, _charges in bills]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(_NUMBERS, [len(rows)])
        for bill, (number,) in zip(rows, sorted(cursor.fetchall()), strict=True):
            bill.pk = number
    _seal(rows)
    ordered = sorted(rows, key=lambda bill: (bill.invoice_code, bill.invoice_number, bill.pk))
    fault_point("claims.write_bills.before")
    Bill.objects.bulk_create(ordered, ignore_conflicts=True)
    with connection.cursor() as cursor:
        cursor.execute(_KEPT, [[bill.pk for bill in rows]])
        kept = {number for (number,) in cursor.fetchall()}
    late = [bill for bill in rows if bill.pk not in kept]
    for bill in late:
        bill.standing = Standing.DOUBLED
    if late:
        Bill.objects.bulk_create(late)
    BillLine.objects.bulk_create(line for bill, charges in bills for line in lines_of(bill, charges))
    fault_point("claims.write_bills.after")


def _seal(rows: Sequence[models.Model]) -> None:
    """Texts of rows of one model sealed column by column, as each would be when it is saved."""
    for column in type(rows[0])._meta.concrete_fields:
        if isinstance(column, SealedTextField):
            texts = [value if isinstance(value := getattr(row, column.attname), str) else None for row in rows]
            if any(texts):
                sealer = keys.sealer(column.logical_name, purpose=column.purpose, year=timezone.localdate().year)
                for row, token in zip(rows, sealer.seal_many(texts), strict=True):
                    if token is not None:
                        setattr(row, column.attname, Sealed(token, column.logical_name, column.mask))


def _index(claims: Iterable[Claim]) -> None:
    """The blind index of the payees' accounts, as `Claim.account_indexes` makes it for one."""
    stated = [claim for claim in claims if claim.payee_account is not None]
    if not stated:
        return
    numbers = [str(claim.payee_account) for claim in stated]
    for slot in blind_index.written_slots(ACCOUNT):
        for claim, value in zip(stated, blind_index.index_many(ACCOUNT, numbers, slot), strict=True):
            setattr(claim, f"account_index_{slot}", value)


def _notes(plan: _Planned, way: Sequence[State]) -> list[events.Note]:
    """What one by one would have told, in its order."""
    found = [note_of(WAY[State.REPORTED], claim) for claim in plan.claims]
    found.append(case_note("case.reported", plan.case, claims=len(plan.claims)))
    found += [case_note("case.bill_added", plan.case, amount=str(bill.total)) for bill, _charges in plan.bills]
    for claim in plan.claims:
        found += [note_of(WAY[state], claim) for state in way[1:]]
        if plan.opening.payee is not None:
            found.append(note_of("claim.payee_stated", claim, payee=str(plan.opening.payee.payee)))
    return found
