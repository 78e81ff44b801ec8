"""Papers that the office has without anybody bringing them: rooms above tell of which cases at start; none is known here."""

from __future__ import annotations

from django.db import connection

from claims.models import Case, PaperKind

_known: list[tuple[PaperKind, str]] = []


def register_known_paper(kind: PaperKind, condition: str) -> None:
    """Called at start. `condition`: SQL over a case's id "{case}", true where what the paper says is known."""
    if "{case}" not in condition:
        raise ValueError("the condition names its case as {case}")
    if (kind, condition) not in _known:
        _known.append((kind, condition))


def known_papers(case: Case) -> list[PaperKind]:
    """Kinds of papers that need not be asked for; one question."""
    if not _known:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(condition.format(case=int(case.pk)) for _kind, condition in _known)}")
        row = cursor.fetchone()
    return [kind for (kind, _condition), is_known in zip(_known, row, strict=True) if is_known]
