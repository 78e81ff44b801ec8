"""Background work of the room: put the list of a large request together."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jobs.actions import Run
from jobs.registry import job_kind
from subsidies import actions
from subsidies.models import FundRequest


@job_kind("subsidies.list_request", title=_("Put a request for funds together"), lease_seconds=120)
def list_request(run: Run) -> dict[str, Any] | None:
    """Everybody whom the funder is asked for, or no longer asked for."""
    request = FundRequest.objects.select_related("program__organization", "period").get(pk=run.arguments["request"])
    return actions.list_part(run, request, at=timezone.now())
