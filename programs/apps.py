"""Registers the room with Django: verbs and role permissions."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProgramsConfig(AppConfig):
    """Floor 3: programs, plans, funding, budgets, ledger."""

    name = "programs"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Programs and money")

    def ready(self) -> None:
        """Tell the rooms below what this one brings."""
        import_module("programs.registration").register()
