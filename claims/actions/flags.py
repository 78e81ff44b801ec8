"""Flags that somebody has looked at, and from which numbers on claims are flagged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import User
from audit import events
from audit.faults import fault_point
from claims.actions.service_terms import reaches
from claims.flag_errors import FlagRefused
from claims.flags import flags_of
from claims.models import Claim
from claims.models.flag import FlagCode, FlagLook, FlagRule
from programs.actions.lists import operates_portal
from programs.models import Program

LOOK, SET_RULE = "claims.look_at_flag", "claims.set_flag_rule"
#: Flags that count something, and the one that takes a part of all earlier amounts.
COUNTED = (FlagCode.ACCOUNT, FlagCode.STAYS, FlagCode.COVER, FlagCode.HOSPITAL, FlagCode.AMOUNT)


def look_at_flags(claim: Claim, *, keys: Sequence[tuple[str, str]], note: str, by: User, at: datetime) -> list[FlagLook]:
    """Say of flags (code and key of each, as they were shown) what was found; what a flag sees now must be what was shown."""
    note = " ".join(note.split())[:300]
    if not note:
        raise FlagRefused("REASON")
    events.refuse_personal(note)
    if not Claim.objects.visible_to(by, LOOK).filter(pk=claim.pk).exists():
        raise FlagRefused("OUT_OF_SCOPE")
    try:
        with transaction.atomic():
            shown = {(flag.code.value, flag.key): flag for flag in flags_of(claim)}
            if not keys or set(keys) - shown.keys():
                raise FlagRefused("GONE")
            if any(shown[key].look is not None for key in keys):
                raise FlagRefused("LOOKED_AT")
            fault_point("claims.look_at_flags.before")
            made = [
                FlagLook.objects.create(claim=claim, code=code, key=key, note=note, by=by, at=at) for code, key in sorted(set(keys))
            ]
            events.record(
                "claim.flags_looked_at", claim, by=by, at=at, organization=claim.organization, region_code=claim.region_code,
                program_id=claim.program_id, data={"codes": sorted({look.code for look in made}), "note": note},
            )
            fault_point("claims.look_at_flags.after")
    except IntegrityError as conflict:
        if "flag_looked_at_once" in str(conflict):
            raise FlagRefused("LOOKED_AT") from conflict
        raise
    return made


def set_flag_rule(
    program: Program | None, *, code: FlagCode, active: bool, number: int | None = None, share: Decimal | None = None,
    by: User | str, at: datetime,
) -> FlagRule:
    """From which number on claims are flagged: of all programs (by the portal's operator) or of one instead."""
    if isinstance(by, User):
        if program is None and not operates_portal(by, SET_RULE):
            raise FlagRefused("SHARED")
        if program is not None and not reaches(by, SET_RULE, program=program):
            raise FlagRefused("OUT_OF_SCOPE")
    if code in COUNTED and not number:
        raise FlagRefused("NUMBER")
    if code == FlagCode.AMOUNT and not (share is not None and 0 < share < 1):
        raise FlagRefused("SHARE")
    with transaction.atomic():
        fault_point("claims.set_flag_rule.before")
        rule, _made = FlagRule.objects.update_or_create(
            program=program, code=code,
            defaults={
                "active": active, "number": number if code in COUNTED else None,
                "share": share if code == FlagCode.AMOUNT else None,
            },
        )
        events.record(
            "flag_rule.set", rule, by=by, at=at, **_place(program),
            data={"code": str(code), "active": active, "number": rule.number or 0, "share": str(rule.share or "")},
        )
        fault_point("claims.set_flag_rule.after")
    return rule


def _place(program: Program | None) -> dict[str, Any]:
    if program is None:
        return {}
    return {"organization": program.organization, "region_code": program.region_code, "program_id": program.pk}
