"""The database's own guards, tried past the application by SQL as its role: neither owner nor superuser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import Membership
from accounts.testing import make_user
from audit import reveals
from audit.classification import our_models
from audit.events import seal_events
from audit.worlds import keepable
from beneficiaries.actions import approve_roster, submit_roster
from beneficiaries.models import Person, Roster
from beneficiaries.testing import World, make_world, people, uploaded
from beneficiaries.tests.purchasing import day_market
from closing.testing import closed, this_month
from jobs.testing import drain
from portal.local.postgres import APPLICATION
from portal.local.pytest_plugin import OWN_SERVER, SERVER
from portal.management.commands.grant_application import APPEND_ONLY
from programs.models.books import month_after

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not OWN_SERVER, reason="needs the embedded server's two roles"),
]
DENIED, BROKEN, TWICE, UNKNOWN, CHECK = "42501", "23000", "23505", "23503", "23514"


@pytest.fixture
def world(transactional_db: Any) -> World:
    return make_booked()


@keepable
def make_booked() -> World:
    """An applied roster with its money, a purchase of a day's cover, a closed month, events sealed, something revealed."""
    found = make_world()
    uploaded(found, people(2))
    drain()
    roster = submit_roster(Roster.objects.get(), by=found.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=found.reviewer, at=timezone.now())
    drain()
    person = Person.objects.first()
    assert person is not None
    reveals.reveal(
        person, fields=["name"], reason="核对身份", by=found.clerk, at=timezone.now(), organization=found.office,
        region_code="441602", program_id=found.program.pk,
    )
    market = day_market(world=found)
    market.cover(market.span(market.worker(), 8, 18))
    month = this_month()
    while month <= found.period.starts_on:
        closed(found, month)
        month = month_after(month)
    seal_events(at=timezone.now())
    return found


