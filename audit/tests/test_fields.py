"""Sealed fields: sealed on every way into the database, masked on every way out, never compared, never overwritten by a mask."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from django import forms
from django.core import serializers
from django.core.exceptions import FieldError
from django.db import connection

from accounts.models import User
from accounts.testing import make_user
from audit.fields import Sealed

pytestmark = pytest.mark.django_db
PHONE = "13812345678"


def stored(user: User) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM accounts_user WHERE id = %s", [user.pk])
        return bytes(cursor.fetchone()[0] or b"")


def in_bulk(user: User) -> None:
    user.phone = PHONE
    User.objects.bulk_update([user], ["phone"])


WAYS = {
    "save": lambda user: (setattr(user, "phone", PHONE), user.save()),
    "update": lambda user: User.objects.filter(pk=user.pk).update(phone=PHONE),
    "bulk_update": in_bulk,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_text_is_sealed_on_every_way_into_the_database(way: str) -> None:
    user = make_user()
    WAYS[way](user)
    assert stored(user)[:1] == b"\x01"
    assert PHONE.encode() not in stored(user)
    assert User.objects.get(pk=user.pk).phone.reveal() == PHONE


def test_a_saved_instance_holds_a_sealed_value_and_no_text() -> None:
    user = make_user()
    user.phone = PHONE
    user.save()
    assert isinstance(user.phone, Sealed)
    user.phone = ""
    user.save()
    assert user.phone is None
    assert stored(user) == b""


@pytest.mark.parametrize(
    "query",
    [
        {"phone": PHONE}, {"phone__in": [PHONE]}, {"phone__startswith": "138"}, {"phone__regex": "."}, {"phone__gt": b""},
        {"phone__contains": b"1"}, {"phone__length": 3},
    ],
    ids=str,
)
def test_nothing_can_be_asked_of_a_sealed_value(query: dict[str, Any]) -> None:
    with pytest.raises(FieldError):
        list(User.objects.filter(**query))


def test_whether_there_is_a_value_can_be_asked() -> None:
    with_phone, without = make_user(phone=PHONE), make_user()
    assert set(User.objects.filter(phone__isnull=False)) == {with_phone}
    assert set(User.objects.filter(phone__isnull=True)) == {without}


def test_no_copy_of_a_value_holds_its_text() -> None:
    phone = User.objects.get(pk=make_user(phone=PHONE).pk).phone
    assert pickle.loads(pickle.dumps(phone)).reveal() == PHONE  # noqa: S301
    assert PHONE.encode() not in pickle.dumps(phone)
    assert copy.deepcopy(phone) is phone
    assert repr(phone) == "<sealed user.phone>"
    assert f"{phone}" == "138****5678"


def test_a_serializer_gets_the_mask() -> None:
    user = make_user(phone=PHONE)
    text = serializers.serialize("json", User.objects.filter(pk=user.pk))
    assert "138****5678" in text
    assert PHONE not in text


class PhoneForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("phone",)


def test_a_form_shows_nothing_of_a_stored_value_and_keeps_it_when_left_empty() -> None:
    user = User.objects.get(pk=make_user(phone=PHONE).pk)
    assert "5678" not in PhoneForm(instance=user).as_p()
    before = stored(user)
    form = PhoneForm({"phone": ""}, instance=user)
    assert form.is_valid()
    assert not form.has_changed()
    form.save()
    assert stored(user) == before
    form = PhoneForm({"phone": "13900001111"}, instance=user)
    assert form.has_changed()
    form.save()
    assert User.objects.get(pk=user.pk).phone.reveal() == "13900001111"


def test_a_token_copied_into_another_kind_of_field_does_not_open() -> None:
    user = User.objects.get(pk=make_user(phone=PHONE).pk)
    with pytest.raises(ValueError, match="tag"):
        Sealed(user.phone.token, "user.address").reveal()
