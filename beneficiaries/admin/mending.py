"""Buttons by which a roster is mended on its page, and what the page says about it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action

from audit.buttons import ButtonPages, holds
from beneficiaries import actions
from beneficiaries.admin.mending_forms import AddFilesForm, FileForm, SheetsForm, WordsForm
from beneficiaries.deciding_again import decided_rows
from beneficiaries.models import Roster
from beneficiaries.purposes import template_of
from intake.actions.mending import MENDABLE, MENDED_HERE, words_asked
from intake.models import File, State

#: Button -> states in which it does something.
MENDING_STATES: dict[str, tuple[State, ...]] = {
    "map_words": MENDABLE, "choose_sheets": MENDABLE, "add_files": (State.REVIEW,), "take_out_file": (State.FAILED,),
    "confirm_unusual": (State.REVIEW,),
}


def offers(name: str, roster: Roster) -> bool:
    """Whether a mending button does something for a roster that is in one of the button's states."""
    codes = {code for _file, code, _extra, _sheet in roster.file_findings}
    if roster.state == State.FAILED and name != "take_out_file" and not codes & MENDED_HERE:
        return False
    if name == "map_words":
        return bool(words_asked(roster))
    if name == "choose_sheets":
        return bool(roster.counts.get("sheets"))
    if name == "confirm_unusual":
        return roster.confirmed_digest != roster.digest and bool(template_of(roster).unusual(roster))
    if name == "take_out_file":
        return bool(unreadable(roster)) and roster.files.count() > 1
    return True


def unreadable(roster: Roster) -> list[int]:
    """Files of a failed roster that could not be read."""
    return [found for found, _code, _extra, _sheet in roster.file_findings if found is not None]


def mending_context(roster: Roster) -> dict[str, Any]:
    """What the roster's page says about mending: how many words are unknown, what waits for a confirmation."""
    waiting = roster.state == State.REVIEW and roster.confirmed_digest != roster.digest
    tells = waiting or roster.state == State.SUBMITTED
    asked = words_asked(roster) if roster.state in MENDABLE and offers("map_words", roster) else {}
    return {
        "unknown_words": [
            (title, list(asked[kind])) for kind, title in (
                ("heading", _t("columns")), ("category", _t("categories")), ("region", _t("places")),
            ) if kind in asked
        ],
        "too_many_words": bool(roster.counts.get("unknown", {}).get("too_many")),
        "unusual": [str(reason) for reason in template_of(roster).unusual(roster)] if tells else [],
        "unusual_waits": waiting,
    }


def what_becomes_of_decisions(roster: Roster) -> list[str]:
    """What a check that begins anew does to decisions about rows, said before it begins."""
    rows = decided_rows(roster)
    if not rows:
        return []
    return [
        ngettext(
            "%(rows)s row has been decided. It stays decided where it reads the same after the check; else it waits again.",
            "%(rows)s rows have been decided. They stay decided where they read the same after the check; the others wait again.",
            rows,
        ) % {"rows": f"{rows:,}"}
    ]


class MendingButtons(ButtonPages):
    """Mixed into the roster's admin."""

    has_mend_permission = holds("beneficiaries.upload_roster")
    has_confirm_permission = holds("beneficiaries.submit_roster")

    @action(description=_("Say what words mean"), url_path="words", permissions=["mend"], icon="translate")
    def map_words(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Map headings, categories and places that the check does not know."""
        roster = self.visible_or_404(request, object_id)
        form = WordsForm(request.POST if request.method == "POST" else None, roster=roster)

        def run(given: dict[str, Any]) -> str:
            actions.map_words(roster, words=form.said(given), by=given["by"], at=given["at"])
            return _t("It is remembered for %(office)s, and the roster is checked again.") % {
                "office": roster.organization.name
            }

        return self.button_page(
            request, title=_t("Say what words mean"), button=_t("Remember and check again"), subject=roster, run=run,
            form=form,
            sentence=_t(
                "What you choose is remembered for this office: its later files are read the same way. "
                "Cells are shown by their first character only."
            ),
            facts=[(_t("office"), roster.organization.name)], warnings=what_becomes_of_decisions(roster),
        )

    @action(description=_("Choose sheets"), url_path="sheets", permissions=["mend"], icon="tab")
    def choose_sheets(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say which sheets of a workbook are read."""
        roster = self.visible_or_404(request, object_id)
        form = SheetsForm(request.POST if request.method == "POST" else None, roster=roster)

        def run(given: dict[str, Any]) -> str:
            chosen = form.chosen(given)
            if not chosen and roster.state == State.REVIEW:
                return _t("These sheets are read already.")
            actions.choose_sheets(
                roster, choices=chosen or [(file, given[name]) for name, file in form.workbooks.items()], by=given["by"],
                at=given["at"],
            )
            return _t("The roster is checked again with the sheets that you chose.")

        return self.button_page(
            request, title=_t("Choose sheets"), button=_t("Read these sheets"), subject=roster, run=run, form=form,
            sentence=_t("The rows of all chosen sheets become one roster; each row keeps the name of its sheet."),
            warnings=what_becomes_of_decisions(roster),
        )

    @action(description=_("Add files"), url_path="files", permissions=["mend"], icon="note_add")
    def add_files(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take in further files."""
        roster = self.visible_or_404(request, object_id)
        posted = request.method == "POST"
        form = AddFilesForm(request.POST if posted else None, request.FILES if posted else None)

        def run(given: dict[str, Any]) -> str:
            files = [(file.name, file) for file in given["files_wanted"]]
            actions.add_files(roster, files, by=given["by"], at=given["at"])
            return _t("The files have joined the roster and are being checked.")

        return self.button_page(
            request, title=_t("Add files"), button=_t("Upload"), subject=roster, run=run, form=form,
            sentence=_t("They are checked together with what is there; a person who stands twice is found in all files."),
            facts=[(_t("roster files"), "、".join(file.name for file in roster.files.order_by("pk")))],
        )

    @action(description=_("Leave a file out"), url_path="leave-out", permissions=["mend"], icon="scan_delete")
    def take_out_file(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go on without a file that cannot be read."""
        roster = self.visible_or_404(request, object_id)
        files = File.objects.filter(pk__in=unreadable(roster), rosters=roster)

        def run(given: dict[str, Any]) -> str:
            actions.take_out_file(roster, **given)
            return _t("The roster is checked again without that file.")

        return self.button_page(
            request, title=_t("Leave a file out"), button=_t("Leave it out"), subject=roster, run=run, danger=True,
            sentence=_t("The other files of the roster are checked again. You can add the file later, once it is corrected."),
            form=FileForm(request.POST if request.method == "POST" else None, files=files),
        )

    @action(description=_("Confirm what is unusual"), url_path="confirm", permissions=["confirm"], icon="task_alt")
    def confirm_unusual(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say that it is meant."""
        roster = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.confirm_unusual(roster, **given)
            return _t("Confirmed; the roster can be submitted now.")

        return self.button_page(
            request, title=_t("Confirm what is unusual"), button=_t("I have looked at it, it is meant"), subject=roster,
            run=run, warnings=[str(reason) for reason in template_of(roster).unusual(roster)],
            sentence=_t("Your confirmation is recorded with your name, for exactly these rows."),
            facts=[(_t("rows"), f"{roster.row_count:,}"), (_t("office"), roster.organization.name)],
        )
