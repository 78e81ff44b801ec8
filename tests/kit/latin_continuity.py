"""Years of the world of Latin data: a list of earlier years that waits, and a health class that was declared."""

from __future__ import annotations

import io
from typing import Any

from django.utils import timezone

from beneficiaries.testing import resident_id
from continuity import actions
from continuity.models import EarlierList
from jobs.testing import drain


def add_earlier_years(world: Any) -> None:
    """Submitted, of the county's people."""
    clerk, county = world.users["city clerk"], world.county.region_code
    lines = ["证件号码,连续投保年数,连续未理赔年数", *(f"{resident_id(county, '19700101', number)},3,2" for number in (1, 2))]
    subject = actions.upload_earlier(
        [("zqearlier.csv", io.BytesIO("\n".join(lines).encode("utf-8-sig")))], program=world.period.program,
        organization=clerk.organization, as_of=timezone.localdate(), by=clerk, at=timezone.now(),
    )
    drain()
    actions.LISTS.submit(EarlierList.objects.get(pk=subject.pk), by=clerk, at=timezone.now())
