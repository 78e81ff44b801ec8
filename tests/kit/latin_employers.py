"""Employers of the Latin world: one whose bill is to be paid, one whose payment is to be confirmed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils import timezone

from beneficiaries.actions import approve_roster, submit_roster, upload_roster
from beneficiaries.gating import Gate, pass_gate_of
from beneficiaries.models import Employer, Roster
from beneficiaries.testing import csv_of
from gates.actions import record_bill_payment
from gates.models import EmployerBill
from jobs.testing import drain

#: Codes in which no letter stands.
CODES = ("914416020000000007", "914416020000000080")


def add_employers(world: Any, lines: Callable[..., list[list[str]]]) -> None:
    """Each with a roster of one person, who have only to be paid for."""
    clerk, maker = world.users["county clerk"], world.users["city finance_maker"]
    for place, code in enumerate(CODES):
        employer = Employer.objects.create(
            program=world.period.program, organization=world.county, region_code=world.county.region_code,
            name=f"Zqcompany{place}", uscc=code, contact_name="Zqcontact", contact_phone="13800138001", created_at=timezone.now(),
        )
        roster = upload_roster(
            [(f"zqstaff{place}.csv", csv_of(lines(1, first=84 + place)))], period=world.period, organization=world.county,
            employer=employer, by=clerk, at=timezone.now(),
        )
        drain()
        roster = submit_roster(Roster.objects.get(pk=roster.pk), by=clerk, at=timezone.now())
        approve_roster(roster, digest=roster.digest, by=world.users["city reviewer"], at=timezone.now())
        drain()
        pass_gate_of(roster.enrollments.all(), gate=Gate.NOTICE, period=world.period, by=clerk, at=timezone.now())
    record_bill_payment(
        EmployerBill.objects.latest("pk"), reference="ZQ-BILL", paid_on=timezone.localdate(), amount=Decimal("0.01"), by=maker,
        at=timezone.now(),
    )
