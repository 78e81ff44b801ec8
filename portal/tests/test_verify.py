"""Every invariant finds what it is for: a violation planted past the database's own guards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from audit.events import seal_events
from beneficiaries.actions import (
    Gate,
    approve_roster,
    approve_undo,
    pass_gate,
    queue_lapses,
    request_undo,
    submit_roster,
)
from beneficiaries.models import Ending, Enrollment, Roster
from beneficiaries.models.roster import Purpose
from beneficiaries.testing import make_world, people, row, uploaded
from beneficiaries.tests.purchasing import day_market
from beneficiaries.tests.test_purposes import applied as through_purpose
from beneficiaries.tests.test_purposes import approved, enrolled, who
from beneficiaries.tests.test_purposes_among_others import declared, in_review
from beneficiaries.tests.undone import applied
from claims.invariants import INVARIANTS as CLAIMS
from closing.invariants import INVARIANTS as CLOSING
from complaints.invariants import INVARIANTS as COMPLAINTS
from continuity.invariants import INVARIANTS as CONTINUITY
from exports.invariants import INVARIANTS as EXPORTS
from filings.invariants import INVARIANTS as FILINGS
from gates.invariants import INVARIANTS as GATES
from handover.invariants import INVARIANTS as HANDOVER
from jobs.invariants import INVARIANTS as JOBS
from jobs.testing import drain
from outreach.invariants import INVARIANTS as OUTREACH
from papers.invariants import INVARIANTS as PAPERS
from payouts.invariants import INVARIANTS as PAYOUTS
from portal.local.environment import ROOT
from portal.verify import ALL, check_all
from programs.models import Period
from records.invariants import INVARIANTS as RECORDS
from results.invariants import INVARIANTS as RESULTS
from retention.invariants import INVARIANTS as RETENTION
from samples.invariants import INVARIANTS as SAMPLES
from subsidies.invariants import INVARIANTS as SUBSIDIES
from takeup.invariants import INVARIANTS as TAKEUP
from years.invariants import INVARIANTS as YEARS

pytestmark = pytest.mark.django_db


@pytest.fixture
def _django_db_helper() -> None:
    """Tests share the transaction of `kept`; the mark has pytest-django set the database up."""


@pytest.fixture(scope="module")
def kept(request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    """Books of one kind, made once for all tests of that kind, in one transaction that is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield request.param()
        transaction.set_rollback(True)


@pytest.fixture
def made(kept: Any) -> Iterator[Any]:
    """The books; what a test does to them is taken back."""
    with transaction.atomic():
        yield kept
        transaction.set_rollback(True)


def of(kind: Callable[[], Any]) -> Any:
    """A test of books of one kind."""
    return pytest.mark.parametrize("kept", [kind], ids=[kind.__name__], indirect=True, scope="module")


