"""Hand-overs in the admin: proposed, released by another, fetched, answered; what they cost whom."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import quote

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from exports.forms import PasswordForm
from handover import actions
from handover.admin.forms import ProposalForm, ReceiptForm, ShownForm
from handover.choosing import outlook
from handover.models import HandOver, HandOverState, Kind, Receipt
from handover.models.hand_over import DOWNLOAD
from handover.statement import Statement, statement_of
from handover.writing import columns_for
from intake.pages.forms import ReasonForm
from jobs.models import Job

TONES = {
    HandOverState.PROPOSED: "wait", HandOverState.RELEASED: "work", HandOverState.ANSWERED: "good",
    HandOverState.WITHDRAWN: "calm",
}
_TOLD = (HandOverState.RELEASED, HandOverState.ANSWERED)

@admin.register(HandOver)
class HandOverAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Hand-overs, newest first."""

    list_display = (
        "number", "kind", "month_shown", "program", "period_code", "insurer", "standing", "people_shown", "premium_shown",
        "open_shown", "proposed_at",
    )
    export_columns = (
        "number", "kind", "month_shown", "program", "period_code", "organization", "insurer", "state", "people", "premium",
        "accepted", "refused", "purpose", "recipient", "proposed_at", "released_at",
    )
    list_filter = ("state", "kind", "program", "period", "organization", "proposed_at")
    list_select_related = ("program", "period__program", "insurer")
    search_fields = ("=id",)
    search_help_text = _("Number of a hand-over")
    sortable_by = ("number",)
    ordering = ("-id",)
    change_form_template = "handover/hand_over_page.html"
    fields = ("state",)
    readonly_fields = fields
    actions_list = ("propose",)
    actions_detail = ("release", "download", "receive", "withdraw")
    #: Button -> states in which it does something.
    button_states: ClassVar[dict[str, tuple[HandOverState, ...]]] = {
        "release": (HandOverState.PROPOSED,), "download": _TOLD, "receive": _TOLD,
        "withdraw": (HandOverState.PROPOSED, HandOverState.RELEASED),
    }

    has_propose_permission = holds("handover.propose_handover")
    has_release_permission = holds("handover.release_handover")
    has_download_permission = holds(DOWNLOAD)
    has_receive_permission = holds("handover.upload_receipt")

    class Media:
        """Renews the page while its job runs."""

        js = ("jobs/refresh.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "program", "period__program", "period__plan", "organization", "insurer", "format", "proposed_by", "released_by",
            "withdrawn_by",
        )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something for this reader now."""
        offered = super().get_actions_detail(request, object_id)
        hand_over = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        return [button for button in offered if hand_over is not None and self._offers(button.method.__name__, hand_over, request)]

    def _offers(self, name: str, hand_over: HandOver, request: HttpRequest) -> bool:
        if hand_over.state not in self.button_states[name]:
            return False
        if name == "release":
            return hand_over.proposed_by_id != request.user.pk
        if name == "download":
            return hand_over.has_file
        return name != "withdraw" or not (hand_over.accepted or hand_over.refused)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The hand-over's page."""
        hand_over = self.visible_or_404(request, object_id)
        title = _t("Hand-over %(number)s") % {"number": hand_over.pk}
        context = {**page_context(hand_over, request), "title": title}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @display(description=_("no."), ordering="id")
    def number(self, hand_over: HandOver) -> str:
        """The hand-over's number."""
        return f"#{hand_over.pk}"

    @display(description=_("month"))
    def month_shown(self, hand_over: HandOver) -> str:
        """Of additions and removals."""
        return f"{hand_over.month:%Y-%m}" if hand_over.month else "—"

    @display(description=_("period"))
    def period_code(self, hand_over: HandOver) -> str:
        """The program year."""
        return hand_over.period.code

    @display(description=_("state"), ordering="state")
    def standing(self, hand_over: HandOver) -> SafeString:
        """The state as a badge."""
        return badge(hand_over)

    @display(description=_("people"))
    def people_shown(self, hand_over: HandOver) -> str:
        """Lines of its list."""
        return f"{hand_over.people:,}"

    @display(description=_("premium (yuan)"))
    def premium_shown(self, hand_over: HandOver) -> str:
        """Yuan."""
        return f"{hand_over.premium:,.2f}"

    @display(description=_("not answered"))
    def open_shown(self, hand_over: HandOver) -> str:
        """Lines without an answer."""
        return f"{hand_over.open_lines:,}" if hand_over.state in _TOLD else "—"

    @action(description=_("New hand-over"), url_path="propose", permissions=["propose"], icon="outbox")
    def propose(self, request: HttpRequest) -> HttpResponse:
        """Say what is to be handed over."""

        def run(given: dict[str, Any]) -> HttpResponse:
            hand_over = actions.propose_handover(
                given["period"], organization=given["organization"], kind=Kind(given["kind"]), month=given["month"],
                format=given["format"], purpose=given["purpose"], recipient=given["recipient"], kept_days=given["kept_days"],
                by=given["by"], at=given["at"],
            )
            self.message_user(request, _t("It is proposed; a colleague who checks releases it."))
            return HttpResponseRedirect(self.address(hand_over))

        return self.button_page(
            request, title=_t("New hand-over"), button=_t("Propose the hand-over"), run=run,
            sentence=_t("Nothing leaves before a colleague who checks releases it: who is on the list is fixed then."),
            form=ProposalForm(
                request.POST if request.method == "POST" else None, by=request.user, period=request.GET.get("period", "")
            ),
        )

    @action(description=_("Release"), url_path="release", permissions=["release"], icon="verified")
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Fix the list and have its file written."""
        hand_over = self.visible_or_404(request, object_id)
        people, premium = outlook(hand_over) if hand_over.state == HandOverState.PROPOSED else (0, 0)

        def run(given: dict[str, Any]) -> str:
            done = actions.release_handover(hand_over, **given)
            return _t("Released: %(people)s people. The file is being written.") % {"people": f"{done.people:,}"}

        return self.button_page(
            request, title=_t("Release to the insurer"), button=_t("Release"), subject=hand_over, run=run,
            sentence=_t("Personal data leaves in the clear for this purpose and recipient. The list is not changed any more."),
            facts=[
                *facts_of(hand_over),
                (_t("people now"), f"{people:,}"), (_t("premium now (yuan)"), f"{premium:,.2f}"),
                (_t("columns of the file"), "、".join(column.heading for column in columns_for(hand_over))),
            ],
            form=ShownForm(request.POST if request.method == "POST" else None, initial={"shown": people}),
        )

    @action(description=_("Download"), url_path="download", permissions=["download"], icon="download")
    def download(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The file, in an archive that its password opens."""
        hand_over = self.visible_or_404(request, object_id)
        posted = request.method == "POST"

        def run(given: dict[str, Any]) -> Any:
            return as_download(actions.open_handover(hand_over, **given), hand_over)

        return self.button_page(
            request, title=_t("Download"), button=_t("Download"), subject=hand_over, run=run, facts=facts_of(hand_over),
            sentence=_t(
                "The file holds personal data, for this purpose and recipient, in an archive that this password opens. It is kept "
                "nowhere: note it now, and tell it by another way than the file. Each download is recorded."
            ),
            form=PasswordForm(request.POST if posted else None),
        )

    @action(description=_("Upload a receipt"), url_path="receive", permissions=["receive"], icon="upload_file")
    def receive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take in what the insurer answered."""
        hand_over = self.visible_or_404(request, object_id)
        posted = request.method == "POST"

        def run(given: dict[str, Any]) -> HttpResponse:
            receipt = actions.upload_receipt(
                [(file.name, file) for file in given["file"]], hand_over=hand_over, by=given["by"], at=given["at"]
            )
            self.message_user(request, _t("The file has been received and is being checked."))
            return HttpResponseRedirect(reverse("admin:handover_receipt_change", args=[receipt.pk]))

        return self.button_page(
            request, title=_t("Upload a receipt"), button=_t("Upload"), subject=hand_over, run=run, facts=facts_of(hand_over),
            sentence=_t("Each line is found by the cover number. Nothing takes effect before another person approves it."),
            form=ReceiptForm(request.POST if posted else None, request.FILES if posted else None),
        )

    @action(description=_("Withdraw"), url_path="withdraw", permissions=["release"], icon="undo")
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take it back before anything is answered."""
        hand_over = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.withdraw_handover(hand_over, **given)
            return _t("The hand-over was withdrawn.")

        return self.button_page(
            request, title=_t("Withdraw the hand-over"), button=_t("Withdraw"), subject=hand_over, run=run, danger=True,
            facts=facts_of(hand_over), form=ReasonForm(request.POST if request.method == "POST" else None),
            sentence=_t(
                "Its file is deleted and its people can be handed over anew. Tell the insurer what it has received already."
            ),
        )


