"""The facts of a cover as the benefit engine takes them: read here, built by a pure function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from beneficiaries.health import health_on
from beneficiaries.models import Enrollment
from beneficiaries.models.enrollment import enrollment_id_of
from benefits.facts import Cover, Insured
from benefits.terms import PRE_EXISTING
from continuity.counting import years_of
from continuity.errors import ContinuityRefused
from programs.benefit_terms import benefit_terms


@dataclass(frozen=True)
class CoverFacts:
    """What is known of a cover and its person. `health_class` "": nothing was declared or found; `conditions`: by group."""

    birth_on: date | None
    starts_at: datetime
    ends_at: datetime
    continuity_years: int = 0
    claim_free_years: int = 0
    health_class: str = ""
    conditions: frozenset[str] = frozenset()
    #: The plan asks which expenses are for such a disease: a class alone does not say it of any.
    is_by_treatment: bool = False


def insured_of(facts: CoverFacts) -> Insured:
    """The person as the engine knows them: groups leave the class to the plan's own rule, and so does a class alone where the
    plan asks by treatment, since the engine would take it for all expenses."""
    left_open = facts.conditions or (facts.is_by_treatment and facts.health_class == PRE_EXISTING)
    return Insured(
        birth_on=facts.birth_on, health_class="" if left_open else facts.health_class, conditions=facts.conditions,
        continuity_years=facts.continuity_years, claim_free_years=facts.claim_free_years,
    )


def cover_of(facts: CoverFacts) -> Cover | None:
    """When they are covered; None where the cover never stood."""
    return Cover(facts.starts_at, facts.ends_at) if facts.ends_at > facts.starts_at else None


def facts_of(cover: Enrollment, *, on: date) -> CoverFacts:
    """Of one cover, with the health class that holds on a day."""
    return facts_of_many([cover], on=on)[cover.pk]


def facts_of_many(covers: list[Enrollment], *, on: date) -> dict[int, CoverFacts]:
    """Cover -> facts, in two questions and one a plan, however many; read along with `select_related("person", "plan")`."""
    years, health = years_of([each.pk for each in covers]), health_on([each.pk for each in covers], day=on)
    found, by_treatment = {}, {}
    for cover in covers:
        if cover.plan_id not in by_treatment:
            terms = benefit_terms(cover.plan)
            rule = terms.pre_existing if terms is not None else None
            by_treatment[cover.plan_id] = rule is not None and rule.by == "treatment"
        counted, said = years.get(cover.pk), health.get(cover.pk)
        found[cover.pk] = CoverFacts(
            cover.person.birth_on, cover.starts_at, cover.ends_at,
            0 if counted is None else counted.continuity, 0 if counted is None else counted.claim_free,
            "" if said is None else said.health_class, frozenset() if said is None else frozenset(said.groups),
            by_treatment[cover.plan_id],
        )
    return found


def case_of(number: str, *, by: Any) -> Mapping[str, Any]:
    """Insured and cover of a cover's number as a trial takes them in; of the person the age alone, never a birthday."""
    wanted = enrollment_id_of(number)
    seen = Enrollment.objects.visible_to(by, "beneficiaries.view_enrollment").select_related("person", "program", "period", "plan")
    cover = seen.filter(pk=wanted).first() if wanted is not None else None
    if cover is None or cover.number != number.strip().upper():
        raise ContinuityRefused("NO_COVER")
    today = timezone.localdate()
    facts = facts_of(cover, on=today)
    insured, covered = insured_of(facts), cover_of(facts)
    age = insured.age_on(timezone.localdate(facts.starts_at))
    told: dict[str, Any] = {
        "continuity_years": insured.continuity_years, "claim_free_years": insured.claim_free_years,
        "health_class": insured.health_class or None, "conditions": sorted(insured.conditions) or None, "age": age,
    }
    case: dict[str, Any] = {"insured": {name: value for name, value in told.items() if value is not None}}
    if covered is not None:
        case["cover"] = {
            name: timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M")
            for name, moment in (("starts_at", covered.starts_at), ("ends_at", covered.ends_at))
        }
    return case
