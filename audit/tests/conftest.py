"""What the tests of this room share: a city with two county offices, and another city."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pytest
from django.utils import timezone

from accounts.models import Organization
from accounts.testing import make_organization, make_region_tree
from audit.worlds import keepable


@pytest.fixture
def at() -> datetime:
    """Now."""
    return timezone.now()


@dataclass(frozen=True)
class Places:
    """Offices by their place to one another."""

    city: Organization
    own: Organization
    sibling: Organization
    foreign: Organization


@keepable
def make_places() -> Places:
    """河源 with two counties, and 阳江."""
    make_region_tree()
    city = make_organization("河源市民政局", region="4416")
    return Places(
        city=city,
        own=make_organization("源城区民政局", region="441602", parent=city),
        sibling=make_organization("紫金县民政局", region="441621", parent=city),
        foreign=make_organization("阳江市民政局", region="4417"),
    )


@pytest.fixture
def places(db: None) -> Places:
    """Four offices."""
    return make_places()
