"""Batches of payouts: made by one, checked and authorized by others over one digest; their lines, votes, file and ways out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Self

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organization, User
from audit.history import tracked
from audit.models.events import append_only
from audit.scope import Scope, ScopedQuerySet
from beneficiaries.models.agreement import agrees
from claims.models import Payable
from payouts.models.format import BankFormat, Takes
from payouts.models.payer import PayerAccount
from programs.models import Program

#: Opens the file, in the clear.
DOWNLOAD = "payouts.download_batch"
#: What a batch's reference begins with; the bank's own number of it, too.
REFERENCE = "P{:09d}"
#: What a test of an account pays (yuan).
TEST_AMOUNT = Decimal("0.01")


class BatchState(models.TextChoices):
    """Where a batch stands. "Unknown" begins before anything leaves, and only an answer of the bank ends it."""

    PREPARED = "prepared", pgettext_lazy("payout batch", "To be checked")
    CHECKED = "checked", pgettext_lazy("payout batch", "To be authorized")
    AUTHORIZED = "authorized", pgettext_lazy("payout batch", "To be released")
    RELEASED = "released", pgettext_lazy("payout batch", "To be sent")
    UNKNOWN = "unknown", pgettext_lazy("payout batch", "Sent, receipt unknown")
    SENT = "sent", pgettext_lazy("payout batch", "Sent")
    SUCCEEDED = "succeeded", pgettext_lazy("payout batch", "Paid")
    PARTIAL = "partial", pgettext_lazy("payout batch", "Paid in part")
    FAILED = "failed", pgettext_lazy("payout batch", "Not paid")
    DISCARDED = "discarded", pgettext_lazy("payout batch", "Discarded")


#: States before anything may have left.
BEFORE = (BatchState.PREPARED, BatchState.CHECKED, BatchState.AUTHORIZED, BatchState.RELEASED)
#: States in which the bank may have the file.
OUT = (BatchState.UNKNOWN, BatchState.SENT, BatchState.SUCCEEDED, BatchState.PARTIAL, BatchState.FAILED)
#: States in which every line has its result.
ANSWERED = (BatchState.SUCCEEDED, BatchState.PARTIAL, BatchState.FAILED)


class LineState(models.TextChoices):
    """What became of a line."""

    OPEN = "open", _("No result yet")
    PAID = "paid", _("Paid")
    FAILED = "failed", _("Failed")
    RETURNED = "returned", _("Returned after payment")
    #: Not sent: its account had changed, or the batch was discarded.
    OUT = "out", _("Taken out")


#: States in which a line holds its payable.
HOLDING = (LineState.OPEN, LineState.PAID)


class FailureCode(models.TextChoices):
    """Why the bank did not pay."""

    NONE = "", "—"
    NAME_MISMATCH = "name_mismatch", _("account holder does not match")
    NO_ACCOUNT = "no_account", _("no such account")
    CLOSED = "closed", _("account closed or frozen")
    LIMIT = "limit", _("limit exceeded")
    UNVERIFIED = "unverified", _("holder not verified")
    BANK_CODE = "bank_code", _("wrong bank code")
    OTHER = "other", pgettext_lazy("reason of a failed payout", "another reason")


class WhyOut(models.TextChoices):
    """Why a line was taken out before anything was sent."""

    NONE = "", "—"
    REAPPROVE = "reapprove", _("The account was changed after the batch was made")
    DISCARDED = "discarded", _("The batch was discarded")
    UNTESTED = "untested", _("The bank has refused the account since the batch was made")


class Step(models.TextChoices):
    """What somebody said of a batch; nobody says two things of one."""

    MAKE = "make", _("Batched")
    CHECK = "check", _("Checked")
    AUTHORIZE = "authorize", _("Authorized")


_OFFICE = Scope(organization_path="organization__path", region="region_code", program="program_id")
_BATCH = Scope(organization_path="batch__organization__path", region="batch__region_code", program="batch__program_id")

# What a state asks for: whoever moves a batch on without the votes over its present digest is refused by the database.
_VOTES = """
    IF NEW.state <> 'prepared' AND NEW.state <> 'discarded' THEN
        IF NOT EXISTS (
            SELECT FROM payouts_batchvote v WHERE v.batch_id = NEW.id AND v.stands AND v.step = 'check' AND v.digest = NEW.digest
        ) OR (NEW.state <> 'checked' AND NEW.approvals > (
            SELECT count(*) FROM payouts_batchvote v
            WHERE v.batch_id = NEW.id AND v.stands AND v.step = 'authorize' AND v.digest = NEW.digest
        )) THEN
            RAISE EXCEPTION 'payout batch % lacks approvals of its digest', NEW.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'batch_has_its_votes';
        END IF;
    END IF;
    RETURN NEW;
