"""Proposals in the admin: what covers owe for records that nobody has claimed; told, claimed one by one or many at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.admin.places import PlaceColumn
from audit.admin import ReadOnlyScopedAdmin
from audit.badges import badge
from audit.buttons import ButtonPages, holds
from beneficiaries.admin.searching import CoverSearch
from beneficiaries.models import Enrollment
from claims.admin.words import state_badge
from claims.models import Claim
from intake.findings import MEANINGS, plain_words
from programs.benefit_terms import benefit_terms, engine_language
from records import actions
from records.actions.claiming import CLAIM, OpenedClaims
from records.actions.proposals import TELL
from records.admin.forms import ManyForm, ManyTellForm, TellForm, WhyForm
from records.admin.lists import shown
from records.models import Proposal, ProposalState, RecordList, RecordRow
from records.models.proposal import WAITING
from records.one import decided_one

TONES: Mapping[str, str] = {
    ProposalState.OPEN: "bad", ProposalState.TOLD: "wait", ProposalState.CLAIMED: "good", ProposalState.DECLINED: "calm",
    ProposalState.LAPSED: "calm", ProposalState.NOTHING: "calm",
}
VIEW = "records.view_proposal"


class BySum(admin.SimpleListFilter):
    """By how much is due."""

    title = _("sum due")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Something, and much of it."""
        return [
            ("waiting", _("to be claimed")), ("1000", _("1,000 yuan or more")), ("10000", _("10,000 yuan or more")),
            ("50000", _("50,000 yuan or more")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Those."""
        wanted = self.value()
        if wanted == "waiting":
            return queryset.filter(state__in=WAITING)
        return queryset.filter(due__gte=wanted) if wanted in ("1000", "10000", "50000") else queryset


class OfList(admin.SimpleListFilter):
    """Of one file, as a link names it."""

    title = _("file of settlement records")
    parameter_name = "record_list"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """The one that is shown."""
        wanted = self.used_parameters.get(self.parameter_name) or request.GET.get(self.parameter_name)
        return [(wanted, f"#{wanted}")] if wanted else []

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Its proposals."""
        wanted = self.value()
        if not wanted:
            return queryset
        if not (wanted.isascii() and wanted.isdecimal() and len(wanted) < 19):
            return queryset.none()
        return queryset.filter(record_list=wanted)


@admin.register(Proposal)
class ProposalAdmin(ButtonPages, CoverSearch, PlaceColumn, ReadOnlyScopedAdmin):
    """Proposals, newest first."""

    list_display = (
        "settlement", "cover_number", "person_name", "program", "period_code", "place", "hospital", "discharged_on", "total_shown",
        "due_shown", "standing", "told_on",
    )
    export_columns = (
        "settlement_number", "cover_number", "enrollment__person__name", "program", "period_code", "place", "organization",
        "hospital",
        "setting", "admitted_on", "discharged_on", "settled_on", "total", "due", "state", "told_on", "reason",
        "record_list__reference", "applied_at", "undone_at",
    )
    sortable_by = ()
    list_filter = ("state", BySum, "program", "period", "discharged_on", "told_on", OfList, "organization")
    list_select_related = ("program", "period", "enrollment__person", "enrollment__program", "enrollment__period")
    search_fields = ("=settlement_number",)
    search_help_text = _(
        "Settlement number; or cover number, document number, mobile phone number, or a name or its beginning"
    )
    cover_path = "enrollment__"
    ordering = ("-id",)
    list_per_page = 50
    change_form_template = "records/proposal_page.html"
    fields = ("settlement_number",)
    readonly_fields = fields
    actions_list = ("claim_many", "tell_many")
    actions_detail = ("open_claim", "tell", "decline", "reopen")

    has_open_permission = holds(CLAIM)
    has_tell_permission = holds(TELL)
    button_states: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "open_claim": WAITING, "tell": WAITING, "decline": WAITING, "reopen": (ProposalState.DECLINED,),
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "program", "period__program", "plan", "organization", "record_list__organization", "case", "changed_by",
            "enrollment__person", "enrollment__program", "enrollment__period",
        )

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """By settlement number, exactly; else by whom it is for."""
        term = search_term.strip()
        found = queryset.filter(settlement_number=term) if term else queryset.none()
        return (found, False) if term and found.exists() else super().get_search_results(request, queryset, search_term)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something in its state."""
        offered = super().get_actions_detail(request, object_id)
        found = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        return [] if found is None else [
            button for button in offered if found.state in self.button_states[button.method.__name__]
        ]

    @display(description=_("settlement number"), ordering="id")
    def settlement(self, proposal: Proposal) -> str:
        """The bureau's."""
        return proposal.settlement_number

    @display(description=_("cover number"))
    def cover_number(self, proposal: Proposal) -> str:
        """保障凭证号."""
        return proposal.enrollment.number

    @display(description=_("name"))
    def person_name(self, proposal: Proposal) -> str:
        """Masked."""
        return str(proposal.enrollment.person.name)

    @display(description=_("period"))
    def period_code(self, proposal: Proposal) -> str:
        """The program year."""
        return proposal.period.code

    @display(description=_("total cost (yuan)"))
    def total_shown(self, proposal: Proposal) -> str:
        """Yuan."""
        return shown(proposal.total)

    @display(description=_("due by our calculation (yuan)"))
    def due_shown(self, proposal: Proposal) -> str:
        """Yuan."""
        return shown(proposal.due)

    @display(description=_("state"))
    def standing(self, proposal: Proposal) -> SafeString:
        """As a badge."""
        return state_of(proposal)

    @action(description=_("Open the claim"), url_path="open-claim", permissions=["open"], icon="note_add")
    def open_claim(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Make a case of it."""
        proposal = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            return said(actions.open_claims([proposal], **given))

        return self.button_page(
            request, title=_t("Open the claim"), button=_t("Open the claim"), subject=proposal, run=run,
            facts=[*facts_of(proposal)[:6], (_t("due by our calculation (yuan)"), shown(proposal.due))],
            sentence=_t(
                "A case is opened with the bill that the record states, on every cover of the person that was in force; it is "
                "handled and decided like any other. Earlier records of the cover that use up its deductible come with it. The "
                "settlement statement need not be brought."
            ),
        )

    @action(description=_("Note as told"), url_path="tell", permissions=["tell"], icon="campaign")
    def tell(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The person was told."""
        return self._one(
            request, object_id, title=_t("Note as told"), verb=actions.tell_proposals, form=TellForm,
            sentence=_t("When and how the person was told of what is due."), done=_t("It is noted."),
        )

    @action(description=_("Not to be claimed"), url_path="decline", permissions=["tell"], icon="block")
    def decline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Nobody will claim it."""
        return self._one(
            request, object_id, title=_t("Not to be claimed"), verb=actions.decline_proposals, form=WhyForm,
            sentence=_t("The person does not want to claim, or you know why nothing is due. It can be taken up again."),
            done=_t("It is noted."),
        )

    @action(description=_("Take up again"), url_path="reopen", permissions=["tell"], icon="undo")
    def reopen(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """It is to be claimed after all."""
        return self._one(
            request, object_id, title=_t("Take up again"), verb=actions.reopen_proposals, form=WhyForm,
            sentence=_t("It waits again to be told of and claimed."), done=_t("It waits again."),
        )

    def _one(
        self, request: HttpRequest, object_id: str, *, title: str, verb: Callable[..., Any], form: Any, sentence: str, done: str
    ) -> HttpResponse:
        proposal = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            verb([proposal], **given)
            return done

        return self.button_page(
            request, title=title, button=title, subject=proposal, run=run, sentence=sentence, facts=facts_of(proposal)[:6],
            form=form(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Open claims"), url_path="claim-many", permissions=["open"], icon="library_add")
    def claim_many(self, request: HttpRequest) -> HttpResponse:
        """Of many at once."""

        def run(given: dict[str, Any]) -> str:
            by, at = given["by"], given["at"]
            return said(actions.open_claims(chosen(given, CLAIM), by=by, at=at))

        return self.button_page(
            request, title=_t("Open claims"), button=_t("Open claims"), run=run,
            form=ManyForm(request.POST if request.method == "POST" else None, by=request.user),
            sentence=_t(
                "A case for each chosen proposal, with the bill that its record states; earlier records of the same cover that use "
                "up its deductible come with it. Each is then handled and decided like any other claim."
            ),
        )

    @action(description=_("Note many as told"), url_path="tell-many", permissions=["tell"], icon="campaign")
    def tell_many(self, request: HttpRequest) -> HttpResponse:
        """Of many at once."""

        def run(given: dict[str, Any]) -> str:
            told = actions.tell_proposals(
                chosen({**given, "told_alone": False, "open_alone": True}, TELL), told_on=given["told_on"], reason=given["reason"],
                by=given["by"], at=given["at"],
            )
            return _t("%(number)s proposals are noted as told.") % {"number": f"{len(told):,}"}

        return self.button_page(
            request, title=_t("Note many as told"), button=_t("Note as told"), run=run,
            form=ManyTellForm(request.POST if request.method == "POST" else None, by=request.user),
            sentence=_t(
                "Export the list of a region first, hand it to the village officers, and note here when they have told people."
            ),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The proposal's page: what is due, by what, what became of it."""
        proposal = self.get_object(request, object_id)
        context: dict[str, Any] = {}
        if proposal is not None:
            context = {**page_of(proposal, by=request.user), "title": proposal.settlement_number}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})


