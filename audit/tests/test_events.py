"""The chain under attack and under concurrency; what an event may hold; who reads a timeline."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.testing import make_user
from audit import events
from audit.errors import PersonalDataRefused
from audit.models import Event, Seal, UnsealedEvent
from audit.testing import Stepper, fault_at
from audit.tests.conftest import Places, make_places
from beneficiaries.models import Person

pytestmark = pytest.mark.django_db


def tamper(*statements: str) -> None:
    """As someone who holds the database."""
    with connection.cursor() as cursor:
        for table in ("audit_event", "audit_seal"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)


def record(places: Places, count: int = 3, **data: Any) -> list[Event]:
    return [
        events.record("test.done", places.own, by="system:test", at=timezone.now(), organization=places.own, data=data)
        for _number in range(count)
    ]


def sealed(places: Places, count: int = 5) -> list[Event]:
    made = record(places, count)
    events.seal_events(at=timezone.now())
    return made


def test_every_column_of_an_event_is_sealed(places: Places) -> None:
    event = sealed(places)[2]
    names = {field.name for field in Event._meta.fields}
    assert set(json.loads(events.canonical(event))) == names
    changes = {
        "at": "'2020-01-01T00:00Z'", "actor_id": "-7", "organization_id": "-7", "program_id": "-7", "data": "'{\"n\": 1}'",
    }
    for name in sorted(names - {"id"}):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            value = changes.get(name, "'x'")
            tamper(f"UPDATE audit_event SET {name} = {value} WHERE id = {event.pk}")
            place = Seal.objects.get(event_id=event.pk).position
            assert events.verify_chain().broken == [f"event {event.pk}: does not fit its seal {place}"], name
            raise ZeroDivisionError


def test_only_the_row_that_was_altered_is_named(places: Places) -> None:
    event = sealed(places)[1]
    tamper(f"UPDATE audit_event SET actor = 'x' WHERE id = {event.pk}")
    assert len(events.verify_chain().broken) == 1


def test_a_removed_seal_is_named_with_the_event_that_lost_it(places: Places) -> None:
    event = sealed(places)[1]
    place = Seal.objects.get(event_id=event.pk).position
    tamper(f"DELETE FROM audit_seal WHERE event_id = {event.pk}")
    assert events.verify_chain().broken == [
        f"seal {place}: is missing (the next is {place + 1})", f"event {event.pk}: has no seal and does not wait for one",
    ]


def test_a_removed_last_seal_shows_by_its_event(places: Places) -> None:
    event = sealed(places)[-1]
    tamper(f"DELETE FROM audit_seal WHERE event_id = {event.pk}")
    assert events.verify_chain().broken == [f"event {event.pk}: has no seal and does not wait for one"]


def test_an_end_cut_off_with_its_seals_shows_by_a_head_that_was_kept(places: Places) -> None:
    event = sealed(places)[-1]
    head = events.verify_chain().head
    assert events.verify_chain(head=head).broken == []
    place = Seal.objects.get(event_id=event.pk).position
    tamper(f"DELETE FROM audit_seal WHERE event_id = {event.pk}", f"DELETE FROM audit_event WHERE id = {event.pk}")
    assert events.verify_chain().broken == []
    assert events.verify_chain(head=head).broken == [f"seal {place}: is missing, but was the head of the chain"]


def test_a_chain_written_anew_shows_by_a_head_that_was_kept(places: Places) -> None:
    event = sealed(places)[0]
    head = events.verify_chain().head
    place = Seal.objects.latest("position").position
    tamper(
        f"UPDATE audit_event SET actor = 'x' WHERE id = {event.pk}", "DELETE FROM audit_seal",
        "INSERT INTO audit_unsealedevent (event_id) SELECT id FROM audit_event",
    )
    events.seal_events(at=timezone.now())
    assert events.verify_chain().broken == []
    assert events.verify_chain(head=head).broken == [f"seal {place}: is not what it was as head"]


def test_an_event_removed_before_its_seal_is_named_and_holds_up_no_other(places: Places) -> None:
    gone, *kept = record(places)
    tamper(f"DELETE FROM audit_event WHERE id = {gone.pk}")
    events.seal_events(at=timezone.now())
    report = events.verify_chain()
    assert report.broken == [f"event {gone.pk}: was removed before it was sealed"]
    assert Seal.objects.filter(event_id__in=[event.pk for event in kept]).count() == 2
    assert events.seal_events(at=timezone.now()) == 0


def test_the_tail_that_waits_is_reported_with_its_age(places: Places) -> None:
    sealed(places)
    first, _second = record(places, 2)
    report = events.verify_chain()
    assert (report.unsealed, report.oldest_unsealed_at, report.broken) == (2, first.at, [])


def test_sealing_in_small_steps_gives_one_chain(places: Places) -> None:
    record(places, 7)
    waiting = UnsealedEvent.objects.count()
    steps = []
    while (done := events.seal_events(at=timezone.now(), limit=3)) > 0:
        steps.append(done)
    assert sum(steps) == waiting and max(steps) == 3
    assert list(Seal.objects.order_by("position").values_list("position", flat=True)) == list(range(1, waiting + 1))
    assert events.verify_chain().broken == []


@pytest.mark.parametrize("point", ["audit.seal.before", "audit.seal.after"])
def test_a_sealer_that_dies_leaves_the_chain_whole(places: Places, point: str) -> None:
    record(places)
    waiting = UnsealedEvent.objects.count()
    with pytest.raises(Exception, match=point), fault_at(point), transaction.atomic():
        events.seal_events(at=timezone.now())
    assert (Seal.objects.count(), UnsealedEvent.objects.count()) == (0, waiting)
    assert events.seal_events(at=timezone.now()) == waiting
    assert events.verify_chain().broken == []


@pytest.mark.django_db(transaction=True)
def test_commits_out_of_order_are_all_sealed() -> None:
    places = make_places()

    def slowly() -> int:
        with transaction.atomic():
            made = record(places, 1)[0].pk
            events.fault_point("test.recorded")
        return made

    with Stepper() as stepper:
        slow = stepper.start(slowly, stop_at="test.recorded")
        quick = record(places, 1)[0]
        events.seal_events(at=timezone.now())
        slow.go_on()
        late = slow.result()
    assert late < quick.pk
    assert events.seal_events(at=timezone.now()) == 1
    assert Seal.objects.get(event_id=late).position > Seal.objects.get(event_id=quick.pk).position
    assert events.verify_chain().broken == []


@pytest.mark.django_db(transaction=True)
def test_two_sealers_at_once_make_one_chain() -> None:
    places = make_places()
    record(places)
    waiting = UnsealedEvent.objects.count()
    with Stepper() as stepper:
        first = stepper.start(lambda: events.seal_events(at=timezone.now()), stop_at="audit.seal.before")
        second = stepper.start(lambda: events.seal_events(at=timezone.now()))
        assert second.result() == 0
        first.go_on()
        assert first.result() == waiting
    assert events.verify_chain().broken == []


def test_a_rolled_back_change_leaves_no_event(places: Places) -> None:
    before = Event.objects.count()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record(places)
        raise ZeroDivisionError
    assert (Event.objects.count(), UnsealedEvent.objects.count()) == (before, before)


@pytest.mark.parametrize("text", ["441602196203151219", "44160219620315121X", "卡6228480000000007号", "441602620315121"])
def test_numbers_of_people_are_refused(places: Places, text: str) -> None:
    with pytest.raises(PersonalDataRefused):
        record(places, 1, reason=f"见 {text}")


@pytest.mark.parametrize(
    "text", ["0123456789012345678901234567890123456789012345678901234567890abc", "13812345678", "2026-11-24T15:00:00.123456"]
)
def test_digests_times_and_short_numbers_are_no_numbers_of_people(places: Places, text: str) -> None:
    assert record(places, 1, digest=text)[0].data == {"digest": text}


def test_a_user_named_like_a_document_is_recorded_by_number(places: Places) -> None:
    user = make_user("441602196203151219", organization=places.own)
    event = events.record("test.done", places.own, by=user, at=timezone.now())
    assert (event.actor, event.actor_id) == (f"user {user.pk}", user.pk)


def test_a_sentence_that_lacks_its_data_is_shown_with_its_places(places: Places) -> None:
    assert events.sentence(Event(verb="user.unlocked", data={})) == "账号已解锁，清除失败记录 %(forgotten)d 条。"
    assert events.sentence(Event(verb="no.such", data={})) == "no.such"


def test_a_timeline_of_what_several_offices_share_tells_each_its_own(places: Places, at: datetime) -> None:
    person = Person.objects.create(
        name="张三", document="E12345678", document_type="passport", created_at=at, identity_index_a=b"1" * 16
    )
    own, foreign = (make_user(organization=office, role="clerk") for office in (places.own, places.foreign))
    for office, user in ((places.own, own), (places.foreign, foreign)):
        events.record(
            "personal_data.revealed", person, by=user, at=at, organization=office, region_code=office.region_code,
            data={"minutes": 15},
        )
    assert [entry.actor for entry in events.timeline(person, to=own)] == [own.username]
    assert [entry.actor for entry in events.timeline(person, to=foreign)] == [foreign.username]
    assert events.timeline(person) == []


def test_a_timeline_says_who_what_and_whether_it_is_sealed(places: Places, at: datetime) -> None:
    events.seal_events(at=at)
    events.record("organization.closed", places.own, by="system:test", at=at, organization=places.own)
    newest, *older = events.timeline(places.own)
    assert (newest.actor, newest.sentence, newest.sealed) == ("系统", "机构已停用。", False)
    assert [(entry.sentence, entry.sealed) for entry in older] == [("机构已建立。", True)]
