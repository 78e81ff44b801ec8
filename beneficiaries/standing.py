"""Counts of enrollments, put together: many differences of one kind become one row."""

from __future__ import annotations

from django.db import connection, transaction

from audit.faults import fault_point
from beneficiaries.models.standing import COLUMNS

# Two that run at once take different rows: whoever waits for a row finds it gone. Readers see the old rows or the new one.
_SETTLE = f"""
WITH gone AS (
    DELETE FROM beneficiaries_standing WHERE id IN (
        SELECT unnest(array_agg(id)) FROM beneficiaries_standing GROUP BY {COLUMNS} HAVING count(*) > 1
    )
    RETURNING {COLUMNS}, people, own_share
)
INSERT INTO beneficiaries_standing ({COLUMNS}, people, own_share)
SELECT {COLUMNS}, sum(people), sum(own_share) FROM gone
GROUP BY {COLUMNS} HAVING sum(people) <> 0 OR sum(own_share) <> 0 ORDER BY {COLUMNS}
"""  # noqa: S608 - names of our own


def settle() -> int:
    """Put together what is of one kind; how many rows it leaves in their place."""
    with transaction.atomic(), connection.cursor() as cursor:
        fault_point("beneficiaries.settle_standing.before")
        cursor.execute(_SETTLE)
        left = cursor.rowcount
        fault_point("beneficiaries.settle_standing.after")
    return int(left)
