"""Registers the room with Django: its system checks and the fault points of a test run."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from audit import faults


class AuditConfig(AppConfig):
    """Floor 0: events, keys, sealed fields, scope."""

    name = "audit"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Audit")

    def ready(self) -> None:
        """Register the classification check and the room's verbs; let a test run plant a fault in this process."""
        import_module("audit.classification")
        events = import_module("audit.events")
        events.register_verbs(import_module("audit.verbs").VERBS)
        import_module("audit.figures").register()
        list_rows = import_module("audit.admin.list_rows")
        list_rows.draw_headings_once()
        list_rows.draw_rows_by_columns()
        self.plant()

    def plant(self) -> None:
        """Fault points are a no-op but in a test run."""
        if settings.TESTING:
            faults.plant_from_environment()
