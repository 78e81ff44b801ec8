"""A gate recorded set-wise: one statement stamps it and brings into force what has passed all; locks are the caller's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet, prefetch_related_objects
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import events
from audit.faults import fault_point
from audit.history import plan_anew
from beneficiaries.accepting import refuse_asked
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Enrollment, Roster
from beneficiaries.models.enrollment import EnrollmentState
from intake.models import State
from programs.models import Period, Plan


class Gate(StrEnum):
    """What a plan may ask for before cover begins."""

    NOTICE = "notice"
    OWN_PAYMENT = "own_payment"
    ACCEPTANCE = "acceptance"


GATE_WORDS = {
    Gate.NOTICE: _("Public notice has passed"),
    Gate.OWN_PAYMENT: _("Own payments have been received"),
    Gate.ACCEPTANCE: _("The insurer has accepted"),
}
COLUMN = {Gate.NOTICE: "notice_passed_at", Gate.OWN_PAYMENT: "own_paid_at", Gate.ACCEPTANCE: "accepted_at"}
#: The plan's question behind each gate.
ASKED = {
    Gate.NOTICE: "requires_notice", Gate.OWN_PAYMENT: "requires_own_payment", Gate.ACCEPTANCE: "requires_insurer_acceptance",
}
#: While an undo is only asked for, what happens outside (a payment, an acceptance) can still be recorded.
PASSABLE = (State.APPLIED, State.UNDO_ASKED)


def asked_gates(plan: Plan) -> list[Gate]:
    """The gates of a plan in their order."""
    return [gate for gate in Gate if getattr(plan, ASKED[gate])]


def lacking(gate: Gate, *, prefix: str = "") -> Q:
    """Enrollments for which a gate that their plan asks for is not passed. Whoever owes nothing has nothing to pay."""
    found = Q(**{f"{prefix}{COLUMN[gate]}__isnull": True})
    return found & Q(**{f"{prefix}own_share__gt": 0}) if gate is Gate.OWN_PAYMENT else found


def waiting_at(gate: Gate, *, prefix: str = "") -> Q:
    """Enrollments whose next gate is this one: their plans ask for it, what comes before is passed, itself it is not."""
    found = Q(**{f"{prefix}state": EnrollmentState.AWAITING, f"{prefix}plan__{ASKED[gate]}": True})
    found &= lacking(gate, prefix=prefix)
    for earlier in Gate:
        if earlier is gate:
            break
        found &= Q(**{f"{prefix}plan__{ASKED[earlier]}": False}) | ~lacking(earlier, prefix=prefix)
    return found


@dataclass(frozen=True)
class Passed:
    """For how many a gate was recorded, how many came into force by it, and the yuan of their own shares."""

    people: int = 0
    in_force: int = 0
    own_share: Decimal = Decimal("0.00")

    def __add__(self, other: Passed) -> Passed:
        return Passed(self.people + other.people, self.in_force + other.in_force, self.own_share + other.own_share)


#: The same as `lacking` says, of a row `e`.
PASSED = {
    Gate.NOTICE: "e.notice_passed_at IS NOT NULL", Gate.OWN_PAYMENT: "(e.own_paid_at IS NOT NULL OR e.own_share = 0)",
    Gate.ACCEPTANCE: "e.accepted_at IS NOT NULL",
}
#: Of a row `e`: its person is known to be dead, so that no gate is recorded for it. What waits then is voided by its office.
#: Few are, found by an index of theirs and hashed once a statement: a search for each row took three times the whole
#: acceptance of 20,000 (measured), this nothing of it.
DEAD = "(e.person_id IN (SELECT gone.id FROM beneficiaries_person gone WHERE gone.deceased_on IS NOT NULL))"
# Cover never begins before the gates are passed: a later day moves its start to the next midnight.
_STAMP = """
WITH passed AS (
    UPDATE beneficiaries_enrollment e SET {column} = %(at)s, insurer_policy_number = {number},
        state = CASE WHEN {ready} THEN 'in_force' ELSE e.state END,
        starts_at = CASE WHEN {ready} AND e.starts_at < %(begins)s AND e.ends_at > %(begins)s THEN %(begins)s ELSE e.starts_at END
    {whose} AND NOT {passed}{earlier} AND NOT {dead}
    RETURNING e.roster_id, e.state, e.own_share
)
SELECT roster_id, count(*), count(*) FILTER (WHERE state = 'in_force'), sum(own_share) FROM passed GROUP BY 1 ORDER BY 1
"""


def stamp(
    covers: QuerySet[Enrollment], gate: Gate, *, asked: Sequence[Gate], policy_number: str = "", at: datetime
) -> dict[int | None, Passed]:
    """Record a gate of one plan for whichever of these enrollments have it before them; by roster, None for purchases.

    The dead have none before them.

    In the caller's transaction, under the locks of their rosters.
    """
    number = "%(policy)s" if gate is Gate.ACCEPTANCE else "e.insurer_policy_number"
    query, chosen = covers.order_by().values("pk").query.sql_with_params()
    named = {f"chosen_{place}": value for place, value in enumerate(chosen)}
    query = query % tuple(f"%({name})s" for name in named)
    return _stamped(gate, _CHOSEN.format(covers=query), {"policy": policy_number, **named}, number=number, asked=asked, at=at)


# Found by their ids in one walk through the key. The state is written so that the index of whoever waits does not fit: read
# whole for each chunk (its statistics are older than the wait), it made the chunks of a long list slower than all else.
_CHOSEN = "WHERE e.id = ANY(ARRAY({covers})) AND e.state || '' = 'awaiting'"
_NUMBERED = """FROM ({numbers}) AS numbered(enrollment_id, policy_number)
    WHERE e.id = ANY(ARRAY(SELECT enrollment_id FROM ({numbers}) AS ours(enrollment_id, policy_number)))
    AND e.id = numbered.enrollment_id AND e.state || '' = 'awaiting' AND e.period_id = %(period)s
    AND (e.roster_id = ANY(%(rosters)s) OR e.roster_id IS NULL)"""


def _stamped(
    gate: Gate, whose: str, values: Mapping[str, Any], *, number: str, asked: Sequence[Gate], at: datetime
) -> dict[int | None, Passed]:
    """One statement; `whose`: its FROM and WHERE, `number`: the insurer's policy."""
    statement = _STAMP.format(
        column=COLUMN[gate], passed=PASSED[gate], whose=whose, number=number, dead=DEAD,
        ready=" AND ".join(PASSED[each] for each in asked if each is not gate) or "true",
        earlier="".join(f" AND {PASSED[each]}" for each in asked[: asked.index(gate)]),
    )
    begins = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    fault_point("beneficiaries.stamp_gate.before")
    with connection.cursor() as cursor:
        plan_anew(cursor)
        cursor.execute(statement, {"at": at, "begins": begins, **values})
        found = {roster: Passed(people, in_force, own) for roster, people, in_force, own in cursor.fetchall()}
    fault_point("beneficiaries.stamp_gate.after")
    return found


