"""People found by telephone and by the beginning of a name: within reach, whatever changed them, while keys change."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.testing import make_user
from audit import blind_index
from audit.errors import AuditRefused
from audit.faults import PlantedFault, handled_by
from audit.testing import shared
from beneficiaries import marking, people_search
from beneficiaries.actions import approve_roster, restrict_person, submit_roster, upload_roster
from beneficiaries.admin import searching
from beneficiaries.models import Beneficiary, DecisionKind, Enrollment, Person, Roster, RosterRow
from beneficiaries.models.person import MARK
from beneficiaries.models.roster import Purpose
from beneficiaries.people_search import Asked, asked_for
from beneficiaries.testing import World, csv_of, make_world, people
from beneficiaries.tests.changing import approved, known_of
from beneficiaries.tests.test_corrections import proposed as correction
from beneficiaries.tests.test_deciding import judge
from beneficiaries.tests.test_merges import proposed as merge
from beneficiaries.tests.test_merges import unmerged
from beneficiaries.tests.test_moves import proposed as move
from beneficiaries.tests.test_purposes import brought, who
from beneficiaries.tests.undone import applied, later_period, undone
from jobs.models import Job
from jobs.testing import drain, drain_through_failures
from portal.verify import check_all
from programs.testing import make_budget, make_funder

pytestmark = pytest.mark.django_db
NAMES = ("张三", "张三丰", "张四", "欧阳修", "欧阳", "李韦")
PHONES = ("13911110000", "13911110001", "", "0762-3380000", "13911110001", "13911110005")


def lines() -> list[list[str]]:
    """People 0 to 5 of the county's office."""
    found = people(len(NAMES))
    return [[name, *line[1:8], phone, *line[9:]] for name, phone, line in zip(NAMES, PHONES, found, strict=True)]


def made() -> World:
    """Six people of one office; one of its sibling's who has a name and a telephone of theirs."""
    world = make_world(requires_notice=False, requires_own_payment=False, requires_insurer_acceptance=False)
    applied(world, lines())
    county = make_funder("紫金县财政", organization=world.sibling, kind="government", region="441621")
    make_budget(county, period=world.period, granted=1000, maker=world.finance_maker, checker=world.finance_checker, at=world.at)
    clerk = make_user("hy-sibling", organization=world.sibling, role="clerk")
    make_user("hy-sibling-reviewer", organization=world.sibling, role="reviewer")
    make_user("hy-office-reviewer", organization=world.office, role="reviewer")
    make_user("hy-city-clerk", organization=world.city, role="clerk")
    line = people(1, county="441621", first=10)[0]
    there = upload_roster(
        [("名册.csv", csv_of([["张三", *line[1:8], "13911110000", *line[9:]]]))], period=world.period, organization=world.sibling,
        by=clerk, at=timezone.now(),
    )
    drain()
    there = submit_roster(Roster.objects.get(pk=there.pk), by=clerk, at=timezone.now())
    approve_roster(there, digest=there.digest, by=world.reviewer, at=timezone.now())
    drain()
    assert Enrollment.objects.count() == 7
    return world


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture
def world(settings: Any, kept_world: World) -> World:
    settings.SECOND_FACTOR_REQUIRED = False
    return kept_world


def found(term: str, *, by: User) -> list[str]:
    """Names within reach that a term finds, one for each person."""
    asked = asked_for(term, by=by)
    assert asked.people is not None and not asked.partly
    seen = Person.objects.visible_to(by, "beneficiaries.view_person").filter(pk__in=asked.people)
    return sorted(person.name.reveal() for person in seen)


def all_true() -> None:
    """Everybody is marked, and by what stands of them."""
    assert not marking.unfinished()
    assert [each.name for each in check_all() if each.rows] == []


