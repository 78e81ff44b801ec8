"""Data keys: made once, bound to their place, felt by other processes when retired, remembered only when committed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.hmac import HMAC
from django.db import IntegrityError, transaction

from audit import ciphers, keys
from audit.errors import AuditRefused, KeyDestroyed, KeyMissing
from audit.models import DataKey, Event
from audit.testing import Stepper, fault_at

pytestmark = pytest.mark.django_db
PLACE = {"purpose": "staff", "program_code": "HY", "year": 2026}


def test_each_purpose_program_and_year_has_its_own_key() -> None:
    places = [PLACE, {**PLACE, "year": 2027}, {**PLACE, "program_code": "YJ"}, {**PLACE, "purpose": "person"}]
    made = [keys.sealer("user.phone", **place).key_id for place in places]
    assert len(set(made)) == 4
    assert [keys.sealer("user.phone", **place).key_id for place in places] == made


def test_a_column_is_sealed_and_opened_value_by_value_with_empty_ones_left_out() -> None:
    sealer = keys.sealer("user.phone", **PLACE)
    texts = ["13812345678", None, "", "𠮷野家·阿依古丽", "13812345678"]
    tokens = sealer.seal_many(texts)
    assert tokens[1] is tokens[2] is None
    assert tokens[0] != tokens[4], "equal texts may not be seen to be equal"
    keys.forget()
    assert keys.open_many(tokens, "user.phone") == ["13812345678", None, None, "𠮷野家·阿依古丽", "13812345678"]
    with pytest.raises(ciphers.DamagedToken):
        keys.open_many(tokens, "user.name")


def test_opening_a_column_costs_one_query(django_assert_num_queries: Any) -> None:
    tokens = [
        token for year in (2024, 2025, 2026) for token in keys.sealer("x", purpose="staff", year=year).seal_many(["a", "b"])
    ]
    keys.forget()
    with django_assert_num_queries(1):
        assert keys.open_many(tokens, "x") == ["a", "b"] * 3


def test_a_token_under_an_unknown_key_is_refused_in_words() -> None:
    token = ciphers.seal(ciphers.Aes256Gcm(b"k" * 32), 987_654, b"x", b"user.phone")
    with pytest.raises(KeyMissing, match="没有该数据的密钥"):
        keys.open_sealed(token, "user.phone")


def test_a_wrapped_key_cannot_be_moved_to_another_place() -> None:
    key = DataKey.objects.get(pk=keys.sealer("x", **PLACE).key_id)
    other = DataKey.objects.get(pk=keys.sealer("x", purpose="person", year=2026).key_id)
    DataKey.objects.filter(pk=other.pk).update(wrapped=key.wrapped)
    keys.forget()
    with pytest.raises(ciphers.DamagedToken):
        keys.sealer("x", purpose="person", year=2026)


def test_keys_are_wrapped_by_the_cipher_that_is_set_and_those_of_the_other_still_open(settings: Any) -> None:
    old = keys.sealer("x", **PLACE)
    before = old.seal("甲")
    settings.CIPHER = "sm4-gcm"
    settings.MASTER_KEYS = {2: b"n" * 32, **settings.MASTER_KEYS}
    new = keys.sealer("x", **{**PLACE, "year": 2027})
    after = new.seal("乙")
    keys.forget()
    held = dict(DataKey.objects.values_list("pk", "wrapped"))
    heads = [bytes(held[sealer.key_id])[:5] for sealer in (old, new)]
    assert heads == [b"\x01\x00\x00\x00\x01", b"\x02\x00\x00\x00\x02"]
    assert keys.open_many([before, after], "x") == ["甲", "乙"]
    bound = DataKey.objects.get(pk=new.key_id).bound
    derived = HMAC(b"n" * 32, SM3())
    derived.update(b"data keys by sm4-gcm")
    plain = ciphers.open_token(ciphers.Sm4Gcm(derived.finalize()[:16]), bytes(held[new.key_id]), bound)
    assert (len(plain), ciphers.Sm4Gcm(plain).decrypt(after[5:17], after[17:], b"x").decode()) == (16, "乙")


def test_keys_are_wrapped_anew_when_the_cipher_changes_and_the_master_key_does_not(settings: Any) -> None:
    token = keys.sealer("x", **PLACE).seal("甲")
    settings.CIPHER = "sm4-gcm"
    assert (keys.rewrap_keys(), keys.rewrap_keys()) == (1, 0)
    assert bytes(DataKey.objects.get().wrapped or b"")[0] == ciphers.Sm4Gcm.format
    keys.forget()
    assert keys.open_sealed(token, "x") == "甲"


def test_a_key_whose_master_key_is_missing_says_which(settings: Any) -> None:
    token = keys.sealer("x", **PLACE).seal("甲")
    keys.forget()
    settings.MASTER_KEYS = {9: b"n" * 32}
    with pytest.raises(KeyMissing, match="编号为 1 的主密钥"):
        keys.open_sealed(token, "x")


def test_a_retired_key_reads_and_a_new_one_seals(at: Any) -> None:
    sealer = keys.sealer("x", **PLACE)
    token = sealer.seal("甲")
    keys.retire_key(DataKey.objects.get(pk=sealer.key_id), at=at)
    assert keys.sealer("x", **PLACE).key_id != sealer.key_id
    assert keys.open_sealed(token, "x") == "甲"
    assert Event.objects.filter(verb="key.retired", subject_id=str(sealer.key_id)).count() == 1


def test_a_process_learns_in_time_that_another_one_retired_its_key(monkeypatch: pytest.MonkeyPatch, at: Any) -> None:
    monkeypatch.setattr(keys.transaction, "on_commit", lambda call: call())
    old = keys.sealer("x", **PLACE).key_id
    clock = keys.time.monotonic()
    monkeypatch.setattr(keys.time, "monotonic", lambda: clock)
    keys.forget()
    keys.sealer("x", **PLACE)
    DataKey.objects.filter(pk=old).update(retired_at=at)  # as another process does
    assert keys.sealer("x", **PLACE).key_id == old
    monkeypatch.setattr(keys.time, "monotonic", lambda: clock + keys.HELD_SECONDS)
    assert keys.sealer("x", **PLACE).key_id != old


def test_a_process_learns_in_time_that_another_one_destroyed_a_key(monkeypatch: pytest.MonkeyPatch, at: Any) -> None:
    token = keys.sealer("x", **PLACE).seal("甲")
    clock = keys.time.monotonic()
    DataKey.objects.update(wrapped=None, retired_at=at, destroyed_at=at)
    monkeypatch.setattr(keys.time, "monotonic", lambda: clock + keys.HELD_SECONDS + 1)
    with pytest.raises(KeyDestroyed):
        keys.open_sealed(token, "x")


def test_a_key_is_destroyed_only_when_nobody_can_seal_with_it_any_more(at: Any) -> None:
    key = DataKey.objects.get(pk=keys.sealer("x", **PLACE).key_id)
    with pytest.raises(AuditRefused) as refused:
        keys.destroy_key(key, at=at)
    assert refused.value.code == "KEY_IN_USE"
    keys.retire_key(key, at=at)
    with pytest.raises(AuditRefused):
        keys.destroy_key(key, at=at)
    later = at + timedelta(seconds=keys.HELD_SECONDS)
    for _again in range(2):
        keys.destroy_key(key, at=later)
    key.refresh_from_db()
    assert (key.wrapped, key.retired_at, key.destroyed_at) == (None, at, later)
    assert Event.objects.filter(verb="key.destroyed").count() == 1


def test_a_key_made_in_a_transaction_that_rolls_back_is_not_used_after_it() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        lost = keys.sealer("x", **PLACE).key_id
        raise ZeroDivisionError
    found = keys.sealer("x", **PLACE)
    assert found.key_id != lost
    assert keys.open_sealed(found.seal("甲"), "x") == "甲"


def test_the_database_keeps_one_current_key_and_no_key_without_its_secret(at: Any) -> None:
    key = DataKey.objects.get(pk=keys.sealer("x", **PLACE).key_id)
    with pytest.raises(IntegrityError, match="data_key_current_once"), transaction.atomic():
        DataKey.objects.create(
            kind="data", **PLACE, algorithm="aes-256-gcm", master_key_id=1, wrapped=key.wrapped, created_at=at
        )
    with pytest.raises(IntegrityError, match="data_key_wrapped_until_destroyed"), transaction.atomic():
        DataKey.objects.filter(pk=key.pk).update(wrapped=None)


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_need_a_first_key_at_once_get_the_same() -> None:
    def first() -> int:
        with transaction.atomic():
            return keys.sealer("x", **PLACE).key_id

    with Stepper() as stepper:
        one = stepper.start(first, stop_at="audit.make_key.after")
        two = stepper.start(first)
        assert two.waits()
        one.go_on()
        assert one.result() == two.result()
    assert DataKey.objects.filter(kind="data").count() == 1


def test_a_fault_while_a_key_is_made_leaves_none_and_the_next_try_works() -> None:
    with pytest.raises(Exception, match=r"audit\.make_key\.after"), fault_at("audit.make_key.after"), transaction.atomic():
        keys.sealer("x", **PLACE)
    assert DataKey.objects.count() == 0
    assert keys.open_sealed(keys.sealer("x", **PLACE).seal("甲"), "x") == "甲"
