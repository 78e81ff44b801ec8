"""Claims in the admin: the list of work by nearness of its day, and ONE page for a claim with its case, bills and decisions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from audit.exporting import ExportColumn
from audit.panels import QUEUE_PARAMETER
from beneficiaries.admin.searching import CoverSearch
from claims.admin.bill_pages import BillPages
from claims.admin.decision_pages import DecisionPages
from claims.admin.flags import FlagPages
from claims.admin.handling_pages import HandlingPages
from claims.admin.letters import LetterPages
from claims.admin.office_list import FullPlaceFilter, OfficeList
from claims.admin.paper_pages import PaperPages
from claims.admin.report_page import ReportPages
from claims.admin.words import (
    bill_rows,
    claim_facts,
    decision_data,
    due_badge,
    event_facts,
    kinds_in_words,
    payable_row,
    state_badge,
    terms_of,
    yuan,
)
from claims.models import Bill, Case, Claim, DecisionState, EventKind, PayableState, number_in
from claims.offering import offers_of
from claims.rules.states import OPEN, State

#: What is done about one bill or paper: each stands beside it, not above the page.
BESIDE_ITS_ROW = ("explain_bill", "call_bill_false", "mark_bill", "remove_bill", "open_paper", "remove_paper")


#: By what the address asks for work: the nearest day stands first.
WORK = (QUEUE_PARAMETER, "due", "hand")
#: Cases that have an invoice of one number at most: beyond, the rest is not shown.
SAME_NUMBER = 200


class DueFilter(admin.SimpleListFilter):
    """By when something is due."""

    title = _("due")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Over, or soon."""
        return [
            ("over", _("Overdue")), ("today", _("Today and tomorrow")), ("week", _("Within seven days")),
            ("pay", _("To be paid today or tomorrow, or overdue")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Open claims whose day is so near; those that are decided and not paid by themselves."""
        today = timezone.localdate()
        if self.value() == "pay":
            return queryset.filter(state=State.PAYABLE, due_on__lte=today + timedelta(days=1))
        known: dict[str, dict[str, Any]] = {
            "over": {"due_on__lt": today}, "today": {"due_on__range": (today, today + timedelta(days=1))},
            "week": {"due_on__range": (today, today + timedelta(days=7))},
        }
        within = known.get(self.value() or "")
        return queryset.filter(state__in=OPEN, **within) if within else queryset


class HandFilter(admin.SimpleListFilter):
    """Whose work it is."""

    title = _("in hand")
    parameter_name = "hand"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """One's own, or nobody's."""
        return [("mine", _("Mine")), ("nobody", _("Nobody's"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Open ones."""
        known: dict[str, dict[str, Any]] = {"mine": {"handler": request.user}, "nobody": {"handler": None}}
        chosen = known.get(self.value() or "")
        return queryset.filter(state__in=OPEN, **chosen) if chosen else queryset


@admin.register(Claim)
class ClaimAdmin(
    ReportPages, HandlingPages, BillPages, PaperPages, DecisionPages, FlagPages, LetterPages, CoverSearch, ButtonPages,
    OfficeList, ReadOnlyScopedAdmin,
):
    """Claims, newest first; work by nearness of its day."""

    cover_path = "enrollment__"
    list_display = (
        "number_shown", "person_name", "program", "event_day", "standing", "amount_shown", "handled_by", "due",
    )
    export_columns = (
        "number_shown", ExportColumn("case_number", _("case number"), lambda claim: claim.case.number),
        ExportColumn("cover_number", _("cover number"), lambda claim: claim.enrollment.number), "enrollment__person__name",
        "program", ExportColumn("period__code", _("period"), lambda claim: claim.period.code), "organization", "event_day",
        "state", "amount", "clock_begun_on", "due_on", "reported_at", "ended_at",
    )
    list_filter = ("state", DueFilter, HandFilter, "program", "period", "organization", FullPlaceFilter, "reported_at")
    has_period = True
    moment = "reported_at"
    list_select_related = joined_on_pages = ("case", "enrollment__person", "program", "handler")
    search_fields = ("=id",)
    search_help_text = _(
        "Claim number, case number, invoice number, cover number, policy number, document number, phone number, or a name or its"
        " beginning"
    )
    sortable_by = ("number_shown",)
    ordering = ("-id",)
    change_form_template = "claims/claim_page.html"
    fields = ("state",)
    readonly_fields = fields
    actions_list = ("report",)
    actions_detail = (
        "accept", "register", "take", "add_bill", "add_paper", "payee", "calculate_decision", "sign", "send_back", "ask_papers",
        "complete_papers", "investigate", "end_investigation", "change_case", "mark_case", "order", "note", "hand_over",
        "correct_account", "confirm_account", "close", "reopen", "decline", "withdraw", *BESIDE_ITS_ROW,
        "look_at_flags", "print_letter",
    )

    has_report_permission = holds("claims.report_claim")
    has_handle_permission = holds("claims.handle_claim")
    has_hand_over_permission = holds("claims.hand_over_claim")
    has_sign_permission = holds("claims.sign_decision")
    has_countersign_permission = holds("claims.countersign_decision")
    has_explain_permission = holds("claims.explain_bill")
    has_account_permission = holds("claims.review_account")
    has_paper_permission = holds("claims.open_paper")
    has_reading_permission = holds("claims.view_claim")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "case__organization", "enrollment__person", "program", "plan__program", "period__program", "organization", "handler"
        )

    def get_ordering(self, request: HttpRequest) -> Sequence[str]:
        """What is to be done: the nearest day first."""
        return ("due_on", "id") if any(request.GET.get(name) for name in WORK) else self.ordering

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """By the numbers that are printed, else as covers are found."""
        claim, case = number_in(search_term, "P"), number_in(search_term, "A")
        if claim is not None:
            return queryset.filter(pk=claim), False
        if case is not None:
            return queryset.filter(case=case), False
        if (invoiced := _invoiced(queryset, search_term.strip())) is not None:
            return invoiced, False
        return super().get_search_results(request, queryset, search_term)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only what may become of the claim, for this user; what is done about one bill or paper stands beside it."""
        offered = super().get_actions_detail(request, object_id)
        claim = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        if claim is None:
            return []
        may = offers_of(claim, by=request.user)
        may -= set(BESIDE_ITS_ROW)
        return [button for button in offered if button.method.__name__ in may]

    def told_by(self, request: HttpRequest, obj: Claim) -> list[Any]:
        """The claim and its case."""
        return [obj, obj.case]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The claim's page."""
        claim = self.visible_or_404(request, object_id)
        context = {**page_context(claim, request), "title": claim.number}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @display(description=_("claim number"), ordering="id")
    def number_shown(self, claim: Claim) -> str:
        """赔案号."""
        return claim.number

    @display(description=_("name"))
    def person_name(self, claim: Claim) -> str:
        """Masked."""
        return str(claim.enrollment.person.name)

    @display(description=_("insured event"))
    def event_day(self, claim: Claim) -> str:
        """Its day and kind."""
        return f"{claim.case.event_on:%Y-%m-%d} {EventKind(claim.case.kind).label}"

    @display(description=_("state"))
    def standing(self, claim: Claim) -> SafeString:
        """As a badge."""
        return state_badge(claim)

    @display(description=_("amount (yuan)"))
    def amount_shown(self, claim: Claim) -> str:
        """Of the decision that holds."""
        return yuan(claim.amount)

    @display(description=_("handled by"))
    def handled_by(self, claim: Claim) -> str:
        """Who has it in hand."""
        return claim.handler.get_full_name() if claim.handler is not None else ""

    @display(description=_("to be done by"))
    def due(self, claim: Claim) -> str | SafeString:
        """The nearest day, while the clock runs."""
        return due_badge(claim, today=timezone.localdate())


def _invoiced(claims: QuerySet, number: str) -> QuerySet | None:
    """Those of the claims whose case has an invoice of this number; None where there is none."""
    if not any(sign.isdigit() for sign in number):
        return None
    cases = list(Bill.objects.filter(invoice_number=number).order_by().values_list("case", flat=True)[:SAME_NUMBER])
    found = claims.filter(case__in=cases)
    return found if cases and found.exists() else None


def page_context(claim: Claim, request: HttpRequest) -> dict[str, Any]:
    """Everything of a claim: its case with the other covers, bills, papers, decisions, payables, steps, requests, notes."""
    user: Any = request.user
    case: Case = claim.case
    may = offers_of(claim, by=user)
    terms = terms_of(claim)
    beside = list(
        Claim.objects.visible_to(user, "claims.view_claim").filter(case=case).select_related("program").order_by("position")
    )
    bills = list(case.bills.prefetch_related("lines").select_related("hospital").order_by("pk"))
    papers = list(case.papers.select_related("uploaded_by", "removed_by").order_by("pk"))
    decisions = list(
        claim.decisions.select_related("proposed_by", "cause").prefetch_related("lines", "signatures__by").order_by("-number")
    )
    person_url = reverse("admin:beneficiaries_person_change", args=[claim.enrollment.person_id])
    cover_url = reverse("admin:beneficiaries_enrollment_change", args=[claim.enrollment_id])
    return {
        "claim": claim, "badge": state_badge(claim), "due": due_badge(claim, today=timezone.localdate()),
        "person_url": person_url if user.has_perm("beneficiaries.view_person") else "",
        "cover_url": cover_url if user.has_perm("beneficiaries.view_enrollment") else "",
        "facts": claim_facts(claim), "event": event_facts(claim),
        "warnings": warnings_of(claim, bills, terms_known=terms is not None),
        "beside": [
            (each, state_badge(each), reverse("admin:claims_claim_change", args=[each.pk]), yuan(each.amount)) for each in beside
        ],
        "bills": bill_rows(bills, claim, may=may),
        "papers": papers, "papers_open": user.has_perm("claims.open_paper"), "papers_change": "add_paper" in may,
        "decisions": [decision_data(each, terms) for each in decisions[:1]],
        "earlier": [decision_data(each, terms) for each in decisions[1:]],
        "payables": [payable_row(each, by=user) for each in claim.payables.order_by("pk")],
        "steps": list(claim.steps.select_related("by").order_by("pk")),
        "requests": [
            (each, kinds_in_words(each.kinds)) for each in claim.paper_requests.select_related("asked_by").order_by("pk")
        ],
        "notes": [
            (each, "" if each.text is None else each.text.told()) for each in claim.notes.select_related("by").order_by("-pk")
        ],
    }


def warnings_of(claim: Claim, bills: list[Any], *, terms_known: bool) -> list[str]:
    """What keeps the claim from going on, or what somebody has to look at."""
    said = []
    waiting = sum(1 for bill in bills if bill.standing == "doubled" or (bill.standing != "removed" and bill.errors))
    if waiting and claim.is_open:
        said.append(_t("%(number)d bills do not fit or were presented elsewhere: explain them or take them out first.") % {
            "number": waiting,
        })
    if not terms_known:
        said.append(_t("The plan of this cover does not say yet what it pays."))
    earlier = claim.case.claims.filter(position__lt=claim.position, state__in=OPEN).first()
    if earlier is not None and claim.is_open:
        said.append(_t("Another cover pays first: claim %(number)s is to be decided before.") % {"number": earlier.number})
    if claim.state == State.REVIEW and claim.payee_account is None:
        said.append(_t("Nobody has said yet who is paid, and to which account."))
    if claim.payables.filter(state=PayableState.FAILED).exists():
        said.append(_t("The bank did not pay: the account is to be corrected, and confirmed by a second person."))
    if claim.state == State.REVIEW and claim.decisions.filter(state=DecisionState.APPROVED).exists():
        said.append(_t("Reopened: what was decided before holds until another decision is signed."))
    return said
