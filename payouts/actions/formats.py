"""Banks' formats: drafted by one person, approved by another, taken out of use; a change of one in use is a new version."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from accounts.models import Organization, User
from audit import events
from audit.faults import fault_point
from payouts.errors import PayoutsRefused
from payouts.models import BankFormat, FormatState
from payouts.reach import refuse_beyond

DRAFT, APPROVE = "payouts.draft_format", "payouts.approve_format"
#: What a draft says, each by its own name.
TERMS = (
    "takes", "encoding", "separator", "line_end", "dates", "amounts", "dangerous", "has_headings", "columns", "head_lines",
    "foot_lines", "codes", "result_headings", "result_words", "failure_words",
)


def draft_format(
    organization: Organization, *, bank: str, name: str, terms: Mapping[str, Any], by: User, at: datetime
) -> BankFormat:
    """A new format, or the next version of one of this name. `terms`: as the model keeps them, by TERMS."""
    with transaction.atomic():
        refuse_beyond(by, DRAFT, organization=organization, region_code=organization.region_code or "")
        bank, name = " ".join(bank.split()), " ".join(name.split())
        if not name or not bank:
            raise PayoutsRefused("NAME")
        for text in (bank, name):
            events.refuse_personal(text)
        fault_point("payouts.draft_format.before")
        with connection.cursor() as cursor:
            # Two drafts of one name at once: the second is the version after the first.
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"payouts.format:{organization.pk}:{bank}:{name}"],
            )
        last = BankFormat.objects.filter(organization=organization, bank=bank, name=name).aggregate(last=Max("number"))
        draft = BankFormat.objects.create(
            organization=organization, bank=bank, name=name, number=(last["last"] or 0) + 1, drafted_by=by, drafted_at=at,
            **{key: terms[key] for key in TERMS},
        )
        _record("bank_format.drafted", draft, by=by, at=at)
        fault_point("payouts.draft_format.after")
    return draft


def change_format(draft: BankFormat, *, terms: Mapping[str, Any], by: User, at: datetime) -> BankFormat:
    """Other terms of a draft; whoever changes it last is who drafted it."""
    with transaction.atomic():
        kept = _locked(draft, FormatState.DRAFT, by=by, permission=DRAFT)
        fault_point("payouts.change_format.before")
        for key in TERMS:
            setattr(kept, key, terms[key])
        kept.drafted_by, kept.drafted_at = by, at
        kept.save()
        _record("bank_format.changed", kept, by=by, at=at)
        fault_point("payouts.change_format.after")
    return kept


def approve_format(draft: BankFormat, *, by: User, at: datetime) -> BankFormat:
    """Take a draft into use, by a second person; an earlier version of its name goes out of use."""
    with transaction.atomic():
        kept = _locked(draft, FormatState.DRAFT, by=by, permission=APPROVE)
        if kept.drafted_by_id == by.pk:
            raise PayoutsRefused("FORMAT_OWN")
        fault_point("payouts.approve_format.before")
        earlier = BankFormat.objects.filter(
            organization=kept.organization_id, bank=kept.bank, name=kept.name, state=FormatState.APPROVED
        )
        for each in earlier.select_for_update().order_by("pk"):
            each.state = FormatState.RETIRED
            each.save(update_fields=["state"])
            _record("bank_format.retired", each, by=by, at=at)
        kept.state, kept.approved_by, kept.approved_at = FormatState.APPROVED, by, at
        kept.save(update_fields=["state", "approved_by", "approved_at"])
        _record("bank_format.approved", kept, by=by, at=at)
        fault_point("payouts.approve_format.after")
    return kept


def retire_format(kept: BankFormat, *, by: User, at: datetime) -> BankFormat:
    """Take a version out of use; batches that were made by it stay as they are."""
    with transaction.atomic():
        kept = _locked(kept, FormatState.APPROVED, by=by, permission=APPROVE)
        fault_point("payouts.retire_format.before")
        kept.state = FormatState.RETIRED
        kept.save(update_fields=["state"])
        _record("bank_format.retired", kept, by=by, at=at)
        fault_point("payouts.retire_format.after")
    return kept


def _locked(draft: BankFormat, state: FormatState, *, by: User, permission: str) -> BankFormat:
    found = BankFormat.objects.select_for_update(of=("self",)).select_related("organization").get(pk=draft.pk)
    fault_point("payouts.format.locked")
    refuse_beyond(by, permission, organization=found.organization, region_code=found.organization.region_code or "")
    if found.state != state:
        raise PayoutsRefused("FORMAT_STATE", state=found.get_state_display())
    return found


def _record(verb: str, kept: BankFormat, *, by: Any, at: datetime) -> None:
    events.record(
        verb, kept, by=by, at=at, organization=kept.organization, region_code=kept.organization.region_code or "",
        data={"name": f"{kept.bank} {kept.name}", "version": kept.number},
    )
