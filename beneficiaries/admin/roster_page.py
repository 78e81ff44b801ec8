"""What the page of one roster shows: steps, counts, money, rows. Queries are constant, whatever the roster's size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Region
from audit.versions import alike, last_day
from beneficiaries.admin import guardian_pages, renewal_pages, review
from beneficiaries.admin.sorting import SORTED_AT_MOST
from beneficiaries.admin.undo_pages import undo_context
from beneficiaries.deciding import DECIDED_CODES
from beneficiaries.deciding_again import decided_again
from beneficiaries.models import Beneficiary, Enrollment, FullList, Representative, Roster, RosterChunk, RosterRow
from beneficiaries.models.enrollment import EnrollmentState
from beneficiaries.models.roster import ENROLLING
from beneficiaries.money import outlook
from beneficiaries.purposes import LAST_STEP, said_by, template_of
from intake.findings import MEANINGS, Verdict
from intake.models import ONCE_APPLIED, State
from intake.pages.context import ROWS_PER_PAGE, import_context, labels_of, place_of, sentences_of, turns
from intake.pages.progress import TONES, problem_groups
from programs.models import Category

DECIDE = "beneficiaries.decide_rows"


@dataclass(frozen=True)
class Difference:
    """One field in which a line says something else than what is registered; personal values masked."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class MoneyLine:
    """What one funder pays, and what is left of their budgets that this roster may use.

    `whole`: what the funder would have paid for the whole roster, where the budgets held a part of it.
    """

    name: str
    rows: int
    amount: Decimal
    available: Decimal | None
    suffices: bool
    whole: Decimal | None = None


@dataclass(frozen=True)
class RowLine:
    """One line of the file, personal values masked."""

    pk: int
    line: str
    #: Its file, where the roster has several.
    file: str
    name: str
    document: str
    region: str
    category: str
    verdict: str
    tone: str
    premium: Decimal | None
    sentences: Sequence[str]
    outcome: str
    differences: Sequence[Difference]
    #: Whether a person can decide it: it is in doubt, or was decided.
    open: bool


def page_context(roster: Roster, request: HttpRequest) -> dict[str, Any]:
    """Everything on the page besides its buttons."""
    chunks = list(roster.chunks.order_by("number"))
    asked = review.shown(request.GET)
    wanted = review.sortable(roster, asked, chunks)
    rows, after = _rows(roster, request, wanted, chunks)
    shared = import_context(
        roster, last_step=str(LAST_STEP[roster.purpose]), wanted=wanted, verdict_words=renewal_pages.verdict_words(roster)
    )
    return {
        **shared,
        "steps": renewal_pages.steps_of(roster, shared["steps"]),
        **turns(request, after),
        "roster": roster,
        "facts": facts(roster),
        "problems": problem_groups(
            roster, wanted.code, decide=_decided_at(roster, request), without_remedy=tuple(DECIDED_CODES)
        ),
        "money": money_lines(roster),
        "left_out": left_out_groups(roster),
        "premium": Decimal(roster.money.get("premium", "0")),
        "own_share": Decimal(roster.money.get("own_share", "0")),
        "whole": whole_money(roster),
        "rows": rows,
        "enrolls": roster.purpose in ENROLLING,
        "filters": review.filters(roster, wanted, chunks),
        "unsorted": f"{SORTED_AT_MOST:,}" if wanted.sort != asked.sort else "",
        "decided_again": decided_again(roster),
        "decisions": review.decisions(roster, chunks),
        "full_list": FullList.objects.filter(roster=roster).first(),
        "decides": may_decide(request, roster),
        "enrolled": _enrolled(roster),
        "undo": undo_context(roster),
        "renewal": renewal_pages.renewal_context(roster),
        "known": renewal_pages.known_context(roster),
    }


def facts(roster: Roster) -> list[tuple[str, Any]]:
    """What the roster is; a period as people say it, with its last day."""
    last = last_day(roster.period.ends_on)
    return [
        (_("purpose"), roster.get_purpose_display()),
        (_("program"), roster.program.name),
        (_("period"), f"{roster.period.code} · {roster.cover_from:%Y-%m-%d} – {last:%Y-%m-%d}"),
        (_("plan"), str(roster.plan)),
        (_("office"), roster.organization.name),
        *(
            renewal_pages.source_facts(roster) if roster.renewed_period_id is not None
            else [(_("roster files"), "、".join(file.name for file in roster.files.all()))]
        ),
        (_("reason"), roster.reason),
    ]