def chosen(given: Mapping[str, Any], permission: str) -> list[Proposal]:
    """The proposals that a form means, the largest sums first."""
    found = Proposal.objects.visible_to(given["by"], permission).filter(program=given["program"], due__gte=given["least"] or 0)
    found = found.filter(state=ProposalState.TOLD) if given["told_alone"] else found.waiting()
    if given.get("open_alone"):
        found = found.filter(state=ProposalState.OPEN)
    if given["record_list"] is not None:
        found = found.filter(record_list=given["record_list"])
    if given["region_code"]:
        found = found.filter(region_code__startswith=given["region_code"].strip())
    return list(found.order_by("-due", "-pk").only("pk", "due")[: given["most"]])


def said(done: OpenedClaims) -> str:
    """What was opened, what was not, and why."""
    parts = [
        _t("%(cases)s cases were opened of %(records)s records.") % {
            "cases": f"{len(done.cases):,}", "records": f"{len(done.claimed):,}",
        }
    ]
    if done.lapsed:
        parts.append(_t("%(number)s had been claimed meanwhile.") % {"number": f"{len(done.lapsed):,}"})
    if done.refused:
        parts.append(
            _t("%(number)s stay as they are: %(reason)s") % {"number": f"{len(done.refused):,}", "reason": str(done.refused[0][1])}
        )
    return " ".join(parts)


