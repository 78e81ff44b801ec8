"""What people do with rosters and enrollments."""

from beneficiaries.actions.gates import Gate, open_gates, pass_gate
from beneficiaries.actions.rosters import (
    approve_roster,
    refuse_roster,
    submit_roster,
    upload_roster,
    withdraw_roster,
)

__all__ = [
    "Gate", "approve_roster", "open_gates", "pass_gate", "refuse_roster", "submit_roster", "upload_roster", "withdraw_roster",
]
