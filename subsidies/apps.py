"""Registers the room with Django: job kinds, verbs, role permissions, panels."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SubsidiesConfig(AppConfig):
    """Floor 5: money of funders, from what they owe to what they paid."""

    name = "subsidies"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Funds of subsidies")

    def ready(self) -> None:
        """Tell the rooms below what this one brings."""
        import_module("subsidies.registration").register()
