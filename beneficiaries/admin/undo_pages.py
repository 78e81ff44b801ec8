"""The undo of a roster in the admin: its buttons with their pages, and what the roster's page says of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from audit import events
from audit.buttons import ButtonPages, holds
from audit.faults import fault_point
from beneficiaries import actions
from beneficiaries.models import Roster, RosterRow
from beneficiaries.models.roster import ENROLLING
from beneficiaries.purposes import template_of
from beneficiaries.undo_outlook import UndoOutlook, in_words, refunds_of, undo_outlook
from intake.models import State
from intake.pages.forms import ReasonForm, RefusedFormatForm
from intake.refused_archive import write_kept_files
from intake.undoing import counts

BUTTONS = ("request_undo", "approve_undo", "turn_down_undo", "kept_rows")
BUTTON_STATES: dict[str, tuple[State, ...]] = {
    "request_undo": (State.APPLIED,),
    "approve_undo": (State.UNDO_ASKED,),
    "turn_down_undo": (State.UNDO_ASKED,),
    "kept_rows": (State.UNDOING, State.UNDONE),
}


def offers(name: str, roster: Roster, request: HttpRequest) -> bool:
    """Whether a button of the undo does something for this reader, in a state where it may."""
    if name == "request_undo":
        return roster.purpose in ENROLLING
    if name in ("approve_undo", "turn_down_undo"):
        return bool(request.user.pk != roster.undo_asked_by_id)
    if name == "kept_rows":
        return RosterRow.objects.filter(roster=roster).exclude(kept="").exists()
    return True


class UndoPages(ButtonPages):
    """Mixed into the roster's admin."""

    has_request_undo_permission = holds("beneficiaries.request_undo")
    has_approve_undo_permission = holds("beneficiaries.approve_undo")

    @action(description=_("Undo"), url_path="undo", permissions=["request_undo"], icon="undo")
    def request_undo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask a second person to undo it."""
        return self._undo_page(
            request, object_id, title=_t("Request the undo"), button=_t("Request the undo"),
            done=_t("The undo has been requested; a second person decides."), verb=actions.request_undo, reason=True,
            sentence=_t("Nothing changes yet: a second person decides. Say what is wrong with the roster."),
        )

    @action(description=_("Approve undo"), url_path="approve-undo", permissions=["approve_undo"], icon="verified")
    def approve_undo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let it begin."""
        return self._undo_page(
            request, object_id, title=_t("Approve undo"), button=_t("Approve undo"),
            done=_t("The roster is being undone."), verb=actions.approve_undo, reason=False,
            sentence=_t(
                "The covers are voided as if they had never stood, contact data are put back to what was known before, "
                "and the money goes back to the budgets. It cannot be taken back; the file can be uploaded again."
            ),
        )

    @action(description=_("Turn down undo"), url_path="turn-down-undo", permissions=["approve_undo"], icon="block")
    def turn_down_undo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Leave it as it is applied."""
        return self._undo_page(
            request, object_id, title=_t("Turn down undo"), button=_t("Turn down undo"),
            done=_t("The roster stays as it is applied."), verb=actions.turn_down_undo, reason=True,
            sentence=_t("The roster stays as it is applied. Whoever asked reads your reason."),
        )

    def _undo_page(
        self, request: HttpRequest, object_id: str, *, title: str, button: str, sentence: str, done: str,
        verb: Callable[..., Any], reason: bool,
    ) -> HttpResponse:
        roster = self.visible_or_404(request, object_id)
        outlook = undo_outlook(roster)

        def run(given: dict[str, Any]) -> str:
            verb(roster, **given)
            return done

        return self.button_page(
            request, title=title, button=button, subject=roster, run=run, sentence=sentence, danger=True,
            facts=undo_facts(roster, outlook), warnings=undo_warnings(outlook),
            detail=render_to_string("beneficiaries/undo_money.html", {"outlook": outlook}),
            form=ReasonForm(request.POST if request.method == "POST" else None) if reason else None,
        )

    @action(description=_("Rows that stay"), url_path="kept", permissions=["download"], icon="download")
    def kept_rows(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Rows of which the undo left something, to their own office, in the file's layout with the reason."""
        roster = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            target = io.BytesIO()
            written, ending = write_kept_files(
                target, roster, list(template_of(roster).files_of(roster)), template=template_of(roster), kind=given["kind"]
            )
            fault_point("beneficiaries.download_kept.before")
            events.record(
                "roster.kept_rows_downloaded", roster, by=given["by"], at=given["at"],
                organization=roster.organization, region_code=roster.region_code, program_id=roster.program_id,
                data={"rows": written, "format": given["kind"]},
            )
            fault_point("beneficiaries.download_kept.after")
            response = HttpResponse(target.getvalue(), content_type=_CONTENT[ending])
            response["Content-Disposition"] = f'attachment; filename="roster-{roster.pk}-kept.{ending}"'
            response["Cache-Control"] = "no-store"
            return response

        return self.button_page(
            request, title=_t("Rows that stay"), button=_t("Download"), subject=roster, run=run,
            sentence=_t(
                "The file holds personal data in the clear, for your own office to follow up. The download is recorded."
            ),
            facts=[(each.words, f"{each.number:,}") for each in in_words(counts(roster, template_of(roster))[1])],
            form=RefusedFormatForm(request.POST if request.method == "POST" else None),
        )


