"""Reveals: a reason, an event, a quarter of an hour, a cap that no race passes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.testing import make_user
from audit import reveals
from audit.errors import AuditRefused
from audit.models import Event, Reveal
from audit.testing import Stepper, fault_at, sweep

pytestmark = pytest.mark.django_db


def open_phone(subject: User, *, by: User, at: datetime, **changed: Any) -> Reveal:
    given = {"fields": ["phone"], "reason": "电话核对身份", "organization": by.organization, **changed}
    return reveals.reveal(subject, by=by, at=at, **given)


@pytest.fixture
def by(db: None) -> User:
    return make_user()


@pytest.fixture
def subject(db: None) -> User:
    return make_user(phone="13812345678")


def test_a_reveal_leaves_its_row_and_its_event(subject: User, by: User, at: datetime) -> None:
    shown = open_phone(subject, by=by, at=at, reason="  电话 \n 核对身份 ")
    assert (shown.reason, shown.actor, shown.user_id) == ("电话 核对身份", by.username, by.pk)
    event = Event.objects.get(verb="personal_data.revealed")
    assert (event.subject_id, event.actor_id, event.at) == (str(subject.pk), by.pk, at)
    assert event.data == {"fields": ["phone"], "minutes": 15}
    assert "138" not in str(event.data) + shown.reason


def test_it_ends_after_fifteen_minutes_for_this_user_and_object_alone(subject: User, by: User, at: datetime) -> None:
    open_phone(subject, by=by, at=at)
    minute = timedelta(minutes=1)
    moments = [(at - minute, 0), (at, 1), (at + 15 * minute - timedelta(seconds=1), 1), (at + 15 * minute, 0)]
    assert [len(reveals.revealed_fields(subject, to=by, at=moment)) for moment, _shown in moments] == [
        shown for _moment, shown in moments
    ]
    assert reveals.revealed_fields(subject, to=make_user(), at=at) == frozenset()
    assert reveals.revealed_fields(by, to=by, at=at) == frozenset()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"reason": ""}, "REVEAL_REASON"), ({"reason": " 核 对\n"}, "REVEAL_REASON"),
        ({"reason": "核对" * 101}, "REVEAL_REASON_LONG"), ({"reason": "核对 441602196203151219"}, "PERSONAL_DATA"),
        ({"fields": ["password"]}, "REVEAL_FIELD"), ({"fields": ["no_such"]}, "REVEAL_FIELD"),
        ({"fields": []}, "REVEAL_FIELD"), ({"fields": ["phone", "username"]}, "REVEAL_FIELD"),
    ],
)
def test_what_is_refused_leaves_nothing(subject: User, by: User, at: datetime, changed: Any, code: str) -> None:
    before = Event.objects.count()
    with pytest.raises(AuditRefused) as refused:
        open_phone(subject, by=by, at=at, **changed)
    assert refused.value.code == code
    assert str(refused.value)
    assert (Reveal.objects.count(), Event.objects.count()) == (0, before)


def test_the_cap_counts_objects_of_one_day(subject: User, by: User, settings: Any) -> None:
    settings.REVEALS_PER_DAY = 2
    at = timezone.localtime().replace(hour=12)
    others = [make_user(phone="13900000000") for _number in range(2)]
    open_phone(subject, by=by, at=at)
    open_phone(subject, by=by, at=at)
    open_phone(others[0], by=by, at=at)
    with pytest.raises(AuditRefused, match="2 人"):
        open_phone(others[1], by=by, at=at)
    open_phone(others[0], by=by, at=at)
    open_phone(others[1], by=make_user(), at=at)
    open_phone(others[1], by=by, at=at + timedelta(days=1))


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_do_not_pass_the_cap_together(settings: Any, at: datetime) -> None:
    settings.REVEALS_PER_DAY = 1
    by = make_user()
    first, second = (make_user(phone="13900000000") for _number in range(2))
    with Stepper() as stepper:
        one = stepper.start(lambda: open_phone(first, by=by, at=at), stop_at="audit.reveal.after")
        two = stepper.start(lambda: open_phone(second, by=by, at=at))
        assert two.waits()
        one.go_on()
        assert one.result().subject_id == str(first.pk)
        assert isinstance(two.error(), AuditRefused)
    assert Reveal.objects.count() == 1


def test_a_fault_at_any_point_shows_nothing_and_leaves_nothing(subject: User, by: User, at: datetime) -> None:
    def one() -> None:
        with transaction.atomic():
            open_phone(subject, by=by, at=at)

    def nothing(k: int) -> None:
        assert reveals.revealed_fields(subject, to=by, at=at) == frozenset(), k
        assert not Event.objects.filter(verb="personal_data.revealed").exists()

    assert sweep(one, check=nothing) == 4
    assert reveals.revealed_fields(subject, to=by, at=at) == {"phone"}


def test_a_reveal_whose_event_cannot_be_written_is_none(subject: User, by: User, at: datetime) -> None:
    with pytest.raises(Exception, match=r"audit\.record\.before"), fault_at("audit.record.before"):
        open_phone(subject, by=by, at=at)
    assert Reveal.objects.count() == 0


@pytest.mark.parametrize("reason", ["", "   ", "\n\n\n\n"])
def test_the_database_refuses_a_reveal_without_a_reason(subject: User, by: User, at: datetime, reason: str) -> None:
    with pytest.raises(IntegrityError, match="reveal_has_reason"), transaction.atomic():
        Reveal.objects.create(
            user_id=by.pk, actor="x", subject_type="t", subject_id="1", fields=["phone"], reason=reason, at=at,
            expires_at=at + timedelta(minutes=1),
        )


def test_a_reveal_cannot_be_prolonged_or_removed(subject: User, by: User, at: datetime) -> None:
    open_phone(subject, by=by, at=at)
    for change in (lambda: Reveal.objects.update(expires_at=at + timedelta(days=9)), lambda: Reveal.objects.all().delete()):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()
