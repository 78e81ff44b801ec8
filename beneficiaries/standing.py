"""Counts of enrollments and purchases, put together: many differences of one kind become one row."""

from __future__ import annotations

from django.db import connection, transaction

from audit.faults import fault_point
from beneficiaries.models.purchase_standing import PURCHASE_COLUMNS
from beneficiaries.models.standing import COLUMNS, COUNTY_COLUMNS, DAY_COLUMNS

# Two that run at once take different rows: whoever waits for a row finds it gone. Readers see the old rows or the new one.
_GONE = """
WITH gone AS (
    DELETE FROM {table} WHERE id IN (
        SELECT unnest(array_agg(id)) FROM {table} GROUP BY {columns} HAVING count(*) > 1
    )
    RETURNING *
)
"""
_SETTLE = _GONE.format(table="beneficiaries_standing", columns=COLUMNS) + f"""
INSERT INTO beneficiaries_standing ({COLUMNS}, people, own_share, first_id, last_id)
SELECT {COLUMNS}, sum(people), sum(own_share), min(first_id), max(last_id) FROM gone
GROUP BY {COLUMNS} HAVING sum(people) <> 0 OR sum(own_share) <> 0 ORDER BY {COLUMNS}
"""  # noqa: S608 - names of our own
_SETTLE_COUNTIES = _GONE.format(table="beneficiaries_countystanding", columns=COUNTY_COLUMNS) + f"""
INSERT INTO beneficiaries_countystanding ({COUNTY_COLUMNS}, people)
SELECT {COUNTY_COLUMNS}, sum(people) FROM gone GROUP BY {COUNTY_COLUMNS} HAVING sum(people) <> 0 ORDER BY {COUNTY_COLUMNS}
"""  # noqa: S608 - names of our own
_SETTLE_DAYS = _GONE.format(table="beneficiaries_daystanding", columns=DAY_COLUMNS) + f"""
INSERT INTO beneficiaries_daystanding ({DAY_COLUMNS}, people)
SELECT {DAY_COLUMNS}, sum(people) FROM gone GROUP BY {DAY_COLUMNS} HAVING sum(people) <> 0 ORDER BY {DAY_COLUMNS}
"""  # noqa: S608 - names of our own
_SETTLE_PURCHASES = _GONE.format(table="beneficiaries_purchasestanding", columns=PURCHASE_COLUMNS) + f"""
INSERT INTO beneficiaries_purchasestanding ({PURCHASE_COLUMNS}, purchases, amount)
SELECT {PURCHASE_COLUMNS}, sum(purchases), sum(amount) FROM gone
GROUP BY {PURCHASE_COLUMNS} HAVING sum(purchases) <> 0 OR sum(amount) <> 0 ORDER BY {PURCHASE_COLUMNS}
"""  # noqa: S608 - names of our own


def settle() -> int:
    """Put together what is of one kind; how many rows it leaves in their place, of boards."""
    with transaction.atomic(), connection.cursor() as cursor:
        fault_point("beneficiaries.settle_standing.before")
        cursor.execute(_SETTLE)
        left = cursor.rowcount
        fault_point("beneficiaries.settle_standing")
        cursor.execute(_SETTLE_COUNTIES)
        fault_point("beneficiaries.settle_standing.counties")
        cursor.execute(_SETTLE_DAYS)
        fault_point("beneficiaries.settle_standing.purchases")
        cursor.execute(_SETTLE_PURCHASES)
        fault_point("beneficiaries.settle_standing.after")
    return int(left)
