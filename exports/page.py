"""The page behind every Export button: says which rows and columns leave, asks for format and purpose, hands the file over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit.admin.export_button import PICKED, list_query
from audit.buttons import ButtonPages
from exports.actions import ask_export, send_export
from exports.errors import ExportsRefused
from exports.formats import ROWS_OF_A_SHEET
from exports.forms import ExportForm
from exports.listing import Listing, Wanted, picked_of
from exports.models import Export
from exports.writing import AT_ONCE_ROWS, piece_in_memory

_CONTENT = {
    Export.Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Export.Format.CSV: "text/csv; charset=utf-8",
}


class _Page(ButtonPages):
    """A button's page in the dress of any list's admin."""

    def __init__(self, model_admin: Any) -> None:
        self.admin_site, self.opts = model_admin.admin_site, model_admin.opts


def export_page(model_admin: Any, request: HttpRequest) -> HttpResponseBase:
    """Show what leaves; on POST hand it over, or queue it and lead to the asker's own exports."""
    user: Any = request.user
    query = urlencode(list_query(request), doseq=True)
    page = _Page(model_admin)
    back = page.address(None) + (f"?{query}" if query else "")
    try:
        listing = Listing(model_admin.opts.label_lower, user, Wanted(query, picked_of(request.GET.get(PICKED))))
        count = listing.count(up_to=AT_ONCE_ROWS + 1)
        facts = _facts(listing, count, asked=request.GET.get("q", ""))
    except ExportsRefused as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(page.address(None))

    def run(given: dict[str, Any]) -> Any:
        asked = {"kind": given["kind"], "purpose": given.get("purpose", ""), "by": given["by"], "at": given["at"]}
        if count <= AT_ONCE_ROWS:
            piece, rows = piece_in_memory(listing, asked["kind"])
            if rows <= AT_ONCE_ROWS:
                handed = send_export(listing, piece, **asked)
                return as_download(handed.content, handed.export)
        export = ask_export(listing, **asked)
        messages.success(request, _("The file is being written. You find it here, and nobody else does."))
        return HttpResponseRedirect(reverse("admin:exports_export_change", args=[export.pk]))

    return page.button_page(
        request, title=_("Export: %(list)s") % {"list": listing.title}, back=back, run=run, facts=facts,
        sentence=_("The file holds what the list shows you now, with personal data masked. The export is recorded."),
        warnings=_warnings(listing, count), button=_("Export"),
        form=ExportForm(request.POST if request.method == "POST" else None, holds_people=listing.holds_people),
    )


def _facts(listing: Listing, count: int, *, asked: str) -> list[tuple[str, Any]]:
    rows = number_format(count, force_grouping=True) if count <= AT_ONCE_ROWS else str(listing.estimate())
    if listing.wanted.picked is not None:
        rows = ngettext("%(number)s selected row", "%(number)s selected rows", count) % {"number": rows}
    return [
        (_("number of rows"), rows),
        *([(_("Search"), asked)] if asked else []),
        *listing.filters_in_words(),
        (_("Columns"), "、".join(column.heading for column in listing.columns)),
    ]


def _warnings(listing: Listing, count: int) -> list[str]:
    if not count:
        return [_("The list is empty: the file will hold its headings only.")]
    if count <= AT_ONCE_ROWS:
        return []
    found = [_("The list is long: the file is written in the background and waits under “My exports”.")]
    if listing.estimate().number > ROWS_OF_A_SHEET:
        number = number_format(ROWS_OF_A_SHEET, force_grouping=True)
        found.append(_("Beyond %(rows)s rows a workbook has several sheets; CSV has everything in one file.") % {"rows": number})
    return found


def as_download(content: Iterable[bytes], export: Export) -> StreamingHttpResponse:
    """A file that no cache keeps, called by its list and the minute it was asked for."""
    answer = StreamingHttpResponse(content, content_type=_CONTENT[Export.Format(export.format)])
    stamp = f"{timezone.localtime(export.asked_at):%Y%m%d-%H%M}"
    ascii_name = f"{export.listing.replace('.', '-')}-{stamp}.{export.format}"
    name = f"{export.title}-{stamp}.{export.format}"
    answer["Content-Disposition"] = f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name)}"
    answer["Content-Length"] = str(export.size)
    answer["Cache-Control"] = "no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
