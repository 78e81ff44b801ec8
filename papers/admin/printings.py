"""Printings in the admin: asked for, approved by another, written by a job, fetched by whoever asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.admin.places import PlaceColumn
from accounts.models import Region
from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from beneficiaries.models import Enrollment
from beneficiaries.models.enrollment import enrollment_id_of
from intake.pages.forms import ReasonForm
from jobs.admin import live, note_on
from jobs.models import Job
from papers import actions
from papers.actions.printings import PRINT
from papers.admin.forms import AskForm, CoverForm, PurposeForm
from papers.errors import PapersRefused
from papers.models import Printing, PrintingState

TONES = {
    PrintingState.ASKED: "wait", PrintingState.DECLINED: "bad", PrintingState.WRITING: "work", PrintingState.READY: "good",
    PrintingState.SENT: "good", PrintingState.CANCELLED: "calm", PrintingState.EXPIRED: "calm",
}


@admin.register(Printing)
class PrintingAdmin(PlaceColumn, ButtonPages, ReadOnlyScopedAdmin):
    """Printings, newest first."""

    list_display = ("number", "program", "period_code", "place", "standing", "people_shown", "asked_at", "asker", "kept_until")
    export_columns = (
        "number", "program", "period_code", "organization", "place", "state", "people", "villages", "purpose", "asked_at",
        "decided_at", "ended_at",
    )
    list_filter = ("state", "program", "period", "organization", "asked_at")
    list_select_related = ("program", "period__program", "asked_by")
    search_fields = ("=id",)
    search_help_text = _("Number of a printing")
    sortable_by = ("number",)
    ordering = ("-id",)
    fields = (
        "number", "standing", "progress", "program", "period_code", "organization", "place_shown", "roster_shown", "cover",
        "people_shown", "villages", "purpose", "asker", "asked_at", "decider", "decided_at", "reason_shown", "size_shown",
        "kept_until",
    )
    readonly_fields = fields
    actions_list = ("ask", "single")
    actions_detail = ("download", "approve", "decline", "cancel")
    #: Button -> states in which it does something.
    button_states: ClassVar[dict[str, tuple[str, ...]]] = {
        "approve": (PrintingState.ASKED,), "decline": (PrintingState.ASKED,), "download": (PrintingState.READY,),
        "cancel": (PrintingState.ASKED, PrintingState.WRITING),
    }

    has_ask_permission = holds(PRINT)
    has_download_permission = holds(PRINT)
    has_decide_permission = holds("papers.approve_printing")

    class Media:
        """Renews the page while its job is live."""

        js = ("jobs/refresh.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "program", "period__program", "organization", "roster", "asked_by", "decided_by", "enrollment__program",
            "enrollment__period",
        )

    def rows_read(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """The job of each, in one question."""
        super().rows_read(request, rows)
        found: dict[str, Job] = {}
        about = Job.objects.filter(subject_type=Printing._meta.label_lower, subject_id__in=[str(row.pk) for row in rows])
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
        """Only buttons that do something in the printing's state, for this user."""
        offered = super().get_actions_detail(request, object_id)
        if not offered:
            return offered
        found = self.get_queryset(request).filter(pk=object_id).values_list("state", "asked_by").first()
        if found is None:
            return []
        state, asked_by = found
        mine = asked_by == request.user.pk
        return [
            button for button in offered
            if state in self.button_states[button.method.__name__] and (button.method.__name__ in ("download", "cancel")) == mine
        ]

    def told_by(self, request: HttpRequest, obj: Any) -> list[Any]:
        """The printing."""
        return [obj]

    @display(description=_("no."), ordering="id")
    def number(self, printing: Printing) -> str:
        """The printing's number."""
        return f"#{printing.pk}"

    @display(description=_("period"))
    def period_code(self, printing: Printing) -> str:
        """The program year."""
        return printing.period.code

    @display(description=_("state"), ordering="state")
    def standing(self, printing: Any) -> SafeString:
        """The state as a badge."""
        text, tone = printing.get_state_display(), TONES[PrintingState(printing.state)]
        job = printing.job
        if printing.state == PrintingState.WRITING and job is not None and job.state in (Job.State.FAILED, Job.State.CANCELLED):
            text, tone = _t("Interrupted: cancel it and ask again"), "bad"
        badge = render_to_string("portal/badge.html", {"text": text, "tone": tone})
        return live(job, "state", badge) if job is not None else badge

    @display(description=_("progress"))
    def progress(self, printing: Any) -> SafeString | str:
        """How far, how fast, how long still."""
        job = printing.job
        if job is None or printing.state != PrintingState.WRITING:
            return "—"
        context = {"done": job.done, "total": job.total, "label": job.get_unit_display(), "note": note_on(job)}
        return live(job, "progress", render_to_string("portal/progress.html", context))

    @display(description=_("asked for by"))
    def asker(self, printing: Printing) -> str:
        """As colleagues know them."""
        return printing.asked_by.get_full_name()

    @display(description=_("decided by"))
    def decider(self, printing: Printing) -> str:
        """As colleagues know them."""
        return printing.decided_by.get_full_name() if printing.decided_by is not None else "—"

    @display(description=_("reason for the refusal"))
    def reason_shown(self, printing: Printing) -> str:
        """Why it was declined."""
        return printing.reason or "—"

    @display(description=_("people"), ordering="people")
    def people_shown(self, printing: Printing) -> str:
        """Certificates."""
        return f"{printing.people:,}"

    @display(description=_("region"))
    def place_shown(self, printing: Printing) -> str:
        """By name."""
        return Region.objects.names_of([printing.region_code]).get(printing.region_code, printing.region_code) or "—"

    @display(description=_("roster"))
    def roster_shown(self, printing: Printing) -> str:
        """Where the people come from, if it was narrowed to one."""
        return f"#{printing.roster_id}" if printing.roster_id else "—"

    @display(description=_("cover number"))
    def cover(self, printing: Printing) -> str:
        """Of the one person."""
        return printing.enrollment.number if printing.enrollment is not None else "—"

    @display(description=_("size"), ordering="size")
    def size_shown(self, printing: Printing) -> str:
        """As people say it."""
        return "—" if printing.size is None else filesizeformat(printing.size)

    @display(description=_("kept until"), ordering="purge_on")
    def kept_until(self, printing: Printing) -> str:
        """The day on which the file is deleted; nothing where none is kept."""
        kept = printing.state in (PrintingState.READY, PrintingState.EXPIRED) and printing.purge_on
        return f"{printing.purge_on:%Y-%m-%d}" if kept else "—"

    @action(description=_("Print certificates"), url_path="ask", permissions=["ask"], icon="print")
    def ask(self, request: HttpRequest) -> HttpResponse:
        """Of everybody of a place whose cover is in force."""

        def run(given: dict[str, Any]) -> HttpResponse:
            period, organization = given.pop("period"), given["organization"]
            given["region_code"] = given["region_code"] or organization.region_code
            printing = actions.ask_printing(period, **given)
            self.message_user(request, _t("Asked for; a colleague who checks approves it, then the file is written."))
            return HttpResponseRedirect(reverse("admin:papers_printing_change", args=[printing.pk]))

        return self.button_page(
            request, title=_t("Print certificates"), button=_t("Ask for it"), run=run,
            sentence=_t(
                "One PDF for each village, names in full, documents masked. Names leave the portal: a colleague approves it, and "
                "the file is yours alone."
            ),
            form=AskForm(request.POST if request.method == "POST" else None, by=request.user),
        )

    @action(description=_("Print the certificate"), url_path="single", permissions=["ask"], icon="print")
    def single(self, request: HttpRequest) -> HttpResponse:
        """Of one person, from the page of their cover."""
        number = request.GET.get("cover", "")
        asked = int(number) if number.isascii() and number.isdecimal() and len(number) <= 18 else 0
        covers = Enrollment.objects.visible_to(request.user, PRINT).select_related("person", "program", "period")
        cover = covers.filter(pk=asked).first()
        if cover is None:
            return self._whose(request, covers)

        def run(given: dict[str, Any]) -> HttpResponse:
            handed = actions.print_certificate(cover, **given)
            return _as_file(HttpResponse(handed.content, content_type="application/pdf"), f"{cover.number}.pdf")

        return self.button_page(
            request, title=_t("Print the certificate"), button=_t("Print"), run=run,
            back=reverse("admin:beneficiaries_enrollment_change", args=[cover.pk]),
            sentence=_t("The paper bears the name in full and is for this person alone. The printing is recorded."),
            facts=[(_t("cover number"), cover.number), (_t("name"), str(cover.person.name)), (_t("program"), cover.program.name)],
            form=PurposeForm(request.POST if request.method == "POST" else None),
        )

    def _whose(self, request: HttpRequest, covers: QuerySet) -> HttpResponse:
        """Ask for the number of a cover, then for the rest."""

        def run(given: dict[str, Any]) -> HttpResponse:
            cover = covers.filter(pk=enrollment_id_of(given["number"]) or 0).first()
            if cover is None:
                raise PapersRefused("NO_SUCH_COVER")
            return HttpResponseRedirect(f"{reverse('admin:papers_printing_single')}?{urlencode({'cover': cover.pk})}")

        return self.button_page(
            request, title=_t("Print the certificate"), button=_t("Next"), run=run, back=self.address(None),
            sentence=_t("The paper bears the name in full and is for this person alone. The printing is recorded."),
            form=CoverForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Approve"), url_path="approve", permissions=["decide"], icon="check")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let the names leave."""
        printing = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.approve_printing(printing, **given)
            return _t("Approved: the file is being written for whoever asked.")

        return self.button_page(
            request, title=_t("Approve the printing"), button=_t("Approve"), subject=printing, run=run, facts=facts_of(printing),
            sentence=_t("The names of these people leave the portal in full, for the purpose that is named."),
        )

    @action(description=_("Decline"), url_path="decline", permissions=["decide"], icon="block")
    def decline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Nothing leaves."""
        printing = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.decline_printing(printing, **given)
            return _t("The printing was declined.")

        return self.button_page(
            request, title=_t("Decline the printing"), button=_t("Decline"), subject=printing, run=run, danger=True,
            facts=facts_of(printing), form=ReasonForm(request.POST if request.method == "POST" else None),
            sentence=_t("Nothing is written; whoever asked reads why."),
        )

    @action(description=_("Download"), url_path="download", permissions=["download"], icon="download")
    def download(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The archive, to whoever asked for it."""
        printing = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> Any:
            answer = StreamingHttpResponse(actions.open_printing(printing, **given), content_type="application/zip")
            return _as_file(answer, f"certificates-{printing.pk}.zip")

        return self.button_page(
            request, title=_t("Download"), button=_t("Download"), subject=printing, run=run, facts=facts_of(printing),
            sentence=_t("The file is for you and the purpose you named. Each download is recorded."),
        )

    @action(description=_("Cancel"), url_path="cancel", permissions=["ask"], icon="cancel")
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take it back."""
        printing = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.cancel_printing(printing, **given)
            return _t("The printing was cancelled.")

        return self.button_page(
            request, title=_t("Cancel the printing"), button=_t("Cancel"), subject=printing, run=run, danger=True,
            facts=facts_of(printing),
            sentence=_t("Writing ends at the next step; what was written is deleted and nobody gets it."),
        )


def _as_file(answer: Any, name: str) -> Any:
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def facts_of(printing: Printing) -> list[tuple[str, Any]]:
    """What a confirm page says about a printing."""
    place = Region.objects.names_of([printing.region_code]).get(printing.region_code, printing.region_code)
    return [
        (_t("program"), printing.program.name),
        (_t("period"), printing.period.code),
        (_t("office"), printing.organization.name),
        (_t("place"), place),
        (_t("roster"), f"#{printing.roster_id}" if printing.roster_id else _t("everybody whose cover is in force")),
        (_t("people"), f"{printing.people:,}"),
        (_t("villages"), f"{printing.villages:,}"),
        (_t("purpose and recipient"), printing.purpose),
        (_t("asked for by"), printing.asked_by.get_full_name()),
    ]
