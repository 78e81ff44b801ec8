"""Lists of differences: made by one person, approved by another; what each payer is owed back is booked then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Sum

from accounts.models import User
from audit import events
from audit.faults import fault_point
from beneficiaries.models import Enrollment
from beneficiaries.models.enrollment import EnrollmentState, enrollment_id_of
from programs.actions import Leg
from programs.models import Funder, FundingSplitLine, LedgerTransaction, Period
from programs.models.ledger import AccountKind
from subsidies.actions.funds import ZERO, book
from subsidies.errors import SubsidyRefused
from subsidies.giving_back import has_drifted, sum_up, write_lines
from subsidies.models import DifferenceLine, Differences
from subsidies.models.difference import DifferenceReason, DifferencesKind, DifferencesState
from subsidies.reach import refuse_beyond

MAKE, APPROVE = "subsidies.make_differences", "subsidies.approve_differences"


def make_differences(period: Period, *, by: User, at: datetime) -> Differences:
    """List what is owed back since the last list: covers that ended early, by the plan's rule; own shares of undone ones."""
    with _one_list_at_a_time(), transaction.atomic():
        made = _begun(period, kind=DifferencesKind.BY_RULE, reason="", by=by, at=at)
        if not write_lines(made):
            raise SubsidyRefused("NO_DIFFERENCES")
        _listed(made, by=by, at=at)
    return made


def name_elsewhere(
    period: Period, *, funder: Funder, numbers: Sequence[str], reason: str, by: User, at: datetime
) -> Differences:
    """List covers whose share a funder does not bear any more, though they stand: paid for twice, or enjoyed elsewhere.

    `numbers`: cover numbers. Each gives back what the funder still bears of it, and no other payer bears it instead.
    """
    with _one_list_at_a_time(), transaction.atomic():
        if not reason.strip():
            raise SubsidyRefused("REASON")
        events.refuse_personal(reason)
        made = _begun(period, kind=DifferencesKind.ELSEWHERE, reason=reason.strip(), by=by, at=at)
        borne = _borne(period, funder=funder, numbers=numbers)
        fault_point("subsidies.name_elsewhere.before")
        DifferenceLine.objects.bulk_create(
            DifferenceLine(
                differences=made, enrollment_id=enrollment_id, funder=funder, amount=amount, books=True, paid=False,
                reason=DifferenceReason.ELSEWHERE,
            )
            for enrollment_id, amount in sorted(borne.items())
        )
        _listed(made, by=by, at=at)
        fault_point("subsidies.name_elsewhere.after")
    return made


def approve_differences(differences: Differences, *, digest: str, by: User, at: datetime) -> Differences:
    """Book it: premium is no longer due to the insurer, nor owed by who would have paid it."""
    with transaction.atomic():
        differences = _locked(differences)
        refuse_beyond(by, APPROVE, program=differences.program)
        if differences.made_by_id == by.pk:
            raise SubsidyRefused("DIFFERENCES_ANOTHER_APPROVES")
        _lock_covers(differences)
        if digest != differences.digest or _has_changed(differences):
            raise SubsidyRefused("DIFFERENCES_CHANGED")
        fault_point("subsidies.approve_differences.before")
        DifferenceLine.objects.filter(differences=differences).update(stands=True)
        book(
            LedgerTransaction.Kind.DIFFERENCE, _legs(differences), source=differences, program_id=differences.program_id,
            memo=str(differences.people), by=by, at=at,
        )
        _decide(differences, DifferencesState.APPROVED, by=by, at=at)
        _record("funds.differences_approved", differences, by=by, at=at, **_sums(differences))
        fault_point("subsidies.approve_differences.after")
    return differences


def withdraw_differences(differences: Differences, *, by: User, at: datetime) -> Differences:
    """Take a proposed list back; what it named is found again by the next one."""
    with transaction.atomic():
        differences = _locked(differences)
        refuse_beyond(by, MAKE if by.has_perm(MAKE) else APPROVE, program=differences.program)
        fault_point("subsidies.withdraw_differences.before")
        _decide(differences, DifferencesState.WITHDRAWN, by=by, at=at)
        _record("funds.differences_withdrawn", differences, by=by, at=at)
        fault_point("subsidies.withdraw_differences.after")
    return differences


