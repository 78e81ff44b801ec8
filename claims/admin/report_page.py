"""The page on which a case is reported: who, what and when; the covers that were in force, in the order in which they pay."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from audit.errors import Refused
from beneficiaries.models import Enrollment
from claims import actions
from claims.admin.forms import ReportForm
from claims.covering import covers_of
from claims.errors import ClaimsRefused
from claims.rules.order import payment_order


class ReportPages:
    """Mixed into the claims' admin."""

    @action(description=_("Report a case"), url_path="report", permissions=["report"], icon="add_alert")
    def report(self: Any, request: HttpRequest) -> HttpResponse:
        """First "find", which shows the covers and keeps nothing; then "report" with those that are chosen."""
        page = _Page(request)
        if request.method == "POST":
            case = page.answer()
            if case is not None:
                first = case.claims.order_by("position").first()
                messages.success(request, _t("Case %(number)s is reported with %(claims)d claims.") % {
                    "number": case.number, "claims": case.claims.count(),
                })
                return HttpResponseRedirect(reverse("admin:claims_claim_change", args=[first.pk]))
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "page": page, "title": _t("Report a case"),
            "back_url": reverse("admin:claims_claim_changelist"),
        }
        return render(request, "claims/report_page.html", context, status=409 if page.refusal else 200)


class _Page:
    """What was typed in, the covers that it finds, and why nothing was done."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.form = ReportForm(request.POST) if request.method == "POST" else ReportForm(
            initial={"who": request.GET.get("cover", ""), "reported_on": timezone.localdate()}
        )
        self.covers: list[tuple[Enrollment, bool]] = []
        self.refusal = ""

    def answer(self) -> Any:
        """Do what was pressed; the case when it was reported."""
        if not self.form.is_valid():
            return None
        told = self.form.told
        user: Any = self.request.user
        try:
            found = payment_order(covers_of(self.form.cleaned_data["who"], at=told.event_at, by=user))
            if not found:
                raise ClaimsRefused("NO_COVER")
            chosen = set(self.request.POST.getlist("covers"))
            wanted = [cover for cover in found if str(cover.pk) in chosen]
            self.covers = [(cover, not chosen or str(cover.pk) in chosen) for cover in found]
            if "_report" in self.request.POST:
                return actions.report_case(wanted or found, told, by=user, at=timezone.now())
        except Refused as refused:
            self.refusal = str(refused)
        return None
