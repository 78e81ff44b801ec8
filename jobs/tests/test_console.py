"""The console in the admin: what each role sees, the buttons, live parts, constant queries."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.contrib.auth import get_user
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from audit.events import sentence
from audit.models import Event
from audit.panels import registry
from jobs.actions import Run, cancel_job, claim, enqueue, run_pending
from jobs.admin import note_on, words_for
from jobs.errors import JobsRefused
from jobs.models import Job
from jobs.tests.conftest import AT

pytestmark = pytest.mark.django_db

LIST = reverse("admin:jobs_job_changelist")


def nothing(run: Run) -> None:
    """Work that is done at once."""


def page(job: Job) -> str:
    """The address of a job's page."""
    return reverse("admin:jobs_job_change", args=[job.pk])


def button(name: str, job: Job) -> str:
    """The address of a button."""
    return reverse(f"admin:jobs_job_{name}", args=[job.pk])


@pytest.fixture
def job_of(a_job_kind: Callable, subject: ContentType) -> Callable[..., Job]:
    """A job of an organization."""

    def make(organization: Any, *, title: str = "核对名册", work: Any = nothing, region: str = "441602") -> Job:
        return enqueue(
            a_job_kind(work, title=title), arguments={"roster": 7}, subject=subject, organization=organization,
            region_code=region, total=200, by="system:test", at=AT,
        )

    return make


@pytest.mark.parametrize("role", ["clerk", "reviewer", "finance_maker", "finance_checker", "auditor", "system_admin"])
def test_each_office_role_sees_its_own_jobs_and_no_others(staff: Callable, job_of: Callable, role: str) -> None:
    client, other = staff(role), staff("clerk")
    own, foreign = job_of(client.organization, title="自己的名册"), job_of(other.organization, title="别人的名册")
    answer = client.get(LIST)
    assert answer.status_code == 200
    assert answer.context["cl"].result_count == 1
    assert page(own) in answer.content.decode()
    assert page(foreign) not in answer.content.decode()
    assert client.get(page(own)).status_code == 200
    assert client.get(page(foreign)).status_code == 404


def test_the_security_administrator_sees_no_jobs(staff: Callable, job_of: Callable) -> None:
    client = staff("security_admin")
    job = job_of(client.organization)
    assert client.get(LIST).status_code == 403
    assert client.get(page(job)).status_code in (403, 404)


def test_jobs_of_the_portal_itself_are_for_the_system_administrator_of_its_operator(
    staff: Callable, a_job_kind: Callable, queue: Callable
) -> None:
    job = queue(a_job_kind(nothing), organization=None, region_code="", subject=None)
    operator = import_module("accounts.testing").make_organization(kind="operator")
    assert staff("system_admin", organization=operator).get(page(job)).status_code == 200
    # An office's own administrator could cancel what every office depends on.
    assert staff("system_admin").get(page(job)).status_code == 404
    assert staff("auditor").get(page(job)).status_code == 404


def test_a_job_is_told_in_words(staff: Callable, job_of: Callable, subject: ContentType) -> None:
    client = staff("clerk")
    job = job_of(client.organization)
    body = client.get(page(job)).content.decode()
    assert "核对名册" in body
    assert f"{subject._meta.verbose_name} {subject.pk}" in body
    assert "等待中" in body
    assert f'data-live="job-{job.pk}-progress" data-live-on' in body
    assert "jobs/refresh.js" in body
    assert "<script>" not in body.split("jobs/refresh.js")[1]


def test_an_ended_job_is_not_renewed(staff: Callable, job_of: Callable) -> None:
    client = staff("clerk")
    job = job_of(client.organization)
    run_pending()
    body = client.get(page(job)).content.decode()
    assert "已完成" in body
    assert "data-live-on" not in body


