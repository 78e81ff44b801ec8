"""Cases that a file opened, taken back together: claims withdrawn and bills taken out, as long as nothing of a case is decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.faults import fault_point
from claims.actions.cases import UNDECIDED
from claims.models import Bill, Case, Claim, ClaimStep, PaperRequest, Standing
from claims.rules.states import EDITABLE, State
from claims.stepping import case_note, note_of, said, step_into

#: Why a case stays: a claim of it is calculated or was decided once.
DECIDED = "CLAIM_DECIDED"


def withdraw_cases(cases: Sequence[int], *, reason: str, by: User, at: datetime) -> dict[int, str]:
    """Withdraw every claim of these cases and take their bills out, so that the invoices may come again; set-wise.

    A case of which a claim is calculated or decided stays whole: {case: why}. Whoever calls had the whole approved.
    """
    reason = said(reason)
    with transaction.atomic():
        held = {
            case.pk: case for case in
            Case.objects.select_for_update(of=("self",)).select_related("organization").filter(pk__in=cases).order_by("pk")
        }
        found = (
            Claim.objects.select_for_update(of=("self",)).select_related("organization").filter(case__in=held).order_by("pk")
        )
        of: dict[int, list[Claim]] = defaultdict(list)
        for claim in found:
            of[claim.case_id].append(claim)
        fault_point("claims.withdraw_cases.locked")
        stays = {
            case: DECIDED for case, claims in of.items()
            if any(claim.state not in UNDECIDED or claim.settlement is not None for claim in claims)
        }
        gone = [case for case in held if case not in stays]
        claims = [claim for case in gone for claim in of[case] if claim.state in EDITABLE]
        bills = list(Bill.objects.filter(case__in=gone).exclude(standing=Standing.REMOVED).order_by("pk"))
        fault_point("claims.withdraw_cases.before")
        ids = [claim.pk for claim in claims]
        PaperRequest.objects.filter(claim__in=ids, complete_on=None).update(complete_on=timezone.localdate(at), completed_by=by)
        ClaimStep.objects.bulk_create(
            step_into(claim, State.WITHDRAWN, come_from=claim.state, by=by, at=at, reason=reason) for claim in claims
        )
        Claim.objects.filter(pk__in=ids).update(state=State.WITHDRAWN, waits_from="", ended_at=at, due_on=None)
        Bill.objects.filter(pk__in=[bill.pk for bill in bills]).update(
            standing=Standing.REMOVED, explanation=reason, explained_by=by
        )
        events.record_many(
            [
                *(case_note("case.bill_removed", held[bill.case_id], amount=str(bill.total), reason=reason) for bill in bills),
                *(note_of("claim.withdrawn", claim, reason=reason) for claim in claims),
            ],
            by=by, at=at,
        )
        fault_point("claims.withdraw_cases.after")
    return stays
