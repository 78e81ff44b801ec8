"""Plans and periods in the admin: drafts are edited, what is in force is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from itertools import product
from typing import Any, ClassVar, TypeVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.models import Region
from audit import events
from audit.admin import ReadOnlyScopedAdmin, ScopedModelAdmin
from audit.admin.base import ScopedFormSet, ScopedTabularInline
from audit.badges import badge
from audit.buttons import ButtonPages, holds
from audit.faults import fault_point
from audit.versions import last_day
from programs import actions
from programs.actions.plans import PlanDraft, SchemeDraft, ShareDraft
from programs.admin import price_table
from programs.admin.benefits import BenefitPages, benefits_context
from programs.admin.filing import FilingPages, filing_context, filing_facts, insurers_offered
from programs.admin.forms import PeriodForm, PlanForm, ReasonForm, ShownForm
from programs.admin.plan_facts import plan_facts, terms_in_words
from programs.errors import ProgramRefused
from programs.filing import digest_of
from programs.models import (
    Category,
    Funder,
    FundingScheme,
    FundingShare,
    Period,
    Plan,
    PlanCategory,
    PlanExpectation,
    PlanInsurer,
    PlanPrice,
    PlanRegion,
)
from programs.rules.funding import check_shares, resolve_split
from programs.rules.prices import OLDEST, amounts
from programs.terms import PlanTerms, plan_terms

Found = TypeVar("Found")
COUNTY_DIGITS = 6
TONES = {
    Plan.State.DRAFT: "calm", Plan.State.IN_REVIEW: "wait", Plan.State.APPROVED: "wait", Plan.State.IN_FORCE: "good",
    Plan.State.RETIRED: "calm",
}
_TERMS = (
    "name", "premium", "cover_limit", "period_kind", "proration", "minimum_premium", "longest_hours", "min_age",
    "max_age", "age_on", "requires_guardian", "requires_basic_insurance", "requires_notice", "notice_days", "requires_own_payment",
    "requires_insurer_acceptance", "refund_days", "gap_days", "filing_number", "reported_on",
)


class DraftInline(ScopedTabularInline):
    """Rows of a plan, changed while it is a draft."""

    permission = "programs.change_plan"

    def _may(self, request: HttpRequest, obj: Any) -> bool:
        plan = obj.plan if isinstance(obj, FundingScheme) else obj
        return bool(
            request.user.has_perm(self.permission)
            and (plan is None or plan.state == Plan.State.DRAFT)
        )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """While the plan is a draft."""
        return self._may(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """While the plan is a draft."""
        return self._may(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """While the plan is a draft."""
        return self._may(request, obj)


class PrefixForm(forms.ModelForm):
    """A row that names a region: one that exists, within the program's."""

    def clean_region_prefix(self) -> str:
        """Empty, or a region's code."""
        prefix = str(self.cleaned_data["region_prefix"]).strip()
        plan = self.instance.plan
        if prefix and not (prefix.startswith(plan.program.region_code) and Region.objects.filter(pk=prefix).exists()):
            raise forms.ValidationError(str(ProgramRefused("REGION", region=prefix)))
        return prefix


class SchemeFormSet(ScopedFormSet):
    """No two schemes for the same: "everybody" and "everywhere" are null or empty, which Django does not compare."""

    def clean(self) -> None:
        """Each category and region once."""
        super().clean()
        seen = set()
        for form in self.forms:
            given = getattr(form, "cleaned_data", {})
            if not given or given.get("DELETE"):
                continue
            place = (given.get("category"), given.get("region_prefix", ""))
            if place in seen:
                raise forms.ValidationError(_t("Two schemes hold for the same category and region."))
            seen.add(place)


class SchemeForm(PrefixForm):
    """A scheme on its own page."""

    def clean(self) -> dict[str, Any]:
        """Not for the same as another scheme of the plan."""
        given = super().clean() or {}
        others = FundingScheme.objects.filter(plan=self.instance.plan_id).exclude(pk=self.instance.pk)
        if others.filter(category=given.get("category"), region_prefix=given.get("region_prefix", "")).exists():
            raise forms.ValidationError(_t("Two schemes hold for the same category and region."))
        return given


class CategoryInline(DraftInline):
    """Categories in the order of their priority."""

    model = PlanCategory
    fields = ("category", "priority")


class RegionInline(DraftInline):
    """Regions; none means the program's."""

    model = PlanRegion
    form = PrefixForm
    fields = ("region_prefix",)


