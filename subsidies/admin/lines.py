"""Lines of requests in the admin: whom a request is made of, masked; doubtful ones decided, left out ones taken up again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.models import Region
from audit.admin import ReadOnlyScopedAdmin
from audit.admin.export_button import PICKED, list_query
from audit.buttons import ButtonPages, holds
from audit.errors import Refused
from beneficiaries.admin.searching import CoverSearch
from exports.listing import Listing, Wanted, picked_of
from intake.pages.forms import ReasonForm
from subsidies import actions
from subsidies.admin.forms import DoubtForm
from subsidies.errors import SubsidyRefused
from subsidies.models import FundRequest, FundRequestLine
from subsidies.models.request import Doubt, Verdict
from subsidies.reach import enrolls_nobody

DECIDE = "subsidies.make_request"
_PAGES = ("changelist", "export_list", "decide", "take_up")


class OpenFilter(admin.SimpleListFilter):
    """Doubtful lines, by what was decided on them."""

    title = _("doubts")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """To be decided, or decided."""
        return [("1", _("To be decided")), ("kept", _("Kept")), ("left_out", _("Left out"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """By the partial index of doubts."""
        wanted = {"1": Verdict.OPEN, "kept": Verdict.KEPT, "left_out": Verdict.LEFT_OUT}.get(self.value() or "")
        return queryset if wanted is None else queryset.exclude(doubt=Doubt.NONE).filter(verdict=wanted)


@admin.register(FundRequestLine)
class FundRequestLineAdmin(CoverSearch, ButtonPages, ReadOnlyScopedAdmin):
    """Enrollments on requests, the newest request first."""

    list_display = (
        "cover_number", "person_name", "request_number", "funder", "county_name", "category", "amount_shown", "why", "decision",
    )
    export_columns = (
        "cover_number", "enrollment__person__name", "request_number", "funder", "county_name", "category", "share", "amount",
        "doubt", "verdict", "reason",
    )
    list_filter = ("request", OpenFilter, "category")
    list_select_related = (
        "enrollment__person", "enrollment__program", "enrollment__period__program", "funder", "category", "request",
    )
    search_fields = ("=id",)
    cover_path = "enrollment__"
    sortable_by = ()
    ordering = ("-request_id", "-enrollment_id")
    actions_list = ("decide", "take_up")
    actions = ("decide_selected",)

    has_decide_permission = holds(DECIDE)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        rows = super().get_queryset(request).select_related(*self.list_select_related)
        return rows.none() if enrolls_nobody(request.user, self.permission("view")) else rows

    def get_urls(self) -> list[Any]:
        """A list and its buttons: each person's own page is that of the enrollment."""
        prefix = f"{self.opts.app_label}_{self.opts.model_name}_"
        return [each for each in super().get_urls() if str(each.name or "").removeprefix(prefix) in _PAGES]

    def rows_read(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """The names of the page's counties."""
        super().rows_read(request, rows)
        names = Region.objects.names_of(row.county for row in rows)
        for row in rows:
            row.place_name = names.get(row.county, row.county)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The buttons take along what the list is narrowed to."""
        answer = super().changelist_view(request, extra_context)
        query = urlencode(list_query(request), doseq=True)
        for button in (getattr(answer, "context_data", None) or {}).get("actions_list", ()):
            if query and str(button.get("path", "")).endswith(("/decide/", "/take-up/")):
                button["path"] += f"?{query}"
        return answer

    @display(description=_("cover number"))
    def cover_number(self, line: FundRequestLine) -> str:
        """保障凭证号."""
        return line.enrollment.number

    @display(description=_("name"))
    def person_name(self, line: FundRequestLine) -> str:
        """Masked."""
        return str(line.enrollment.person.name)

    @display(description=_("request for funds"))
    def request_number(self, line: FundRequestLine) -> str:
        """Which one."""
        return f"#{line.request_id}"

    @display(description=_("county"))
    def county_name(self, line: Any) -> str:
        """The county's name; of a line by itself its code."""
        return str(getattr(line, "place_name", line.county))

    @display(description=_("amount (yuan)"))
    def amount_shown(self, line: FundRequestLine) -> str:
        """Yuan."""
        return f"{line.amount:,.2f}"

    @display(description=_("doubt"))
    def why(self, line: FundRequestLine) -> str:
        """Why a person looks at it."""
        return str(Doubt(line.doubt).label) if line.doubt else "—"

    @display(description=_("decision"))
    def decision(self, line: FundRequestLine) -> str:
        """What was decided, and why."""
        if not line.doubt:
            return "—"
        return _t("%(decision)s: %(reason)s") % {"decision": Verdict(line.verdict).label, "reason": line.reason} if line.verdict \
            else str(Verdict.OPEN.label)

    @admin.action(description=_("Decide the selected doubts"), permissions=["decide"])
    def decide_selected(self, request: HttpRequest, queryset: QuerySet) -> HttpResponseRedirect:
        """To the page of the button, with the keys of the rows."""
        query = list_query(request)
        if request.POST.get("select_across") != "1":
            query[PICKED] = ".".join(str(pk) for pk in queryset.order_by().values_list("pk", flat=True))
        return HttpResponseRedirect(f"{reverse('admin:subsidies_fundrequestline_decide')}?{urlencode(query, doseq=True)}")

    @action(description=_("Decide doubts"), url_path="decide", permissions=["decide"], icon="rule")
    def decide(self, request: HttpRequest) -> HttpResponseBase:
        """Keep, or leave out, the doubtful lines that the list shows, or the selected."""

        def run(lines: QuerySet, found: FundRequest, given: dict[str, Any]) -> str:
            number = actions.decide_doubts(lines, request=found, **given)
            return _t("%(number)s lines were decided.") % {"number": f"{number:,}"}

        return self._of_chosen(
            request, _t("Decide doubts"), _t("Decide"), DoubtForm(request.POST if request.method == "POST" else None), run,
            _t("The doubtful lines that the list shows are kept, or left out of the request. Who is left out is not asked for again"
               " unless somebody takes the line up."),
        )

    @action(description=_("Take up again"), url_path="take-up", permissions=["decide"], icon="restore")
    def take_up(self, request: HttpRequest) -> HttpResponseBase:
        """Let lines that were left out stand on the next request."""

        def run(lines: QuerySet, found: FundRequest, given: dict[str, Any]) -> str:
            number = actions.take_up_again(lines, request=found, **given)
            return _t("%(number)s lines stand on the next request.") % {"number": f"{number:,}"}

        return self._of_chosen(
            request, _t("Take up again"), _t("Take up"), ReasonForm(request.POST if request.method == "POST" else None), run,
            _t("The lines of a sent request that were left out stand on the next one again, to be decided anew."),
        )

    def _of_chosen(self, request: HttpRequest, title: str, button: str, form: Any, run: Any, sentence: str) -> HttpResponse:
        query = urlencode(list_query(request), doseq=True)
        back = f"{self.address(None)}?{query}" if query else self.address(None)
        facts: list[tuple[str, Any]] = []
        warnings: list[str] = []
        try:
            lines, found = chosen(request, query)
            facts = [
                (_t("request for funds"), str(found)), (_t("doubtful lines"), f"{lines.exclude(doubt=Doubt.NONE).count():,}"),
            ]
        except Refused as refused:
            error = refused
            warnings = [str(refused)]

        def act(given: dict[str, Any]) -> str:
            if warnings:
                raise error
            return str(run(lines, found, given))

        return self.button_page(
            request, title=title, button=button, back=back, run=act, sentence=sentence, facts=facts, warnings=warnings, form=form,
        )


def chosen(request: HttpRequest, query: str) -> tuple[QuerySet, FundRequest]:
    """The lines that the list shows to this user, within the reach of the role that decides; and their one request."""
    user: Any = request.user
    listed = Listing("subsidies.fundrequestline", user, Wanted(query, picked_of(request.GET.get(PICKED)))).rows
    lines = listed.prefetch_related(None).order_by()
    lines = lines.filter(pk__in=FundRequestLine.objects.visible_to(user, DECIDE).order_by().values("pk"))
    requests = list(lines.exclude(doubt=Doubt.NONE).values_list("request", flat=True).distinct()[:2])
    if len(requests) != 1:
        raise SubsidyRefused("ONE_REQUEST" if requests else "NO_DOUBT")
    return lines, FundRequest.objects.select_related("program__organization", "period", "funder").get(pk=requests[0])
