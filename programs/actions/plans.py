"""Plan versions: drafted, submitted, approved by another person, put in force, retired."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max

from accounts.models import Organization, Region, User
from audit import events
from audit.faults import fault_point
from benefits import plan_file
from benefits.terms import PlanTerms as BenefitTerms
from programs.benefit_terms import benefit_terms
from programs.errors import ProgramRefused
from programs.filing import digest_of, insurers_of, missing_in_words, parts_of
from programs.models import (
    Category,
    Funder,
    FundingScheme,
    FundingShare,
    Plan,
    PlanBenefits,
    PlanCategory,
    PlanExpectation,
    PlanInsurer,
    PlanPrice,
    PlanRegion,
    Program,
)
from programs.plan_prices import PriceDraft, drafts_of, drafts_of_plan, premium_in_file
from programs.rules.coinsurance import problem
from programs.rules.funding import check_shares
from programs.terms import plan_terms

REASON_MIN = 4
#: Within which a city's supplementary cover is given back, from its payment on, where the plan says nothing else.
REFUND_DAYS = 15


@dataclass(frozen=True)
class ShareDraft:
    """One payer of a scheme in order; `amount` None takes the remainder."""

    payer: str
    amount: Decimal | None = None
    funder: Funder | None = None


@dataclass(frozen=True)
class SchemeDraft:
    """A funding scheme to be."""

    name: str
    shares: Sequence[ShareDraft]
    category: Category | None = None
    region_prefix: str = ""


@dataclass(frozen=True)
class InsurerDraft:
    """One of several insurers of a plan to be: its share in percent, and whether it leads."""

    insurer: Organization
    share: Decimal
    lead: bool = False


@dataclass(frozen=True)
class ExpectationDraft:
    """What a plan's actuary expects of a period: people, yuan of premium and of claims."""

    people: int
    premium: Decimal
    claims: Decimal


@dataclass(frozen=True)
class PlanDraft:
    """What belongs to a plan besides its own columns. Without `prices` those of the benefits are taken, where they say any;
    what everybody else pays is the plan's premium whatever they say. `insurers`: none where the program's
    bears the whole. `expectation`: of this version alone, never copied."""

    categories: Sequence[Category] = ()
    regions: Sequence[str] = ()
    schemes: Sequence[SchemeDraft] = field(default_factory=list)
    benefits: BenefitTerms | None = None
    insurers: Sequence[InsurerDraft] = ()
    prices: Sequence[PriceDraft] = ()
    expectation: ExpectationDraft | None = None


@dataclass(frozen=True)
class UsualTerms:
    """What a draft of a kind of program begins with; everything can be changed. `open_to_all`: no category is asked for."""

    open_to_all: bool
    columns: Mapping[str, Any] = field(default_factory=dict)


_USUAL = {
    Program.Kind.HARDSHIP: UsualTerms(open_to_all=False),
    Program.Kind.SUPPLEMENTARY: UsualTerms(open_to_all=True, columns={"refund_days": REFUND_DAYS}),
    Program.Kind.DAY_COVER: UsualTerms(
        open_to_all=True,
        columns={
            "period_kind": Plan.PeriodKind.SPAN, "proration": Plan.Proration.DAILY, "age_on": Plan.AgeOn.ENROLLMENT,
            "requires_notice": False, "requires_insurer_acceptance": False,
        },
    ),
}


def usual_terms(kind: str) -> UsualTerms:
    """Where a draft begins; the only place that asks for a program's kind."""
    return _USUAL[Program.Kind(kind)]


