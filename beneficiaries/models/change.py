"""Changes of single people that one person proposes and another approves; what was done stays readable on the row."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.person import Beneficiary, Person
from beneficiaries.models.roster import EndReason
from programs.models import Program


class ChangeKind(models.TextChoices):
    """What is to be done."""

    ENDING = "ending", _("End cover")


class ChangeState(models.TextChoices):
    """Where a proposal stands."""

    PROPOSED = "proposed", _("Waiting for a second person")
    APPROVED = "approved", _("Approved and done")
    TURNED_DOWN = "declined", _("Turned down")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class PersonChangeQuerySet(ScopedQuerySet):
    """Chainable words about changes."""

    def waiting(self) -> PersonChangeQuerySet:
        """Not decided yet."""
        return self.filter(state=ChangeState.PROPOSED)


@tracked
class PersonChange(models.Model):
    """One change of one person, as an office proposed it; nothing happens before another person approves it."""

    kind = models.CharField(_("change"), max_length=10, choices=ChangeKind, db_collation="C")
    state = models.CharField(
        _("state"), max_length=9, choices=ChangeState, default=ChangeState.PROPOSED, db_collation="C"
    )
    person = models.ForeignKey(Person, models.PROTECT, related_name="changes", verbose_name=_("person"))
    #: As whose office it is proposed; the three columns below are that row's own.
    beneficiary = models.ForeignKey(
        Beneficiary, models.PROTECT, related_name="changes", verbose_name=_("beneficiary"), db_index=False
    )
    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("organization"))
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    reason = models.CharField(_("reason"), max_length=300)
    proposed_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("proposed by"), db_index=False
    )
    proposed_at = models.DateTimeField(_("proposed at"))
    decided_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("decided by"), null=True, db_index=False
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    answer = models.CharField(_("answer"), max_length=300, blank=True, default="")

    # Of an ending.
    end_reason = models.CharField(
        _("reason of the end"), max_length=8, choices=EndReason, blank=True, default="", db_collation="C"
    )
    ended_on = models.DateField(_("last day of cover"), null=True)

    objects = PersonChangeQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ()
    open_fields = (
        "id", "kind", "state", "person", "beneficiary", "program", "organization", "region_code", "reason", "proposed_by",
        "proposed_at", "decided_by", "decided_at", "answer", "end_reason", "ended_on",
    )

    class Meta:
        verbose_name = _("change of a person")
        verbose_name_plural = _("changes of people")
        ordering = ["-id"]
        permissions = [
            ("propose_change", _("Can propose changes of people: endings, corrections, documents, merges, moves")),
            ("decide_change", _("Can approve changes of people or turn them down")),
        ]
        constraints = [
            models.UniqueConstraint(
                name="person_change_waits_once", fields=["person", "kind", "program", "organization"],
                condition=Q(state="proposed"),
            ),
            models.CheckConstraint(
                name="person_change_is_decided_by_another",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="person_change_is_decided_by_somebody",
                condition=Q(state__in=("approved", "declined"), decided_by__isnull=False, decided_at__isnull=False)
                | Q(state__in=("proposed", "withdrawn"), decided_by__isnull=True),
            ),
            models.CheckConstraint(
                name="person_change_says_what_ends",
                condition=Q(kind="ending", ended_on__isnull=False, end_reason__in=("left", "moved", "deceased"))
                | (~Q(kind="ending") & Q(ended_on__isnull=True, end_reason="")),
            ),
        ]
        indexes = [models.Index(fields=["organization", "state"], name="person_change_by_state")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
