"""What a plan is filed with, in the admin: its co-insurers, and papers that are uploaded, taken out and opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from django import forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from accounts.models import Organization
from audit.buttons import holds
from programs import actions
from programs.admin.plan_facts import insurers_in_words, plan_facts
from programs.errors import ProgramRefused
from programs.filing import insurers_of, missing_in_words
from programs.models import PaperKind, Plan, PlanPaper
from programs.rules.coinsurance import percent
from programs.rules.filing import filing_of
from programs.rules.paper_files import LIMIT


class PaperForm(forms.Form):
    """A paper to be kept with the plan."""

    kind = forms.ChoiceField(label=_("paper"), choices=PaperKind.choices, widget=UnfoldAdminSelectWidget())
    file = forms.FileField(
        label=_("file"), widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}),
        help_text=_("PDF, JPG or PNG, signed and stamped, of at most 20 megabytes."),
    )

    def clean_file(self) -> Any:
        """Not read further than it may be large; what it is, the action says."""
        given = self.cleaned_data["file"]
        if given.size > LIMIT:
            raise forms.ValidationError(str(ProgramRefused("PAPER_SIZE", megabytes=LIMIT // 1_000_000)))
        return given


class PaperChoice(forms.Form):
    """Which paper of a plan."""

    paper = forms.ModelChoiceField(PlanPaper.objects.none(), label=_("paper"), widget=UnfoldAdminSelectWidget())

    def __init__(self, *args: Any, plan: Plan, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["paper"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = PlanPaper.objects.visible_to(by, "programs.view_plan").filter(plan=plan)
        field.label_from_instance = paper_in_words  # type: ignore[method-assign, assignment]


class FilingPages:
    """Mixed into the plans' admin: pages about what a plan is filed with."""

    has_paper_permission = holds("programs.view_planpaper")

    @action(description=_("Upload a paper"), url_path="paper", permissions=["terms"], icon="upload_file")
    def add_paper(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """Keep a paper with the draft."""
        plan = self.visible_or_404(request, object_id)
        posted = request.method == "POST"

        def run(given: dict[str, Any]) -> str:
            file = given["file"]
            actions.add_paper(plan, kind=given["kind"], name=file.name, stream=file, by=given["by"], at=given["at"])
            return _t("The paper is kept with this version.")

        return self.button_page(
            request, title=_t("Upload a paper"), button=_t("Upload"), subject=plan, run=run, facts=plan_facts(plan),
            sentence=_t("It belongs to this version alone, and stands for good once the version is submitted."),
            form=PaperForm(
                request.POST if posted else None, request.FILES if posted else None,
                initial={"kind": request.GET.get("kind", PaperKind.AUTHORIZATION)},
            ),
        )

    @action(description=_("Take out a paper"), url_path="paper-out", permissions=["terms"], icon="delete")
    def remove_paper(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take a paper out of the draft."""
        plan = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.remove_paper(given["paper"], by=given["by"], at=given["at"])
            return _t("The paper was taken out.")

        return self.button_page(
            request, title=_t("Take out a paper"), button=_t("Take out"), subject=plan, run=run, danger=True,
            facts=plan_facts(plan), sentence=_t("Its content is deleted. Papers of earlier versions stay."),
            form=self._choice(request, plan),
        )

    @action(description=_("Open a paper"), url_path="paper-file", permissions=["paper"], icon="download")
    def open_paper(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """The file of a paper."""
        plan = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> Any:
            paper = given["paper"]
            return as_download(actions.open_paper(paper, by=given["by"], at=given["at"]), paper)

        return self.button_page(
            request, title=_t("Open a paper"), button=_t("Download"), subject=plan, run=run, facts=plan_facts(plan),
            sentence=_t("Each download is recorded."), form=self._choice(request, plan),
        )

    def _choice(self: Any, request: HttpRequest, plan: Plan) -> PaperChoice:
        return PaperChoice(
            request.POST if request.method == "POST" else None, plan=plan, by=request.user,
            initial={"paper": request.GET.get("paper", "")},
        )


def insurers_offered() -> Any:
    """Insurers that a plan can name: the licensed companies that the portal knows, by name, whoever they work for so far."""
    return Organization.objects.active().filter(kind=Organization.Kind.INSURER).order_by("name")


def paper_in_words(paper: PlanPaper) -> str:
    """What a paper is called, wherever one is chosen."""
    return f"{paper.get_kind_display()} · {paper.name}"


def as_download(content: Any, paper: PlanPaper) -> StreamingHttpResponse:
    """A file that is saved, never shown in the portal's own place, and that no cache keeps."""
    answer = StreamingHttpResponse(content, content_type=paper.media_type)
    answer["Content-Length"] = str(paper.size)
    answer["Content-Disposition"] = f"attachment; filename=\"paper-{paper.pk}\"; filename*=UTF-8''{quote(paper.name)}"
    answer["Cache-Control"] = "no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def filing_context(plan: Plan, request: HttpRequest, *, may_change: bool) -> dict[str, Any]:
    """What the plan's page says about insurers and papers."""
    user: Any = request.user
    insurers = insurers_of(plan)
    papers = list(
        PlanPaper.objects.visible_to(user, "programs.view_plan").filter(plan=plan).select_related("uploaded_by")
    )
    asked: Sequence[str] = filing_of(plan.program.kind).papers
    held = {paper.kind for paper in papers}
    return {
        "insurers": [(each.insurer.name, percent(each.share), each.lead) for each in insurers],
        "papers": papers,
        "papers_asked": [(kind, PaperKind(kind).label) for kind in asked if kind not in held] if may_change else [],
        "papers_open": user.has_perm("programs.view_planpaper"),
        "papers_change": may_change,
        "filing_missing": missing_in_words(plan) if plan.state == Plan.State.DRAFT else [],
        "shows_filing": bool(insurers or papers or asked or may_change),
    }


def filing_facts(plan: Plan) -> list[tuple[str, Any]]:
    """What whoever submits or approves is told of insurers and papers, each paper with its digest."""
    papers = list(plan.papers.order_by("kind", "pk"))
    return [
        (_t("insurers"), insurers_in_words(plan)),
        *(
            (paper.get_kind_display(), f"{paper.name} · {filesizeformat(paper.size)} · {paper.sha256[:12]}")
            for paper in papers
        ),
    ]
