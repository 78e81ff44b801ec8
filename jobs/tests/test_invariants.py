"""Each invariant is silent when all is well, and names the row that breaks it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from jobs.actions import Run, claim
from jobs.invariants import INVARIANTS
from jobs.models import Job

pytestmark = pytest.mark.django_db


def broken(number: int) -> list[int]:
    """Ids that an invariant's SQL gives."""
    (invariant,) = [invariant for invariant in INVARIANTS if invariant.number == number]
    with connection.cursor() as cursor:
        cursor.execute(invariant.sql)
        return [row[0] for row in cursor.fetchall()]


def nothing(run: Run) -> None:
    """Work that is done at once."""


def test_a_job_called_running_long_after_its_lease_is_named(a_job_kind: Callable, queue: Callable) -> None:
    job = queue(a_job_kind(nothing))
    claim()
    Job.objects.filter(pk=job.pk).update(lease_until=Now() - timedelta(seconds=100))
    assert broken(24) == []
    Job.objects.filter(pk=job.pk).update(lease_until=Now() - timedelta(seconds=121))
    assert broken(24) == [job.pk]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("arguments", {"document": "110101194912310021"}),
        ("cursor", {"last": 110101194912310021}),
        ("result", {"of": "11010119491231002X"}),
        ("error_facts", {"who": "身份证110101194912310021"}),
        ("error", "证件11010119491231002x不符"),
    ],
)
def test_a_document_number_anywhere_in_a_job_is_named(
    a_job_kind: Callable, queue: Callable, column: str, value: object
) -> None:
    job = queue(a_job_kind(nothing), arguments={"region": "441602001001", "roster": 9_999_999_999})
    Job.objects.filter(pk=job.pk).update(cursor={"digest": "a" * 30 + "1" * 34, "row": 123456789012345})
    assert broken(26) == []
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE jobs_job DROP CONSTRAINT job_arguments_hold_no_personal_number")
        cursor.execute("ALTER TABLE jobs_job DROP CONSTRAINT job_error_holds_no_personal_number")
    Job.objects.filter(pk=job.pk).update(**{column: value})
    assert broken(26) == [job.pk]
