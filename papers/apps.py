"""Registers the room with Django: job kinds, verbs, role permissions, panels."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PapersConfig(AppConfig):
    """Floor 5: what leaves on paper, and what people ask about their data."""

    name = "papers"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Papers and the law")

    def ready(self) -> None:
        """Tell the rooms below what this one brings."""
        import_module("papers.registration").register()
