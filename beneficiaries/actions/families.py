"""One payer, several insured: each judged alone as a roster of one line, enrolled in one purchase; all of them, or who can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from accounts.models import Organization, User
from audit.faults import fault_point
from beneficiaries import probing
from beneficiaries.actions import purchases
from beneficiaries.actions.purchases import Fit, Payment, Request
from beneficiaries.counter_categories import said_of
from beneficiaries.errors import ApplicantRefused, BeneficiariesRefused
from beneficiaries.models import Purchase, PurchasePayer
from beneficiaries.models.payer import Relation, Way
from programs.models import Period, Plan

#: Insured people of one payer.
MOST = 10
ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Member:
    """One to be insured: `cells` as `applicants.CELLS` says, what they are to the payer, the category that the office found."""

    cells: Mapping[str, str]
    relation: str
    category: str = ""


@dataclass(frozen=True)
class Payer:
    """Who pays, and how."""

    name: str
    phone: str = ""
    way: str = Way.CASH


@dataclass(frozen=True)
class MemberVerdict:
    """What one costs in yuan, or why they cannot be enrolled: `code` and the sentence."""

    line: int
    premium: Decimal = ZERO
    own_share: Decimal = ZERO
    code: str = ""
    reason: str = ""


def judge_family(
    members: Sequence[Member], *, period: Period, organization: Organization, by: User, at: datetime
) -> list[MemberVerdict]:
    """What each would cost, or why they are refused; nothing is kept but the count of questions that did not agree."""
    with transaction.atomic():
        purchases.refuse_closed_to(by, period, organization, at=at)
        _refuse_number(members)
        _fits, verdicts, conflicts = _judged(members, period=period, organization=organization, at=at)
        transaction.set_rollback(True)
    _count(conflicts, period, organization, by=by, at=at)
    return verdicts


def enroll_together(
    payer: Payer, members: Sequence[Member], *, period: Period, organization: Organization, request: Request,
    payment: Payment | None, by: User, at: datetime,
) -> Purchase:
    """Enroll everybody, or nobody when one of them is refused. Who asks the same again gets the same purchase."""
    return _enroll(
        payer, members, period=period, organization=organization, request=request, payment=payment, by=by, at=at,
        together=True,
    )


def enroll_each(
    payer: Payer, members: Sequence[Member], *, period: Period, organization: Organization, request: Request,
    payment: Payment | None, by: User, at: datetime,
) -> Purchase:
    """Enroll whoever can be; the others stand in the purchase's `refused` with their code. The payment is of those enrolled."""
    return _enroll(
        payer, members, period=period, organization=organization, request=request, payment=payment, by=by, at=at,
        together=False,
    )


def _enroll(
    payer: Payer, members: Sequence[Member], *, period: Period, organization: Organization, request: Request,
    payment: Payment | None, by: User, at: datetime, together: bool,
) -> Purchase:
    _refuse_number(members)
    _refuse_payer(payer, members)
    conflicts: list[int] = []
    try:
        with transaction.atomic():
            purchases.refuse_unfit(period, organization, request, kind=Plan.PeriodKind.ANNUAL, by=by, at=at)
            digest = purchases.digest_of("family", request, payment, _text_of(payer, members))
            known = purchases.made_before(request, period, organization, digest)
            if known is not None:
                return known
            fits, verdicts, conflicts = _judged(members, period=period, organization=organization, at=at)
            refused = [verdict for verdict in verdicts if verdict.code]
            if refused and (together or not fits):
                raise BeneficiariesRefused(
                    "FAMILY_REFUSED", reasons=" ".join(f"{verdict.line}. {verdict.reason}" for verdict in refused)
                )
            made = _make(
                payer, members, fits, refused, period=period, organization=organization, request=request, digest=digest,
                payment=payment, by=by, at=at,
            )
    except IntegrityError as conflict:
        raise purchases.said(conflict) from conflict
    except BeneficiariesRefused:
        _count(conflicts, period, organization, by=by, at=at)
        raise
    _count(conflicts, period, organization, by=by, at=at)
    return made


