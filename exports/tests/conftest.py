"""A world with people enrolled, and browsers of its users."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from beneficiaries.actions import approve_roster, submit_roster, upload_roster
from beneficiaries.models import Roster
from beneficiaries.testing import World, csv_of, make_world, people
from jobs.testing import drain
from tests.kit.browser import chromium, new_page, signed_in_page  # noqa: F401

Browser = Callable[[User], Client]
PURPOSE = "交财政局核对补贴名单"


@pytest.fixture
def world(db: Any, settings: Any) -> World:
    settings.SECOND_FACTOR_REQUIRED = False
    return make_world()


@pytest.fixture
def signed_in() -> Browser:
    def make(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="accounts.backends.RoleBackend")
        return client

    return make


def enrolled(world: World, count: int, *, first: int = 0, **cells: str) -> Roster:
    """As many people on their way through a roster into cover."""
    return covered(world, people(count, first=first, **cells))


def covered(world: World, rows: list[list[str]], *, organization: Any = None, by: Any = None) -> Roster:
    """Lines of a roster, applied."""
    roster = upload_roster(
        [("名册.csv", csv_of(rows))], period=world.period, organization=organization or world.office, by=by or world.clerk,
        at=timezone.now(),
    )
    drain()
    roster.refresh_from_db()
    submit_roster(roster, by=by or world.clerk, at=timezone.now())
    roster.refresh_from_db()
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()
    roster.refresh_from_db()
    assert roster.state == "applied"
    return roster


def address_of(model: str, query: str = "") -> str:
    """The page behind the button of a list."""
    return reverse(f"admin:{model.replace('.', '_')}_export_list") + (f"?{query}" if query else "")


def export(client: Client, model: str, query: str = "", **given: str) -> Any:
    """Press the button."""
    return client.post(address_of(model, query), {"kind": "csv", "purpose": PURPOSE, **given})


def content_of(answer: Any) -> bytes:
    """The file of an answer."""
    assert answer.status_code == 200 and answer.streaming, getattr(answer, "content", b"")[:2000]
    return b"".join(answer.streaming_content)


def lines_of(content: bytes) -> list[list[str]]:
    """The lines of a CSV file."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
