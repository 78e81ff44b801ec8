"""What must hold of messages, each broken once as if by a hand in the database."""

from __future__ import annotations

from typing import Any

import pgtrigger
import pytest
from django.db import connection
from django.utils import timezone

from audit.testing import shared
from outreach import actions
from outreach.invariants import INVARIANTS
from outreach.models import MessageWording, Sending, SendingLine
from outreach.testing import covers, make_paying, ready
from portal.verify import check

pytestmark = pytest.mark.django_db


def made() -> Any:
    """A sending that was written and fetched."""
    world = make_paying()
    sending = ready(world)
    b"".join(actions.open_messages(sending, by=world.clerk, at=timezone.now()))
    return world


_django_db_helper, one_world, kept_world = shared(made)


def found() -> list[str]:
    return [each.name for each in INVARIANTS if check(each).rows]


def unguarded(statement: str, *values: Any) -> None:
    """As the owner of the tables could, constraints and triggers put aside."""
    with connection.cursor() as cursor, pgtrigger.ignore():
        cursor.execute(statement, values)


def without(constraint: str, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")


def test_nothing_is_found_where_nothing_is_wrong(kept_world: Any) -> None:
    assert found() == []


def test_a_sending_released_by_its_proposer_is_found(kept_world: Any) -> None:
    without("sending_released_by_another", "outreach_sending")
    unguarded("UPDATE outreach_sending SET released_by_id = proposed_by_id")
    assert found() == ["sending_released_by_another"]


def test_a_line_that_was_changed_is_found(kept_world: Any) -> None:
    unguarded("UPDATE outreach_sendingline SET enrollment_id = enrollment_id + 1000000 WHERE number = 1")
    assert found() == ["sending_is_its_lines"]


def test_a_batch_that_was_lost_is_found(kept_world: Any) -> None:
    unguarded("DELETE FROM outreach_sendingpart")
    assert found() == ["sending_hands_on_each_line_once"]


def test_a_reminder_of_nothing_is_found(kept_world: Any) -> None:
    sending = Sending.objects.get()
    cover = covers(kept_world)[0]
    unguarded("UPDATE outreach_sendingline SET turn = 3 WHERE enrollment_id = %s", cover.pk)
    assert found() == ["reminders_follow_messages"]
    assert SendingLine.objects.filter(sending=sending, turn=3).count() == 1


@pytest.mark.parametrize(
    ("verb", "what"),
    [("sending.released", Sending), ("sending.downloaded", Sending), ("message_wording.approved", MessageWording)],
)
def test_a_step_without_its_event_is_found(kept_world: Any, verb: str, what: Any) -> None:
    unguarded("UPDATE audit_event SET subject_id = '0' WHERE verb = %s AND subject_type = %s", verb, what._meta.label_lower)
    assert found() == ["every_sending_step_has_its_event"]


def test_a_document_number_in_a_text_is_found(kept_world: Any) -> None:
    unguarded("UPDATE outreach_messagewording SET text = '441602196203151219'")
    assert found() == ["no_raw_numbers_in_messages"]


def test_a_file_kept_past_its_time_is_found(kept_world: Any) -> None:
    unguarded("UPDATE outreach_sending SET purge_on = current_date - 8")
    assert found() == ["no_messages_kept_past_their_time"]
