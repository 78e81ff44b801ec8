"""Registers the room with Django for its command alone: it has no models."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BenefitsConfig(AppConfig):
    """Floor 2: what a plan pays."""

    name = "benefits"
    verbose_name = _("Benefits")
