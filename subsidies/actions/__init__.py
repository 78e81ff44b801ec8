"""What offices do with the money of funders."""

from subsidies.actions.differences import approve_differences, make_differences, name_elsewhere, withdraw_differences
from subsidies.actions.movements import (
    confirm_movement,
    decline_movement,
    record_own_refund,
    record_payback,
    record_receipt,
    record_reversal,
    record_write_off,
)
from subsidies.actions.requests import (
    approve_request,
    decide_doubts,
    list_part,
    make_request,
    record_printing,
    submit_request,
    take_up_again,
    withdraw_request,
)

__all__ = [
    "approve_differences", "approve_request", "confirm_movement", "decide_doubts", "decline_movement", "list_part",
    "make_differences", "make_request", "name_elsewhere", "record_own_refund", "record_payback", "record_printing",
    "record_receipt", "record_reversal", "record_write_off", "submit_request", "take_up_again", "withdraw_differences",
    "withdraw_request",
]
