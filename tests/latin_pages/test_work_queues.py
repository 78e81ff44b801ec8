"""The number on the workbench is the number of rows in the list behind it: for every queue and every reader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pgtrigger
import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from audit import panels
from beneficiaries.actions import request_undo
from beneficiaries.models import Roster
from intake.models import State
from programs.models import Budget, Plan
from tests.kit.latin import LatinWorld
from tests.kit.matrix.asking import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(latin_world: LatinWorld, django_db_blocker: Any) -> Iterator[LatinWorld]:
    """In which somebody's own proposals wait, too, which are not theirs to approve."""
    with django_db_blocker.unblock(), transaction.atomic():
        checker = latin_world.users["city finance_checker"]
        plan = Plan.objects.filter(state=Plan.State.IN_REVIEW).latest("pk")
        # As if this checker had been a maker before; the database lets no one be both at a time.
        with pgtrigger.ignore("programs.Plan:plan_terms_stand"):
            Plan.objects.filter(pk=plan.pk).update(drafted_by=checker)
        Budget.objects.filter(label="Zqdraft").update(proposed_by=checker)
        applied = Roster.objects.filter(state=State.APPLIED).latest("pk")
        request_undo(applied, reason="Zq uploaded twice", by=latin_world.users["county clerk"], at=latin_world.at)
        yield latin_world
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def browsers(world: LatinWorld) -> dict[str, Client]:
    return {name: signed_in(user) for name, user in world.users.items()}


def shown_and_listed(client: Client) -> dict[str, tuple[int, int]]:
    """Queue -> the number on the workbench, and that of the list behind its link."""
    page = client.get(reverse("admin:index"))
    cards = [*page.context["queues"], *page.context["idle_queues"]]
    found = {}
    for card in cards:
        answer = client.get(card.url)
        assert answer.status_code == 200, card.url
        found[card.queue.key] = (card.count, answer.context["cl"].queryset.count())
    return found


def test_each_queue_of_each_reader_counts_the_rows_of_its_list(browsers: dict[str, Client]) -> None:
    found = {name: shown_and_listed(client) for name, client in browsers.items()}
    wrong = {
        f"{name} {key}": counts for name, queues in found.items() for key, counts in queues.items() if counts[0] != counts[1]
    }
    assert wrong == {}
    most = {key: max(queues.get(key, (0, 0))[0] for queues in found.values()) for key in panels.registry.queues}
    # A queue that nobody has anything in would prove nothing.
    assert {key for key, count in most.items() if not count} <= {"jobs.failed"}
    assert found["county clerk"]["beneficiaries.under_way"] == (1, 1)
    assert found["city finance_checker"]["programs.plans"] == (1, 1)
    assert found["city finance_checker"]["programs.budgets"] == (1, 1)


def test_a_queue_of_others_work_lists_nothing_by_its_address(browsers: dict[str, Client]) -> None:
    address = reverse("admin:beneficiaries_roster_changelist")
    for queue, count in (("beneficiaries.to_approve", 0), ("beneficiaries.to_submit", 2), ("no.such", 0)):
        answer = browsers["county clerk"].get(f"{address}?queue={queue}")
        assert (answer.status_code, answer.context["cl"].queryset.count()) == (200, count), queue
