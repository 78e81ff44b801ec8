"""Two people made one by two people, and apart again: what moves, what is given up and given back, what stands against it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.db import ProgrammingError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.testing import make_user
from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import (
    approve_roster,
    approve_undo,
    propose_correction,
    propose_document,
    propose_ending,
    propose_merge,
    propose_unmerge,
    request_undo,
    submit_roster,
    upload_roster,
)
from beneficiaries.identity import Identity
from beneficiaries.keepers import Keeper, forget_keeper, register_keeper
from beneficiaries.merging import collisions
from beneficiaries.models import (
    Beneficiary,
    BeneficiaryCategory,
    Enrollment,
    MergedRow,
    Person,
    PersonChange,
    PersonDocument,
    Roster,
    RosterRow,
)
from beneficiaries.models.roster import EndReason, Purpose
from beneficiaries.testing import World, csv_of, make_world, people
from beneficiaries.tests.changing import REASON, approved, errors_of, known_of, person_of, signed_in
from beneficiaries.tests.outcomes import broken
from beneficiaries.tests.purchasing import day_market
from beneficiaries.tests.test_purposes import approved as roster_approved
from beneficiaries.tests.test_purposes import brought, checked, enrolled, who
from beneficiaries.tests.test_single_endings import page, refused
from beneficiaries.unmerging import merge_of, new_since
from jobs.testing import drain
from programs.actions import receive_own
from programs.models import Budget
from programs.testing import make_budget, make_funder

pytestmark = pytest.mark.django_db

#: People 0 to 2 are of the county's office, 10 of its sibling's: another number of person 0.
OTHER = people(1, county="441621", first=10)[0]


def made() -> World:
    world = make_world()
    enrolled(world, 3)
    county = make_funder("紫金县财政", organization=world.sibling, kind="government", region="441621")
    make_budget(
        county, period=world.period, granted=Decimal("1000.00"), maker=world.finance_maker, checker=world.finance_checker,
        at=world.at,
    )
    clerk = make_user("hy-sibling", organization=world.sibling, role="clerk")
    roster = upload_roster(
        [("名册.csv", csv_of([OTHER]))], period=world.period, organization=world.sibling, by=clerk, at=timezone.now()
    )
    drain()
    roster = submit_roster(Roster.objects.get(pk=roster.pk), by=clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()
    make_user("hy-city-clerk", organization=world.city, role="clerk")
    return world


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture
def world(settings: Any, kept_world: World) -> World:
    settings.SECOND_FACTOR_REQUIRED = False
    return kept_world


def city_clerk() -> User:
    return User.objects.get(username="hy-city-clerk")


def elsewhere() -> Person:
    return Person.objects.with_document(OTHER[2]).get()


def merged(
    world: World, other: Person, *, given_up: Sequence[int] = (), number: int = 0, by: User | None = None
) -> PersonChange:
    return approved(proposed(world, other, given_up=given_up, number=number, by=by), by=world.reviewer)


def proposed(
    world: World, other: Person, *, given_up: Sequence[int] = (), number: int = 0, by: User | None = None
) -> PersonChange:
    return propose_merge(
        known_of(world, number), other=other, given_up=given_up, reason=REASON, by=by or city_clerk(), at=timezone.now()
    )


def unmerged(world: World, number: int = 0) -> PersonChange:
    merge = merge_of(person_of(number))
    assert merge is not None
    asked = propose_unmerge(known_of(world, number), merge=merge, reason=REASON, by=city_clerk(), at=timezone.now())
    return approved(asked, by=world.reviewer)


def standing() -> Any:
    """Everything that a merge may touch, to be compared."""
    return (
        list(Person.objects.order_by("pk").values_list("pk", "merged_into", "deceased_on")),
        [(bytes(each.identity_index_a or b""), bytes(each.identity_index_b or b"")) for each in Person.objects.order_by("pk")],
        list(Beneficiary.objects.order_by("pk").values_list("pk", "person")),
        list(Enrollment.objects.order_by("pk").values_list("pk", "person", "beneficiary", "state")),
        list(BeneficiaryCategory.objects.order_by("pk").values_list("pk", "beneficiary", "valid_to")),
        list(PersonDocument.objects.order_by("pk").values_list("person", "document_type", "standing")),
    )


def one_voided() -> Enrollment:
    """The cover at the sibling's office, voided as an undo would: so nothing stands against a merge."""
    cover = Enrollment.objects.get(person=elsewhere())
    Enrollment.objects.filter(pk=cover.pk).update(state="ended", ends_at=cover.starts_at)
    return cover


