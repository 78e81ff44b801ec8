"""Cases: reported once for every cover that was in force, changed while nothing of them is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.faults import fault_point
from beneficiaries.models import Enrollment
from beneficiaries.models.enrollment import EnrollmentState
from claims.due import Counting, running, write_days
from claims.errors import ClaimsRefused
from claims.models import CASE_LETTER, Case, Channel, Claim, EventKind, Reporter, numbered
from claims.rules.order import payment_order
from claims.rules.states import EDITABLE, State
from claims.stepping import locked_case, not_later, record, record_case, said, step_into

REPORT = "claims.report_claim"
ZERO = Decimal("0.00")
#: Covers that were in force once: what has ended did cover until then.
COVERED = (EnrollmentState.IN_FORCE, EnrollmentState.ENDED)
#: States in which nothing of a claim rests on the case's bills.
UNDECIDED = (*EDITABLE, State.WITHDRAWN, State.DECLINED)


@dataclass(frozen=True)
class Report:
    """What is told of an event. `event_at` is aware; a day whose hour is not known stands at its noon."""

    event_at: datetime
    time_known: bool = False
    kind: str = EventKind.ILLNESS
    diagnosis: str = ""
    disease_group: str = ""
    died_on: date | None = None
    injuries: Sequence[int] = ()
    death_paid_elsewhere: Decimal = ZERO
    channel: str = Channel.COUNTER
    reporter: str = Reporter.SELF
    reporter_name: str = ""
    reporter_phone: str = ""
    account: str = ""
    reported_on: date | None = None


@dataclass(frozen=True)
class Facts:
    """What may be learned later of an event."""

    kind: str
    diagnosis: str = ""
    disease_group: str = ""
    died_on: date | None = None
    injuries: Sequence[int] = field(default=())
    death_paid_elsewhere: Decimal = ZERO


def report_case(covers: Sequence[Enrollment], told: Report, *, by: User, at: datetime) -> Case:
    """Record an event of one person with a claim on each of these covers, in the order in which they pay."""
    refuse_untimely(told, at=at)
    if told.reporter == Reporter.AGENT and not told.reporter_name.strip():
        raise ClaimsRefused("REPORTER_NAME")
    with transaction.atomic():
        found = _locked_covers(covers, told, by=by)
        fault_point("claims.report_case.locked")
        refuse_known(found, told, known=reported_before(found))
        fault_point("claims.report_case.before")
        case = case_of(told, found, by=by, at=at)
        case.save(force_insert=True)
        claims = claims_of(case, found, at=at)
        for claim in claims:
            claim.save(force_insert=True)
            step_into(claim, State.REPORTED, come_from="", by=by, at=at).save(force_insert=True)
            record("claim.reported", claim, by=by, at=at)
        write_days(running([claim.pk for claim in claims]), Counting())
        record_case("case.reported", case, by=by, at=at, claims=len(found))
        fault_point("claims.report_case.after")
    return case


def case_of(told: Report, covers: Sequence[Enrollment], *, by: User, at: datetime) -> Case:
    """A case that is not kept yet; its office is that of the first of the covers, which come by their numbers."""
    return Case(
        organization=covers[0].organization, region_code=covers[0].region_code, kind=told.kind, event_at=told.event_at,
        time_known=told.time_known, diagnosis=told.diagnosis.strip().upper(), disease_group=told.disease_group,
        died_on=told.died_on, injuries=sorted(told.injuries), death_paid_elsewhere=told.death_paid_elsewhere,
        channel=told.channel, reporter=told.reporter, reporter_name=told.reporter_name.strip() or None,
        reporter_phone=told.reporter_phone.strip() or None, account=told.account.strip() or None,
        reported_on=told.reported_on or timezone.localdate(at), recorded_by=by, recorded_at=at,
    )


def claims_of(case: Case, covers: Sequence[Enrollment], *, at: datetime) -> list[Claim]:
    """What a case asks of each of its covers, not kept yet, in the order in which they are proposed to pay."""
    return [
        Claim(
            case=case, enrollment=cover, program_id=cover.program_id, plan_id=cover.plan_id, period_id=cover.period_id,
            organization=cover.organization, region_code=cover.region_code, position=position, reported_at=at,
        )
        for position, cover in enumerate(payment_order(covers), start=1)
    ]


def change_case(case: Case, facts: Facts, *, by: User, at: datetime) -> Case:
    """What is known of the event now; only while nothing of the case is calculated or decided."""
    with transaction.atomic():
        case = editable(case, by=by)
        _refuse_unfit(facts, event_on=case.event_on, at=at)
        wanted = {
            "kind": facts.kind, "diagnosis": facts.diagnosis.strip().upper(), "disease_group": facts.disease_group,
            "died_on": facts.died_on, "injuries": sorted(facts.injuries), "death_paid_elsewhere": facts.death_paid_elsewhere,
        }
        changed = [name for name, value in wanted.items() if getattr(case, name) != value]
        if not changed:
            return case
        fault_point("claims.change_case.before")
        for name in changed:
            setattr(case, name, wanted[name])
        case.save(update_fields=changed)
        record_case("case.changed", case, by=by, at=at, fields=changed)
        fault_point("claims.change_case.after")
    return case


def order_payers(case: Case, claims: Sequence[int], *, reason: str, by: User, at: datetime) -> Case:
    """State in which order the covers pay; `claims` are the ids of all of the case's claims, the first payer first."""
    reason = said(reason)
    with transaction.atomic():
        case = editable(case, by=by)
        held = list(case.claims.select_for_update(of=("self",)).order_by("pk"))
        if sorted(claims) != [claim.pk for claim in held]:
            raise ClaimsRefused("STALE")
        fault_point("claims.order_payers.before")
        for claim in held:
            claim.position = claims.index(claim.pk) + 1
            claim.save(update_fields=["position"])
        record_case("case.ordered", case, by=by, at=at, reason=reason)
        fault_point("claims.order_payers.after")
    return case