"""


# A line is of its batch's kind; where the paying account asks for it, a payout names what proved its account.
_AGREES = """
    SELECT FROM new_rows WHERE NOT EXISTS (
        SELECT FROM payouts_batch b JOIN payouts_payeraccount a ON a.id = b.payer_id
        WHERE b.id = new_rows.batch_id AND b.is_test = new_rows.is_test
            AND (b.is_test OR NOT a.tests_accounts OR new_rows.proven_by_id IS NOT NULL))
"""


class BatchQuerySet(ScopedQuerySet):
    """Chainable words about batches."""

    def at_the_bank(self) -> Self:
        """Whose file the bank may have."""
        return self.filter(state__in=OUT)


@tracked
class Batch(models.Model):
    """Payouts of one program from one account in one file of one format."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("office"))
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    payer = models.ForeignKey(PayerAccount, models.PROTECT, related_name="+", verbose_name=_("paying account"))
    format = models.ForeignKey(BankFormat, models.PROTECT, related_name="+", verbose_name=_("bank's format"))
    kind = models.CharField(_("transfers"), max_length=9, choices=Takes, db_collation="C")
    #: It verifies accounts by 0.01 yuan each: what is owed there stays open.
    is_test = models.BooleanField(_("verifies accounts"), default=False)
    state = models.CharField(_("state"), max_length=10, choices=BatchState, default=BatchState.PREPARED, db_collation="C")
    #: What payees read on their statement.
    purpose = models.CharField(_("purpose"), max_length=60)
    lines = models.PositiveIntegerField(_("payouts"), default=0)
    amount = models.DecimalField(_("sum (yuan)"), max_digits=16, decimal_places=2, default=0)
    #: SHA-256 (hex) over account, format, purpose, and of every line its number, payable, amount and payee: what is approved.
    digest = models.CharField(max_length=64, blank=True, default="", db_collation="C")
    #: How many people authorize it, by the thresholds when it was made.
    approvals = models.PositiveSmallIntegerField(_("people who authorize"), default=1)
    #: Lines whose account was changed shortly before.
    fresh_lines = models.PositiveIntegerField(_("accounts changed lately"), default=0)
    #: Lines that share an account with another payee's.
    shared_lines = models.PositiveIntegerField(_("accounts of several payees"), default=0)
    paid_lines = models.PositiveIntegerField(_("paid"), default=0)
    paid_amount = models.DecimalField(_("succeeded (yuan)"), max_digits=16, decimal_places=2, default=0)
    failed_lines = models.PositiveIntegerField(_("failed"), default=0)
    failed_amount = models.DecimalField(_("failed (yuan)"), max_digits=16, decimal_places=2, default=0)
    returned_lines = models.PositiveIntegerField(_("returned"), default=0)
    returned_amount = models.DecimalField(_("returned (yuan)"), max_digits=16, decimal_places=2, default=0)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("batched by"))
    made_at = models.DateTimeField(_("batched at"))
    released_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("released by"))
    released_at = models.DateTimeField(_("released at"), null=True)
    discarded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("discarded by"))
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")
    #: The folder of the file's parts in the storage.
    folder = models.CharField(max_length=60, blank=True, default="", db_collation="C")
    written_at = models.DateTimeField(_("file written at"), null=True)
    size = models.BigIntegerField(_("size"), null=True, help_text=_("Bytes."))
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64, blank=True, default="", db_collation="C")
    sent_at = models.DateTimeField(_("sent at"), null=True)
    #: Its file is destroyed as soon as one of those it names is: what was ordered is told by lines, checksum and ledger.
    purged_at = models.DateTimeField(_("file deleted at"), null=True)
    #: What the bank called it.
    bank_reference = models.CharField(_("bank's reference"), max_length=60, blank=True, default="", db_collation="C")

    objects = BatchQuerySet.as_manager()

    scope = _OFFICE
    personal_fields = ()
    open_fields = (
        "id", "program", "organization", "region_code", "payer", "format", "kind", "is_test", "state", "purpose", "lines",
        "amount", "digest", "approvals", "fresh_lines", "shared_lines", "paid_lines", "paid_amount", "failed_lines",
        "failed_amount", "returned_lines", "returned_amount", "made_by", "made_at", "released_by", "released_at", "discarded_by",
        "reason", "folder", "written_at", "size", "sha256", "sent_at", "purged_at",
        "bank_reference",
    )

    class Meta:
        verbose_name = _("payout batch")
        verbose_name_plural = _("payout batches")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("prepare_batch", _("Can make payout batches, release and send them, and record what the bank says")),
            ("check_batch", _("Can check payout batches")),
            ("discard_batch", _("Can discard payout batches before anything has left")),
            ("authorize_batch", _("Can authorize payout batches and confirm what the bank says")),
            ("download_batch", _("Can download files of payout batches, in the clear")),
        ]
        constraints = [
            models.CheckConstraint(
                name="batch_beyond_its_making_has_lines",
                condition=Q(state="discarded") | (Q(lines__gt=0, amount__gt=0) & ~Q(digest="")),
            ),
            models.CheckConstraint(
                name="batch_results_within_its_lines",
                condition=Q(lines__gte=F("paid_lines") + F("failed_lines") + F("returned_lines"))
                & Q(amount__gte=F("paid_amount") + F("failed_amount") + F("returned_amount")),
            ),
            models.CheckConstraint(
                name="batch_answered_wholly",
                condition=~Q(state__in=["succeeded", "partial", "failed"])
                | Q(lines=F("paid_lines") + F("failed_lines") + F("returned_lines")),
            ),
            models.CheckConstraint(name="batch_discarded_has_a_reason", condition=~Q(state="discarded") | ~Q(reason="")),
            models.CheckConstraint(
                name="batch_released_has_a_folder",
                condition=Q(state__in=["prepared", "checked", "authorized", "discarded"])
                | (Q(released_by__isnull=False, released_at__isnull=False) & ~Q(folder="")),
            ),
            models.CheckConstraint(
                name="batch_out_has_its_file",
                condition=Q(state__in=["prepared", "checked", "authorized", "released", "discarded"])
                | (Q(written_at__isnull=False, size__gt=0) & ~Q(sha256="")),
            ),
            models.CheckConstraint(name="batch_asks_for_approval", condition=Q(approvals__gte=1)),
            models.CheckConstraint(name="batch_says_for_what", condition=~Q(purpose="")),
        ]
        indexes = [models.Index(fields=["program", "state"], name="batch_of_program")]
        triggers = [
            pgtrigger.Protect(name="batch_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="batch_stays_what_it_is", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "program", "organization", "region_code", "payer", "format", "kind", "is_test", "purpose", "made_by",
                    "made_at",
                ),
            ),
            pgtrigger.Protect(
                name="batch_sum_stands_once_released", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state NOT IN ('prepared', 'checked', 'authorized') AND (OLD.lines, OLD.amount, OLD.digest)"
                    " IS DISTINCT FROM (NEW.lines, NEW.amount, NEW.digest)"
                ),
            ),
            pgtrigger.Protect(
                name="batch_file_stands", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.written_at IS NOT NULL AND (OLD.folder, OLD.written_at, OLD.size, OLD.sha256)"
                    " IS DISTINCT FROM (NEW.folder, NEW.written_at, NEW.size, NEW.sha256)"
                ),
            ),
            pgtrigger.Protect(
                name="batch_file_is_purged_once", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.purged_at IS NOT NULL AND NEW.purged_at IS DISTINCT FROM OLD.purged_at"
                ),
            ),
            pgtrigger.Trigger(
                name="batch_has_its_votes", level=pgtrigger.Row, when=pgtrigger.Before, operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("state", "digest", "approvals"), func=_VOTES,
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.reference}"

    @property
    def reference(self) -> str:
        """Our number of it, which the bank gets, too: the same however often it is sent."""
        return REFERENCE.format(self.pk or 0)

    @property
    def open_lines(self) -> int:
        """Lines of which the bank has said nothing."""
        return self.lines - self.paid_lines - self.failed_lines - self.returned_lines

    @property
    def has_file(self) -> bool:
        """Whether its file is written, and still there."""
        return self.written_at is not None and self.purged_at is None


