"""Premium by insurer: exact to the fen on a hand-over and on the plan's page, where a co-insurer reads its own part alone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pgtrigger
import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Organization, User
from accounts.testing import make_organization, make_user
from audit.testing import shared
from beneficiaries.testing import World
from handover.coinsurers import shares_of
from handover.models import HandOver, Kind
from handover.statement import statement_of
from handover.tests.test_invoices import made
from programs.models import PlanInsurer

pytestmark = pytest.mark.django_db
D = Decimal

_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def without_second_factor(settings: Any) -> None:
    """Signing in is tested elsewhere."""
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def world(kept_world: Any) -> World:
    """Five accepted of 99.00 each, one refused, one not answered; one more accepted and given back."""
    found: World = kept_world[0]
    return found


@pytest.fixture
def others(world: World) -> list[Organization]:
    """The plan as if three insurers had borne it from the first day, a third each."""
    found = [make_organization(f"{name}人寿保险", kind="insurer") for name in ("甲", "乙")]
    with pgtrigger.ignore("programs.PlanInsurer:plan_insurer_stands"):
        for insurer, share in ((world.insurer, "33.3334"), (found[0], "33.3333"), (found[1], "33.3333")):
            PlanInsurer.objects.create(plan=world.plan, insurer=insurer, share=D(share), lead=insurer == world.insurer)
    return found


def page(user: User, address: str) -> Any:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client.get(address)


def test_a_hand_over_is_divided_among_its_insurers_and_rows_and_columns_add_up(world: World, others: list[Organization]) -> None:
    found = statement_of(HandOver.objects.get(kind=Kind.INITIAL))
    assert [
        (line.label, line.sums.premium, line.sums.accepted_premium, line.sums.refused_premium, line.sums.open_premium)
        for line in found.insurers
    ] == [
        (f"{world.insurer.name} 33.3334%", D("231.06"), D("165.02"), D("33.02"), D("33.02")),
        ("甲人寿保险 33.3333%", D("230.97"), D("164.99"), D("32.99"), D("32.99")),
        ("乙人寿保险 33.3333%", D("230.97"), D("164.99"), D("32.99"), D("32.99")),
    ]
    for name in ("premium", "accepted_premium", "refused_premium", "open_premium"):
        assert sum(getattr(line.sums, name) for line in found.insurers) == getattr(found.total, name), name


def test_a_plan_of_one_insurer_has_no_such_part(world: World) -> None:
    assert statement_of(HandOver.objects.get(kind=Kind.INITIAL)).insurers == []
    assert shares_of(world.plan, world.reviewer) == []
    answer = page(world.reviewer, reverse("admin:programs_plan_change", args=[world.plan.pk]))
    assert "按保险公司分列的保费" not in answer.content.decode()


def test_the_plan_says_what_falls_to_each_and_a_co_insurer_reads_its_own_part_alone(
    world: World, others: list[Organization]
) -> None:
    reader = make_user("co-insurer", organization=others[0], role="auditor")
    (whole,), (own,) = shares_of(world.plan, world.reviewer), shares_of(world.plan, reader)
    assert [(each.name, each.percent, each.accepted, each.given_back, each.balance, each.open) for each in whole.shares] == [
        (world.insurer.name, "33.3334", D("198.04"), D("33.02"), D("165.02"), D("33.02")),
        ("甲人寿保险", "33.3333", D("197.98"), D("32.99"), D("164.99"), D("32.99")),
        ("乙人寿保险", "33.3333", D("197.98"), D("32.99"), D("164.99"), D("32.99")),
    ]
    assert own.shares == [whole.shares[1]]
    answer = page(reader, reverse("admin:programs_plan_change", args=[world.plan.pk])).content.decode()
    assert ("按保险公司分列的保费" in answer, "197.98" in answer, "198.04" in answer) == (True, True, False)
    for name in ("handover_handover", "handover_handoverline", "beneficiaries_enrollment"):
        listed = page(reader, reverse(f"admin:{name}_changelist"))
        assert listed.status_code == 403 or listed.context["cl"].result_count == 0
    hand_over = HandOver.objects.get(kind=Kind.INITIAL)
    assert page(reader, reverse("admin:handover_handover_change", args=[hand_over.pk])).status_code == 404
