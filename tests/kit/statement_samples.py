"""Sample runs of what people do with collection statements; see `crash_samples`."""

from __future__ import annotations

from decimal import Decimal

from django.utils import timezone

from beneficiaries.models import Enrollment
from beneficiaries.testing import World
from gates.testing import line_of, sent
from jobs.models import Job
from tests.kit.crash_samples import Run, noticed, sample
from tests.kit.crashes import Token


@sample("gates.upload_statement")
def upload_statement(world: World, token: Token) -> Run:
    own = noticed(world, token)
    Job.objects.live().update(state="cancelled", finished_at=timezone.now(), lease_until=None)
    cover = Enrollment.objects.select_related("person", "program", "period").filter(program=own.program).earliest("pk")
    lines = [line_of(cover, serial=token.letters)]
    return lambda: sent(own, lines, reference=token.letters, control_amount=Decimal("0.01"))
