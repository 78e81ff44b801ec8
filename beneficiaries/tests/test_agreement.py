"""Rows of the big tables and their parents: what the set-wise triggers refuse, asked past the application by SQL."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from audit.faults import fault_point
from audit.testing import Stepper
from beneficiaries.actions import approve_roster, submit_roster
from beneficiaries.models import Beneficiary, BeneficiaryCategory, Enrollment, Person, Roster
from beneficiaries.testing import World, make_world, people, uploaded
from jobs.testing import drain
from programs.models import Category

NOBODY = 987_654_321


@pytest.fixture
def world() -> World:
    """A world with one roster of three people, applied."""
    world = make_world()
    uploaded(world, people(3))
    drain()
    roster = submit_roster(Roster.objects.get(), by=world.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()
    return world


def run(statement: str) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.rowcount)


def copied(table: str, **changes: Any) -> str:
    """An INSERT that copies a table's newest row with some columns changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_identity = 'NO'", [table]
        )
        columns = [name for (name,) in cursor.fetchall()]
    values = ", ".join(str(changes.get(name, name)) for name in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} ORDER BY id DESC LIMIT 1"


FREED = {"row_id": "row_id + 1000", "state": "'ended'"}
ORPHANS = [
    ("beneficiaries_enrollment", "enrollment_agrees", {**FREED, "beneficiary_id": NOBODY}),
    ("beneficiaries_enrollment", "enrollment_agrees", {**FREED, "person_id": NOBODY}),
    ("beneficiaries_enrollment", "enrollment_agrees", {**FREED, "person_id": "person_id - 1"}),
    ("beneficiaries_enrollment", "enrollment_agrees", {**FREED, "roster_id": NOBODY}),
    ("beneficiaries_enrollment", "enrollment_agrees", {**FREED, "program_id": NOBODY}),
    ("beneficiaries_enrollment", "enrollment_agrees", {**FREED, "plan_id": NOBODY}),
    ("beneficiaries_enrollment", "enrollment_agrees", {**FREED, "period_id": NOBODY}),
    ("beneficiaries_enrollment", "enrollment_agrees", {**FREED, "organization_id": NOBODY}),
    ("beneficiaries_enrollment", "enrollment_agrees", {**FREED, "split_id": NOBODY}),
    ("beneficiaries_enrollment", "enrollment_agrees", {**FREED, "category_id": NOBODY}),
    ("beneficiaries_beneficiary", "beneficiary_agrees", {"person_id": NOBODY}),
    ("beneficiaries_beneficiary", "beneficiary_agrees", {"program_id": NOBODY}),
    ("beneficiaries_beneficiary", "beneficiary_agrees", {"organization_id": NOBODY}),
    ("beneficiaries_beneficiarycategory", "beneficiary_category_agrees", {"beneficiary_id": NOBODY}),
    ("beneficiaries_beneficiarycategory", "beneficiary_category_agrees", {"category_id": NOBODY}),
]


@pytest.mark.django_db
def test_a_row_without_one_of_its_parents_is_refused(world: World) -> None:
    for table, name, changes in ORPHANS:
        with pytest.raises(IntegrityError) as refused:
            run(copied(table, **changes))
        assert refused.value.__cause__.diag.constraint_name == name, changes  # type: ignore[union-attr]
    counts = (Person.objects.count(), Beneficiary.objects.count(), BeneficiaryCategory.objects.count())
    assert (*counts, Enrollment.objects.count()) == (3, 3, 3, 3)


@pytest.mark.django_db
def test_a_row_with_its_parents_is_taken(world: World) -> None:
    assert run(copied("beneficiaries_enrollment", **FREED)) == 1
    assert Enrollment.objects.count() == 4


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE beneficiaries_enrollment SET person_id = person_id - 1",
        "UPDATE beneficiaries_enrollment SET organization_id = 1",
        "UPDATE beneficiaries_enrollment SET row_id = row_id + 1000",
        "UPDATE beneficiaries_beneficiary SET organization_id = organization_id + 1",
        "UPDATE beneficiaries_beneficiarycategory SET category_id = category_id + 1",
    ],
)
def test_no_row_moves_to_another_parent(world: World, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="Cannot update rows"):
        run(statement)


@pytest.mark.django_db
def test_no_parent_is_deleted_while_a_row_names_it(world: World) -> None:
    for table, name in (("beneficiaries_person", "person_is_kept"), ("beneficiaries_beneficiary", "beneficiary_is_kept")):
        with pytest.raises(IntegrityError) as refused:
            run(f"DELETE FROM {table}")
        assert refused.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]
    for table in ("beneficiaries_roster", "programs_category"):
        with pytest.raises(ProgrammingError, match="Cannot delete rows"):
            run(f"DELETE FROM {table}")
    assert (Person.objects.count(), Roster.objects.count(), Category.objects.exists()) == (3, 1, True)


@pytest.mark.django_db(transaction=True)
def test_a_deletion_waits_for_who_writes_a_child_and_is_then_refused() -> None:
    world = make_world()
    uploaded(world, people(1))
    drain()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO beneficiaries_person (name, document, document_type, sex, identity_index_a, created_at) "
            "VALUES ('x', 'y', 'resident_id', '', '\\x01', now()) RETURNING id"
        )
        person = cursor.fetchone()[0]

    def write() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO beneficiaries_beneficiary (person_id, program_id, organization_id, region_code, bank_name, "
                "contact_digest, created_at, updated_at) VALUES (%s, %s, %s, '441602', '', '\\x02', now(), now())",
                [person, world.program.pk, world.office.pk],
            )
            fault_point("test.written")

    with Stepper() as stepper:
        writer = stepper.start(write, stop_at="test.written")
        remover = stepper.start(lambda: run(f"DELETE FROM beneficiaries_person WHERE id = {person}"))
        assert remover.waits()
        writer.go_on()
        writer.result()
        assert isinstance(remover.error(), IntegrityError)
    assert Beneficiary.objects.get().person_id == person
