"""Lines of a list going with their file, struck at the fault points: all of a step, or nothing."""

from __future__ import annotations

import pytest
from django.utils import timezone

from audit.testing import sweep
from beneficiaries.testing import make_world, people
from intake.actions import let_lines_go
from intake.models import File
from takeup.actions import LISTS
from takeup.models import ParticipantListFile, ParticipantRow
from takeup.testing import city_clerk
from takeup.tests.test_participants import checked, line

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_fault_leaves_the_lines_or_lets_them_go() -> None:
    world = make_world(requires_basic_insurance=True)
    subject = checked(world, [line(each) for each in people(2)])
    LISTS.withdraw(subject, reason="文件有误,重新上传", by=city_clerk(world), at=timezone.now())
    File.objects.update(purged_at=timezone.now())

    def nothing(k: int) -> None:
        assert ParticipantRow.objects.filter(raw__isnull=False).count() == 2, k
        assert ParticipantListFile.objects.get().lines_gone_at is None, k

    assert sweep(lambda: let_lines_go(at=timezone.now()), check=nothing, mode="raise") >= 4
    assert not ParticipantRow.objects.filter(raw__isnull=False).exists()
    assert ParticipantListFile.objects.get().lines_gone_at is not None
