"""The verbs of the room."""

from claims.actions.bills import Charge, add_bill, explain_bill, kinds_of, remove_bill
from claims.actions.cases import Facts, Report, change_case, order_payers, report_case
from claims.actions.deciding import (
    Adjustment,
    Refusal,
    calculate,
    propose_decision,
    send_back_decision,
    sign_decision,
)
from claims.actions.handling import (
    Account,
    accept_claim,
    ask_papers,
    begin_investigation,
    close_claim,
    complete_papers,
    decline_claim,
    end_investigation,
    hand_over,
    note_claim,
    register_claim,
    reopen_claim,
    state_payee,
    take_claim,
    withdraw_claim,
)
from claims.actions.papers import add_paper, open_paper, remove_paper
from claims.actions.payables import (
    confirm_account,
    correct_account,
    fail_payables,
    give_back_payables,
    return_payables,
    settle_payables,
    take_payables,
)
from claims.actions.thresholds import approve_threshold, drop_threshold, propose_threshold, signatures_needed

__all__ = [
    "Account", "Adjustment", "Charge", "Facts", "Refusal", "Report", "accept_claim", "add_bill", "add_paper", "approve_threshold",
    "ask_papers", "begin_investigation", "calculate", "change_case", "close_claim", "complete_papers", "confirm_account",
    "correct_account", "decline_claim", "drop_threshold", "end_investigation", "explain_bill", "fail_payables",
    "give_back_payables", "hand_over", "kinds_of", "note_claim", "open_paper", "order_payers", "propose_decision",
    "propose_threshold", "register_claim", "remove_bill", "remove_paper", "reopen_claim", "report_case", "return_payables",
    "send_back_decision", "settle_payables", "sign_decision", "signatures_needed", "state_payee", "take_claim", "take_payables",
    "withdraw_claim",
]
