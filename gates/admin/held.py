"""Held money in the admin: every line that paid nobody's share, and the lists by which it gets its end."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.badges import badge
from audit.buttons import ButtonPages, holds
from audit.errors import Refused
from beneficiaries.models import Enrollment
from gates import actions
from gates.actions.clearings import PROPOSE
from gates.admin.clearing_forms import AssignForm, MatchForm, WhyForm
from gates.admin.picking import back_to, listed, picked_page, with_query
from gates.models import Arrival, Clearing, ClearingLine, HeldPayment, HeldState

TONES = {
    HeldState.HELD: "wait", HeldState.LISTED: "work", HeldState.ASSIGNED: "good", HeldState.RETURNED: "good",
    HeldState.COUNTED: "calm",
}


class OfOneStatement(admin.SimpleListFilter):
    """Of one statement, as a link names it."""

    title = _("collection statement")
    parameter_name = "statement"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """The one that is shown."""
        wanted = self.used_parameters.get(self.parameter_name) or request.GET.get(self.parameter_name)
        return [(wanted, f"#{wanted}")] if wanted else []

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Its lines."""
        wanted = self.value()
        if not wanted:
            return queryset
        if not (wanted.isascii() and wanted.isdecimal() and len(wanted) < 19):
            return queryset.none()
        return queryset.filter(**{self.parameter_name: wanted})


