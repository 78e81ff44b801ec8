"""Settlement records of the demo: what a city's medical insurance bureau has settled of last year's families, claimed or not."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time

from django.utils import timezone

from accounts.models import User
from intake.models import State
from jobs.actions import run_pending
from portal.demo_families import families_of
from portal.demo_results import FAMILIES
from programs.benefit_terms import terms_of_program
from programs.models import Period, Program
from records import actions
from records.columns import columns_of
from records.models import Proposal, RecordList

_HOSPITALS = ("河源市人民医院", "源城区中医院", "东源县人民医院")
#: Whose record, and what it says; days of last year. The plan pays in catalogue from 18,000 on 65 %, out of catalogue from 20,000
#: on 60 %, special drugs from 10,000 on 80 %.
Said = tuple[int, Mapping[str, str]]
PROPOSED: Sequence[Said] = (
    (2, {
        "admitted_on": "04-02", "discharged_on": "04-19", "total": "95000.00", "fund": "41000.00", "major_illness": "6000.00",
        "of:self_pay": "36000.00", "of:out_of_catalogue": "12000.00", "diagnosis": "I63.9", "invoice_code": "44060124",
        "invoice_number": "0051190021",
    }),
    # Below the deductible by itself; the next one is reckoned after it.
    (8, {
        "admitted_on": "03-11", "discharged_on": "03-20", "total": "30000.00", "fund": "18000.00", "of:self_pay": "12000.00",
        "diagnosis": "K80.2",
    }),
    (8, {
        "admitted_on": "08-05", "discharged_on": "08-21", "total": "68000.00", "fund": "40000.00", "of:self_pay": "28000.00",
        "diagnosis": "K85.9", "invoice_code": "44060124", "invoice_number": "0051190388",
    }),
    (6, {
        "discharged_on": "06-30", "setting": "门诊慢特病", "total": "52000.00", "fund": "0.00", "of:special_drug": "52000.00",
        "diagnosis": "C50.9",
    }),
    (7, {
        "admitted_on": "05-03", "discharged_on": "05-09", "total": "16500.00", "fund": "9500.00", "of:self_pay": "7000.00",
        "diagnosis": "J18.9",
    }),
    (5, {
        "admitted_on": "10-02", "discharged_on": "10-17", "total": "84000.00", "fund": "30000.00", "assistance": "4000.00",
        "of:self_pay": "18000.00", "of:out_of_catalogue": "32000.00", "diagnosis": "N18.5",
    }),
)
WAITING: Sequence[Said] = (
    (7, {
        "admitted_on": "11-20", "discharged_on": "12-04", "total": "77000.00", "fund": "33000.00", "of:self_pay": "44000.00",
        "diagnosis": "S72.0", "hospital": "河源市人民医院",
    }),
    # The stay overlaps the one before.
    (7, {
        "admitted_on": "12-01", "discharged_on": "12-06", "total": "9000.00", "fund": "5000.00", "of:self_pay": "4000.00",
        "diagnosis": "S72.0", "hospital": "河源市人民医院",
    }),
    # Another name than that of the number.
    (1, {
        "name": "张三丰", "admitted_on": "11-02", "discharged_on": "11-08", "total": "30000.00", "fund": "14000.00",
        "of:self_pay": "16000.00", "diagnosis": "J45.9",
    }),
    # The insurer has reported its payout for it.
    (3, {
        "admitted_on": "05-02", "discharged_on": "05-12", "total": "80000.00", "fund": "20000.00",
        "of:out_of_catalogue": "60000.00",
        "diagnosis": "M17.9", "invoice_code": "44060124", "invoice_number": "0051188207",
    }),
    # Amounts that contradict one another.
    (4, {
        "admitted_on": "11-12", "discharged_on": "11-16", "total": "12000.00", "fund": "8000.00", "of:self_pay": "4500.00",
        "diagnosis": "K35.8",
    }),
)


def take_in_records(program: Program, *, clerk: User, reviewer: User, say: Callable[[str], None]) -> None:
    """One file proposed and partly told and claimed, one to be looked at; from wherever a killed load left it."""
    period = program.periods.get(code=str(timezone.localdate().year - 1))
    at = timezone.make_aware(datetime.combine(period.enrollment_opens_on.replace(month=12, day=12), time(10)))
    members = [
        member.cells for family in families_of(period, clerk.organization.region_code or "", FAMILIES, at=at) for member in family
    ]
    first = _taken(period, f"YB{period.code}01", PROPOSED, members, clerk=clerk)
    if first.state == State.REVIEW:
        first = actions.DESK.submit(first, by=clerk, at=timezone.now())
    if first.state == State.SUBMITTED:
        actions.DESK.approve(first, digest=first.digest, by=reviewer, at=timezone.now())
    run_pending()
    waiting = list(Proposal.objects.waiting().filter(record_list=first).order_by("-due", "pk"))
    if not Proposal.objects.filter(record_list=first, state__in=("told", "claimed")).exists() and len(waiting) > 3:
        actions.tell_proposals(waiting[:3], told_on=timezone.localdate(), reason="电话告知", by=clerk, at=timezone.now())
        # With the one before it that is below the deductible.
        actions.open_claims([waiting[2]], by=clerk, at=timezone.now())
    second = _taken(period, f"YB{period.code}02", WAITING, members, clerk=clerk)
    say(f"{period}: settlement records, {first.row_count} proposed, {second.row_count} to be looked at")


def _taken(
    period: Period, reference: str, lines: Sequence[Said], members: Sequence[Mapping[str, str]], *, clerk: User
) -> RecordList:
    """A file of the bureau, once, checked."""
    found = RecordList.objects.filter(program=period.program, reference=reference).first()
    if found is None:
        said = [_line(period, f"{reference}{number:06d}", members[who], cells) for number, (who, cells) in enumerate(lines, 1)]
        found = actions.upload_records(
            [(f"医保结算清单{reference}.csv", _file(period, said))], program=period.program, organization=clerk.organization,
            reference=reference, by=clerk, at=timezone.now(),
        )
    run_pending()
    return RecordList.objects.get(pk=found.pk)


def _line(period: Period, settlement: str, member: Mapping[str, str], cells: Mapping[str, str]) -> dict[str, str]:
    days = {name: f"{period.starts_on.year}-{cells[name]}" for name in ("admitted_on", "discharged_on") if name in cells}
    return {
        "settlement_number": settlement, "name": member["name"], "document": member["document"],
        "hospital": _HOSPITALS[int(settlement[-1]) % len(_HOSPITALS)], **cells, **days,
    }


def _file(period: Period, lines: Sequence[Mapping[str, str]]) -> io.BytesIO:
    columns = columns_of(terms_of_program(period.program_id).values())
    used = [column for column in columns if any(column.key in each for each in lines)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([str(column.label) for column in used])
    writer.writerows([each.get(column.key, "") for column in used] for each in lines)
    return io.BytesIO(text.getvalue().encode("utf-8-sig"))
