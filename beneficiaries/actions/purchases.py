"""Cover without a roster: spans of many people at once, and one person who paid; each purchase whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Organization, User
from audit import blind_index, events
from audit.faults import fault_point
from beneficiaries import participants, probing
from beneficiaries.actions.rosters import cover_from, refuse_closed
from beneficiaries.age_bands import band_of
from beneficiaries.applicants import Applicant, Known, check_applicant, know
from beneficiaries.counter_categories import keep_said
from beneficiaries.covering import COUNTY_DIGITS, Span, judge, lines_of
from beneficiaries.errors import ApplicantRefused, BeneficiariesRefused
from beneficiaries.health_lines import state_said
from beneficiaries.models import Enrollment, Purchase
from beneficiaries.models.enrollment import EnrollmentState
from beneficiaries.models.purchase import known_purchase, names_a_person
from beneficiaries.models.roster import Purpose
from beneficiaries.representing import refuse_unguarded
from intake.copying import copy_columns
from intake.models import File
from programs import actions as programs
from programs.actions import Demand
from programs.models import FundingSplitLine, Period, Plan
from programs.terms import plan_terms

PERMISSION = "beneficiaries.make_purchase"
#: Purpose of the key under which the digests of requests are made.
CONTENT = "purchase.content"
REFERENCE_LENGTH = 60
ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Payment:
    """A payment made: its own number at the bank or payment office, when, and yuan."""

    reference: str
    paid_at: datetime
    amount: Decimal


@dataclass(frozen=True)
class Fit:
    """Somebody who can be enrolled for a year, found or made, with their line of the request; `said`: categories, by code."""

    line: int
    applicant: Applicant
    known: Known
    said: Sequence[str] = ()


@dataclass(frozen=True)
class Request:
    """How a purchase came in: the buyer's own number, the channel, the file of a file's."""

    reference: str
    channel: str = Purchase.Channel.API
    file: File | None = None


def cover_days(
    spans: pl.DataFrame | Sequence[Span], *, period: Period, organization: Organization, request: Request,
    by: User | str, at: datetime, payment: Payment | None = None,
) -> Purchase:
    """Cover people whom an office knows from moments to moments, under the period's plan.

    `spans`: lines (person_id, starts_at, ends_at), aware. Lines that cannot be covered are named in the purchase's
    `refused` as [line, code, extra] and block nobody; a budget that does not suffice refuses the whole
    (`BudgetRefused`). The same request again gives the same purchase.
    """
    lines = lines_of(spans)
    try:
        with transaction.atomic():
            return _cover_days(
                lines, period=period, organization=organization, request=request, payment=payment, by=by, at=at
            )
    except IntegrityError as conflict:
        raise said(conflict) from conflict


def enroll_paid(
    cells: Mapping[str, str], *, period: Period, organization: Organization, request: Request, payment: Payment,
    by: User | str, at: datetime, line: int = 1,
) -> Enrollment:
    """Enroll one person who paid, for the rest of the period; cover begins when the plan's other steps are passed.

    `cells`: what the person says, by the keys of a roster's columns (`applicants.CELLS`); checked as a line of a roster
    is. `line`: of the file, when it came in one. ApplicantRefused says what is wrong with which cell.
    """
    try:
        with transaction.atomic():
            return _enroll_paid(
                cells, period=period, organization=organization, request=request, payment=payment, by=by, at=at, line=line
            )
    except ApplicantRefused as refused:
        _count_conflict(refused, period, organization, by=by, at=at)
        raise
    except IntegrityError as conflict:
        raise said(conflict) from conflict


def register_person(
    cells: Mapping[str, str], *, period: Period, organization: Organization, by: User | str, at: datetime
) -> int:
    """Make one person known to an office in a program, whom the period's plan takes in, without cover yet; its number.

    So a platform's workers are known before their first shift. Known already: nothing is changed.
    """
    try:
        with transaction.atomic():
            refuse_closed_to(by, period, organization, at=at)
            refuse_capped(period, at=at)
            applicant = check_applicant(
                cells, period=period, organization=organization, cover_from=period.starts_on, at=at
            )
            known = know(applicant, period=period, organization=organization, at=at)
            return known.person_id
    except ApplicantRefused as refused:
        _count_conflict(refused, period, organization, by=by, at=at)
        raise


def _cover_days(
    lines: pl.DataFrame, *, period: Period, organization: Organization, request: Request, payment: Payment | None,
    by: User | str, at: datetime,
) -> Purchase:
    refuse_unfit(period, organization, request, kind=Plan.PeriodKind.SPAN, by=by, at=at)
    digest = digest_of("spans", request, payment, _text_of(lines))
    known = made_before(request, period, organization, digest)
    if known is not None:
        return known
    judged = judge(lines, period=period, terms=plan_terms(period.plan), organization=organization, at=at)
    covered = judged.covered
    premium, own_share = _sum(covered, "premium"), _sum(covered, "own_share")
    _refuse_unpaid(period.plan, payment, own_share=own_share)
    fault_point("beneficiaries.cover_days.before")
    purchase = new_purchase(
        request, period, organization, digest=digest, payment=payment if len(covered) else None,
        people=len(covered), premium=premium, own_share=own_share, refused=judged.refused, by=by, at=at,
    )
    if len(covered):
        _enroll_spans(purchase, covered, payment=payment, at=at)
        fault_point("beneficiaries.cover_days.enrolled")
        move_money(purchase, _demands(covered), by=by, at=at)
        if payment is not None:
            receive(purchase, by=by, at=at)
    record(purchase, len(judged.refused), by=by, at=at)
    fault_point("beneficiaries.cover_days.after")
    return purchase


def _enroll_paid(
    cells: Mapping[str, str], *, period: Period, organization: Organization, request: Request, payment: Payment,
    by: User | str, at: datetime, line: int,
) -> Enrollment:
    refuse_unfit(period, organization, request, kind=Plan.PeriodKind.ANNUAL, by=by, at=at)
    digest = digest_of("person", request, payment, "\x1e".join(f"{key}={cells[key]}" for key in sorted(cells)))
    known = made_before(request, period, organization, digest)
    if known is not None:
        return known.enrollments.get()
    refuse_capped(period, at=at)
    refuse_unlisted(period, organization)
    found = fit_of(line, cells, period=period, organization=organization, at=at)
    if payment.amount != found.applicant.own_share:
        raise BeneficiariesRefused("PAID_AMOUNT", paid=payment.amount, due=found.applicant.own_share)
    fault_point("beneficiaries.enroll_paid.before")
    purchase = new_purchase(
        request, period, organization, digest=digest, payment=payment, people=1, premium=found.applicant.premium,
        own_share=found.applicant.own_share, refused=(), by=by, at=at,
    )
    (enrollment,) = cover_year(purchase, [found], by=by, at=at)
    record(purchase, 0, by=by, at=at)
    fault_point("beneficiaries.enroll_paid.after")
    return enrollment


def fit_of(
    line: int, cells: Mapping[str, str], *, period: Period, organization: Organization, at: datetime,
    categories: Sequence[str] = (),
) -> Fit:
    """One person for a year's cover, checked, found or made; refused where the plan or the database has none for them."""
    begins = cover_begins(period, at=at)
    applicant = check_applicant(
        cells, period=period, organization=organization, cover_from=begins, at=at, categories=categories
    )
    known = know(applicant, period=period, organization=organization, at=at)
    if period.plan.requires_guardian:
        refuse_unguarded(known.beneficiary_id, on=begins)
    if Enrollment.objects.live().filter(person=known.person_id, program=period.program, period=period).exists():
        raise BeneficiariesRefused("ALREADY_COVERED")
    return Fit(line, applicant, known, categories)


