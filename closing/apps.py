"""Registers the room with Django: verbs, role permissions, panels."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ClosingConfig(AppConfig):
    """Floor 7: months that are closed, above every room that counts in them."""

    name = "closing"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Closing of months")

    def ready(self) -> None:
        """Tell the rooms below what this one brings."""
        import_module("closing.registration").register()
