"""Proposals (应赔未赔): what a cover owes for a record that nobody has claimed; one of each record that an approved file brings."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.destroying import Destroyable
from audit.fields import SealedTextField
from audit.history import tracked_updates
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models import Enrollment
from beneficiaries.models.agreement import agrees, never_deleted
from beneficiaries.models.person import BENEFICIARY_KEY
from claims.models import Case, Setting
from programs.models import Period, Plan, Program
from records.models.record import DIAGNOSIS, RecordList, mask_diagnosis


class ProposalState(models.TextChoices):
    """What has become of it."""

    OPEN = "open", _("To be paid, nobody told yet")
    TOLD = "told", _("The person was told")
    CLAIMED = "claimed", _("Claim opened")
    DECLINED = "declined", _("Not to be claimed")
    LAPSED = "lapsed", _("Lapsed")
    #: Below the deductible, say: it counts for later records, and its claim is opened along with theirs.
    NOTHING = "nothing", _("Nothing due by itself")


#: Somebody is still to do something.
WAITING = (ProposalState.OPEN, ProposalState.TOLD)
#: Uses up deductibles and limits for the records after it.
COUNTING = (*WAITING, ProposalState.NOTHING, ProposalState.CLAIMED)


class ProposalQuerySet(ScopedQuerySet):
    """Chainable words about proposals."""

    def waiting(self) -> ProposalQuerySet:
        """To be claimed."""
        return self.filter(state__in=WAITING)


_OF_LIST = """
    SELECT FROM (SELECT DISTINCT record_list_id, program_id FROM new_rows) few
    LEFT JOIN records_recordlist list ON list.id = few.record_list_id AND list.program_id = few.program_id
    WHERE list.id IS NULL
"""
# Program, plan, period and office are those of the cover, which the chunk that writes them has joined.
_AGREES = """
    SELECT FROM new_rows
    LEFT JOIN LATERAL (
        SELECT id, program_id, plan_id, period_id, organization_id FROM beneficiaries_enrollment
        WHERE id = new_rows.enrollment_id LIMIT 1
    ) AS cover ON true
    WHERE cover.id IS NULL OR cover.program_id <> new_rows.program_id OR cover.plan_id <> new_rows.plan_id
        OR cover.period_id <> new_rows.period_id OR cover.organization_id <> new_rows.organization_id
