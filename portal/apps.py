"""Registers the roof with Django."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig, apps
from django.core.cache.backends.dummy import DummyCache
from django.utils.translation import gettext_lazy as _
from unfold import sites

from audit import panels


class PortalConfig(AppConfig):
    """Floor 7: settings, urls, the admin site, demo and verify."""

    name = "portal"
    verbose_name = _("Portal")

    def ready(self) -> None:
        """Register the deployment checks; tell rooms that do not know each other about each other."""
        import_module("portal.checks")
        import_module("portal.registration").register()
        import_module("portal.serving").ask_alone()
        panels.registry.offers = import_module("portal.offered").offers_panel
        # Unfold keeps the palette's finds for five minutes by user and word alone: they would outlive a change of the
        # language, or of a role, and a short search would stand in for a long one.
        sites.cache = DummyCache("", {})
        # A guest's own name stands in the crumbs of its pages.
        apps.get_app_config("axes").verbose_name = _("Sign-in protection")