@pytest.mark.parametrize(
    ("term", "names"),
    [
        ("张", ["张三", "张三丰", "张四"]), ("张三", ["张三", "张三丰"]), ("张三丰", ["张三丰"]), ("欧", ["欧阳", "欧阳修"]),
        ("欧 阳", ["欧阳", "欧阳修"]), ("三", []), ("欧阳修修", []), ("王", []),
        ("13911110000", ["张三"]), ("+86 139-1111-0001", ["张三丰", "欧阳"]), ("１３９１１１１０００５", ["李韦"]),
        ("0762-3380000", ["欧阳修"]), ("07623380000", ["欧阳修"]), ("13911119999", []), ("1391111000", []),
    ],
)
def test_an_office_finds_its_own_people_and_nobody_elses(world: World, term: str, names: list[str]) -> None:
    assert found(term, by=world.clerk) == names


def test_the_city_finds_those_of_all_its_offices(world: World) -> None:
    assert found("张三", by=world.reviewer) == ["张三", "张三", "张三丰"]
    assert found("13911110000", by=world.reviewer) == ["张三", "张三"]
    assert found("张三", by=User.objects.get(username="hy-sibling")) == ["张三"]
    assert found("欧阳", by=User.objects.get(username="hy-sibling")) == []


def test_whoever_may_see_no_people_finds_none_by_these_ways(world: World) -> None:
    asked = asked_for("13911110000", by=world.foundation_maker)
    assert asked == Asked("13911110000", [])
    assert asked_for("张", by=world.foundation_maker).people == []


def test_whose_data_is_restricted_is_found_by_neither(world: World) -> None:
    person = Person.objects.with_document(who(1)["document"]).get()
    restrict_person(person, organization=world.office, by=world.reviewer, at=timezone.now())
    assert found("张三", by=world.reviewer) == ["张三", "张三"]
    assert found("13911110001", by=world.clerk) == ["欧阳"]


# -- Whatever changes them ---------------------------------------------------------------------------------------------


def test_a_corrected_name_is_found_by_its_new_beginning_alone(world: World) -> None:
    approved(correction(world, 1, name="武当"), by=world.reviewer)
    assert (found("张三", by=world.clerk), found("武", by=world.clerk)) == (["张三"], ["武当"])
    all_true()


def test_an_update_changes_the_telephone_that_finds_somebody_and_leaves_the_others(world: World) -> None:
    changed = brought(world, Purpose.UPDATE, [{"name": "张三丰", "document": who(1)["document"], "phone": "139 2222 3333"}])
    changed = submit_roster(changed, by=world.clerk, at=timezone.now())
    approve_roster(changed, digest=changed.digest, by=world.reviewer, at=timezone.now())
    drain()
    assert (found("13911110001", by=world.clerk), found("13922223333", by=world.clerk)) == (["欧阳"], ["张三丰"])
    assert found("张三", by=world.clerk) == ["张三", "张三丰"]
    all_true()


def test_the_undo_of_a_roster_gives_back_the_telephone_that_was_there_before(world: World) -> None:
    changed = [[*line[:8], "13933334444", *line[9:]] for line in lines()[:3]]
    wrong = applied(world, changed, period=later_period(world, 1))
    assert found("13933334444", by=world.clerk) == ["张三", "张三丰", "张四"]
    undone(world, wrong)
    assert found("13933334444", by=world.clerk) == []
    assert (found("13911110000", by=world.clerk), found("13911110001", by=world.clerk)) == (["张三"], ["张三丰", "欧阳"])
    all_true()


def test_a_line_that_only_adds_fills_the_telephone_that_was_missing_and_writes_over_none(world: World) -> None:
    applied(world, [[*line[:8], "13944445555", *line[9:]] for line in lines()[1:3]], name="加.csv")
    assert found("13944445555", by=world.clerk) == ["张四"]
    all_true()


