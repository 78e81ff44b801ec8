"""Registers the room with Django: the sentences of its events."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IntakeConfig(AppConfig):
    """Floor 2: files come in."""

    name = "intake"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Intake")

    def ready(self) -> None:
        """Tell the rooms below what this one brings."""
        import_module("intake.registration").register()
