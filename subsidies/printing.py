"""A request as it is sent: the letter with its sums by county and category, always Chinese, without a person."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import override

from programs.rules.amounts import amount_in_words
from subsidies.models import FundRequest
from subsidies.summary import Table

LANGUAGE = "zh-hans"


def document(request: FundRequest, table: Table, *, by: Any) -> str:
    """HTML, to be printed from the screen."""
    with override(LANGUAGE):
        return render_to_string(
            "subsidies/request_print.html",
            {
                "request_for_funds": request, "table": table, "words": amount_in_words(request.amount),
                "refunds": request.amount < 0, "by": by,
            },
        )
