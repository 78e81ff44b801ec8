"""The console of background work: what waits, runs and failed; run again and cancel by buttons, nothing is edited."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit import naming
from audit.admin import ReadOnlyScopedAdmin
from audit.badges import badge
from audit.buttons import ButtonPages, holds
from audit.exporting import ExportColumn
from jobs import actions
from jobs.models import Job
from jobs.registry import kind_of, known_kinds
from jobs.rules import pace

TONES = {
    Job.State.QUEUED: "calm",
    Job.State.RUNNING: "wait",
    Job.State.DONE: "good",
    Job.State.FAILED: "bad",
    Job.State.CANCELLED: "calm",
}


class KindFilter(admin.SimpleListFilter):
    """By kind, in words."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every kind that this version knows."""
        return [(name, str(kind.title)) for name, kind in known_kinds().items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Jobs of the chosen kind."""
        return queryset.filter(kind=self.value()) if self.value() in known_kinds() else queryset


@admin.register(Job)
class JobAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Background work, newest first."""

    list_display = ("work", "about", "standing", "progress", "trouble", "by", "created_at")
    export_columns = (
        "id", "work", "about", "state", "done", "total", "unit",
        ExportColumn("error", _("error"), lambda job: job.error_sentence), "by", "created_at", "started_at", "finished_at",
    )
    list_filter = ("state", KindFilter)
    allowed_lookups = (KindFilter.parameter_name,)
    search_fields = ("=subject_id", "=created_by_label")
    search_help_text = _("Number of an object, or a user name")
    sortable_by = ("created_at",)
    ordering = ("-id",)
    fieldsets = (
        (None, {"fields": ("work", "about", "standing", "progress", "trouble", "outcome")}),
        (
            _("Details"),
            {
                "fields": (
                    "given", "attempt", "run_after", "worker_name", "by", "created_at", "started_at", "finished_at", "region_code",
                )
            },
        ),
    )
    readonly_fields = (
        "work", "about", "standing", "progress", "trouble", "outcome", "given", "attempt", "run_after", "worker_name",
        "by", "created_at", "started_at", "finished_at", "region_code",
    )
    actions_detail = ("run_again", "cancel")
    #: Button -> states in which it does something.
    button_states: ClassVar[dict[str, tuple[str, ...]]] = {
        "run_again": (Job.State.FAILED, Job.State.CANCELLED),
        "cancel": Job.LIVE,
    }

    def rows_read(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """The names of those who asked for the work."""
        names = naming.names_of_users(row.created_by_id for row in rows)
        for row in rows:
            row.names = names

    @display(description=_("asked for by"))
    def by(self, job: Any) -> str:
        """The name colleagues know."""
        names = job.names if hasattr(job, "names") else naming.names_of_users([job.created_by_id])
        return naming.actor_in_words(job.created_by_label, job.created_by_id, names)

    has_retry_permission = holds("jobs.retry_job")
    has_cancel_permission = holds("jobs.cancel_job")

    class Media:
        """Renews the page of a live job."""

        js = ("jobs/refresh.js",)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something in the job's state."""
        offered = super().get_actions_detail(request, object_id)
        if not offered:
            return offered
        row = self.get_queryset(request).filter(pk=object_id).values_list("state", "stop_requested").first()
        state, stopping = row if row is not None else ("", False)
        return [
            button
            for button in offered
            if state in self.button_states[button.method.__name__]
            and not (stopping and state == Job.State.RUNNING)
        ]

    @display(description=_("work"), ordering="kind")
    def work(self, job: Job) -> str:
        """The kind in words."""
        return job.title

    @display(description=_("object"))
    def about(self, job: Job) -> str:
        """The object in words, without a link: its own page decides who may see it."""
        return job.subject_text

    @display(description=_("state"), ordering="state")
    def standing(self, job: Job) -> SafeString:
        """The state as a badge."""
        text, tone = job.get_state_display(), TONES[Job.State(job.state)]
        if job.stop_requested and job.state == Job.State.RUNNING:
            text, tone = _t("being cancelled"), "wait"
        return live(job, "state", badge(text, tone))

    @display(description=_("progress"), ordering="done")
    def progress(self, job: Job) -> SafeString:
        """How far, how fast, how long still."""
        context = {"done": job.done, "total": job.total, "label": job.get_unit_display(), "note": note_on(job)}
        return live(job, "progress", render_to_string("portal/progress.html", context))

    @display(description=_("error"))
    def trouble(self, job: Job) -> SafeString:
        """Why it failed, or what went wrong before it is tried again."""
        return live(job, "error", job.error_sentence or "–")

    @display(description=_("result"))
    def outcome(self, job: Job) -> SafeString:
        """What the work gave back."""
        said = "; ".join(f"{name}: {value}" for name, value in (job.result or {}).items())
        return naming.as_recorded(said or "–")

    @display(description=_("arguments"))
    def given(self, job: Job) -> SafeString:
        """Numbers of rows and codes."""
        return naming.as_recorded(json.dumps(job.arguments, ensure_ascii=False) if job.arguments else "–")

    @display(description=_("worker"))
    def worker_name(self, job: Job) -> SafeString:
        """Machine and process."""
        return naming.as_recorded(job.worker or "–")

    @display(description=_("attempts since the last progress"))
    def attempt(self, job: Job) -> str:
        """Out of how many."""
        return f"{job.attempts} / {job.max_attempts}"

    @action(description=_("Run again"), url_path="run-again", permissions=["retry"], icon="replay")
    def run_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Queue a failed or cancelled job again."""
        job = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.retry_job(job, **given)
            return _t("The job is waiting for a worker.")

        return self.button_page(
            request, title=_t("Run again"), button=_t("Run again"), run=run, subject=job,
            sentence=_t("The work goes on where its last completed step ended; nothing is done twice."),
            facts=facts_of(job),
        )

    @action(description=_("Cancel job"), url_path="cancel", permissions=["cancel"], icon="cancel")
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End a waiting or running job."""
        job = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            ended = actions.cancel_job(job, **given)
            if ended.state == Job.State.CANCELLED:
                return _t("The job is cancelled.")
            return _t("The job ends at its next step.")

        return self.button_page(
            request, title=_t("Cancel job"), button=_t("Cancel job"), run=run, subject=job, danger=True,
            sentence=_t("What its completed steps have done stays; it can be run again from there."),
            facts=facts_of(job),
        )


def live(job: Job, part: str, content: str) -> SafeString:
    """A part of the page that is renewed while the job is live."""
    return render_to_string(
        "jobs/live.html", {"key": f"job-{job.pk}-{part}", "live": job.is_live, "part": content}
    )


def facts_of(job: Job) -> list[tuple[str, Any]]:
    """What a confirm page says about a job."""
    done = number_format(job.done, force_grouping=True)
    if job.total is not None:
        done = f"{done} / {number_format(job.total, force_grouping=True)}"
    return [
        (_t("work"), job.title),
        (_t("object"), job.subject_text),
        (_t("state"), job.get_state_display()),
        (str(job.get_unit_display()), done),
        (_t("error"), job.error_sentence),
    ]


def note_on(job: Job) -> str:
    """Rate and time left of a running job, the wait of a queued one, the duration of an ended one."""
    now = timezone.now()
    if job.state == Job.State.QUEUED:
        if kind_of(job.kind) is None:
            return _t("Waits for a worker that knows this kind.")
        if job.run_after is not None and job.run_after > now:
            return _t("Tried again in %(time)s.") % {"time": words_for(job.run_after - now)}
        return _t("Waits for a worker.")
    if job.state != Job.State.RUNNING or job.resumed_at is None:
        if job.started_at is None or job.finished_at is None:
            return ""
        return _t("Took %(time)s.") % {"time": words_for(job.finished_at - job.started_at)}
    found = pace(
        done=job.done, total=job.total, resumed_from=job.resumed_from, seconds=(now - job.resumed_at).total_seconds()
    )
    if found.per_second is None:
        return ""
    facts = {
        "rate": number_format(found.per_second, 0 if found.per_second >= 10 else 1, force_grouping=True),
        "unit": job.get_unit_display(),
    }
    if found.seconds_left is None:
        return _t("%(rate)s %(unit)s per second") % facts
    return _t("%(rate)s %(unit)s per second, %(left)s left") % {
        **facts, "left": words_for(timedelta(seconds=found.seconds_left)),
    }


def words_for(time: timedelta) -> str:
    """A length of time as people say it."""
    seconds = max(round(time.total_seconds()), 0)
    if seconds < 60:
        return _t("%(seconds)d s") % {"seconds": seconds}
    if seconds < 3600:
        return _t("%(minutes)d min %(seconds)d s") % {"minutes": seconds // 60, "seconds": seconds % 60}
    return _t("%(hours)d h %(minutes)d min") % {"hours": seconds // 3600, "minutes": seconds % 3600 // 60}