def books() -> Roster:
    """A world with one applied roster and a sealed chain."""
    world = make_world()
    uploaded(world, [*people(4), row(name="")])
    drain()
    roster = submit_roster(Roster.objects.get(), by=world.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()
    seal_events(at=timezone.now())
    return Roster.objects.get()


@contextmanager
def unguarded(*tables: str) -> Iterator[Any]:
    """A cursor past triggers; constraints in the way are dropped by the statements themselves."""
    with connection.cursor() as cursor:
        # Deferred triggers of the set-up must have run before a table can be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield cursor


def plant(name: str, tables: tuple[str, ...], statements: list[str]) -> None:
    """Break the books, and see the invariant tell it."""
    with unguarded(*tables) as cursor:
        for statement in statements:
            cursor.execute(statement)
    assert name in {result.name for result in check_all() if result.rows}


E, R = "beneficiaries_enrollment", "beneficiaries_roster"
OTHER_OFFICE = "(SELECT min(id) FROM accounts_organization)"
OTHER_PROGRAM = (
    "INSERT INTO programs_program (code, name, kind, organization_id, region_code, active) "
    "SELECT 'XX', 'x', kind, organization_id, region_code, true FROM programs_program RETURNING id"
)
OTHER_PLAN = (
    "INSERT INTO programs_plan (program_id, number, name, state, premium, cover_limit, period_kind, proration, age_on, "
    "requires_notice, notice_days, requires_own_payment, requires_insurer_acceptance, drafted_by_id, drafted_at, reason) "
    "SELECT program_id, 99, 'x', 'draft', 1, 1, 'annual', 'none', 'enrollment', true, 1, true, true, drafted_by_id, "
    "drafted_at, '' FROM programs_plan RETURNING id"
)
OTHER_PERIOD = (
    "INSERT INTO programs_period (program_id, plan_id, code, starts_on, ends_on, enrollment_opens_on, "
    "enrollment_closes_on) SELECT program_id, plan_id, 'x', starts_on, ends_on, enrollment_opens_on, "
    "enrollment_closes_on FROM programs_period RETURNING id"
)
PLANTED: list[tuple[str, tuple[str, ...], list[str]]] = [
    ("shares_sum_to_premium", ("programs_fundingsplitline",), ["UPDATE programs_fundingsplitline SET amount = amount + 0.01"]),
    ("ledger_balances", ("programs_ledgerentry",), ["UPDATE programs_ledgerentry SET amount = amount + 0.01 WHERE amount > 0"]),
    ("balance_equals_entries", ("programs_ledgeraccount",), ["UPDATE programs_ledgeraccount SET balance = balance + 1"]),
    ("budget_within_grant", ("programs_budget",), ["UPDATE programs_budget SET used = used + 1"]),
    ("budget_equals_ledger", ("programs_budget",), ["UPDATE programs_budget SET granted = granted + 1"]),
    ("benefits_are_as_stated", ("programs_planbenefits",), [
        "INSERT INTO programs_planbenefits (plan_id, content, digest, changed_by_id, changed_at) "
        "SELECT id, 'code: other', repeat('0', 64), drafted_by_id, now() FROM programs_plan LIMIT 1",
    ]),
    ("insurers_bear_the_whole", ("programs_planinsurer",), [
        "INSERT INTO programs_planinsurer (plan_id, insurer_id, share, lead) SELECT l.id, p.insurer_id, 99.9999, true "
        "FROM programs_plan l JOIN programs_program p ON p.id = l.program_id WHERE l.state <> 'draft' LIMIT 1",
    ]),
    ("no_self_approved_plan", ("programs_plan",), [
        "ALTER TABLE programs_plan DROP CONSTRAINT plan_approved_by_another",
        "UPDATE programs_plan SET decided_by_id = drafted_by_id",
    ]),
    ("one_live_annual_cover", (E,), [
        "DROP INDEX enrollment_live_once",
        f"UPDATE {E} SET person_id = (SELECT min(person_id) FROM {E})",
    ]),
    ("eligible_when_decided", (E,), [f"UPDATE {E} SET verdict = 'unknown'"]),
    ("enrollments_equal_budget_use", (E,), [f"DELETE FROM {E} WHERE id = (SELECT min(id) FROM {E})"]),
    ("roster_approved_by_another", ("beneficiaries_roster",), [
        "ALTER TABLE beneficiaries_roster DROP CONSTRAINT roster_approved_by_another",
        "UPDATE beneficiaries_roster SET decided_by_id = uploaded_by_id",
    ]),
    ("children_belong_to_their_parents", (E,), [
        f"UPDATE {E} SET organization_id = (SELECT min(id) FROM accounts_organization)"
    ]),
    ("every_row_has_one_outcome", (E,), [f"DELETE FROM {E} WHERE id = (SELECT min(id) FROM {E})"]),
    ("chunks_count_their_rows", (), [
        "UPDATE beneficiaries_rosterchunk SET counts = jsonb_set(counts, '{tally,places,0,3}', '99')"
    ]),
    ("chunks_count_their_rows", (), ["UPDATE beneficiaries_rosterchunk SET rows = rows + 1"]),
    ("one_enrollment_per_row", (E,), [
        f"ALTER TABLE {E} DROP CONSTRAINT enrollment_once_per_row",
        f"UPDATE {E} SET row_id = (SELECT min(row_id) FROM {E})",
    ]),
    ("every_roster_step_has_its_event", ("audit_event",), ["DELETE FROM audit_event WHERE verb = 'roster.approved'"]),
    ("every_plan_step_has_its_event", ("audit_event",), ["DELETE FROM audit_event WHERE verb = 'plan.approved'"]),
    ("every_plan_step_has_its_event", ("programs_plan",), ["UPDATE programs_plan SET in_force_at = in_force_at + interval '1 s'"]),
    ("every_plan_step_has_its_event", ("programs_plan",), ["UPDATE programs_plan SET state = 'retired', retired_at = now()"]),
    ("every_period_and_budget_has_its_events", ("audit_event",), ["DELETE FROM audit_event WHERE verb = 'period.opened'"]),
    ("every_period_and_budget_has_its_events", (), ["UPDATE programs_period SET closed_at = now()"]),
    ("every_period_and_budget_has_its_events", (), ["UPDATE programs_budget SET approved_at = approved_at + interval '1 s'"]),
    ("every_period_and_budget_has_its_events", ("programs_budget",), ["UPDATE programs_budget SET state = 'closed'"]),
    ("every_funder_has_its_event", ("programs_funder",), [
        "INSERT INTO programs_funder (kind, name, region_code, active) VALUES ('foundation', 'x', '', true)"
    ]),
    ("every_account_has_its_events", ("audit_event",), ["DELETE FROM audit_event WHERE verb = 'user.created'"]),
    ("every_account_has_its_events", (), ["UPDATE accounts_user SET is_active = false, deactivated_at = now()"]),
    ("every_role_has_its_events", ("audit_event",), ["DELETE FROM audit_event WHERE verb = 'membership.granted'"]),
    ("every_role_has_its_events", (), ["UPDATE accounts_membership SET ended_at = granted_at, duty = NULL"]),
    ("every_organization_has_its_events", ("audit_event",), ["DELETE FROM audit_event WHERE verb = 'organization.created'"]),
    ("every_organization_has_its_events", (), ["UPDATE accounts_organization SET active = false"]),
    ("every_end_of_a_key_has_its_event", (), ["UPDATE audit_datakey SET retired_at = now() WHERE kind = 'data'"]),
    ("every_end_of_a_key_has_its_event", (), [
        "UPDATE audit_datakey SET retired_at = now(), destroyed_at = now(), wrapped = NULL, answers = false WHERE kind = 'index'"
    ]),
    ("chain_is_whole", ("audit_event",), ["UPDATE audit_event SET actor = 'nobody' WHERE verb = 'roster.approved'"]),
    ("one_person_per_identity", ("beneficiaries_person",), [
        "DROP INDEX person_identity_once_a",
        "UPDATE beneficiaries_person SET identity_index_a = (SELECT min(identity_index_a) FROM beneficiaries_person)",
    ]),
    # Of no import: nobody needs it.
    ("nothing_kept_past_its_date", ("intake_file",), [
        "INSERT INTO intake_file (name, media_type, size, sha256, storage_key, organization_id, uploaded_by_id, uploaded_at,"
        " purge_on) SELECT name, media_type, size, sha256, storage_key || '-', organization_id, uploaded_by_id, uploaded_at,"
        " current_date - 10 FROM intake_file LIMIT 1",
    ]),
    ("shares_sum_to_premium", ("programs_fundingsplitline",), ["DELETE FROM programs_fundingsplitline"]),
    ("ledger_balances", ("programs_ledgerentry",), [
        "DELETE FROM programs_ledgerentry WHERE transaction_id = (SELECT min(id) FROM programs_ledgertransaction)"
    ]),
    ("balance_equals_entries", ("programs_ledgeraccount",), [
        "INSERT INTO programs_ledgeraccount (code, kind, program_id, balance) "
        "SELECT 'lonely', 'insurer_payable', min(id), 1 FROM programs_program"
    ]),
    ("budget_within_grant", ("programs_budget",), [
        "ALTER TABLE programs_budget DROP CONSTRAINT budget_never_overspent",
        "UPDATE programs_budget SET granted = reserved + used - 0.01",
    ]),
    ("budget_within_grant", ("programs_budget",), ["UPDATE programs_budget SET reserved = reserved + 0.01"]),
    ("budget_within_grant", ("programs_budget",), ["UPDATE programs_budget SET released = released + 0.01"]),
    ("budget_within_grant", ("programs_budgetreservationline",), [
        "UPDATE programs_budgetreservationline SET used = used - 0.01, released = released + 0.01"
    ]),
    *(
        ("budget_equals_ledger", ("programs_ledgeraccount",), [
            f"UPDATE programs_ledgeraccount SET balance = balance + 0.01 WHERE kind = 'budget_{kind}'"
        ])
        for kind in ("granted", "available", "reserved", "used")
    ),
    ("budget_equals_ledger", ("programs_budget",), [
        "ALTER TABLE programs_budget DROP CONSTRAINT budget_approved_by_another",
        "ALTER TABLE programs_budget DROP CONSTRAINT budget_draft_holds_nothing",
        "UPDATE programs_budget SET state = 'draft'",
    ]),
    ("no_self_approved_plan", ("programs_plan",), [
        "ALTER TABLE programs_plan DROP CONSTRAINT plan_approved_by_another",
        "UPDATE programs_plan SET decided_by_id = NULL",
    ]),
    ("no_self_approved_plan", ("programs_plan",), [
        "ALTER TABLE programs_plan DROP CONSTRAINT plan_approved_by_another",
        "UPDATE programs_plan SET submitted_by_id = decided_by_id",
    ]),
    *(
        ("no_self_approved_plan", ("programs_budget",), [
            "ALTER TABLE programs_budget DROP CONSTRAINT budget_approved_by_another",
            f"UPDATE programs_budget SET approved_by_id = {by}",
        ])
        for by in ("proposed_by_id", "NULL")
    ),
    ("one_live_annual_cover", (E,), [
        "DROP INDEX enrollment_live_once",
        f"UPDATE {E} SET state = 'awaiting' WHERE id = (SELECT min(id) FROM {E})",
        f"UPDATE {E} SET person_id = (SELECT min(person_id) FROM {E}) WHERE id = (SELECT max(id) FROM {E})",
    ]),
    ("eligible_when_decided", (E,), [
        f"ALTER TABLE {E} ALTER COLUMN decided_at DROP NOT NULL", f"UPDATE {E} SET decided_at = NULL"
    ]),
    ("enrollments_equal_budget_use", (E,), [f"UPDATE {E} SET state = 'lapsed' WHERE id = (SELECT min(id) FROM {E})"]),
    ("enrollments_equal_budget_use", ("programs_budgetreservationline",), [
        "DELETE FROM programs_budgetreservationline WHERE id = (SELECT min(id) FROM programs_budgetreservationline)"
    ]),
    ("premium_due_equals_enrollments", (E,), [f"UPDATE {E} SET premium = premium + 0.01 WHERE id = (SELECT min(id) FROM {E})"]),
    ("premium_is_its_division", (E,), [f"UPDATE {E} SET premium = premium + 0.01 WHERE id = (SELECT min(id) FROM {E})"]),
    ("premium_is_the_price", ("programs_planprice",), [
        "INSERT INTO programs_planprice (plan_id, position, name, name_en, age_from, premium) "
        f"SELECT DISTINCT plan_id, 1, '', '', 1, 1.23 FROM {E}",
    ]),
    ("premium_due_equals_enrollments", (E,), [f"UPDATE {E} SET own_share = own_share + 0.01 WHERE id = (SELECT min(id) FROM {E})"]),
    ("premium_due_equals_enrollments", (E,), [f"DELETE FROM {E}"]),
    ("premium_due_equals_enrollments", ("programs_ledgertransaction",), ["UPDATE programs_ledgertransaction SET kind = 'grant'"]),
    *(
        ("roster_approved_by_another", (R,), [f"ALTER TABLE {R} DROP CONSTRAINT {constraint}", f"UPDATE {R} SET {change}"])
        for constraint, change in (
            ("roster_approved_by_another", "decided_by_id = NULL"),
            ("roster_approved_by_another", "submitted_by_id = decided_by_id"),
            ("roster_approved_digest_is_its_digest", "approved_digest = ''"),
            ("roster_approved_digest_is_its_digest", "approved_digest = repeat('0', 64)"),
        )
    ),
    *(
        ("children_belong_to_their_parents", ("beneficiaries_beneficiary", E, R), [
            "ALTER TABLE beneficiaries_beneficiary DROP CONSTRAINT IF EXISTS beneficiary_once", statement,
        ])
        for statement in (
            "UPDATE beneficiaries_beneficiary SET person_id = (SELECT max(person_id) FROM beneficiaries_beneficiary) "
            "WHERE id = (SELECT min(id) FROM beneficiaries_beneficiary)",
            f"UPDATE beneficiaries_beneficiary SET organization_id = {OTHER_OFFICE}",
            f"UPDATE {R} SET organization_id = {OTHER_OFFICE}",
            f"WITH p AS ({OTHER_PROGRAM}) UPDATE beneficiaries_beneficiary SET program_id = p.id FROM p",
            f"WITH p AS ({OTHER_PROGRAM}) UPDATE {R} SET program_id = p.id FROM p",
            f"WITH p AS ({OTHER_PERIOD}) UPDATE {R} SET period_id = p.id FROM p",
            f"WITH p AS ({OTHER_PLAN}) UPDATE {R} SET plan_id = p.id FROM p",
        )
    ),
    ("every_row_has_one_outcome", ("beneficiaries_rosterrow",), [
        "UPDATE beneficiaries_rosterrow SET set_aside = 'NO_BUDGET' WHERE id = (SELECT min(id) FROM beneficiaries_rosterrow)"
    ]),
    ("every_row_has_one_outcome", ("beneficiaries_rosterrow",), [
        "UPDATE beneficiaries_rosterrow SET verdict = 5 WHERE id = (SELECT min(id) FROM beneficiaries_rosterrow)"
    ]),
    ("every_row_has_one_outcome", ("beneficiaries_rosterrow",), ["UPDATE beneficiaries_rosterrow SET verdict = 1"]),
    ("one_enrollment_per_row", (E,), [f"UPDATE {E} SET row_id = 987654321 WHERE id = (SELECT min(id) FROM {E})"]),
    ("every_roster_step_has_its_event", ("audit_event",), ["DELETE FROM audit_event WHERE verb = 'roster.chunk_applied'"]),
    ("every_lapse_has_its_event", (E,), [f"UPDATE {E} SET state = 'lapsed' WHERE id = (SELECT min(id) FROM {E})"]),
    ("one_person_per_identity", ("beneficiaries_person",), [
        "DROP INDEX person_identity_once_b",
        "UPDATE beneficiaries_person SET identity_index_b = (SELECT min(identity_index_a) FROM beneficiaries_person)",
    ]),
    ("receipts_equal_paid_shares", (E,), [f"UPDATE {E} SET own_paid_at = now() WHERE id = (SELECT min(id) FROM {E})"]),
    ("standing_counts_enrollments", ("beneficiaries_standing",), ["UPDATE beneficiaries_standing SET people = people + 1"]),
    ("standing_spans_enrollments", ("beneficiaries_standing",), ["UPDATE beneficiaries_standing SET first_id = last_id + 1"]),
    ("county_standing_counts_enrollments", ("beneficiaries_countystanding",), [
        "UPDATE beneficiaries_countystanding SET people = people + 1"
    ]),
    ("day_standing_counts_enrollments", ("beneficiaries_daystanding",), [
        "UPDATE beneficiaries_daystanding SET people = people + 1"
    ]),
    ("every_void_has_its_event", (E,), [f"UPDATE {E} SET state = 'voided' WHERE id = (SELECT min(id) FROM {E})"]),
    ("undone_rows_hold_nothing", ("beneficiaries_rosterchunk",), ["UPDATE beneficiaries_rosterchunk SET undone_at = now()"]),
    ("undo_approved_by_another", (R,), [
        f"ALTER TABLE {R} DROP CONSTRAINT roster_undo_approved_by_another",
        f"UPDATE {R} SET state = 'undoing', undo_reason = 'x', undo_asked_at = now(), undo_asked_by_id = decided_by_id, "
        "undo_decided_by_id = decided_by_id",
    ]),
    ("reveal_has_reason", (), [
        "INSERT INTO audit_reveal (user_id, actor, subject_type, subject_id, fields, reason, at, expires_at, "
        "organization_path, region_code) VALUES (1, 'x', 'a.b', '1', '{name}', 'some reason', now(), "
        "now() + interval '1 minute', '', '')"
    ]),
    ("no_raw_numbers_in_events", ("audit_event",), [
        "UPDATE audit_event SET data = '{\"x\": \"441602196203151219\"}' WHERE verb = 'roster.checked'"
    ]),
    ("no_raw_numbers_in_events", ("audit_event",), [
        "UPDATE audit_event SET actor = '44160219620315121X' WHERE id = (SELECT min(id) FROM audit_event)"
    ]),
    *(
        ("no_raw_numbers_in_events", (), [
            "INSERT INTO audit_reveal (user_id, actor, subject_type, subject_id, fields, reason, at, expires_at, "
            f"organization_path, region_code) VALUES (1, '{actor}', 'a.b', '1', '{{name}}', '{reason}', now(), "
            "now() + interval '1 minute', '', '')"
        ])
        for actor, reason in (("x", "asked by 441602196203151219"), ("441602196203151219", "some reason"))
    ),
    *(
        ("no_raw_numbers_in_sign_ins", (), [
            "INSERT INTO axes_accessattempt (username, ip_address, user_agent, http_accept, path_info, get_data, post_data, "
            f"failures_since_start, attempt_time) VALUES ('{username}', '192.0.2.1', '', '', '', '{asked}', '{typed}', 1, now())"
        ])
        for username, asked, typed in (("441602196203151219", "", ""), ("clerk", "next=/", ""), ("clerk", "", "x"))
    ),
]


@of(books)
def test_healthy_books_break_nothing(made: Roster) -> None:
    assert [(result.name, result.examples) for result in check_all() if result.rows] == []


@of(books)
@pytest.mark.parametrize(("name", "tables", "statements"), PLANTED, ids=[planted[0] for planted in PLANTED])
def test_a_planted_violation_is_found(
    made: Roster, name: str, tables: tuple[str, ...], statements: list[str]
) -> None:
    plant(name, tables, statements)


def lapsed_books() -> Roster:
    """A world in which two of five enrollments lapsed unpaid at the close."""
    world = make_world(requires_own_payment=True)
    for first, count in ((0, 2), (10, 3)):
        uploaded(world, people(count, first=first))
        drain()
        roster = submit_roster(Roster.objects.latest("pk"), by=world.clerk, at=timezone.now())
        approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
        drain()
    pass_gate(roster, gate=Gate.OWN_PAYMENT, by=world.reviewer, at=timezone.now())
    Period.objects.update(starts_on=date(2020, 1, 1), enrollment_opens_on=date(2020, 1, 1), enrollment_closes_on=date(2020, 2, 1))
    queue_lapses(at=timezone.now())
    drain()
    seal_events(at=timezone.now())
    assert Enrollment.objects.filter(state="lapsed").count() == 2
    return Roster.objects.latest("pk")


BOUGHT_SPANS: list[tuple[str, tuple[str, ...], list[str]]] = [
    ("spans_lie_apart", (E,), [f"UPDATE {E} SET starts_at = starts_at - interval '1 day' WHERE id = (SELECT max(id) FROM {E})"]),
    ("spans_lie_apart", (E,), [f"UPDATE {E} SET ends_at = ends_at + interval '3 days' WHERE id = (SELECT min(id) FROM {E})"]),
    ("purchases_count_their_enrollments", (E,), [f"DELETE FROM {E} WHERE id = (SELECT min(id) FROM {E})"]),
    ("purchases_count_their_enrollments", ("beneficiaries_purchase",), [
        "UPDATE beneficiaries_purchase SET premium = premium + 0.01"
    ]),
    ("purchases_count_their_enrollments", ("beneficiaries_purchase",), ["UPDATE beneficiaries_purchase SET people = people + 1"]),
    ("every_purchase_has_its_event", ("audit_event",), ["DELETE FROM audit_event WHERE verb = 'purchase.made'"]),
    ("every_purchase_has_its_event", ("audit_event",), [
        "UPDATE audit_event SET data = jsonb_set(data, '{people}', '9') WHERE verb = 'purchase.made'"
    ]),
    ("enrollments_equal_budget_use", (E,), [f"UPDATE {E} SET state = 'lapsed' WHERE id = (SELECT min(id) FROM {E})"]),
    ("enrollments_equal_budget_use", ("programs_budgetreservation",), [
        "UPDATE programs_budgetreservation SET owner_type = 'beneficiaries.roster'"
    ]),
    ("premium_due_equals_enrollments", (E,), [f"DELETE FROM {E}"]),
    ("premium_due_equals_enrollments", (E,), [f"UPDATE {E} SET premium = premium + 0.01 WHERE id = (SELECT min(id) FROM {E})"]),
    *(
        ("children_belong_to_their_parents", (E, "beneficiaries_purchase"), [statement])
        for statement in (
            f"UPDATE {E} SET period_kind = 'annual' WHERE id = (SELECT min(id) FROM {E})",
            f"ALTER TABLE {E} DROP CONSTRAINT enrollment_has_one_source; UPDATE {E} SET purchase_id = NULL",
            f"UPDATE beneficiaries_purchase SET organization_id = {OTHER_OFFICE}",
            f"UPDATE {E} SET organization_id = {OTHER_OFFICE}",
            "UPDATE beneficiaries_purchase SET plan_id = (SELECT min(id) FROM programs_plan)",
            "UPDATE beneficiaries_purchase SET period_id = (SELECT min(id) FROM programs_period)",
            "UPDATE beneficiaries_purchase SET program_id = (SELECT min(id) FROM programs_program)",
        )
    ),
]


def books_of_spans() -> None:
    """A worker with two days of cover, the second beginning where the first ends."""
    market = day_market()
    worker = market.worker()
    market.cover(market.span(worker, 8, 20), market.span(worker, 20, 32))
    seal_events(at=timezone.now())


@of(books_of_spans)
def test_books_of_spans_break_nothing(made: None) -> None:
    assert [(result.name, result.examples) for result in check_all() if result.rows] == []


@of(books_of_spans)
@pytest.mark.parametrize(("name", "tables", "statements"), BOUGHT_SPANS, ids=[planted[0] for planted in BOUGHT_SPANS])
def test_a_violation_planted_among_spans_is_found(
    made: None, name: str, tables: tuple[str, ...], statements: list[str]
) -> None:
    plant(name, tables, statements)


W = "beneficiaries_rosterrow"
N = "beneficiaries_ending"
OF_PURPOSES: list[tuple[str, tuple[str, ...], list[str]]] = [
    ("added_rows_added", ("beneficiaries_beneficiarycategory",), [
        f"DELETE FROM beneficiaries_beneficiarycategory WHERE row_id IN (SELECT id FROM {W} WHERE split_id IS NULL)"
    ]),
    ("every_row_has_one_outcome", (W,), [f"UPDATE {W} SET verdict = 1 WHERE split_id IS NULL AND verdict = 2"]),
    ("ended_rows_ended", (N,), [f"DELETE FROM {N} WHERE reason = 'left'"]),
    ("ended_rows_ended", (N, "beneficiaries_person"), [
        f"DELETE FROM {N} WHERE reason = 'deceased'", "UPDATE beneficiaries_person SET deceased_on = NULL"
    ]),
    *(
        ("endings_are_of_their_rows", (N, W, E, R, "beneficiaries_missingenrollment", "beneficiaries_fulllist"), [statement])
        for statement in (
            f"UPDATE {N} SET row_id = 987654321 WHERE reason = 'left'",
            f"UPDATE {R} SET purpose = 'update' WHERE purpose = 'end'",
            f"UPDATE {W} SET set_aside = 'CHANGED_SINCE_REVIEW' WHERE end_reason = 'left'",
            f"UPDATE {N} SET ended_on = ended_on - 1 WHERE reason = 'left'",
            f"UPDATE {N} SET reason = 'moved' WHERE reason = 'left'",
            f"UPDATE {N} SET enrollment_id = (SELECT min(id) FROM {E} WHERE state = 'in_force') WHERE reason = 'left'",
            f"UPDATE {N} SET reason = 'left' WHERE reason = 'off_list'",
            "DELETE FROM beneficiaries_missingenrollment",
            "UPDATE beneficiaries_fulllist SET ends_missing = false",
        )
    ),
]


def books_of_purposes() -> None:
    """Five people covered, one of them added to; one left, one died, one was missing from a full list."""
    world = make_world()
    enrolled(world, 5)
    applied(world, people(1, categories="特困人员"))
    today = str(timezone.localdate())
    through_purpose(world, Purpose.END, [
        {**who(1), "end_reason": "退出", "ended_on": today}, {**who(2), "end_reason": "身故", "ended_on": today},
    ])
    roster = in_review(world, [*people(2), *people(1, first=3), *people(1, first=70)])
    declared(world, roster, ends=True)
    approved(world, roster)
    drain()
    assert sorted(Ending.objects.values_list("reason", flat=True)) == ["deceased", "left", "off_list"]
    seal_events(at=timezone.now())


@of(books_of_purposes)
def test_books_of_purposes_break_nothing(made: None) -> None:
    assert [(result.name, result.examples) for result in check_all() if result.rows] == []


@of(books_of_purposes)
@pytest.mark.parametrize(("name", "tables", "statements"), OF_PURPOSES, ids=[planted[0] for planted in OF_PURPOSES])
def test_a_violation_planted_among_purposes_is_found(
    made: None, name: str, tables: tuple[str, ...], statements: list[str]
) -> None:
    plant(name, tables, statements)


LAPSED: list[tuple[str, tuple[str, ...], list[str]]] = [
    ("enrollments_equal_budget_use", (E,), [f"UPDATE {E} SET state = 'awaiting' WHERE state = 'lapsed'"]),
    ("premium_due_equals_enrollments", (E,), [f"UPDATE {E} SET state = 'ended' WHERE state = 'lapsed'"]),
    ("every_lapse_has_its_event", (E,), [f"UPDATE {E} SET state = 'ended' WHERE state = 'lapsed'"]),
    ("every_lapse_has_its_event", ("audit_event",), ["DELETE FROM audit_event WHERE verb = 'roster.lapsed'"]),
    ("budget_within_grant", ("programs_budgetreservationline",), [
        "UPDATE programs_budgetreservationline SET released = 0 WHERE released > 0"
    ]),
    ("budget_within_grant", ("programs_budget",), ["UPDATE programs_budget SET used = used + 0.01, released = released - 0.01"]),
    ("budget_equals_ledger", ("programs_budget",), ["UPDATE programs_budget SET used = used + 68.99"]),
    ("one_enrollment_per_row", (E,), [f"UPDATE {E} SET roster_id = (SELECT max(id) FROM {R})"]),
    ("premium_due_equals_enrollments", ("programs_ledgertransaction",), [
        "UPDATE programs_ledgertransaction SET kind = 'release' WHERE kind = 'lapse'"
    ]),
]


@of(lapsed_books)
def test_books_after_a_lapse_break_nothing(made: Roster) -> None:
    assert [(result.name, result.examples) for result in check_all() if result.rows] == []


@of(lapsed_books)
@pytest.mark.parametrize(("name", "tables", "statements"), LAPSED, ids=[planted[0] for planted in LAPSED])
def test_a_violation_planted_after_a_lapse_is_found(
    made: Roster, name: str, tables: tuple[str, ...], statements: list[str]
) -> None:
    plant(name, tables, statements)


def undone_books() -> Roster:
    """A world in which the last roster is undone."""
    roster = books()
    roster = request_undo(roster, reason="名单发错了镇街", by=roster.uploaded_by, at=timezone.now())
    approve_undo(roster, by=roster.decided_by, at=timezone.now())
    drain()
    seal_events(at=timezone.now())
    return Roster.objects.get(pk=roster.pk)


UNDONE: list[tuple[str, tuple[str, ...], list[str]]] = [
    ("enrollments_equal_budget_use", (E,), [f"UPDATE {E} SET state = 'in_force' WHERE state = 'voided'"]),
    ("premium_due_equals_enrollments", (E,), [f"UPDATE {E} SET state = 'ended' WHERE state = 'voided'"]),
    ("premium_due_equals_enrollments", ("programs_ledgertransaction",), [
        "UPDATE programs_ledgertransaction SET kind = 'release' WHERE kind = 'undo'"
    ]),
    ("undone_rows_hold_nothing", (E,), [f"UPDATE {E} SET state = 'in_force' WHERE state = 'voided'"]),
    ("undone_rows_hold_nothing", ("beneficiaries_rosterrow",), [
        "UPDATE beneficiaries_rosterrow SET kept = 'ALREADY_ENDED' WHERE set_aside = '' AND verdict IN (1, 2, 3)"
    ]),
    ("undone_rows_hold_nothing", ("beneficiaries_rosterchunk",), [
        "UPDATE beneficiaries_rosterchunk SET undone_at = NULL, undone_rows = 0"
    ]),
    ("every_void_has_its_event", ("audit_event",), ["DELETE FROM audit_event WHERE verb = 'roster.chunk_undone'"]),
    ("every_roster_step_has_its_event", ("audit_event",), ["DELETE FROM audit_event WHERE verb = 'roster.undo_approved'"]),
]


@of(undone_books)
def test_books_after_an_undo_break_nothing(made: Roster) -> None:
    assert made.state == "undone"
    assert [(result.name, result.examples) for result in check_all() if result.rows] == []


@of(undone_books)
@pytest.mark.parametrize(("name", "tables", "statements"), UNDONE, ids=[planted[0] for planted in UNDONE])
def test_a_violation_planted_after_an_undo_is_found(
    made: Roster, name: str, tables: tuple[str, ...], statements: list[str]
) -> None:
    plant(name, tables, statements)


#: Planted where they are tested: test_single_endings, test_endings_while_waiting, test_merges, test_representatives,
#: test_guardians, test_health and test_renewals.
OF_CHANGES = {
    "renewals_lead_to_the_cover_before",
    "approved_endings_end", "change_approved_by_another", "every_change_has_its_events", "every_merge_stands_or_is_undone",
    "merged_rows_moved_whole", "merged_people_hold_nothing", "speakers_were_approved",
    "guardians_come_from_applied_lines", "health_classes_were_approved", "health_comes_from_applied_lines",
    "said_categories_are_kept", "no_cover_begins_after_a_known_death",
}


def test_each_invariant_has_a_planted_violation_here_or_where_their_room_is_tested() -> None:
    wanted = {invariant.name for invariant in ALL} - {
        invariant.name
        for invariant in (
            *JOBS, *EXPORTS, *CONTINUITY, *CLAIMS,
            *GATES, *HANDOVER, *SUBSIDIES, *PAPERS, *OUTREACH, *YEARS, *PAYOUTS, *CLOSING, *FILINGS, *RESULTS, *RECORDS,
            *COMPLAINTS, *TAKEUP,
            *SAMPLES,
            *RETENTION,
        )
    }
    assert wanted - OF_CHANGES <= {planted[0] for planted in (*PLANTED, *BOUGHT_SPANS, *OF_PURPOSES)}


def test_no_room_lists_an_invariant_that_no_test_of_its_own_breaks() -> None:
    """Those of `jobs` are asked for by their numbers."""
    here = Path(__file__).read_text(encoding="utf-8")
    lists = {file.parent.name: import_module(f"{file.parent.name}.invariants").INVARIANTS for file in ROOT.glob("*/invariants.py")}
    assert sorted(each.name for known in lists.values() for each in known) == sorted(each.name for each in ALL)
    unbroken = []
    for room in lists.keys() - {"jobs"}:
        tests = here + "".join(file.read_text(encoding="utf-8") for file in (ROOT / room / "tests").rglob("*.py"))
        unbroken += [f"{room}.{each.name}" for each in lists[room] if f'"{each.name}"' not in tests]
    assert unbroken == []


@of(books)
def test_the_command_exits_with_status_1_when_something_is_broken(made: Roster, capsys: Any) -> None:
    call_command("verify")
    assert ", 0 broken, " in capsys.readouterr().out
    with unguarded("programs_budget") as cursor:
        cursor.execute("UPDATE programs_budget SET used = used + 1")
    with pytest.raises(SystemExit):
        call_command("verify", "--json")
    assert '"budget_within_grant"' in capsys.readouterr().out
