"""Registers the room with Django: the page behind every Export button, events, permissions."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExportsConfig(AppConfig):
    """Floor 3: what lists show leaves as files, at once or by a job."""

    name = "exports"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Exports")

    def ready(self) -> None:
        """Tell the rooms below what this one brings."""
        import_module("exports.registration").register()
