"""The Export button of every list, and its selected rows: both lead to one page, which shows what will leave and asks."""

from __future__ import annotations

from types import MethodType
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from audit.buttons import holds
from audit.exporting import ExportColumn, export_page

#: By which the page is told of selected rows: their keys, parted by dots.
PICKED = "picked"
#: Parts of a list's address that say which page of it is shown: an export has all pages.
_PLACES = ("p", "e", "all")


class ExportButton:
    """Mixed into a ScopedModelAdmin: exports what the list shows, to who may `export_<model>`.

    `export_columns`: names as in `list_display`, paths of fields ("person__name"), or `ExportColumn`; without any, the
    list's own. A field that its model calls personal leaves masked.
    """

    list_export: ClassVar[bool] = True
    export_columns: ClassVar[tuple[str | ExportColumn, ...]] = ()

    def __init__(self, model: Any, admin_site: Any) -> None:
        super().__init__(model, admin_site)  # type: ignore[call-arg]
        if self.list_export:
            page: Any = self
            page.actions_list = (*page.actions_list, "export_list")
            page.actions = (*page.actions, "export_selected")
            # The permission bears the model's name; django-import-export calls its own the same.
            page.has_export_list_permission = MethodType(holds(page.permission("export")), page)

    @action(description=_("Export"), url_path="export-list", permissions=["export_list"], icon="download")
    def export_list(self, request: HttpRequest) -> HttpResponseBase:
        """What the list shows, as a file."""
        return export_page(self, request)

    @admin.action(description=_("Export selected rows"), permissions=["export_list"])
    def export_selected(self, request: HttpRequest, queryset: QuerySet) -> HttpResponseRedirect:
        """To the page of the button, with the keys of the rows."""
        query = list_query(request)
        if request.POST.get("select_across") != "1":
            query[PICKED] = ".".join(str(pk) for pk in queryset.order_by().values_list("pk", flat=True))
        options = self.opts  # type: ignore[attr-defined]
        address = reverse(f"admin:{options.app_label}_{options.model_name}_export_list")
        return HttpResponseRedirect(f"{address}?{urlencode(query, doseq=True)}")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The button takes along what the list is narrowed to."""
        answer = super().changelist_view(request, extra_context)  # type: ignore[misc]
        query = urlencode(list_query(request), doseq=True)
        for button in (getattr(answer, "context_data", None) or {}).get("actions_list", ()):
            if query and str(button.get("path", "")).endswith("/export-list/"):
                button["path"] += f"?{query}"
        return answer


def list_query(request: HttpRequest) -> dict[str, list[str] | str]:
    """What an address narrows a list to, without the place of its page."""
    return {name: values for name, values in request.GET.lists() if name not in (*_PLACES, PICKED)}
