"""What the page of one roster shows: steps, counts, money, rows. Queries are constant, whatever the roster's size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import Region
from audit.versions import alike, last_day
from beneficiaries.admin import review
from beneficiaries.admin.file_findings import file_findings
from beneficiaries.admin.said_words import said_words
from beneficiaries.admin.sorting import SORTED_AT_MOST
from beneficiaries.admin.undo_pages import undo_context
from beneficiaries.deciding import DECIDED_CODES
from beneficiaries.deciding_again import decided_again
from beneficiaries.models import Beneficiary, Enrollment, FullList, Roster, RosterChunk, RosterRow
from beneficiaries.models.enrollment import EnrollmentState
from beneficiaries.models.roster import ENROLLING
from beneficiaries.money import outlook
from beneficiaries.purposes import LAST_STEP, said_by, template_of
from intake.findings import MEANINGS, SEVERITY_OF, Severity, Verdict, describe, plain_words
from intake.models import ONCE_APPLIED, State
from jobs.models import Job
from programs.models import Category

ROWS_PER_PAGE = 50
DECIDE = "beneficiaries.decide_rows"
TONES = {
    Verdict.NEW: "good", Verdict.CHANGED: "wait", Verdict.UNCHANGED: "calm", Verdict.COVERED: "calm",
    Verdict.DOUBTFUL: "wait", Verdict.REFUSED: "bad",
    Verdict.REPLACED: "calm",
}
STATE_TONES = {
    State.RECEIVED: "calm", State.CHECKING: "calm", State.REVIEW: "wait", State.SUBMITTED: "wait",
    State.APPROVED: "good", State.APPLYING: "good", State.APPLIED: "good", State.REFUSED: "bad",
    State.WITHDRAWN: "calm", State.FAILED: "bad", State.UNDO_ASKED: "wait", State.UNDOING: "wait", State.UNDONE: "bad",
}
_ORDER = (State.RECEIVED, State.CHECKING, State.REVIEW, State.SUBMITTED, State.APPROVED, State.APPLYING, State.APPLIED)


@dataclass(frozen=True)
class Step:
    """One step of the way, and where the roster stands: "done", "now" or "later"."""

    title: str
    note: str
    standing: str


@dataclass(frozen=True)
class Count:
    """A verdict or a code with its rows; `url` shows them."""

    label: str
    number: int
    tone: str
    url: str
    chosen: bool


@dataclass(frozen=True)
class Problem:
    """What the check found, and what to do about it, in plain words."""

    cause: str
    remedy: str
    number: int
    url: str
    chosen: bool
    #: The code, where its rows wait for a decision.
    decide: str


@dataclass(frozen=True)
class ProblemGroup:
    """Problems of one weight, the most frequent first."""

    title: str
    problems: list[Problem]


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
    rows, next_url = _rows(roster, request, wanted, chunks)
    query = request.GET.copy()
    turned = [name for name in ("after", "row") if query.pop(name, None)]
    first_url = f"?{query.urlencode()}#rows" if turned else ""
    job = Job.objects.about(roster).order_by("-pk").first()
    return {
        "roster": roster,
        "steps": steps(roster),
        "state_tone": STATE_TONES[State(roster.state)],
        "facts": facts(roster),
        "job": job,
        "verdicts": [
            _verdict_count(roster, verdict, wanted.verdict) for verdict in Verdict if roster.verdict_count(verdict)
        ],
        "problems": problem_groups(roster, wanted.code),
        "file_findings": file_findings(roster),
        "money": money_lines(roster),
        "left_out": left_out_groups(roster),
        "premium": Decimal(roster.money.get("premium", "0")),
        "own_share": Decimal(roster.money.get("own_share", "0")),
        "whole": whole_money(roster),
        "rows": rows,
        "enrolls": roster.purpose in ENROLLING,
        "filtered": wanted.narrowed,
        "filters": review.filters(roster, wanted, chunks),
        "unsorted": f"{SORTED_AT_MOST:,}" if wanted.sort != asked.sort else "",
        "said_words": said_words(roster),
        "decided_again": decided_again(roster),
        "decisions": review.decisions(roster, chunks),
        "full_list": FullList.objects.filter(roster=roster).first(),
        "decides": may_decide(request, roster),
        "next_url": next_url,
        "first_url": first_url,
        "enrolled": _enrolled(roster),
        "undo": undo_context(roster),
    }


def steps(roster: Roster) -> list[Step]:
    """Upload, check, review, approval, applied: what is done, what is now."""
    reached = _ORDER.index(State(roster.state)) if roster.state in _ORDER else -1
    if roster.state == State.REFUSED:
        reached = _ORDER.index(State.SUBMITTED)
    if roster.state == State.FAILED:
        reached = _ORDER.index(State.CHECKING)
    if roster.state == State.WITHDRAWN:
        reached = _ORDER.index(State.SUBMITTED if roster.submitted_at else State.REVIEW)
    if roster.state in ONCE_APPLIED:
        reached = _ORDER.index(State.APPLIED)
    places = (
        (_("Upload"), _who(roster.uploaded_by, roster.uploaded_at), State.CHECKING),
        (_("Check"), _("%(rows)s rows") % {"rows": f"{roster.row_count:,}"} if roster.row_count else "", State.REVIEW),
        (_("Submission"), _who(roster.submitted_by, roster.submitted_at), State.SUBMITTED),
        (_("Approval"), _who(roster.decided_by, roster.decided_at), State.APPROVED),
        (str(LAST_STEP[roster.purpose]), _who(None, roster.applied_at), State.APPLIED),
    )
    found = []
    now_given = False
    for title, note, done_from in places:
        done = reached >= _ORDER.index(done_from)
        standing = "done" if done else "later" if now_given else "now"
        now_given = now_given or not done
        found.append(Step(title, note if done else "", standing))
    return found + _undo_steps(roster)


def _undo_steps(roster: Roster) -> list[Step]:
    """The way back, once somebody has asked for it."""
    if roster.state not in (State.UNDO_ASKED, State.UNDOING, State.UNDONE):
        return []
    decided, undone = roster.state != State.UNDO_ASKED, roster.state == State.UNDONE
    return [
        Step(_("Undo requested"), _who(roster.undo_asked_by, roster.undo_asked_at), "done"),
        Step(
            _("Undo approved"), _who(roster.undo_decided_by, roster.undo_decided_at) if decided else "",
            "done" if decided else "now",
        ),
        Step(_("Undone"), _who(None, roster.undone_at), "done" if undone else "now" if decided else "later"),
    ]


def facts(roster: Roster) -> list[tuple[str, Any]]:
    """What the roster is; a period as people say it, with its last day."""
    last = last_day(roster.period.ends_on)
    return [
        (_("purpose"), roster.get_purpose_display()),
        (_("program"), roster.program.name),
        (_("period"), f"{roster.period.code} · {roster.cover_from:%Y-%m-%d} – {last:%Y-%m-%d}"),
        (_("plan"), str(roster.plan)),
        (_("office"), roster.organization.name),
        (_("roster files"), "、".join(file.name for file in roster.files.all())),
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


def _verdict_count(roster: Roster, verdict: Verdict, chosen: int | None) -> Count:
    return Count(
        label=str(verdict.label), number=roster.verdict_count(verdict), tone=TONES[verdict],
        url=f"?verdict={int(verdict)}#rows", chosen=chosen == verdict,
    )


_GROUPS = ((Severity.ERROR, _lazy("Why rows are refused")), (Severity.DOUBT, _lazy("What has to be confirmed")),
           (Severity.WARNING, _lazy("What to look at")), (Severity.REPAIRED, _lazy("What was put right")))



def problem_groups(roster: Roster, chosen: str) -> list[ProblemGroup]:
    """Every code of the roster in plain words with its remedy, by weight."""
    counts = sorted(roster.counts.get("codes", {}).items(), key=lambda item: (-item[1], item[0]))
    found = []
    for severity, title in _GROUPS:
        problems = [
            Problem(
                cause=plain_words(MEANINGS[code].cause), number=number,
                # What was decided says its reason in each row.
                remedy="" if code in DECIDED_CODES else plain_words(MEANINGS[code].remedy),
                url=f"?code={code}#rows", chosen=code == chosen, decide=code if code in review.DOUBT_CODES else "",
            )
            for code, number in counts if code in MEANINGS and SEVERITY_OF[code] == severity
        ]
        if problems:
            found.append(ProblemGroup(str(title), problems))
    return found


def may_decide(request: HttpRequest, roster: Roster) -> bool:
    """Whether the reader may decide rows of the roster now."""
    allowed = Roster.objects.visible_to(request.user, DECIDE).filter(pk=roster.pk)
    return review.may_be_decided(roster) and request.user.has_perm(DECIDE) and allowed.exists()


def _rows(
    roster: Roster, request: HttpRequest, wanted: review.Shown, chunks: Sequence[RosterChunk]
) -> tuple[list[RowLine], str]:
    """A page of lines by keyset: as fast at the millionth line as at the first."""
    found = review.rows_shown(roster, wanted, chunks).select_related("category")
    page, after = review.page_of(found, wanted, request.GET, size=ROWS_PER_PAGE)
    query = request.GET.copy()
    query.pop("row", None)
    query["after"] = after
    known = _known(page, roster, request)
    codes = [each.region_code or "" for each in page] + [each.region_code for each in known.values()]
    seen = _Seen(
        labels={column.key: str(column.label) for column in template_of(roster).columns},
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
    )
    return [_line(each, seen, roster) for each in page], f"?{query.urlencode()}#rows" if after else ""


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
    for name in _COMPARED:
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
        line=" ".join(part for part in (row.sheet, str(row.line)) if part),
        file=seen.files.get(row.file_id, ""),
        name=str(row.name or ""),
        document=str(row.document or ""),
        region=seen.places.get(row.region_code or "", ""),
        category=row.category.name if row.category is not None else "",
        verdict=str(verdict.label),
        tone=TONES[verdict],
        premium=row.premium,
        sentences=[
            describe(
                finding["code"], seen.labels.get(finding["column"], ""), value_masked=finding["value_masked"] or "",
                extra=finding["extra"] or "",
            )
            for finding in row.findings or ()
        ] + said_by(row)
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


def _who(user: Any, at: Any) -> str:
    if at is None:
        return ""
    stamp = timezone.localtime(at).strftime("%m-%d %H:%M")
    return f"{user.display_name} {stamp}" if user is not None else stamp


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
