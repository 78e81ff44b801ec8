"""What came in is mended on the review page: words are said, sheets chosen, files added or taken out; then it is checked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from accounts.models import User
from audit import events
from audit.faults import fault_point
from intake.actions.review import locked, record, refuse_known_content, refuse_twice
from intake.errors import IntakeRefused
from intake.models import File, Kind, State, WordMapping
from intake.template import Template
from intake.wording import fold_word, standing

#: States in which what came in can still be mended; nobody but its own office has judged it yet.
MENDABLE = (State.REVIEW, State.FAILED)
#: Findings that fail a file and that a person mends here.
MENDED_HERE = frozenset({"HEADER_MISSING", "CHOOSE_SHEET"})
FILES_AT_MOST = 50


class Said(NamedTuple):
    """What a person says of a word: its kind, the word as the page showed it, what it stands for."""

    kind: str
    word: str
    target: str


def words_asked(subject: Any) -> dict[str, dict[str, Any]]:
    """The unknown words of an import by kind: headings with masked cells below them, values with their rows."""
    unknown = subject.counts.get("unknown", {})
    found = {kind: unknown[kind] for kind in (Kind.CATEGORY.value, Kind.REGION.value) if unknown.get(kind)}
    headings = subject.counts.get("headings", {}).get(Kind.HEADING.value)
    return ({Kind.HEADING.value: headings} if headings else {}) | found


def columns_left(subject: Any, template: Template) -> list[Any]:
    """The columns that no heading of the file names yet, as far as they are known."""
    taken = set(subject.counts.get("headings", {}).get("taken", ()))
    return [column for column in template.columns if column.key not in taken]


def map_words(
    subject: Any, *, words: Sequence[Said], offered: Mapping[str, Collection[str]], template: Template,
    enqueue: Callable[[Any], Any], by: User, at: datetime,
) -> Any:
    """Remember for the import's office what words stand for, and check the import anew.

    `offered`: by kind what a word may stand for. Saying the same again changes nothing that is remembered.
    """
    with transaction.atomic():
        subject = _mendable(subject, template)
        asked = words_asked(subject)
        if not words:
            raise IntakeRefused("NOTHING_SAID")
        for said in words:
            if said.word not in asked.get(said.kind, {}):
                raise IntakeRefused("NOT_ASKED")
            if said.target not in offered.get(said.kind, ()):
                raise IntakeRefused("NOT_OFFERED")
        columns = [said.target for said in words if said.kind == Kind.HEADING]
        if len(columns) != len(set(columns)):
            raise IntakeRefused("COLUMN_TWICE")
        known = standing(subject.organization_id, template.key)
        for said in words:
            _remember(subject, said, known, template, by=by, at=at)
        return _check_anew(
            subject, template, "words_mapped", enqueue=enqueue, by=by, at=at, data={"words": len(words)}
        )


def _remember(
    subject: Any, said: Said, known: Mapping[str, Mapping[str, str]], template: Template, *, by: User, at: datetime
) -> None:
    word = fold_word(said.kind, said.word)
    before = known[said.kind].get(word)
    if before == said.target:
        return
    if before is not None:
        _ended(WordMapping.objects.filter(
            organization=subject.organization, template=template.key, kind=said.kind, word=word, ended_at=None
        ), by=by, at=at)  # fmt: skip
    fault_point("intake.map_word.before")
    made = WordMapping.objects.create(
        organization=subject.organization, template=template.key, kind=said.kind, word=word, target=said.target,
        made_by=by, made_at=at,
    )
    events.record(
        "word.mapped", made, by=by, at=at, organization=subject.organization, region_code=subject.region_code,
        data={"target": said.target},
    )
    fault_point("intake.map_word.after")


def end_mapping(mapping: WordMapping, *, by: User, at: datetime) -> WordMapping:
    """Forget what a word stands for: files that are checked from now on do not read it any more."""
    with transaction.atomic():
        found = WordMapping.objects.select_for_update().filter(pk=mapping.pk, ended_at=None)
        if not _ended(found, by=by, at=at):
            raise IntakeRefused("MAPPING_ENDED")
    mapping.refresh_from_db()
    return mapping


def _ended(mappings: Any, *, by: User, at: datetime) -> int:
    ended = list(mappings.select_related("organization"))
    for each in ended:
        each.ended_by, each.ended_at = by, at
        each.save(update_fields=["ended_by", "ended_at"])
        events.record(
            "word.ended", each, by=by, at=at, organization=each.organization,
            region_code=each.organization.region_code, data={"target": each.target},
        )
    return len(ended)


def choose_sheets(
    subject: Any, *, choices: Sequence[tuple[File, Sequence[str]]], template: Template, enqueue: Callable[[Any], Any],
    by: User, at: datetime,
) -> Any:
    """Read these sheets of some of the import's files and no other ones, and check the import anew."""
    with transaction.atomic():
        subject = _mendable(subject, template)
        for file, sheets in choices:
            kept = subject.files.select_for_update(of=("self",)).filter(pk=file.pk).first()
            known = [sheet["name"] for sheet in subject.counts.get("sheets", {}).get(str(file.pk), [])]
            chosen = [name for name in known if name in sheets]
            if kept is None or not chosen or len(chosen) != len(set(sheets)):
                raise IntakeRefused("NO_SHEET")
            kept.sheets = chosen
            fault_point("intake.choose_sheets.before")
            kept.save(update_fields=["sheets"])
        if not choices:
            raise IntakeRefused("NO_SHEET")
        return _check_anew(
            subject, template, "sheets_chosen", enqueue=enqueue, by=by, at=at,
            data={"sheets": sum(len(set(sheets)) for _file, sheets in choices)},
        )