def create_plan(
    program: Program, *, terms: Mapping[str, Any], draft: PlanDraft, by: User, at: datetime
) -> Plan:
    """A new draft version. `terms`: columns of Plan; categories in the order of their priority."""
    if terms["premium"] <= 0:
        raise ProgramRefused("PREMIUM")
    if terms["cover_limit"] <= 0:
        raise ProgramRefused("COVER")
    youngest, oldest = terms.get("min_age"), terms.get("max_age")
    if youngest is not None and oldest is not None and oldest < youngest:
        raise ProgramRefused("AGES")
    with transaction.atomic():
        Program.objects.select_for_update().get(pk=program.pk)
        number = (program.plans.aggregate(last=Max("number"))["last"] or 0) + 1
        fault_point("programs.create_plan.before")
        plan = Plan.objects.create(program=program, number=number, drafted_by=by, drafted_at=at, **terms)
        for priority, category in enumerate(draft.categories, 1):
            PlanCategory.objects.create(plan=plan, category=category, priority=priority)
        for prefix in draft.regions:
            PlanRegion.objects.create(plan=plan, region_prefix=prefix)
        for scheme in draft.schemes:
            made = FundingScheme.objects.create(
                plan=plan, name=scheme.name, category=scheme.category, region_prefix=scheme.region_prefix
            )
            for position, share in enumerate(scheme.shares, 1):
                FundingShare.objects.create(
                    scheme=made, position=position, payer=share.payer, funder=share.funder, amount=share.amount
                )
        for each in draft.insurers:
            PlanInsurer.objects.create(plan=plan, insurer=each.insurer, share=each.share, lead=each.lead)
        if draft.expectation is not None:
            PlanExpectation.objects.create(plan=plan, **vars(draft.expectation))
        if draft.benefits is not None:
            PlanBenefits.objects.create(plan=plan, changed_by=by, changed_at=at, **_written(draft.benefits))
        _price(plan, draft.prices or drafts_of(draft.benefits.prices if draft.benefits else ()))
        _record("plan.drafted", plan, by=by, at=at)
        fault_point("programs.create_plan.after")
    return plan


def copy_plan(plan: Plan, *, by: User, at: datetime) -> Plan:
    """A new draft with the terms of another version, as they stand. What that one was filed with stays with it: opinions are of
    the terms that they had before them."""
    plan = Plan.objects.select_related("program").get(pk=plan.pk)
    kept = (
        "name", "premium", "cover_limit", "period_kind", "proration", "minimum_premium", "longest_hours", "min_age", "max_age",
        "age_on", "requires_notice", "notice_days", "requires_own_payment", "requires_insurer_acceptance", "requires_guardian",
        "requires_basic_insurance", "refund_days", "gap_days",
    )
    draft = PlanDraft(
        categories=[held.category for held in plan.categories.select_related("category")],
        regions=[held.region_prefix for held in plan.regions.all()],
        schemes=[
            SchemeDraft(
                scheme.name,
                [ShareDraft(share.payer, share.amount, share.funder) for share in scheme.shares.select_related("funder")],
                scheme.category, scheme.region_prefix,
            )
            for scheme in plan.schemes.select_related("category")
        ],
        benefits=benefit_terms(plan), prices=drafts_of_plan(plan),
        insurers=[InsurerDraft(each.insurer, each.share, each.lead) for each in insurers_of(plan)],
    )
    return create_plan(plan.program, terms={name: getattr(plan, name) for name in kept}, draft=draft, by=by, at=at)


def set_benefits(plan: Plan, terms: BenefitTerms, *, base: str = "", by: User, at: datetime) -> PlanBenefits:
    """State what a draft pays, in place of what it stated before; prices that `terms` names become the draft's, and what
    everybody else pays its premium.

    `base`: digest of what whoever changed it had read, "" where there was nothing; refused where somebody was faster.
    Terms without prices leave the draft's prices as they are.
    """
    with transaction.atomic():
        plan = _locked(plan, Plan.State.DRAFT)
        kept = PlanBenefits.objects.filter(plan=plan).first() or PlanBenefits(plan=plan)
        written, prices, premium = _written(terms), drafts_of(terms.prices), premium_in_file(terms.prices)
        reprices = bool(terms.prices) and (prices != drafts_of_plan(plan) or premium not in (None, plan.premium))
        if kept.digest == written["digest"] and not reprices:
            # A second click, or nothing changed.
            return kept
        if kept.digest not in (base, written["digest"]):
            raise ProgramRefused("BENEFITS_CHANGED")
        for name, value in {**written, "changed_by": by, "changed_at": at}.items():
            setattr(kept, name, value)
        fault_point("programs.set_benefits.before")
        kept.save()
        if reprices:
            _price(plan, prices)
            plan.premium = plan.premium if premium is None else premium
            plan.save(update_fields=["premium"])
        _record("plan.benefits_set", plan, by=by, at=at, number=len(terms.responsibilities), digest=kept.digest[:12])
        fault_point("programs.set_benefits.after")
    return kept


