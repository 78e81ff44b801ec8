"""Archives of papers read in the background: names matched to claims, each paper kept as one by hand would be, each once.

A transaction each file: killed at any point, the next run goes on with what is not settled yet.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from audit import events
from audit.faults import fault_point
from claims.actions import add_paper
from claims.errors import ClaimsRefused
from filings.models import ArchiveState, ClaimFile, ClaimFileRow, FiledCase, PaperArchive, PaperEntry, PaperOutcome
from filings.rules.naming import candidates, folded, is_paper, kind_of, number_of, parts_of
from filings.unpacking import ArchiveRefused, Entry, contents_of, entries_of
from intake import storage
from intake.errors import IntakeRefused
from jobs.actions import Run, enqueue
from jobs.errors import JobsRefused
from jobs.models import Job

KIND = "filings.read_archive"
#: Files whose contents are asked for at once.
AT_ONCE = 500
#: Whoever acts where no person does.
OPENER = "system:intake"
_TWICE, _SIZE = "PAPER_TWICE", "PAPER_SIZE"


def queue_archive(archive: PaperArchive, *, by: Any, at: datetime) -> None:
    """In the caller's transaction: have it read; one that waits or runs already finds the same."""
    subject = archive.claim_file
    try:
        enqueue(
            KIND, arguments={"archive": archive.pk}, subject=archive, organization=subject.organization,
            region_code=subject.region_code, program_id=subject.program_id, by=by, at=at,
        )
    except JobsRefused as refused:
        if refused.code != "ALREADY_LIVE":
            raise


def queue_waiting(*, at: datetime) -> int:
    """Archives with papers whose claims were opened while their last job was ending, or by another file of the sender."""
    opened = FiledCase.objects.filter(
        program=OuterRef("archive__claim_file__program"), sender=OuterRef("archive__claim_file__sender"),
        number=OuterRef("number"), case__isnull=False, undone_at=None,
    )
    waiting = PaperEntry.objects.filter(Exists(opened), outcome=PaperOutcome.WAITING).values("archive")
    found = 0
    for archive in PaperArchive.objects.filter(pk__in=waiting).select_related("claim_file__organization").order_by("pk"):
        last = Job.objects.about(archive).order_by("-pk").first()
        if last is None or last.state == Job.State.DONE:
            with transaction.atomic():
                queue_archive(archive, by=OPENER, at=at)
            found += 1
    return found


def read_archive(run: Run, archive: PaperArchive) -> dict[str, Any] | None:
    """List what is in it, then attach what belongs to cases that are open; what waits for its case is attached by a later run."""
    if archive.state == ArchiveState.FAILED:
        return None
    try:
        if archive.state != ArchiveState.READ:
            _list(run, archive)
        _rematch(run, archive)
        while cases := attachable(archive)[:AT_ONCE]:
            _attach(run, archive, cases)
    except ArchiveRefused as refused:
        _fail(run, archive, refused.code)
        return None
    except IntakeRefused as refused:
        _fail(run, archive, refused.code)
        return None
    found = archive.entries.filter(outcome=PaperOutcome.ATTACHED).count()
    return {"attached": found}


def _opened(archive: PaperArchive) -> Any:
    return storage.opened(archive.file.storage_key, archive.file.size)


def _list(run: Run, archive: PaperArchive) -> None:
    """Every file of the archive with whose paper it is by its name."""
    with closing(_opened(archive)) as source:
        found = [entry for entry in entries_of(source) if is_paper(entry.path)]
    known = known_numbers(archive.claim_file, [entry.path for entry in found])
    with transaction.atomic():
        fault_point("filings.list_archive.before")
        PaperArchive.objects.select_for_update().get(pk=archive.pk)
        listed = set(archive.entries.values_list("position", flat=True))
        PaperEntry.objects.bulk_create(
            _entry(archive, entry, known) for entry in found if entry.position not in listed
        )
        archive.state = ArchiveState.READ
        archive.save(update_fields=["state"])
        _record("claim_file.papers_listed", archive, files=len(found))
        run.advance(total=len(found), done=0)
        fault_point("filings.list_archive.after")
    fault_point("filings.list_archive.committed")


def _entry(archive: PaperArchive, entry: Entry, known: Mapping[str, str]) -> PaperEntry:
    number = number_of(entry.path, known)
    outcome, code = PaperOutcome.WAITING if number else PaperOutcome.NO_CLAIM, ""
    if entry.problem:
        outcome = PaperOutcome.TOO_BIG if entry.problem == "TOO_BIG" else PaperOutcome.UNREADABLE
        code = entry.problem
    return PaperEntry(
        archive=archive, position=entry.position, path=entry.path[:500], size=entry.size, number=number,
        kind=kind_of(entry.path, number), outcome=outcome, code=code,
    )


