"""Lists of differences in the admin: made, approved by another; own shares paid back; each line with its payer."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models import Case, Count, QuerySet, Sum, TextField, Value, When
from django.db.models.functions import Coalesce, NullIf
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from beneficiaries.admin.searching import CoverSearch
from beneficiaries.models import Employer
from beneficiaries.own_payers import has_sponsors, way_in_words, with_own_payment, with_sponsor
from intake.pages.forms import DigestForm
from subsidies import actions
from subsidies.admin.forms import ElsewhereForm, PeriodForm, RefundForm
from subsidies.models import DifferenceLine, Differences
from subsidies.models.difference import DifferenceReason, DifferencesState
from subsidies.reach import enrolls_nobody, payer_in_words

TONES = {DifferencesState.PROPOSED: "wait", DifferencesState.APPROVED: "good", DifferencesState.WITHDRAWN: "calm"}


@admin.register(Differences)
class DifferencesAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Lists, newest first."""

    list_display = ("number", "program", "period_code", "kind", "people_shown", "funders_shown", "own_shown", "standing")
    export_columns = (
        "number", "program", "period_code", "kind", "state", "people", "funders_amount", "own_amount", "refund_amount", "reason",
        "made_at", "decided_at",
    )
    list_filter = ("state", "kind", "program", "period")
    list_select_related = ("program", "period__program")
    search_fields = ("=id",)
    search_help_text = _("Number of a list")
    sortable_by = ("number",)
    ordering = ("-id",)
    change_form_template = "subsidies/differences_page.html"
    fields = ("state",)
    readonly_fields = fields
    actions_list = ("make", "elsewhere")
    actions_detail = ("approve", "refund", "withdraw")
    #: Button -> states in which it does something.
    button_states: ClassVar[dict[str, tuple[DifferencesState, ...]]] = {
        "approve": (DifferencesState.PROPOSED,), "withdraw": (DifferencesState.PROPOSED,), "refund": (DifferencesState.APPROVED,),
    }

    has_make_permission = holds("subsidies.make_differences")
    has_approve_permission = holds("subsidies.approve_differences")
    has_refund_permission = holds("subsidies.record_movement")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "program__organization", "period__program", "made_by", "decided_by"
        )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something in the list's state, for this user."""
        offered = super().get_actions_detail(request, object_id)
        found = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        return [
            button for button in offered
            if found is not None and found.state in self.button_states[button.method.__name__]
            and not (button.method.__name__ == "approve" and found.made_by_id == request.user.pk)
            and not (button.method.__name__ == "refund" and found.refund_amount <= 0)
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The list's page."""
        found = self.visible_or_404(request, object_id)
        context = {**page_context(found), "title": str(found)}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @display(description=_("no."), ordering="id")
    def number(self, found: Differences) -> str:
        """The list's number."""
        return f"#{found.pk}"

    @display(description=_("period"))
    def period_code(self, found: Differences) -> str:
        """The program year."""
        return found.period.code

    @display(description=_("number of covers"))
    def people_shown(self, found: Differences) -> str:
        """On it."""
        return f"{found.people:,}"

    @display(description=_("to funders (yuan)"))
    def funders_shown(self, found: Differences) -> str:
        """Yuan."""
        return f"{found.funders_amount:,.2f}"

    @display(description=_("to the insured (yuan)"))
    def own_shown(self, found: Differences) -> str:
        """Yuan."""
        return f"{found.own_amount:,.2f}"

    @display(description=_("state"))
    def standing(self, found: Differences) -> SafeString:
        """The state as a badge."""
        return badge(found)

    @action(description=_("New list"), url_path="make", permissions=["make"], icon="playlist_add")
    def make(self, request: HttpRequest) -> HttpResponse:
        """What is owed back since the last list."""

        def run(given: dict[str, Any]) -> HttpResponse:
            return self._made(request, actions.make_differences(given.pop("period"), **given))

        return self.button_page(
            request, title=_t("New list of differences"), button=_t("Make"), run=run,
            sentence=_t(
                "It holds covers that ended early, by the plan's rule for late starts and early ends, and own shares of covers"
                " that were undone after they were paid. Each payer gets back their own share."
            ),
            form=PeriodForm(request.POST if request.method == "POST" else None, by=request.user),
        )

    @action(description=_("Subsidized elsewhere"), url_path="elsewhere", permissions=["make"], icon="content_copy")
    def elsewhere(self, request: HttpRequest) -> HttpResponse:
        """Covers that stand, though a funder does not bear them any more."""

        def run(given: dict[str, Any]) -> HttpResponse:
            return self._made(request, actions.name_elsewhere(given.pop("period"), **given))

        return self.button_page(
            request, title=_t("Covers subsidized twice or elsewhere"), button=_t("Make"), run=run,
            sentence=_t("The funder gets back what it still bears of these covers; the covers stand, and no other payer bears it."),
            form=ElsewhereForm(request.POST if request.method == "POST" else None, by=request.user),
        )

    @action(description=_("Approve"), url_path="approve", permissions=["approve"], icon="task_alt")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Book it."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.approve_differences(found, **given)
            return _t("Approved and booked: the next requests to the funders take it off.")

        return self.button_page(
            request, title=_t("Approve the differences"), button=_t("Approve"), subject=found, run=run, facts=facts_of(found),
            sentence=_t("The premium is no longer due to the insurer, nor owed by who would have paid it."),
            form=DigestForm(request.POST if request.method == "POST" else None, initial={"digest": found.digest}),
        )

    @action(description=_("Record the refund"), url_path="refund", permissions=["refund"], icon="payments")
    def refund(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The insured got their own shares back."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            movement = actions.record_own_refund(found, **given)
            messages.success(request, _t("Recorded: a colleague who checks confirms it."))
            return HttpResponseRedirect(reverse("admin:subsidies_fundmovement_change", args=[movement.pk]))

        return self.button_page(
            request, title=_t("Record the refund of own shares"), button=_t("Record"), subject=found, run=run,
            facts=[*facts_of(found), *to_payers(found)],
            sentence=_t("Nothing is booked before a colleague who checks confirms it."),
            form=RefundForm(request.POST if request.method == "POST" else None, initial={"amount": found.refund_amount}),
        )

    @action(description=_("Withdraw"), url_path="withdraw", permissions=["make"], icon="undo")
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take it back."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.withdraw_differences(found, **given)
            return _t("The list was withdrawn.")

        return self.button_page(
            request, title=_t("Withdraw the list"), button=_t("Withdraw"), subject=found, run=run, danger=True,
            facts=facts_of(found), sentence=_t("What it names is found again by the next list."),
        )

    def _made(self, request: HttpRequest, made: Differences) -> HttpResponse:
        messages.success(request, _t("The list was made; a colleague who checks approves it."))
        return HttpResponseRedirect(reverse("admin:subsidies_differences_change", args=[made.pk]))


@admin.register(DifferenceLine)
class DifferenceLineAdmin(CoverSearch, ReadOnlyScopedAdmin):
    """Covers and payers of differences, newest first."""

    list_display = ("cover_number", "person_name", "list_number", "payer", "amount_shown", "reason", "approved")
    export_columns = (
        "cover_number", "enrollment__person__name", "list_number", "payer", "amount", "reason", "paid", "payment_number",
        "payment_way", "approved",
    )
    list_filter = ("reason", "differences")
    list_select_related = (
        "enrollment__person", "enrollment__program", "enrollment__period__program", "enrollment__roster__employer", "funder",
        "differences",
    )
    search_fields = ("=id",)
    cover_path = "enrollment__"
    sortable_by = ()
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        rows = super().get_queryset(request).select_related(*self.list_select_related)
        rows = with_sponsor(with_own_payment(rows, "enrollment__"), "enrollment__")
        return rows.none() if enrolls_nobody(request.user, self.permission("view")) else rows

    def get_urls(self) -> list[Any]:
        """A list and its export: each person's own page is that of the enrollment."""
        prefix = f"{self.opts.app_label}_{self.opts.model_name}_"
        pages = ("changelist", "export_list")
        return [each for each in super().get_urls() if str(each.name or "").removeprefix(prefix) in pages]

    @display(description=_("cover number"))
    def cover_number(self, line: DifferenceLine) -> str:
        """保障凭证号."""
        return line.enrollment.number

    @display(description=_("name"))
    def person_name(self, line: DifferenceLine) -> str:
        """Masked."""
        return str(line.enrollment.person.name)

    @display(description=_("list"))
    def list_number(self, line: DifferenceLine) -> str:
        """Which one."""
        return f"#{line.differences_id}"

    @display(description=_("payer"))
    def payer(self, line: DifferenceLine) -> str:
        """Who gets it back."""
        return payer_in_words(line)

    @display(description=_("number of the payment"))
    def payment_number(self, line: DifferenceLine) -> str:
        """Of the own share that goes back by the way it came."""
        return str(line.own_reference) if goes_back(line) else ""  # type: ignore[attr-defined]

    @display(description=_("way of payment"))
    def payment_way(self, line: DifferenceLine) -> str:
        """The channel that a statement says, else as it was taken down."""
        return way_in_words(line.own_way) if goes_back(line) else ""  # type: ignore[attr-defined]

    @display(description=_("amount (yuan)"))
    def amount_shown(self, line: DifferenceLine) -> str:
        """Yuan."""
        return f"{line.amount:,.2f}"

    @display(description=_("approved"), boolean=True)
    def approved(self, line: DifferenceLine) -> bool:
        """Whether it counts."""
        return line.stands


def badge(found: Differences) -> SafeString:
    """A list's state."""
    return render_to_string("portal/badge.html", {"text": found.get_state_display(), "tone": TONES[DifferencesState(found.state)]})


def facts_of(found: Differences) -> list[tuple[str, Any]]:
    """What a list is, as its page and its confirm pages say it."""
    yuan = _t("%(amount)s yuan")
    return [
        (_t("program"), f"{found.program.name} · {found.period.code}"),
        (_t("kind"), found.get_kind_display()),
        (_t("number of covers"), f"{found.people:,}"),
        (_t("to funders"), yuan % {"amount": f"{found.funders_amount:,.2f}"}),
        (_t("to the insured"), yuan % {"amount": f"{found.own_amount:,.2f}"}),
        (_t("own shares to pay back"), yuan % {"amount": f"{found.refund_amount:,.2f}"}),
        *([(_t("reason"), found.reason)] if found.reason else []),
    ]


def goes_back(line: DifferenceLine) -> bool:
    """Whether it is an own share that was paid."""
    return line.funder_id is None and line.paid


def _who_paid(found: Differences) -> QuerySet:
    """Lines with `paid_for`: the name of the employer or sponsor of an own share that was paid for others, else ""."""
    # Only own shares are theirs, and only where there are any the covers are asked.
    names: list[Any] = []
    lines: QuerySet = found.lines.order_by()
    if Employer.objects.filter(program=found.program_id).exists():
        names.append(NullIf("enrollment__roster__employer__name", Value("")))
    if has_sponsors(found.program_id):
        lines = with_sponsor(lines, "enrollment__")
        names.append("sponsor")
    of_others = Coalesce(*names, Value(""), output_field=TextField()) if names else Value("", TextField())
    return lines.annotate(paid_for=Case(When(funder=None, then=of_others), default=Value("", TextField())))


def to_payers(found: Differences) -> list[tuple[str, Any]]:
    """Of what was paid: yuan that go back to employers and sponsors that had paid for others, each by name."""
    rows = _who_paid(found).filter(funder=None, paid=True).exclude(paid_for="").values("paid_for").annotate(sum=Sum("amount"))
    return [(_t("of it to %(payer)s") % {"payer": row["paid_for"]}, f"{row['sum']:,.2f}") for row in rows.order_by("paid_for")]


def page_context(found: Differences) -> dict[str, Any]:
    """Facts, sums by payer and reason, the way to the lines, refunds."""
    sums = (
        _who_paid(found).values("funder__name", "paid_for", "reason")
        .annotate(covers=Count("pk"), sum=Sum("amount")).order_by("funder__name", "paid_for", "reason")
    )
    lines = reverse("admin:subsidies_differenceline_changelist")
    return {
        "found": found, "badge": badge(found),
        "facts": [
            *facts_of(found), (_t("made by"), found.made_by.get_full_name()),
            (_t("decided by"), found.decided_by.get_full_name() if found.decided_by else ""),
        ],
        "sums": [
            (
                row["funder__name"] or row["paid_for"] or _t("the insured themselves"),
                str(DifferenceReason(row["reason"]).label), row["covers"], row["sum"],
            )
            for row in sums
        ],
        "lines_url": f"{lines}?{urlencode({'differences__id__exact': found.pk})}",
        "movements": [
            (each, reverse("admin:subsidies_fundmovement_change", args=[each.pk])) for each in found.movements.all()
        ],
    }