def money_lines(roster: Roster) -> list[MoneyLine]:
    """By funder: what the roster costs, and while it waits what is left in the budgets that fit it."""
    funders = roster.money.get("funders", [])
    if roster.state in (State.REVIEW, State.SUBMITTED) and funders:
        return [
            MoneyLine(line.name, line.people, line.wanted, line.available, not line.short)
            for line in outlook(roster).funders
        ]
    if whole := roster.money.get("whole"):
        # In the order of the whole: a funder of whom nothing is held stands there too.
        held = {line["funder"]: (line["rows"], Decimal(line["amount"])) for line in funders}
        return [
            MoneyLine(
                line["name"], *held.get(line["funder"], (0, Decimal("0.00"))), None, suffices=True,
                whole=Decimal(line["amount"]),
            )
            for line in whole["funders"]
        ]
    return [MoneyLine(line["name"], line["rows"], Decimal(line["amount"]), None, suffices=True) for line in funders]


def whole_money(roster: Roster) -> dict[str, Any] | None:
    """What the whole roster would have cost, where the budgets held a part of it; amounts in yuan."""
    whole = roster.money.get("whole")
    if not whole:
        return None
    return {"rows": whole["rows"], **{name: Decimal(whole[name]) for name in ("premium", "own_share")}}


def left_out_groups(roster: Roster) -> list[dict[str, Any]]:
    """Groups that the approver left out for lack of budget: category, county, rows, premium in yuan."""
    groups = roster.money.get("left_out", [])
    if not groups:
        return []
    counties = dict(Region.objects.filter(pk__in=[group["county"] for group in groups]).values_list("pk", "name"))
    categories = dict(Category.objects.filter(pk__in=[group["category"] for group in groups]).values_list("pk", "name"))
    return [
        {
            "category": categories[group["category"]], "county": counties.get(group["county"], group["county"]),
            "rows": group["rows"], "premium": Decimal(group["premium"]),
        }
        for group in groups
    ]


def _decided_at(roster: Roster, request: HttpRequest) -> Callable[[str], str]:
    """Where rows of a code are decided, for a reader who may."""
    page = reverse("admin:beneficiaries_roster_decide", args=[roster.pk]) if may_decide(request, roster) else ""
    return lambda code: f"{page}?code={code}" if page and code in review.DOUBT_CODES else ""


def may_decide(request: HttpRequest, roster: Roster) -> bool:
    """Whether the reader may decide rows of the roster now."""
    allowed = Roster.objects.visible_to(request.user, DECIDE).filter(pk=roster.pk)
    return review.may_be_decided(roster) and request.user.has_perm(DECIDE) and allowed.exists()


def _rows(
    roster: Roster, request: HttpRequest, wanted: review.Shown, chunks: Sequence[RosterChunk]
) -> tuple[list[RowLine], str]:
    """A page of lines by keyset, and where the next one begins: as fast at the millionth line as at the first."""
    found = review.rows_shown(roster, wanted, chunks).select_related("category")
    page, after = review.page_of(found, wanted, request.GET, size=ROWS_PER_PAGE)
    known = _known(page, roster, request)
    codes = [each.region_code or "" for each in page] + [each.region_code for each in known.values()]
    seen = _Seen(
        labels=labels_of(template_of(roster)),
        enrolled={
            row_id: enrollment_id
            for row_id, enrollment_id in Enrollment.objects.filter(row_id__in=[each.pk for each in page])
            .values_list("row_id", "pk") if row_id is not None
        },
        places=Region.objects.names_of(codes),
        known=known,
        categories=dict(Category.objects.values_list("pk", "name")),
        enrolls=roster.purpose in ENROLLING,
        files=dict(roster.files.values_list("pk", "name")) if len(roster.layouts) > 1 else {},
        guardians=guardian_pages.standing_beside(page, known.values(), roster),
    )
    return [_line(each, seen, roster) for each in page], after


@dataclass(frozen=True)
class _Seen:
    """What the lines of a page name, looked up once for all."""

    labels: dict[str, str]
    enrolled: dict[int, int]
    places: dict[str, str]
    known: dict[int, Beneficiary]
    categories: dict[int, str]
    #: Whether the roster enrolls: a line of it that costs nothing only adds to a cover.
    enrolls: bool
    #: Names of the files, where the roster has several.
    files: dict[int, str]
    #: By beneficiary, the guardians who stand beside a line that names another one, or says more of them.
    guardians: dict[int, list[Representative]]


def _known(page: Sequence[RosterRow], roster: Roster, request: HttpRequest) -> dict[int, Beneficiary]:
    """What is registered of the people whose lines say something new; two questions for a page."""
    people = [whom(row) for row in page if says_something_new(row)]
    if not people:
        return {}
    found = Beneficiary.objects.visible_to(request.user).filter(
        program=roster.program_id, organization=roster.organization_id, person__in=people
    )
    return {each.person_id: each for each in found.select_related("person").prefetch_related("categories")}


def whom(row: RosterRow) -> int | None:
    """The known person whom a line is, or may be, of: by its document, or by name and birth under another one."""
    alike = [finding["extra"] for finding in row.findings or () if finding["code"] == "SAME_PERSON"]
    return int(alike[0]) if alike else row.known_person_id


