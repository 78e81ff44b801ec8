"""Covers that ended long ago, terms, holds and runs, for tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import User
from accounts.testing import make_user
from beneficiaries.models import Enrollment
from beneficiaries.testing import World, applied, make_world, people
from claims.models import Case
from intake.models import Import
from jobs.testing import drain
from papers.testing import OPEN
from retention import actions
from retention.models import DestructionRun, RunKind

REASON = "保存期限届满"


def officer_of(world: World) -> User:
    """Whoever is in charge of personal information in the office that operates the program."""
    name = f"officer-{world.program.code.lower()}"
    return User.objects.filter(username=name).first() or make_user(name, organization=world.city, role="security_admin")


def make_old(count: int = 4, *, years: int = 11) -> World:
    """So many people whose covers ended so many years ago, and one whose cover ended a year ago."""
    world = make_world(**OPEN)
    applied(world, people(count + 1))
    ended_long_ago(Enrollment.objects.order_by("pk")[:count], years=years)
    ended_long_ago(Enrollment.objects.order_by("pk")[count:], years=1)
    officer_of(world)
    return world


def ended_long_ago(covers: Any, *, years: int) -> None:
    """Move covers into the past, with what happened to their people: they began a year before their end."""
    end = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=366 * years)
    numbers = [cover.pk for cover in covers]
    Enrollment.objects.filter(pk__in=numbers).update(starts_at=end - timedelta(days=365), ends_at=end)
    Case.objects.filter(claims__enrollment__in=numbers).update(event_at=end - timedelta(days=90))


def age_import(ended: Import, *, days: int) -> None:
    """As if it had come, and ended, so many days before: straight, past the guards of what is final."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE {ended._meta.db_table} SET uploaded_at = uploaded_at - age, submitted_at = submitted_at - age,
            decided_at = decided_at - age, applied_at = applied_at - age FROM (SELECT %(by)s::interval AS age) AS moved
            WHERE id = %(import)s""",  # noqa: S608 - a name of ours
            {"by": f"{days} days", "import": ended.pk},
        )


def drawn(world: World, kind: RunKind = RunKind.PEOPLE, **changes: Any) -> DestructionRun:
    """Listed by its job."""
    at: datetime = timezone.now()
    run = actions.draw_up_run(
        world.program, **{"kind": kind, "due_on": timezone.localdate(at), "by": officer_of(world), "at": at, **changes}
    )
    drain()
    run.refresh_from_db()
    return run


def released(world: World, kind: RunKind = RunKind.PEOPLE) -> DestructionRun:
    """By the reviewer; its job waits."""
    run = drawn(world, kind)
    return actions.release_run(run, digest=run.digest, by=world.reviewer, at=timezone.now())


def done(world: World, kind: RunKind = RunKind.PEOPLE) -> DestructionRun:
    """All the way."""
    run = released(world, kind)
    drain()
    run.refresh_from_db()
    return run
