"""A plan version's benefit terms as the engine reads them, and where they and the plan's own columns do not agree."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from django.utils.translation import get_language
from django.utils.translation import gettext as _t

from benefits import plan_file
from benefits.editing import problem_in_words
from benefits.soundness import doubts
from benefits.terms import PlanTerms, Price
from programs.models import Period, Plan, PlanBenefits
from programs.plan_prices import prices_in_file


def benefit_terms(plan: Plan) -> PlanTerms | None:
    """The terms of a plan version; None where it states none. Read once for each text."""
    held = PlanBenefits.objects.filter(plan=plan).only("content", "digest").first()
    return None if held is None else _read(held.digest, held.content, prices_in_file(plan))


def terms_of_program(program_id: int) -> dict[int, PlanTerms]:
    """By plan what it pays, of every version of a program that states it, without prices; newest last."""
    held = PlanBenefits.objects.filter(plan__program=program_id).order_by("plan__number")
    return {plan: _read(digest, content, ()) for plan, digest, content in held.values_list("plan", "digest", "content")}


@lru_cache(maxsize=256)
def _read(digest: str, content: str, prices: tuple[Price, ...]) -> PlanTerms:
    return replace(plan_file.load(content), prices=prices)


def engine_language() -> str:
    """The language of the page as the engine calls it."""
    return "en" if (get_language() or "").startswith("en") else "zh"


def disagreements(plan: Plan, terms: PlanTerms) -> list[str]:
    """In words: what the benefits say otherwise than the plan's columns or its program."""
    said = []
    if terms.kind != plan.program.kind:
        said.append(_t("The benefits are of another kind of program than this one."))
    region = plan.program.region_code
    if terms.region and not (terms.region.startswith(region) or region.startswith(terms.region)):
        said.append(_t("The benefits are for region %(code)s, the program is not.") % {"code": terms.region})
    begun = Period.objects.filter(plan=plan, plan__period_kind=Plan.PeriodKind.ANNUAL).order_by("starts_on", "pk")
    if terms.starts:
        said += [
            _t("The benefits begin on %(day)s for everybody, period %(period)s on %(begins)s.")
            % {"day": terms.starts, "period": code, "begins": f"{starts_on:%m-%d}"}
            for code, starts_on in begun.values_list("code", "starts_on") if f"{starts_on:%m-%d}" != terms.starts
        ]
    highest = max((row.value for limit in terms.limits if limit.per == "year" for row in limit.amount), default=None)
    if highest is not None and highest > plan.cover_limit:
        said.append(
            _t("A shared limit of %(amount)s yuan a year is above the plan's cover of %(cover)s yuan.")
            % {"amount": f"{highest:,.2f}", "cover": f"{plan.cover_limit:,.2f}"}
        )
    return said


def doubts_in_words(terms: PlanTerms, language: str) -> list[str]:
    """What may be meant but should be looked at, each with its place."""
    return [problem_in_words(problem, terms, language) for problem in doubts(terms)]
