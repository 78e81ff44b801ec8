"""Everybody covered in one period renewed into the next: asked for by one person, approved by another like any roster."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Organization, User
from audit import events
from audit.faults import fault_point
from beneficiaries.actions.rosters import cover_from, refuse_closed
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Roster
from beneficiaries.models.roster import Purpose
from beneficiaries.renewing_periods import RENEWAL_OF_PERIOD, anybody
from intake.desk import enqueue_for
from intake.models import UNDER_WAY, State
from programs.models import Category, Period, Plan


def renew_period(
    before: Period, *, into: Period, organization: Organization, region: str = "", categories: Sequence[Category] = (),
    by: User, at: datetime,
) -> Roster:
    """Start to look up who of the office's people covered in `before` goes on in `into`: a roster that waits for review.

    `region`: a place within the office's own; `categories`: of the covers before; everybody where nothing is said.
    """
    refuse_closed(into, organization, purpose=Purpose.RENEW, at=at)
    if {into.plan.period_kind, before.plan.period_kind} != {Plan.PeriodKind.ANNUAL}:
        raise BeneficiariesRefused("SPANS_ONLY")
    if before.program_id != into.program_id or before.starts_on >= into.starts_on:
        raise BeneficiariesRefused("RENEWED_PERIOD")
    region = region or organization.region_code
    if not region.startswith(organization.region_code):
        raise BeneficiariesRefused("RENEWED_REGION")
    roster = Roster(
        organization=organization, region_code=region, program=into.program, plan=into.plan, period=into,
        purpose=Purpose.RENEW, cover_from=cover_from(into, on=timezone.localdate(at)), renewed_period=before,
        renewed_categories=sorted(category.pk for category in categories), uploaded_by=by, uploaded_at=at,
    )
    if not anybody(roster):
        raise BeneficiariesRefused("NOBODY_TO_RENEW", period=before.code)
    with transaction.atomic():
        _refuse_a_second(roster)
        fault_point("beneficiaries.renew_period.before")
        roster.save(force_insert=True)
        events.record(
            "roster.renewal_begun", roster, by=by, at=at, organization=organization, region_code=region,
            program_id=into.program_id, data={"before": before.code, "into": into.code, "region": region},
        )
        enqueue_for("beneficiaries.stage_roster", roster, RENEWAL_OF_PERIOD, by=by, at=at)
        fault_point("beneficiaries.renew_period.after")
    return roster


def _refuse_a_second(roster: Roster) -> None:
    """Two clicks at once: the second waits here and then finds the first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"renew:{roster.organization_id}:{roster.period_id}:{roster.renewed_period_id}"],
        )
    same = RENEWAL_OF_PERIOD.same_terms(roster).filter(
        organization=roster.organization, state__in=(State.RECEIVED, *UNDER_WAY)
    )
    first = same.order_by("pk").first()
    if first is not None:
        raise BeneficiariesRefused("RENEWAL_WAITS", number=first.pk)
