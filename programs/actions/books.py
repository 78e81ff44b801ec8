"""The books of a program: which months still take postings. For whoever closes months; nothing else writes them."""

from __future__ import annotations

from datetime import date

from django.db import connection, transaction

from audit.faults import fault_point
from programs.models import Books, Program
from programs.models.books import LOCK


def open_books_from(program: Program, month: date) -> Books:
    """From now on the program's months begin with this one, in the caller's transaction.

    Waits until every posting under way has committed, and holds new ones until the caller does: each is in the month that was
    drawn up, or in the next.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_xact_lock({LOCK.format(program='%s')})", [program.pk])
        fault_point("programs.books.before")
        books, _created = Books.objects.update_or_create(program=program, defaults={"open_from": month})
        fault_point("programs.books.after")
    return books
