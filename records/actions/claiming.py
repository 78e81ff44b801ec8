"""Claims of proposals: the record becomes a case with its bill, by the rules of any report; of many at once, set-wise."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.faults import fault_point
from claims.actions import Charge, Opening, Report, open_cases
from claims.checking import IN_CATALOGUE
from claims.errors import ClaimsRefused
from claims.models import Bill, Case, Channel
from programs.models import Hospital
from records.actions.proposals import locked, note_of, save
from records.errors import RecordsRefused
from records.matching import claimed_sql
from records.models import Proposal, ProposalState, RecordRow
from records.models.proposal import WAITING

CLAIM = "records.claim_proposal"
#: Proposals that are claimed at once.
MOST = 1000
ZERO = Decimal("0.00")
_CODE = re.compile(r"[A-Z][0-9]{2}(?:\.[0-9x]{1,4})?")
# Those that count for nothing by themselves and stand before a chosen one of the same cover.
_CARRIED = """
SELECT DISTINCT p.id FROM records_proposal p JOIN records_proposal chosen ON chosen.enrollment_id = p.enrollment_id
WHERE chosen.id = ANY(%(chosen)s) AND p.state = 'nothing'
    AND (p.settled_on, p.discharged_on, p.row_id) < (chosen.settled_on, chosen.discharged_on, chosen.row_id)
"""
_CLAIMED = """
SELECT p.id, {claimed} FROM records_proposal p JOIN records_recordrow r ON r.id = p.row_id
JOIN beneficiaries_enrollment e ON e.id = p.enrollment_id WHERE p.id = ANY(%(proposals)s)
"""


@dataclass
class OpenedClaims:
    """`cases` that were opened, `claimed`: proposals that they are of; `lapsed`: somebody had claimed them already; `refused`:
    proposals with what speaks against a claim."""

    cases: list[Case] = field(default_factory=list)
    claimed: list[Proposal] = field(default_factory=list)
    lapsed: list[Proposal] = field(default_factory=list)
    refused: list[tuple[Proposal, ClaimsRefused]] = field(default_factory=list)


def open_claims(proposals: Iterable[Proposal], *, by: User, at: datetime) -> OpenedClaims:
    """Open a case of each chosen proposal that waits, and of those before it that use up its cover's deductible.

    Records of one cover, day and diagnosis are bills of one case. What cannot be opened stays as it is, with its reason.
    """
    chosen = [each.pk for each in proposals]
    if len(chosen) > MOST:
        raise RecordsRefused("TOO_MANY", most=f"{MOST:,}")
    with transaction.atomic():
        found = _locked(chosen, by=by)
        fault_point("records.open_claims.locked")
        done = OpenedClaims()
        groups = _groups(_lapsed(found, done, by=by, at=at))
        rows = RecordRow.objects.in_bulk([each.row_id for group in groups for each in group])
        hospitals = _hospitals(rows.values())
        opened = open_cases([_opening(group, rows, hospitals) for group in groups], by=by, at=at)
        fault_point("records.open_claims.before")
        for group, became in zip(groups, opened, strict=True):
            if became.case is None:
                assert became.refused is not None
                done.refused += [(each, became.refused) for each in group]
                continue
            done.cases.append(became.case)
            for each in group:
                each.state, each.case, each.changed_by, each.changed_at = ProposalState.CLAIMED, became.case, by, at
                done.claimed.append(each)
        save([*done.claimed, *done.lapsed])
        events.record_many(
            [
                *(note_of("claimed", each, case=each.case.number) for each in done.claimed if each.case is not None),
                *(note_of("lapsed", each, why=each.reason) for each in done.lapsed),
            ],
            by=by, at=at,
        )
        fault_point("records.open_claims.after")
    return done


def _locked(chosen: Sequence[int], *, by: User) -> list[Proposal]:
    """Those that wait, with those that they rest on; in the order in which they were settled."""
    with connection.cursor() as cursor:
        cursor.execute(_CARRIED, {"chosen": list(chosen)})
        carried = {number for (number,) in cursor.fetchall()}
    held = locked(sorted({*chosen, *carried}), CLAIM, by=by)
    waiting = [each for each in held if each.state in WAITING and each.pk in set(chosen)]
    if not waiting:
        raise RecordsRefused("NOT_WAITING")
    covers = {each.enrollment_id for each in waiting}
    rest = [each for each in held if each.state == ProposalState.NOTHING and each.enrollment_id in covers]
    return sorted([*rest, *waiting], key=_order)


def _order(proposal: Proposal) -> tuple[Any, ...]:
    return proposal.settled_on, proposal.discharged_on, proposal.row_id


def _lapsed(found: Sequence[Proposal], done: OpenedClaims, *, by: User, at: datetime) -> list[Proposal]:
    """Those that nobody has claimed meanwhile; the others lapse, with the code of why."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIMED.format(claimed=claimed_sql()), {"proposals": [each.pk for each in found]})
        why = dict(cursor.fetchall())
    left = []
    for each in found:
        if why.get(each.pk) is None:
            left.append(each)
        else:
            each.state, each.reason, each.changed_by, each.changed_at = ProposalState.LAPSED, why[each.pk], by, at
            done.lapsed.append(each)
    return left


