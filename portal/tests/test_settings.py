"""Settings stop with a sentence that says what to set; production's checks refuse what a demo may do."""

from __future__ import annotations

import base64
import os
import re
import runpy
from typing import Any

import pytest
import structlog
from django.conf import settings as django_settings
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages
from django.test import Client, override_settings

from accounts.policy import Policy, policy
from audit.testing import FULL_SWEEP
from portal.celery import app
from portal.local.checks import PRODUCTION, manage
from portal.local.environment import ROOT

#: What each value must be, as the sentence says it.
HINTS = {
    "SECRET_KEY": "50 or more random characters",
    "ALLOWED_HOSTS": "the portal's host names, separated by commas",
    "DATABASE_URL": "postgres://USER:PASSWORD@HOST:5432/DATABASE",
    "CACHE_URL": "redis://HOST:6379/0 (or locmemcache:// on one machine)",
    "CELERY_BROKER_URL": "amqp://USER:PASSWORD@HOST:5672// or redis://HOST:6379/1",
    "STORAGE_URL": "file:///FOLDER, or class://DOTTED.PATH.OF.STORAGE",
    "MASTER_KEYS": "1: and 32 random bytes in base64, as `openssl rand -base64 32` prints them; several, the active one "
    "first, separated by commas",
}
#: Names that this process may have set for the tests' own portal.
READ = {"TESTING", "DEMO", "SECOND_FACTOR_REQUIRED", "LOG_LEVEL", "LOG_FORMAT", "STORAGE_OPTIONS", "CSRF_TRUSTED_ORIGINS"}
KEY = base64.b64encode(bytes(range(32))).decode()
SHORT_KEY = base64.b64encode(bytes(31)).decode()
_KEYS = f"Set it to {HINTS['MASTER_KEYS']}."
_DATABASE = f"Set it to {HINTS['DATABASE_URL']}."
BAD = [
    ("SECRET_KEY", "x" * 49, "is too short. Set it to 50 or more random characters."),
    ("ALLOWED_HOSTS", " , ", "names no host. Set it to the portal's host names, separated by commas."),
    ("ALLOWED_HOSTS", "https://portal.example.org", "holds https://portal.example.org. Set it to the portal's host names,"),
    ("ALLOWED_HOSTS", "a.example.org,b.example.org:443", "holds b.example.org:443. Set it to the portal's host names,"),
    ("CSRF_TRUSTED_ORIGINS", "portal.example.org", "holds portal.example.org. Set it to origins such as https://portal."),
    ("DATABASE_URL", "sqlite:///x", f"does not name PostgreSQL. {_DATABASE}"),
    ("DATABASE_URL", "portal", f"does not name PostgreSQL. {_DATABASE}"),
    ("DATABASE_URL", "postgres://", f"names no database. {_DATABASE}"),
    ("DATABASE_URL", "postgres://u:p@host:port/portal", f"is not readable. {_DATABASE}"),
    ("CACHE_URL", "nowhere", f"names no service that we know. Set it to {HINTS['CACHE_URL']}."),
    ("CACHE_URL", "file:///tmp/cache", "names no service that we know."),
    ("CACHE_URL", "redis://", f"names no host. Set it to {HINTS['CACHE_URL']}."),
    ("CELERY_BROKER_URL", "nowhere", f"names no service that we know. Set it to {HINTS['CELERY_BROKER_URL']}."),
    ("CELERY_BROKER_URL", "amqp://", f"names no host. Set it to {HINTS['CELERY_BROKER_URL']}."),
    ("CELERY_BROKER_URL", "filesystem://", "names no folder. Set it to amqp://"),
    ("STORAGE_URL", "file://relative", "is not readable. Set it to file:///FOLDER, or to class://DOTTED.PATH.OF.STORAGE"),
    ("STORAGE_URL", "class://", "is not readable. Set it to file:///FOLDER"),
    ("STORAGE_URL", "class://no.such.Storage", "names no.such.Storage, which is not installed. Set it to class://DOTTED."),
    ("MASTER_KEYS", KEY, f"is not readable. {_KEYS}"),
    ("MASTER_KEYS", "1:abc", f"is not readable. {_KEYS}"),
    ("MASTER_KEYS", f"1:{SHORT_KEY}", f"is not readable. {_KEYS}"),
    ("MASTER_KEYS", f"one:{KEY}", f"is not readable. {_KEYS}"),
    ("MASTER_KEYS", f"1:{KEY},", f"is not readable. {_KEYS}"),
    ("MASTER_KEYS", f"1:{KEY},1:{KEY}", f"names the id 1 twice. {_KEYS}"),
]


