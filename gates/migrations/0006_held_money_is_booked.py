"""Money that statements left held before it was booked: one posting a statement, of the day on which it was taken in.

A day in a closed month is carried into the first open one, as any posting (ADR 30). What a channel reported twice came in once.
"""

from django.db import migrations

_COUNTED = "UPDATE gates_heldpayment SET state = 'counted' WHERE kind = 'reported'"
_FOUND = """
SELECT s.id, s.program_id, coalesce(s.applied_at, max(c.applied_at), now()) AS at, held.lines, held.amount
FROM (
    SELECT statement_id, count(*) AS lines, sum(amount) AS amount FROM gates_heldpayment WHERE state = 'held' GROUP BY 1
) held JOIN gates_statement s ON s.id = held.statement_id
LEFT JOIN gates_statementchunk c ON c.statement_id = s.id
WHERE held.amount <> 0 GROUP BY s.id, held.lines, held.amount
"""
_ACCOUNTS = f"""
INSERT INTO programs_ledgeraccount (code, kind, program_id, balance)
SELECT DISTINCT kind || ':p' || program_id, kind, program_id, 0 FROM ({_FOUND}) found,
    (VALUES ('own_received'), ('own_held')) AS kinds (kind)
ON CONFLICT (code) DO NOTHING
"""
_POSTED = f"""
INSERT INTO programs_ledgertransaction (kind, program_id, at, source_type, source_id, memo, by_label)
SELECT 'held', program_id, at, 'gates.statement', id, lines::text, 'system:upgrade' FROM ({_FOUND}) found ORDER BY id
"""
_LEGS = f"""
INSERT INTO programs_ledgerentry (transaction_id, account_id, amount)
SELECT t.id, a.id, CASE a.kind WHEN 'own_held' THEN -found.amount ELSE found.amount END
FROM ({_FOUND}) found
JOIN programs_ledgertransaction t ON t.kind = 'held' AND t.source_type = 'gates.statement' AND t.source_id = found.id
JOIN programs_ledgeraccount a ON a.program_id = found.program_id AND a.kind IN ('own_received', 'own_held')
ORDER BY t.id, a.id
"""
_BALANCES = """
UPDATE programs_ledgeraccount a SET balance = a.balance + moved.amount FROM (
    SELECT e.account_id, sum(e.amount) AS amount FROM programs_ledgerentry e
    JOIN programs_ledgertransaction t ON t.id = e.transaction_id AND t.kind = 'held' AND t.source_type = 'gates.statement'
    GROUP BY 1
) moved WHERE moved.account_id = a.id
"""


def book(apps, schema_editor):
    """All at once: nothing of this kind was posted before."""
    with schema_editor.connection.cursor() as cursor:
        for statement in (_COUNTED, _ACCOUNTS, _POSTED, _LEGS, _BALANCES):
            cursor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ("gates", "0005_clearings"),
        ("programs", "0014_own_payments_are_held"),
    ]

    operations = [migrations.RunPython(book, migrations.RunPython.noop)]
