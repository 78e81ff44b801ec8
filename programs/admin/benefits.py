"""A plan's benefits in the admin: read as tables and a curve, edited part by part, taken in as a file, tried, compared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget

from benefits import editing, labels, plan_file
from benefits.outline import outline
from benefits.shapes import FileRefused, Problem, Record
from benefits.terms import BENEFITS, Expense, PlanTerms
from programs import actions
from programs.admin.filling import changed_by, moved_by
from programs.admin.plan_facts import plan_facts
from programs.admin.trial import Trial
from programs.admin.uploads import read_upload
from programs.admin.versions import compared, last_years, versions_beside
from programs.benefit_terms import benefit_terms, disagreements, doubts_in_words, engine_language
from programs.curves import kinds_of, picture
from programs.errors import ProgramRefused
from programs.models import Plan

#: The plan as a whole: everything but its responsibilities, which are edited one by one, and its prices, which are rows.
BASICS = Record("Plan", dict, tuple(field for field in plan_file.PLAN.fields if field.key not in ("responsibilities", "prices")))
ONE = plan_file.OfBenefit()


class BenefitsFileForm(forms.Form):
    """A plan file, read whole: every problem is named with its place."""

    file = forms.FileField(label=_("plan file"), widget=UnfoldAdminFileFieldWidget(), help_text=_("YAML or JSON."))

    def clean_file(self) -> PlanTerms:
        """The terms of the file."""
        terms: PlanTerms = read_upload(self.cleaned_data["file"], plan_file.load)
        return terms


class BenefitPages:
    """Mixed into the plans' admin: pages about what a plan pays."""

    @action(description=_("Edit benefits"), url_path="benefits", permissions=["terms"], icon="edit_note")
    def edit_benefits(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """One part of the benefits as a form: the plan as a whole, or a responsibility."""
        plan = self.visible_or_404(request, object_id)
        if plan.state != Plan.State.DRAFT:
            return self._back_with(request, plan, str(ProgramRefused("STATE", state=plan.get_state_display())))
        editor = _Editor(plan, request)
        if request.method == "POST":
            try:
                saved = editor.answer()
            except ProgramRefused as refused:
                messages.error(request, str(refused))
                saved = False
            if saved:
                messages.success(request, _t("The benefits are saved."))
                return HttpResponseRedirect(f"{self.address(plan)}#benefits")
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "subject": plan, "plan": plan, "editor": editor,
            "title": editor.title, "back_url": f"{self.address(plan)}#benefits",
        }
        return render(request, "programs/benefits_editor.html", context)

    @action(description=_("Load plan file"), url_path="benefits-file", permissions=["terms"], icon="upload_file")
    def load_benefits(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """State the benefits by a file, in place of what the draft stated."""
        plan = self.visible_or_404(request, object_id)
        held = _digest(plan)

        def run(given: dict[str, Any]) -> str:
            actions.set_benefits(plan, given["file"], base=held, by=given["by"], at=given["at"])
            return _t("Benefits and prices are those of the file.")

        form = BenefitsFileForm(request.POST, request.FILES) if request.method == "POST" else BenefitsFileForm()
        return self.button_page(
            request, title=_t("Load plan file"), button=_t("Load"), subject=plan, run=run, form=form, facts=plan_facts(plan),
            sentence=_t("The file takes the place of what this draft says about its benefits, and its prices of the draft's."),
            danger=bool(held),
        )

    @action(description=_("Remove from benefits"), url_path="benefits-remove", permissions=["terms"], icon="delete")
    def remove_benefit(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take out one responsibility, or all benefits."""
        plan = self.visible_or_404(request, object_id)
        terms = benefit_terms(plan)
        if terms is None:
            return self._back_with(request, plan, str(ProgramRefused("NO_BENEFITS")))
        code, held = request.GET.get("code", ""), _digest(plan)
        part = next((part for part in terms.responsibilities if part.code == code), None)
        if code and part is None:
            raise Http404
        left = tuple(other for other in terms.responsibilities if other.code != code)

        def run(given: dict[str, Any]) -> str:
            if part is None or not left:
                actions.clear_benefits(plan, **given)
                return _t("The plan states no benefits any more.")
            data = plan_file.data_of(replace(terms, responsibilities=left))
            actions.set_benefits(plan, _terms_or_refusal(data), base=held, **given)
            return _t("The responsibility is taken out.")

        name = terms.name.say(engine_language()) if part is None else part.name.say(engine_language())
        return self.button_page(
            request, title=_t("Remove “%(name)s”") % {"name": name}, button=_t("Remove"), subject=plan, run=run, danger=True,
            sentence=_t("It is taken out of this draft; earlier versions keep it."), facts=plan_facts(plan),
        )

    @action(description=_("Download plan file"), url_path="benefits-download", permissions=["reading"], icon="download")
    def download_benefits(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """The benefits as the engine writes them."""
        plan = self.visible_or_404(request, object_id)
        terms = benefit_terms(plan)
        if terms is None:
            return self._back_with(request, plan, str(ProgramRefused("NO_BENEFITS")))
        answer = HttpResponse(plan_file.dump(terms), content_type="application/yaml; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{terms.code}-v{plan.number}.yaml"'
        return answer

    @action(description=_("Trial calculation"), url_path="trial", permissions=["reading"], icon="calculate")
    def try_benefits(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """Decide a case under the plan: nothing is kept."""
        plan = self.visible_or_404(request, object_id)
        terms = benefit_terms(plan)
        if terms is None:
            return self._back_with(request, plan, str(ProgramRefused("NO_BENEFITS")))
        trial = Trial(terms, request)
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "subject": plan, "plan": plan, "trial": trial,
            "title": _t("Trial calculation"), "back_url": self.address(plan),
        }
        return render(request, "programs/trial_page.html", context)

    @action(description=_("Compare versions"), url_path="compare", permissions=["reading"], icon="compare_arrows")
    def compare_benefits(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """What differs from another version: from last year's, unless another is named."""
        plan = self.visible_or_404(request, object_id)
        version, others = versions_beside(plan, user=request.user)
        chosen = request.GET.get("with", "")
        other = next((each for each in others if str(each.plan.pk) == chosen), None)
        if chosen and other is None:
            raise Http404
        other = other or last_years(version, others)
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "subject": plan, "plan": plan, "version": version,
            "others": others, "other": other, "changes": [] if other is None else compared(other.plan, plan),
            "title": _t("Compare versions"), "back_url": self.address(plan),
        }
        return render(request, "programs/compare_plans.html", context)

    def _back_with(self: Any, request: HttpRequest, plan: Plan, why: str) -> HttpResponse:
        """The plan's page, which says why the one asked for has nothing to show."""
        messages.warning(request, why)
        return HttpResponseRedirect(self.address(plan))


def benefits_context(plan: Plan, request: HttpRequest, *, may_change: bool) -> dict[str, Any]:
    """What the plan's page says about its benefits."""
    terms, language = benefit_terms(plan), engine_language()
    address = reverse("admin:programs_plan_edit_benefits", args=[plan.pk]) if may_change else ""
    if terms is None:
        return {"sections": [], "edit_url": address, "benefit_kinds": _benefit_kinds(language)}
    sections = outline(terms, language)
    kinds = kinds_of(terms)
    asked = request.GET.get("curve", "")
    chosen = asked if asked in kinds else next(iter(kinds), "")
    drawn = picture(terms, chosen, language=language) if chosen else None
    return {
        "benefits": terms, "sections": list(enumerate(sections[1:])), "basics": sections[0], "edit_url": address,
        "remove_url": reverse("admin:programs_plan_remove_benefit", args=[plan.pk]) if may_change else "",
        "benefit_kinds": _benefit_kinds(language), "next_position": len(terms.responsibilities),
        "benefit_doubts": [*disagreements(plan, terms), *doubts_in_words(terms, language)],
        "curve": drawn, "curve_kind": chosen, "curve_kinds": [(kind, _kind_in_words(terms, kind, language)) for kind in kinds],
    }


def _benefit_kinds(language: str) -> list[tuple[str, str]]:
    return [(kind, labels.option("benefit", kind, language)) for kind in BENEFITS]


def _kind_in_words(terms: PlanTerms, kind: str, language: str) -> str:
    own = next((each.name.say(language) for each in terms.kinds if each.code == kind), None)
    return own or labels.option("kinds", kind, language)


def _digest(plan: Plan) -> str:
    held = getattr(plan, "benefits", None)
    return held.digest if held is not None else ""


def _terms_or_refusal(data: Any) -> PlanTerms:
    """Terms, or the first thing that is wrong with them as a refusal."""
    try:
        return plan_file.terms_of(data)
    except FileRefused as refused:
        raise ProgramRefused("BENEFITS_WRONG", problem=refused.say(engine_language())[0]) from refused


class _Editor:
    """A part of a plan's benefits as a form: read, filled in, and put back into the whole."""

    def __init__(self, plan: Plan, request: HttpRequest) -> None:
        self.plan, self.request, self.language = plan, request, engine_language()
        self.terms = benefit_terms(plan)
        self.base = request.POST.get("_base", _digest(plan))
        self.data = _whole(self.terms, plan)
        self.position = self._position()
        self.place = "" if self.position is None else f"responsibilities[{self.position}]"
        self.problems: tuple[Problem, ...] = ()

    def _position(self) -> int | None:
        """Which responsibility; None for the plan as a whole. A new one may stand behind the last."""
        asked, parts = self.request.GET.get("part", ""), self.data["responsibilities"]
        if not asked:
            return None
        if not asked.isdecimal() or len(asked) > 3 or int(asked) > len(parts):
            raise Http404
        if int(asked) == len(parts):
            kind = self.request.GET.get("kind", "expense")
            if kind not in BENEFITS:
                raise Http404
            # A line to fill in for what nearly every one has.
            blank: dict[str, Any] = {"bands": [{}], "limits": [{}]} if kind == Expense.benefit else {}
            parts.append({"benefit": kind, "code": f"part_{len(parts) + 1}", **blank})
        return int(asked)

    @property
    def codec(self) -> Any:
        """What reads the part."""
        return BASICS if self.position is None else ONE

    @property
    def title(self) -> str:
        """Which part it is."""
        if self.position is None:
            return _t("The plan as a whole")
        part = self.data["responsibilities"][self.position]
        name = editing.named(part.get("name"), self.language)
        return name or _t("New responsibility")

    @property
    def kind(self) -> str:
        """What kind of responsibility it is."""
        if self.position is None:
            return ""
        return labels.option("benefit", self.data["responsibilities"][self.position].get("benefit", ""), self.language)

    @property
    def node(self) -> editing.Node:
        """The form."""
        form = editing.Form(self.language, self.problems, editing.names_in(self.data, self.language))
        data = self.data if self.position is None else self.data["responsibilities"][self.position]
        return form.node(self.codec, data, self.place, "plan")

    @property
    def elsewhere(self) -> list[str]:
        """Problems that this part shows at no input."""
        shown = {editing.shown_at(problem.place) for problem in self.problems} & {node.place for node in self.node.walk()}
        return [
            editing.problem_in_words(problem, self.terms, self.language) for problem in self.problems
            if editing.shown_at(problem.place) not in shown
        ]

    def answer(self) -> bool:
        """Take in what was filled in; whether it was saved. Lines are added and taken out without saving."""
        given = {name: values for name, values in self.request.POST.lists() if not name.startswith("_")}
        if self.position is None:
            self.data = {**(editing.filled(BASICS, given, "") or {}), "responsibilities": self.data["responsibilities"]}
        else:
            self.data = editing.replaced(self.data, self.place, editing.filled(ONE, given, self.place) or {})
        changed = changed_by(self.request.POST, self.data)
        if changed is not None:
            self.data = changed
            return False
        self.data = moved_by(self.request.POST, self.data, self.place)
        try:
            terms = plan_file.terms_of(self.data)
        except FileRefused as refused:
            self.problems = refused.problems
            return False
        # Its prices may have moved since the page was opened: they are not part of it.
        terms = replace(terms, prices=())
        actions.set_benefits(self.plan, terms, base=self.base, by=self.request.user, at=timezone.now())  # type: ignore[arg-type]
        return True


def _whole(terms: PlanTerms | None, plan: Plan) -> dict[str, Any]:
    """The benefits as plain data, bands written out; of a plan that states none, what its columns say already."""
    if terms is None:
        return {
            "code": f"plan-{plan.program_id}-{plan.number}", "name": plan.name, "kind": plan.program.kind,
            "region": plan.program.region_code, "responsibilities": [],
        }
    data = plan_file.data_of(terms)
    return {**data, "responsibilities": [editing.whole(part) for part in data["responsibilities"]]}
