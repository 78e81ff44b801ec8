"""Regions in the admin: searched by code or name, filtered by level; new editions come by command."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from audit.admin import ReadOnlyScopedAdmin


@admin.register(Region)
class RegionAdmin(ReadOnlyScopedAdmin):
    """Administrative divisions."""

    list_export = False
    list_display = ("code", "name", "full_name", "level", "valid_from", "valid_to", "successor")
    list_filter = ("level", ("valid_to", admin.EmptyFieldListFilter))
    search_fields = ("code__startswith", "name__startswith", "full_name")
    search_help_text = _("The first digits of a code, or a name")
    list_select_related = ("successor",)
    ordering = ("code",)
    fields = ("code", "name", "full_name", "level", "parent", "valid_from", "valid_to", "successor")
    readonly_fields = fields
    show_full_result_count = False