def test_covers_of_one_time_are_asked_for_and_the_one_given_up_goes_back_to_its_funders(world: World) -> None:
    other = elsewhere()
    ours, theirs = Enrollment.objects.get(person=person_of()), Enrollment.objects.get(person=other)
    assert collisions(person_of(), other) == [(ours, theirs)]
    assert refused(lambda: proposed(world, other)) == "MERGE_CHOOSE_COVER"
    stranger = Enrollment.objects.get(person=person_of(1)).pk
    assert refused(lambda: proposed(world, other, given_up=[stranger])) == "MERGE_CHOOSE_COVER"
    assert refused(lambda: proposed(world, other, given_up=[theirs.pk, stranger])) == "MERGE_COVER_UNASKED"
    before = {each.funder_id: each.used for each in Budget.objects.filter(program=world.program)}
    parts = {part.funder_id: part.amount for part in theirs.split.lines.all()}
    change = merged(world, other, given_up=[theirs.pk])
    after = {each.funder_id: each.used for each in Budget.objects.filter(program=world.program)}
    assert {funder: before[funder] - after[funder] for funder in parts if funder in before} == {
        funder: amount for funder, amount in parts.items() if funder in before
    }
    ours.refresh_from_db()
    theirs.refresh_from_db()
    assert (ours.state, theirs.state, theirs.person_id) == ("in_force", "voided", ours.person_id)
    event = Event.objects.get(verb="person.merged")
    assert event.data == {
        "other": other.pk, "covers": 1, "given_up": 1, "released": f"{sum(parts.values()):.2f}", "own": "0.00",
    }
    assert Event.objects.get(verb="roster.cover_given_up").data["change"] == change.pk
    assert broken() == []


def test_after_a_merge_searches_lists_and_files_find_the_one_who_stays_by_either_number(world: World) -> None:
    other, cover = elsewhere(), one_voided()
    merged(world, other)
    stays = person_of()
    for found in (Person.objects.with_document(OTHER[2]), Person.objects.with_document(people(1)[0][2])):
        assert [each.pk for each in found] == [stays.pk]
    assert stays in Person.objects.with_name(OTHER[0]).standing()
    cover.refresh_from_db()
    assert (cover.person_id, Person.objects.standing().count(), Person.objects.count()) == (stays.pk, 3, 4)
    line = [people(1)[0][0], *OTHER[1:]]
    roster = checked(_uploaded(world, [line]))
    assert roster.counts["codes"]["ALREADY_COVERED"] == 1
    told = {"end_reason": "退出", "ended_on": str(timezone.localdate())}
    ended = brought(world, Purpose.END, [{"name": line[0], "document": OTHER[2], **told}])
    assert ended.counts["verdicts"] == {"2": 1}
    assert broken() == []


def _uploaded(world: World, lines: list[list[str]]) -> Roster:
    return upload_roster(
        [("名册.csv", csv_of(lines))], period=world.period, organization=world.city, by=city_clerk(), at=timezone.now()
    )


def test_people_of_one_office_are_merged_and_its_second_row_is_kept_beside_the_first(world: World) -> None:
    one, two = known_of(world, 0), known_of(world, 1)
    cover = Enrollment.objects.get(person=two.person)
    merged(world, two.person, given_up=[cover.pk], by=world.clerk)
    cover.refresh_from_db()
    two.refresh_from_db()
    assert (cover.person_id, cover.beneficiary_id, two.person_id) == (one.person_id, one.pk, two.person.pk)
    # The category that both had stays where it is: it holds once.
    assert BeneficiaryCategory.objects.filter(beneficiary=one).count() == 1
    assert sorted(MergedRow.objects.values_list("kind", flat=True)) == ["cover", "given_up", "named"]
    assert broken() == []


