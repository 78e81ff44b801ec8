"""What people do with rosters and enrollments."""

from beneficiaries.actions.gates import Gate, open_gates, pass_gate
from beneficiaries.actions.lapses import lapse_period, periods_to_lapse, queue_lapses
from beneficiaries.actions.mending import add_files, choose_sheets, confirm_unusual, map_words, take_out_file
from beneficiaries.actions.rosters import (
    approve_roster,
    approve_roster_by_priority,
    refuse_roster,
    submit_roster,
    upload_roster,
    withdraw_roster,
)

__all__ = [
    "Gate", "add_files", "approve_roster", "approve_roster_by_priority", "choose_sheets", "confirm_unusual",
    "lapse_period", "map_words", "open_gates", "pass_gate", "periods_to_lapse", "queue_lapses", "refuse_roster",
    "submit_roster", "take_out_file", "upload_roster", "withdraw_roster",
]