#: As `manage.py` says them; what is read of the settings alone is asked for each value below.
SAID = [
    ({"STORAGE_URL": "somewhere"}, "STORAGE_URL is not readable. Set it to file:///FOLDER"),
    ({"SECRET_KEY": ""}, "SECRET_KEY is not set. Set it to 50 or more random characters."),
    ({"SECRET_KEY": "short"}, "SECRET_KEY is too short. Set it to 50 or more random characters."),
    (
        {"DATABASE_URL": "sqlite:///x"},
        "DATABASE_URL does not name PostgreSQL. Set it to postgres://USER:PASSWORD@HOST:5432/DATABASE.",
    ),
    ({"MASTER_KEYS": "1:abc"}, "MASTER_KEYS is not readable. Set it to 1: and 32 random bytes in base64"),
    ({"SECOND_FACTOR_REQUIRED": "perhaps"}, "SECOND_FACTOR_REQUIRED is neither true nor false."),
    ({"CIPHER": "rot13"}, "CIPHER names nothing we know. Set it to one of: aes-256-gcm, sm4-gcm."),
    ({"PASSWORD_MIN_LENGTH": "-1"}, "PASSWORD_MIN_LENGTH is no whole number above zero."),
]


@pytest.mark.parametrize(("changes", "sentence"), SAID if FULL_SWEEP else SAID[:1])
def test_a_bad_value_stops_a_command_with_what_to_set(changes: dict[str, str], sentence: str) -> None:
    """The short form starts one process; that each value has its sentence is asked for without one."""
    done = manage("check", **changes)
    assert done.returncode == 1
    assert done.stderr.startswith(sentence), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("changes", "sentence"), SAID)
def test_a_bad_value_has_its_sentence(changes: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stopped(monkeypatch, **changes).startswith(sentence)


def stopped(monkeypatch: pytest.MonkeyPatch, **changes: str) -> str:
    """What production's settings say when one value is changed; "" when they are read to their end."""
    try:
        read(monkeypatch, **changes)
    except ImproperlyConfigured as error:
        return str(error)
    return ""


def read(monkeypatch: pytest.MonkeyPatch, **changes: str) -> dict[str, Any]:
    """Production's settings when values are changed, by name."""
    for name in (*os.environ.keys() & READ, *PRODUCTION):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**PRODUCTION, **changes}.items():
        monkeypatch.setenv(name, value)
    # Read to their end, they would set the log of this process up anew.
    monkeypatch.setattr(structlog, "configure", lambda **given: None)
    return runpy.run_path(str(ROOT / "portal" / "settings.py"))


