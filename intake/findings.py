"""The catalogue of what a check may find (code, severity, cause, remedy) and its sentence; no check lives here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Severity(StrEnum):
    """From harmless to refused: `repaired`, `warning` let a row go on, `doubt` waits for a person, `error` refuses."""

    REPAIRED = "repaired"
    WARNING = "warning"
    DOUBT = "doubt"
    ERROR = "error"

    @property
    def weight(self) -> int:
        """1 (repaired) to 4 (error): the worst finding of a row is the largest weight; 0 means no finding."""
        return _WEIGHTS[self]


_WEIGHTS = {Severity.REPAIRED: 1, Severity.WARNING: 2, Severity.DOUBT: 3, Severity.ERROR: 4}


class Verdict(IntEnum):
    """What the review says about a row; stored as a smallint, so the numbers never change."""

    NEW = 1
    CHANGED = 2
    UNCHANGED = 3
    COVERED = 4
    DOUBTFUL = 5
    REFUSED = 6
    REPLACED = 7

    @property
    def label(self) -> Promise:
        return VERDICT_LABELS[self]


VERDICT_LABELS = {
    Verdict.NEW: _("New"),
    Verdict.CHANGED: _("Changed"),
    Verdict.UNCHANGED: _("Unchanged"),
    Verdict.COVERED: _("Already covered"),
    Verdict.DOUBTFUL: _("To be confirmed"),
    Verdict.REFUSED: _("Refused"),
    Verdict.REPLACED: _("Replaced"),
}
VERDICT_CHOICES = [(int(verdict), label) for verdict, label in VERDICT_LABELS.items()]


@dataclass(frozen=True, slots=True)
class Meaning:
    """Cause and remedy may use `%(value)s` (masked), `%(extra)s` (the finding's one fact) and `%(column)s`."""

    code: str
    severity: Severity
    cause: Promise
    remedy: Promise


_ERROR, _DOUBT, _WARNING, _REPAIRED = Severity.ERROR, Severity.DOUBT, Severity.WARNING, Severity.REPAIRED

FILE_MEANINGS = (
    Meaning("EMPTY", _ERROR, _("the file is empty"), _("check it and upload it again")),
    Meaning("NO_ROWS", _ERROR, _("there is a header but no data"), _("fill in the rows and upload it again")),
    Meaning(
        "TYPE_MISMATCH",
        _ERROR,
        _("this is no table that can be read (%(extra)s)"),
        _("save it as .xlsx or CSV in Excel or WPS and upload it again"),
    ),
    Meaning(
        "MACRO_REFUSED", _ERROR, _("the file holds macros"), _("save it as .xlsx without macros and upload it again")
    ),
    Meaning("ENCRYPTED", _ERROR, _("the file is locked with a password"), _("remove the password and upload it again")),
    Meaning(
        "FILE_DAMAGED",
        _ERROR,
        _("the file is damaged and cannot be opened"),
        _("open it in Excel or WPS, save it anew and upload it again"),
    ),
    Meaning(
        "TOO_BIG_UNPACKED",
        _ERROR,
        _("the file unpacks too large (%(extra)s)"),
        _("delete empty rows, columns and pictures, or split it into several files"),
    ),
    Meaning(
        "XML_REFUSED",
        _ERROR,
        _("the file declares entities, which is not allowed"),
        _("save it as .xlsx in Excel or WPS and upload it again"),
    ),
    Meaning("SPLIT_FILE", _ERROR, _("there are more rows than allowed (%(extra)s)"), _("split it into several files")),
    Meaning(
        "CHOOSE_SHEET",
        _ERROR,
        _("several sheets hold data (%(extra)s)"),
        _("keep only the sheets to import and upload it again"),
    ),
    Meaning(
        "SHEET_HIDDEN",
        _WARNING,
        _("the sheet “%(extra)s” is hidden and was not read"),
        _("if it belongs here, unhide it in Excel or WPS and upload it again"),
    ),
    Meaning(
        "SHEET_SKIPPED",
        _WARNING,
        _("the sheet “%(extra)s” lacks the needed headings and was not read"),
        _("if it belongs here, add the headings and upload it again"),
    ),
    Meaning(
        "FILLED_DOWN",
        _WARNING,
        _("merged cells were filled down (%(extra)s)"),
        _("check these rows"),
    ),
    Meaning(
        "TOTAL_ROWS",
        _WARNING,
        _("rows of totals were left out (lines %(extra)s)"),
        _("there is nothing to do unless one of them is a person"),
    ),
    Meaning(
        "NOTE_ROWS",
        _WARNING,
        _("rows of notes or signatures were left out (lines %(extra)s)"),
        _("there is nothing to do unless one of them is a person"),
    ),
    Meaning(
        "HEADER_REPEATED",
        _WARNING,
        _("titles and headings that come again were left out (lines %(extra)s)"),
        _("nothing to do"),
    ),
    Meaning(
        "ENCODING",
        _ERROR,
        _("there is text that cannot be decoded (line:byte %(extra)s)"),
        _("save it as “CSV UTF-8” or .xlsx and upload it again"),
    ),
    Meaning(
        "HEADER_MISSING",
        _ERROR,
        _("required columns are missing: %(extra)s"),
        _("add them, or rename the headings that mean them as in the template, and upload it again"),
    ),
    Meaning("HEADER_TWICE", _ERROR, _("columns that occur twice: %(extra)s"), _("keep only one of each")),
    Meaning(
        "HEADER_UNKNOWN",
        _WARNING,
        _("unknown columns: %(extra)s"),
        _(
            "they are kept as they are but not imported; if they matter, rename the headings as in the template and "
            "upload it again"
        ),
    ),
    Meaning(
        "FORMULA_VALUE",
        _WARNING,
        _("there are cells with formulas (%(extra)s)"),
        _("they were read as shown; check them"),
    ),
    Meaning(
        "ALREADY_IMPORTED",
        _ERROR,
        _("the same content was uploaded before (%(extra)s)"),
        _("check whether this upload is a repetition"),
    ),
    Meaning(
        "BUDGET",
        _ERROR,
        _("the budget does not suffice, %(extra)s yuan remain"),
        _("raise the budget or shorten the roster"),
    ),
)

ROW_MEANINGS = (
    Meaning(
        "COLUMN_COUNT",
        _ERROR,
        _("the number of cells differs from the header (%(extra)s)"),
        _("look for extra or missing separators and quotes"),
    ),
    Meaning("CELL_EMPTY", _ERROR, _("a required cell is empty"), _("fill it in")),
    Meaning("CONTROL_CHAR", _ERROR, _("there are invisible control characters"), _("type the cell again")),
    Meaning("TEXT_LONG", _ERROR, _("longer than %(extra)s characters"), _("shorten it")),
    Meaning(
        "TEXT_NORMALISED", _REPAIRED, _("full-width characters, blanks and the like were put right"), _("nothing to do")
    ),
    Meaning("UNMERGE", _ERROR, _("there are merged cells (%(extra)s)"), _("unmerge them and fill in every row")),
    Meaning(
        "CELL_ERROR",
        _ERROR,
        _("the cell shows an error, or a formula without a result"),
        _("type the value itself and upload it again"),
    ),
    Meaning("FORMULA_REFUSED", _ERROR, _("this column must not hold formulas"), _("paste values or text instead")),
    Meaning("NAME_EMPTY", _ERROR, _("the name is empty"), _("fill it in")),
    Meaning("NAME_SHORT", _ERROR, _("the name has fewer than 2 characters"), _("write the full name")),
    Meaning("NAME_LONG", _ERROR, _("the name has more than 30 characters"), _("check it")),
    Meaning("NAME_CHARS", _ERROR, _("the name holds digits or symbols"), _("check it")),
    Meaning(
        "DOC_TYPE",
        _ERROR,
        _("this is not the form of a resident ID number"),
        _("if it is another document, say so in the column of its type"),
    ),
    Meaning("DOC_TYPE_UNKNOWN", _ERROR, _("unknown type of document"), _("write one of: %(extra)s")),
    Meaning(
        "DOC_FORMAT",
        _ERROR,
        _("the number does not have the form of its document"),
        _("write it exactly as on the document"),
    ),
    Meaning(
        "ID_NUMERIC",
        _ERROR,
        _("it was kept as a number, its last digits are lost"),
        _("format the column as text and type the whole number again"),
    ),
    Meaning(
        "ID_ROUNDED", _DOUBT, _("it ends in 000 and may have been changed by Excel"), _("compare it with the document")
    ),
    Meaning(
        "ID_SCIENTIFIC",
        _ERROR,
        _("it turned into scientific notation, its last digits are lost"),
        _("format the column as text and type the whole number again"),
    ),
    Meaning(
        "ID_LENGTH",
        _ERROR,
        _("18 characters are needed, there are %(extra)s"),
        _("complete it or delete what is too much"),
    ),
    Meaning("ID_15", _REPAIRED, _("the old number of 15 digits was turned into 18"), _("nothing to do")),
    Meaning("ID_CHECKSUM", _ERROR, _("the check character does not fit"), _("check the last character")),
    Meaning("ID_DATE", _ERROR, _("the birth date in the number does not exist"), _("check characters 7 to 14")),
    Meaning("ID_FUTURE", _ERROR, _("the birth date in the number lies in the future"), _("check characters 7 to 14")),
    Meaning(
        "ID_MISMATCH",
        _ERROR,
        _("it does not agree with the document number"),
        _("check this column and the document number"),
    ),
    Meaning("SEX_UNKNOWN", _ERROR, _("unknown sex"), _("write 男 or 女")),
    Meaning("DATE_FORMAT", _ERROR, _("this is no date"), _("write it like 2025-01-31")),
    Meaning("DATE_FUTURE", _ERROR, _("the date lies in the future"), _("check it")),
    Meaning("DATE_ORDER", _ERROR, _("the end lies before the start"), _("check both dates")),
    Meaning(
        "REGION_UNKNOWN", _ERROR, _("there is no such region code"), _("write a current code of 6, 9 or 12 digits")
    ),
    Meaning("REGION_RETIRED", _WARNING, _("this region code is retired"), _("%(extra)s is used instead; check it")),
    Meaning(
        "REGION_ENDED", _ERROR, _("this region code is retired and has no single successor"), _("write a current code")
    ),
    Meaning(
        "OUT_OF_SCOPE",
        _ERROR,
        _("this region lies outside your own"),
        _("check the code, or let the office in charge upload the row"),
    ),
    Meaning(
        "CATEGORY_UNKNOWN",
        _ERROR,
        _("unknown category: %(extra)s"),
        _("write the name of one of the plan's categories in the file and upload it again"),
    ),
    Meaning("PHONE_FORMAT", _WARNING, _("this does not look like a telephone number and was left out"), _("check it")),
    Meaning(
        "PHONE_SEVERAL",
        _REPAIRED,
        _("there are several telephone numbers, only the first was kept"),
        _("write the preferred one first"),
    ),
    Meaning(
        "CARD_CHECKSUM",
        _WARNING,
        _("it fails the check of bank cards"),
        _("ignore this for a passbook account, else check it"),
    ),
    Meaning("ACCOUNT_FORMAT", _ERROR, _("this is no bank account"), _("write the digits of the account only")),
    Meaning(
        "ACCOUNT_NUMERIC",
        _ERROR,
        _("it was kept as a number, its last digits are lost"),
        _("format the column as text and type the whole account again"),
    ),
    Meaning(
        "AMOUNT_FORMAT", _ERROR, _("this is no amount"), _("write a number like 5000.00 with two decimals at most")
    ),
    Meaning("CHOICE_UNKNOWN", _ERROR, _("this is none of the choices"), _("write one of: %(extra)s")),
    Meaning(
        "REPLACED", _REPAIRED, _("a line uploaded later stands in its place (%(extra)s)"), _("nothing to do")
    ),
    Meaning("DUP_IN_FILE", _ERROR, _("it repeats an earlier row (line %(extra)s)"), _("keep only one of them")),
    Meaning(
        "IDENTITY_CONFLICT", _DOUBT, _("it does not agree with what is registered"), _("check name and document number")
    ),
    Meaning(
        "TOO_MANY_CONFLICTS",
        _ERROR,
        _("too many rows do not agree with what is registered: the file was closed and an auditor can see it"),
        _("compare names and numbers with the documents, then upload it tomorrow"),
    ),
    Meaning("ALREADY_COVERED", _WARNING, _("already covered in this period"), _("there is no need to enroll again")),
    Meaning(
        "CATEGORY_ADDED",
        _WARNING,
        _("already covered in this period: the category %(extra)s is added, nothing is enrolled"),
        _("nothing to do"),
    ),
    Meaning(
        "CONTACT_ADDED",
        _WARNING,
        _("already covered in this period: contact that was not registered is added, nothing is enrolled"),
        _("nothing to do"),
    ),
    Meaning(
        "NOT_KNOWN",
        _ERROR,
        _("this office knows nobody of this number in the program"),
        _("check the number; whoever is new comes with a roster that enrolls"),
    ),
    Meaning(
        "CATEGORY_NOT_HELD",
        _ERROR,
        _("the category that is to end is not registered: %(extra)s"),
        _("take it out, or write since when it held"),
    ),
    Meaning(
        "NOTHING_TO_END", _ERROR, _("there is no cover, in force or waiting, that could end"),
        _("check the person and the last day"),
    ),
    Meaning(
        "NOT_COVERED_BEFORE",
        _ERROR,
        _("no cover of an earlier period is in force with this office"),
        _("whoever is new comes with a roster that enrolls"),
    ),
    Meaning(
        "ENDED_EARLY",
        _ERROR,
        _("the cover that would be renewed ended early (%(extra)s)"),
        _("nothing; whoever is to be covered again comes with a roster that enrolls"),
    ),
    Meaning(
        "COVER_WAITS",
        _ERROR,
        _("the cover that would be renewed still waits for a step"),
        _("record the step first, then renew again"),
    ),
    Meaning(
        "TAKEN_OVER", _ERROR, _("another office of the program has taken the person over"), _("that office enrolls them")
    ),
    Meaning("STATUS_DECEASED", _ERROR, _("registered as deceased"), _("verify it")),
    Meaning(
        "NOT_PROCESSED", _ERROR, _("is not processed at present"), _("ask whoever is in charge of personal information")
    ),
    Meaning(
        "NOT_ELIGIBLE",
        _ERROR,
        _("the conditions for enrollment are not met (%(extra)s)"),
        _("check, then take the row out or correct it"),
    ),
    Meaning(
        "NOT_FUNDED",
        _ERROR,
        _("nobody pays the premium of this row: %(extra)s"),
        _("let the finance office complete funders and funding schemes, then upload the row again"),
    ),
    Meaning("FUNDING_SUM", _ERROR, _("the shares do not sum to the premium"), _("check the shares")),
    Meaning(
        "NO_BUDGET",
        _ERROR,
        _("the budget does not suffice for this category in this county"),
        _("once the budget is raised, upload the row again"),
    ),
    Meaning(
        "LAPSED",
        _ERROR,
        _("enrollment closed before the row was applied"),
        _("upload it again in the next period"),
    ),
    Meaning(
        "SAME_PERSON",
        _DOUBT,
        _("somebody of the same name and birth date is registered under another document"),
        _("decide whether it is the same person"),
    ),
    Meaning(
        "SAME_PERSON_SEVERAL",
        _DOUBT,
        _("several people of the same name and birth date are registered under other documents"),
        _("compare the document, then accept the row as a person of its own, or refuse it"),
    ),
    Meaning(
        "REGION_MOVED",
        _DOUBT,
        _("the person is registered in another county"),
        _("decide whether they moved: another county then pays its share"),
    ),
    Meaning(
        "ACCOUNT_CHANGED",
        _WARNING,
        _("another bank account is registered for this person"),
        _("compare it with the passbook or card"),
    ),
    Meaning("DECIDED_ACCEPTED", _REPAIRED, _("accepted by decision"), _("reason: %(extra)s")),
    Meaning("DECIDED_SAME", _REPAIRED, _("accepted as the person who is registered"), _("reason: %(extra)s")),
    Meaning(
        "DECIDED_CORRECTED",
        _REPAIRED,
        _("accepted as the person who is registered, name and document to be corrected"),
        _("reason: %(extra)s"),
    ),
    Meaning("DECIDED_AGAINST", _ERROR, _("refused by decision"), _("reason: %(extra)s")),
    Meaning("CHANGED_SINCE_REVIEW", _DOUBT, _("the data changed after the review"), _("review this row again")),
)

#: Of lists of reference data alone.
LIST_MEANINGS = (
    Meaning(
        "CODE_FORMAT", _ERROR, _("the code does not have its form (%(extra)s)"), _("write it as in the official list")
    ),
    Meaning("NAME_TAKEN", _ERROR, _("another code bears this name (%(extra)s)"), _("write another name, or its code")),
    Meaning("NUMBER_FORMAT", _ERROR, _("this is no whole number"), _("write one between %(extra)s")),
    Meaning(
        "NOT_DESIGNATED",
        _ERROR,
        _("there are days, but it is not designated"),
        _("say that it is designated, or leave the days empty"),
    ),
    Meaning("ENDS_BEFORE", _ERROR, _("it ends before it begins"), _("check both days")),
    Meaning(
        "WORKED_WEEKDAY",
        _ERROR,
        _("from Monday to Friday is worked anyway"),
        _("say that it is off or as usual, or check the day"),
    ),
    Meaning(
        "ABOVE_UNKNOWN", _ERROR, _("the region above it (%(extra)s) is not known"), _("add the row of that region")
    ),
    Meaning(
        "SUCCESSOR_WRONG", _ERROR, _("this region cannot succeed it"), _("write a region of the same level that is known")
    ),
    Meaning(
        "SUCCESSOR_EARLY", _ERROR, _("there is a successor, but no day of the end"), _("write the day, or no successor")
    ),
)

MEANINGS: dict[str, Meaning] = {meaning.code: meaning for meaning in (*FILE_MEANINGS, *ROW_MEANINGS, *LIST_MEANINGS)}
ROW_CODES = frozenset(meaning.code for meaning in ROW_MEANINGS)
SEVERITY_OF: dict[str, str] = {code: meaning.severity.value for code, meaning in MEANINGS.items()}


@dataclass(frozen=True, slots=True)
class FileFinding:
    """A finding about a whole file or sheet; `extra` is its one fact and never personal."""

    code: str
    extra: str = ""
    sheet: str = ""

    @property
    def severity(self) -> Severity:
        return MEANINGS[self.code].severity

    def __str__(self) -> str:
        return describe(self.code, extra=self.extra, sheet=self.sheet)


def register_meanings(meanings: Iterable[Meaning]) -> None:
    """Findings of a room's own comparison; from `ready()`."""
    for meaning in meanings:
        if MEANINGS.setdefault(meaning.code, meaning) is not meaning:
            raise ValueError(f"{meaning.code} means something already")
        SEVERITY_OF[meaning.code] = meaning.severity.value


_words: dict[str, str | Promise] = {}


def register_words(words: Mapping[str, str | Promise]) -> None:
    """Words for stable facts that rooms put into `extra`, such as the rule that a row breaks; from `ready()`."""
    _words.update(words)


def describe(
    code: str, column: str = "", line: int | None = None, value_masked: str = "", extra: str = "", sheet: str = ""
) -> str:
    """Place, masked value, cause and remedy in the reader's language.

    `column` is the column's label (empty for the whole row), `line` is missing for a whole file:
    "第17行 身份证号：校验位不符，请核对最后一位".
    """
    facts = {"value": value_masked, "extra": str(_words.get(extra, extra)), "column": column, "line": line, "sheet": sheet}
    meaning = MEANINGS[code]
    cause, remedy = str(meaning.cause) % facts, str(meaning.remedy) % facts
    sentence = str(_SENTENCE) % {"cause": cause, "remedy": remedy}
    place = str(_PLACES[bool(sheet), line is not None]) % facts
    where = " ".join(part for part in (place, column) if part)
    if value_masked:
        where = str(_SHOWN) % {"where": where, "value": value_masked}
    if where:
        return str(_PLACED) % {"where": where, "sentence": sentence}
    return sentence[:1].upper() + sentence[1:]


_IN_BRACKETS = re.compile(r"\s*[(（][^()（）]*%\(extra\)s[^()（）]*[)）]")
_AT_THE_END = re.compile(r"\s*[:：,，]?\s*…$")


def plain_words(text: str | Promise) -> str:
    """A cause or remedy for many rows: what differs from row to row is left out."""
    said = _IN_BRACKETS.sub("", str(text)) % {"extra": "…", "value": "…", "column": "…"}
    said = _AT_THE_END.sub("", said)
    return said[:1].upper() + said[1:]


def causes_in_words(codes: str) -> str:
    """The causes of findings for people, by their codes with commas between; a code that nobody knows as it stands."""
    found = (code.strip() for code in codes.split(","))
    return str(_(", ")).join(plain_words(MEANINGS[code].cause) if code in MEANINGS else code for code in found)


_SENTENCE = _("%(cause)s; %(remedy)s.")
_PLACED = _("%(where)s: %(sentence)s")
_SHOWN = _("%(where)s (%(value)s)")
_PLACES = {
    (False, False): "",
    (True, False): _("Sheet “%(sheet)s”"),
    (False, True): _("Line %(line)s"),
    (True, True): _("Sheet “%(sheet)s” line %(line)s"),
}