def _make(
    payer: Payer, members: Sequence[Member], fits: Sequence[Fit], refused: Sequence[MemberVerdict], *, period: Period,
    organization: Organization, request: Request, digest: bytes, payment: Payment | None, by: User, at: datetime,
) -> Purchase:
    premium = sum((fit.applicant.premium for fit in fits), ZERO)
    own_share = sum((fit.applicant.own_share for fit in fits), ZERO)
    if own_share and payment is None:
        raise BeneficiariesRefused("NOT_PAID")
    if payment is not None and payment.amount != own_share:
        raise BeneficiariesRefused("PAID_AMOUNT", paid=payment.amount, due=own_share)
    fault_point("beneficiaries.enroll_family.before")
    purchase = purchases.new_purchase(
        request, period, organization, digest=digest, payment=payment, people=len(fits), premium=premium,
        own_share=own_share, refused=[(verdict.line, verdict.code, "") for verdict in refused], by=by, at=at,
    )
    PurchasePayer.objects.create(
        purchase=purchase, way=payer.way, name=" ".join(payer.name.split()), phone=payer.phone.strip() or None,
        relations=[member.relation for member in members],
    )
    fault_point("beneficiaries.enroll_family.payer.after")
    purchases.cover_year(purchase, fits, by=by, at=at)
    purchases.record(purchase, len(refused), by=by, at=at)
    fault_point("beneficiaries.enroll_family.after")
    return purchase


def _judged(
    members: Sequence[Member], *, period: Period, organization: Organization, at: datetime
) -> tuple[list[Fit], list[MemberVerdict], list[int]]:
    """Who can be enrolled, made known; a verdict of each; and whose name and number did not agree (person ids)."""
    if period.plan.period_kind != Plan.PeriodKind.ANNUAL:
        raise BeneficiariesRefused("SPANS_ONLY")
    purchases.refuse_capped(period, at=at)
    purchases.refuse_unlisted(period, organization)
    fits: list[Fit] = []
    verdicts: list[MemberVerdict] = []
    conflicts: list[int] = []
    people: set[int] = set()
    for line, member in enumerate(members, 1):
        try:
            # A savepoint each: whoever is refused leaves nothing behind.
            with transaction.atomic():
                fit = purchases.fit_of(
                    line, member.cells, period=period, organization=organization, at=at,
                    categories=_categories(member, period.plan),
                )
                if fit.known.person_id in people:
                    raise BeneficiariesRefused("MEMBER_TWICE")
        except BeneficiariesRefused as refused:
            verdicts.append(MemberVerdict(line, code=_code_of(refused), reason=str(refused)))
            if isinstance(refused, ApplicantRefused) and refused.person_id is not None:
                conflicts.append(refused.person_id)
            continue
        people.add(fit.known.person_id)
        fits.append(fit)
        verdicts.append(MemberVerdict(line, fit.applicant.premium, fit.applicant.own_share))
    return fits, verdicts, conflicts


def _categories(member: Member, plan: Plan) -> Sequence[str]:
    """Only what the plan prices is said at a counter: who is in hardship comes by rosters of those who find it."""
    if not member.category:
        return ()
    if not said_of(Plan.objects.filter(pk=plan.pk)).filter(code=member.category).exists():
        raise BeneficiariesRefused("CELLS_UNKNOWN", cells=member.category)
    return (member.category,)


def _code_of(refused: BeneficiariesRefused) -> str:
    """The finding itself where cells were refused: what pages and exports count by."""
    if isinstance(refused, ApplicantRefused) and refused.findings:
        _column, code, _masked, extra = refused.findings[0]
        return extra if code == "NOT_ELIGIBLE" else code
    return refused.code


def _refuse_number(members: Sequence[Member]) -> None:
    if not members:
        raise BeneficiariesRefused("NOTHING_ASKED")
    if len(members) > MOST:
        raise BeneficiariesRefused("FAMILY_SIZE", most=MOST)


def _refuse_payer(payer: Payer, members: Sequence[Member]) -> None:
    if not payer.name.strip():
        raise BeneficiariesRefused("PAYER_NAME")
    known = {relation.value for relation in Relation}
    if any(member.relation not in known for member in members) or payer.way not in {way.value for way in Way}:
        raise BeneficiariesRefused("RELATION")
    if sum(member.relation == Relation.SELF for member in members) > 1:
        raise BeneficiariesRefused("PAYER_TWICE")


def _text_of(payer: Payer, members: Sequence[Member]) -> str:
    """Everything that was asked: the same reference for something else is refused."""
    lines = [f"{payer.name}\x1f{payer.phone}\x1f{payer.way}"]
    for member in members:
        cells = "\x1f".join(f"{key}={member.cells[key]}" for key in sorted(member.cells))
        lines.append(f"{member.relation}\x1f{member.category}\x1f{cells}")
    return "\x1e".join(lines)


def _count(people: Sequence[int], period: Period, organization: Organization, *, by: User, at: datetime) -> None:
    """Questions whose name and number did not agree stay counted, whatever becomes of the rest."""
    for person_id in people:
        with transaction.atomic():
            fault_point("beneficiaries.count_family.before")
            probing.record_conflict(period.program, person_id, organization=organization, by=by, at=at)
            fault_point("beneficiaries.count_family.after")
