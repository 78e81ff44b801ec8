"""How full the indexes of a table are kept."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState

#: Percent. Less than half: a page has room for a second entry of each row.
FILLED = 45
_INDEXES = """
SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
WHERE i.indrelid = %s::regclass AND m.amname = 'btree' ORDER BY 1
"""


class IndexesLeaveRoom(Operation):
    """The trees of these tables are filled by less than half.

    For tables nearly all of whose rows change a state that indexes hold, most of them at once: each change writes a row's entry
    into every index, beside the one that stands until nobody sees it any more. Full pages are split for it, all of them, after a
    search for entries to drop, of which the same transaction has none. Filled so, a change of all rows took 0.6 of its time, and
    indexes were no larger after it than full ones that had been split (docs/performance.md). Indexes that are added later do not
    know of it: their migration says it again.
    """

    category = OperationCategory.ALTERATION
    reduces_to_sql = True
    reversible = True

    def __init__(self, tables: Sequence[str]) -> None:
        self.tables = tables

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """What models are does not change."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Pages that are written from now on; REINDEX for those that stand."""
        self._set(schema_editor, f"SET (fillfactor = {FILLED})")

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """As PostgreSQL fills them."""
        self._set(schema_editor, "RESET (fillfactor)")

    def _set(self, schema_editor: BaseDatabaseSchemaEditor, option: str) -> None:
        with schema_editor.connection.cursor() as cursor:
            for table in self.tables:
                cursor.execute(_INDEXES, [table])
                for (name,) in cursor.fetchall():
                    schema_editor.execute(f"ALTER INDEX {name} {option}")

    def describe(self) -> str:
        """For `migrate --plan`."""
        return f"Indexes leave room: {', '.join(self.tables)}"

    @property
    def migration_name_fragment(self) -> str:
        """For migrations that get their name from what they do."""
        return "indexes_leave_room"