def says_something_new(row: RosterRow) -> bool:
    """Whether a line departs from what was registered of its person when it was checked; covered ones may too."""
    if {"SAME_PERSON", "IDENTITY_CONFLICT"} & set(row.codes):
        return True
    if guardian_pages.begins(row) and row.known_person_id:
        return True
    before, now = row.known_contact_digest, row.contact_digest
    return bool(row.known_person_id) and before is not None and now is not None and bytes(before) != bytes(now)


#: Columns that change together with the one that leads them, as applying does it.
_LEADS = {"bank_name": "bank_account", "guardian_document": "guardian_name"}
_COMPARED = ("phone", "address", "bank_name", "bank_account", "guardian_name", "guardian_document")


def differences(row: RosterRow, known: Beneficiary, seen: _Seen) -> list[Difference]:
    """Where a line departs from what is registered; what the line leaves empty changes nothing."""
    found = []
    only_adds = row.verdict == Verdict.CHANGED and row.split_id is None and seen.enrolls
    person: Any = known.person
    for name in ("name", "document"):
        if not alike(getattr(person, name), getattr(row, name)):
            label: Any = person._meta.get_field(name)
            found.append(Difference(str(label.verbose_name), str(getattr(person, name)), str(getattr(row, name) or "")))
    standing = seen.guardians.get(known.pk, [])
    begins = guardian_pages.begins(row) and not (only_adds and standing)
    for name in _COMPARED:
        if begins and name in guardian_pages.IN_ONE:
            continue
        before, after = getattr(known, name), getattr(row, name)
        lead = _LEADS.get(name, name)
        if not getattr(row, lead) and getattr(known, lead):
            continue
        if only_adds and (getattr(known, lead) or not getattr(row, lead)):
            continue
        # What goes with a new account or guardian goes as the line says it, empty too.
        if (after or (lead != name and before and getattr(row, lead))) and not alike(before, after):
            label = Beneficiary._meta.get_field(name)
            found.append(Difference(str(label.verbose_name), str(before or ""), str(after or "")))
    if row.region_code and row.region_code != known.region_code and not only_adds:
        before, after = (seen.places.get(code, code) for code in (known.region_code, row.region_code))
        found.append(Difference(_("region"), before, after))
    if begins:
        found += [Difference(*each) for each in guardian_pages.differences(row, known, standing)]
    held = {each.category_id for each in known.categories.all() if each.valid_to is None}
    named = row.category_ids if row.valid_to is None or row.valid_from is not None else ()
    added = [seen.categories[pk] for pk in named or () if pk not in held and pk in seen.categories]
    if added:
        before_words = "、".join(seen.categories[pk] for pk in sorted(held) if pk in seen.categories)
        found.append(Difference(_("categories"), before_words, "+ " + "、".join(added)))
    return found


def _line(row: RosterRow, seen: _Seen, roster: Roster) -> RowLine:
    verdict = Verdict(row.verdict)
    known = seen.known.get(whom(row) or 0) if says_something_new(row) else None
    return RowLine(
        pk=row.pk,
        line=place_of(row) if row.file_id is not None else renewal_pages.number_before(row, roster),
        file=seen.files.get(row.file_id or 0, ""),
        name=str(row.name or ""),
        document=str(row.document or ""),
        region=seen.places.get(row.region_code or "", ""),
        category=row.category.name if row.category is not None else "",
        verdict=renewal_pages.verdict_words(roster).get(verdict, str(verdict.label)),
        tone=TONES[verdict],
        premium=row.premium,
        sentences=sentences_of(row, seen.labels) + said_by(row)
        + (guardian_pages.said_by(row) if known is None or not guardian_pages.begins(row) else [])
        + ([_("Stays after the undo: %(why)s") % {"why": template_of(roster).kept_in_words(row.kept)}] if row.kept else []),
        outcome=outcome_of(row, roster, seen.enrolled),
        differences=differences(row, known, seen) if known is not None else (),
        open=verdict == Verdict.DOUBTFUL or bool(set(DECIDED_CODES) & set(row.codes)),
    )


def outcome_of(row: RosterRow, roster: Roster, enrolled: dict[int, int]) -> str:
    """What became of a line: a cover's address, or the reason in words."""
    if row.pk in enrolled:
        return reverse("admin:beneficiaries_enrollment_change", args=[enrolled[row.pk]])
    if row.set_aside:
        return str(MEANINGS[row.set_aside].cause)
    return ""


def _enrolled(roster: Roster) -> dict[str, int]:
    if roster.state not in (State.APPLYING, *ONCE_APPLIED) or roster.purpose not in ENROLLING:
        return {}
    found = Enrollment.objects.filter(roster=roster)
    return {
        "awaiting": found.filter(state=EnrollmentState.AWAITING).count(),
        "in_force": found.filter(state=EnrollmentState.IN_FORCE).count(),
        "lapsed": found.filter(state=EnrollmentState.LAPSED).count(),
        "voided": found.filter(state=EnrollmentState.VOIDED).count(),
    }
