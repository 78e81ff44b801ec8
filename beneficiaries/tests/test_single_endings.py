"""The cover of one person ended by two people: as by a line of a file, with the same money, which stays; and its pages."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.testing import make_user
from audit.errors import PersonalDataRefused
from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import approve_change, propose_ending, turn_down_change, withdraw_change
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import BeneficiaryCategory, ChangeState, Ending, Enrollment, PersonChange
from beneficiaries.models.roster import EndReason, Purpose
from beneficiaries.shown_change import digest_of
from beneficiaries.testing import KEYS, World, make_world, people
from beneficiaries.tests.changing import REASON, approved, errors_of, known_of, person_of, signed_in
from beneficiaries.tests.outcomes import broken
from beneficiaries.tests.test_purposes import applied, begun, brought, enrolled, midnight_after, money, who

pytestmark = pytest.mark.django_db


def made() -> World:
    world = make_world()
    enrolled(world, 3)
    begun(world)
    return world


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture
def world(settings: Any, kept_world: World) -> World:
    settings.SECOND_FACTOR_REQUIRED = False
    return kept_world


def yesterday() -> date:
    return timezone.localdate() - timedelta(days=1)


def proposed(world: World, number: int = 0, *, end_reason: EndReason = EndReason.LEFT, day: date | None = None) -> PersonChange:
    return propose_ending(
        known_of(world, number), end_reason=end_reason, ended_on=day or yesterday(), reason=REASON, by=world.clerk,
        at=timezone.now(),
    )


def cover_of(number: int = 0) -> Enrollment:
    return Enrollment.objects.get(person=person_of(number))


def refused(verb: Any) -> str:
    with pytest.raises(BeneficiariesRefused) as caught, transaction.atomic():
        verb()
    return caught.value.code


def test_a_proposed_ending_ends_nothing_before_another_person_approves_it(world: World) -> None:
    before = money()
    change = proposed(world)
    assert (cover_of().state, Ending.objects.count()) == ("in_force", 0)
    assert refused(lambda: approve_change(change, shown=digest_of(change), by=world.clerk, at=timezone.now())) == "OWN_CHANGE"
    done = approved(change, by=world.reviewer)
    ending = Ending.objects.get()
    assert (done.state, cover_of().state, cover_of().ends_at) == ("approved", "ended", midnight_after(yesterday()))
    assert (ending.change_id, ending.row_id, ending.roster_id, ending.reason, ending.ended_on) == (
        change.pk, None, None, "left", yesterday(),
    )
    assert money() == before
    assert [each.data for each in Event.objects.filter(verb="person.ended")] == [
        {"covers": 1, "day": str(yesterday()), "end_reason": "left"}
    ]
    assert {cover_of(number).state for number in (1, 2)} == {"in_force"}
    assert broken() == []


def test_the_same_ending_by_button_and_by_file_leaves_the_same_cover_and_money(world: World) -> None:
    approved(proposed(world, 0), by=world.reviewer)
    applied(world, Purpose.END, [{**who(1), "end_reason": "退出", "ended_on": f"{yesterday()}"}])
    sides = [
        (
            cover.state, cover.starts_at, cover.ends_at, cover.premium, cover.own_share, cover.split_id,
            *Ending.objects.filter(enrollment=cover).values_list("reason", "ended_on", "ended_before").get(),
        )
        for cover in (cover_of(0), cover_of(1))
    ]
    assert sides[0] == sides[1]
    assert broken() == []


def test_a_death_marks_the_person_and_every_later_roster_refuses_them(world: World) -> None:
    approved(proposed(world, end_reason=EndReason.DECEASED), by=world.reviewer)
    assert (person_of().deceased_on, cover_of().state) == (yesterday(), "ended")
    roster = brought(world, Purpose.RENEW, [dict(zip(KEYS, people(1)[0], strict=True))])
    assert roster.counts["codes"]["STATUS_DECEASED"] == 1
    # Without a cover left, a death is told once and then has nothing to do.
    assert refused(lambda: proposed(world, end_reason=EndReason.DECEASED)) == "NOTHING_TO_END"
    assert broken() == []


def test_the_persons_page_tells_the_ending_and_says_of_a_cover_that_never_began_no_last_day_before_its_first(
    world: World,
) -> None:
    began, never = cover_of(0), cover_of(1)
    Enrollment.objects.filter(pk=never.pk).update(starts_at=timezone.now() + timedelta(days=30))
    for number in (0, 1):
        approved(proposed(world, number, end_reason=EndReason.DECEASED), by=world.reviewer)
    client = signed_in(world.reviewer)
    pages = [
        client.get(reverse("admin:beneficiaries_person_change", args=[cover.person_id]), headers={"accept-language": "zh-hans"})
        for cover in (began, never)
    ]
    of_began, of_never = (page.content.decode() for page in pages)
    assert f"保障终止，最后保障日 {yesterday()}：身故（爱心保" in of_began
    assert "保障尚未开始即终止：身故（爱心保" in of_never and "未起保" in of_never
    assert f"最后保障日 {yesterday()}" not in of_never.split("保障历程")[1].split("办理记录")[0]


def test_what_cannot_be_is_refused_in_words_and_leaves_nothing(world: World) -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)
    assert refused(lambda: proposed(world, day=tomorrow)) == "ENDS_LATER"
    assert refused(lambda: proposed(world, end_reason=EndReason.OFF_LIST)) == "END_REASON"
    assert refused(lambda: proposed(world, day=date(2090, 1, 1))) == "ENDS_LATER"
    proposed(world)
    assert refused(lambda: proposed(world)) == "CHANGE_WAITS"
    assert PersonChange.objects.count() == 1
    with pytest.raises(IntegrityError, match="person_change_is_decided_by_another"), transaction.atomic():
        PersonChange.objects.update(state="approved", decided_by=world.clerk, decided_at=timezone.now())


def test_an_approval_of_what_has_moved_since_it_was_shown_is_refused(world: World) -> None:
    change = proposed(world)
    shown = digest_of(change)
    applied(world, Purpose.END, [{**who(0), "end_reason": "迁出", "ended_on": f"{yesterday()}"}])
    assert refused(lambda: approve_change(change, shown=shown, by=world.reviewer, at=timezone.now())) == "CHANGE_STALE"
    assert refused(lambda: approved(change, by=world.reviewer)) == "NOTHING_TO_END"
    assert (PersonChange.objects.get().state, Ending.objects.count()) == ("proposed", 1)


def test_a_change_is_decided_once(world: World) -> None:
    first, second = proposed(world, 0), proposed(world, 1)
    turn_down_change(first, reason="证明不足，请补齐", by=world.reviewer, at=timezone.now())
    withdraw_change(second, by=world.clerk, at=timezone.now())
    for change in (first, second):
        assert refused(lambda change=change: approved(change, by=world.reviewer)) == "CHANGE_DECIDED"
        assert refused(lambda change=change: withdraw_change(change, by=world.clerk, at=timezone.now())) == "CHANGE_DECIDED"
    assert Ending.objects.count() == 0
    assert sorted(PersonChange.objects.values_list("state", "answer")) == [("declined", "证明不足，请补齐"), ("withdrawn", "")]
    assert proposed(world, 0).state == ChangeState.PROPOSED
    assert broken() == []


def test_a_reason_with_a_document_number_is_refused(world: World) -> None:
    with pytest.raises(PersonalDataRefused):
        propose_ending(
            known_of(world), end_reason=EndReason.LEFT, ended_on=yesterday(), reason="证件441602196203151219已核对",
            by=world.clerk, at=timezone.now(),
        )


def test_losing_a_category_ends_no_cover_that_is_paid_for(world: World) -> None:
    before, cover = money(), cover_of()
    assert BeneficiaryCategory.objects.filter(beneficiary=cover.beneficiary_id, valid_to=None).count() == 1
    applied(world, Purpose.UPDATE, [{**who(), "categories": "低保对象", "valid_to": f"{yesterday()}"}])
    lost = BeneficiaryCategory.objects.get(beneficiary=cover.beneficiary_id)
    after = cover_of()
    assert lost.valid_to == timezone.localdate()
    assert (after.state, after.ends_at, after.category_id, after.premium) == (
        "in_force", cover.ends_at, cover.category_id, cover.premium,
    )
    assert (money(), Ending.objects.count(), PersonChange.objects.count()) == (before, 0, 0)


def test_a_planted_ending_without_its_approval_is_found(world: World) -> None:
    change = proposed(world)
    Ending.objects.create(
        enrollment=cover_of(), change=change, reason="left", ended_on=yesterday(), ended_before=cover_of().ends_at,
        created_at=timezone.now(),
    )
    assert {name for _number, name, _rows in broken()} == {"endings_are_of_their_rows"}


def test_a_planted_approval_that_ended_nothing_is_found(world: World) -> None:
    change = proposed(world)
    PersonChange.objects.filter(pk=change.pk).update(
        state="approved", decided_by=world.reviewer, decided_at=timezone.now()
    )
    assert {name for _number, name, _rows in broken()} == {"approved_endings_end", "every_change_has_its_events"}


def test_a_planted_decision_of_the_proposer_is_found(world: World) -> None:
    change = proposed(world)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE beneficiaries_personchange DROP CONSTRAINT person_change_is_decided_by_another")
    PersonChange.objects.filter(pk=change.pk).update(
        state="approved", decided_by=change.proposed_by, decided_at=timezone.now()
    )
    assert "change_approved_by_another" in {name for _number, name, _rows in broken()}


# -- pages -----------------------------------------------------------------------------------------------------------------


def page(verb: str, subject: Any) -> str:
    return reverse(f"admin:beneficiaries_{subject._meta.model_name}_{verb}", args=[subject.pk])


@pytest.mark.parametrize("kind", ["person", "enrollment"])
def test_a_clerk_proposes_on_either_page_and_a_reviewer_approves_with_counts_and_sums(world: World, kind: str) -> None:
    subject: Any = person_of() if kind == "person" else cover_of()
    clerk, reviewer = signed_in(world.clerk), signed_in(world.reviewer)
    address = page("end_cover", subject)
    assert address in clerk.get(page("change", subject)).content.decode()
    assert cover_of().number in clerk.get(address).content.decode()
    given = {
        "beneficiary": known_of(world).pk, "end_reason": "left", "ended_on": f"{yesterday()}", "reason": "已迁往外地，本人申请",
    }
    response = clerk.post(address, given)
    change = PersonChange.objects.get()
    assert (response.status_code, response["Location"]) == (302, page("change", change))
    shown = reviewer.get(page("approve", change))
    text = shown.content.decode()
    for said in ("99.00 yuan", "0.01 yuan", "0.00 yuan", cover_of().number, "已迁往外地，本人申请"):
        assert said in text
    assert clerk.post(page("approve", change), {"shown": "x"}).status_code == 403
    answer = reviewer.post(page("approve", change), {"shown": shown.context["form"]["shown"].value()})
    assert (answer.status_code, cover_of().state) == (302, "ended")
    assert page("end_cover", subject) not in reviewer.get(page("change", subject)).content.decode()


def test_a_stale_approval_says_so_and_does_nothing(world: World) -> None:
    change = proposed(world)
    response = signed_in(world.reviewer).post(page("approve", change), {"shown": "0" * 64})
    assert (response.status_code, cover_of().state) == (409, "in_force")
    assert errors_of(response) == "Something has changed since you opened this page. Look at it again and decide then."


def test_the_reviewer_finds_what_waits_in_a_queue_and_the_person_page_shows_it(world: World) -> None:
    change = proposed(world)
    counts = {
        user.username: {
            card.queue.key: card.count for card in signed_in(user).get(reverse("admin:index")).context["queues"]
        }.get("beneficiaries.changes_to_decide")
        for user in (world.reviewer, world.clerk)
    }
    assert counts == {world.reviewer.username: 1, world.clerk.username: None}
    text = signed_in(world.clerk).get(page("change", person_of())).content.decode()
    assert page("change", change) in text
    assert REASON in text


def test_a_change_of_another_offices_person_is_no_page(world: World) -> None:
    change = proposed(world)
    stranger = signed_in(make_user("stranger", organization=world.sibling, role="clerk"))
    subjects = (("change", change), ("withdraw", change), ("end_cover", person_of()), ("end_cover", cover_of()))
    for address in (page(verb, subject) for verb, subject in subjects):
        assert stranger.get(address).status_code in (403, 404)
    listed = stranger.get(reverse("admin:beneficiaries_personchange_changelist")).context["cl"].result_list
    assert list(listed) == []
