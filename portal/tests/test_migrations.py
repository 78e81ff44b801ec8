"""A database made by the migrations that others replaced goes on; one in their middle is refused in words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pgtrigger
import pytest
from django.apps import apps
from django.conf import settings
from django.core.checks import Error, run_checks
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.operations.fields import FieldOperation
from django.db.migrations.operations.models import IndexOperation, ModelOperation

from portal.checks import no_history_cut_in_the_middle

pytestmark = pytest.mark.django_db

#: Steps of a migration that may stand beside one another.
MOST_APART = 3
ROOMS = ("accounts", "audit", "beneficiaries", "intake", "jobs", "programs")


def forget(numbers: Iterable[tuple[str, str]]) -> None:
    """As if these had never been applied."""
    with connection.cursor() as cursor:
        for room, name in numbers:
            cursor.execute("DELETE FROM django_migrations WHERE app = %s AND name = %s", [room, name])
            assert cursor.rowcount == 1, (room, name)


def squashed() -> dict[tuple[str, str], Migration]:
    """Ours that replace others."""
    return {key: each for key, each in MigrationLoader(None).replacements.items() if key[0] in ROOMS}


def plan() -> list[str]:
    """What `migrate` would run."""
    executor = MigrationExecutor(connection)
    return [str(migration) for migration, _back in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def test_each_room_has_one_migration_for_its_first_ones_and_the_replaced_files_are_gone() -> None:
    loader = MigrationLoader(None)
    assert sorted(room for room, _name in squashed()) == list(ROOMS)
    assert [number for each in squashed().values() for number in each.replaces if number in loader.disk_migrations] == []


def test_a_database_on_the_replaced_migrations_has_nothing_to_run() -> None:
    forget(squashed())
    assert plan() == []
    assert no_history_cut_in_the_middle(None, databases=["default"]) == []


def test_a_migration_may_depend_on_a_name_that_was_replaced() -> None:
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    later = Migration("0999_later", "beneficiaries")
    later.dependencies = [("beneficiaries", "0010_rosters_have_a_purpose"), ("programs", "0005_undo_posting")]
    disk = {**loader.disk_migrations, ("beneficiaries", "0999_later"): later}
    loader.load_disk = lambda: setattr(loader, "disk_migrations", disk)
    loader.build_graph()
    parents = {node.key for node in loader.graph.node_map[("beneficiaries", "0999_later")].parents}
    assert parents >= {
        ("beneficiaries", "0001_squashed_0010_rosters_have_a_purpose"), ("programs", "0001_squashed_0005_undo_posting"),
    }


def test_each_migration_of_several_steps_takes_them_together() -> None:
    """Each step outside renders all models anew: ADR 17."""
    ours = {config.label for config in apps.get_app_configs() if Path(config.path).parent == Path(settings.BASE_DIR)}
    apart = {
        str(migration): len(steps) for (room, _name), migration in MigrationLoader(None).disk_migrations.items()
        for steps in [[each for each in migration.operations if isinstance(each, ModelOperation | FieldOperation | IndexOperation)]]
        if room in ours and len(steps) > MOST_APART
    }
    assert apart == {}


def test_a_database_between_the_replaced_migrations_is_refused_and_told_the_way() -> None:
    forget([*squashed(), ("beneficiaries", "0009_triggers_of_the_whole"), ("beneficiaries", "0010_rosters_have_a_purpose")])
    refusal = Error(
        "The database lacks beneficiaries.0009_triggers_of_the_whole, beneficiaries.0010_rosters_have_a_purpose, which "
        "beneficiaries.0001_squashed_0010_rosters_have_a_purpose replaces.",
        hint="Migrate it with the last revision that has them, then with this one.", id="portal.E004",
    )
    assert run_checks(tags=["database"], databases=["default"]) == [refusal]
    with pytest.raises(CommandError, match=r"portal\.E004"):
        call_command("migrate", verbosity=0, skip_checks=False)


def test_a_room_without_any_of_its_replaced_migrations_is_new_and_not_refused() -> None:
    forget([key for key in squashed() if key[0] == "jobs"])
    forget([("jobs", "0001_initial"), ("jobs", "0002_no_personal_number_in_arguments")])
    assert no_history_cut_in_the_middle(None, databases=["default"]) == []
    assert plan() == ["jobs.0001_squashed_0002_no_personal_number_in_arguments"]


def test_every_trigger_that_a_model_names_stands_in_the_database_as_it_is_written() -> None:
    written = {
        (model._meta.db_table, trigger.get_pgid(model)): trigger.compile(model).hash
        for model, trigger in pgtrigger.registered()
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, t.tgname, obj_description(t.oid, 'pg_trigger') FROM pg_trigger t "
            "JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal AND t.tgenabled = 'O'"
        )
        standing = {(table, name): digest for table, name, digest in cursor.fetchall()}
    assert standing == written
    assert {table for table, _name in standing} >= {apps.get_model(name)._meta.db_table for name in (
        "audit.Event", "programs.LedgerEntry", "beneficiaries.Enrollment",
    )}
