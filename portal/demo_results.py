"""Payouts of the demo: what the insurer of a city's 惠民保 reports of last year's families, right and wrong, and recalculated."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from beneficiaries.actions import pass_purchase_gate
from beneficiaries.gating import Gate, asked_gates
from beneficiaries.models import Enrollment
from beneficiaries.models.enrollment import EnrollmentState
from intake.models import State
from jobs.actions import run_pending
from portal.demo_families import collected, enroll_families, families_of
from programs import actions as programs
from programs.benefit_terms import terms_of_program
from programs.models import Period, Program
from results import actions
from results.columns import columns_of
from results.models import Report

#: So many families of three.
FAMILIES = 3
_HOSPITALS = ("河源市人民医院", "源城区中医院", "紫金县人民医院")
#: Whose line, and what it says. The plan pays in catalogue from 18,000 on 65 % (above 100,000: 80 %), out of catalogue from
#: 20,000 on 60 %, special drugs from 10,000 on 80 %: `paid` is what the insurer says, right or wrong.
Said = tuple[int, Mapping[str, str]]
RECORDED: Sequence[Said] = (
    (0, {
        "event_on": "03-05", "paid_on": "04-12", "cost": "560000.00", "basic_paid": "29000.00", "diagnosis": "C34.9",
        "of:self_pay": "200000.00", "of:out_of_catalogue": "67000.00", "of:special_drug": "264000.00",
        "paid:in_catalogue": "133300.00", "paid:out_of_catalogue_drugs": "28200.00", "paid:special_drugs": "203200.00",
        "paid": "364700.00",
    }),
    (1, {
        "event_on": "02-11", "paid_on": "03-20", "cost": "61000.00", "basic_paid": "31000.00", "diagnosis": "I21.9",
        "of:self_pay": "30000.00", "paid:in_catalogue": "7800.00", "paid": "7800.00",
    }),
    # The deductible is taken once more.
    (1, {
        "event_on": "06-18", "paid_on": "07-25", "cost": "42000.00", "basic_paid": "20000.00", "diagnosis": "I21.9",
        "of:self_pay": "22000.00", "paid:in_catalogue": "2600.00", "paid": "2600.00",
    }),
    (3, {
        "event_on": "05-09", "paid_on": "06-15", "cost": "80000.00", "basic_paid": "20000.00", "diagnosis": "M17.9",
        "bill_number": "0051188207",
        "of:out_of_catalogue": "60000.00", "paid:out_of_catalogue_drugs": "24600.00", "paid": "24600.00",
    }),
    (4, {
        "event_on": "08-30", "paid_on": "10-08", "cost": "50000.00", "diagnosis": "C50.9", "setting": "门诊慢特病",
        "of:special_drug": "50000.00", "paid:special_drugs": "32000.00", "paid": "32000.00",
    }),
    (5, {
        "event_on": "09-14", "paid_on": "10-08", "cost": "19500.00", "basic_paid": "8000.00", "diagnosis": "J18.9",
        "of:self_pay": "11500.00", "paid": "0.00",
    }),
    # Nothing is said of the expenses.
    (6, {
        "event_on": "10-21", "paid_on": "11-30", "cost": "33000.00", "basic_paid": "12000.00", "diagnosis": "K80.2",
        "paid": "1950.00",
    }),
)
WAITING: Sequence[Said] = (
    (7, {
        "event_on": "11-02", "paid_on": "12-18", "cost": "75000.00", "basic_paid": "33000.00", "diagnosis": "N18.5",
        "of:self_pay": "42000.00", "paid:in_catalogue": "15600.00", "paid": "15600.00",
    }),
    # More than is left of the cover.
    (0, {
        "event_on": "11-15", "paid_on": "12-20", "cost": "2600000.00", "basic_paid": "500000.00", "diagnosis": "C34.9",
        "of:special_drug": "2100000.00", "paid:special_drugs": "1680000.00", "paid": "1680000.00",
    }),
    # Recorded already, under another number of the insurer.
    (3, {
        "event_on": "05-09", "paid_on": "12-20", "cost": "80000.00", "basic_paid": "20000.00", "diagnosis": "M17.9",
        "bill_number": "0051188207",
        "of:out_of_catalogue": "60000.00", "paid:out_of_catalogue_drugs": "24600.00", "paid": "24600.00",
    }),
    # Of the year before the cover.
    (8, {
        "event_on": "before", "paid_on": "12-20", "cost": "26000.00", "basic_paid": "9000.00", "diagnosis": "S72.0",
        "paid": "800.00",
    }),
    # Another name than that of the number.
    (2, {
        "name": "张三丰", "event_on": "12-01", "paid_on": "12-22", "cost": "30000.00", "basic_paid": "9000.00",
        "diagnosis": "J45.9", "of:self_pay": "21000.00", "paid": "1950.00",
    }),
)


def report_payouts(
    program: Program, *, clerk: User, reviewer: User, maker: User, checker: User, say: Callable[[str], None]
) -> None:
    """Last year's families covered; one report recorded, one to be looked at; from wherever a killed load left it."""
    period = _period(program, checker)
    at = timezone.make_aware(datetime.combine(period.enrollment_opens_on.replace(month=12, day=12), time(10)))
    bought = enroll_families(period, FAMILIES, clerk=clerk, at=at)
    collected(
        period, [(each.payment_reference, each.reference, each.own_share) for each in bought], maker=maker, checker=checker, at=at
    )
    for purchase in bought:
        waits = Enrollment.objects.filter(purchase=purchase, state=EnrollmentState.AWAITING).exists()
        if waits and Gate.ACCEPTANCE in asked_gates(period.plan):
            policy = f"PA{period.code}{purchase.pk:06d}"
            pass_purchase_gate(purchase, gate=Gate.ACCEPTANCE, policy_number=policy, by=reviewer, at=at)
    families = families_of(period, clerk.organization.region_code or "", FAMILIES, at=at)
    members = [member.cells for family in families for member in family]
    first = _reported(period, f"LP{period.code}01", RECORDED, members, clerk=clerk)
    if first.state == State.REVIEW:
        first = actions.DESK.submit(first, by=clerk, at=timezone.now())
    if first.state == State.SUBMITTED:
        actions.DESK.approve(first, digest=first.digest, by=reviewer, at=timezone.now())
    run_pending()
    second = _reported(period, f"LP{period.code}02", WAITING, members, clerk=clerk)
    say(f"{period}: payouts of {first.row_count} lines recorded, {second.row_count} to be looked at")


