"""Two people who are one: what stands against it, and the merge itself, whose every move is kept so that it can be undone.

The rows of the person who goes move to the person who stays (ADR 21); the database lets rows move between these two alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.models import User
from audit import events
from audit.faults import fault_point
from beneficiaries.change_events import tell
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.keepers import keeper_case
from beneficiaries.marking import mark_people
from beneficiaries.models import (
    Beneficiary,
    BeneficiaryCategory,
    DocumentStanding,
    Enrollment,
    MergedRow,
    Person,
    PersonChange,
    PersonDocument,
)
from beneficiaries.models.enrollment import LIVE, EnrollmentState
from beneficiaries.models.merged_row import MergedKind
from beneficiaries.money import COUNTY_DIGITS
from programs import actions as programs
from programs.actions import Demand
from programs.models import Plan

_VIEW = "beneficiaries.view_enrollment"
Pair = tuple[Enrollment, Enrollment]


@dataclass(frozen=True)
class MergeOutlook:
    """What a merge would do. `pairs`: covers of both that cannot stand beside each other; `obstacle`: a code, "" for none."""

    pairs: tuple[Pair, ...]
    obstacle: str
    offices: int
    offices_of_both: int
    covers: int
    documents: int


def merge_outlook(person: Person, other: Person, *, by: Any, besides: int | None = None) -> MergeOutlook:
    """What merging `other` into `person` would do, as `by` may know it; `besides`: the change that asks."""
    ours = set(Beneficiary.objects.filter(person=person).values_list("program", "organization"))
    theirs = list(Beneficiary.objects.filter(person=other).values_list("program", "organization"))
    known_to_both = sum(1 for place in theirs if place in ours)
    pairs = tuple(collisions(person, other))
    return MergeOutlook(
        pairs, _obstacle(person, other, pairs, by=by, besides=besides), len(theirs), known_to_both,
        Enrollment.objects.filter(person=other).count(), other.documents.count() + 1,
    )


def _obstacle(person: Person, other: Person, pairs: Iterable[Pair], *, by: Any, besides: int | None) -> str:
    if person.pk == other.pk:
        return "MERGE_SAME"
    if person.merged_into_id or other.merged_into_id:
        return "MERGED_ALREADY"
    if Person.objects.filter(merged_into=other).exists():
        return "MERGE_OTHER_WAY"
    asked = PersonChange.objects.waiting().filter(
        Q(person__in=(person, other)) | Q(other__in=(person, other))
    )
    if asked.exclude(pk=besides).exists():
        return "MERGE_CHANGE_WAITS"
    seen = Enrollment.objects.visible_to(by, _VIEW)
    covers = {each.pk for pair in pairs for each in pair}
    if seen.filter(pk__in=covers).count() != len(covers):
        return "MERGE_COVERS_ELSEWHERE"
    return ""


def collisions(person: Person, other: Person) -> list[Pair]:
    """Live covers of both in one period of a program, or at one moment on one plan of spans."""
    named = Enrollment.objects.select_related("program", "period__program", "plan", "organization", "roster", "purchase")
    ours = list(named.filter(person=person, state__in=LIVE).order_by("pk"))
    theirs = list(named.filter(person=other, state__in=LIVE).order_by("pk"))
    return [(one, two) for one in ours for two in theirs if _collide(one, two)]


def _collide(one: Enrollment, two: Enrollment) -> bool:
    if one.period_kind == Plan.PeriodKind.ANNUAL and two.period_kind == Plan.PeriodKind.ANNUAL:
        return (one.program_id, one.period_id) == (two.program_id, two.period_id)
    spans = one.period_kind == two.period_kind == Plan.PeriodKind.SPAN and one.plan_id == two.plan_id
    return spans and one.starts_at < two.ends_at and two.starts_at < one.ends_at


def refuse_unfit(person: Person, other: Person, given_up: Iterable[int], *, by: User, besides: int | None = None) -> None:
    """Refuse a merge that cannot be, or leaves covers that cannot stand beside each other, or gives up others."""
    outlook = merge_outlook(person, other, by=by, besides=besides)
    if outlook.obstacle:
        raise BeneficiariesRefused(outlook.obstacle)
    chosen = set(given_up)
    for one, two in outlook.pairs:
        if not chosen & {one.pk, two.pk}:
            raise BeneficiariesRefused("MERGE_CHOOSE_COVER", one=one.number, other=two.number)
    if chosen - {each.pk for pair in outlook.pairs for each in pair}:
        raise BeneficiariesRefused("MERGE_COVER_UNASKED")
    if chosen and kept_covers(chosen):
        raise BeneficiariesRefused("MERGE_COVER_KEPT")


def kept_covers(covers: Iterable[int]) -> list[int]:
    """Covers that a room above keeps (ADR 12): they are not given up."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT e.id FROM beneficiaries_enrollment e WHERE e.id = ANY(%s) AND {keeper_case()} <> ''",  # noqa: S608
            [list(covers)],
        )
        return [number for (number,) in cursor.fetchall()]


