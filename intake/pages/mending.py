"""Buttons by which an import is mended on its page, and what the page says about it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from audit.buttons import ButtonPages
from intake.actions.mending import MENDABLE, MENDED_HERE, words_asked
from intake.desk import Desk
from intake.models import File, State
from intake.pages.forms import AddFilesForm, FileForm, SheetsForm, WordsForm
from intake.template import Template

#: Button -> states in which it does something.
MENDING_STATES: dict[str, tuple[State, ...]] = {
    "map_words": MENDABLE, "choose_sheets": MENDABLE, "add_files": (State.REVIEW,), "take_out_file": (State.FAILED,),
    "confirm_unusual": (State.REVIEW,),
}


def offers(name: str, subject: Any, template: Template) -> bool:
    """Whether a mending button does something for an import that is in one of the button's states."""
    codes = {code for _file, code, _extra, _sheet in subject.file_findings}
    if subject.state == State.FAILED and name != "take_out_file" and not codes & MENDED_HERE:
        return False
    if name == "map_words":
        return bool(words_asked(subject))
    if name == "choose_sheets":
        return bool(subject.counts.get("sheets"))
    if name == "confirm_unusual":
        return subject.confirmed_digest != subject.digest and bool(template.unusual(subject))
    if name == "take_out_file":
        return bool(unreadable(subject)) and subject.files.count() > 1
    return True


def unreadable(subject: Any) -> list[int]:
    """Files of a failed import that could not be read."""
    return [found for found, _code, _extra, _sheet in subject.file_findings if found is not None]


def mending_context(subject: Any, template: Template) -> dict[str, Any]:
    """What the page says about mending: how many words are unknown, what waits for a confirmation."""
    waiting = subject.state == State.REVIEW and subject.confirmed_digest != subject.digest
    tells = waiting or subject.state == State.SUBMITTED
    asked = words_asked(subject) if subject.state in MENDABLE and offers("map_words", subject, template) else {}
    return {
        "unknown_words": [
            (title, list(asked[kind])) for kind, title in (
                ("heading", _t("columns")), ("category", _t("categories")), ("region", _t("places")),
            ) if kind in asked
        ],
        "too_many_words": bool(subject.counts.get("unknown", {}).get("too_many")),
        "unusual": [str(reason) for reason in template.unusual(subject)] if tells else [],
        "unusual_waits": waiting,
    }


class MendingPages(ButtonPages):
    """Mixed into the admin of an import, which says who may: `has_mend_permission`, `has_confirm_permission`."""

    desk: ClassVar[Desk]

    def words_form(self, request: HttpRequest, subject: Any) -> WordsForm:
        """What unknown words may mean; a room adds its own kinds of words."""
        posted = request.POST if request.method == "POST" else None
        return WordsForm(posted, subject=subject, template=self.desk.template_of(subject))

    def before_a_new_check(self, subject: Any) -> list[str]:
        """What a check that begins anew does to people's work, said before it begins."""
        return []

    @action(description=_("Say what words mean"), url_path="words", permissions=["mend"], icon="translate")
    def map_words(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Map headings and other words that the check does not know."""
        subject = self.visible_or_404(request, object_id)
        form = self.words_form(request, subject)

        def run(given: dict[str, Any]) -> str:
            self.desk.map_words(subject, words=form.said(given), by=given["by"], at=given["at"])
            return _t("It is remembered for %(office)s, and the file is checked again.") % {
                "office": subject.organization.name
            }

        return self.button_page(
            request, title=_t("Say what words mean"), button=_t("Remember and check again"), subject=subject, run=run,
            form=form,
            sentence=_t(
                "What you choose is remembered for this office: its later files are read the same way. "
                "Cells are shown by their first character only."
            ),
            facts=[(_t("office"), subject.organization.name)], warnings=self.before_a_new_check(subject),
        )

    @action(description=_("Choose sheets"), url_path="sheets", permissions=["mend"], icon="tab")
    def choose_sheets(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say which sheets of a workbook are read."""
        subject = self.visible_or_404(request, object_id)
        form = SheetsForm(request.POST if request.method == "POST" else None, subject=subject)

        def run(given: dict[str, Any]) -> str:
            chosen = form.chosen(given)
            if not chosen and subject.state == State.REVIEW:
                return _t("These sheets are read already.")
            self.desk.choose_sheets(
                subject, choices=chosen or [(file, given[name]) for name, file in form.workbooks.items()], by=given["by"],
                at=given["at"],
            )
            return _t("The sheets that you chose are being checked.")

        return self.button_page(
            request, title=_t("Choose sheets"), button=_t("Read these sheets"), subject=subject, run=run, form=form,
            sentence=_t("The rows of all chosen sheets are taken together; each row keeps the name of its sheet."),
            warnings=self.before_a_new_check(subject),
        )

    @action(description=_("Add files"), url_path="files", permissions=["mend"], icon="note_add")
    def add_files(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take in further files."""
        subject = self.visible_or_404(request, object_id)
        posted = request.method == "POST"
        form = AddFilesForm(request.POST if posted else None, request.FILES if posted else None)

        def run(given: dict[str, Any]) -> str:
            files = [(file.name, file) for file in given["files_wanted"]]
            self.desk.add_files(subject, files, by=given["by"], at=given["at"])
            return _t("The files have joined it and are being checked.")

        return self.button_page(
            request, title=_t("Add files"), button=_t("Upload"), subject=subject, run=run, form=form,
            sentence=_t("They are checked together with what is there; what stands twice is found in all files."),
            facts=[(_t("uploaded files"), "、".join(file.name for file in subject.files.order_by("pk")))],
        )

    @action(description=_("Leave a file out"), url_path="leave-out", permissions=["mend"], icon="scan_delete")
    def take_out_file(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go on without a file that cannot be read."""
        subject = self.visible_or_404(request, object_id)
        files = File.objects.filter(pk__in=unreadable(subject)).filter(pk__in=subject.files.values("pk"))

        def run(given: dict[str, Any]) -> str:
            self.desk.take_out_file(subject, **given)
            return _t("It is checked again without that file.")

        return self.button_page(
            request, title=_t("Leave a file out"), button=_t("Leave it out"), subject=subject, run=run, danger=True,
            sentence=_t("The other files are checked again. You can add the file later, once it is corrected."),
            form=FileForm(request.POST if request.method == "POST" else None, files=files),
        )

    @action(description=_("Confirm what is unusual"), url_path="confirm", permissions=["confirm"], icon="task_alt")
    def confirm_unusual(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say that it is meant."""
        subject = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            self.desk.confirm_unusual(subject, **given)
            return _t("Confirmed; it can be submitted now.")

        return self.button_page(
            request, title=_t("Confirm what is unusual"), button=_t("I have looked at it, it is meant"), subject=subject,
            run=run, warnings=[str(reason) for reason in self.desk.template_of(subject).unusual(subject)],
            sentence=_t("Your confirmation is recorded with your name, for exactly these rows."),
            facts=[(_t("rows"), f"{subject.row_count:,}"), (_t("office"), subject.organization.name)],
        )