def lock_rosters(covers: QuerySet[Enrollment]) -> dict[int, Roster]:
    """The rosters of these enrollments, locked in the order of their ids: gates, lapses and undo meet there."""
    ids = [pk for pk in _rosters_of(covers) if pk is not None]
    found = Roster.objects.select_for_update(of=("self",)).select_related("organization").filter(pk__in=ids)
    return {roster.pk: roster for roster in found.order_by("pk")}


def share_rosters(covers: QuerySet[Enrollment]) -> dict[int, Roster]:
    """As `lock_rosters`, beside others who share them: undo, lapses and other gates wait, and are waited for.

    For whoever has locked what they change already (the lines of a receipt), so that two chunks of a roster go on at once.
    In one transaction a roster is shared or locked, never both: two that share it would wait for each other. Enrollments of
    purchases are locked themselves.
    """
    ids = set(_rosters_of(covers))
    if None in ids:
        _lock_purchased(covers)
    found = list(Roster.objects.raw(_SHARED, [sorted(pk for pk in ids if pk is not None)]))
    prefetch_related_objects(found, "organization")
    return {roster.pk: roster for roster in found}


_SHARED = "SELECT * FROM beneficiaries_roster WHERE id = ANY(%s) ORDER BY id FOR SHARE"


def _rosters_of(covers: QuerySet[Enrollment]) -> list[int | None]:
    return list(covers.order_by("roster").values_list("roster", flat=True).distinct())


def _lock_purchased(covers: QuerySet[Enrollment]) -> None:
    """A purchase is never changed, so nobody may lock it: its enrollments are what two clicks meet at."""
    list(covers.filter(roster=None).order_by("pk").select_for_update(of=("self",)).values_list("pk"))


