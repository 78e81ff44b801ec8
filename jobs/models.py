"""Background work as rows: the truth about what is to be done. Written by this room's actions only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused
from audit.history import tracked
from audit.scope import Offices, Scope, ScopedQuerySet
from jobs.registry import kind_of

#: Columns that move with every step: progress, not history.
_MOVING = ("total", "done", "furthest", "cursor", "lease_until", "rung_at", "resumed_from")


class JobQuerySet(ScopedQuerySet):
    """Chainable words about jobs."""

    def visible_to(self, user: Any, permission: str | None = None, *, offices: Offices | None = None) -> Self:
        """Jobs within scope; the portal's own (key rotation and such) for who operates the portal."""
        seen = super().visible_to(user, permission, offices=offices)
        if not getattr(user, "is_authenticated", False) or not user.has_perm("jobs.view_system_job"):
            return seen
        asked = user.grants(permission or "jobs.view_system_job")
        if not any(grant.operates_portal for grant in asked):
            return seen
        own = self.filter(organization_path="")
        return own if seen.query.is_empty() else seen | own

    def about(self, subject: models.Model) -> Self:
        """Jobs on one object."""
        return self.filter(subject_type=subject._meta.label_lower, subject_id=str(subject.pk))

    def live(self) -> Self:
        """Waiting or running."""
        return self.filter(state__in=Job.LIVE)

    def due(self) -> Self:
        """Waiting, and not for a later time; by the database's clock, which all workers share."""
        return self.filter(Q(run_after__isnull=True) | Q(run_after__lte=Now()), state=Job.State.QUEUED)

    def lapsed(self) -> Self:
        """Running on paper: the lease has passed."""
        return self.filter(state=Job.State.RUNNING, lease_until__lt=Now())


