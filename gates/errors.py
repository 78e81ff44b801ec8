"""Refusals of this room."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class GatesRefused(Refused):
    """A request on notices, objections or payments that the rules refuse."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "NOTICE_NOT_ASKED": _("The plan of this period asks for no public notice."),
        "PERIOD_CLOSED": _("The period %(period)s is closed."),
        "OUT_OF_SCOPE": _("This office, region or program lies outside your own."),
        "ROSTER_OF_OTHERS": _("The roster is of another office or period."),
        "COLUMNS": _("Only the masked name, the village and the category may be published, the name always."),
        "STARTS_LATE": _("A notice begins today or later."),
        "TOO_SHORT": _("The plan asks for a notice of %(days)d days."),
        "NO_NOTICE_FILE": _("No lists are ready: have them written first."),
        "NOBODY_WAITS": _("Nobody there waits for a public notice who is not on one already."),
        "STATE": _("This can no longer be done: the notice is “%(state)s”."),
        "ANOTHER_POSTS": _("Whoever made a notice does not post it: ask a colleague who checks."),
        "STARTED": _("The days of this notice had begun before anybody posted it: make another one."),
        "NOT_BEGUN": _("The notice hangs from %(day)s on."),
        "DAYS_OVER": _("Objections were taken until %(day)s."),
        "NOT_OVER": _("The notice hangs until %(day)s."),
        "OBJECTIONS_OPEN": _("%(number)d objections are to be decided first."),
        "NO_SUCH_LINE": _("The notice has no such number in this village."),
        "OBJECTED_ALREADY": _("An objection against this line is waiting to be decided."),
        "NOT_WAITING": _("This person does not wait for the notice any more."),
        "DECIDED": _("This objection has been decided."),
        "ANOTHER_DECIDES": _("Whoever recorded an objection does not decide it."),
        "REASON": _("Say why."),
        "PAYMENT_NOT_ASKED": _("The plan of this period asks for no own payment."),
        "ENROLLMENT_CLOSED": _("Enrollment closed on %(day)s: whoever had not paid by then lapses."),
        "REFERENCE": _("Give the payment's reference, at most %(characters)d characters, without a personal number."),
        "REFERENCE_TAKEN": _("A payment under this reference has been recorded already."),
        "NO_SUM": _("Give the number of lines and the sum that the statement says."),
        "PAID_LATER": _("The day of payment lies in the future."),
        "NOBODY_OWES": _("None of these people has anything to pay now."),
        "AMOUNT": _("%(paid)s yuan were paid, but these people owe %(due)s yuan: check who has paid."),
        "CHANGED": _("Somebody of these people was paid for meanwhile: load the list again."),
        "NOTHING_TO_DECIDE": _("None of the chosen rows can be decided like this."),
        "NOTHING_HELD": _("None of these payments is to be cleared: each is on a list, or has its end."),
        "ONE_STATEMENT": _("Choose payments of one collection statement."),
        "ONE_OFFICE": _("Choose payments of one office and one period."),
        "NOTHING_MATCHED": _("None of this is counted for a purchase, or it is on a list to be approved."),
        "NOTHING_UNPAID": _("None of these payments can be given up: each has arrived, or is on a list."),
        "CANNOT_GIVE_UP": _("It cannot be given up: %(why)s."),
        "ONE_LINE": _("A cover number is given for one payment: choose one."),
        "COVER_NUMBER": _("A cover number does not fit its check digits: compare it."),
        "NO_FIT": _("It cannot be assigned: %(why)s."),
        "NOTHING_FITS_ANY_MORE": _("Nothing of it can be done any more: %(why)s. Send it back."),
        "STILL_RECORDING": _("The payment is still being recorded."),
        "WOULD_LAPSE": _("Enrollment closed on %(day)s: whose payment is reversed now would lapse. Void the cover instead."),
        "BARRED": _("%(number)d of these payments cannot be reversed: %(why)s. Leave them out."),
        "NOT_ON_PAYMENT": _("%(number)d of these covers are not on this payment, or are reversed already or being so."),
        "NOTHING_TO_REVERSE": _("Nothing of this payment stands any more, or all of it is on a list to be approved."),
        "TOO_MANY_NAMED": _("Name at most %(most)d covers at once."),
        "CLEARING_STATE": _("This can no longer be done: the clearing is “%(state)s”."),
        "ANOTHER_APPROVES": _("Whoever put a clearing forward does not approve it: ask a colleague who checks."),
        "STALE": _("The list is not what was shown: load it again."),
        "RETURNED_LATER": _("The day on which it was given back lies in the future."),
        "RETURNED_BEFORE": _("It cannot have been given back before the list was approved."),
        "NOT_A_RETURN": _("This clearing gives no money back."),
        "NUMBERS": _("Write numbers and stretches of numbers: 1-20, 35."),
        "NO_SUCH_NUMBERS": _("The list has no such lines, or they have another end already."),
        "PASSWORD": _("Give a password of %(least)d to %(most)d characters: letters, digits and signs that every keyboard has."),
        "BILL_NOT_DUE": _("Nothing is due of this bill."),
        "BILL_NOTICE_FIRST": _("For %(number)d people the public notice has not passed yet: the bill is paid as a whole."),
        "BILL_AMOUNT": _(
            "%(paid)s yuan were paid, but %(due)s yuan are due for %(people)d people: the bill is paid by one transfer of "
            "exactly that sum."
        ),
        "BILL_PAYMENT_WAITS": _("A payment of this bill waits to be confirmed already."),
        "BILL_PAYMENT_DECIDED": _("This payment is decided already: “%(state)s”."),
        "ANOTHER_CONFIRMS_BILL": _("Whoever recorded a payment does not confirm it: ask a colleague who checks."),
        "BILL_ARRIVED": _("A channel's statement shows this payment: single covers are voided or given back instead."),
        "BILL_WHOLE": _("A bill's payment is reversed whole: single covers are voided or given back instead."),
        "ONE_PERIOD": _("Choose people of one period."),
    }
