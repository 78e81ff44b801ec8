"""Pages for those who run the portal: alive, and figures for Prometheus."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers; it touches nothing else."""
    return HttpResponse("live\n", content_type="text/plain")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus figures for the holder of METRICS_TOKEN; for anyone else there is no such page."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        raise Http404
    return ExportToDjangoView(request)
