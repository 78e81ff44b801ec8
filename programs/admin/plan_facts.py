"""A plan's terms in words: for its page, its confirm pages, and differences between versions."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _t

from accounts.models import Region
from programs.admin import price_table
from programs.filing import insurers_of
from programs.models import Plan
from programs.rules.coinsurance import percent


def plan_facts(plan: Plan) -> list[tuple[str, Any]]:
    """What a confirm page says about a plan."""
    return [(_t("program"), plan.program.name), (_t("plan name"), str(plan)), *list(terms_in_words(plan).items())[:3]]


def terms_in_words(plan: Plan) -> dict[str, Any]:
    """The terms that a plan's own columns hold, by their label."""
    regions = [held.region_prefix for held in plan.regions.all()] or [plan.program.region_code]
    places = dict(Region.objects.filter(pk__in=regions).values_list("pk", "full_name"))
    priced = price_table.in_words(price_table.price_lines(plan), plan)
    ages = f"{plan.min_age if plan.min_age is not None else 0} – {plan.max_age if plan.max_age is not None else '∞'}"
    return {
        _t("premium"): price_table.yuan(plan.premium),
        **({_t("prices"): priced} if priced else {}),
        _t("cover limit"): _t("%(amount)s yuan") % {"amount": f"{plan.cover_limit:,.2f}"},
        _t("categories"): "、".join(held.category.name for held in plan.categories.select_related("category")),
        _t("regions"): "、".join(f"{places.get(code, '')} {code}".strip() for code in regions),
        _t("ages"): f"{ages} ({plan.get_age_on_display()})",
        _t("guardian of minors"): _t("must be known before enrollment") if plan.requires_guardian else _t("not asked for"),
        _t("basic insurance"): _t("must be on the list in force") if plan.requires_basic_insurance else _t("not asked for"),
        _t("time of cover"): plan.get_period_kind_display(),
        _t("late start"): plan.get_proration_display(),
        **dict(_span_facts(plan)),
        _t("giving cover back"): _t("within %(days)d days of the payment, while nothing was claimed") % {"days": plan.refund_days}
        if plan.refund_days else _t("not at all"),
        **(
            {_t("years insured in a row"): _t("at most %(days)d days without cover between two years") % {"days": plan.gap_days}}
            if plan.period_kind == Plan.PeriodKind.ANNUAL else {}
        ),
        _t("steps before cover"): "、".join(str(word) for word in _gates(plan)),
        _t("insurers"): insurers_in_words(plan),
        _t("expected of a period"): expectation_in_words(plan),
        _t("filing number"): plan.filing_number,
        _t("reported to the regulator on"): f"{plan.reported_on:%Y-%m-%d}" if plan.reported_on else "",
    }


def expectation_in_words(plan: Plan) -> str:
    """People, premium, claims and their ratio, as the actuary expects them; "" where nothing is said."""
    expected = getattr(plan, "expectation", None)
    if expected is None:
        return ""
    return _t("%(people)s people, premium %(premium)s yuan, claims %(claims)s yuan (%(ratio)s%%)") % {
        "people": f"{expected.people:,}", "premium": f"{expected.premium:,.2f}", "claims": f"{expected.claims:,.2f}",
        "ratio": expected.claims_ratio,
    }


def insurers_in_words(plan: Plan) -> str:
    """Who insures it with which share; the program's insurer alone where no other is named."""
    insurers = insurers_of(plan)
    if not insurers:
        return plan.program.insurer.name if plan.program.insurer else ""
    return "、".join(
        f"{each.insurer.name} {percent(each.share)}%" + (_t(" (leads)") if each.lead else "") for each in insurers
    )


def _span_facts(plan: Plan) -> list[tuple[str, Any]]:
    """Bounds of a span and of its price, where the plan has them."""
    if plan.period_kind != Plan.PeriodKind.SPAN:
        return []
    least = _t("%(amount)s yuan") % {"amount": f"{plan.minimum_premium:,.2f}"} if plan.minimum_premium is not None else ""
    return [
        (_t("least premium of a span"), least),
        (_t("longest span (hours)"), plan.longest_hours if plan.longest_hours is not None else ""),
    ]


def _gates(plan: Plan) -> list[Any]:
    found = []
    if plan.requires_notice:
        found.append(_t("public notice of %(days)d days") % {"days": plan.notice_days})
    if plan.requires_own_payment:
        found.append(_t("own payment"))
    if plan.requires_insurer_acceptance:
        found.append(_t("insurer's acceptance"))
    return found or [_t("none")]


def papers_in_words(plan: Plan) -> dict[str, str]:
    """The papers of a version by their kind, each with its digest."""
    found: dict[str, list[str]] = {}
    for paper in plan.papers.order_by("kind", "pk"):
        found.setdefault(paper.get_kind_display(), []).append(f"{paper.name} ({paper.sha256[:12]})")
    return {kind: "、".join(names) for kind, names in found.items()}
