"""Registers the room with Django: verbs, role permissions, panels."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ClaimsConfig(AppConfig):
    """Floor 6: from a report to a decision that is owed."""

    name = "claims"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Claim handling")

    def ready(self) -> None:
        """Tell the rooms below what this one brings."""
        import_module("claims.registration").register()
