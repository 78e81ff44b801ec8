"""Identity documents one at a time, in plain words: what the columnar checks must agree with; no frame is read here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

RESIDENT_ID = "resident_id"
#: Documents with 18 characters and the check of GB 11643: resident IDs, residence permits of people from Hong Kong and
#: Macao (81, 82) and Taiwan (83), foreigners' permanent residence cards since December 2023 (9).
ID_LIKE = (RESIDENT_ID, "hk_macao_residence", "taiwan_residence", "foreign_permanent")
#: Other forms by type of document.
FORMS = {
    "passport": r"[A-Z0-9]{5,15}",
    "hk_macao_permit": r"[HMC][0-9]{8,10}",
    "taiwan_permit": r"[A-Z]?[0-9]{8,11}[A-Z]?",
    "foreign_permanent": r"[A-Z]{3}[0-9]{12}",
    "other": r"[A-Z0-9][A-Z0-9()/-]{3,29}",
}
#: How the numbers of documents of 18 characters begin, where the type of the document decides.
BEGINNINGS = {"hk_macao_residence": ("81", "82"), "taiwan_residence": ("83",), "foreign_permanent": ("9",)}
#: The earliest birth date that a number of a living person can hold.
EARLIEST = date(1900, 1, 1)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_BLANKS = re.compile("[\t\r\n\x85\u00a0\u2000-\u200a\u2028\u2029\u202f\u205f\u3000 ]+")
_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_MARKS = ("\x1aN", "\x1aF")


@dataclass(frozen=True, slots=True)
class Reading:
    """A document number as it is understood.

    `number` is null when it is refused or empty; `code` says why it is refused or doubted (ID_ROUNDED), `note` what was
    repaired. `birth_on` and `male` are null where the document does not tell.
    """

    number: str | None = None
    code: str | None = None
    note: str | None = None
    birth_on: date | None = None
    male: bool | None = None


def check_character(body: str) -> str:
    """The 18th character for 17 digits (GB 11643: ISO 7064 mod 11-2)."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]


def resident_id(region: str, birth_on: date, sequence: int) -> str:
    """The number of the `sequence`-th (0 to 999; odd for men) person born on a day in a county (6 digits)."""
    if not (len(region) == 6 and region.isascii() and region.isdecimal()):
        raise ValueError(f"a county has 6 digits, not {region!r}")
    if not 0 <= sequence <= 999:
        raise ValueError(f"a sequence lies between 0 and 999, not {sequence}")
    body = f"{region}{birth_on.year:04d}{birth_on:%m%d}{sequence:03d}"
    return body + check_character(body)


def to_18(old: str) -> str:
    """The number of 18 characters for an old one of 15 digits: born 19xx, check character appended."""
    body = old[:6] + "19" + old[6:]
    return body + check_character(body)


def birth_of(number: str) -> date | None:
    """The birth date in characters 7 to 14; null when there is no such day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def read_document(cell: str | None, *, kind: str = RESIDENT_ID, today: date) -> Reading:
    """What a cell of a file says, as a number of its type on a day."""
    if cell is None:
        return Reading()
    mark = cell[:2] if cell.startswith(_MARKS) else ""
    text = fold(cell[len(mark):])
    if not text:
        return Reading(note="TEXT_NORMALISED" if cell else None)
    code = _shape_fault(text, cell, mark, kind)
    if code:
        return Reading(code=code)
    if _fits_form(text, kind):
        return Reading(number=text, note="TEXT_NORMALISED" if text != cell else None)
    old = kind == RESIDENT_ID and re.fullmatch("[0-9]{15}", text) is not None
    number = to_18(text) if old else text
    code = _content_fault(number, today=today)
    if code and code != "ID_ROUNDED":
        return Reading(code=code)
    note = "ID_15" if old else "TEXT_NORMALISED" if text != cell else None
    # An ending of 000 is Excel's; 15 digits fit into a workbook's number and were never rounded.
    return Reading(
        number=number, code=None if old else code, note=note, birth_on=birth_of(number), male=int(number[16]) % 2 == 1
    )


def fold(cell: str) -> str:
    """Half width, capitals, nothing invisible, no blanks, no apostrophe in front."""
    text = _BLANKS.sub(" ", _INVISIBLE.sub("", cell)).translate(_WIDTH)
    text = re.sub(" {2,}", " ", text).strip(" ")
    return re.sub("^'+ *", "", text).replace(" ", "").upper()


def _fits_form(text: str, kind: str) -> bool:
    return kind in FORMS and re.fullmatch(FORMS[kind], text) is not None


def _shape_fault(text: str, cell: str, mark: str, kind: str) -> str | None:
    """What is wrong before a number is read as one of 18 characters."""
    if mark == "\x1aF":
        return "FORMULA_REFUSED"
    if mark == "\x1aN":
        return "ID_NUMERIC"
    if _CONTROL.search(cell[len(mark):]):
        return "CONTROL_CHAR"
    if re.fullmatch(r"[0-9](?:\.[0-9]+)?E\+?[0-9]{1,3}", text):
        return "ID_SCIENTIFIC"
    if _fits_form(text, kind):
        return None
    if kind not in ID_LIKE:
        return "DOC_FORMAT"
    if not re.fullmatch("[0-9]+X?", text):
        return "DOC_TYPE"
    old = kind == RESIDENT_ID and re.fullmatch("[0-9]{15}", text)
    if not old and not re.fullmatch("[0-9]{17}[0-9X]", text):
        return "ID_LENGTH"
    return None if text.startswith(BEGINNINGS.get(kind, "")) else "DOC_FORMAT"


def _content_fault(number: str, *, today: date) -> str | None:
    """What is wrong with 18 characters of the right shape."""
    birth = birth_of(number)
    if birth is None or birth < EARLIEST:
        return "ID_DATE"
    if birth > today:
        return "ID_FUTURE"
    rounded = re.fullmatch("[0-9]{15}000", number) is not None
    if number[17] != check_character(number[:17]):
        return "ID_NUMERIC" if rounded else "ID_CHECKSUM"
    return "ID_ROUNDED" if rounded else None
