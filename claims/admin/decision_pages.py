"""Pages on which a decision is calculated, adjusted, signed or sent back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from audit.errors import Refused
from benefits import wording
from claims import actions
from claims.actions import Adjustment, Refusal
from claims.admin.forms import ReasonForm, money
from claims.admin.words import (
    ADJUSTMENTS,
    claim_facts,
    decision_data,
    effects_in_words,
    refusal_choices,
    said,
    terms_of,
    yuan,
)
from claims.flags import flags_of
from claims.models import Claim, DecisionState
from programs.benefit_terms import engine_language

ZERO = Decimal("0.00")


class AdjustmentForm(forms.Form):
    """What a responsibility pays instead of what was calculated; empty leaves it."""

    amount = money(_("Pays instead (yuan)"))
    code = forms.ChoiceField(
        label=_("Code"), required=False, choices=[("", "—"), *ADJUSTMENTS], widget=UnfoldAdminSelectWidget()
    )
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False, widget=UnfoldAdminTextInputWidget())

    @property
    def adjustment(self) -> Adjustment | None:
        """What is said; None where nothing is."""
        given = self.cleaned_data
        if given.get("amount") is None:
            return None
        return Adjustment(given["amount"], given["code"], given["reason"])


class RefusalForm(forms.Form):
    """The whole claim is refused."""

    code = forms.ChoiceField(label=_("Code of the refusal"), required=False, widget=UnfoldAdminSelectWidget())
    reason = forms.CharField(
        label=_("Reason for the letter"), max_length=300, required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2})
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data, prefix="refusal")
        self.fields["code"].choices = refusal_choices()  # type: ignore[attr-defined]


class DecisionPages:
    """Mixed into the claims' admin."""

    @action(description=_("Calculate the claim"), url_path="calculate", permissions=["handle"], icon="calculate")
    def calculate_decision(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """理算: what the engine decides, step by step; adjusted with a code, or refused; kept to be signed."""
        claim = self.visible_or_404(request, object_id)
        page = _Page(request, claim)
        if request.method == "POST" and page.answer():
            messages.success(request, _t("Calculated: a colleague who checks signs it."))
            return HttpResponseRedirect(f"{self.address(claim)}#decision")
        page.look()
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "page": page, "subject": claim, "claim": claim,
            "facts": claim_facts(claim), "title": _t("Calculate the claim"), "back_url": self.address(claim),
        }
        refused = request.method == "POST" and page.refusal
        return render(request, "claims/decision_page.html", context, status=409 if refused else 200)

    @action(description=_("Sign"), url_path="sign", permissions=["reading"], icon="draw")
    def sign(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """核赔."""
        claim = self.visible_or_404(request, object_id)
        decision = claim.decisions.filter(state=DecisionState.PROPOSED).select_related("proposed_by").first()
        if decision is None:
            return HttpResponseRedirect(self.address(claim))
        form = DigestForm(request.POST if request.method == "POST" else None, initial={"digest": decision.digest})

        def run(given: dict[str, Any]) -> str:
            done = actions.sign_decision(decision, digest=given["digest"], by=given["by"], at=given["at"])
            if done.state == DecisionState.APPROVED:
                return _t("The decision is in force.")
            return _t("Signed: %(more)d more signatures are needed.") % {
                "more": done.signatures_needed - done.signatures.count(),
            }

        data = decision_data(decision, terms_of(claim))
        return self.button_page(
            request, title=_t("Sign"), button=_t("Sign"), subject=claim, run=run, form=form,
            facts=[
                *claim_facts(claim), (_t("outcome"), data["outcome"]), (_t("payable to the insured (yuan)"), yuan(decision.amount)),
                (_t("calculated by"), decision.proposed_by.get_full_name()),
                (_t("signatures"), f"{len(data['signatures'])} / {decision.signatures_needed}"),
            ],
            detail=render_to_string("claims/sign.html", {**data, "bare": True, "flags": flags_of(claim)}, request=request),
            sentence=_t(
                "With the last signature it is in force: the sum is owed to this account, and later claims of the cover follow."
            ),
        )

    @action(description=_("Send back"), url_path="send-back", permissions=["reading"], icon="undo")
    def send_back(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """退回."""
        claim = self.visible_or_404(request, object_id)
        decision = claim.decisions.filter(state=DecisionState.PROPOSED).first()
        if decision is None:
            return HttpResponseRedirect(self.address(claim))

        def run(given: dict[str, Any]) -> str:
            actions.send_back_decision(decision, **given)
            return _t("Sent back: the review goes on.")

        return self.button_page(
            request, title=_t("Send back"), button=_t("Send back"), subject=claim, run=run, facts=claim_facts(claim), danger=True,
            sentence=_t("It is not signed. Whoever handles the claim calculates it again."),
            form=ReasonForm(request.POST if request.method == "POST" else None),
        )


class DigestForm(forms.Form):
    """What was shown."""

    digest = forms.CharField(widget=forms.HiddenInput())


class _Page:
    """What the engine says, what a person changes of it, and why nothing was kept."""

    def __init__(self, request: HttpRequest, claim: Claim) -> None:
        self.request, self.claim = request, claim
        data = request.POST if request.method == "POST" else None
        terms = terms_of(claim)
        self.names = {} if terms is None else {each.code: each.name.say(engine_language()) for each in terms.responsibilities}
        self.adjusting = [(code, name, AdjustmentForm(data, prefix=f"a-{code}")) for code, name in self.names.items()]
        self.refusing = RefusalForm(data)
        self.refusal = ""
        self.proposal: Any = None

    def answer(self) -> bool:
        """Whether a decision was kept."""
        forms_valid = [form.is_valid() for _code, _name, form in self.adjusting]
        if not all(forms_valid) or not self.refusing.is_valid() or "_propose" not in self.request.POST:
            return False
        try:
            actions.propose_decision(
                self.claim, adjustments=self._adjustments(), refusal=self._refusal(), by=self.request.user, at=timezone.now()  # type: ignore[arg-type]
            )
        except Refused as refused:
            self.refusal = str(refused)
            return False
        return True

    def look(self) -> None:
        """Calculate as it stands now, with what is typed in where that can be done."""
        bound = self.request.method == "POST"
        try:
            self.proposal = actions.calculate(
                self.claim, adjustments=self._adjustments() if bound else {}, refusal=self._refusal() if bound else None,
                by=self.request.user,  # type: ignore[arg-type]
            )
        except Refused as refused:
            self.refusal = self.refusal or str(refused)

    def _adjustments(self) -> dict[str, Adjustment]:
        found = {code: form.adjustment for code, _name, form in self.adjusting if form.is_valid()}
        return {code: each for code, each in found.items() if each is not None}

    def _refusal(self) -> Refusal | None:
        given = self.refusing.cleaned_data if self.refusing.is_valid() else {}
        return Refusal(given["code"], given["reason"]) if given.get("code") or given.get("reason") else None

    @property
    def lines(self) -> list[dict[str, Any]]:
        """By responsibility: counted, deductible, calculated, decided, with the form that changes it."""
        if self.proposal is None:
            return []
        calculated = {each.code: each for each in self.proposal.calculated.benefits}
        decided = {each.code: each for each in self.proposal.decided.benefits}
        return [
            {
                "name": name, "form": form, "counted": yuan(calculated[code].counted) if code in calculated else "",
                "deducted": yuan(calculated[code].deducted) if code in calculated else "",
                "calculated": yuan(calculated[code].amount) if code in calculated else "",
                "decided": yuan(decided[code].amount) if code in decided else "",
            }
            for code, name, form in self.adjusting
        ]

    @property
    def undecided(self) -> list[str]:
        """Responsibilities whose terms are not known well enough, and that nobody has set."""
        if self.proposal is None:
            return []
        return [self.names[code] for code in self.proposal.decided.undecided if code not in self.proposal.adjustments]

    @property
    def amount(self) -> str:
        """Yuan."""
        return yuan(self.proposal.amount)

    @property
    def outcome(self) -> str:
        """In words."""
        return str(self.proposal.outcome.label)

    @property
    def steps(self) -> Any:
        """Of the engine."""
        return self.proposal.calculated.trace.table(engine_language())

    @property
    def sentences(self) -> Any:
        """In plain words."""
        return self.proposal.calculated.trace.sentences(engine_language())

    @property
    def refusals(self) -> list[str]:
        """Why something is not paid."""
        return list(dict.fromkeys(said(wording.REFUSALS, each.code) for each in self.proposal.calculated.refusals))

    @property
    def burden(self) -> list[tuple[str, str]]:
        """Who bears the bills."""
        return [(said(wording.PAYERS, who), yuan(amount)) for who, amount in self.proposal.decided.burden.items() if amount]

    @property
    def effects(self) -> list[tuple[str, str, str]]:
        """What becomes of later claims."""
        return effects_in_words([effect.to_data() for effect in self.proposal.effects])

    @property
    def needed(self) -> int:
        """Signatures."""
        return actions.signatures_needed(self.claim.program_id, self.proposal.amount)
