"""The books of a program: from which month on they are open."""

from __future__ import annotations

from datetime import date

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Trunc
from django.utils.translation import gettext_lazy as _

from audit.scope import Scope, ScopedQuerySet
from programs.models.program import Program


class Books(models.Model):
    """Months before `open_from` take no posting any more; a program without a row has closed no month."""

    program = models.OneToOneField(Program, models.PROTECT, related_name="books", verbose_name=_("program"))
    #: The first day of the first open month.
    open_from = models.DateField(_("open from"))

    objects = ScopedQuerySet.as_manager()

    without_history = "One row that is locked, and never changed."
    scope = Scope(organization_path="program__organization__path", region="program__region_code", program="program_id")
    personal_fields = ()
    open_fields = ("id", "program", "open_from")

    class Meta:
        verbose_name = _("books of a program")
        verbose_name_plural = _("books of programs")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="books_open_from_a_month", condition=Q(open_from=Trunc("open_from", "month", output_field=models.DateField()))
            ),
        ]
        triggers = [pgtrigger.Protect(name="books_are_kept", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def month_after(month: date) -> date:
    """The first day of the month after one."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


#: Shared by every posting of a program until it commits; a month is drawn up while nobody else holds it.
LOCK = "hashtextextended('programs.books', {program})"

#: A posting belongs to the day on which it was made, or, where that lies in a closed month, to the first open one. One lookup
#: a posting, after the lock: READ COMMITTED sees what the closing that was waited for has committed.
ACCOUNTING_DAY = f"""
    PERFORM pg_advisory_xact_lock_shared({LOCK.format(program="NEW.program_id")});
    NEW.booked_on := greatest(
        (NEW.at AT TIME ZONE 'Asia/Shanghai')::date,
        (SELECT b.open_from FROM programs_books b WHERE b.program_id = NEW.program_id)
    );
    RETURN NEW;
"""

#: No leg joins a posting of a closed month.
LEGS_OF_OPEN_MONTHS = """
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT transaction_id FROM new_rows) legs
        JOIN programs_ledgertransaction t ON t.id = legs.transaction_id
        JOIN programs_books b ON b.program_id = t.program_id AND t.booked_on < b.open_from
    ) THEN
        RAISE EXCEPTION 'the month of this posting is closed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
"""
