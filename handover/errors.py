"""Refusals of this room."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class HandOverRefused(Refused):
    """A request on formats, hand-overs or receipts that the rules refuse."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "OUT_OF_SCOPE": _("This office or program lies outside your own."),
        "NAME": _("Give the format a name."),
        "NOT_AN_INSURER": _("Choose an insurer."),
        "COLUMNS_EMPTY": _("Name at least one column."),
        "COLUMN_LINE": _("Line %(line)d of the columns is not written like “heading = field” or “heading := text”."),
        "COLUMN_TWICE": _("The heading “%(heading)s” stands twice."),
        "COLUMN_FIELD": _("“%(field)s” is no field of ours."),
        "COLUMN_NUMBER": _("One column must be our number of the cover: the receipt is matched by it."),
        "CODE_LINE": _("Line %(line)d of the codes is not written like “ours = theirs”."),
        "CODE_UNKNOWN": _("“%(word)s” is none of our words."),
        "WORDS_TWICE": _("“%(word)s” cannot mean both accepted and refused."),
        "FORMAT_STATE": _("This can no longer be done: the format is “%(state)s”."),
        "FORMAT_OWN": _("Whoever drafted a format does not approve it: ask a colleague who checks."),
        "FORMAT_NOT_IN_USE": _("This format is not in use."),
        "FORMAT_OF_OTHERS": _("This format is of another insurer."),
        "NO_INSURER": _("The program names no insurer."),
        "PERIODS_ONLY": _("Cover of spans is not handed over by lists."),
        "PERIOD_CLOSED": _("The period %(period)s is closed."),
        "PURPOSE": _("Say for what purpose the list is released."),
        "RECIPIENT": _("Say who receives the file."),
        "DAYS": _("The file is kept for 1 to %(most)d days."),
        "MONTH": _("Additions and removals are of a month, the first list of none."),
        "FIRST_LIST_DONE": _("The first list of this period was handed over already: hand over additions."),
        "FIRST_LIST_FIRST": _("Nothing was handed over in this period yet: begin with the first list."),
        "NOBODY": _("Nobody is to be handed over."),
        "STATE": _("This can no longer be done: the hand-over is “%(state)s”."),
        "ANOTHER_RELEASES": _("Whoever proposed a hand-over does not release it: ask a colleague who checks."),
        "CHANGED": _("It is %(people)s people now: look at it again and decide then."),
        "REASON": _("Say why."),
        "ANSWERED_IN_PART": _("The insurer has answered some of it already: it can no longer be withdrawn."),
        "RECEIPT_UNDER_WAY": _("A receipt of this hand-over is under way: finish it or send it back first."),
        "FILE_NOT_READY": _("The file is still being written."),
        "PASSWORD": _("Give a password of %(least)d to %(most)d characters: letters, digits and signs that every keyboard has."),
        "FILE_GONE": _("The file was deleted when its time was over."),
        "NOT_RELEASED": _("Receipts are taken for hand-overs that are released."),
        "NO_UNDO": _("A receipt is not undone: what the insurer answers later comes as a further receipt."),
        "NO_PRIORITY": _("A receipt is approved whole."),
        "INVOICE_NUMBER": _("Give the invoice's number: up to %(characters)d characters, and no person's number."),
        "INVOICE_NUMBER_TAKEN": _("An invoice of this insurer with this number stands already."),
        "INVOICE_NUMBER_STANDS": _("An invoice of this insurer with this number stands already: no. %(first)d of %(day)s."),
        "INVOICE_CODE": _("An invoice's code is up to %(characters)d letters and digits; one that is only electronic has none."),
        "INVOICE_TAX": _("The tax is part of the sum: it has its sign and is not larger."),
        "INVOICE_ZERO": _("An invoice without lines has a sum above or below zero."),
        "INVOICE_COVERS": _("Say what the invoice is of: a hand-over of this period, a month, or the whole period."),
        "INVOICE_SIDES": _("Premium that is charged is compared with who comes, premium that is given back with who goes."),
        "NOTHING_DUE": _("Nothing of this is due: the insurer has accepted none of it, or another invoice has agreed it."),
        "REVERSES_BELOW_ZERO": _("Only an invoice below zero takes another one back."),
        "REVERSES_AGREED": _("An invoice takes back one of the same insurer and period that was agreed to."),
        "REVERSES_TOO_MUCH": _("It takes back more than there is: %(left)s yuan of that invoice are left."),
        "NOTHING_TO_DECIDE": _("There is no difference here that can be so decided."),
        "SUM_WHOLE": _("An invoice without lines is decided as one."),
        "SUM_OF_LINES": _("This invoice has lines: decide about them."),
        "NOBODY_BEARS": _("Nobody but the insured pays this premium: a difference cannot be put on them."),
        "OWN_DECISIONS": _("Whoever decided about differences does not agree to the invoice: ask a colleague who checks."),
        "OBJECTIONS_LATER": _("Objections go out once a colleague has agreed to the invoice."),
        "NO_OBJECTIONS": _("Nothing of this invoice is insisted on or asked about."),
        "INVOICE_SUM": _("Give the number of lines of the invoice; a sum has at most two decimal places."),
        "INVOICE_DAY": _("The day of an invoice does not lie in the future."),
        "INVOICE_STATE": _("This can no longer be done: the invoice is “%(state)s”."),
        "INVOICE_STANDS": _("What was agreed stands: a later invoice gives back what was too much."),
        "INVOICE_REMITTED": _("An invoice is on another remittance already."),
        "NOTHING_DEARER": _("The insurer charges more for nobody."),
        "INVOICES_NONE": _("Choose invoices of one period that are agreed and not remitted yet."),
        "NOTHING_TO_REMIT": _("These invoices come to %(amount)s yuan: there is nothing to be paid."),
        "REMITTANCE_STATE": _("This can no longer be done: the remittance is “%(state)s”."),
        "ANOTHER_APPROVES": _("Whoever prepared a remittance does not approve it: ask a colleague who checks."),
        "ANOTHER_CONFIRMS": _("Whoever approved a remittance does not record that it was paid: ask a colleague."),
        "REFERENCE": _("Give the bank's reference: up to %(characters)d characters, and no person's number."),
        "REFERENCE_TAKEN": _("This reference of the bank stands on another remittance already."),
        "PAID_LATER": _("A payment is recorded on the day it was made, not before."),
    }
