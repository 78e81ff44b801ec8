"""Monthly statements of claims in the admin: of the program, of each insurer, of each funder; as page, workbook and paper."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.badges import badge
from audit.buttons import ButtonPages, holds
from closing.models import ClosingState
from exports.tables import shown, workbook_of
from reconciliation.models import ClaimStatement
from reconciliation.statement import Reader, readers_of, tables_of
from reconciliation.statement_files import paper_of

_VIEW = "reconciliation.view_claimstatement"
_TONES = {ClosingState.DRAWN: "work", ClosingState.SUBMITTED: "wait", ClosingState.CLOSED: "good"}
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@admin.register(ClaimStatement)
class ClaimStatementAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Months, newest first; those that were taken back are among the closings."""

    list_display = ("month_shown", "program", "standing")
    export_columns = ("month_shown", "program", "standing")
    list_filter = ("program",)
    list_select_related = ("program",)
    sortable_by = ()
    ordering = ("-month", "-id")
    change_form_template = "reconciliation/statement_page.html"
    fields = ("state",)
    readonly_fields = fields
    actions_detail = ("workbook", "paper")

    has_read_permission = holds(_VIEW)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Those that hold their month, with what a page names."""
        return super().get_queryset(request).filter(state__in=list(_TONES)).select_related(
            "program__organization", "program__insurer", "previous", "drawn_by", "decided_by"
        )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """None: the page offers its files for the reader that is chosen."""
        return []

    @display(description=_("month"))
    def month_shown(self, found: ClaimStatement) -> str:
        """Year and month."""
        return f"{found.month:%Y-%m}"

    @display(description=_("state"))
    def standing(self, found: ClaimStatement) -> SafeString:
        """That of its closing."""
        return badge(found.get_state_display(), _TONES[ClosingState(found.state)])

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """One month for one reader."""
        found = self.visible_or_404(request, object_id)
        readers = readers_of(found)
        reader = _reader(request, readers)
        files = {
            name: f"{reverse(f'admin:reconciliation_claimstatement_{name}', args=[found.pk])}?for={reader.key}"
            for name in ("workbook", "paper")
        }
        context = {
            "title": str(found), "found": found, "badge": self.standing(found), "facts": facts_of(found, reader), "files": files,
            "readers": readers, "reader": reader, "tables": [shown(table) for table in tables_of(found, reader)],
            "closing_url": reverse("admin:closing_monthclosing_change", args=[found.pk])
            if request.user.has_perm("closing.view_monthclosing") else "",
        }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @action(description=_("Download as workbook"), url_path="workbook", permissions=["read"])
    def workbook(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What the page shows, with amounts as numbers; it holds no person."""
        found = self.visible_or_404(request, object_id)
        reader = _reader(request, readers_of(found))
        content = workbook_of(tables_of(found, reader), facts_of(found, reader), about=_t("About this statement"))
        return _file(content, f"{_name(found, reader)}.xlsx", _XLSX)

    @action(description=_("Download as paper"), url_path="paper", permissions=["read"])
    def paper(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The same on A4."""
        found = self.visible_or_404(request, object_id)
        reader = _reader(request, readers_of(found))
        content = paper_of(
            tables_of(found, reader), facts_of(found, reader), title=f"{found.program.name} {found}", foot=found.digest
        )
        return _file(content, f"{_name(found, reader)}.pdf", "application/pdf")


def facts_of(found: ClaimStatement, reader: Reader) -> list[tuple[str, str]]:
    """What a statement is, as page and files say it."""
    return [
        (_t("program"), found.program.name), (_t("issued for"), reader.name), (_t("month"), f"{found.month:%Y-%m}"),
        (_t("office"), found.program.organization.name), (_t("state"), found.get_state_display()),
        (_t("cut-off"), f"{timezone.localtime(found.drawn_at):%Y-%m-%d %H:%M}"),
        (_t("drawn up by"), found.drawn_by.get_full_name()),
        (_t("decided by"), found.decided_by.get_full_name() if found.decided_by is not None else ""),
        (_t("checksum of the figures"), found.digest),
    ]


def _reader(request: HttpRequest, readers: list[Reader]) -> Reader:
    """Whom the address names, the program where it names nobody."""
    wanted = request.GET.get("for", "program")
    for each in readers:
        if each.key == wanted:
            return each
    raise Http404


def _name(found: ClaimStatement, reader: Reader) -> str:
    return f"{found.program.code}-{found.month:%Y-%m}-{reader.key.replace(':', '-')}"


def _file(content: bytes, name: str, media_type: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=media_type)
    answer["Content-Disposition"] = content_disposition_header(True, name) or ""
    answer["Cache-Control"] = "no-store"
    return answer
