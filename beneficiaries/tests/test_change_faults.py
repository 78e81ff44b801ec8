"""Changes of people struck at their fault points: all of a proposal or a decision is there, or nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from audit.testing import FULL_SWEEP, in_turn, sweep
from beneficiaries.actions import (
    approve_change,
    approve_roster,
    propose_correction,
    propose_document,
    propose_end,
    propose_ending,
    propose_health,
    propose_merge,
    propose_move,
    propose_representative,
    propose_unmerge,
    state_found_health,
    submit_roster,
    turn_down_change,
    withdraw_change,
)
from beneficiaries.identity import Identity
from beneficiaries.models import Beneficiary, Enrollment, Person, PersonChange, Representative, Role, Roster
from beneficiaries.models.roster import EndReason
from beneficiaries.shown_change import digest_of
from beneficiaries.testing import World, make_world, resident_id, row, uploaded
from beneficiaries.tests.changing import REASON
from beneficiaries.tests.outcomes import broken
from jobs.testing import drain
from programs.models import Budget, LedgerTransaction
from tests.kit.crashes import RECORD, Token, sweep_in_form

pytestmark = pytest.mark.django_db(transaction=True)

#: People for the runs.
ROOM = 400 if FULL_SWEEP else 150
MODES = ("raise", "disconnect")


class Runs:
    """People who are alike but for their numbers: one for each run."""

    def __init__(self, world: World) -> None:
        self.world = world
        lines = [
            row(name="李伟", document=resident_id("441602", "19620315", 2 * number + 1), sex="男", birth_on="1962-03-15")
            for number in range(ROOM)
        ]
        uploaded(world, lines)
        drain()
        roster = submit_roster(Roster.objects.latest("pk"), by=world.clerk, at=timezone.now())
        approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
        drain()
        self._left: Iterator[int] = iter(list(Beneficiary.objects.order_by("pk").values_list("pk", flat=True)))

    def next(self) -> Beneficiary:
        """One whom no run has had."""
        return Beneficiary.objects.select_related("person", "program", "organization").get(pk=next(self._left))

    def ending(self, beneficiary: Beneficiary) -> PersonChange:
        """Proposed."""
        return propose_ending(
            beneficiary, end_reason=EndReason.DECEASED, ended_on=timezone.localdate() - timedelta(days=1), reason=REASON,
            by=self.world.clerk, at=timezone.now(),
        )

    def decided(self, change: PersonChange) -> Callable[[], Any]:
        """The run that approves it."""
        shown = digest_of(change)
        return lambda: approve_change(
            PersonChange.objects.get(pk=change.pk), shown=shown, by=self.world.reviewer, at=timezone.now()
        )


def propose(runs: Runs, token: Token) -> Callable[[], Any]:
    return partial(runs.ending, runs.next())


def approve_ending(runs: Runs, token: Token) -> Callable[[], Any]:
    return runs.decided(runs.ending(runs.next()))


def approve_correction(runs: Runs, token: Token) -> Callable[[], Any]:
    beneficiary = runs.next()
    number = int(beneficiary.person.document.reveal()[14:17]) + 1
    right = Identity("李韦", "resident_id", resident_id("441602", "19630315", number), None, "")
    change = propose_correction(beneficiary, right=right, reason=REASON, by=runs.world.clerk, at=timezone.now())
    return runs.decided(change)


def approve_document(runs: Runs, token: Token) -> Callable[[], Any]:
    beneficiary = runs.next()
    change = propose_document(
        beneficiary, document_type="passport", document=f"E{beneficiary.pk:08d}", reason=REASON, by=runs.world.clerk,
        at=timezone.now(),
    )
    return runs.decided(change)


def merge(runs: Runs, token: Token) -> PersonChange:
    one, two = runs.next(), runs.next()
    Enrollment.objects.filter(beneficiary=two).update(state="ended", ends_at=F("starts_at"))
    return propose_merge(one, other=two.person, reason=REASON, by=runs.world.clerk, at=timezone.now())


def approve_merge(runs: Runs, token: Token) -> Callable[[], Any]:
    return runs.decided(merge(runs, token))


def approve_unmerge(runs: Runs, token: Token) -> Callable[[], Any]:
    done = merge(runs, token)
    runs.decided(done)()
    undo = propose_unmerge(
        done.beneficiary, merge=PersonChange.objects.get(pk=done.pk), reason=REASON, by=runs.world.clerk, at=timezone.now()
    )
    return runs.decided(undo)


def approve_move(runs: Runs, token: Token) -> Callable[[], Any]:
    return runs.decided(moved(runs, "441602001"))


def accept_transfer(runs: Runs, token: Token) -> Callable[[], Any]:
    return runs.decided(moved(runs, "441621"))


def moved(runs: Runs, region_code: str) -> PersonChange:
    return propose_move(runs.next(), region_code=region_code, reason=REASON, by=runs.world.clerk, at=timezone.now())


def turn_down(runs: Runs, token: Token) -> Callable[[], Any]:
    change = runs.ending(runs.next())
    return lambda: turn_down_change(change, reason="证明不足", by=runs.world.reviewer, at=timezone.now())


def withdraw(runs: Runs, token: Token) -> Callable[[], Any]:
    change = runs.ending(runs.next())
    return lambda: withdraw_change(change, by=runs.world.clerk, at=timezone.now())


def spoken_for(runs: Runs) -> PersonChange:
    """An agent's number is one of nobody here; each run has another."""
    known = runs.next()
    number = resident_id("441602", "19850101", int(known.person.document.reveal()[14:17]))
    return propose_representative(
        known, role=Role.AGENT, name="赵敏", document_type="resident_id", document=number, phone="13700137000", relation="村干部",
        reason=REASON, by=runs.world.clerk, at=timezone.now(),
    )


