"""Covers of samples in the admin: all that proves one, masked, and what the auditor found."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from audit.exporting import ExportColumn
from audit.versions import value_in_words
from beneficiaries.evidence import masked
from samples import actions
from samples.actions.drawing import DRAW
from samples.actions.evidence import GATHER
from samples.admin.codes import coded
from samples.admin.forms import NoteForm, PayoutForm
from samples.admin.samples import badge
from samples.models import SampleItem
from samples.writing import evidence_of


@admin.register(SampleItem)
class SampleItemAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Covers drawn, newest samples first."""

    list_display = ("sample_number", "position", "number", "stratum_shown", "standing", "note", "noted_at")
    export_columns = (
        "sample_number", "position", "number", "stratum", ExportColumn("rank", _("rank"), lambda item: item.rank), "finding",
        "note", "noted_at",
    )
    list_filter = ("finding", "sample")
    list_select_related = ("sample",)
    search_fields = ("=number",)
    search_help_text = _("Cover number")
    sortable_by = ()
    ordering = ("-sample", "position")
    change_form_template = "samples/item_page.html"
    fields = ("number",)
    readonly_fields = fields
    actions_detail = ("note_down", "payout_file")

    has_note_permission = holds(DRAW)
    has_gather_permission = holds(GATHER)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related("sample__program", "sample__organization", "noted_by")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Nothing is noted once the sample is finished; a payout has an archive of its own."""
        offered = super().get_actions_detail(request, object_id)
        found = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        if found is None:
            return []
        hidden = {"note_down"} if found.sample.finished_at is not None else set()
        if found.amount is None:
            hidden.add("payout_file")
        return [button for button in offered if button.method.__name__ not in hidden]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """All that proves the cover."""
        item = self.visible_or_404(request, object_id)
        around = {
            each.position: reverse("admin:samples_sampleitem_change", args=[each.pk])
            for each in item.sample.items.filter(position__in=(item.position - 1, item.position + 1))
        }
        context = {
            "item": item, "title": f"{item.sample} · {item.position}", "badge": badge(item),
            "parts": [
                (part.title, [[(label, coded(value)) for label, value in entry] for entry in part.entries])
                for part in evidence_of(item, gathered=masked)
            ],
            "facts": facts_of(item), "sample_url": reverse("admin:samples_sample_change", args=[item.sample_id]),
            "before_url": around.get(item.position - 1, ""), "after_url": around.get(item.position + 1, ""),
        }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @display(description=_("audit sample"))
    def sample_number(self, item: SampleItem) -> str:
        """Which one."""
        return f"#{item.sample_id}"

    @display(description=_("stratum"))
    def stratum_shown(self, item: SampleItem) -> str:
        """By which it was drawn."""
        return item.stratum or "—"

    @display(description=_("result"))
    def standing(self, item: SampleItem) -> SafeString:
        """As a badge."""
        return badge(item)

    @action(description=_("Note what was found"), url_path="note", permissions=["note"], icon="edit_note")
    def note_down(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Correct, or a finding."""
        item = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.note_item(item, **given)
            return _t("Noted.")

        return self.button_page(
            request, title=_t("Note what was found"), button=_t("Note"), subject=item, run=run, facts=facts_of(item),
            sentence=_t("It can be changed until the sample is finished."),
            form=NoteForm(
                request.POST if request.method == "POST" else None, initial={"finding": item.finding, "note": item.note}
            ),
        )


    @action(description=_("Evidence as an archive"), url_path="payout", permissions=["gather"], icon="folder_zip")
    def payout_file(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Of one payout, masked; what for is recorded."""
        item = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            answer = HttpResponse(actions.open_payout_evidence(item, **given), content_type="application/zip")
            answer["Content-Disposition"] = f'attachment; filename="payout-{item.number}.zip"'
            answer["Cache-Control"] = "no-store"
            return answer

        return self.button_page(
            request, title=_t("Evidence as an archive"), button=_t("Download"), subject=item, run=run, facts=facts_of(item),
            sentence=_t("A page, data and checksums of this payout. Names, documents and accounts are masked."),
            form=PayoutForm(request.POST if request.method == "POST" else None),
        )


def facts_of(item: SampleItem) -> list[tuple[str, Any]]:
    """What is known of a cover's place in its sample."""
    return [
        (_t("Audit sample"), f"#{item.sample_id} · {item.position}"), (_t("Number"), item.number),
        *([(_t("Amount (yuan)"), f"{item.amount:,.2f}")] if item.amount is not None else []),
        (_t("Stratum"), item.stratum), (_t("Rank"), coded(item.rank)),
        (_t("Result"), item.get_finding_display()), (_t("Note"), item.note),
        (_t("Noted"), f"{item.noted_by.get_full_name()} · {value_in_words(item.noted_at)}" if item.noted_by is not None else ""),
    ]
