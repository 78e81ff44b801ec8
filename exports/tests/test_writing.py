"""A long list becomes a job: the same file whatever its steps, killed anywhere; only for its asker, while they still may."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import InterfaceError, OperationalError, connection
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts.actions import end_membership, grant_membership
from accounts.models import User
from accounts.testing import make_user
from audit import keys
from audit.faults import FaultAt, PlantedFault, handled_by
from audit.models import Event
from audit.testing import FULL_SWEEP
from beneficiaries.models import Enrollment
from beneficiaries.testing import World, make_world
from exports import formats, writing
from exports.actions import ask_export, open_export, purge_exports
from exports.errors import ExportsRefused
from exports.listing import Listing, Wanted
from exports.models import Export, ExportPart
from exports.tests.conftest import PURPOSE, Browser, content_of, enrolled, export, lines_of
from intake import storage
from intake.errors import IntakeRefused
from jobs import stopping
from jobs.actions import claim, execute, retry_job
from jobs.models import Job
from jobs.testing import drain, let_lease_pass
from portal.verify import check_all

ENROLLMENT = "beneficiaries.enrollment"
LOST = (PlantedFault, OperationalError, InterfaceError)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps of 4 rows, lists of more than 5 are long."""
    monkeypatch.setattr(writing, "STEP_ROWS", 4)
    monkeypatch.setattr("exports.page.AT_ONCE_ROWS", 5)
    monkeypatch.setattr(writing, "AT_ONCE_ROWS", 5)


def user_of(user: User) -> User:
    """Read anew: roles are read once per loaded user."""
    return User.objects.get(pk=user.pk)


def asked(user: User, *, kind: str = "csv", query: str = "", label: str = ENROLLMENT) -> Export:
    by = user_of(user)
    return ask_export(Listing(label, by, Wanted(query)), kind=kind, purpose=PURPOSE, by=by, at=timezone.now())


def written(export_: Export) -> Export:
    drain()
    return Export.objects.get(pk=export_.pk)


def file_of(export_: Export, user: User) -> bytes:
    return b"".join(open_export(export_, by=user_of(user), at=timezone.now()))


def kept_files(export_: Export) -> list[str]:
    return storage.keys_within(export_.folder)


@pytest.mark.django_db
def test_a_long_list_is_written_by_a_job_and_waits_for_its_asker(world: World, signed_in: Browser, short: None) -> None:
    enrolled(world, 10)
    at_once = export(signed_in(world.clerk), ENROLLMENT)
    made = Export.objects.get()
    assert at_once.url == reverse("admin:exports_export_change", args=[made.pk])
    assert (made.state, made.rows, Job.objects.get(kind="exports.write").arguments) == ("asked", None, {"export": made.pk})
    made = written(made)
    assert (made.state, made.rows, made.parts.count()) == ("ready", 10, 3)
    assert made.purge_on == timezone.localdate() + timedelta(days=7)
    job = Job.objects.get(kind="exports.write")
    assert (job.state, job.done, job.total) == ("done", 10, 10)
    client = signed_in(world.clerk)
    page = client.get(reverse("admin:exports_export_change", args=[made.pk])).content.decode()
    assert "可下载" in page and made.sha256 in page
    answer = client.post(reverse("admin:exports_export_download", args=[made.pk]))
    content = content_of(answer)
    assert answer["Content-Length"] == str(len(content)) == str(made.size)
    lines = lines_of(content)
    assert [line[0] for line in lines[1:]] == [each.number for each in Enrollment.objects.order_by("-pk")]
    verbs = Event.objects.filter(subject_type="exports.export", subject_id=str(made.pk)).order_by("pk")
    assert list(verbs.values_list("verb", "actor_id")) == [
        ("export.made", world.clerk.pk), ("export.downloaded", world.clerk.pk)
    ]
    assert verbs[0].data["rows"] == 10 and verbs[0].data["content"] == made.sha256[:12]


