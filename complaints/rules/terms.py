"""How long the answer to a complaint may take, in calendar days from the day after receipt; pure.

Source: 银行业保险业消费投诉处理管理办法 (China Banking and Insurance Regulatory Commission, order 3 of 2020, in force since
2020-03-01): decided and told within 15 days; a complex one within 30; a specially complex one, with the approval of the office
above, within another 30; a review is asked for within 30 days of the decision and decided within 30.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

SOURCE = "银行业保险业消费投诉处理管理办法（中国银行保险监督管理委员会令2020年第3号）"


class Step(IntEnum):
    """How often the term was extended."""

    PLAIN = 0
    COMPLEX = 1
    SPECIAL = 2


@dataclass(frozen=True, slots=True)
class Term:
    """So many days in all, counted from the receipt."""

    days: int
    source: str = SOURCE


ANSWER: Mapping[Step, Term] = {Step.PLAIN: Term(15), Step.COMPLEX: Term(30), Step.SPECIAL: Term(60)}
REVIEW = Term(30)
#: From the day on which the answer was told.
ASK_REVIEW = Term(30)


def due_on(received_on: date, *, step: Step = Step.PLAIN, review: bool = False) -> date:
    """The last day on which the answer is told in time."""
    term = REVIEW if review else ANSWER[step]
    return received_on + timedelta(days=term.days)


def review_until(told_on: date) -> date:
    """The last day on which a review may be asked for."""
    return told_on + timedelta(days=ASK_REVIEW.days)
