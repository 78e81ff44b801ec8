"""Settings stop with a sentence that says what to set; production's checks refuse what a demo may do."""

from __future__ import annotations

from ast import literal_eval

import pytest
from django.test import Client

from accounts.policy import Policy
from portal.local.checks import manage


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set. Set it to 50 or more random characters."),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too short. Set it to 50 or more random characters."),
        (
            {"DATABASE_URL": "sqlite:///x"},
            "DATABASE_URL does not name PostgreSQL. Set it to postgres://USER:PASSWORD@HOST:5432/DATABASE.",
        ),
        ({"MASTER_KEYS": "1:abc"}, "MASTER_KEYS is not readable. Set it to 1: and 32 random bytes in base64"),
        ({"STORAGE_URL": "somewhere"}, "STORAGE_URL is not readable. Set it to file:///FOLDER"),
        ({"SECOND_FACTOR_REQUIRED": "perhaps"}, "SECOND_FACTOR_REQUIRED is neither true nor false."),
        ({"CIPHER": "rot13"}, "CIPHER names nothing we know. Set it to one of: aes-256-gcm, sm4-gcm."),
        ({"PASSWORD_MIN_LENGTH": "-1"}, "PASSWORD_MIN_LENGTH is no whole number above zero."),
    ],
)
def test_a_bad_value_stops_with_what_to_set(changes: dict[str, str], sentence: str) -> None:
    done = manage("check", **changes)
    assert done.returncode == 1
    assert done.stderr.startswith(sentence), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"SECOND_FACTOR_REQUIRED": "false"}, "portal.E002"),
        ({"DEMO": "true"}, "portal.E001"),
        ({"CELERY_BROKER_URL": "memory://"}, "portal.E003"),
    ],
)
def test_a_demo_relaxation_fails_the_deploy_check(changes: dict[str, str], code: str) -> None:
    done = manage("check", "--deploy", **changes)
    assert done.returncode == 1
    assert code in done.stderr


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


def test_every_page_carries_its_policy(client: Client, db: None) -> None:
    headers = client.get("/admin/login/").headers
    assert "script-src 'self' 'unsafe-eval'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_each_number_of_the_sign_in_comes_from_the_environment() -> None:
    names = [name.upper() for name, field in Policy.__dataclass_fields__.items() if field.type == "int"]
    given = {name: str(number) for number, name in enumerate([*names, "SIGN_IN_FAILURE_LIMIT"], 41)}
    done = manage(
        "shell", "--no-imports", "-c",
        "from django.conf import settings; from accounts.policy import policy; print(vars(policy())); "
        "print(settings.AXES_FAILURE_LIMIT, settings.AXES_COOLOFF_TIME.total_seconds())",
        **given,
    )
    assert done.returncode == 0, done.stderr
    read, axes = done.stdout.splitlines()[-2:]
    found = literal_eval(read)
    assert {name: str(found[name.lower()]) for name in names} == {name: given[name] for name in names}
    assert axes == f"{given['SIGN_IN_FAILURE_LIMIT']} {given['SIGN_IN_LOCK_SECONDS']}.0"
