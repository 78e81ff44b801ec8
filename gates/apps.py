"""Registers the room with Django: job kinds, verbs, role permissions, panels."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GatesConfig(AppConfig):
    """Floor 5: what a plan asks for between enrollment and cover."""

    name = "gates"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Steps before cover")

    def ready(self) -> None:
        """Tell the rooms below what this one brings."""
        import_module("gates.registration").register()
