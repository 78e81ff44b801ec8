"""Tables whose indexes leave room for a second entry of each row."""

from __future__ import annotations

import pytest
from django.db import connection

from audit.indexing import FILLED

pytestmark = pytest.mark.django_db

_OPTIONS = """
SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, coalesce(array_to_string(c.reloptions, ' '), '')
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam AND m.amname = 'btree'
JOIN pg_namespace s ON s.oid = c.relnamespace AND s.nspname = 'public'
"""


def test_where_one_index_of_a_table_leaves_room_all_do() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_OPTIONS)
        rows = cursor.fetchall()
    spaced = {table for table, _index, options in rows if f"fillfactor={FILLED}" in options}
    assert {"beneficiaries_enrollment", "claims_claim", "claims_payable", "payouts_batchline"} <= spaced
    # One that was added later: its migration ends with IndexesLeaveRoom, too.
    assert [index for table, index, options in rows if table in spaced and options != f"fillfactor={FILLED}"] == []
