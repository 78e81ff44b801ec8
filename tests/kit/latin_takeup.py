"""Take-up of the world of Latin data: a target that counts, one sent back, one that waits; a list of participants that waits."""

from __future__ import annotations

import io
from typing import Any

from django.utils import timezone

from beneficiaries.testing import resident_id
from jobs.testing import drain
from takeup import actions
from takeup.actions.targets import Wanted, digest_of, waiting_for
from takeup.models import ParticipantList


def add_takeup(world: Any, *, reason: str) -> None:
    """Of one county, one after the other."""
    clerk, reviewer, period = world.users["city clerk"], world.users["city reviewer"], world.period
    county = world.county.region_code
    for people in (900, 950, 1_000):
        (target,) = actions.propose_targets(period, [Wanted(county, people, f"{reason} zqyearbook")], by=clerk, at=timezone.now())
        if people == 900:
            shown = digest_of(waiting_for(period, reviewer))
            actions.approve_targets(period, shown=shown, by=reviewer, at=timezone.now())
        elif people == 950:
            actions.decline_target(target, reason=reason, by=reviewer, at=timezone.now())
    lines = ["证件号码,险种,参保状态,统筹区", *(f"{resident_id(county, '19700101', number)},390,1,{county}" for number in (1, 2))]
    subject = actions.upload_participants(
        [("zqparticipants.csv", io.BytesIO("\n".join(lines).encode("utf-8-sig")))], organization=clerk.organization,
        as_of=timezone.localdate(), by=clerk, at=timezone.now(),
    )
    drain()
    actions.LISTS.submit(ParticipantList.objects.get(pk=subject.pk), by=clerk, at=timezone.now())
