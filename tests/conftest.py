"""Fixtures of the tests of the whole portal."""

from __future__ import annotations

from tests.kit.browser import chromium, new_page, signed_in_page  # noqa: F401