@pytest.fixture
def application(world: World) -> Iterator[psycopg.Connection]:
    """A connection of the application's role, with the rights that an operator gives it; triggers stand aside again after."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('_pgtrigger_should_ignore'::regproc)")
        (asked,) = cursor.fetchone()
    call_command("grant_application", APPLICATION)
    try:
        with SERVER.connect(str(connection.settings_dict["NAME"]), role=APPLICATION) as opened:
            yield opened
    finally:
        with connection.cursor() as cursor:
            cursor.execute(asked)


def refusal(application: psycopg.Connection, *statements: str) -> str:
    """The SQLSTATE with which one transaction of these statements ends; "" when it passes (it is taken back)."""
    try:
        with application.transaction(force_rollback=False):
            for statement in statements:
                application.execute(statement)
            application.execute("SET CONSTRAINTS ALL IMMEDIATE")
            raise psycopg.Rollback
    except psycopg.Error as error:
        return str(error.sqlstate)
    return ""


def test_what_is_append_only_is_read_and_added_to(application: psycopg.Connection) -> None:
    found = {}
    for table in APPEND_ONLY:
        count = application.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert count is not None and count[0] > 0, f"{table} is empty: nothing is proven"
        column = "position" if table == "audit_seal" else "id"
        for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            found[statement] = refusal(application, statement)
    assert {statement: state for statement, state in found.items() if state != DENIED} == {}


def test_the_past_of_a_row_is_neither_changed_nor_removed(application: psycopg.Connection) -> None:
    tables = [row[0] for row in application.execute(
        "SELECT DISTINCT event_object_table FROM information_schema.triggers WHERE trigger_name LIKE '%append_only%'"
    ).fetchall()] or [row[0] for row in application.execute(
        "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgname LIKE '%append_only%'"
    ).fetchall()]
    assert {"accounts_membershipevent", "beneficiaries_rosterevent", "programs_budgetevent"} <= set(tables)
    passed = []
    for table in sorted(set(tables) - set(APPEND_ONLY)):
        if not application.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():
            continue
        for statement in (f"UPDATE {table} SET pgh_label = 'x'", f"DELETE FROM {table}"):
            for before in ((), ("SELECT set_config('pgtrigger.ignore', (SELECT array_agg(tgname)::text FROM pg_trigger), true)",)):
                if not refusal(application, *before, statement):
                    passed.append(f"{statement} {before}")
    assert passed == []


def test_no_table_is_emptied_and_no_rule_taken_down(application: psycopg.Connection) -> None:
    statements = [f'TRUNCATE "{model._meta.db_table}" CASCADE' for model in our_models()]
    statements += [
        "CREATE TABLE stolen (id int)",
        "CREATE FUNCTION stolen() RETURNS int AS 'SELECT 1' LANGUAGE sql",
        "ALTER TABLE accounts_membership DISABLE TRIGGER ALL",
        "ALTER TABLE accounts_membership DROP CONSTRAINT membership_not_granted_to_oneself",
        "ALTER TABLE programs_plan DISABLE TRIGGER USER",
        "DROP TABLE audit_event",
        "DROP INDEX person_identity_once_a",
        "SET session_replication_role = replica",
        "SET ROLE portal_owner",
        "ALTER ROLE portal_app SUPERUSER",
        "COPY audit_event TO PROGRAM 'cat'",
        "SELECT pg_read_file('/etc/passwd')",
    ]
    passed = {statement: state for statement in statements if (state := refusal(application, statement)) != DENIED}
    assert passed == {}


def test_people_of_two_duties_and_their_own_grants_are_refused(
    application: psycopg.Connection, world: World
) -> None:
    clerk, other = world.clerk.pk, world.reviewer.pk
    insert = (
        "INSERT INTO accounts_membership (user_id, organization_id, role, duty, region_prefix, every_program, granted_at, "
        "granted_by_id) VALUES ({user}, {office}, '{role}', {duty}, '', true, now(), {by})"
    )
    office = world.office.pk
    cases = {
        insert.format(user=clerk, office=office, role="reviewer", duty="'checking'", by="NULL"): UNKNOWN,
        insert.format(user=clerk, office=office, role="auditor", duty="'auditing'", by="NULL"): UNKNOWN,
        insert.format(user=clerk, office=office, role="reviewer", duty="'making'", by="NULL"): CHECK,
        insert.format(user=clerk, office=office, role="reviewer", duty="NULL", by="NULL"): CHECK,
        insert.format(user=clerk, office=office, role="finance_maker", duty="'making'", by=clerk): CHECK,
        f"UPDATE accounts_user SET duty = 'checking' WHERE id = {clerk}": UNKNOWN,
        f"UPDATE accounts_membership SET ended_at = NULL, expires_on = granted_at::date WHERE user_id = {clerk}": CHECK,
        f"UPDATE accounts_membership SET role = 'security_admin' WHERE user_id = {clerk}": CHECK,
        f"DELETE FROM accounts_user WHERE id = {other}": UNKNOWN,
        f"UPDATE accounts_organization SET path = '/1/' WHERE id = {office}": CHECK,
    }
    assert {statement: refusal(application, statement) for statement in cases} == cases


@pytest.mark.parametrize(
    "roles", [("system_admin", "security_admin"), ("security_admin", "auditor"), ("auditor", "system_admin")]
)
def test_system_security_and_audit_are_three_people(
    roles: tuple[str, str], application: psycopg.Connection, world: World
) -> None:
    user = make_user(organization=world.city, role=roles[0])
    held = Membership.objects.get(user=user)
    duty = {"system_admin": "system", "security_admin": "security", "auditor": "auditing"}[roles[1]]
    grant = (
        "INSERT INTO accounts_membership (user_id, organization_id, role, duty, region_prefix, every_program, granted_at) "
        f"VALUES ({user.pk}, {world.city.pk}, '{roles[1]}', '{duty}', '4416', true, now())"
    )
    assert refusal(application, grant) == UNKNOWN
    # Not by changing the person's duty first either, while the other role is held.
    assert refusal(application, f"UPDATE accounts_user SET duty = '{duty}' WHERE id = {user.pk}", grant) == UNKNOWN
    end = f"UPDATE accounts_membership SET ended_at = now(), duty = NULL WHERE id = {held.pk}"
    assert refusal(application, end, f"UPDATE accounts_user SET duty = '{duty}' WHERE id = {user.pk}", grant) == ""


def test_who_makes_never_checks_and_books_stand(application: psycopg.Connection, world: World) -> None:
    roster, budget, plan = Roster.objects.get().pk, world.budgets[0].pk, world.plan.pk
    ignoring = "SELECT set_config('pgtrigger.ignore', (SELECT array_agg(tgname)::text FROM pg_trigger), true)"
    posting = (
        "INSERT INTO programs_ledgertransaction (kind, program_id, at, source_type, source_id, memo, by_label) "
        "SELECT kind, program_id, now(), source_type, source_id, '', 'x' FROM programs_ledgertransaction LIMIT 1"
    )
    leg = (
        "INSERT INTO programs_ledgerentry (transaction_id, account_id, amount) SELECT max(t.id), max(a.id), 5.00 "
        "FROM programs_ledgertransaction t, programs_ledgeraccount a"
    )
    cases = {
        (f"UPDATE beneficiaries_roster SET decided_by_id = uploaded_by_id WHERE id = {roster}",): CHECK,
        (f"UPDATE beneficiaries_roster SET decided_by_id = submitted_by_id WHERE id = {roster}",): CHECK,
        (f"UPDATE programs_budget SET approved_by_id = proposed_by_id WHERE id = {budget}",): CHECK,
        (f"UPDATE programs_budget SET approved_by_id = NULL WHERE id = {budget}",): CHECK,
        (f"UPDATE programs_budget SET used = granted, reserved = 1 WHERE id = {budget}",): CHECK,
        (f"UPDATE programs_plan SET decided_by_id = drafted_by_id WHERE id = {plan}",): CHECK,
        (f"UPDATE programs_plan SET premium = 1 WHERE id = {plan}",): BROKEN,
        (f"UPDATE programs_plan SET state = 'draft' WHERE id = {plan}",): BROKEN,
        (ignoring, f"UPDATE programs_plan SET state = 'in_review' WHERE id = {plan}"): BROKEN,
        (ignoring, f"UPDATE programs_plan SET premium = 1 WHERE id = {plan}"): BROKEN,
        (f"DELETE FROM programs_planregion WHERE false; UPDATE programs_plancategory SET priority = 9 WHERE plan_id = {plan}",):
            BROKEN,
        (posting,): BROKEN,
        (posting, leg): BROKEN,
        (ignoring, posting, leg): BROKEN,
        ("INSERT INTO beneficiaries_person (name, document, document_type, sex, created_at) "
         "SELECT name, document, document_type, sex, now() FROM beneficiaries_person LIMIT 1",): CHECK,
        ("UPDATE beneficiaries_person SET identity_index_a = (SELECT max(identity_index_a) FROM beneficiaries_person)",): TWICE,
    }
    assert {statements: refusal(application, *statements) for statements in cases} == cases


def test_the_application_does_its_work_with_these_rights(application: psycopg.Connection, world: World) -> None:
    """A guard that refused everything would pass the tests above."""
    assert refusal(application, f"UPDATE accounts_user SET last_login = now() WHERE id = {world.clerk.pk}") == ""
    assert refusal(
        application,
        f"UPDATE accounts_membership SET ended_at = now(), duty = NULL WHERE user_id = {world.clerk.pk}",
    ) == ""
    assert refusal(
        application,
        "INSERT INTO audit_event (at, verb, actor, subject_type, subject_id, organization_path, region_code, data, request_id) "
        "VALUES (now(), 'x', 'x', 'x', '1', '', '', '{}', '')",
    ) == ""
