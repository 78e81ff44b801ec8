"""Registers the room with Django: verbs, role permissions, panels."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ResultsConfig(AppConfig):
    """Floor 7: results."""

    name = "results"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Payout results")

    def ready(self) -> None:
        """Tell the rooms below what this one brings."""
        import_module("results.registration").register()
