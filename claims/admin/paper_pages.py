"""Pages on which papers of a case are added, opened or taken out."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from claims import actions
from claims.admin.forms import PaperForm, ReasonForm
from claims.admin.words import claim_facts, number_of
from claims.models import Claim, Paper


class PaperPages:
    """Mixed into the claims' admin."""

    @action(description=_("Add a paper"), url_path="paper", permissions=["report"], icon="upload_file")
    def add_paper(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """Kept with the case."""
        claim = self.visible_or_404(request, object_id)
        posted = request.method == "POST"

        def run(given: dict[str, Any]) -> str:
            file = given["file"]
            actions.add_paper(claim.case, kind=given["kind"], name=file.name, stream=file, by=given["by"], at=given["at"])
            return _t("The paper is kept with the case.")

        return self.button_page(
            request, title=_t("Add a paper"), button=_t("Upload"), subject=claim, run=run, facts=claim_facts(claim),
            sentence=_t("It is kept sealed, and opened by whoever works on a claim of this case."),
            form=PaperForm(request.POST if posted else None, request.FILES if posted else None),
        )

    @action(description=_("Look at a paper"), url_path="paper-file", permissions=["paper"], icon="visibility")
    def open_paper(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """Each opening is recorded."""
        claim = self.visible_or_404(request, object_id)
        paper = _paper(request, claim)
        if paper is None:
            return HttpResponseRedirect(self.address(claim))

        def run(given: dict[str, Any]) -> Any:
            return as_shown(actions.open_paper(paper, by=given["by"], at=given["at"]), paper)

        return self.button_page(
            request, title=_t("Look at a paper"), button=_t("Look at it"), subject=claim, run=run,
            sentence=_t("Each opening is recorded."),
            facts=[
                (_t("paper"), paper.get_kind_display()), (_t("file"), paper.name),
                (_t("SHA-256 of the file"), paper.sha256[:12]),
            ],
        )

    @action(description=_("Take out a paper"), url_path="paper-out", permissions=["report"], icon="delete")
    def remove_paper(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """It is unreadable, or of somebody else."""
        claim = self.visible_or_404(request, object_id)
        paper = _paper(request, claim)
        if paper is None:
            return HttpResponseRedirect(self.address(claim))

        def run(given: dict[str, Any]) -> str:
            actions.remove_paper(paper, **given)
            return _t("The paper was taken out.")

        return self.button_page(
            request, title=_t("Take out a paper"), button=_t("Take out"), subject=claim, run=run, danger=True,
            sentence=_t("It does not count any more; it stays kept, with the reason."),
            facts=[(_t("paper"), paper.get_kind_display()), (_t("file"), paper.name)],
            form=ReasonForm(request.POST if request.method == "POST" else None),
        )


def _paper(request: HttpRequest, claim: Claim) -> Paper | None:
    return Paper.objects.filter(case=claim.case_id, pk=number_of(request.GET.get("paper", ""))).first()


def as_shown(content: Any, paper: Paper) -> StreamingHttpResponse:
    """A picture or PDF that the browser shows by itself: alone in its page, which runs nothing, and kept by no cache."""
    answer = StreamingHttpResponse(content, content_type=paper.media_type)
    answer["Content-Length"] = str(paper.size)
    answer["Content-Disposition"] = f"inline; filename=\"paper-{paper.pk}\"; filename*=UTF-8''{quote(paper.name)}"
    # A browser's own reader of PDF files shows nothing within a sandbox.
    sandbox = "" if paper.media_type == "application/pdf" else "; sandbox"
    answer["Content-Security-Policy"] = f"default-src 'none'; style-src 'unsafe-inline'{sandbox}"
    answer["Cache-Control"] = "no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
