"""Public notices in the admin: made, posted by another, printed for each village, objected to, closed."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.admin.places import PlaceColumn
from accounts.models import Region
from audit.admin import ReadOnlyScopedAdmin
from audit.badges import badge
from audit.buttons import ButtonPages, holds
from beneficiaries.restricting import name_shown
from gates import actions, printing
from gates.actions.notice_files import newest_file
from gates.admin.forms import COLUMN_WORDS, NoticeForm, ObjectionForm, PrintForm
from gates.models import Notice, NoticeFile, NoticeState, Objection, ObjectionState
from intake.pages.forms import ReasonForm
from jobs.models import Job
from programs.models import Category

#: Villages that a page lists; the print has all.
SHOWN = 300
TONES = {
    NoticeState.DRAFT: "wait", NoticeState.POSTED: "work", NoticeState.CLOSING: "work", NoticeState.CLOSED: "good",
    NoticeState.WITHDRAWN: "calm",
}
_HUNG = (NoticeState.POSTED, NoticeState.CLOSING, NoticeState.CLOSED)


@admin.register(Notice)
class NoticeAdmin(PlaceColumn, ButtonPages, ReadOnlyScopedAdmin):
    """Notices, newest first."""

    list_display = ("number", "program", "period_code", "place", "standing", "starts_on", "last", "people_shown", "objections_open")
    export_columns = (
        "number", "program", "period_code", "organization", "place", "state", "starts_on", "last", "people", "villages",
        "passed", "made_at", "posted_at", "closed_at",
    )
    list_filter = ("state", "program", "period", "organization", "starts_on")
    list_select_related = ("program", "period__program")
    search_fields = ("=id",)
    search_help_text = _("Number of a notice")
    sortable_by = ("number",)
    ordering = ("-id",)
    change_form_template = "gates/notice_page.html"
    fields = ("state",)
    readonly_fields = fields
    actions_list = ("make",)
    actions_detail = ("post", "print", "write", "download", "object", "close", "withdraw")
    #: Button -> states in which it does something.
    button_states: ClassVar[dict[str, tuple[NoticeState, ...]]] = {
        "post": (NoticeState.DRAFT,), "print": _HUNG, "write": _HUNG, "download": _HUNG, "object": (NoticeState.POSTED,),
        "close": (NoticeState.POSTED, NoticeState.CLOSING), "withdraw": (NoticeState.DRAFT, NoticeState.POSTED),
    }

    has_make_permission = holds("gates.make_notice")
    has_post_permission = holds("gates.post_notice")
    has_print_permission = holds("gates.print_notice")
    has_close_permission = holds("gates.close_notice")
    has_object_permission = holds("gates.record_objection")

    class Media:
        """Renews the page while its job runs."""

        js = ("jobs/refresh.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        found = super().get_queryset(request).select_related(
            "program", "period__program", "period__plan", "organization", "roster", "made_by", "posted_by"
        )
        return found.annotate(open_ones=Count("objections", filter=Q(objections__state=ObjectionState.OPEN)))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something in the notice's state."""
        offered = super().get_actions_detail(request, object_id)
        if not offered:
            return offered
        notice = self.get_queryset(request).filter(pk=object_id).first()
        return [
            button for button in offered
            if notice is not None and notice.state in self.button_states[button.method.__name__]
            and not (button.method.__name__ == "post" and notice.made_by_id == request.user.pk)
            and not (button.method.__name__ == "download" and newest_file(notice, at=timezone.now()) is None)
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The notice's page."""
        notice = self.visible_or_404(request, object_id)
        context = {**page_context(notice, request), "title": str(notice)}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @display(description=_("no."), ordering="id")
    def number(self, notice: Notice) -> str:
        """The notice's number."""
        return f"#{notice.pk}"

    @display(description=_("period"))
    def period_code(self, notice: Notice) -> str:
        """The program year."""
        return notice.period.code

    @display(description=_("state"))
    def standing(self, notice: Notice) -> SafeString:
        """The state as a badge."""
        return state_badge(notice)

    @display(description=_("last day"))
    def last(self, notice: Notice) -> Any:
        """The last day on which it hangs."""
        return notice.last_day

    @display(description=_("people"))
    def people_shown(self, notice: Notice) -> str:
        """Lines of its list."""
        return f"{notice.people:,}" if notice.state != NoticeState.DRAFT else "—"

    @display(description=_("objections open"))
    def objections_open(self, notice: Any) -> str:
        """Not decided yet."""
        return f"{notice.open_ones:,}"

    @action(description=_("New notice"), url_path="make", permissions=["make"], icon="campaign")
    def make(self, request: HttpRequest) -> HttpResponse:
        """Say what is to hang where."""

        def run(given: dict[str, Any]) -> HttpResponse:
            organization = given["organization"]
            notice = actions.make_notice(
                given["period"], organization=organization, region_code=given["region_code"] or organization.region_code,
                starts_on=given["starts_on"], days=given["days"], columns=given["columns"],
                named_categories=list(given["named_categories"]), basis=given["basis"], phone=given["phone"],
                roster=given["roster"], by=given["by"], at=given["at"],
            )
            self.message_user(request, _t("The notice was made; a colleague who checks posts it."))
            return HttpResponseRedirect(reverse("admin:gates_notice_change", args=[notice.pk]))

        return self.button_page(
            request, title=_t("New notice"), button=_t("Make"), run=run,
            sentence=_t("Nothing hangs before a colleague posts it: who is on the list is fixed then."),
            form=NoticeForm(request.POST if request.method == "POST" else None, by=request.user),
        )

    @action(description=_("Post"), url_path="post", permissions=["post"], icon="push_pin")
    def post(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Fix the list and let it hang."""
        notice = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            posted = actions.post_notice(notice, **given)
            return _t("Posted: %(people)s people in %(villages)s villages.") % {
                "people": f"{posted.people:,}", "villages": f"{posted.villages:,}",
            }

        return self.button_page(
            request, title=_t("Post the notice"), button=_t("Post"), subject=notice, run=run, facts=facts_of(notice),
            sentence=_t("Whoever waits for the notice there now is put on its list, which is not changed any more."),
        )

    @action(description=_("Print"), url_path="print", permissions=["print"], icon="print")
    def print(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The list of one village, or of all, as it hangs."""
        notice = self.visible_or_404(request, object_id)
        place = request.GET.get("village", "")
        villages = [each for each in printing.villages_of(notice) if place in ("", each[0])]

        def run(given: dict[str, Any]) -> Any:
            actions.record_printing(
                notice, people=sum(lines for _code, _name, lines in villages), villages=len(villages), by=given["by"],
                at=given["at"],
            )
            as_file = given["kind"] == PrintForm.FILE
            answer = StreamingHttpResponse(
                printing.document(notice, place=place, as_file=as_file), content_type="text/html; charset=utf-8"
            )
            if as_file:
                answer["Content-Disposition"] = f'attachment; filename="notice-{notice.pk}{"-" + place if place else ""}.html"'
            answer["Cache-Control"] = "no-store"
            return answer

        if place and not villages:
            return HttpResponseRedirect(self.address(notice))
        return self.button_page(
            request, title=_t("Print"), button=_t("Print"), subject=notice, run=run,
            sentence=_t("One page or more for each village, with masked names and nothing that the law does not allow."),
            facts=[
                (_t("villages"), villages[0][1] if place else f"{len(villages):,}"),
                (_t("people"), f"{sum(lines for _code, _name, lines in villages):,}"),
            ],
            form=PrintForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Write all lists"), url_path="write", permissions=["print"], icon="folder_zip")
    def write(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Have the lists of all villages written as files, by a job."""
        notice = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.write_notice(notice, **given)
            return _t("The lists are being written; this page shows how far it has come.")

        return self.button_page(
            request, title=_t("Write all lists"), button=_t("Write them"), subject=notice, run=run,
            sentence=_t("One file for each village, in one archive, as they hang: with masked names and nothing that the law does "
                        "not allow. Whoever was taken off the list stands on none."),
            facts=[(_t("villages"), f"{notice.villages:,}"), (_t("people"), f"{notice.people:,}")],
        )

    @action(description=_("Download the lists"), url_path="download", permissions=["print"], icon="download")
    def download(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The archive that was written last."""
        notice = self.visible_or_404(request, object_id)
        file = newest_file(notice, at=timezone.now())

        def run(given: dict[str, Any]) -> Any:
            answer = StreamingHttpResponse(actions.open_notice_file(notice, **given), content_type="application/zip")
            answer["Content-Disposition"] = f'attachment; filename="notice-{notice.pk}.zip"'
            answer["Cache-Control"] = "no-store"
            return answer

        return self.button_page(
            request, title=_t("Download the lists"), button=_t("Download"), subject=notice, run=run,
            sentence=_t("The archive has one file for each village. The download is recorded."),
            facts=facts_of_file(file) if file is not None else [],
        )

    @action(description=_("Record an objection"), url_path="object", permissions=["object"], icon="feedback")
    def object(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Somebody objects to a line of the list."""
        notice = self.visible_or_404(request, object_id)
        villages = printing.villages_of(notice)

        def run(given: dict[str, Any]) -> str:
            objection = actions.record_objection(notice, **given)
            return _t("Recorded against %(name)s; a colleague who checks decides it.") % {
                "name": name_shown(objection.enrollment)
            }

        return self.button_page(
            request, title=_t("Record an objection"), button=_t("Record"), subject=notice, run=run,
            sentence=_t("Name the line as the village does: by its number on the list."),
            form=ObjectionForm(request.POST if request.method == "POST" else None, villages=villages),
        )

    @action(description=_("Close"), url_path="close", permissions=["close"], icon="task_alt")
    def close(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record the step for everybody who stays on the list."""
        notice = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.close_notice(notice, **given)
            return _t("The step is being recorded for everybody on the list.")

        return self.button_page(
            request, title=_t("Close the notice"), button=_t("Close"), subject=notice, run=run, facts=facts_of(notice),
            sentence=_t("Notices close by themselves when their days are over and no objection is open; this does it at once."),
        )

    @action(description=_("Withdraw"), url_path="withdraw", permissions=["post"], icon="undo")
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take it down."""
        notice = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.withdraw_notice(notice, **given)
            return _t("The notice was withdrawn.")

        return self.button_page(
            request, title=_t("Withdraw the notice"), button=_t("Withdraw"), subject=notice, run=run, danger=True,
            facts=facts_of(notice), form=ReasonForm(request.POST if request.method == "POST" else None),
            sentence=_t("It counts for nobody; its people wait for another one."),
        )


def state_badge(notice: Notice) -> SafeString:
    """A notice's state."""
    return badge(notice.get_state_display(), TONES[NoticeState(notice.state)])


def facts_of(notice: Notice) -> list[tuple[str, Any]]:
    """What a notice is, as its page and its confirm pages say it."""
    place = Region.objects.names_of([notice.region_code]).get(notice.region_code, notice.region_code)
    names = Category.objects.filter(pk__in=notice.named_categories).order_by("position").values_list("name", flat=True)
    return [
        (_t("program"), notice.program.name),
        (_t("period"), notice.period.code),
        (_t("office"), notice.organization.name),
        (_t("place"), place),
        (_t("roster"), f"#{notice.roster_id}" if notice.roster_id else _t("everybody who waits for the notice")),
        (_t("hangs"), _t("%(first)s to %(last)s") % {"first": notice.starts_on, "last": notice.last_day}),
        (_t("what is published"), _t(", ").join(str(COLUMN_WORDS[column]) for column in notice.columns)),
        (_t("categories that are named"), _t(", ").join(names)),
        (_t("phone for objections"), notice.phone),
        (_t("legal basis"), notice.basis),
        *(((_t("people"), f"{notice.people:,}"),) if notice.state != NoticeState.DRAFT else ()),
    ]


def facts_of_file(file: NoticeFile) -> list[tuple[str, Any]]:
    """What was written, and until when it is kept."""
    return [
        (_t("villages"), f"{file.villages:,}"), (_t("people"), f"{file.people:,}"),
        (_t("written at"), f"{timezone.localtime(file.ended_at):%Y-%m-%d %H:%M}"), (_t("kept until"), f"{file.purge_on:%Y-%m-%d}"),
    ]


def jobs_of(notice: Notice) -> list[Job]:
    """The newest job of each kind that is at work on a notice, or failed."""
    found = Job.objects.about(notice).order_by("kind", "-pk").distinct("kind")
    return [job for job in found if job.is_live or job.state == Job.State.FAILED]


def page_context(notice: Notice, request: HttpRequest) -> dict[str, Any]:
    """Facts, villages with the way to their print, objections."""
    villages = printing.villages_of(notice)
    seen = Objection.objects.visible_to(request.user, "gates.view_objection").filter(notice=notice)
    prints = request.user.has_perm("gates.print_notice") and notice.state in _HUNG
    address = reverse("admin:gates_notice_print", args=[notice.pk])
    return {
        "notice": notice,
        "badge": state_badge(notice),
        "jobs": jobs_of(notice),
        "facts": [
            *facts_of(notice),
            (_t("made by"), notice.made_by.get_full_name()),
            (_t("posted by"), notice.posted_by.get_full_name() if notice.posted_by else ""),
            *([(_t("notice passed for"), f"{notice.passed:,}")] if notice.state == NoticeState.CLOSED else []),
            *([(_t("reason for the withdrawal"), notice.reason)] if notice.reason else []),
        ],
        "villages": [
            (name, lines, f"{address}?village={code}" if prints else "") for code, name, lines in villages[:SHOWN]
        ],
        "more": max(0, len(villages) - SHOWN),
        "objections": [
            (each, reverse("admin:gates_objection_change", args=[each.pk]), name_shown(each.enrollment))
            for each in seen.select_related("enrollment__person", "enrollment__beneficiary")[:SHOWN]
        ],
    }
