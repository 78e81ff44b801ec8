"""A plan's terms in words: for its page, its confirm pages, and differences between versions."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _t

from accounts.models import Region
from programs.admin import price_table
from programs.models import Plan


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
        _t("steps before cover"): "、".join(str(word) for word in _gates(plan)),
    }


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
