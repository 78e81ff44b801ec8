"""Programs, categories and funders in the admin."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from audit import events
from audit.admin import ReadOnlyScopedAdmin, ScopedModelAdmin
from audit.buttons import ButtonPages, holds
from intake.exports import harmless
from programs import actions
from programs.admin.forms import FunderForm, ProgramForm, StatementForm
from programs.models import Category, Funder, Program
from programs.statements import Line, accounts_of, statement


@admin.register(Category)
class CategoryAdmin(ScopedModelAdmin):
    """Hardship categories: the words that offices use for one thing."""

    list_display = ("name", "code", "synonyms", "position", "active")
    list_filter = ("active",)
    search_fields = ("name", "code")
    ordering = ("position", "code")
    fields = ("name", "code", "synonyms", "position", "active")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A code stands in old data: it never changes."""
        return ("code",) if obj is not None else ()


@admin.register(Program)
class ProgramAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Programs."""

    list_display = ("code", "name", "kind", "organization", "region_code", "insurer", "active")
    list_filter = ("kind", "active", "organization")
    list_select_related = ("organization", "insurer")
    search_fields = ("code", "name")
    ordering = ("code",)
    fields = ("code", "name", "kind", "organization", "region_code", "insurer", "active")
    readonly_fields = fields
    actions_list = ("new_program",)

    has_make_permission = holds("programs.add_program")

    @action(description=_("New program"), url_path="new", permissions=["make"], icon="add")
    def new_program(self, request: HttpRequest) -> HttpResponse:
        """Set up a program of one office."""

        def run(given: dict[str, Any]) -> str:
            program = actions.create_program(given.pop("code"), **given)
            return _t("Program %(program)s is set up.") % {"program": program.name}

        return self.button_page(
            request, title=_t("New program"), button=_t("Set up"), run=run,
            sentence=_t("The program runs in the region of its operating office. Plans and budgets follow."),
            form=ProgramForm(request.POST if request.method == "POST" else None, by=request.user),
        )


@admin.register(Funder)
class FunderAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Funders, each with its statement."""

    list_display = ("name", "kind", "organization", "region_code", "active")
    list_filter = ("kind", "active")
    list_select_related = ("organization",)
    search_fields = ("name",)
    ordering = ("name",)
    fields = ("name", "kind", "organization", "region_code", "active")
    readonly_fields = fields
    actions_list = ("new_funder",)
    actions_detail = ("statement",)

    has_make_permission = holds("programs.add_funder")
    has_statement_permission = holds("programs.view_statement", also=lambda user, pk: accounts_of(pk, to=user).exists())

    @action(description=_("New funder"), url_path="new", permissions=["make"], icon="add")
    def new_funder(self, request: HttpRequest) -> HttpResponse:
        """Set up a funder."""

        def run(given: dict[str, Any]) -> str:
            funder = actions.create_funder(given.pop("name"), **given)
            return _t("Funder %(funder)s is set up.") % {"funder": funder.name}

        return self.button_page(
            request, title=_t("New funder"), button=_t("Set up"), run=run, sentence="",
            form=FunderForm(request.POST if request.method == "POST" else None, by=request.user),
        )

    @action(description=_("Statement"), url_path="statement", permissions=["statement"], icon="receipt_long")
    def statement(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What the funder granted, holds, used and owes between two days."""
        funder = self.visible_or_404(request, object_id)
        today = timezone.localdate()
        form = StatementForm(
            request.GET if "program" in request.GET else None, by=request.user,
            initial={"first": today.replace(month=1, day=1), "last": today},
        )
        lines: list[Line] = []
        if form.is_bound and form.is_valid():
            given = form.cleaned_data
            lines = list(statement(funder, program=given["program"], first=given["first"], last=given["last"], to=request.user))
            if request.GET.get("format") == "csv":
                return self._as_csv(request, funder, given, lines)
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "subject": funder, "form": form, "lines": lines,
            "title": _t("Statement of %(funder)s") % {"funder": funder.name}, "back_url": self.address(funder),
            "query": request.GET.urlencode(),
        }
        return render(request, "programs/statement.html", context)

    def _as_csv(self, request: HttpRequest, funder: Funder, given: dict[str, Any], lines: list[Line]) -> HttpResponse:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow([_t("account"), _t("opening"), _t("debit"), _t("credit"), _t("closing")])
        writer.writerows([harmless(line.label), line.opening, line.debits, line.credits, line.closing] for line in lines)
        program, first, last = given["program"], given["first"], given["last"]
        user: Any = request.user
        events.record(
            "funder.statement_exported", funder, by=user, at=timezone.now(), organization=user.organization,
            region_code=user.organization.region_code, program_id=program.pk, data={"first": str(first), "last": str(last)},
        )
        response = HttpResponse(text.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="statement-{funder.pk}-{program.code}.csv"'
        return response
