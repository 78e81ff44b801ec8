"""Registers the room with Django: verbs, role permissions, panels."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FilingsConfig(AppConfig):
    """Floor 7: filings."""

    name = "filings"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Files of claims")

    def ready(self) -> None:
        """Tell the rooms below what this one brings."""
        import_module("filings.registration").register()
