"""Registers the room with Django: verbs, role permissions, panels."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ComplaintsConfig(AppConfig):
    """Floor 7: complaints about claims, appeals against decisions, and their answers."""

    name = "complaints"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Complaints and appeals")

    def ready(self) -> None:
        """Tell the rooms below what this one brings."""
        import_module("complaints.registration").register()