def approve_speaker(runs: Runs, token: Token) -> Callable[[], Any]:
    return runs.decided(spoken_for(runs))


def approve_end_of_speaker(runs: Runs, token: Token) -> Callable[[], Any]:
    done = spoken_for(runs)
    runs.decided(done)()
    ended = propose_end(
        Representative.objects.get(change=done.pk), reason=REASON, by=runs.world.clerk, at=timezone.now()
    )
    return runs.decided(ended)


def approve_health(runs: Runs, token: Token) -> Callable[[], Any]:
    return runs.decided(
        propose_health(
            runs.next(), health_class="pre_existing", from_on=timezone.localdate(), reason=REASON, by=runs.world.clerk,
            at=timezone.now(),
        )
    )


def find_health(runs: Runs, token: Token) -> Callable[[], Any]:
    known = runs.next()
    return lambda: state_found_health(
        known, health_class="pre_existing", from_on=timezone.localdate(), reference="LP-1", by=runs.world.reviewer,
        at=timezone.now(),
    )


@pytest.mark.parametrize("mode", in_turn(MODES, 1))
def test_a_cover_is_given_up_with_all_of_its_money_or_not_at_all(mode: str) -> None:
    runs = Runs(make_world())
    one, two = runs.next(), runs.next()
    cover = Enrollment.objects.get(beneficiary=two)
    change = propose_merge(
        one, other=two.person, given_up=[cover.pk], reason=REASON, by=runs.world.clerk, at=timezone.now()
    )
    run, before = runs.decided(change), standing(cover, two)
    assert (before[0], before[1]) == ("in_force", None)

    def nothing(k: int) -> None:
        connection.close()
        assert standing(cover, two) == before, k
        assert broken() == [], k

    assert sweep(run, check=nothing, mode=mode, step=1 if FULL_SWEEP else 7) >= 3
    after = standing(cover, two)
    assert (after[0], after[1]) == ("voided", one.person_id)
    parts = [part.amount for part in cover.split.lines.all()]
    assert sum(was - now for was, now in zip(before[2], after[2], strict=True)) == sum(parts)
    assert broken() == []


def standing(cover: Enrollment, beneficiary: Beneficiary) -> tuple[Any, ...]:
    """State of a cover, whom its person was merged into, what budgets have used, how much is booked."""
    return (
        Enrollment.objects.values_list("state", flat=True).get(pk=cover.pk),
        Person.objects.values_list("merged_into", flat=True).get(pk=beneficiary.person_id),
        list(Budget.objects.order_by("pk").values_list("used", flat=True)), LedgerTransaction.objects.count(),
    )


#: Every action on changes of people, with what one run of it needs.
SAMPLES: dict[str, Callable[[Runs, Token], Callable[[], Any]]] = {
    "propose": propose, "approve_ending": approve_ending, "approve_correction": approve_correction,
    "approve_document": approve_document, "approve_merge": approve_merge, "approve_unmerge": approve_unmerge,
    "approve_health": approve_health, "find_health": find_health,
    "approve_speaker": approve_speaker, "approve_end_of_speaker": approve_end_of_speaker,
    "approve_move": approve_move, "accept_transfer": accept_transfer, "turn_down": turn_down, "withdraw": withdraw,
}


def test_a_fault_at_any_point_leaves_all_of_a_change_or_nothing() -> None:
    runs = Runs(make_world())
    for place, (name, prepare) in enumerate(SAMPLES.items()):
        for mode in MODES if FULL_SWEEP else (MODES[place % 2],):
            swept = sweep_in_form(partial(prepare, runs), mode=mode)
            own = [point for point in swept.points if not point.startswith(RECORD)]
            assert own[0].split(".")[0] == "beneficiaries", name
            assert swept.struck, name
