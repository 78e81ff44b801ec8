"""Triggers that hold the rows of the big tables to their parents: asked once a statement, where a foreign key asks once a row.

Measured: a foreign key costs 2 to 4 microseconds a row, and an enrollment has nine. These ask more (the parents must
also agree with one another) for a tenth of it. A parent's deletion waits for those who write its children.
"""

from __future__ import annotations

from collections.abc import Iterable

import pgtrigger


def agrees(name: str, *questions: str) -> pgtrigger.Trigger:
    """Refuse inserts of which one of the questions (SELECTs over `new_rows`) returns a row: a parent that is not there.

    Parents of many are looked up row by row, in lateral subqueries: a session keeps the plan that it made at its first
    insert, and a join planned for a small table would read a large one whole each time.
    """
    asked = "\n".join(
        f"""
        IF EXISTS ({question}) THEN
            RAISE EXCEPTION '% does not agree with its parents', TG_TABLE_NAME
                USING ERRCODE = 'foreign_key_violation', CONSTRAINT = '{name}';
        END IF;
        """
        for question in questions
    )
    return pgtrigger.Trigger(
        name=name, level=pgtrigger.Statement, when=pgtrigger.After, operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"), func=f"{asked} RETURN NULL;",
    )


def keeps_its_parents(name: str, *fields: str) -> pgtrigger.Trigger:
    """Refuse an update that moves a row to another parent."""
    return pgtrigger.Protect(name=name, operation=pgtrigger.Update, condition=pgtrigger.AnyChange(*fields))


#: Two people of whom one is merged into the other, whichever way a row goes between them.
_MERGED = """
SELECT FROM beneficiaries_person p
WHERE (p.id = {old} AND p.merged_into_id = {new}) OR (p.id = {new} AND p.merged_into_id = {old})
"""


def moves_by_a_merge(
    name: str, *fields: str, kept: Iterable[str], old: str = "OLD.person_id", new: str = "NEW.person_id", agrees_if: str = ""
) -> pgtrigger.Trigger:
    """Refuse an update that moves a row to another parent, but between two people of whom one is merged into the other.

    `fields` may move so; `kept` (columns) never does. `old`, `new`: the people before and after. `agrees_if`: a SELECT that
    returns a row when the new parents agree with one another.
    """
    stay = "".join(f"NEW.{column} IS DISTINCT FROM OLD.{column} OR " for column in kept)
    agreed = f" OR NOT EXISTS ({agrees_if})" if agrees_if else ""
    return pgtrigger.Trigger(
        name=name, level=pgtrigger.Row, when=pgtrigger.Before, operation=pgtrigger.Update,
        condition=pgtrigger.AnyChange(*fields, *(column.removesuffix("_id") for column in kept)),
        func=f"""
        IF {stay}NOT EXISTS ({_MERGED.format(old=old, new=new)}){agreed} THEN
            RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME USING CONSTRAINT = '{name}';
        END IF;
        RETURN NEW;""",
    )


def kept_for(name: str, children: Iterable[tuple[str, str]]) -> pgtrigger.Trigger:
    """Refuse to delete a parent while a child (table, column) names it.

    Locks the children's tables against writers until the deletion is committed: a child that is being written is either
    seen here, or finds its parent gone.
    """
    refused = "\n".join(
        f"""
        LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE;
        IF EXISTS (SELECT FROM {table} child JOIN old_rows ON child.{column} = old_rows.id) THEN
            RAISE EXCEPTION '% is named by {table}', TG_TABLE_NAME
                USING ERRCODE = 'foreign_key_violation', CONSTRAINT = '{name}';
        END IF;
        """
        for table, column in children
    )
    return pgtrigger.Trigger(
        name=name, level=pgtrigger.Statement, when=pgtrigger.After, operation=pgtrigger.Delete,
        referencing=pgtrigger.Referencing(old="old_rows"), func=f"{refused} RETURN NULL;",
    )


def never_deleted(name: str) -> pgtrigger.Trigger:
    """Refuse every deletion: rows of millions name this table's rows."""
    return pgtrigger.Protect(name=name, operation=pgtrigger.Delete)


def kept_after_its_check(name: str, parent: tuple[str, str], states: Iterable[str]) -> pgtrigger.Trigger:
    """Refuse to delete rows of a parent (table, column that names it) with a digest that is in none of the states.

    A parent has its digest from its first review on: what ended unread is removed in any state.
    """
    table, column = parent
    listed = ", ".join(f"'{state}'" for state in states)
    return pgtrigger.Trigger(
        name=name, level=pgtrigger.Statement, when=pgtrigger.After, operation=pgtrigger.Delete,
        referencing=pgtrigger.Referencing(old="old_rows"), func=f"""
        IF EXISTS (
            SELECT FROM (SELECT DISTINCT {column} FROM old_rows) few
            LEFT JOIN {table} parent ON parent.id = few.{column}
            WHERE parent.id IS NULL OR (parent.digest <> '' AND parent.state NOT IN ({listed}))
        ) THEN
            RAISE EXCEPTION '% stays after the check', TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation', CONSTRAINT = '{name}';
        END IF;
        RETURN NULL;""",  # noqa: S608 - names and states of our own
    )