def test_a_failed_job_runs_again_by_post_alone(staff: Callable, job_of: Callable) -> None:
    def fail(run: Run) -> None:
        raise ZeroDivisionError

    client = staff("system_admin")
    job = job_of(client.organization, work=fail)
    Job.objects.update(max_attempts=1)
    run_pending()
    body = client.get(page(job)).content.decode()
    assert "处理意外中断（ZeroDivisionError，位置：jobs.tests.test_console" in body
    assert button("run_again", job) in body
    assert button("cancel", job) not in body
    assert client.get(button("run_again", job)).status_code == 200
    job.refresh_from_db()
    assert job.state == "failed"
    answer = client.post(button("run_again", job), {"confirmed": "1"})
    assert (answer.status_code, answer["Location"]) == (302, page(job))
    job.refresh_from_db()
    assert (job.state, job.attempts, job.error_code) == ("queued", 0, "")
    event = Event.objects.get(verb="job.run_again")
    assert (event.actor_id, event.subject_id) == (int(client.session["_auth_user_id"]), str(job.pk))
    again = client.post(button("run_again", job), {"confirmed": "1"})
    assert again.status_code == 409
    assert "只有失败或已取消的任务可以重新运行。" in again.content.decode()


def test_a_waiting_job_is_cancelled_by_post_alone(staff: Callable, job_of: Callable) -> None:
    client = staff("system_admin")
    job = job_of(client.organization)
    body = client.get(page(job)).content.decode()
    assert button("cancel", job) in body
    assert button("run_again", job) not in body
    assert client.get(button("cancel", job)).status_code == 200
    job.refresh_from_db()
    assert job.state == "queued"
    assert client.post(button("cancel", job), {"confirmed": "1"}).status_code == 302
    job.refresh_from_db()
    assert job.state == "cancelled"


@pytest.mark.parametrize("role", ["clerk", "reviewer", "finance_maker", "finance_checker", "auditor"])
def test_roles_without_the_permission_have_no_buttons_and_change_nothing(
    staff: Callable, job_of: Callable, role: str
) -> None:
    client = staff(role)
    job = job_of(client.organization)
    body = client.get(page(job)).content.decode()
    for name in ("run_again", "cancel"):
        assert button(name, job) not in body
        assert client.get(button(name, job)).status_code == 403
        assert client.post(button(name, job), {"confirmed": "1"}).status_code == 403
    job.refresh_from_db()
    assert job.state == "queued"


def test_a_foreign_job_can_be_neither_cancelled_nor_run_again(staff: Callable, job_of: Callable) -> None:
    client, other = staff("system_admin"), staff("clerk")
    job = job_of(other.organization)
    for name in ("run_again", "cancel"):
        assert client.post(button(name, job), {"confirmed": "1"}).status_code in (403, 404)
    job.refresh_from_db()
    assert job.state == "queued"


def test_a_job_being_cancelled_says_so_and_offers_no_button(staff: Callable, job_of: Callable) -> None:
    client = staff("system_admin")
    job = job_of(client.organization)
    claim()
    cancel_job(job, by="system:test", at=AT)
    body = client.get(page(job)).content.decode()
    assert "正在取消" in body
    assert button("cancel", job) not in body


def test_filters_by_state_and_kind_and_nothing_else(staff: Callable, job_of: Callable) -> None:
    client = staff("clerk")
    first, second = job_of(client.organization, title="甲"), job_of(client.organization, title="乙")
    run_pending(limit=1)
    done = client.get(LIST, {"state__exact": "done"}).context["cl"].queryset
    assert list(done) == [first]
    of_kind = client.get(LIST, {"kind": second.kind}).context["cl"].queryset
    assert list(of_kind) == [second]
    assert client.get(LIST, {"worker__startswith": "x"}).status_code in (302, 400)


def test_the_list_asks_as_many_queries_for_thirty_jobs_as_for_one(
    staff: Callable, job_of: Callable
) -> None:
    client = staff("system_admin")
    job_of(client.organization)
    client.get(LIST)
    with CaptureQueriesContext(connection) as one:
        client.get(LIST)
    for number in range(29):
        kept = ContentType.objects.create(app_label="tests", model=f"row{number}")
        enqueue(
            Job.objects.first().kind, arguments={}, subject=kept, organization=client.organization,
            region_code="441602", by="system:test", at=AT,
        )
    with CaptureQueriesContext(connection) as thirty:
        assert client.get(LIST).context["cl"].result_count == 30
    assert len(thirty) == len(one)


