"""What the comparison of a report of payouts may find, beyond the checks of any file."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from intake.findings import Meaning, Severity

_ERROR, _DOUBT, _WARNING, _REPAIRED = Severity.ERROR, Severity.DOUBT, Severity.WARNING, Severity.REPAIRED

MEANINGS = (
    Meaning(
        "RESULT_OF_WHOM", _ERROR, _("there is neither a cover number nor a document or policy number"), _("fill in one of them"),
    ),
    Meaning(
        "RESULT_NUMBER", _ERROR, _("the cover number is none of this program, or does not fit its check digits"),
        _("compare it with the hand-over"),
    ),
    Meaning(
        "RESULT_NOBODY", _ERROR, _("nobody of this office and program is found by this number"),
        _("check the number, the office and the program"),
    ),
    Meaning(
        "OUTSIDE_COVER", _DOUBT, _("the event does not lie in the time of a cover of this person"),
        _("check the day; else ask the insurer why it paid"),
    ),
    Meaning(
        "DOUBLED", _DOUBT,
        _("this payout is recorded already: the same claim number, or the same person, event and bill (%(extra)s)"),
        _("ask the insurer whether it paid twice or reports twice"),
    ),
    Meaning(
        "BEYOND_LIMIT", _DOUBT, _("more was paid in the year than the limit allows (%(extra)s)"),
        _("ask the insurer; or say why it is right"),
    ),
    Meaning(
        "PAID_ABOVE_COST", _DOUBT, _("more was paid than was left of the cost (%(extra)s)"),
        _("check the amounts; else ask the insurer why it paid"),
    ),
    Meaning(
        "PARTS_SUM", _ERROR, _("the amounts by responsibility add up to %(extra)s, not to what was paid"), _("correct the amounts"),
    ),
    Meaning(
        "PAYERS_ABOVE_COST", _ERROR, _("basic insurance and other payers paid more than the total cost"), _("correct the amounts"),
    ),
    Meaning(
        "PAID_BEFORE_EVENT", _ERROR, _("it was paid before the event"), _("check both days"),
    ),
    Meaning(
        "RESULT_IN_FUTURE", _ERROR, _("the day lies in the future"), _("check the day"),
    ),
    Meaning(
        "LAST_FOUR", _WARNING, _("these are not the last four digits of an account; left out"), _("write four digits"),
    ),
    Meaning(
        "ACCOUNT_CUT", _REPAIRED, _("only the last four digits of the account were kept"), _("nothing is to be done"),
    ),
    Meaning(
        "BANK_NOT_PAID", _WARNING, _("the bank did not pay it out: it is recorded, and counts towards no limit"),
        _("ask the insurer when it pays again"),
    ),
)
