"""Rows of a roster in review: what its pages show beyond those of any import, and the page on which they are decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts.models import Region
from audit import blind_index
from beneficiaries.admin import sorting
from beneficiaries.deciding import DECIDED_CODES, Choice
from beneficiaries.models import DecisionKind, Roster, RosterChunk, RosterDecision, RosterRow
from beneficiaries.models.person import IDENTITY, NAME, DocumentType, identity_text
from beneficiaries.models.roster import ENROLLING
from intake.deciding import decided_counts
from intake.findings import MEANINGS, SEVERITY_OF, Severity, Verdict, plain_words
from intake.models import State
from intake.pages import rows
from programs.models import Category

#: Codes that a person decides.
DOUBT_CODES = tuple(code for code, severity in SEVERITY_OF.items() if severity == Severity.DOUBT and code != "CHANGED_SINCE_REVIEW")
#: Orders of the rows besides the file's own.
SORTS = (rows.BY_VERDICT, *sorting.FIELDS)
_ACCEPTED_AS_SAME = (DecisionKind.SAME, DecisionKind.CORRECT)


@dataclass(frozen=True)
class Shown(rows.Shown):
    """The same of a roster, with what its rows say besides."""

    region: str = ""
    category: int | None = None
    decided: bool = False
    decision: int | None = None

    @property
    def choice(self) -> Choice:
        """The same rows as a decision chooses them."""
        return Choice(
            rows=self.only, code=self.code, region=self.region, category=self.category, decided=self.decided
        )


def shown(query: QueryDict) -> Shown:
    """What an address asks for; what makes no sense is left out."""
    region = query.get("region", "")
    return Shown(
        **vars(rows.shown(query, sorts=SORTS)),
        region=region if region.isascii() and region.isdecimal() and len(region) <= 12 else "",
        category=rows.number(query.get("category", "")),
        decided=query.get("decided", "") == "1",
        decision=rows.number(query.get("decision", "")),
    )


def rows_shown(roster: Roster, wanted: Shown, chunks: Sequence[RosterChunk]) -> QuerySet:
    """The rows in their order. `chunks`: all of the roster's, which tell where a code or a decision can be at all."""
    found = rows.narrow(RosterRow.objects.filter(roster=roster), wanted, _chunks_of(wanted, chunks))
    if wanted.region:
        found = found.filter(region_code__startswith=wanted.region)
    if wanted.category is not None:
        found = found.filter(category=wanted.category)
    if wanted.decided or wanted.decision is not None:
        found = found.filter(codes__overlap=list(DECIDED_CODES))
    if wanted.decision is not None:
        found = found.filter(findings__contains=[{"decision": wanted.decision}])
    return sorting.ordered(found, wanted.sort) if wanted.sort in sorting.FIELDS else rows.in_order(found, wanted)


def sortable(roster: Roster, wanted: Shown, chunks: Sequence[RosterChunk]) -> Shown:
    """The same in the file's order, where more rows are left than are sorted."""
    if wanted.sort not in sorting.FIELDS:
        return wanted
    places = _chunks_of(wanted, chunks)
    few = chunks if places is None else [chunk for chunk in chunks if chunk.number in places]
    otherwise = replace(wanted, verdict=None, code="").narrowed
    over = sorting.too_many(
        rows_shown(roster, wanted, chunks), few, verdict=wanted.verdict, code=wanted.code, narrowed_otherwise=otherwise
    )
    return replace(wanted, sort="") if over else wanted


def _chunks_of(wanted: Shown, chunks: Sequence[RosterChunk]) -> list[int] | None:
    """Numbers of the chunks in which such rows are; None when that says nothing."""
    further: list[Any] = []
    if wanted.decided:
        further.append(lambda chunk: bool(chunk.counts.get("decided")))
    if wanted.decision is not None:
        further.append(lambda chunk: str(wanted.decision) in chunk.counts.get("decided", {}))
    return rows.chunks_of(wanted, chunks, further=further)


def page_of(found: QuerySet, wanted: Shown, query: QueryDict, *, size: int) -> tuple[list[RosterRow], str]:
    """The rows of a page, and where the next one begins ("" for the last)."""
    if wanted.sort not in sorting.FIELDS:
        return rows.page_of(found, wanted, query, size=size)
    row, after = rows.number(query.get("row", "")), query.get("after", "")
    if row is not None:
        found = found.filter(pk__gte=row)
    elif after:
        found = sorting.after(found, wanted.sort, after)
    return rows.cut(list(found[: size + 1]), lambda last: sorting.place_of(last, wanted.sort), size=size)


def filters(roster: Roster, wanted: Shown, chunks: Sequence[RosterChunk]) -> list[rows.Filter]:
    """Choices that the roster's own counts offer; three questions, whatever its size."""
    counties, categories = set(), set()
    for chunk in chunks:
        for _split, county, category, _rows in chunk.counts.get("tally", {}).get("places", []):
            counties.add(county)
            categories.add(category)
    regions = dict(Region.objects.filter(pk__in=counties).values_list("pk", "name"))
    names = dict(Category.objects.filter(pk__in=categories).values_list("pk", "name"))
    any_decided = any(chunk.counts.get("decided") for chunk in chunks)
    by_name = rows.offered(roster, wanted, chunks)
    return rows.filters([
        by_name["verdict"], by_name["code"],
        ("region", _t("region"), {county: regions.get(county, county) for county in sorted(counties)}, wanted.region),
        ("category", _t("category"), {str(pk): name for pk, name in sorted(names.items())}, str(wanted.category or "")),
        by_name["file"], by_name["sheet"],
        ("sort", _t("order"), _orders(roster), wanted.sort),
        ("decided", _t("decision"), {"1": _t("decided rows")} if any_decided else {}, "1" if wanted.decided else ""),
        by_name["aside"],
    ])