def test_rate_and_time_left_count_from_this_attempt(a_job_kind: Callable, queue: Callable) -> None:
    job = queue(a_job_kind(nothing), total=200_000)
    run = claim()
    assert run is not None
    with transaction.atomic():
        run.advance(done=50_000)
    Job.objects.filter(pk=job.pk).update(resumed_at=Now() - timedelta(seconds=10))
    job.refresh_from_db()
    with translation.override("en"):
        said = re.fullmatch(r"([45],\d{3}) rows per second, (\d\d) s left", note_on(job))
    assert said is not None
    assert 25 <= int(said[2]) <= 35
    with translation.override("zh-hans"):
        assert re.fullmatch(r"每秒[45],?\d{3}行，剩余\d\d秒", note_on(job))


def test_notes_on_waiting_and_ended_jobs(a_job_kind: Callable, queue: Callable) -> None:
    job = queue(a_job_kind(nothing))
    with translation.override("en"):
        assert note_on(job) == "Waits for a worker."
        job.run_after = timezone.now() + timedelta(seconds=30)
        assert note_on(job) in ("Tried again in 30 s.", "Tried again in 29 s.")
        job.kind = "tests.of_tomorrow"
        assert note_on(job) == "Waits for a worker that knows this kind."
        run_pending()
        job.refresh_from_db()
        assert note_on(job) == "Took 0 s."


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [(0, "0 s", "0秒"), (59.4, "59 s", "59秒"), (61, "1 min 1 s", "1分1秒"), (3_725, "1 h 2 min", "1小时2分")],
)
def test_lengths_of_time_are_said_as_people_do(seconds: float, english: str, chinese: str) -> None:
    with translation.override("en"):
        assert words_for(timedelta(seconds=seconds)) == english
    with translation.override("zh-hans"):
        assert words_for(timedelta(seconds=seconds)) == chinese


def test_failed_jobs_are_a_work_queue_of_those_who_can_run_them_again(staff: Callable, job_of: Callable) -> None:
    client = staff("system_admin")
    job = job_of(client.organization)
    user = client.get(page(job)).wsgi_request.user
    queue = registry.queues["jobs.failed"]
    assert queue.count(user) == 0
    Job.objects.filter(pk=job.pk).update(state="failed", finished_at=Now(), error_code="STEP_FAILED")
    assert queue.count(user) == 1
    assert list(client.get(queue.url()).context["cl"].queryset) == [job]


def test_a_job_of_the_system_and_of_a_user_names_who_asked_for_it(
    staff: Callable, job_of: Callable
) -> None:
    client = staff("system_admin")
    user: Any = get_user(client)
    job = job_of(client.organization)
    type(user).objects.filter(pk=user.pk).update(display_name="李管理")
    for label, number, said in (("system:lapse", None, "系统"), (user.username, user.pk, "李管理")):
        Job.objects.filter(pk=job.pk).update(created_by_label=label, created_by_id=number)
        for address in (LIST, page(job)):
            told = client.get(address).content.decode()
            assert re.search(rf">\s*{said}\s*<", told), address
            assert "system:lapse" not in told


def test_the_timeline_of_a_failed_job_says_why_in_words(staff: Callable, job_of: Callable) -> None:
    def work(run: Run) -> None:
        raise JobsRefused("NOT_LIVE")

    client = staff("system_admin")
    job = job_of(client.organization, work=work)
    run_pending()
    assert Job.objects.get(pk=job.pk).state == "failed"
    told = client.get(page(job)).content.decode()
    assert "任务失败：" + str(JobsRefused("NOT_LIVE")) in told
    assert "NOT_LIVE" not in told
    old = Event(verb="job.failed", data={"code": "SOLD_OUT"})
    assert sentence(old) == "任务失败：原因未记录。"
