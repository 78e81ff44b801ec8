"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class ProgramsConfig(AppConfig):
    """See docs/architecture.md."""

    name = "programs"
    default_auto_field = "django.db.models.BigAutoField"
