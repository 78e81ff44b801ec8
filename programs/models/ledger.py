"""The double-entry ledger: debits positive, credits negative, every transaction zero, nothing ever changed."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from audit.models.events import append_only
from audit.scope import Scope, ScopedQuerySet
from programs.models.books import ACCOUNTING_DAY, LEGS_OF_OPEN_MONTHS
from programs.models.budget import Budget, money_scope
from programs.models.funding import Funder
from programs.models.program import Program


class AccountKind(models.TextChoices):
    """What an account holds. The four budget accounts are a funder's commitments, not cash."""

    FUNDER_RECEIVABLE = "funder_receivable", _("Premium owed by a funder")
    #: What came in less what was paid back.
    FUNDER_RECEIVED = "funder_received", _("Received from a funder")
    #: Below zero: held for the funder, to be set against its next request or paid back.
    FUNDER_CREDIT = "funder_credit", _("Held for a funder")
    FUNDER_WRITTEN_OFF = "funder_written_off", _("Not borne by a funder")
    PERSON_RECEIVABLE = "person_receivable", _("Premium owed by insured persons")
    OWN_RECEIVED = "own_received", _("Own shares received")
    #: Below zero: came in by a statement and is nobody's own share: to be assigned or given back (ADR 38).
    OWN_HELD = "own_held", _("Own payments held")
    INSURER_PAYABLE = "insurer_payable", _("Premium owed to the insurer")
    #: Below zero: money that went out, of a funder or of the insured themselves.
    INSURER_PAID = "insurer_paid", _("Premium paid to the insurer")
    #: What decisions of claims cost, and what of it is owed to payees (below zero) or asked back from them.
    CLAIMS_INCURRED = "claims_incurred", _("Claims incurred")
    CLAIMS_PAYABLE = "claims_payable", _("Claims payable")
    #: Below zero: money that went out to payees.
    CLAIMS_PAID = "claims_paid", _("Claims paid by the bank")
    CLAIMS_RECOVERABLE = "claims_recoverable", _("Claims paid too much, to be recovered")
    CLAIMS_RECOVERED = "claims_recovered", _("Claims paid too much, received back")
    CLAIMS_WRITTEN_OFF = "claims_written_off", _("Claims paid too much, written off")
    #: What verifying payees' accounts costs whoever pays: no claim, and owed to nobody. Paid: below zero, money that went out.
    ACCOUNT_TESTS = "account_tests", _("Cost of verifying accounts")
    ACCOUNT_TESTS_PAID = "account_tests_paid", _("Paid by the bank to verify accounts")
    BUDGET_GRANTED = "budget_granted", _("Budget: granted")
    BUDGET_AVAILABLE = "budget_available", _("Budget: available")
    BUDGET_RESERVED = "budget_reserved", _("Budget: reserved")
    BUDGET_USED = "budget_used", _("Budget: used")


class LedgerAccount(models.Model):
    """One account; its balance is kept by postings and equals its entries (debits minus credits, yuan)."""

    code = models.CharField(_("account"), max_length=80, unique=True, db_collation="C")
    kind = models.CharField(_("kind"), max_length=20, choices=AccountKind, db_collation="C")
    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    funder = models.ForeignKey(Funder, models.PROTECT, null=True, related_name="accounts", verbose_name=_("funder"))
    budget = models.ForeignKey(Budget, models.PROTECT, null=True, related_name="accounts", verbose_name=_("budget"))
    balance = models.DecimalField(_("balance"), max_digits=16, decimal_places=2, default=0)

    objects = ScopedQuerySet.as_manager()

    without_history = "Its balance is the sum of its entries, which are append-only."
    scope = money_scope()
    personal_fields = ()
    open_fields = ("id", "code", "kind", "program", "funder", "budget", "balance")

    class Meta:
        verbose_name = _("ledger account")
        verbose_name_plural = _("ledger accounts")
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


_BALANCES = """
    IF (SELECT count(*) < 2 OR sum(e.amount) <> 0 FROM programs_ledgerentry e WHERE e.transaction_id = {transaction}) THEN
        RAISE EXCEPTION 'ledger transaction % does not balance', {transaction}
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
"""


def _balances(name: str, transaction: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name, level=pgtrigger.Row, when=pgtrigger.After, operation=pgtrigger.Insert, timing=pgtrigger.Deferred,
        func=_BALANCES.format(transaction=transaction),
    )


