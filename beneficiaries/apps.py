"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class BeneficiariesConfig(AppConfig):
    """See docs/architecture.md."""

    name = "beneficiaries"
    default_auto_field = "django.db.models.BigAutoField"
