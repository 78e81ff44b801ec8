"""Registers the room with Django: the sentences of its events."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from audit import events


class IntakeConfig(AppConfig):
    """Floor 2: files come in."""

    name = "intake"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Intake")

    def ready(self) -> None:
        """Say what the room's events mean."""
        events.register_verbs(
            {
                "file.received": _("A file of %(bytes)d bytes was received."),
                "file.purged": _("The kept file was deleted at the end of its retention."),
            }
        )
