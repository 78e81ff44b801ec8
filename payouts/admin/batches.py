"""Payout batches in the admin: made, checked, authorized, released, handed over; what the bank said of them."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import quote

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from exports.forms import PasswordForm
from intake.pages.forms import ReasonForm
from jobs.models import Job
from payouts import actions, choosing
from payouts.admin.forms import BatchForm, DigestForm, EnquiryForm, ReturnForm, TestForm, named_payer
from payouts.connectors import connector_class
from payouts.errors import PayoutsRefused
from payouts.models import (
    BEFORE,
    DOWNLOAD,
    OUT,
    BankReturn,
    Batch,
    BatchState,
    Enquiry,
    EnquiryState,
    PayerAccount,
    PayerState,
    Step,
    outcome_of,
)
from payouts.writing import file_name

TONES = {
    BatchState.PREPARED: "wait", BatchState.CHECKED: "wait", BatchState.AUTHORIZED: "work", BatchState.RELEASED: "work",
    BatchState.UNKNOWN: "bad", BatchState.SENT: "work", BatchState.SUCCEEDED: "good", BatchState.PARTIAL: "wait",
    BatchState.FAILED: "bad", BatchState.DISCARDED: "calm",
}
_ASKED = (BatchState.UNKNOWN, BatchState.SENT)
_WORKED_ON = (BatchState.RELEASED, BatchState.UNKNOWN)


@admin.register(Batch)
class BatchAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Batches, newest first."""

    list_display = ("number", "program", "organization", "kind_shown", "standing", "lines_shown", "amount_shown", "results",
        "made_by", "made_at")
    export_columns = (
        "number", "program", "organization", "kind", "is_test", "state", "lines", "amount", "paid_lines", "paid_amount",
        "failed_lines", "failed_amount", "returned_lines", "returned_amount", "made_by", "made_at", "released_at", "sent_at",
        "bank_reference",
    )
    list_filter = ("state", "kind", "is_test", "program", "organization", "made_at")
    list_select_related = ("program", "organization", "made_by")
    search_fields = ("=id",)
    search_help_text = _("Number of a batch")
    sortable_by = ("number",)
    ordering = ("-id",)
    change_form_template = "payouts/batch_page.html"
    fields = ("state",)
    readonly_fields = fields
    actions_list = ("prepare", "prepare_test")
    actions_detail = ("review", "authorize", "release", "download", "send", "ask", "confirm", "refuse_answer", "receive", "discard")
    #: Button -> states in which it does something.
    button_states: ClassVar[dict[str, tuple[BatchState, ...]]] = {
        "review": (BatchState.PREPARED,), "authorize": (BatchState.CHECKED,), "release": (BatchState.AUTHORIZED,),
        "download": (BatchState.RELEASED,), "send": (BatchState.RELEASED,), "ask": _ASKED, "confirm": _ASKED,
        "refuse_answer": _ASKED, "receive": OUT, "discard": BEFORE,
    }

    has_prepare_permission = holds("payouts.prepare_batch")
    has_check_permission = holds("payouts.check_batch")
    has_authorize_permission = holds("payouts.authorize_batch")
    has_download_permission = holds(DOWNLOAD)
    has_discard_permission = holds("payouts.discard_batch")
    has_receive_permission = holds("payouts.upload_bankreturn")

    class Media:
        """Renews the page while its job runs."""

        js = ("jobs/refresh.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "program", "organization", "payer__program", "format", "made_by", "released_by", "discarded_by"
        )

    def get_actions_list(self, request: HttpRequest) -> list[Any]:
        """What verifies accounts is offered where a paying account of the reader's asks for that."""
        offered = super().get_actions_list(request)
        user: Any = request.user
        payers = PayerAccount.objects.visible_to(user, "payouts.view_payeraccount").filter(state=PayerState.APPROVED)
        tests = bool(offered) and payers.filter(tests_accounts=True).exists()
        return offered if tests else [each for each in offered if each.method.__name__ != "prepare_test"]

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something for this reader now."""
        offered = super().get_actions_detail(request, object_id)
        batch = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        if batch is None:
            return []
        user: Any = request.user
        voted = batch.votes.filter(user=user, stands=True).exists()
        waiting = batch.enquiries.filter(state=EnquiryState.PROPOSED).first()
        return [button for button in offered if self._offers(button.method.__name__, batch, user, voted=voted, waiting=waiting)]

    def _offers(self, name: str, batch: Batch, user: Any, *, voted: bool, waiting: Enquiry | None) -> bool:
        if batch.state not in self.button_states[name]:
            return False
        if name in ("review", "authorize"):
            return not voted
        if name in ("download", "send"):
            return batch.has_file and (name == "download" or connector_class() is not None)
        if name in ("confirm", "refuse_answer"):
            return waiting is not None and waiting.said_by_id != user.pk
        if name == "ask":
            return waiting is None and (batch.state == BatchState.UNKNOWN or batch.open_lines == batch.lines)
        return True

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The batch's page."""
        batch = self.visible_or_404(request, object_id)
        title = _t("Payout batch %(number)s") % {"number": batch.reference}
        context = {**page_context(batch, request), "title": title}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @display(description=_("no."), ordering="id")
    def number(self, batch: Batch) -> str:
        """The batch's number, ours and the bank's."""
        return batch.reference

    @display(description=_("state"), ordering="state")
    def standing(self, batch: Batch) -> SafeString:
        """The state as a badge."""
        return badge(batch)

    @display(description=_("transfers"), ordering="kind")
    def kind_shown(self, batch: Batch) -> str:
        """Which transfers; what verifies accounts is told apart."""
        kind = batch.get_kind_display()
        return _t("%(kind)s, to verify accounts") % {"kind": kind} if batch.is_test else kind

    @display(description=_("payouts"))
    def lines_shown(self, batch: Batch) -> str:
        """Lines."""
        return f"{batch.lines:,}"

    @display(description=_("sum (yuan)"))
    def amount_shown(self, batch: Batch) -> str:
        """Yuan."""
        return f"{batch.amount:,.2f}"

    @display(description=_("paid / failed / returned"))
    def results(self, batch: Batch) -> str:
        """What the bank has said."""
        return f"{batch.paid_lines:,} / {batch.failed_lines:,} / {batch.returned_lines:,}" if batch.state in OUT else "—"

    @action(description=_("New batch"), url_path="prepare", permissions=["prepare"], icon="playlist_add")
    def prepare(self, request: HttpRequest) -> HttpResponse:
        """Put together what is to be paid."""

        def run(given: dict[str, Any]) -> HttpResponse:
            batch = actions.prepare_batch(given.pop("payer"), **given)
            self.message_user(
                request, _t("Batch %(number)s is made: %(lines)s payouts, %(amount)s yuan. A colleague who checks goes on with it.")
                % {"number": batch.reference, "lines": f"{batch.lines:,}", "amount": f"{batch.amount:,.2f}"},
            )
            return HttpResponseRedirect(self.address(batch))

        form = BatchForm(request.POST if request.method == "POST" else None, by=request.user)
        return self.button_page(
            request, title=_t("New batch"), button=_t("Make the batch"), run=run, form=form, warnings=waiting_in_words(form),
            sentence=_t("It takes what is owed by decisions in force and not paid yet. No other batch can pay it from now on."),
        )

    @action(description=_("Verify accounts"), url_path="prepare-test", permissions=["prepare"], icon="price_check")
    def prepare_test(self, request: HttpRequest) -> HttpResponse:
        """Put together which accounts get 0.01 yuan."""

        def run(given: dict[str, Any]) -> HttpResponse:
            batch = actions.prepare_test(given.pop("payer"), **given)
            self.message_user(
                request,
                _t("Batch %(number)s is made: it verifies %(lines)s accounts by %(amount)s yuan. A colleague who checks goes on "
                    "with it.")
                % {"number": batch.reference, "lines": f"{batch.lines:,}", "amount": f"{batch.amount:,.2f}"},
            )
            return HttpResponseRedirect(self.address(batch))

        form = TestForm(request.POST if request.method == "POST" else None, by=request.user)
        return self.button_page(
            request, title=_t("Verify accounts"), button=_t("Make the batch"), run=run, form=form, warnings=waiting_in_words(form),
            sentence=_t("0.01 yuan goes to each account that payouts wait for, once an account. It is checked, authorized and sent "
                "as every batch; what is owed stays owed, and can be paid once the bank says that it has arrived."),
        )

    @action(description=_("Check the batch"), url_path="check", permissions=["check"], icon="fact_check")
    def review(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """复核."""
        batch = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.check_batch(batch, **given)
            return _t("The batch is checked; it is to be authorized now.")

        return self.button_page(
            request, title=_t("Check the batch"), button=_t("It is right"), subject=batch, run=run, facts=facts_of(batch),
            warnings=warnings_of(batch), form=_digest_form(request, batch),
            sentence=_t("Payees, accounts and sums are what is shown. Whoever checks does not authorize."),
        )

    @action(description=_("Authorize"), url_path="authorize", permissions=["authorize"], icon="verified")
    def authorize(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """授权."""
        batch = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            done = actions.authorize_batch(batch, **given)
            if done.state == BatchState.AUTHORIZED:
                return _t("The batch is authorized: it can be released.")
            return _t("Authorized. Its sum asks for another person's authorization.")

        return self.button_page(
            request, title=_t("Authorize the batch"), button=_t("Authorize"), subject=batch, run=run, facts=facts_of(batch),
            warnings=warnings_of(batch), form=_digest_form(request, batch),
            sentence=_t("The money may leave. Exactly these lines and sums are authorized: any change asks anew."),
        )

    @action(description=_("Release"), url_path="release", permissions=["prepare"], icon="outbox")
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Have the file written."""
        batch = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            done = actions.release_batch(batch, **given)
            if done.state == BatchState.RELEASED:
                self.message_user(request, _t("Released. The file is being written."))
            else:
                self.message_user(
                    request,
                    _t("Accounts of payees have changed, or the bank has refused them since: their lines were taken out, and the "
                        "batch is checked and authorized anew."),
                    level=messages.WARNING,
                )
            return HttpResponseRedirect(self.address(batch))

        return self.button_page(
            request, title=_t("Release the batch"), button=_t("Release"), subject=batch, run=run, facts=facts_of(batch),
            sentence=_t("Each account is compared once more with the one that was approved. Then the bank's file is written."),
        )

    @action(description=_("Download"), url_path="download", permissions=["download"], icon="download")
    def download(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The file, in an archive that its password opens."""
        batch = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> Any:
            return as_download(actions.open_batch(batch, **given), batch)

        return self.button_page(
            request, title=_t("Download"), button=_t("Download"), subject=batch, run=run, facts=facts_of(batch),
            sentence=_t(
                "From now on the bank may have the file: it leaves a second time only after the bank was asked. It holds names and "
                "accounts, in an archive that this password opens. The password is kept nowhere: note it now."
            ),
            form=PasswordForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Send to the bank"), url_path="send", permissions=["prepare"], icon="send_money")
    def send(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let the connector carry it."""
        batch = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.send_batch(batch, **given)
            return _t("The file is being sent.")

        return self.button_page(
            request, title=_t("Send to the bank"), button=_t("Send"), subject=batch, run=run, facts=facts_of(batch),
            sentence=_t("The file goes to the bank's folder once. Where no answer comes back, the bank is asked before "
                "anything leaves again."),
        )

    @action(description=_("Record the bank's answer"), url_path="ask", permissions=["prepare"], icon="contact_support")
    def ask(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What the bank says of the file."""
        batch = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.record_enquiry(batch, **given)
            return _t("It is recorded; a colleague who authorizes confirms it.")

        return self.button_page(
            request, title=_t("Record the bank's answer"), button=_t("Record"), subject=batch, run=run, facts=facts_of(batch),
            sentence=_t("Ask the bank by the batch number whether it has the file. Nothing moves before a colleague confirms "
                "its answer."),
            form=EnquiryForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Confirm the bank's answer"), url_path="confirm", permissions=["authorize"], icon="verified")
    def confirm(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """It is so."""
        return self._decide(
            request, object_id, actions.confirm_enquiry, title=_t("Confirm the bank's answer"), button=_t("Confirm"),
            done=_t("The answer is confirmed."),
            sentence=_t("If the bank has not received the file, it may leave again, under the same number."),
        )

    @action(description=_("Do not confirm"), url_path="refuse-answer", permissions=["authorize"], icon="block")
    def refuse_answer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """It is not known to be so."""
        return self._decide(
            request, object_id, actions.decline_enquiry, title=_t("Do not confirm"), button=_t("Do not confirm"),
            done=_t("The answer was not confirmed; ask the bank again."), sentence=_t("Everything stays as it is."),
        )

    def _decide(self, request: HttpRequest, object_id: str, decide: Any, *, title: str, button: str, done: str,
        sentence: str) -> HttpResponse:
        batch = self.visible_or_404(request, object_id)
        waiting = batch.enquiries.filter(state=EnquiryState.PROPOSED).select_related("said_by").first()

        def run(given: dict[str, Any]) -> str:
            if waiting is None:
                raise PayoutsRefused("ENQUIRY_STATE")
            decide(waiting, **given)
            return done

        told = [] if waiting is None else [
            (_t("What the bank says"), waiting.get_answer_display()), (_t("bank's reference"), waiting.reference),
            (_t("recorded by"), _who(waiting.said_by, waiting.said_at)),
        ]
        return self.button_page(
            request, title=title, button=button, subject=batch, run=run, facts=[*told, *facts_of(batch)], sentence=sentence,
        )

    @action(description=_("Upload a returned file"), url_path="receive", permissions=["receive"], icon="upload_file")
    def receive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take in what the bank says of its lines."""
        batch = self.visible_or_404(request, object_id)
        posted = request.method == "POST"

        def run(given: dict[str, Any]) -> HttpResponse:
            bank_return = actions.upload_return(
                [(file.name, file) for file in given["file"]], batch=batch, control_lines=given["control_lines"],
                control_amount=given["control_amount"], by=given["by"], at=given["at"],
            )
            self.message_user(request, _t("The file has been received and is being checked."))
            return HttpResponseRedirect(reverse("admin:payouts_bankreturn_change", args=[bank_return.pk]))

        return self.button_page(
            request, title=_t("Upload a returned file"), button=_t("Upload"), subject=batch, run=run, facts=facts_of(batch),
            sentence=_t("Each line is found by its payout number. Nothing takes effect before another person approves it."),
            form=ReturnForm(request.POST if posted else None, request.FILES if posted else None),
        )

    @action(description=_("Discard"), url_path="discard", permissions=["discard"], icon="delete")
    def discard(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give it up before anything leaves."""
        batch = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.discard_batch(batch, **given)
            return (
                _t("The batch was discarded; its accounts can be verified by another one.") if batch.is_test
                else _t("The batch was discarded; its amounts can be paid by another one.")
            )

        return self.button_page(
            request, title=_t("Discard the batch"), button=_t("Discard"), subject=batch, run=run, danger=True,
            facts=facts_of(batch),
            sentence=_t("Nothing of it has left. What it was to pay is owed and open again."),
            form=ReasonForm(request.POST if request.method == "POST" else None),
        )


def _digest_form(request: HttpRequest, batch: Batch) -> DigestForm:
    return DigestForm(request.POST if request.method == "POST" else None, initial={"digest": batch.digest})


def as_download(content: Any, batch: Batch) -> StreamingHttpResponse:
    """An archive that no cache keeps; its length shows only at its end."""
    answer = StreamingHttpResponse(content, content_type="application/zip")
    name = f"{file_name(batch)}.zip"
    answer["Content-Disposition"] = f"attachment; filename=\"{name}\"; filename*=UTF-8''{quote(name)}"
    answer["Cache-Control"] = "no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def badge(batch: Batch) -> SafeString:
    """A batch's state."""
    return render_to_string("portal/badge.html", {"text": batch.get_state_display(), "tone": TONES[BatchState(batch.state)]})


def facts_of(batch: Batch) -> list[tuple[str, Any]]:
    """What a batch is, as its page and its confirm pages say it."""
    return [
        (_t("program"), batch.program.name), (_t("office"), batch.organization.name),
        (_t("paying account"), named_payer(batch.payer)),
        *([(_t("what for"), _t("to verify accounts"))] if batch.is_test else []),
        (_t("bank's format"), str(batch.format)), (_t("transfers"), batch.get_kind_display()), (_t("purpose"), batch.purpose),
        (_t("payouts"), f"{batch.lines:,}"), (_t("sum (yuan)"), f"{batch.amount:,.2f}"),
        (_t("people who authorize"), batch.approvals),
    ]


def waiting_in_words(form: BatchForm) -> list[str]:
    """What waits at the paying accounts that somebody may choose until payees' accounts are verified."""
    fields: Any = form.fields
    payers = {payer.pk: payer for payer in fields["payer"].queryset}
    return [
        _t("%(payer)s: %(lines)s payouts of %(amount)s yuan wait until their accounts are verified; %(accounts)s accounts are to "
            "be verified, the verification of %(asked)s more is on its way.")
        % {
            "payer": named_payer(payers[key]), "lines": f"{each.lines:,}", "amount": f"{each.amount:,.2f}",
            "accounts": f"{each.accounts:,}", "asked": f"{each.asked:,}",
        }
        for key, each in sorted(choosing.waiting(payers.values()).items())
    ]


def warnings_of(batch: Batch) -> list[str]:
    """What somebody who approves should look at."""
    found = []
    if batch.is_test:
        found.append(
            _t("It verifies accounts: 0.01 yuan goes to each, as a cost of the paying account. No claim is paid by it; what waits "
                "for these accounts can be paid once the bank says that it has arrived.")
        )
    if batch.fresh_lines:
        found.append(
            _t("%(lines)s payees' accounts were changed in the last %(days)d days: compare them with the papers.")
            % {"lines": f"{batch.fresh_lines:,}", "days": batch.payer.fresh_days}
        )
    if batch.shared_lines:
        found.append(
            _t("%(lines)s payouts go to accounts that stand in several lines: is each of them meant?")
            % {"lines": f"{batch.shared_lines:,}"}
        )
    return found


def page_context(batch: Batch, request: HttpRequest) -> dict[str, Any]:
    """Facts, votes, file, attempts, results with the way to their lines, returned files."""
    out = batch.state in OUT
    seen = BankReturn.objects.visible_to(request.user, "payouts.view_bankreturn").filter(batch=batch)
    lines = f"{reverse('admin:payouts_batchline_changelist')}?batch__id__exact={batch.pk}"
    sees = request.user.has_perm("payouts.view_batchline")
    taken_out = batch.batch_lines.filter(state="out").count() if batch.state != BatchState.DISCARDED else 0
    return {
        "batch": batch,
        "badge": badge(batch),
        "warnings": [*warnings_of(batch), *told_of(batch, taken_out)],
        "facts": [
            *facts_of(batch), *([(_t("bank's reference"), batch.bank_reference)] if batch.bank_reference else []),
            *([(_t("released by"), _who(batch.released_by, batch.released_at))] if batch.released_by else []),
            *([(_t("sent at"), timezone.localtime(batch.sent_at).strftime("%Y-%m-%d %H:%M"))] if batch.sent_at else []),
            *([(_t("discarded by"), batch.discarded_by.get_full_name()),
                (_t("reason"), batch.reason)] if batch.discarded_by else []),
            *([(_t("file"), filesizeformat(batch.size or 0))] if batch.has_file else []),
            *([(_t("SHA-256 of the file"), batch.sha256[:12])] if batch.has_file else []),
        ],
        "votes": [
            (Step(vote.step).label, vote.user.get_full_name(), vote.at)
            for vote in batch.votes.filter(stands=True).select_related("user").order_by("pk")
        ],
        "deliveries": list(batch.deliveries.select_related("begun_by")[:20]),
        "enquiries": list(batch.enquiries.select_related("said_by", "decided_by")[:20]),
        "job": Job.objects.about(batch).order_by("-pk").first() if batch.state in _WORKED_ON else None,
        "lines_url": lines if sees else "",
        "results": [
            (label, f"{number:,}", f"{amount:,.2f}", f"{lines}&state__exact={state}" if sees and number else "", tone)
            for label, number, amount, state, tone in (
                (_t("paid"), batch.paid_lines, batch.paid_amount, "paid", "good"),
                (_t("failed"), batch.failed_lines, batch.failed_amount, "failed", "bad"),
                (_t("returned after payment"), batch.returned_lines, batch.returned_amount, "returned", "bad"),
                (
                    _t("not known yet"), batch.open_lines,
                    batch.amount - batch.paid_amount - batch.failed_amount - batch.returned_amount, "open", "wait",
                ),
            )
        ] if out else [],
        "returns": [
            (each, reverse("admin:payouts_bankreturn_change", args=[each.pk]))
            for each in seen.select_related("uploaded_by").order_by("-pk")[:20]
        ],
    }


def told_of(batch: Batch, taken_out: int) -> list[str]:
    """What somebody who works on it must know now."""
    found = []
    if batch.state == BatchState.UNKNOWN:
        found.append(_t("It is not known whether the bank has the file. Ask the bank by the batch number, or upload its "
            "returned file."))
    if taken_out:
        found.append(
            _t("%(lines)d lines were taken out since their accounts had changed, or were refused by the bank, after the batch was "
                "made.") % {"lines": taken_out}
        )
    if batch.state in OUT and batch.state != BatchState.UNKNOWN and batch.state != outcome_of(batch):
        found.append(_t("A returned file is being taken over."))
    return found


def _who(user: Any, at: Any) -> str:
    return f"{user.get_full_name()} {timezone.localtime(at):%Y-%m-%d %H:%M}" if user and at else ""
