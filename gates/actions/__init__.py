"""What people do between enrollment and cover."""

from gates.actions.bills import (
    confirm_bill_payment,
    decline_bill_payment,
    draw_up_bill,
    record_bill_payment,
    record_bill_printing,
)
from gates.actions.clearings import (
    approve_clearing,
    drop_clearing,
    open_returns,
    propose_assignment,
    propose_giving_up,
    propose_match,
    propose_return,
    propose_reversal,
    propose_unmatch,
    record_not_returned,
    record_returned,
    settle_clearing,
)
from gates.actions.notice_files import open_notice_file, purge_notice_files, write_notice
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
from gates.deciding import decide_lines

__all__ = [
    "approve_clearing", "close_notice", "close_part", "confirm_bill_payment", "decide_lines", "decide_objection",
    "decline_bill_payment", "draw_up_bill", "drop_clearing", "make_notice", "open_notice_file", "open_returns", "pay_part",
    "post_notice", "propose_assignment", "propose_giving_up", "propose_match", "propose_return", "propose_reversal",
    "propose_unmatch", "purge_notice_files", "queue_closings", "record_bill_payment", "record_bill_printing",
    "record_not_returned", "record_objection", "record_payment", "record_printing", "record_returned", "settle_clearing",
    "upload_statement", "withdraw_notice", "write_notice",
]
