"""What the comparison of a delivery report may find, beyond the checks of any file."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from intake.findings import Meaning, Severity

MEANINGS = (
    Meaning(
        "UNKNOWN_MESSAGE", Severity.ERROR, _("this message has no such reference"),
        _("check to which message the report belongs; the reference is that of the file for the gateway"),
    ),
    Meaning("RESULT_UNKNOWN", Severity.WARNING, _("the gateway does not know what became of it"), _("it stays unknown")),
    Meaning("REPORTED", Severity.WARNING, _("reported so before"), _("nothing to do")),
    Meaning(
        "REPORTED_OTHERWISE", Severity.DOUBT, _("an earlier report said otherwise"),
        _("the earlier one stands; ask the gateway which holds"),
    ),
    Meaning(
        "RESULT_CONFLICT", Severity.DOUBT, _("lines of this report contradict one another about this message"),
        _("it is held; ask the gateway which line holds"),
    ),
    Meaning(
        "REPORT_COUNT", Severity.ERROR, _("the file has another number of lines than the gateway says (%(extra)s)"),
        _("ask the gateway for the whole file, or correct the number"),
    ),
)
