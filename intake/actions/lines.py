"""Lines that go with their files: of imports whose lines no run of destruction draws; beside the daily purge of files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from audit.destroying import destroy
from audit.faults import fault_point
from intake.models import State

#: States in which an import is over.
_ENDED = (State.APPLIED, State.UNDONE, State.REFUSED, State.WITHDRAWN, State.FAILED)


@dataclass(frozen=True)
class Passing:
    """`links`: the files of an import, with `lines_gone_at`; `rows`: its lines; `parent`: the field of both that names it."""

    links: Any
    rows: Any
    parent: str


_passing: list[Passing] = []


def register_passing(passing: Passing) -> None:
    """Called at start by the room whose lines go with their files."""
    if passing not in _passing:
        _passing.append(passing)


def let_lines_go(*, at: datetime, limit: int = 5_000) -> int:
    """Of the next purged file of an import that is over, so many lines lose what they said; 1 while there is one, else 0."""
    for passing in _passing:
        due = passing.links.objects.filter(
            lines_gone_at=None, file__purged_at__isnull=False, **{f"{passing.parent}__state__in": _ENDED}
        ).order_by("pk")
        with transaction.atomic():
            link = due.select_for_update(of=("self",), skip_locked=True).first()
            if link is None:
                continue
            fault_point("intake.let_lines_go.before")
            with connection.cursor() as cursor:
                gone = destroy(
                    cursor, passing.rows,
                    given={"parent": getattr(link, f"{passing.parent}_id"), "file": link.file_id, "limit": limit},
                    rows=f"""SELECT r.id FROM {passing.rows._meta.db_table} r
                        WHERE r.{passing.parent}_id = %(parent)s AND r.file_id = %(file)s AND r.raw IS NOT NULL
                        LIMIT %(limit)s""",  # noqa: S608 - names of ours
                )
            if gone < limit:
                passing.links.objects.filter(pk=link.pk).update(lines_gone_at=at)
            fault_point("intake.let_lines_go.after")
            return 1
    return 0
