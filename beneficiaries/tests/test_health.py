"""Health classes: declared by one and approved by another, found at a claim; the newest word that has begun holds."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pgtrigger
import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.testing import shared
from beneficiaries import actions
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.health import health_on
from beneficiaries.holdings import about, parts_of
from beneficiaries.models import Beneficiary, Enrollment, HealthStatement, PersonChange
from beneficiaries.tests.changing import approved, signed_in
from beneficiaries.tests.purchasing import Market, paid_market
from benefits import plan_file
from portal.verify import check_all
from programs import actions as programs
from programs.testing import filed

pytestmark = pytest.mark.django_db
PAPERS = "健康告知书已核对"


def made() -> Market:
    """One person covered, in a program whose next version names two groups of diseases."""
    market = paid_market()
    market.enroll()
    maker, at = market.world.finance_maker, market.at
    draft = programs.copy_plan(market.plan, by=maker, at=at)
    terms = plan_file.terms_of({
        "code": "x", "name": "定制", "kind": "supplementary",
        "pre_existing": {"by": "treatment", "groups": [{"code": "tumor", "name": "肿瘤"}, {"code": "lung", "name": "肺病"}]},
        "responsibilities": [{"code": "a", "name": "甲", "benefit": "expense", "counts": ["self_pay"], "ratio": Decimal("0.5")}],
    })
    programs.set_benefits(draft, terms, by=maker, at=at)
    programs.submit_plan(filed(draft, by=maker, at=at), by=maker, at=at)
    return market


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture
def market(kept_world: Market) -> Market:
    return kept_world


def known() -> Beneficiary:
    return Beneficiary.objects.select_related("person", "program", "organization").get()


def proposed(market: Market, **changes: Any) -> PersonChange:
    values: dict[str, Any] = {
        "health_class": "pre_existing", "groups": ["tumor"], "from_on": timezone.localdate(), "reason": PAPERS,
        "by": market.world.clerk, "at": timezone.now(), **changes,
    }
    return actions.propose_health(known(), **values)


def stated(market: Market, **changes: Any) -> None:
    approved(proposed(market, **changes), by=market.world.reviewer)


def held(*, day: date | None = None) -> tuple[str, tuple[str, ...], str] | None:
    cover = Enrollment.objects.get()
    said = health_on([cover.pk], day=day or timezone.localdate()).get(cover.pk)
    return None if said is None else (said.health_class, said.groups, said.source)


def test_a_class_is_stated_by_two_and_says_which_diseases_to_the_engine_alone(market: Market) -> None:
    change = proposed(market)
    assert held() is None
    with pytest.raises(BeneficiariesRefused) as refused:
        approved(change, by=market.world.clerk)
    assert refused.value.code == "OWN_CHANGE"
    approved(change, by=market.world.reviewer)
    assert held() == ("pre_existing", ("tumor",), "change")
    said = HealthStatement.objects.get()
    assert (str(said.groups), said.groups.reveal()) == ("1 个病种组", "tumor")
    told = Event.objects.filter(subject_type="beneficiaries.personchange", subject_id=str(change.pk)).order_by("pk")
    assert list(told.values_list("verb", flat=True)) == ["change.proposed", "person.health_stated"]
    assert "tumor" not in str(list(told.values_list("data", flat=True)))
    assert [result.name for result in check_all() if result.rows] == []


def test_the_newest_word_that_has_begun_holds(market: Market) -> None:
    today = timezone.localdate()
    stated(market, from_on=today - timedelta(days=20))
    stated(market, health_class="healthy", groups=[], from_on=today - timedelta(days=10))
    actions.state_found_health(
        known(), health_class="pre_existing", groups=["lung"], from_on=today - timedelta(days=5), reference="LP-7",
        by=market.world.reviewer, at=timezone.now(),
    )
    assert [held(day=today - timedelta(days=days)) for days in (30, 15, 7, 0)] == [
        None, ("pre_existing", ("tumor",), "change"), ("healthy", (), "change"), ("pre_existing", ("lung",), "claim"),
    ]
    # Said later for an earlier day, it does not hold today.
    stated(market, health_class="healthy", groups=[], from_on=today - timedelta(days=15))
    assert held() == ("pre_existing", ("lung",), "claim")
    assert held(day=today - timedelta(days=15)) == ("healthy", (), "change")


@pytest.mark.parametrize(("changes", "code"), [
    ({"health_class": "unknown", "groups": []}, "HEALTH_CLASS"), ({"health_class": "healthy"}, "HEALTHY_WITH_GROUPS"),
    ({"groups": ["heart"]}, "HEALTH_GROUPS"), ({"from_on": timezone.localdate() + timedelta(days=1)}, "HEALTH_LATER"),
])
def test_what_cannot_be_stated_is_refused(market: Market, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(BeneficiariesRefused) as refused:
        proposed(market, **changes)
    assert refused.value.code == code
    assert not PersonChange.objects.exists()


def test_a_word_between_proposal_and_approval_is_looked_at_anew(market: Market) -> None:
    page = signed_in(market.world.reviewer)
    change = proposed(market)
    address = reverse("admin:beneficiaries_personchange_approve", args=[change.pk])
    shown = page.get(address).context["form"].initial
    actions.state_found_health(
        known(), health_class="healthy", from_on=timezone.localdate(), reference="LP-1", by=market.world.reviewer,
        at=timezone.now(),
    )
    answer = page.post(address, {"shown": shown.get("shown", "x"), "confirm": "1"})
    assert PersonChange.objects.get(pk=change.pk).state == "proposed", answer.content.decode()[:200]


def test_the_pages_state_it_and_show_diseases_only_in_the_clear(market: Market) -> None:
    clerk, reviewer = signed_in(market.world.clerk), signed_in(market.world.reviewer)
    address = reverse("admin:beneficiaries_person_declare_health", args=[known().person_id])
    assert b"tumor" in clerk.get(address).content
    answer = clerk.post(address, {
        "beneficiary": known().pk, "health_class": "pre_existing", "groups": ["tumor", "lung"],
        "from_on": f"{timezone.localdate()}", "reason": PAPERS,
    })
    change = PersonChange.objects.get()
    assert answer.status_code == 302
    page = reviewer.get(reverse("admin:beneficiaries_personchange_change", args=[change.pk])).content.decode()
    assert "Pre-existing condition" in page and "2 group(s)" in page and "tumor" not in page


def test_nobody_changes_or_deletes_what_was_said(market: Market) -> None:
    stated(market)
    for change in ({"from_on": date(2020, 1, 1)}, {"source": "claim"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            HealthStatement.objects.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        HealthStatement.objects.all().delete()


def test_it_is_part_of_a_copy_of_the_persons_data(market: Market) -> None:
    stated(market)
    whom = about(known().person, market.world.office)
    assert any("health" in str(part.title).lower() or "健康" in str(part.title) for part in parts_of(whom))


@pytest.mark.parametrize(("table", "change"), [
    ("HealthStatement:health_stays", {"from_on": date(2020, 1, 1)}),
    ("HealthStatement:health_stays", {"health_class": "healthy", "groups": None}),
])
def test_a_class_that_nobody_approved_is_found(market: Market, table: str, change: dict[str, Any]) -> None:
    stated(market)
    with pgtrigger.ignore(f"beneficiaries.{table}"):
        HealthStatement.objects.update(**change)
    assert [result.name for result in check_all() if result.rows] == ["health_classes_were_approved"]
