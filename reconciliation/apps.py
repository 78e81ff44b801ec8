"""Registers the room with Django: role permissions."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReconciliationConfig(AppConfig):
    """Floor 8: claims, payouts, the bank and the ledger side by side, above every room that keeps one of them."""

    name = "reconciliation"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Reconciliation")

    def ready(self) -> None:
        """Tell the rooms below what this one brings."""
        import_module("reconciliation.registration").register()