def as_download(content: Any, hand_over: HandOver) -> StreamingHttpResponse:
    """An archive that no cache keeps; its length shows only at its end."""
    answer = StreamingHttpResponse(content, content_type="application/zip")
    name = f"{actions.file_name(hand_over)}.zip"
    answer["Content-Disposition"] = f"attachment; filename=\"{name}\"; filename*=UTF-8''{quote(name)}"
    answer["Cache-Control"] = "no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def badge(hand_over: HandOver) -> SafeString:
    """A hand-over's state."""
    return render_to_string(
        "portal/badge.html", {"text": hand_over.get_state_display(), "tone": TONES[HandOverState(hand_over.state)]}
    )


def facts_of(hand_over: HandOver) -> list[tuple[str, Any]]:
    """What a hand-over is, as its page and its confirm pages say it."""
    return [
        (_t("program"), hand_over.program.name),
        (_t("period"), hand_over.period.code),
        (_t("office"), hand_over.organization.name),
        (_t("insurer"), hand_over.insurer.name),
        (_t("what is handed over"), hand_over.get_kind_display()),
        (_t("month"), f"{hand_over.month:%Y-%m}" if hand_over.month else ""),
        (_t("insurer's format"), str(hand_over.format)),
        (_t("purpose"), hand_over.purpose),
        (_t("recipient"), hand_over.recipient),
        *(
            [(_t("people"), f"{hand_over.people:,}"), (_t("premium (yuan)"), f"{hand_over.premium:,.2f}")]
            if hand_over.state != HandOverState.PROPOSED else []
        ),
    ]


