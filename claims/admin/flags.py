"""Flags in the admin: the page on which somebody says what they found, and the rules from which numbers on claims are flagged."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanSwitchWidget,
)

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from claims.actions import flags as actions
from claims.actions.flags import LOOK, SET_RULE
from claims.actions.service_terms import reaches
from claims.flags import Flag, flags_of
from claims.models.flag import FlagCode, FlagRule
from programs.actions.lists import operates_portal
from programs.models import Program


class LookForm(forms.Form):
    """Which flags, and what was found."""

    flags = forms.MultipleChoiceField(label=_("Flags"), widget=UnfoldAdminCheckboxSelectMultipleWidget())
    note = forms.CharField(
        label=_("What you found"), max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Colleagues who sign read it. No names and numbers of people."),
    )

    def __init__(self, data: Any, *, flags: list[Flag]) -> None:
        super().__init__(data)
        field: Any = self.fields["flags"]
        field.choices = [(f"{flag.code.value}:{flag.key}", flag.sentence) for flag in flags]
        field.initial = [choice for choice, _sentence in field.choices]


class FlagPages:
    """Mixed into the claims' admin, before `ButtonPages`: its button `look_at_flags`."""

    has_look_permission = holds(LOOK)

    @action(description=_("Flags looked at"), url_path="flags", permissions=["look"], icon="flag")
    def look_at_flags(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say what was found of flags."""
        page: Any = self
        found = page.visible_or_404(request, object_id)
        open_flags = [flag for flag in flags_of(found) if flag.look is None]

        def run(given: dict[str, Any]) -> str:
            keys = [tuple(choice.split(":", 1)) for choice in given["flags"]]
            actions.look_at_flags(found, keys=keys, note=given["note"], by=given["by"], at=given["at"])
            return _t("Noted: the flags stay, with what you found.")

        answer: HttpResponse = page.button_page(
            request, title=_t("Flags looked at"), button=_t("Note"), subject=found, run=run,
            form=LookForm(request.POST if request.method == "POST" else None, flags=open_flags),
            sentence=_t("A flag decides nothing: it asks a person to look. Say of those you tick what you found."),
            warnings=[] if open_flags else [_t("No flag of this claim waits to be looked at.")],
        )
        return answer


class RuleForm(forms.Form):
    """From which numbers on."""

    program = forms.ModelChoiceField(
        Program.objects.none(), label=_("Program"), required=False, widget=UnfoldAdminSelectWidget(),
    )
    code = forms.ChoiceField(label=_("Flag"), choices=FlagCode.choices, widget=UnfoldAdminSelectWidget())
    active = forms.BooleanField(label=_("Asked"), required=False, initial=True, widget=UnfoldBooleanSwitchWidget())
    number = forms.IntegerField(
        label=_("Number"), required=False, min_value=1, max_value=100_000, widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_(
            "Other people of one account; days that stays share; days since the cover began; cases of a hospital and day; earlier"
            " cases that an amount is compared with."
        ),
    )
    share = forms.DecimalField(
        label=_("Share"), required=False, min_value=0, max_value=1, max_digits=4, decimal_places=3,
        widget=UnfoldAdminDecimalFieldWidget(),
        help_text=_("Of amounts alone: 0.95 flags what is above 95 of a hundred earlier ones."),
    )

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        program: Any = self.fields["program"]
        seen = Program.objects.visible_to(by, SET_RULE).select_related("organization").order_by("code")
        program.queryset = seen.filter(pk__in=[each.pk for each in seen if reaches(by, SET_RULE, program=each)])
        self.for_all = operates_portal(by, SET_RULE)
        program.required = not self.for_all
        program.help_text = _t("Empty: all programs.") if self.for_all else ""

    def clean_code(self) -> FlagCode:
        """As the code knows it."""
        return FlagCode(self.cleaned_data["code"])


@admin.register(FlagRule)
class FlagRuleAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Rules of all programs, and those of one."""

    list_display = ("code", "keeper", "active", "number", "share")
    export_columns = ("code", "program", "active", "number", "share")
    list_filter = ("code", "active", "program")
    list_select_related = ("program",)
    ordering = ("code", "id")
    sortable_by = ()
    fields = ("code", "keeper", "active", "number", "share")
    readonly_fields = fields
    actions_list = ("set_rule",)

    has_set_permission = holds(SET_RULE)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related("program")

    @display(description=_("of"))
    def keeper(self, found: FlagRule) -> str:
        """All programs, or one."""
        return found.program.name if found.program is not None else _t("All programs")

    @action(description=_("Set a rule"), url_path="set", permissions=["set"], icon="tune")
    def set_rule(self, request: HttpRequest) -> HttpResponse:
        """From which number on a flag is raised."""

        def run(given: dict[str, Any]) -> str:
            actions.set_flag_rule(given.pop("program"), **given)
            return _t("Set: claims are flagged by it from now on.")

        return self.button_page(
            request, title=_t("Set a rule"), button=_t("Set"), run=run,
            form=RuleForm(request.POST if request.method == "POST" else None, by=request.user),
            sentence=_t(
                "A flag asks a person to look and decides nothing. A program's own rule stands before that of all programs."
            ),
        )
