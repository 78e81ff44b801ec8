"""Files of settlement records in the admin: uploaded, calculated, looked at, approved by another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.admin.places import PlaceColumn
from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import holds
from audit.exporting import ExportColumn
from beneficiaries.models import Enrollment
from intake.findings import Verdict
from intake.held import HeldLines
from intake.models import ONCE_APPLIED, State
from intake.pages import Cell, ImportPages, blank_workbook, of_its_office
from intake.pages.buttons import BUTTON_STATES, BUTTONS
from intake.pages.held import HeldPages
from programs.benefit_terms import terms_of_program
from records import actions, summary
from records.actions.held import held_lines
from records.actions.lists import APPROVE, DESK, SUBMIT, UPLOAD
from records.admin import undoing
from records.admin.forms import DecideRecordForm, ProgramForm, RecordsForm
from records.columns import columns_of
from records.models import Calculation, LineDecision, Proposal, RecordDecision, RecordList, RecordRow

DOWNLOAD = "records.download_recordlist_rows"


@admin.register(RecordList)
class RecordListAdmin(HeldPages, undoing.UndoPages, PlaceColumn, ImportPages, ReadOnlyScopedAdmin):
    """Files, newest first."""

    list_display = (
        "number", "program", "reference", "organization", "place", "standing", "lines", "matched", "due_lines", "due_sum",
        "uploader",
        "uploaded_at",
    )
    export_columns = (
        "number", "program", "reference", "organization", "region_code", "state",
        ExportColumn("matched", _("matched"), lambda found: count_of(found, "matched")),
        ExportColumn("due_lines", _("records to be paid"), lambda found: count_of(found, "due")),
        ExportColumn("due_sum", _("due by our calculation (yuan)"), lambda found: yuan_of(found, "due")),
        ExportColumn("claimed", _("claimed already"), lambda found: count_of(found, "claimed")),
        "uploader", "uploaded_at", "submitted_at", "decided_at", "applied_at",
    )
    list_filter = ("state", "program", "organization", "uploaded_at")
    list_select_related = ("program", "organization", "uploaded_by")
    search_fields = ("=reference", "=id")
    search_help_text = _("Number of the file")
    ordering = ("-id",)
    list_per_page = 50
    change_form_template = "records/list_page.html"
    desk = DESK
    last_step = _("Propose what is due")
    verdict_words: ClassVar[Mapping[Verdict, Any]] = {
        Verdict.NEW: _("Not claimed yet"), Verdict.COVERED: _("Claimed already"), Verdict.DOUBTFUL: _("Held"),
        Verdict.REFUSED: _("Not proposed"),
    }
    actions_list = ("upload", "blank_template")
    actions_detail = (*BUTTONS, "decide", *undoing.BUTTONS, "refused_rows", "withdraw")
    button_states: ClassVar[dict[str, tuple[State, ...]]] = {
        **BUTTON_STATES, **undoing.BUTTON_STATES, "decide": (State.REVIEW,),
    }
    line_decisions, held_row_model, decision_model = LineDecision, RecordRow, RecordDecision
    of_one_line = (LineDecision.COVER,)
    decide_sentence = _(
        "Proposed, a record counts towards deductible and limits of its cover like any other. Left out, it goes back with the "
        "refused rows. Records of the same covers are calculated anew. The approver sees what was decided, and why."
    )
    decide_help = _("What was compared, what the bureau said. Write no names and numbers of people.")

    has_reading_permission = holds("records.view_recordlist")
    has_upload_permission = holds(UPLOAD)
    has_submit_permission = holds(SUBMIT)
    has_approve_permission = holds(APPROVE)
    has_mend_permission = holds(UPLOAD)
    has_confirm_permission = holds(SUBMIT)
    has_decide_permission = holds(SUBMIT)
    has_download_permission = holds(DOWNLOAD, also=of_its_office(RecordList, DOWNLOAD))

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "program", "organization", "uploaded_by", "submitted_by", "decided_by", "undo_asked_by", "undo_decided_by",
        )

    def offers(self, name: str, subject: RecordList, request: HttpRequest) -> bool:
        """As any import, and its undo; records are decided while some are held."""
        if not super().offers(name, subject, request):
            return False
        if name == "decide":
            return bool(subject.verdict_count(Verdict.DOUBTFUL))
        return undoing.offers(name, subject, request) if name in undoing.BUTTONS else True

    def page_context(self, subject: RecordList, request: HttpRequest) -> dict[str, Any]:
        """With what is due, and what was decided."""
        return {
            **super().page_context(subject, request), **summary.context_of(subject), "decisions": self.decisions_of(subject),
        }

    @property
    def held_lines(self) -> HeldLines:
        """Records, and what keeps one from being proposed."""
        return held_lines()

    def decide_chosen(self, subject: RecordList, **given: Any) -> Any:
        """By the action."""
        return actions.decide_lines(subject, **given)

    def decide_form(self, data: Any, *, kinds: Sequence[Any]) -> Any:
        """With the number of another cover, for one record."""
        return DecideRecordForm(data, kinds=kinds, help_text=self.decide_help)

    def line_facts(self, row: RecordRow) -> list[tuple[str, Any]]:
        """What the page says of one record, masked; and the covers of its person on the day of discharge."""
        return [
            (_t("settlement number"), row.settlement_number), (_t("name"), str(row.name or "")),
            (_t("document number"), str(row.document or "")), (_t("hospital"), row.hospital), (_t("stay or visit"), stay_of(row)),
            (_t("total cost (yuan)"), shown(row.total)),
            (_t("matched to the cover"), row.enrollment.number if row.enrollment is not None else ""),
            *([(_t("covers of this person then"), "、".join(covers_then(row)))] if row.enrollment is not None else []),
        ]

    @display(description=_("matched"))
    def matched(self, found: RecordList) -> str:
        """Records of covered people that nobody has claimed."""
        return counted(count_of(found, "matched"))

    @display(description=_("records to be paid"))
    def due_lines(self, found: RecordList) -> str:
        """Records by which something is due."""
        return counted(count_of(found, "due"))

    @display(description=_("due by our calculation (yuan)"))
    def due_sum(self, found: RecordList) -> str:
        """Yuan in all."""
        return shown(yuan_of(found, "due"))

    def heads(self, subject: RecordList) -> list[str]:
        """What stands below the title besides the office."""
        return [subject.program.name, subject.reference]

    def facts(self, subject: RecordList) -> list[tuple[str, Any]]:
        """What the file is."""
        return [
            (_t("program"), subject.program.name), (_t("number of the file"), subject.reference), *super().facts(subject),
        ]

    def summary(self, subject: RecordList) -> list[tuple[str, Any]]:
        """How many records, of whom, what is due, what is claimed, what is held."""
        money = subject.money
        if not money:
            return []
        found: list[tuple[str, Any]] = [
            (_t("number of records"), counted(money["lines"])), (_t("matched, not claimed yet"), counted(money["matched"][0])),
            (_t("to be paid"), in_words(*money["due"])), (_t("nothing due by itself"), counted(money["nothing"])),
            (_t("claimed already"), counted(money["claimed"][0])),
        ]
        if money["held"][0]:
            found.append((_t("held"), counted(money["held"][0])))
        for code, label in (
            ("DECIDED_ACCEPTED", _t("proposed by decision")), ("DECIDED_COVER", _t("under another cover by decision")),
            ("DECIDED_AGAINST", _t("left out by decision")),
        ):
            if number := subject.counts.get("codes", {}).get(code):
                found.append((label, counted(number)))
        if money["refused"][0]:
            found.append((_t("not proposed"), counted(money["refused"][0])))
        if subject.state in ONCE_APPLIED:
            found.append((_t("proposals"), format_html('<a href="{}">{}</a>', proposals_of(subject), _t("See the list"))))
        return found

    def confirm_facts(self, subject: RecordList) -> list[tuple[str, Any]]:
        """What a confirm page says: which file, counts and sums."""
        due = [(_t("to be paid"), in_words(*subject.money["due"]))] if subject.money else []
        return [
            (_t("program"), subject.program.name), (_t("number of the file"), subject.reference), *super().confirm_facts(subject),
            *due,
        ]

    def approval_sentence(self, subject: RecordList) -> str:
        """What the click does."""
        return _t(
            "Each record that nobody has claimed becomes a proposal with the sum that is due by our calculation. Nothing is paid "
            "by it: claims are opened one by one or many at once, and decided like any other."
        )

    def cells_of(self, subject: RecordList, page: Sequence[Any]) -> dict[int, list[Cell]]:
        """What a record says, and what is due; personal values masked."""
        found = Calculation.objects.filter(row_id__in=[row.pk for row in page]).in_bulk()
        return {row.pk: _cells(row, found.get(row.pk)) for row in page}

    def outcomes_of(self, subject: RecordList, page: Sequence[Any], request: HttpRequest) -> dict[int, str]:
        """The proposal of each record that was taken in, for a reader who sees it."""
        if subject.state not in ONCE_APPLIED or not request.user.has_perm("records.view_proposal"):
            return {}
        seen = Proposal.objects.visible_to(request.user, "records.view_proposal").filter(row_id__in=[row.pk for row in page])
        return {row: reverse("admin:records_proposal_change", args=[pk]) for row, pk in seen.values_list("row_id", "pk")}

    @action(description=_("New file"), url_path="upload", permissions=["upload"], icon="upload_file")
    def upload(self, request: HttpRequest) -> HttpResponse:
        """Take in a file."""
        posted = request.method == "POST"

        def run(given: dict[str, Any]) -> HttpResponse:
            files = [(file.name, file) for file in given.pop("file")]
            found = actions.upload_records(files, **given)
            return self.see(request, found, _t("The file has been received and is being checked."))

        return self.button_page(
            request, title=_t("New file"), button=_t("Upload"), run=run,
            form=RecordsForm(request.POST if posted else None, request.FILES if posted else None, by=request.user),
            sentence=_t(
                "Settlement records of the medical insurance bureau. Each is found in the covers of the program, and what is due "
                "by its plan is calculated where nobody has claimed it; nothing is proposed before another person approves it."
            ),
        )

    @action(description=_("Blank template"), url_path="template", permissions=["upload"], icon="table_view")
    def blank_template(self, request: HttpRequest) -> HttpResponse:
        """The layout of a program's records as a workbook."""

        def run(given: dict[str, Any]) -> HttpResponse:
            columns = columns_of(terms_of_program(given["program"].pk).values())
            return blank_workbook(columns, f"settlements-{given['program'].code}.xlsx")

        return self.button_page(
            request, title=_t("Blank template"), button=_t("Download"), run=run,
            form=ProgramForm(request.POST if request.method == "POST" else None, by=request.user),
            sentence=_t("The columns of kinds of expenses are those of the program's plans."),
        )


