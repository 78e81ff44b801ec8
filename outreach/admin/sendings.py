"""Messages to people in the admin: proposed, released by another, fetched for the gateway, printed for the villages."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.admin.places import PlaceColumn
from accounts.models import Region
from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from intake.pages.forms import ReasonForm
from jobs.models import Job
from outreach import actions, printing
from outreach.actions.sendings import FETCH, PROPOSE
from outreach.actions.wordings import examples
from outreach.admin.forms import ReportForm, SendingForm, ShownForm
from outreach.choosing import Outlook, outlook
from outreach.models import DeliveryReport, Sending, SendingState, Topic

TONES = {
    SendingState.PROPOSED: "wait", SendingState.RELEASED: "work", SendingState.READY: "good", SendingState.WITHDRAWN: "calm",
}
#: Villages that a page names.
SHOWN = 200


@admin.register(Sending)
class SendingAdmin(PlaceColumn, ButtonPages, ReadOnlyScopedAdmin):
    """Messages, newest first."""

    list_display = (
        "number", "topic_shown", "program", "period_code", "place", "standing", "people_shown", "by_phone_shown",
        "by_village_shown", "outcome_shown", "proposed_at",
    )
    export_columns = (
        "number", "topic", "turn", "program", "period_code", "organization", "place", "state", "people", "by_phone", "by_village",
        "messages", "delivered", "failed", "proposed_at", "released_at", "fetched_at",
    )
    list_filter = ("state", "topic", "program", "period", "organization", "proposed_at")
    list_select_related = ("program", "period__program")
    search_fields = ("=id",)
    search_help_text = _("Number of a message")
    sortable_by = ("number",)
    ordering = ("-id",)
    change_form_template = "outreach/sending_page.html"
    fields = ("state",)
    readonly_fields = fields
    actions_list = ("propose",)
    actions_detail = ("release", "download", "print", "report", "withdraw")
    #: Button -> states in which it does something.
    button_states: ClassVar[dict[str, tuple[SendingState, ...]]] = {
        "release": (SendingState.PROPOSED,), "download": (SendingState.READY,), "print": (SendingState.READY,),
        "report": (SendingState.READY,),
        "withdraw": (SendingState.PROPOSED, SendingState.RELEASED, SendingState.READY),
    }

    has_propose_permission = holds(PROPOSE)
    has_release_permission = holds("outreach.release_sending")
    has_fetch_permission = holds(FETCH)
    has_report_permission = holds("outreach.upload_report")

    class Media:
        """Renews the page while its job runs."""

        js = ("jobs/refresh.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "program", "period__program", "period__plan", "organization", "wording__program", "proposed_by", "released_by",
            "withdrawn_by",
        )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something for this reader now."""
        offered = super().get_actions_detail(request, object_id)
        sending = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        return [button for button in offered if sending is not None and self._offers(button.method.__name__, sending, request)]

    def _offers(self, name: str, sending: Sending, request: HttpRequest) -> bool:
        if sending.state not in self.button_states[name]:
            return False
        fits = {
            "release": sending.proposed_by_id != request.user.pk, "withdraw": sending.fetched_at is None,
            "download": sending.messages > 0 and sending.purged_at is None,
            "print": sending.by_village + sending.failed > 0 and sending.purged_at is None, "report": sending.messages > 0,
        }
        return fits[name]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The message's page."""
        sending = self.visible_or_404(request, object_id)
        title = _t("Message %(number)s") % {"number": sending.pk}
        context = {**page_context(sending, request), "title": title}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @display(description=_("no."), ordering="id")
    def number(self, sending: Sending) -> str:
        """Its number."""
        return f"#{sending.pk}"

    @display(description=_("occasion"))
    def topic_shown(self, sending: Sending) -> str:
        """With the reminder that it is."""
        return topic_of(sending)

    @display(description=_("period"))
    def period_code(self, sending: Sending) -> str:
        """The program year."""
        return sending.period.code

    @display(description=_("state"), ordering="state")
    def standing(self, sending: Sending) -> SafeString:
        """The state as a badge."""
        return badge(sending)

    @display(description=_("people"))
    def people_shown(self, sending: Sending) -> str:
        """Lines of its list."""
        return f"{sending.people:,}"

    @display(description=_("by message"))
    def by_phone_shown(self, sending: Sending) -> str:
        """Whoever has a telephone."""
        return f"{sending.by_phone:,}"

    @display(description=_("by the village"))
    def by_village_shown(self, sending: Sending) -> str:
        """Whoever has none."""
        return f"{sending.by_village:,}"

    @display(description=_("delivered / not delivered"))
    def outcome_shown(self, sending: Sending) -> str:
        """As reports say it; a dash before the first."""
        return f"{sending.delivered:,} / {sending.failed:,}" if sending.reported_at else "—"

    @action(description=_("Upload a delivery report"), url_path="report", permissions=["report"], icon="mark_email_read")
    def report(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take in what became of its messages."""
        sending = self.visible_or_404(request, object_id)
        posted = request.method == "POST"

        def run(given: dict[str, Any]) -> HttpResponse:
            files = [(file.name, file) for file in given.pop("file")]
            report = actions.upload_report(files, sending=sending, **given)
            self.message_user(request, _t("The file has been received and is being checked."))
            return HttpResponseRedirect(reverse("admin:outreach_deliveryreport_change", args=[report.pk]))

        return self.button_page(
            request, title=_t("Upload a delivery report"), button=_t("Upload"), subject=sending, run=run, facts=facts_of(sending),
            sentence=_t("Each line is found by our reference. What the gateway does not know stays unknown."),
            form=ReportForm(request.POST if posted else None, request.FILES if posted else None),
        )

    @action(description=_("New message"), url_path="propose", permissions=["propose"], icon="sms")
    def propose(self, request: HttpRequest) -> HttpResponse:
        """Say who is to be told what."""

        def run(given: dict[str, Any]) -> HttpResponse:
            organization = given["organization"]
            sending = actions.propose_sending(
                given["period"], organization=organization, region_code=given["region_code"] or organization.region_code,
                topic=Topic(given["topic"]), turn=given["turn"], within_days=given["within_days"], grouped=given["grouped"],
                village_only=given["village_only"], earliest_hour=given["earliest_hour"],
                latest_hour=given["latest_hour"], by=given["by"], at=given["at"],
            )
            self.message_user(request, _t("It is proposed; a colleague who checks releases it."))
            return HttpResponseRedirect(self.address(sending))

        return self.button_page(
            request, title=_t("New message"), button=_t("Propose the message"), run=run,
            sentence=_t("Nothing leaves before a colleague who checks releases it: who is on the list is fixed then."),
            form=SendingForm(request.POST if request.method == "POST" else None, by=request.user),
        )

    @action(description=_("Release"), url_path="release", permissions=["release"], icon="verified")
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Fix the list and have the messages written."""
        sending = self.visible_or_404(request, object_id)
        found = outlook(sending, at=timezone.now()) if sending.state == SendingState.PROPOSED else Outlook()

        def run(given: dict[str, Any]) -> str:
            done = actions.release_sending(sending, **given)
            return _t("Released: %(people)s people. The messages are being written.") % {"people": f"{done.people:,}"}

        return self.button_page(
            request, title=_t("Release the message"), button=_t("Release"), subject=sending, run=run,
            sentence=_t("Telephones leave in the clear for these messages. The list is not changed any more."),
            facts=[*facts_of(sending), *facts_of_outlook(found)], detail=preview_of(sending),
            form=ShownForm(request.POST if request.method == "POST" else None, initial={"shown": found.people}),
        )

    @action(description=_("Download the messages"), url_path="download", permissions=["fetch"], icon="download")
    def download(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The files for the gateway, telephones in the clear."""
        sending = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> Any:
            answer = StreamingHttpResponse(actions.open_messages(sending, **given), content_type="application/zip")
            answer["Content-Disposition"] = f'attachment; filename="messages-{sending.pk}.zip"'
            return _private(answer)

        return self.button_page(
            request, title=_t("Download the messages"), button=_t("Download"), subject=sending, run=run,
            facts=facts_of(sending),
            sentence=_t(
                "The files hold telephones and texts for the gateway, and nobody else. Each download is recorded; what has left "
                "cannot be withdrawn."
            ),
        )

    @action(description=_("Print the village lists"), url_path="print", permissions=["fetch"], icon="print")
    def print(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Whoever has no telephone, village by village."""
        sending = self.visible_or_404(request, object_id)
        place = request.GET.get("village", "")

        def run(given: dict[str, Any]) -> Any:
            pages = actions.print_villages(sending, place=place, **given)
            return _private(StreamingHttpResponse(pages, content_type="text/html; charset=utf-8"))

        villages = [each for each in printing.villages_of(sending) if place in ("", each[0])]
        return self.button_page(
            request, title=_t("Print the village lists"), button=_t("Print"), subject=sending, run=run,
            sentence=_t("Names are masked, and no telephone stands on it. Each print is recorded."),
            facts=[
                *facts_of(sending), (_t("villages"), f"{len(villages):,}"),
                (_t("people on these lists"), f"{sum(people for _code, _name, people in villages):,}"),
            ],
        )

    @action(description=_("Withdraw"), url_path="withdraw", permissions=["release"], icon="undo")
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take it back before anything has left."""
        sending = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.withdraw_sending(sending, **given)
            return _t("The message was withdrawn.")

        return self.button_page(
            request, title=_t("Withdraw the message"), button=_t("Withdraw"), subject=sending, run=run, danger=True,
            facts=facts_of(sending), form=ReasonForm(request.POST if request.method == "POST" else None),
            sentence=_t("Its file is deleted and its people can be told anew."),
        )


def _private(answer: StreamingHttpResponse) -> StreamingHttpResponse:
    answer["Cache-Control"] = "no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def badge(sending: Sending) -> SafeString:
    """A message's state."""
    return render_to_string("portal/badge.html", {"text": sending.get_state_display(), "tone": TONES[SendingState(sending.state)]})


def topic_of(sending: Sending) -> str:
    """The occasion, and which reminder it is."""
    if sending.turn == 1:
        return str(sending.get_topic_display())
    return _t("%(occasion)s, reminder %(number)s") % {"occasion": sending.get_topic_display(), "number": sending.turn - 1}


def facts_of(sending: Sending) -> list[tuple[str, Any]]:
    """What a message is, as its page and its confirm pages say it."""
    place = Region.objects.names_of([sending.region_code]).get(sending.region_code, sending.region_code)
    hours = {"first": f"{sending.earliest_hour:02d}:00", "last": f"{sending.latest_hour:02d}:00"}
    shared = _t("one message for all people of a telephone") if sending.grouped else _t("one message for each person")
    return [
        (_t("program"), sending.program.name),
        (_t("period"), sending.period.code),
        (_t("office"), sending.organization.name),
        (_t("place"), place),
        (_t("occasion"), topic_of(sending)),
        *([(_t("days before the end"), sending.within_days)] if sending.within_days else []),
        (_t("wording"), str(sending.wording)),
        *([(_t("way of telling"), _t("everybody by the village, no message"))] if sending.village_only else [
            (_t("shared telephones"), shared), (_t("sent between"), _t("%(first)s and %(last)s") % hours),
        ]),
    ]


def facts_of_outlook(found: Outlook) -> list[tuple[str, Any]]:
    """How many are reached how, and how many are left out why."""
    return [
        (_t("people now"), f"{found.people:,}"),
        (_t("by message"), f"{found.phone:,}"),
        (_t("by the village"), f"{found.village:,}"),
        (_t("left out: told already"), f"{found.told:,}"),
        (_t("left out: data only kept"), f"{found.restricted:,}"),
        (_t("left out: deceased"), f"{found.deceased:,}"),
    ]


def preview_of(sending: Sending) -> SafeString:
    """The wording with people who do not exist."""
    return render_to_string("outreach/preview.html", {"examples": examples(sending.wording)})


def page_context(sending: Sending, request: HttpRequest) -> dict[str, Any]:
    """Facts, counts, villages with the way to their print."""
    released = sending.state in (SendingState.RELEASED, SendingState.READY)
    villages = printing.villages_of(sending) if released else []
    prints = sending.state == SendingState.READY and sending.purged_at is None and request.user.has_perm(FETCH)
    address = reverse("admin:outreach_sending_print", args=[sending.pk])
    return {
        "sending": sending,
        "badge": badge(sending),
        "preview": preview_of(sending),
        "facts": [
            *facts_of(sending),
            (_t("put forward by"), _who(sending.proposed_by, sending.proposed_at)),
            (_t("released by"), _who(sending.released_by, sending.released_at)),
            *([(_t("withdrawn by"), sending.withdrawn_by.get_full_name())] if sending.withdrawn_by else []),
            *([(_t("reason for the withdrawal"), sending.reason)] if sending.reason else []),
            *([(_t("file"), file_in_words(sending))] if sending.folder else []),
        ],
        # Counted anew on the page of the release alone: it reads everybody of the period.
        "counts": [
            (_t("people"), f"{sending.people:,}"), (_t("by message"), f"{sending.by_phone:,}"),
            (_t("by the village"), f"{sending.by_village:,}"),
            *([(_t("messages"), f"{sending.messages:,}")] if sending.written_at else []),
        ],
        "results": results_of(sending),
        "reports": [
            (each, reverse("admin:outreach_deliveryreport_change", args=[each.pk]))
            for each in DeliveryReport.objects.visible_to(request.user, "outreach.view_deliveryreport").filter(sending=sending)
            .order_by("-pk")[:20]
        ],
        "job": Job.objects.about(sending).order_by("-pk").first() if sending.state == SendingState.RELEASED else None,
        "villages": [
            (name, f"{people:,}", f"{address}?village={code}" if prints else "") for code, name, people in villages[:SHOWN]
        ],
        "more": max(0, len(villages) - SHOWN),
    }


def results_of(sending: Sending) -> list[tuple[str, int, int, int, int]]:
    """(county, people by message, delivered, not delivered, not known), from the counts that are kept."""
    names = Region.objects.names_of(row[0] for row in sending.results)
    return [
        (names.get(code, code), people, delivered, failed, people - delivered - failed)
        for code, people, delivered, failed in sending.results
    ]


def _who(user: Any, at: Any) -> str:
    return f"{user.get_full_name()} {timezone.localtime(at):%Y-%m-%d %H:%M}" if user and at else ""


def file_in_words(sending: Sending) -> str:
    """Where its file stands."""
    if sending.purged_at is not None:
        return _t("deleted when its time was over")
    if sending.written_at is None:
        return _t("being written") if sending.state == SendingState.RELEASED else ""
    return _t("kept until %(day)s") % {"day": f"{sending.purge_on:%Y-%m-%d}"}
