"""A destruction run (到期销毁): the list of what is due, released by a second person, done by a job; what stays is its record."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from programs.models import Program
from retention.terms import Kept


class RunKind(models.TextChoices):
    """What is destroyed."""

    PEOPLE = "people", _("People out of their term")
    IMPORTS = "imports", _("Files and lines behind no cover")


class RunState(models.TextChoices):
    """Where a run stands."""

    LISTING = "listing", _("Being listed")
    DRAWN = "drawn", _("To be released")
    RELEASED = "released", _("Being destroyed")
    DONE = "done", _("Destroyed")
    WITHDRAWN = "withdrawn", _("Withdrawn")


_SHOWN = (
    "kind", "program_id", "due_on", "terms", "number", "covers", "premium", "rows", "kept", "digest", "drawn_by_id", "drawn_at",
)
_OLD, _NEW = (", ".join(f'{row}."{column}"' for column in _SHOWN) for row in ("OLD", "NEW"))
#: One of a program and kind at a time.
LIVE = ("listing", "drawn", "released")


@tracked
class DestructionRun(models.Model):
    """Numbers only: nothing of it names anybody. `digest` is over its lines and terms: what is released is what was shown."""

    kind = models.CharField(_("what is destroyed"), max_length=7, choices=RunKind, db_collation="C")
    program = models.ForeignKey(Program, models.PROTECT, related_name="destructions", verbose_name=_("program"))
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("office"))
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    state = models.CharField(_("state"), max_length=9, choices=RunState, default=RunState.LISTING, db_collation="C")
    #: The day as of which terms are over.
    due_on = models.DateField(_("due on"))
    #: {kind: "10 years"} as they were when it was listed.
    terms = models.JSONField(default=dict)
    #: Lines to be destroyed, and what hangs on them.
    number = models.BigIntegerField(_("on the list"), default=0)
    covers = models.BigIntegerField(_("covers"), default=0)
    premium = models.DecimalField(_("premium"), max_digits=18, decimal_places=2, default=0, help_text=_("Yuan."))
    rows = models.BigIntegerField(_("lines of files"), default=0)
    oldest = models.DateField(_("oldest"), null=True)
    newest = models.DateField(_("newest"), null=True)
    #: {reason: number} of what stays, when it was listed.
    kept = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, blank=True, default="", db_collation="C")
    drawn_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("drawn up by"))
    drawn_at = models.DateTimeField(_("drawn up at"))
    released_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("released by"))
    released_at = models.DateTimeField(_("released at"), null=True)
    finished_at = models.DateTimeField(_("destroyed at"), null=True)
    destroyed = models.BigIntegerField(_("destroyed"), default=0)
    #: {table: rows} that were overwritten, {"files": contents deleted}.
    done_counts = models.JSONField(default=dict)
    #: {reason: number} of what had come to be kept between release and destruction.
    spared = models.JSONField(default=dict)
    #: Of the certificate, over all that is above.
    certificate_digest = models.CharField(max_length=64, blank=True, default="", db_collation="C")
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "kind", "program", "organization", "region_code", "state", "due_on", "terms", "number", "covers", "premium", "rows",
        "oldest", "newest", "kept", "digest", "drawn_by", "drawn_at", "released_by", "released_at", "finished_at", "destroyed",
        "done_counts", "spared", "certificate_digest", "reason",
    )

    class Meta:
        verbose_name = _("destruction run")
        verbose_name_plural = _("destruction runs")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("draw_up_run", _("Can draw up what is to be destroyed")),
            ("release_run", _("Can release the destruction of what is out of its term")),
        ]
        constraints = [
            models.UniqueConstraint(name="destruction_run_live_once", fields=["program", "kind"], condition=Q(state__in=LIVE)),
            models.CheckConstraint(
                name="destruction_run_released_by_another",
                condition=Q(state__in=("listing", "drawn", "withdrawn"), released_by__isnull=True, released_at__isnull=True)
                | (
                    Q(state__in=("released", "done"), released_by__isnull=False, released_at__isnull=False)
                    & ~Q(released_by=F("drawn_by")) & ~Q(digest="")
                ),
            ),
            models.CheckConstraint(
                name="destruction_run_done_at_the_end",
                condition=Q(state="done", finished_at__isnull=False) & ~Q(certificate_digest="")
                | ~Q(state="done") & Q(finished_at__isnull=True, certificate_digest=""),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="destruction_run_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="destruction_run_is_final", operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=("done", "withdrawn")),
            ),
            pgtrigger.Protect(
                name="destruction_run_stands", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(f'OLD."digest" > \'\' AND ({_OLD}) IS DISTINCT FROM ({_NEW})'),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class DestructionLine(models.Model):
    """One person, or one import, of a run: due, or kept and why. Written while it is listed; marked when it is done."""

    run = models.ForeignKey(DestructionRun, models.PROTECT, related_name="lines", db_index=False, verbose_name=_("destruction run"))
    #: "beneficiaries.person" or the import's: text and a number, no foreign key, as events have.
    subject_type = models.CharField(_("kind of object"), max_length=40, db_collation="C")
    subject_id = models.BigIntegerField(_("number"))
    county = models.CharField(_("county"), max_length=6, blank=True, default="", db_collation="C")
    #: The day from which the term is counted.
    began_on = models.DateField(_("term counted from"))
    #: Why it stays; empty: it is to be destroyed.
    kept = models.CharField(_("stays because"), max_length=8, choices=Kept, blank=True, default="", db_collation="C")
    done_at = models.DateTimeField(_("destroyed at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="run__organization__path", region="run__region_code", program="run__program_id")
    personal_fields = ()
    open_fields = ("id", "run", "subject_type", "subject_id", "county", "began_on", "kept", "done_at")

    class Meta:
        verbose_name = _("line of a destruction run")
        verbose_name_plural = _("lines of destruction runs")
        ordering = ["id"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(name="destruction_line_once", fields=["run", "subject_type", "subject_id"]),
            models.CheckConstraint(name="destruction_line_kept_or_done", condition=Q(kept="") | Q(done_at__isnull=True)),
        ]
        indexes = [models.Index(fields=["subject_type", "subject_id"], name="destruction_line_by_subject")]
        triggers = [
            pgtrigger.Protect(name="destruction_line_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="destruction_line_stands", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("run", "subject_type", "subject_id", "county", "began_on"),
            ),
            pgtrigger.Protect(
                name="destruction_line_stays_done", operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__done_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.subject_type} {self.subject_id}"
