"""Reviews of periods in the admin: drawn up, approved by another, printed."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget

from audit import badges
from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from audit.exporting import ExportColumn
from audit.naming import as_recorded
from intake.pages.forms import DigestForm, ReasonForm
from programs.models import Period
from years import actions
from years.actions.reviews import APPROVE, DRAW
from years.models import PlanReview, ReviewState
from years.models.review import STANDING
from years.reviewing import lines_of

TONES = {ReviewState.DRAWN: "wait", ReviewState.APPROVED: "good", ReviewState.DECLINED: "bad"}


def to_review(user: Any) -> QuerySet[Period]:
    """Periods that are over and wait to be reviewed: their plan says what it expected, and no review stands."""
    standing = PlanReview.objects.filter(period=OuterRef("pk"), state__in=STANDING)
    over = Period.objects.visible_to(user, DRAW).filter(ends_on__lte=timezone.localdate(), plan__expectation__isnull=False)
    return over.filter(~Exists(standing)).select_related("program").order_by("-ends_on")


class DrawUpForm(forms.Form):
    """Which period."""

    period = forms.ModelChoiceField(Period.objects.none(), label=_("period"), widget=UnfoldAdminSelectWidget())

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["period"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = to_review(by)


@admin.register(PlanReview)
class PlanReviewAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Reviews, newest first."""

    list_display = ("number", "period_code", "program", "standing", "drawn_at", "drawer", "decider", "decided_at")
    export_columns = (
        "number", "period_code", "program", "state",
        ExportColumn("digest", _("checksum of the review"), lambda review: review.digest), "drawn_at", "decided_at", "reason",
    )
    list_filter = ("state", "program")
    list_select_related = ("period__program", "program", "drawn_by", "decided_by")
    search_fields = ("=id",)
    search_help_text = _("Number of a review")
    sortable_by = ("number",)
    ordering = ("-id",)
    change_form_template = "years/review_page.html"
    fields = ("state",)
    readonly_fields = fields
    actions_list = ("draw_up",)
    actions_detail = ("approve", "decline", "print")
    #: Button -> states in which it does something.
    button_states: ClassVar[dict[str, tuple[ReviewState, ...]]] = {
        "approve": (ReviewState.DRAWN,), "decline": (ReviewState.DRAWN,), "print": tuple(ReviewState),
    }

    has_draw_permission = holds(DRAW)
    has_approve_permission = holds(APPROVE)
    has_read_permission = holds("years.view_planreview")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "program__organization", "period__program", "plan", "drawn_by", "decided_by"
        )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something in the review's state, for this user."""
        offered = super().get_actions_detail(request, object_id)
        found = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        return [
            button for button in offered
            if found is not None and found.state in self.button_states[button.method.__name__]
            and not (found.drawn_by_id == request.user.pk and button.method.__name__ in ("approve", "decline"))
        ]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The review's page."""
        found = self.visible_or_404(request, object_id)
        context = {**context_of(found), "title": str(found), "badge": badge(found)}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @display(description=_("no."), ordering="id")
    def number(self, review: PlanReview) -> str:
        """The review's number."""
        return f"#{review.pk}"

    @display(description=_("period"))
    def period_code(self, review: PlanReview) -> str:
        """The program year."""
        return review.period.code

    @display(description=_("state"))
    def standing(self, review: PlanReview) -> SafeString:
        """The state as a badge."""
        return badge(review)

    @display(description=_("drawn up by"))
    def drawer(self, review: PlanReview) -> str:
        """As colleagues know them."""
        return review.drawn_by.get_full_name()

    @display(description=_("decided by"))
    def decider(self, review: PlanReview) -> str:
        """As colleagues know them."""
        return review.decided_by.get_full_name() if review.decided_by is not None else "—"

    @action(description=_("Draw up a review"), url_path="draw-up", permissions=["draw"], icon="query_stats")
    def draw_up(self, request: HttpRequest) -> HttpResponse:
        """Hold a period that is over against what was expected of it."""
        posted = request.method == "POST"
        form = DrawUpForm(request.POST if posted else None, by=request.user, initial={"period": request.GET.get("period", "")})

        def run(given: dict[str, Any]) -> HttpResponse:
            review = actions.draw_up_review(given["period"], by=given["by"], at=given["at"])
            messages.success(request, _t("Drawn up: a colleague who checks approves it."))
            return HttpResponseRedirect(self.address(review))

        return self.button_page(
            request, title=_t("Draw up a review"), button=_t("Draw up"), run=run, form=form,
            sentence=_t(
                "What came of the period is counted as of now, beside what its plan expected. The figures are kept with their "
                "definitions and never change."
            ),
            warnings=[] if to_review(request.user).exists() else [_t("No period is over whose plan says what it expected.")],
        )

    @action(description=_("Approve"), url_path="approve", permissions=["approve"], icon="verified")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """It stands."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.approve_review(found, **given)
            return _t("The review is approved.")

        return self.button_page(
            request, title=_t("Approve the review"), button=_t("Approve"), subject=found, run=run,
            facts=[*facts_of(found), *((line.title, f"{line.expected} → {line.actual}") for line in lines_of(found.figures))],
            sentence=_t("It stands for good. A period has one review."),
            form=DigestForm(request.POST if request.method == "POST" else None, initial={"digest": found.digest}),
        )

    @action(description=_("Send back"), url_path="decline", permissions=["approve"], icon="undo")
    def decline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """It is drawn up anew."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.decline_review(found, **given)
            return _t("Sent back: it is drawn up anew.")

        return self.button_page(
            request, title=_t("Send the review back"), button=_t("Send back"), subject=found, run=run, danger=True,
            facts=facts_of(found), form=ReasonForm(request.POST if request.method == "POST" else None),
            sentence=_t("It stays on record, and another is drawn up once what is wrong is put right."),
        )

    @action(description=_("Print"), url_path="print", permissions=["read"], icon="print")
    def print(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The review on paper: what is kept, and nothing else; it holds no person."""
        found = self.visible_or_404(request, object_id)
        answer = render(request, "years/review_paper.html", context_of(found))
        answer["Cache-Control"] = "no-store"
        return answer


def badge(review: PlanReview) -> SafeString:
    """A review's state."""
    return badges.badge(review.get_state_display(), TONES[ReviewState(review.state)])


def facts_of(review: PlanReview) -> list[tuple[str, Any]]:
    """What a review is, as its page, its confirm pages and its paper say it."""
    return [
        (_t("program"), review.program.name),
        (_t("period"), review.period.code),
        (_t("plan"), str(review.plan)),
        (_t("office"), review.program.organization.name),
        (_t("state"), review.get_state_display()),
        (_t("drawn up by"), _who(review.drawn_by, review.drawn_at)),
        (_t("decided by"), _who(review.decided_by, review.decided_at)),
        *([(_t("reason"), review.reason)] if review.reason else []),
        (_t("checksum of the review"), as_recorded(review.digest)),
    ]


def context_of(review: PlanReview) -> dict[str, Any]:
    """Facts and figures, for its page and its paper."""
    return {"found": review, "facts": facts_of(review), "lines": lines_of(review.figures)}


def _who(user: Any, at: Any) -> str:
    return f"{user.get_full_name()} {timezone.localtime(at):%Y-%m-%d %H:%M}" if user is not None and at is not None else ""
