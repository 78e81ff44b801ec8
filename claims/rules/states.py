"""States of a claim and the steps between them; rules only, no database.

Source: what offices call 报案, 受理, 立案, 补充材料, 审核, 调查, 理算, 核赔, 待支付, 已支付, 结案; its ends 拒赔, 零赔付结案, 撤案,
不予立案.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a claim stands."""

    REPORTED = "reported"
    ACCEPTED = "accepted"
    REGISTERED = "registered"
    WAITING = "waiting"
    REVIEW = "review"
    INVESTIGATION = "investigation"
    #: Calculated; signatures are under way.
    ASSESSED = "assessed"
    PAYABLE = "payable"
    PAID = "paid"
    CLOSED = "closed"
    REFUSED = "refused"
    ZERO = "zero"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"


#: Somebody has to work on it before it is decided.
OPEN = (
    State.REPORTED, State.ACCEPTED, State.REGISTERED, State.WAITING, State.REVIEW, State.INVESTIGATION, State.ASSESSED,
)
#: Nothing more is done unless it is reopened.
ENDED = (State.CLOSED, State.REFUSED, State.ZERO, State.WITHDRAWN, State.DECLINED)
#: A decision was made that holds.
DECIDED = (State.PAYABLE, State.PAID, State.CLOSED, State.REFUSED, State.ZERO)
REOPENABLE = (*ENDED, State.PAID)
#: Bills, papers and the order of payers may still change.
EDITABLE = (State.REPORTED, State.ACCEPTED, State.REGISTERED, State.WAITING, State.REVIEW, State.INVESTIGATION)
#: Papers can be asked for.
ASKABLE = (State.ACCEPTED, State.REGISTERED, State.REVIEW)

#: From -> to.
STEPS: dict[State, tuple[State, ...]] = {
    State.REPORTED: (State.ACCEPTED, State.DECLINED, State.WITHDRAWN),
    State.ACCEPTED: (State.REGISTERED, State.WAITING, State.DECLINED, State.WITHDRAWN),
    State.REGISTERED: (State.REVIEW, State.WAITING, State.WITHDRAWN),
    State.WAITING: (State.ACCEPTED, State.REGISTERED, State.REVIEW, State.WITHDRAWN),
    State.REVIEW: (State.WAITING, State.INVESTIGATION, State.ASSESSED, State.WITHDRAWN),
    State.INVESTIGATION: (State.REVIEW, State.WITHDRAWN),
    State.ASSESSED: (State.REVIEW, State.PAYABLE, State.REFUSED, State.ZERO, State.PAID, State.CLOSED),
    State.PAYABLE: (State.PAID, State.PAYABLE, State.ZERO, State.REFUSED),
    State.PAID: (State.CLOSED, State.PAYABLE, State.REVIEW),
    State.CLOSED: (State.REVIEW, State.PAYABLE),
    State.REFUSED: (State.REVIEW, State.PAYABLE, State.ZERO),
    State.ZERO: (State.REVIEW, State.PAYABLE),
    State.WITHDRAWN: (State.REVIEW,),
    State.DECLINED: (State.REVIEW,),
}


def may_go(come_from: str, to: str) -> bool:
    """Whether a claim may step from one state to another."""
    return State(to) in STEPS[State(come_from)]
