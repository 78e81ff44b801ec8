"""Papers of a case: sealed in the storage by content, opened with an event before the first byte, taken out with a reason."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import User
from audit.faults import fault_point
from claims.actions.cases import REPORT
from claims.errors import ClaimsRefused
from claims.models import Case, Claim, Paper, PaperKind
from claims.scanning import refuse_harmful
from claims.stepping import locked_case, record_case, said
from intake import storage
from intake.actions.files import safe_name
from programs.rules.paper_files import LIMIT, PaperWrong, media_type_of

OPEN = "claims.open_paper"
RETENTION = gettext_noop("system:retention")
_READ = 1 << 20
_MEGABYTE = 1_000_000


def add_paper(case: Case, *, kind: str, name: str, stream: BinaryIO, by: User, at: datetime) -> Paper:
    """Keep a paper with a case. The content is stored under the case's lock: what a killed upload left in its folder belongs
    to nobody, and goes with the next one."""
    content = stream.read(LIMIT + 1)
    if not content:
        raise ClaimsRefused("PAPER_EMPTY")
    if len(content) > LIMIT:
        raise ClaimsRefused("PAPER_SIZE", megabytes=LIMIT // _MEGABYTE)
    try:
        media_type = media_type_of(content, name=name)
    except PaperWrong as wrong:
        raise ClaimsRefused(wrong.code) from wrong
    refuse_harmful(content, media_type=media_type)
    with transaction.atomic():
        case = _reached(case, by=by, permission=REPORT)
        _sweep(case)
        kept = storage.store(io.BytesIO(content), year=timezone.localdate(at).year, limit=LIMIT, folder=_folder(case))
        if case.papers.filter(kind=kind, sha256=kept.sha256, removed_by=None).exists():
            storage.remove(kept.key)
            raise ClaimsRefused("PAPER_TWICE")
        fault_point("claims.add_paper.before")
        paper = Paper.objects.create(
            case=case, kind=kind, name=safe_name(name), media_type=media_type, size=kept.size, sha256=kept.sha256,
            storage_key=kept.key, uploaded_by=by, uploaded_at=at,
        )
        record_case("case.paper_added", case, by=by, at=at, kind=str(kind), digest=kept.sha256[:12])
        fault_point("claims.add_paper.after")
    return paper


def remove_paper(paper: Paper, *, reason: str, by: User, at: datetime) -> Paper:
    """Take a paper out: it is unreadable, or of somebody else. It stays kept, and says why."""
    reason = said(reason)
    with transaction.atomic():
        case = _reached(paper.case, by=by, permission=REPORT)
        paper = Paper.objects.get(pk=paper.pk)
        if paper.removed_by_id is not None:
            raise ClaimsRefused("PAPER_GONE")
        fault_point("claims.remove_paper.before")
        paper.removed_by, paper.reason = by, reason
        paper.save(update_fields=["removed_by", "reason"])
        record_case("case.paper_removed", case, by=by, at=at, kind=paper.kind, reason=reason)
        fault_point("claims.remove_paper.after")
    return paper


def destroy_paper(paper: Paper, *, at: datetime) -> bool:
    """Delete the content of a paper whose person is destroyed, and what it was called; again without harm. The checksum stays."""
    fault_point("claims.destroy_paper.before")
    storage.remove(paper.storage_key)
    fault_point("claims.destroy_paper.removed")
    with transaction.atomic():
        case = locked_case(paper.case_id)
        held = Paper.objects.get(pk=paper.pk)
        if held.purged_at is not None:
            return False
        held.purged_at, held.name = at, ""
        held.save(update_fields=["purged_at", "name"])
        record_case("case.paper_destroyed", case, by=RETENTION, at=at, kind=held.kind, digest=held.sha256[:12])
        fault_point("claims.destroy_paper.after")
    return True


def open_paper(paper: Paper, *, by: User, at: datetime) -> Iterator[bytes]:
    """The bytes of a paper; its event is written before the first."""
    with transaction.atomic():
        if not Claim.objects.visible_to(by, OPEN).filter(case=paper.case_id).exists():
            raise ClaimsRefused("PAPER_GONE")
        held = Paper.objects.filter(pk=paper.pk, purged_at=None).select_related("case__organization").first()
        if held is None:
            raise ClaimsRefused("PAPER_GONE")
        fault_point("claims.open_paper.before")
        record_case("case.paper_opened", held.case, by=by, at=at, kind=str(PaperKind(held.kind)), digest=held.sha256[:12])
        fault_point("claims.open_paper.after")
    return _content_of(held)


def _content_of(paper: Paper) -> Iterator[bytes]:
    with storage.opened(paper.storage_key, paper.size) as source:
        while block := source.read(_READ):
            yield block


def _folder(case: Case) -> str:
    return f"claim-papers/{case.pk}"


def _reached(case: Case, *, by: User, permission: str) -> Case:
    found = locked_case(case.pk)
    fault_point("claims.papers.locked")
    if not Claim.objects.visible_to(by, permission).filter(case=found).exists():
        raise ClaimsRefused("OUT_OF_SCOPE")
    return found


def _sweep(case: Case) -> None:
    """Under the case's lock nobody else is storing: what no row names was left by the killed."""
    named = set(case.papers.values_list("storage_key", flat=True))
    for key in storage.keys_within(_folder(case)):
        if key not in named:
            storage.remove(key)
