"""A plan's prices on its pages: each line in words, and what should be looked at."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _t

from programs.benefit_terms import engine_language
from programs.models import Plan, PlanPrice
from programs.rules.funding import ZERO, scheme_for
from programs.rules.prices import OLDEST, Remark, amounts, remarks
from programs.terms import PlanTerms


def price_lines(plan: Plan) -> list[PlanPrice]:
    """The rows in their order, with what a page names."""
    return list(plan.prices.select_related("category").order_by("position", "id"))


def whom(price: PlanPrice) -> str:
    """For whom a line holds: its name, ages and category."""
    name = price.name_en if price.name_en and engine_language() == "en" else price.name
    said = [name, ages(price.age_from, price.age_until), price.category.name if price.category else ""]
    return "、".join(dict.fromkeys(word for word in said if word)) or _t("everybody")


def ages(first: int | None, last: int | None) -> str:
    """A range of ages in words, both inclusive; "" where nothing bounds it."""
    if last is None or last >= OLDEST:
        return _t("%(age)d years and older") % {"age": first} if first else ""
    if not first:
        return _t("up to %(age)d years") % {"age": last}
    if first == last:
        return _t("%(age)d years") % {"age": first}
    return _t("%(first)d to %(last)d years") % {"first": first, "last": last}


def in_words(lines: Sequence[PlanPrice], plan: Plan) -> str:
    """All prices as one text: for facts, and differences between versions."""
    said = [f"{whom(price)} {yuan(price.premium)}" for price in lines]
    return " / ".join([*said, f"{_t('everybody else')} {yuan(plan.premium)}"]) if said else ""


def yuan(amount: object) -> str:
    """An amount with its unit."""
    return _t("%(amount)s yuan") % {"amount": f"{amount:,.2f}"}


def doubts(plan: Plan, terms: PlanTerms) -> list[str]:
    """What should be looked at before somebody submits it: lines that never count, overlap, leave ages out, or cost less
    than what payers before the last one give."""
    return [*(_remark(remark, plan, terms) for remark in remarks(terms)), *_shares_above(terms)]


def _remark(remark: Remark, plan: Plan, terms: PlanTerms) -> str:
    facts = {
        "line": remark.line, "other": remark.other, "ages": ages(remark.age_from, remark.age_until) or _t("all ages"),
        "amount": f"{plan.premium:,.2f}",
    }
    return {
        "outside": _t("Price %(line)d never counts: the plan takes in nobody of its ages and category."),
        "never_reached": _t("Price %(line)d never counts: earlier lines (the first is %(other)d) hold for all its people."),
        "overlap": _t("Prices %(other)d and %(line)d both hold at %(ages)s: price %(other)d counts."),
        "gap": _t("No line holds at %(ages)s: the plan's premium of %(amount)s yuan counts."),
        "premium_unused": _t("The lines hold for everybody: the plan's premium of %(amount)s yuan never counts."),
    }[remark.code] % facts


def _shares_above(terms: PlanTerms) -> list[str]:
    """Prices that the fixed shares of a scheme use up."""
    found = []
    for scheme in terms.schemes:
        fixed = sum((share.amount for share in scheme.shares if share.amount is not None), ZERO)
        counted = {
            price
            for _code, category in terms.categories for price in amounts(terms, category)
            if scheme.category_id in (None, category) and _counts(scheme, terms, category)
        }
        found += [
            _t("In the scheme “%(scheme)s” the fixed shares of %(fixed)s yuan are above the price of %(price)s yuan: they are "
               "paid in order as far as it goes.")
            % {"scheme": scheme.name, "fixed": f"{fixed:,.2f}", "price": f"{price:,.2f}"}
            for price in sorted(counted) if fixed > price != terms.premium
        ]
    return found


def _counts(scheme: object, terms: PlanTerms, category: int) -> bool:
    """Whether a scheme divides the premium of a category somewhere: one of its own stands before one for all."""
    region = getattr(scheme, "region_prefix", "")
    return scheme_for(terms, county=region, category_id=category) is scheme
