"""The lists of all villages as files: written by a job that goes on where it was killed, shown as it comes, fetched, deleted."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.testing import make_user
from audit.models import Event
from audit.testing import shared
from beneficiaries.models import Enrollment
from beneficiaries.testing import World, applied, make_world, people
from gates import actions, printing, tasks
from gates.errors import GatesRefused
from gates.models import Notice, NoticeFile, NoticeFilePart
from gates.testing import TERMS, posted_notice
from intake import storage
from jobs.errors import JobsRefused
from jobs.models import Job
from jobs.testing import drain
from portal.verify import check_all

pytestmark = pytest.mark.django_db
#: A county, a town and a village: whatever a line says.
VILLAGES = ("441602", "441602001", "441602001001")


def made() -> World:
    """Two people in each of three places, on a posted notice."""
    world = make_world(**TERMS)
    rows = people(6)
    for number, line in enumerate(rows):
        line[5] = VILLAGES[number // 2]
    applied(world, rows)
    posted_notice(world)
    return world


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def asked(world: World) -> Job:
    return actions.write_notice(Notice.objects.get(program=world.program), by=world.clerk, at=timezone.now())


def fetched(world: World) -> dict[str, str]:
    """Village's file name -> its text."""
    found = actions.open_notice_file(Notice.objects.get(program=world.program), by=world.clerk, at=timezone.now())
    with zipfile.ZipFile(io.BytesIO(b"".join(found))) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def page_of(verb: str = "change") -> str:
    return reverse(f"admin:gates_notice_{verb}", args=[Notice.objects.get().pk])


def broken() -> list[tuple[str, list[str]]]:
    return [(result.name, result.examples) for result in check_all() if result.rows]


def test_a_job_writes_a_file_for_each_village_as_it_hangs(kept_world: World) -> None:
    job = asked(kept_world)
    assert (job.kind, job.done, job.total) == ("gates.write_notice", 0, 6)
    drain()
    job.refresh_from_db()
    assert (job.state, job.done, job.total, job.result) == ("done", 6, 6, {"people": 6, "villages": 3})
    file = NoticeFile.objects.get()
    assert (file.state, file.people, file.villages, file.purge_on) == (
        "ready", 6, 3, timezone.localdate() + timedelta(days=7),
    )
    assert list(file.parts.order_by("number").values_list("number", "region_code", "people")) == [
        (number, code, 2) for number, code in enumerate(VILLAGES, 1)
    ]
    found = fetched(kept_world)
    assert list(found) == ["441602 源城区.html", "441602001 源城区上城街道.html", "441602001001 源城区上城街道公园社区.html"]
    notice = Notice.objects.get()
    assert list(found.values()) == ["".join(printing.document(notice, place=code, as_file=True)) for code in VILLAGES]
    told = Event.objects.filter(subject_type="gates.notice", verb__startswith="notice.file").order_by("pk")
    assert list(told.values_list("verb", "data")) == [
        (f"notice.file_{step}", {"people": 6, "villages": 3}) for step in ("asked", "written", "downloaded")
    ]
    assert broken() == []


def test_whoever_was_taken_off_the_list_stands_on_no_file_and_no_names_are_kept_in_the_clear(kept_world: World) -> None:
    cover = Enrollment.objects.order_by("pk").first()
    assert cover is not None
    Enrollment.objects.filter(pk=cover.pk).update(state="voided")
    asked(kept_world)
    drain()
    assert (Job.objects.get(kind="gates.write_notice").done, NoticeFile.objects.get().people) == (6, 5)
    folder = NoticeFile.objects.get().folder
    kept = b"".join(storage.default_storage.open(key).read() for key in storage.keys_within(folder))
    assert "公示".encode() not in kept and len(storage.keys_within(folder)) >= 3


def test_one_is_written_at_a_time_and_a_draft_has_no_lists(kept_world: World) -> None:
    asked(kept_world)
    with pytest.raises(JobsRefused) as live:
        asked(kept_world)
    assert (live.value.code, NoticeFile.objects.count()) == ("ALREADY_LIVE", 1)
    with pytest.raises(GatesRefused) as refused:
        fetched(kept_world)
    assert refused.value.code == "NO_NOTICE_FILE"
    Notice.objects.update(state="draft")
    with pytest.raises(GatesRefused) as refused:
        asked(kept_world)
    assert refused.value.code == "STATE"


def test_the_page_shows_how_far_the_job_has_come_and_offers_the_file_when_it_is_ready(kept_world: World) -> None:
    clerk = browser(kept_world.clerk)
    assert page_of("download") not in clerk.get(page_of()).content.decode()
    assert clerk.post(page_of("write")).status_code == 302
    job = Job.objects.get(kind="gates.write_notice")
    Job.objects.filter(pk=job.pk).update(done=4)
    page = clerk.get(page_of()).content.decode()
    assert f'data-live="job-{job.pk}" data-live-on' in page and "jobs/refresh.js" in page
    assert '<progress aria-label="生成公示名单" max="6" value="4"></progress>' in page and "4 / 6 · 67%" in page
    Job.objects.filter(pk=job.pk).update(done=0)
    drain()
    page = clerk.get(page_of()).content.decode()
    assert "data-live" not in page and page_of("download") in page
    answer = clerk.post(page_of("download"))
    assert answer["Content-Type"] == "application/zip" and "no-store" in answer["Cache-Control"]
    assert b"".join(answer.streaming_content)[:2] == b"PK"
    stranger = browser(make_user("stranger", organization=kept_world.sibling, role="clerk"))
    assert stranger.post(page_of("download")).status_code in (403, 404)


def test_a_closing_shows_how_far_it_has_come(kept_world: World) -> None:
    notice = Notice.objects.get()
    Notice.objects.update(starts_on=notice.starts_on - timedelta(days=9), ends_on=notice.starts_on - timedelta(days=1))
    actions.close_notice(notice, by=kept_world.clerk, at=timezone.now())
    page = browser(kept_world.clerk).get(page_of()).content.decode()
    assert "data-live-on" in page and "0 / 6 · 0%" in page


def test_files_are_deleted_at_the_end_of_their_time(kept_world: World) -> None:
    asked(kept_world)
    drain()
    folder = NoticeFile.objects.get().folder
    assert actions.purge_notice_files(at=timezone.now() + timedelta(days=6)) == 0
    NoticeFile.objects.update(purge_on=timezone.localdate())
    tasks.retention()
    drain()
    file = NoticeFile.objects.get()
    assert (file.state, file.purged_at is None, NoticeFilePart.objects.count()) == ("expired", False, 0)
    assert storage.keys_within(folder) == []
    assert Job.objects.get(kind="gates.remove_files").result == {"purged": 1}
    with pytest.raises(GatesRefused):
        fetched(kept_world)
    assert broken() == []
