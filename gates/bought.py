"""Payments that came with a purchase, found again in a channel's statement: by their own number, the application's, or a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from psycopg import sql

from gates.fitting import GIVEN_UP
from gates.models import Channel
from intake.copying import ask

# The payment's number is unique in a program, an application's in an office; a person's cover says which purchase it is of.
_FOUND = """
SELECT wanted.row, bought.id, found.by_key, bought.own_share, arrival.id IS NOT NULL,
    coalesce('#' || said.id || ' ' || said.reference, ''), coalesce(payer.way, ''), {given_up}
FROM unnest(%(rows)s::int[], %(serials)s::text[], %(applications)s::text[], %(covers)s::bigint[])
    AS wanted(row, serial, application, cover)
JOIN LATERAL (
    SELECT id, true AS by_key, 1 AS rank FROM beneficiaries_purchase
    WHERE program_id = %(program)s AND payment_reference = wanted.serial AND payment_reference <> ''
    UNION ALL
    SELECT min(id), true, 2 FROM beneficiaries_purchase
    WHERE program_id = %(program)s AND organization_id = ANY(%(offices)s) AND reference = wanted.application
        AND payment_reference <> ''
    HAVING count(*) = 1
    UNION ALL
    SELECT purchase_id, false, 3 FROM beneficiaries_enrollment WHERE id = wanted.cover
    ORDER BY rank LIMIT 1
) AS found ON true
JOIN beneficiaries_purchase bought ON bought.id = found.id AND bought.period_id = %(period)s AND bought.payment_reference <> ''
    AND bought.own_share > 0 AND bought.organization_id = ANY(%(offices)s) AND starts_with(bought.region_code, %(region)s)
LEFT JOIN beneficiaries_purchasepayer payer ON payer.purchase_id = bought.id
LEFT JOIN gates_arrival arrival ON arrival.purchase_id = bought.id AND arrival.reversed_by_id IS NULL
LEFT JOIN gates_statement said ON said.id = arrival.statement_id
"""
_SCHEMA: dict[str, Any] = {
    "row": pl.UInt32, "purchase_id": pl.Int64, "by_key": pl.Boolean, "bought_due": pl.Decimal(16, 2), "arrived": pl.Boolean,
    "arrived_by": pl.String, "way": pl.String, "given_up": pl.Boolean,
}


def bought(rows: pl.DataFrame, *, statement: Any, offices: Sequence[int]) -> pl.DataFrame:
    """Whose purchase rows (`row`, `serial`, `application`, `enrollment_id`) pay, within the statement's offices and period."""
    wanted = rows.filter(
        pl.col("serial").is_not_null() | pl.col("application").is_not_null() | pl.col("enrollment_id").is_not_null()
    )
    found = ask(
        sql.SQL(_FOUND).format(given_up=sql.SQL(GIVEN_UP.format(purchase="bought.id"))),
        {
            "rows": wanted["row"].to_list(), "serials": wanted["serial"].to_list(), "covers": wanted["enrollment_id"].to_list(),
            "applications": wanted["application"].to_list(), "program": statement.program_id, "period": statement.period_id,
            "offices": list(offices), "region": statement.region_code,
        },
    ) if len(wanted) else []
    return pl.DataFrame(found, schema=_SCHEMA, orient="row")


def why_not(*, today: Any) -> pl.Expr:
    """The code of what keeps a row's money from being the payment of the purchase that it finds; null where it is."""
    return (
        pl.when(pl.col("reported").is_not_null()).then(pl.lit("LINE_KNOWN"))
        .when(pl.col("arrived")).then(pl.lit("PAID_TWICE"))
        .when(pl.col("given_up")).then(pl.lit("PAYMENT_GIVEN_UP"))
        .when(pl.col("paid_on") > today).then(pl.lit("DATE_FUTURE"))
        .when(pl.col("amount") != pl.col("bought_due")).then(pl.lit("AMOUNT_DIFFERS"))
    )  # fmt: skip


def another_way(channel: str) -> pl.Expr:
    """Whether the office took down another way of payment than the channel's: it decides by which way money goes back."""
    account = pl.col("way") == "account"
    return (pl.col("way") != "") & (~account if channel == Channel.ACCOUNT else account)
