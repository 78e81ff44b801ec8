"""Public notices: who is on the list, what of them is published, objections, and the step recorded for everybody else."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import restrict_person
from beneficiaries.gating import Gate, waiting_at
from beneficiaries.models import Enrollment, Person, Roster
from beneficiaries.testing import World, applied, make_world, people
from beneficiaries.tests.test_lapses import balances, money_of
from gates import actions, printing, tasks
from gates.errors import GatesRefused
from gates.models import Notice, NoticeLine, Objection, ObjectionReason, ObjectionState
from gates.testing import TERMS, made_notice, moment, posted_notice
from jobs.models import Job
from jobs.testing import drain
from portal.verify import check_all

pytestmark = pytest.mark.django_db
D = Decimal
VILLAGE, TOWN = "441602001001", "441602001"


def made() -> tuple[World, Roster]:
    """Three people of a village, one of them severely disabled, and two of its town."""
    world = make_world(**TERMS)
    rows = [*people(3), *people(2, first=10)]
    for line in rows[:3]:
        line[5] = VILLAGE
    for line in rows[3:]:
        line[5] = TOWN
    rows[1][7] = "重度残疾人"
    return world, applied(world, rows)


_django_db_helper, one_world, kept_world = shared(made)


def test_the_dead_hang_on_no_notice_and_none_is_recorded_for_them(kept_world: Any) -> None:
    world, roster = kept_world
    first, second, *_rest = roster.enrollments.order_by("pk")
    Person.objects.filter(pk=first.person_id).update(deceased_on=timezone.localdate())
    notice = posted_notice(world)
    assert (notice.people, notice.lines.filter(enrollment=first).exists()) == (4, False)
    Person.objects.filter(pk=second.person_id).update(deceased_on=timezone.localdate())
    actions.close_notice(notice, by=world.clerk, at=moment(notice.ends_on))
    drain()
    assert roster.enrollments.exclude(notice_passed_at=None).count() == 3
    assert broken() == []


def code_of(refused: Any) -> str:
    return refused.value.code


def text_of(notice: Notice, **asked: Any) -> str:
    return "".join(printing.document(notice, **asked))


def objected(world: World, notice: Notice, *, number: int = 1, **changes: Any) -> Objection:
    values: dict[str, Any] = {
        "region_code": VILLAGE, "number": number, "reason": ObjectionReason.MEANS, "text": "隔壁说他家有三套房",
        "received_on": timezone.localdate(), "by": world.clerk, "at": timezone.now(), **changes,
    }
    return actions.record_objection(notice, **values)


def broken() -> list[tuple[str, list[str]]]:
    return [(result.name, result.examples) for result in check_all() if result.rows]


def test_posting_fixes_the_list_by_village_and_number_and_another_person_does_it(kept_world: Any) -> None:
    world, _roster = kept_world
    draft = made_notice(world)
    assert (draft.state, draft.people, draft.lines.count()) == ("draft", 0, 0)
    with pytest.raises(GatesRefused) as refused:
        actions.post_notice(draft, by=world.clerk, at=timezone.now())
    assert code_of(refused) == "ANOTHER_POSTS"
    notice = actions.post_notice(draft, by=world.reviewer, at=timezone.now())
    assert (notice.state, notice.people, notice.villages, len(notice.digest)) == ("posted", 5, 2, 64)
    lines = notice.lines.order_by("region_code", "number").values_list("region_code", "number")
    assert list(lines) == [(TOWN, 1), (TOWN, 2), (VILLAGE, 1), (VILLAGE, 2), (VILLAGE, 3)]
    assert printing.villages_of(notice) == [(TOWN, "源城区上城街道", 2), (VILLAGE, printing.villages_of(notice)[1][1], 3)]
    event = Event.objects.get(verb="notice.posted")
    assert (event.actor_id, event.data) == (world.reviewer.pk, {"people": 5, "villages": 2})
    # Whoever is on a notice is on no second one.
    with pytest.raises(GatesRefused) as refused:
        posted_notice(world)
    assert code_of(refused) == "NOBODY_WAITS"
    assert Notice.objects.filter(state="draft").count() == 1
    assert broken() == []


def test_a_notice_names_whom_its_place_and_roster_say_and_no_office_beside(kept_world: Any) -> None:
    world, roster = kept_world
    notice = posted_notice(world, region_code=VILLAGE, roster=roster)
    assert set(notice.lines.values_list("region_code", flat=True)) == {VILLAGE}
    rest = posted_notice(world)
    assert (notice.people, rest.people) == (3, 2)
    with pytest.raises(GatesRefused) as refused:
        made_notice(world, organization=world.sibling, region_code="441621")
    assert code_of(refused) == "OUT_OF_SCOPE"
    with pytest.raises(GatesRefused) as refused:
        made_notice(world, region_code="4416")
    assert code_of(refused) == "OUT_OF_SCOPE"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"columns": ["name", "document"]}, "COLUMNS"), ({"columns": ["region"]}, "COLUMNS"), ({"days": 4}, "TOO_SHORT"),
        ({"starts_on": timezone.localdate() - timedelta(days=1)}, "STARTS_LATE"),
    ],
)
def test_what_the_law_or_the_plan_does_not_allow_is_refused(kept_world: Any, changes: Any, code: str) -> None:
    world, _roster = kept_world
    with pytest.raises(GatesRefused) as refused:
        made_notice(world, **changes)
    assert code_of(refused) == code
    assert not Notice.objects.exists()


def test_the_database_refuses_a_column_beyond_the_whitelist_and_a_maker_who_posts(kept_world: Any) -> None:
    world, _roster = kept_world
    notice = made_notice(world)
    for changes in ({"columns": ["name", "phone"]}, {"posted_by": world.clerk}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Notice.objects.filter(pk=notice.pk).update(**changes)


def test_the_print_shows_masked_names_places_and_allowed_categories_and_nothing_else(kept_world: Any) -> None:
    world, roster = kept_world
    notice = posted_notice(world)
    village = text_of(notice, place=VILLAGE)
    assert village.count('<section class="village">') == 1
    assert text_of(notice).count('<section class="village">') == 2
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", village)
    assert [cells[at : at + 2] for at in range(0, len(cells), 4)] == [["1", "李*"], ["2", "李*"], ["3", "李*"]]
    # The severely disabled person's cell stays empty, the two others are named.
    assert sorted(cells[3::4]) == ["", "低保对象", "低保对象"]
    for enrollment in roster.enrollments.select_related("person", "beneficiary"):
        for secret in (
            enrollment.person.name.reveal(), enrollment.person.document.reveal(), enrollment.beneficiary.phone.reveal(),
            enrollment.beneficiary.bank_account.reveal(),
        ):
            assert secret not in text_of(notice)
    assert "重度残疾人" not in text_of(notice)
    assert "0762-3380000" in village and "社会救助暂行办法" in village
    assert "<style>" in text_of(notice, as_file=True) and "<style>" not in village


def test_whoever_asked_that_their_data_only_be_kept_is_on_no_notice_and_on_no_print_of_an_earlier_one(kept_world: Any) -> None:
    world, roster = kept_world
    first, second = roster.enrollments.filter(region_code=VILLAGE).order_by("pk")[:2]
    given: dict[str, Any] = {"organization": world.office, "by": world.reviewer, "at": timezone.now()}
    restrict_person(first.person, **given)
    notice = posted_notice(world)
    assert notice.people == 4 and not notice.lines.filter(enrollment=first).exists()
    restrict_person(second.person, **given)
    assert len(re.findall(r'<td class="number">', text_of(notice, place=VILLAGE))) == 1


def test_an_objection_against_somebody_whose_data_is_only_kept_is_decided_without_their_name(
    kept_world: Any, settings: Any
) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    world, _roster = kept_world
    objection = objected(world, posted_notice(world))
    client = Client()
    client.force_login(world.reviewer, backend="accounts.backends.RoleBackend")
    pages = [
        reverse("admin:gates_objection_changelist"), reverse("admin:gates_objection_change", args=[objection.pk]),
        reverse("admin:gates_notice_change", args=[objection.notice_id]),
    ]
    name = str(objection.enrollment.person.name)
    assert [name in client.get(page).content.decode() for page in pages] == [True] * 3
    restrict_person(objection.enrollment.person, organization=world.office, by=world.reviewer, at=timezone.now())
    for page in pages:
        shown = client.get(page).content.decode()
        assert "（限制处理）" in shown and name not in shown
    decide = reverse("admin:gates_objection_decide", args=[objection.pk])
    assert client.get(decide).status_code == 200


def test_of_a_child_no_category_is_named_until_the_day_they_are_of_age(kept_world: Any) -> None:
    world, roster = kept_world
    notice = posted_notice(world)
    person = roster.enrollments.get(notice_lines__region_code=TOWN, notice_lines__number=1).person
    for years, days, shown in ((18, 0, True), (18, 1, False), (3, 0, False)):
        born = notice.starts_on.replace(year=notice.starts_on.year - years) + timedelta(days=days)
        type(person).objects.filter(pk=person.pk).update(birth_on=born)
        first = re.findall(r"<td[^>]*>([^<]*)</td>", text_of(notice, place=TOWN))[3]
        assert bool(first) is shown, (years, days)


def test_an_upheld_objection_takes_the_person_out_and_every_fen_goes_back(kept_world: Any) -> None:
    world, _roster = kept_world
    notice = posted_notice(world)
    objection = objected(world, notice, number=2)
    with pytest.raises(GatesRefused) as refused:
        objected(world, notice, number=2)
    assert code_of(refused) == "OBJECTED_ALREADY"
    with pytest.raises(GatesRefused) as refused:
        actions.decide_objection(
            objection, state=ObjectionState.UPHELD, decision="核实", by=world.clerk, at=timezone.now()
        )
    assert code_of(refused) == "ANOTHER_DECIDES"
    before = balances()
    decided = actions.decide_objection(
        objection, state=ObjectionState.UPHELD, decision="入户核实财产超标", by=world.reviewer, at=timezone.now()
    )
    cover = Enrollment.objects.get(pk=objection.enrollment_id)
    assert (decided.state, cover.state, cover.notice_passed_at) == ("upheld", "voided", None)
    assert money_of(world.foundation) == (D("0.00"), 4 * D("68.99"), D("68.99"))
    assert balances()["insurer_payable"] - before["insurer_payable"] == D("99.00")
    event = Event.objects.get(verb="objection.upheld")
    assert event.data == {"decision": "入户核实财产超标", "covers": 1}
    assert "三套房" not in str(list(Event.objects.values_list("data", flat=True)))
    numbers = re.findall(r'<td class="number">(\d+)</td>', text_of(notice, place=VILLAGE))
    assert numbers == ["1", "3"]
    with pytest.raises(GatesRefused) as refused:
        objected(world, notice, number=2)
    assert code_of(refused) == "NOT_WAITING"
    assert broken() == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"number": 4}, "NO_SUCH_LINE"), ({"region_code": "441602002"}, "NO_SUCH_LINE"),
        ({"received_on": timezone.localdate() - timedelta(days=1)}, "NOT_BEGUN"),
        ({"received_on": timezone.localdate() + timedelta(days=1)}, "DAYS_OVER"),
    ],
)
def test_an_objection_names_a_line_and_a_day_of_the_notice(kept_world: Any, changes: Any, code: str) -> None:
    world, _roster = kept_world
    with pytest.raises(GatesRefused) as refused:
        objected(world, posted_notice(world), **changes)
    assert code_of(refused) == code
    assert not Objection.objects.exists()


def test_a_notice_closes_when_its_days_are_over_and_nothing_is_open(kept_world: Any, monkeypatch: Any) -> None:
    world, roster = kept_world
    notice = posted_notice(world)
    objection = objected(world, notice, number=2)
    last, over = moment(notice.last_day), moment(notice.ends_on, 0)
    for at, code in ((last, "NOT_OVER"), (over, "OBJECTIONS_OPEN")):
        with pytest.raises(GatesRefused) as refused:
            actions.close_notice(notice, by=world.clerk, at=at)
        assert code_of(refused) == code
    assert actions.queue_closings(at=over) == []
    actions.decide_objection(
        objection, state=ObjectionState.UPHELD, decision="属实", by=world.reviewer, at=timezone.now()
    )
    assert actions.queue_closings(at=last) == []
    assert [job.subject_id for job in actions.queue_closings(at=over)] == [str(notice.pk)]
    assert actions.queue_closings(at=over) == []

    class Clock:
        now = staticmethod(lambda: over)

    monkeypatch.setattr(tasks, "timezone", Clock)
    monkeypatch.setattr("gates.actions.notices.BATCH", 2)
    drain()
    notice.refresh_from_db()
    assert (notice.state, notice.passed, notice.closed_at, notice.closed_by) == ("closed", 4, over, "system:notices")
    job = Job.objects.get(kind="gates.close_notice")
    assert (job.state, job.done, job.result) == ("done", 5, {"passed": 4, "in_force": 0})
    assert set(roster.enrollments.values_list("state", "notice_passed_at")) == {("awaiting", over), ("voided", None)}
    assert roster.enrollments.filter(waiting_at(Gate.OWN_PAYMENT)).count() == 4
    # One event a part and roster, none a person.
    assert [event.data["passed"] for event in Event.objects.filter(verb="roster.gate_passed").order_by("pk")] == [2, 1, 1]
    assert Event.objects.get(verb="notice.closed").data == {"passed": 4, "in_force": 0}
    assert broken() == []


def test_a_withdrawn_notice_counts_for_nobody_and_its_people_can_be_noticed_again(kept_world: Any) -> None:
    world, _roster = kept_world
    notice = posted_notice(world)
    withdrawn = actions.withdraw_notice(notice, reason="日期写错", by=world.reviewer, at=timezone.now())
    assert (withdrawn.state, NoticeLine.objects.filter(stands=True).count()) == ("withdrawn", 0)
    with pytest.raises(GatesRefused) as refused:
        actions.close_notice(notice, by=world.clerk, at=moment(notice.ends_on))
    assert code_of(refused) == "STATE"
    assert posted_notice(world).people == 5
    assert not Enrollment.objects.exclude(notice_passed_at=None).exists()
    assert broken() == []


def test_an_undone_roster_is_left_out_of_a_notice_that_closes(kept_world: Any) -> None:
    world, roster = kept_world
    notice = posted_notice(world)
    Roster.objects.filter(pk=roster.pk).update(
        state="undoing", undo_reason="x", undo_asked_by=world.clerk, undo_asked_at=world.at, undo_decided_by=world.reviewer
    )
    actions.close_notice(notice, by=world.clerk, at=moment(notice.ends_on))
    drain()
    notice.refresh_from_db()
    assert (notice.state, notice.passed) == ("closed", 0)
    assert not roster.enrollments.exclude(notice_passed_at=None).exists()