def stay_of(row: Any) -> str:
    """From when to when; lines break between the days, never within one."""
    if not row.discharged_on:
        return ""
    begun = format_html('<span class="pp-together">{} –</span> ', f"{row.admitted_on:%Y-%m-%d}") if row.admitted_on else ""
    return format_html('{}<span class="pp-together">{}</span>', begun, f"{row.discharged_on:%Y-%m-%d}")


def covers_then(row: RecordRow) -> list[str]:
    """Numbers of covers of the matched person, of the program, in which the day of discharge lies."""
    assert row.enrollment is not None
    rows = Enrollment.objects.filter(person=row.enrollment.person_id, program=row.record_list.program_id).select_related(
        "program", "period"
    )
    day = row.discharged_on
    return [
        each.number for each in rows.order_by("-starts_at")[:10]
        if day is not None and timezone.localdate(each.starts_at) <= day < timezone.localdate(each.ends_at) + timedelta(days=1)
    ]


def _cells(row: Any, found: Calculation | None) -> list[Cell]:
    return [
        Cell(_t("settlement number"), row.settlement_number or "", "pp-number pp-wraps"),
        Cell(_t("document number"), str(row.document or ""), "pp-number"), Cell(_t("name"), str(row.name or "")),
        Cell(_t("hospital"), row.hospital or "", "pp-wraps"), Cell(_t("stay or visit"), stay_of(row), "pp-wraps"),
        Cell(_t("total cost (yuan)"), shown(row.total), "pp-right"),
        Cell(_t("due by our calculation (yuan)"), shown(found.due if found is not None else None), "pp-right"),
    ]


def proposals_of(record_list: RecordList) -> str:
    """The list of a file's proposals."""
    return f"{reverse('admin:records_proposal_changelist')}?record_list={record_list.pk}"


def count_of(record_list: RecordList, name: str) -> int | None:
    """Records of a kind, of a checked file."""
    return int(record_list.money[name][0]) if record_list.money else None


def yuan_of(record_list: RecordList, name: str) -> Decimal | None:
    """A sum of a checked file."""
    return Decimal(record_list.money[name][1]) if record_list.money else None


def counted(number: int | None) -> str:
    """A number, or a dash."""
    return "—" if number is None else f"{number:,}"


def shown(amount: Decimal | None) -> str:
    """Yuan, or a dash."""
    return f"{amount:,.2f}" if amount is not None else "—"


def in_words(lines: int, amount: str) -> str:
    """Records and yuan."""
    return _t("%(lines)s records, %(amount)s yuan") % {"lines": f"{lines:,}", "amount": f"{Decimal(amount):,.2f}"}
