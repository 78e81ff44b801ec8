"""What this room adds to the workbench: queues of rosters, figures and a chart of enrollments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, Region
from audit import panels
from audit.badges import badge
from audit.panels import Chart, ChartData, ChartKind, Figure, PagePanel, Series, Urgency, queue_of
from audit.versions import last_day
from beneficiaries import place_tables, whereabouts
from beneficiaries.counted import counts_for, live_by, months_of, people_in, premium_of, spans_now
from beneficiaries.models import (
    Beneficiary,
    BeneficiaryCategory,
    ChangeState,
    Ending,
    Enrollment,
    Person,
    PersonChange,
    Representative,
    RosterRow,
)
from beneficiaries.models.enrollment import EnrollmentState
from beneficiaries.representing import representatives_of
from intake.models import State

_VIEW_ROSTER = "beneficiaries.view_roster"
_VIEW_ENROLLMENT = "beneficiaries.view_enrollment"
_VIEW_BENEFICIARY = "beneficiaries.view_beneficiary"
_VIEW_CHANGE, _DECIDE_CHANGE = "beneficiaries.view_personchange", "beneficiaries.decide_change"
#: Bars of a chart, and rows of a person's panel, at most.
MOST, SHOWN = 12, 50


def register() -> None:
    """Called once at start."""
    for queue in QUEUES:
        panels.register_queue(queue)
    for figure in FIGURES:
        panels.register_figure(figure)
    for chart in CHARTS:
        panels.register_chart(chart)
    for table in place_tables.TABLES:
        panels.register_place_table(table)
    for panel in (DOCUMENTS, SPEAKERS, CHANGES, CATEGORIES, COVERS, ROSTERS, LIFE):
        panels.register_page_panel(panel)


def _in_states(permission: str, *states: State) -> Callable[[Any, Any], Any]:
    return lambda rosters, user: rosters.visible_to(user, permission).filter(state__in=states)


def _to_approve(rosters: Any, user: Any) -> Any:
    waiting = rosters.visible_to(user, "beneficiaries.approve_roster").filter(state=State.SUBMITTED)
    return waiting.exclude(uploaded_by=user).exclude(submitted_by=user)


def _undo_to_decide(rosters: Any, user: Any) -> Any:
    asked = rosters.visible_to(user, "beneficiaries.approve_undo").filter(state=State.UNDO_ASKED)
    return asked.exclude(undo_asked_by=user)


def _awaiting_a_step(enrollments: Any, user: Any) -> Any:
    return enrollments.visible_to(user, "beneficiaries.pass_gate").filter(state=EnrollmentState.AWAITING)


def _changes_to_decide(changes: Any, user: Any) -> Any:
    waiting = changes.visible_to(user, _DECIDE_CHANGE).waiting().exclude(proposed_by=user)
    # A transfer waits for the receiving office alone.
    received = Organization.objects.none()
    for grant in user.grants(_DECIDE_CHANGE):
        received = received | Organization.objects.filter(path__startswith=grant.organization_path)
    return waiting.filter(Q(to_organization=None) | Q(to_organization__in=received.values("pk")))


_ROSTER = "beneficiaries.roster"
QUEUES = (
    queue_of(
        _ROSTER, "beneficiaries.to_approve", _("Rosters to approve"), "beneficiaries.approve_roster", _to_approve, Urgency.NOW
    ),
    queue_of(
        _ROSTER, "beneficiaries.undo_to_decide", _("Undo of rosters to decide"), "beneficiaries.approve_undo", _undo_to_decide,
        Urgency.NOW,
    ),
    queue_of(
        "beneficiaries.personchange", "beneficiaries.changes_to_decide", _("Changes of people to decide"),
        "beneficiaries.decide_change", _changes_to_decide, Urgency.NOW,
    ),
    queue_of(
        _ROSTER, "beneficiaries.to_submit", _("Checked rosters to review and submit"), "beneficiaries.submit_roster",
        _in_states("beneficiaries.submit_roster", State.REVIEW),
    ),
    queue_of(
        "beneficiaries.enrollment", "beneficiaries.gates", _("People whose cover awaits a step"), "beneficiaries.pass_gate",
        _awaiting_a_step,
        counted=lambda user: whereabouts.number_of(
            Enrollment, user, "beneficiaries.pass_gate", {"state__exact": EnrollmentState.AWAITING}
        ),
    ),
    queue_of(
        _ROSTER, "beneficiaries.unreadable", _("Rosters that could not be read"), "beneficiaries.upload_roster",
        _in_states("beneficiaries.upload_roster", State.FAILED),
    ),
    queue_of(
        _ROSTER, "beneficiaries.under_way", _("Rosters being checked or applied"), _VIEW_ROSTER,
        _in_states(_VIEW_ROSTER, State.RECEIVED, State.CHECKING, State.APPROVED, State.APPLYING), Urgency.CALM,
    ),
)


def _in_force(user: Any) -> int:
    """Not yet over: a day's cover is in force for its day."""
    counted = counts_for(user, _VIEW_ENROLLMENT)
    return people_in(counted, EnrollmentState.IN_FORCE) + spans_now(user, _VIEW_ENROLLMENT).count()