def test_a_merge_undone_leaves_everything_as_it_was(world: World) -> None:
    other = elsewhere()
    one_voided()
    approved(
        propose_document(
            Beneficiary.objects.get(person=other), document_type="passport", document="E12345678", reason=REASON,
            by=city_clerk(), at=timezone.now(),
        ),
        by=world.reviewer,
    )
    before = standing()
    merged(world, other)
    assert standing() != before
    unmerged(world)
    assert standing() == before
    assert [each.verb for each in Event.objects.filter(verb__startswith="person.").order_by("pk")] == [
        "person.document_added", "person.merged", "person.unmerged",
    ]
    assert broken() == []
    merged(world, other)
    assert broken() == []


def test_people_of_one_office_go_apart_again_with_their_covers_and_what_was_given_up_stays_void(world: World) -> None:
    two = known_of(world, 1)
    cover = Enrollment.objects.get(person=two.person)
    merged(world, two.person, given_up=[cover.pk])
    unmerged(world)
    cover.refresh_from_db()
    assert (cover.person_id, cover.beneficiary_id, cover.state) == (two.person_id, two.pk, "voided")
    assert Event.objects.get(verb="person.unmerged").data == {"other": two.person_id, "covers": 1, "stay_given_up": 1}
    assert broken() == []


def test_a_merge_with_something_new_stays(world: World) -> None:
    one_voided()
    merged(world, elsewhere())
    merge = merge_of(person_of())
    assert merge is not None and new_since(merge) == {}
    ending = propose_ending(
        known_of(world), end_reason=EndReason.LEFT, ended_on=timezone.localdate(), reason=REASON, by=world.clerk,
        at=timezone.now(),
    )
    assert refused(lambda: unmerged(world)) == "MERGE_CHANGE_WAITS"
    approved(ending, by=world.reviewer)
    assert new_since(merge) == {"endings": 1, "changes": 1}
    assert refused(lambda: unmerged(world)) == "MERGE_HAS_NEW"
    assert broken() == []


def test_what_stands_against_a_merge_is_said(world: World) -> None:
    one_voided()
    other = elsewhere()
    assert refused(lambda: proposed(world, person_of())) == "MERGE_SAME"
    waiting = propose_correction(
        known_of(world, 0), right=Identity("李韦", "", "", None, ""), reason=REASON, by=world.clerk, at=timezone.now()
    )
    assert refused(lambda: proposed(world, other)) == "MERGE_CHANGE_WAITS"
    approved(waiting, by=world.reviewer)
    merged(world, other)
    assert refused(lambda: proposed(world, other, number=1)) == "MERGED_ALREADY"
    assert refused(lambda: proposed(world, person_of(0), number=1)) == "MERGE_OTHER_WAY"


def test_covers_out_of_the_askers_reach_are_not_chosen_between(world: World) -> None:
    assert refused(lambda: proposed(world, elsewhere(), by=world.clerk)) == "MERGE_COVERS_ELSEWHERE"


def test_a_cover_in_use_is_not_given_up(world: World) -> None:
    cover = Enrollment.objects.get(person=elsewhere())
    register_keeper(Keeper("CLAIMED", "a claim was filed", f"e.id = {cover.pk}"))
    try:
        assert refused(lambda: proposed(world, elsewhere(), given_up=[cover.pk])) == "MERGE_COVER_KEPT"
        ours = Enrollment.objects.get(person=person_of()).pk
        assert proposed(world, elsewhere(), given_up=[ours]).given_up == [ours]
    finally:
        forget_keeper("CLAIMED")


def test_a_death_of_one_is_the_death_of_both_and_is_taken_back_with_the_merge(world: World) -> None:
    one_voided()
    day = timezone.localdate()
    Person.objects.filter(pk=elsewhere().pk).update(deceased_on=day)
    before = standing()
    merged(world, elsewhere())
    assert person_of().deceased_on == day
    unmerged(world)
    assert standing() == before


def test_a_roster_in_review_that_named_the_merged_person_is_shown_again(world: World) -> None:
    one_voided()
    roster = brought(world, Purpose.UPDATE, [{**who(1), "phone": "13911112222"}])
    merged(world, person_of(1), given_up=[Enrollment.objects.get(person=person_of(1)).pk])
    roster_approved(world, roster)
    assert checked(roster).state == "applied"
    assert list(RosterRow.objects.filter(roster=roster).values_list("set_aside", flat=True)) == ["CHANGED_SINCE_REVIEW"]
    assert broken() == []