class InsurerInline(DraftInline):
    """Insurers that bear the plan together; none where the program's bears it alone."""

    model = PlanInsurer
    fields = ("insurer", "share", "lead")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Insurers by name: companies of another's programs are no secret to whoever drafts a plan."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "insurer":
            field.queryset = insurers_offered()
        return field


class ExpectationInline(DraftInline):
    """What the actuary expects of a period; compared with what came of it once the period is over."""

    model = PlanExpectation
    fields = ("people", "premium", "claims")
    max_num = 1


class PriceForm(forms.ModelForm):
    """One price: its ages in order."""

    def clean(self) -> dict[str, Any]:
        """What the database would refuse, in words."""
        given = super().clean() or {}
        first, last, premium = (given.get(name) for name in ("age_from", "age_until", "premium"))
        if first is not None and last is not None and last < first:
            raise forms.ValidationError(str(ProgramRefused("AGES")))
        if (first or 0) > OLDEST or (last or 0) > OLDEST:
            raise forms.ValidationError(_t("Nobody is older than %(age)d years.") % {"age": OLDEST})
        if premium is not None and premium <= 0:
            raise forms.ValidationError(str(ProgramRefused("PREMIUM")))
        return given


class PriceInline(DraftInline):
    """Prices by age and category in the order in which they are asked."""

    model = PlanPrice
    form = PriceForm
    fields = ("position", "name", "age_from", "age_until", "category", "premium")


class SchemeInline(DraftInline):
    """Funding schemes; their shares stand on the scheme's own page."""

    model = FundingScheme
    form = PrefixForm
    formset = SchemeFormSet
    fields = ("name", "category", "region_prefix")
    show_change_link = True
    #: The link stands in the title.
    hide_title = False


class ShareInline(DraftInline):
    """Payers in order; the last takes the remainder."""

    model = FundingShare
    fields = ("position", "payer", "funder", "amount")


