"""Fixtures of every room."""

from __future__ import annotations

import pytest

from audit import keys


@pytest.fixture(autouse=True)
def no_keys_of_another_test() -> None:
    """Keys in memory belong to rows; a test that emptied the tables took them along."""
    keys.forget()
