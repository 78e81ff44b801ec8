"""The database that `bench.fill` makes set-wise holds to what a true one holds to, but for what it leaves out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.utils import timezone

from bench.fill import fill
from beneficiaries.models import Enrollment, Person, Roster
from portal.verify import check_all

pytestmark = pytest.mark.django_db(transaction=True)
#: What hangs on events, budgets, books and staged rows, of which nothing is filled in.
LEFT_OUT = {
    "enrollments_equal_budget_use", "every_lapse_has_its_event", "every_notice_step_has_its_event",
    "every_payment_has_its_event", "every_release_has_its_event", "every_roster_step_has_its_event", "every_void_has_its_event",
    "hand_over_counts_its_answers", "hand_over_equals_its_lines", "handed_over_people_are_of_the_period",
    "notice_counts_its_lines", "one_enrollment_per_row", "payment_equals_its_lines", "payment_is_booked_and_recorded",
    "premium_due_equals_enrollments", "receipts_equal_paid_shares", "receivable_equals_shares", "request_equals_its_lines",
}


@pytest.fixture
def nothing_stays(transactional_db: None) -> Iterator[None]:
    """Tables of its own, which no test before it had and none after it has."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT format('DROP TABLE %I', tablename) FROM pg_tables WHERE tablename LIKE 'bench\\_%'")
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)


def test_two_thousand_people_are_filled_in_and_only_what_is_left_out_is_missed(nothing_stays: None) -> None:
    fill(2_000, at=timezone.now(), say=lambda _text: None)
    assert (Person.objects.count(), Enrollment.objects.count()) == (2_000, 2_000)
    assert Roster.objects.count() > 100
    assert {result.name for result in check_all() if result.rows} == LEFT_OUT
