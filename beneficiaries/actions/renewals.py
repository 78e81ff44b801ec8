"""Everybody covered in one period renewed into the next, or enrolled in another program: asked for by one person, approved by
another like any roster."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Organization, User
from audit import events
from audit.faults import fault_point
from beneficiaries.actions.rosters import cover_from, refuse_closed
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.known_elsewhere import KNOWN_ELSEWHERE
from beneficiaries.models import Roster
from beneficiaries.models.roster import Purpose
from beneficiaries.renewing_periods import RENEWAL_OF_PERIOD, CoversTemplate, anybody
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
    if before.program_id != into.program_id or before.starts_on >= into.starts_on:
        raise BeneficiariesRefused("RENEWED_PERIOD")
    roster = _of_covers(
        before, into=into, purpose=Purpose.RENEW, organization=organization, region=region, categories=categories, by=by, at=at,
    )
    with transaction.atomic():
        fault_point("beneficiaries.renew_period.before")
        _begin(roster, RENEWAL_OF_PERIOD, by=by, at=at)
        _record("roster.renewal_begun", roster, by=by, at=at, before=before.code, into=into.code, region=roster.region_code)
        fault_point("beneficiaries.renew_period.after")
    return roster


def enroll_known(
    before: Period, *, into: Period, organization: Organization, basis: str, region: str = "",
    categories: Sequence[Category] = (), by: User, at: datetime,
) -> Roster:
    """Start to look up who of the office's people of another program is enrolled in `into`: a roster that waits for review.

    `before`: the other program's period; `basis`: the ground on which what is known there is used here. The user's role reaches
    both programs.
    """
    if before.program_id == into.program_id:
        raise BeneficiariesRefused("KNOWN_OF_ANOTHER")
    region = region or organization.region_code or ""
    for program in (before.program_id, into.program_id):
        if not _reaches(by, program, organization, region):
            raise BeneficiariesRefused("OUT_OF_SCOPE")
    basis = " ".join(basis.split())
    if not basis:
        raise BeneficiariesRefused("BASIS")
    events.refuse_personal(basis)
    roster = _of_covers(
        before, into=into, purpose=Purpose.ENROLL, organization=organization, region=region, categories=categories, by=by, at=at,
        basis=basis,
    )
    facts = {"before": f"{before.program.name} {before.code}", "into": f"{into.program.name} {into.code}", "basis": basis}
    with transaction.atomic():
        fault_point("beneficiaries.enroll_known.before")
        _begin(roster, KNOWN_ELSEWHERE, by=by, at=at)
        _record("roster.known_begun", roster, by=by, at=at, **facts)
        # Told to whoever looks after the other program, too.
        events.record(
            "period.people_used", before, by=by, at=at, organization=organization, region_code=roster.region_code,
            program_id=before.program_id, data={**facts, "roster": roster.pk},
        )
        fault_point("beneficiaries.enroll_known.after")
    return roster


def _of_covers(
    before: Period, *, into: Period, purpose: Purpose, organization: Organization, region: str, categories: Sequence[Category],
    by: User, at: datetime, basis: str = "",
) -> Roster:
    """A roster without a file, not saved; refused where nobody would be looked at."""
    refuse_closed(into, organization, purpose=purpose, at=at)
    if {into.plan.period_kind, before.plan.period_kind} != {Plan.PeriodKind.ANNUAL}:
        raise BeneficiariesRefused("SPANS_ONLY")
    region = region or organization.region_code or ""
    if not region.startswith(organization.region_code or ""):
        raise BeneficiariesRefused("RENEWED_REGION")
    roster = Roster(
        organization=organization, region_code=region, program=into.program, plan=into.plan, period=into,
        purpose=purpose, cover_from=cover_from(into, on=timezone.localdate(at)), renewed_period=before, basis=basis,
        renewed_categories=sorted(category.pk for category in categories), uploaded_by=by, uploaded_at=at,
    )
    if not anybody(roster, KNOWN_ELSEWHERE if basis else RENEWAL_OF_PERIOD):
        raise BeneficiariesRefused("NOBODY_TO_RENEW", period=before.code)
    return roster


def _begin(roster: Roster, template: CoversTemplate, *, by: User, at: datetime) -> None:
    _refuse_a_second(roster, template)
    fault_point("beneficiaries.begin_without_file.before")
    roster.save(force_insert=True)
    enqueue_for("beneficiaries.stage_roster", roster, template, by=by, at=at)
    fault_point("beneficiaries.begin_without_file.after")


def _record(verb: str, roster: Roster, *, by: User, at: datetime, **data: Any) -> None:
    events.record(
        verb, roster, by=by, at=at, organization=roster.organization, region_code=roster.region_code,
        program_id=roster.program_id, data=data,
    )


def _reaches(by: User, program_id: int, organization: Organization, region: str) -> bool:
    """Whether a role that uploads rosters reaches a place in a program."""
    return any(
        organization.path.startswith(grant.organization_path) and region.startswith(grant.region_prefix)
        and (grant.program_ids is None or program_id in grant.program_ids)
        for grant in by.grants("beneficiaries.upload_roster")
    )


def _refuse_a_second(roster: Roster, template: CoversTemplate) -> None:
    """Two clicks at once: the second waits here and then finds the first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"renew:{roster.organization_id}:{roster.period_id}:{roster.renewed_period_id}"],
        )
    same = template.same_terms(roster).filter(
        organization=roster.organization, state__in=(State.RECEIVED, *UNDER_WAY)
    )
    first = same.order_by("pk").first()
    if first is not None:
        raise BeneficiariesRefused("RENEWAL_WAITS", number=first.pk)
