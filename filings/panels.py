"""What this room adds: files that wait on the workbench, papers that found no claim, the file behind a claim's page."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audit import panels
from audit.panels import PagePanel, Urgency, queue_of
from filings.models import ClaimFile, ClaimFileRow, FiledCase
from intake.models import State

VIEW = "filings.view_claimfile"


def _to_review(files: Any, user: Any) -> Any:
    return files.visible_to(user, "filings.submit_claimfile").filter(state=State.REVIEW)


def _to_approve(files: Any, user: Any) -> Any:
    waiting = files.visible_to(user, "filings.approve_claimfile").filter(state=State.SUBMITTED)
    return waiting.exclude(uploaded_by=user).exclude(submitted_by=user)


def _to_undo(files: Any, user: Any) -> Any:
    asked = files.visible_to(user, "filings.approve_claimfile_undo").filter(state=State.UNDO_ASKED)
    return asked.exclude(undo_asked_by=user)


QUEUES = (
    queue_of(
        "filings.claimfile", "filings.to_review", _("Files of claims to review"), "filings.submit_claimfile", _to_review,
        Urgency.SOON,
    ),
    queue_of(
        "filings.claimfile", "filings.to_approve", _("Files of claims to approve"), "filings.approve_claimfile", _to_approve,
        Urgency.SOON,
    ),
    queue_of(
        "filings.claimfile", "filings.to_undo", _("Undo of files of claims to approve"), "filings.approve_claimfile_undo", _to_undo,
        Urgency.SOON,
    ),
)


def _claim(claim: Any, user: Any) -> dict[str, Any]:
    """The file and the line that a claim's case came from, for a reader who sees the file."""
    filed = FiledCase.objects.filter(case=claim.case_id).select_related("sender").first()
    if filed is None or not ClaimFile.objects.visible_to(user, VIEW).filter(pk=filed.claim_file_id).exists():
        return {}
    rows = ClaimFileRow.objects.filter(pk__in=filed.rows).order_by("pk").select_related("file")
    address = reverse("admin:filings_claimfile_change", args=[filed.claim_file_id])
    return {"filed": filed, "lines": [(row, f"{address}?row={row.pk}#row-{row.pk}") for row in rows]}


PANELS = (
    PagePanel("filings.claim", _("From a file of claims"), "claims.claim", VIEW, _claim, "filings/panel.html", 30),
)


def register() -> None:
    """Called once at start."""
    for queue in QUEUES:
        panels.register_queue(queue)
    for panel in PANELS:
        panels.register_page_panel(panel)
