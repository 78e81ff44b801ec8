"""Decisions of claims: the engine's proposal with its trace, adjustments, signatures; what a cover has used; what is owed."""

from __future__ import annotations

from decimal import Decimal

import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit.destroying import DESTROYED, Destroyable
from audit.fields import SealedTextField
from audit.history import tracked, tracked_updates_by_row
from audit.masking import mask_account, mask_name
from audit.models.events import append_only
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models import Enrollment
from beneficiaries.models.agreement import agrees
from claims.models.case import CASE_KEY
from claims.models.claim import Claim, accounts_by_stem
from programs.models import Program

_OF_CLAIM = Scope(
    organization_path="claim__organization__path", region="claim__region_code", program="claim__program_id"
)
_OF_DECISION = Scope(
    organization_path="decision__claim__organization__path", region="decision__claim__region_code",
    program="decision__claim__program_id",
)
_OWNER_GONE = """EXISTS (
    SELECT FROM claims_claim c JOIN beneficiaries_enrollment e ON e.id = c.enrollment_id
    JOIN beneficiaries_person owner ON owner.id = e.person_id
    WHERE c.id = kept.claim_id AND owner.destroyed_at IS NOT NULL)"""


class CoverUsage(models.Model):
    """What the decisions that hold have used of one cover; its row is locked by whoever decides about the cover."""

    enrollment = models.OneToOneField(
        Enrollment, models.PROTECT, related_name="usage", verbose_name=_("enrollment"), db_constraint=False
    )
    #: Counters of the benefit engine, name -> amount as text.
    counters = models.JSONField(_("used"), default=dict)
    #: Yuan that the decisions which hold pay in all.
    paid = models.DecimalField(_("decided so far (yuan)"), max_digits=14, decimal_places=2, default=0)
    #: Grows with each change: a proposal on what was before is stale.
    version = models.PositiveIntegerField(default=0)
    #: Claims that have used it.
    settlements = models.PositiveIntegerField(default=0)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="enrollment__organization__path", region="enrollment__region_code", program="enrollment__program_id"
    )
    personal_fields = ()
    open_fields = ("id", "enrollment", "counters", "paid", "version", "settlements")

    class Meta:
        verbose_name = _("use of a cover")
        verbose_name_plural = _("use of covers")
        default_permissions = ()
        constraints = [models.CheckConstraint(name="cover_usage_is_not_below_zero", condition=Q(paid__gte=0))]
        triggers = [
            pgtrigger.Protect(name="cover_usage_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="cover_usage_moves_on", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "NEW.enrollment_id <> OLD.enrollment_id OR NEW.version <= OLD.version OR NEW.settlements < OLD.settlements"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class DecisionKind(models.TextChoices):
    """What made a decision necessary."""

    FIRST = "first", _("First decision")
    REOPENED = "reopened", _("Decision after reopening")
    #: An earlier claim of the cover was decided anew, and what was left for this one changed.
    RECOMPUTED = "recomputed", _("Recalculated after an earlier claim changed")


class Outcome(models.TextChoices):
    """What is decided."""

    PAY = "pay", _("Pay")
    ZERO = "zero", _("Nothing to pay")
    REFUSE = "refuse", _("Refuse the claim")


class DecisionState(models.TextChoices):
    """Where a decision stands."""

    PROPOSED = "proposed", _("To be signed")
    SENT_BACK = "sent_back", _("Sent back")
    APPROVED = "approved", _("In force")
    #: A later decision of the claim holds.
    REPLACED = "replaced", _("Replaced")


@tracked
class Decision(models.Model):
    """One decision of one claim. What is signed is its digest; nothing of it changes afterwards."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="decisions", verbose_name=_("claim"), db_index=False)
    number = models.PositiveSmallIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=10, choices=DecisionKind, db_collation="C")
    cause = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="effects_made", verbose_name=_("caused by")
    )
    outcome = models.CharField(_("outcome"), max_length=6, choices=Outcome, db_collation="C")
    state = models.CharField(
        _("state"), max_length=9, choices=DecisionState, default=DecisionState.PROPOSED, db_collation="C"
    )
    #: SHA-256 of the plan's terms that were applied.
    terms_digest = models.CharField(_("terms decided by"), max_length=64, db_collation="C")
    #: What the engine was given, and each of its steps: JSON.
    facts = SealedTextField(_("facts"), logical_name="claim.facts", purpose=CASE_KEY, null=True)
    trace = SealedTextField(_("calculation"), logical_name="claim.trace", purpose=CASE_KEY, null=True)
    used_before = models.JSONField(_("used before"), default=dict)
    #: What this decision uses.
    used = models.JSONField(_("used"), default=dict)
    #: Of `CoverUsage` when it was calculated.
    usage_version = models.PositiveIntegerField()
    #: Yuan: of the engine, and after adjustments.
    proposed = models.DecimalField(_("calculated (yuan)"), max_digits=14, decimal_places=2)
    amount = models.DecimalField(_("amount (yuan)"), max_digits=14, decimal_places=2)
    #: Refusal codes of the engine: [{code, responsibility, place, reason}].
    refusals = models.JSONField(_("refusals"), default=list)
    #: Conditions that the facts did not allow to look at, and responsibilities whose terms are not known.
    assumed = models.JSONField(_("assumed"), default=list)
    undecided = models.JSONField(_("undecided"), default=list)
    #: Other payers, ours and the person's part: name -> yuan.
    burden = models.JSONField(_("who bears the costs"), default=dict)
    #: Of a refusal: its code; and the reason in words for the letter.
    refusal_code = models.CharField(_("code of the refusal"), max_length=24, blank=True, default="", db_collation="C")
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")
    #: What becomes of later claims of the cover: [{claim, before, after}].
    effects = models.JSONField(_("effects on later claims"), default=list)
    digest = models.CharField(max_length=64, db_collation="C")
    signatures_needed = models.PositiveSmallIntegerField(_("signatures"))
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("calculated by"))
    proposed_at = models.DateTimeField(_("calculated at"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    answer = models.CharField(_("why it was sent back"), max_length=300, blank=True, default="")

    objects = ScopedQuerySet.as_manager()

    scope = _OF_CLAIM
    destroyable = Destroyable(owner_gone=_OWNER_GONE)
    personal_fields = ("facts", "trace")
    open_fields = (
        "id", "claim", "number", "kind", "cause", "outcome", "state", "terms_digest", "used_before", "used", "usage_version",
        "proposed", "amount", "refusals", "assumed", "undecided", "burden", "refusal_code", "reason", "effects", "digest",
        "signatures_needed", "proposed_by", "proposed_at", "decided_at", "answer",
    )

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="decision_once", fields=["claim", "number"]),
            models.UniqueConstraint(name="decision_one_at_a_time", fields=["claim"], condition=Q(state="proposed")),
            models.UniqueConstraint(name="decision_one_holds", fields=["claim"], condition=Q(state="approved")),
            models.CheckConstraint(
                name="decision_amount_fits_its_outcome",
                condition=Q(outcome="pay", amount__gt=0) | Q(outcome__in=["zero", "refuse"], amount=0),
            ),
            models.CheckConstraint(
                name="decision_refuses_with_a_reason", condition=~Q(outcome="refuse") | (~Q(refusal_code="") & ~Q(reason="")),
            ),
            models.CheckConstraint(
                name="decision_sent_back_with_a_reason", condition=~Q(state="sent_back") | ~Q(answer=""),
            ),
            models.CheckConstraint(
                name="decision_has_its_moment", condition=Q(state__in=["proposed"], decided_at__isnull=True)
                | (~Q(state="proposed") & Q(decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="decision_recomputed_has_a_cause", condition=Q(kind="recomputed") ^ Q(cause__isnull=True),
            ),
            models.CheckConstraint(name="decision_is_signed_by_some", condition=Q(signatures_needed__range=(1, 3))),
        ]
        triggers = [
            pgtrigger.Protect(name="decision_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="decision_stands", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "claim", "number", "kind", "cause", "outcome", "terms_digest", "used_before", "used", "usage_version",
                    "proposed", "amount", "refusals", "burden", "refusal_code", "reason", "effects", "digest",
                    "signatures_needed", "proposed_by", "proposed_at",
                ),
            ),
            pgtrigger.Protect(
                name="decision_goes_on", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "NEW.state <> OLD.state AND NOT (OLD.state = 'proposed' OR (OLD.state = 'approved' AND NEW.state = 'replaced'))"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class DecisionLine(models.Model):
    """What one responsibility pays: calculated, and adjusted with a code and a reason."""

    decision = models.ForeignKey(
        Decision, models.PROTECT, related_name="lines", verbose_name=_("decision"), db_index=False
    )
    position = models.PositiveSmallIntegerField(_("position"))
    responsibility = models.CharField(_("responsibility"), max_length=60, db_collation="C")
    counted = models.DecimalField(_("counted (yuan)"), max_digits=14, decimal_places=2)
    deducted = models.DecimalField(_("deductible (yuan)"), max_digits=14, decimal_places=2)
    proposed = models.DecimalField(_("calculated (yuan)"), max_digits=14, decimal_places=2)
    amount = models.DecimalField(_("amount (yuan)"), max_digits=14, decimal_places=2)
    code = models.CharField(_("code of the adjustment"), max_length=24, blank=True, default="", db_collation="C")
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")

    objects = ScopedQuerySet.as_manager()

    scope = _OF_DECISION
    personal_fields = ()
    open_fields = ("id", "decision", "position", "responsibility", "counted", "deducted", "proposed", "amount", "code", "reason")

    class Meta:
        verbose_name = _("part of a decision")
        verbose_name_plural = _("parts of decisions")
        ordering = ["decision", "position"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="decision_line_once", fields=["decision", "responsibility"]),
            models.CheckConstraint(
                name="decision_line_adjusted_with_a_reason",
                condition=Q(amount=F("proposed"), code="", reason="") | (~Q(amount=F("proposed")) & ~Q(code="") & ~Q(reason="")),
            ),
            models.CheckConstraint(name="decision_line_is_not_below_zero", condition=Q(amount__gte=0, proposed__gte=0)),
        ]
        triggers = [*append_only("decision_line")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class Signature(models.Model):
    """One person's signature under the digest of a decision: the first, second or third."""

    decision = models.ForeignKey(
        Decision, models.PROTECT, related_name="signatures", verbose_name=_("decision"), db_index=False
    )
    step = models.PositiveSmallIntegerField(_("which signature"))
    digest = models.CharField(max_length=64, db_collation="C")
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("signed by"))
    at = models.DateTimeField(_("signed at"))

    objects = ScopedQuerySet.as_manager()

    scope = _OF_DECISION
    personal_fields = ()
    open_fields = ("id", "decision", "step", "digest", "by", "at")

    class Meta:
        verbose_name = _("signature of a decision")
        verbose_name_plural = _("signatures of decisions")
        ordering = ["decision", "step"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="signature_once_a_step", fields=["decision", "step"]),
            models.UniqueConstraint(name="signature_once_a_person", fields=["decision", "by"]),
            models.CheckConstraint(name="signature_is_first_to_third", condition=Q(step__range=(1, 3))),
        ]
        triggers = [
            *append_only("signature"),
            # By another than who calculated, under what was calculated, and none left out before it.
            agrees(
                "signature_agrees",
                """
                SELECT FROM new_rows LEFT JOIN claims_decision d ON d.id = new_rows.decision_id AND d.digest = new_rows.digest
                    AND d.proposed_by_id <> new_rows.by_id AND d.state = 'proposed' AND new_rows.step <= d.signatures_needed
                WHERE d.id IS NULL
                """,
                """
                SELECT FROM new_rows WHERE new_rows.step > 1 AND NOT EXISTS (
                    SELECT FROM claims_signature before
                    WHERE before.decision_id = new_rows.decision_id AND before.step = new_rows.step - 1)
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


@tracked
class SigningThreshold(models.Model):
    """Above which sum decisions of a program ask for a second or third signature; proposed by one person, in force by another."""

    class State(models.TextChoices):
        """Nothing holds before somebody else approves it."""

        PROPOSED = "proposed", _("To be approved")
        IN_FORCE = "in_force", _("In force")
        DROPPED = "dropped", _("Dropped")
        REPLACED = "replaced", _("Replaced")

    program = models.ForeignKey(Program, models.PROTECT, related_name="signing_thresholds", verbose_name=_("program"))
    second_above = models.DecimalField(_("second signature above (yuan)"), max_digits=14, decimal_places=2)
    third_above = models.DecimalField(_("third signature above (yuan)"), max_digits=14, decimal_places=2)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.PROPOSED, db_collation="C")
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("proposed by"))
    proposed_at = models.DateTimeField(_("proposed at"))
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="program__organization__path", region="program__region_code", program="program_id"
    )
    personal_fields = ()
    open_fields = (
        "id", "program", "second_above", "third_above", "state", "proposed_by", "proposed_at", "decided_by", "decided_at",
    )

    class Meta:
        verbose_name = _("threshold of signatures")
        verbose_name_plural = _("thresholds of signatures")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("propose_threshold", _("Can propose from which sum decisions are signed twice")),
            ("decide_threshold", _("Can approve or drop thresholds of signatures")),
        ]
        constraints = [
            models.UniqueConstraint(name="threshold_one_in_force", fields=["program"], condition=Q(state="in_force")),
            models.UniqueConstraint(name="threshold_one_proposed", fields=["program"], condition=Q(state="proposed")),
            models.CheckConstraint(
                name="threshold_third_above_second", condition=Q(second_above__gte=0, third_above__gte=F("second_above")),
            ),
            models.CheckConstraint(
                name="threshold_decided_by_another",
                condition=Q(state="proposed", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(state="proposed") & Q(decided_by__isnull=False, decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="threshold_in_force_by_another",
                condition=~Q(state__in=["in_force", "replaced"]) | ~Q(decided_by=F("proposed_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class PayableKind(models.TextChoices):
    """Who owes whom."""

    PAYOUT = "payout", _("To be paid to the payee")
    RECLAIM = "reclaim", _("To be asked back")


class PayableState(models.TextChoices):
    """How far a payment is."""

    OPEN = "open", _("Awaiting payment")
    IN_PAYMENT = "in_payment", _("In a batch")
    PAID = "paid", _("Paid")
    #: Payable again only with a corrected account that a second person has looked at.
    FAILED = "failed", _("Failed at the bank")
    CANCELLED = "cancelled", _("Cancelled")


_BACK = F("received") + F("written_off")


@tracked_updates_by_row
class Payable(models.Model):
    """What a decision owes: its sum, or the difference to what was owed before; payee and account as they were signed."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="payables", verbose_name=_("claim"))
    #: Those of a decision are found among those of its claim.
    decision = models.ForeignKey(
        Decision, models.PROTECT, related_name="payables", verbose_name=_("decision"), db_index=False
    )
    #: What it comes instead of: it failed, was returned, or another sum is owed.
    instead_of = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="replaced_by", verbose_name=_("instead of")
    )
    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"), db_index=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("office"), db_index=False)
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    kind = models.CharField(_("kind"), max_length=7, choices=PayableKind, db_collation="C")
    amount = models.DecimalField(_("amount (yuan)"), max_digits=14, decimal_places=2)
    state = models.CharField(_("state"), max_length=10, choices=PayableState, default=PayableState.OPEN, db_collation="C")
    payee_name = SealedTextField(
        _("account holder"), logical_name="claim.payable_name", purpose=CASE_KEY, mask=mask_name, null=True
    )
    payee_account = SealedTextField(
        _("account number"), logical_name="claim.payable_account", purpose=CASE_KEY, mask=mask_account, null=True
    )
    account_index_a = models.BinaryField(null=True)
    account_index_b = models.BinaryField(null=True)
    bank_name = models.CharField(_("bank"), max_length=200, blank=True, default="")
    bank_code = models.CharField(_("bank code (12 digits)"), max_length=12, blank=True, default="", db_collation="C")
    account_changed_at = models.DateTimeField(_("account changed at"), null=True)
    #: Why the bank did not pay.
    failure = models.CharField(_("failure"), max_length=24, blank=True, default="", db_collation="C")
    #: Of an amount asked back, as confirmed records of it (`Recovery`) say.
    received = models.DecimalField(_("received back (yuan)"), max_digits=14, decimal_places=2, default=0)
    written_off = models.DecimalField(_("written off (yuan)"), max_digits=14, decimal_places=2, default=0)
    made_at = models.DateTimeField(_("owed since"))
    #: Of an amount asked back: the day on which nothing of it was open any more.
    paid_on = models.DateField(_("paid out on"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    destroyable = Destroyable(
        blinded=("account_index_a", "account_index_b"), emptied={"bank_name": "''", "bank_code": "''"}, owner_gone=_OWNER_GONE
    )
    personal_fields = ("payee_name", "payee_account")
    open_fields = (
        "id", "claim", "decision", "instead_of", "program", "organization", "region_code", "kind", "amount", "state",
        "account_index_a", "account_index_b", "bank_name", "bank_code", "account_changed_at", "failure", "received",
        "written_off", "made_at", "paid_on",
    )

    class Meta:
        verbose_name = _("amount payable")
        verbose_name_plural = _("amounts payable")
        ordering = ["-id"]
        default_permissions = ("view",)
        constraints = [
            # One of a claim is on its way at a time: nothing is paid twice.
            models.UniqueConstraint(
                name="payable_one_on_its_way", fields=["claim"], condition=Q(state__in=["open", "in_payment"], kind="payout"),
            ),
            models.CheckConstraint(name="payable_is_above_zero", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="payable_has_an_account",
                condition=~Q(kind="payout", state__in=["in_payment", "paid"])
                | Q(payee_account__isnull=False, payee_name__isnull=False),
            ),
            models.CheckConstraint(
                name="payable_paid_has_its_day", condition=Q(state="paid", paid_on__isnull=False) | ~Q(state="paid"),
            ),
            models.CheckConstraint(name="payable_failed_has_a_reason", condition=~Q(state="failed") | ~Q(failure="")),
            models.CheckConstraint(
                name="payable_gets_back_at_most_what_is_asked",
                condition=Q(received__gte=0, written_off__gte=0)
                & (Q(kind="payout", received=0, written_off=0) | Q(kind="reclaim", amount__gte=_BACK)),
            ),
            # What is asked back never is at a bank of ours; it is settled when nothing is open.
            models.CheckConstraint(
                name="payable_asked_back_is_open_or_settled",
                condition=Q(kind="payout") | Q(state="cancelled") | Q(state="open", amount__gt=_BACK)
                | Q(state="paid", amount=_BACK),
            ),
        ]
        indexes = [
            models.Index(fields=["program", "organization"], name="payable_open", condition=Q(state="open", kind="payout")),
            models.Index(fields=["organization", "id"], name="payable_by_office"),
            models.Index(fields=["state", "id", "organization"], name="payable_by_state", condition=~Q(state="paid")),
            # Few: what is asked back, and what the bank did not pay.
            models.Index(fields=["id"], name="payable_reclaimed", condition=Q(kind="reclaim")),
            models.Index(fields=["claim"], name="payable_failed", condition=Q(state="failed", kind="payout")),
            BrinIndex(fields=["made_at"], name="payable_by_moment", autosummarize=True),
            *accounts_by_stem("payable"),
        ]
        triggers = [
            pgtrigger.Protect(name="payable_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="payable_stands", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "claim", "decision", "instead_of", "program", "organization", "kind", "amount", "made_at",
                ),
            ),
            pgtrigger.Protect(
                name="payable_keeps_its_account", operation=pgtrigger.Update,
                # Frozen from the signature on; at the end of its term it is destroyed.
                condition=pgtrigger.Condition(
                    f"NEW.payee_account IS DISTINCT FROM {DESTROYED} AND (NEW.payee_account IS DISTINCT FROM OLD.payee_account"
                    " OR NEW.payee_name IS DISTINCT FROM OLD.payee_name)"
                ),
            ),
            agrees(
                "payable_agrees",
                """
                SELECT FROM new_rows
                LEFT JOIN LATERAL (
                    SELECT id, program_id, organization_id FROM claims_claim WHERE id = new_rows.claim_id LIMIT 1
                ) AS claim ON true
                LEFT JOIN LATERAL (SELECT claim_id FROM claims_decision WHERE id = new_rows.decision_id LIMIT 1) AS decided ON true
                WHERE claim.id IS NULL OR claim.program_id <> new_rows.program_id
                    OR claim.organization_id <> new_rows.organization_id OR decided.claim_id IS DISTINCT FROM claim.id
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def unsettled(self) -> Decimal:
        """Yuan that are neither received back nor written off; of what is to be paid, all of it."""
        return self.amount - self.received - self.written_off
