"""What this room adds to the workbench: what happened today, and whose data was shown in the clear."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, DateField
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import panels
from audit.models import Event, Reveal
from audit.panels import Chart, ChartData, ChartKind, Figure, Series

DAYS = 30


def events_today(user: Any) -> int:
    """Events within reach since midnight."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return Event.objects.visible_to(user, "audit.view_event").filter(at__gte=midnight).count()


def _reveals(user: Any) -> Any:
    begin = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS - 1)
    return Reveal.objects.visible_to(user, "audit.view_reveal").filter(at__gte=begin)


def reveals_lately(user: Any) -> int:
    """Reveals within reach in the last days, today with them."""
    return int(_reveals(user).count())


def reveals_by_day(user: Any) -> ChartData:
    """The same by day."""
    found = dict(
        _reveals(user).order_by().annotate(day=TruncDate("at", output_field=DateField())).values_list("day")
        .annotate(number=Count("id")).values_list("day", "number")
    )
    if not found:
        return ChartData([], [])
    today = timezone.localdate()
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    return ChartData([f"{day:%m-%d}" for day in days], [Series(_("reveals"), [found.get(day, 0) for day in days])])


EVENTS = Figure(
    "audit.events", _("Events today"), "audit.view_event", events_today, "",
    lambda: reverse("admin:audit_event_changelist"),
)
REVEALS = Figure(
    "audit.reveals", _("Shown in the clear, last 30 days"), "audit.view_reveal", reveals_lately, "",
    lambda: reverse("admin:audit_reveal_changelist"),
)
BY_DAY = Chart(
    "audit.reveals_by_day", _("Shown in the clear by day"), "audit.view_reveal", reveals_by_day, "", ChartKind.COLUMNS
)


def register() -> None:
    """Called once from the app's `ready()`."""
    panels.register_figure(EVENTS)
    panels.register_figure(REVEALS)
    panels.register_chart(BY_DAY)
