"""Insurers' formats: drafted by one person, approved by another, taken out of use; a change of one in use is a new version."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from accounts.models import Organization, User
from audit import events
from audit.faults import fault_point
from handover.errors import HandOverRefused
from handover.models import FormatState, InsurerFormat
from handover.reach import refuse_beyond

#: What a draft says, each by its own name.
TERMS = ("file_kind", "encoding", "dates", "columns", "codes", "receipt_headings", "receipt_words", "own_policies")


def draft_format(
    organization: Organization, insurer: Organization, *, name: str, terms: Mapping[str, Any], by: User, at: datetime
) -> InsurerFormat:
    """A new format, or the next version of one of this name. `terms`: as the model keeps them, by TERMS."""
    with transaction.atomic():
        refuse_beyond(
            by, "handover.draft_format", organization=organization, region_code=organization.region_code or ""
        )
        name = name.strip()
        if not name:
            raise HandOverRefused("NAME")
        if insurer.kind != Organization.Kind.INSURER:
            raise HandOverRefused("NOT_AN_INSURER")
        events.refuse_personal(name)
        fault_point("handover.draft_format.before")
        with connection.cursor() as cursor:
            # Two drafts of one name at once: the second is the version after the first.
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
                [f"handover.format:{organization.pk}:{insurer.pk}:{name}"],
            )
        last = InsurerFormat.objects.filter(organization=organization, insurer=insurer, name=name).aggregate(last=Max("number"))
        draft = InsurerFormat.objects.create(
            organization=organization, insurer=insurer, name=name, number=(last["last"] or 0) + 1, drafted_by=by,
            drafted_at=at, **{key: terms[key] for key in TERMS},
        )
        _record("insurer_format.drafted", draft, by=by, at=at)
        fault_point("handover.draft_format.after")
    return draft


def change_format(draft: InsurerFormat, *, terms: Mapping[str, Any], by: User, at: datetime) -> InsurerFormat:
    """Other terms of a draft; whoever changes it last is who drafted it."""
    with transaction.atomic():
        kept = _locked(draft, FormatState.DRAFT)
        refuse_beyond(
            by, "handover.draft_format", organization=kept.organization, region_code=kept.organization.region_code or ""
        )
        fault_point("handover.change_format.before")
        for key in TERMS:
            setattr(kept, key, terms[key])
        kept.drafted_by, kept.drafted_at = by, at
        kept.save()
        _record("insurer_format.changed", kept, by=by, at=at)
        fault_point("handover.change_format.after")
    return kept


def approve_format(draft: InsurerFormat, *, by: User, at: datetime) -> InsurerFormat:
    """Take a version into use, by another person; earlier versions of the name go out of use."""
    with transaction.atomic():
        kept = _locked(draft, FormatState.DRAFT)
        if kept.drafted_by_id == by.pk:
            raise HandOverRefused("FORMAT_OWN")
        fault_point("handover.approve_format.before")
        earlier = InsurerFormat.objects.filter(
            organization=kept.organization_id, insurer=kept.insurer_id, name=kept.name, state=FormatState.APPROVED
        )
        for each in earlier.select_for_update().order_by("pk"):
            each.state = FormatState.RETIRED
            each.save(update_fields=["state"])
            _record("insurer_format.retired", each, by=by, at=at)
        kept.state, kept.approved_by, kept.approved_at = FormatState.APPROVED, by, at
        kept.save(update_fields=["state", "approved_by", "approved_at"])
        _record("insurer_format.approved", kept, by=by, at=at)
        fault_point("handover.approve_format.after")
    return kept


def retire_format(kept: InsurerFormat, *, by: User, at: datetime) -> InsurerFormat:
    """Take a version out of use; hand-overs that were made by it stay as they are."""
    with transaction.atomic():
        kept = _locked(kept, FormatState.APPROVED)
        fault_point("handover.retire_format.before")
        kept.state = FormatState.RETIRED
        kept.save(update_fields=["state"])
        _record("insurer_format.retired", kept, by=by, at=at)
        fault_point("handover.retire_format.after")
    return kept


def _locked(draft: InsurerFormat, state: FormatState) -> InsurerFormat:
    found = InsurerFormat.objects.select_for_update(of=("self",)).select_related("organization", "insurer").get(pk=draft.pk)
    fault_point("handover.format.locked")
    if found.state != state:
        raise HandOverRefused("FORMAT_STATE", state=found.get_state_display())
    return found


def _record(verb: str, kept: InsurerFormat, *, by: Any, at: datetime) -> None:
    events.record(
        verb, kept, by=by, at=at, organization=kept.organization, region_code=kept.organization.region_code or "",
        data={"name": kept.name, "version": kept.number},
    )
