"""Requests of people about their data in the admin: recorded at the counter, decided by the person in charge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.admin.places import PlaceColumn
from accounts.models import Region
from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from beneficiaries.models import Beneficiary, Enrollment
from beneficiaries.models.enrollment import enrollment_id_of
from papers import actions
from papers.actions.requests import RECORD
from papers.admin.forms import AnswerForm, CoverForm, RequestForm
from papers.errors import PapersRefused
from papers.models import RESTRICTING, PersonRequest, RequestKind, RequestState

TONES = {
    RequestState.ASKED: "wait", RequestState.GRANTED: "good", RequestState.DECLINED: "bad", RequestState.WITHDRAWN: "calm",
}
#: Days before the last one from which a request is shown as pressing.
SOON = 3


@admin.register(PersonRequest)
class PersonRequestAdmin(PlaceColumn, ButtonPages, ReadOnlyScopedAdmin):
    """Requests, newest first."""

    list_display = ("number", "kind", "person_name", "program", "place", "standing", "received_on", "due")
    export_columns = (
        "number", "kind", "program", "organization", "place", "state", "asker", "identity_check", "received_on", "due_on",
        "decided_at", "kept_until",
    )
    list_filter = ("state", "kind", "program", "organization", "received_on")
    list_select_related = ("program", "person")
    search_fields = ("=id",)
    search_help_text = _("Number of a request")
    sortable_by = ("number", "received_on")
    ordering = ("-id",)
    fields = (
        "number", "kind", "standing", "person_name", "program", "organization", "place_shown", "asker", "asker_shown",
        "identity_check", "said", "received_on", "due", "recorder", "recorded_at", "answer_shown", "decider", "decided_at",
        "kept_until", "completed_at", "copy",
    )
    readonly_fields = fields
    actions_list = ("record",)
    actions_detail = ("grant", "decline", "hand_over", "lift", "take_back")
    #: Button -> states in which it does something.
    button_states: ClassVar[dict[str, tuple[str, ...]]] = {
        "grant": (RequestState.ASKED,), "decline": (RequestState.ASKED,), "take_back": (RequestState.ASKED,),
        "hand_over": (RequestState.GRANTED,), "lift": (RequestState.GRANTED,),
    }

    has_record_permission = holds(RECORD)
    has_decide_permission = holds("papers.decide_request")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "person", "program", "organization", "recorded_by", "decided_by", "beneficiary"
        )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something in the request's state, for this user."""
        offered = super().get_actions_detail(request, object_id)
        found = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        if found is None:
            return []
        mine = found.recorded_by_id == request.user.pk
        fits = {
            "grant": not mine, "decline": not mine, "take_back": True,
            "hand_over": mine and bool(found.storage_key) and found.purged_at is None,
            "lift": found.kind in RESTRICTING and found.beneficiary.restricted_at is not None,
        }
        return [
            button for button in offered
            if found.state in self.button_states[button.method.__name__] and fits[button.method.__name__]
        ]

    @display(description=_("no."), ordering="id")
    def number(self, asked: PersonRequest) -> str:
        """The request's number."""
        return f"#{asked.pk}"

    @display(description=_("name"))
    def person_name(self, asked: PersonRequest) -> str:
        """Masked."""
        return str(asked.person.name)

    @display(description=_("name of whoever asks"))
    def asker_shown(self, asked: PersonRequest) -> str:
        """Masked."""
        return str(asked.asker_name or "—")

    @display(description=_("recorded by"))
    def recorder(self, asked: PersonRequest) -> str:
        """As colleagues know them."""
        return asked.recorded_by.get_full_name()

    @display(description=_("decided by"))
    def decider(self, asked: PersonRequest) -> str:
        """As colleagues know them."""
        return asked.decided_by.get_full_name() if asked.decided_by is not None else "—"

    @display(description=_("answer"))
    def answer_shown(self, asked: PersonRequest) -> str:
        """What the person was told."""
        return asked.answer or "—"

    @display(description=_("in the person's words"))
    def said(self, asked: PersonRequest) -> str:
        """Whether something is kept."""
        return _t("kept sealed") if asked.text is not None else "—"

    @display(description=_("region"))
    def place_shown(self, asked: PersonRequest) -> str:
        """By name."""
        return Region.objects.names_of([asked.region_code]).get(asked.region_code, asked.region_code)

    @display(description=_("state"), ordering="state")
    def standing(self, asked: PersonRequest) -> SafeString:
        """The state as a badge."""
        return render_to_string("portal/badge.html", {"text": asked.get_state_display(), "tone": TONES[RequestState(asked.state)]})

    @display(description=_("to be answered until"), ordering="due_on")
    def due(self, asked: PersonRequest) -> SafeString | str:
        """The last day; marked when it is near or over."""
        day = f"{asked.due_on:%Y-%m-%d}"
        left = (asked.due_on - timezone.localdate()).days
        if asked.state != RequestState.ASKED or left > SOON:
            return day
        text = _t("%(day)s, overdue") % {"day": day} if left < 0 else _t("%(day)s, soon") % {"day": day}
        return render_to_string("portal/badge.html", {"text": text, "tone": "bad" if left < 0 else "wait"})

    @display(description=_("copy of the data"))
    def copy(self, asked: PersonRequest) -> str:
        """Whether it waits, and until when."""
        if not asked.storage_key or asked.purge_on is None:
            return "—"
        said = _t("deleted") if asked.purged_at is not None else _t("waits until %(day)s for whoever recorded the request")
        return said % {"day": f"{asked.purge_on:%Y-%m-%d}"}

    @action(description=_("Record a request"), url_path="record", permissions=["record"], icon="privacy_tip")
    def record(self, request: HttpRequest) -> HttpResponse:
        """What somebody asks about a person, from that person's page."""
        number = request.GET.get("person", "")
        asked = int(number) if number.isascii() and number.isdecimal() and len(number) <= 18 else 0
        known = Beneficiary.objects.visible_to(request.user, RECORD).select_related("person", "organization", "program")
        beneficiary = known.filter(person=asked).order_by("pk").first()
        if beneficiary is None:
            return self._whose(request)
        kinds = [kind for kind in RequestKind if kind != RequestKind.LIFTING]
        back = reverse("admin:beneficiaries_person_change", args=[beneficiary.person_id])
        return self._record_page(request, beneficiary, kinds, back=back)

    def _whose(self, request: HttpRequest) -> HttpResponse:
        """Ask for the number of a cover of the person, then for the rest."""

        def run(given: dict[str, Any]) -> HttpResponse:
            covers = Enrollment.objects.visible_to(request.user, RECORD)
            cover = covers.filter(pk=enrollment_id_of(given["number"]) or 0).first()
            if cover is None:
                raise PapersRefused("NO_SUCH_COVER")
            return HttpResponseRedirect(
                f"{reverse('admin:papers_personrequest_record')}?{urlencode({'person': cover.person_id})}"
            )

        return self.button_page(
            request, title=_t("Record a request"), button=_t("Next"), run=run, back=self.address(None),
            sentence=_t("Name a cover of the person, or open the person's page and record it from there."),
            form=CoverForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Record the lifting"), url_path="lift", permissions=["record"], icon="lock_open")
    def lift(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The person asks that the office work with the data again."""
        earlier = self.visible_or_404(request, object_id)
        return self._record_page(request, earlier.beneficiary, [RequestKind.LIFTING], back=self.address(earlier))

    def _record_page(
        self, request: HttpRequest, beneficiary: Beneficiary, kinds: Sequence[RequestKind], *, back: str
    ) -> HttpResponse:
        def run(given: dict[str, Any]) -> HttpResponse:
            made = actions.record_request(beneficiary, **given)
            self.message_user(request, _t("Recorded; the person in charge of personal information decides it."))
            return HttpResponseRedirect(reverse("admin:papers_personrequest_change", args=[made.pk]))

        return self.button_page(
            request, title=_t("Record a request"), button=_t("Record"), run=run, back=back,
            sentence=_t(
                "Everybody may see, copy, correct and delete what is held about them, or have it only kept. Check who asks."
            ),
            facts=[
                (_t("name"), str(beneficiary.person.name)), (_t("office"), beneficiary.organization.name),
                (_t("program"), beneficiary.program.name),
            ],
            form=RequestForm(request.POST if request.method == "POST" else None, kinds=kinds),
        )

    @action(description=_("Grant"), url_path="grant", permissions=["decide"], icon="check")
    def grant(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Do what was asked."""
        asked = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.grant_request(asked, **given)
            return _t("Granted.")

        return self.button_page(
            request, title=_t("Grant the request"), button=_t("Grant"), subject=asked, run=run, facts=facts_of(asked),
            sentence=str(OUTCOMES[RequestKind(asked.kind)]),
            form=AnswerForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Decline"), url_path="decline", permissions=["decide"], icon="block")
    def decline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Leave everything as it is, with a reason."""
        asked = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.decline_request(asked, **given)
            return _t("Declined.")

        return self.button_page(
            request, title=_t("Decline the request"), button=_t("Decline"), subject=asked, run=run, danger=True,
            facts=facts_of(asked), form=AnswerForm(request.POST if request.method == "POST" else None),
            sentence=_t("The person is told why, and may turn to a court."),
        )

    @action(description=_("Hand over the copy"), url_path="copy", permissions=["record"], icon="download")
    def hand_over(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The copy, to whoever recorded the request."""
        asked = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> Any:
            answer = StreamingHttpResponse(actions.open_copy(asked, **given), content_type="application/zip")
            answer["Content-Disposition"] = f'attachment; filename="request-{asked.pk}.zip"'
            answer["Cache-Control"] = "no-store"
            answer["X-Content-Type-Options"] = "nosniff"
            return answer

        return self.button_page(
            request, title=_t("Hand over the copy"), button=_t("Download"), subject=asked, run=run, facts=facts_of(asked),
            sentence=_t("The file holds everything about the person, in the clear: it is theirs alone. Each download is recorded."),
        )

    @action(description=_("Take back"), url_path="take-back", permissions=["record"], icon="undo")
    def take_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The person does not ask any more."""
        asked = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.withdraw_request(asked, **given)
            return _t("The request was taken back.")

        return self.button_page(
            request, title=_t("Take the request back"), button=_t("Take back"), subject=asked, run=run, facts=facts_of(asked),
            sentence=_t("Only when the person says so."),
        )


#: What granting does.
OUTCOMES = {
    RequestKind.ACCESS: _("A copy of everything that the office holds is gathered for the person."),
    RequestKind.CORRECTION: _(
        "The correction itself is proposed on the person's page and approved by a colleague; this answers the person."
    ),
    RequestKind.DELETION: _(
        "The law has the office keep the data of insured people: until then it is only kept, and the person is in no list any more."
    ),
    RequestKind.RESTRICTION: _("From now on the data is only kept: the person is in no list and found by no search any more."),
    RequestKind.WITHDRAWAL: _("From now on the data is only kept: the person is in no list and found by no search any more."),
    RequestKind.LIFTING: _("The office works with the data again."),
}


def facts_of(asked: PersonRequest) -> list[tuple[str, Any]]:
    """What a confirm page says about a request."""
    return [
        (_t("request"), asked.get_kind_display()),
        (_t("name"), str(asked.person.name)),
        (_t("office"), asked.organization.name),
        (_t("who asks"), asked.get_asker_display()),
        (_t("how the identity was checked"), asked.get_identity_check_display()),
        (_t("received on"), asked.received_on),
        (_t("to be answered until"), asked.due_on),
        (_t("recorded by"), asked.recorded_by.get_full_name()),
    ]
