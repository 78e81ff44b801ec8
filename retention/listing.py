"""The work of the job that lists what is due: one transaction, whatever the number; killed, it begins anew."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Max, Min
from django.utils import timezone
from django.utils.translation import gettext_noop

from audit.faults import fault_point
from intake.models import ONCE_APPLIED
from jobs.actions import Run
from retention import due
from retention.actions.runs import locked
from retention.imports import SOURCES, Source, contents_of, count_unneeded, has_readable, relations
from retention.models import DestructionLine, DestructionRun, RunKind, RunState
from retention.recording import record
from retention.terms import earlier

LISTER = gettext_noop("system:retention")
#: Over the terms and every line, kept ones too: what is released is what was shown.
_DIGEST = """
SELECT encode(sha256(convert_to(%s || coalesce(string_agg(
    subject_type || ' ' || subject_id || ' ' || kept, E'\\n' ORDER BY subject_type, subject_id), ''), 'UTF8')), 'hex')
FROM retention_destructionline WHERE run_id = %s
"""


def list_due(job: Run) -> dict[str, Any] | None:
    """Write the lines of a run, count them, and have it wait for its release."""
    at = timezone.now()
    with transaction.atomic(), connection.cursor() as cursor:
        run = locked(DestructionRun(pk=job.arguments["run"]), RunState.LISTING)
        fault_point("retention.list.before")
        if run.kind == RunKind.PEOPLE:
            _list_people(cursor, run, at=at)
        else:
            _list_imports(cursor, run, at=at)
        fault_point("retention.list.written")
        cursor.execute("ANALYZE retention_destructionline (run_id, subject_type, subject_id, kept, done_at)")
        _sum_up(cursor, run)
        run.state = RunState.DRAWN
        run.save()
        record("destruction.listed", run, by=LISTER, at=at, number=run.number, kept=sum(run.kept.values()))
        job.advance(done=run.number, total=run.number)
        fault_point("retention.list.after")
    return {"due": run.number, "kept": sum(run.kept.values())}


def _list_people(cursor: Any, run: DestructionRun, *, at: datetime) -> None:
    values = due.values_of(run.program, due_on=run.due_on, at=at)
    cursor.execute("SET LOCAL work_mem = '128MB'")
    cursor.execute(due.LIST_PEOPLE, {**values, "run": run.pk})
    _people, run.covers, run.premium = cursor.fetchone()


def _list_imports(cursor: Any, run: DestructionRun, *, at: datetime) -> None:
    values, lines = due.values_of(run.program, due_on=run.due_on, at=at), []
    for source in SOURCES:
        before = _before(run, source, at=values["at"])
        found = list(
            due.imports_ended(source.model, run.program, before=before).filter(program=run.program)
            .select_related("organization").prefetch_related(*relations(source)).order_by("pk")
        )
        unneeded = count_unneeded(cursor, source, [each.pk for each in found], values) if found else {}
        for each in found:
            files = files_to_go(source, each, cursor, unneeded=unneeded.get(each.pk, 0))
            if not (rows := unneeded.get(each.pk, 0)) and not files:
                continue
            run.rows += rows
            lines.append(DestructionLine(
                run=run, subject_type=source.label, subject_id=each.pk, county=(each.region_code or "")[:6],
                began_on=timezone.localdate(ended_at(each)), kept="other" if _is_held(source, each, values) else "",
            ))
    DestructionLine.objects.bulk_create(lines)


def _before(run: DestructionRun, source: Source, *, at: datetime) -> datetime:
    length, unit = due.term_of(run.program_id, source.kind, due.terms_now([run.program_id]))
    return earlier(at, length, unit)


def ended_at(subject: Any) -> datetime:
    """When an import came to its end."""
    moments = (subject.undone_at, subject.applied_at, subject.decided_at, subject.uploaded_at)
    return next(moment for moment in moments if moment is not None)


def files_to_go(source: Source, subject: Any, cursor: Any, *, unneeded: int = 0) -> list[Any]:
    """Contents that are still stored of an import of which no line will be needed any more."""
    stored = contents_of(source, subject)
    needed = subject.state in ONCE_APPLIED and subject.row_count > unneeded
    if not stored or (needed and has_readable(source, subject.pk, cursor)):
        return []
    return stored


def _is_held(source: Source, subject: Any, values: dict[str, Any]) -> bool:
    return (
        subject.program_id in values["held_programs"]
        or (source.label == "beneficiaries.roster" and subject.pk in values["held_rosters"])
        or any(subject.organization.path.startswith(path.rstrip("%")) for path in values["held_paths"])
    )


def _sum_up(cursor: Any, run: DestructionRun) -> None:
    lines = DestructionLine.objects.filter(run=run)
    to_go = lines.filter(kept="").aggregate(Count("pk"), Min("began_on"), Max("began_on"))
    run.number, run.oldest, run.newest = to_go["pk__count"], to_go["began_on__min"], to_go["began_on__max"]
    run.kept = dict(lines.exclude(kept="").order_by().values_list("kept").annotate(Count("pk")))
    cursor.execute(_DIGEST, [f"{run.kind} {run.due_on} {sorted(run.terms.items())}\n", run.pk])
    (run.digest,) = cursor.fetchone()