@admin.register(FundingScheme)
class FundingSchemeAdmin(ScopedModelAdmin):
    """The shares of one scheme; reached from its plan."""

    form = SchemeForm
    fields = ("name", "category", "region_prefix")
    list_display = ("name", "plan", "category", "region_prefix")
    list_select_related = ("plan", "category")
    inlines = (ShareInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Whoever sees the plan sees its schemes."""
        return FundingScheme.objects.visible_to(request.user, "programs.view_plan").select_related("plan__program")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As the plan."""
        return bool(request.user.has_perm("programs.view_plan"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """While the plan is a draft."""
        may = bool(request.user.has_perm("programs.change_plan"))
        return may and (obj is None or (obj.plan.state == Plan.State.DRAFT and self._reaches_plan(request, obj)))

    def _reaches_plan(self, request: HttpRequest, scheme: FundingScheme) -> bool:
        return Plan.objects.visible_to(request.user, "programs.change_plan").filter(pk=scheme.plan_id).exists()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """On the plan's page."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The plan's reach was checked; the database refuses once it is no draft."""
        fault_point("programs.save_scheme.before")
        obj.save()
        fault_point("programs.save_scheme.after")

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """The event of an edit, on the plan's timeline, in the transaction of the edit."""
        if message:
            plan = obj.plan
            fault_point("programs.change_scheme.before")
            events.record(
                "plan.changed", plan, by=request.user, at=timezone.now(), organization=plan.program.organization,
                region_code=plan.program.region_code, program_id=plan.program_id, data={"version": plan.number},
            )
            fault_point("programs.change_scheme.after")


@admin.register(Plan)
class PlanAdmin(BenefitPages, FilingPages, ButtonPages, ScopedModelAdmin):
    """Plan versions."""

    list_display = ("name", "number", "program", "premium_yuan", "limit_yuan", "standing", "in_force_at")
    export_columns = (
        "name", "number", "program", "premium", "cover_limit", "period_kind", "proration", "min_age", "max_age", "state",
        "in_force_at",
    )
    list_filter = ("state", "program")
    list_select_related = ("program",)
    search_fields = ("name",)
    search_help_text = _("Name, or a part of it")
    ordering = ("program", "-number")
    fields = _TERMS
    inlines = (InsurerInline, ExpectationInline, CategoryInline, RegionInline, PriceInline, SchemeInline)
    actions_list = ("draft",)
    actions_detail = (
        "submit", "approve", "refuse", "put_in_force", "open_period", "edit_benefits", "load_benefits", "remove_benefit",
        "try_benefits", "compare_benefits", "download_benefits", "add_paper", "remove_paper", "open_paper", "new_version",
        "retire",
    )
    change_form_template = "programs/plan_page.html"
    button_states: ClassVar[dict[str, tuple[str, ...]]] = {
        "submit": (Plan.State.DRAFT,),
        "approve": (Plan.State.IN_REVIEW,),
        "refuse": (Plan.State.IN_REVIEW,),
        "put_in_force": (Plan.State.APPROVED,),
        "open_period": (Plan.State.IN_FORCE,),
        "new_version": tuple(Plan.State.values),
        "retire": (Plan.State.IN_FORCE,),
        "edit_benefits": (Plan.State.DRAFT,),
        "load_benefits": (Plan.State.DRAFT,),
        "try_benefits": tuple(Plan.State.values),
        "compare_benefits": tuple(Plan.State.values),
        "download_benefits": tuple(Plan.State.values),
        "add_paper": (Plan.State.DRAFT,),
    }
    #: Buttons that need benefits to be stated.
    button_needs_benefits = ("try_benefits", "download_benefits")

    has_draft_permission = holds("programs.add_plan")
    has_submit_permission = holds("programs.submit_plan")
    has_approve_permission = holds("programs.approve_plan")
    has_period_permission = holds("programs.open_period")
    has_terms_permission = holds("programs.change_plan")
    has_reading_permission = holds("programs.view_plan")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "program__organization", "program__insurer", "drafted_by", "submitted_by", "decided_by", "benefits", "expectation"
        ).defer("benefits__content")

    @display(description=_("premium (yuan)"), ordering="premium")
    def premium_yuan(self, plan: Plan) -> str:
        """Yuan a person and period."""
        return f"{plan.premium:,.2f}"

    @display(description=_("cover (yuan)"), ordering="cover_limit")
    def limit_yuan(self, plan: Plan) -> str:
        """Yuan a person and period."""
        return f"{plan.cover_limit:,.2f}"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By the button."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """While it is a draft."""
        return super().has_change_permission(request, obj) and (obj is None or obj.state == Plan.State.DRAFT)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something in the plan's state."""
        offered = super().get_actions_detail(request, object_id)
        if not offered:
            return offered
        plan = self.get_queryset(request).filter(pk=object_id).first()
        if plan is None:
            return []
        own = request.user.pk in (plan.drafted_by_id, plan.submitted_by_id)
        return [
            button for button in offered
            if plan.state in self.button_states.get(button.method.__name__, ())
            and (button.method.__name__ not in self.button_needs_benefits or hasattr(plan, "benefits"))
            and not (own and button.method.__name__ in ("approve", "refuse"))
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The plan's page: who pays what, to the fen."""
        plan = self.visible_or_404(request, object_id)
        may_change = self.has_change_permission(request, plan)
        context = {
            **page_context(plan, request), **benefits_context(plan, request, may_change=may_change),
            **filing_context(plan, request, may_change=may_change), "title": str(plan),
        }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """The event of an edit, in the transaction of the edit."""
        if message:
            program = obj.program
            fault_point("programs.change_plan.before")
            events.record(
                "plan.changed", obj, by=request.user, at=timezone.now(), organization=program.organization,
                region_code=program.region_code, program_id=program.pk, data={"version": obj.number},
            )
            fault_point("programs.change_plan.after")

    @display(description=_("state"), ordering="state")
    def standing(self, plan: Plan) -> SafeString:
        """The state as a badge."""
        return state_badge(plan)

    @action(description=_("New plan"), url_path="new", permissions=["draft"], icon="add")
    def draft(self, request: HttpRequest) -> HttpResponse:
        """Draft a plan with the usual payers."""

        def run(given: dict[str, Any]) -> HttpResponse:
            names = (*_TERMS[:3], "min_age", "max_age", "requires_notice", "requires_own_payment",
                     "requires_insurer_acceptance", "requires_guardian", "requires_basic_insurance")
            usual = actions.usual_terms(given["program"].kind)
            categories = Category.objects.filter(active=True, holds_for_everybody=usual.open_to_all).order_by("position")
            plan = actions.create_plan(
                given["program"], terms={**{name: given[name] for name in names}, **usual.columns},
                draft=PlanDraft(
                    categories=list(categories), schemes=[SchemeDraft(_t("Everybody"), _usual_shares(given))]
                ),
                by=given["by"], at=given["at"],
            )
            return HttpResponseRedirect(reverse("admin:programs_plan_change", args=[plan.pk]))

        return self.button_page(
            request, title=_t("New plan"), button=_t("Draft"), run=run,
            sentence=_t("The draft can be changed on its page until it is submitted."),
            form=PlanForm(request.POST if request.method == "POST" else None, by=request.user),
        )

    def _step(
        self, request: HttpRequest, object_id: str, *, title: str, sentence: str, verb: Any, danger: bool = False,
        form: forms.Form | None = None,
    ) -> HttpResponse:
        plan = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            verb(plan, **given)
            return _t("%(plan)s: done.") % {"plan": plan}

        return self.button_page(
            request, title=title, button=title, subject=plan, run=run, sentence=sentence, danger=danger, form=form,
            facts=[*plan_facts(plan), *filing_facts(plan)],
        )

    @action(description=_("Submit plan"), url_path="submit", permissions=["submit"], icon="send")
    def submit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Hand it to a second person."""
        return self._step(
            request, object_id, title=_t("Submit plan"), verb=actions.submit_plan,
            sentence=_t("A second person approves it; its terms cannot be changed meanwhile."),
        )

    @action(description=_("Approve plan"), url_path="approve", permissions=["approve"], icon="verified")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Approve it, as it was shown."""
        plan = self.visible_or_404(request, object_id)
        return self._step(
            request, object_id, title=_t("Approve plan"), verb=actions.approve_plan,
            sentence=_t("These terms will hold for everybody who is enrolled under this version."),
            form=ShownForm(request.POST if request.method == "POST" else None, initial={"digest": digest_of(plan)}),
        )

    @action(description=_("Send back"), url_path="refuse", permissions=["approve"], icon="undo")
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send it back with a reason."""
        plan = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.refuse_plan(plan, **given)
            return _t("%(plan)s: sent back.") % {"plan": plan}

        return self.button_page(
            request, title=_t("Send back"), button=_t("Send back"), subject=plan, run=run, danger=True, sentence="",
            facts=plan_facts(plan), form=ReasonForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Put in force"), url_path="force", permissions=["approve"], icon="gavel")
    def put_in_force(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From now on periods open under it."""
        return self._step(
            request, object_id, title=_t("Put in force"), verb=actions.put_in_force,
            sentence=_t("Its terms can never be changed again; an older version of the same name is retired."),
        )

    @action(description=_("Retire"), url_path="retire", permissions=["approve"], icon="block")
    def retire(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """No period opens under it any more."""
        return self._step(
            request, object_id, title=_t("Retire"), verb=actions.retire_plan, danger=True,
            sentence=_t("No period opens under it any more; covers that stand go on."),
        )

    @action(description=_("New version"), url_path="copy", permissions=["draft"], icon="content_copy")
    def new_version(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A draft with the same terms."""
        plan = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            copy = actions.copy_plan(plan, **given)
            return HttpResponseRedirect(reverse("admin:programs_plan_change", args=[copy.pk]))

        return self.button_page(
            request, title=_t("New version"), button=_t("New version"), subject=plan, run=run,
            sentence=_t("A draft with the terms of this version."), facts=plan_facts(plan),
        )

    @action(description=_("Open period"), url_path="period", permissions=["period"], icon="event")
    def open_period(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Open a program year under this plan."""
        plan = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            ends_on = given.pop("last_day") + timedelta(days=1)
            period = actions.open_period(plan, ends_on=ends_on, **given)
            return _t("Period %(period)s is open.") % {"period": period.code}

        return self.button_page(
            request, title=_t("Open period"), button=_t("Open"), subject=plan, run=run, facts=plan_facts(plan),
            sentence=_t("People are enrolled within the window; cover runs within the period."),
            form=PeriodForm(request.POST if request.method == "POST" else None),
        )


@admin.register(Period)
class PeriodAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Program years."""

    list_display = ("code", "program", "plan", "starts_on", "last_day", "enrollment_opens_on", "enrollment_closes_on", "closed_at")
    list_filter = ("program",)
    list_select_related = ("program", "plan")
    ordering = ("program", "-starts_on")
    fields = (
        "program", "plan", "code", "starts_on", "last_day", "enrollment_opens_on", "enrollment_closes_on", "closed_at",
    )
    readonly_fields = fields
    actions_detail = ("close",)

    has_period_permission = holds("programs.open_period")

    @display(description=_("last day of cover"), ordering="ends_on")
    def last_day(self, period: Period) -> date:
        """The day before the first one without cover."""
        return last_day(period.ends_on)

    @action(description=_("Close period"), url_path="close", permissions=["period"], icon="event_busy")
    def close(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Nobody is enrolled in it any more."""
        period = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.close_period(period, **given)
            return _t("Period %(period)s is closed.") % {"period": period.code}

        return self.button_page(
            request, title=_t("Close period"), button=_t("Close"), subject=period, run=run, danger=True,
            sentence=_t("Nobody is enrolled in it any more; covers that stand go on."),
            facts=[(_t("program"), period.program.name), (_t("Period"), period.code)],
        )


def _usual_shares(given: Mapping[str, Any]) -> list[ShareDraft]:
    """The person, their county and a funder; without a funder the person takes the remainder."""
    county = [ShareDraft("county", given["county_share"])] if given["county_share"] else []
    if given["funder"] is None:
        return [*county, ShareDraft("person")]
    return [ShareDraft("person", given["own_share"]), *county, ShareDraft("funder", None, given["funder"])]


def state_badge(plan: Plan) -> SafeString:
    """A plan's state."""
    tone = TONES[Plan.State(plan.state)]
    return badge(plan.get_state_display(), tone)


def page_context(plan: Plan, request: HttpRequest) -> dict[str, Any]:
    """Terms in words, what each category's premium divides into, and the periods that this reader may see."""
    terms, prices = plan_terms(plan), price_table.price_lines(plan)
    examples, problems = _examples(plan, terms)
    user: Any = request.user
    periods = Period.objects.visible_to(user, "programs.view_period").filter(plan=plan).order_by("-starts_on")
    return {
        "plan": plan,
        "badge": state_badge(plan),
        "facts": [
            (_t("program"), plan.program.name),
            (_t("plan name"), str(plan)),
            *terms_in_words(plan).items(),
            (_t("drafted by"), plan.drafted_by.display_name),
            (_t("submitted by"), plan.submitted_by.display_name if plan.submitted_by else ""),
            (_t("decided by"), plan.decided_by.display_name if plan.decided_by else ""),
            (_t("Reason"), plan.reason),
        ],
        "prices": [(price_table.whom(price), price.premium) for price in prices],
        "price_doubts": price_table.doubts(plan, terms) if prices else [],
        "examples": examples,
        "problems": problems,
        "periods": [(period, last_day(period.ends_on)) for period in periods],
    }


@dataclass(frozen=True)
class Example:
    """For whom one division holds, and who pays what of it in yuan."""

    title: str
    lines: Sequence[tuple[str, Decimal]]
    premium: Decimal


def _examples(plan: Plan, terms: PlanTerms) -> tuple[list[Example], list[str]]:
    """Who pays what, by category, county and price, those alike together; and in words what does not work yet."""
    counties = sorted(
        code for code in terms.governments
        if len(code) == COUNTY_DIGITS and any(code.startswith(prefix) for prefix in terms.regions)
    )
    places = dict(Region.objects.filter(pk__in=counties).values_list("pk", "name"))
    names = dict(Funder.objects.filter(pk__in=_funders(plan)).values_list("pk", "name"))
    held = dict(plan.categories.values_list("category_id", "category__name"))
    groups: dict[tuple[Any, ...], list[tuple[int, str]]] = {}
    problems: dict[str, None] = {}
    for scheme in terms.schemes:
        _try(partial(check_shares, scheme, terms.premium), problems)
    for _code, category_id in terms.categories:
        for county, price in product(counties or [plan.program.region_code], amounts(terms, category_id)):
            divide = partial(resolve_split, terms, county=county, category_id=category_id, price=price)
            split = _try(divide, problems)
            if split is None:
                continue
            own_county = terms.governments.get(county)
            lines = tuple(
                (_t("the person's own county") if funder == own_county else names.get(funder, str(funder)), amount)
                for funder, amount in split.lines
            )
            divided = ((_t("the insured person"), split.own_share), *lines)
            groups.setdefault((split.premium, divided), []).append((category_id, county))
    return [
        Example(
            "、".join(dict.fromkeys(held[category] for category, _county in found))
            + ("" if {county for _category, county in found} >= set(counties) else "（" + "、".join(
                sorted({places.get(county, county) for _category, county in found})
            ) + "）"),
            lines, premium,
        )
        for (premium, lines), found in groups.items()
    ], list(problems)


def _try(compute: Callable[[], Found], problems: dict[str, None]) -> Found | None:
    """What a rule gives, or its refusal among the problems."""
    try:
        return compute()
    except ProgramRefused as refused:
        problems[str(refused)] = None
        return None


def _funders(plan: Plan) -> list[int]:
    return list(
        FundingShare.objects.filter(scheme__plan=plan, funder__isnull=False).values_list("funder_id", flat=True)
    )
