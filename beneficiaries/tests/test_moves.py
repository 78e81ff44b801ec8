"""Where somebody lives now: within an office the lists follow, beyond it another office accepts; cover and money stay."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organization, Region, User
from accounts.testing import make_user
from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import propose_move
from beneficiaries.models import Beneficiary, BeneficiaryCategory, Enrollment, PersonChange
from beneficiaries.models.roster import Purpose
from beneficiaries.moving import office_of
from beneficiaries.testing import World, make_world
from beneficiaries.tests.changing import REASON, approved, errors_of, known_of, person_of, signed_in
from beneficiaries.tests.outcomes import broken
from beneficiaries.tests.test_purposes import brought, enrolled, money, who
from beneficiaries.tests.test_single_endings import page, refused

pytestmark = pytest.mark.django_db


def made() -> World:
    world = make_world()
    enrolled(world, 2)
    make_user("hy-sibling-clerk", organization=world.sibling, role="clerk")
    make_user("hy-sibling-reviewer", organization=world.sibling, role="reviewer")
    make_user("hy-office-reviewer", organization=world.office, role="reviewer")
    return world


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture
def world(settings: Any, kept_world: World) -> World:
    settings.SECOND_FACTOR_REQUIRED = False
    return kept_world


def user(name: str) -> User:
    return User.objects.get(username=name)


def proposed(world: World, region_code: str, number: int = 0) -> PersonChange:
    return propose_move(
        known_of(world, number), region_code=region_code, reason=REASON, by=world.clerk, at=timezone.now()
    )


def town(world: World) -> str:
    found = Region.objects.filter(code__startswith="441602").exclude(code="441602").order_by("code").first()
    assert found is not None
    return found.code


def test_within_the_office_region_and_lists_follow_and_cover_and_money_stay(world: World) -> None:
    before, code = money(), town(world)
    change = proposed(world, code)
    assert (change.kind, known_of(world).region_code) == ("move", "441602")
    approved(change, by=user("hy-office-reviewer"))
    cover = Enrollment.objects.get(person=person_of())
    assert (known_of(world).region_code, cover.region_code, cover.state, cover.organization_id) == (
        code, code, "in_force", world.office.pk,
    )
    assert Enrollment.objects.get(person=person_of(1)).region_code == "441602"
    assert (money(), Event.objects.get(verb="person.moved").data) == (before, {"covers": 1})
    # The old list, sent again, does not move them back.
    again = brought(world, Purpose.UPDATE, [{**who(0), "phone": "13911112222"}])
    assert again.counts["verdicts"] == {"2": 1}
    assert broken() == []


def test_a_move_to_another_county_of_the_same_office_leaves_the_cover_with_the_county_that_pays(world: World) -> None:
    Beneficiary.objects.filter(pk=known_of(world).pk).update(region_code="441602")
    city = Organization.objects.get(pk=world.office.pk)
    Organization.objects.filter(pk=city.pk).update(region_code="4416", region="4416")
    approved(proposed(world, "441621"), by=world.reviewer)
    cover = Enrollment.objects.get(person=person_of())
    assert (known_of(world).region_code, cover.region_code, PersonChange.objects.get().kind) == ("441621", "441602", "move")


def test_beyond_its_region_the_office_there_accepts_and_gets_the_person_and_nothing_else(world: World) -> None:
    before, ours = money(), known_of(world)
    change = proposed(world, "441621")
    assert (change.kind, change.to_organization) == ("transfer", world.sibling)
    assert refused(lambda: approved(change, by=user("hy-office-reviewer"))) == "NOT_RECEIVING"
    approved(change, by=user("hy-sibling-reviewer"))
    theirs = Beneficiary.objects.get(person=ours.person_id, organization=world.sibling)
    assert (theirs.region_code, theirs.phone, theirs.bank_account, theirs.bank_name) == ("441621", None, None, "")
    assert BeneficiaryCategory.objects.filter(beneficiary=theirs).count() == 0
    kept, cover = known_of(world), Enrollment.objects.get(person=ours.person_id)
    assert (kept.region_code, kept.phone.reveal(), cover.organization_id, cover.region_code, cover.state) == (
        "441602", "13800138000", world.office.pk, "441602", "in_force",
    )
    assert money() == before
    told = {each.verb: each.organization_path for each in Event.objects.filter(verb__startswith="person.")}
    assert told == {"person.transferred": world.office.path, "person.received": world.sibling.path}
    assert broken() == []


def test_an_office_that_knows_the_person_already_keeps_what_it_knows(world: World) -> None:
    theirs = Beneficiary.objects.create(
        person=person_of(), program=world.program, organization=world.sibling, region_code="441621001", phone="13922223333",
        contact_digest=b"x" * 16, created_at=timezone.now(), updated_at=timezone.now(),
    )
    approved(proposed(world, "441621"), by=user("hy-sibling-reviewer"))
    fresh = Beneficiary.objects.get(pk=theirs.pk)
    assert (fresh.region_code, fresh.phone.reveal()) == ("441621001", "13922223333")
    assert Beneficiary.objects.filter(person=person_of()).count() == 2


def test_where_nobody_can_be_sent_is_refused_in_words(world: World) -> None:
    assert refused(lambda: proposed(world, "441602")) == "MOVED_ALREADY"
    assert refused(lambda: proposed(world, "4416")) == "REGION_LEVEL"
    assert refused(lambda: proposed(world, "999999")) == "REGION_LEVEL"
    assert office_of(world.program, "451002") is None
    assert office_of(world.program, "441621") == world.sibling


def test_the_receiving_office_finds_it_in_its_queue_sees_masks_and_only_it_decides(world: World) -> None:
    change = proposed(world, "441621")

    def queued(name: str) -> int:
        shown = signed_in(user(name)).get(reverse("admin:index")).context
        return {card.queue.key: card.count for card in shown["queues"]}.get("beneficiaries.changes_to_decide", 0)

    assert [queued(name) for name in ("hy-sibling-reviewer", "hy-office-reviewer", "hy-reviewer")] == [1, 0, 1]
    receiving, giving = signed_in(user("hy-sibling-reviewer")), signed_in(user("hy-office-reviewer"))
    text = receiving.get(page("change", change)).content.decode()
    assert who()["document"] not in text
    assert page("approve", change) in text
    assert page("change", person_of()) not in text
    assert receiving.get(page("change", person_of())).status_code == 404
    assert page("approve", change) not in giving.get(page("change", change)).content.decode()
    assert giving.get(page("turn_down", change)).status_code == 404
    assert signed_in(user("hy-sibling-clerk")).get(page("withdraw", change)).status_code == 404
    shown = receiving.get(page("approve", change))
    receiving.post(page("approve", change), {"shown": shown.context["form"]["shown"].value()})
    assert receiving.get(page("change", person_of())).status_code == 200
    assert PersonChange.objects.get().state == "approved"


def test_a_clerk_moves_somebody_by_button(world: World) -> None:
    clerk, code = signed_in(world.clerk), town(world)
    given = {"beneficiary": known_of(world).pk, "region": code, "reason": REASON}
    assert clerk.post(page("move", person_of()), {**given, "region": "999999"}).status_code == 200
    same = clerk.post(page("move", person_of()), {**given, "region": "441602"})
    assert (same.status_code, errors_of(same)) == (409, "The person is registered in this region already.")
    assert clerk.post(page("move", person_of()), given).status_code == 302
    assert PersonChange.objects.get().to_region == code