def _groups(proposals: Sequence[Proposal]) -> list[list[Proposal]]:
    """Records of one cover and day are one event: several bills of it."""
    found: dict[tuple[Any, ...], list[Proposal]] = defaultdict(list)
    for each in proposals:
        found[each.enrollment_id, each.discharged_on].append(each)
    return list(found.values())


def _opening(group: Sequence[Proposal], rows: Mapping[int, RecordRow], hospitals: Mapping[str, Hospital]) -> Opening:
    lines = [rows[each.row_id] for each in group]
    day = group[0].discharged_on
    told = Report(
        event_at=timezone.make_aware(datetime.combine(day, time(12))), diagnosis=diagnosis_of(lines[0]), channel=Channel.BUREAU,
    )
    return Opening(group[0].enrollment_id, told, [bill_of(line, hospitals) for line in lines])


def bill_of(row: RecordRow, hospitals: Mapping[str, Hospital]) -> tuple[Bill, list[Charge]]:
    """The invoice as the record knows it. A bill's charges are costs before anybody paid: what others paid of costs in the
    catalogue is added to what was left of them."""
    assert row.settled_on is not None and row.total is not None
    major, assistance, others = row.major_illness or ZERO, row.assistance or ZERO, row.others or ZERO
    left = {kind: Decimal(amount) for kind, amount in (row.figures or {}).items()}
    inside = left.get(IN_CATALOGUE, ZERO)
    whole = {IN_CATALOGUE: inside + (row.fund or ZERO) + major + assistance + others, **{
        kind: amount for kind, amount in left.items() if kind != IN_CATALOGUE
    }}
    stay = row.admitted_on is not None
    bill = Bill(
        invoice_code=row.invoice_code or "", invoice_number=row.invoice_number or "", issued_on=row.settled_on,
        setting=row.setting or "inpatient", locality=row.locality or "local", settled=True,
        hospital=hospitals.get(row.hospital_code or "") or hospitals.get(row.hospital or ""), hospital_name=row.hospital or "",
        admitted_on=row.admitted_on, discharged_on=row.discharged_on if stay else None, diagnosis=diagnosis_of(row),
        total=row.total, fund=row.fund, major_illness=row.major_illness, assistance=row.assistance,
        others=major + assistance + others, account_paid=row.account_paid, cash=row.cash, self_paid=inside,
        self_funded=sum((amount for kind, amount in left.items() if kind != IN_CATALOGUE), ZERO),
    )
    return bill, [Charge(kind, amount) for kind, amount in whole.items() if amount > 0]


def diagnosis_of(row: RecordRow) -> str:
    """The code that the record gives; "" where it gives words."""
    said = "" if row.diagnosis is None else row.diagnosis.reveal() if hasattr(row.diagnosis, "reveal") else str(row.diagnosis)
    found = _CODE.search(said.upper())
    return found.group().upper() if found else ""


def _hospitals(rows: Iterable[RecordRow]) -> dict[str, Hospital]:
    """By code, and by a name that one hospital alone has."""
    codes = {row.hospital_code for row in rows if row.hospital_code}
    names = {row.hospital for row in rows if row.hospital}
    found = {each.code: each for each in Hospital.objects.filter(code__in=codes)}
    named = defaultdict(list)
    for each in Hospital.objects.filter(name__in=names):
        named[each.name].append(each)
    return {**found, **{name: several[0] for name, several in named.items() if len(several) == 1}}
