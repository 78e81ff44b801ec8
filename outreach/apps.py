"""Registers the room with Django: job kinds, verbs, role permissions, panels, and the check of the connector."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutreachConfig(AppConfig):
    """Floor 5: what people are told, by message or in their village."""

    name = "outreach"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Messages to people")

    def ready(self) -> None:
        """Tell the rooms below what this one brings."""
        import_module("outreach.checks")
        import_module("outreach.registration").register()
