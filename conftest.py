"""Fixtures of every room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.utils import translation

from audit import keys
from portal.local.pytest_plugin import TABLES
from tests.kit.crashes import stop_looking


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """The test database, left by everybody before it is dropped."""
    yield
    TABLES.close()
    stop_looking()


@pytest.fixture(autouse=True)
def in_chinese() -> None:
    """A page that a test before read in English leaves its language behind."""
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(autouse=True)
def no_keys_of_another_test() -> None:
    """Keys in memory belong to rows; a test that emptied the tables took them along."""
    keys.forget()
