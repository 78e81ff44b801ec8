"""rotate_keys and verify_audit: what they do, how they go on after a fault at any point, how they end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from accounts.testing import make_user
from audit import blind_index, ciphers, events, keys, resealing
from audit.blind_index import BlindIndex
from audit.models import DataKey, Event
from audit.testing import in_turn, sweep
from beneficiaries.models import Person
from beneficiaries.registration import _identity_of

pytestmark = pytest.mark.django_db
NEW_MASTER = b"another master key, 32 bytes ok!"
IDENTITY = "test.identity"


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def phones() -> list[str]:
    keys.forget()
    return [user.phone.reveal() for user in User.objects.filter(phone__isnull=False).order_by("pk")]


def algorithms() -> set[int]:
    return {user.phone.token[0] for user in User.objects.filter(phone__isnull=False)}


@pytest.fixture
def users(db: None) -> list[str]:
    """Phones of four users under keys of two years."""
    numbers = [f"1381234567{number}" for number in range(4)]
    for number in numbers:
        make_user(phone=number)
    old = keys.sealer("user.phone", purpose="staff", year=2020)
    User.objects.filter(pk=User.objects.latest("pk").pk).update(phone=old.seal(numbers[3]))
    return numbers


def test_a_new_master_key_wraps_every_key_and_touches_no_data(
    users: list[str], settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    tokens = [user.phone.token for user in User.objects.order_by("pk")]
    blind_index.index_value(IDENTITY, "甲")
    count = DataKey.objects.count()
    settings.MASTER_KEYS = {2: NEW_MASTER, **settings.MASTER_KEYS}
    call_command("rotate_keys")
    call_command("rotate_keys")
    assert said(capsys) == [f"{count} keys rewrapped.", "0 keys rewrapped."]
    settings.MASTER_KEYS = {2: NEW_MASTER}
    assert phones() == users
    assert [user.phone.token for user in User.objects.order_by("pk")] == tokens
    assert Event.objects.filter(verb="key.rewrapped").count() == count


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", in_turn(("raise", "disconnect"), 0))
def test_rewrapping_goes_on_after_a_fault_at_any_point(settings: Any, mode: str) -> None:
    for year in (2024, 2025, 2026):
        keys.sealer("x", purpose="staff", year=year)
    token = keys.sealer("x", purpose="staff", year=2025).seal("甲")
    both = {2: NEW_MASTER, **settings.MASTER_KEYS}
    settings.MASTER_KEYS = both

    def readable(k: int) -> None:
        keys.forget()
        assert keys.open_sealed(token, "x") == "甲", k

    # Four points a key; what was rewrapped before a strike stays, so that later runs pass fewer.
    assert sweep(keys.rewrap_keys, check=readable, mode=mode) == 6
    settings.MASTER_KEYS = {2: NEW_MASTER}
    readable(0)
    assert set(DataKey.objects.values_list("master_key_id", flat=True)) == {2}
    assert Event.objects.filter(verb="key.rewrapped").count() == 3


def test_a_missing_master_key_stops_the_command_in_words(users: list[str], settings: Any) -> None:
    settings.MASTER_KEYS = {2: NEW_MASTER}
    with pytest.raises(CommandError, match="编号为 1 的主密钥"):
        call_command("rotate_keys")


def test_values_move_to_another_algorithm_year_by_year(
    users: list[str], settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.CIPHER = "sm4-gcm"
    call_command("rotate_keys", "--reseal", "staff")
    assert said(capsys)[0] == "2 keys retired, 4 values sealed anew."
    assert algorithms() == {ciphers.Sm4Gcm.format}
    assert phones() == users
    live = DataKey.objects.filter(purpose="staff", retired_at=None)
    assert sorted(live.values_list("year", "algorithm")) == [(2020, "sm4-gcm"), (2026, "sm4-gcm")]
    history: Any = User._meta.get_field("events").related_model
    old = history.objects.filter(phone__isnull=False).earliest("pgh_id")
    assert old.phone.token[0] == ciphers.Aes256Gcm.format
    assert old.phone.reveal() in users


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", in_turn(("raise", "disconnect"), 1))
def test_resealing_goes_on_after_a_fault_at_any_point(
    settings: Any, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setattr(resealing, "BATCH", 2)
    numbers = [f"1381234567{number}" for number in range(5)]
    for number in numbers:
        make_user(phone=number)
    settings.CIPHER = "sm4-gcm"

    def nothing_lost(k: int) -> None:
        assert phones() == numbers, k
        assert DataKey.objects.filter(purpose="staff").count() <= 2, "no key is retired twice"

    struck = sweep(
        lambda: call_command("rotate_keys", "--reseal", "staff", stdout=_Nowhere()), check=nothing_lost, mode=mode
    )
    assert struck >= 6
    assert phones() == numbers
    assert algorithms() == {ciphers.Sm4Gcm.format}
    assert list(DataKey.objects.filter(purpose="staff").order_by("pk").values_list("algorithm", flat=True)) == [
        "aes-256-gcm", "sm4-gcm",
    ]


class _Nowhere:
    def write(self, text: str) -> None:
        """Drop it."""


def test_what_another_process_sealed_meanwhile_is_found_by_the_next_run(users: list[str], at: Any) -> None:
    late = keys.sealer("user.phone", purpose="staff", year=2020)
    resealing.reseal("staff", at=at)
    user = make_user()
    User.objects.filter(pk=user.pk).update(phone=late.seal("13900000000"))
    assert resealing.reseal("staff", at=at) == (0, 1)
    assert phones() == [*users, "13900000000"]


def test_a_model_whose_digest_was_approved_keeps_its_seals(users: list[str], at: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(User, "keeps_its_seals", True, raising=False)
    before = [user.phone.token for user in User.objects.order_by("pk")]
    assert resealing.reseal("staff", at=at) == (2, 0)
    assert [user.phone.token for user in User.objects.order_by("pk")] == before
    assert phones() == users


@pytest.mark.parametrize("option", ["--index", "--reseal"])
def test_an_unknown_purpose_is_refused_with_those_that_are_known(option: str) -> None:
    with pytest.raises(CommandError, match=r"Choose one of: .*person"):
        call_command("rotate_keys", option, "stuff")
    assert DataKey.objects.count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", in_turn(("raise", "disconnect"), 2))
def test_an_index_is_rebuilt_after_a_fault_at_any_point(
    monkeypatch: pytest.MonkeyPatch, at: Any, mode: str
) -> None:
    monkeypatch.setattr(blind_index, "BATCH", 2)
    monkeypatch.setattr(blind_index, "_registered", {})
    blind_index.register(BlindIndex(IDENTITY, "beneficiaries.Person", "identity_index", _identity_of))
    documents = [f"E{number:08d}" for number in range(5)]
    for document in documents:
        Person.objects.create(
            name="张三", document=document, document_type="passport", created_at=at,
            **blind_index.slot_values(IDENTITY, "identity_index", f"passport|{document}"),
        )

    def all_are_found(k: int) -> None:
        keys.forget()
        for document in documents:
            condition = blind_index.lookup(IDENTITY, "identity_index", f"passport|{document}")
            assert Person.objects.filter(condition).count() == 1, (k, document)

    rotate = lambda: call_command("rotate_keys", "--index", IDENTITY, stdout=_Nowhere())  # noqa: E731
    assert sweep(rotate, check=all_are_found, mode=mode) == 8
    all_are_found(0)
    assert DataKey.objects.filter(kind="index", retired_at=None).count() == 1
    assert not Person.objects.filter(**{f"identity_index_{blind_index.active_slot(IDENTITY)}": None}).exists()


def test_a_whole_chain_ends_well_and_prints_its_head(users: list[str], at: Any, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_audit")
    count = Event.objects.count()
    assert said(capsys) == [f"0 events sealed, {count} wait for their seal."]
    events.seal_events(at=at)
    call_command("verify_audit", "--json")
    report = json.loads(said(capsys)[0])
    assert {**report, "head": ""} == {
        "sealed": count, "unsealed": 0, "broken": [], "oldest_unsealed_at": None, "head": "",
    }
    call_command("verify_audit", "--head", report["head"])
    assert said(capsys)[-1] == f"Head of the chain: {report['head']}"


@pytest.mark.parametrize("options", [[], ["--json"], ["--limit", "0"]])
def test_a_broken_chain_ends_with_status_one_and_names_the_row(
    users: list[str], at: Any, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    events.seal_events(at=at)
    event = Event.objects.earliest("pk")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_event DISABLE TRIGGER USER")
        cursor.execute("UPDATE audit_event SET actor = 'x' WHERE id = %s", [event.pk])
    with pytest.raises(SystemExit) as ended:
        call_command("verify_audit", *options)
    assert ended.value.code == 1
    assert f"event {event.pk}: does not fit its seal 1" in capsys.readouterr().out


@pytest.mark.parametrize("head", ["1:00", "999999:00", "nonsense"])
def test_a_head_that_does_not_fit_ends_with_status_one(users: list[str], at: Any, head: str) -> None:
    events.seal_events(at=at)
    with pytest.raises(SystemExit) as ended:
        call_command("verify_audit", "--head", head, stdout=_Nowhere())
    assert ended.value.code == 1
