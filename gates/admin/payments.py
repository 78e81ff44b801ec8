"""Own payments in the admin: what came in, for how many, from whom."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.badges import badge
from audit.buttons import ButtonPages, holds
from gates import actions
from gates.actions.clearings import PROPOSE
from gates.admin.clearing_forms import ReversalForm
from gates.bills import employer_of
from gates.models import OwnPayment
from jobs.admin import live, note_on
from jobs.models import Job

TONES = {
    OwnPayment.State.RECORDING: "work", OwnPayment.State.RECORDED: "good", OwnPayment.State.REVERSED: "calm",
}


class Origin(admin.SimpleListFilter):
    """By what said that it came in."""

    title = _("origin")
    parameter_name = "origin"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """A file, held money of a file, or nobody but whoever recorded it."""
        return [
            ("file", _("By collection statements")), ("held", _("Assigned from held money")),
            ("hand", _("Recorded without a file")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Those."""
        chosen = {
            "file": {"statement__isnull": False}, "held": {"clearing__isnull": False},
            "hand": {"statement__isnull": True, "clearing__isnull": True},
        }
        return queryset.filter(**chosen.get(self.value() or "", {}))


@admin.register(OwnPayment)
class OwnPaymentAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Payments, newest first."""

    list_display = ("number", "program", "period_code", "reference", "paid_on", "payer", "people_shown", "amount_shown", "standing")
    export_columns = (
        "number", "program", "period_code", "organization", "reference", "paid_on", "payer", "people", "amount", "state",
        "left_people", "left_amount", "reversed_people", "reversed_amount", "made_at",
    )
    list_filter = ("state", Origin, "program", "period", "organization", "paid_on")
    list_select_related = ("program", "period__program", "sponsor", "of_bill__bill__employer")
    search_fields = ("=reference",)
    search_help_text = _("Reference of a payment")
    sortable_by = ("number", "paid_on")
    ordering = ("-id",)
    fields = (
        "number", "program", "period_code", "organization", "reference", "paid_on", "payer", "people_shown", "amount_shown",
        "standing", "progress", "left_people", "left_amount", "reversed_people", "reversed_amount", "of_statement", "of_clearings",
        "recorded_by", "made_at",
    )
    readonly_fields = fields
    actions_detail = ("reverse",)

    has_propose_permission = holds(PROPOSE)

    class Media:
        """Renews the page while its job runs."""

        js = ("jobs/refresh.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        found = super().get_queryset(request)
        return found.select_related(
            "program", "period__program", "organization", "sponsor", "made_by", "statement", "clearing__statement",
            "of_bill__bill__employer",
        )

    @display(description=_("no."), ordering="id")
    def number(self, payment: OwnPayment) -> str:
        """The payment's number."""
        return f"#{payment.pk}"

    @display(description=_("period"))
    def period_code(self, payment: OwnPayment) -> str:
        """The program year."""
        return payment.period.code

    @display(description=_("paid by"))
    def payer(self, payment: OwnPayment) -> str:
        """An employer, a sponsor, or the people themselves."""
        billed = employer_of(payment)
        if billed is not None:
            return str(billed.bill.employer.name)
        return payment.sponsor.name if payment.sponsor is not None else _t("the insured themselves")

    @display(description=_("people"))
    def people_shown(self, payment: OwnPayment) -> str:
        """On it."""
        return f"{payment.people:,}"

    @display(description=_("amount (yuan)"))
    def amount_shown(self, payment: OwnPayment) -> str:
        """Yuan."""
        return f"{payment.amount:,.2f}"

    @display(description=_("state"))
    def standing(self, payment: OwnPayment) -> SafeString:
        """The state as a badge."""
        return badge(payment.get_state_display(), TONES[OwnPayment.State(payment.state)])

    @display(description=_("progress"))
    def progress(self, payment: OwnPayment) -> SafeString | str:
        """How far the recording has come, renewed while its job is live."""
        job = Job.objects.about(payment).order_by("-pk").first() if payment.state == OwnPayment.State.RECORDING else None
        if job is None:
            return "—"
        context = {"done": job.done, "total": job.total, "label": job.title, "note": note_on(job) or job.error_sentence}
        return live(job, "progress", render_to_string("portal/progress.html", context))

    @display(description=_("collection statement"))
    def of_statement(self, payment: OwnPayment) -> str:
        """The file that said who paid."""
        statement = payment.statement or (payment.clearing.statement if payment.clearing is not None else None)
        if statement is None:
            return ""
        address = reverse("admin:gates_statement_change", args=[statement.pk])
        return format_html('<a href="{}">{}</a>', address, str(statement))

    @display(description=_("clearings"))
    def of_clearings(self, payment: OwnPayment) -> str:
        """The list that assigned it, and those that reverse some of it."""
        found = [*([payment.clearing] if payment.clearing is not None else []), *payment.clearings.order_by("pk")[:20]]
        links = format_html_join(
            "、", '<a href="{}">#{} {} · {}</a>',
            (
                (reverse("admin:gates_clearing_change", args=[each.pk]), each.pk, each.get_kind_display(), each.get_state_display())
                for each in found
            ),
        )
        return links or "—"

    @display(description=_("recorded by"))
    def recorded_by(self, payment: Any) -> str:
        """The name colleagues know."""
        return payment.made_by.get_full_name()

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """The button while something of it stands."""
        offered = super().get_actions_detail(request, object_id)
        stands = self.get_queryset(request).filter(pk=object_id, state=OwnPayment.State.RECORDED).exists() if offered else False
        return list(offered) if stands else []

    @action(description=_("Reverse"), url_path="reverse", permissions=["propose"], icon="settings_backup_restore")
    def reverse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """It was recorded wrongly: all of it, or for some of its people."""
        payment = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            clearing = actions.propose_reversal(payment, **given)
            messages.success(request, _t("Put forward: a colleague who checks approves it."))
            return HttpResponseRedirect(reverse("admin:gates_clearing_change", args=[clearing.pk]))

        return self.button_page(
            request, title=_t("Reverse the payment"), button=_t("Put forward"), subject=payment, run=run, danger=True,
            facts=[
                (_t("program"), payment.program.name), (_t("period"), payment.period.code),
                (_t("reference of the payment"), payment.reference), (_t("people"), f"{payment.people:,}"),
                (_t("amount (yuan)"), f"{payment.amount:,.2f}"),
                (_t("people reversed"), f"{payment.reversed_people:,}"),
                (_t("enrollment closes on"), payment.period.enrollment_closes_on),
            ],
            form=ReversalForm(request.POST if request.method == "POST" else None),
            sentence=_t(
                "Whoever is on it owes their own share again. Only before cover begins, before enrollment closes, and before the "
                "insurer was told. Nothing happens before a colleague who checks approves it."
            ),
        )
