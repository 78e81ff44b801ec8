"""Gathers the evidence of a sample cover by cover, each sealed as it is done; goes on wherever it was killed."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_noop, override

from audit import events
from audit.faults import fault_point
from beneficiaries.evidence import in_the_clear, masked
from beneficiaries.holdings import Line, Part
from beneficiaries.models import Enrollment
from intake import storage
from jobs.actions import Run
from payouts.models import BatchLine
from results.models import Result
from samples.errors import SamplesRefused
from samples.models import EvidenceBundle, EvidencePart, EvidenceState, Sample, SampleItem
from samples.payouts import parts_of, parts_of_reported
from samples.telling import covers_of, definition_of, rule_of

WRITER = gettext_noop("system:evidence")
LANGUAGE = "zh-hans"
_PART_LIMIT = 1 << 26
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
MANIFEST, _SAMPLE = "manifest.json", "sample"


def write(run: Run) -> dict[str, Any]:
    """The work of a job. No transaction is open while evidence is read and sealed."""
    bundle = EvidenceBundle.objects.select_related("sample__organization", "asked_by").get(pk=run.arguments["bundle"])
    reached = bundle.parts.order_by("-position").values_list("position", flat=True).first()
    if reached is None:
        _step(run, bundle, None)
    for item in bundle.sample.items.filter(position__gt=reached or 0).order_by("position"):
        _step(run, bundle, item)
        run.check_stop()
    return _finish(run, bundle)


def _step(run: Run, bundle: EvidenceBundle, item: SampleItem | None) -> None:
    """One cover, or first how the sample was drawn. One sealed and not written down is an orphan of its folder."""
    page, data = contents(item, clear=bundle.is_clear) if item is not None else told(bundle.sample)
    kept = storage.store(io.BytesIO(page + data), year=timezone.localdate().year, limit=_PART_LIMIT, folder=bundle.folder)
    at = timezone.now()
    with transaction.atomic():
        held = _hold(run, bundle)
        fault_point("samples.step.before")
        EvidencePart.objects.create(
            bundle=held, position=item.position if item is not None else 0, number=item.number if item is not None else _SAMPLE,
            page_size=len(page), page_sha256=_sha(page), data_size=len(data), data_sha256=_sha(data), storage_key=kept.key,
        )
        if held.is_clear and item is not None:
            cover = cover_of(item)
            events.record(
                "cover.evidence_opened", cover, by=held.asked_by, at=at, organization=cover.organization,
                region_code=cover.region_code, program_id=cover.program_id, data={"bundle": held.pk, "purpose": held.purpose},
            )
        run.advance(done=item.position if item is not None else 0, total=held.items)
        fault_point("samples.step.after")


def _finish(run: Run, bundle: EvidenceBundle) -> dict[str, Any]:
    at = timezone.now()
    with transaction.atomic():
        kept = _hold(run, bundle)
        fault_point("samples.finish.before")
        kept.state, kept.ended_at = EvidenceState.READY, at
        manifest = manifest_of(kept)
        kept.digest, kept.size = _sha(manifest), sum(part.page_size + part.data_size for part in kept.parts.all())
        kept.save(update_fields=["state", "ended_at", "digest", "size"])
        record("evidence.gathered", kept, by=WRITER, at=at, covers=kept.items, checksum=kept.digest[:12])
        run.advance(done=kept.items, total=kept.items)
        fault_point("samples.finish.after")
    return {"covers": kept.items}


def contents(item: SampleItem, *, clear: bool) -> tuple[bytes, bytes]:
    """The page to read and the same as JSON; always Chinese."""
    with override(LANGUAGE):
        parts = evidence_of(item, gathered=in_the_clear if clear else masked)
        return _both(
            {"sample": item.sample_id, "position": item.position, "cover": item.number, "rank": item.rank, "in_the_clear": clear},
            [(part.title, [[pair for pair in entry if pair[1]] for entry in part.entries]) for part in parts],
        )


def evidence_of(item: SampleItem, *, gathered: Callable[[Enrollment], list[Part]]) -> list[Part]:
    """What proves a cover, as `gathered` tells it, and before it what proves the payout that was drawn; of people whose data was
    restricted since the draw, that alone."""
    if Enrollment.objects.free().filter(pk=item.enrollment_id).exists():
        return [*_payout_of(item), *gathered(cover_of(item))]
    why = _t("The data of the person was restricted since the draw: it is kept and shown to nobody.")
    return [Part(_t("Cover"), [[(_t("Cover number"), item.number), (_t("State"), why)]])]


def _payout_of(item: SampleItem) -> list[Part]:
    if item.payout_id is not None:
        lines = BatchLine.objects.select_related("batch__format", "batch__released_by")
        return parts_of(lines.get(pk=item.payout_id))
    if item.reported_id is not None:
        results = Result.objects.select_related(
            "report__uploaded_by", "report__submitted_by", "report__decided_by", "insurer", "program", "plan", "period__program",
            "organization", "decision",
        )
        return parts_of_reported(results.get(pk=item.reported_id))
    return []


def undrawn(line: BatchLine) -> SampleItem:
    """A payout that no sample has drawn, as one of a sample: never saved."""
    return SampleItem(
        position=0, enrollment_id=line.payable.claim.enrollment_id, payout=line, amount=line.amount, number=line.key
    )


def payout_archive(item: SampleItem) -> tuple[bytes, str]:
    """One payout's archive, and the SHA-256 of its manifest: what to read first, page, data, checksums. Bears no date."""
    page, data = contents(item, clear=False)
    with override(LANGUAGE):
        facts = {
            "number": item.number, "amount": f"{item.amount:,.2f}", "program": cover_of(item).program.name,
            "sample": item.sample_id, "is_reported": item.reported_id is not None,
        }
        readme = render_to_string("samples/payout_readme.txt", facts).encode()
    files = {"README.txt": readme, "evidence.html": page, "evidence.json": data}
    manifest = json.dumps(
        {
            "payout": item.number, "sample": item.sample_id,
            "files": [{"name": name, "bytes": len(content), "sha256": _sha(content)} for name, content in files.items()],
        },
        ensure_ascii=False, indent=1,
    ).encode()
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {MANIFEST: manifest, **files}.items():
            _add(archive, name, content)
    return whole.getvalue(), _sha(manifest)