class _one_list_at_a_time:
    """Says the constraint's refusal as the rules do."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: Any, conflict: Any, trace: Any) -> None:
        """Somebody was faster."""
        name = getattr(getattr(getattr(conflict, "__cause__", None), "diag", None), "constraint_name", "")
        if isinstance(conflict, IntegrityError) and name == "differences_one_at_a_time":
            raise SubsidyRefused("DIFFERENCES_UNDER_WAY") from conflict


def _begun(period: Period, *, kind: DifferencesKind, reason: str, by: User, at: datetime) -> Differences:
    refuse_beyond(by, MAKE, program=period.program)
    if Differences.objects.filter(period=period, state=DifferencesState.PROPOSED).exists():
        raise SubsidyRefused("DIFFERENCES_UNDER_WAY")
    fault_point("subsidies.begin_differences.before")
    made = Differences.objects.create(
        program_id=period.program_id, period=period, kind=kind, reason=reason, made_by=by, made_at=at
    )
    fault_point("subsidies.begin_differences.after")
    return made


def _listed(made: Differences, *, by: User, at: datetime) -> None:
    sum_up(made)
    fault_point("subsidies.differences_listed.before")
    made.save(update_fields=["people", "funders_amount", "own_amount", "refund_amount", "digest"])
    _record("funds.differences_made", made, by=by, at=at, **_sums(made), kind=str(made.kind))
    fault_point("subsidies.differences_listed.after")


def _borne(period: Period, *, funder: Funder, numbers: Sequence[str]) -> dict[int, Decimal]:
    """Enrollment -> yuan that the funder still bears; every number is known, or the whole is refused."""
    wanted = {number: enrollment_id_of(number) for number in dict.fromkeys(each.strip() for each in numbers) if number}
    if not wanted:
        raise SubsidyRefused("NO_COVERS")
    covers = Enrollment.objects.filter(
        period=period, pk__in=[pk for pk in wanted.values() if pk], state__in=(EnrollmentState.IN_FORCE, EnrollmentState.ENDED)
    )
    splits = dict(covers.values_list("pk", "split"))
    lines = FundingSplitLine.objects.filter(funder=funder, split__in=splits.values()).order_by()
    shares = dict(lines.values_list("split").annotate(sum=Sum("amount")))
    given = dict(
        DifferenceLine.objects.filter(enrollment__in=splits, funder=funder, stands=True).order_by()
        .values_list("enrollment").annotate(sum=Sum("amount"))
    )
    borne: dict[int, Decimal] = {}
    for number, pk in wanted.items():
        if pk is None or pk not in splits or not shares.get(splits[pk]):
            raise SubsidyRefused("COVERS_UNKNOWN", number=number)
        left = shares[splits[pk]] - given.get(pk, ZERO)
        if left <= 0:
            raise SubsidyRefused("NOTHING_LEFT", number=number)
        borne[pk] = left
    return borne


def _lock_covers(differences: Differences) -> None:
    """Whoever ends or voids one of them now waits, and is seen by the next list."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT FROM beneficiaries_enrollment WHERE id IN (
                SELECT enrollment_id FROM subsidies_differenceline WHERE differences_id = %s
            ) ORDER BY id FOR NO KEY UPDATE
            """,
            [differences.pk],
        )
    fault_point("subsidies.covers.locked")


def _has_changed(differences: Differences) -> bool:
    if differences.kind == DifferencesKind.BY_RULE:
        return has_drifted(differences)
    lines = DifferenceLine.objects.filter(differences=differences)
    covers = lines.filter(enrollment__state__in=(EnrollmentState.IN_FORCE, EnrollmentState.ENDED))
    return lines.count() != covers.count()


def _legs(differences: Differences) -> list[Leg]:
    """What is booked here: of a difference by rule against the insurer, of one borne elsewhere against the funder's own account."""
    sums = (
        DifferenceLine.objects.filter(differences=differences, books=True).order_by()
        .values_list("funder", "reason").annotate(sum=Sum("amount"))
    )
    legs: list[Leg] = []
    for funder_id, reason, amount in sums:
        legs += [
            Leg(AccountKind.FUNDER_RECEIVABLE, -amount, funder_id=funder_id) if funder_id is not None
            else Leg(AccountKind.PERSON_RECEIVABLE, -amount),
            Leg(AccountKind.FUNDER_WRITTEN_OFF, amount, funder_id=funder_id) if reason == DifferenceReason.ELSEWHERE
            else Leg(AccountKind.INSURER_PAYABLE, amount),
        ]
    return legs


def _decide(differences: Differences, state: DifferencesState, *, by: User, at: datetime) -> None:
    fault_point("subsidies.decide_differences.before")
    differences.state, differences.decided_by, differences.decided_at = state, by, at
    differences.save(update_fields=["state", "decided_by", "decided_at"])
    fault_point("subsidies.decide_differences.after")


def _locked(differences: Differences) -> Differences:
    found = Differences.objects.select_for_update(of=("self",)).select_related("program__organization", "period__program")
    differences = found.get(pk=differences.pk)
    fault_point("subsidies.differences.locked")
    if differences.state != DifferencesState.PROPOSED:
        raise SubsidyRefused("DIFFERENCES_STATE", state=differences.get_state_display())
    return differences


def _sums(differences: Differences) -> dict[str, Any]:
    return {
        "people": differences.people, "funders_amount": str(differences.funders_amount), "own_amount": str(differences.own_amount),
    }


def _record(verb: str, differences: Differences, *, by: Any, at: datetime, **data: Any) -> None:
    program = differences.program
    events.record(
        verb, differences, by=by, at=at, organization=program.organization, region_code=program.region_code,
        program_id=program.pk, data=data,
    )
