"""Looking at flags and printing letters, struck at each of their points: all of it is kept or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from audit.models import Event
from audit.testing import shared, sweep
from beneficiaries.models import Person
from claims import actions
from claims.flags import flags_of
from claims.models import Claim, FlagLook, Letter
from claims.models.letter import Addressee, LetterFormat, LetterKind, LetterStyle
from claims.testing import Ward
from claims.tests.test_flags import make_flagged_ward
from papers.actions import write_wording

pytestmark = pytest.mark.django_db
_django_db_helper, one_world, kept_world = shared(make_flagged_ward)


@pytest.fixture
def ward(kept_world: Ward) -> Ward:
    return kept_world


def state() -> tuple[Any, ...]:
    return (
        FlagLook.objects.count(), Letter.objects.count(), list(Claim.objects.order_by("pk").values_list("state", "due_on")),
        Event.objects.filter(verb__in=("claim.flags_looked_at", "letter.printed")).count(),
    )


def test_a_look_is_kept_with_its_event_or_not_at_all(ward: Ward) -> None:
    claim = ward.claim()
    Person.objects.filter(pk=claim.enrollment.person_id).update(deceased_on="2000-01-01")
    keys = [(flag.code.value, flag.key) for flag in flags_of(claim)]
    before = state()
    struck = sweep(
        lambda: actions.look_at_flags(claim, keys=keys, note="已核", by=ward.clerk, at=ward.at), check=lambda k: _same(before, k)
    )
    assert struck >= 3 and state() != before


def test_a_refusals_letter_is_kept_with_its_event_and_the_day_that_it_ends_or_not_at_all(ward: Ward) -> None:
    write_wording(ward.cover.program, how_to_claim="电话", phone="12345", by=ward.market.world.reviewer, at=ward.at)
    claim = ward.claim()
    ward.decide(claim, refusal=actions.Refusal("PRE_EXISTING", "病历记载"))
    before = state()

    def print_it() -> Any:
        return actions.print_letter(
            claim, kind=LetterKind.REFUSAL, style=LetterStyle.FORMAL, addressee=Addressee.PERSON, file_format=LetterFormat.DOCX,
            purpose="寄送本人", by=ward.clerk, at=ward.at,
        )

    assert sweep(print_it, check=lambda k: _same(before, k)) >= 3
    assert state() != before and Claim.objects.get(pk=claim.pk).due_on is None


def _same(before: Any, k: int) -> None:
    assert state() == before, k
