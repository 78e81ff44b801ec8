"""Evidence in the admin: asked for, approved by another where it is in the clear, gathered by a job, fetched by whoever asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from audit.exporting import ExportColumn
from intake.pages.forms import ReasonForm
from jobs.admin import live, note_on
from jobs.models import Job
from samples import actions
from samples.actions.evidence import APPROVE, GATHER
from samples.admin.codes import coded
from samples.models import EvidenceBundle, EvidenceState

TONES = {
    EvidenceState.ASKED: "wait", EvidenceState.DECLINED: "bad", EvidenceState.WRITING: "work", EvidenceState.READY: "good",
    EvidenceState.CANCELLED: "calm", EvidenceState.EXPIRED: "calm",
}


@admin.register(EvidenceBundle)
class EvidenceBundleAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Bundles, newest first."""

    list_display = ("number", "sample_number", "program", "is_clear", "standing", "items", "asked_at", "asker", "kept_until")
    export_columns = (
        "number", "sample_number", "is_clear", "purpose", "state", "items",
        ExportColumn("digest", _("checksum of the manifest"), lambda bundle: bundle.digest), "asked_at", "decided_at", "ended_at",
    )
    list_filter = ("state", "is_clear", "sample")
    list_select_related = ("sample__program", "asked_by")
    search_fields = ("=id",)
    search_help_text = _("Number of the evidence")
    sortable_by = ("number",)
    ordering = ("-id",)
    fields = (
        "number", "sample_number", "program", "is_clear", "standing", "progress", "items", "purpose_shown", "asker", "asked_at",
        "decider", "decided_at", "reason_shown", "size_shown", "digest_shown", "kept_until",
    )
    readonly_fields = fields
    actions_detail = ("download", "approve", "decline", "cancel")
    #: Button -> states in which it does something.
    button_states: ClassVar[dict[str, tuple[str, ...]]] = {
        "approve": (EvidenceState.ASKED,), "decline": (EvidenceState.ASKED,), "download": (EvidenceState.READY,),
        "cancel": (EvidenceState.ASKED, EvidenceState.WRITING),
    }

    has_gather_permission = holds(GATHER)
    has_decide_permission = holds(APPROVE)

    class Media:
        """Renews the page while its job is live."""

        js = ("jobs/refresh.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related("sample__program", "asked_by", "decided_by")

    def rows_read(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """The job of each, in one question."""
        super().rows_read(request, rows)
        about = Job.objects.filter(
            subject_type=EvidenceBundle._meta.label_lower, subject_id__in=[str(row.pk) for row in rows]
        )
        found = {job.subject_id: job for job in about.order_by("pk")}
        for row in rows:
            row.job = found.get(str(row.pk))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """With its job, as in the list."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            self.rows_read(request, [found])
        return found

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something in the bundle's state, for this user."""
        offered = super().get_actions_detail(request, object_id)
        found = self.get_queryset(request).filter(pk=object_id).values_list("state", "asked_by").first() if offered else None
        if found is None:
            return []
        state, mine = found[0], found[1] == request.user.pk
        return [
            button for button in offered
            if state in self.button_states[button.method.__name__] and (button.method.__name__ in ("download", "cancel")) == mine
        ]

    def told_by(self, request: HttpRequest, obj: Any) -> list[Any]:
        """The bundle."""
        return [obj]

    @display(description=_("no."), ordering="id")
    def number(self, bundle: EvidenceBundle) -> str:
        """The bundle's number."""
        return f"#{bundle.pk}"

    @display(description=_("audit sample"))
    def sample_number(self, bundle: EvidenceBundle) -> str:
        """Which one."""
        return f"#{bundle.sample_id}"

    @display(description=_("program"))
    def program(self, bundle: EvidenceBundle) -> str:
        """By name."""
        return bundle.sample.program.name

    @display(description=_("state"), ordering="state")
    def standing(self, bundle: Any) -> SafeString:
        """The state as a badge."""
        text, tone = bundle.get_state_display(), TONES[EvidenceState(bundle.state)]
        job = bundle.job
        if bundle.state == EvidenceState.WRITING and job is not None and job.state in (Job.State.FAILED, Job.State.CANCELLED):
            text, tone = _t("Interrupted: cancel it and ask again"), "bad"
        badge = render_to_string("portal/badge.html", {"text": text, "tone": tone})
        return live(job, "state", badge) if job is not None else badge

    @display(description=_("progress"))
    def progress(self, bundle: Any) -> SafeString | str:
        """How far, how fast, how long still."""
        job = bundle.job
        if job is None or bundle.state != EvidenceState.WRITING:
            return "—"
        context = {"done": job.done, "total": job.total, "label": job.get_unit_display(), "note": note_on(job)}
        return live(job, "progress", render_to_string("portal/progress.html", context))

    @display(description=_("purpose and recipient"))
    def purpose_shown(self, bundle: EvidenceBundle) -> str:
        """Of evidence in the clear."""
        return bundle.purpose or "—"

    @display(description=_("asked for by"))
    def asker(self, bundle: EvidenceBundle) -> str:
        """As colleagues know them."""
        return bundle.asked_by.get_full_name()

    @display(description=_("decided by"))
    def decider(self, bundle: EvidenceBundle) -> str:
        """As colleagues know them."""
        return bundle.decided_by.get_full_name() if bundle.decided_by is not None else "—"

    @display(description=_("reason for the refusal"))
    def reason_shown(self, bundle: EvidenceBundle) -> str:
        """Why it was declined."""
        return bundle.reason or "—"

    @display(description=_("size"), ordering="size")
    def size_shown(self, bundle: EvidenceBundle) -> str:
        """As people say it."""
        return "—" if bundle.size is None else filesizeformat(bundle.size)

    @display(description=_("checksum of the manifest"))
    def digest_shown(self, bundle: EvidenceBundle) -> SafeString | str:
        """Once it is gathered."""
        return coded(bundle.digest) if bundle.digest else "—"

    @display(description=_("kept until"), ordering="purge_on")
    def kept_until(self, bundle: EvidenceBundle) -> str:
        """The day on which the files are deleted."""
        kept = bundle.state in (EvidenceState.READY, EvidenceState.EXPIRED) and bundle.purge_on
        return f"{bundle.purge_on:%Y-%m-%d}" if kept else "—"

    @action(description=_("Download"), url_path="download", permissions=["gather"], icon="download")
    def download(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The archive, to whoever asked for it."""
        bundle = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> Any:
            answer = StreamingHttpResponse(actions.open_evidence(bundle, **given), content_type="application/zip")
            answer["Content-Disposition"] = f'attachment; filename="evidence-{bundle.pk}.zip"'
            answer["Cache-Control"] = "no-store"
            return answer

        return self.button_page(
            request, title=_t("Download"), button=_t("Download"), subject=bundle, run=run, facts=facts_of(bundle),
            sentence=_t("The file is for you and the purpose of the audit. Each download is recorded."),
        )

    @action(description=_("Approve"), url_path="approve", permissions=["decide"], icon="check")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let it leave in the clear."""
        bundle = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.approve_evidence(bundle, **given)
            return _t("Approved: the evidence is being gathered for whoever asked.")

        return self.button_page(
            request, title=_t("Approve evidence in the clear"), button=_t("Approve"), subject=bundle, run=run,
            facts=facts_of(bundle),
            sentence=_t("Names, documents and the files' lines of these people leave the portal for the purpose that is named."),
        )

    @action(description=_("Decline"), url_path="decline", permissions=["decide"], icon="block")
    def decline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Nothing is opened."""
        bundle = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.decline_evidence(bundle, **given)
            return _t("The evidence in the clear was declined.")

        return self.button_page(
            request, title=_t("Decline evidence in the clear"), button=_t("Decline"), subject=bundle, run=run, danger=True,
            facts=facts_of(bundle), form=ReasonForm(request.POST if request.method == "POST" else None),
            sentence=_t("Nothing is opened; whoever asked reads why."),
        )

    @action(description=_("Cancel"), url_path="cancel", permissions=["gather"], icon="cancel")
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take it back."""
        bundle = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.cancel_evidence(bundle, **given)
            return _t("The evidence was cancelled.")

        return self.button_page(
            request, title=_t("Cancel the evidence"), button=_t("Cancel"), subject=bundle, run=run, danger=True,
            facts=facts_of(bundle), sentence=_t("Gathering ends at the next step; what was written is deleted and nobody gets it."),
        )


def facts_of(bundle: EvidenceBundle) -> list[tuple[str, Any]]:
    """What a bundle is, as its confirm pages say it."""
    return [
        (_t("Audit sample"), f"#{bundle.sample_id} · {bundle.sample.program.name}"), (_t("Covers"), f"{bundle.items:,}"),
        (_t("How it is told"), _t("in the clear") if bundle.is_clear else _t("masked")),
        *([(_t("Purpose and recipient"), bundle.purpose)] if bundle.purpose else []),
        (_t("asked for by"), bundle.asked_by.get_full_name()),
    ]
