"""What the comparison of an insurer's receipt may find, beyond the checks of any file."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from intake.findings import Meaning, Severity

_ERROR, _DOUBT, _WARNING = Severity.ERROR, Severity.DOUBT, Severity.WARNING

MEANINGS = (
    Meaning(
        "HANDED_NUMBER", _ERROR, _("this is no cover number of this period"), _("copy it from the list that was handed over")
    ),
    Meaning("UNKNOWN_LINE", _ERROR, _("this hand-over does not name this cover"), _("check to which hand-over the line belongs")),
    Meaning("ANSWER_MISSING", _ERROR, _("it does not say whether it was accepted"), _("write one of the agreed words")),
    Meaning("POLICY_MISSING", _ERROR, _("accepted without a policy number"), _("ask the insurer for it")),
    Meaning("POLICY_OF_REFUSED", _ERROR, _("refused, but with a policy number"), _("ask the insurer which of the two holds")),
    Meaning("POLICY_TWICE", _ERROR, _("another person stands under this policy number"), _("ask the insurer for the right one")),
    Meaning("REFUSAL_MISSING", _ERROR, _("refused without a reason"), _("ask the insurer for it")),
    Meaning("REFUSAL_PERSONAL", _ERROR, _("the reason holds a long number"), _("leave numbers of people out of it")),
    Meaning(
        "CONFLICT", _ERROR, _("lines of this receipt contradict one another about this cover"), _("ask the insurer which one holds")
    ),
    Meaning("ANSWERED", _WARNING, _("answered so by an earlier receipt"), _("nothing to do")),
    Meaning(
        "ANSWERED_OTHERWISE", _DOUBT, _("an earlier receipt answered otherwise"),
        _("the earlier answer stands; clear it with the insurer"),
    ),
    Meaning(
        "NOT_WAITING", _WARNING, _("this cover does not wait for the insurer any more"),
        _("the answer is kept; tell the insurer by the next list of removals"),
    ),
    Meaning("CHARGE_OF_WHOM", _ERROR, _("there is neither a cover number nor a policy number"), _("ask the insurer whom it means")),
    Meaning(
        "UNKNOWN_CHARGE", _ERROR, _("no list of this period has this person, or several stand under this policy"),
        _("ask the insurer for the cover number"),
    ),
    Meaning("POLICY_OTHER", _ERROR, _("the cover stands under another policy number"), _("ask the insurer whom it means")),
    Meaning(
        "NOT_ACCEPTED", _ERROR, _("charged, but not accepted by a receipt"), _("let the insurer accept it by a receipt first"),
    ),
    Meaning("CHARGED_TWICE", _ERROR, _("another line of this invoice charges the same premium"), _("the first line counts")),
    Meaning("CHARGED_BEFORE", _WARNING, _("agreed on an earlier invoice (%(extra)s)"), _("nothing is paid twice")),
    Meaning(
        "CHARGED_MORE", _DOUBT, _("more is charged than is due (%(extra)s)"),
        _("decide that our amount is paid, or leave it disputed"),
    ),
    Meaning(
        "CHARGED_LESS", _DOUBT, _("less is charged than is due (%(extra)s)"), _("it stays disputed: ask for a corrected invoice"),
    ),
    Meaning(
        "SUM_DISPUTED", _ERROR, _("the sum of the invoice is disputed"), _("ask the insurer for a corrected invoice"),
    ),
)
