"""Registers the room with Django: job kinds, verbs, role permissions, panels."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SamplesConfig(AppConfig):
    """Floor 8: what auditors draw and look at, above every room that holds evidence."""

    name = "samples"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Audit samples")

    def ready(self) -> None:
        """Tell the rooms below what this one brings."""
        import_module("samples.registration").register()
