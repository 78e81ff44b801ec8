"""A request leaves one line that can be followed, and no line of any log holds what a person typed."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from gunicorn.config import Config
from structlog.stdlib import ProcessorFormatter

from accounts.models import User
from accounts.testing import make_organization, make_user
from jobs.actions import enqueue
from jobs.testing import a_job_kind as a_job_kind
from jobs.testing import drain_through_failures
from portal import dashboard

pytestmark = pytest.mark.django_db
NAME, DOCUMENT, PHONE, LATIN = "王小明", "441602196203151219", "13800138000", "Zhangsan"
TYPED = (NAME, DOCUMENT, PHONE, LATIN, "%E7%8E%8B")


@pytest.fixture
def written(settings: Any) -> Iterator[io.StringIO]:
    """Every line of every logger as production writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        next(each.formatter for each in logging.getLogger().handlers if isinstance(each.formatter, ProcessorFormatter))
    )
    logging.getLogger().addHandler(handler)
    before = logging.getLogger().level
    logging.getLogger().setLevel(logging.INFO)
    settings.SECOND_FACTOR_REQUIRED = False
    yield stream
    logging.getLogger().setLevel(before)
    logging.getLogger().removeHandler(handler)


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines() if line.startswith("{")]


def reviewer() -> User:
    return make_user(role="reviewer", organization=make_organization(region="441602"))


def browser(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def test_a_request_leaves_one_line_whose_number_the_browser_is_told(written: io.StringIO) -> None:
    user = reviewer()
    address = reverse("admin:beneficiaries_roster_changelist")
    answer = browser(user).get(address, {"q": LATIN, "state__exact": "review"}, headers={"x-request-id": "forged"})
    [line] = [line for line in lines(written) if line["logger"] == "portal.requests"]
    assert line["request_id"] == answer["X-Request-ID"] != "forged"
    assert {key: line[key] for key in ("event", "method", "path", "status", "user_id", "level")} == {
        "event": "request", "method": "GET", "path": f"{address}?q&state__exact", "status": 200, "user_id": user.pk,
        "level": "info",
    }
    assert isinstance(line["ms"], int)


def breaks_with_what_was_typed(*_given: Any, **_more: Any) -> None:
    try:
        raise ValueError(f"{NAME} {DOCUMENT} {LATIN}")
    except ValueError:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT %s::int", [PHONE + LATIN])


def test_no_line_holds_what_was_typed_whatever_the_answer(written: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    client = browser(reviewer())
    people = reverse("admin:beneficiaries_person_changelist")
    answers = [
        *(client.get(people, {"q": text}) for text in TYPED),
        client.post(reverse("accounts:login"), {"username": LATIN, "password": DOCUMENT}),
        client.get(reverse("admin:accounts_user_changelist"), {"q": NAME, PHONE: LATIN}),
        client.get(f"/admin/beneficiaries/person/{DOCUMENT}/change/"), client.get(f"/admin/{NAME}/{PHONE}"),
    ]
    monkeypatch.setattr(dashboard, "queue_card", breaks_with_what_was_typed)
    failed = client.get(reverse("admin:index"), {"q": NAME})
    codes = {answer.status_code for answer in [*answers, failed]}
    assert {200, 403, 404, 500} <= codes
    text = written.getvalue()
    assert [typed for typed in TYPED if typed in text] == []
    assert "\\u738b" not in text
    of_the_failure = [line for line in lines(written) if line.get("request_id") == failed["X-Request-ID"]]
    assert {line["logger"] for line in of_the_failure} >= {"portal.requests", "django.request"}
    told = "".join(line.get("exception", "") for line in of_the_failure)
    assert "breaks_with_what_was_typed" in told and "ValueError" in told and "NumericValueOutOfRange" in told


def test_a_jobs_failure_tells_where_and_not_what(
    written: io.StringIO, a_job_kind: Any,
) -> None:
    def work(run: Any) -> None:
        breaks_with_what_was_typed()

    kind = a_job_kind(work, max_attempts=1)
    enqueue(
        kind, arguments={"roster": 7}, subject=None, organization=None, region_code="", by="system:test",
        at=reviewer().created_at,
    )
    drain_through_failures()
    logging.getLogger("celery.worker").error("lost %s", PHONE, exc_info=ValueError(NAME))
    text = written.getvalue()
    assert [typed for typed in TYPED if typed in text] == []
    assert "ValueError" in text


def test_gunicorn_keeps_no_access_log_of_its_own() -> None:
    assert Config().accesslog is None
    assert "portal.logs.RequestLog" in django_settings.MIDDLEWARE
