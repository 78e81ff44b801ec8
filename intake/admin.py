"""Mapped words in the admin: listed for the office that said them, ended by it, never edited. Regions, with their import."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from intake import wording
from intake.actions import end_mapping
from intake.models import WordMapping
from intake.reference.regions import RegionListAdmin

__all__ = ["RegionListAdmin", "WordMappingAdmin"]


@admin.register(WordMapping)
class WordMappingAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """What words in an office's files stand for, newest first."""

    list_display = ("word", "kind", "meaning", "organization", "made_by_name", "made_at", "ended_at")
    list_filter = ("kind", "organization", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("organization", "made_by", "ended_by")
    search_fields = ("word",)
    search_help_text = _("A word in the file")
    ordering = ("-id",)
    fields = ("word", "kind", "meaning", "organization", "made_by_name", "made_at", "ended_by_name", "ended_at")
    readonly_fields = fields
    actions_detail = ("end",)

    has_end_permission = holds("intake.end_wordmapping")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        found = super().get_queryset(request)
        return found.select_related("organization", "made_by", "ended_by")

    def rows_read(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """What the page's words stand for, in words."""
        super().rows_read(request, rows)
        names = wording.targets_in_words({(row.template, row.kind, row.target) for row in rows})
        for row in rows:
            row.meaning_words = names.get((row.template, row.kind, row.target), row.target)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """With its meaning in words, as in the list."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            self.rows_read(request, [found])
        return found

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """No button once it has ended."""
        offered = super().get_actions_detail(request, object_id)
        live = offered and self.get_queryset(request).filter(pk=object_id, ended_at=None).exists()
        return offered if live else []

    @display(description=_("stands for"))
    def meaning(self, mapping: Any) -> str:
        """A column, a category or a place by its name."""
        return getattr(mapping, "meaning_words", mapping.target)

    @display(description=_("chosen by"))
    def made_by_name(self, mapping: WordMapping) -> str:
        """The name colleagues know."""
        return mapping.made_by.get_full_name()

    @display(description=_("ended by"))
    def ended_by_name(self, mapping: WordMapping) -> str:
        """The name colleagues know."""
        return mapping.ended_by.get_full_name() if mapping.ended_by else ""

    @action(description=_("End"), url_path="end", permissions=["end"], icon="block")
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Forget the meaning."""
        mapping = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            end_mapping(mapping, **given)
            return _t("Ended: files that are checked from now on do not read it any more.")

        return self.button_page(
            request, title=_t("End the meaning of a word"), button=_t("End"), subject=mapping, run=run, danger=True,
            sentence=_t("What was checked already stays as it is; later files of the office do not read the word any more."),
            facts=[
                (_t("word in the file"), mapping.word), (_t("stands for"), self.meaning(mapping)),
                (_t("organization"), mapping.organization.name),
            ],
        )
