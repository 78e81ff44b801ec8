"""A plan's terms as the rules read them: one frozen value, loaded in a constant number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from programs.models import Funder, FundingShare, Plan


@dataclass(frozen=True)
class ShareTerms:
    """One payer of a scheme; `amount` in yuan, None takes the remainder."""

    payer: str
    funder_id: int | None
    amount: Decimal | None


@dataclass(frozen=True)
class SchemeTerms:
    """How a premium is divided, and for whom."""

    name: str
    category_id: int | None
    region_prefix: str
    shares: tuple[ShareTerms, ...]


@dataclass(frozen=True)
class PriceTerms:
    """Yuan for people of these ages (inclusive) and this category; None bounds nothing."""

    premium: Decimal
    age_from: int | None = None
    age_until: int | None = None
    category_id: int | None = None

    @property
    def bounds_ages(self) -> bool:
        """Whether it holds at some ages only."""
        return self.age_from is not None or self.age_until is not None


@dataclass(frozen=True)
class PlanTerms:
    """What eligibility, proration and funding need. Amounts in yuan; ages in completed years."""

    plan_id: int
    premium: Decimal
    proration: str
    min_age: int | None
    max_age: int | None
    age_on: str
    #: Region prefixes whose people are taken in; never empty.
    regions: tuple[str, ...]
    #: (category code, category id), the most favorable first.
    categories: tuple[tuple[str, int], ...]
    schemes: tuple[SchemeTerms, ...]
    #: Government funders by the region that pays.
    governments: dict[str, int]
    #: Whether minors are taken in only with a guardian who is known.
    requires_guardian: bool = False
    #: Whether only participants of basic insurance are taken in.
    requires_basic_insurance: bool = False
    #: In order; the first that holds counts, else `premium`.
    prices: tuple[PriceTerms, ...] = ()


def plan_terms(plan: Plan) -> PlanTerms:
    """The terms of one plan version: six queries."""
    shares: dict[int, list[FundingShare]] = {}
    for share in FundingShare.objects.filter(scheme__plan=plan).order_by("scheme_id", "position"):
        shares.setdefault(share.scheme_id, []).append(share)
    regions = tuple(plan.regions.values_list("region_prefix", flat=True))
    return PlanTerms(
        plan_id=plan.pk,
        premium=plan.premium,
        proration=plan.proration,
        min_age=plan.min_age,
        max_age=plan.max_age,
        age_on=plan.age_on,
        regions=regions or (plan.program.region_code,),
        categories=tuple(plan.categories.order_by("priority", "id").values_list("category__code", "category_id")),
        schemes=tuple(
            SchemeTerms(
                scheme.name, scheme.category_id, scheme.region_prefix,
                tuple(ShareTerms(share.payer, share.funder_id, share.amount) for share in shares.get(scheme.pk, [])),
            )
            for scheme in plan.schemes.order_by("id")
        ),
        governments=dict(
            Funder.objects.filter(kind=Funder.Kind.GOVERNMENT, active=True).values_list("region_code", "pk")
        ),
        requires_guardian=plan.requires_guardian,
        requires_basic_insurance=plan.requires_basic_insurance,
        prices=tuple(
            PriceTerms(price.premium, price.age_from, price.age_until, price.category_id)
            for price in plan.prices.order_by("position", "id")
        ),
    )