def _awaiting(user: Any) -> int:
    return people_in(counts_for(user, _VIEW_ENROLLMENT), EnrollmentState.AWAITING)


def _enrolled(back: int) -> Callable[[Any], int]:
    """In this month, or as many months before."""

    def value(user: Any) -> int:
        month = months_until(timezone.localdate(), count=back + 1)[0]
        return months_of(user, _VIEW_ENROLLMENT, month).get(month, 0)

    return value


def _premium(user: Any) -> Any:
    return premium_of(counts_for(user, _VIEW_ENROLLMENT))


FIGURES = (
    Figure(
        "beneficiaries.in_force", _("Covers in force"), _VIEW_ENROLLMENT, _in_force, _("covers"),
        lambda: f"{reverse('admin:beneficiaries_enrollment_changelist')}?state__exact=in_force",
    ),
    Figure(
        "beneficiaries.awaiting", _("Enrolled, gates open"), _VIEW_ENROLLMENT, _awaiting, _("covers"),
        lambda: f"{reverse('admin:beneficiaries_enrollment_changelist')}?state__exact=awaiting",
    ),
    Figure("beneficiaries.this_month", _("Enrolled this month"), _VIEW_ENROLLMENT, _enrolled(0), _("covers")),
    Figure("beneficiaries.last_month", _("Enrolled last month"), _VIEW_ENROLLMENT, _enrolled(1), _("covers")),
    Figure("beneficiaries.premium", _("Premium of live enrollments"), _VIEW_ENROLLMENT, _premium, _("yuan")),
)


def _data(rows: Sequence[tuple[Any, int]]) -> ChartData:
    if not rows:
        return ChartData([], [])
    return ChartData([label for label, _number in rows], [Series(_("covers"), [number for _label, number in rows])])


def _by(column: str) -> Callable[[Any], ChartData]:
    return lambda user: _data(live_by(user, _VIEW_ENROLLMENT, column)[:MOST])


def _by_month(user: Any) -> ChartData:
    """The last twelve months with this one, those without anybody too."""
    months = months_until(timezone.localdate(), count=12)
    found = months_of(user, _VIEW_ENROLLMENT, months[0])
    return _data([(f"{month:%Y-%m}", found.get(month, 0)) for month in months]) if found else ChartData([], [])


def months_until(day: date, *, count: int) -> list[date]:
    """First days of the months up to a day's own."""
    last = day.year * 12 + day.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(last - count + 1, last + 1)]


def _by_county(user: Any) -> ChartData:
    """The counties with the most covers; towns where the reader reaches no further."""
    most = live_by(user, _VIEW_ENROLLMENT, "county")[:MOST]
    names = Region.objects.names_of([code for code, _number in most])
    return _data([(names.get(code, code), number) for code, number in most])


CHARTS = (
    Chart(
        "beneficiaries.by_month", _("Annual covers by month of enrollment"), _VIEW_ENROLLMENT, _by_month, _("covers"),
        ChartKind.COLUMNS,
    ),
    Chart(
        "beneficiaries.by_category", _("Covers by category"), _VIEW_ENROLLMENT, _by("category__name"),
        _("covers"),
    ),
    Chart("beneficiaries.by_county", _("Covers by county"), _VIEW_ENROLLMENT, _by_county, _("covers")),
    Chart(
        "beneficiaries.by_program", _("Covers by program"), _VIEW_ENROLLMENT, _by("program__name"), _("covers")
    ),
)


def _enrollments(person: Any, user: Any) -> Any:
    found = Enrollment.objects.visible_to(user, _VIEW_ENROLLMENT).filter(person=person).order_by("-pk")
    return found.select_related("program", "period", "category", "plan", "roster")[:SHOWN]


def _covers(person: Any, user: Any) -> dict[str, Any]:
    return {
        "lines": [
            (each, reverse("admin:beneficiaries_enrollment_change", args=[each.pk]), state_badge(each),
             first_moment(each), last_moment(each))
            for each in _enrollments(person, user)
        ]
    }


def never_began(enrollment: Enrollment) -> bool:
    """Whether a cover ended before its first day: it has no last one."""
    return enrollment.ends_at <= enrollment.starts_at


