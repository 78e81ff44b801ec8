"""What the comparison of a bank's returned file may find, beyond the checks of any file."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from intake.findings import Meaning, Severity

_ERROR, _DOUBT, _WARNING = Severity.ERROR, Severity.DOUBT, Severity.WARNING

MEANINGS = (
    Meaning("WRONG_BATCH", _ERROR, _("this payout is of another batch"), _("upload it at the batch that it belongs to")),
    Meaning("UNKNOWN_PAYOUT", _ERROR, _("this batch has no such payout"), _("check to which batch the line belongs")),
    Meaning(
        "AMOUNT_CHANGED", _ERROR, _("the amount is not the one that was approved"), _("ask the bank what it has paid")
    ),
    Meaning("DUP_LINE", _ERROR, _("another line of this file says the same of this payout"), _("the first line counts")),
    Meaning("TOO_EARLY", _ERROR, _("the day lies before the batch was released"), _("ask the bank for the right day")),
    Meaning("TOO_LATE", _ERROR, _("the day lies in the future"), _("upload it again when the day has come")),
    Meaning(
        "STATUS_UNKNOWN", _DOUBT, _("it does not say whether it was paid"),
        _("nothing happens: it stays unknown until the bank says more"),
    ),
    Meaning(
        "PAYOUT_CONFLICT", _DOUBT, _("it contradicts what the bank has said of this payout"),
        _("what was said first stands; ask the bank which one holds"),
    ),
    Meaning("RESULT_KNOWN", _WARNING, _("an earlier file has said so"), _("nothing to do")),
)
