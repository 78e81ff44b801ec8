"""Rosters without a file in the admin: the forms that begin one, what the roster's page says of it, the list of who is left out."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.models import Organization, Region
from audit import events
from audit.buttons import ButtonPages, holds
from audit.faults import fault_point
from beneficiaries import actions
from beneficiaries.admin.forms import UPLOAD
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Roster, RosterRow
from beneficiaries.models.enrollment import cover_number
from beneficiaries.purposes import template_of
from beneficiaries.renewing_periods import rows_before
from intake.exports import harmless
from intake.findings import MEANINGS, Verdict
from intake.models import ONCE_APPLIED, State
from intake.pages.context import labels_of, sentences_of
from intake.pages.progress import Step
from programs.models import Category, FundingSplit, FundingSplitLine, Period, Plan

#: What a renewal calls its verdicts, and what an enrollment of another program's people does.
VERDICT_WORDS: Mapping[Verdict, Promise] = {Verdict.UNCHANGED: _("Renewed"), Verdict.REFUSED: _("Not renewed")}
KNOWN_WORDS: Mapping[Verdict, Promise] = {
    Verdict.NEW: _("New to the program"), Verdict.CHANGED: _("Known, categories added"), Verdict.UNCHANGED: _("Known"),
    Verdict.REFUSED: _("Not enrolled"),
}
BUTTONS = ("left_rows",)
BUTTON_STATES: dict[str, tuple[State, ...]] = {
    "left_rows": (State.REVIEW, State.SUBMITTED, State.APPROVED, State.APPLYING, *ONCE_APPLIED, State.REFUSED)
}
#: Buttons of files, of which a renewal has none.
OF_FILES = ("map_words", "choose_sheets", "add_files", "take_out_file", "full_list", "refused_rows", "kept_rows")
_BATCH = 2_000
_MOST_PLACES = 300


def verdict_words(roster: Roster) -> dict[Verdict, str]:
    """Only of a roster without a file."""
    if roster.renewed_period_id is None:
        return {}
    return {verdict: str(words) for verdict, words in (VERDICT_WORDS if roster.renews_a_period else KNOWN_WORDS).items()}


def source_facts(roster: Roster) -> list[tuple[str, Any]]:
    """Whose covers a roster without a file looks at."""
    period: Any = roster.renewed_period
    if roster.renews_a_period:
        return [(_t("renewed from"), period.code)]
    return [(_t("people of"), f"{period.program.name} {period.code}"), (_t("ground of the use"), roster.basis)]


def steps_of(roster: Roster, steps: Sequence[Step]) -> Sequence[Step]:
    """The way of a roster; a renewal begins without a file."""
    return [replace(steps[0], title=_t("Begun")), *steps[1:]] if roster.renewed_period_id else steps


class RenewForm(forms.Form):
    """Into which period, whose covers of which one."""

    into = forms.ModelChoiceField(Period.objects.none(), label=_("Into the period"), widget=UnfoldAdminSelectWidget())
    before = forms.ModelChoiceField(
        Period.objects.none(), label=_("Who was covered in"), required=False, widget=UnfoldAdminSelectWidget(),
        help_text=_("Empty: the period before it."),
    )
    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("Office"), widget=UnfoldAdminSelectWidget())
    region = forms.ChoiceField(
        label=_("Place"), required=False, widget=UnfoldAdminSelectWidget(), help_text=_("Empty: everywhere in the office's region.")
    )
    categories = forms.ModelMultipleChoiceField(
        Category.objects.none(), label=_("Categories"), required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=_("Empty: everybody. By the category under which people are covered now."),
    )

    def __init__(self, data: Any, *, by: Any, initial: Mapping[str, Any]) -> None:
        super().__init__(data, initial=dict(initial))
        day = timezone.localdate()
        annual = Period.objects.visible_to(by).filter(plan__period_kind=Plan.PeriodKind.ANNUAL).select_related("program")
        open_now = annual.filter(closed_at=None, enrollment_opens_on__lte=day, enrollment_closes_on__gt=day)
        offices = Organization.objects.visible_to(by, UPLOAD).active().exclude(region=None)
        for name, rows in (("into", open_now), ("before", annual), ("organization", offices)):
            self.fields[name].queryset = rows  # type: ignore[attr-defined]
        self.fields["categories"].queryset = Category.objects.filter(active=True)  # type: ignore[attr-defined]
        if by.organization in offices:
            self.fields["organization"].initial = by.organization.pk
        root = by.organization.region_code or ""
        below = Region.objects.below(root).filter(level__lte=9).exclude(code=root).order_by("code")[:_MOST_PLACES]
        self.fields["region"].choices = [  # type: ignore[attr-defined]
            ("", _t("everywhere")), *((each.code, each.full_name or each.name) for each in below)
        ]

    def clean(self) -> dict[str, Any]:
        """The period before, where none is said."""
        given = super().clean() or {}
        into = given.get("into")
        if into is not None and not given.get("before"):
            earlier = self.fields["before"].queryset.filter(program=into.program, starts_on__lt=into.starts_on)  # type: ignore[attr-defined]
            given["before"] = earlier.order_by("-starts_on").first()
            if given["before"] is None:
                self.add_error("before", _t("The program has no earlier period."))
        return given


class KnownForm(RenewForm):
    """Into which period, whose people, and why they may be used."""

    basis = forms.CharField(
        label=_("Ground of the use"), max_length=200, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Why what is known for the other program may be used for this one: a decision, a duty by law, consent."),
    )

    def __init__(self, data: Any, *, by: Any, initial: Mapping[str, Any]) -> None:
        super().__init__(data, by=by, initial=initial)
        self.fields["into"].label = _t("Enroll into the period")
        before = self.fields["before"]
        before.label, before.required, before.help_text = _t("People covered by"), True, ""

    def clean(self) -> dict[str, Any]:
        """A period of another program."""
        given = super(RenewForm, self).clean() or {}
        into, before = given.get("into"), given.get("before")
        if into is not None and before is not None and into.program_id == before.program_id:
            self.add_error("before", str(BeneficiariesRefused("KNOWN_OF_ANOTHER")))
        return given


class RenewalPages(ButtonPages):
    """Mixed into the roster's admin."""

    has_left_permission = holds("beneficiaries.view_enrollment")

    @action(description=_("Renew everybody"), url_path="renew", permissions=["upload"], icon="event_repeat")
    def renew(self, request: HttpRequest) -> HttpResponse:
        """Begin a renewal: who goes on is looked up, nothing takes effect."""
        return self._begin(
            request, RenewForm, actions.renew_period, title=_t("Renew everybody"), button=_t("Look up who goes on"),
            said=_t("Who goes on is being looked up."),
            sentence=_t(
                "Everybody covered in a period is asked anew under the next one's plan. You see who goes on, who does not and "
                "why, and what it costs; nothing takes effect before another person approves it."
            ),
        )

    @action(description=_("Enroll people of another program"), url_path="known", permissions=["upload"], icon="group_add")
    def known(self, request: HttpRequest) -> HttpResponse:
        """Begin to enroll whom the office knows by another program: who can be is looked up, nothing takes effect."""
        return self._begin(
            request, KnownForm, actions.enroll_known, title=_t("Enroll people of another program"),
            button=_t("Look up who can be enrolled"), said=_t("Who can be enrolled is being looked up."),
            sentence=_t(
                "Everybody whose cover of the other program is in force is asked under this plan, without a file. Name, document, "
                "place and categories are taken over; telephone, accounts and guardians are not. Nothing takes effect before "
                "another person approves it."
            ),
        )

    def _begin(
        self, request: HttpRequest, form_class: type[RenewForm], act: Callable[..., Roster], *, title: str, button: str,
        said: str, sentence: str,
    ) -> HttpResponse:
        """The page behind both: a form, then the roster whose rows are being made."""
        chosen = {name: request.GET[name] for name in ("into", "before") if request.GET.get(name, "").isdecimal()}
        form = form_class(request.POST if request.method == "POST" else None, by=request.user, initial=chosen)

        def run(given: dict[str, Any]) -> HttpResponse:
            found: HttpResponse = self.see(request, act(given.pop("before"), **given), said)  # type: ignore[attr-defined]
            return found

        return self.button_page(request, title=title, button=button, form=form, run=run, sentence=sentence)

    @action(description=_("Who is not renewed"), url_path="left", permissions=["left"], icon="person_off")
    def left_rows(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The list of who does not go on, masked, with the reason of each."""
        roster = self.visible_or_404(request, object_id)
        left = _left_of(roster, request).count()

        def run(given: dict[str, Any]) -> HttpResponse:
            fault_point("beneficiaries.download_left.before")
            events.record(
                "roster.left_downloaded", roster, by=given["by"], at=given["at"], organization=roster.organization,
                region_code=roster.region_code, program_id=roster.program_id, data={"people": left},
            )
            fault_point("beneficiaries.download_left.after")
            response: Any = StreamingHttpResponse(_lines(roster, request), content_type="text/csv; charset=utf-8")
            response["Content-Disposition"] = f'attachment; filename="renewal-{roster.pk}-left.csv"'
            response["Cache-Control"] = "no-store"
            return response

        return self.button_page(
            request, title=_t("Who is not renewed"), button=_t("Download"), subject=roster, run=run,
            sentence=_t("Names and numbers are masked. The download is recorded."), facts=[(_t("people"), f"{left:,}")],
        )


def offers(name: str, roster: Roster) -> bool:
    """Whether a button does something for a roster, as far as renewing decides it."""
    if name == "left_rows":
        chunks = roster.chunks.filter(Q(set_aside_rows__gt=0) | ~Q(kept_counts={}))
        return roster.renewed_period_id is not None and (bool(roster.verdict_count(Verdict.REFUSED)) or chunks.exists())
    return roster.renewed_period_id is None or name not in OF_FILES


@dataclass(frozen=True)
class PayerLine:
    """What one payer pays for those who go on: yuan before and now."""

    name: str
    before: Decimal
    now: Decimal

    @property
    def more(self) -> Decimal:
        """What it costs more, or less."""
        return self.now - self.before


def renewal_context(roster: Roster) -> dict[str, Any] | None:
    """People and premiums of both periods; None for a roster that is no renewal of a period. Four questions."""
    if not roster.renews_a_period:
        return None
    rows = rows_before(roster)
    splits = FundingSplit.objects.in_bulk(rows)
    before: dict[str, Decimal] = defaultdict(Decimal)
    for split, name, amount in FundingSplitLine.objects.filter(split__in=rows).order_by("position").values_list(
        "split", "funder__name", "amount"
    ):
        before[name] += amount * rows[split][0]
    now = {line["name"]: Decimal(line["amount"]) for line in roster.money.get("funders", [])}
    own_before = sum((splits[split].own_share * goes_on for split, (goes_on, _all) in rows.items()), Decimal(0))
    payers = [PayerLine(_t("the insured persons"), own_before, Decimal(roster.money.get("own_share", "0")))]
    payers += [PayerLine(name, before.get(name, Decimal(0)), now.get(name, Decimal(0))) for name in dict.fromkeys([*now, *before])]
    return {
        "period": roster.renewed_period, "payers": payers,
        "covered": sum(everybody for _goes_on, everybody in rows.values()),
        "whole_before": sum((splits[split].premium * everybody for split, (_on, everybody) in rows.items()), Decimal(0)),
        "total": PayerLine(
            _t("premium"), sum((each.before for each in payers), Decimal(0)), sum((each.now for each in payers), Decimal(0))
        ),
        **_chosen(roster),
    }


def known_context(roster: Roster) -> dict[str, Any] | None:
    """People of another program who were looked at; None for any other roster."""
    if not roster.enrolls_known_people:
        return None
    rows = rows_before(roster)
    return {
        "period": roster.renewed_period, **_chosen(roster), "covered": sum(everybody for _taken, everybody in rows.values()),
        "taken": sum(taken for taken, _everybody in rows.values()),
    }


def _chosen(roster: Roster) -> dict[str, str]:
    """Of which categories and which place."""
    return {
        "categories": "、".join(
            Category.objects.filter(pk__in=roster.renewed_categories).values_list("name", flat=True)
        ) if roster.renewed_categories else "",
        "place": Region.objects.names_of([roster.region_code]).get(roster.region_code, roster.region_code),
    }


def number_before(row: RosterRow, roster: Roster) -> str:
    """The number of the cover that a row renews; nothing of people whose data is only kept."""
    if row.before_id is None or row.known_person_id is None or roster.renewed_period is None:
        return "—"
    return cover_number(roster.renewed_period.program.code, roster.renewed_period.code, row.before_id)


def _left_of(roster: Roster, request: HttpRequest) -> Any:
    """Rows of people who do not go on, or of whom an undo left something; without those whose data is only kept."""
    found = RosterRow.objects.visible_to(request.user, "beneficiaries.view_roster").filter(roster=roster)
    return found.filter(Q(verdict=Verdict.REFUSED) | ~Q(set_aside="") | ~Q(kept=""), known_person_id__isnull=False)


def _lines(roster: Roster, request: HttpRequest) -> Iterator[bytes]:
    yield "\ufeff".encode() + _line([
        _t("cover number"), _t("name"), _t("document number"), _t("region"), _t("category"), _t("reason")
    ])
    labels, last = labels_of(template_of(roster)), 0
    while True:
        batch = list(_left_of(roster, request).filter(pk__gt=last).select_related("category").order_by("pk")[:_BATCH])
        if not batch:
            return
        places = Region.objects.names_of([each.region_code for each in batch if each.region_code])
        for each in batch:
            why = [str(MEANINGS[each.set_aside].cause)] if each.set_aside else sentences_of(each, labels)
            why += [template_of(roster).kept_in_words(each.kept)] if each.kept else []
            yield _line([
                number_before(each, roster), str(each.name or ""), str(each.document or ""),
                places.get(each.region_code or "", ""), each.category.name if each.category else "", "; ".join(why),
            ])
        last = batch[-1].pk


def _line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow([harmless(cell) for cell in cells])
    return text.getvalue().encode()
