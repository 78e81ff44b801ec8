"""What people do about how long data is kept."""

from retention.actions.holds import lift_hold, place_hold
from retention.actions.runs import draw_up_run, release_run, withdraw_run
from retention.actions.terms import approve_term, decline_term, propose_term

__all__ = [
    "approve_term", "decline_term", "draw_up_run", "lift_hold", "place_hold", "propose_term", "release_run", "withdraw_run",
]
