"""Small makers of organizations, regions and users for the tests of every room; never used by the portal itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from itertools import count

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.actions import create_organization, grant_membership
from accounts.models import Organization, PastPassword, Region, User
from audit import events

#: The password of every user made here; it satisfies the default policy.
PASSWORD = "Heyuan-2026-Test"  # noqa: S105

REGION_ROWS = (
    ("44", "广东省"),
    ("4416", "河源市"),
    ("441602", "源城区"),
    ("441602001", "上城街道"),
    ("441602001001", "公园社区"),
    ("441621", "紫金县"),
    ("441621100", "紫城镇"),
    ("4417", "阳江市"),
    ("441702", "江城区"),
    ("45", "广西壮族自治区"),
    ("4510", "百色市"),
    ("451081", "靖西市"),
)

_numbers = count(1)


def make_region_tree() -> dict[str, Region]:
    """Real regions of Heyuan, Yangjiang and Baise by code, down to one village; safe to call again."""
    names = dict(REGION_ROWS)
    rows = []
    for code, name in REGION_ROWS:
        above = [other for other in names if code.startswith(other) and other != code]
        full_name = "".join(names[other] for other in sorted(above, key=len)) + name
        rows.append(
            Region(
                code=code, name=name, full_name=full_name, level=len(code), parent_id=max(above, key=len, default=None)
            )
        )
    Region.objects.bulk_create(rows, ignore_conflicts=True)
    return {region.code: region for region in Region.objects.filter(code__in=names)}


def make_organization(
    name: str | None = None,
    *,
    kind: str = Organization.Kind.GOVERNMENT,
    parent: Organization | None = None,
    region: str = "",
    short_name: str = "",
    at: datetime | None = None,
) -> Organization:
    """An organization in a region (by code, made when missing; "" is the whole country)."""
    found = Region.objects.filter(code=region).first() if region else None
    if region and found is None:
        found = make_region_tree()[region]
    return create_organization(
        name or f"测试机构{next(_numbers)}",
        kind=kind,
        parent=parent,
        region=found,
        short_name=short_name,
        by="system:test",
        at=at or timezone.now(),
    )


def make_user(
    username: str | None = None,
    *,
    role: str | None = None,
    organization: Organization | None = None,
    region_prefix: str | None = None,
    program_ids: Iterable[int] | None = None,
    expires_on: date | None = None,
    display_name: str = "测试员",
    phone: str | None = None,
    at: datetime | None = None,
) -> User:
    """A user with PASSWORD that needs no change, and a membership when `role` is given.

    `region_prefix` None is the organization's own region.
    """
    at = at or timezone.now()
    organization = organization or make_organization(at=at)
    made = make_password(PASSWORD)
    user = User.objects.create(
        username=username or f"user{next(_numbers):04d}",
        display_name=display_name,
        organization=organization,
        phone=phone,
        password=made,
        must_change_password=False,
        password_changed_at=at,
        created_at=at,
    )
    PastPassword.objects.create(user=user, password=made, set_at=at)
    events.record(
        "user.created", user, by="system:test", at=at, organization=organization, region_code=organization.region_code, data={}
    )
    if role is not None:
        grant_membership(
            user,
            role=role,
            organization=organization,
            region_prefix=region_prefix,
            program_ids=program_ids,
            expires_on=expires_on,
            by="system:test",
            at=at,
        )
    return User.objects.select_related("organization").get(pk=user.pk)
