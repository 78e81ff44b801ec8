"""Samples in the admin: drawn, looked at cover by cover, reported, finished; their evidence gathered."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from audit.exporting import ExportColumn
from samples import actions
from samples.actions.drawing import DRAW
from samples.actions.evidence import GATHER
from samples.admin.codes import coded
from samples.admin.forms import ClearForm, ConclusionForm, DrawForm, OnePayoutForm
from samples.models import Finding, Sample, SampleItem, Stratum
from samples.telling import definition_of, rule_of

TONES = {Finding.OPEN: "wait", Finding.CORRECT: "good", Finding.FAULT: "bad"}


@admin.register(Sample)
class SampleAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Samples, newest first."""

    list_display = ("number", "program", "office", "population_shown", "size_shown", "progress", "standing", "drawn_at", "drawer")
    export_columns = (
        "number", "program", "organization", "region_code", "stratum", "population", "size", "seed",
        ExportColumn("population_digest", _("checksum of all covers"), lambda sample: sample.population_digest),
        ExportColumn("digest", _("checksum of the sample"), lambda sample: sample.digest), "purpose",
        "drawn_at", "finished_at", "conclusion",
    )
    list_filter = ("program", "organization", "drawn_at")
    list_select_related = ("program", "organization", "drawn_by")
    search_fields = ("=id",)
    search_help_text = _("Number of a sample")
    sortable_by = ("number",)
    ordering = ("-id",)
    change_form_template = "samples/sample_page.html"
    fields = ("seed",)
    readonly_fields = fields
    actions_list = ("draw", "payout_file")
    actions_detail = ("gather", "ask_clear", "finish", "report")

    has_draw_permission = holds(DRAW)
    has_gather_permission = holds(GATHER)
    has_read_permission = holds("samples.view_sample")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "program", "period", "closing", "organization", "category", "drawn_by", "finished_by"
        )

    def rows_read(self, request: HttpRequest, rows: Any) -> None:
        """How far each is, in one question."""
        super().rows_read(request, rows)
        found = SampleItem.objects.filter(sample__in=[row.pk for row in rows]).order_by().values("sample")
        counted = found.annotate(
            all=Count("pk"), done=Count("pk", filter=~Q(finding=Finding.OPEN)), faults=Count("pk", filter=Q(finding=Finding.FAULT))
        )
        numbers = {row["sample"]: row for row in counted}
        for row in rows:
            row.counted = numbers.get(row.pk, {"all": 0, "done": 0, "faults": 0})

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """With how far it is, as in the list."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            self.rows_read(request, [found])
        return found

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Nothing is finished twice."""
        offered = super().get_actions_detail(request, object_id)
        found = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        return [
            button for button in offered
            if found is not None and not (found.finished_at is not None and button.method.__name__ == "finish")
        ]

    def told_by(self, request: HttpRequest, obj: Any) -> list[Any]:
        """The sample."""
        return [obj]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The sample's page."""
        found = self.visible_or_404(request, object_id)
        items = found.items.order_by("position") if request.user.has_perm("samples.view_sampleitem") else found.items.none()
        context = {
            "found": found, "title": str(found), "badge": self.standing(found), "facts": facts_of(found), "rule": rule_of(found),
            "items": [
                (item, badge(item), reverse("admin:samples_sampleitem_change", args=[item.pk])) for item in items
            ],
            "bundles_url": f"{reverse('admin:samples_evidencebundle_changelist')}?{urlencode({'sample__id__exact': found.pk})}",
        }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @display(description=_("no."), ordering="id")
    def number(self, sample: Sample) -> str:
        """The sample's number."""
        return f"#{sample.pk}"

    @display(description=_("office"))
    def office(self, sample: Sample) -> str:
        """Whose covers."""
        return sample.organization.name

    @display(description=_("covers in all"))
    def population_shown(self, sample: Sample) -> str:
        """From which it was drawn."""
        return f"{sample.population:,}"

    @display(description=_("drawn"))
    def size_shown(self, sample: Any) -> str:
        """Covers."""
        return f"{sample.counted['all']:,}"

    @display(description=_("looked at"))
    def progress(self, sample: Any) -> str:
        """Of those drawn, and how many findings."""
        return _t("%(done)s of %(all)s, %(faults)s findings") % sample.counted

    @display(description=_("state"))
    def standing(self, sample: Any) -> SafeString:
        """As a badge."""
        text, tone = (_t("Finished"), "good") if sample.finished_at is not None else (_t("Being looked at"), "work")
        return render_to_string("portal/badge.html", {"text": text, "tone": tone})

    @display(description=_("drawn by"))
    def drawer(self, sample: Sample) -> str:
        """As colleagues know them."""
        return sample.drawn_by.get_full_name()

    @action(description=_("Draw a sample"), url_path="draw", permissions=["draw"], icon="casino")
    def draw(self, request: HttpRequest) -> HttpResponse:
        """By a seed."""

        def run(given: dict[str, Any]) -> HttpResponse:
            program, given["stratum"] = given.pop("program"), Stratum(given["stratum"])
            sample = actions.draw_sample(program, **given)
            messages.success(request, _t("Drawn: the seed and the checksums are kept, so that anybody can draw it again."))
            return HttpResponseRedirect(reverse("admin:samples_sample_change", args=[sample.pk]))

        return self.button_page(
            request, title=_t("Draw a sample"), button=_t("Draw"), run=run,
            sentence=_t("Covers in force or ended are drawn by a seed: the same seed and the same covers give the same sample."),
            form=DrawForm(request.POST if request.method == "POST" else None, by=request.user),
        )

    @action(description=_("Evidence of one payout"), url_path="payout", permissions=["gather"], icon="folder_zip")
    def payout_file(self, request: HttpRequest) -> HttpResponse:
        """Of any payout that a bank has told the result of, masked; `?payout=` names it from a claim's page."""

        def run(given: dict[str, Any]) -> HttpResponse:
            line = given.pop("number")
            answer = HttpResponse(actions.open_evidence_of_payout(line, **given), content_type="application/zip")
            answer["Content-Disposition"] = f'attachment; filename="payout-{line.key}.zip"'
            answer["Cache-Control"] = "no-store"
            return answer

        return self.button_page(
            request, title=_t("Evidence of one payout"), button=_t("Download"), run=run,
            sentence=_t("A page, data and checksums of this payout. Names, documents and accounts are masked."),
            form=OnePayoutForm(
                request.POST if request.method == "POST" else None, by=request.user,
                initial={"number": request.GET.get("payout", "")[:20]},
            ),
        )

    @action(description=_("Gather evidence"), url_path="gather", permissions=["gather"], icon="folder_zip")
    def gather(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Masked."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            job = actions.gather_evidence(found, **given)
            messages.success(request, _t("The evidence is being gathered."))
            return HttpResponseRedirect(reverse("admin:samples_evidencebundle_change", args=[job.subject_id]))

        return self.button_page(
            request, title=_t("Gather evidence"), button=_t("Gather"), subject=found, run=run, facts=facts_of(found),
            sentence=_t("A page and data for each cover, with a manifest of checksums. Names and documents are masked."),
        )

    @action(description=_("Evidence in the clear"), url_path="clear", permissions=["gather"], icon="lock_open")
    def ask_clear(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asked for."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            bundle = actions.ask_clear_evidence(found, **given)
            messages.success(request, _t("Asked for: whoever is in charge of personal information approves it."))
            return HttpResponseRedirect(reverse("admin:samples_evidencebundle_change", args=[bundle.pk]))

        return self.button_page(
            request, title=_t("Evidence in the clear"), button=_t("Ask for it"), subject=found, run=run, facts=facts_of(found),
            sentence=_t("Names, documents and the lines of the files as they came leave the portal, each with its record."),
            form=ClearForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Finish"), url_path="finish", permissions=["draw"], icon="task_alt")
    def finish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What was found stands."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.finish_sample(found, **given)
            return _t("The sample is finished.")

        return self.button_page(
            request, title=_t("Finish the sample"), button=_t("Finish"), subject=found, run=run, facts=facts_of(found),
            sentence=_t("Every cover was looked at. What was found stands from now on."),
            form=ConclusionForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Report"), url_path="report", permissions=["read"], icon="print")
    def report(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The sample on paper, without a name."""
        found = self.visible_or_404(request, object_id)
        answer = render(request, "samples/report.html", {
            "found": found, "facts": facts_of(found), "rule": rule_of(found),
            "items": found.items.order_by("position").select_related("noted_by"),
        })
        answer["Cache-Control"] = "no-store"
        return answer


def badge(item: SampleItem) -> SafeString:
    """What was found, as a badge."""
    return render_to_string("portal/badge.html", {"text": item.get_finding_display(), "tone": TONES[Finding(item.finding)]})


def facts_of(sample: Any) -> list[tuple[str, Any]]:
    """What a sample is, as its page, its confirm pages and its report say it."""
    return [
        *((label, coded(value)) for label, value in definition_of(sample)), (_t("Purpose"), sample.purpose),
        (_t("Drawn"), f"{sample.drawn_by.get_full_name()} · {timezone.localtime(sample.drawn_at):%Y-%m-%d %H:%M}"),
        (_t("Looked at"), _t("%(done)s of %(all)s, %(faults)s findings") % sample.counted),
        *([(_t("Conclusion"), sample.conclusion)] if sample.finished_at is not None else []),
    ]
