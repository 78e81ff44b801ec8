"""What a charity and an insurer are offered: never another's work, and all of it where they operate a program themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Organization, User
from accounts.roles import PERMISSIONS, Role
from accounts.testing import make_organization, make_user
from audit import panels
from portal import offered, unfold
from programs.testing import make_program
from tests.kit.matrix.table import REACH, SUBJECTS

#: Rows that any organization has of its own: its people and their doings, codes, what they exported.
OF_ANY = {"staff", "table", "own person"}
#: A job, an event and a reveal belong to the organization where they happened.
HAPPENED = {"audit.event", "audit.reveal", "jobs.job"}


@dataclass
class _Someone:
    """A user of a kind of organization, without a database."""

    kind: str

    @property
    def organization(self) -> Any:
        return Organization(kind=self.kind)

    def grants(self) -> list[Any]:
        return []


@pytest.mark.parametrize(("kind", "reader"), [("charity", "foundation"), ("insurer", "insurer")])
def test_what_is_never_offered_is_what_the_scope_matrix_never_opens(kind: str, reader: str) -> None:
    listed = {page.label for _group, pages in unfold.GROUPS for page in pages}
    opened = {label for label, subject in SUBJECTS.items() if REACH[subject.kind].get(reader)}
    closed = {
        label for label, subject in SUBJECTS.items()
        if label in listed and not REACH[subject.kind].get(reader) and subject.kind not in OF_ANY and label not in HAPPENED
    }
    never = {label for label in offered.NEVER_MET[kind] if label in SUBJECTS}
    assert (never & opened, closed - never) == (set(), set())


@pytest.mark.parametrize(("kind", "reader"), [("charity", "foundation"), ("insurer", "insurer")])
def test_what_is_only_read_has_no_queue_and_what_is_decided_has(kind: str, reader: str) -> None:
    with_queues = {queue.model for queue in panels.registry.queues.values()}
    for label in with_queues & SUBJECTS.keys() - offered.NEVER_MET[kind]:
        decided = "full" in REACH[SUBJECTS[label].kind].get(reader, {}).values() or SUBJECTS[label].kind in OF_ANY
        assert (label in offered.ONLY_READ[kind]) != (decided or label in HAPPENED), label


def lists_and_queues(user: User) -> tuple[set[str], set[str]]:
    """Labels of the sidebar's lists, keys of the workbench's queues."""
    return {page.label for _group, page, _title, _url in unfold.open_pages(user)}, {
        queue.key for queue in panels.queues_for(user)
    }


@pytest.mark.django_db
def test_a_foundation_is_offered_its_money_and_no_work_of_an_office() -> None:
    foundation = make_organization(kind="charity")
    maker = make_user(role=Role.FINANCE_MAKER, organization=foundation)
    lists, queues = lists_and_queues(maker)
    assert queues == {"programs.nearly_spent", "programs.almost_spent"}
    assert {"programs.budget", "subsidies.fundrequest", "subsidies.fundmovement", "programs.ledgeraccount"} <= lists
    assert lists & offered.NEVER_MET["charity"] == set()
    assert [panel.key for panel in panels.figures_for(maker)] == ["programs.used", "programs.reserved", "programs.left"]
    assert panels.queues_of(unfold.apps.get_model("gates.unpaid"), maker) == []


@pytest.mark.django_db
def test_an_insurer_is_offered_what_is_handed_over_and_no_money_of_funders() -> None:
    clerk = make_user(role=Role.CLERK, organization=make_organization(kind="insurer"))
    lists, queues = lists_and_queues(clerk)
    assert queues == set()
    assert {"handover.handover", "handover.handoverline", "handover.insurerformat", "programs.plan"} <= lists
    assert lists & offered.NEVER_MET["insurer"] == set()
    assert panels.figures_for(clerk) == panels.charts_for(clerk) == panels.place_tables_for(clerk) == []


@pytest.mark.django_db
def test_the_palette_finds_nothing_that_is_not_offered(client: Client, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    for kind, found in (("charity", False), ("government", True)):
        client.force_login(
            make_user(role=Role.FINANCE_MAKER, organization=make_organization(kind=kind)), backend="accounts.backends.RoleBackend"
        )
        for address, query in (("admin:search", {"s": "people who", "extended": "1"}), ("admin:app_list", {})):
            page = client.get(reverse(address, args=["gates"] if not query else []), query, headers={"accept-language": "en"})
            assert (reverse("admin:gates_unpaid_changelist") in page.content.decode().split('id="content"')[-1]) is found, address
            assert page.status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("above", [False, True], ids=["its own program", "a program of what is above it"])
def test_a_charity_that_operates_a_program_is_offered_all_of_its_role(above: bool) -> None:
    charity = make_organization(kind="charity")
    make_program("ZQ", organization=charity)
    office = make_organization(kind="charity", parent=charity) if above else charity
    lists, queues = lists_and_queues(make_user(role=Role.FINANCE_MAKER, organization=office))
    assert offered.NEVER_MET["charity"] & lists == {
        page.label for _group, pages in unfold.GROUPS for page in pages
        if page.label in offered.NEVER_MET["charity"] and page.permission in PERMISSIONS[Role.FINANCE_MAKER]
    }
    assert {"gates.unpaid", "subsidies.drafts", "handover.remittances_to_confirm"} <= queues


@pytest.mark.django_db
def test_an_office_is_asked_nothing_for_it_and_a_foundation_once() -> None:
    office = make_user(role=Role.FINANCE_MAKER, organization=make_organization())
    foundation = make_user(role=Role.FINANCE_MAKER, organization=make_organization(kind="charity"))
    counts = []
    for user in (office, foundation):
        user.grants()
        request = RequestFactory().get("/")
        request.user = user
        with CaptureQueriesContext(connection) as asked:
            unfold.navigation(request)
            panels.queues_for(user)
        counts.append(len(asked))
    assert counts == [0, 1]
    assert offered.offers(_Someone("government"), "beneficiaries.roster")