@admin.register(HeldPayment)
class HeldPaymentAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Lines whose money is or was held, newest first."""

    list_display = (
        "number", "kind", "name", "known_by", "amount_shown", "paid_on", "standing", "period_code", "origin", "organization",
    )
    export_columns = (
        "number", "kind", "row__name", "row__number", "row__document", "amount", "paid_on", "state", "period_code",
        "statement__reference", "row__sheet", "row__line", "organization",
    )
    list_filter = ("state", "kind", "period", "statement__organization", OfOneStatement, "paid_on")
    list_select_related = ("row", "period__program", "statement__organization")
    search_fields = ("=statement__reference", "=row__serial")
    search_help_text = _("Statement number or serial number")
    sortable_by = ("number",)
    ordering = ("-id",)
    list_per_page = 50
    fields = (
        "number", "kind", "name", "known_by", "amount_shown", "paid_on", "standing", "ends", "period_code", "origin", "serial",
        "organization",
    )
    readonly_fields = fields
    actions_list = ("assign_all", "match_all", "give_back")
    actions_detail = ("assign", "match", "unmatch")
    actions = ("assign_selected", "return_selected")

    has_propose_permission = holds(PROPOSE)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related("row", "period__program", "statement__organization")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The buttons take along what the list is narrowed to."""
        return with_query(super().changelist_view(request, extra_context), request, "assign-all", "match-all", "give-back")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """What gives an end to money that has none, and what takes back that it was counted for a purchase."""
        offered = super().get_actions_detail(request, object_id)
        held = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        if held is None:
            return []
        counted = held.state == HeldState.ASSIGNED and Arrival.objects.standing().filter(row=held.row_id).exists()
        wanted = {"assign", "match"} if held.state == HeldState.HELD else {"unmatch"} if counted else set()
        return [button for button in offered if button.method.__name__ in wanted]

    @display(description=_("no."), ordering="id")
    def number(self, held: HeldPayment) -> str:
        """Its number."""
        return f"#{held.pk}"

    @display(description=_("name"))
    def name(self, held: HeldPayment) -> str:
        """Masked."""
        return str(held.row.name or "—")

    @display(description=_("cover or document number"))
    def known_by(self, held: HeldPayment) -> str:
        """As the line says it; a document masked."""
        return held.row.number or str(held.row.document or "—")

    @display(description=_("amount (yuan)"))
    def amount_shown(self, held: HeldPayment) -> str:
        """Yuan."""
        return f"{held.amount:,.2f}"

    @display(description=_("state"))
    def standing(self, held: HeldPayment) -> SafeString:
        """Where its money is, as a badge."""
        return badge(held.get_state_display(), TONES[HeldState(held.state)])

    @display(description=_("period"))
    def period_code(self, held: HeldPayment) -> str:
        """The program year."""
        return held.period.code

    @display(description=_("serial number"))
    def serial(self, held: HeldPayment) -> str:
        """The channel's own."""
        return held.row.serial or "—"

    @display(description=_("organization"))
    def organization(self, held: HeldPayment) -> str:
        """Whose statement it was."""
        return held.statement.organization.name

    @display(description=_("line of a statement"))
    def origin(self, held: HeldPayment) -> SafeString | str:
        """Statement, sheet and line, with the way there."""
        address = f"{reverse('admin:gates_statement_change', args=[held.statement_id])}?row={held.row_id}#row-{held.row_id}"
        place = " ".join(part for part in (held.row.sheet, str(held.row.line)) if part)
        return format_html(
            '<a href="{}">{}</a>', address,
            _t("%(reference)s line %(line)s") % {"reference": held.statement.reference, "line": place},
        )

    @display(description=_("clearings"))
    def ends(self, held: HeldPayment) -> SafeString | str:
        """The lists on which it stands or stood, the last first."""
        lines = Q(held=held) | Q(arrival__in=Arrival.objects.filter(row=held.row_id))
        found = Clearing.objects.filter(pk__in=ClearingLine.objects.filter(lines).values("clearing")).order_by("-pk")[:5]
        links = [
            format_html(
                '<a href="{}">#{} {} · {}</a>', reverse("admin:gates_clearing_change", args=[each.pk]), each.pk,
                each.get_kind_display(), each.get_state_display(),
            )
            for each in found
        ]
        return format_html("{}", SafeString("、".join(links))) if links else "—"

    @admin.action(description=_("Assign the selected to the covers that they name"), permissions=["propose"])
    def assign_selected(self, request: HttpRequest, queryset: QuerySet) -> HttpResponseRedirect:
        """To the page of the button."""
        return picked_page(request, queryset, "admin:gates_heldpayment_assign_all")

    @admin.action(description=_("Give the selected back"), permissions=["propose"])
    def return_selected(self, request: HttpRequest, queryset: QuerySet) -> HttpResponseRedirect:
        """To the page of the button."""
        return picked_page(request, queryset, "admin:gates_heldpayment_give_back")

    @action(
        description=_("Assign to the covers that they name"), url_path="assign-all", permissions=["propose"], icon="person_check"
    )
    def assign_all(self, request: HttpRequest) -> HttpResponse:
        """Whatever the list shows of one statement, each to the cover that its line names."""
        return self._of_list(
            request, actions.propose_assignment, title=_t("Assign to the covers that they name"),
            sentence=_t(
                "Each line pays the share of the cover that it names, where that waits for exactly this payment; the others stay "
                "held. Nothing happens before a colleague who checks approves it."
            ),
        )

    @action(
        description=_("Count for the purchases that they name"), url_path="match-all", permissions=["propose"], icon="receipt_long"
    )
    def match_all(self, request: HttpRequest) -> HttpResponse:
        """Whatever the list shows of one statement, each to the purchase of the cover that its line names."""
        return self._of_list(
            request, actions.propose_match, title=_t("Count for the purchases that they name"),
            sentence=_t(
                "Each line is the payment that came with the enrollment of the cover that it names, where that is exactly its sum "
                "and has not arrived; the others stay held. Nothing happens before a colleague who checks approves it."
            ),
        )

    @action(description=_("Give back"), url_path="give-back", permissions=["propose"], icon="currency_exchange")
    def give_back(self, request: HttpRequest) -> HttpResponse:
        """Whatever the list shows of one statement, the way it came."""
        return self._of_list(
            request, actions.propose_return, title=_t("Give back"),
            sentence=_t(
                "The list goes to the bank of the collecting account once a colleague who checks has approved it; what the bank "
                "says is recorded line by line."
            ),
        )

    @action(description=_("Assign to a cover"), url_path="assign", permissions=["propose"], icon="person_check")
    def assign(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """This one line, to a cover whose number is given."""
        held = self.visible_or_404(request, object_id)
        named = (
            Enrollment.objects.visible_to(request.user, "beneficiaries.view_enrollment")
            .select_related("program", "period").filter(pk=held.enrollment_id).first()
        )

        def run(given: dict[str, Any]) -> HttpResponse:
            return self._proposed(request, actions.propose_assignment(HeldPayment.objects.filter(pk=held.pk), **given))

        return self.button_page(
            request, title=_t("Assign to a cover"), button=_t("Put forward"), subject=held, run=run, facts=facts_of(held),
            form=AssignForm(request.POST if request.method == "POST" else None, initial={"number": named.number if named else ""}),
            sentence=_t(
                "The line counts as this cover's own payment once a colleague who checks approves it; in time is who paid before "
                "enrollment closed."
            ),
        )

    @action(description=_("Count for a purchase"), url_path="match", permissions=["propose"], icon="receipt_long")
    def match(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """This one line, for the purchase of a cover whose number is given."""
        held = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            return self._proposed(request, actions.propose_match(HeldPayment.objects.filter(pk=held.pk), **given))

        return self.button_page(
            request, title=_t("Count for a purchase"), button=_t("Put forward"), subject=held, run=run, facts=facts_of(held),
            form=MatchForm(request.POST if request.method == "POST" else None),
            sentence=_t(
                "A family or person paid when they were enrolled: this line is that payment, which arrived under another number. "
                "It is booked once."
            ),
        )

    @action(description=_("Reverse the count"), url_path="unmatch", permissions=["propose"], icon="undo")
    def unmatch(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """It was counted for a purchase by mistake."""
        held = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            return self._proposed(request, actions.propose_unmatch(Arrival.objects.filter(row=held.row_id), **given))

        return self.button_page(
            request, title=_t("Reverse the count"), button=_t("Put forward"), subject=held, run=run, facts=facts_of(held),
            form=WhyForm(request.POST if request.method == "POST" else None),
            sentence=_t(
                "The line was counted for a purchase by mistake: its money is held again, and the purchase's payment has not "
                "arrived. Nothing happens before a colleague who checks approves it."
            ),
        )

    def _of_list(self, request: HttpRequest, propose: Any, *, title: str, sentence: str) -> HttpResponse:
        back = back_to(request, self.address(None))
        facts: list[tuple[str, Any]] = []
        warnings: list[str] = []
        try:
            held = listed(request, "gates.heldpayment", PROPOSE, HeldPayment)
            found = held.filter(state=HeldState.HELD).aggregate(
                lines=Count("pk"), amount=Sum("amount", default=0), statements=Count("statement", distinct=True)
            )
        except Refused as refused:
            held = HeldPayment.objects.none()
            warnings = [str(refused)]
        else:
            facts = [
                (_t("payments to be cleared"), f"{found['lines']:,}"), (_t("amount (yuan)"), f"{found['amount']:,.2f}"),
            ]
            if found["statements"] > 1:
                several = _t("These are lines of %(number)s statements: narrow the list to one.")
                warnings = [several % {"number": found["statements"]}]

        def run(given: dict[str, Any]) -> HttpResponse:
            return self._proposed(request, propose(held.filter(state=HeldState.HELD), **given))

        return self.button_page(
            request, title=title, button=_t("Put forward"), back=back, run=run, facts=facts, warnings=warnings,
            form=WhyForm(request.POST if request.method == "POST" else None), sentence=sentence,
        )

    def _proposed(self, request: HttpRequest, clearing: Clearing) -> HttpResponse:
        messages.success(request, _t("Put forward: a colleague who checks approves it."))
        return HttpResponseRedirect(reverse("admin:gates_clearing_change", args=[clearing.pk]))


def facts_of(held: HeldPayment) -> list[tuple[str, Any]]:
    """What a held line is, as its confirm pages say it; personal values masked."""
    return [
        (_t("collection statement"), held.statement.reference),
        (_t("line"), " ".join(part for part in (held.row.sheet, str(held.row.line)) if part)),
        (_t("reason"), held.get_kind_display()),
        (_t("name"), str(held.row.name or "")),
        (_t("cover or document number"), held.row.number or str(held.row.document or "")),
        (_t("amount (yuan)"), f"{held.amount:,.2f}"), (_t("paid on"), held.paid_on),
    ]
