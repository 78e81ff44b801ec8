"""Many tables in one step: what stands in the database and in the state of migrations is what single steps would make."""

from __future__ import annotations

from typing import Any

import pgtrigger
import pytest
from django.db import connection, migrations, models
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState
from django.db.migrations.writer import OperationWriter
from pgtrigger.compiler import Trigger

from audit.creating import CreateModels, Together

#: A function body that raises, as the compiler of triggers writes it.
KEPT = Trigger(
    name="kept",
    sql=pgtrigger.compiler.UpsertTriggerSql(
        func="RAISE EXCEPTION 'kept';", hash="0" * 40, operation="DELETE", pgid="pgtrigger_kept_00000",
        table="audit_hen", when="BEFORE",
    ),
)


def tables() -> CreateModels:
    """A hen and an egg that know each other; the first refers to what comes later."""
    return CreateModels(
        [
            migrations.CreateModel(
                "Hen",
                fields=[
                    ("id", models.BigAutoField(primary_key=True)),
                    ("egg", models.ForeignKey("audit.Egg", models.PROTECT, related_name="+")),
                    ("eggs", models.ManyToManyField("audit.Egg", through="audit.Nest", related_name="+")),
                ],
                options={"triggers": [KEPT]},
            ),
            migrations.CreateModel(
                "Egg",
                fields=[
                    ("id", models.BigAutoField(primary_key=True)),
                    ("hen", models.ForeignKey("audit.Hen", models.PROTECT, null=True, related_name="+")),
                ],
                options={"constraints": [models.CheckConstraint(condition=models.Q(id__gt=0), name="egg_has_number")]},
            ),
            migrations.CreateModel(
                "Nest",
                fields=[
                    ("id", models.BigAutoField(primary_key=True)),
                    ("hen", models.ForeignKey("audit.Hen", models.CASCADE, related_name="+")),
                    ("egg", models.ForeignKey("audit.Egg", models.CASCADE, related_name="+")),
                ],
            ),
        ]
    )


def migration(*operations: Any) -> Migration:
    """One that nobody has on disk."""
    made = Migration("0999_hens", "audit")
    made.operations = list(operations)
    return made


def standing() -> dict[str, set[str]]:
    """Constraints and triggers by table; indexes of keys are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, array_agg(x.said) FROM pg_class c CROSS JOIN LATERAL ("
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = c.oid AND contype <> 'n' "
            "UNION ALL SELECT tgname::text FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal) AS x (said) "
            "WHERE c.relname IN ('audit_hen', 'audit_egg', 'audit_nest') GROUP BY c.relname"
        )
        return {table: set(said) for table, said in cursor.fetchall()}


@pytest.mark.django_db
def test_tables_that_refer_to_each_other_come_with_keys_constraints_and_triggers_and_go_again() -> None:
    before, forth, back = ProjectState(), migration(tables()), migration(tables())
    with connection.schema_editor() as editor:
        forth.apply(before.clone(), editor)
    key = "FOREIGN KEY ({0}_id) REFERENCES audit_{0}(id) DEFERRABLE INITIALLY DEFERRED"
    assert standing() == {
        "audit_hen": {"PRIMARY KEY (id)", key.format("egg"), "pgtrigger_kept_00000"},
        "audit_egg": {"PRIMARY KEY (id)", key.format("hen"), "CHECK ((id > 0))"},
        "audit_nest": {"PRIMARY KEY (id)", key.format("hen"), key.format("egg")},
    }
    with connection.schema_editor() as editor:
        back.unapply(before.clone(), editor)
    assert standing() == {}


def additions() -> list[Any]:
    """A table, what is added to it, and a change of a table that stands."""
    return [
        migrations.CreateModel("Hen", fields=[("id", models.BigAutoField(primary_key=True))]),
        migrations.AddField("Hen", "weight", models.IntegerField(default=0)),
        migrations.AddConstraint(
            "Hen", models.CheckConstraint(condition=models.Q(weight__gte=0), name="hen_weighs_something")
        ),
        pgtrigger.migrations.AddTrigger("hen", KEPT),
        migrations.AddField("Nest", "hen", models.ForeignKey("audit.Hen", models.CASCADE, null=True, related_name="+")),
        migrations.AddConstraint("Nest", models.CheckConstraint(condition=models.Q(id__gt=0), name="nest_has_number")),
    ]


@pytest.mark.django_db
def test_what_is_added_to_a_table_that_is_created_there_comes_with_it_and_others_are_changed_in_order() -> None:
    nest = migrations.CreateModel("Nest", fields=[("id", models.BigAutoField(primary_key=True))])
    before = migration(nest)
    with connection.schema_editor() as editor:
        start = before.apply(ProjectState(), editor)
    wanted = {
        "audit_hen": {"PRIMARY KEY (id)", "CHECK ((weight >= 0))", "pgtrigger_kept_00000"},
        "audit_nest": {
            "PRIMARY KEY (id)", "CHECK ((id > 0))",
            "FOREIGN KEY (hen_id) REFERENCES audit_hen(id) DEFERRABLE INITIALLY DEFERRED",
        },
    }
    for operations in (additions(), [Together(additions())]):
        with connection.schema_editor() as editor:
            migration(*operations).apply(start.clone(), editor)
        assert standing() == wanted
        with connection.schema_editor() as editor:
            migration(*operations).unapply(start.clone(), editor)
        assert standing() == {"audit_nest": {"PRIMARY KEY (id)"}}


def test_the_state_is_that_of_single_steps() -> None:
    together, apart = ProjectState(), ProjectState()
    tables().state_forwards("audit", together)
    for operation in tables().operations:
        operation.state_forwards("audit", apart)
    assert together == apart
    assert together.models["audit", "hen"].options["triggers"] == [KEPT]
    assert {model.__name__ for model in together.apps.get_models()} >= {"Hen", "Egg", "Nest"}


def test_models_that_were_rendered_before_are_rendered_once_for_all_that_come() -> None:
    state = ProjectState()
    rendered = state.apps
    tables().state_forwards("audit", state)
    assert "apps" not in state.__dict__
    assert state.apps is not rendered
    assert state.apps.get_model("audit", "Hen")._meta.get_field("egg").related_model is state.apps.get_model("audit", "Egg")


def test_what_refers_to_one_of_the_models_refers_to_all_together() -> None:
    assert [tables().references_model(name, "audit") for name in ("Hen", "Nest", "Seal")] == [True, True, False]


def test_it_tells_what_it_creates_and_is_written_as_it_is_read() -> None:
    assert tables().describe() == "Create models Hen, Egg, Nest"
    assert tables().migration_name_fragment == "hen_egg_nest"
    text, imports = OperationWriter(tables(), indentation=0).serialize()
    assert "import audit.creating" in imports
    names: dict[str, Any] = {}
    exec("\n".join([*sorted(imports), "from django.db import migrations", f"made = {text.rstrip().rstrip(',')}"]), names)  # noqa: S102
    state, again = ProjectState(), ProjectState()
    tables().state_forwards("audit", state)
    names["made"].state_forwards("audit", again)
    assert again == state
