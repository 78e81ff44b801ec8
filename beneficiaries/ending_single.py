"""The ending of one person's cover by a change: the same covers, day and money as by a line of a file (ADR 13)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from audit.faults import fault_point
from beneficiaries.change_events import tell
from beneficiaries.ending import LASTING
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.gating import lock_rosters
from beneficiaries.models import Beneficiary, Enrollment, Person, PersonChange
from beneficiaries.models.enrollment import EnrollmentState
from beneficiaries.models.roster import EndReason
from beneficiaries.voiding import void_of_owners

_COVERS = "beneficiaries_enrollment cover WHERE " + LASTING.format(person="%(person)s", day="%(day)s::date")
_FOUND = f"SELECT cover.id FROM {_COVERS} ORDER BY cover.id"  # noqa: S608 - constants of this room
_LOCKED = f"""
SELECT cover.id, cover.roster_id, cover.purchase_id, cover.state = 'awaiting' FROM {_COVERS}
ORDER BY cover.id FOR NO KEY UPDATE OF cover
"""  # noqa: S608 - constants of this room
_ENDINGS = """
INSERT INTO beneficiaries_ending (enrollment_id, change_id, reason, ended_on, ended_before, created_at)
SELECT id, %(change)s, %(reason)s, %(day)s, ends_at, %(at)s FROM beneficiaries_enrollment
WHERE id = ANY(%(covers)s) ORDER BY id
"""
# A cover that had not begun covers no moment at all.
_ENDED = """
UPDATE beneficiaries_enrollment
SET state = 'ended', ends_at = greatest(starts_at, (%(day)s::date + 1)::timestamp AT TIME ZONE %(zone)s)
WHERE id = ANY(%(covers)s) AND state = 'in_force'
"""


@dataclass(frozen=True)
class EndingOutlook:
    """What an ending would do. `premium`, `own_share`: yuan of the covers that end; none of it is given back."""

    covers: tuple[Enrollment, ...]
    premium: Decimal
    own_share: Decimal
    #: Covers that wait for a gate: they never begin, are voided, and every payer gets the whole share back.
    waiting: tuple[Enrollment, ...]
    #: Whether a death would be recorded that was not known.
    dies: bool

    @property
    def does_nothing(self) -> bool:
        """Neither a cover nor a life ends."""
        return not self.covers and not self.waiting and not self.dies


def ending_outlook(beneficiary: Beneficiary, *, end_reason: str, ended_on: date) -> EndingOutlook:
    """The covers that would end with the end of a day, or be voided: those of this office that would last longer."""
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, _place(beneficiary, ended_on))
        numbers = [number for (number,) in cursor.fetchall()]
    found = list(_named(Enrollment.objects.filter(pk__in=numbers)))
    covers = tuple(each for each in found if each.state == EnrollmentState.IN_FORCE)
    waiting = tuple(each for each in found if each.state == EnrollmentState.AWAITING)
    return EndingOutlook(
        covers, sum((each.premium for each in covers), Decimal(0)), sum((each.own_share for each in covers), Decimal(0)),
        waiting, end_reason == EndReason.DECEASED and beneficiary.person.deceased_on is None,
    )


def end_cover(change: PersonChange, *, by: Any, at: datetime) -> None:
    """End the covers of an approved change, and void those that wait, in the caller's transaction, alone with the office's people.

    The rosters of who waits first: whoever records a gate has them locked, and is wholly before or after.
    """
    with connection.cursor() as cursor:
        fault_point("beneficiaries.end_cover.before")
        place = _place(change, change.ended_on)
        cursor.execute(_FOUND, place)
        before = [number for (number,) in cursor.fetchall()]
        rosters = lock_rosters(Enrollment.objects.filter(pk__in=before, state=EnrollmentState.AWAITING))
        cursor.execute(_LOCKED, place)
        found = cursor.fetchall()
        covers = [number for number, *_source in found]
        waiting = [(number, roster, purchase) for number, roster, purchase, waits in found if waits]
        person = Person.objects.select_for_update(no_key=True).get(pk=change.person_id)
        dies = change.end_reason == EndReason.DECEASED and person.deceased_on is None
        if not covers and not dies:
            raise BeneficiariesRefused("NOTHING_TO_END")
        facts = {**place, "covers": covers, "change": change.pk, "reason": change.end_reason, "at": at}
        cursor.execute(_ENDINGS, facts)
        fault_point("beneficiaries.end_cover.covers.before")
        cursor.execute(_ENDED, facts)
        if dies:
            fault_point("beneficiaries.end_cover.deceased.before")
            Person.objects.filter(pk=person.pk).update(deceased_on=change.ended_on)
        fault_point("beneficiaries.end_cover.waiting.before")
        void_of_owners(waiting, rosters, by=by, at=at)
        tell(
            "person.ended", change, by=by, at=at, covers=len(covers), day=str(change.ended_on), end_reason=change.end_reason
        )
        fault_point("beneficiaries.end_cover.after")


def _place(subject: Any, day: date | None) -> dict[str, Any]:
    return {
        "person": subject.person_id, "program": subject.program_id, "organization": subject.organization_id, "day": day,
        "zone": settings.TIME_ZONE,
    }


def _named(covers: QuerySet) -> QuerySet:
    return covers.select_related("program", "period__program", "plan").order_by("pk")