def cover_year(purchase: Purchase, fits: Sequence[Fit], *, by: User | str, at: datetime) -> list[Enrollment]:
    """The covers of a purchase with the money of each payer: reserved, used and received in the caller's transaction."""
    period, plan = purchase.period, purchase.plan
    begins, waits = cover_begins(period, at=at), plan.requires_notice or plan.requires_insurer_acceptance
    fault_point("beneficiaries.cover_year.before")
    covers = Enrollment.objects.bulk_create(
        Enrollment(
            person_id=fit.known.person_id, beneficiary_id=fit.known.beneficiary_id, program=purchase.program, plan=plan,
            period=period, organization=purchase.organization, region_code=fit.applicant.values["region_code"],
            category_id=fit.applicant.values["category_id"], purchase=purchase, line=fit.line, premium=fit.applicant.premium,
            own_share=fit.applicant.own_share, split_id=fit.applicant.values["split_id"], period_kind=plan.period_kind,
            starts_at=midnight(begins), ends_at=midnight(period.ends_on),
            state=EnrollmentState.AWAITING if waits else EnrollmentState.IN_FORCE,
            own_paid_at=purchase.paid_at if fit.applicant.own_share else None, verdict="eligible", decided_at=at,
            created_at=at, age_band=band_of(fit.applicant.values["birth_on"], period.starts_on),
        )
        for fit in fits
    )
    keep_said(purchase, {fit.known.beneficiary_id: fit.said for fit in fits if fit.said}, begins=begins)
    state_said(purchase, {fit.known.beneficiary_id: fit.applicant.values for fit in fits}, begins=begins, by=by, at=at)
    fault_point("beneficiaries.cover_year.enrolled")
    move_money(purchase, _demands_of(fits), by=by, at=at)
    if purchase.by_payment:
        receive(purchase, by=by, at=at)
    return covers


