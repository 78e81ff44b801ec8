"""What a bank's file looks like, with people who do not exist; nothing is read or kept."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl

from payouts.models import BankFormat, Encoding, Takes
from payouts.rendering import Whole, first_bytes, last_bytes, payout_bytes
from payouts.writing import layout_of

#: Synthetic, with right checksums.
_PAYOUTS = pl.DataFrame(
    {
        "number": [1, 2, 3],
        "line_key": ["P000000000-000001", "P000000000-000002", "P000000000-000003"],
        "in_bank": [True, False, False],
        "name": ["张示例", "欧阳示例", "买买提·示例"],
        "account": ["6228480000000007", "6217000000000000003", "80020000123456789"],
        "bank": ["示例银行源城支行", "中国示例银行紫金支行", "示例农村商业银行"],
        "bank_code": ["103598000018", "105598000026", "314598000034"],
        "amount": [Decimal("5000.00"), Decimal("1495.50"), Decimal("0.01")],
    },
    schema_overrides={"amount": pl.Decimal(16, 2)},
)
_WHOLE = Whole("P000000000", 3, Decimal("6495.51"), "44010000000000001", "示例市民政局", "理赔款", date(2027, 1, 31))


def preview(kept: BankFormat) -> str:
    """The text of a file of three payouts, as many as the format takes."""
    layout = layout_of(kept)
    payouts = _PAYOUTS
    if kept.takes == Takes.IN_BANK:
        payouts = payouts.with_columns(in_bank=pl.lit(value=True))
    elif kept.takes == Takes.INTERBANK:
        payouts = payouts.with_columns(in_bank=pl.lit(value=False))
    content = first_bytes(layout, _WHOLE) + payout_bytes(payouts, layout, _WHOLE) + last_bytes(layout, _WHOLE)
    return content.decode("gb18030" if kept.encoding == Encoding.GB18030 else "utf-8-sig")
