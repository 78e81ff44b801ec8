"""Versions of a plan beside one another: the periods they are for, and what differs between two, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _t

from benefits.outline import changes
from programs.admin.plan_facts import papers_in_words, terms_in_words
from programs.benefit_terms import benefit_terms, engine_language
from programs.models import Period, Plan


@dataclass(frozen=True)
class Version:
    """A plan version with the periods that opened under it, the earliest first."""

    plan: Plan
    periods: tuple[Period, ...] = ()

    def __str__(self) -> str:
        codes = _t(", ").join(period.code for period in self.periods)
        return " · ".join(part for part in (str(self.plan), codes, str(self.plan.get_state_display())) if part)

    @property
    def begins_on(self) -> date:
        """The first day of its first period; one that has none yet is for a later one."""
        return self.periods[0].starts_on if self.periods else date.max


def versions_beside(plan: Plan, *, user: Any) -> tuple[Version, list[Version]]:
    """The version, and the others of its program that a user sees, the newest first; with the periods that they see."""
    others = list(
        Plan.objects.visible_to(user, "programs.view_plan").filter(program=plan.program_id).exclude(pk=plan.pk)
        .select_related("program__insurer").order_by("-number")
    )
    opened: dict[int, list[Period]] = {}
    periods = Period.objects.visible_to(user, "programs.view_period").filter(program=plan.program_id)
    for period in periods.order_by("starts_on", "pk"):
        opened.setdefault(period.plan_id, []).append(period)
    version, *rest = (Version(each, tuple(opened.get(each.pk, ()))) for each in [plan, *others])
    return version, rest


def last_years(version: Version, others: Sequence[Version]) -> Version | None:
    """The version of the period before, of the same name where there are several; else the next lower number, else any."""
    before = [
        (other.plan.name == version.plan.name, period.starts_on, other.plan.number, other)
        for other in others for period in other.periods if period.starts_on < version.begins_on
    ]
    if before:
        return max(before, key=lambda found: found[:3])[-1]
    lower = (other for other in others if other.plan.number < version.plan.number)
    return next(lower, others[0] if others else None)


def compared(before: Plan, after: Plan) -> list[tuple[str, str, str, str]]:
    """What differs between two versions: (part, term, before, after) in words."""
    plan_title = _t("Terms")
    old, new = terms_in_words(before), terms_in_words(after)
    # What only one of the two says, such as prices, stands too.
    found = [
        (plan_title, label, str(old.get(label, "")), str(new.get(label, "")))
        for label in dict.fromkeys([*old, *new]) if old.get(label) != new.get(label)
    ]
    old_papers, new_papers = papers_in_words(before), papers_in_words(after)
    found += [
        (_t("Papers"), kind, old_papers.get(kind, ""), new_papers.get(kind, "")) for kind in {**old_papers, **new_papers}
        if old_papers.get(kind) != new_papers.get(kind)
    ]
    was, now = benefit_terms(before), benefit_terms(after)
    if was is not None and now is not None:
        return found + [(one.section, one.label, one.before, one.after) for one in changes(was, now, engine_language())]
    if was is not None or now is not None:
        found.append((_t("Benefits"), _t("stated"), "—" if was is None else was.name.say(engine_language()),
                      "—" if now is None else now.name.say(engine_language())))
    return found