def refuse_unfit(
    period: Period, organization: Organization, request: Request, *, kind: str, by: User | str, at: datetime
) -> None:
    """The plan's kind of cover, the office's reach, a reference that tells nobody; the same request twice waits its turn."""
    if period.plan.period_kind != kind:
        raise BeneficiariesRefused("PERIODS_ONLY" if kind == Plan.PeriodKind.SPAN else "SPANS_ONLY")
    refuse_closed_to(by, period, organization, at=at)
    if not 0 < len(request.reference.strip()) <= REFERENCE_LENGTH or names_a_person(request.reference):
        raise BeneficiariesRefused("REFERENCE", characters=REFERENCE_LENGTH)
    with connection.cursor() as cursor:
        # The same request twice at once: the second waits, and finds what the first has made.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"beneficiaries.purchase:{period.program_id}:{organization.pk}:{request.reference}"],
        )
    fault_point("beneficiaries.purchase.locked")


def refuse_closed_to(by: User | str, period: Period, organization: Organization, *, at: datetime) -> None:
    """Enrollment is open, the office runs the program, and whoever asks reaches both."""
    refuse_closed(period, organization, purpose=Purpose.ENROLL, at=at)
    if isinstance(by, User) and not any(
        organization.path.startswith(grant.organization_path)
        and organization.region_code.startswith(grant.region_prefix)
        and (grant.program_ids is None or period.program_id in grant.program_ids)
        for grant in by.grants(PERMISSION)
    ):
        raise BeneficiariesRefused("OUT_OF_SCOPE")


def refuse_unlisted(period: Period, organization: Organization) -> None:
    """A plan for participants of basic insurance takes in nobody where no list of them is in force."""
    if period.plan.requires_basic_insurance:
        participants.among_or_refuse(organization.region_code or "", identity="NULL")


def refuse_capped(period: Period, *, at: datetime) -> None:
    """Too many questions of today did not agree with what is registered."""
    if probing.is_capped(period.program, at=at):
        raise ApplicantRefused("TOO_MANY_CONFLICTS")