def add_files(
    subject: Any, *, files: Sequence[File], template: Template, enqueue: Callable[[Any], Any], by: User, at: datetime
) -> Any:
    """Further files join an import under review. What is staged stays; only the new files' rows are staged."""
    with transaction.atomic():
        subject = locked(subject, template, State.REVIEW)
        refuse_twice(files)
        if subject.files.count() + len(files) > FILES_AT_MOST:
            raise IntakeRefused("FILES_AT_MOST", files=FILES_AT_MOST)
        for file in sorted(files, key=lambda file: file.sha256):
            refuse_known_content(subject, file, template)
        fault_point("intake.add_files.before")
        subject.files.add(*files)
        # As if a check of all files had been stopped after those that are staged: it goes on.
        subject.state = State.CHECKING
        return _saved(subject, template, "files_added", enqueue=enqueue, by=by, at=at, data={"files": len(files)})


def take_out_file(
    subject: Any, *, file: File, template: Template, enqueue: Callable[[Any], Any], by: User, at: datetime
) -> Any:
    """Go on without a file that cannot be read; the others are checked anew."""
    with transaction.atomic():
        subject = locked(subject, template, State.FAILED)
        unreadable = {found for found, _code, _extra, _sheet in subject.file_findings}
        if file.pk not in unreadable or subject.files.count() < 2:
            raise IntakeRefused("FILE_STAYS")
        for other in subject.files.exclude(pk=file.pk).order_by("sha256"):
            refuse_known_content(subject, other, template)
        fault_point("intake.take_out_file.before")
        subject.files.remove(file)
        return _check_anew(subject, template, "file_taken_out", enqueue=enqueue, by=by, at=at, data={"file": file.name})


def _mendable(subject: Any, template: Template) -> Any:
    """The import, locked; one that failed must have failed for what is mended here, and stand nowhere else by now."""
    subject = locked(subject, template, *MENDABLE)
    if subject.state == State.FAILED:
        if not MENDED_HERE & {code for _file, code, _extra, _sheet in subject.file_findings}:
            raise IntakeRefused("STATE", state=subject.get_state_display())
        for file in subject.files.order_by("sha256"):
            refuse_known_content(subject, file, template)
    return subject


def _check_anew(
    subject: Any, template: Template, verb: str, *, enqueue: Callable[[Any], Any], by: User, at: datetime,
    data: Mapping[str, Any],
) -> Any:
    """Back to the beginning: what was staged counts no more, and is removed by the job."""
    subject.state, subject.digest, subject.confirmed_digest = State.RECEIVED, "", ""
    subject.row_count, subject.counts, subject.money, subject.file_findings = 0, {}, {}, []
    return _saved(subject, template, verb, enqueue=enqueue, by=by, at=at, data=data)


def _saved(
    subject: Any, template: Template, verb: str, *, enqueue: Callable[[Any], Any], by: User, at: datetime,
    data: Mapping[str, Any],
) -> Any:
    fault_point(f"{template.key}.{verb}.before")
    subject.save()
    record(verb, subject, template, by=by, at=at, data=dict(data))
    enqueue(subject)
    fault_point(f"{template.key}.{verb}.after")
    return subject


def confirm_unusual(subject: Any, *, template: Template, by: User, at: datetime) -> Any:
    """Say that what is unusual about an import is meant, of exactly the rows that were looked at."""
    with transaction.atomic():
        subject = locked(subject, template, State.REVIEW)
        reasons = template.unusual(subject)
        if not reasons:
            raise IntakeRefused("NOTHING_UNUSUAL")
        subject.confirmed_digest = subject.digest
        fault_point(f"{template.key}.confirm.before")
        subject.save(update_fields=["confirmed_digest"])
        record(
            "confirmed", subject, template, by=by, at=at,
            data={"reasons": ", ".join(reason.code for reason in reasons), "digest": subject.digest[:12]},
        )
        fault_point(f"{template.key}.confirm.after")
    return subject
