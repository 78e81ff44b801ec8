"""Contents whose own time is over and that stay: behind somebody who is kept, or under a hold; SQL and what asks with it.

Asked of few files, by index from each of them: from its import to one line that is needed, however many millions there are.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from retention.imports import HELD_PEOPLE, SOURCES, Source, relations, stands

#: Tables that join an import's contents to it.
_JOINED = tuple((getattr(source.model, name).through, source) for source in SOURCES for name in relations(source))
#: A purchase's own file has no lines that are kept: it stays with whoever it covered.
_PURCHASED = """EXISTS (SELECT FROM beneficiaries_enrollment e JOIN beneficiaries_person p ON p.id = e.person_id
    WHERE e.purchase_id = i.id AND p.destroyed_at IS NULL OFFSET 0)"""


def _of_import(joined: Any, source: Source) -> str:
    held = "i.program_id IN (SELECT held_program_id FROM held)"
    if source.label == "beneficiaries.roster":
        held += " OR i.id IN (SELECT roster_id FROM held)"
    return (
        f"SELECT t.file_id FROM due JOIN {joined._meta.db_table} t ON t.file_id = due.id"  # noqa: S608
        f" JOIN {source.model._meta.db_table} i ON i.id = t.{source.key}"
        f" WHERE {held} OR {stands(source, 'i.id').replace(HELD_PEOPLE, 'ARRAY(SELECT stands FROM held WHERE stands IS NOT NULL)')}"
    )


_KEPT = "\nUNION ALL\n".join((
    """SELECT due.id FROM due JOIN accounts_organization o ON o.id = due.organization_id
    WHERE EXISTS (SELECT FROM held WHERE starts_with(o.path, held.path))""",
    f"""SELECT i.file_id FROM due JOIN beneficiaries_purchase i ON i.file_id = due.id
    WHERE i.program_id IN (SELECT held_program_id FROM held) OR {_PURCHASED}""",  # noqa: S608
    *(_of_import(joined, source) for joined, source in _JOINED),
))


def kept_files(day: str) -> str:
    """SQL: numbers of files whose time is over on a day (SQL, too) and that stay."""
    return f"""WITH due AS MATERIALIZED (
    SELECT id, organization_id FROM intake_file WHERE purged_at IS NULL AND purge_on <= {day}
), held AS MATERIALIZED (
    SELECT h.held_program_id, h.roster_id, o.path, coalesce(p.merged_into_id, p.id) AS stands FROM retention_legalhold h
    LEFT JOIN accounts_organization o ON o.id = h.held_organization_id LEFT JOIN beneficiaries_person p ON p.id = h.person_id
    WHERE h.lifted_by_id IS NULL AND (h.ends_on IS NULL OR h.ends_on >= {day})
)
{_KEPT}"""  # noqa: S608


def without_kept(files: QuerySet, at: datetime) -> QuerySet:
    """Files whose time is over, without those that somebody who is kept, or a legal hold, keeps."""
    day = timezone.localdate(at)
    return files.exclude(pk__in=RawSQL(kept_files("%s"), [day, day]))  # noqa: S611