def _orders(roster: Roster) -> dict[str, str]:
    """Orders that say something of this roster's rows."""
    by_premium = {"premium": _t("by premium, highest first")} if roster.purpose in ENROLLING else {}
    return {"verdict": _t("by verdict"), "region": _t("by region"), **by_premium}


@dataclass(frozen=True)
class Made:
    """One decision as a page lists it; `rows`: how many stand by it now, `made`: how many it changed."""

    what: str
    reason: str
    who: str
    at: Any
    made: int
    rows: int
    url: str


def decisions(roster: Roster, chunks: Sequence[RosterChunk]) -> list[Made]:
    """What was decided about the roster's rows, the latest first."""
    standing = decided_counts(chunks)
    made = RosterDecision.objects.filter(roster=roster).select_related("decided_by").order_by("-pk")[:200]
    return [
        Made(
            str(DecisionKind(each.kind).label), each.reason, each.decided_by.display_name, each.decided_at, each.rows,
            standing.get(each.pk, 0), f"?decision={each.pk}#rows",
        )
        for each in made
    ]


def may_be_decided(roster: Roster) -> bool:
    """Whether the roster has rows that a person can decide now."""
    return roster.state == State.REVIEW and roster.purpose in ENROLLING and (
        bool(roster.verdict_count(Verdict.DOUBTFUL)) or any(code in roster.counts["codes"] for code in DECIDED_CODES)
    )


# -- Deciding ------------------------------------------------------------------------------------------------------------


def kinds_for(codes: Sequence[str], *, decided: bool, corrects: bool) -> list[DecisionKind]:
    """What can be decided about rows with these findings. `corrects`: may correct names and documents."""
    found = []
    if "IDENTITY_CONFLICT" not in codes:
        found.append(DecisionKind.ACCEPT)
    if {"IDENTITY_CONFLICT", "SAME_PERSON"} & set(codes) or not codes:
        found += [kind for kind in _ACCEPTED_AS_SAME if corrects or kind != DecisionKind.CORRECT]
    found.append(DecisionKind.REFUSE)
    return [*found, DecisionKind.REOPEN] if decided else found


def kinds_of(roster: Roster, choice: Choice, *, corrects: bool) -> list[DecisionKind]:
    """What can be decided about the rows of a choice: by the finding that chose them, or by their own."""
    if choice.rows:
        named = list(meant(roster, choice).values_list("codes", flat=True))
        codes = [code for each in named for code in each if code in DOUBT_CODES]
        return kinds_for(codes, decided=any(set(DECIDED_CODES) & set(each) for each in named), corrects=corrects)
    return kinds_for([choice.code] if choice.code else [], decided=choice.decided, corrects=corrects)


def meant(roster: Roster, choice: Choice) -> QuerySet:
    """The rows that a choice names."""
    found = RosterRow.objects.filter(roster=roster)
    if choice.rows:
        return found.filter(Q(verdict=Verdict.DOUBTFUL) | Q(codes__overlap=list(DECIDED_CODES)), pk__in=choice.rows)
    if choice.decided:
        numbers = [chunk.number for chunk in roster.chunks.all() if chunk.counts.get("decided")]
        found = found.filter(codes__overlap=list(DECIDED_CODES), chunk__in=numbers)
    else:
        found = found.filter(verdict=Verdict.DOUBTFUL)
    if choice.code:
        found = found.filter(codes__contains=[choice.code])
    if choice.region:
        found = found.filter(region_code__startswith=choice.region)
    return found.filter(category=choice.category) if choice.category is not None else found


class DecideForm(forms.Form):
    """What the chosen rows become, and why."""

    kind = forms.ChoiceField(label=_("Decision"), widget=UnfoldAdminRadioSelectWidget())
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Which papers were compared, who confirmed it. The approver reads it; write no names and numbers."),
    )

    def __init__(self, data: Any, *, kinds: Sequence[DecisionKind]) -> None:
        super().__init__(data)
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]  # type: ignore[attr-defined]

    def clean_kind(self) -> DecisionKind:
        """The kind itself."""
        return DecisionKind(self.cleaned_data["kind"])


def choice_facts(roster: Roster, choice: Choice) -> list[tuple[str, Any]]:
    """What a confirm page says of the rows that are meant."""
    found: list[tuple[str, Any]] = [(_t("rows"), f"{meant(roster, choice).count():,}")]
    if choice.code:
        found.append((_t("finding"), plain_words(MEANINGS[choice.code].cause)))
    if choice.region:
        found.append((_t("region"), Region.objects.names_of([choice.region]).get(choice.region, choice.region)))
    if choice.category is not None:
        found.append((_t("category"), Category.objects.filter(pk=choice.category).values_list("name", flat=True).first()))
    return found


# -- Searching -----------------------------------------------------------------------------------------------------------


class FindForm(forms.Form):
    """A line by what it says of its person; sent as a form, so that no address holds it."""

    text = forms.CharField(
        label=_("Document number or whole name"), max_length=60,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )


def find_rows(roster: Roster, text: str) -> list[int]:
    """Ids of the roster's rows with exactly this document number or name, by blind index; refused rows keep neither."""
    text = text.strip()
    wanted = blind_index.lookup(NAME, "name_index", text)
    for kind in DocumentType.values:
        wanted |= blind_index.lookup(IDENTITY, "identity_index", identity_text(kind, text.upper()))
    return list(RosterRow.objects.filter(wanted, roster=roster).order_by("pk").values_list("pk", flat=True)[: rows.FOUND])
