"""Lists for villages: whoever has no telephone or was not reached by it, village by village on A4, names masked.

Always Chinese: who reads it is the village.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.db.models import Count, Q
from django.template.loader import render_to_string
from django.utils.translation import override

from accounts.models import Region
from outreach.composing import village_lines
from outreach.models import Outcome, Reach, Sending, SendingLine

#: Lines read at once.
BATCH = 5_000
LANGUAGE = "zh-hans"
#: Who is told by the village: without a telephone, or not reached by it.
BY_VILLAGE = Q(reach=Reach.VILLAGE) | Q(outcome=Outcome.FAILED)
_STYLE = Path(__file__).parent / "static" / "outreach" / "village.css"


def villages_of(sending: Sending) -> list[tuple[str, str, int]]:
    """(code, name, people) of each village of the list, in the order of the codes. Two questions."""
    lines = SendingLine.objects.filter(BY_VILLAGE, sending=sending)
    found = list(lines.values_list("region_code").annotate(people=Count("pk")).order_by("region_code"))
    names = Region.objects.names_of(code for code, _people in found)
    return [(code, names.get(code, code), people) for code, people in found]


def document(sending: Sending, *, place: str = "") -> Iterator[str]:
    """HTML piece by piece: of one village, or of all with a new page for each."""
    with override(LANGUAGE):
        yield render_to_string("outreach/village_head.html", {"sending": sending, "style": _STYLE.read_text(encoding="utf-8")})
    for code, name, _people in villages_of(sending):
        if place in ("", code):
            lines = list(_lines(sending, code))
            with override(LANGUAGE):
                yield render_to_string("outreach/village.html", {"sending": sending, "village": name, "lines": lines})
    yield "</body></html>\n"


def _lines(sending: Sending, code: str) -> Iterator[tuple[int, str, str, str]]:
    rows = SendingLine.objects.filter(BY_VILLAGE, sending=sending, region_code=code).order_by("number")
    after = 0
    while numbers := list(rows.filter(number__gt=after).values_list("number", flat=True)[:BATCH]):
        yield from village_lines(sending, region_code=code, after=after, last=numbers[-1])
        after = numbers[-1]