def merge_people(change: PersonChange, *, by: User, at: datetime) -> None:
    """Merge as it was approved, in the caller's transaction, alone with the people of every office that knows one of them."""
    fault_point("beneficiaries.merge.before")
    merged: Any = change.other_id
    locked = Person.objects.select_for_update().filter(pk__in=(change.person_id, merged)).order_by("pk")
    people = {each.pk: each for each in locked}
    person, other = people[change.person_id], people[merged]
    covers = Enrollment.objects.filter(person__in=(person, other)).order_by("pk")
    list(covers.select_for_update(of=("self",)).values_list("pk", flat=True))
    refuse_unfit(person, other, change.given_up, by=by, besides=change.pk)
    released, own = _give_up(change, by=by, at=at)
    fault_point("beneficiaries.merge.person.before")
    index = {name: getattr(other, name) for name in ("identity_index_a", "identity_index_b")}
    Person.objects.filter(pk=other.pk).update(merged_into=person, identity_index_a=None, identity_index_b=None)
    _move_documents(change, person, other, index, at=at)
    fault_point("beneficiaries.merge.offices.before")
    _move_offices(change, person, other)
    mark_people(person.pk)
    if other.deceased_on and person.deceased_on is None:
        Person.objects.filter(pk=person.pk).update(deceased_on=other.deceased_on)
        _kept(change, MergedKind.DECEASED, [(person.pk, None)])
    moved = MergedRow.objects.filter(change=change, kind=MergedKind.COVER).count()
    tell(
        "person.merged", change, by=by, at=at, other=other.pk, covers=moved, given_up=len(change.given_up),
        released=f"{released:.2f}", own=f"{own:.2f}",
    )
    fault_point("beneficiaries.merge.after")


def _move_documents(
    change: PersonChange, person: Person, other: Person, index: dict[str, Any], *, at: datetime
) -> None:
    held = list(other.documents.order_by("pk").values_list("pk", flat=True))
    PersonDocument.objects.filter(pk__in=held).update(person=person)
    _kept(change, MergedKind.DOCUMENT, [(number, None) for number in held])
    named = PersonDocument.objects.create(
        person=person, document_type=other.document_type, document=other.document, standing=DocumentStanding.FURTHER,
        change=change, created_at=at, **index,
    )
    _kept(change, MergedKind.NAMED, [(named.pk, None)])


def _move_offices(change: PersonChange, person: Person, other: Person) -> None:
    """What offices know moves whole; of an office that knew both the covers and categories do, and its own row stays."""
    places = {
        (each.program_id, each.organization_id): each.pk for each in Beneficiary.objects.filter(person=person)
    }
    theirs = list(Beneficiary.objects.filter(person=other).order_by("pk"))
    goes_to = {each.pk: places.get((each.program_id, each.organization_id)) for each in theirs}
    alone = [number for number, target in goes_to.items() if target is None]
    Beneficiary.objects.filter(pk__in=alone).update(person=person)
    _kept(change, MergedKind.BENEFICIARY, [(number, None) for number in alone])
    for number, target in goes_to.items():
        covers = list(Enrollment.objects.filter(beneficiary=number).order_by("pk").values_list("pk", flat=True))
        before = number if target is not None else None
        Enrollment.objects.filter(pk__in=covers).update(person=person, beneficiary=target or number)
        _kept(change, MergedKind.COVER, [(cover, before) for cover in covers])
        if target is None:
            continue
        open_there = BeneficiaryCategory.objects.filter(beneficiary=target, valid_to=None).values("category")
        held = BeneficiaryCategory.objects.filter(beneficiary=number).exclude(valid_to=None, category__in=open_there)
        categories = list(held.order_by("pk").values_list("pk", flat=True))
        BeneficiaryCategory.objects.filter(pk__in=categories).update(beneficiary=target)
        _kept(change, MergedKind.CATEGORY, [(category, number) for category in categories])


def _give_up(change: PersonChange, *, by: User, at: datetime) -> tuple[Decimal, Decimal]:
    """Void the covers that are given up, each funder's part back to its budget: (yuan of funders, yuan of the persons)."""
    released = own = Decimal(0)
    covers: QuerySet[Enrollment] = Enrollment.objects.filter(pk__in=change.given_up).order_by("pk")
    for cover in covers.select_related("roster__organization", "purchase__organization", "split"):
        source: Any = cover.roster or cover.purchase
        demands = [
            Demand(part.funder_id, cover.region_code[:COUNTY_DIGITS], cover.category_id, part.amount, 1)
            for part in cover.split.lines.order_by("funder_id")
        ]
        fault_point("beneficiaries.merge.given_up.before")
        Enrollment.objects.filter(pk=cover.pk).update(state=EnrollmentState.VOIDED)
        programs.take_back_used(source, demands, own_share=cover.own_share, people=1, by=by, at=at)
        _kept(change, MergedKind.GIVEN_UP, [(cover.pk, None)])
        back = sum((each.amount for each in demands), Decimal(0))
        events.record(
            "roster.cover_given_up" if cover.roster else "purchase.cover_given_up", source, by=by, at=at,
            organization=source.organization, region_code=source.region_code, program_id=source.program_id,
            data={"covers": 1, "released": f"{back:.2f}", "change": change.pk},
        )
        released, own = released + back, own + (cover.own_share if cover.own_paid_at else Decimal(0))
    return released, own


def _kept(change: PersonChange, kind: MergedKind, rows: Iterable[tuple[int, int | None]]) -> None:
    MergedRow.objects.bulk_create(
        MergedRow(change=change, kind=kind, row_id=number, beneficiary_id=beneficiary) for number, beneficiary in rows
    )