def pass_gate_of(
    covers: QuerySet[Enrollment], *, gate: Gate, period: Period, by: Any, at: datetime, policy_number: str = "",
    paid_on: date | None = None,
) -> Passed:
    """Record a gate of a period's plan for many enrollments of any of its rosters and purchases, in the caller's transaction.

    `paid_on`: the last day on which any of them paid, where that and not the day of `at` says whether it was in time.

    One event a roster, none a person. Whoever does not wait at this gate is left as they are, and so are rosters that
    are being undone. Money is the caller's: `Passed.own_share` is what came in when the gate is the own payment.
    """
    asked = _asked(gate, period)
    if gate is Gate.OWN_PAYMENT and (paid_on or timezone.localdate(at)) >= period.enrollment_closes_on:
        raise BeneficiariesRefused("GATE_CLOSED", day=period.enrollment_closes_on)
    if gate is Gate.ACCEPTANCE and not policy_number.strip():
        raise BeneficiariesRefused("POLICY_NUMBER")
    covers = covers.filter(period=period)
    fault_point("beneficiaries.pass_gate_of.before")
    rosters = lock_rosters(covers)
    _lock_purchased(covers)
    open_ones = [pk for pk, roster in rosters.items() if roster.state in PASSABLE]
    covers = covers.filter(Q(roster__in=open_ones) | Q(roster=None))
    if gate is Gate.ACCEPTANCE:
        refuse_asked(covers.filter(state=EnrollmentState.AWAITING), period_id=period.pk)
    found = stamp(covers, gate, asked=asked, policy_number=policy_number.strip()[:60], at=at)
    return _told(found, rosters, gate, by=by, at=at)


def accept_numbered(
    numbers: RawSQL, *, rosters: Mapping[int, Roster], period: Period, by: Any, at: datetime
) -> Passed:
    """Record the insurer's acceptance for whoever waits for it, each under a policy number of their own.

    `numbers`: a query of rows (enrollment, insurer's policy), once each; `rosters`: theirs, which the caller has locked or
    shares. As `pass_gate_of` else.
    """
    asked = _asked(Gate.ACCEPTANCE, period)
    fault_point("beneficiaries.accept_numbered.before")
    given = {f"given_{place}": value for place, value in enumerate(numbers.params)}
    found = _stamped(
        Gate.ACCEPTANCE, _NUMBERED.format(numbers=numbers.sql % tuple(f"%({name})s" for name in given)),
        {**given, "period": period.pk, "rosters": [pk for pk, roster in rosters.items() if roster.state in PASSABLE]},
        number="numbered.policy_number", asked=asked, at=at,
    )
    return _told(found, rosters, Gate.ACCEPTANCE, by=by, at=at)


def _asked(gate: Gate, period: Period) -> list[Gate]:
    asked = asked_gates(period.plan)
    if gate not in asked:
        raise BeneficiariesRefused("GATE_NOT_ASKED")
    return asked


def _told(
    found: Mapping[int | None, Passed], rosters: Mapping[int, Roster], gate: Gate, *, by: Any, at: datetime
) -> Passed:
    """One event a roster; the sum."""
    for pk, passed in found.items():
        if pk is not None:
            record_passed(rosters[pk], gate, passed, by=by, at=at)
    fault_point("beneficiaries.pass_gate_of.after")
    return sum(found.values(), Passed())


def record_passed(roster: Roster, gate: Gate, passed: Passed, *, by: Any, at: datetime) -> None:
    """What a roster's timeline says of a gate."""
    fault_point("beneficiaries.record_passed.before")
    events.record(
        "roster.gate_passed", roster, by=by, at=at, organization=roster.organization, region_code=roster.region_code,
        program_id=roster.program_id,
        data={"gate": gate.value, "passed": passed.people, "in_force": passed.in_force},
    )
    fault_point("beneficiaries.record_passed.after")


def next_gate(enrollment: Enrollment) -> Gate | None:
    """Where an enrollment waits; None when it does not."""
    if enrollment.state != EnrollmentState.AWAITING:
        return None
    return next((gate for gate in asked_of(enrollment) if getattr(enrollment, COLUMN[gate]) is None), None)


def asked_of(enrollment: Enrollment) -> list[Gate]:
    """The gates before one enrollment: of those that its plan asks for not the payment of nothing."""
    return [gate for gate in asked_gates(enrollment.plan) if gate is not Gate.OWN_PAYMENT or enrollment.own_share]
