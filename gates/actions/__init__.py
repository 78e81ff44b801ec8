"""What people do between enrollment and cover."""

from gates.actions.notices import (
    close_notice,
    close_part,
    make_notice,
    post_notice,
    queue_closings,
    record_printing,
    withdraw_notice,
)
from gates.actions.objections import decide_objection, record_objection
from gates.actions.payments import pay_part, record_payment
from gates.actions.statements import upload_statement

__all__ = [
    "close_notice", "close_part", "decide_objection", "make_notice", "pay_part", "post_notice", "queue_closings",
    "record_objection", "record_payment", "record_printing", "upload_statement", "withdraw_notice",
]
