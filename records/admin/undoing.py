"""The undo of a file whose records were proposed: requested by one person, decided by another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from audit.buttons import ButtonPages, holds
from intake.models import State
from intake.pages.forms import ReasonForm
from records.actions.lists import DESK
from records.models import RecordList

BUTTONS = ("request_undo", "approve_undo", "turn_down_undo")
BUTTON_STATES: dict[str, tuple[State, ...]] = {
    "request_undo": (State.APPLIED,), "approve_undo": (State.UNDO_ASKED,), "turn_down_undo": (State.UNDO_ASKED,),
}


def offers(name: str, found: RecordList, request: HttpRequest) -> bool:
    """Whether a button of the undo does something for this reader, in a state where it may."""
    return name == "request_undo" or request.user.pk != found.undo_asked_by_id


class UndoPages(ButtonPages):
    """Mixed into the admin of files of records."""

    has_request_undo_permission = holds("records.request_recordlist_undo")
    has_approve_undo_permission = holds("records.approve_recordlist_undo")

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
                "Its proposals lapse, and stay to be seen; those of which a claim was opened stay as they are. The file can be "
                "uploaded again."
            ),
        )

    @action(description=_("Turn down undo"), url_path="turn-down-undo", permissions=["approve_undo"], icon="block")
    def turn_down_undo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Leave it as it is."""
        return self._undo_page(
            request, object_id, title=_t("Turn down undo"), done=_t("The file stays as it is."),
            verb=DESK.turn_down_undo, reason=True,
            sentence=_t("The file stays as it is. Whoever asked reads your reason."),
        )

    def _undo_page(
        self, request: HttpRequest, object_id: str, *, title: str, sentence: str, done: str, verb: Callable[..., Any], reason: bool
    ) -> HttpResponse:
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            verb(found, **given)
            return done

        pages: Any = self
        page: HttpResponse = self.button_page(
            request, title=title, button=title, subject=found, run=run, sentence=sentence, danger=True,
            facts=[*_asked(found), *pages.confirm_facts(found)],
            form=ReasonForm(request.POST if request.method == "POST" else None) if reason else None,
        )
        return page


def _asked(found: RecordList) -> list[tuple[str, Any]]:
    if found.state != State.UNDO_ASKED or found.undo_asked_by is None or found.undo_asked_at is None:
        return []
    who = f"{found.undo_asked_by.display_name} {timezone.localtime(found.undo_asked_at):%Y-%m-%d %H:%M}"
    return [(_t("undo requested by"), who), (_t("reason of the undo"), found.undo_reason)]
