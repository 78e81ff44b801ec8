"""Counts of the enrollments that are there, and receipts of the own shares that were recorded as paid before receipts were booked."""

from django.db import migrations

_COUNT = """
INSERT INTO beneficiaries_standing
    (program_id, period_id, organization_id, roster_id, region_code, state, noticed, paid, accepted, people, own_share)
SELECT program_id, period_id, organization_id, roster_id, region_code, state, notice_passed_at IS NOT NULL,
    own_paid_at IS NOT NULL OR own_share = 0, accepted_at IS NOT NULL, count(*), sum(own_share)
FROM beneficiaries_enrollment WHERE period_kind = 'annual' GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 ORDER BY 1, 2, 3, 4, 5
"""
_RECEIVED = """
SELECT program_id, sum(own_share), count(*) FROM beneficiaries_enrollment
WHERE own_paid_at IS NOT NULL AND own_share > 0 GROUP BY 1 ORDER BY 1
"""
_ACCOUNT = """
INSERT INTO programs_ledgeraccount (code, kind, program_id, balance) VALUES (%s, %s, %s, 0) ON CONFLICT (code) DO NOTHING
"""
_TRANSACTION = """
INSERT INTO programs_ledgertransaction (kind, program_id, at, source_type, source_id, memo, by_label)
VALUES ('receipt', %s, now(), 'programs.program', %s, %s, 'system:upgrade') RETURNING id
"""
_ENTRY = """
INSERT INTO programs_ledgerentry (transaction_id, account_id, amount)
SELECT %s, id, %s FROM programs_ledgeraccount WHERE code = %s
"""


def count_and_book(apps, schema_editor):
    """One receipt for each program."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(_COUNT)
        cursor.execute(_RECEIVED)
        for program, amount, people in cursor.fetchall():
            cursor.execute(_TRANSACTION, [program, program, str(people)])
            booked = cursor.fetchone()[0]
            for kind, part in (("own_received", amount), ("person_receivable", -amount)):
                code = f"{kind}:p{program}"
                cursor.execute(_ACCOUNT, [code, kind, program])
                cursor.execute(_ENTRY, [booked, part, code])
                cursor.execute("UPDATE programs_ledgeraccount SET balance = balance + %s WHERE code = %s", [part, code])


class Migration(migrations.Migration):

    dependencies = [
        ("beneficiaries", "0012_enrollments_are_counted"),
        ("programs", "0007_own_shares_are_received"),
    ]

    operations = [migrations.RunPython(count_and_book, migrations.RunPython.noop)]
