"""Codes: the portal's tables, kept by its operator, and tables of an organization's own beside them; none is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Organization, User
from audit import events
from audit.faults import fault_point
from programs.actions.lists import ListImport, differing, hold_list, refuse_other_keeper
from programs.errors import ProgramRefused
from programs.models import Code

FIELDS = ("name", "group", "valid_from", "valid_to")


def create_code(code: Code, *, by: User | str, at: datetime) -> Code:
    """Add one code, given unsaved, to the table of its organization."""
    refuse_other_keeper("programs.add_code", organization=code.organization, by=by)
    with transaction.atomic():
        hold_list(Code)
        if _of(code.organization).filter(system=code.system, code=code.code).exists():
            raise ProgramRefused("CODE_TAKEN", program=code.code)
        fault_point("programs.create_code.before")
        code.save(force_insert=True)
        _record("code.created", code, by=by, at=at, data={"code": code.code, "name": code.name})
        fault_point("programs.create_code.after")
    return code


def change_code(code: Code, *, by: User | str, at: datetime) -> Code:
    """What the given object says instead of what is kept; system, code and table never change."""
    with transaction.atomic():
        hold_list(Code)
        kept = Code.objects.select_for_update(of=("self",)).select_related("organization").get(pk=code.pk)
        refuse_other_keeper("programs.change_code", organization=kept.organization, by=by)
        changed = differing(code, kept, FIELDS)
        if not changed:
            return kept
        for name in changed:
            setattr(kept, name, getattr(code, name))
        fault_point("programs.change_code.before")
        kept.save(update_fields=changed)
        _record("code.changed", kept, by=by, at=at, data={"code": kept.code, "name": kept.name, "fields": changed})
        fault_point("programs.change_code.after")
    return kept


def import_codes(
    edition: Sequence[Code], *, organization: Organization | None, by: User | str, at: datetime
) -> ListImport:
    """Add and change codes of one table (None: the portal's), given unsaved; what is not named stays as it is."""
    refuse_other_keeper("programs.import_code", organization=organization, by=by)
    with transaction.atomic():
        hold_list(Code)
        rows = _of(organization).select_for_update().filter(code__in=[each.code for each in edition])
        known = {(each.system, each.code): each for each in rows.order_by("system", "code")}
        added, changed = [], []
        for each in edition:
            kept = known.get((each.system, each.code))
            values = {name: getattr(each, name) for name in FIELDS}
            if kept is None:
                added.append(Code(organization=organization, system=each.system, code=each.code, **values))
            elif differing(each, kept, FIELDS):
                for name, value in values.items():
                    setattr(kept, name, value)
                changed.append(kept)
        fault_point("programs.import_codes.before")
        Code.objects.bulk_create(added, batch_size=2_000)
        Code.objects.bulk_update(changed, FIELDS, batch_size=500)
        touched = sorted([*added, *changed], key=lambda each: (each.system, each.code))
        if touched:
            _record("code.imported", touched[0], by=by, at=at, data={"added": len(added), "changed": len(changed)})
        fault_point("programs.import_codes.after")
    return ListImport(len(edition), len(added), len(changed))


def _of(organization: Organization | None) -> QuerySet[Code]:
    return Code.objects.filter(organization=organization)


def _record(verb: str, code: Code, *, by: User | str, at: datetime, data: dict[str, object]) -> None:
    organization = code.organization
    events.record(
        verb, code, by=by, at=at, organization=organization,
        region_code=organization.region_code if organization is not None else "", data=data,
    )
