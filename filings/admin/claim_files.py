"""Files of claims in the admin: uploaded with their papers, looked at, approved by another; what became of each paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.admin.places import PlaceColumn
from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import holds
from audit.exporting import ExportColumn
from claims.models import Claim, Payee
from filings import actions
from filings.actions.claim_files import APPROVE, DESK, SUBMIT, UPLOAD
from filings.actions.papers import ENDED
from filings.admin import papers, undoing
from filings.admin.deciding import DecidingPages
from filings.admin.forms import ClaimFileForm, ProgramForm
from filings.columns import columns_of
from filings.models import ClaimFile, FiledCase
from intake.findings import Verdict
from intake.models import ONCE_APPLIED, State
from intake.pages import Cell, ImportPages, blank_workbook, of_its_office
from intake.pages.buttons import BUTTON_STATES, BUTTONS
from programs.benefit_terms import terms_of_program

DOWNLOAD = "filings.download_claimfile_rows"
_PAYEES = dict(Payee.choices)


@admin.register(ClaimFile)
class ClaimFileAdmin(papers.PaperPages, DecidingPages, undoing.UndoPages, PlaceColumn, ImportPages, ReadOnlyScopedAdmin):
    """Files of claims, newest first."""

    list_display = (
        "number", "program", "sender", "organization", "place", "standing", "lines", "claim_count", "total_sum", "held",
        "uploader", "uploaded_at",
    )
    export_columns = (
        "number", "program", "sender", "organization", "region_code", "state", "row_count",
        ExportColumn("claim_count", _("claims"), lambda subject: subject.money.get("claims")),
        ExportColumn("total_sum", _("to be opened (yuan)"), lambda subject: yuan_of(subject, "amount")),
        ExportColumn("held", _("held"), lambda subject: subject.money.get("held_rows")), "uploader", "uploaded_at", "submitted_at",
        "decided_at", "applied_at",
    )
    list_filter = ("state", "program", "sender", "organization", "uploaded_at")
    list_select_related = ("program", "sender", "organization", "uploaded_by")
    search_fields = ("=id",)
    search_help_text = _("Number of the file")
    ordering = ("-id",)
    list_per_page = 50
    change_form_template = "filings/claim_file_page.html"
    desk = DESK
    last_step = _("Open cases")
    verdict_words: ClassVar[Mapping[Verdict, Any]] = {Verdict.NEW: _("To be opened"), Verdict.DOUBTFUL: _("Held")}
    actions_list = ("upload", "blank_template")
    actions_detail = (*BUTTONS, "decide", *papers.BUTTONS, *undoing.BUTTONS, "refused_rows", "withdraw")
    button_states: ClassVar[dict[str, tuple[State, ...]]] = {
        **BUTTON_STATES, **undoing.BUTTON_STATES, "decide": (State.REVIEW,),
        **{name: tuple(state for state in State if state not in ENDED) for name in papers.BUTTONS},
    }

    has_reading_permission = holds("filings.view_claimfile")
    has_upload_permission = holds(UPLOAD)
    has_submit_permission = holds(SUBMIT)
    has_approve_permission = holds(APPROVE)
    has_mend_permission = holds(UPLOAD)
    has_decide_permission = holds(SUBMIT)
    has_confirm_permission = holds(SUBMIT)
    has_download_permission = holds(DOWNLOAD, also=of_its_office(ClaimFile, DOWNLOAD))

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "program", "sender", "organization", "uploaded_by", "submitted_by", "decided_by", "undo_asked_by", "undo_decided_by",
        )

    def offers(self, name: str, subject: ClaimFile, request: HttpRequest) -> bool:
        """Lines are decided while some are held; papers are matched again where some are left."""
        if not super().offers(name, subject, request):
            return False
        if name == "decide":
            return bool(subject.verdict_count(Verdict.DOUBTFUL))
        if name in papers.BUTTONS:
            return papers.offers(name, subject)
        return undoing.offers(name, subject, request) if name in undoing.BUTTONS else True

    def page_context(self, subject: ClaimFile, request: HttpRequest) -> dict[str, Any]:
        """With what was decided, and what became of papers."""
        return {
            **super().page_context(subject, request), "decisions": self.decisions_of(subject), **papers.papers_of(subject, request),
        }

    @display(description=_("claims"))
    def claim_count(self, subject: ClaimFile) -> str:
        """Claim numbers that are to be opened."""
        number = subject.money.get("claims")
        return "—" if number is None else f"{number:,}"

    @display(description=_("to be opened (yuan)"))
    def total_sum(self, subject: ClaimFile) -> str:
        """Yuan of their bills."""
        return shown(yuan_of(subject, "amount"))

    @display(description=_("held"))
    def held(self, subject: ClaimFile) -> str:
        """Lines that wait for a decision."""
        number = subject.money.get("held_rows")
        return "—" if number is None else f"{number:,}"

    def heads(self, subject: ClaimFile) -> list[str]:
        """What stands below the title besides the office."""
        return [subject.program.name, subject.sender.name]

    def facts(self, subject: ClaimFile) -> list[tuple[str, Any]]:
        """What the file is."""
        return [(_t("program"), subject.program.name), (_t("sender"), subject.sender.name), *super().facts(subject)]

    def summary(self, subject: ClaimFile) -> list[tuple[str, Any]]:
        """What is to be opened, what is held, what is refused; what was opened, and what was taken back."""
        money = subject.money
        if not money:
            return []
        found: list[tuple[str, Any]] = [
            (_t("claims"), f"{money['claims']:,}"), (_t("to be opened"), in_words(money["rows"], Decimal(money["amount"]))),
        ]
        if money["held_rows"]:
            found.append((_t("held"), in_words(money["held_rows"], Decimal(money["held"]))))
        if money["refused_rows"]:
            found.append((_t("refused"), in_words(money["refused_rows"], Decimal(money["refused"]))))
        for code, label in (("DECIDED_ACCEPTED", _t("taken by decision")), ("DECIDED_AGAINST", _t("left out by decision"))):
            if number := subject.counts.get("codes", {}).get(code):
                found.append((label, f"{number:,}"))
        if subject.state in (*ONCE_APPLIED, State.APPLYING):
            filed = FiledCase.objects.filter(claim_file=subject, case__isnull=False)
            found.append((_t("cases opened"), f"{filed.count():,}"))
            if undone := filed.exclude(undone_at=None).count():
                found.append((_t("cases taken back"), f"{undone:,}"))
        return found

    def confirm_facts(self, subject: ClaimFile) -> list[tuple[str, Any]]:
        """What a confirm page says: which file, counts and sums."""
        return [(_t("program"), subject.program.name), (_t("sender"), subject.sender.name), *super().confirm_facts(subject)]

    def approval_sentence(self, subject: ClaimFile) -> str:
        """What the click does."""
        return _t(
            "Lines of one claim number become one case with a claim on each cover of the person that was in force, accepted and "
            "filed today. Held and refused lines stay out. Papers that came along are attached."
        )

    def cells_of(self, subject: ClaimFile, page: Sequence[Any]) -> dict[int, list[Cell]]:
        """What a line says; personal values masked."""
        return {row.pk: _cells(row) for row in page}

    def outcomes_of(self, subject: ClaimFile, page: Sequence[Any], request: HttpRequest) -> dict[int, str]:
        """The claim of each line whose case was opened, for a reader who sees it."""
        if subject.state not in (*ONCE_APPLIED, State.APPLYING) or not request.user.has_perm("claims.view_claim"):
            return {}
        numbers = {row.claim_number for row in page if row.claim_number and row.verdict == Verdict.NEW and not row.set_aside}
        cases = dict(
            FiledCase.objects.filter(claim_file=subject, number__in=numbers, case__isnull=False).values_list("number", "case")
        )
        seen = Claim.objects.visible_to(request.user, "claims.view_claim").filter(case__in=cases.values())
        claims = dict(seen.order_by("-position").values_list("case", "pk"))
        return {
            row.pk: reverse("admin:claims_claim_change", args=[claims[cases[row.claim_number]]])
            for row in page
            if row.verdict == Verdict.NEW and not row.set_aside and cases.get(row.claim_number) in claims
        }

    @action(description=_("New file of claims"), url_path="upload", permissions=["upload"], icon="upload_file")
    def upload(self, request: HttpRequest) -> HttpResponse:
        """Take in a file, and its papers where they come along."""
        posted = request.method == "POST"

        def run(given: dict[str, Any]) -> HttpResponse:
            files = [(file.name, file) for file in given.pop("file")]
            archive = given.pop("papers", None)
            if archive is not None:
                papers.refuse_no_archive(archive)
            subject = actions.upload_claim_file(files, **given)
            if archive is not None:
                actions.add_archive(subject, name=archive.name, stream=archive, by=given["by"], at=given["at"])
            return self.see(request, subject, _t("The file has been received and is being checked."))

        return self.button_page(
            request, title=_t("New file of claims"), button=_t("Upload"), run=run,
            form=ClaimFileForm(request.POST if posted else None, request.FILES if posted else None, by=request.user),
            sentence=_t(
                "Claims that an insurer or villages report together, one line a bill. Each is matched to the person's covers; "
                "nothing is opened before another person approves it."
            ),
        )

    @action(description=_("Blank template"), url_path="template", permissions=["upload"], icon="table_view")
    def blank_template(self, request: HttpRequest) -> HttpResponse:
        """The layout of a program's files as a workbook."""

        def run(given: dict[str, Any]) -> HttpResponse:
            columns = columns_of(terms_of_program(given["program"].pk).values())
            return blank_workbook(columns, f"claims-{given['program'].code}.xlsx")

        return self.button_page(
            request, title=_t("Blank template"), button=_t("Download"), run=run,
            form=ProgramForm(request.POST if request.method == "POST" else None, by=request.user),
            sentence=_t("The columns of kinds of expenses are those of the program's plans."),
        )


