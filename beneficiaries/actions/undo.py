"""The undo of an applied roster: requested by one person, approved or turned down by another, done by a job."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from beneficiaries.actions.rosters import DESK
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Roster
from beneficiaries.models.roster import ENROLLING


def request_undo(roster: Roster, *, reason: str, by: User, at: datetime) -> Roster:
    """Ask a second person to undo an applied roster, of those that enroll."""
    if roster.purpose not in ENROLLING:
        raise BeneficiariesRefused("UNDO_ENROLLING_ONLY")
    found: Roster = DESK.request_undo(roster, reason=reason, by=by, at=at)
    return found


def approve_undo(roster: Roster, *, by: User, at: datetime) -> Roster:
    """Let the undo begin: covers are voided, contact is put back, money goes back to the budgets."""
    found: Roster = DESK.approve_undo(roster, by=by, at=at)
    return found


def turn_down_undo(roster: Roster, *, reason: str, by: User, at: datetime) -> Roster:
    """Leave the roster as it is applied."""
    found: Roster = DESK.turn_down_undo(roster, reason=reason, by=by, at=at)
    return found
