"""Actions on organizations: the only writers of paths."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Concat, Substr

from accounts.actions.guards import refuse_without_security
from accounts.errors import AccountsRefused
from accounts.models import Organization, Region, User
from accounts.models.organization import ROOT_PATH
from audit import events
from audit.faults import fault_point


@transaction.atomic
def create_organization(
    name: str,
    *,
    kind: str,
    by: User | str,
    at: datetime,
    parent: Organization | None = None,
    region: Region | None = None,
    short_name: str = "",
    uscc: str = "",
) -> Organization:
    """Make an organization below another one (or as a root)."""
    _refuse_region(region, permission="accounts.add_organization", by=by)
    if parent is not None:
        parent = Organization.objects.select_for_update(no_key=True).get(pk=parent.pk)
        if not parent.active:
            raise AccountsRefused("ORGANIZATION_INACTIVE")
    parent_path = parent.path if parent else ROOT_PATH
    _refuse_twice(name=name, uscc=uscc, parent_path=parent_path)
    new_id = _next_organization_id()
    fault_point("accounts.create_organization.before")
    organization = Organization.objects.create(
        id=new_id,
        name=name,
        short_name=short_name,
        kind=kind,
        region=region,
        region_code=region.code if region else "",
        parent=parent,
        parent_path=parent_path,
        path=f"{parent_path}{new_id}/",
        uscc=uscc,
    )
    _record("organization.created", organization, by=by, at=at, data={"kind": kind, "path": organization.path})
    fault_point("accounts.create_organization.after")
    return organization


@transaction.atomic
def move_organization(
    organization: Organization, *, parent: Organization | None, by: User | str, at: datetime
) -> Organization:
    """Move an organization with everything below it; one statement, checked by the path's foreign key at commit."""
    wanted = {organization.pk} | ({parent.pk} if parent else set())
    locked = {row.pk: row for row in Organization.objects.select_for_update().filter(pk__in=wanted).order_by("pk")}
    organization = locked[organization.pk]
    parent = locked[parent.pk] if parent else None
    parent_path = parent.path if parent else ROOT_PATH
    if parent_path.startswith(organization.path):
        raise AccountsRefused("PARENT_BELOW")
    if parent is not None and not parent.active:
        raise AccountsRefused("ORGANIZATION_INACTIVE")
    old_path, new_path = organization.path, f"{parent_path}{organization.pk}/"
    below = Organization.objects.filter(path__startswith=old_path).exclude(pk=organization.pk)
    list(Organization.objects.select_for_update().filter(path__startswith=old_path).order_by("pk").values_list("pk"))
    fault_point("accounts.move_organization.before")
    Organization.objects.filter(pk=organization.pk).update(parent=parent, parent_path=parent_path, path=new_path)
    tail = len(old_path) + 1
    moved = below.update(
        path=Concat(Value(new_path), Substr(F("path"), tail)),
        parent_path=Concat(Value(new_path), Substr(F("parent_path"), tail)),
    )
    organization.refresh_from_db()
    _record(
        "organization.moved", organization, by=by, at=at,
        data={"from": old_path, "to": new_path, "moved_below": moved},
    )
    fault_point("accounts.move_organization.after")
    return organization


@transaction.atomic
def change_organization(
    organization: Organization,
    *,
    name: str,
    short_name: str,
    uscc: str,
    region: Region | None,
    by: User | str,
    at: datetime,
) -> Organization:
    """Correct what an organization is called and where it is; its place in the tree is `move_organization`."""
    organization = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    new = {
        "name": name,
        "short_name": short_name,
        "uscc": uscc,
        "region": region,
        "region_code": region.code if region else "",
    }
    changed = sorted(field for field, value in new.items() if getattr(organization, field) != value)
    if "region_code" in changed:
        _refuse_region(region, permission="accounts.change_organization", by=by)
    _refuse_twice(name=name, uscc=uscc, parent_path=organization.parent_path, but=organization.pk)
    for field in changed:
        setattr(organization, field, new[field])
    if changed:
        fault_point("accounts.change_organization.before")
        organization.save(update_fields=changed)
        _record("organization.changed", organization, by=by, at=at, data={"fields": changed})
        fault_point("accounts.change_organization.after")
    return organization


@transaction.atomic
def close_organization(organization: Organization, *, by: User | str, at: datetime) -> Organization:
    """Stop an organization: memberships in it no longer give any right."""
    return _set_active(organization, active=False, verb="organization.closed", by=by, at=at)


@transaction.atomic
def reopen_organization(organization: Organization, *, by: User | str, at: datetime) -> Organization:
    """Let a closed organization work again."""
    return _set_active(organization, active=True, verb="organization.reopened", by=by, at=at)


def _refuse_region(region: Region | None, *, permission: str, by: User | str) -> None:
    """An organization's region decides whose people its rosters may name: nobody gives one beyond their own."""
    if isinstance(by, User) and not by.covers(permission, organization=None, region_code=region.code if region else ""):
        raise AccountsRefused("OUT_OF_SCOPE")


def _refuse_twice(*, name: str, uscc: str, parent_path: str, but: int | None = None) -> None:
    others = Organization.objects.exclude(pk=but or 0)
    if others.filter(parent_path=parent_path, name=name).exists():
        raise AccountsRefused("ORGANIZATION_NAME_TAKEN")
    if uscc and others.filter(uscc=uscc).exists():
        raise AccountsRefused("USCC_TAKEN")


def _set_active(
    organization: Organization, *, active: bool, verb: str, by: User | str, at: datetime
) -> Organization:
    organization = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    if organization.active != active:
        if not active:
            refuse_without_security(losing=Q(organization=organization))
        organization.active = active
        fault_point("accounts.set_active.before")
        organization.save(update_fields=["active"])
        _record(verb, organization, by=by, at=at, data={})
        fault_point("accounts.set_active.after")
    return organization


def _next_organization_id() -> int:
    # The path holds the row's own id and is checked at once, so the id is taken before the row is written.
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('accounts_organization', 'id'))")
        return int(cursor.fetchone()[0])


def _record(verb: str, organization: Organization, *, by: User | str, at: datetime, data: dict[str, object]) -> None:
    events.record(
        verb, organization, by=by, at=at, organization=organization, region_code=organization.region_code, data=data
    )
