"""Claims (赔案): one cover's part of a case, its state and its clock; and what is known of its way: steps, requests, notes."""

from __future__ import annotations

from typing import Any, Self

import pgtrigger
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Substr
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from audit import blind_index
from audit.destroying import Destroyable
from audit.fields import SealedTextField
from audit.history import tracked_updates_by_row
from audit.masking import mask_account, mask_name
from audit.models.events import append_only
from audit.scope import Offices, Scope, ScopedQuerySet
from beneficiaries.models import Enrollment
from beneficiaries.models.agreement import agrees
from claims.models.case import CASE_KEY, OWNER_GONE, Case, numbered
from claims.rules.states import OPEN, State
from programs.models import Period, Plan, Program

#: Purpose of the blind index of payees' accounts.
ACCOUNT = "claim.payee_account"
#: Bytes of an account's blind index by which rows are found. Whole keys, which are random, cost a change of a row's state as much
#: as several of its other indexes; in a hash index, rows of one account are a chain that each write walks.
_STEM = 8
STATE_NAMES = {
    State.REPORTED: _("Report received"), State.ACCEPTED: _("Accepted for handling"), State.REGISTERED: _("Case filed"),
    State.WAITING: _("Waiting for papers"), State.REVIEW: _("Under review"), State.INVESTIGATION: _("Under investigation"),
    State.ASSESSED: _("Calculated, to be signed"), State.PAYABLE: _("Awaiting payment"), State.PAID: _("Paid out"),
    State.CLOSED: _("Case closed"), State.REFUSED: _("Claim refused"), State.ZERO: _("Closed without payment"),
    State.WITHDRAWN: _("Withdrawn by the claimant"), State.DECLINED: _("Not filed"),
}


#: The person of a cover, or into whom they were merged.
_WHOSE = """SELECT coalesce(p.merged_into_id, p.id) FROM beneficiaries_person p
                    WHERE p.id = (SELECT e.person_id FROM beneficiaries_enrollment e WHERE e.id = {cover})"""


def account_stem(column: str) -> str:
    """SQL: the part of an account's blind index by which its rows are found; the whole is compared beside it."""
    return f"substring({column}, 1, {_STEM})"


def accounts_by_stem(table: str) -> list[models.Index]:
    """Indexes of a table that has `account_index_a` and `account_index_b`, for statements that say `account_stem`."""
    return [
        models.Index(
            Substr(f"account_index_{slot}", 1, _STEM), name=f"{table}_by_account_{slot}",
            condition=Q(**{f"account_index_{slot}__isnull": False}),
        )
        for slot in ("a", "b")
    ]


class Payee(models.TextChoices):
    """Whose account it is."""

    SELF = "self", _("The insured person")
    GUARDIAN = "guardian", _("The guardian")
    HEIR = "heir", _("An heir or the person named for the death benefit")
    AGENT = "agent", _("An agent with a power of attorney")
    HOSPITAL = "hospital", _("The hospital that advanced the costs")


class _NoneOf(Func):
    """Whether a value is none of an array's, which is made once for all rows."""

    template, arg_joiner, arity = "(%(expressions)s))", " <> ALL(", 2
    output_field = models.BooleanField()


class ClaimQuerySet(ScopedQuerySet):
    """Chainable words about claims."""

    def open(self) -> Self:
        """Without an end yet, and to be worked on."""
        return self.filter(state__in=OPEN)

    def visible_to(self, user: Any, permission: str | None = None, *, offices: Offices | None = None) -> Self:
        """As the scope says, without people whose data is restricted (ADR 27)."""
        # Few are restricted: their covers are found first, by person, and held against each claim. As a join, whole offices of
        # claims were read before the first was known to be shown.
        restricted = Enrollment.objects.filter(beneficiary__restricted_at__isnull=False, person=F("beneficiary__person"))
        return super().visible_to(user, permission, offices=offices).filter(
            _NoneOf("enrollment_id", ArraySubquery(restricted.values("pk")))
        )


