"""The undo of a merge: every row goes back the way it came, until something new hangs on the person who stayed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F

from accounts.models import User
from audit.faults import fault_point
from beneficiaries.change_events import tell
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.marking import mark
from beneficiaries.models import (
    Beneficiary,
    BeneficiaryCategory,
    ChangeKind,
    ChangeState,
    Ending,
    Enrollment,
    MergedRow,
    Person,
    PersonChange,
    PersonDocument,
)
from beneficiaries.models.merged_row import MergedKind


def merge_of(person: Person) -> PersonChange | None:
    """The last merge into a person that stands."""
    merges = PersonChange.objects.filter(
        kind=ChangeKind.MERGE, state=ChangeState.APPROVED, person=person, other__merged_into=F("person")
    )
    return merges.order_by("-decided_at", "-pk").first()


def new_since(merge: PersonChange) -> dict[str, int]:
    """What has come to the person since the merge, by kind: with anything of it the merge stays."""
    since, person = merge.decided_at, merge.person_id
    covers = Enrollment.objects.filter(person=person)
    found = {
        "covers": covers.filter(created_at__gt=since).count(),
        "endings": Ending.objects.filter(enrollment__in=covers.values("pk"), created_at__gt=since).count(),
        "offices": Beneficiary.objects.filter(person=person, created_at__gt=since).count(),
        "documents": PersonDocument.objects.filter(person=person, created_at__gt=since).count(),
        "changes": PersonChange.objects.filter(
            person=person, state=ChangeState.APPROVED, decided_at__gt=since
        ).exclude(kind=ChangeKind.UNMERGE).count(),
    }
    return {name: number for name, number in found.items() if number}


def refuse_settled(merge: PersonChange) -> None:
    """Refuse the undo of a merge that is undone, or that something new hangs on."""
    standing = merge_of(merge.person)
    if standing is None or standing.pk != merge.pk:
        raise BeneficiariesRefused("MERGE_NOT_STANDING")
    if new_since(merge):
        raise BeneficiariesRefused("MERGE_HAS_NEW")
    waiting = PersonChange.objects.waiting().filter(person=merge.person_id).exclude(kind=ChangeKind.UNMERGE)
    if waiting.exists():
        raise BeneficiariesRefused("MERGE_CHANGE_WAITS")


def unmerge_people(change: PersonChange, *, by: User, at: datetime) -> None:
    """Undo an approved merge in the caller's transaction, alone with the people of every office that knows one of them."""
    fault_point("beneficiaries.unmerge.before")
    other: Any = change.other_id
    list(Person.objects.select_for_update().filter(pk__in=(change.person_id, other)).order_by("pk"))
    undone: Any = change.undoes_id
    merge = PersonChange.objects.select_for_update(of=("self",)).select_related("person", "other").get(pk=undone)
    list(Enrollment.objects.select_for_update(of=("self",)).filter(person=change.person_id).order_by("pk"))
    refuse_settled(merge)
    moved = {kind: list(MergedRow.objects.filter(change=merge, kind=kind).order_by("pk")) for kind in MergedKind}
    rows = {kind: [each.row_id for each in held] for kind, held in moved.items()}
    Beneficiary.objects.filter(pk__in=rows[MergedKind.BENEFICIARY]).update(person=other)
    mark(rows[MergedKind.BENEFICIARY])
    fault_point("beneficiaries.unmerge.covers.before")
    for each in moved[MergedKind.COVER]:
        before = {"beneficiary": each.beneficiary_id} if each.beneficiary_id else {}
        Enrollment.objects.filter(pk=each.row_id).update(person=other, **before)
    for each in moved[MergedKind.CATEGORY]:
        BeneficiaryCategory.objects.filter(pk=each.row_id).update(beneficiary=each.beneficiary_id)
    fault_point("beneficiaries.unmerge.documents.before")
    PersonDocument.objects.filter(pk__in=rows[MergedKind.DOCUMENT]).update(person=other)
    named = PersonDocument.objects.get(pk__in=rows[MergedKind.NAMED])
    index = {name: getattr(named, name) for name in ("identity_index_a", "identity_index_b")}
    named.delete()
    if moved[MergedKind.DECEASED]:
        Person.objects.filter(pk=change.person_id).update(deceased_on=None)
    fault_point("beneficiaries.unmerge.person.before")
    Person.objects.filter(pk=other).update(merged_into=None, **index)
    tell(
        "person.unmerged", change, by=by, at=at, other=other, covers=len(rows[MergedKind.COVER]),
        stay_given_up=len(rows[MergedKind.GIVEN_UP]),
    )
    fault_point("beneficiaries.unmerge.after")
