"""The tree of organizations: paths follow their parents."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.actions import close_organization, create_organization, move_organization
from accounts.errors import AccountsRefused
from accounts.models import Organization, User
from accounts.testing import make_organization, make_user

pytestmark = pytest.mark.django_db


def test_a_path_holds_every_ancestor_and_the_organization_itself() -> None:
    top = make_organization()
    middle = make_organization(parent=top)
    leaf = make_organization(parent=middle)
    assert top.path == f"/{top.pk}/"
    assert leaf.path == f"/{top.pk}/{middle.pk}/{leaf.pk}/"
    assert (top.depth, middle.depth, leaf.depth) == (0, 1, 2)
    assert list(Organization.objects.at_or_below(middle)) == [middle, leaf]


def test_moving_takes_everything_below_along(at: datetime) -> None:
    top, other = make_organization(), make_organization()
    middle = make_organization(parent=top)
    leaf = make_organization(parent=middle)
    moved = move_organization(middle, parent=other, by="system:test", at=at)
    leaf.refresh_from_db()
    assert moved.path == f"/{other.pk}/{middle.pk}/"
    assert leaf.path == f"/{other.pk}/{middle.pk}/{leaf.pk}/"
    assert leaf.parent_path == moved.path
    connection.check_constraints()


def test_moving_below_itself_is_refused_and_nothing_moves(at: datetime) -> None:
    top = make_organization()
    leaf = make_organization(parent=top)
    with pytest.raises(AccountsRefused) as refused:
        move_organization(top, parent=leaf, by="system:test", at=at)
    assert refused.value.code == "PARENT_BELOW"
    top.refresh_from_db()
    assert top.path == f"/{top.pk}/"


def test_the_database_refuses_a_path_that_disagrees_with_the_parent() -> None:
    top, other = make_organization(), make_organization()
    leaf = make_organization(parent=top)
    wrong = Organization.objects.filter(pk=leaf.pk)
    with pytest.raises(IntegrityError, match="organization_path_follows_parent"), transaction.atomic():
        wrong.update(parent_path=other.path, path=f"{other.path}{leaf.pk}/")
        connection.check_constraints()


def test_the_database_refuses_a_path_that_does_not_end_in_the_own_id() -> None:
    top = make_organization()
    with pytest.raises(IntegrityError, match="organization_path_ends_in_own_id"), transaction.atomic():
        Organization.objects.filter(pk=top.pk).update(path="/7/")


def test_a_closed_organization_takes_no_children(at: datetime) -> None:
    top = close_organization(make_organization(), by="system:test", at=at)
    with pytest.raises(AccountsRefused) as refused:
        create_organization("x", kind="charity", parent=top, by="system:test", at=at)
    assert refused.value.code == "ORGANIZATION_INACTIVE"


def test_the_region_code_repeats_the_region(regions: object) -> None:
    office = make_organization(region="4416")
    assert office.region_code == "4416"
    with pytest.raises(IntegrityError, match="organization_region_code_is_region"), transaction.atomic():
        Organization.objects.filter(pk=office.pk).update(region_code="44")


@pytest.mark.parametrize("kind", Organization.Kind.values)
def test_an_organization_of_each_kind_reads_its_own_place_and_no_other(kind: str, client: Client, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    place, foreign = make_organization("本机构", kind=kind, region="441602"), make_organization("外机构", kind=kind, region="4417")
    own = make_user(organization=make_organization(kind=kind, parent=place, region="441602"))
    other = make_user(organization=foreign)
    reader = make_user(role="security_admin", organization=place)
    assert set(User.objects.visible_to(reader)) == {reader, own}
    assert set(Organization.objects.visible_to(reader)) == {place, own.organization}
    client.force_login(reader, backend="accounts.backends.RoleBackend")
    answers = [
        client.get(reverse("admin:accounts_user_change", args=[user.pk])).status_code for user in (own, other)
    ]
    assert answers == [200, 404]
    assert "外机构" not in client.get(reverse("admin:accounts_organization_changelist")).content.decode()