def state_of(proposal: Proposal) -> SafeString:
    """As a badge."""
    if proposal.undone_at is not None:
        return badge(_t("Undone"), "calm")
    return badge(proposal.get_state_display(), TONES[proposal.state])


def reason_in_words(proposal: Proposal) -> str:
    """The reason; of what lapsed since it was claimed, the finding's words."""
    return plain_words(MEANINGS[proposal.reason].cause) if proposal.reason in MEANINGS else proposal.reason


def page_of(proposal: Proposal, *, by: Any) -> dict[str, Any]:
    """Facts, the sum, the claim, and the way back to the line."""
    row = RecordRow.objects.select_related("file").filter(pk=proposal.row_id).first()
    cover_seen = Enrollment.objects.visible_to(by, "beneficiaries.view_enrollment").filter(pk=proposal.enrollment_id).exists()
    list_seen = RecordList.objects.visible_to(by, "records.view_recordlist").filter(pk=proposal.record_list_id).exists()
    # Its claim says itself how it is decided.
    one = decided_one(proposal) if proposal.state not in (ProposalState.CLAIMED, ProposalState.LAPSED) else None
    claims = Claim.objects.visible_to(by, "claims.view_claim").filter(case=proposal.case_id).select_related("case", "program")
    return {
        "proposal": proposal, "badge": state_of(proposal),
        "cover_url": reverse("admin:beneficiaries_enrollment_change", args=[proposal.enrollment_id]) if cover_seen else "",
        "facts": facts_of(proposal, row), "parts": parts_of(proposal),
        "claims": [
            (each, reverse("admin:claims_claim_change", args=[each.pk]), state_badge(each), shown(each.amount)) for each in claims
        ] if proposal.case_id else [],
        "carried": carried_of(proposal), "one": one, "changed": one is not None and one.due != proposal.due,
        "origin": _t("%(reference)s, %(file)s line %(line)s") % {
            "reference": proposal.record_list.reference, "file": row.file.name if row else "",
            "line": " ".join(part for part in (row.sheet, str(row.line)) if part) if row else "",
        },
        "origin_url": (
            f"{reverse('admin:records_recordlist_change', args=[proposal.record_list_id])}?row={proposal.row_id}"
            f"#row-{proposal.row_id}" if list_seen else ""
        ),
    }


