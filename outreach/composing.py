"""The texts of a sending, whole columns at a time: what is known of its people, put into the places of its wording."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl
from django.conf import settings
from django.db import connection
from django.urls import reverse

from audit import keys
from audit.masking import mask_name
from beneficiaries.models import Beneficiary, Person
from beneficiaries.models.enrollment import cover_number
from outreach.choosing import MINOR, SPEAKS
from outreach.connectors import Message
from outreach.models import NameForm, Sending
from outreach.wording import pieces

_NAME: Any = Person._meta.get_field("name")
_PHONE: Any = Beneficiary._meta.get_field("phone")
#: Names, and numbers, that one message spells out; of more it says how many.
SPELLED = 3
_DAY = "FMYYYY年FMMM月FMDD日"
#: Whose telephone is used: a minor's guardian's, else their own; of others their own, else their agent's.
PHONE = f"(CASE WHEN {MINOR} THEN coalesce(speaks.phone, b.phone) ELSE coalesce(b.phone, speaks.phone) END)"
# Whoever asked since for their data only to be kept, or has died, is told nothing any more.
_FACTS = """
SELECT l.number, coalesce(l.told_with, l.number), l.region_code, e.id, p.name, {phone},
    to_char(e.starts_at AT TIME ZONE %(zone)s, %(day)s),
    to_char((e.ends_at - interval '1 microsecond') AT TIME ZONE %(zone)s, %(day)s), e.own_share
FROM outreach_sendingline l JOIN beneficiaries_enrollment e ON e.id = l.enrollment_id
JOIN beneficiaries_beneficiary b ON b.id = e.beneficiary_id
JOIN beneficiaries_person p ON p.id = e.person_id
LEFT JOIN LATERAL ({speaks}) speaks ON true
WHERE l.sending_id = %(sending)s AND b.restricted_at IS NULL AND p.deceased_on IS NULL AND {lines}
ORDER BY l.number
"""
_OF_PHONES = f"{PHONE} IS NOT NULL AND (l.number = ANY(%(heads)s) OR l.told_with = ANY(%(heads)s))"
_OF_VILLAGE = (
    "(l.reach = 'village' OR l.outcome = 'failed') AND l.region_code = %(region)s AND l.number > %(after)s AND l.number <= %(last)s"
)
_SCHEMA: Any = {
    "number": pl.Int64, "head": pl.Int64, "region_code": pl.String, "cover": pl.String, "name": pl.String, "phone": pl.String,
    "first_day": pl.String, "last_day": pl.String, "own_share": pl.Decimal(16, 2),
}


def check_page() -> str:
    """Where anybody checks a cover; empty where nobody outside reaches the portal."""
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse('papers:check')}" if settings.PUBLIC_URL else ""


def reference_of(sending: Sending, number: int) -> str:
    """What the gateway calls a message by; begins with a letter, since spreadsheets make a date of 20-3."""
    return f"M{sending.pk}-{number}"


def shared_facts(sending: Sending) -> dict[str, str]:
    """What all messages of a sending say alike; of the day by which money is to be paid the last one."""
    closes = sending.period.enrollment_closes_on
    last = closes.fromordinal(closes.toordinal() - 1)
    return {
        "program": sending.program.name, "hotline": sending.wording.hotline, "check_page": check_page(),
        "pay_until": f"{last.year}年{last.month}月{last.day}日",
    }


def messages_of(sending: Sending, heads: Sequence[int]) -> list[Message]:
    """The messages of these lines and of whoever shares their telephones."""
    facts = _facts(sending, _OF_PHONES, heads=list(heads))
    full = sending.wording.name_form == NameForm.FULL
    texts = _texts(sending, grouped(facts, masked=not full))
    return [
        Message(reference_of(sending, number), phone, text)
        for number, phone, text in texts.select("number", "phone", "text").iter_rows()
    ]


def village_lines(sending: Sending, *, region_code: str, after: int, last: int) -> list[tuple[int, str, str, str]]:
    """(number on the list, masked name, cover's number, text) of lines of a village, masked whatever messages do."""
    facts = _facts(sending, _OF_VILLAGE, region=region_code, after=after, last=last)
    alone = facts.with_columns(_masked(facts["name"]), amount=_yuan(pl.col("own_share")), number_text=pl.col("cover"))
    return list(_texts(sending, alone).select("number", "name", "cover", "text").iter_rows())


def _facts(sending: Sending, lines: str, **values: Any) -> pl.DataFrame:
    with connection.cursor() as cursor:
        cursor.execute(
            _FACTS.format(lines=lines, phone=PHONE, speaks=SPEAKS),
            {"zone": settings.TIME_ZONE, "day": _DAY, "sending": sending.pk, "at": sending.released_at, **values},
        )
        rows = cursor.fetchall()
    if not rows:
        return pl.DataFrame(schema=_SCHEMA)
    number, head, region, cover, name, phone, first, last, own = zip(*rows, strict=True)
    code, period = sending.program.code, sending.period.code
    return pl.DataFrame(
        {
            "number": number, "head": head, "region_code": region, "cover": [cover_number(code, period, each) for each in cover],
            "name": _opened(name, _NAME), "phone": _opened(phone, _PHONE), "first_day": first, "last_day": last,
            "own_share": own,
        },
        schema=_SCHEMA,
    )


def _opened(tokens: Iterable[Any], field: Any) -> list[str | None]:
    return keys.open_many((bytes(token) if token is not None else None for token in tokens), field.logical_name)


def _masked(names: pl.Series) -> pl.Series:
    return pl.Series("name", [mask_name(name or "") for name in names], dtype=pl.String)


def grouped(facts: pl.DataFrame, *, masked: bool) -> pl.DataFrame:
    """One row a message: people of one telephone whose days are the same, named together, their amounts summed."""
    if masked:
        facts = facts.with_columns(_masked(facts["name"]))
    together = facts.group_by("head", "phone", "first_day", "last_day", maintain_order=True).agg(
        number=pl.col("number").min(), name=_spelled("name", "人"), number_text=_spelled("cover", "份"),
        amount=_yuan(pl.col("own_share").sum()),
    )
    return together.sort("number")


def _spelled(column: str, unit: str) -> pl.Expr:
    count = pl.len()
    few = pl.col(column).head(SPELLED).str.join("、")
    return pl.when(count > SPELLED).then(few + "等" + count.cast(pl.String) + unit).otherwise(few)


def _yuan(amount: pl.Expr) -> pl.Expr:
    return amount.cast(pl.Decimal(16, 2)).cast(pl.String) + "元"


def _texts(sending: Sending, rows: pl.DataFrame) -> pl.DataFrame:
    shared = shared_facts(sending)
    own = {"name": "name", "number": "number_text", "first_day": "first_day", "last_day": "last_day", "amount": "amount"}
    parts = [
        pl.lit(words) if not fact else pl.lit(shared[fact]) if fact in shared else pl.col(own[fact])
        for fact, words in pieces(sending.wording.whole)
    ]
    return rows.with_columns(text=pl.concat_str(parts))