@tracked_updates_by_row
class Claim(models.Model):
    """What a case asks of one cover. Its office, region and program are the cover's."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="claims", verbose_name=_("case"), db_index=False)
    enrollment = models.ForeignKey(
        Enrollment, models.PROTECT, related_name="claims", verbose_name=_("enrollment"), db_constraint=False, db_index=False
    )
    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"), db_index=False)
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+", verbose_name=_("plan"), db_index=False)
    period = models.ForeignKey(Period, models.PROTECT, related_name="+", verbose_name=_("period"), db_index=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("office"), db_index=False)
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    #: The order in which a case's covers pay; what an earlier one pays is another payer's payment for the later ones.
    position = models.PositiveSmallIntegerField(_("order of payment"))
    state = models.CharField(_("state"), max_length=13, choices=list(STATE_NAMES.items()), default=State.REPORTED, db_collation="C")
    #: Where it goes back to when the papers are complete.
    waits_from = models.CharField(max_length=13, blank=True, default="", db_collation="C")
    handler = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("handled by"), db_index=False
    )
    #: The day of acceptance: legal terms run from it.
    clock_begun_on = models.DateField(_("accepted on"), null=True)
    #: The nearest day by which something is due, while the clock runs.
    due_on = models.DateField(_("to be done by"), null=True)
    #: Yuan of the decision that holds; null before the first.
    amount = models.DecimalField(_("amount (yuan)"), max_digits=14, decimal_places=2, null=True)
    #: Its place in the order in which claims have used the cover.
    settlement = models.PositiveIntegerField(_("order of settlement"), null=True)
    reopened = models.PositiveSmallIntegerField(_("reopened"), default=0)
    payee = models.CharField(_("payee"), max_length=8, choices=Payee, blank=True, default="", db_collation="C")
    payee_name = SealedTextField(
        _("account holder"), logical_name="claim.payee_name", purpose=CASE_KEY, mask=mask_name, null=True
    )
    payee_account = SealedTextField(
        _("account number"), logical_name="claim.payee_account", purpose=CASE_KEY, mask=mask_account, null=True
    )
    account_index_a = models.BinaryField(null=True)
    account_index_b = models.BinaryField(null=True)
    bank_name = models.CharField(_("bank"), max_length=200, blank=True, default="")
    bank_code = models.CharField(_("bank code (12 digits)"), max_length=12, blank=True, default="", db_collation="C")
    account_changed_at = models.DateTimeField(_("account changed at"), null=True)
    account_stated_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("account stated by"), db_index=False
    )
    reported_at = models.DateTimeField(_("reported to us at"))
    #: When its end came.
    ended_at = models.DateTimeField(_("ended at"), null=True)

    objects = ClaimQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="region_code", program="program_id")
    destroyable = Destroyable(
        blinded=("account_index_a", "account_index_b"), emptied={"bank_name": "''", "bank_code": "''"},
        owner_gone=OWNER_GONE.format(case="case_id"),
    )
    personal_fields = ("payee_name", "payee_account")
    open_fields = (
        "id", "case", "enrollment", "program", "plan", "period", "organization", "region_code", "position", "state", "waits_from",
        "handler", "clock_begun_on", "due_on", "amount", "settlement", "reopened", "payee", "account_index_a", "account_index_b",
        "bank_name", "bank_code", "account_changed_at", "account_stated_by", "reported_at", "ended_at",
    )

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("report_claim", _("Can record reports, bills and papers of claims")),
            ("handle_claim", _("Can accept, review and calculate claims")),
            ("hand_over_claim", _("Can hand their own claims over to colleagues")),
            ("assign_claim", _("Can hand claims over to colleagues")),
            ("sign_decision", _("Can sign decisions of claims or send them back")),
            ("countersign_decision", _("Can sign decisions of large sums as second or third")),
            ("explain_bill", _("Can let bills count that were presented elsewhere or do not add up")),
            ("review_account", _("Can confirm corrected accounts of payees")),
            ("open_paper", _("Can open papers of claims")),
        ]
        constraints = [
            # Each change of a state writes into every index of the row: this one finds the claims of a cover, too, and the next
            # those of a case.
            models.UniqueConstraint(name="claim_once_of_a_cover", fields=["enrollment", "case"]),
            models.UniqueConstraint(name="claim_has_its_turn", fields=["case", "position"], deferrable=models.Deferrable.DEFERRED),
            models.UniqueConstraint(
                name="claim_settled_in_an_order", fields=["enrollment", "settlement"], condition=Q(settlement__isnull=False)
            ),
            models.CheckConstraint(name="claim_amount_is_not_below_zero", condition=Q(amount__isnull=True) | Q(amount__gte=0)),
            models.CheckConstraint(
                name="claim_waits_from_somewhere", condition=Q(state=State.WAITING) ^ Q(waits_from=""),
            ),
            models.CheckConstraint(
                name="claim_paid_was_decided",
                condition=~Q(state__in=[State.PAYABLE, State.PAID, State.CLOSED]) | Q(amount__gt=0, settlement__isnull=False),
            ),
            models.CheckConstraint(
                name="claim_account_is_whole",
                condition=Q(payee_account__isnull=True, account_index_a__isnull=True, account_index_b__isnull=True)
                | Q(payee_account__isnull=False, payee_name__isnull=False),
            ),
        ]
        indexes = [
            # Work is found by how near its day is; of all claims few are open.
            models.Index(fields=["organization", "due_on"], name="claim_open_by_day", condition=Q(state__in=OPEN)),
            models.Index(fields=["handler"], name="claim_in_hand", condition=Q(state__in=OPEN, handler__isnull=False)),
            # Of all offices by the key itself; of one office, of a period without many, of a state that few are in.
            models.Index(fields=["due_on", "id"], name="claim_open_nearest", condition=Q(state__in=OPEN)),
            # What is decided and not paid yet: another clock, other people's work.
            models.Index(fields=["due_on", "id"], name="claim_pay_nearest", condition=Q(state=State.PAYABLE)),
            models.Index(fields=["organization", "id"], name="claim_by_office"),
            models.Index(fields=["period", "id"], name="claim_by_period"),
            models.Index(fields=["region_code", "organization"], name="claim_by_place"),
            models.Index(
                fields=["state", "id", "organization"], name="claim_by_state", condition=~Q(state=State.CLOSED)
            ),
            BrinIndex(fields=["reported_at"], name="claim_by_report", autosummarize=True),
            # Refusals whose notice was not printed yet.
            models.Index(
                fields=["organization", "due_on"], name="claim_notice_due",
                condition=Q(state=State.REFUSED, due_on__isnull=False),
            ),
            *accounts_by_stem("claim"),
        ]
        triggers = [
            pgtrigger.Protect(name="claim_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="claim_keeps_its_parents", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("case", "enrollment", "program", "plan", "period", "organization", "reported_at"),
            ),
            agrees(
                "claim_agrees",
                """
                SELECT FROM new_rows
                LEFT JOIN LATERAL (
                    SELECT id, program_id, plan_id, period_id, organization_id FROM beneficiaries_enrollment
                    WHERE id = new_rows.enrollment_id LIMIT 1
                ) AS cover ON true
                WHERE cover.id IS NULL OR cover.program_id <> new_rows.program_id OR cover.plan_id <> new_rows.plan_id
                    OR cover.period_id <> new_rows.period_id OR cover.organization_id <> new_rows.organization_id
                """,
                # All covers of a case are one person's, whoever was merged into whom.
                f"""
                SELECT FROM new_rows
                JOIN LATERAL (
                    SELECT enrollment_id FROM claims_claim WHERE case_id = new_rows.case_id AND id <> new_rows.id OFFSET 0
                ) AS beside ON true
                WHERE ({_WHOSE.format(cover="new_rows.enrollment_id")}) <> ({_WHOSE.format(cover="beside.enrollment_id")})
                """,  # noqa: S608 - names of ours
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def number(self) -> str:
        """赔案号: P, the number in the books, two check digits."""
        return numbered("P", self.pk)

    @property
    def is_open(self) -> bool:
        """Whether somebody has to work on it before it is decided."""
        return self.state in OPEN

    def account_indexes(self) -> dict[str, bytes | None]:
        """The account's blind index in the slots that are written."""
        text = None if self.payee_account is None else self.payee_account.reveal()
        return blind_index.slot_values(ACCOUNT, "account_index", text)


