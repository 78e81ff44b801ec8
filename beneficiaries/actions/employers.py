"""Employers: recorded once for an office in a program, found again by their code, corrected."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import Organization, User
from audit import events
from audit.faults import fault_point
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Employer
from beneficiaries.uscc import clean_code, is_whole
from programs.models import Program

RECORD = "beneficiaries.record_employer"
_PHONE = re.compile(r"\+?[0-9][0-9 -]{5,19}")
NAME_LENGTH, CONTACT_LENGTH = 100, 30


def record_employer(
    program: Program, *, organization: Organization, region_code: str = "", name: str, uscc: str, takes_families: bool = False,
    contact_name: str = "", contact_phone: str = "", by: User, at: datetime,
) -> Employer:
    """Make an employer known to an office in a program, in the office's region or a part of it."""
    region_code = region_code or organization.region_code
    if not region_code.startswith(organization.region_code):
        raise BeneficiariesRefused("EMPLOYER_REGION")
    _refuse_beyond(by, program=program, organization=organization, region_code=region_code)
    code = clean_code(uscc)
    if not is_whole(code):
        raise BeneficiariesRefused("USCC")
    if program.kind != Program.Kind.SUPPLEMENTARY:
        raise BeneficiariesRefused("EMPLOYERS_NOT_HERE")
    employer = Employer(
        program=program, organization=organization, region_code=region_code, name=_name(name), uscc=code,
        takes_families=takes_families, contact_name=_contact(contact_name), contact_phone=_phone(contact_phone), created_at=at,
    )
    try:
        with transaction.atomic():
            fault_point("beneficiaries.record_employer.before")
            employer.save(force_insert=True)
            _record("employer.recorded", employer, by=by, at=at)
            fault_point("beneficiaries.record_employer.after")
    except IntegrityError as conflict:
        if getattr(getattr(conflict.__cause__, "diag", None), "constraint_name", "") != "employer_once":
            raise
        known = employers_of(program, organization).filter(uscc=code).first()
        raise BeneficiariesRefused("EMPLOYER_KNOWN", number=known.pk if known else 0) from conflict
    return employer


def change_employer(
    employer: Employer, *, region_code: str, name: str, takes_families: bool, contact_name: str | None = None,
    contact_phone: str | None = None, by: User, at: datetime,
) -> Employer:
    """Correct what is known of an employer; None leaves a part of its contact as it is, "" removes it."""
    with transaction.atomic():
        found = Employer.objects.select_for_update(of=("self",)).select_related("program", "organization")
        employer = found.get(pk=employer.pk)
        _refuse_beyond(by, program=employer.program, organization=employer.organization, region_code=employer.region_code)
        if employer.destroyed_at is not None:
            raise BeneficiariesRefused("DESTROYED")
        if not region_code.startswith(employer.organization.region_code):
            raise BeneficiariesRefused("EMPLOYER_REGION")
        new: dict[str, Any] = {"region_code": region_code, "name": _name(name), "takes_families": takes_families}
        changed = [field for field, value in new.items() if getattr(employer, field) != value]
        if contact_name is not None:
            new["contact_name"] = _contact(contact_name)
        if contact_phone is not None:
            new["contact_phone"] = _phone(contact_phone)
        changed += [field for field in ("contact_name", "contact_phone") if field in new]
        if changed:
            for field in changed:
                setattr(employer, field, new[field])
            fault_point("beneficiaries.change_employer.before")
            employer.save(update_fields=changed)
            _record("employer.changed", employer, by=by, at=at, fields=changed)
            fault_point("beneficiaries.change_employer.after")
    return employer


def employers_of(program: Program, organization: Organization) -> Any:
    """Those that an office knows in a program."""
    return Employer.objects.filter(program=program, organization=organization, destroyed_at=None)


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 < len(name) <= NAME_LENGTH:
        raise BeneficiariesRefused("EMPLOYER_NAME", most=NAME_LENGTH)
    events.refuse_personal(name)
    return name


def _contact(name: str) -> str | None:
    name = " ".join(name.split())
    if len(name) > CONTACT_LENGTH or any(character.isdigit() for character in name):
        raise BeneficiariesRefused("EMPLOYER_CONTACT", most=CONTACT_LENGTH)
    return name or None


def _phone(phone: str) -> str | None:
    phone = phone.strip()
    if phone and not _PHONE.fullmatch(phone):
        raise BeneficiariesRefused("EMPLOYER_PHONE")
    return phone or None


def _refuse_beyond(by: Any, *, program: Program, organization: Organization, region_code: str) -> None:
    if isinstance(by, User) and not any(
        organization.path.startswith(grant.organization_path) and region_code.startswith(grant.region_prefix)
        and (grant.program_ids is None or program.pk in grant.program_ids)
        for grant in by.grants(RECORD)
    ):
        raise BeneficiariesRefused("OUT_OF_SCOPE")


def _record(verb: str, employer: Employer, *, by: Any, at: datetime, **data: Any) -> None:
    events.record(
        verb, employer, by=by, at=at, organization=employer.organization, region_code=employer.region_code,
        program_id=employer.program_id, data=data,
    )
