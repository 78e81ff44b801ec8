"""What the tests of this room share: a subject, an office, kinds, and a table in which work leaves its effects."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client

from jobs import stopping
from jobs.actions import enqueue
from jobs.models import Job
from jobs.permissions import GRANTS
from jobs.testing import a_job_kind

__all__ = ["a_job_kind"]

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Office:
    """An organization, as this room knows one."""

    pk: int = 5
    path: str = "/1/5/"


@pytest.fixture(autouse=True)
def no_stop_of_another_test() -> Iterator[None]:
    """The stop flag belongs to the process."""
    stopping.forget()
    yield
    stopping.forget()


@pytest.fixture
def subject(db: None) -> ContentType:
    """Any row will do."""
    return ContentType.objects.get_or_create(app_label="tests", model="subject")[0]


@pytest.fixture
def queue(subject: ContentType) -> Callable[..., Job]:
    """Queue a job of a kind on the subject."""

    def make(kind: str, **given: Any) -> Job:
        return enqueue(
            kind,
            **{
                "arguments": {"roster": 7}, "subject": subject, "organization": Office(), "region_code": "441602",
                "by": "system:test", "at": AT, **given,
            },
        )

    return make


@pytest.fixture
def effects(db: None) -> Iterator[Callable[[], list[int]]]:
    """A table for the effects of test work; gives the steps done, in order."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS jobs_test_effect (id bigserial, job bigint, step integer)")
        cursor.execute("TRUNCATE jobs_test_effect")

    def read() -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT step FROM jobs_test_effect ORDER BY id")
            return [step for (step,) in cursor.fetchall()]

    yield read
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS jobs_test_effect")


@pytest.fixture
def staff(db: None) -> Callable[..., Any]:
    """Makes signed-in browsers of users with a role; the users' room is not this one's, so it is asked for by name."""
    accounts = import_module("accounts.testing")
    roles = import_module("accounts.roles")
    for role, permissions in GRANTS.items():
        roles.grant_permissions(role, permissions)

    def sign_in(role: str, *, organization: Any = None, region: str = "441602") -> Client:
        organization = organization or accounts.make_organization(region=region)
        client = Client()
        client.force_login(
            accounts.make_user(role=role, organization=organization), backend="accounts.backends.RoleBackend"
        )
        session = client.session
        now = int(time.time())
        session.update({"accounts.started": now, "accounts.seen": now, "accounts.second_factor": True})
        session.save()
        client.organization = organization
        return client

    return sign_in
