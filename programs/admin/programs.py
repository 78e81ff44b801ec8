"""Programs, categories and funders in the admin."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby, islice
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from accounts.admin.places import PlaceColumn
from audit import events
from audit.admin import ReadOnlyScopedAdmin, ScopedModelAdmin
from audit.buttons import ButtonPages, ask_to_choose, holds
from audit.faults import fault_point
from intake.exports import harmless
from intake.reference.pages import ReferencePages, listing
from programs import actions
from programs.admin.forms import FunderForm, ProgramForm, StatementForm
from programs.admin.funder_page import page_context
from programs.errors import ProgramRefused
from programs.lists import CategoryResource
from programs.models import Category, Funder, Program
from programs.statements import Line, Posting, accounts_of, postings, statement

#: Postings on a statement's page; the file holds all.
POSTINGS_SHOWN = 200


@admin.register(Category)
class CategoryAdmin(ReferencePages, ScopedModelAdmin):
    """Hardship categories: the words that offices use for one thing."""

    resource_classes = (CategoryResource,)
    list_display = ("name", "code", "synonyms", "position", "active")
    list_filter = ("active",)
    search_fields = ("name", "code")
    search_help_text = _("Name or code, or a part of it")
    ordering = ("position", "code")
    fields = ("name", "code", "synonyms", "position", "active")

    has_import_permission = listing("programs.import_category")
    has_export_permission = listing("programs.export_category")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A code stands in old data: it never changes."""
        return ("code",) if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Through the room's actions, which record it."""
        user: Any = request.user
        given = {**form.cleaned_data, "by": user, "at": timezone.now()}
        try:
            saved = actions.change_category(obj, **given) if change else actions.create_category(**given)
        except ProgramRefused as refused:
            # Checked by the form already: only somebody else's change at the same time comes here.
            raise PermissionDenied(str(refused)) from refused
        obj.pk = saved.pk


@admin.register(Program)
class ProgramAdmin(ButtonPages, PlaceColumn, ReadOnlyScopedAdmin):
    """Programs."""

    list_display = ("code", "name", "kind", "organization", "place", "insurer", "active")
    list_filter = ("kind", "active", "organization")
    list_select_related = ("organization", "insurer")
    search_fields = ("code", "name")
    search_help_text = _("Name or code, or a part of it")
    ordering = ("code",)
    fields = ("code", "name", "kind", "organization", "place_of_one", "insurer", "active")
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
class FunderAdmin(ButtonPages, PlaceColumn, ReadOnlyScopedAdmin):
    """Funders, each with its statement."""

    list_display = ("name", "kind", "organization", "place", "active")
    list_filter = ("kind", "active")
    list_select_related = ("organization",)
    search_fields = ("name",)
    search_help_text = _("Name, or a part of it")
    ordering = ("name",)
    fields = ("name", "kind", "organization", "place_of_one", "active")
    readonly_fields = fields
    actions_list = ("new_funder",)
    actions_detail = ("statement",)
    change_form_template = "programs/funder_page.html"

    has_make_permission = holds("programs.add_funder")
    has_statement_permission = holds("programs.view_statement", also=lambda user, pk: accounts_of(pk, to=user).exists())

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The funder's page, with its money."""
        funder = self.get_object(request, object_id)
        context = page_context(funder, to=request.user) if funder is not None else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

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
        ask_to_choose(form)
        lines: list[Line] = []
        shown: list[Posting] = []
        if form.is_bound and form.is_valid():
            given = {**form.cleaned_data, "to": request.user}
            lines = list(statement(funder, **given))
            found = postings(funder, **given, opening=lines)
            if request.GET.get("format") == "csv":
                return self._as_csv(request, funder, given, lines, found)
            shown = list(islice(found, POSTINGS_SHOWN + 1))
        query = request.GET.copy()
        query.pop("format", None)
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "subject": funder, "form": form, "lines": lines,
            "postings": shown[:POSTINGS_SHOWN], "more": len(shown) > POSTINGS_SHOWN, "limit": POSTINGS_SHOWN,
            "title": _t("Statement of %(funder)s") % {"funder": funder.name}, "back_url": self.address(funder),
            "query": query.urlencode(),
        }
        return render(request, "programs/statement.html", context)

    def _as_csv(
        self, request: HttpRequest, funder: Funder, given: dict[str, Any], lines: list[Line], found: Iterator[Posting]
    ) -> HttpResponse:
        text = io.StringIO()
        write_statement(csv.writer(text), lines, found, first=given["first"], last=given["last"])
        program, first, last = given["program"], given["first"], given["last"]
        user: Any = request.user
        fault_point("programs.export_statement.before")
        events.record(
            "funder.statement_exported", funder, by=user, at=timezone.now(), organization=user.organization,
            region_code=user.organization.region_code, program_id=program.pk, data={"first": str(first), "last": str(last)},
        )
        fault_point("programs.export_statement.after")
        response = HttpResponse(text.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="statement-{funder.pk}-{program.code}.csv"'
        return response


def write_statement(
    writer: Any, lines: Sequence[Line], found: Iterator[Posting], *, first: date, last: date
) -> None:
    """By kind of account: its opening balance, each posting with the balance after it, its closing balance."""
    writer.writerow([
        _t("account"), _t("time"), _t("what happened"), _t("source"), _t("memo"), _t("debit"), _t("credit"), _t("balance"),
    ])
    by_kind = {kind: list(group) for kind, group in groupby(found, key=lambda each: each.kind)}
    for line in lines:
        label = harmless(line.label)
        writer.writerow([label, first, _t("opening"), "", "", "", "", line.opening])
        writer.writerows(
            [
                label, f"{timezone.localtime(each.at):%Y-%m-%d %H:%M:%S}", harmless(each.what), harmless(each.source),
                harmless(each.memo), each.debit, each.credit, each.balance,
            ]
            for each in by_kind.get(line.kind, [])
        )
        writer.writerow([label, last, _t("closing"), "", "", line.debits, line.credits, line.closing])
