"""Wordings of answers in the admin: what there was, and writing anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import linebreaksbr
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from complaints import actions
from complaints.admin.forms import WordingForm
from complaints.models import AnswerWording
from complaints.rules.answer_text import NEEDED, PLACES
from complaints.stepping import WRITE


def _places(names: Sequence[str]) -> SafeString:
    """As they are written in the text, in every language."""
    return format_html('<span translate="no" lang="zh-Hans">{}</span>', "、".join(f"{{{each}}}" for each in names))


@admin.register(AnswerWording)
class AnswerWordingAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Newest first: of each program the first counts."""

    list_export = False
    list_display = ("program", "phone", "written_at")
    list_filter = ("program",)
    list_select_related = ("program",)
    ordering = ("-id",)
    sortable_by = ("written_at",)
    # Not by whom: offices below read it, and staff of a city is none of theirs.
    fields = ("program", "said", "phone", "written_at")
    readonly_fields = fields
    actions_list = ("write",)

    has_write_permission = holds(WRITE)

    @display(description=_("text"))
    def said(self, found: AnswerWording) -> SafeString:
        """As it is in every language."""
        return format_html('<span translate="no" lang="zh-Hans">{}</span>', linebreaksbr(found.text))

    @action(description=_("Write anew"), url_path="write", permissions=["write"], icon="edit_note")
    def write(self, request: HttpRequest) -> HttpResponse:
        """What answers say from now on."""

        def run(given: dict[str, Any]) -> str:
            program = given.pop("program")
            actions.write_answer_wording(program, **given)
            return _t("Answers of %(program)s say this from now on.") % {"program": program.name}

        return self.button_page(
            request, title=_t("What the answers to complaints say"), button=_t("Write"), run=run,
            sentence=_t("Places in {} are filled for each answer."),
            facts=[(_t("places of the text"), _places(PLACES)), (_t("must stand in it"), _places(NEEDED))],
            form=WordingForm(request.POST if request.method == "POST" else None, by=request.user),
        )
