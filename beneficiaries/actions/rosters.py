"""Rosters: uploaded by one person, approved by another; the work itself is done by jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import BinaryIO

from django.utils import timezone

from accounts.models import Organization, User
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Employer, Roster
from beneficiaries.models.roster import ENROLLING, Purpose
from beneficiaries.purposes import template_of
from intake import actions as intake
from intake.desk import Desk, enqueue_for
from programs.models import Period, Plan
from programs.rules.allocation import Place

DESK = Desk(
    template_of, check="beneficiaries.stage_roster", apply="beneficiaries.apply_roster", undo="beneficiaries.undo_roster"
)


def upload_roster(
    files: Sequence[tuple[str, BinaryIO]], *, period: Period, organization: Organization, by: User, at: datetime,
    purpose: Purpose = Purpose.ENROLL, employer: Employer | None = None, ask_sheets: bool = False,
) -> Roster:
    """Keep files of people to be enrolled, updated, ended or renewed and start their check. `files`: (name, stream).

    `employer`: whose staff they are, who pays for them. `ask_sheets`: a workbook of several sheets waits for a person who
    chooses among them.
    """
    refuse_closed(period, organization, purpose=purpose, at=at)
    if period.plan.period_kind != Plan.PeriodKind.ANNUAL:
        raise BeneficiariesRefused("SPANS_ONLY")
    if employer is not None:
        refuse_unfit_employer(employer, period, organization, purpose=purpose)
    roster = Roster(
        organization=organization, region_code=organization.region_code, program=period.program, plan=period.plan,
        period=period, purpose=purpose, employer=employer, cover_from=cover_from(period, on=timezone.localdate(at)),
    )
    found: Roster = DESK.upload(roster, files, ask_sheets=ask_sheets, by=by, at=at)
    return found


def submit_roster(roster: Roster, *, by: User, at: datetime) -> Roster:
    """Hand a checked roster to a reviewer."""
    found: Roster = DESK.submit(roster, by=by, at=at)
    return found


def approve_roster(roster: Roster, *, digest: str, by: User, at: datetime) -> Roster:
    """Approve what was looked at; its money is reserved or the approval is refused."""
    refuse_closed(roster.period, roster.organization, purpose=roster.purpose, at=at)
    found: Roster = DESK.approve(roster, digest=digest, by=by, at=at)
    return found


def approve_roster_by_priority(
    roster: Roster, *, digest: str, by: User, at: datetime, expected: Sequence[Place] | None = None
) -> Roster:
    """Approve what was looked at as far as the budgets go: whole categories of counties in the plan's order.

    `expected`: the (county, category id) groups that were shown as left out; refused when the budgets have moved since.
    """
    refuse_closed(roster.period, roster.organization, purpose=roster.purpose, at=at)
    found: Roster = intake.approve_by_priority(
        roster, digest=digest, template=template_of(roster), expected=expected, by=by, at=at,
        enqueue=lambda subject: enqueue_for("beneficiaries.apply_roster", subject, template_of(subject), by=by, at=at),
    )
    return found


def refuse_roster(roster: Roster, *, reason: str, by: User, at: datetime) -> Roster:
    """Send a roster back."""
    found: Roster = DESK.refuse(roster, reason=reason, by=by, at=at)
    return found


def withdraw_roster(roster: Roster, *, reason: str, by: User, at: datetime) -> Roster:
    """Take a roster back before it is approved."""
    found: Roster = DESK.withdraw(roster, reason=reason, by=by, at=at)
    return found


def refuse_unfit_employer(employer: Employer, period: Period, organization: Organization, *, purpose: str) -> None:
    """Refuse an employer of others, and one who would have nothing to enroll or to pay."""
    if purpose != Purpose.ENROLL:
        raise BeneficiariesRefused("EMPLOYER_ENROLLS")
    if (employer.program_id, employer.organization_id) != (period.program_id, organization.pk) or employer.destroyed_at:
        raise BeneficiariesRefused("EMPLOYER_OF_OTHERS")
    if not period.plan.requires_own_payment:
        raise BeneficiariesRefused("EMPLOYER_PAYS_NOTHING")


def cover_from(period: Period, *, on: date) -> date:
    """The first day of cover for people enrolled on a day: the period's first, or the next day once it runs."""
    return max(period.starts_on, on + timedelta(days=1))


def refuse_closed(period: Period, organization: Organization, *, purpose: str, at: datetime) -> None:
    """Refuse what comes too early or too late, or from an office that the program does not reach.

    The time of enrollment binds who enrolls; known people are updated and ended as long as the period is open.
    """
    day = timezone.localdate(at)
    late = purpose in ENROLLING and not period.enrollment_opens_on <= day < period.enrollment_closes_on
    if period.closed_at is not None or late:
        raise BeneficiariesRefused(
            "PERIOD_CLOSED", period=period.code, opens=period.enrollment_opens_on,
            last=period.enrollment_closes_on - timedelta(days=1),
        )
    program = period.program
    if not organization.region_code.startswith(program.region_code) and not program.region_code.startswith(
        organization.region_code
    ):
        raise BeneficiariesRefused("OUT_OF_REACH")
    operating = program.organization.path
    if not organization.path.startswith(operating) and not operating.startswith(organization.path):
        # Its insurer and its funders see a program, in its own region too; people are enrolled by its offices only.
        raise BeneficiariesRefused("OUT_OF_REACH")
