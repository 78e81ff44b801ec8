"""Checks that end without a review: the import is closed at once, then what was staged is removed, chunk by chunk.

Nobody has seen these rows, so nothing of them is kept, in the history neither; a run that is killed goes on.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from audit import events
from audit.faults import fault_point
from intake.findings import FileFinding
from intake.models import State
from intake.readers import FileRefused
from intake.template import Template

BY = "system:intake"
#: How an import ends that was never reviewed; from its review on it has a digest.
_UNREAD = (State.FAILED, State.WITHDRAWN)


def close(run: Any, subject: Any, template: Template, finding: FileFinding, *, at: datetime) -> None:
    """End a checked import of which nobody may see how its rows were judged, in the caller's transaction and lock."""
    told = [[None, finding.code, finding.extra, finding.sheet]]
    _end(run, subject, template, told, verb="closed", data={"code": finding.code}, at=at)


def fail(
    run: Any, subject: Any, template: Template, refused: FileRefused, *, file_id: int | None, counts: dict[str, Any],
    at: datetime,
) -> None:
    """A file that cannot be read ends the import, with every reason that was found.

    `counts`: what its page needs to have the file mended.
    """
    with transaction.atomic():
        subject = template.import_model._default_manager.select_for_update().get(pk=subject.pk)
        if subject.state != State.CHECKING:
            return
        findings = [[file_id, finding.code, finding.extra, finding.sheet] for finding in refused.findings]
        codes = ", ".join(finding.code for finding in refused.findings)
        _end(run, subject, template, findings, verb="failed", data={"codes": codes}, at=at, counts=counts)
    fault_point("intake.fail_staging.committed")
    remove_unread(run, subject, template)


def _end(
    run: Any, subject: Any, template: Template, findings: list[Any], *, verb: str, data: dict[str, Any], at: datetime,
    counts: dict[str, Any] | None = None,
) -> None:
    subject.row_count, subject.counts, subject.state = 0, counts or {}, State.FAILED
    subject.file_findings = findings
    fault_point("intake.end_staging.before")
    subject.save()
    events.record(
        f"{template.key}.{verb}", subject, by=BY, at=at, organization=subject.organization,
        region_code=subject.region_code, program_id=template.program_id_of(subject), data=data,
    )
    run.advance()
    fault_point("intake.end_staging.after")


def remove_unread(run: Any, subject: Any, template: Template) -> int:
    """Remove what an import staged that ended without a review; does nothing to any other. Gives the chunks removed.

    Each chunk is one transaction, which holds the import's lock no longer than its own rows take. A stop asked for
    meanwhile waits: nothing of these rows is to stay.
    """
    removed = 0
    while _remove_chunk(run, subject, template):
        removed += 1
        fault_point("intake.remove_unread.committed")
    return removed


def _remove_chunk(run: Any, subject: Any, template: Template) -> bool:
    with transaction.atomic():
        ended = template.import_model._default_manager.select_for_update().get(pk=subject.pk)
        if ended.state not in _UNREAD or ended.digest:
            return False
        chunk = template.chunks_of(ended).first()
        if chunk is None:
            return False
        fault_point("intake.remove_unread.before")
        # Straight, not through the collector: one statement, whatever the number of rows.
        template.rows_of(ended).filter(chunk=chunk.number)._raw_delete(ended._state.db)
        chunk.delete()
        run.advance()
        fault_point("intake.remove_unread.after")
    return True
