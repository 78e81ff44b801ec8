"""Hospitals: one list for the whole portal, kept by those who operate it; an edition comes in at once, none is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Region, User
from audit import events
from audit.faults import fault_point
from programs.actions.lists import ListImport, differing, hold_list, refuse_stranger
from programs.errors import ProgramRefused
from programs.models import Hospital

FIELDS = ("name", "level", "grade", "public", "region_code", "designated", "designated_from", "designated_to")


def create_hospital(hospital: Hospital, *, by: User | str, at: datetime) -> Hospital:
    """Add one hospital, given unsaved."""
    refuse_stranger("programs.add_hospital", by=by)
    with transaction.atomic():
        hold_list(Hospital)
        if Hospital.objects.filter(code=hospital.code).exists():
            raise ProgramRefused("CODE_TAKEN", program=hospital.code)
        _check([hospital])
        fault_point("programs.create_hospital.before")
        hospital.save(force_insert=True)
        events.record("hospital.created", hospital, by=by, at=at, data={"code": hospital.code, "name": hospital.name})
        fault_point("programs.create_hospital.after")
    return hospital


def change_hospital(hospital: Hospital, *, by: User | str, at: datetime) -> Hospital:
    """What the given object says instead of what is kept; its code never changes."""
    refuse_stranger("programs.change_hospital", by=by)
    with transaction.atomic():
        hold_list(Hospital)
        kept = Hospital.objects.select_for_update().get(pk=hospital.pk)
        changed = differing(hospital, kept, FIELDS)
        if not changed:
            return kept
        for name in changed:
            setattr(kept, name, getattr(hospital, name))
        _check([kept])
        fault_point("programs.change_hospital.before")
        kept.save(update_fields=changed)
        events.record(
            "hospital.changed", kept, by=by, at=at, data={"code": kept.code, "name": kept.name, "fields": changed}
        )
        fault_point("programs.change_hospital.after")
    return kept


def import_hospitals(edition: Sequence[Hospital], *, by: User | str, at: datetime) -> ListImport:
    """Add and change hospitals, given unsaved, by their codes; who is not named stays as it is."""
    refuse_stranger("programs.import_hospital", by=by)
    with transaction.atomic():
        hold_list(Hospital)
        known = {
            each.code: each
            for each in Hospital.objects.select_for_update().filter(code__in=[each.code for each in edition]).order_by("code")
        }
        added = [each for each in edition if each.code not in known]
        changed = [each for each in edition if each.code in known and differing(each, known[each.code], FIELDS)]
        _check([*added, *changed])
        touched = sorted([*added, *changed], key=lambda each: each.code)
        fault_point("programs.import_hospitals.before")
        Hospital.objects.bulk_create(
            [_row(each) for each in touched], update_conflicts=True, unique_fields=["code"], update_fields=list(FIELDS),
            batch_size=2_000,
        )
        if touched:
            events.record(
                "hospital.imported", Hospital.objects.get(code=touched[0].code), by=by, at=at,
                data={"added": len(added), "changed": len(changed)},
            )
        fault_point("programs.import_hospitals.after")
    return ListImport(len(edition), len(added), len(changed))


def _row(hospital: Hospital) -> Hospital:
    """The same without a number: which row it is, its code says."""
    return Hospital(code=hospital.code, **{name: getattr(hospital, name) for name in FIELDS})


def _check(hospitals: Sequence[Hospital]) -> None:
    """Their regions are known, and at least a county."""
    wanted = {each.region_code for each in hospitals}
    known = set(Region.objects.filter(code__in=wanted, level__gte=Region.Level.COUNTY).values_list("code", flat=True))
    unknown: Any = sorted(wanted - known)
    if unknown:
        raise ProgramRefused("REGION_UNKNOWN", region=", ".join(unknown[:10]))
