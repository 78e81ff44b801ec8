"""My exports: what one asked for, how far it is, and the file, until its time is over; nobody sees another's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display

from audit import naming
from audit.admin import ReadOnlyScopedAdmin
from audit.badges import badge
from audit.buttons import ButtonPages, holds
from exports import actions
from exports.errors import ExportsRefused, refusal_in_words
from exports.listing import Listing
from exports.models import Export
from exports.page import as_download
from exports.writing import wanted_of
from jobs.admin import live, note_on
from jobs.models import Job

TONES = {
    Export.State.ASKED: "wait", Export.State.READY: "good", Export.State.SENT: "good", Export.State.CANCELLED: "calm",
    Export.State.REFUSED: "bad", Export.State.EXPIRED: "calm",
}


@admin.register(Export)
class ExportAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """One's own exports, newest first."""

    list_export = False
    list_display = ("what", "standing", "row_count", "bytes_shown", "asked_at", "kept_until", "file")
    list_filter = ("state", "format")
    ordering = ("-id",)
    sortable_by = ("asked_at",)
    fields = (
        "what", "narrowing", "format", "purpose", "standing", "progress", "row_count", "bytes_shown", "asked_at",
        "kept_until", "digest",
    )
    readonly_fields = fields
    actions_detail = ("download", "cancel")
    #: Button -> states in which it does something.
    button_states: ClassVar[dict[str, tuple[str, ...]]] = {
        "download": (Export.State.READY,), "cancel": (Export.State.ASKED,),
    }

    has_download_permission = holds("exports.download_export")
    has_cancel_permission = holds("exports.cancel_export")

    class Media:
        """Renews the page while its job is live."""

        js = ("jobs/refresh.js",)

    def rows_read(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """The job of each, in one question."""
        found: dict[str, Job] = {}
        about = Job.objects.filter(subject_type=Export._meta.label_lower, subject_id__in=[str(row.pk) for row in rows])
        for job in about.order_by("pk"):
            found[job.subject_id] = job
        for row in rows:
            row.job = found.get(str(row.pk))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """With its job, as in the list."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            self.rows_read(request, [found])
        return found

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something in its state."""
        offered = super().get_actions_detail(request, object_id)
        if not offered:
            return offered
        state = self.get_queryset(request).filter(pk=object_id).values_list("state", flat=True).first() or ""
        return [button for button in offered if state in self.button_states[button.method.__name__]]

    @display(description=_("list"), ordering="listing")
    def what(self, export: Export) -> str:
        """The list in words."""
        return export.title

    @display(description=_("narrowed to"))
    def narrowing(self, export: Export) -> SafeString | str:
        """By which filters."""
        if not export.narrowed:
            return _t("the whole list")
        try:
            listing = Listing(export.listing, export.asked_by, wanted_of(export))
            said = [f"{title}: {choice}" for title, choice in listing.filters_in_words()]
        except ExportsRefused:
            # Who may not see the list any more reads what the record says.
            return naming.as_recorded("; ".join(f"{name} = {value}" for name, value in export.narrowed))
        if any(name == "q" for name, _value in export.narrowed):
            said.append(f"{_t('Search')}: ****")
        if listing.wanted.picked is not None:
            number = len(listing.wanted.picked)
            said.append(ngettext("%(number)s selected row", "%(number)s selected rows", number) % {"number": number})
        return "; ".join(said) or _t("the whole list")

    @display(description=_("state"), ordering="state")
    def standing(self, export: Any) -> SafeString:
        """The state as a badge; why, where it was refused."""
        text, tone = export.get_state_display(), TONES[Export.State(export.state)]
        job = export.job
        if export.state == Export.State.ASKED and job is not None and job.state in (Job.State.FAILED, Job.State.CANCELLED):
            text, tone = _t("Interrupted: ask for it again"), "bad"
        shown = badge(text, tone)
        if export.refusal:
            shown = format_html("{} {}", shown, refusal_in_words(export.refusal))
        return live(job, "state", shown) if job is not None else shown

    @display(description=_("progress"))
    def progress(self, export: Any) -> SafeString | str:
        """How far, how fast, how long still."""
        job = export.job
        if job is None or export.state != Export.State.ASKED:
            return "—"
        context = {"done": job.done, "total": job.total, "label": job.get_unit_display(), "note": note_on(job)}
        return live(job, "progress", render_to_string("portal/progress.html", context))

    @display(description=_("number of rows"), ordering="rows")
    def row_count(self, export: Any) -> str:
        """Of the file; so far, while it is written."""
        if export.rows is None and export.job is not None and export.state == Export.State.ASKED:
            return _t("%(number)s so far") % {"number": number_format(export.job.done, force_grouping=True)}
        return "—" if export.rows is None else number_format(export.rows, force_grouping=True)

    @display(description=_("size"), ordering="size")
    def bytes_shown(self, export: Export) -> str:
        """As people say it."""
        return "—" if export.size is None else filesizeformat(export.size)

    @display(description=_("kept until"), ordering="purge_on")
    def kept_until(self, export: Export) -> str:
        """The day on which it is deleted; nothing where no file is kept."""
        if export.state not in (Export.State.READY, Export.State.EXPIRED) or export.purge_on is None:
            return "—"
        return f"{export.purge_on:%Y-%m-%d}"

    @display(description=_("SHA-256 of the file"))
    def digest(self, export: Export) -> SafeString | str:
        """SHA-256 of the file: whoever has one may compare."""
        return naming.as_recorded(export.sha256) if export.sha256 else "—"

    @display(description=_("file"))
    def file(self, export: Export) -> SafeString | str:
        """The way to it."""
        if export.state != Export.State.READY:
            return "—"
        address = reverse("admin:exports_export_download", args=[export.pk])
        return format_html('<a class="pp-fetch" href="{}">{}</a>', address, _t("Download"))

    @action(description=_("Download"), url_path="download", permissions=["download"], icon="download")
    def download(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The file, to whoever asked for it, while they still may have it."""
        export = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> Any:
            return as_download(actions.open_export(export, **given), export)

        return self.button_page(
            request, title=_t("Download"), button=_t("Download"), run=run, subject=export,
            sentence=_t("The file is for you and the purpose you named. Each download is recorded."), facts=facts_of(export),
        )

    @action(description=_("Cancel export"), url_path="cancel", permissions=["cancel"], icon="cancel")
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Stop writing."""
        export = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.cancel_export(export, **given)
            return _t("The export is cancelled.")

        return self.button_page(
            request, title=_t("Cancel export"), button=_t("Cancel export"), run=run, subject=export, danger=True,
            sentence=_t("Writing ends at the next step; what was written is deleted and nobody gets it."),
            facts=facts_of(export),
        )


def facts_of(export: Any) -> list[tuple[str, Any]]:
    """What a confirm page says about an export."""
    rows = export.rows if export.rows is not None else (export.job.done if export.job is not None else None)
    return [
        (_t("list"), export.title),
        (_t("format"), export.get_format_display()),
        (_t("purpose"), export.purpose),
        (_t("number of rows"), "" if rows is None else number_format(rows, force_grouping=True)),
        (_t("size"), "" if export.size is None else filesizeformat(export.size)),
        (_t("asked for at"), f"{timezone.localtime(export.asked_at):%Y-%m-%d %H:%M}"),
        (_t("kept until"), f"{export.purge_on:%Y-%m-%d}" if export.purge_on else ""),
    ]
