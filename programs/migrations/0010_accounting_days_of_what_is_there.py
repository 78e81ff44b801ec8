"""Postings that are there belong to the day on which they were made."""

from django.db import migrations

_TABLE = "programs_ledgertransaction"


def book_days(apps, schema_editor):
    """The ledger is append-only: its triggers stand aside for this column alone, within this transaction."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {_TABLE} DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE {_TABLE} SET booked_on = (at AT TIME ZONE 'Asia/Shanghai')::date")
        cursor.execute(f"ALTER TABLE {_TABLE} ENABLE TRIGGER USER")


class Migration(migrations.Migration):

    dependencies = [("programs", "0009_accounting_days")]

    operations = [migrations.RunPython(book_days, migrations.RunPython.noop)]