class LedgerTransaction(models.Model):
    """One posting: what it is about, who made it, from what."""

    class Kind(models.TextChoices):
        """What happened."""

        GRANT = "grant", _("Budget granted")
        RESERVE = "reserve", _("Budget reserved")
        USE = "use", _("Enrolled: budget used, premium due")
        RELEASE = "release", _("Reservation released")
        LAPSE = "lapse", _("Lapsed unpaid: budget given back, premium no longer due")
        RECEIPT = "receipt", _("Own shares received")
        HELD = "held", _("Own payments held")
        ASSIGN = "assign", _("Held payments assigned to covers")
        RETURN = "return", _("Held payments given back")
        UNPAID = "unpaid", _("Own payments reversed")
        UNDO = "undo", _("Undone: budget given back, premium no longer due")
        FUNDS = "funds", _("Received from a funder")
        CREDIT = "credit", _("What is held for a funder set against a request")
        WRITE_OFF = "writeoff", _("Written off")
        PAYBACK = "payback", _("Paid back to a funder")
        DIFFERENCE = "diff", _("Difference: premium no longer due")
        REFUND = "refund", _("Own shares paid back")
        REVERSAL = "reversal", _("Wrong posting reversed")
        REMITTANCE = "remit", _("Premium paid to the insurer")
        CLAIM = "claim", _("Claim decided")
        PAYOUT = "payout", _("Claims paid by the bank")
        BOUNCE = "bounce", _("Payments of claims returned by the bank")
        RECOVERY = "recovery", _("Claims paid too much received back")
        TEST = "test", _("Accounts verified by the bank")
        TEST_BACK = "testback", _("Payments to verify accounts returned by the bank")

    #: Kinds that are posted for people, whose number is their memo.
    OF_PEOPLE = (Kind.USE, Kind.LAPSE, Kind.UNDO, Kind.RECEIPT, Kind.DIFFERENCE, Kind.ASSIGN, Kind.UNPAID)
    #: Kinds that are posted for lines of statements.
    OF_LINES = (Kind.HELD, Kind.RETURN)

    kind = models.CharField(_("kind"), max_length=8, choices=Kind, db_collation="C")
    program = models.ForeignKey(Program, models.PROTECT, related_name="+", verbose_name=_("program"))
    at = models.DateTimeField(_("at"))
    source_type = models.CharField(_("source"), max_length=60, db_collation="C")
    source_id = models.BigIntegerField(_("number"))
    memo = models.CharField(_("memo"), max_length=200, blank=True, default="")
    by_label = models.CharField(_("by"), max_length=80)
    #: Said by the database at the insert, whatever is given: the day of `at`, or the first open one (ADR 30).
    booked_on = models.DateField(_("accounting day"), db_default=Now(), editable=False)

    objects = ScopedQuerySet.as_manager()

    scope = Scope.any_of(
        Scope(
            organization_path="program__organization__path", region="program__region_code", program="program_id"
        ),
        Scope(
            organization_path="entries__account__funder__organization__path",
            region="entries__account__funder__region_code", program="program_id", many=True,
        ),
    )
    personal_fields = ()
    open_fields = ("id", "kind", "program", "at", "source_type", "source_id", "memo", "by_label", "booked_on")

    class Meta:
        verbose_name = _("ledger transaction")
        verbose_name_plural = _("ledger transactions")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["source_type", "source_id"], name="ledger_by_source"),
            models.Index(fields=["program", "booked_on"], name="ledger_by_accounting_day"),
        ]
        triggers = [
            *append_only("ledger_transaction"), _balances("ledger_transaction_balances", "NEW.id"),
            pgtrigger.Trigger(
                name="ledger_accounting_day", level=pgtrigger.Row, when=pgtrigger.Before, operation=pgtrigger.Insert,
                func=ACCOUNTING_DAY,
            ),
        ]

    @property
    def remark(self) -> str:
        """Its memo as people read it: so many people, a tranche, a bank's reference."""
        if self.kind in self.OF_PEOPLE and self.memo.isdecimal():
            return ngettext("%(people)d person", "%(people)d people", int(self.memo)) % {"people": int(self.memo)}
        if self.kind in self.OF_LINES and self.memo.isdecimal():
            return ngettext("%(payments)d payment", "%(payments)d payments", int(self.memo)) % {"payments": int(self.memo)}
        return self.memo

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def is_carried(self) -> bool:
        """Whether it was made in a month that is closed, and belongs to a later one."""
        return self.booked_on != timezone.localdate(self.at)


class LedgerEntry(models.Model):
    """One leg of a posting: yuan, debit above zero, credit below."""

    transaction = models.ForeignKey(LedgerTransaction, models.PROTECT, related_name="entries")
    account = models.ForeignKey(LedgerAccount, models.PROTECT, related_name="entries", verbose_name=_("account"))
    amount = models.DecimalField(_("amount"), max_digits=16, decimal_places=2)

    objects = ScopedQuerySet.as_manager()

    scope = money_scope("account__")
    personal_fields = ()
    open_fields = ("id", "transaction", "account", "amount")

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        constraints = [models.CheckConstraint(name="ledger_entry_is_not_zero", condition=~Q(amount=0))]
        indexes = [models.Index(fields=["account", "id"], name="ledger_entry_by_account")]
        triggers = [
            *append_only("ledger_entry"), _balances("ledger_entry_balances", "NEW.transaction_id"),
            pgtrigger.Trigger(
                name="ledger_entry_in_open_month", level=pgtrigger.Statement, when=pgtrigger.After, operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_rows"), func=LEGS_OF_OPEN_MONTHS,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.transaction_id} {self.account_id}"
