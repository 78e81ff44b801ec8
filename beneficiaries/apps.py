"""Registers the room with Django: job kinds, verbs, blind indexes, role permissions, panels."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BeneficiariesConfig(AppConfig):
    """Floor 4: people, rosters, enrollments."""

    name = "beneficiaries"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Rosters and people")

    def ready(self) -> None:
        """Tell the rooms below what this one brings."""
        import_module("beneficiaries.registration").register()