def _cells(row: Any) -> list[Cell]:
    return [
        Cell(_t("sender's claim number"), row.claim_number or "", "pp-number pp-wraps"),
        Cell(_t("cover or document number"), row.number or str(row.document or ""), "pp-number pp-wraps"),
        Cell(_t("name"), str(row.name or "")), Cell(_t("day of the event"), str(row.event_on or "")),
        Cell(_t("hospital"), row.hospital_name or "", "pp-wraps"),
        Cell(_t("medical invoice"), row.invoice_number or "", "pp-number"), Cell(_t("total (yuan)"), shown(row.total), "pp-right"),
        Cell(
            _t("account of the payee"),
            " ".join(part for part in (str(_PAYEES.get(row.payee, "")), str(row.payee_account or "")) if part),
        ),
    ]


def yuan_of(subject: ClaimFile, name: str) -> Decimal | None:
    """A sum of a checked file."""
    return Decimal(subject.money[name]) if name in subject.money else None


def shown(amount: Decimal | None) -> str:
    """Yuan with groups of three."""
    return "—" if amount is None else f"{amount:,.2f}"


def in_words(lines: int, amount: Decimal) -> str:
    """Lines and yuan."""
    return _t("%(lines)s lines, %(amount)s yuan") % {"lines": f"{lines:,}", "amount": f"{amount:,.2f}"}