def told(sample: Sample) -> tuple[bytes, bytes]:
    """How the sample was drawn, with every cover and its rank, as it is called now: enough to draw it again."""
    with override(LANGUAGE):
        return _both(
            {"sample": sample.pk, "position": 0, "cover": "", "rank": "", "in_the_clear": False},
            [
                (_t("The sample"), [definition_of(sample)]), (_t("How it was drawn"), [rule_of(sample)]),
                (_t("Covers drawn"), [covers_of(sample)]),
            ],
        )


def _both(facts: dict[str, Any], parts: list[tuple[str, list[Line]]]) -> tuple[bytes, bytes]:
    page = render_to_string("samples/evidence.html", {"facts": facts, "parts": parts})
    data = {**facts, "parts": [{"title": title, "entries": entries} for title, entries in parts]}
    return page.encode(), json.dumps(data, ensure_ascii=False, indent=1).encode()


def cover_of(item: SampleItem) -> Enrollment:
    """With what its evidence names."""
    return Enrollment.objects.select_related(
        "person", "program", "period", "organization", "category", "plan__submitted_by", "plan__decided_by", "purchase"
    ).get(pk=item.enrollment_id)


def manifest_of(bundle: EvidenceBundle) -> bytes:
    """Every file with its SHA-256."""
    files = []
    for part in bundle.parts.order_by("position"):
        page, data = _called(part)
        files += [
            {"name": page, "bytes": part.page_size, "sha256": part.page_sha256},
            {"name": data, "bytes": part.data_size, "sha256": part.data_sha256},
        ]
    return json.dumps({"bundle": bundle.pk, "sample": bundle.sample_id, "files": files}, ensure_ascii=False, indent=1).encode()


def content_of(bundle: EvidenceBundle) -> Iterator[bytes]:
    """An archive of all files. Bears no date; the same each time it is fetched."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, MANIFEST, manifest_of(bundle))
        for part in bundle.parts.order_by("position"):
            with storage.opened(part.storage_key, part.page_size + part.data_size) as source:
                page, data = _called(part)
                _add(archive, page, source.read(part.page_size))
                _add(archive, data, source.read(part.data_size))
    yield whole.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _LONG_AGO)
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
    archive.writestr(entry, content)


def _called(part: EvidencePart) -> tuple[str, str]:
    name = f"{part.position:03d}-{part.number}"
    return f"{name}.html", f"{name}.json"


def _hold(run: Run, bundle: EvidenceBundle) -> EvidenceBundle:
    """The bundle under a row lock, while it is to be written."""
    rows = EvidenceBundle.objects.select_for_update(of=("self",)).select_related("sample__organization", "asked_by")
    kept = rows.get(pk=bundle.pk)
    if kept.state != EvidenceState.WRITING:
        run.check_stop()
        raise SamplesRefused("STATE", state=kept.get_state_display())
    return kept


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def record(verb: str, bundle: EvidenceBundle, *, by: Any, at: datetime, **data: Any) -> None:
    """One event about a bundle, in the transaction of its change."""
    sample = bundle.sample
    events.record(
        verb, bundle, by=by, at=at, organization=sample.organization, region_code=sample.region_code,
        program_id=sample.program_id, data=data,
    )
