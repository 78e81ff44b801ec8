"""The undo of a opened file of claims: requested by one person, decided by another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from audit.buttons import ButtonPages, holds
from filings.actions import DESK
from filings.models import ClaimFile
from intake.models import State
from intake.pages.forms import ReasonForm

BUTTONS = ("request_undo", "approve_undo", "turn_down_undo")
BUTTON_STATES: dict[str, tuple[State, ...]] = {
    "request_undo": (State.APPLIED,), "approve_undo": (State.UNDO_ASKED,), "turn_down_undo": (State.UNDO_ASKED,),
}


def offers(name: str, subject: ClaimFile, request: HttpRequest) -> bool:
    """Whether a button of the undo does something for this reader, in a state where it may."""
    return name == "request_undo" or request.user.pk != subject.undo_asked_by_id


class UndoPages(ButtonPages):
    """Mixed into the admin of files of claims."""

    has_request_undo_permission = holds("filings.request_claimfile_undo")
    has_approve_undo_permission = holds("filings.approve_claimfile_undo")

    @action(description=_("Undo"), url_path="undo", permissions=["request_undo"], icon="undo")
    def request_undo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask a second person to undo it."""
        return self._undo_page(
            request, object_id, title=_t("Request the undo"), done=_t("The undo has been requested; a second person decides."),
            verb=DESK.request_undo, reason=True,
            sentence=_t("Nothing changes yet: a second person decides. Say what is wrong with the file."),
        )

    @action(description=_("Approve undo"), url_path="approve-undo", permissions=["approve_undo"], icon="verified")
    def approve_undo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let it begin."""
        return self._undo_page(
            request, object_id, title=_t("Approve undo"), done=_t("The file is being undone."), verb=DESK.approve_undo,
            reason=False,
            sentence=_t(
                "Claims of its cases are withdrawn and their bills taken out, so that the invoices can come again. A case of which "
                "a claim is calculated or decided stays as it is, and is listed."
            ),
        )

    @action(description=_("Turn down undo"), url_path="turn-down-undo", permissions=["approve_undo"], icon="block")
    def turn_down_undo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Leave it as it is opened."""
        return self._undo_page(
            request, object_id, title=_t("Turn down undo"), done=_t("The file stays as it is opened."),
            verb=DESK.turn_down_undo, reason=True,
            sentence=_t("The file stays as it is opened. Whoever asked reads your reason."),
        )

    def _undo_page(
        self, request: HttpRequest, object_id: str, *, title: str, sentence: str, done: str, verb: Callable[..., Any], reason: bool
    ) -> HttpResponse:
        subject = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            verb(subject, **given)
            return done

        pages: Any = self
        found: HttpResponse = self.button_page(
            request, title=title, button=title, subject=subject, run=run, sentence=sentence, danger=True,
            facts=[*_asked(subject), *pages.confirm_facts(subject)],
            form=ReasonForm(request.POST if request.method == "POST" else None) if reason else None,
        )
        return found


def _asked(subject: ClaimFile) -> list[tuple[str, Any]]:
    if subject.state != State.UNDO_ASKED or subject.undo_asked_by is None or subject.undo_asked_at is None:
        return []
    who = f"{subject.undo_asked_by.display_name} {timezone.localtime(subject.undo_asked_at):%Y-%m-%d %H:%M}"
    return [(_t("undo requested by"), who), (_t("reason of the undo"), subject.undo_reason)]
