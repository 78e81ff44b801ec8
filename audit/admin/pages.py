"""Events and reveals for auditors: lists to read, nothing to change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.decorators import display

from audit import events, naming
from audit.admin.base import ReadOnlyScopedAdmin
from audit.models import Event, Reveal


@admin.register(Event)
class EventAdmin(ReadOnlyScopedAdmin):
    """What happened, newest first."""

    list_display = ("moment", "who", "said", "about")
    export_columns = ("id", "at", "who", "actor", "said", "verb", "about", "region_code")
    list_filter = ("at",)
    search_fields = ("=subject_id", "=actor", "=verb")
    search_help_text = _("Number of an object, a user name, or a verb such as roster.approved")
    ordering = ("-id",)
    sortable_by = ("moment",)
    fields = (
        "moment", "who", "account", "said", "code", "about", "region_code", "details", "request_number", "is_sealed",
    )
    readonly_fields = fields

    def rows_read(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """The names of those who acted."""
        names = naming.names_of_users(row.actor_id for row in rows)
        for row in rows:
            row.actor_name = naming.actor_in_words(row.actor, row.actor_id, names)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """With its actor's name, as in the list."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            self.rows_read(request, [found])
        return found

    @display(description=_("at"), ordering="id")
    def moment(self, event: Event) -> str:
        """To the second: events come close together."""
        return f"{timezone.localtime(event.at):%Y-%m-%d %H:%M:%S}"

    @display(description=_("who"))
    def who(self, event: Any) -> str:
        """The name colleagues know."""
        return event.actor_name

    @display(description=_("object"))
    def about(self, event: Event) -> str:
        """The kind of object in words, and its number."""
        return f"{naming.kind_in_words(event.subject_type)} {event.subject_id}"

    @display(description=_("request number"))
    def request_number(self, event: Event) -> str:
        """As it stands in the logs."""
        return event.request_id

    @display(description=pgettext_lazy("of a user", "account"))
    def account(self, event: Event) -> SafeString:
        """What the search takes: a user name, or a part of the system."""
        return naming.as_recorded(event.actor)

    @display(description=_("what"))
    def code(self, event: Event) -> SafeString:
        """What the search takes."""
        return naming.as_recorded(event.verb)

    @display(description=_("details"))
    def details(self, event: Event) -> str:
        """What the sentence was made of."""
        return naming.as_recorded(" · ".join(f"{name}: {value}" for name, value in event.data.items())) if event.data else "—"

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

    list_display = ("at", "who", "about", "shown", "reason", "expires_at")
    list_filter = ("at",)
    search_fields = ("=subject_id", "=actor")
    search_help_text = _("Number of an object, or a user name")
    sortable_by = ("at",)
    ordering = ("-id",)
    fields = ("at", "who", "actor", "about", "shown", "reason", "expires_at")
    readonly_fields = fields

    def rows_read(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """The names of those who were shown something."""
        names = naming.names_of_users(row.user_id for row in rows)
        for row in rows:
            row.actor_name = naming.actor_in_words(row.actor, row.user_id, names)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """With its reader's name, as in the list."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            self.rows_read(request, [found])
        return found

    @display(description=_("who"), ordering="actor")
    def who(self, reveal: Any) -> str:
        """The name colleagues know."""
        return reveal.actor_name

    @display(description=_("object"))
    def about(self, reveal: Reveal) -> str:
        """The kind of object in words, and its number."""
        return f"{naming.kind_in_words(reveal.subject_type)} {reveal.subject_id}"

    @display(description=_("fields"))
    def shown(self, reveal: Reveal) -> str:
        """Names of the fields, as their model calls them."""
        return "、".join(naming.field_in_words(reveal.subject_type, name) for name in reveal.fields)
