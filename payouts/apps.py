"""Registers the room with Django: job kinds, verbs, role permissions, panels."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PayoutsConfig(AppConfig):
    """Floor 7: payouts by bank transfer and what the bank answers."""

    name = "payouts"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Payouts")

    def ready(self) -> None:
        """Tell the rooms below what this one brings."""
        import_module("payouts.checks")
        import_module("payouts.registration").register()