def test_a_days_cover_for_a_merged_person_is_that_of_the_one_who_stays(world: World) -> None:
    market = day_market(world=world)
    one, two = market.worker(0), market.worker(1)
    known = Beneficiary.objects.select_related("person").get(person=one, program=market.program)
    give_up = [pair[1].pk for pair in collisions(person_of(0), person_of(1))]
    approved(
        propose_merge(known, other=person_of(1), given_up=give_up, reason=REASON, by=city_clerk(), at=timezone.now()),
        by=world.reviewer,
    )
    purchase = market.cover(market.span(two, 8, 16), market.span(one, 9, 17))
    assert [(line, code) for line, code, _extra in purchase.refused] == [(1, "SPAN_OVERLAP"), (2, "SPAN_OVERLAP")]
    purchase = market.cover(market.span(two, 8, 16), reference="R2")
    assert (purchase.refused, Enrollment.objects.get(purchase=purchase).person_id) == ([], one)
    assert broken() == []


def test_no_row_moves_to_another_person_but_by_a_merge(world: World) -> None:
    cover, other = Enrollment.objects.get(person=person_of()), known_of(world, 1)
    for verb in (
        lambda: Enrollment.objects.filter(pk=cover.pk).update(person=other.person, beneficiary=other),
        lambda: Beneficiary.objects.filter(pk=known_of(world).pk).update(person=elsewhere()),
        lambda: BeneficiaryCategory.objects.filter(beneficiary=known_of(world).pk).update(beneficiary=other),
    ):
        with pytest.raises(ProgrammingError, match="Cannot update rows"), transaction.atomic():
            verb()


def test_planted_faults_of_merges_are_found(world: World) -> None:
    one_voided()
    other = elsewhere()
    merged(world, other)
    cases = {
        "merged_people_hold_nothing": lambda: PersonDocument.objects.all().update(person=other),
        "every_merge_stands_or_is_undone": lambda: Person.objects.filter(pk=other.pk).update(merged_into=person_of(1)),
        "merged_rows_moved_whole": lambda: Enrollment.objects.filter(person=person_of(), pk__in=moved()).update(person=other),
    }

    def moved() -> list[int]:
        return list(MergedRow.objects.filter(kind="cover").values_list("row_id", flat=True))

    for name, plant in cases.items():
        with transaction.atomic():
            if name == "merged_rows_moved_whole":
                known = list(MergedRow.objects.filter(kind="known").values_list("row_id", flat=True))
                Beneficiary.objects.filter(pk__in=known).update(person=other)
            plant()
            assert name in {found for _number, found, _rows in broken()}, name
            transaction.set_rollback(True)
    assert broken() == []


def test_money_of_a_cover_given_up_balances_and_its_own_share_is_to_be_refunded_when_paid(world: World) -> None:
    theirs = Enrollment.objects.get(person=elsewhere())
    Enrollment.objects.filter(pk=theirs.pk).update(own_paid_at=timezone.now())
    receive_own(
        theirs.roster, theirs.own_share, program_id=theirs.program_id, people=1, by="system:test", at=timezone.now()
    )
    merged(world, elsewhere(), given_up=[theirs.pk])
    assert Event.objects.get(verb="person.merged").data["own"] == f"{theirs.own_share:.2f}" == "0.01"
    assert sum(part.amount for part in theirs.split.lines.all()) == theirs.premium - Decimal("0.01")
    assert broken() == []


def test_rosters_are_undone_after_a_merge_of_their_people_and_what_was_given_up_is_not_given_back_twice(world: World) -> None:
    other = elsewhere()
    theirs = Enrollment.objects.get(person=other)
    merged(world, other, given_up=[theirs.pk])
    before = {each.pk: each.used for each in Budget.objects.all()}
    roster = request_undo(Roster.objects.get(pk=theirs.roster_id), reason="名单发错了镇街", by=city_clerk(), at=timezone.now())
    approve_undo(roster, by=world.reviewer, at=timezone.now())
    drain()
    assert Roster.objects.get(pk=roster.pk).state == "undone"
    assert RosterRow.objects.get(roster=roster).kept == "ALREADY_ENDED"
    assert {each.pk: each.used for each in Budget.objects.all()} == before
    assert broken() == []
    first = Enrollment.objects.get(person=person_of(), state="in_force").roster
    approve_undo(
        request_undo(first, reason="名单发错了镇街", by=world.clerk, at=timezone.now()), by=world.reviewer, at=timezone.now()
    )
    drain()
    assert set(Enrollment.objects.values_list("state", flat=True)) == {"voided"}
    assert broken() == []


