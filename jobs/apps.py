"""Registers the room with Django: the rooms' kinds of jobs, and what it shows on the workbench."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    """Floor 1: background work as rows."""

    name = "jobs"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Background work")

    def ready(self) -> None:
        """Read every room's tasks.py, where kinds are declared; add events and the work queue."""
        autodiscover_modules("tasks")
        import_module("jobs.panels").register()
