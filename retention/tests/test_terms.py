"""Terms, and what they change of what is due: the law's minimum is held by the database, versions are by two."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.testing import shared
from beneficiaries.models import Enrollment
from beneficiaries.testing import World
from papers.actions import grant_request, record_request
from papers.models import Asker, IdentityCheck, RequestKind
from programs.models import BudgetReservation
from retention import actions
from retention.models import RetentionTerm
from retention.terms import Kind
from retention.testing import REASON, done, drawn, ended_long_ago, make_old, officer_of
from retention.tests.test_runs import refused

pytestmark = pytest.mark.django_db
_django_db_helper, one_world, kept_world = shared(make_old)


def proposed(world: World, length: int, kind: Kind = Kind.COVER) -> RetentionTerm:
    return actions.propose_term(
        world.program, kind=kind, length=length, reason="与保险公司约定", by=officer_of(world), at=timezone.now()
    )


@pytest.mark.parametrize(
    ("kind", "length", "least"), [(Kind.COVER, 4, 5), (Kind.LIST, 29, 30), (Kind.PAYMENT, 9, 10), (Kind.UNCOVERED, 1, 30)]
)
def test_nobody_goes_below_the_law(kept_world: World, kind: Kind, length: int, least: int) -> None:
    with refused("LEGAL_MINIMUM"):
        proposed(kept_world, length, kind)
    term = proposed(kept_world, least, kind)
    with pytest.raises(IntegrityError, match="retention_term_within_the_law"), transaction.atomic():
        RetentionTerm.objects.bulk_create([RetentionTerm(
            program=kept_world.program, kind=kind, unit=term.unit, length=length, reason="x", proposed_by=term.proposed_by,
            proposed_at=term.proposed_at,
        )])


def test_a_longer_term_takes_people_off_the_list_and_voids_one_that_was_drawn_up(kept_world: World) -> None:
    run, at = drawn(kept_world), timezone.now()
    term = proposed(kept_world, 12)
    with refused("TERM_WAITS"):
        proposed(kept_world, 13)
    with refused("OUT_OF_SCOPE"):
        actions.approve_term(term, by=officer_of(kept_world), at=at)
    actions.approve_term(term, by=kept_world.reviewer, at=at)
    with refused("TERM_CHANGED"):
        actions.release_run(run, digest=run.digest, by=kept_world.reviewer, at=at)
    actions.withdraw_run(run, reason=REASON, by=officer_of(kept_world), at=at)
    assert drawn(kept_world).number == 0


def test_a_shorter_term_within_the_law_counts_for_short_covers_alone(kept_world: World) -> None:
    covers = list(Enrollment.objects.order_by("pk"))
    ended_long_ago(covers, years=6)
    Enrollment.objects.filter(pk=covers[0].pk).update(starts_at=covers[0].starts_at - timedelta(days=365 * 8))
    actions.approve_term(proposed(kept_world, 5), by=kept_world.reviewer, at=timezone.now())
    run = drawn(kept_world)
    assert run.number == 4


def test_an_open_request_keeps_its_person_and_one_that_waited_for_the_end_of_the_term_is_completed(kept_world: World) -> None:
    cover = Enrollment.objects.select_related("beneficiary__person", "beneficiary__organization").order_by("pk")[0]
    officer, at = officer_of(kept_world), timezone.now()
    request = record_request(
        cover.beneficiary, kind=RequestKind.DELETION, asker=Asker.SELF, identity_check=IdentityCheck.DOCUMENT,
        text="请删除我的信息", received_on=timezone.localdate(at), by=kept_world.clerk, at=at,
    )
    waiting = drawn(kept_world)
    assert (waiting.number, waiting.kept) == (3, {"request": 1})
    actions.withdraw_run(waiting, reason=REASON, by=officer, at=at)
    grant_request(request, by=officer, at=at)
    run = done(kept_world)
    request.refresh_from_db()
    assert (run.destroyed, str(request.text), request.completed_at is not None) == (4, "（已销毁）", True)


def test_money_that_is_not_settled_keeps_its_people(kept_world: World) -> None:
    BudgetReservation.objects.update(closed_at=None)
    run = drawn(kept_world)
    assert (run.number, run.kept) == (0, {"money": 4})
    with refused("NOTHING_DUE"):
        actions.release_run(run, digest=run.digest, by=kept_world.reviewer, at=timezone.now())