def test_the_name_that_a_decision_leaves_is_the_one_that_finds(world: World) -> None:
    """Two lines of other names: of one person the registered name stays, of the other the new one counts."""
    other = User.objects.get(username="hy-sibling")
    roster = upload_roster(
        [("名册.csv", csv_of([["赵改名", *line[1:5], "441621", *line[6:]] for line in lines()[:2]]))], period=world.period,
        organization=world.sibling, by=other, at=timezone.now(),
    )
    drain()
    Enrollment.objects.filter(person__in=Person.objects.with_document(who(0)["document"]).values("pk")).update(state="ended")
    rows = list(RosterRow.objects.filter(roster=roster).order_by("pk"))
    assert [row.verdict for row in rows] == [5, 5]
    period = later_period(world, 1)
    roster = upload_roster(
        [("名册.csv", csv_of([["赵改名", *line[1:]] for line in lines()[:2]]))], period=period, organization=world.office,
        by=world.clerk, at=timezone.now(),
    )
    drain()
    rows = list(RosterRow.objects.filter(roster=roster).order_by("pk"))
    judge(roster, DecisionKind.SAME, rows=(rows[0].pk,))
    judge(roster, DecisionKind.CORRECT, rows=(rows[1].pk,))
    roster = submit_roster(Roster.objects.get(pk=roster.pk), by=world.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()
    assert (found("张三", by=world.clerk), found("赵", by=world.clerk)) == (["张三"], ["赵改名"])
    assert not marking.unfinished() and list(marking.wrong_marks()) == []


def test_people_who_are_merged_are_found_by_the_name_that_stays_and_apart_again(world: World) -> None:
    other = Person.objects.with_document(people(1, county="441621", first=10)[0][2]).get()
    approved(merge(world, other, number=5, given_up=list(Enrollment.objects.filter(person=other).values_list("pk", flat=True)),
                   by=User.objects.get(username="hy-city-clerk")), by=world.reviewer)
    assert found("李", by=User.objects.get(username="hy-sibling")) == ["李韦"]
    assert found("13911110000", by=world.reviewer) == ["张三", "李韦"]
    all_true()
    unmerged(world, 5)
    assert found("李", by=User.objects.get(username="hy-sibling")) == []
    assert found("张三", by=User.objects.get(username="hy-sibling")) == ["张三"]
    all_true()


def test_an_office_that_takes_somebody_over_finds_them_by_name(world: World) -> None:
    approved(move(world, "441621", number=3), by=User.objects.get(username="hy-sibling-reviewer"))
    assert known_of(world, 3).phone is not None
    assert found("欧阳", by=User.objects.get(username="hy-sibling")) == ["欧阳修"]
    assert found("07623380000", by=User.objects.get(username="hy-sibling")) == []
    all_true()


# -- Old rows, keys, limits --------------------------------------------------------------------------------------------


def unmark() -> None:
    Beneficiary.objects.update(name_mark_a=None, phone_mark_a=None)


def test_while_old_rows_are_marked_the_search_says_that_somebody_may_be_missing(world: World) -> None:
    unmark()
    exact = sorted(Person.objects.with_name("张三").values_list("pk", flat=True))
    assert asked_for("张三", by=world.clerk) == Asked("张三", exact, partly=True)
    page = signed_in(world.clerk).get(reverse("admin:beneficiaries_person_changelist"), {"q": "张三"}).content.decode()
    assert "正在准备" in page
    job = marking.queue_marking(at=timezone.now())
    assert job is not None and marking.queue_marking(at=timezone.now()) is None
    drain()
    job.refresh_from_db()
    assert (job.state, job.result) == ("done", {"marked": 7})
    assert found("张三", by=world.clerk) == ["张三", "张三丰"]
    assert marking.queue_marking(at=timezone.now()) is None
    all_true()


def test_marking_goes_on_after_the_step_that_was_committed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    unmark()
    monkeypatch.setattr(marking, "BATCH", 3)
    marking.queue_marking(at=timezone.now())
    seen: list[str] = []

    def second(name: str) -> None:
        seen.append(name)
        if seen.count("beneficiaries.mark.after") == 2 and name == "beneficiaries.mark.after":
            raise PlantedFault(name)

    with handled_by(second), pytest.raises(PlantedFault):
        drain()
    assert Beneficiary.objects.unmarked().count() == 4
    drain_through_failures()
    assert Job.objects.get(kind=marking.KIND).state == "done"
    all_true()


def test_a_row_staged_by_an_earlier_release_is_marked_when_it_is_applied(world: World) -> None:
    roster = upload_roster(
        [("晚.csv", csv_of(people(2, first=30)))], period=world.period, organization=world.office, by=world.clerk, at=timezone.now()
    )
    drain()
    RosterRow.objects.filter(roster=roster).update(name_mark_a=None, phone_mark_a=None)
    # No part of what is approved: the digest stays what it was.
    roster = submit_roster(Roster.objects.get(pk=roster.pk), by=world.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()
    assert len(found("13800138000", by=world.clerk)) == 2
    all_true()


def test_the_search_goes_on_while_its_key_is_changed_and_waits_for_rows_staged_before(world: World) -> None:
    roster = upload_roster(
        [("晚.csv", csv_of(people(1, first=30)))], period=world.period, organization=world.office, by=world.clerk, at=timezone.now()
    )
    drain()
    blind_index.begin_rebuild(MARK, at=timezone.now())
    assert found("张三", by=world.clerk) == ["张三", "张三丰"]
    approved(correction(world, 0, name="武大"), by=world.reviewer)
    assert blind_index.rebuild(MARK) == 11
    with pytest.raises(AuditRefused) as refused:
        blind_index.finish_rebuild(MARK, at=timezone.now())
    assert refused.value.code == "INDEX_NOT_BUILT"
    roster = submit_roster(Roster.objects.get(pk=roster.pk), by=world.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()
    blind_index.rebuild(MARK)
    blind_index.finish_rebuild(MARK, at=timezone.now())
    assert blind_index.active_slot(MARK) == "b"
    assert (found("张三", by=world.clerk), found("武", by=world.clerk)) == (["张三丰"], ["武大"])
    assert found("13911110001", by=world.clerk) == ["张三丰", "欧阳"]
    all_true()


def test_more_than_can_be_shown_are_cut_and_the_page_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people_search, "MOST", 2)
    for looked_at in (20_000, 1):
        monkeypatch.setattr(people_search, "LOOKED_AT", looked_at)
        asked = asked_for("张", by=world.reviewer)
        assert asked.more and asked.people is not None and len(asked.people) == 2
    monkeypatch.setattr(searching, "MOST", 2)
    page = signed_in(world.clerk).get(reverse("admin:beneficiaries_enrollment_changelist"), {"q": "张"}).content.decode()
    assert page.count("符合的人超过 2 人") == 1
    monkeypatch.setattr(people_search, "MOST", 200)
    monkeypatch.setattr(searching, "MOST", 200)
    monkeypatch.setattr(people_search, "LOOKED_AT", 1)
    monkeypatch.setattr(people_search, "OF_EACH", 1)
    monkeypatch.setattr(people_search, "OF_ALL", 1)
    assert asked_for("欧阳", by=world.reviewer).more
    page = signed_in(world.reviewer).get(reverse("admin:beneficiaries_enrollment_changelist"), {"q": "欧阳"}).content.decode()
    assert page.count("可能符合的人太多") == 1 and page.count("符合的人超过") == 0


def test_a_mark_that_is_not_its_persons_is_found_by_verify(world: World) -> None:
    known = known_of(world, 1)
    Beneficiary.objects.filter(pk=known.pk).update(name_mark_a=(known.name_mark_a or 0) ^ 1)
    other = known_of(world, 2)
    Beneficiary.objects.filter(pk=other.pk).update(phone_mark_a=7)
    [wrong] = [each for each in check_all() if each.rows]
    assert (wrong.name, wrong.rows, wrong.examples) == ("marks_are_of_their_people", 2, sorted([str(known.pk), str(other.pk)]))


# -- Pages -------------------------------------------------------------------------------------------------------------


def signed_in(user: User) -> Client:
    """A browser that reads Chinese."""
    client = Client(HTTP_ACCEPT_LANGUAGE="zh-hans")
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


@pytest.mark.parametrize(
    ("model", "term", "rows"), [("person", "张", 3), ("enrollment", "139-1111-0001", 2), ("enrollment", "欧阳", 2)]
)
def test_lists_find_by_both_and_ask_as_much_of_many_as_of_few(world: World, model: str, term: str, rows: int) -> None:
    client, address = signed_in(world.clerk), reverse(f"admin:beneficiaries_{model}_changelist")

    def asked(what: str) -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            page = client.get(address, {"q": what})
        return len(page.context["cl"].result_list), len(queries)

    asked(term)
    number, many = asked(term)
    assert number == rows
    assert asked("李韦")[1] == many or term[0].isdigit()