def clear_benefits(plan: Plan, *, by: User, at: datetime) -> Plan:
    """A draft states no benefits any more."""
    with transaction.atomic():
        plan = _locked(plan, Plan.State.DRAFT)
        fault_point("programs.clear_benefits.before")
        if not PlanBenefits.objects.filter(plan=plan).delete()[0]:
            raise ProgramRefused("NO_BENEFITS")
        _record("plan.benefits_cleared", plan, by=by, at=at)
        fault_point("programs.clear_benefits.after")
    return plan


def _price(plan: Plan, prices: Sequence[PriceDraft]) -> None:
    """These prices in place of the draft's; a category that only they name counts before those the plan takes in."""
    PlanPrice.objects.filter(plan=plan).delete()
    for position, price in enumerate(prices, 1):
        PlanPrice.objects.create(plan=plan, position=position, **vars(price))
        if price.category is not None:
            PlanCategory.objects.get_or_create(plan=plan, category=price.category, defaults={"priority": 0})


def _written(terms: BenefitTerms) -> dict[str, str]:
    """Columns of the benefits: a plan file as the engine writes it, without the prices, which are rows; and its digest."""
    content = plan_file.dump(replace(terms, prices=()))
    return {"content": content, "digest": hashlib.sha256(content.encode()).hexdigest()}


def submit_plan(plan: Plan, *, by: User, at: datetime) -> Plan:
    """Hand a complete draft to a second person."""
    with transaction.atomic():
        plan = _locked(plan, Plan.State.DRAFT)
        _refuse_incomplete(plan)
        plan.state, plan.submitted_by, plan.submitted_at = Plan.State.IN_REVIEW, by, at
        plan.decided_by, plan.decided_at, plan.reason = None, None, ""
        return _saved("plan.submitted", plan, by=by, at=at)


def approve_plan(plan: Plan, *, digest: str = "", by: User, at: datetime) -> Plan:
    """Approve a submitted plan with all that it is filed with.

    `digest`: of what whoever approves was shown (`filing.digest_of`); refused where another was submitted meanwhile.
    """
    with transaction.atomic():
        plan = _locked(plan, Plan.State.IN_REVIEW)
        _refuse_own_work(plan, by)
        held = digest_of(plan)
        if digest not in ("", held):
            raise ProgramRefused("CHANGED_SINCE_SHOWN")
        plan.state, plan.decided_by, plan.decided_at = Plan.State.APPROVED, by, at
        return _saved("plan.approved", plan, by=by, at=at, content=held[:12])


def refuse_plan(plan: Plan, *, reason: str, by: User, at: datetime) -> Plan:
    """Send a submitted plan back to be drafted on."""
    reason = " ".join(reason.split())
    if len(reason) < REASON_MIN:
        raise ProgramRefused("REASON", characters=REASON_MIN)
    with transaction.atomic():
        plan = _locked(plan, Plan.State.IN_REVIEW)
        _refuse_own_work(plan, by)
        plan.state, plan.reason = Plan.State.DRAFT, reason[:300]
        plan.decided_by, plan.decided_at = by, at
        return _saved("plan.refused", plan, by=by, at=at, reason=plan.reason)


def put_in_force(plan: Plan, *, by: User, at: datetime) -> Plan:
    """From now on periods may open under an approved plan; an older version of the same name is retired."""
    with transaction.atomic():
        Program.objects.select_for_update().get(pk=plan.program_id)
        plan = _locked(plan, Plan.State.APPROVED)
        for older in Plan.objects.select_for_update().filter(
            program_id=plan.program_id, name=plan.name, state=Plan.State.IN_FORCE
        ):
            older.state, older.retired_at = Plan.State.RETIRED, at
            _saved("plan.retired", older, by=by, at=at)
        plan.state, plan.in_force_at = Plan.State.IN_FORCE, at
        return _saved("plan.in_force", plan, by=by, at=at)


def retire_plan(plan: Plan, *, by: User, at: datetime) -> Plan:
    """No period opens under it any more; covers that stand go on."""
    with transaction.atomic():
        plan = _locked(plan, Plan.State.IN_FORCE)
        plan.state, plan.retired_at = Plan.State.RETIRED, at
        return _saved("plan.retired", plan, by=by, at=at)


def _locked(plan: Plan, state: Plan.State) -> Plan:
    found = Plan.objects.select_for_update(of=("self",)).select_related("program__organization", "program__insurer").get(pk=plan.pk)
    fault_point("programs.plan.locked")
    if found.state != state:
        raise ProgramRefused("STATE", state=found.get_state_display())
    return found


