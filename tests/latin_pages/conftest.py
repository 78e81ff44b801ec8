"""The one world of these tests: each test's writes are taken back, the world's transaction at their end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

from tests.kit.latin import LatinWorld, make_latin_world


@pytest.fixture(scope="package")
def latin_world(django_db_setup: None, django_db_blocker: Any) -> Iterator[LatinWorld]:
    """Made once, in one transaction that is rolled back."""
    with django_db_blocker.unblock(), override_settings(SECOND_FACTOR_REQUIRED=False), transaction.atomic():
        yield make_latin_world()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def world(latin_world: LatinWorld, django_db_blocker: Any) -> Iterator[LatinWorld]:
    """The world for one module: what its tests write on the way is nobody else's."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield latin_world
        transaction.set_rollback(True)


@pytest.fixture
def _django_db_helper() -> None:
    """All tests here share one transaction: `world`."""
