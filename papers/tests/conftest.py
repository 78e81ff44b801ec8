"""Fixtures of this room's tests."""

from __future__ import annotations

import pytest

from papers.font import Face
from papers.testing import no_outlines


@pytest.fixture
def without_outlines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files without the part of the font that takes half a second to cut out: test_certificates looks at whole ones."""
    monkeypatch.setattr(Face, "part", no_outlines)
