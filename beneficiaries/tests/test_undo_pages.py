"""The undo in the admin and by command: buttons for whom and when, counts and sums before a click, what stays afterwards."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import Gate, pass_gate
from beneficiaries.admin.undo_pages import BUTTONS
from beneficiaries.keepers import Keeper, forget_keeper, register_keeper
from beneficiaries.models import Enrollment, Roster, RosterRow
from beneficiaries.testing import World, make_world, people
from beneficiaries.tests.outcomes import broken
from beneficiaries.tests.undone import REASON, applied, asked, ordered, undone
from beneficiaries.undo_outlook import undo_outlook
from jobs.testing import drain

pytestmark = pytest.mark.django_db
BACKEND = "accounts.backends.RoleBackend"


_django_db_helper, one_world, kept_world = shared(lambda: make_world(requires_own_payment=True))


@pytest.fixture
def world(settings: Any, kept_world: World) -> World:
    settings.SECOND_FACTOR_REQUIRED = False
    return kept_world


@pytest.fixture
def claimed() -> Iterator[None]:
    register_keeper(
        Keeper("CLAIMED", "a claim was filed", "e.id = (SELECT min(id) FROM beneficiaries_enrollment)")
    )
    yield
    forget_keeper("CLAIMED")


def signed_in(user: User) -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(user, backend=BACKEND)
    return client


def page(user: User, roster: Roster, verb: str = "change") -> Any:
    return signed_in(user).get(reverse(f"admin:beneficiaries_roster_{verb}", args=[roster.pk]))


def buttons(user: User, roster: Roster) -> set[str]:
    text = page(user, roster).content.decode()
    return {
        name for name in BUTTONS
        if f'href="{reverse(f"admin:beneficiaries_roster_{name}", args=[roster.pk])}"' in text
    }


def queues(user: User) -> dict[str, int]:
    shown = signed_in(user).get(reverse("admin:index"))
    return {card.queue.key: card.count for card in shown.context["queues"]}


def test_each_role_meets_its_own_buttons_in_each_state(world: World) -> None:
    roster = applied(world, people(2))
    assert (buttons(world.clerk, roster), buttons(world.reviewer, roster)) == ({"request_undo"}, set())
    asked(world, roster)
    assert (buttons(world.clerk, roster), buttons(world.reviewer, roster)) == (set(), {"approve_undo", "turn_down_undo"})
    assert buttons(world.auditor, roster) == set()


def test_a_confirm_page_says_counts_and_sums_by_funder(world: World) -> None:
    roster = applied(world, people(3))
    pass_gate(roster, gate=Gate.OWN_PAYMENT, by=world.clerk, at=timezone.now())
    text = page(world.clerk, roster, "request_undo").content.decode()
    assert "297" in text
    assert world.foundation.name in text
    assert "206.97" in text
    assert "90.00" in text
    outlook = undo_outlook(roster)
    assert (outlook.covers, outlook.in_force, outlook.paid, str(outlook.refunds)) == (3, 3, 3, "0.03")
    assert [(line.name, line.people, str(line.amount)) for line in outlook.funders] == [
        (world.foundation.name, 3, "206.97"), (world.county.name, 3, "90.00"),
    ]


@pytest.mark.usefixtures("claimed")
def test_requested_by_the_clerk_approved_by_the_reviewer_what_stays_is_listed_and_given_back(world: World) -> None:
    roster = applied(world, people(3))
    done = signed_in(world.clerk).post(
        reverse("admin:beneficiaries_roster_request_undo", args=[roster.pk]), {"reason": REASON}
    )
    assert done.status_code == 302
    assert (queues(world.reviewer), queues(world.clerk)) == ({"beneficiaries.undo_to_decide": 1}, {"beneficiaries.gates": 3})
    done = signed_in(world.reviewer).post(reverse("admin:beneficiaries_roster_approve_undo", args=[roster.pk]))
    assert done.status_code == 302
    drain()
    roster.refresh_from_db()
    assert roster.state == "undone"
    assert queues(world.reviewer) == {}
    shown = page(world.clerk, roster).content.decode()
    assert "a claim was filed" in shown
    assert REASON in shown
    assert buttons(world.clerk, roster) == {"kept_rows"}
    kept = RosterRow.objects.get(roster=roster, kept="CLAIMED")
    address = reverse("admin:beneficiaries_roster_change", args=[roster.pk])
    listed = signed_in(world.clerk).get(address, {"kept": "1"}).content.decode()
    assert listed.count('<tr id="row-') == 1
    assert f'<tr id="row-{kept.pk}"' in listed
    answer = signed_in(world.clerk).post(
        reverse("admin:beneficiaries_roster_kept_rows", args=[roster.pk]), {"kind": "csv"}
    )
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 2
    assert rows[1][-1] == "a claim was filed"
    assert rows[1][2] == kept.document.reveal()
    assert Event.objects.get(verb="roster.kept_rows_downloaded").data == {"rows": 1, "format": "csv"}


def test_a_requester_finds_no_way_to_approve(world: World) -> None:
    roster = asked(world, applied(world, people(1)), by=world.reviewer)
    assert buttons(world.reviewer, roster) == set()
    answer = signed_in(world.reviewer).post(reverse("admin:beneficiaries_roster_approve_undo", args=[roster.pk]))
    assert (answer.status_code, Enrollment.objects.get().state) == (409, "awaiting")


def test_turned_down_with_a_reason_the_roster_stays_applied(world: World) -> None:
    roster = asked(world, applied(world, people(1)))
    answer = signed_in(world.reviewer).post(
        reverse("admin:beneficiaries_roster_turn_down_undo", args=[roster.pk]), {"reason": "名单没有问题"}
    )
    assert answer.status_code == 302
    roster.refresh_from_db()
    assert (roster.state, Enrollment.objects.get().state) == ("applied", "awaiting")
    assert "名单没有问题" in page(world.clerk, roster).content.decode()


def test_a_person_of_an_undone_roster_shows_the_voided_cover_and_why(world: World) -> None:
    roster = undone(world, applied(world, people(1)))
    person = Enrollment.objects.get().person
    shown = signed_in(world.clerk).get(reverse("admin:beneficiaries_person_change", args=[person.pk])).content.decode()
    assert f"The cover was voided: roster {roster.pk} was undone" in shown
    assert "Voided" in shown


def test_an_undone_roster_asks_as_much_of_many_rows_as_of_few(world: World, django_assert_max_num_queries: Any) -> None:
    rosters = [undone(world, applied(world, people(count, first=first))) for first, count in ((0, 2), (100, 60))]
    client = signed_in(world.clerk)
    asks = []
    for roster in rosters:
        with django_assert_max_num_queries(60) as seen:
            client.get(reverse("admin:beneficiaries_roster_change", args=[roster.pk]))
        asks.append(len(seen))
    assert asks[0] == asks[1]


def test_the_command_requests_approves_and_tells_what_it_did(world: World) -> None:
    roster = applied(world, people(3))
    pass_gate(roster, gate=Gate.OWN_PAYMENT, by=world.clerk, at=timezone.now())
    told = io.StringIO()
    call_command(
        "undo_roster", roster.pk, user=world.clerk.username, reason=REASON, approve_by=world.reviewer.username, json=True,
        stdout=told,
    )
    found = json.loads(told.getvalue())
    assert found.pop("seconds") >= 0
    assert found == {
        "roster": roster.pk, "state": "undone", "covers": 3, "premium": "297.00", "rows": 3, "kept": {},
        "refunds": {"people": 3, "yuan": "0.03"},
    }
    assert broken() == []


def test_the_command_refuses_one_person_alone_and_who_lacks_the_permission(world: World) -> None:
    roster = applied(world, people(1))
    for approver, message in ((world.clerk, "lacks the permission"), (world.auditor, "lacks the permission")):
        with pytest.raises(CommandError, match=message):
            call_command(
                "undo_roster", roster.pk, user=world.clerk.username, reason=REASON, approve_by=approver.username
            )
    with pytest.raises(CommandError, match="reaches no roster"):
        call_command("undo_roster", roster.pk + 1, user=world.clerk.username, reason=REASON)
    roster.refresh_from_db()
    assert roster.state == "applied"


def test_an_undo_under_way_can_not_be_decided_again(world: World) -> None:
    roster = ordered(world, applied(world, people(1)))
    assert buttons(world.reviewer, roster) == set()
    answer = signed_in(world.reviewer).post(
        reverse("admin:beneficiaries_roster_turn_down_undo", args=[roster.pk]), {"reason": "名单没有问题"}
    )
    assert answer.status_code == 409
