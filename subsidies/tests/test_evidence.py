"""What an auditor finds of funders in the evidence of a cover: whom was asked for how much, and what each payer got back."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from audit.testing import shared
from beneficiaries.models import Enrollment
from beneficiaries.testing import World, applied, make_world, people
from subsidies.evidence import EVIDENCE
from subsidies.testing import differences, ended, sent

pytestmark = pytest.mark.django_db


def make() -> tuple[World, Enrollment]:
    """One person, whose foundation was asked, and whose cover ended before it began."""
    world = make_world()
    roster = applied(world, people(1))
    sent(world)
    cover = roster.enrollments.select_related("program", "period").get()
    ended(cover, ended_on=timezone.localdate())
    differences(world)
    return world, cover


_django_db_helper, one_world, kept_world = shared(make)


def test_the_evidence_names_what_each_funder_was_asked_for_and_what_each_payer_gets_back(kept_world: Any) -> None:
    world, cover = kept_world
    told = {
        str(evidence.title): [{str(label): str(value) for label, value in entry} for entry in evidence.entries(cover)]
        for evidence in EVIDENCE
    }
    [asked] = told["请款单"]
    assert {world.foundation.name, "68.99"} <= set(asked.values())
    given_back = [entry for entry in told["退还情况"] if "68.99" in entry.values() or "0.01" in entry.values()]
    payers = {value for entry in given_back for value in entry.values()}
    assert world.foundation.name in payers and "0.01" in payers
