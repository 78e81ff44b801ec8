"""What this room adds to a person's and a cover's page, and to the workbench: years in a row, and what they rest on."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from audit import panels
from audit.panels import PagePanel, Urgency, queue_of
from beneficiaries.health import Health, health_on
from beneficiaries.models import Enrollment, HealthClass, HealthSource
from continuity import claims
from continuity.counting import Years, years_of
from intake.models import State
from programs.models import Period, Plan

VIEW = "beneficiaries.view_enrollment"
_APPROVE = "continuity.approve_earlier"
#: Covers of one person that are told.
SHOWN = 50


def _to_approve(lists: Any, user: Any) -> Any:
    waiting = lists.visible_to(user, _APPROVE).filter(state=State.SUBMITTED)
    return waiting.exclude(uploaded_by=user).exclude(submitted_by=user)


QUEUES = (
    queue_of(
        "continuity.earlierlist", "continuity.to_approve", _("Lists of earlier years to approve"), _APPROVE, _to_approve,
        Urgency.NOW,
    ),
)


def years_in_words(years: int) -> str:
    """A number of years; none in words."""
    return _t("%(years)d years") % {"years": years} if years else _t("none")


def rests_on(years: Years, periods: dict[int, str]) -> str:
    """What the years of a cover were counted from, as a sentence."""
    here = [periods.get(number, "") for number in years.periods]
    said = [_t("covered here in %(periods)s") % {"periods": str(_t(", ")).join(here)}] if here else []
    if years.told is not None:
        facts = {
            "list": years.told.list_id, "years": years.told.continuity_years, "free": years.told.claim_free_years,
            "day": f"{years.told.as_of:%Y-%m-%d}",
        }
        said.append(
            _t("list %(list)d of earlier years: %(years)d in a row, %(free)d without a claim, until %(day)s") % facts
            if years.uses_told
            else _t("list %(list)d of earlier years does not count: it ends on %(day)s, too far back, or says less") % facts
        )
    return str(_t("; ")).join(said) or _t("no earlier year is known")


def claims_rest_on() -> str:
    """What years without a claim rest on."""
    if claims.are_known():
        return _t("claims that were paid here, and lists of earlier years")
    return _t("lists of earlier years alone: no claims are settled in this portal yet, and none counts as paid here")


def health_in_words(said: Health | None) -> str:
    """The class, with groups by number, since when and from whom."""
    if said is None:
        return _t("nothing stated")
    facts = {
        "health": HealthClass(said.health_class).label, "day": f"{said.from_on:%Y-%m-%d}",
        "source": HealthSource(said.source).label, "number": len(said.groups),
    }
    if said.groups:
        return _t("%(health)s (%(number)d groups), since %(day)s; %(source)s") % facts
    return _t("%(health)s, since %(day)s; %(source)s") % facts


def _person(person: Any, user: Any) -> dict[str, Any]:
    seen = Enrollment.objects.visible_to(user, VIEW).filter(person=person, period_kind=Plan.PeriodKind.ANNUAL).order_by("-pk")
    covers = list(seen.select_related("program", "period")[:SHOWN])
    numbers = [each.pk for each in covers]
    years, health = years_of(numbers), health_on(numbers, day=timezone.localdate())
    names = _names(years)
    return {
        "lines": [
            (
                each, reverse("admin:beneficiaries_enrollment_change", args=[each.pk]), years_in_words(years[each.pk].continuity),
                years_in_words(years[each.pk].claim_free), health_in_words(health.get(each.pk)), rests_on(years[each.pk], names),
            )
            for each in covers if each.pk in years
        ],
        "claims": claims_rest_on(),
    }


def _cover(cover: Any, user: Any) -> dict[str, Any]:
    if cover.covers_a_span:
        return {"facts": []}
    years = years_of([cover.pk]).get(cover.pk)
    if years is None:
        return {"facts": []}
    said = health_on([cover.pk], day=timezone.localdate()).get(cover.pk)
    return {
        "facts": [
            (_t("years insured in a row"), years_in_words(years.continuity)),
            (_t("years rest on"), rests_on(years, _names({cover.pk: years}))),
            (_t("years without a claim"), years_in_words(years.claim_free)), (_t("known from"), claims_rest_on()),
            (_t("health class"), health_in_words(said)),
        ],
    }


def _names(years: dict[int, Years]) -> dict[int, str]:
    wanted = {number for each in years.values() for number in each.periods}
    return dict(Period.objects.filter(pk__in=wanted).values_list("pk", "code")) if wanted else {}


PANELS = (
    PagePanel(
        "continuity.person", _("Years in a row and health class"), "beneficiaries.person", VIEW, _person,
        "continuity/person.html", 11,
    ),
    PagePanel(
        "continuity.cover", _("Years in a row and health class"), "beneficiaries.enrollment", VIEW, _cover,
        "continuity/cover.html", 5,
    ),
)


def register() -> None:
    """Called once at start."""
    for queue in QUEUES:
        panels.register_queue(queue)
    for panel in PANELS:
        panels.register_page_panel(panel)