def carried_of(proposal: Proposal) -> dict[str, Any]:
    """How many records of the cover come before it by which nothing is due, and what they cost."""
    if proposal.state not in WAITING:
        return {}
    before = Proposal.objects.filter(
        enrollment=proposal.enrollment_id, state=ProposalState.NOTHING, settled_on__lte=proposal.settled_on
    ).exclude(pk=proposal.pk).order_by()
    found = before.aggregate(total=Sum("total", default=0))
    return {"number": before.count(), **found}


def parts_of(proposal: Proposal) -> list[tuple[str, str]]:
    """Responsibility and yuan."""
    terms = benefit_terms(proposal.plan)
    names = {} if terms is None else {each.code: each.name.say(engine_language()) for each in terms.responsibilities}
    return [(names.get(code, code), amount) for code, amount in (proposal.parts or {}).items()]


def facts_of(proposal: Proposal, row: RecordRow | None = None) -> list[tuple[str, Any]]:
    """What the record says, and what became of it."""
    changed = f"{timezone.localtime(proposal.changed_at):%Y-%m-%d %H:%M}" if proposal.changed_at else ""
    return [
        (_t("settlement number"), proposal.settlement_number), (_t("cover number"), proposal.enrollment.number),
        (_t("name"), str(proposal.enrollment.person.name)), (_t("hospital"), proposal.hospital),
        (_t("admitted on"), proposal.admitted_on), (_t("discharged on"), proposal.discharged_on),
        (_t("program"), proposal.program.name), (_t("plan"), str(proposal.plan)), (_t("period"), proposal.period.code),
        (_t("office"), proposal.organization.name), (_t("kind of treatment"), proposal.get_setting_display()),
        (_t("settled on"), proposal.settled_on), (_t("total cost (yuan)"), shown(proposal.total)),
        *([
            (_t("paid by the pooled fund (yuan)"), shown(row.fund)),
            (_t("paid by major-illness insurance (yuan)"), shown(row.major_illness)),
            (_t("paid by medical assistance (yuan)"), shown(row.assistance)), (_t("paid by others (yuan)"), shown(row.others)),
            (_t("diagnosis"), str(row.diagnosis) if row.diagnosis is not None else ""),
            (_t("number of the medical invoice"), f"{row.invoice_code or ''} {row.invoice_number or ''}".strip()),
        ] if row is not None else []),
        (_t("listed at"), f"{timezone.localtime(proposal.applied_at):%Y-%m-%d %H:%M}"),
        *([(_t("told on"), proposal.told_on)] if proposal.told_on else []),
        *([(_t("what was said of it"), reason_in_words(proposal))] if proposal.reason else []),
        *([(_t("handled by"), f"{proposal.changed_by.get_full_name()} {changed}")] if proposal.changed_by else []),
    ]

