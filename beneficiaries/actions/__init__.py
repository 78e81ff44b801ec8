"""What people do with rosters and enrollments."""

from beneficiaries.actions.changes import (
    approve_change,
    propose_correction,
    propose_document,
    propose_ending,
    propose_merge,
    propose_move,
    propose_refund,
    propose_unmerge,
    turn_down_change,
    withdraw_change,
)
from beneficiaries.actions.families import (
    Member,
    MemberVerdict,
    Payer,
    enroll_each,
    enroll_together,
    judge_family,
)
from beneficiaries.actions.full_lists import declare_full
from beneficiaries.actions.gates import Gate, open_gates, pass_gate, pass_purchase_gate
from beneficiaries.actions.health import propose_health, state_found_health
from beneficiaries.actions.lapses import lapse_period, periods_to_lapse, queue_lapses
from beneficiaries.actions.mending import add_files, choose_sheets, confirm_unusual, map_words, take_out_file
from beneficiaries.actions.purchases import Payment, Request, cover_days, enroll_paid, register_person
from beneficiaries.actions.renewals import enroll_known, renew_period
from beneficiaries.actions.representatives import propose_end, propose_representative
from beneficiaries.actions.restrictions import lift_restriction, restrict_person
from beneficiaries.actions.rosters import (
    approve_roster,
    approve_roster_by_priority,
    refuse_roster,
    submit_roster,
    upload_roster,
    withdraw_roster,
)
from beneficiaries.actions.undo import approve_undo, request_undo, turn_down_undo
from beneficiaries.actions.voiding import void_waiting

__all__ = [
    "Gate", "Member", "MemberVerdict", "Payer", "Payment", "Request", "add_files", "approve_change", "approve_roster",
    "approve_roster_by_priority", "approve_undo", "choose_sheets", "confirm_unusual", "cover_days", "declare_full",
    "enroll_each", "enroll_known", "enroll_paid", "enroll_together", "judge_family", "lapse_period", "lift_restriction",
    "map_words", "open_gates", "pass_gate", "pass_purchase_gate", "periods_to_lapse", "propose_correction", "propose_document",
    "propose_end", "propose_ending", "propose_health", "propose_merge", "propose_move", "propose_refund",
    "propose_representative", "propose_unmerge", "queue_lapses", "refuse_roster", "register_person", "renew_period",
    "request_undo", "restrict_person", "state_found_health", "submit_roster", "take_out_file", "turn_down_change",
    "turn_down_undo", "upload_roster", "void_waiting", "withdraw_change", "withdraw_roster",
]