class BatchLine(models.Model):
    """One payout of a batch: fixed when it is made; what became of it is said by results of the bank alone.

    A line that verifies an account names one of the amounts that wait for it, and pays none.
    """

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="batch_lines", db_index=False, verbose_name=_("payout batch"))
    payable = models.ForeignKey(
        Payable, models.PROTECT, related_name="payout_lines", db_index=False, verbose_name=_("amount owed")
    )
    number = models.PositiveIntegerField(_("line"))
    region_code = models.CharField(_("region"), max_length=12, db_collation="C")
    amount = models.DecimalField(_("amount (yuan)"), max_digits=16, decimal_places=2)
    in_bank = models.BooleanField(_("within the bank"))
    is_test = models.BooleanField(_("verifies the account"), default=False)
    #: The line whose payment had arrived at this account before, where the paying account asks for that.
    proven_by = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", db_index=False, verbose_name=_("account verified by")
    )
    #: SHA-256 over the payee's sealed name and account, bank and bank code: another account or name has another.
    payee = models.BinaryField(max_length=32)
    state = models.CharField(_("state"), max_length=8, choices=LineState, default=LineState.OPEN, db_collation="C")
    code = models.CharField(
        _("why it failed"), max_length=13, choices=FailureCode, blank=True, default="", db_collation="C"
    )
    why_out = models.CharField(_("why it was taken out"), max_length=9, choices=WhyOut, blank=True, default="", db_collation="C")
    settled_on = models.DateField(_("paid out on"), null=True)
    returned_on = models.DateField(_("returned on"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = Scope(organization_path="batch__organization__path", region="region_code", program="batch__program_id")
    personal_fields = ()
    open_fields = (
        "id", "batch", "payable", "number", "region_code", "amount", "in_bank", "is_test", "proven_by", "payee", "state", "code",
        "why_out", "settled_on", "returned_on",
    )

    class Meta:
        verbose_name = _("payout line")
        verbose_name_plural = _("payout lines")
        ordering = ["-id"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(name="batch_line_once", fields=["batch", "number"]),
            # A payable sits in one live line that pays it.
            models.UniqueConstraint(
                name="payable_in_one_live_line", fields=["payable"], condition=Q(state__in=["open", "paid"], is_test=False)
            ),
            models.UniqueConstraint(
                name="payable_in_one_open_test", fields=["payable"], condition=Q(state="open", is_test=True)
            ),
            models.CheckConstraint(
                name="batch_line_test_is_one_fen", condition=Q(is_test=False) | Q(amount=TEST_AMOUNT, proven_by__isnull=True)
            ),
            models.CheckConstraint(name="batch_line_above_zero", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="batch_line_says_why_it_failed", condition=Q(state__in=["failed", "returned"]) ^ Q(code="")
            ),
            models.CheckConstraint(name="batch_line_says_why_it_is_out", condition=Q(state="out") ^ Q(why_out="")),
            models.CheckConstraint(
                name="batch_line_paid_on_a_day",
                condition=Q(state__in=["paid", "returned"], settled_on__isnull=False)
                | (~Q(state__in=["paid", "returned"]) & Q(settled_on__isnull=True)),
            ),
            models.CheckConstraint(
                name="batch_line_returned_on_a_day",
                condition=Q(state="returned", returned_on__isnull=False) | (~Q(state="returned") & Q(returned_on__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(fields=["payable"], name="batch_line_of_payable"),
            # Few for long: what is still without a result, and what came back.
            models.Index(fields=["batch", "number"], name="batch_line_open", condition=Q(state="open")),
            models.Index(fields=["batch", "number"], name="batch_line_failed", condition=Q(state__in=["failed", "returned"])),
        ]
        triggers = [
            pgtrigger.Protect(name="batch_line_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="batch_line_stays", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("batch", "payable", "number", "region_code", "amount", "in_bank", "is_test",
                    "proven_by", "payee"),
            ),
            agrees("batch_line_agrees", _AGREES),
            # Open -> paid, failed, returned or out; paid -> returned.
            pgtrigger.Protect(
                name="batch_line_has_one_result", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state <> 'open' AND NOT (OLD.state = 'paid' AND NEW.state = 'returned'"
                    " AND NEW.settled_on = OLD.settled_on)"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}-{self.number}"

    @property
    def key(self) -> str:
        """What the bank's file calls it, and what comes back."""
        return f"{REFERENCE.format(self.batch_id)}-{self.number:06d}"


class BatchVote(models.Model):
    """What one person said of one digest of a batch. An edit after it voids it (`stands` false); nobody votes twice."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="votes", verbose_name=_("payout batch"))
    user = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    step = models.CharField(_("step"), max_length=9, choices=Step, db_collation="C")
    digest = models.CharField(max_length=64, db_collation="C")
    at = models.DateTimeField(_("at"))
    stands = models.BooleanField(default=True)

    objects = ScopedQuerySet.as_manager()

    scope = _BATCH
    personal_fields = ()
    open_fields = ("id", "batch", "user", "step", "digest", "at", "stands")

    class Meta:
        verbose_name = _("approval of a payout batch")
        verbose_name_plural = _("approvals of payout batches")
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            # Maker is never checker, checker never authorizes, and nobody counts twice.
            models.UniqueConstraint(name="batch_vote_one_per_person", fields=["batch", "user"], condition=Q(stands=True)),
            models.UniqueConstraint(
                name="batch_is_made_and_checked_once", fields=["batch", "step"],
                condition=Q(stands=True, step__in=["make", "check"]),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="batch_vote_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="batch_vote_only_falls", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "NOT OLD.stands OR to_jsonb(OLD) - 'stands' IS DISTINCT FROM to_jsonb(NEW) - 'stands'"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.step}"


class BatchPart(models.Model):
    """A piece of a batch's file, sealed in the storage."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="parts")
    number = models.PositiveIntegerField()
    rows = models.PositiveIntegerField()
    #: The last line in it.
    last_line = models.PositiveIntegerField()
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, db_collation="C")
    storage_key = models.CharField(max_length=120, unique=True, db_collation="C")

    objects = ScopedQuerySet.as_manager()

    scope = Scope.nobody()
    personal_fields = ()
    open_fields = ("id", "batch", "number", "rows", "last_line", "size", "sha256", "storage_key")

    class Meta:
        verbose_name = _("part of a payout file")
        verbose_name_plural = _("parts of payout files")
        ordering = ["batch", "number"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(name="batch_part_once", fields=["batch", "number"])]
        triggers = append_only("batch_part")

    def __str__(self) -> str:
        return f"{self.batch_id} {self.number}"


class Way(models.TextChoices):
    """How a file leaves."""

    DOWNLOAD = "download", _("Downloaded")
    CONNECTOR = "connector", _("Sent by the connector")


class DeliveryState(models.TextChoices):
    """What is known of one attempt."""

    #: Written before anything leaves: without an end it is not known whether the bank has it.
    BEGUN = "begun", _("Begun, no answer yet")
    TAKEN = "taken", _("Acknowledged")
    #: The connector is certain that nothing left.
    NOT_TAKEN = "not_taken", _("Not taken")


@tracked
class Delivery(models.Model):
    """One attempt to hand a batch's file over: always the same file under the same name."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="deliveries", verbose_name=_("payout batch"))
    way = models.CharField(_("way"), max_length=9, choices=Way, db_collation="C")
    connector = models.CharField(_("connector"), max_length=120, blank=True, default="", db_collation="C")
    state = models.CharField(_("state"), max_length=9, choices=DeliveryState, default=DeliveryState.BEGUN, db_collation="C")
    begun_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    begun_at = models.DateTimeField(_("begun at"))
    ended_at = models.DateTimeField(_("ended at"), null=True)
    #: What the other side said: where the file lies, or why it was not taken. No person.
    note = models.CharField(_("answer"), max_length=300, blank=True, default="")

    objects = ScopedQuerySet.as_manager()

    scope = _BATCH
    personal_fields = ()
    open_fields = ("id", "batch", "way", "connector", "state", "begun_by", "begun_at", "ended_at", "note")

    class Meta:
        verbose_name = _("delivery of a payout file")
        verbose_name_plural = _("deliveries of payout files")
        ordering = ["-id"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="delivery_ends_or_not",
                condition=Q(state="begun", ended_at__isnull=True) | ~Q(state="begun") & Q(ended_at__isnull=False)
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="delivery_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="delivery_stays", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("batch", "way", "connector", "begun_by", "begun_at"),
            ),
            pgtrigger.Protect(
                name="delivery_ends_once", operation=pgtrigger.Update, condition=~pgtrigger.Q(old__state="begun")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.way}"


class Answer(models.TextChoices):
    """What the bank says of a file when it is asked."""

    RECEIVED = "received", _("The bank has received it")
    NOT_RECEIVED = "not_received", _("The bank has not received it")


class EnquiryState(models.TextChoices):
    """Nothing is believed before somebody else has confirmed it."""

    PROPOSED = "proposed", _("To be confirmed")
    CONFIRMED = "confirmed", _("Confirmed")
    DECLINED = "declined", _("Not confirmed")


@tracked
class Enquiry(models.Model):
    """What the bank answered about one batch: written down by one person, confirmed by another."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="enquiries", verbose_name=_("payout batch"))
    answer = models.CharField(_("answer"), max_length=12, choices=Answer, db_collation="C")
    #: The bank's number of the batch, or whom one has spoken to.
    reference = models.CharField(_("bank's reference"), max_length=60, db_collation="C")
    state = models.CharField(_("state"), max_length=9, choices=EnquiryState, default=EnquiryState.PROPOSED, db_collation="C")
    said_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("recorded by"))
    said_at = models.DateTimeField(_("recorded at"))
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)

    objects = ScopedQuerySet.as_manager()

    scope = _BATCH
    personal_fields = ()
    open_fields = ("id", "batch", "answer", "reference", "state", "said_by", "said_at", "decided_by", "decided_at")

    class Meta:
        verbose_name = _("enquiry at the bank")
        verbose_name_plural = _("enquiries at the bank")
        ordering = ["-id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="enquiry_one_at_a_time", fields=["batch"], condition=Q(state="proposed")),
            models.CheckConstraint(
                name="enquiry_decided_by_another",
                condition=Q(state="proposed", decided_by__isnull=True)
                | (Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_by=F("said_by"))),
            ),
            models.CheckConstraint(name="enquiry_names_its_source", condition=~Q(reference="")),
        ]
        triggers = [
            pgtrigger.Protect(name="enquiry_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="enquiry_stays", operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("batch", "answer", "reference", "said_by", "said_at"),
            ),
            pgtrigger.Protect(
                name="enquiry_decided_once", operation=pgtrigger.Update, condition=~pgtrigger.Q(old__state="proposed")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.answer}"


def outcome_of(batch: Any) -> BatchState:
    """The state that the counts of a batch's results make: answered only when nothing is open."""
    if batch.open_lines:
        return BatchState.SENT
    if batch.paid_lines == batch.lines:
        return BatchState.SUCCEEDED
    return BatchState.PARTIAL if batch.paid_lines else BatchState.FAILED