"""


@tracked_updates
class Proposal(models.Model):
    """A record of a covered person, with what is due by our calculation, and whether it was claimed."""

    record_list = models.ForeignKey(
        RecordList, models.PROTECT, related_name="proposals", db_constraint=False, db_index=False,
        verbose_name=_("file of settlement records"),
    )
    #: The line of the file.
    row_id = models.BigIntegerField(_("row"), unique=True)
    program = models.ForeignKey(
        Program, models.PROTECT, related_name="+", db_constraint=False, db_index=False, verbose_name=_("program")
    )
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+", db_constraint=False, db_index=False, verbose_name=_("plan"))
    period = models.ForeignKey(
        Period, models.PROTECT, related_name="+", db_constraint=False, db_index=False, verbose_name=_("period")
    )
    #: Of the cover, as it stood.
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="+", db_constraint=False, db_index=False, verbose_name=_("organization")
    )
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    enrollment = models.ForeignKey(
        Enrollment, models.PROTECT, related_name="proposals", db_constraint=False, verbose_name=_("enrollment")
    )
    settlement_number = models.CharField(_("settlement number"), max_length=60, db_collation="C")
    hospital = models.CharField(_("hospital"), max_length=100, blank=True, default="")
    diagnosis = SealedTextField(
        _("diagnosis"), logical_name=DIAGNOSIS, purpose=BENEFICIARY_KEY, mask=mask_diagnosis, null=True
    )
    setting = models.CharField(_("kind of treatment"), max_length=20, choices=Setting, db_collation="C")
    admitted_on = models.DateField(_("admitted on"), null=True)
    discharged_on = models.DateField(_("discharged on"))
    settled_on = models.DateField(_("settled on"))
    total = models.DecimalField(_("total cost (yuan)"), max_digits=14, decimal_places=2)
    due = models.DecimalField(_("due by our calculation (yuan)"), max_digits=14, decimal_places=2)
    parts = models.JSONField(_("due by responsibility"), null=True)
    state = models.CharField(_("state"), max_length=8, choices=ProposalState, db_collation="C")
    told_on = models.DateField(_("told on"), null=True)
    #: How they were told, why it is not claimed, why it lapsed.
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")
    #: The case that was opened of it; records of one day are bills of one case.
    case = models.ForeignKey(
        Case, models.PROTECT, null=True, related_name="proposals", verbose_name=_("case")
    )
    changed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name=_("changed by"))
    changed_at = models.DateTimeField(_("changed at"), null=True)
    applied_at = models.DateTimeField(_("listed at"))
    undone_at = models.DateTimeField(_("undone at"), null=True)

    objects = ProposalQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    destroyable = Destroyable(emptied={"hospital": "''", "reason": "''"})
    keeps_its_seals = True
    personal_fields = ("diagnosis",)
    open_fields = (
        "id", "record_list", "row_id", "program", "plan", "period", "organization", "region_code", "enrollment",
        "settlement_number", "hospital", "setting", "admitted_on", "discharged_on", "settled_on", "total", "due", "parts",
        "state", "told_on", "reason", "case", "changed_by", "changed_at", "applied_at", "undone_at",
    )

    class Meta:
        verbose_name = _("unclaimed entitlement")
        verbose_name_plural = _("unclaimed entitlements")
        ordering = ["-id"]
        default_permissions = ("view", "export")
        permissions = [
            ("tell_proposal", _("Can note that people were told of what is due, or that it is not to be claimed")),
            ("claim_proposal", _("Can open claims of proposals")),
        ]
        constraints = [
            # A settlement is proposed once in a program.
            models.UniqueConstraint(
                name="proposal_of_a_settlement_once", fields=["program", "settlement_number"],
                condition=Q(undone_at__isnull=True),
            ),
            models.CheckConstraint(
                name="proposal_due_fits_its_state",
                condition=(~Q(state="nothing") | Q(due=0)) & (~Q(state__in=["open", "told", "declined"]) | Q(due__gt=0)),
            ),
            models.CheckConstraint(name="proposal_state_is_known", condition=Q(state__in=ProposalState.values)),
            models.CheckConstraint(
                name="proposal_claimed_has_its_case",
                condition=Q(state="claimed", case__isnull=False) | (~Q(state="claimed") & Q(case__isnull=True)),
            ),
            models.CheckConstraint(
                name="proposal_told_says_when", condition=~Q(state="told") | (Q(told_on__isnull=False) & ~Q(reason=""))
            ),
            models.CheckConstraint(
                name="proposal_undone_lapsed", condition=Q(undone_at__isnull=True) | Q(state="lapsed")
            ),
        ]
        indexes = [
            models.Index(fields=["record_list", "id"], name="proposal_of_list"),
            models.Index(fields=["program", "-id"], name="proposal_of_program"),
            models.Index(fields=["settlement_number"], name="proposal_by_settlement"),
            # The biggest first: where to begin.
            models.Index(fields=["program", "-due", "-id"], name="proposal_waiting", condition=Q(state__in=["open", "told"])),
        ]
        triggers = [
            agrees("proposal_agrees", _OF_LIST, _AGREES),
            never_deleted("proposal_is_never_deleted"),
            pgtrigger.Protect(
                name="proposal_stands", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "record_list", "row_id", "program", "plan", "period", "organization", "region_code", "enrollment",
                    "settlement_number", "setting", "admitted_on", "discharged_on", "settled_on", "total", "due", "parts",
                    "applied_at",
                ),
            ),
            pgtrigger.Trigger(
                name="proposal_ends_once", level=pgtrigger.Row, when=pgtrigger.Before, operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state IN ('claimed', 'lapsed') AND NEW.state IS DISTINCT FROM OLD.state"
                    " OR OLD.case_id IS NOT NULL AND NEW.case_id IS DISTINCT FROM OLD.case_id"
                ),
                func="RAISE EXCEPTION 'a proposal is claimed once' USING ERRCODE = 'integrity_constraint_violation';",
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