def first_moment(enrollment: Enrollment) -> str:
    """The first day of a cover; of a span its first moment."""
    local = timezone.localtime(enrollment.starts_at)
    return f"{local:%Y-%m-%d %H:%M}" if enrollment.covers_a_span else f"{local:%Y-%m-%d}"


def last_moment(enrollment: Enrollment) -> str:
    """The last day of a cover, if it ever began; of a span the moment before which it ends, 24:00 where that is midnight."""
    if never_began(enrollment):
        return gettext("never began")
    local = timezone.localtime(enrollment.ends_at)
    if not enrollment.covers_a_span:
        return f"{last_day(enrollment.ends_at):%Y-%m-%d}"
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        return f"{local - timedelta(minutes=1):%Y-%m-%d} 24:00"
    return f"{local:%Y-%m-%d %H:%M}"


def _held(person: Any, user: Any) -> Any:
    found = BeneficiaryCategory.objects.visible_to(user, _VIEW_BENEFICIARY).filter(beneficiary__person=person)
    return found.select_related("category", "beneficiary__organization").order_by("-valid_from", "-pk")[:SHOWN]


def _categories(person: Any, user: Any) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "lines": [
            (each, last_day(each.valid_to) if each.valid_to else None, each.valid_to is None or each.valid_to > today)
            for each in _held(person, user)
        ]
    }


def _roster_lines(person: Any, user: Any) -> dict[str, Any]:
    """The lines of files that made this person's covers and categories."""
    ids = {each.row_id for each in (*_enrollments(person, user), *_held(person, user))} - {None}
    rows = RosterRow.objects.visible_to(user, _VIEW_ROSTER).filter(pk__in=ids).order_by("-pk")
    rows = rows.select_related("roster__organization", "file")
    return {
        "lines": [
            (row, f"{reverse('admin:beneficiaries_roster_change', args=[row.roster_id])}?row={row.pk}#rows", row.roster)
            for row in rows[:SHOWN]
        ]
    }


@dataclass(frozen=True)
class LifeEvent:
    """A line of a person's life in the portal, as a timeline shows it."""

    at: datetime
    sentence: str
    who: str = ""


def _life(person: Any, user: Any) -> dict[str, Any]:
    """From first entry to today, newest first: made of the rows themselves, since a roster's events name nobody."""
    found: list[LifeEvent] = []
    for each in _enrollments(person, user):
        facts = {
            "program": each.program.name, "period": each.period.code, "roster": each.roster_id, "purchase": each.purchase_id
        }
        enrolled = (
            gettext("Enrolled in %(program)s %(period)s by roster %(roster)d.") if each.purchase_id is None
            else gettext("Enrolled in %(program)s %(period)s by purchase %(purchase)d.")
        )
        found.append(LifeEvent(each.created_at, enrolled % facts))
        for at, words in (
            (each.notice_passed_at, gettext("Public notice has passed (%(program)s %(period)s).")),
            (each.own_paid_at, gettext("The own share was received (%(program)s %(period)s).")),
            (each.accepted_at, gettext("The insurer accepted (%(program)s %(period)s).")),
        ):
            if at is not None:
                found.append(LifeEvent(at, words % facts))
        if each.state == EnrollmentState.VOIDED and each.roster is not None and each.roster.undone_at is not None:
            words = gettext("The cover was voided: roster %(roster)d was undone (%(program)s %(period)s).")
            found.append(LifeEvent(each.roster.undone_at, words % facts))
        if each.state == EnrollmentState.IN_FORCE and each.starts_at <= timezone.now():
            found.append(LifeEvent(each.starts_at, gettext("Cover began (%(program)s %(period)s).") % facts))
    endings = Ending.objects.visible_to(user, _VIEW_ENROLLMENT).filter(enrollment__person=person).order_by("-pk")
    for ending in endings.select_related("enrollment__program", "enrollment__period")[:SHOWN]:
        found.append(LifeEvent(ending.created_at, _ended(ending)))
    # As the reader's own offices know them: another organization may have brought the person earlier.
    known = person.beneficiaries.visible_to(user, _VIEW_BENEFICIARY).order_by("created_at").first()
    if known is not None:
        found.append(LifeEvent(known.created_at, gettext("Entered for the first time.")))
    return {"events": sorted(found, key=lambda event: event.at, reverse=True)}


