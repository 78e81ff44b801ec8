"""`import_roster` is no way around the pages: who may not there, may not here, and nothing of the file is kept."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from accounts.models import User
from accounts.testing import make_user
from audit.models import Event
from audit.testing import shared
from beneficiaries.models import Enrollment, Person, Roster, RosterRow
from beneficiaries.testing import World, csv_of, make_world, people, row
from intake.models import File
from jobs.models import Job

pytestmark = pytest.mark.django_db


_django_db_helper, one_world, kept_world = shared(make_world)


@pytest.fixture
def world(kept_world: World) -> World:
    return kept_world


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "名册.csv"
    path.write_bytes(csv_of(people(3)).getvalue())
    return path


def imported(file: Path, user: str, **how: Any) -> dict[str, Any]:
    said = io.StringIO()
    call_command("import_roster", file, user=user, json=True, stdout=said, **{"program": "HY", **how})
    return dict(json.loads(said.getvalue()))


def stranger(kind: str, world: World) -> tuple[str, dict[str, str]]:
    """A user who may not, and what differs in the call."""
    at = timezone.now()
    other = make_world(code="YJ", regions=("4417", "441702", "441702"))
    if kind == "no permission":
        return world.auditor.username, {}
    if kind == "another region":
        return other.clerk.username, {}
    if kind == "another organization's program":
        return world.clerk.username, {"program": "YJ"}
    if kind == "expired membership":
        past = at - timedelta(days=2)
        expires = timezone.localdate(at) - timedelta(days=1)
        return make_user(role="clerk", organization=world.office, at=past, expires_on=expires).username, {}
    if kind == "ended membership":
        ended = make_user(role="clerk", organization=world.office)
        ended.memberships.update(ended_at=timezone.now(), duty=None)
        return ended.username, {}
    if kind == "inactive user":
        User.objects.filter(pk=world.clerk.pk).update(is_active=False, deactivated_at=at)
        return world.clerk.username, {}
    return "nobody.at.all", {}


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("no permission", "hy-auditor lacks the permission beneficiaries.upload_roster."),
        ("another region", "yj-clerk sees no open period of HY."),
        ("another organization's program", "hy-clerk sees no open period of YJ."),
        ("expired membership", "lacks the permission beneficiaries.upload_roster."),
        ("ended membership", "lacks the permission beneficiaries.upload_roster."),
        ("inactive user", "There is no active user hy-clerk."),
        ("unknown user", "There is no active user nobody.at.all."),
    ],
)
def test_who_may_not_upload_is_refused_and_nothing_is_kept(kind: str, sentence: str, world: World, file: Path) -> None:
    user, changes = stranger(kind, world)
    with pytest.raises(CommandError) as refused:
        imported(file, user, **changes)
    assert sentence in str(refused.value) and refused.value.returncode == 1
    assert not any(model.objects.exists() for model in (Roster, RosterRow, File, Job, Person, Enrollment))


@pytest.mark.parametrize("kind", ["no permission", "another region", "the uploader"])
def test_who_may_not_approve_is_refused_and_nobody_is_enrolled(kind: str, world: World, file: Path) -> None:
    other = make_world(code="YJ", regions=("4417", "441702", "441702"))
    checker = {
        "no permission": world.auditor, "another region": other.reviewer, "the uploader": world.clerk,
    }[kind].username
    with pytest.raises(CommandError) as refused:
        imported(file, world.clerk.username, submit=True, approve_by=checker)
    assert checker in str(refused.value)
    assert Roster.objects.get().state == "submitted"
    assert not Person.objects.exists() and not Enrollment.objects.exists()


def test_what_was_done_is_told_to_machines(world: World, file: Path) -> None:
    file.write_bytes(csv_of([*people(3), row(name="")]).getvalue())
    told = imported(file, world.clerk.username, submit=True, approve_by=world.reviewer.username)
    roster = Roster.objects.get()
    assert (told["roster"], told["state"], told["rows"]) == (roster.pk, "applied", 4)
    assert told["verdicts"] == {"1": 3, "6": 1} and told["codes"]["NAME_EMPTY"] == 1
    assert (told["digest"], told["money"]["premium"]) == (roster.digest, "297.00")
    assert set(told["seconds"]) == {"check", "apply"}
    assert Enrollment.objects.count() == 3
    with pytest.raises(CommandError):
        imported(file, world.clerk.username)
    assert Roster.objects.count() == 1


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"approve_by": "x"}, "--approve-by needs --submit."), ({"by_priority": True}, "--by-priority needs --approve-by."),
        ({"confirm_unusual": True}, "--confirm-unusual needs --submit."),
        ({"period": "1999"}, "hy-clerk sees no open period of HY."),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(how: dict[str, Any], sentence: str, world: World, file: Path) -> None:
    with pytest.raises(CommandError, match=sentence):
        imported(file, world.clerk.username, **how)
    with pytest.raises(CommandError, match="There is no file"):
        imported(file.with_name("none.csv"), world.clerk.username)
    assert not Roster.objects.exists()


def test_an_unusual_roster_is_submitted_only_when_that_is_said_to_be_meant(world: World, tmp_path: Path) -> None:
    twice = tmp_path / "twice.csv"
    twice.write_bytes(csv_of([*people(12), *people(12)]).read())
    with pytest.raises(CommandError, match=r"有异常情况|Something about it is unusual"):
        imported(twice, world.clerk.username, submit=True)
    roster = Roster.objects.get()
    assert (roster.state, roster.confirmed_digest) == ("review", "")
    twice.write_bytes(csv_of([*people(12, first=20), *people(12, first=20)]).read())
    done = imported(twice, world.clerk.username, submit=True, confirm_unusual=True)
    assert (done["state"], done["verdicts"]) == ("submitted", {"1": 12, "6": 12})
    assert Event.objects.filter(verb="roster.confirmed", subject_id=str(done["roster"])).count() == 1
