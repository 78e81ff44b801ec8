"""Events and reveals for auditors: lists to read, nothing to change."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from audit import events
from audit.admin.base import ReadOnlyScopedAdmin
from audit.models import Event, Reveal


@admin.register(Event)
class EventAdmin(ReadOnlyScopedAdmin):
    """What happened, newest first."""

    list_display = ("at", "actor", "said", "subject_type", "subject_id", "region_code")
    list_filter = ("at",)
    search_fields = ("=subject_id", "=actor", "=verb")
    search_help_text = _("Number of an object, a user name, or a verb such as roster.approved")
    ordering = ("-id",)
    fields = (
        "at", "actor", "said", "verb", "subject_type", "subject_id", "region_code", "data", "request_id", "is_sealed",
    )
    readonly_fields = fields

    @display(description=_("what happened"))
    def said(self, event: Event) -> str:
        """The event in words."""
        return events.sentence(event)

    @display(description=_("sealed"), boolean=True)
    def is_sealed(self, event: Event) -> bool:
        """Whether the chain covers it."""
        return events.is_sealed(event)


@admin.register(Reveal)
class RevealAdmin(ReadOnlyScopedAdmin):
    """Who was shown which fields, why."""

    list_display = ("at", "actor", "subject_type", "subject_id", "shown", "reason", "expires_at")
    list_filter = ("at",)
    search_fields = ("=subject_id", "=actor")
    ordering = ("-id",)
    fields = ("at", "actor", "subject_type", "subject_id", "shown", "reason", "expires_at")
    readonly_fields = fields

    @display(description=_("fields"))
    def shown(self, reveal: Reveal) -> str:
        """Names of the fields."""
        return ", ".join(reveal.fields)
