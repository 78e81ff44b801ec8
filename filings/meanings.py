"""What the check of a file of claims may find, beyond the checks of any file."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from intake.findings import Meaning, Severity

_ERROR, _DOUBT, _WARNING = Severity.ERROR, Severity.DOUBT, Severity.WARNING
_AMOUNTS = _("check the amounts against the invoice")
_DAYS = _("check the days")
_LATER = _("correct it, or state it with the claim later")

#: What does not fit on a bill, by the codes of `claims.checking.MEANINGS`: an error there is a doubt here.
BILL = "B_"
#: What is refused of a bill, an event or a payee, by the codes of `ClaimsRefused`.
MEANINGS = (
    Meaning(
        "FILED_OF_WHOM", _ERROR, _("there is neither a cover number nor a document or policy number"), _("fill in one of them"),
    ),
    Meaning(
        "FILED_NUMBER", _ERROR, _("the cover number is none of this program, or does not fit its check digits"),
        _("compare it with the certificate"),
    ),
    Meaning(
        "FILED_NOBODY", _ERROR, _("nobody of this office and program is found by this number"),
        _("check the number, the office and the program"),
    ),
    Meaning(
        "FILED_NO_COVER", _ERROR, _("no cover of this person was in force on that day"), _("check the day of the event"),
    ),
    Meaning(
        "FILED_ALREADY", _ERROR, _("this claim number of the sender is filed already (%(extra)s)"),
        _("add what is new to the case itself"),
    ),
    Meaning(
        "FILED_EVENT", _ERROR, _("this event of the person is reported already (case %(extra)s)"),
        _("add the bill to that case"),
    ),
    Meaning(
        "FILED_DISAGREE", _ERROR, _("lines of this claim number say another person, day or kind of event"),
        _("give each event a number of its own"),
    ),
    Meaning(
        "FILED_INCOMPLETE", _DOUBT, _("another line of this claim number is refused or held"),
        _("correct that line, or take this one without it"),
    ),
    Meaning(
        "FILED_ELSEWHERE", _DOUBT, _("this invoice was presented elsewhere already (%(extra)s)"),
        _("ask whether it was paid; taken, it waits in its case for a second person's word"),
    ),
    Meaning(
        "SINCE_REPORTED", _DOUBT, _("the event was reported in the meantime"), _("add the bill to that case"),
    ),
    Meaning(
        "SINCE_FILED", _DOUBT, _("the claim number was filed by another file in the meantime"),
        _("add what is new to the case itself"),
    ),
    Meaning("FILED_TIME", _ERROR, _("this is no time of day"), _("write it as 14:30")),
    Meaning("TIME_NEEDED", _ERROR, _("this cover runs from hour to hour"), _("say at what time it happened")),
    Meaning("HAPPENS_LATER", _ERROR, _("it lies in the future"), _DAYS),
    Meaning("REPORTED_BEFORE", _ERROR, _("it was reported before it happened, or on a day to come"), _DAYS),
    Meaning("FILED_HOSPITAL", _ERROR, _("a bill without a hospital"), _("fill in the hospital as printed")),
    Meaning("FILED_WORDS", _WARNING, _("the diagnosis is no code; its words are kept with the case"), _("add the code later")),
    Meaning("FILED_NO_BILL", _WARNING, _("there is no bill"), _("add it to the case later")),
    Meaning("FILED_STAY", _WARNING, _("the event does not lie in the days of the stay"), _DAYS),
    Meaning("BILL_LINES", _ERROR, _("no charges by kind of expense are given"), _("divide the total among the columns of kinds")),
    Meaning("BILL_AMOUNT", _ERROR, _("the total is not above zero"), _AMOUNTS),
    Meaning("BILL_NUMBER", _ERROR, _("an electronic invoice has a code and a number"), _("give both, or none")),
    Meaning("BILL_KIND", _ERROR, _("no plan of this person knows the kind of expense %(extra)s"), _("enter it as another kind")),
    Meaning("BILL_DAYS", _ERROR, _("the stay ends before it begins, or days lie in the future"), _DAYS),
    Meaning("PAYEE_ACCOUNT", _WARNING, _("this cannot be an account number; left out"), _LATER),
    Meaning("BANK_CODE", _WARNING, _("a bank code has 12 digits; the account was left out"), _LATER),
    Meaning("PAYEE_NAME", _WARNING, _("the account is not under the insured person's name; left out"), _LATER),
    Meaning("PAYEE_MINOR", _WARNING, _("a minor's money goes to the guardian's account; left out"), _LATER),
    Meaning("B_INVOICE_CODE", _DOUBT, _("the invoice code has not 8 digits"), _("check it against the invoice")),
    Meaning("B_INVOICE_NUMBER", _DOUBT, _("the invoice number has not 10 digits"), _("check it against the invoice")),
    Meaning("B_INVOICE_CHECK_CODE", _WARNING, _("the check code has not 6 signs"), _("check it against the invoice")),
    Meaning("B_TOTAL_DIFFERS", _DOUBT, _("fund, other payments, personal account and cash do not make the total"), _AMOUNTS),
    Meaning("B_OWN_PART_DIFFERS", _WARNING, _("own part and outside the catalogue do not make account and cash"), _AMOUNTS),
    Meaning("B_LINES_DIFFER", _DOUBT, _("the charges by kind do not make the total"), _AMOUNTS),
    Meaning("B_ISSUED_BEFORE_STAY", _WARNING, _("it was issued before the stay began"), _DAYS),
    Meaning("B_OTHERS_LESS", _DOUBT, _("major-illness insurance and assistance make more than the other payments"), _AMOUNTS),
    Meaning("B_PUBLIC_ABOVE_CATALOGUE", _DOUBT, _("public payers paid more than is in the catalogue"), _AMOUNTS),
    Meaning("B_PAID_ABOVE_COST", _DOUBT, _("others paid more than the bill costs"), _AMOUNTS),
)
#: Why an archive, or a file in it, is not used; kept as codes.
PROBLEMS = {
    "TOO_MANY_ENTRIES": _("There are too many files in the archive: divide it."),
    "TOO_BIG_UNPACKED": _("The archive unpacks too large: divide it."),
    "FILE_DAMAGED": _("The archive is damaged and cannot be opened."),
    "ENCRYPTED": _("It is locked with a password."),
    "METHOD": _("It is packed in a way that is not read: pack it as ordinary ZIP."),
    "DAMAGED": _("It is damaged within the archive."),
    "TOO_BIG": _("It is larger than a paper may be."),
}
