"""A roster mended on its page: words, sheets, further files; what it then holds is checked by a job."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from accounts.models import User
from beneficiaries.actions.rosters import DESK, refuse_closed
from beneficiaries.choices import offered_for
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Roster
from beneficiaries.purposes import template_of
from intake import actions as intake
from intake.desk import enqueue_for
from intake.models import File


def map_words(roster: Roster, *, words: Sequence[intake.Said], by: User, at: datetime) -> Roster:
    """Remember for the roster's office what words mean, and check the roster anew."""
    found: Roster = intake.map_words(
        roster, words=words, offered=offered_for(roster), template=template_of(roster), by=by, at=at,
        enqueue=lambda subject: enqueue_for("beneficiaries.stage_roster", subject, template_of(subject), by=by, at=at),
    )
    return found


def choose_sheets(
    roster: Roster, *, choices: Sequence[tuple[File, Sequence[str]]], by: User, at: datetime
) -> Roster:
    """Read these sheets of these files, and check the roster anew."""
    found: Roster = DESK.choose_sheets(roster, choices=choices, by=by, at=at)
    return found


def add_files(roster: Roster, files: Sequence[tuple[str, BinaryIO]], *, by: User, at: datetime) -> Roster:
    """Further files join a roster under review. `files`: (name, stream)."""
    if roster.renewed_period_id is not None:
        raise BeneficiariesRefused("RENEWAL_HAS_NO_FILES")
    refuse_closed(roster.period, roster.organization, purpose=roster.purpose, at=at)
    found: Roster = DESK.add_files(roster, files, by=by, at=at)
    return found


def take_out_file(roster: Roster, *, file: File, by: User, at: datetime) -> Roster:
    """Go on without a file that cannot be read."""
    found: Roster = DESK.take_out_file(roster, file=file, by=by, at=at)
    return found


def confirm_unusual(roster: Roster, *, by: User, at: datetime) -> Roster:
    """Say that what is unusual about a roster is meant."""
    found: Roster = DESK.confirm_unusual(roster, by=by, at=at)
    return found
