"""Registers the room with Django: job kinds, verbs, role permissions, panels."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class YearsConfig(AppConfig):
    """Floor 6: years compared."""

    name = "years"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Years compared")

    def ready(self) -> None:
        """Tell the rooms below what this one brings."""
        import_module("years.registration").register()
