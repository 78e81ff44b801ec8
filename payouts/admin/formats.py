"""Banks' formats in the admin: drafted, looked at with people who do not exist, approved by another."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from payouts import actions
from payouts.admin.forms import FormatForm
from payouts.columns import PLACES, written_codes, written_reasons
from payouts.errors import PayoutsRefused
from payouts.fields import BY_KEY
from payouts.models import BankFormat, FormatState
from payouts.preview import preview

TONES = {FormatState.DRAFT: "wait", FormatState.APPROVED: "good", FormatState.RETIRED: "calm"}


@admin.register(BankFormat)
class BankFormatAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Formats, newest first."""

    list_display = ("title", "bank", "takes", "organization", "standing", "drafted_at", "approved_at")
    export_columns = ("title", "bank", "takes", "organization", "state", "drafted_at", "approved_at")
    list_filter = ("state", "takes", "organization")
    list_select_related = ("organization",)
    search_fields = ("=name", "=bank")
    search_help_text = _("Name of a format or bank")
    sortable_by = ("drafted_at",)
    ordering = ("-id",)
    change_form_template = "payouts/format_page.html"
    fields = ("state",)
    readonly_fields = fields
    actions_list = ("draft",)
    actions_detail = ("approve", "edit", "renew", "retire")
    #: Button -> states in which it does something.
    button_states: ClassVar[dict[str, tuple[FormatState, ...]]] = {
        "approve": (FormatState.DRAFT,), "edit": (FormatState.DRAFT,), "renew": (FormatState.APPROVED, FormatState.RETIRED),
        "retire": (FormatState.APPROVED,),
    }

    has_draft_permission = holds("payouts.draft_format")
    has_approve_permission = holds("payouts.approve_format")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related("organization", "drafted_by", "approved_by")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something in the format's state."""
        offered = super().get_actions_detail(request, object_id)
        kept = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        return [
            button for button in offered
            if kept is not None and kept.state in self.button_states[button.method.__name__]
            and not (button.method.__name__ == "approve" and kept.drafted_by_id == request.user.pk)
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The format's page."""
        kept = self.visible_or_404(request, object_id)
        context = {**page_context(kept), "title": str(kept)}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @display(description=_("format"), ordering="id")
    def title(self, kept: BankFormat) -> str:
        """Name and version."""
        return f"{kept.name} {kept.number}"

    @display(description=_("state"), ordering="state")
    def standing(self, kept: BankFormat) -> SafeString:
        """The state as a badge."""
        return badge(kept)

    @action(description=_("New format"), url_path="draft", permissions=["draft"], icon="table_chart")
    def draft(self, request: HttpRequest) -> HttpResponse:
        """Say a bank's columns and words."""
        return self._draft_page(request, _t("New format"), FormatForm(self._posted(request), by=request.user))

    @action(description=_("New version"), url_path="renew", permissions=["draft"], icon="content_copy")
    def renew(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Draft the next version."""
        kept = self.visible_or_404(request, object_id)
        return self._draft_page(request, _t("New version"), FormatForm(self._posted(request), by=request.user, kept=kept))

    def _draft_page(self, request: HttpRequest, title: str, form: FormatForm) -> HttpResponse:
        def run(given: dict[str, Any]) -> HttpResponse:
            draft = actions.draft_format(
                given["organization"], bank=given["bank"], name=given["name"], terms=given["terms"], by=given["by"], at=given["at"]
            )
            self.message_user(request, _t("It is drafted; a colleague who checks takes it into use."))
            return HttpResponseRedirect(self.address(draft))

        return self.button_page(
            request, title=title, button=_t("Save the draft"), run=run, form=form, detail=fields_in_words(),
            sentence=_t("A format says how a bank's file is written and its answer is read. It is used once another person "
                "approves it."),
        )

    def _posted(self, request: HttpRequest) -> Any:
        return request.POST if request.method == "POST" else None

    @action(description=_("Change"), url_path="edit", permissions=["draft"], icon="edit")
    def edit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Change a draft."""
        kept = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.change_format(kept, terms=given["terms"], by=given["by"], at=given["at"])
            return _t("The draft is changed.")

        return self.button_page(
            request, title=_t("Change the draft"), button=_t("Save the draft"), subject=kept, run=run, detail=fields_in_words(),
            form=FormatForm(self._posted(request), by=request.user, kept=kept, fixed=True),
            sentence=_t("Whoever changes a draft last has drafted it, and does not approve it."),
        )

    @action(description=_("Approve"), url_path="approve", permissions=["approve"], icon="verified")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take it into use."""
        kept = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.approve_format(kept, **given)
            return _t("The format is in use.")

        return self.button_page(
            request, title=_t("Take the format into use"), button=_t("Approve"), subject=kept, run=run, facts=facts_of(kept),
            sentence=_t("From now on it cannot be changed; an earlier version of its name goes out of use."),
        )

    @action(description=_("Retire"), url_path="retire", permissions=["approve"], icon="block")
    def retire(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take it out of use."""
        kept = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.retire_format(kept, **given)
            return _t("The format is no longer used.")

        return self.button_page(
            request, title=_t("Retire"), button=_t("Retire"), subject=kept, run=run, danger=True, facts=facts_of(kept),
            sentence=_t("No new batch is written by it; batches that were made by it stay as they are."),
        )


def fields_in_words() -> SafeString:
    """Our fields as columns name them, and places as lines of the whole name them."""
    return render_to_string(
        "payouts/fields.html",
        {"fields": [str(field.label) for field in BY_KEY.values()],
            "places": ["{" + str(label) + "}" for label in PLACES.values()]},
    )


def badge(kept: BankFormat) -> SafeString:
    """A format's state."""
    return render_to_string("portal/badge.html", {"text": kept.get_state_display(), "tone": TONES[FormatState(kept.state)]})


def facts_of(kept: BankFormat) -> list[tuple[str, Any]]:
    """What a format is, as its page and its confirm pages say it."""
    said = kept.result_words
    return [
        (_t("bank"), kept.bank),
        (_t("office"), kept.organization.name),
        (_t("version"), kept.number),
        (_t("transfers"), kept.get_takes_display()),
        (_t("encoding"), kept.get_encoding_display()),
        (_t("between cells"), kept.get_separator_display()),
        (_t("end of a line"), kept.get_line_end_display()),
        (_t("days are written"), kept.get_dates_display()),
        (_t("amounts are written"), kept.get_amounts_display()),
        (_t("texts like formulas"), kept.get_dangerous_display()),
        (_t("their codes"), written_codes(kept.codes).replace("\n", "；")),
        (_t("headings of the returned file"), "、".join(word for words in kept.result_headings.values() for word in words)),
        (_t("words for paid"), "、".join(said.get("paid", ()))),
        (_t("words for failed"), "、".join(said.get("failed", ()))),
        (_t("words for not known yet"), "、".join(said.get("unknown", ()))),
        (_t("words for returned after payment"), "、".join(said.get("returned", ()))),
        (_t("reasons of the returned file"), written_reasons(kept.failure_words).replace("\n", "；")),
    ]


def page_context(kept: BankFormat) -> dict[str, Any]:
    """Facts, and the file with people who do not exist."""
    try:
        text, wrong = preview(kept), ""
    except PayoutsRefused as refused:
        text, wrong = "", str(refused)
    return {
        "kept": kept, "badge": badge(kept), "preview": text, "wrong": wrong,
        "facts": [
            *facts_of(kept),
            (_t("drafted by"), kept.drafted_by.get_full_name()),
            (_t("approved by"), kept.approved_by.get_full_name() if kept.approved_by else ""),
        ],
    }