def _refuse_unpaid(plan: Plan, payment: Payment | None, *, own_share: Decimal) -> None:
    if payment is None and plan.requires_own_payment and own_share:
        raise BeneficiariesRefused("NOT_PAID")
    if payment is not None and payment.amount != own_share:
        raise BeneficiariesRefused("PAID_AMOUNT", paid=payment.amount, due=own_share)


def made_before(request: Request, period: Period, organization: Organization, digest: bytes) -> Purchase | None:
    """The purchase that the same request made; refused where the reference stands for another one."""
    known = known_purchase(program=period.program_id, organization=organization.pk, reference=request.reference)
    if known is not None and (bytes(known.digest) != digest or known.period_id != period.pk):
        raise BeneficiariesRefused("REFERENCE_TAKEN")
    return known


def digest_of(kind: str, request: Request, payment: Payment | None, content: str) -> bytes:
    """Keyed digest of what was asked."""
    paid = "" if payment is None else f"{payment.reference}\x1f{payment.paid_at.isoformat()}\x1f{payment.amount}"
    text = "\x1d".join((kind, request.channel, str(request.file.pk if request.file else ""), paid, content))
    found = blind_index.index_many(CONTENT, [text])[0]
    assert found is not None
    return found


def _text_of(lines: pl.DataFrame) -> str:
    cells = (pl.col(name).to_physical().cast(pl.String).fill_null("") for name in ("person_id", "starts_at", "ends_at"))
    return "\x1e".join(lines.select(pl.concat_str(*cells, separator="\x1f")).to_series().to_list())


def new_purchase(
    request: Request, period: Period, organization: Organization, *, digest: bytes, payment: Payment | None, people: int,
    premium: Decimal, own_share: Decimal, refused: Sequence[Any], by: User | str, at: datetime,
) -> Purchase:
    """Write the purchase down; a payment pays once in a program."""
    taken = payment is not None and Purchase.objects.filter(
        program=period.program, payment_reference=payment.reference
    ).exists()
    if taken:
        raise BeneficiariesRefused("PAYMENT_TAKEN")
    return Purchase.objects.create(
        channel=request.channel, file=request.file, reference=request.reference, digest=digest, program=period.program,
        plan=period.plan, period=period, organization=organization, region_code=organization.region_code,
        payment_reference=payment.reference if payment else "", paid_at=payment.paid_at if payment else None,
        people=people, premium=premium, own_share=own_share, refused=[list(each) for each in refused],
        by_label=str(by)[:80], made_at=at,
    )


def _enroll_spans(purchase: Purchase, covered: pl.DataFrame, *, payment: Payment | None, at: datetime) -> None:
    """One COPY: the statement triggers ask once for all of them."""
    copy_columns(
        "beneficiaries_enrollment",
        covered.select(
            "person_id", "beneficiary_id", pl.col("region").alias("region_code"), "category_id", "line", "premium",
            "own_share", "split_id", "starts_at", "ends_at",
        ),
        same={
            "program_id": purchase.program_id, "plan_id": purchase.plan_id, "period_id": purchase.period_id,
            "organization_id": purchase.organization_id, "purchase_id": purchase.pk,
            "period_kind": Plan.PeriodKind.SPAN.value, "state": EnrollmentState.IN_FORCE.value,
            "own_paid_at": payment.paid_at if payment else None, "insurer_policy_number": "", "verdict": "eligible",
            "decided_at": at, "created_at": at,
        },
    )


def move_money(purchase: Purchase, demands: Sequence[Demand], *, by: User | str, at: datetime) -> None:
    """Reserved and used at once, as a roster's chunk does after its approval."""
    place = {"program_id": purchase.program_id, "period_id": purchase.period_id}
    programs.reserve(purchase, demands, **place, by=by, at=at)
    programs.use_reserved(purchase, demands, own_share=purchase.own_share, people=purchase.people, by=by, at=at)
    programs.release_reservation(purchase, by=by, at=at)


def receive(purchase: Purchase, *, by: User | str, at: datetime) -> None:
    """The payment came with the request."""
    programs.receive_own(
        purchase, purchase.own_share, program_id=purchase.program_id, people=purchase.people, by=by, at=at
    )


