"""Acceptance that somebody records by hand: not for whom the insurer answers itself, as rooms above know."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Enrollment


@dataclass(frozen=True)
class Asked:
    """Covers of which an insurer is asked: an SQL condition of a row `e`, and the turn that whoever asks of a `{period}` takes."""

    condition: str
    turn: str


_ASKED: list[Asked] = []


def register_asked(asked: Asked) -> None:
    """Called at start by a room that asks insurers."""
    _ASKED.append(asked)


def refuse_asked(covers: QuerySet[Enrollment], *, period_id: int) -> None:
    """BeneficiariesRefused where an insurer is asked of one of these covers and has not answered; nobody asks meanwhile."""
    for asked in _ASKED:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [asked.turn.format(period=period_id)])
        found = f"SELECT e.id FROM beneficiaries_enrollment e WHERE e.period_id = %s AND {asked.condition}"  # noqa: S608
        people = covers.filter(pk__in=RawSQL(found, [period_id])).count()  # noqa: S611 - the rooms' own conditions
        if people:
            raise BeneficiariesRefused("GATE_ASKED", people=people)
