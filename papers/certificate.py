"""A certificate of cover on a sheet of A5: what all of a file share is one form, what each adds is a page.

Always Chinese: whoever is covered reads it, and the hospital. The name stands in full, the document masked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import segno
from django.utils.formats import date_format
from django.utils.translation import gettext as _t
from django.utils.translation import override

from papers.font import Face, face
from papers.pdf import A5_WIDE, Document, Sheet

LANGUAGE = "zh-hans"
_INK, _QUIET, _TEAL = (0.1, 0.12, 0.14), (0.4, 0.44, 0.47), (0.04, 0.34, 0.36)
_LEFT, _RIGHT, _VALUE, _WIDTH = 44.0, 318.0, 62.0, 200.0
_ROWS = (296.0, 271.0, 246.0, 221.0, 196.0)
_CODE_SIDE, _CODE_X, _CODE_Y = 88.0, 456.0, 76.0
_CLAIM_LINES = 7


@dataclass(frozen=True)
class Shared:
    """What all certificates of one file say. `address`: of the page that checks them, as people type it."""

    program: str
    plan: str
    insurer: str
    limit: Decimal
    phone: str
    how_to_claim: str
    issued_on: date
    address: str


@dataclass(frozen=True)
class Holder:
    """One person's cover; `link` is what the square code says."""

    number: str
    name: str
    document_type: str
    document: str
    days: str
    policy: str
    place: str
    office: str
    code: str
    link: str


def file_of(shared: Shared, holders: Iterable[Holder], *, title: str) -> tuple[bytes, int]:
    """A PDF with a page for each, and how many there are; none gives a file without pages."""
    with override(LANGUAGE):
        kind = face()
        written = Document(kind, title=title, form=_form(kind, shared))
        count = 0
        for holder in holders:
            written.page(_page(kind, holder))
            count += 1
        return written.finished(), count


def _form(kind: Face, shared: Shared) -> Sheet:
    sheet = Sheet(kind)
    wide, high = A5_WIDE
    sheet.color(*_TEAL)
    sheet.frame(18, 18, wide - 36, high - 36, weight=1.8)
    sheet.frame(23, 23, wide - 46, high - 46, weight=0.5)
    sheet.text(wide / 2, 373, shared.program, size=13, anchor="middle")
    sheet.text(wide / 2, 340, " ".join(_t("Certificate of cover")), size=25, bold=True, anchor="middle")
    sheet.rule(_LEFT, 316, wide - 2 * _LEFT)
    sheet.rule(_LEFT, 182, wide - 2 * _LEFT)
    sheet.color(*_QUIET)
    labels = (
        (_t("insured person"), _t("document number")), (_t("plan"), _t("cover")), (_t("days of cover"), ""),
        (_t("insurer"), _t("policy number")), (_t("place"), _t("office")),
    )
    for y, (left, right) in zip(_ROWS, labels, strict=True):
        sheet.text(_LEFT, y, left, size=9)
        sheet.text(_RIGHT, y, right, size=9)
    sheet.color(*_TEAL)
    sheet.text(_LEFT, 164, _t("How to claim"), size=10.5, bold=True)
    sheet.color(*_INK)
    sheet.paragraph(
        _LEFT, 147, shared.how_to_claim, size=9, width=_CODE_X - _LEFT - 24, leading=13.2, most=_CLAIM_LINES
    )
    sheet.fitted(_LEFT + _VALUE, _ROWS[1], shared.plan, size=11.5, width=_WIDTH - 8)
    sheet.text(_RIGHT + _VALUE, _ROWS[1], _t("up to %(amount)s yuan") % {"amount": f"{shared.limit:,.2f}"}, size=11.5)
    sheet.fitted(_LEFT + _VALUE, _ROWS[3], shared.insurer or "—", size=11.5, width=_WIDTH - 8)
    sheet.color(*_QUIET)
    issued = date_format(shared.issued_on, "Y年n月j日")
    sheet.text(_LEFT, 46, _t("Telephone: %(phone)s") % {"phone": shared.phone}, size=9)
    sheet.text(_LEFT + 190, 46, _t("Issued on: %(day)s") % {"day": issued}, size=9)
    said = _t("Scan the code, or enter number and check code at %(address)s: it says whether this cover is valid.")
    if not shared.address:
        said = _t("Enter number and check code on the portal's check page: it says whether this cover is valid.")
    sheet.fitted(_LEFT, 32, said % {"address": shared.address}, size=8, width=wide - 2 * _LEFT)
    return sheet


def _page(kind: Face, holder: Holder) -> Sheet:
    sheet = Sheet(kind)
    sheet.color(*_INK)
    value, beside = _LEFT + _VALUE, _RIGHT + _VALUE
    sheet.text(A5_WIDE[0] / 2, 322, _t("No. %(number)s") % {"number": holder.number}, size=9.5, anchor="middle")
    sheet.fitted(value, _ROWS[0], holder.name, size=14, width=_WIDTH - 8)
    sheet.fitted(beside, _ROWS[0], holder.document, size=11.5, width=_WIDTH - 34)
    sheet.text(value, _ROWS[2], holder.days, size=11.5)
    sheet.fitted(beside, _ROWS[3], holder.policy or "—", size=11.5, width=_WIDTH - 34)
    sheet.fitted(value, _ROWS[4], holder.place or "—", size=11.5, width=_WIDTH - 8)
    sheet.fitted(beside, _ROWS[4], holder.office, size=11.5, width=_WIDTH - 34)
    sheet.squares(_CODE_X, _CODE_Y, _CODE_SIDE, squares_of(holder.link))
    middle = _CODE_X + _CODE_SIDE / 2
    sheet.text(middle, _CODE_Y - 12, _t("check code %(code)s") % {"code": holder.code}, size=8.5, anchor="middle")
    return sheet


def squares_of(text: str) -> list[list[int]]:
    """The rows of a QR code without its margin; level M. A fixed mask: any can be read, the choice costs four times the rest."""
    code = segno.make(text, error="m", boost_error=False, micro=False, mask=2)
    return [list(row) for row in code.matrix]