def _demands(covered: pl.DataFrame) -> list[Demand]:
    """What the lines ask of each funder, by county and category."""
    places = covered.group_by("split_id", "county", "category_id").len()
    parts = FundingSplitLine.objects.filter(split__in=places["split_id"].unique().to_list())
    lines = pl.DataFrame(
        list(parts.values_list("split_id", "funder_id", "amount")),
        schema={"split_id": pl.Int64, "funder_id": pl.Int64, "amount": pl.Decimal(16, 2)}, orient="row",
    )
    asked = (
        places.join(lines, on="split_id").group_by("funder_id", "county", "category_id")
        .agg((pl.col("amount") * pl.col("len")).sum(), pl.col("len").sum()).sort("funder_id", "county", "category_id")
    )  # fmt: skip
    return [
        Demand(funder_id=funder, county=county, category_id=category, amount=amount, count=count)
        for funder, county, category, amount, count in asked.iter_rows()
    ]


def _demands_of(fits: Sequence[Fit]) -> list[Demand]:
    """What they ask of each funder, by county and category."""
    parts: dict[int, list[FundingSplitLine]] = {}
    for each in FundingSplitLine.objects.filter(split__in={fit.applicant.values["split_id"] for fit in fits}):
        parts.setdefault(each.split_id, []).append(each)
    found: dict[tuple[int, str, int], Demand] = {}
    for fit in fits:
        values = fit.applicant.values
        for part in parts.get(values["split_id"], []):
            key = (part.funder_id, values["region_code"][:COUNTY_DIGITS], values["category_id"])
            known = found.get(key, Demand(*key, ZERO, 0))
            found[key] = replace(known, amount=known.amount + part.amount, count=known.count + 1)
    return [found[key] for key in sorted(found)]


def _count_conflict(
    refused: ApplicantRefused, period: Period, organization: Organization, *, by: User | str, at: datetime
) -> None:
    """In a transaction of its own: the refusal undoes the rest, the question stays counted."""
    if refused.person_id is not None:
        with transaction.atomic():
            fault_point("beneficiaries.count_conflict.before")
            probing.record_conflict(period.program, refused.person_id, organization=organization, by=by, at=at)
            fault_point("beneficiaries.count_conflict.after")


def said(conflict: IntegrityError) -> Exception:
    """Another request was first: what the database refused, as the rules say it."""
    name = getattr(getattr(conflict.__cause__, "diag", None), "constraint_name", "")
    codes = {"enrollment_live_once": "ALREADY_COVERED", "purchase_payment_once": "PAYMENT_TAKEN"}
    return BeneficiariesRefused(codes[name]) if name in codes else conflict


def record(purchase: Purchase, refused: int, *, by: User | str, at: datetime) -> None:
    """The event of a purchase."""
    events.record(
        "purchase.made", purchase, by=by, at=at, organization=purchase.organization, region_code=purchase.region_code,
        program_id=purchase.program_id,
        data={"people": purchase.people, "refused": refused, "premium": str(purchase.premium)},
    )


def _sum(frame: pl.DataFrame, name: str) -> Decimal:
    return sum(frame[name].to_list(), ZERO) if len(frame) else ZERO


def cover_begins(period: Period, *, at: datetime) -> date:
    """The first day of cover of whoever is enrolled now; refused when no day is left."""
    begins = cover_from(period, on=timezone.localdate(at))
    if begins >= period.ends_on:
        raise BeneficiariesRefused(
            "PERIOD_CLOSED", period=period.code, opens=period.enrollment_opens_on,
            # The last day after which a day of cover is left.
            last=min(period.enrollment_closes_on - timedelta(days=1), period.ends_on - timedelta(days=2)),
        )
    return begins


def midnight(day: date) -> datetime:
    """The moment at which a day begins."""
    return timezone.make_aware(datetime.combine(day, time.min))