@pytest.mark.django_db
def test_the_steps_change_nothing_in_the_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    enrolled(world, 9)
    files = {}
    for kind in ("csv", "xlsx"):
        for step in (1, 2, 4, 9, 50):
            monkeypatch.setattr(writing, "STEP_ROWS", step)
            files[kind, step] = file_of(written(asked(world.clerk, kind=kind)), world.clerk)
    assert len({files["csv", step] for step in (1, 2, 4, 9, 50)}) == 1
    books = [load_workbook(io.BytesIO(files["xlsx", step])).active for step in (1, 2, 4, 9, 50)]
    values = [[[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in books]
    assert all(each == values[0] for each in values) and len(values[0]) == 10


@pytest.mark.django_db
def test_what_is_kept_is_sealed(world: World, short: None) -> None:
    enrolled(world, 6)
    made = written(asked(world.clerk))
    for key in kept_files(made):
        with default_storage.open(key, "rb") as source:
            kept = source.read()
        assert "李*".encode() not in kept and b"HY-2027" not in kept
    assert len(kept_files(made)) == 2
    assert "state" not in str(Job.objects.get(kind="exports.write").arguments)


@pytest.mark.django_db
def test_a_workbook_beyond_a_sheet_goes_on_in_the_next(world: World, short: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "ROWS_OF_A_SHEET", 6)
    enrolled(world, 12)
    made = written(asked(world.clerk, kind="xlsx"))
    assert list(made.parts.order_by("number").values_list("sheet", "rows")) == [(1, 4), (1, 2), (2, 4), (2, 2)]
    book = load_workbook(io.BytesIO(file_of(made, world.clerk)))
    numbers = [row[0].value for sheet in book for row in sheet.iter_rows(min_row=2)]
    assert numbers == [each.number for each in Enrollment.objects.order_by("-pk")]
    assert [sheet.max_row for sheet in book] == [7, 7] and book.worksheets[1]["A1"].value == "保障凭证号"


@pytest.mark.django_db
def test_the_search_for_a_person_is_kept_sealed_only(world: World, short: None) -> None:
    enrolled(world, 6)
    made = asked(world.clerk, query="q=441602196203151219")
    assert made.narrowed == [["q", "…"]] and str(made.query) == "****"
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(e)::text FROM exports_export e UNION ALL SELECT row_to_json(j)::text FROM jobs_job j")
        assert all("441602196203151219" not in text for (text,) in cursor.fetchall())


@pytest.mark.django_db
def test_a_role_lost_between_asking_and_writing_leaves_no_file(world: World, short: None) -> None:
    enrolled(world, 10)
    made = asked(world.clerk)
    end_membership(world.clerk.memberships.get(), by="system:test", at=timezone.now())
    made = written(made)
    assert (made.state, made.refusal, made.parts.count(), kept_files(made)) == ("refused", "RIGHT_LOST", 0, [])
    event = Event.objects.get(verb="export.refused")
    assert event.data == {"list": ENROLLMENT, "code": "RIGHT_LOST"}


@pytest.mark.django_db
def test_a_role_lost_in_the_middle_ends_it_and_its_parts_go(world: World, short: None) -> None:
    enrolled(world, 10)
    made = asked(world.clerk)
    run = claim()
    assert run is not None and writing._step(run, made) is False
    end_membership(world.clerk.memberships.get(), by="system:test", at=timezone.now())
    assert execute(run).ending == "done"
    made.refresh_from_db()
    assert (made.state, made.refusal) == ("refused", "RIGHT_LOST") and len(kept_files(made)) == 1
    assert purge_exports(at=timezone.now()) == 1
    made.refresh_from_db()
    assert (made.state, kept_files(made), made.parts.count()) == ("refused", [], 0)


@pytest.mark.django_db
def test_roles_that_reach_elsewhere_now_end_it(world: World, short: None) -> None:
    enrolled(world, 10)
    made = asked(world.clerk)
    grant_membership(world.clerk, role="clerk", organization=world.sibling, by="system:test", at=timezone.now())
    made = written(made)
    assert (made.state, made.refusal) == ("refused", "REACH_CHANGED")


@pytest.mark.django_db
def test_a_file_is_not_handed_out_once_the_role_is_lost_narrowed_or_held_elsewhere(
    world: World, signed_in: Browser, short: None
) -> None:
    enrolled(world, 6)
    made = written(asked(world.clerk))
    membership = world.clerk.memberships.get()
    address = reverse("admin:exports_export_download", args=[made.pk])
    assert signed_in(world.clerk).post(address).status_code == 200
    # Held besides: what it was made by is still there.
    grant_membership(world.clerk, role="clerk", organization=world.sibling, by="system:test", at=timezone.now())
    assert file_of(made, world.clerk)
    end_membership(membership, by="system:test", at=timezone.now())
    with pytest.raises(ExportsRefused, match="无权导出"):
        file_of(made, world.clerk)
    answer = signed_in(user_of(world.clerk)).post(address)
    assert answer.status_code == 409 and not answer.streaming
    grant_membership(
        world.clerk, role="clerk", organization=world.office, region_prefix="441602001", by="system:test", at=timezone.now()
    )
    with pytest.raises(ExportsRefused, match="无权导出"):
        file_of(made, world.clerk)
    assert Event.objects.filter(verb="export.downloaded").count() == 2


@pytest.mark.django_db
def test_a_second_person_neither_sees_nor_downloads_nor_cancels_it(world: World, signed_in: Browser, short: None) -> None:
    enrolled(world, 6)
    made, waiting = written(asked(world.clerk)), asked(world.clerk)
    colleague = make_user("colleague", organization=world.office, role="clerk")
    for other in (colleague, world.reviewer, world.auditor):
        client = signed_in(other)
        for page in ("change", "download", "cancel", "history"):
            for export_ in (made, waiting):
                address = reverse(f"admin:exports_export_{page}", args=[export_.pk])
                assert {client.get(address).status_code, client.post(address).status_code} <= {403, 404}, page
        assert client.get(reverse("admin:exports_export_changelist")).context["cl"].result_count == 0
        with pytest.raises(ExportsRefused):
            open_export(made, by=user_of(other), at=timezone.now())
    waiting.refresh_from_db()
    assert waiting.state == "asked" and not Event.objects.filter(verb="export.downloaded").exists()


@pytest.mark.django_db
def test_an_expired_file_is_refused_then_deleted_and_says_so(world: World, signed_in: Browser, short: None) -> None:
    enrolled(world, 6)
    made = written(asked(world.clerk))
    client, address = signed_in(world.clerk), reverse("admin:exports_export_download", args=[made.pk])
    Export.objects.filter(pk=made.pk).update(purge_on=timezone.localdate())
    answer = client.post(address)
    assert answer.status_code == 409 and f"文件保留至 {timezone.localdate():%Y-%m-%d}" in answer.content.decode()
    assert len(kept_files(made)) == 2
    assert purge_exports(at=timezone.now()) == 1 and purge_exports(at=timezone.now()) == 0
    made.refresh_from_db()
    assert (made.state, made.parts.count(), kept_files(made)) == ("expired", 0, [])
    assert client.post(address).status_code == 409
    assert Event.objects.filter(verb="export.purged", subject_id=str(made.pk)).count() == 1


@pytest.mark.django_db
def test_cancelling_ends_the_writing_and_hands_nothing_out(world: World, signed_in: Browser, short: None) -> None:
    enrolled(world, 10)
    made = asked(world.clerk)
    run = claim()
    assert run is not None and writing._step(run, made) is False
    client = signed_in(world.clerk)
    assert client.post(reverse("admin:exports_export_cancel", args=[made.pk])).status_code == 302
    assert execute(run).ending == "cancelled"
    made.refresh_from_db()
    assert (made.state, made.parts.count(), Job.objects.get(kind="exports.write").state) == ("cancelled", 1, "cancelled")
    assert client.post(reverse("admin:exports_export_download", args=[made.pk])).status_code == 409
    assert client.post(reverse("admin:exports_export_cancel", args=[made.pk])).status_code == 409
    assert purge_exports(at=timezone.now()) == 1 and kept_files(made) == []
    # Run again from the console it still hands out nothing.
    retry_job(Job.objects.get(kind="exports.write"), by="system:test", at=timezone.now())
    made = written(made)
    assert (made.state, made.rows) == ("cancelled", None)


@pytest.mark.django_db
def test_a_worker_past_its_lease_adds_nothing(world: World, short: None) -> None:
    enrolled(world, 10)
    made = asked(world.clerk)
    zombie = claim()
    assert zombie is not None and writing._step(zombie, made) is False
    let_lease_pass(zombie.job)
    Job.objects.filter(pk=zombie.job.pk).update(state="queued", lease_until=None)
    made = written(made)
    content = file_of(made, world.clerk)
    assert execute(zombie).ending == "lost"
    made.refresh_from_db()
    assert (made.state, made.rows, made.parts.count()) == ("ready", 10, 3)
    assert file_of(made, world.clerk) == content and Event.objects.filter(verb="export.made").count() == 1


@pytest.mark.django_db
def test_three_may_be_written_at_the_same_time(world: World, short: None) -> None:
    enrolled(world, 6)
    for _time in range(3):
        asked(world.clerk)
    with pytest.raises(ExportsRefused, match="您有 3 项导出正在写入"):
        asked(world.clerk)
    drain()
    assert written(asked(world.clerk)).state == "ready"


@pytest.mark.django_db
def test_a_list_beyond_the_most_is_refused_before_it_is_written(
    world: World, short: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MOST_ROWS", 8)
    enrolled(world, 9)
    made = written(asked(world.clerk))
    assert (made.state, made.refusal, kept_files(made)) == ("refused", "TOO_MANY_ROWS", [])


@pytest.mark.django_db
def test_an_altered_part_is_never_handed_out_as_whole(world: World, short: None) -> None:
    enrolled(world, 6)
    made = written(asked(world.clerk))
    part = made.parts.get(number=2)
    with default_storage.open(part.storage_key, "rb") as source:
        kept = bytearray(source.read())
    kept[-1] ^= 1
    default_storage.delete(part.storage_key)
    default_storage.save(part.storage_key, io.BytesIO(bytes(kept)))
    with pytest.raises(IntakeRefused) as refused:
        file_of(made, world.clerk)
    assert refused.value.code == "FILE_ALTERED"


# -- Killed anywhere -------------------------------------------------------------------------------------------------------


@pytest.fixture
def lasting(transactional_db: Any, settings: Any, short: None) -> Iterator[World]:
    settings.SECOND_FACTOR_REQUIRED = False
    yield make_world()
    stopping.forget()


def run_until_done(export_: Export) -> None:
    """Work as a worker would after a strike: the lease passes, the sweep queues it again."""
    connection.close()
    keys.forget()
    for _attempt in range(30):
        Job.objects.filter(state="running").update(state="queued", lease_until=None)
        Job.objects.filter(state="queued").update(run_after=None, attempts=0)
        run = claim()
        if run is None:
            break
        execute(run)
    export_.refresh_from_db()


#: The short form strikes every eighth point, the first way and the last.
WAYS = [("csv", "raise", 1), ("csv", "disconnect", 2), ("xlsx", "raise", 3), ("xlsx", "disconnect", 4)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("kind", "mode", "first"), WAYS if FULL_SWEEP else WAYS[::3])
def test_struck_at_any_point_of_its_way_the_file_is_the_same(lasting: World, kind: str, mode: str, first: int) -> None:
    enrolled(lasting, 10)
    asked(lasting.clerk, kind=kind)
    quiet = FaultAt()
    with handled_by(quiet):
        drain()
    assert {
        "exports.step.before", "exports.step.after", "exports.finish.before", "exports.finish.after", "intake.store.before",
        "intake.store.saved", "intake.store.after", "jobs.advance.before", "jobs.advance.after", "jobs.finish.before",
    } <= set(quiet.seen)
    whole = Export.objects.get()
    wanted = file_of(whole, lasting.clerk)
    k, step = (1, 1) if FULL_SWEEP else (first, 2 * len(WAYS))
    struck = 0
    while True:
        made = asked(lasting.clerk, kind=kind)
        fault = FaultAt(k=k, mode=mode)
        try:
            with handled_by(fault):
                run = claim()
                if run is not None:
                    execute(run)
        except LOST:
            pass
        run_until_done(made)
        at = (k, fault.seen[min(k, len(fault.seen)) - 1])
        assert (made.state, made.rows, made.sha256) == ("ready", 10, whole.sha256), at
        assert file_of(made, lasting.clerk) == wanted, at
        assert Event.objects.filter(verb="export.made", subject_id=str(made.pk)).count() == 1, at
        assert made.parts.count() == 3
        if not fault.struck:
            break
        struck += 1
        k += step
    # The last strike was among the last points, and none was left out between.
    assert len(fault.seen) - step < k - step <= len(fault.seen)
    assert struck == len(range(1 if step == 1 else first, len(fault.seen) + 1, step)) > 30 // step - 1
    broken = [(result.name, result.examples) for result in check_all() if result.rows]
    assert broken == []


@pytest.mark.django_db(transaction=True)
def test_struck_at_any_point_of_deleting_it_is_deleted_in_the_end(lasting: World) -> None:
    enrolled(lasting, 6)
    k = 1
    while True:
        made = written(asked(lasting.clerk))
        Export.objects.filter(pk=made.pk).update(purge_on=timezone.localdate())
        fault = FaultAt(k=k)
        try:
            with handled_by(fault):
                purge_exports(at=timezone.now())
        except LOST:
            pass
        purge_exports(at=timezone.now())
        made.refresh_from_db()
        assert (made.state, kept_files(made), ExportPart.objects.filter(export=made).count()) == ("expired", [], 0), k
        assert Event.objects.filter(verb="export.purged", subject_id=str(made.pk)).count() == 1, k
        if not fault.struck:
            break
        k += 1 if FULL_SWEEP else 3
    assert k > 6