def editable(case: Case, *, by: User, permission: str = REPORT) -> Case:
    """The case, locked, while none of its claims is calculated or decided; refused beyond the user's reach."""
    found = locked_case(case.pk)
    fault_point("claims.case.locked")
    if not Claim.objects.visible_to(by, permission).filter(case=found).exists():
        raise ClaimsRefused("OUT_OF_SCOPE")
    if found.claims.exclude(state__in=UNDECIDED).exists():
        raise ClaimsRefused("CASE_DECIDED")
    return found


def _locked_covers(covers: Sequence[Enrollment], told: Report, *, by: User) -> list[Enrollment]:
    """The covers as they are now: an undo that is under way is waited for, one that comes later finds the claim."""
    wanted = sorted({cover.pk for cover in covers})
    seen = set(Enrollment.objects.visible_to(by, REPORT).filter(pk__in=wanted).values_list("pk", flat=True))
    if not wanted or seen != set(wanted):
        raise ClaimsRefused("NO_COVER")
    found = lock_covers(wanted)
    refuse_uncovered(found, told)
    return found


def lock_covers(ids: Sequence[int]) -> list[Enrollment]:
    """Covers by their numbers, locked: an undo that is under way is waited for, one that comes later finds the claims."""
    return list(
        Enrollment.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=ids).order_by("pk")
        .select_related("organization", "program", "plan", "person")
    )


def refuse_uncovered(covers: Sequence[Enrollment], told: Report) -> None:
    """Refuse an event beside one of the covers, one whose hour has to be known, and covers of several people."""
    if not covers:
        raise ClaimsRefused("NO_COVER")
    for cover in covers:
        if cover.state not in COVERED or not cover.starts_at <= told.event_at < cover.ends_at:
            raise ClaimsRefused("NO_COVER")
        if cover.covers_a_span and not told.time_known:
            raise ClaimsRefused("TIME_NEEDED")
    if len({cover.person_id for cover in covers}) != 1:
        raise ClaimsRefused("ONE_PERSON")


#: What makes an event of a cover the same: cover, kind, moment, diagnosis.
EventKey = tuple[int, str, datetime, str]


def keys_of(covers: Sequence[Enrollment], told: Report) -> list[EventKey]:
    """By what a report is known again, of each cover."""
    return [(cover.pk, str(told.kind), told.event_at, told.diagnosis.strip().upper()) for cover in covers]


def reported_before(covers: Sequence[Enrollment]) -> dict[EventKey, int]:
    """Events of the covers that are reported already -> the case; what was withdrawn or not filed may come again."""
    standing = Claim.objects.filter(enrollment__in=[cover.pk for cover in covers]).exclude(
        state__in=(State.WITHDRAWN, State.DECLINED)
    )
    found = standing.order_by("-pk").values_list("enrollment", "case__kind", "case__event_at", "case__diagnosis", "case")
    return {(cover, kind, event_at, diagnosis): case for cover, kind, event_at, diagnosis, case in found}


def refuse_known(covers: Sequence[Enrollment], told: Report, *, known: Mapping[EventKey, int]) -> None:
    """Refuse the same event of the same cover a second time; `known`: see `reported_before`."""
    for key in keys_of(covers, told):
        if key in known:
            raise ClaimsRefused("REPORTED_ALREADY", number=numbered(CASE_LETTER, known[key]))


def refuse_untimely(told: Report, *, at: datetime) -> None:
    # A day whose hour is not known stands at its noon, and may be today.
    if told.event_at > at if told.time_known else timezone.localdate(told.event_at) > timezone.localdate(at):
        raise ClaimsRefused("HAPPENS_LATER")
    reported = told.reported_on or timezone.localdate(at)
    if reported < timezone.localdate(told.event_at) or not not_later(reported, at=at):
        raise ClaimsRefused("REPORTED_BEFORE")
    _refuse_unfit(told, event_on=timezone.localdate(told.event_at), at=at)


def _refuse_unfit(facts: Any, *, event_on: date, at: datetime) -> None:
    if facts.died_on is not None and not (event_on <= facts.died_on <= timezone.localdate(at)):
        raise ClaimsRefused("DIED_BEFORE")
    if any(not isinstance(grade, int) or not 1 <= grade <= 10 for grade in facts.injuries):
        raise ClaimsRefused("INJURY")
    if facts.death_paid_elsewhere < 0:
        raise ClaimsRefused("ADJUST_AMOUNT")