_CONTENT = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv; charset=utf-8",
    "zip": "application/zip",
}


def undo_facts(roster: Roster, outlook: UndoOutlook) -> list[tuple[str, Any]]:
    """What a confirm page says: who asked and why, counts and sums."""
    asked = (
        [
            (_t("undo requested by"), said_by(roster.undo_asked_by, roster.undo_asked_at)),
            (_t("reason of the undo"), roster.undo_reason),
        ]
        if roster.state == State.UNDO_ASKED
        else []
    )
    return [
        (_t("program"), roster.program.name),
        (_t("office"), roster.organization.name),
        *asked,
        (_t("covers to be voided"), f"{outlook.covers:,}"),
        (_t("of these in force"), f"{outlook.in_force:,}"),
        (_t("premium"), _t("%(amount)s yuan") % {"amount": f"{outlook.premium:,.2f}"}),
        *((each.words, f"{each.number:,}") for each in outlook.kept),
    ]


def undo_warnings(outlook: UndoOutlook) -> list[str]:
    """What has to be done by people afterwards."""
    if not outlook.paid:
        return []
    return [
        _t("%(people)s people have paid their own share: %(amount)s yuan are to be refunded to them.")
        % {"people": f"{outlook.paid:,}", "amount": f"{outlook.refunds:,.2f}"}
    ]


def undo_context(roster: Roster) -> dict[str, Any] | None:
    """What the roster's page says of an undo that is asked for, under way or done."""
    if roster.state not in (State.UNDO_ASKED, State.UNDOING, State.UNDONE):
        return None
    rows, kept = counts(roster, template_of(roster))
    people, yuan = refunds_of(roster)
    return {
        "rows": rows, "kept": in_words(kept), "kept_rows": sum(kept.values()), "refund_people": people,
        "refund_yuan": yuan, "begun": roster.state != State.UNDO_ASKED,
        "facts": [
            (_t("undo requested by"), said_by(roster.undo_asked_by, roster.undo_asked_at)),
            (_t("reason of the undo"), roster.undo_reason),
            (_t("undo approved by"), said_by(roster.undo_decided_by, roster.undo_decided_at)),
        ],
    }


def said_by(user: Any, at: Any) -> str:
    """Who and when, in the office's time."""
    return f"{user.display_name} {timezone.localtime(at):%Y-%m-%d %H:%M}" if user is not None and at is not None else ""