def known_numbers(subject: ClaimFile, paths: Iterable[str]) -> dict[str, str]:
    """Folded numbers that names may mean -> as they are written: of the file's own lines, and of what the sender filed before."""
    wanted = {each for path in paths for each in candidates(path)}
    before = FiledCase.objects.filter(
        program=subject.program_id, sender=subject.sender_id, case__isnull=False, undone_at=None
    ).values_list("number", flat=True)
    own = ClaimFileRow.objects.filter(claim_file=subject, claim_number__isnull=False).order_by()
    numbers = [*before.filter(number__in=wanted), *own.values_list("claim_number", flat=True).distinct()]
    return {folded(number): number for number in numbers if number is not None and folded(number) in wanted}


def _rematch(run: Run, archive: PaperArchive) -> None:
    """Names of which no claim was known are asked again: its lines may have come since."""
    lost = list(archive.entries.filter(outcome=PaperOutcome.NO_CLAIM).order_by("pk"))
    paths = {entry.pk: entry.path.told() for entry in lost if entry.path is not None}
    known = known_numbers(archive.claim_file, paths.values())
    found = []
    for entry in lost:
        number = number_of(paths.get(entry.pk, ""), known) if entry.pk in paths else ""
        if number:
            entry.number, entry.kind, entry.outcome = number, kind_of(paths[entry.pk], number), PaperOutcome.WAITING
            found.append(entry)
    with transaction.atomic():
        fault_point("filings.rematch.before")
        PaperEntry.objects.bulk_update(found, ["number", "kind", "outcome"])
        run.advance()
        fault_point("filings.rematch.after")


def attachable(archive: PaperArchive) -> list[tuple[int, int, int]]:
    """(entry, its place, case) of files that wait and whose claims are open now, in the order of the archive."""
    subject = archive.claim_file
    left = archive.entries.filter(outcome=PaperOutcome.WAITING).order_by("position")
    waiting = list(left.values_list("pk", "position", "number"))
    cases = dict(
        FiledCase.objects.filter(
            program=subject.program_id, sender=subject.sender_id, number__in={number for _pk, _place, number in waiting},
            case__isnull=False, undone_at=None,
        ).values_list("number", "case")
    )
    return [(pk, place, cases[number]) for pk, place, number in waiting if number in cases]


def _attach(run: Run, archive: PaperArchive, wanted: Sequence[tuple[int, int, int]]) -> None:
    of = {place: (pk, case) for pk, place, case in wanted}
    with closing(_opened(archive)) as source:
        for place, content, problem in contents_of(source, sorted(of)):
            run.check_stop()
            pk, case = of.pop(place)
            _settle(run, archive, pk, case, content, problem)
    for pk, _case in of.values():
        # The archive says no more of it: nothing is asked of it again.
        _settle(run, archive, pk, None, None, "DAMAGED")


def _settle(run: Run, archive: PaperArchive, pk: int, case_id: int | None, content: bytes | None, problem: str) -> None:
    """One file: a paper of its case, or why not; its event and the job's progress with it."""
    at = timezone.now()
    with transaction.atomic():
        entry = PaperEntry.objects.select_for_update().get(pk=pk)
        if entry.outcome != PaperOutcome.WAITING:
            return
        fault_point("filings.attach_paper.before")
        entry.settled_at = at
        if content is None or case_id is None:
            entry.outcome = PaperOutcome.TOO_BIG if problem == "TOO_BIG" else PaperOutcome.UNREADABLE
            entry.code = problem
        else:
            _add(archive, entry, case_id, content, at=at)
        entry.save(update_fields=["outcome", "code", "case", "paper", "settled_at"])
        run.advance(more=1)
        fault_point("filings.attach_paper.after")
    fault_point("filings.attach_paper.committed")


def _add(archive: PaperArchive, entry: PaperEntry, case_id: int, content: bytes, *, at: datetime) -> None:
    """Exactly as one paper that somebody uploads; a refusal of its content is its outcome."""
    case = FiledCase.objects.select_related("case__organization").get(case=case_id).case
    assert case is not None and entry.path is not None
    try:
        with transaction.atomic():
            entry.paper = add_paper(
                case, kind=entry.kind, name=parts_of(entry.path.reveal())[-1], stream=io.BytesIO(content),
                by=archive.uploaded_by, at=at,
            )
    except (ClaimsRefused, IntakeRefused) as refused:
        entry.outcome = {_TWICE: PaperOutcome.DOUBLED, _SIZE: PaperOutcome.TOO_BIG}.get(refused.code, PaperOutcome.REFUSED)
        entry.code = refused.code
    else:
        entry.outcome = PaperOutcome.ATTACHED
    entry.case = case


def _fail(run: Run, archive: PaperArchive, code: str) -> None:
    """The archive cannot be read; what was attached before stays."""
    with transaction.atomic():
        fault_point("filings.fail_archive.before")
        archive.state, archive.code = ArchiveState.FAILED, code
        archive.save(update_fields=["state", "code"])
        _record("claim_file.archive_failed", archive, code=code)
        run.advance()
        fault_point("filings.fail_archive.after")


def _record(verb: str, archive: PaperArchive, **data: Any) -> None:
    subject = archive.claim_file
    events.record(
        verb, subject, by=OPENER, at=timezone.now(), organization=subject.organization, region_code=subject.region_code,
        program_id=subject.program_id, data={"archive": archive.pk, **data},
    )
