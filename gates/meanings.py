"""What the comparison of a collection statement may find, beyond the checks of any file."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from gates.models import HeldKind
from intake.findings import Meaning, Severity

_ERROR, _DOUBT, _WARNING = Severity.ERROR, Severity.DOUBT, Severity.WARNING

MEANINGS = (
    Meaning(
        "CONTROL_SUM", _ERROR, _("count or sum of the lines is not that of the statement (%(extra)s)"),
        _("check which lines are missing or too many, and upload the whole again"),
    ),
    Meaning(
        "AMOUNT_UNREAD", _ERROR, _("there are lines whose amount cannot be read (%(extra)s)"),
        _("correct the amounts and upload the whole again"),
    ),
    Meaning(
        "NO_PAYER", _ERROR, _("there is neither a cover number nor a document number"), _("fill in one of them"),
    ),
    Meaning(
        "COVER_CHECK", _ERROR, _("the cover number does not fit its check digits"), _("compare it with the notice of payment"),
    ),
    Meaning(
        "PAYER_UNKNOWN", _ERROR, _("nobody of this office and period is known by this number"),
        _("check the number, the office and the period; else the money is to be given back"),
    ),
    Meaning(
        "NAME_DIFFERS", _DOUBT, _("name or document number is not that of the person who is insured"),
        _("find out for whom it was paid: decide it, or correct the line"),
    ),
    Meaning(
        "PAID_TWICE", _ERROR, _("the own share is paid already (%(extra)s)"), _("the money is to be given back"),
    ),
    Meaning(
        "PAYER_REPEATED", _ERROR, _("the same person's payment stands in line %(extra)s already"),
        _("the money is to be given back unless it is one payment written twice"),
    ),
    Meaning(
        "COVER_LAPSED", _ERROR, _("the place has lapsed: nobody had paid before enrollment closed"),
        _("the money is to be given back"),
    ),
    Meaning(
        "COVER_ENDED", _ERROR, _("the cover has ended or was taken back"), _("the money is to be given back"),
    ),
    Meaning(
        "NOTHING_TO_PAY", _ERROR, _("this person has nothing to pay"), _("the money is to be given back"),
    ),
    Meaning(
        "EMPLOYER_PAYS", _ERROR, _("an employer pays for this person, by its bill"),
        _("the money is to be given back; the employer's transfer is recorded on the bill"),
    ),
    Meaning(
        "NOTICE_FIRST", _ERROR, _("the public notice has not passed yet for this person"),
        _("close the notice first, then withdraw the statement and upload it again"),
    ),
    Meaning(
        "AMOUNT_DIFFERS", _ERROR, _("this is not the own share (%(extra)s)"),
        _("find out what was paid; another amount pays nobody's share"),
    ),
    Meaning(
        "PAID_EARLY", _ERROR, _("it was paid before enrollment opened"), _("check the day and the period"),
    ),
    Meaning(
        "PAID_LATE", _ERROR, _("it was paid after enrollment had closed"), _("the money is to be given back"),
    ),
    Meaning(
        "LINE_KNOWN", _ERROR, _("the same line stands in another statement already (%(extra)s)"),
        _("there is nothing to do: its money is counted there"),
    ),
    Meaning(
        "NO_PURCHASE", _ERROR, _("this cover was not paid for when it was enrolled"), _("assign the money to the cover instead"),
    ),
    Meaning(
        "PAYMENT_GIVEN_UP", _ERROR, _("the payment of this purchase was given up as never having come, and its covers were voided"),
        _("the money is to be given back, or the people are enrolled anew"),
    ),
    Meaning(
        "ARRIVED", _ERROR, _("a channel's statement has shown that this payment arrived"), _("there is nothing to give up"),
    ),
    Meaning(
        "NO_ARRIVAL", _ERROR, _("this is not counted for a purchase any more"), _("load the list again"),
    ),
    Meaning(
        "REFUND_SHOWN", _ERROR, _("a channel's statement has shown that money of this purchase went back"),
        _("ask the channel which payment it was"),
    ),
    Meaning(
        "REFUND_UNKNOWN", _ERROR, _("nothing of this office and period was to go back by this number"),
        _("ask the channel why it gave this money back"),
    ),
    Meaning(
        "REFUND_REPEATED", _ERROR, _("the same refund stands in line %(extra)s already"),
        _("ask the channel whether it gave it back twice"),
    ),
    Meaning(
        "REFUND_KNOWN", _ERROR, _("another statement has shown this refund already"), _("ask the channel whether it paid twice"),
    ),
    Meaning(
        "NOT_GIVEN_BACK", _ERROR, _("no cover of it was given back, or its refund has been shown already"),
        _("ask the channel; a cover is given back before its money is"),
    ),
    Meaning(
        "REFUND_AMOUNT", _ERROR, _("this is not what was to go back (%(extra)s)"), _("ask the channel what it gave back"),
    ),
    Meaning(
        "REFUND_WAY", _ERROR, _("the money came by another channel or way of payment than it went back by"),
        _("ask the channel to take it back: money goes back by the way it came"),
    ),
    Meaning(
        "WAY_DIFFERS", _WARNING, _("the office took down another way of payment than this channel's"),
        _("find out which is right: money goes back by the way it came"),
    ),
    Meaning(
        "SERIAL_UNUSABLE", _WARNING, _("the serial number was rounded by Excel, or is a person's number: it is not used"),
        _("format the column as text so that repeated lines are found"),
    ),
)
#: Why a line's money is held, by the first of its findings that is named here; any other: a line with a fault.
HELD_FOR: dict[str, HeldKind] = {
    "LINE_KNOWN": HeldKind.REPORTED, "DUP_IN_FILE": HeldKind.REPORTED, "PAID_TWICE": HeldKind.TWICE,
    "PAYER_REPEATED": HeldKind.TWICE, "COVER_LAPSED": HeldKind.LATE, "PAID_LATE": HeldKind.LATE,
    "COVER_ENDED": HeldKind.ENDED, "NOTHING_TO_PAY": HeldKind.ENDED, "AMOUNT_DIFFERS": HeldKind.AMOUNT,
    "EMPLOYER_PAYS": HeldKind.BILLED, "NOTICE_FIRST": HeldKind.EARLY, "PAID_EARLY": HeldKind.EARLY,
    "NAME_DIFFERS": HeldKind.DOUBTFUL, "PAYMENT_GIVEN_UP": HeldKind.UNKNOWN,
    "PAYER_UNKNOWN": HeldKind.UNKNOWN, "COVER_CHECK": HeldKind.UNKNOWN, "NO_PAYER": HeldKind.UNKNOWN,
}
