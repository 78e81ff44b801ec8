"""What an auditor finds of a hand-over in the evidence of a cover: the list, its file, the answer, and the receipt's own line."""

from __future__ import annotations

from typing import Any

import pytest

from audit.testing import shared
from beneficiaries.models import Enrollment
from beneficiaries.testing import World, applied, make_world, people
from handover.evidence import EVIDENCE
from handover.models import HandOver
from handover.testing import TERMS, answered, format_in_use, numbers_of, released

pytestmark = pytest.mark.django_db


def made() -> tuple[World, HandOver]:
    """Two people told to the insurer, who took one and refused the other."""
    world = make_world(**TERMS)
    applied(world, people(2))
    format_in_use(world)
    hand_over = released(world)
    one, two = numbers_of(hand_over)
    answered(world, hand_over, [(one, "Y", "PA1", ""), (two, "N", "", "年龄超限")])
    return world, hand_over


_django_db_helper, one_world, kept_world = shared(made)


def told_of(number: str) -> set[str]:
    """What the one entry about a cover says."""
    [evidence] = EVIDENCE
    assert str(evidence.title) == "移交与保险公司答复"
    [entry] = evidence.entries(Enrollment.objects.get(pk=int(number[-12:-2])))
    return {str(value) for _label, value in entry}


def test_the_evidence_of_an_accepted_and_of_a_refused_cover_names_list_file_answer_and_line(kept_world: Any) -> None:
    _world, hand_over = kept_world
    hand_over.refresh_from_db()
    one, two = (told_of(number) for number in numbers_of(hand_over))
    for told in (one, two):
        assert {hand_over.digest, hand_over.sha256, "回执.csv"} <= told
    assert {"PA1", "2"} <= one and "年龄超限" not in one
    assert {"年龄超限", "3"} <= two and "PA1" not in two
