"""Ciphers by published vectors; keys wrapped, rotated, destroyed; fields sealed and never compared in the clear."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from django.core.exceptions import FieldError
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from accounts.testing import make_user
from audit import blind_index, ciphers, keys
from audit.errors import AuditRefused, KeyDestroyed
from audit.fields import Sealed
from audit.models import DataKey


def test_aes_256_gcm_gives_the_published_vector() -> None:
    # NIST GCM test case 16 (McGrew and Viega).
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
    nonce = bytes.fromhex("cafebabefacedbaddecaf888")
    plain = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    bound = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    sealed = ciphers.Aes256Gcm(key).encrypt(nonce, plain, bound)
    assert sealed.hex() == (
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"
    )


def test_sm4_gcm_gives_the_published_vector() -> None:
    # RFC 8998, appendix A.1.
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    nonce = bytes.fromhex("00001234567800000000abcd")
    bound = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plain = bytes.fromhex(
        "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa"
    )
    cipher = ciphers.Sm4Gcm(key)
    sealed = cipher.encrypt(nonce, plain, bound)
    assert sealed.hex() == (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    )
    assert cipher.decrypt(nonce, sealed, bound) == plain


@pytest.mark.parametrize("name", sorted(ciphers.CIPHERS))
def test_an_altered_cut_or_moved_token_is_refused(name: str) -> None:
    kind = ciphers.CIPHERS[name]
    cipher = kind(b"k" * kind.key_bytes)
    token = ciphers.seal(cipher, 7, "张三".encode(), b"person.name")
    assert ciphers.open_token(cipher, token, b"person.name").decode() == "张三"
    assert ciphers.key_id_of(token) == 7
    for broken, bound in (
        (token[:-1] + bytes([token[-1] ^ 1]), b"person.name"),
        (token[:20], b"person.name"),
        (token, b"person.document"),
    ):
        with pytest.raises(ciphers.DamagedToken):
            ciphers.key_id_of(broken)
            ciphers.open_token(cipher, broken, bound)


@pytest.mark.django_db
def test_a_sealed_field_shows_its_mask_and_is_searched_by_nothing() -> None:
    user = User.objects.get(pk=make_user(phone="13812345678").pk)
    assert isinstance(user.phone, Sealed)
    assert str(user.phone) == "138****5678"
    assert "138" not in repr(user.phone)
    assert user.phone.reveal() == "13812345678"
    with pytest.raises(FieldError, match="blind index"):
        User.objects.filter(phone="13812345678")
    with pytest.raises(FieldError, match="blind index"):
        User.objects.filter(phone__startswith=b"1")


@pytest.mark.django_db
def test_a_new_master_key_rewraps_every_key_and_the_data_stays(settings: object, capsys: pytest.CaptureFixture) -> None:
    user = make_user(phone="13812345678")
    token = User.objects.get(pk=user.pk).phone.token
    fresh = base64.b64decode(base64.b64encode(b"another master key, 32 bytes ok!"))
    settings.MASTER_KEYS = {2: fresh, **settings.MASTER_KEYS}  # type: ignore[attr-defined]
    call_command("rotate_keys")
    assert set(DataKey.objects.values_list("master_key_id", flat=True)) == {2}
    settings.MASTER_KEYS = {2: fresh}  # type: ignore[attr-defined]
    keys.forget()
    again = User.objects.get(pk=user.pk)
    assert again.phone.token == token
    assert again.phone.reveal() == "13812345678"
    call_command("rotate_keys")
    assert capsys.readouterr().out.splitlines()[-1] == "0 keys rewrapped."


@pytest.mark.django_db
def test_values_are_sealed_anew_also_under_another_algorithm(settings: object) -> None:
    user = make_user(phone="13812345678")
    before = User.objects.get(pk=user.pk).phone.token
    settings.CIPHER = "sm4-gcm"  # type: ignore[attr-defined]
    call_command("rotate_keys", "--reseal", "staff")
    after = User.objects.get(pk=user.pk).phone
    assert (before[0], after.token[0]) == (1, 2)
    assert after.reveal() == "13812345678"


@pytest.mark.django_db
def test_what_a_destroyed_key_sealed_can_never_be_read() -> None:
    user = make_user(phone="13812345678")
    key = DataKey.objects.get(kind="data", purpose="staff")
    now = timezone.now()
    with pytest.raises(AuditRefused, match="30"):
        keys.destroy_key(key, at=now)
    keys.retire_key(key, at=now)
    keys.destroy_key(key, at=now + timedelta(seconds=keys.HELD_SECONDS))
    phone = User.objects.get(pk=user.pk).phone
    with pytest.raises(KeyDestroyed):
        phone.reveal()
    assert str(phone) == "（已销毁）"


@pytest.mark.django_db
@pytest.mark.parametrize("digest", ["sha256", "sm3"])
def test_a_blind_index_is_exact_and_keyed(settings: object, digest: str) -> None:
    settings.INDEX_DIGEST = digest  # type: ignore[attr-defined]
    first = blind_index.index_value("test.one", "441602196203151219")
    assert first == blind_index.index_value("test.one", "441602196203151219")
    assert len(first) == 16
    assert first != blind_index.index_value("test.one", "441602196203151218")
    assert first != blind_index.index_value("test.two", "441602196203151219")
