"""Accounts that a program pays from, and from which amount on how many people authorize: rows that two people decide about."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.fields import SealedTextField
from audit.history import tracked
from audit.masking import mask_account
from audit.scope import Scope, ScopedQuerySet
from programs.models import Program

#: Purpose of the data keys of this room.
PAYOUTS_KEY = "payouts"
#: Logical name of an account that money leaves from.
PAYER_NUMBER = "payer_account.number"


class PayerState(models.TextChoices):
    """Where an account stands."""

    DRAFT = "draft", _("To be approved")
    APPROVED = "approved", _("In use")
    RETIRED = "retired", _("No longer used")


@tracked
class PayerAccount(models.Model):
    """An office's account for one program, put on record by one person and approved by another."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("office"))
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    holder = models.CharField(_("account holder"), max_length=100)
    bank_name = models.CharField(_("bank"), max_length=100)
    bank_code = models.CharField(_("bank code"), max_length=14, blank=True, default="", db_collation="C")
    #: How names of the same bank's branches begin: a payee there gets a transfer within the bank.
    own_names = models.JSONField(_("names of the same bank begin with"), default=list)
    number = SealedTextField(
        _("account number"), logical_name=PAYER_NUMBER, purpose=PAYOUTS_KEY, mask=mask_account
    )
    #: A payee's account that was changed in so many days is pointed out.
    fresh_days = models.PositiveSmallIntegerField(_("days for which a changed account is pointed out"), default=30)
    #: A payee's account gets its first payout after 0.01 yuan has arrived there.
    tests_accounts = models.BooleanField(_("new accounts are verified by 0.01 yuan first"), default=False)
    #: The same account as it was used before: it goes out of use when this one is taken into use.
    instead_of = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", db_index=False, verbose_name=_("instead of")
    )
    state = models.CharField(_("state"), max_length=8, choices=PayerState, default=PayerState.DRAFT, db_collation="C")
    drafted_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("recorded by"))
    drafted_at = models.DateTimeField(_("put on record at"))
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("approved by"))
    approved_at = models.DateTimeField(_("approved at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    personal_fields = ("number",)
    open_fields = (
        "id", "program", "organization", "region_code", "holder", "bank_name", "bank_code", "own_names", "fresh_days",
        "tests_accounts", "instead_of", "state", "drafted_by", "drafted_at", "approved_by", "approved_at",
    )

    class Meta:
        verbose_name = _("paying account")
        verbose_name_plural = _("paying accounts")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("draft_payer", _("Can put paying accounts on record")),
            ("approve_payer", _("Can approve or retire paying accounts")),
        ]
        constraints = [
            models.CheckConstraint(
                name="payer_account_approved_by_another",
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("drafted_by")),
            ),
            models.CheckConstraint(
                name="payer_account_in_use_is_approved",
                condition=Q(state=PayerState.DRAFT) | Q(approved_by__isnull=False, approved_at__isnull=False)
                | Q(state=PayerState.RETIRED),
            ),
            models.CheckConstraint(name="payer_account_is_whole", condition=~Q(holder="") & ~Q(bank_name="")),
            models.CheckConstraint(name="payer_account_points_out_for_days", condition=Q(fresh_days__lte=365)),
        ]
        triggers = [
            pgtrigger.Protect(name="payer_account_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="payer_account_stands", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "program", "organization", "region_code", "holder", "bank_name", "bank_code", "own_names", "number",
                    "fresh_days", "tests_accounts", "instead_of", "drafted_by", "drafted_at",
                ),
            ),
            pgtrigger.Protect(
                name="payer_account_retired_stays_so", operation=pgtrigger.Update, condition=pgtrigger.Q(old__state="retired")
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class ThresholdState(models.TextChoices):
    """Where a threshold stands."""

    PROPOSED = "proposed", _("To be decided")
    IN_FORCE = "in_force", _("In force")
    DECLINED = "declined", _("Declined")
    REPLACED = "replaced", _("Replaced")


@tracked
class ApprovalThreshold(models.Model):
    """From which sum of a batch on how many people authorize it; one row is one version. One person without any."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("office"))
    #: None: of all programs of the office and of those below it.
    program = models.ForeignKey(Program, models.PROTECT, null=True, related_name="+", verbose_name=_("program"))
    from_amount = models.DecimalField(_("from a sum of (yuan)"), max_digits=16, decimal_places=2)
    approvals = models.PositiveSmallIntegerField(_("people who authorize"))
    state = models.CharField(_("state"), max_length=8, choices=ThresholdState, default=ThresholdState.PROPOSED, db_collation="C")
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("put forward by"))
    proposed_at = models.DateTimeField(_("put forward at"))
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope.any_of(
        Scope(organization_path="organization__path", region="organization__region_code"),
        Scope(organization_path="organization__path", region="organization__region_code", upward=True, reading_only=True),
    )
    personal_fields = ()
    open_fields = (
        "id", "organization", "program", "from_amount", "approvals", "state", "proposed_by", "proposed_at", "decided_by",
        "decided_at",
    )

    class Meta:
        verbose_name = _("approval threshold")
        verbose_name_plural = _("approval thresholds")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("propose_threshold", _("Can propose approval thresholds")),
            ("decide_threshold", _("Can decide about approval thresholds")),
        ]
        constraints = [
            models.UniqueConstraint(
                name="approval_threshold_in_force_once", fields=["organization", "program", "from_amount"],
                condition=Q(state="in_force"), nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="approval_threshold_decided_by_another",
                condition=Q(state="proposed", decided_by__isnull=True)
                | (Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_by=F("proposed_by"))),
            ),
            models.CheckConstraint(
                name="approval_threshold_says_how_many", condition=Q(approvals__gte=1, approvals__lte=3, from_amount__gte=0)
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="approval_threshold_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="approval_threshold_stays", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "organization", "program", "from_amount", "approvals", "proposed_by", "proposed_at"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
