"""Buttons that move a claim on its way, and say who is paid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from claims import actions
from claims.admin.forms import (
    AskForm,
    CaseForm,
    CompleteForm,
    HandOverForm,
    MarksForm,
    NoteForm,
    PayeeForm,
    ReasonForm,
)
from claims.admin.order_form import OrderForm
from claims.admin.words import claim_facts, event_facts, payee_in_words
from claims.marks import known_marks
from claims.models import Claim


class HandlingPages:
    """Mixed into the claims' admin."""

    def _simply(
        self: Any, request: HttpRequest, object_id: str, act: Callable[..., Any], *, title: str, sentence: str, done: str,
        form: type[Form] | None = None, danger: bool = False,
    ) -> HttpResponse:
        """A button that does one thing with a claim; what its form gives are the action's arguments."""
        claim = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            act(claim, **given)
            return done

        data = request.POST if request.method == "POST" else None
        return self.button_page(
            request, title=title, button=title, subject=claim, run=run, facts=claim_facts(claim), sentence=sentence,
            form=form(data) if form is not None else None, danger=danger,
        )

    @action(description=_("Accept for handling"), url_path="accept", permissions=["handle"], icon="assignment_turned_in")
    def accept(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """受理."""
        return self._simply(
            request, object_id, actions.accept_claim, title=_t("Accept for handling"),
            done=_t("Accepted: the terms run from today."),
            sentence=_t("The request is there: legal terms and the plan's promises run from today."),
        )

    @action(description=_("File the claim"), url_path="register", permissions=["handle"], icon="create_new_folder")
    def register(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """立案."""
        return self._simply(
            request, object_id, actions.register_claim, title=_t("File the claim"), done=_t("Filed: whoever takes it reviews it."),
            sentence=_t("What was reported is a claim on this cover."),
        )

    @action(description=_("Do not file"), url_path="decline", permissions=["handle"], icon="block")
    def decline(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """不予立案."""
        return self._simply(
            request, object_id, actions.decline_claim, title=_t("Do not file"), form=ReasonForm, danger=True,
            done=_t("Not filed."), sentence=_t("It is no claim on this cover. It can be reopened."),
        )

    @action(description=_("Take into hand"), url_path="take", permissions=["handle"], icon="front_hand")
    def take(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """领取."""
        return self._simply(
            request, object_id, actions.take_claim, title=_t("Take into hand"), done=_t("It is in your hands."),
            sentence=_t("You review it; colleagues see that it is yours."),
        )

    @action(description=_("Hand over"), url_path="hand-over", permissions=["hand_over"], icon="move_down")
    def hand_over(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """移交."""
        claim = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.hand_over(claim, given.pop("to"), **given)
            return _t("Handed over.")

        return self.button_page(
            request, title=_t("Hand over"), button=_t("Hand over"), subject=claim, run=run, facts=claim_facts(claim),
            sentence=_t("A colleague goes on with it."),
            form=HandOverForm(request.POST if request.method == "POST" else None, claim=claim, by=request.user),
        )

    @action(description=_("Ask for papers"), url_path="ask-papers", permissions=["handle"], icon="rule")
    def ask_papers(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """补充材料."""
        claim = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.ask_papers(claim, given.pop("kinds"), **given)
            return _t("Asked for: the clock stands until they are complete.")

        return self.button_page(
            request, title=_t("Ask for papers"), button=_t("Ask"), subject=claim, run=run, facts=claim_facts(claim),
            sentence=_t("Ask for everything that is missing, at once. The clock stands from tomorrow until it is complete."),
            form=AskForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Papers are complete"), url_path="papers-complete", permissions=["handle"], icon="task")
    def complete_papers(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """材料齐全."""
        return self._simply(
            request, object_id, actions.complete_papers, title=_t("Papers are complete"), form=CompleteForm,
            done=_t("The clock goes on."), sentence=_t("Everything that was asked for is there since a day."),
        )

    @action(description=_("Investigate"), url_path="investigate", permissions=["handle"], icon="search")
    def investigate(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """调查."""
        return self._simply(
            request, object_id, actions.begin_investigation, title=_t("Investigate"), form=ReasonForm,
            done=_t("The investigation is begun."), sentence=_t("Something is to be found out first. The clock runs on."),
        )

    @action(description=_("End the investigation"), url_path="investigation-end", permissions=["handle"], icon="fact_check")
    def end_investigation(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """调查结束."""
        return self._simply(
            request, object_id, actions.end_investigation, title=_t("End the investigation"), form=ReasonForm,
            done=_t("The review goes on."), sentence=_t("Say what the investigation has found."),
        )

    @action(description=_("Write a note"), url_path="note", permissions=["reading"], icon="edit_note")
    def note(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """备注."""
        return self._simply(
            request, object_id, actions.note_claim, title=_t("Write a note"), form=NoteForm, done=_t("The note is kept."),
            sentence=_t("For whoever works on the claim next."),
        )

    @action(description=_("Withdraw the claim"), url_path="withdraw", permissions=["handle"], icon="undo")
    def withdraw(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """撤案."""
        return self._simply(
            request, object_id, actions.withdraw_claim, title=_t("Withdraw the claim"), form=ReasonForm, danger=True,
            done=_t("The claim is withdrawn."), sentence=_t("Whoever claimed takes it back. It can be reopened."),
        )

    @action(description=_("Reopen the claim"), url_path="reopen", permissions=["sign"], icon="restart_alt")
    def reopen(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """重开."""
        return self._simply(
            request, object_id, actions.reopen_claim, title=_t("Reopen the claim"), form=ReasonForm,
            done=_t("It is reviewed anew; what was decided holds until another decision is signed."),
            sentence=_t(
                "It is reviewed anew, and with it every claim of the case that pays after it. Later claims of the cover are "
                "recalculated once another decision is signed."
            ),
        )

    @action(description=_("Close the claim"), url_path="close", permissions=["handle"], icon="check_circle")
    def close(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """结案."""
        return self._simply(
            request, object_id, actions.close_claim, title=_t("Close the claim"), done=_t("The claim is closed."),
            sentence=_t("Everything that it owes is paid."),
        )

    @action(description=_("State payee and account"), url_path="payee", permissions=["report"], icon="account_balance")
    def payee(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """收款人."""
        return self._payee(
            request, object_id, actions.state_payee, title=_t("State payee and account"),
            sentence=_t("A minor's money goes to the guardian's account. What is signed freezes it."),
        )

    @action(description=_("Correct the account"), url_path="account-correct", permissions=["report"], icon="edit")
    def correct_account(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """更正账户."""
        return self._payee(
            request, object_id, actions.correct_account, title=_t("Correct the account"),
            sentence=_t("The bank did not pay. A colleague who checks confirms the corrected account: then it is payable again."),
        )

    def _payee(
        self: Any, request: HttpRequest, object_id: str, act: Callable[..., Any], *, title: str, sentence: str
    ) -> HttpResponse:
        claim = self.visible_or_404(request, object_id)
        form = PayeeForm(request.POST if request.method == "POST" else None, initial=_known_payee(claim))

        def run(given: dict[str, Any]) -> str:
            act(claim, form.account, by=given["by"], at=given["at"])
            return _t("Payee and account are kept.")

        return self.button_page(
            request, title=title, button=_t("Save"), subject=claim, run=run, facts=claim_facts(claim), sentence=sentence, form=form,
        )

    @action(description=_("Confirm the account"), url_path="account-confirm", permissions=["account"], icon="verified")
    def confirm_account(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """确认账户."""
        claim = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.confirm_account(claim, **given)
            return _t("The amount is payable again.")

        return self.button_page(
            request, title=_t("Confirm the account"), button=_t("Confirm"), subject=claim, run=run,
            facts=[*claim_facts(claim), (_t("corrected account"), payee_in_words(claim))],
            sentence=_t("Compare holder and number with the paper. The amount is payable again, to this account."),
        )

    @action(description=_("Change the event"), url_path="case", permissions=["report"], icon="edit")
    def change_case(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """出险信息."""
        claim = self.visible_or_404(request, object_id)
        form = CaseForm.of(claim.case, request.POST if request.method == "POST" else None)

        def run(given: dict[str, Any]) -> str:
            actions.change_case(claim.case, form.changed, by=given["by"], at=given["at"])
            return _t("What is known of the event is kept.")

        return self.button_page(
            request, title=_t("Change the event"), button=_t("Save"), subject=claim, run=run, facts=event_facts(claim),
            sentence=_t("As long as no claim of the case is calculated or decided."), form=form,
        )

    @action(description=_("Mark the case"), url_path="marks", permissions=["handle"], icon="label")
    def mark_case(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """标记."""
        claim = self.visible_or_404(request, object_id)
        data = request.POST if request.method == "POST" else None

        def run(given: dict[str, Any]) -> str:
            actions.mark_case(claim.case, given.pop("marks"), **given)
            return _t("The marks of the case are kept.")

        return self.button_page(
            request, title=_t("Mark the case"), button=_t("Save"), subject=claim, run=run, facts=event_facts(claim),
            sentence=_t("What bears a mark is not paid where the plan excludes it. Tick what holds, and say on what it rests."),
            form=MarksForm(data, case=claim.case, known=known_marks(claim.case)),
        )

    @action(description=_("Change the order of payers"), url_path="order", permissions=["report"], icon="swap_vert")
    def order(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """赔付顺序."""
        claim = self.visible_or_404(request, object_id)
        form = OrderForm(request.POST if request.method == "POST" else None, case=claim.case)

        def run(given: dict[str, Any]) -> str:
            actions.order_payers(claim.case, form.order, reason=given["reason"], by=given["by"], at=given["at"])
            return _t("The covers pay in this order.")

        return self.button_page(
            request, title=_t("Change the order of payers"), button=_t("Save"), subject=claim, run=run, facts=event_facts(claim),
            sentence=_t("What an earlier cover pays is another payer's payment for the later ones."), form=form,
        )


def _known_payee(claim: Claim) -> dict[str, Any]:
    """What is known in the clear: never a name or number."""
    return {"payee": claim.payee, "bank_name": claim.bank_name, "bank_code": claim.bank_code}
