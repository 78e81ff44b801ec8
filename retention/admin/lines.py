"""Lines of destruction runs as a list, to be filtered and downloaded; numbers, never names."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.models import Region
from audit.admin import ReadOnlyScopedAdmin
from audit.naming import kind_in_words
from retention.models import DestructionLine
from retention.terms import kept_in_words


@admin.register(DestructionLine)
class DestructionLineAdmin(ReadOnlyScopedAdmin):
    """A list and its export: the run has the page."""

    list_display = ("run", "what", "subject_id", "county_shown", "began_on", "outcome")
    list_display_links = None
    export_columns = ("run", "what", "subject_id", "county", "began_on", "kept", "done_at")
    list_filter = ("run", "kept")
    list_select_related = ("run",)
    sortable_by = ()
    ordering = ("-id",)

    def get_urls(self) -> list[Any]:
        """No page of a single line."""
        prefix = f"{self.opts.app_label}_{self.opts.model_name}_"
        return [
            each for each in super().get_urls() if str(each.name or "").removeprefix(prefix) in ("changelist", "export_list")
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With the county's name."""
        named = Region.objects.filter(pk=OuterRef("county")).values("name")[:1]
        return super().get_queryset(request).annotate(county_name=Subquery(named))

    @display(description=_("kind of object"))
    def what(self, line: DestructionLine) -> str:
        """Person, roster, statement, receipt or invoice."""
        return kind_in_words(line.subject_type)

    @display(description=_("county"))
    def county_shown(self, line: DestructionLine) -> str:
        """By name."""
        named: Any = line
        return named.county_name or line.county

    @display(description=_("outcome"))
    def outcome(self, line: DestructionLine) -> str:
        """Destroyed, to be destroyed, or why not."""
        if line.kept:
            return kept_in_words(line.kept)
        return str(_("destroyed") if line.done_at is not None else _("to be destroyed"))
