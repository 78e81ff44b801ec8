"""Letters of claims printed, one at a time, each a row and an event; and what letters of a program say."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.faults import fault_point
from claims.actions.service_terms import reaches
from claims.due import keep_day
from claims.letter_errors import LetterRefused
from claims.letters import content_of, occasion_of, wording_of
from claims.models import Claim
from claims.models.letter import Addressee, Letter, LetterFormat, LetterKind, LetterStyle, LetterWording
from claims.rules.letter_text import missing_places, unknown_places
from programs.models import Program

PRINT, WRITE = "claims.print_letter", "claims.write_letter_wording"
PURPOSE_MIN, PURPOSE_MAX = 4, 300


@dataclass(frozen=True)
class Handed:
    """A letter that was handed over: its row, and its bytes."""

    letter: Letter
    content: bytes


def print_letter(
    claim: Claim, *, kind: LetterKind, style: LetterStyle, addressee: Addressee, file_format: LetterFormat, purpose: str, by: User,
    at: datetime,
) -> Handed:
    """A letter for whoever it is written to. It names people in full: its row and its event stand before a byte leaves.

    The claim is locked while it is drawn: what was told held.
    """
    purpose = " ".join(purpose.split())[:PURPOSE_MAX]
    if len(purpose) < PURPOSE_MIN:
        raise LetterRefused("PURPOSE", least=PURPOSE_MIN)
    events.refuse_personal(purpose)
    with transaction.atomic():
        rows = Claim.objects.visible_to(by, PRINT).select_for_update(of=("self",)).select_related(
            "case", "enrollment__person", "organization", "program__insurer", "plan"
        )
        found = rows.filter(pk=claim.pk).first()
        if found is None:
            raise LetterRefused("OUT_OF_SCOPE")
        _refuse_too_many(by, at=at)
        told = occasion_of(found, kind)
        letter = Letter(
            claim=found, kind=kind, style=style, addressee=addressee, file_format=file_format, decision=told.decision,
            paper_request=told.request, wording=wording_of(found.program_id, kind, style), purpose=purpose, printed_by=by,
            printed_at=at,
        )
        content = content_of(letter)
        letter.sha256, letter.size = hashlib.sha256(content).hexdigest(), len(content)
        fault_point("claims.print_letter.before")
        letter.save(force_insert=True)
        keep_day(found)
        events.record(
            "letter.printed", found, by=by, at=at, organization=found.organization, region_code=found.region_code,
            program_id=found.program_id, data={
                "kind": str(kind), "style": str(style), "addressee": str(addressee), "format": str(file_format),
                "checksum": letter.sha256[:12], "purpose": purpose,
            },
        )
        fault_point("claims.print_letter.after")
    return Handed(letter, content)


def write_letter_wording(
    program: Program, *, kind: LetterKind, style: LetterStyle, text: str, phone: str, by: User, at: datetime
) -> LetterWording:
    """From now on such letters of the program say this; what was printed keeps what it says."""
    if not reaches(by, WRITE, program=program):
        raise LetterRefused("OUT_OF_SCOPE")
    text, phone = text.strip(), " ".join(phone.split())
    if not text or not phone:
        raise LetterRefused("WORDING")
    if unknown := unknown_places(kind, text):
        raise LetterRefused("UNKNOWN_PLACES", places="、".join(unknown))
    if missing := missing_places(kind, text):
        raise LetterRefused("MISSING_PLACES", places="、".join(missing))
    for said in (text, phone):
        events.refuse_personal(said)
    with transaction.atomic():
        fault_point("claims.write_letter_wording.before")
        wording = LetterWording.objects.create(
            program=program, kind=kind, style=style, text=text, phone=phone, written_by=by, written_at=at
        )
        events.record(
            "letter.wording_written", wording, by=by, at=at, organization=program.organization, region_code=program.region_code,
            program_id=program.pk, data={"kind": str(kind), "style": str(style)},
        )
        fault_point("claims.write_letter_wording.after")
    return wording


def _refuse_too_many(by: User, *, at: datetime) -> None:
    """The day's cap of one person; two clicks at once must not pass it together."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('claims.print', %s))", [by.pk])
    day = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    if Letter.objects.filter(printed_by=by, printed_at__gte=day).count() >= settings.PRINTS_PER_DAY:
        raise LetterRefused("DAY_CAP", number=settings.PRINTS_PER_DAY)