@tracked(exclude=list(_MOVING))
class Job(models.Model):
    """One piece of background work on one object.

    `fencing_token` grows with each claim: a run whose token is old can commit nothing. `attempts` counts claims since
    the last progress. `cursor` is where the last committed step ended.
    """

    class State(models.TextChoices):
        """Where a job stands."""

        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    class Unit(models.TextChoices):
        """What progress counts."""

        ROWS = "rows", _("rows")
        CHUNKS = "chunks", _("chunks")
        FILES = "files", _("files")
        STEPS = "steps", _("steps")

    LIVE = (State.QUEUED, State.RUNNING)
    ENDED = (State.DONE, State.FAILED, State.CANCELLED)

    kind = models.CharField(_("kind"), max_length=80, db_collation="C")
    arguments = models.JSONField(_("arguments"), default=dict)
    subject_type = models.CharField(_("kind of object"), max_length=60, blank=True, default="", db_collation="C")
    subject_id = models.CharField(_("object"), max_length=40, blank=True, default="", db_collation="C")
    organization_id = models.BigIntegerField(_("organization"), null=True)
    organization_path = models.CharField(max_length=500, blank=True, default="", db_collation="C")
    region_code = models.CharField(_("region"), max_length=12, blank=True, default="", db_collation="C")
    program_id = models.BigIntegerField(_("program"), null=True)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.QUEUED, db_collation="C")
    total = models.BigIntegerField(_("total"), null=True)
    done = models.BigIntegerField(_("done so far"), default=0)
    furthest = models.BigIntegerField(default=0, help_text=_("The largest progress ever committed."))
    unit = models.CharField(_("unit"), max_length=6, choices=Unit, default=Unit.ROWS, db_collation="C")
    cursor = models.JSONField(_("cursor"), null=True, encoder=DjangoJSONEncoder)
    result = models.JSONField(_("result"), null=True, encoder=DjangoJSONEncoder)
    error_code = models.CharField(_("error code"), max_length=40, blank=True, default="", db_collation="C")
    error_source = models.CharField(max_length=120, blank=True, default="", db_collation="C")
    error_facts = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    error = models.TextField(_("error"), blank=True, default="")
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    max_attempts = models.PositiveSmallIntegerField(_("most attempts"), default=5)
    run_after = models.DateTimeField(_("not before"), null=True)
    rung_at = models.DateTimeField(_("last rung at"), null=True)
    fencing_token = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(_("lease until"), null=True)
    worker = models.CharField(_("worker"), max_length=80, blank=True, default="", db_collation="C")
    stop_requested = models.BooleanField(_("being cancelled"), default=False)
    created_by_id = models.BigIntegerField(null=True)
    created_by_label = models.CharField(_("started by"), max_length=80)
    created_at = models.DateTimeField(_("created at"))
    started_at = models.DateTimeField(_("begun at"), null=True)
    resumed_at = models.DateTimeField(null=True)
    resumed_from = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(_("ended at"), null=True)

    objects = JobQuerySet.as_manager()

    scope = Scope(organization_path="organization_path", region="region_code", program="program_id")
    personal_fields = ()
    unread_fields = ("error_code", "created_by_label")
    open_fields = (
        "id", "kind", "arguments", "subject_type", "subject_id", "organization_id", "organization_path", "region_code",
        "program_id", "state", "total", "done", "furthest", "unit", "cursor", "result", "error_code", "error_source",
        "error_facts", "error", "attempts", "max_attempts", "run_after", "rung_at", "fencing_token", "lease_until",
        "worker", "stop_requested", "created_by_id", "created_by_label", "created_at", "started_at", "resumed_at",
        "resumed_from", "finished_at",
    )

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("retry_job", _("Can run jobs again")),
            ("cancel_job", _("Can cancel jobs")),
            ("view_system_job", _("Can view jobs of the portal itself")),
        ]
        indexes = [
            models.Index(fields=["id"], name="job_queued", condition=Q(state="queued")),
            models.Index(fields=["lease_until"], name="job_running_by_lease", condition=Q(state="running")),
            models.Index(fields=["state", "-id"], name="job_by_state"),
            models.Index(fields=["organization_path", "-id"], name="job_by_organization"),
            models.Index(fields=["subject_type", "subject_id", "-id"], name="job_by_subject"),
        ]
        constraints = [
            models.CheckConstraint(
                name="job_lease_while_running",
                condition=Q(state="running", lease_until__isnull=False)
                | (~Q(state="running") & Q(lease_until__isnull=True)),
            ),
            models.CheckConstraint(
                name="job_state_known_and_ended_since",
                condition=Q(state__in=["done", "failed", "cancelled"], finished_at__isnull=False)
                | Q(state__in=["queued", "running"], finished_at__isnull=True),
            ),
            models.CheckConstraint(
                name="job_done_within_total",
                condition=Q(done__gte=0) & (Q(total__isnull=True) | Q(total__gte=F("done"))),
            ),
            models.CheckConstraint(
                name="job_attempts_are_bounded",
                condition=Q(max_attempts__gte=1, attempts__lte=F("max_attempts"), attempts__gte=0),
            ),
            models.CheckConstraint(name="job_failure_says_why", condition=~Q(state="failed") | ~Q(error_code="")),
            models.CheckConstraint(
                name="job_stop_only_while_running_or_cancelled",
                condition=Q(stop_requested=False) | Q(state__in=["running", "cancelled"]),
            ),
            models.CheckConstraint(
                name="job_subject_named_whole",
                condition=Q(subject_type="", subject_id="") | (~Q(subject_type="") & ~Q(subject_id="")),
            ),
            models.UniqueConstraint(
                name="job_one_live_per_subject", fields=["kind", "subject_type", "subject_id"],
                condition=Q(state__in=["queued", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.pk}"

    @property
    def title(self) -> str:
        """The kind in words; its name when this version does not know it."""
        kind = kind_of(self.kind)
        return self.kind if kind is None else str(kind.title)

    @property
    def is_live(self) -> bool:
        """Waiting or running."""
        return self.state in self.LIVE

    @property
    def subject_text(self) -> str:
        """The object in words: its kind and number, nothing that its own page would protect."""
        if not self.subject_type:
            return ""
        try:
            name = capfirst(apps.get_model(self.subject_type)._meta.verbose_name)
        except (LookupError, ValueError):
            name = self.subject_type
        return f"{name} {self.subject_id}"

    @property
    def error_sentence(self) -> str:
        """The error in the reader's language; as it was written down when its room no longer knows it."""
        if not self.error_code:
            return ""
        said = refusal_in_words(self.error_source, self.error_code, self.error_facts)
        return said or self.error or self.error_code


def refusal_in_words(source: str, code: str, facts: Mapping[str, Any]) -> str:
    """The sentence of a refusal that was written down; empty when its room no longer knows it."""
    refusal = _refusals().get(source)
    template = refusal.messages.get(code) if refusal is not None else None
    if template is None:
        return ""
    try:
        return str(template) % facts
    except (KeyError, TypeError, ValueError):
        return ""


def _refusals() -> dict[str, type[Refused]]:
    """Every refusal class of the rooms, by its dotted name."""
    found: dict[str, type[Refused]] = {}
    waiting: list[type[Refused]] = [Refused]
    while waiting:
        refusal = waiting.pop()
        found[source_name(refusal)] = refusal
        waiting.extend(refusal.__subclasses__())
    return found


def source_name(refusal: type[Refused]) -> str:
    """How a job remembers whose sentence its error code is."""
    return f"{refusal.__module__}.{refusal.__qualname__}"
