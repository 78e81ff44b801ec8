"""What the room's events say to people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "bank_format.drafted": _("The bank's format “%(name)s” was drafted, version %(version)d."),
    "bank_format.changed": _("The draft of the bank's format “%(name)s” was changed, version %(version)d."),
    "bank_format.approved": _("The bank's format “%(name)s” was taken into use, version %(version)d."),
    "bank_format.retired": _("The bank's format “%(name)s” went out of use, version %(version)d."),
    "payer_account.drafted": _("A paying account was put on record: %(bank)s %(account)s."),
    "payer_account.redrafted": _("A change of a paying account was put on record: %(bank)s %(account)s, new accounts of payees "
        "%(tests)s."),
    "payer_account.approved": _("A paying account was taken into use: %(bank)s %(account)s."),
    "payer_account.retired": _("A paying account went out of use: %(bank)s %(account)s."),
    "payout_threshold.proposed": _("Proposed: from %(from_amount)s yuan on %(approvals)d people authorize a batch."),
    "payout_threshold.approved": _("In force: from %(from_amount)s yuan on %(approvals)d people authorize a batch."),
    "payout_threshold.declined": _("Declined: from %(from_amount)s yuan on %(approvals)d people authorize a batch."),
    "payout_batch.prepared": _("Batch %(batch)s was made: %(lines)d payouts, %(amount)s yuan."),
    "payout_batch.test_prepared": _("Batch %(batch)s was made to verify accounts: %(lines)d accounts, %(amount)s yuan."),
    "payout_batch.checked": _("Batch %(batch)s was checked: %(lines)d payouts, %(amount)s yuan."),
    "payout_batch.authorized": _(
        "Batch %(batch)s was authorized (%(given)d of %(needed)d): %(lines)d payouts, %(amount)s yuan."
    ),
    "payout_batch.reopened": _(
        "%(taken_out)d payouts of batch %(batch)s were taken out since their accounts had changed or were refused by the bank: "
        "what is left, %(lines)d payouts and %(amount)s yuan, is checked and authorized anew."
    ),
    "payout_batch.released": _("Batch %(batch)s was released: %(lines)d payouts, %(amount)s yuan."),
    "payout_batch.written": _("The file of batch %(batch)s was written: %(lines)d payouts, %(amount)s yuan."),
    "payout_batch.discarded": _("Batch %(batch)s was discarded: %(reason)s"),
    "payout_batch.file_destroyed": _(
        "The file of batch %(batch)s was destroyed at the end of the term of somebody it named; its checksum stays."
    ),
    "payout_batch.downloaded": _(
        "The file of batch %(batch)s was downloaded in the clear for %(recipient)s, locked with a password: %(lines)d payouts, "
        "%(amount)s yuan. Purpose: %(purpose)s. Columns: %(columns)s"
    ),
    "payout_batch.sending_asked": _("Batch %(batch)s is to be sent to the bank."),
    "payout_batch.delivery_begun": _("The file of batch %(batch)s is being sent: until the bank answers it is not known "
        "whether it has it."),
    "payout_batch.delivered": _("The file of batch %(batch)s was taken: %(note)s"),
    "payout_batch.not_taken": _("The file of batch %(batch)s was not taken: %(note)s"),
    "payout_batch.enquired": _("The bank was asked about batch %(batch)s: %(answer)s (%(reference)s). A colleague confirms it."),
    "payout_batch.enquiry_confirmed": _("Confirmed of batch %(batch)s: %(answer)s (%(reference)s)."),
    "payout_batch.enquiry_declined": _("Not confirmed of batch %(batch)s: %(answer)s (%(reference)s)."),
    "payout_batch.answered": _(
        "The bank has told results of batch %(batch)s: %(paid)d paid, %(failed)d failed, %(returned)d returned, %(open)d not known."
    ),
}
