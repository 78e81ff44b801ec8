"""Each action struck at each of its fault points: its business state, its history and its events are all before or all after.

The short form strikes a point in the middle of each action in one mode, the full one (FULL_SWEEP=1) every point in both, with
all invariants after each strike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from accounts.actions import FirstAdmin, create_first_admins
from accounts.models import Organization, User
from accounts.testing import PASSWORD
from audit import events
from audit.faults import fault_point
from audit.models import Event
from audit.testing import FULL_SWEEP, Stops, in_two_walks, sweep
from beneficiaries.testing import World, make_world
from programs.models import Budget
from tests.kit import (
    crash_funds,
    crash_samples_bills,
    crash_samples_claims,
    crash_samples_clearings,
    crash_samples_closing,
    crash_samples_complaints,
    crash_samples_filings,
    crash_samples_handover,
    crash_samples_invoices,
    crash_samples_of_audits,
    crash_samples_payouts,
    crash_samples_records,
    crash_samples_results,
    crash_samples_retention,
    crash_samples_takeup,
    crash_samples_terms,
    crash_samples_years,
    messages_samples,
    papers_samples,
)
from tests.kit.crash_samples import SAMPLES, Run, sample_kind
from tests.kit.crashes import RECORD, Token, new_token, strike_once, sweep_action, sweep_in_form
from tests.kit.faults import writers
from tests.test_fault_points import read

pytestmark = pytest.mark.django_db(transaction=True)
#: Samples register when their modules are read.

#: Rooms of which each action may make keys of its own, which no other run makes again; of others the first action makes all.
SEALING = ("accounts", "audit", "exports")
MODES = ("raise", "disconnect")
ROOMS = (
    "accounts", "programs", "jobs", "continuity", "claims", "exports", "gates", "handover", "outreach", "papers", "subsidies",
    "years", "closing", "payouts", "records", "results", "filings", "complaints", "retention", "samples", "takeup", "audit",
)
#: Modules whose samples join those of `crash_samples` when they are read.
MORE = (
    crash_funds, crash_samples_bills, crash_samples_claims, crash_samples_clearings,
    crash_samples_closing, crash_samples_complaints, crash_samples_filings, crash_samples_handover, crash_samples_invoices,
    crash_samples_of_audits, crash_samples_payouts, crash_samples_records, crash_samples_results, crash_samples_retention,
    crash_samples_takeup, crash_samples_terms,
    crash_samples_years,
    messages_samples, papers_samples,
)
#: Actions swept by tests of their own, or by whoever they only call: each with its place.
ELSEWHERE = {
    "accounts.create_first_admins": "below: it needs a portal without users",
    **dict.fromkeys(
        ("claims.look_at_flags", "claims.print_letter"), "claims/tests/test_letter_faults.py: they need a claim that was decided"
    ),
    "jobs.run_pending": "jobs/tests/test_races.py: a fault within it is the work's own and is tried again, a third state",
    **dict.fromkeys(
        ("gates.close_part", "gates.pay_part"), "gates/tests/test_faults.py: many transactions, each struck and gone on from"
    ),
    "gates.settle_clearing": "gates/tests/test_clearing_faults.py: many transactions, each struck and gone on from",
    **dict.fromkeys(
        ("programs.hold_own", "programs.assign_held", "programs.count_held_once", "programs.return_held", "programs.reverse_own"),
        "part of gates.approve_clearing, record_returned and of taking in a statement, which are swept: by itself it would "
        "leave the books apart from payments",
    ),
    "handover.upload_receipt": "handover/tests/test_faults.py: the files are kept first, then the receipt that has them",
    "payouts.upload_return": "payouts/tests/test_faults.py: the files are kept first, then the returned file that has them",
    "payouts.send_batch": "payouts/tests/test_connectors.py: it needs a connector, and is swept with what the connector does",
    "programs.settle_budgets": "part of subsidies.confirm_movement and approve_request, which are swept: by itself it would leave "
    "budgets apart from requests",
    "programs.open_books_from": "part of closing.draw_up_month, decline_closing and withdraw_closing, which are swept: by itself"
    " it would leave the books apart from closings",
    "subsidies.list_part": "subsidies/tests/test_races.py: many transactions, each struck and gone on from",
    "papers.gather_copy": "papers/tests/test_faults.py: the work of a job, killed at each of its points and gone on from",
    "audit.tasks.seal_events": "the task of audit.events.seal_events, which is swept",
    "audit.events.record": "part of every action here: its two points are struck in each",
    "audit.events.record_many": "the same of many: its points are struck wherever many cases are opened at once",
    "audit.blind_index.rebuild": "audit/tests/test_commands.py: many transactions, each struck and gone on from",
    "audit.destroying.destroy": "retention/tests/test_faults.py: part of the steps of a destruction, each struck and gone on from",
    "audit.keys.rewrap_keys": "audit/tests/test_commands.py: one transaction a key, each struck and gone on from",
    "audit.resealing.reseal": "audit/tests/test_commands.py: many transactions, each struck and gone on from",
    **dict.fromkeys(
        (
            "audit.blind_index.digest_for", "audit.blind_index.index_many", "audit.blind_index.index_value",
            "audit.blind_index.live_digests", "audit.blind_index.lookup",
            "audit.blind_index.slot_values", "audit.blind_index.written_slots", "audit.keys.current_key", "audit.keys.sealer",
        ),
        "makes the first key of its purpose by audit.keys.make_key, which is swept",
    ),
}


@pytest.fixture
def world(transactional_db: Any) -> Iterator[World]:
    with sample_kind():
        yield make_world()


def actions_that_write() -> set[str]:
    """Public actions of the rooms swept here, as "room.name"; audit, which has no such package, by module."""
    functions, exports, entries = read()
    writing = writers(functions, exports=exports)
    found = {
        f"{entry.split('.')[0]}.{entry.rsplit('.', 1)[1]}" for entry in entries
        if entry.split(".")[0] in ROOMS and exports.get(entry, entry) in writing
    }
    own = {
        each.key for each in functions
        if each.key in writing and each.key.count(".") == 2 and each.key.startswith("audit.") and not each.name.startswith("_")
    }
    return found | own


def test_each_action_that_writes_has_a_sample_or_is_swept_elsewhere() -> None:
    sampled = {name.split("#")[0] for name in SAMPLES}
    wanted = actions_that_write()
    assert sorted(wanted - sampled - ELSEWHERE.keys()) == [], "give them a sample in tests/kit/crash_samples.py"
    assert sorted((sampled | ELSEWHERE.keys()) - wanted) == [], "these write nothing any more"


@in_two_walks
@pytest.mark.parametrize("room", ROOMS)
def test_a_fault_at_any_point_leaves_all_of_an_action_or_nothing(world: World, room: str, stops: Stops) -> None:
    struck = 0
    own_samples = [name for name in sorted(SAMPLES) if name.startswith(f"{room}.")]
    if room not in SEALING and any(map(stops, own_samples)):
        # Makes the keys of the room, whichever of its actions are struck here.
        SAMPLES[own_samples[0]](world, new_token())()
    for place, name in enumerate(own_samples):
        if not stops(name):
            continue
        for mode in MODES if FULL_SWEEP else (MODES[place % 2],):
            swept = sweep_in_form(partial(SAMPLES[name], world), mode=mode, warm=room in SEALING)
            own = [point for point in swept.points if not point.startswith(RECORD)]
            assert len(own) >= 2, f"{name} passes no fault point of its own"
            assert own[0].split(".")[0] == room, f"{name} first passes a point of another room: {own[0]}"
            struck += swept.struck
    assert struck >= sum(map(stops, own_samples))


@pytest.mark.parametrize("mode", MODES)
def test_the_first_three_accounts_come_together_or_not_at_all(transactional_db: Any, mode: str) -> None:
    titles = (("system", "system_admin"), ("security", "security_admin"), ("auditor", "auditor"))
    admins = tuple(FirstAdmin(name, role, name, PASSWORD) for name, role in titles)

    def nobody(k: int) -> None:
        assert (User.objects.count(), Organization.objects.count(), Event.objects.count()) == (0, 0, 0), k

    def run() -> None:
        create_first_admins("运营单位", admins=admins, by="system:test", at=timezone.now())  # type: ignore[arg-type]

    assert sweep(run, check=nobody, mode=mode, step=1 if FULL_SWEEP else 5) >= (24 if FULL_SWEEP else 5)
    assert (User.objects.count(), Event.objects.count()) == (3, 7)


# -- The sweep itself, on actions with planted faults ----------------------------------------------------------------------


def broken_up(world: World, token: Token, *, commit: bool) -> Run:
    """An action whose event is written in another transaction than its change (`commit`), or never."""

    def run() -> None:
        fault_point("tests.rename.before")
        Organization.objects.filter(pk=world.office.pk).update(short_name=token.letters)
        fault_point("tests.rename.between")
        if commit:
            events.record("organization.changed", world.office, by="system:test", at=timezone.now(), data={})
        fault_point("tests.rename.after")

    return run


@pytest.mark.parametrize("mode", MODES)
def test_an_action_that_commits_its_change_before_its_event_is_caught(world: World, mode: str) -> None:
    with pytest.raises(AssertionError, match=r"a fault at tests\.rename\.between .* neither before nor after") as caught:
        sweep_action(lambda token: broken_up(world, token, commit=True), mode=mode)
    assert "missing came audit_event" in str(caught.value)


@pytest.mark.parametrize("mode", MODES)
def test_one_strike_in_the_middle_catches_it_too(world: World, mode: str) -> None:
    with pytest.raises(AssertionError, match=r"\(point 3, .* neither before nor after") as caught:
        strike_once(lambda token: broken_up(world, token, commit=True), mode=mode)
    assert "missing came audit_event" in str(caught.value)


def test_an_action_whose_invariants_break_is_caught(world: World) -> None:
    def prepare(token: Token) -> Callable[[], Any]:
        def run() -> None:
            fault_point("tests.spend.before")
            Budget.objects.filter(pk=world.budgets[0].pk).update(used=1)
            fault_point("tests.spend.after")

        Budget.objects.filter(pk=world.budgets[0].pk).update(used=0)
        return run

    with pytest.raises(AssertionError, match=r"a fault at tests\.spend\.after \(point 2, raise\) broke"):
        sweep_action(prepare, mode="raise")
