"""Settlement records of the world of Latin data: a file under review, one that is proposed, with a proposal of each state."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import timezone

from beneficiaries.models import Enrollment
from intake.models import State
from records.models import Calculation, Proposal, RecordChunk, RecordList, RecordRow

_STATES = ("open", "told", "declined", "lapsed", "nothing")


def add_records(world: Any, *, reason: str) -> None:
    """Of the county's people, as if its bureau had sent them."""
    clerk, reviewer = world.users["city clerk"], world.users["city reviewer"]
    at, today = timezone.now(), timezone.localdate()
    covers = list(
        Enrollment.objects.filter(program=world.period.program).exclude(beneficiary__restricted_at__isnull=False).order_by("pk")[:5]
    )
    sent = {"submitted_by": clerk, "submitted_at": at}
    decided = {**sent, "decided_by": reviewer, "decided_at": at, "applied_at": at, "approved_digest": "1" * 64}
    asked = {**decided, "undo_asked_by": clerk, "undo_asked_at": at, "undo_reason": reason}
    lists = {}
    for state, changes in ((State.APPLIED, decided), (State.REVIEW, {}), (State.SUBMITTED, sent), (State.UNDO_ASKED, asked)):
        lists[state] = RecordList.objects.create(
            program=world.period.program, organization=clerk.organization, region_code=clerk.organization.region_code or "",
            reference=f"zqrecords{state}", uploaded_by=clerk, uploaded_at=at, state=state, row_count=len(covers), digest="1" * 64,
            compared_at=at, counts={"verdicts": {"1": len(covers)}, "codes": {"PARTS_BELOW_TOTAL": 1}},
            money={
                "lines": len(covers), "matched": [len(covers), "500.00"], "claimed": [0, "0"], "held": [0, "0"],
                "refused": [0, "0"],
                "due": [4, "40.00"], "nothing": 1, "parts": {}, "biggest": [],
            }, **changes,
        )
    of = lists[State.APPLIED]
    RecordChunk.objects.create(
        record_list=of, number=0, rows=len(covers), counts={"verdicts": {"1": len(covers)}, "codes": {}}, digest="1" * 64,
        applied_at=at,
        applied_rows=len(covers),
    )
    for number, (cover, reached) in enumerate(zip(covers, _STATES, strict=False)):
        due = Decimal("0.00") if reached == "nothing" else Decimal("10.00")
        said = {
            "settlement_number": f"ZQ{number}", "hospital": "Zqhospital", "setting": "outpatient", "discharged_on": today,
            "settled_on": today, "total": Decimal("100.00"),
        }
        row = RecordRow.objects.create(
            record_list=of, file_id=0, sheet="", line=number + 2, chunk=0, verdict=1, codes=[], findings=[], enrollment=cover,
            plan=cover.plan, name="Zqname", diagnosis="Zqdiagnosis", fund=Decimal("1.00"), **said,
        )
        Calculation.objects.create(row_id=row.pk, record_list=of, slice=0, due=due)
        told = {"told_on": today, "reason": reason} if reached == "told" else {"reason": reason} if reached == "declined" else {}
        Proposal.objects.create(
            record_list=of, row_id=row.pk, program=cover.program, plan=cover.plan, period=cover.period,
            organization=cover.organization,
            region_code=cover.region_code, enrollment=cover, diagnosis="Zqdiagnosis", due=due, state=reached, applied_at=at, **said,
            **told,
        )
