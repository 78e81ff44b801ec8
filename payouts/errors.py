"""Refusals of this room."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class PayoutsRefused(Refused):
    """A request on formats, accounts, thresholds, batches or returned files that the rules refuse."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "OUT_OF_SCOPE": _("This office or program lies outside your own."),
        "NAME": _("Give bank and format a name."),
        "COLUMNS_EMPTY": _("Name at least one column."),
        "COLUMN_LINE": _("Line %(line)d of the columns is not written like “heading = field” or “heading := text”."),
        "COLUMN_TWICE": _("The heading “%(heading)s” stands twice."),
        "COLUMN_FIELD": _("“%(field)s” is no field of ours."),
        "COLUMN_MISSING": _("The file needs columns for: %(fields)s."),
        "CONTROL_LINE": _("A line at the begin or end has at most %(most)d characters."),
        "PLACE_UNKNOWN": _("“%(place)s” is nothing that a line at the begin or end can name."),
        "CODE_LINE": _("Line %(line)d of the codes is not written like “ours = theirs”."),
        "CODE_UNKNOWN": _("“%(word)s” is none of our words."),
        "WORDS_TWICE": _("“%(word)s” cannot mean two things."),
        "FORMAT_STATE": _("This can no longer be done: the format is “%(state)s”."),
        "FORMAT_OWN": _("Whoever drafted a format does not approve it: ask a colleague who checks."),
        "FORMAT_NOT_IN_USE": _("This format is not in use."),
        "FORMAT_OF_OTHERS": _("This format is kept by another office."),
        "PAYER_HOLDER": _("Say who holds the account, and at which bank."),
        "PAYER_NUMBER": _("An account number has 8 to 30 digits."),
        "PAYER_CODE": _("A bank code has 12 digits."),
        "PAYER_DAYS": _("Give a number of days from 0 to 365."),
        "PAYER_OWN": _("Whoever put an account on record does not approve it: ask a colleague who checks."),
        "PAYER_STATE": _("This can no longer be done: the account is “%(state)s”."),
        "PAYER_SAME": _("The account does so already."),
        "PAYER_REDRAFTED": _("A change of this account waits to be approved already."),
        "PAYER_NOT_IN_USE": _("This paying account is not in use."),
        "PAYER_OF_OTHERS": _("This account is of another office or program."),
        "THRESHOLD_SUM": _("Give a sum in yuan that is not below zero, with at most two decimal places."),
        "THRESHOLD_PEOPLE": _("One to three people authorize."),
        "THRESHOLD_OWN": _("Whoever proposed a threshold does not decide about it: ask a colleague who checks."),
        "THRESHOLD_STATE": _("This can no longer be done: the threshold is “%(state)s”."),
        "PURPOSE": _("Say what payees read as purpose: up to %(characters)d characters, no person's number."),
        "NO_LINES": _("Nothing is to be paid: no amount owed fits this account and format."),
        "TEST_FIRST": _("%(lines)d payouts wait until their accounts are verified: make a batch that verifies them first, or wait "
            "for its results."),
        "NO_TESTS_HERE": _("This paying account does not verify payees' accounts."),
        "NOTHING_TO_TEST": _("No account is to be verified: each one that something waits for is verified, or its verification is "
            "on its way."),
        "TOO_MANY_LINES": _("A batch has at most %(most)d payouts: choose fewer."),
        "BANK_CODE": _("%(lines)d payees at other banks have no bank code of 12 digits: complete it in their claims."),
        "IN_BATCH": _("Payouts changed while the batch was made: %(lines)d stand in another one. Try again."),
        "BATCH_STATE": _("This can no longer be done: the batch is “%(state)s”."),
        "ANOTHER_CHECKS": _("Whoever made a batch does not check it: ask a colleague who checks."),
        "ANOTHER_AUTHORIZES": _("Whoever made, checked or authorized a batch does not authorize it (again): ask another "
            "colleague."),
        "STALE": _("The batch has changed since it was shown: look at it again and decide then."),
        "REASON": _("Say why."),
        "HANDED_OUT": _("The bank may have the file: ask the bank first, and record what it answers."),
        "REAPPROVE_ALL": _("Every account has changed since: the batch was discarded."),
        "FILE_NOT_READY": _("The file is still being written."),
        "CELL_DANGEROUS": _("A text in the column “%(column)s” begins like a formula: the bank's format does not allow that."),
        "CELL_SEPARATOR": _("A text holds the sign that stands between cells, or a line end: the bank's format cannot write it."),
        "PASSWORD": _("Give a password of %(least)d to %(most)d characters: letters, digits and signs that every keyboard has."),
        "NO_CONNECTOR": _("No connector is set up: download the file."),
        "NOT_TAKEN": _("Nothing was sent: %(why)s"),
        "NOT_ASKED": _("There is nothing to ask the bank: the batch is “%(state)s”."),
        "RESULTS_KNOWN": _("The bank has told results of this file, or a returned file is under way: it has received it."),
        "ENQUIRY_OPEN": _("An answer of the bank waits to be confirmed already."),
        "ENQUIRY_STATE": _("This answer was decided about already."),
        "ANOTHER_CONFIRMS": _("Whoever recorded an answer of the bank does not confirm it: ask a colleague."),
        "REFERENCE": _("Give the bank's reference: up to %(characters)d characters, and no person's number."),
        "RETURN_BATCH_STATE": _("Returned files are taken for batches whose file the bank may have."),
        "RETURN_SUM": _("Give the number of lines and the sum that the bank gives for the file."),
        "RETURN_STANDS": _("A returned file is not undone: what the bank says later comes as a further file."),
        "FILE_DAMAGED": _("The file is not what was released: its checksum differs. Nothing is handed over."),
    }
