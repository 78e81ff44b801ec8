"""The admin of any import: its list, its page, and the buttons from submission to approval. A room adds its own to them."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.badges import badge
from intake.actions import record_download
from intake.columns import Column
from intake.exports import write_template
from intake.findings import Verdict
from intake.models import ONCE_APPLIED, State
from intake.pages import rows
from intake.pages.context import ROWS_PER_PAGE, Cell, RowLine, import_context, labels_of, line_of, turns
from intake.pages.forms import DigestForm, ReasonForm, RefusedFormatForm
from intake.pages.mending import MENDING_STATES, MendingPages, mending_context, offers
from intake.pages.progress import STATE_TONES, problem_groups
from intake.refused import refused_by_file, rows_back
from intake.refused_archive import write_refused_files
from intake.template import APPLICABLE

_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_KINDS = {"xlsx": _SHEET, "csv": "text/csv; charset=utf-8", "zip": "application/zip"}
#: From the review on there are rows to look at.
REVIEWED = (State.REVIEW, State.SUBMITTED, State.APPROVED, State.APPLYING, *ONCE_APPLIED, State.REFUSED)
BUTTONS = ("submit", "confirm_unusual", "approve", "refuse", "map_words", "choose_sheets", "add_files", "take_out_file")
#: Button -> states in which it does something.
BUTTON_STATES: dict[str, tuple[State, ...]] = {
    "submit": (State.REVIEW,), "approve": (State.SUBMITTED,), "refuse": (State.SUBMITTED,),
    "withdraw": (State.REVIEW, State.SUBMITTED, State.FAILED), "refused_rows": REVIEWED, **MENDING_STATES,
}


class ImportPages(MendingPages):
    """Mixed into a ReadOnlyScopedAdmin of an import.

    The class gives `desk`, `last_step`, and who may: `has_submit_permission`, `has_approve_permission`,
    `has_download_permission`, `has_mend_permission`, `has_confirm_permission`. Words and facts of its own it gives by the
    methods below; with `change_form_template = "intake/import_page.html"` it needs no page of its own.
    """

    #: What applying it is called, as the last step of the way.
    last_step: ClassVar[Any] = _("Taking effect")
    #: What this kind of import calls verdicts, where their own words do not fit.
    verdict_words: ClassVar[Mapping[Verdict, Any]] = {}
    button_states: ClassVar[dict[str, tuple[State, ...]]] = BUTTON_STATES
    actions_detail: Any = (*BUTTONS, "refused_rows", "withdraw")
    readonly_fields: Any = ("state",)
    fields: Any = ("state",)

    class Media:
        """Renews the page while its job runs."""

        js = ("jobs/refresh.js",)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something in the import's state."""
        offered = super().get_actions_detail(request, object_id)  # type: ignore[misc]
        if not offered:
            return list(offered)
        found = self.get_queryset(request).filter(pk=object_id).first()  # type: ignore[attr-defined]
        return [button for button in offered if found is not None and self.offers(button.method.__name__, found, request)]

    def offers(self, name: str, subject: Any, request: HttpRequest) -> bool:
        """Whether a button does something for this reader now."""
        if subject.state not in self.button_states[name]:
            return False
        if name in MENDING_STATES:
            return offers(name, subject, self.desk.template_of(subject))
        if name in ("approve", "refuse"):
            return request.user.pk not in (subject.uploaded_by_id, subject.submitted_by_id)
        if name == "refused_rows":
            chunks = self.desk.template_of(subject).chunks_of(subject)
            return bool(subject.verdict_count(Verdict.REFUSED)) or chunks.filter(set_aside_rows__gt=0).exists()
        return True

    # -- The list ---------------------------------------------------------------------------------------------------------

    @display(description=_("no."), ordering="id")
    def number(self, subject: Any) -> str:
        """The import's number."""
        return f"#{subject.pk}"

    @display(description=_("state"), ordering="state")
    def standing(self, subject: Any) -> SafeString:
        """The state as a badge."""
        return badge(subject.get_state_display(), STATE_TONES[State(subject.state)])

    @display(description=_("rows"), ordering="row_count")
    def lines(self, subject: Any) -> str:
        """Lines of its files."""
        return f"{subject.row_count:,}"

    @display(description=_("refused"))
    def refused_count(self, subject: Any) -> str:
        """Rows that cannot be used."""
        return f"{subject.verdict_count(Verdict.REFUSED):,}"

    @display(description=_("uploaded by"), ordering="uploaded_by__username")
    def uploader(self, subject: Any) -> str:
        """The name colleagues know."""
        return str(subject.uploaded_by.get_full_name())

    # -- The page ---------------------------------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The import's page."""
        subject = self.visible_or_404(request, object_id)
        context = {**self.page_context(subject, request), **(extra_context or {})}
        found: HttpResponse = super().change_view(request, object_id, form_url, context)  # type: ignore[misc]
        return found

    def page_context(self, subject: Any, request: HttpRequest) -> dict[str, Any]:
        """Everything on the page besides its buttons."""
        template = self.desk.template_of(subject)
        wanted = rows.shown(request.GET)
        chunks = list(template.chunks_of(subject))
        found = rows.in_order(rows.narrow(template.rows_of(subject), wanted, rows.chunks_of(wanted, chunks)), wanted)
        page, after = rows.page_of(found, wanted, request.GET, size=ROWS_PER_PAGE)
        return {
            **import_context(subject, last_step=str(self.last_step), wanted=wanted, verdict_words=self.words_of(subject)),
            **mending_context(subject, template),
            **turns(request, after),
            "title": str(subject)[:1].upper() + str(subject)[1:],
            "heads": self.heads(subject),
            "problems": problem_groups(subject, wanted.code, decide=self.decided_at(subject, request)),
            "filters": rows.filters(list(rows.offered(subject, wanted, chunks).values())),
            "rows": self.row_lines(subject, page, request),
            "summary": self.summary(subject),
            "facts": self.facts(subject),
        }

    def row_lines(self, subject: Any, page: Sequence[Any], request: HttpRequest) -> list[RowLine]:
        """The lines of a page with the cells that the room shows, looked up once for all."""
        labels = labels_of(self.desk.template_of(subject))
        files = dict(subject.files.values_list("pk", "name")) if len(subject.layouts) > 1 else {}
        cells, outcomes, words = self.cells_of(subject, page), self.outcomes_of(subject, page, request), self.words_of(subject)
        return [
            line_of(row, cells[row.pk], labels, files, verdict_words=words, outcome=outcomes.get(row.pk, "")) for row in page
        ]

    def words_of(self, subject: Any) -> Mapping[Verdict, Any]:
        """What verdicts of this import are called now."""
        return self.verdict_words

    def cells_of(self, subject: Any, page: Sequence[Any]) -> dict[int, list[Cell]]:
        """By row what a line shows of its own, in the same columns for each."""
        raise NotImplementedError

    def outcomes_of(self, subject: Any, page: Sequence[Any], request: HttpRequest) -> dict[int, str]:
        """By row the address of what became of it, where the reader may see that."""
        return {}

    def decided_at(self, subject: Any, request: HttpRequest) -> Callable[[str], str]:
        """Where rows with a finding are decided, for a reader who may; "" where nothing is decided."""
        return lambda code: ""

    def heads(self, subject: Any) -> list[str]:
        """What stands below the title besides the office."""
        return []

    def facts(self, subject: Any) -> list[tuple[str, Any]]:
        """What the import is."""
        return [
            (_t("office"), subject.organization.name),
            (_t("uploaded files"), "、".join(file.name for file in subject.files.all())),
            (_t("reason"), subject.reason),
        ]

    def summary(self, subject: Any) -> list[tuple[str, Any]]:
        """Counts and sums that a reader wants first."""
        return []

    # -- Its buttons ------------------------------------------------------------------------------------------------------

    def confirm_facts(self, subject: Any) -> list[tuple[str, Any]]:
        """What a confirm page says: counts and sums."""
        applicable = sum(subject.verdict_count(each) for each in APPLICABLE)
        return [
            (_t("office"), subject.organization.name), *self.summary(subject),
            (_t("rows that stay out"), f"{subject.row_count - applicable:,}"),
        ]

    def approval_sentence(self, subject: Any) -> str:
        """What the click does."""
        raise NotImplementedError

    def approval_warnings(self, subject: Any) -> list[str]:
        """What an approver should know first."""
        return [str(reason) for reason in self.desk.template_of(subject).unusual(subject)]

    @action(description=_("Submit for approval"), url_path="submit", permissions=["submit"], icon="send")
    def submit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Hand it to a second person."""
        subject = self.visible_or_404(request, object_id)
        template = self.desk.template_of(subject)
        unusual = template.unusual(subject) if subject.confirmed_digest != subject.digest else []

        def run(given: dict[str, Any]) -> str:
            self.desk.submit(subject, **given)
            return _t("It has been submitted; a second person decides.")

        return self.button_page(
            request, title=_t("Submit for approval"), button=_t("Submit"), subject=subject, run=run,
            sentence=_t("A second person decides. Refused and doubtful rows stay out; you can correct and upload them later."),
            facts=self.confirm_facts(subject), warnings=[str(reason) for reason in unusual],
        )

    @action(description=_("Approve"), url_path="approve", permissions=["approve"], icon="verified")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Approve what is shown."""
        subject = self.visible_or_404(request, object_id)
        posted = request.POST if request.method == "POST" else None

        def run(given: dict[str, Any]) -> str:
            self.desk.approve(subject, **given)
            return _t("It is approved and being applied.")

        return self.button_page(
            request, title=_t("Approve"), button=_t("Approve"), subject=subject, run=run,
            form=DigestForm(posted, initial={"digest": subject.digest}), sentence=self.approval_sentence(subject),
            facts=self.confirm_facts(subject), warnings=self.approval_warnings(subject),
        )

    @action(description=_("Send back"), url_path="refuse", permissions=["approve"], icon="undo")
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send it back with a reason."""
        return self._with_reason(
            request, object_id, title=_t("Send back"), done=_t("It has been sent back."),
            sentence=_t("The uploader reads your reason and uploads a corrected file."), verb=self.desk.refuse,
        )

    @action(description=_("Withdraw"), url_path="withdraw", permissions=["submit"], icon="block")
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take it back before it is approved."""
        return self._with_reason(
            request, object_id, title=_t("Withdraw"), done=_t("It has been withdrawn."),
            sentence=_t("Nothing of it takes effect; the same file can be uploaded again."), verb=self.desk.withdraw,
        )

    def _with_reason(
        self, request: HttpRequest, object_id: str, *, title: str, done: str, sentence: str, verb: Any
    ) -> HttpResponse:
        subject = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            verb(subject, **given)
            return done

        return self.button_page(
            request, title=title, button=title, subject=subject, run=run, sentence=sentence, danger=True,
            facts=self.confirm_facts(subject), form=ReasonForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Refused rows"), url_path="refused", permissions=["download"], icon="download")
    def refused_rows(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give refused rows back to their own office, in the file's layout with a reason."""
        subject = self.visible_or_404(request, object_id)
        template = self.desk.template_of(subject)

        def run(given: dict[str, Any]) -> HttpResponse:
            target = io.BytesIO()
            chosen = [given["file"]] if given.get("file") else list(template.files_of(subject))
            written, ending = write_refused_files(target, subject, chosen, template=template, kind=given["kind"])
            record_download(
                subject, rows=written, kind=given["kind"], template=template, by=given["by"], at=given["at"]
            )
            return download(target.getvalue(), f"{template.key}-{subject.pk}-refused.{ending}", _KINDS[ending])

        return self.button_page(
            request, title=_t("Refused rows"), button=_t("Download"), subject=subject, run=run,
            sentence=_t(
                "The file holds personal data in the clear, for your own office to correct. The download is recorded."
            ),
            facts=[
                (_t("refused"), subject.verdict_count(Verdict.REFUSED)),
                (_t("set aside"), rows_back(template.rows_of(subject)).exclude(set_aside="").count()),
            ],
            form=RefusedFormatForm(
                request.POST if request.method == "POST" else None, files=refused_by_file(template, subject)
            ),
        )

    def see(self, request: HttpRequest, subject: Any, message: str) -> HttpResponse:
        """To the import's page, with a message."""
        self.message_user(request, message)  # type: ignore[attr-defined]
        return HttpResponseRedirect(self.address(subject))


def of_its_office(model: type[Any], permission: str) -> Callable[[Any, str | int], bool]:
    """For `holds(also=...)`: the permission is held in the very office whose file it was. Lines in the clear go back there only."""

    def is_of_its_office(user: Any, subject_id: str | int) -> bool:
        subject = model.objects.select_related("organization", "uploaded_by__organization").get(pk=subject_id)
        offices = {subject.organization.path, subject.uploaded_by.organization.path}
        return any(grant.organization_path in offices for grant in user.grants(permission))

    return is_of_its_office


def blank_workbook(columns: Sequence[Column], name: str) -> HttpResponse:
    """A layout as a workbook, with notes and drop-downs."""
    target = io.BytesIO()
    write_template(target, columns)
    return download(target.getvalue(), name, _SHEET)


def download(content: bytes, name: str, kind: str) -> HttpResponse:
    """A file that no cache keeps."""
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response
