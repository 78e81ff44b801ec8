"""Letters in the admin: printed from a claim's page, and what they say written anew."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import linebreaksbr
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from claims.actions import letters as actions
from claims.actions.letters import PRINT, PURPOSE_MAX, WRITE
from claims.actions.service_terms import reaches
from claims.letters import occasions
from claims.models.letter import Addressee, LetterFormat, LetterKind, LetterStyle, LetterWording
from claims.rules.letter_text import NEEDED, PLACES, TEXTS
from programs.models import Program

_TYPES = {
    LetterFormat.PDF: "application/pdf",
    LetterFormat.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


class PrintForm(forms.Form):
    """Which letter, to whom, as what, and what for."""

    kind = forms.ChoiceField(label=_("Letter"), widget=UnfoldAdminSelectWidget())
    style = forms.ChoiceField(label=_("Style"), choices=LetterStyle.choices, widget=UnfoldAdminSelectWidget())
    addressee = forms.ChoiceField(label=_("Written to"), choices=Addressee.choices, widget=UnfoldAdminSelectWidget())
    file_format = forms.ChoiceField(label=_("Format"), choices=LetterFormat.choices, widget=UnfoldAdminSelectWidget())
    purpose = forms.CharField(
        label=_("Purpose"), max_length=PURPOSE_MAX, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("It stands in the record of printings. No names and numbers of people."),
    )

    def __init__(self, data: Any, *, kinds: list[LetterKind]) -> None:
        super().__init__(data)
        field: Any = self.fields["kind"]
        field.choices = [(kind.value, kind.label) for kind in kinds]

    def clean(self) -> dict[str, Any]:
        """As the code knows them."""
        given = super().clean() or {}
        known = {"kind": LetterKind, "style": LetterStyle, "addressee": Addressee, "file_format": LetterFormat}
        return {**given, **{name: choices(given[name]) for name, choices in known.items() if name in given}}


class LetterPages:
    """Mixed into the claims' admin, before `ButtonPages`: its button `print_letter`."""

    has_letter_permission = holds(PRINT)

    @action(description=_("Print a letter"), url_path="letter", permissions=["letter"], icon="mail")
    def print_letter(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Of the decision, or of missing papers."""
        page: Any = self
        found = page.visible_or_404(request, object_id)
        kinds = [each.kind for each in occasions(found)]

        def run(given: dict[str, Any]) -> HttpResponse:
            handed = actions.print_letter(found, **given)
            file_format = LetterFormat(handed.letter.file_format)
            answer = HttpResponse(handed.content, content_type=_TYPES[file_format])
            name = f"{found.number}-{handed.letter.pk}.{file_format.value}"
            answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
            answer["Cache-Control"] = "no-store"
            return answer

        answer: HttpResponse = page.button_page(
            request, title=_t("Print a letter"), button=_t("Print"), subject=found, run=run,
            form=PrintForm(request.POST if request.method == "POST" else None, kinds=kinds),
            sentence=_t("The letter names people in full and is for whom it is written to alone. Each printing is recorded."),
            warnings=[] if kinds else [_t("There is no decision in force and nothing is missing: there is nothing to tell yet.")],
        )
        return answer


class WordingForm(forms.Form):
    """What letters say."""

    program = forms.ModelChoiceField(Program.objects.none(), label=_("Program"), widget=UnfoldAdminSelectWidget())
    kind = forms.ChoiceField(label=_("Letter"), choices=LetterKind.choices, widget=UnfoldAdminSelectWidget())
    style = forms.ChoiceField(label=_("Style"), choices=LetterStyle.choices, widget=UnfoldAdminSelectWidget())
    text = forms.CharField(label=_("Text"), max_length=2000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 10}))
    phone = forms.CharField(label=_("Telephone"), max_length=40, widget=UnfoldAdminTextInputWidget())

    def __init__(self, data: Any, *, by: Any, chosen: dict[str, Any]) -> None:
        super().__init__(data, initial=chosen)
        fields: Any = self.fields
        seen = Program.objects.visible_to(by, WRITE).select_related("organization").order_by("code")
        fields["program"].queryset = seen.filter(pk__in=[each.pk for each in seen if reaches(by, WRITE, program=each)])
        fields["text"].help_text = format_html("{}<br>{}", _t("Each line is a paragraph. Places that are filled:"), _places())

    def clean_kind(self) -> LetterKind:
        """As the code knows it."""
        return LetterKind(self.cleaned_data["kind"])

    def clean_style(self) -> LetterStyle:
        """As the code knows it."""
        return LetterStyle(self.cleaned_data["style"])


def _places() -> SafeString:
    """Of each kind, those that it must have in front."""
    told = " ｜ ".join(
        f"{TITLES_SHORT[kind]}：" + " ".join(f"{{{place}}}" for place in dict.fromkeys([*NEEDED[kind], *PLACES[kind]]))
        for kind in LetterKind.values
    )
    return format_html('<span translate="no" lang="zh-Hans">{}</span>', told)


TITLES_SHORT = {"payment": "赔付", "refusal": "拒赔", "zero": "零赔付", "papers": "补充材料", "reclaim": "退回多付赔款"}


@admin.register(LetterWording)
class LetterWordingAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Newest first: of each program, letter and style the first counts."""

    list_export = False
    list_display = ("kind", "style", "program", "phone", "written_at")
    list_filter = ("kind", "style", "program")
    list_select_related = ("program",)
    ordering = ("-id",)
    sortable_by = ("written_at",)
    # Not by whom: offices below read it, and staff of a city is none of theirs.
    fields = ("program", "kind", "style", "said", "phone", "written_at")
    readonly_fields = fields
    actions_list = ("write",)

    has_write_permission = holds(WRITE)

    @display(description=_("text"))
    def said(self, found: LetterWording) -> SafeString:
        """As it is in every language."""
        return format_html('<span translate="no" lang="zh-Hans">{}</span>', linebreaksbr(found.text))

    @action(description=_("Write anew"), url_path="write", permissions=["write"], icon="edit_note")
    def write(self, request: HttpRequest) -> HttpResponse:
        """What such letters say from now on; the page begins with the text that comes with the portal."""
        kind, style = request.GET.get("kind", "payment"), request.GET.get("style", "formal")
        text = TEXTS.get((kind, style), TEXTS["payment", "formal"])

        def run(given: dict[str, Any]) -> str:
            program = given.pop("program")
            actions.write_letter_wording(program, **given)
            return _t("Letters of %(program)s say this from now on.") % {"program": program.name}

        return self.button_page(
            request, title=_t("What letters say"), button=_t("Write"), run=run,
            sentence=_t("Letters that are printed from now on say this; those that were printed keep what they say."),
            form=WordingForm(
                request.POST if request.method == "POST" else None, by=request.user,
                chosen={"kind": kind, "style": style, "text": text},
            ),
        )
