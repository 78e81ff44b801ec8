"""Steps of migrations taken together, so that Django renders its models once; what a model is stays in its room."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState


class Together(Operation):
    """Operations between which models are not rendered: each sees the models as they were before all, and as they are after.

    So what is altered is altered once; and a table that is created here comes with all that is added to it afterwards:
    columns, indexes, constraints, triggers.
    """

    category = OperationCategory.MIXED
    serialization_expand_args = ["operations"]

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = operations

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Rendered models are dropped first: with them every addition would render its whole neighborhood anew."""
        state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """In their order. Foreign keys are added at the migration's end, as Django does for each table."""
        for operation in self._done_apart():
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """The last goes first."""
        for operation in reversed(self._done_apart()):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def _done_apart(self) -> list[Operation]:
        """All but what comes with a table that is created here, and goes with it."""
        created = {operation.name_lower for operation in self.operations if isinstance(operation, CreateModel)}
        return [each for each in self.operations if str(getattr(each, "model_name", "")).lower() not in created]

    def references_model(self, name: str, app_label: str) -> bool:
        """Whether one of them is, or refers to, that model."""
        return any(operation.references_model(name, app_label) for operation in self.operations)

    def describe(self) -> str:
        """For `migrate --plan`."""
        return "; ".join(operation.describe() for operation in self.operations)

    @property
    def migration_name_fragment(self) -> str:
        """For migrations that get their name from what they do."""
        return "_".join(operation.migration_name_fragment for operation in self.operations)


class CreateModels(Together):
    """One CreateModel after another.

    They may refer to each other in any order. Triggers in a model's options come with its table.
    """

    category = OperationCategory.ADDITION

    def __init__(self, operations: Sequence[CreateModel]) -> None:
        super().__init__(operations)

    def describe(self) -> str:
        """For `migrate --plan`."""
        return f"Create models {', '.join(each.name for each in self.operations if isinstance(each, CreateModel))}"