def page_context(hand_over: HandOver, request: HttpRequest) -> dict[str, Any]:
    """Facts, file, answers with the way to their lists, statement, receipts."""
    told = hand_over.state in _TOLD
    seen = Receipt.objects.visible_to(request.user, "handover.view_receipt").filter(hand_over=hand_over)
    return {
        "hand_over": hand_over,
        "badge": badge(hand_over),
        "facts": [
            *facts_of(hand_over),
            (_t("put forward by"), _who(hand_over.proposed_by, hand_over.proposed_at)),
            (_t("released by"), _who(hand_over.released_by, hand_over.released_at)),
            *([(_t("withdrawn by"), hand_over.withdrawn_by.get_full_name())] if hand_over.withdrawn_by else []),
            *([(_t("reason for the withdrawal"), hand_over.reason)] if hand_over.reason else []),
            *([(_t("file"), file_in_words(hand_over))] if hand_over.folder else []),
        ],
        "job": Job.objects.about(hand_over).order_by("-pk").first() if told and hand_over.written_at is None else None,
        "answers": answers_of(hand_over, request.user) if told else [],
        "tables": tables_of(statement_of(hand_over)) if told else [],
        "receipts": [
            (each, reverse("admin:handover_receipt_change", args=[each.pk]))
            for each in seen.select_related("uploaded_by").order_by("-pk")[:20]
        ],
        "told": told,
    }


def _who(user: Any, at: Any) -> str:
    return f"{user.get_full_name()} {timezone.localtime(at):%Y-%m-%d %H:%M}" if user and at else ""


def file_in_words(hand_over: HandOver) -> str:
    """Where its file stands."""
    if hand_over.purged_at is not None:
        return _t("deleted when its time was over")
    if hand_over.written_at is None:
        return _t("being written") if hand_over.state != HandOverState.WITHDRAWN else ""
    return _t("%(size)s, kept until %(day)s") % {"size": filesizeformat(hand_over.size or 0), "day": hand_over.purge_on}


def answers_of(hand_over: HandOver, user: Any) -> list[tuple[str, str, str, str]]:
    """(label, number, address of the list, tone) of accepted, refused and open lines."""
    lines = reverse("admin:handover_handoverline_changelist")
    sees = user.has_perm("handover.view_handoverline")
    return [
        (label, f"{number:,}", f"{lines}?hand_over__id__exact={hand_over.pk}&answer={answer}" if sees else "", tone)
        for label, number, answer, tone in (
            (_t("accepted by the insurer"), hand_over.accepted, "accepted", "good"),
            (_t("refused by the insurer"), hand_over.refused, "refused", "bad"),
            (_t("not answered"), hand_over.open_lines, "open", "wait"),
        )
    ]


def tables_of(found: Statement) -> list[dict[str, Any]]:
    """The statement's parts, each with the whole below it."""
    return [
        {"key": key, "title": title, "head": head, "lines": lines, "total": found.total}
        for key, title, head, lines in (
            ("payers", _t("Premium by payer"), _t("payer"), found.payers),
            ("counties", _t("Premium by county"), _t("county"), found.counties),
            ("categories", _t("Premium by category"), _t("category"), found.categories),
            *([("insurers", _t("Premium by insurer"), _t("insurer"), found.insurers)] if found.insurers else []),
        )
    ]
