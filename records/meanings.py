"""What the comparison of settlement records may find, beyond the checks of any file."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from intake.findings import Meaning, Severity

_ERROR, _DOUBT, _WARNING = Severity.ERROR, Severity.DOUBT, Severity.WARNING

MEANINGS = (
    Meaning(
        "NOBODY_COVERED", _ERROR, _("nobody of this office and program is covered under this number"),
        _("nothing is to be done, unless the number is wrong"),
    ),
    Meaning(
        "NOT_COVERED_THEN", _ERROR, _("the day of discharge lies in no cover of this person"),
        _("nothing is to be done, unless the day is wrong"),
    ),
    Meaning("RECORD_OTHER_NAME", _DOUBT, _("the name is not that of the person under this number"), _("check number and name")),
    Meaning("RECORD_IN_FUTURE", _ERROR, _("the day of discharge or settlement lies in the future"), _("check the day")),
    Meaning("STAY_TURNED", _ERROR, _("the discharge comes before the admission"), _("check both days")),
    Meaning("NO_ADMISSION", _ERROR, _("a stay in hospital has no day of admission"), _("fill in the day of admission")),
    Meaning("SETTLED_BEFORE", _ERROR, _("it was settled before the discharge"), _("check both days")),
    Meaning(
        "NO_EXPENSES", _ERROR, _("no expenses that were left to pay are given by kind"), _("fill in one of the columns of kinds")
    ),
    Meaning(
        "PARTS_ABOVE_TOTAL", _ERROR, _("what was paid and left comes to %(extra)s, more than the total"), _("correct the amounts")
    ),
    Meaning(
        "PARTS_BELOW_TOTAL", _WARNING,
        _("what was paid and left comes to %(extra)s, less than the total: the rest counts for nothing"),
        _("check the amounts by kind"),
    ),
    Meaning("INVOICE_HALF", _ERROR, _("the invoice has a code without a number, or a number without a code"), _("fill in both")),
    Meaning("TOTAL_NOTHING", _ERROR, _("the total cost is not above zero"), _("correct the amounts")),
    Meaning(
        "PLAN_LEAVES_OPEN", _ERROR, _("the plan of this cover leaves open what it pays: nothing can be calculated"),
        _("complete the plan's benefits"),
    ),
    Meaning("TAKEN_BEFORE", _WARNING, _("this settlement was taken in before (%(extra)s)"), _("nothing is to be done")),
    Meaning("INVOICE_CLAIMED", _WARNING, _("a claim with this invoice was made already"), _("nothing is to be done")),
    Meaning(
        "STAY_CLAIMED", _WARNING, _("a claim of this person for this hospital and these days was made already"),
        _("nothing is to be done"),
    ),
    Meaning("PAID_BY_INSURER", _WARNING, _("an insurer has reported its payout for it"), _("nothing is to be done")),
    Meaning("DECIDED_COVER", Severity.REPAIRED, _("put under another cover by decision"), _("reason: %(extra)s")),
    Meaning(
        "STAY_TWICE", _DOUBT, _("the file has another settlement of this person, hospital and days (line %(extra)s)"),
        _("ask the bureau which of them stands"),
    ),
)