# -- pages -----------------------------------------------------------------------------------------------------------------


def test_a_clerk_finds_the_other_person_exactly_and_chooses_the_cover_that_goes(world: World) -> None:
    other, stays = elsewhere(), person_of()
    theirs = Enrollment.objects.get(person=other)
    clerk, reviewer = signed_in(city_clerk()), signed_in(world.reviewer)
    address = page("merge", stays)
    assert address in clerk.get(page("change", stays)).content.decode()
    assert page("unmerge", stays) not in clerk.get(page("change", stays)).content.decode()
    nobody = clerk.post(address, {"term": people(1, first=77)[0][2]})
    assert (nobody.status_code, errors_of(nobody)) == (409, "Nobody whom your office knows is found by that.")
    found = clerk.post(address, {"term": OTHER[2]})
    assert (found.status_code, found["Location"]) == (302, f"{address}?other={other.pk}")
    text = clerk.get(found["Location"]).content.decode()
    for said in (f"Person {stays.pk}, who stays", f"Person {other.pk}, who is merged", theirs.number, "99.00 yuan"):
        assert said in text
    assert OTHER[2] not in text
    given = {"beneficiary": known_of(world).pk, "reason": REASON}
    assert clerk.post(found["Location"], given).status_code == 200
    done = clerk.post(found["Location"], {**given, "goes_0": theirs.pk})
    change = PersonChange.objects.get()
    assert (done["Location"], change.given_up, change.other_id) == (page("change", change), [theirs.pk], other.pk)
    shown = reviewer.get(page("approve", change))
    assert theirs.number in shown.content.decode()
    answer = reviewer.post(page("approve", change), {"shown": shown.context["form"]["shown"].value()})
    assert (answer.status_code, PersonChange.objects.get().state) == (302, "approved")
    led = reviewer.get(page("change", other))
    assert (led.status_code, led["Location"]) == (302, page("change", stays))
    listed = reviewer.get(reverse("admin:beneficiaries_person_changelist")).context["cl"].result_list
    assert other.pk not in [each.pk for each in listed]
    for number in (OTHER[2], people(1)[0][2]):
        hits = reviewer.get(reverse("admin:beneficiaries_person_changelist"), {"q": number}).context["cl"].result_list
        assert [each.pk for each in hits] == [stays.pk]
    covers = reviewer.get(reverse("admin:beneficiaries_enrollment_changelist"), {"q": OTHER[2]}).context["cl"].result_list
    assert {each.pk for each in covers} == {theirs.pk, Enrollment.objects.get(person=stays, state="in_force").pk}
    undo = clerk.get(page("unmerge", stays))
    assert (undo.status_code, OTHER[2] in undo.content.decode()) == (200, False)
    clerk.post(page("unmerge", stays), given)
    back = PersonChange.objects.get(kind="unmerge")
    shown = reviewer.get(page("approve", back))
    reviewer.post(page("approve", back), {"shown": shown.context["form"]["shown"].value()})
    assert reviewer.get(page("change", other)).status_code == 200


def test_a_person_of_others_is_neither_found_nor_shown_beside(world: World) -> None:
    clerk = signed_in(world.clerk)
    address = page("merge", person_of())
    assert errors_of(clerk.post(address, {"term": OTHER[2]})) == "Nobody whom your office knows is found by that."
    assert clerk.get(f"{address}?other={elsewhere().pk}").status_code == 404
    assert clerk.get(f"{address}?other=x").status_code == 404
    merged(world, elsewhere(), given_up=[Enrollment.objects.get(person=elsewhere()).pk])
    assert clerk.get(page("change", Person.objects.get(merged_into__isnull=False))).status_code == 302


def test_a_number_held_by_an_own_person_leads_to_the_merge_with_both_side_by_side(world: World) -> None:
    second = person_of(1)
    response = signed_in(world.clerk).post(
        page("correct", person_of()),
        {
            "beneficiary": known_of(world).pk, "document": people(1, first=1)[0][2], "document_type": "resident_id",
            "former": "mistaken", "reason": REASON,
        },
        follow=True,
    )
    assert response.redirect_chain == [(f"{page('merge', person_of())}?other={second.pk}", 302)]
    assert f"Person {second.pk}, who is merged" in response.content.decode()
