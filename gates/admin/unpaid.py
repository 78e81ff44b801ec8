"""Who has not paid: the list to go through villages with, and the payment that is recorded for what it shows."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.admin.places import PlaceColumn
from audit.admin import ReadOnlyScopedAdmin
from audit.admin.export_button import PICKED, list_query
from audit.buttons import ButtonPages, holds
from audit.errors import Refused
from beneficiaries.admin.counted_list import CountedList
from beneficiaries.admin.narrowing import PlaceFilter, RosterFilter
from beneficiaries.admin.searching import CoverSearch
from beneficiaries.gating import Gate
from exports.listing import Listing, Wanted, picked_of
from gates import actions
from gates.actions.payments import due_of
from gates.admin.forms import PaymentForm
from gates.errors import GatesRefused
from gates.models import OwnPayment, Unpaid
from programs.models import Period

RECORD = "gates.record_payment"
_PAGES = ("changelist", "export_list", "record")


@admin.register(Unpaid)
class UnpaidAdmin(CoverSearch, PlaceColumn, CountedList, ButtonPages, ReadOnlyScopedAdmin):
    """People whose next step is their own payment."""

    gate = Gate.OWN_PAYMENT
    list_display = (
        "cover_number", "person_name", "program", "period_code", "category", "place", "roster_number", "own_share", "closes",
    )
    export_columns = (
        "cover_number", "person__name", "program", "period_code", "category", "organization", "place", "roster_number",
        "own_share", "closes",
    )
    sortable_by = ("cover_number",)
    list_filter = ("program", "period", "category", "organization", PlaceFilter, RosterFilter)
    list_select_related = joined_on_pages = ("person", "program", "period", "category")
    search_fields = ("=id",)
    ordering = ("-id",)
    actions_list = ("record",)
    actions = ("record_selected",)

    has_record_permission = holds(RECORD)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related("person", "program", "period__program", "category", "organization")

    def get_urls(self) -> list[Any]:
        """A list and its buttons: each person's own page is that of the enrollment."""
        prefix = f"{self.opts.app_label}_{self.opts.model_name}_"
        return [each for each in super().get_urls() if str(each.name or "").removeprefix(prefix) in _PAGES]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The button takes along what the list is narrowed to."""
        answer = super().changelist_view(request, extra_context)
        query = urlencode(list_query(request), doseq=True)
        for button in (getattr(answer, "context_data", None) or {}).get("actions_list", ()):
            if query and str(button.get("path", "")).endswith("/record/"):
                button["path"] += f"?{query}"
        return answer

    @display(description=_("cover number"), ordering="id")
    def cover_number(self, enrollment: Unpaid) -> str:
        """保障凭证号."""
        return enrollment.number

    @display(description=_("name"))
    def person_name(self, enrollment: Unpaid) -> str:
        """Masked."""
        return str(enrollment.person.name)

    @display(description=_("period"))
    def period_code(self, enrollment: Unpaid) -> str:
        """The program year."""
        return enrollment.period.code

    @display(description=_("roster"))
    def roster_number(self, enrollment: Unpaid) -> str:
        """Where it comes from."""
        return f"#{enrollment.roster_id}" if enrollment.roster_id else "—"

    @display(description=_("lapses on"))
    def closes(self, enrollment: Unpaid) -> Any:
        """The day on which whoever has not paid lapses."""
        return enrollment.period.enrollment_closes_on

    @admin.action(description=_("Record a payment of the selected"), permissions=["record"])
    def record_selected(self, request: HttpRequest, queryset: QuerySet) -> HttpResponseRedirect:
        """To the page of the button, with the keys of the rows."""
        query = list_query(request)
        if request.POST.get("select_across") != "1":
            query[PICKED] = ".".join(str(pk) for pk in queryset.order_by().values_list("pk", flat=True))
        return HttpResponseRedirect(f"{reverse('admin:gates_unpaid_record')}?{urlencode(query, doseq=True)}")

    @action(description=_("Record a payment"), url_path="record", permissions=["record"], icon="payments")
    def record(self, request: HttpRequest) -> HttpResponseBase:
        """For everybody whom the list shows, or for the selected."""
        query = urlencode(list_query(request), doseq=True)
        back = f"{self.address(None)}?{query}" if query else self.address(None)
        try:
            covers, period = chosen(request, query)
        except Refused as refused:
            return self._nothing_chosen(request, refused, back)
        _waiting, people, due = due_of(covers, period)

        def run(given: dict[str, Any]) -> HttpResponse:
            payment = actions.record_payment(covers, period=period, **given)
            done = payment.state == OwnPayment.State.RECORDED
            messages.success(
                request, _t("The payment was recorded.") if done else _t("The payment is being recorded for everybody on it."),
            )
            return HttpResponseRedirect(reverse("admin:gates_ownpayment_change", args=[payment.pk]))

        return self.button_page(
            request, title=_t("Record a payment"), button=_t("Record"), back=back, run=run,
            sentence=_t(
                "Every one of these people is recorded as having paid. A wrong payment is reversed by two people, before cover "
                "begins."
            ),
            facts=[
                (_t("program"), period.program.name),
                (_t("period"), period.code),
                (_t("people"), f"{people:,}"),
                (_t("they owe"), _t("%(amount)s yuan") % {"amount": f"{due:,.2f}"}),
                (_t("enrollment closes on"), period.enrollment_closes_on),
            ],
            warnings=[] if timezone.localdate() < period.enrollment_closes_on else [_t("Enrollment has closed.")],
            form=PaymentForm(request.POST if request.method == "POST" else None, by=request.user),
        )

    def _nothing_chosen(self, request: HttpRequest, refused: Refused, back: str) -> HttpResponse:
        """The page without people: it says why, and records nothing."""

        def run(given: dict[str, Any]) -> str:
            raise refused

        return self.button_page(
            request, title=_t("Record a payment"), button=_t("Record"), back=back, run=run, warnings=[str(refused)],
            sentence="", form=PaymentForm(request.POST if request.method == "POST" else None, by=request.user),
        )


def chosen(request: HttpRequest, query: str) -> tuple[QuerySet, Period]:
    """The people whom the list shows to this user, of those whom the role that records payments reaches; and their period."""
    user: Any = request.user
    listed = Listing("gates.unpaid", user, Wanted(query, picked_of(request.GET.get(PICKED)))).rows
    covers = listed.prefetch_related(None).order_by()
    covers = covers.filter(pk__in=Unpaid.objects.visible_to(user, RECORD).order_by().values("pk"))
    periods = list(covers.values_list("period", flat=True).distinct()[:2])
    if len(periods) != 1:
        raise GatesRefused("ONE_PERIOD" if periods else "NOBODY_OWES")
    return covers, Period.objects.select_related("program", "plan").get(pk=periods[0])