@pytest.mark.parametrize("name", sorted(PRODUCTION))
def test_a_missing_value_stops_with_its_name_and_what_to_set(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("", "  "):
        said = stopped(monkeypatch, **{name: value})
        assert said == f"{name} is not set. Set it to {HINTS[name]}."


def test_each_value_that_must_be_set_is_asked_for_above() -> None:
    source = (ROOT / "portal" / "settings.py").read_text(encoding="utf-8")
    assert set(re.findall(r'[( ]required\("(\w+)"', source)) == set(PRODUCTION) == HINTS.keys()


@pytest.mark.parametrize(("name", "value", "sentence"), BAD)
def test_a_bad_value_is_named_with_what_to_set(name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stopped(monkeypatch, **{name: value}).startswith(f"{name} {sentence}")


@pytest.mark.parametrize(("options", "sentence"), [
    ("[", "STORAGE_OPTIONS is no JSON object. Set it to one. (Expecting value: line 1 column 2 (char 1))"),
    ("3", 'STORAGE_OPTIONS is no JSON object. Set it to one, such as {"bucket_name": "NAME"}.'),
])
def test_options_of_a_storage_class_are_a_json_object(
    options: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = "class://django.core.files.storage.FileSystemStorage"
    assert stopped(monkeypatch, STORAGE_URL=known, STORAGE_OPTIONS=options) == sentence
    assert stopped(monkeypatch, STORAGE_URL=known, STORAGE_OPTIONS='{"location": "/srv"}') == ""


def test_every_number_and_flag_is_refused_by_name_when_it_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    source = (ROOT / "portal" / "settings.py").read_text(encoding="utf-8")
    numbers = re.findall(r' number\("(\w+)"', source)
    flags = re.findall(r'\bflag\("(\w+)"', source)
    choices = re.findall(r' one_of\("(\w+)"', source)
    assert (len(numbers) > 15, len(flags), len(choices)) == (True, 4, 4)
    for name in numbers:
        for value in ("many", "0", "-1", "1.5", "１２"):
            assert stopped(monkeypatch, **{name: value}).startswith(f"{name} is no whole number above zero. Set it to one,")
            monkeypatch.delenv(name)
    for name in flags:
        assert stopped(monkeypatch, **{name: "perhaps"}) == f"{name} is neither true nor false. Set it to true or to false."
        monkeypatch.delenv(name)
    for name in choices:
        assert stopped(monkeypatch, **{name: "perhaps"}).startswith(f"{name} names nothing we know. Set it to one of: ")
        monkeypatch.delenv(name)


def test_production_values_of_every_kind_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("ALLOWED_HOSTS", "portal.example.org, .example.org,[::1],127.0.0.1,localhost"),
        ("CSRF_TRUSTED_ORIGINS", "https://portal.example.org,https://*.example.org:8443"),
        ("CACHE_URL", "rediss://:secret@cache.example.org:6380/2"), ("CACHE_URL", "locmemcache://"),
        ("CELERY_BROKER_URL", "redis://broker.example.org:6379/1"), ("CELERY_BROKER_URL", "filesystem:///srv/broker"),
        ("DATABASE_URL", "postgresql://portal_app@%2Frun%2Fpostgresql/portal"),
        ("MASTER_KEYS", f"2:{KEY},1:{base64.b64encode(bytes(32)).decode()}"),
    ):
        assert stopped(monkeypatch, **{name: value}) == "", (name, value)


RELAXED = [
    ({"SECOND_FACTOR_REQUIRED": "false"}, "portal.E002"),
    ({"DEMO": "true"}, "portal.E001"),
    ({"TESTING": "true"}, "portal.E005"),
    ({"CELERY_BROKER_URL": "memory://"}, "portal.E003"),
]


def test_demo_relaxations_fail_the_deploy_check() -> None:
    """The short form has them all at once in one process; each is named for itself."""
    apart = [(changes, [code]) for changes, code in RELAXED]
    together = {name: value for changes, _code in RELAXED for name, value in changes.items()}
    for changes, codes in apart if FULL_SWEEP else [(together, [code for _changes, code in RELAXED])]:
        done = manage("check", "--deploy", **changes)
        assert done.returncode == 1
        assert sorted(set(re.findall(r"portal\.E00\d", done.stderr))) == sorted(codes)


@pytest.mark.django_db
def test_health_answers_and_metrics_hide(client: Client, settings: object) -> None:
    assert client.get("/health/live").content == b"live\n"
    assert client.get("/health/ready", headers={"accept": "application/json"}).status_code == 200
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "a-token"  # type: ignore[attr-defined]
    assert client.get("/metrics", headers={"authorization": "Bearer wrong"}).status_code == 404
    answer = client.get("/metrics", headers={"authorization": "Bearer a-token"})
    assert answer.status_code == 200
    assert b"django_http_requests" in answer.content


@pytest.mark.django_db
@pytest.mark.parametrize("broken", ["storage", "cache"])
def test_the_portal_is_not_ready_when_its_storage_or_its_cache_is_broken(
    client: Client, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_args: Any, **_kwargs: Any) -> None:
        raise OSError("planted")

    kind, name = {"storage": (type(storages["default"]), "save"), "cache": (type(caches["default"]), "set")}[broken]
    monkeypatch.setattr(kind, name, fails)
    assert client.get("/health/ready", headers={"accept": "application/json"}).status_code == 500
    assert client.get("/health/live").status_code == 200


def test_everything_that_the_clock_is_to_do_is_in_its_table_and_what_is_in_it_exists() -> None:
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if not name.startswith("celery.")}
    assert {entry["task"] for entry in django_settings.CELERY_BEAT_SCHEDULE.values()} == ours - {"jobs.ring"}
    assert all(entry["task"] == name for name, entry in django_settings.CELERY_BEAT_SCHEDULE.items())


def test_the_clock_seals_within_five_seconds_sweeps_within_a_minute_and_lets_lapse_within_the_hour() -> None:
    known = django_settings.CELERY_BEAT_SCHEDULE
    most = {"audit.seal_events": 5, "jobs.sweep": 30, "beneficiaries.lapse": 3600, "gates.close_notices": 3600}
    assert {name: known[name]["schedule"] <= seconds for name, seconds in most.items()} == dict.fromkeys(most, True)


def test_every_page_carries_its_policy(client: Client, db: None) -> None:
    headers = client.get("/admin/login/").headers
    assert "script-src 'self' 'unsafe-eval'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_each_number_of_the_sign_in_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [name.upper() for name, field in Policy.__dataclass_fields__.items() if field.type == "int"]
    given = {name: str(number) for number, name in enumerate([*names, "SIGN_IN_FAILURE_LIMIT"], 41)}
    found = read(monkeypatch, **given)
    with override_settings(**{name: found[name] for name in names}):
        assert {name: str(getattr(policy(), name.lower())) for name in names} == {name: given[name] for name in names}
    assert str(found["AXES_FAILURE_LIMIT"]) == given["SIGN_IN_FAILURE_LIMIT"]
    assert found["AXES_COOLOFF_TIME"].total_seconds() == int(given["SIGN_IN_LOCK_SECONDS"])


def test_proxies_are_believed_only_when_the_portal_is_said_to_stand_behind_one(monkeypatch: pytest.MonkeyPatch) -> None:
    behind = read(monkeypatch, BEHIND_PROXY="true", PROXIES="2")
    assert (behind["PROXIES"], behind["SECURE_PROXY_SSL_HEADER"]) == (2, ("HTTP_X_FORWARDED_PROTO", "https"))
    assert read(monkeypatch, BEHIND_PROXY="true", PROXIES="")["PROXIES"] == 1
    alone = read(monkeypatch, BEHIND_PROXY="", PROXIES="2")
    assert (alone["PROXIES"], alone.get("SECURE_PROXY_SSL_HEADER")) == (0, None)
