"""Changes of single people that one person proposes and another approves; what was done stays readable on the row."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.destroying import Destroyable
from audit.fields import SealedTextField
from audit.history import tracked
from audit.masking import mask_document, mask_name, mask_phone
from audit.scope import Offices, Scope, ScopedQuerySet
from beneficiaries.masks import mask_groups
from beneficiaries.models.person import BENEFICIARY_KEY, OWNER_GONE, PERSON_KEY, Beneficiary, DocumentType, Person, Sex
from beneficiaries.models.roster import EndReason
from programs.models import Program


class ChangeKind(models.TextChoices):
    """What is to be done."""

    ENDING = "ending", _("End cover")
    CORRECTION = "correction", _("Correction of identity")
    DOCUMENT = "document", _("Further document")
    MERGE = "merge", _("Merge of two people")
    UNMERGE = "unmerge", _("Undo of a merge")
    MOVE = "move", _("Move within the office")
    TRANSFER = "transfer", _("Move to another office")
    SPEAKER = "speaker", _("Guardian or agent")
    SILENCED = "silenced", _("End of a guardian or agent")
    REFUND = "refund", _("Giving back of a cover")
    HEALTH = "health", _("Health class")


class HealthClass(models.TextChoices):
    """As plans know them; what a destroyed person had is unknown."""

    HEALTHY = "healthy", _("Healthy")
    PRE_EXISTING = "pre_existing", _("Pre-existing condition")
    UNKNOWN = "unknown", _("Unknown")


class ChangeState(models.TextChoices):
    """Where a proposal stands."""

    PROPOSED = "proposed", _("Waiting for a second person")
    APPROVED = "approved", _("Approved and done")
    TURNED_DOWN = "declined", _("Turned down")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Role(models.TextChoices):
    """Who speaks for a person."""

    GUARDIAN = "guardian", _("Guardian")
    AGENT = "agent", _("Agent")


class PersonChangeQuerySet(ScopedQuerySet):
    """Chainable words about changes."""

    def waiting(self) -> PersonChangeQuerySet:
        """Not decided yet."""
        return self.filter(state=ChangeState.PROPOSED)

    def visible_to(self, user: Any, permission: str | None = None, *, offices: Offices | None = None) -> PersonChangeQuerySet:
        """As the scope says, without people whose data is restricted (ADR 27): a proposal waits until that is lifted."""
        return super().visible_to(user, permission, offices=offices).filter(beneficiary__restricted_at__isnull=True)


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
    # Of a correction what differs from what is registered; of a further document its number.
    name = SealedTextField(_("name"), logical_name="person.name", purpose=PERSON_KEY, mask=mask_name, null=True)
    document = SealedTextField(
        _("document number"), logical_name="person.document", purpose=PERSON_KEY, mask=mask_document, null=True
    )
    document_type = models.CharField(
        _("document"), max_length=20, choices=DocumentType, blank=True, default="", db_collation="C"
    )
    birth_on = models.DateField(_("born on"), null=True)
    sex = models.CharField(_("sex"), max_length=6, choices=Sex, blank=True, default="", db_collation="C")
    #: Whether the number that goes was the person's until now, or never theirs.
    number_was_theirs = models.BooleanField(_("the former number was theirs"), null=True)
    valid_from = models.DateField(_("valid from"), null=True)
    valid_to = models.DateField(_("valid until"), null=True)
    # Of a merge and its undo: who is merged into the person, and the covers that are given up for others at the same time.
    other = models.ForeignKey(Person, models.PROTECT, related_name="merges", verbose_name=_("other person"), null=True)
    given_up = ArrayField(models.BigIntegerField(), verbose_name=_("covers given up"), default=list, blank=True)
    undoes = models.ForeignKey(
        "self", models.PROTECT, related_name="undone_by", verbose_name=_("merge"), null=True, db_index=False
    )

    # Of a move: where to, and the office that takes the person over where it is another one.
    to_region = models.CharField(_("new region"), max_length=12, blank=True, default="", db_collation="C")
    to_organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="+", verbose_name=_("receiving office"), null=True
    )

    # Of a guardian or agent; of their end which one.
    role = models.CharField(_("guardian or agent"), max_length=8, choices=Role, blank=True, default="", db_collation="C")
    relation = models.CharField(_("relation to the person"), max_length=20, blank=True, default="")
    phone = SealedTextField(
        _("phone"), logical_name="beneficiary.phone", purpose=BENEFICIARY_KEY, mask=mask_phone, null=True
    )
    representative = models.ForeignKey(
        "beneficiaries.Representative", models.PROTECT, related_name="+", verbose_name=_("guardian or agent"), null=True,
        db_index=False,
    )

    # Of a cover that is given back.
    cover = models.ForeignKey(
        "beneficiaries.Enrollment", models.PROTECT, related_name="+", verbose_name=_("cover given back"), null=True,
        db_constraint=False, db_index=False,
    )

    # Of a health class, which holds from `valid_from` on.
    health_class = models.CharField(
        _("health class"), max_length=12, choices=HealthClass, blank=True, default="", db_default="", db_collation="C"
    )
    health_groups = SealedTextField(
        _("groups of diseases"), logical_name="beneficiary.health_groups", purpose=BENEFICIARY_KEY, mask=mask_groups, null=True
    )

    objects = PersonChangeQuerySet.as_manager()

    # A transfer is seen by the office that is asked to accept it, too.
    scope = Scope.any_of(
        Scope(organization_path="organization__path", region="region_code", program="program_id"),
        Scope(organization_path="to_organization__path", region="to_region", program="program_id"),
    )
    destroyable = Destroyable(
        blurred=("birth_on",), emptied={"health_class": "CASE WHEN health_class <> '' THEN 'unknown' ELSE '' END"},
        owner_gone=OWNER_GONE,
    )
    personal_fields = ("name", "document", "phone", "health_groups")
    open_fields = (
        "id", "kind", "state", "person", "beneficiary", "program", "organization", "region_code", "reason", "proposed_by",
        "proposed_at", "decided_by", "decided_at", "answer", "end_reason", "ended_on", "document_type", "birth_on",
        "sex", "number_was_theirs", "valid_from", "valid_to", "other", "given_up", "undoes",
        "to_region", "to_organization", "role", "relation", "representative", "cover", "health_class",
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
            models.CheckConstraint(
                name="person_change_says_what_is_right",
                condition=(
                    Q(kind="correction") & (
                        Q(name__isnull=False) | Q(document__isnull=False) | Q(birth_on__isnull=False) | ~Q(sex="")
                    ) & (
                        Q(document__isnull=False, number_was_theirs__isnull=False)
                        | Q(document__isnull=True, number_was_theirs__isnull=True)
                    )
                )
                | Q(kind="document", document__isnull=False, name__isnull=True, birth_on__isnull=True, sex="")
                | Q(kind="speaker", document__isnull=False, name__isnull=False, birth_on__isnull=True, sex="")
                | (~Q(kind__in=("correction", "document", "speaker")) & Q(name__isnull=True, document__isnull=True)),
            ),
            models.CheckConstraint(
                name="person_change_says_who_speaks",
                condition=(Q(kind="speaker", role__in=("guardian", "agent"), representative__isnull=True) & ~Q(relation=""))
                | Q(kind="silenced", role="", relation="", phone__isnull=True, representative__isnull=False)
                | (
                    ~Q(kind__in=("speaker", "silenced"))
                    & Q(role="", relation="", phone__isnull=True, representative__isnull=True)
                ),
            ),
            models.CheckConstraint(
                name="person_change_says_who_is_merged",
                condition=(Q(kind="merge", other__isnull=False, undoes__isnull=True) & ~Q(other=F("person")))
                | Q(kind="unmerge", other__isnull=False, undoes__isnull=False, given_up=[])
                | (~Q(kind__in=("merge", "unmerge")) & Q(other__isnull=True, undoes__isnull=True, given_up=[])),
            ),
            models.CheckConstraint(
                name="person_change_says_what_is_given_back",
                condition=Q(kind="refund", cover__isnull=False) | (~Q(kind="refund") & Q(cover__isnull=True)),
            ),
            models.CheckConstraint(
                name="person_change_says_how_healthy",
                condition=(Q(kind="health", valid_from__isnull=False) & ~Q(health_class=""))
                | (~Q(kind="health") & Q(health_class="", health_groups__isnull=True)),
            ),
            models.CheckConstraint(
                name="person_change_says_where_to",
                condition=(Q(kind="move", to_organization__isnull=True) & ~Q(to_region=""))
                | (
                    Q(kind="transfer", to_organization__isnull=False) & ~Q(to_region="")
                    & ~Q(to_organization=F("organization"))
                )
                | (~Q(kind__in=("move", "transfer")) & Q(to_region="", to_organization__isnull=True)),
            ),
        ]
        indexes = [models.Index(fields=["organization", "state"], name="person_change_by_state")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
