"""Registers the room with Django: verbs, role permissions, panels."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecordsConfig(AppConfig):
    """Floor 7: records."""

    name = "records"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Settlement records")

    def ready(self) -> None:
        """Tell the rooms below what this one brings."""
        import_module("records.registration").register()
