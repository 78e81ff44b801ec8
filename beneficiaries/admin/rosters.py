"""Rosters in the admin: the list, the page that is the center of intake, and its buttons."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit import events
from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import holds
from audit.exporting import ExportColumn
from audit.faults import fault_point
from beneficiaries import actions, deciding, money
from beneficiaries.actions.gates import open_gates
from beneficiaries.admin import missing_page, renewal_pages, review, undo_pages
from beneficiaries.admin.forms import ApprovalForm, GateForm, UploadForm
from beneficiaries.admin.mending import DESK, RosterMending
from beneficiaries.admin.roster_page import DECIDE, page_context
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.gating import Gate
from beneficiaries.models import FullList, Roster
from beneficiaries.models.roster import ENROLLING, Purpose
from beneficiaries.purposes import APPROVAL, COUNTED, STARTED, TEMPLATES, template_of
from intake.findings import Verdict
from intake.models import State
from intake.pages import ImportPages, blank_workbook, of_its_office
from intake.pages.buttons import BUTTON_STATES
from intake.pages.mending import mending_context
from programs.errors import BudgetRefused

CORRECT = "beneficiaries.correct_person"
DOWNLOAD = "beneficiaries.download_refused_rows"
_LOOKED_INTO = (State.REVIEW, State.SUBMITTED, State.APPROVED, State.APPLYING, State.APPLIED, State.REFUSED)


@admin.register(Roster)
class RosterAdmin(RosterMending, renewal_pages.RenewalPages, undo_pages.UndoPages, ImportPages, ReadOnlyScopedAdmin):
    """Rosters, newest first."""

    list_display = (
        "number", "purpose", "program", "period_code", "organization", "standing", "lines", "refused_count", "premium", "uploader",
        "uploaded_at",
    )
    export_columns = (
        "number", "purpose", "program", "period_code", "organization", "region_code", "state",
        ExportColumn("row_count", _("rows"), lambda roster: roster.row_count),
        ExportColumn("refused", _("refused"), lambda roster: roster.verdict_count(Verdict.REFUSED)),
        ExportColumn("premium", _("premium (yuan)"), lambda roster: premium_of(roster)), "uploader", "uploaded_at",
        "submitted_at", "decided_at", "applied_at",
    )
    list_filter = ("state", "purpose", "program", "period", "organization", "uploaded_at")
    list_select_related = ("program", "period__program", "organization", "uploaded_by")
    search_fields = ("=id",)
    search_help_text = _("Number of a roster")
    ordering = ("-id",)
    list_per_page = 50
    change_form_template = "beneficiaries/roster_page.html"
    desk = DESK
    actions_list = ("upload", "renew", "known", "blank_template")
    actions_detail = (
        "submit", "confirm_unusual", "approve", "refuse", "decide", "map_words", "choose_sheets", "add_files",
        "take_out_file", "full_list", "missing", "find", "pass_gate", "refused_rows", *renewal_pages.BUTTONS, "withdraw",
        *undo_pages.BUTTONS,
    )
    #: Button -> states in which it does something.
    button_states: ClassVar[dict[str, tuple[State, ...]]] = {
        **BUTTON_STATES,
        "decide": (State.REVIEW,),
        "full_list": (State.REVIEW,),
        "missing": _LOOKED_INTO,
        "find": _LOOKED_INTO,
        "pass_gate": (State.APPLIED, State.UNDO_ASKED),
        **renewal_pages.BUTTON_STATES,
        **undo_pages.BUTTON_STATES,
    }

    has_upload_permission = holds("beneficiaries.upload_roster")
    has_decide_permission = holds(DECIDE)
    has_missing_permission = holds("beneficiaries.view_enrollment")
    has_find_permission = holds("beneficiaries.view_person")
    has_submit_permission = holds("beneficiaries.submit_roster")
    has_approve_permission = holds("beneficiaries.approve_roster")
    has_mend_permission = holds("beneficiaries.upload_roster")
    has_confirm_permission = holds("beneficiaries.submit_roster")
    has_gate_permission = holds("beneficiaries.pass_gate")
    has_download_permission = holds(DOWNLOAD, also=of_its_office(Roster, DOWNLOAD))

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        found = super().get_queryset(request)
        return found.select_related(
            "program", "plan", "period__program", "organization", "uploaded_by", "submitted_by", "decided_by",
            "renewed_period__program", "undo_asked_by", "undo_decided_by",
        )

    def offers(self, name: str, subject: Roster, request: HttpRequest) -> bool:
        """Whether a button does something for this reader now."""
        if not renewal_pages.offers(name, subject) or not super().offers(name, subject, request):
            return False
        if name == "full_list":
            return subject.purpose in ENROLLING
        if name == "missing":
            return FullList.objects.filter(roster=subject).exists()
        if name == "decide":
            return review.may_be_decided(subject)
        if name in undo_pages.BUTTONS:
            return undo_pages.offers(name, subject, request)
        return bool(steps_by_hand(subject)) if name == "pass_gate" else True

    def page_context(self, subject: Roster, request: HttpRequest) -> dict[str, Any]:
        """Everything on the page besides its buttons."""
        title = _t("Roster %(number)s") % {"number": subject.pk}
        return {**page_context(subject, request), **mending_context(subject, template_of(subject)), "title": title}

    def confirm_facts(self, subject: Roster) -> list[tuple[str, Any]]:
        """What a confirm page says: counts and sums."""
        return confirm_facts(subject)

    @display(description=_("period"), ordering="period__code")
    def period_code(self, roster: Roster) -> str:
        """The program year."""
        return roster.period.code

    @display(description=_("premium (yuan)"))
    def premium(self, roster: Roster) -> str:
        """Yuan of the rows that are or will be held."""
        amount = premium_of(roster)
        return f"{amount:,.2f}" if amount is not None else "—"

    @action(description=_("New roster"), url_path="upload", permissions=["upload"], icon="upload_file")
    def upload(self, request: HttpRequest) -> HttpResponse:
        """Take in a file."""
        form = UploadForm(
            request.POST if request.method == "POST" else None, request.FILES if request.method == "POST" else None,
            by=request.user,
        )

        def run(given: dict[str, Any]) -> HttpResponse:
            roster = actions.upload_roster(
                [(file.name, file) for file in given["file"]], period=given["period"],
                organization=given["organization"], purpose=Purpose(given["purpose"]), ask_sheets=given["ask_sheets"],
                by=given["by"], at=given["at"],
            )
            return self.see(request, roster, _t("The file has been received and is being checked."))

        return self.button_page(
            request, title=_t("New roster"), button=_t("Upload"), form=form, run=run,
            sentence=_t("The file is checked line by line; nothing takes effect before another person approves it."),
            detail=render_to_string("beneficiaries/blank_templates.html", {"purposes": Purpose.choices}),
        )

    @action(description=_("Blank template"), url_path="template", permissions=["upload"], icon="table_view")
    def blank_template(self, request: HttpRequest) -> HttpResponse:
        """The layout of a purpose as a workbook, with notes and drop-downs."""
        purpose = request.GET.get("purpose", Purpose.ENROLL.value)
        if purpose not in TEMPLATES:
            raise Http404
        name = "roster-template.xlsx" if purpose == Purpose.ENROLL else f"roster-template-{purpose}.xlsx"
        return blank_workbook(TEMPLATES[purpose].columns, name)

    @action(description=_("Decide rows"), url_path="decide", permissions=["decide"], icon="rule")
    def decide(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Decide rows in doubt: those that the address names or filters, all of them otherwise."""
        roster = self.visible_or_404(request, object_id)
        choice = review.shown(request.GET).choice
        corrects = request.user.has_perm(CORRECT) and self.reaches(request, object_id, CORRECT)
        kinds = review.kinds_of(roster, choice, corrects=corrects)

        def run(given: dict[str, Any]) -> str:
            done = deciding.decide(roster, choice=choice, **given)
            if not done.left:
                return _t("%(rows)s rows were decided.") % {"rows": f"{done.decision.rows:,}"}
            return _t("%(rows)s rows were decided; %(left)s cannot be decided like this and stay as they are.") % {
                "rows": f"{done.decision.rows:,}", "left": f"{done.left:,}",
            }

        return self.button_page(
            request, title=_t("Decide rows"), button=_t("Decide"), subject=roster, run=run,
            form=review.DecideForm(request.POST if request.method == "POST" else None, kinds=kinds),
            sentence=_t("Every doubt of these rows is decided. You can take it back until the roster is submitted."),
            facts=review.choice_facts(roster, choice),
        )

    @action(description=_("Full list"), url_path="full-list", permissions=["submit"], icon="checklist")
    def full_list(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say that the roster names everybody of a region: who is missing is listed."""
        roster = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            found = actions.declare_full(roster, **given)
            self.message_user(request, _t("%(people)s covered people are missing.") % {"people": f"{found.people:,}"})
            return HttpResponseRedirect(reverse("admin:beneficiaries_roster_missing", args=[roster.pk]))

        return self.button_page(
            request, title=_t("Full list"), button=_t("Look up who is missing"), subject=roster, run=run,
            form=missing_page.FullListForm(request.POST if request.method == "POST" else None, roster=roster),
            sentence=_t(
                "Say of what this roster is the full list: covered people of this period who are not in it are listed. "
                "Nobody's cover ends by being missing. Correct refused rows first: they name nobody."
            ),
            facts=[(_t("refused"), f"{roster.verdict_count(Verdict.REFUSED):,}")],
        )

    @action(description=_("Missing people"), url_path="missing", permissions=["missing"], icon="person_search")
    def missing(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Who is covered and not in the full list; `format=csv` downloads it."""
        roster = self.visible_or_404(request, object_id)
        if not FullList.objects.filter(roster=roster).exists():
            raise Http404
        if request.GET.get("format") == "csv":
            fault_point("beneficiaries.download_missing.before")
            events.record(
                "roster.missing_downloaded", roster, by=request.user, at=timezone.now(),
                organization=roster.organization, region_code=roster.region_code, program_id=roster.program_id,
                data={"people": roster.full_list.people},
            )
            fault_point("beneficiaries.download_missing.after")
            return missing_page.as_csv(roster, request)
        context = {**self.admin_site.each_context(request), "opts": self.opts, **missing_page.page_context(roster, request)}
        return render(request, "beneficiaries/missing_page.html", context)

    @action(description=_("Find a row"), url_path="find", permissions=["find"], icon="search")
    def find(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Find rows by document number or name; neither gets into an address."""
        roster = self.visible_or_404(request, object_id)
        form = review.FindForm(request.POST if request.method == "POST" else None)

        def run(given: dict[str, Any]) -> HttpResponse:
            found = review.find_rows(roster, given["text"])
            if not found:
                raise BeneficiariesRefused("NOT_FOUND")
            page = reverse("admin:beneficiaries_roster_change", args=[roster.pk])
            return HttpResponseRedirect(f"{page}?only={','.join(map(str, found))}#rows")

        return self.button_page(
            request, title=_t("Find a row"), button=_t("Find"), subject=roster, run=run, form=form,
            sentence=_t("Exactly as the row has it. Refused rows are not found: look into the refused rows' file."),
        )

    @action(description=_("Approve"), url_path="approve", permissions=["approve"], icon="verified")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Approve what is shown."""
        roster = self.visible_or_404(request, object_id)
        outlook = money.outlook(roster)
        form = ApprovalForm(
            request.POST if request.method == "POST" else None, outlook=outlook, digest=roster.digest
        )

        def run(given: dict[str, Any]) -> str | HttpResponse:
            left_out, by_priority = given.pop("left_out"), given.pop("hold", "") == ApprovalForm.BY_PRIORITY
            if not by_priority:
                actions.approve_roster(roster, **given)
                return str(STARTED[roster.purpose]) % {"number": roster.pk}
            try:
                actions.approve_roster_by_priority(roster, **given, expected=left_out)
            except BudgetRefused as refused:
                if refused.code != "CHANGED":
                    raise
                # The page shows what holds now; a click on it then means that.
                self.message_user(request, str(refused), level=messages.WARNING)
                return HttpResponseRedirect(request.path)
            return _t("Roster %(number)s is approved by priority; who was left out can be downloaded.") % {
                "number": roster.pk
            }

        return self.button_page(
            request, title=_t("Approve roster"), button=_t("Approve"), subject=roster, run=run, form=form,
            sentence=str(APPROVAL[roster.purpose]),
            facts=confirm_facts(roster), warnings=warnings_of(roster, outlook, on=timezone.localdate()),
            detail=render_to_string("beneficiaries/approval_money.html", {"outlook": outlook}),
        )

    @action(description=_("Record a step"), url_path="gate", permissions=["gate"], icon="task_alt")
    def pass_gate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The insurer's acceptance, for the whole roster."""
        roster = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            covered = actions.pass_gate(roster, **given)
            return _t("Recorded; %(number)d covers came into force.") % {"number": covered}

        return self.button_page(
            request, title=_t("Record a step"), button=_t("Record"), subject=roster, run=run,
            sentence=_t("Cover begins when every step that the plan asks for is recorded."),
            form=GateForm(request.POST if request.method == "POST" else None, gates=steps_by_hand(roster)),
        )


def steps_by_hand(roster: Roster) -> list[Gate]:
    """Steps recorded for a roster as a whole: notices and payments have pages, lists and references of their own."""
    return [gate for gate in open_gates(roster) if gate is Gate.ACCEPTANCE]


def premium_of(roster: Roster) -> Decimal | None:
    """Yuan of the rows that are or will be held."""
    amount = roster.money.get("premium")
    return Decimal(amount) if amount else None


def warnings_of(roster: Roster, outlook: money.Outlook, *, on: date) -> list[str]:
    """What an approver should know first: money that lacks, and a notice that ends too late for anybody to pay."""
    found = [str(reason) for reason in template_of(roster).unusual(roster)]
    found += [
        _t("The budgets of %(funder)s do not suffice: %(short)s yuan are missing.")
        % {"funder": line.name, "short": f"{line.short:,.2f}"}
        for line in outlook.funders if line.short
    ]
    if roster.purpose not in ENROLLING:
        return found
    plan, closes = roster.plan, roster.period.enrollment_closes_on
    notice_ends = on + timedelta(days=plan.notice_days if plan.requires_notice else 0)
    if plan.requires_own_payment and notice_ends >= closes:
        found.append(
            _t("Own payments are taken until %(closes)s, but the public notice ends on %(ends)s: nobody could pay in time.")
            % {"closes": closes, "ends": notice_ends}
        )
    return found


def confirm_facts(roster: Roster) -> list[tuple[str, Any]]:
    """What a confirm page says about a roster: counts and sums."""
    applicable = sum(roster.verdict_count(each) for each in (Verdict.NEW, Verdict.CHANGED, Verdict.UNCHANGED))
    cost = roster.money
    whole = cost.get("whole", cost)
    enrolls = roster.purpose in ENROLLING
    enrolled = int(whole.get("rows", applicable)) if enrolls else roster.verdict_count(Verdict.CHANGED)
    added = [(_t("covered people who gain a category or contact"), f"{applicable - enrolled:,}")]
    return [
        (_t("program"), roster.program.name),
        (_t("office"), roster.organization.name),
        (_t("purpose"), roster.get_purpose_display()),
        (str(COUNTED[roster.purpose]), f"{enrolled:,}"),
        *(added if enrolls and applicable > enrolled else ()),
        (_t("rows that stay out"), f"{roster.row_count - applicable:,}"),
        *(
            ((_t("premium"), _yuan(cost.get("premium"))), (_t("own share"), _yuan(cost.get("own_share"))))
            if enrolls else ()
        ),
        *((line["name"], _yuan(line["amount"])) for line in cost.get("funders", [])),
    ]


def _yuan(amount: str | None) -> str:
    return _t("%(amount)s yuan") % {"amount": f"{Decimal(amount):,.2f}"} if amount else ""
