"""Blind indexes: exact and keyed; a second slot is built while both stay readable; no writer is missed by the switch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Q

from audit import blind_index, keys
from audit.blind_index import BlindIndex
from audit.errors import AuditRefused
from audit.models import DataKey, Event
from audit.testing import Stepper
from beneficiaries.models import Person
from beneficiaries.registration import _identity_of

pytestmark = pytest.mark.django_db
PURPOSE, STEM = "test.identity", "identity_index"


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Person's identity under a purpose of our own."""
    monkeypatch.setattr(blind_index, "_registered", {})
    monkeypatch.setattr(blind_index, "_waiting", {})
    blind_index.register(BlindIndex(PURPOSE, "beneficiaries.Person", STEM, _identity_of))
    yield


def make_person(number: int, at: datetime) -> Person:
    document = f"E{number:08d}"
    with transaction.atomic():
        return Person.objects.create(
            name="张三", document=document, document_type="passport", created_at=at,
            **blind_index.slot_values(PURPOSE, STEM, f"passport|{document}"),
        )


def found(number: int) -> list[Person]:
    return list(Person.objects.filter(blind_index.lookup(PURPOSE, STEM, f"passport|E{number:08d}")))


def test_values_are_exact_keyed_and_sixteen_bytes() -> None:
    value = blind_index.index_value(PURPOSE, "甲")
    assert len(value) == 16
    assert blind_index.index_many(PURPOSE, ["甲", None, "", "乙"])[:3] == [value, None, None]
    assert blind_index.index_value("test.other", "甲") != value


@pytest.mark.parametrize("digest", ["sha256", "sm3"])
def test_the_digest_stays_with_its_key_when_the_setting_changes(settings: Any, digest: str) -> None:
    settings.INDEX_DIGEST = digest
    value = blind_index.index_value(PURPOSE, "甲")
    settings.INDEX_DIGEST = {"sha256": "sm3", "sm3": "sha256"}[digest]
    keys.forget()
    assert blind_index.index_value(PURPOSE, "甲") == value


def test_a_first_row_fills_one_slot_and_a_row_during_the_rebuild_both(at: datetime) -> None:
    first = make_person(1, at)
    assert (first.identity_index_a is not None, first.identity_index_b) == (True, None)
    blind_index.begin_rebuild(PURPOSE, at=at)
    assert blind_index.written_slots(PURPOSE) == ["a", "b"]
    second = make_person(2, at)
    assert None not in (second.identity_index_a, second.identity_index_b)
    assert blind_index.active_slot(PURPOSE) == "a"
    assert [found(1), found(2)] == [[first], [second]]


def test_the_new_slot_answers_only_when_every_row_has_it(at: datetime) -> None:
    people = [make_person(number, at) for number in range(5)]
    blind_index.begin_rebuild(PURPOSE, at=at)
    with pytest.raises(AuditRefused, match="缺 5 行"):
        blind_index.finish_rebuild(PURPOSE, at=at)
    assert blind_index.rebuild(PURPOSE) == 5
    assert blind_index.rebuild(PURPOSE) == 0
    blind_index.finish_rebuild(PURPOSE, at=at)
    assert blind_index.active_slot(PURPOSE) == "b"
    assert blind_index.written_slots(PURPOSE) == ["b"]
    assert [found(number) for number in range(5)] == [[person] for person in people]
    assert list(Event.objects.filter(subject_type="audit.datakey").order_by("id").values_list("verb", flat=True)) == [
        "index.rebuild_begun", "index.switched",
    ]


def test_a_second_rotation_comes_back_to_the_first_slot_with_fresh_values(at: datetime) -> None:
    person = make_person(1, at)
    old = bytes(Person.objects.get().identity_index_a)
    for slot in ("b", "a"):
        blind_index.begin_rebuild(PURPOSE, at=at)
        blind_index.rebuild(PURPOSE)
        blind_index.finish_rebuild(PURPOSE, at=at)
        assert blind_index.active_slot(PURPOSE) == slot
        assert found(1) == [person]
    assert bytes(Person.objects.get().identity_index_a) != old
    assert DataKey.objects.filter(kind="index", purpose=PURPOSE).count() == 3


def test_a_rebuild_goes_on_where_it_was_stopped(at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blind_index, "BATCH", 2)
    for number in range(5):
        make_person(number, at)
    blind_index.begin_rebuild(PURPOSE, at=at)

    def stop(filled: int) -> None:
        if filled == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        blind_index.rebuild(PURPOSE, on_batch=stop)
    assert Person.objects.filter(identity_index_b=None).count() == 1
    assert blind_index.rebuild(PURPOSE) == 1


def test_a_second_rebuild_at_once_is_refused(at: datetime) -> None:
    make_person(1, at)
    blind_index.begin_rebuild(PURPOSE, at=at)
    with pytest.raises(AuditRefused, match="正在重建"):
        blind_index.begin_rebuild(PURPOSE, at=at)


def test_rows_that_wait_elsewhere_hold_the_switch(at: datetime) -> None:
    waiting = [3]
    blind_index.register_waiting(PURPOSE, lambda slot: waiting[0] if slot == "b" else 99)
    make_person(1, at)
    blind_index.begin_rebuild(PURPOSE, at=at)
    blind_index.rebuild(PURPOSE)
    with pytest.raises(AuditRefused, match="缺 3 行"):
        blind_index.finish_rebuild(PURPOSE, at=at)
    waiting[0] = 0
    blind_index.finish_rebuild(PURPOSE, at=at)


def test_a_row_whose_text_nobody_can_read_any_more_is_found_by_nobody(at: datetime) -> None:
    lost, kept = make_person(1, at), make_person(2, at)
    DataKey.objects.filter(kind="data").update(retired_at=at)
    keys.forget()
    Person.objects.filter(pk=kept.pk).update(document="E00000002")
    DataKey.objects.filter(kind="data", retired_at=at).update(wrapped=None, destroyed_at=at)
    keys.forget()
    blind_index.begin_rebuild(PURPOSE, at=at)
    assert blind_index.rebuild(PURPOSE) == 2
    blind_index.finish_rebuild(PURPOSE, at=at)
    assert [found(1), found(2)] == [[], [kept]]
    assert len(bytes(Person.objects.get(pk=lost.pk).identity_index_b)) == 16


@pytest.mark.django_db(transaction=True)
def test_a_rebuild_begins_after_the_writer_that_knows_one_slot_only(at: datetime) -> None:
    make_person(1, at)

    def begin() -> str:
        return blind_index.begin_rebuild(PURPOSE, at=at).slot

    with Stepper() as stepper:
        writer = stepper.start(lambda: _write_slowly(at), stop_at="test.written")
        beginner = stepper.start(begin)
        assert beginner.waits()
        writer.go_on()
        writer.result()
        assert beginner.result() == "b"
    assert blind_index.rebuild(PURPOSE) == 2
    blind_index.finish_rebuild(PURPOSE, at=at)
    assert len(found(2)) == 1


def _write_slowly(at: datetime) -> None:
    with transaction.atomic():
        make_person(2, at)
        blind_index.fault_point("test.written")


def test_a_lookup_asks_one_slot_with_its_own_key() -> None:
    assert blind_index.lookup(PURPOSE, STEM, "甲") == Q(identity_index_a=blind_index.index_value(PURPOSE, "甲"))