def _refuse_own_work(plan: Plan, by: User) -> None:
    if by.pk in (plan.drafted_by_id, plan.submitted_by_id):
        raise ProgramRefused("OWN_WORK")


def _refuse_incomplete(plan: Plan) -> None:
    _refuse_wrong_time(plan)
    if found := problem(parts_of(insurers_of(plan)), insurer_id=plan.program.insurer_id):
        code, facts = found
        raise ProgramRefused(code, **{"insurer": str(plan.program.insurer or "—"), **facts})
    if missing := missing_in_words(plan):
        raise ProgramRefused("FILING", missing="、".join(missing))
    terms = plan_terms(plan)
    if not terms.categories:
        raise ProgramRefused("NO_CATEGORY")
    if not any(scheme.category_id is None and not scheme.region_prefix for scheme in terms.schemes):
        raise ProgramRefused("NO_SCHEME")
    for scheme in terms.schemes:
        check_shares(scheme, terms.premium)
    prefixes = {*terms.regions, *(scheme.region_prefix for scheme in terms.schemes if scheme.region_prefix)}
    known = set(Region.objects.filter(pk__in=prefixes).values_list("pk", flat=True))
    for prefix in sorted(prefixes):
        if prefix not in known or not prefix.startswith(plan.program.region_code):
            raise ProgramRefused("REGION", region=prefix)


def _refuse_wrong_time(plan: Plan) -> None:
    """A span is priced by the day and begins at its moment; a whole period is neither."""
    by_time = plan.proration == Plan.Proration.TIME
    if plan.period_kind == Plan.PeriodKind.ANNUAL:
        if by_time or plan.minimum_premium is not None or plan.longest_hours is not None:
            raise ProgramRefused("ANNUAL_TERMS")
        return
    if not by_time and plan.proration != Plan.Proration.DAILY:
        raise ProgramRefused("SPAN_PRICE")
    if plan.requires_notice or plan.requires_insurer_acceptance:
        raise ProgramRefused("SPAN_GATES")


def _saved(verb: str, plan: Plan, *, by: User, at: datetime, **data: Any) -> Plan:
    fault_point("programs.plan.before")
    plan.save()
    _record(verb, plan, by=by, at=at, **data)
    fault_point("programs.plan.after")
    return plan


def _record(verb: str, plan: Plan, *, by: User, at: datetime, **data: Any) -> None:
    events.record(
        verb, plan, by=by, at=at, organization=plan.program.organization, region_code=plan.program.region_code,
        program_id=plan.program_id, data={"version": plan.number, **data},
    )


def create_program(
    code: str, *, name: str, kind: str, organization: Organization, insurer: Organization | None, by: User | str,
    at: datetime,
) -> Program:
    """A program of one office, in the office's region."""
    with transaction.atomic():
        fault_point("programs.create_program.before")
        program, created = Program.objects.get_or_create(
            code=code,
            defaults={
                "name": name, "kind": kind, "organization": organization, "region_code": organization.region_code,
                "insurer": insurer,
            },
        )
        if not created:
            raise ProgramRefused("CODE_TAKEN", program=code)
        events.record(
            "program.created", program, by=by, at=at, organization=organization, region_code=program.region_code,
            program_id=program.pk,
        )
        fault_point("programs.create_program.after")
    return program


def create_funder(
    name: str, *, kind: str, organization: Organization | None, region_code: str, by: User | str, at: datetime
) -> Funder:
    """Who pays a share; a government by its region, which lies within the reach of whoever sets it up: shares of a
    county's people are found by its region."""
    if isinstance(by, User) and not by.covers(
        "programs.add_funder", organization=organization, region_code=region_code
    ):
        raise ProgramRefused("OUT_OF_SCOPE")
    with transaction.atomic():
        if kind == Funder.Kind.GOVERNMENT and Funder.objects.filter(kind=kind, region_code=region_code, active=True).exists():
            raise ProgramRefused("GOVERNMENT_KNOWN", region=region_code)
        fault_point("programs.create_funder.before")
        funder, created = Funder.objects.get_or_create(
            name=name, defaults={"kind": kind, "organization": organization, "region_code": region_code}
        )
        if not created:
            raise ProgramRefused("NAME_TAKEN")
        events.record(
            "funder.created", funder, by=by, at=at, organization=organization, region_code=region_code,
            data={"kind": kind},
        )
        fault_point("programs.create_funder.after")
    return funder
