"""Notices as they hang in the villages: one page or more for each, with the columns that the notice publishes and no others;
and bills as employers get them.

Always Chinese: who reads it is the village. Of children no category is named, nor one that the notice does not name.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from django.db.models import Count, Q
from django.template.loader import render_to_string
from django.utils.translation import override

from accounts.models import Region
from audit import keys
from audit.masking import mask_name
from beneficiaries.models import Person
from beneficiaries.models.enrollment import EnrollmentState
from gates.bills import owed_of, prices_of
from gates.models import WHITELIST, EmployerBill, Notice, NoticeLine
from gates.models.notice import CATEGORY, NAME, REGION
from programs.models import Category
from programs.rules.amounts import amount_in_words

#: Lines read at once.
BATCH = 5_000
#: From this age on a category is named.
OF_AGE = 18
LANGUAGE = "zh-hans"
_END = "</body></html>\n"
_STYLE = Path(__file__).parent / "static" / "gates" / "notice.css"
_NAME: Any = Person._meta.get_field("name")

Line = tuple[int, str, str, str]


def villages_of(notice: Notice) -> list[tuple[str, str, int]]:
    """(code, name, lines) of each village of a posted notice, in the order of the codes. Two questions."""
    rows = NoticeLine.objects.filter(notice=notice).values_list("region_code").annotate(lines=Count("pk")).order_by("region_code")
    found = list(rows)
    names = Region.objects.names_of(code for code, _number in found)
    return [(code, names.get(code, code), number) for code, number in found]


def document(notice: Notice, *, place: str = "", as_file: bool = False) -> Iterator[str]:
    """HTML piece by piece: of one village, or of all with a new page for each. A file carries its style with it."""
    style = _STYLE.read_text(encoding="utf-8") if as_file else ""
    names = {code: name for code, name, _number in villages_of(notice)}
    with override(LANGUAGE):
        yield render_to_string("gates/notice_head.html", {"notice": notice, "style": style})
    for code, rows in groupby(_lines(notice, place), key=lambda row: row[0]):
        yield _village(notice, names.get(code, code), [line for _code, line in rows])
    yield _END


def village_file(notice: Notice, code: str, name: str) -> tuple[str, int]:
    """The HTML file of one village, with its style, and how many people stand on it."""
    lines = [line for _code, line in _lines(notice, code)]
    with override(LANGUAGE):
        head = render_to_string("gates/notice_head.html", {"notice": notice, "style": _STYLE.read_text(encoding="utf-8")})
    return head + _village(notice, name, lines) + _END, len(lines)


def _village(notice: Notice, name: str, lines: list[Line]) -> str:
    with override(LANGUAGE):
        return render_to_string(
            "gates/notice_village.html",
            {
                "notice": notice, "village": name, "lines": lines,
                "shows": {column: column in notice.columns for column in WHITELIST},
            },
        )


def bill_document(bill: EmployerBill, *, account: str, at: datetime) -> str:
    """An employer's bill as HTML, to be printed from the screen: what is due now, by price; no person is named."""
    owed = owed_of(bill)
    with override(LANGUAGE):
        return render_to_string(
            "gates/bill_print.html",
            {
                "bill": bill, "owed": owed, "words": amount_in_words(owed.amount), "at": at,
                "prices": [price for price in prices_of(bill) if price.due], "account": account.strip().splitlines(),
                "last_day": bill.period.enrollment_closes_on - timedelta(days=1),
            },
        )


def _lines(notice: Notice, place: str) -> Iterator[tuple[str, Line]]:
    """(village code, (number, masked name, village, category)); whoever was taken off the list is left out."""
    of_age = _years_before(notice.starts_on, OF_AGE)
    names = dict(Category.objects.filter(pk__in=notice.named_categories).values_list("pk", "name"))
    rows = NoticeLine.objects.filter(notice=notice).exclude(enrollment__state=EnrollmentState.VOIDED)
    # Whoever asked since that nothing be done with their data is named no more.
    rows = rows.filter(enrollment__beneficiary__restricted_at__isnull=True)
    if place:
        rows = rows.filter(region_code=place)
    rows = rows.order_by("region_code", "number")
    after = ("", 0)
    while True:
        part = list(
            _beyond(rows, after).values_list(
                "region_code", "number", "enrollment__person__name", "enrollment__person__birth_on", "enrollment__category"
            )[:BATCH]
        )
        if not part:
            return
        sealed = keys.open_many([row[2].token for row in part], _NAME.logical_name)
        places = Region.objects.names_of({row[0] for row in part})
        for (code, number, _token, born, category), name in zip(part, sealed, strict=True):
            known = born is not None and born <= of_age
            yield code, (
                number, mask_name(name or "") if NAME in notice.columns else "",
                places.get(code, code) if REGION in notice.columns else "",
                names.get(category, "") if known and CATEGORY in notice.columns else "",
            )
        after = part[-1][0], part[-1][1]


def _beyond(rows: Any, after: tuple[str, int]) -> Any:
    """The rows behind a place; the first condition is a range that the index serves."""
    code, number = after
    behind = Q(region_code__gt=code) | Q(region_code=code, number__gt=number)
    return rows.filter(behind, region_code__gte=code) if code else rows


def _years_before(day: date, years: int) -> date:
    """The same day so many years earlier; 1 March for 29 February."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 3, 1)
