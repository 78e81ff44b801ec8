"""Covers of spans lie apart: no two live ones of one person on one plan at one moment, held without any extension."""

from __future__ import annotations

import pgtrigger


def live_span(row: str) -> str:
    """The condition that a row covers a span and is live, as the index has it."""
    return f"{row}.period_kind = 'span' AND {row}.state IN ('awaiting', 'in_force')"


# The people first, in the order of ids, and then in a statement of its own, which sees what others committed meanwhile
# (READ COMMITTED; another isolation would not, and is refused). Spans of a person that lie apart are sorted by begin and
# by end alike: a new one overlaps another exactly when the last that begins before its end also ends after its begin, which
# is one step in the index. Planned anew each time: a session's first plan, made for a small table, would read it whole; and
# looked up one by one: of a table believed to be small a join would read all new rows for each person.
_APART = f"""
    IF NOT EXISTS (SELECT FROM new_rows WHERE {live_span("new_rows")}) THEN
        RETURN NULL;
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'covers of spans are written in READ COMMITTED only'
            USING ERRCODE = 'feature_not_supported', CONSTRAINT = '%(name)s';
    END IF;
    EXECUTE $locking$
        SELECT count(*) FROM (
            SELECT DISTINCT person_id FROM new_rows WHERE {live_span("new_rows")} ORDER BY person_id
        ) AS those CROSS JOIN LATERAL (
            SELECT FROM beneficiaries_person WHERE id = those.person_id FOR NO KEY UPDATE
        ) AS locked
    $locking$ INTO found;
    EXECUTE $looking$
        SELECT count(*) FROM (
            SELECT FROM new_rows JOIN LATERAL (
                SELECT ends_at FROM beneficiaries_enrollment other
                WHERE other.person_id = new_rows.person_id AND other.plan_id = new_rows.plan_id
                    AND {live_span("other")} AND other.starts_at < new_rows.ends_at AND other.id <> new_rows.id
                ORDER BY other.starts_at DESC LIMIT 1
            ) AS last ON last.ends_at > new_rows.starts_at
            WHERE {live_span("new_rows")} LIMIT 1
        ) AS overlapping
    $looking$ INTO found;
    IF found > 0 THEN
        RAISE EXCEPTION 'two covers of one person on one plan overlap'
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = '%(name)s';
    END IF;
    RETURN NULL;
"""  # noqa: S608 - made of our own names


def lie_apart(name: str, operation: pgtrigger.Operation) -> pgtrigger.Trigger:
    """Refuse an insert or update after which spans overlap. Statements without spans pay for one look at their rows."""
    return pgtrigger.Trigger(
        name=name, level=pgtrigger.Statement, when=pgtrigger.After, operation=operation,
        referencing=pgtrigger.Referencing(new="new_rows"), declare=[("found", "bigint")],
        func=_APART % {"name": name},
    )
