"""Pages: years and what they rest on, of a person and of a cover; a trial that begins with a cover; a list by its buttons."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from audit.testing import shared
from beneficiaries.actions import propose_health
from beneficiaries.models import Enrollment
from beneficiaries.tests.changing import approved, signed_in
from beneficiaries.tests.purchasing import Market, paid_market, person
from benefits import plan_file
from continuity import claims
from continuity.models import EarlierList
from continuity.testing import bought, city_clerk, file_of, taken_in, year_of
from jobs.testing import drain
from programs import actions as programs
from programs.models import Plan

pytestmark = pytest.mark.django_db


def made() -> tuple[Market, int, int]:
    """Somebody covered in two years; a draft of the plan says what it pays."""
    market = paid_market()
    covers = [bought(market, year_of(market, year)).pk for year in (2025, 2026)]
    maker = market.world.finance_maker
    draft = programs.copy_plan(market.plan, by=maker, at=market.at)
    terms = plan_file.terms_of({
        "code": "x", "name": "定制", "kind": "supplementary", "responsibilities": [{
            "code": "a", "name": "甲", "benefit": "expense", "counts": ["self_pay"], "deductible": [
                {"continuity_from": 3, "value": 5000}, {"value": 20000}], "ratio": Decimal("0.5"),
        }],
    })
    programs.set_benefits(draft, terms, by=maker, at=market.at)
    return market, covers[1], draft.pk


_django_db_helper, one_world, kept_world = shared(made)


def said(market: Market, cover: int) -> tuple[str, str]:
    """What the pages of the person and of the cover say, to the county's clerk."""
    client, person_id = signed_in(market.world.clerk), Enrollment.objects.get(pk=cover).person_id
    return (
        client.get(reverse("admin:beneficiaries_person_change", args=[person_id])).content.decode(),
        client.get(reverse("admin:beneficiaries_enrollment_change", args=[cover])).content.decode(),
    )


def test_the_pages_say_the_years_and_what_they_rest_on(kept_world: tuple[Market, int, int]) -> None:
    market, cover, _draft = kept_world
    with claims.told_only_by():
        for page in said(market, cover):
            assert "1 years" in page and "covered here in 2025" in page and "nothing stated" in page
            assert "no claims are settled in this portal yet" in page
    found = taken_in(market.world, market.program, [[person(0)["document"], "5", "2"]], as_of=date(2024, 12, 31))
    for page in said(market, cover):
        assert "6 years" in page and "3 years" in page
        assert f"list {found.pk} of earlier years: 5 in a row, 2 without a claim, until 2024-12-31" in page
        assert "claims that were paid here, and lists of earlier years" in page


def test_a_trial_begins_with_the_facts_of_a_cover_and_names_nobody(kept_world: tuple[Market, int, int]) -> None:
    market, number, draft = kept_world
    cover = Enrollment.objects.select_related("program", "period", "beneficiary").get(pk=number)
    taken_in(market.world, market.program, [[person(0)["document"], "2", "2"]], as_of=date(2024, 12, 31))
    change = propose_health(
        cover.beneficiary, health_class="pre_existing", from_on=date(2026, 1, 1), reason="健康告知书已核对", by=market.world.clerk,
        at=market.at,
    )
    approved(change, by=market.world.reviewer)
    address = reverse("admin:programs_plan_try_benefits", args=[draft])
    clerk = signed_in(market.world.clerk)
    page = clerk.get(address, {"cover": cover.number})
    assert page.context["trial"].data["insured"] == {
        "continuity_years": 3, "claim_free_years": 3, "health_class": "pre_existing", "age": 86,
    }
    assert page.context["trial"].data["cover"] == {"starts_at": "2026-01-01T00:00", "ends_at": "2027-01-01T00:00"}
    assert person(0)["name"] not in page.content.decode()
    # Who sees no people takes no facts of any, nor does a wrong number.
    for client, asked in ((signed_in(market.world.finance_maker), cover.number), (clerk, cover.number[:-1] + "x")):
        answer = client.get(address, {"cover": asked})
        assert "No cover within your reach has this number." in answer.content.decode()
        assert "insured" not in answer.context["trial"].data


def test_a_list_goes_from_its_upload_to_the_years_by_buttons(kept_world: tuple[Market, int, int]) -> None:
    market, _cover, _draft = kept_world
    clerk = signed_in(city_clerk(market.world))
    file = file_of([
        [person(0)["document"], "3年", "1"], [person(1)["document"], "2", "3"], [person(2)["document"], "99", "0"],
        [person(3)["document"], "两年", "0"], ["441602196203151218", "1", "1"],
    ])
    file.name = "往年.csv"
    answer = clerk.post(reverse("admin:continuity_earlierlist_upload"), {
        "program": market.program.pk, "organization": market.world.city.pk, "as_of": "2024-12-31", "file": file,
    })
    assert answer.status_code == 302
    drain()
    found = EarlierList.objects.get()
    assert found.counts["verdicts"] == {"1": 1, "6": 4}
    assert {code: found.counts["codes"][code] for code in ("YEARS", "YEARS_ORDER", "ID_CHECKSUM")} == {
        "YEARS": 2, "YEARS_ORDER": 1, "ID_CHECKSUM": 1,
    }
    assert found.money == {"3": 1}
    page = clerk.get(reverse("admin:continuity_earlierlist_change", args=[found.pk])).content.decode()
    assert "3 years in a row" in page and "years until 2024-12-31" in page


def test_a_new_version_keeps_the_days_between_two_years(kept_world: tuple[Market, int, int]) -> None:
    market, _cover, draft = kept_world
    assert (market.plan.gap_days, Plan.objects.get(pk=draft).gap_days) == (90, 90)
    page = signed_in(market.world.finance_maker).get(reverse("admin:programs_plan_change", args=[market.plan.pk]))
    assert "at most 90 days without cover between two years" in page.content.decode()