class ClaimStep(models.Model):
    """One change of a claim's state: from where to where, when, who, why. Never changed."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="steps", verbose_name=_("claim"))
    from_state = models.CharField(_("from"), max_length=13, choices=list(STATE_NAMES.items()), blank=True, db_collation="C")
    to_state = models.CharField(_("to"), max_length=13, choices=list(STATE_NAMES.items()), db_collation="C")
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("by"), db_index=False)
    by_label = models.CharField(_("by"), max_length=80)
    code = models.CharField(_("code"), max_length=24, blank=True, default="", db_collation="C")
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="claim__organization__path", region="claim__region_code", program="claim__program_id")
    personal_fields = ()
    open_fields = ("id", "claim", "from_state", "to_state", "at", "by", "by_label", "code", "reason")

    class Meta:
        verbose_name = _("step of a claim")
        verbose_name_plural = _("steps of claims")
        ordering = ["pk"]
        default_permissions = ()
        triggers = [*append_only("claim_step")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class PaperKind(models.TextChoices):
    """What a paper is."""

    APPLICATION = "application", _("Application for payment")
    IDENTITY = "identity", _("Identity document")
    RELATION = "relation", _("Proof of relation")
    INVOICE = "invoice", _("Invoice")
    CHARGES = "charges", _("List of charges")
    RECORD = "record", _("Medical record or discharge summary")
    PRESCRIPTION = "prescription", _("Prescription")
    BANK = "bank", _("Bank account")
    SETTLEMENT = "settlement", _("Settlement of basic insurance")
    ACCIDENT = "accident", _("Accident report")
    DEATH = "death", _("Death certificate")
    OTHER = "other", _("Other paper")


class PaperRequest(models.Model):
    """Papers that were asked for, all at once: the clock stands from then until they are complete."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="paper_requests", verbose_name=_("claim"))
    kinds = models.JSONField(_("papers"), default=list)
    words = models.CharField(_("what is missing of them"), max_length=300, blank=True, default="")
    asked_on = models.DateField(_("asked for on"))
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("asked by"))
    complete_on = models.DateField(_("complete on"), null=True)
    completed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("said by"))

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="claim__organization__path", region="claim__region_code", program="claim__program_id")
    personal_fields = ()
    open_fields = ("id", "claim", "kinds", "words", "asked_on", "asked_by", "complete_on", "completed_by")

    class Meta:
        verbose_name = _("request for papers")
        verbose_name_plural = _("requests for papers")
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="papers_asked_for_once_at_a_time", fields=["claim"], condition=Q(complete_on__isnull=True)
            ),
            models.CheckConstraint(
                name="papers_complete_after_they_were_asked_for",
                condition=Q(complete_on__isnull=True, completed_by__isnull=True)
                | Q(complete_on__gte=F("asked_on"), completed_by__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="paper_request_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="paper_request_stands", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("claim", "kinds", "words", "asked_on", "asked_by"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class ClaimNote(models.Model):
    """What somebody who works on a claim wants the next one to know."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="notes", verbose_name=_("claim"))
    text = SealedTextField(_("note"), logical_name="claim.note", purpose=CASE_KEY, null=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))

    objects = ScopedQuerySet.as_manager()

    without_history = "Written once and never deleted; what changes it is its destruction, which has a run of its own."
    scope = Scope(organization_path="claim__organization__path", region="claim__region_code", program="claim__program_id")
    destroyable = Destroyable(owner_gone="""EXISTS (
        SELECT FROM claims_claim c JOIN beneficiaries_enrollment e ON e.id = c.enrollment_id
        JOIN beneficiaries_person owner ON owner.id = e.person_id
        WHERE c.id = kept.claim_id AND owner.destroyed_at IS NOT NULL)""")
    personal_fields = ("text",)
    open_fields = ("id", "claim", "by", "at")

    class Meta:
        verbose_name = _("note on a claim")
        verbose_name_plural = _("notes on claims")
        ordering = ["pk"]
        default_permissions = ()
        triggers = [pgtrigger.Protect(name="claim_note_is_kept", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class Paper(models.Model):
    """A paper of a case: sealed in the storage, opened by whoever may see one of the case's claims."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="papers", verbose_name=_("case"))
    kind = models.CharField(_("paper"), max_length=12, choices=PaperKind, db_collation="C")
    name = models.CharField(_("file name"), max_length=120)
    media_type = models.CharField(max_length=100, db_collation="C")
    size = models.BigIntegerField(_("size"), help_text=_("Bytes."))
    sha256 = models.CharField(max_length=64, db_collation="C")
    storage_key = models.CharField(max_length=120, db_collation="C")
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("uploaded by"))
    uploaded_at = models.DateTimeField(_("uploaded at"))
    #: Taken out: of another person, unreadable ...; its content stays as long as the policy record.
    removed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("taken out by"))
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")
    purged_at = models.DateTimeField(_("deleted at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="case__claims__organization__path", region="case__claims__region_code",
        program="case__claims__program_id", many=True,
    )
    personal_fields = ()
    open_fields = (
        "id", "case", "kind", "name", "media_type", "size", "sha256", "storage_key", "uploaded_by", "uploaded_at", "removed_by",
        "reason", "purged_at",
    )

    class Meta:
        verbose_name = _("paper of a case")
        verbose_name_plural = _("papers of cases")
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="paper_once_in_a_case", fields=["case", "kind", "sha256"], condition=Q(removed_by__isnull=True)
            ),
            models.CheckConstraint(
                name="paper_taken_out_with_a_reason",
                condition=Q(removed_by__isnull=True, reason="") | (Q(removed_by__isnull=False) & ~Q(reason="")),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="claim_paper_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="claim_paper_stays", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("case", "kind", "media_type", "size", "sha256", "storage_key", "uploaded_by"),
            ),
            # What people call a file may name somebody: it goes with the content.
            pgtrigger.Protect(
                name="claim_paper_keeps_its_name", operation=pgtrigger.Update,
                condition=pgtrigger.Condition("NEW.name <> OLD.name AND NEW.purged_at IS NULL"),
            ),
            pgtrigger.Protect(
                name="claim_paper_purged_stays", operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.purged_at IS NOT NULL"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
