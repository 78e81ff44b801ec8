"""Pages on which a bill is entered, explained or taken out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from audit.errors import Refused
from claims import actions
from claims.actions import Charge
from claims.admin.forms import BillForm, BillMarksForm, ChargeForm, ReasonForm
from claims.admin.words import number_of, standing_badge
from claims.checking import in_words
from claims.marks import known_marks
from claims.models import Bill, Claim

#: Lines of charges that the page begins with, and at most has.
FIRST, MOST = 3, 12


class BillPages:
    """Mixed into the claims' admin."""

    @action(description=_("Add a bill"), url_path="bill", permissions=["report"], icon="receipt_long")
    def add_bill(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """The invoice's fields and its charges by kind of expense."""
        claim = self.visible_or_404(request, object_id)
        page = _Page(request, claim)
        if request.method == "POST":
            bill = page.answer()
            if bill is not None:
                for finding in bill.findings:
                    messages.warning(request, in_words(finding))
                messages.success(request, _t("A bill of %(amount)s yuan was added.") % {"amount": f"{bill.total:,.2f}"})
                return HttpResponseRedirect(f"{self.address(claim)}#bills")
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "page": page, "subject": claim, "claim": claim,
            "title": _t("Add a bill"), "back_url": self.address(claim),
        }
        return render(request, "claims/bill_page.html", context, status=409 if page.refusal else 200)

    @action(description=_("Let a bill count"), url_path="bill-explain", permissions=["explain"], icon="rule")
    def explain_bill(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """Something does not fit, or it was presented elsewhere: a second person says why it counts."""
        return self._about_bill(
            request, object_id, actions.explain_bill, title=_t("Let a bill count"), done=_t("The bill counts."),
            sentence=_t("Say why it counts although something does not fit. Of a bill that was presented elsewhere, what was paid "
                        "there has to stand among others' payments."),
        )

    @action(description=_("Call a bill false"), url_path="bill-false", permissions=["handle"], icon="gpp_bad")
    def call_bill_false(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """Somebody found that it is false."""
        return self._about_bill(
            request, object_id, actions.call_bill_false, title=_t("Call a bill false"), done=_t("The bill is false."), danger=True,
            sentence=_t("It stays in the case, and a decision counts nothing of it. Say how it was found out."),
        )

    @action(description=_("Take out a bill"), url_path="bill-out", permissions=["report"], icon="delete")
    def remove_bill(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """It was entered wrongly."""
        return self._about_bill(
            request, object_id, actions.remove_bill, title=_t("Take out a bill"), done=_t("The bill was taken out."), danger=True,
            sentence=_t("It does not count any more, and stays to be seen. Its invoice may be presented again."),
        )

    @action(description=_("Mark a bill"), url_path="bill-marks", permissions=["handle"], icon="label")
    def mark_bill(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """What the plan's exclusions ask about it and its charges."""

        def form(bill: Bill) -> BillMarksForm:
            return BillMarksForm(request.POST if request.method == "POST" else None, bill=bill, known=known_marks(bill.case))

        def act(bill: Bill, **given: Any) -> None:
            lines = {line.pk: given.pop(BillMarksForm.name_of(line)) for line in bill.lines.all()}
            actions.mark_bill(bill, given.pop("marks"), lines=lines, **given)

        return self._about_bill(
            request, object_id, act, title=_t("Mark a bill"), done=_t("The marks of the bill are kept."), form_of=form,
            sentence=_t("What bears a mark is not paid where the plan excludes it. Tick what holds, and say on what it rests."),
        )

    def _about_bill(
        self: Any, request: HttpRequest, object_id: str, act: Any, *, title: str, sentence: str, done: str, danger: bool = False,
        form_of: Callable[[Bill], Form] | None = None,
    ) -> HttpResponse:
        claim = self.visible_or_404(request, object_id)
        bills = Bill.objects.filter(case=claim.case_id).prefetch_related("lines").select_related("case")
        bill = bills.filter(pk=number_of(request.GET.get("bill", ""))).first()
        if bill is None:
            # The claim's page names them.
            return HttpResponseRedirect(f"{self.address(claim)}#bills")

        def run(given: dict[str, Any]) -> str:
            act(bill, **given)
            return done

        return self.button_page(
            request, title=title, button=title, subject=claim, run=run, sentence=sentence, danger=danger,
            form=form_of(bill) if form_of is not None else ReasonForm(request.POST if request.method == "POST" else None),
            facts=[
                (_t("medical invoice"), f"{bill.invoice_code} {bill.invoice_number}".strip()), (_t("hospital"), bill.hospital_name),
                (_t("issued on"), bill.issued_on), (_t("total (yuan)"), f"{bill.total:,.2f}"),
                (_t("how it counts"), standing_badge(bill)),
            ],
            warnings=[in_words(finding) for finding in bill.findings],
        )


class _Page:
    """What was typed in, and why nothing was done."""

    def __init__(self, request: HttpRequest, claim: Claim) -> None:
        self.request, self.claim = request, claim
        data = request.POST if request.method == "POST" else None
        self.form = BillForm(data, initial={"diagnosis": claim.case.diagnosis, "settled": True})
        kinds = actions.kinds_of(claim.case)
        count = FIRST if data is None else _count_of(data)
        self.charges = [ChargeForm(data, prefix=f"c{number}", kinds=kinds) for number in range(count)]
        self.refusal = ""

    @property
    def count(self) -> int:
        """Lines of the page."""
        return len(self.charges)

    @property
    def may_add(self) -> bool:
        """Whether there is room for another one."""
        return self.count < MOST

    def answer(self) -> Bill | None:
        """Keep the bill."""
        if "_more" in self.request.POST:
            return None
        valid = self.form.is_valid()
        wrong = [charge for charge in self.charges if not charge.is_valid()]
        if not valid or wrong:
            return None
        charges = [
            Charge(
                given["kind"], given["amount"], given["name"], given["code"], not given["outside"]
            )
            for given in (charge.cleaned_data for charge in self.charges if not charge.is_empty)
        ]
        try:
            user: Any = self.request.user
            return actions.add_bill(self.claim.case, self.form.bill, charges, by=user, at=timezone.now())
        except Refused as refused:
            self.refusal = str(refused)
        return None


def _count_of(post: Any) -> int:
    said = str(post.get("count", FIRST))
    count = int(said) if said.isascii() and said.isdecimal() and len(said) < 4 else FIRST
    return max(1, min(MOST, count + (1 if "_more" in post else 0)))