def _ended(ending: Ending) -> str:
    cover = ending.enrollment
    facts = {
        "day": ending.ended_on, "reason": ending.get_reason_display(), "program": cover.program.name, "period": cover.period.code
    }
    if cover.state == EnrollmentState.VOIDED:
        return gettext("The cover that waited for a step was voided: %(reason)s (%(program)s %(period)s).") % facts
    if never_began(cover):
        return gettext("Cover ended before it began: %(reason)s (%(program)s %(period)s).") % facts
    return gettext("Cover ended, last day %(day)s: %(reason)s (%(program)s %(period)s).") % facts


def state_badge(enrollment: Enrollment) -> SafeString:
    """An enrollment's state."""
    tone = STATE_TONES[EnrollmentState(enrollment.state)]
    return badge(enrollment.get_state_display(), tone)


STATE_TONES = {
    EnrollmentState.AWAITING: "wait", EnrollmentState.IN_FORCE: "good", EnrollmentState.LAPSED: "calm",
    EnrollmentState.ENDED: "calm", EnrollmentState.VOIDED: "bad",
}
def _documents(person: Any, user: Any) -> dict[str, Any]:
    """Beside the one that names them; whoever sees the person sees them, masked."""
    return {"lines": list(person.documents.order_by("pk")[:SHOWN])}


DOCUMENTS = PagePanel(
    "beneficiaries.documents", _("Further and former documents"), "beneficiaries.person", "beneficiaries.view_person",
    _documents, "beneficiaries/person_documents.html", 12,
)


def _speakers(person: Any, user: Any) -> dict[str, Any]:
    """Who speaks for the person, as the reader's offices know it, masked."""
    seen = representatives_of(person).filter(beneficiary__in=Beneficiary.objects.visible_to(user, _VIEW_BENEFICIARY))

    def until(each: Representative) -> str:
        if each.row_id is not None and each.ended_row_id == each.row_id:
            return gettext("taken back with its roster")
        if each.ended_by_id is not None or each.ended_row_id is not None:
            return gettext("has ended")
        return f"{each.valid_to:%Y-%m-%d}" if each.valid_to else "—"

    def source(each: Representative) -> tuple[str, str]:
        if each.row is None:
            page = reverse("admin:beneficiaries_personchange_change", args=[each.change_id])
            return gettext("Change %(number)s") % {"number": each.change_id}, page if user.has_perm(_VIEW_CHANGE) else ""
        words = gettext("Roster %(number)s, line %(line)s") % {"number": each.row.roster_id, "line": each.row.line}
        page = f"{reverse('admin:beneficiaries_roster_change', args=[each.row.roster_id])}?row={each.row_id}#rows"
        return words, page if user.has_perm(_VIEW_ROSTER) else ""

    return {"lines": [(each, until(each), *source(each)) for each in seen.select_related("row")[:SHOWN]]}


SPEAKERS = PagePanel(
    "beneficiaries.speakers", _("Guardians and agents"), "beneficiaries.person", _VIEW_BENEFICIARY, _speakers,
    "beneficiaries/person_speakers.html", 13,
)


def _changes(person: Any, user: Any) -> dict[str, Any]:
    """What waits for a second person, and what was done or turned down."""
    seen = PersonChange.objects.visible_to(user, _VIEW_CHANGE)
    found = seen.filter(person__in=Person.objects.going_on_in(person)).select_related("organization")
    return {
        "lines": [
            (
                each, reverse("admin:beneficiaries_personchange_change", args=[each.pk]),
                badge(each.get_state_display(), CHANGE_TONES[ChangeState(each.state)]),
            )
            for each in found[:SHOWN]
        ]
    }


CHANGE_TONES = {
    ChangeState.PROPOSED: "wait", ChangeState.APPROVED: "good", ChangeState.TURNED_DOWN: "bad", ChangeState.WITHDRAWN: "calm",
}
CHANGES = PagePanel(
    "beneficiaries.changes", _("Changes of this person"), "beneficiaries.person", _VIEW_CHANGE, _changes,
    "beneficiaries/person_changes.html", 14,
)
CATEGORIES = PagePanel(
    "beneficiaries.categories", _("Hardship categories"), "beneficiaries.person", _VIEW_BENEFICIARY, _categories,
    "beneficiaries/person_categories.html", 5,
)
ROSTERS = PagePanel(
    "beneficiaries.rosters", _("Lines of rosters"), "beneficiaries.person", _VIEW_ROSTER, _roster_lines,
    "beneficiaries/person_rosters.html", 20,
)
LIFE = PagePanel(
    "beneficiaries.life", _("The way so far"), "beneficiaries.person", _VIEW_ENROLLMENT, _life, "portal/timeline.html", 30
)
COVERS = PagePanel(
    "beneficiaries.covers", _("Covers"), "beneficiaries.person", _VIEW_ENROLLMENT, _covers,
    "beneficiaries/person_enrollments.html", 10,
)
