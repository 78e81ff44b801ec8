"""Take-up of the world of Latin data: a target that counts, one sent back, one that waits."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from takeup import actions
from takeup.actions.targets import Wanted, digest_of, waiting_for


def add_takeup(world: Any, *, reason: str) -> None:
    """Of one county, one after the other."""
    clerk, reviewer, period = world.users["city clerk"], world.users["city reviewer"], world.period
    county = world.county.region_code
    for people in (900, 950, 1_000):
        (target,) = actions.propose_targets(period, [Wanted(county, people, f"{reason} yearbook")], by=clerk, at=timezone.now())
        if people == 900:
            shown = digest_of(waiting_for(period, reviewer))
            actions.approve_targets(period, shown=shown, by=reviewer, at=timezone.now())
        elif people == 950:
            actions.decline_target(target, reason=reason, by=reviewer, at=timezone.now())
