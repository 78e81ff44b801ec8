"""What the tests of this room share."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.utils import timezone

from accounts.models import Organization, Region
from accounts.testing import make_organization, make_region_tree


@pytest.fixture
def at() -> datetime:
    """Now."""
    return timezone.now()


@pytest.fixture
def regions(db: None) -> dict[str, Region]:
    """Regions of three cities."""
    return make_region_tree()


@pytest.fixture
def office(regions: dict[str, Region]) -> Organization:
    """A county office of Heyuan."""
    return make_organization("源城区民政局", region="441602")
