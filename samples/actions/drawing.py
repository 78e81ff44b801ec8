"""Samples drawn by seed, looked at cover by cover, finished with a conclusion."""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Organization, User
from audit import events
from audit.faults import fault_point
from closing.models import ClosingState, MonthClosing
from programs.models import Category, Period, Program
from samples.drawing import population_of, write_items
from samples.errors import SamplesRefused
from samples.models import Finding, Sample, SampleItem, Stratum, Subject
from samples.models.sample import MOST
from samples.reach import refuse_beyond
from samples.rules import digest_of

DRAW = "samples.draw_sample"
PURPOSE_MIN, PURPOSE_MAX = 4, 300
_SEED = re.compile(r"[A-Za-z0-9_-]{8,64}")


def draw_sample(
    program: Program, *, organization: Organization, size: int, purpose: str, seed: str = "", region_code: str = "",
    period: Period | None = None, closing: MonthClosing | None = None, category: Category | None = None,
    stratum: Stratum = Stratum.NONE, subject: Subject = Subject.COVERS, is_weighted: bool = False, by: User, at: datetime,
) -> Sample:
    """Draw covers in force or ended, or payouts, of an office and those below it. `seed`: given, or made here, kept either way.
    `is_weighted`: payouts of more yuan more often.

    The same seed and the same population give the same sample: see `samples.rules`.
    """
    region_code = region_code or organization.region_code
    seed = seed.strip() or secrets.token_hex(16)
    _refuse_wrong_terms(program, size=size, seed=seed, period=period, closing=closing)
    purpose = checked_purpose(purpose)
    if is_weighted and subject == Subject.COVERS:
        raise SamplesRefused("WEIGHT")
    with transaction.atomic():
        refuse_beyond(by, DRAW, organization=organization, region_code=region_code, program_id=program.pk)
        if not region_code.startswith(organization.region_code):
            raise SamplesRefused("OUT_OF_SCOPE")
        fault_point("samples.draw.before")
        sample = Sample.objects.create(
            program=program, period=period, closing=closing, organization=organization, region_code=region_code,
            category=category, subject=subject, stratum=stratum, is_weighted=is_weighted, size=size, seed=seed,
            purpose=purpose, drawn_by=by, drawn_at=at,
        )
        fault_point("samples.draw.begun")
        strata, sample.population_digest = population_of(sample)
        if not strata:
            raise SamplesRefused("NOBODY" if subject == Subject.COVERS else "NO_PAYOUT")
        sample.population = sum(strata.values())
        write_items(sample, strata)
        fault_point("samples.draw.drawn")
        sample.digest = digest_of(list(sample.items.order_by("position").values_list("number", flat=True)))
        sample.save(update_fields=["population", "population_digest", "digest"])
        record(
            "sample.drawn", sample, by=by, at=at, seed=seed, size=sample.items.count(), population=sample.population,
            checksum=sample.digest[:12],
        )
        fault_point("samples.draw.after")
    return sample


def note_item(item: SampleItem, *, finding: Finding, note: str, by: User, at: datetime) -> SampleItem:
    """What the auditor found of a cover; it may be changed until the sample is finished."""
    note = note.strip()
    if finding == Finding.FAULT and not note:
        raise SamplesRefused("NOTE")
    events.refuse_personal(note)
    with transaction.atomic():
        sample = _locked(item.sample)
        refuse_beyond(
            by, DRAW, organization=sample.organization, region_code=sample.region_code, program_id=sample.program_id
        )
        fault_point("samples.note.before")
        item = SampleItem.objects.select_for_update(of=("self",)).select_related("sample").get(pk=item.pk)
        item.finding, item.note, item.noted_by, item.noted_at = finding, note, by, at
        item.save(update_fields=["finding", "note", "noted_by", "noted_at"])
        record("sample.noted", sample, by=by, at=at, position=item.position, finding=str(finding.value))
        fault_point("samples.note.after")
    return item


def finish_sample(sample: Sample, *, conclusion: str, by: User, at: datetime) -> Sample:
    """Every cover was looked at: what was found stands, with what it shows."""
    conclusion = conclusion.strip()
    if not conclusion:
        raise SamplesRefused("CONCLUSION")
    events.refuse_personal(conclusion)
    with transaction.atomic():
        sample = _locked(sample)
        refuse_beyond(
            by, DRAW, organization=sample.organization, region_code=sample.region_code, program_id=sample.program_id
        )
        left = sample.items.filter(finding=Finding.OPEN).count()
        if left:
            raise SamplesRefused("ITEMS_OPEN", number=left)
        fault_point("samples.finish.before")
        sample.conclusion, sample.finished_by, sample.finished_at = conclusion, by, at
        sample.save(update_fields=["conclusion", "finished_by", "finished_at"])
        record(
            "sample.finished", sample, by=by, at=at, covers=sample.items.count(),
            faults=sample.items.filter(finding=Finding.FAULT).count(),
        )
        fault_point("samples.finish.after")
    return sample


def checked_purpose(purpose: str) -> str:
    """What something is for, without a number of a person."""
    purpose = " ".join(purpose.split())
    if len(purpose) < PURPOSE_MIN:
        raise SamplesRefused("PURPOSE", characters=PURPOSE_MIN)
    if len(purpose) > PURPOSE_MAX:
        raise SamplesRefused("PURPOSE_LONG", characters=PURPOSE_MAX)
    events.refuse_personal(purpose)
    return purpose


def _refuse_wrong_terms(
    program: Program, *, size: int, seed: str, period: Period | None, closing: MonthClosing | None
) -> None:
    if not 1 <= size <= MOST:
        raise SamplesRefused("SIZE", most=MOST)
    if not _SEED.fullmatch(seed):
        raise SamplesRefused("SEED")
    if (period is not None and period.program_id != program.pk) or (
        closing is not None and (closing.program_id != program.pk or closing.state != ClosingState.CLOSED)
    ):
        raise SamplesRefused("PERIOD_OR_MONTH")


def _locked(sample: Sample) -> Sample:
    """The row, locked, as long as it is not finished."""
    locked = Sample.objects.select_for_update(of=("self",)).select_related("organization").get(pk=sample.pk)
    fault_point("samples.sample.locked")
    if locked.finished_at is not None:
        raise SamplesRefused("FINISHED")
    return locked


def record(verb: str, sample: Sample, *, by: Any, at: datetime, **data: Any) -> None:
    """One event about a sample, in the transaction of its change."""
    events.record(
        verb, sample, by=by, at=at, organization=sample.organization, region_code=sample.region_code,
        program_id=sample.program_id, data=data,
    )
