"""Complaints and appeals in the admin: recorded from a claim's page, answered by somebody independent, told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.admin.places import PlaceColumn
from accounts.models import Region
from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from audit.exporting import ExportColumn
from claims.models import Claim, LetterFormat, number_in
from complaints import actions
from complaints.admin.forms import AnswerForm, ClaimForm, ComplaintForm, DayForm, PrintForm, ReasonForm, WhoForm
from complaints.admin.statistics import StatisticsPages
from complaints.errors import ComplaintsRefused
from complaints.independence import answerable_by
from complaints.marks import NEAR, due_badge, state_badge
from complaints.models import Complaint, ComplaintState, Extension, ExtensionState, Kind
from complaints.rules.terms import SOURCE, review_until
from complaints.stepping import ANSWER, EXTEND, RECORD

_TYPES = {
    LetterFormat.PDF: "application/pdf",
    LetterFormat.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


class DueFilter(admin.SimpleListFilter):
    """By when the answer is due."""

    title = _("due")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Over, or soon."""
        return [("over", _("Overdue")), ("soon", _("Within three days"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Those whose term runs."""
        today = timezone.localdate()
        known: dict[str, dict[str, Any]] = {
            "over": {"due_on__lt": today}, "soon": {"due_on__range": (today, today + timedelta(days=NEAR))},
        }
        within = known.get(self.value() or "")
        running = (ComplaintState.OPEN, ComplaintState.ANSWERED)
        return queryset.filter(state__in=running, **within) if within else queryset


@admin.register(Complaint)
class ComplaintAdmin(StatisticsPages, PlaceColumn, ButtonPages, ReadOnlyScopedAdmin):
    """Complaints, newest first."""

    list_display = (
        "number_shown", "kind", "topic", "claim_number", "person_name", "place", "standing", "outcome_shown", "received_on", "due",
    )
    export_columns = (
        "number_shown", "kind", "topic", ExportColumn("claim_number", _("claim number"), lambda row: row.claim.number), "program",
        "organization", "place", "state", "outcome", "complainant", "channel", "received_on", "due_on", "answered_at", "told_on",
    )
    list_filter = ("state", DueFilter, "kind", "topic", "outcome", "channel", "program", "organization", "received_on")
    list_select_related = ("claim__enrollment__person", "program")
    search_fields = ("=id",)
    search_help_text = _("Number of a complaint, or of a claim")
    sortable_by = ("number_shown", "received_on", "due")
    ordering = ("-id",)
    fields = (
        "number_shown", "kind", "topic", "standing", "claim_number", "decision_shown", "of_shown", "person_name", "program",
        "organization", "place_shown", "complainant", "complainant_shown", "channel", "words_shown", "received_on", "due",
        "terms_shown", "recorder", "recorded_at", "outcome_shown", "answer_shown", "answerer", "answered_at", "told_on",
        "withdrawn_shown",
    )
    readonly_fields = fields
    actions_list = ("record", "statistics")
    actions_detail = (
        "answer", "tell", "print_answer", "ask_extension", "approve_extension", "decline_extension", "tell_extension", "ask_review",
        "withdraw",
    )
    #: Button -> states in which it does something.
    button_states: ClassVar[dict[str, tuple[str, ...]]] = {
        **dict.fromkeys(
            ("answer", "ask_extension", "approve_extension", "decline_extension", "withdraw"), (ComplaintState.OPEN,)
        ),
        "tell": (ComplaintState.ANSWERED,), "print_answer": (ComplaintState.ANSWERED, ComplaintState.TOLD),
        "tell_extension": (ComplaintState.OPEN, ComplaintState.ANSWERED), "ask_review": (ComplaintState.TOLD,),
    }

    has_record_permission = holds(RECORD)
    has_answer_permission = holds(ANSWER)
    has_extend_permission = holds(EXTEND)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "claim__enrollment__person", "program", "organization", "recorded_by", "answered_by", "decision", "of"
        )

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """By the numbers that are printed."""
        own, claim = number_in(search_term, "T"), number_in(search_term, "P")
        if own is not None:
            return queryset.filter(pk=own), False
        if claim is not None:
            return queryset.filter(claim=claim), False
        return super().get_search_results(request, queryset, search_term)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something in the complaint's state, for this user."""
        offered = super().get_actions_detail(request, object_id)
        found = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        if found is None:
            return []
        user: Any = request.user
        asked = [each for each in found.extensions.all() if each.state == ExtensionState.ASKED]
        waits = any(each.asked_by_id != user.pk for each in asked)
        longer = [each for each in found.extensions.all() if each.state != ExtensionState.DECLINED]
        told = review_until(found.told_on) if found.told_on is not None else None
        fits: dict[str, bool] = {
            "answer": answerable_by(Complaint.objects.filter(pk=found.pk), user).exists(),
            "ask_extension": found.kind != Kind.REVIEW and not asked and len(longer) < 2 and found.due_on >= timezone.localdate(),
            "approve_extension": waits, "decline_extension": waits,
            "tell_extension": any(each.state == ExtensionState.APPROVED and each.told_on is None for each in longer),
            "ask_review": found.kind != Kind.REVIEW and told is not None and timezone.localdate() <= told
            and not Complaint.objects.filter(of=found.pk).exists(),
        }
        return [
            button for button in offered
            if found.state in self.button_states[button.method.__name__] and fits.get(button.method.__name__, True)
        ]

    @display(description=_("no."), ordering="id")
    def number_shown(self, complaint: Complaint) -> str:
        """投诉编号."""
        return complaint.number

    @display(description=_("claim number"))
    def claim_number(self, complaint: Complaint) -> str:
        """赔案号."""
        return complaint.claim.number

    @display(description=_("decision appealed against"))
    def decision_shown(self, complaint: Complaint) -> str:
        """The one that is appealed against."""
        decision = complaint.decision
        if decision is None:
            return "—"
        return _t("Decision %(number)d: %(outcome)s") % {"number": decision.number, "outcome": decision.get_outcome_display()}

    @display(description=_("review of"))
    def of_shown(self, complaint: Complaint) -> str:
        """The answer that is looked at again."""
        return complaint.of.number if complaint.of is not None else "—"

    @display(description=_("insured person"))
    def person_name(self, complaint: Complaint) -> str:
        """Masked."""
        return str(complaint.claim.enrollment.person.name)

    @display(description=_("name of whoever complains"))
    def complainant_shown(self, complaint: Complaint) -> str:
        """Masked."""
        return str(complaint.complainant_name or "—")

    @display(description=_("in their words"))
    def words_shown(self, complaint: Complaint) -> str:
        """For whoever answers: it is what they read."""
        return complaint.words.told() if complaint.words is not None else "—"

    @display(description=_("answer"))
    def answer_shown(self, complaint: Complaint) -> str:
        """What was found."""
        return complaint.answer.told() if complaint.answer is not None else "—"

    @display(description=_("outcome"), ordering="outcome")
    def outcome_shown(self, complaint: Complaint) -> str:
        """In a word."""
        return complaint.get_outcome_display() or "—"

    @display(description=_("region"))
    def place_shown(self, complaint: Complaint) -> str:
        """By name."""
        code = complaint.region_code
        return Region.objects.names_of([code]).get(code, code)

    @display(description=_("longer terms"))
    def terms_shown(self, complaint: Complaint) -> str:
        """What was asked for, and what became of it."""
        said = [
            _t("%(step)s, until %(day)s: %(state)s (%(reason)s)") % {
                "step": each.get_step_display(), "day": f"{each.until:%Y-%m-%d}", "state": each.get_state_display(),
                "reason": each.reason,
            }
            for each in complaint.extensions.all()
        ]
        return "；".join(said) or "—"

    @display(description=_("recorded by"))
    def recorder(self, complaint: Complaint) -> str:
        """As colleagues know them."""
        return complaint.recorded_by.get_full_name()

    @display(description=_("answered by"))
    def answerer(self, complaint: Complaint) -> str:
        """As colleagues know them."""
        return complaint.answered_by.get_full_name() if complaint.answered_by is not None else "—"

    @display(description=_("why it was withdrawn"))
    def withdrawn_shown(self, complaint: Complaint) -> str:
        """As they said."""
        return complaint.withdrawn_because or "—"

    @display(description=_("state"), ordering="state")
    def standing(self, complaint: Complaint) -> SafeString:
        """As a badge."""
        return state_badge(complaint)

    @display(description=_("to be told until"), ordering="due_on")
    def due(self, complaint: Complaint) -> SafeString | str:
        """The last day while the term runs, marked when it is near or over."""
        return due_badge(complaint, today=timezone.localdate())

    @action(description=_("Record a complaint or appeal"), url_path="record", permissions=["record"], icon="feedback")
    def record(self, request: HttpRequest) -> HttpResponse:
        """About a claim, from its page or by its number."""
        wanted = number_in(request.GET.get("claim", ""), "P")
        claims = Claim.objects.visible_to(request.user, RECORD).select_related("enrollment__person", "program", "organization")
        claim = claims.filter(pk=wanted).first() if wanted is not None else None
        if claim is None:
            return self._which(request)

        def run(given: dict[str, Any]) -> HttpResponse:
            made = actions.record_complaint(claim, **given)
            self.message_user(request, _t("Recorded as %(number)s; to be told until %(day)s.") % {
                "number": made.number, "day": f"{made.due_on:%Y-%m-%d}",
            })
            return HttpResponseRedirect(self.address(made))

        return self.button_page(
            request, title=_t("Record a complaint or appeal"), button=_t("Record"), run=run,
            sentence=_t("It is answered by somebody who had no hand in the claim, within 15 days."),
            facts=[
                (_t("claim number"), claim.number), (_t("insured person"), str(claim.enrollment.person.name)),
                (_t("program"), claim.program.name),
                (_t("laid down in"), format_html('<span translate="no" lang="zh-Hans">{}</span>', SOURCE)),
            ],
            form=ComplaintForm(request.POST if request.method == "POST" else None),
            back=reverse("admin:claims_claim_change", args=[claim.pk]),
        )

    def _which(self, request: HttpRequest) -> HttpResponse:
        """Ask for the number of a claim, then for the rest."""

        def run(given: dict[str, Any]) -> HttpResponse:
            wanted = number_in(given["number"], "P")
            if wanted is None or not Claim.objects.visible_to(request.user, RECORD).filter(pk=wanted).exists():
                raise ComplaintsRefused("NO_SUCH_CLAIM")
            number = "".join(given["number"].split())
            return HttpResponseRedirect(f"{reverse('admin:complaints_complaint_record')}?{urlencode({'claim': number})}")

        return self.button_page(
            request, title=_t("Record a complaint or appeal"), button=_t("Go on to the form"), run=run, back=self.address(None),
            sentence=_t("Name the claim, or open its page and record it from there."),
            form=ClaimForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Answer"), url_path="answer", permissions=["answer"], icon="reply")
    def answer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What was found, by somebody independent."""
        complaint = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.answer_complaint(complaint, **given)
            return _t("Answered: it is told to whoever complained next.")

        appeal = complaint.decision_id is not None
        return self.button_page(
            request, title=_t("Answer"), button=_t("Answer"), subject=complaint, run=run,
            facts=[*facts_of(complaint), (_t("in their words"), self.words_shown(complaint))],
            sentence=_t("If it is upheld, wholly or partly, the claim is reopened at once and decided anew.") if appeal
            else _t("It is told to whoever complained, with the way to a review."),
            form=AnswerForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Told"), url_path="tell", permissions=["record"], icon="mark_email_read")
    def tell(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Whoever complained knows the answer."""
        complaint = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.tell_answer(complaint, **given)
            return _t("Kept: the answer was told.")

        return self.button_page(
            request, title=_t("The answer was told"), button=_t("Keep"), subject=complaint, run=run, facts=facts_of(complaint),
            sentence=_t("The term ends on this day, and 30 days begin in which a review may be asked for."),
            form=DayForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Print the answer"), url_path="letter", permissions=["record"], icon="mail")
    def print_answer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """As a letter."""
        complaint = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            content = actions.print_answer(complaint, **given)
            answer = HttpResponse(content, content_type=_TYPES[given["file_format"]])
            answer["Content-Disposition"] = f'attachment; filename="{complaint.number}.{given["file_format"]}"'
            answer["Cache-Control"] = "no-store"
            answer["X-Content-Type-Options"] = "nosniff"
            return answer

        return self.button_page(
            request, title=_t("Print the answer"), button=_t("Print"), subject=complaint, run=run, facts=facts_of(complaint),
            sentence=_t("The letter names people in full: it is for whoever complained. Each printing is recorded."),
            form=PrintForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Ask for a longer term"), url_path="extension", permissions=["extend"], icon="more_time")
    def ask_extension(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """It is complex."""
        complaint = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            asked = actions.ask_extension(complaint, **given)
            return _t("Asked for: until %(day)s, once a colleague approves it.") % {"day": f"{asked.until:%Y-%m-%d}"}

        return self.button_page(
            request, title=_t("Ask for a longer term"), button=_t("Ask for it"), subject=complaint, run=run,
            facts=facts_of(complaint),
            sentence=_t(
                "A complex complaint is answered within 30 days, a specially complex one within another 30. The reason is told "
                "to whoever complained."
            ),
            form=ReasonForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Approve the longer term"), url_path="extension-approve", permissions=["answer"], icon="check")
    def approve_extension(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """By another person."""
        complaint = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.approve_extension(complaint, **given)
            return _t("Approved: whoever complained is told of it.")

        return self.button_page(
            request, title=_t("Approve the longer term"), button=_t("Approve"), subject=complaint, run=run,
            facts=[*facts_of(complaint), *asked_facts(complaint)],
            sentence=_t("The second one is approved by the office above, or by another than the first."),
        )

    @action(description=_("Decline the longer term"), url_path="extension-decline", permissions=["answer"], icon="block")
    def decline_extension(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """It is answered in time."""
        complaint = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.decline_extension(complaint, **given)
            return _t("Declined.")

        return self.button_page(
            request, title=_t("Decline the longer term"), button=_t("Decline"), subject=complaint, run=run, danger=True,
            facts=[*facts_of(complaint), *asked_facts(complaint)], sentence=_t("It is answered within the term that it has."),
        )

    @action(description=_("Told of the longer term"), url_path="extension-tell", permissions=["record"], icon="schedule_send")
    def tell_extension(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Whoever complained knows until when it takes, and why."""
        complaint = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.tell_extension(complaint, **given)
            return _t("Kept: the longer term was told.")

        return self.button_page(
            request, title=_t("The longer term was told"), button=_t("Keep"), subject=complaint, run=run,
            facts=[*facts_of(complaint), (_t("longer terms"), self.terms_shown(complaint))],
            sentence=_t("Whoever complained was told until when it takes, and why."),
            form=DayForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Record a review"), url_path="review", permissions=["record"], icon="policy")
    def ask_review(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Whoever complained wants the office above to look at the answer."""
        complaint = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            made = actions.ask_review(complaint, **given)
            self.message_user(request, _t("Recorded as %(number)s; to be told until %(day)s.") % {
                "number": made.number, "day": f"{made.due_on:%Y-%m-%d}",
            })
            return HttpResponseRedirect(self.address(made))

        return self.button_page(
            request, title=_t("Record a review"), button=_t("Record"), subject=complaint, run=run, facts=facts_of(complaint),
            sentence=_t("The office above looks at the answer and decides within 30 days; once, and asked for within 30 days."),
            form=WhoForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Withdraw"), url_path="withdraw", permissions=["record"], icon="undo")
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Whoever complained takes it back."""
        complaint = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.withdraw_complaint(complaint, **given)
            return _t("Withdrawn.")

        return self.button_page(
            request, title=_t("Withdraw the complaint"), button=_t("Withdraw"), subject=complaint, run=run, danger=True,
            facts=facts_of(complaint), sentence=_t("Only when whoever complained says so."),
            form=ReasonForm(request.POST if request.method == "POST" else None),
        )


def facts_of(complaint: Complaint) -> list[tuple[str, Any]]:
    """What a confirm page says about a complaint."""
    return [
        (_t("no."), complaint.number),
        (_t("kind"), f"{complaint.get_kind_display()} · {complaint.get_topic_display()}"),
        (_t("claim number"), complaint.claim.number),
        (_t("insured person"), str(complaint.claim.enrollment.person.name)),
        (_t("who complains"), complaint.get_complainant_display()),
        (_t("received on"), complaint.received_on),
        (_t("to be told until"), complaint.due_on),
        (_t("recorded by"), complaint.recorded_by.get_full_name()),
    ]


def asked_facts(complaint: Complaint) -> Sequence[tuple[str, Any]]:
    """The longer term that waits."""
    asked = Extension.objects.filter(complaint=complaint, state=ExtensionState.ASKED).select_related("asked_by").first()
    if asked is None:
        return []
    return [
        (_t("longer until"), asked.until), (_t("reason"), asked.reason), (_t("asked for by"), asked.asked_by.get_full_name()),
    ]
