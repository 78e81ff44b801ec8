"""Registers the room with Django: its sign-in listeners and verbs; no rules live here."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Floor 1: users, organizations, regions and roles."""

    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Users and organizations")

    def ready(self) -> None:
        """Listen to the sign-in signals of django and axes: the only hook foreign packages offer."""
        import_module("accounts.listeners")
        import_module("audit.events").register_verbs(import_module("accounts.verbs").VERBS)
        import_module("accounts.panels").register()
