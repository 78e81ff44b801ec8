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
        "ONE_PERIOD": _("Choose people of one period."),
    }
