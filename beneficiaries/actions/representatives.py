"""Guardians and agents: proposed by one person of an office; approved, turned down or taken back as any change of a person."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone

from accounts.models import User
from audit import events
from beneficiaries.actions.changes import propose
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Beneficiary, ChangeKind, PersonChange, Representative, Role
from beneficiaries.representing import fit_identity, fit_phone, is_minor, refuse_known


def propose_representative(
    beneficiary: Beneficiary, *, role: Role, name: str, document_type: str, document: str, phone: str = "", relation: str,
    valid_from: date | None = None, valid_to: date | None = None, reason: str, by: User, at: datetime,
) -> PersonChange:
    """Ask a second person to record who speaks for somebody: a minor's guardian, or an agent. `reason`: the papers seen."""
    person, relation = beneficiary.person, " ".join(relation.split())
    if not relation:
        raise BeneficiariesRefused("SPEAKER_RELATION")
    events.refuse_personal(relation)
    if valid_from and valid_to and valid_to < valid_from:
        raise BeneficiariesRefused("DATES_ORDER")
    if role == Role.GUARDIAN and not is_minor(person, on=timezone.localdate(at)):
        raise BeneficiariesRefused("GUARDIAN_OF_ADULT")
    change = PersonChange(
        kind=ChangeKind.SPEAKER, role=role, name=name, document_type=document_type, document=document,
        phone=fit_phone(phone), relation=relation[:20], valid_from=valid_from, valid_to=valid_to,
    )
    right = fit_identity(person, change, at=at)
    refuse_known(beneficiary, role, right)
    change.name, change.document, change.document_type = right.name, right.document, right.document_type
    return propose(change, beneficiary, reason=reason, by=by, at=at)


def propose_end(representative: Representative, *, reason: str, by: User, at: datetime) -> PersonChange:
    """Ask a second person to end a guardian or agent."""
    if representative.ended_by_id is not None or representative.ended_row_id is not None:
        raise BeneficiariesRefused("SPEAKER_ENDED")
    change = PersonChange(kind=ChangeKind.SILENCED, representative=representative)
    return propose(change, representative.beneficiary, reason=reason, by=by, at=at)