def _period(program: Program, checker: User) -> Period:
    year = timezone.localdate().year - 1
    found = program.periods.filter(code=str(year)).first()
    return found or programs.open_period(
        program.plans.get(number=1), code=str(year), starts_on=date(year, 1, 1), ends_on=date(year + 1, 1, 1),
        enrollment_opens_on=date(year - 1, 10, 1), enrollment_closes_on=date(year, 1, 1), by=checker, at=timezone.now(),
    )


def _reported(
    period: Period, reference: str, lines: Sequence[Said], members: Sequence[Mapping[str, str]], *, clerk: User
) -> Report:
    """A report of the insurer, once, checked."""
    found = Report.objects.filter(program=period.program, reference=reference).first()
    if found is None:
        said = [_line(period, f"{reference}{number:04d}", members[who], cells) for number, (who, cells) in enumerate(lines, 1)]
        found = actions.upload_report(
            [(f"赔付结果{reference}.csv", _file(period, said))], program=period.program, organization=clerk.organization,
            reference=reference, control_lines=len(said),
            control_amount=sum((Decimal(each["paid"]) for each in said), Decimal("0.00")), by=clerk, at=timezone.now(),
        )
    run_pending()
    return Report.objects.get(pk=found.pk)


def _line(period: Period, claim: str, member: Mapping[str, str], cells: Mapping[str, str]) -> dict[str, str]:
    year = period.starts_on.year
    days = {
        name: f"{year - 1}-12-20" if cells[name] == "before" else f"{year}-{cells[name]}" for name in ("event_on", "paid_on")
    }
    return {
        "claim_number": claim, "name": member["name"], "document": member["document"],
        "hospital": _HOSPITALS[int(claim[-1]) % len(_HOSPITALS)], "last_four": f"{int(claim[-4:]) * 37 % 10_000:04d}",
        "bank_result": "成功", **cells, **days,
    }


def _file(period: Period, lines: Sequence[Mapping[str, str]]) -> io.BytesIO:
    columns = columns_of(terms_of_program(period.program_id).values())
    used = [column for column in columns if any(column.key in each for each in lines)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([str(column.label) for column in used])
    writer.writerows([each.get(column.key, "") for column in used] for each in lines)
    return io.BytesIO(text.getvalue().encode("utf-8-sig"))
