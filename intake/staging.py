"""The engine's first half: files read, checked, compared and staged in chunks, each chunk one transaction."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl
from django.db import connection, transaction
from psycopg import sql

from audit import events, keys, sealing
from audit.faults import fault_point
from intake import said, storage, wording
from intake.abreast import HERE, Behind, one_behind
from intake.checks import FINDING_SCHEMA, Checked, DuplicateFinder, refuse_duplicates
from intake.closing import close, fail, remove_unread
from intake.copying import FRAME_SIZE, Framed, copied_out, copy_framed, framed
from intake.correcting import Correction, named_corrections, replace_corrected
from intake.findings import Verdict
from intake.models import File, Kind, State
from intake.readers import FileRefused, RawChunk, Several, Table, open_table
from intake.readers.seen import SheetSeen
from intake.template import ROWS_PER_CHUNK, Template
from intake.unstaging import remove_staged

_GENERIC = ("id", "file_id", "sheet", "line", "chunk", "verdict", "codes", "findings", "raw", "set_aside")
_MUTABLE = frozenset({"set_aside"})
#: Columns by which staged rows are joined and counted; statistics of the others would cost more than they help.
_ANALYZED = ("chunk", "verdict", "set_aside")


def stage(run: Any, subject: Any, template: Template, *, at: datetime) -> None:
    """Check and stage the files of an import; goes on after the last chunk that was committed.

    From `received` on it begins anew: what an earlier check staged is removed first. Ends in `review`, or in `failed`
    with the findings of a file that cannot be read.
    """
    found = template.import_model._default_manager.get(pk=subject.pk)
    if found.state == State.RECEIVED:
        remove_staged(run, found, template)
    with transaction.atomic():
        subject = template.import_model._default_manager.select_for_update().get(pk=subject.pk)
        waits = subject.state in (State.RECEIVED, State.CHECKING)
        if waits:
            fault_point("intake.start_staging.before")
            subject.state = State.CHECKING
            subject.save(update_fields=["state"])
            run.advance()
            fault_point("intake.start_staging.after")
    fault_point("intake.start_staging.committed")
    if not waits:
        # Ended by a run that was killed before it had removed everything.
        remove_unread(run, subject, template)
        return
    words = wording.standing(subject.organization_id, template.key, at=run.job.created_at)
    context = wording.knowing(template.context(subject, at=at), words)
    marks = wording.marks(subject.organization_id, template.key, at=run.job.created_at)
    seen = Seen(aliases=words[Kind.HEADING], marks=marks)
    try:
        if not template.make_rows(run, subject, context):
            _stage_files(run, subject, template, context, seen)
    except FileRefused as refused:
        file = seen.file.pk if seen.file is not None else None
        seen.sheets = {str(file): list(refused.seen)}
        fail(run, subject, template, refused, file_id=file, counts=seen.counts(), at=at)
        return
    replace_corrected(
        run, subject, template, seen.corrections, template.files_of(subject), digest_of=chunk_digest
    )
    template.compare_all(run, subject, context)
    _finish(run, subject, template, context, seen, at=at)


@dataclass
class Seen:
    """What the files themselves said: warnings, how their rows are laid out, what their lines correct.

    `aliases`: headings that the office has said; `marks`: all its words, by the mapping that says each. `file`: the one
    that is being read.
    """

    aliases: Mapping[str, str] = field(default_factory=dict)
    marks: wording.Marks = field(default_factory=dict)
    findings: list[Any] = field(default_factory=list)
    layouts: dict[str, Any] = field(default_factory=dict)
    sheets: dict[str, list[SheetSeen]] = field(default_factory=dict)
    corrections: list[Correction] = field(default_factory=list)
    file: File | None = None

    def counts(self) -> dict[str, Any]:
        """What a person needs to choose sheets and to say headings."""
        return {
            "headings": wording.headings_of([sheet for sheets in self.sheets.values() for sheet in sheets]),
            "sheets": {
                file: [{"name": each.name, "rows": each.rows, "hidden": each.hidden, "read": each.read} for each in sheets]
                for file, sheets in self.sheets.items() if len(sheets) > 1
            },
        }


def _stage_files(run: Any, subject: Any, template: Template, context: Any, seen: Seen) -> None:
    """Three chunks at a time, each on a connection of its own: one read and checked, one compared and framed, one written."""
    finder, number, rows = DuplicateFinder(), 0, 0
    counts = list(template.chunks_of(subject).values_list("counts", flat=True))
    # A run that goes on cuts as the one before it did, whatever this release would choose.
    staged, size_of_chunk = len(counts), counts[0]["cut"] if counts else min(ROWS_PER_CHUNK, template.rows_per_chunk)
    files = template.files_of(subject)
    size, before = sum(file.size for file in files), 0
    with sealing.beside(), one_behind() as writing, one_behind() as preparing:

        def prepared_and_written(write: Behind, *given: Any) -> pl.DataFrame:
            ready = _prepared(template, context, subject, *given)
            write.then(_write_chunk, run, subject, template, context, ready)
            return ready.plain.filter(pl.col("verdict") == Verdict.REFUSED).select("sheet", "line")

        for file in files:
            seen.file, chunks = file, []
            finder.open_file(file.pk, file.name)
            source = storage.opened(file.storage_key, file.size)
            with closing(source), closing(_table_of(file, source, template, seen)) as table:
                seen.sheets[str(file.pk)] = list(table.seen)
                seen.layouts[str(file.pk)] = [
                    {"name": sheet.name, "headers": list(sheet.headers), "delimiter": sheet.delimiter}
                    for sheet in table.sheets.values()
                ]
                for raw in table.chunks(rows_per_chunk=size_of_chunk):
                    run.check_stop()
                    rows += len(raw.frame)
                    share = (before + file.size * raw.done / max(raw.total, 1)) / size
                    place = Place(number, rows, max(rows, round(rows / max(share, 1e-9))), size_of_chunk)
                    checked, corrections = _checked(template, context, raw, finder, file)
                    corrections += named_corrections(raw, table.sheets, file, files, seen.layouts)
                    if number < staged:
                        # Staged by an earlier run: only shown to the finder of duplicates, under a lease that goes on.
                        with transaction.atomic():
                            run.advance()
                        refused = preparing.then(_refused_places, template, subject, number)
                    else:
                        used = said.used(raw.frame, table.sheets, template.columns, seen.marks)
                        # The one chunk of a short file has nothing to go on beside.
                        alone = len(files) == 1 and not number and raw.done >= raw.total
                        prepare, write = (HERE, HERE) if alone else (preparing, writing)
                        refused = prepare.then(prepared_and_written, write, checked, raw, file, place, used)
                    chunks.append((corrections, refused))
                    number += 1
                # Some are known at the end only: totals and signatures that were left out, headings repeated.
                seen.findings += [[file.pk, finding.code, finding.extra, finding.sheet] for finding in table.findings]
            places = [refused.result() for _corrections, refused in chunks]
            for (corrections, _refused), refused_places in zip(chunks, places, strict=True):
                seen.corrections += _standing(corrections, refused_places)
            finder.close_file(pl.concat(places))
            before += file.size


def _table_of(file: File, source: Any, template: Template, seen: Seen) -> Table:
    """The file opened as the office and the person have said."""
    several = Several.ASK if file.sheets == [] else Several.ALL
    return open_table(
        source, template.columns, name=file.name, aliases=seen.aliases, sheets=file.sheets or None, several=several
    )


def _refused_places(template: Template, subject: Any, number: int) -> pl.DataFrame:
    """Sheet and line of the refused rows of a chunk that is staged already, replaced ones among them."""
    rows = template.rows_of(subject).filter(chunk=number, verdict__in=(Verdict.REFUSED, Verdict.REPLACED))
    return pl.DataFrame(
        list(rows.values_list("sheet", "line")), schema={"sheet": pl.String, "line": pl.Int32}, orient="row"
    )


def _standing(corrections: list[Correction], refused: pl.DataFrame) -> list[Correction]:
    """Without those that only the person tells and that are refused themselves."""
    if not corrections:
        return []
    places = set(refused.iter_rows())
    return [each for each in corrections if each.named or (each.later[1], each.later[2]) not in places]


@dataclass(frozen=True)
class Place:
    """Where a chunk stands: its number, the rows up to its end, the rows to be expected, at how many rows it was cut."""

    number: int
    rows: int
    total: int
    cut: int


@dataclass(frozen=True)
class Ready:
    """A chunk to be written: its rows, its counts, its place; `plain`: its columns in the clear."""

    plain: pl.DataFrame
    rows: Framed
    counts: dict[str, Any]
    place: Place


def _checked(
    template: Template, context: Any, raw: RawChunk, finder: DuplicateFinder, file: File
) -> tuple[Checked, list[Correction]]:
    """The chunk checked, and the refused lines of earlier files whose people come again."""
    first, *others = template.unique_by
    checked = refuse_duplicates(template.check(raw.frame, context), finder, template.column(first), *others)
    again = finder.corrected(checked.frame, first, *others)
    later = zip(checked.frame["sheet"].gather(again["row"]), checked.frame["line"].gather(again["row"]), strict=True)
    return checked, [
        Correction((earlier, sheet, line), (file.pk, *place), named=False)
        for (_row, earlier, sheet, line), place in zip(again.iter_rows(), later, strict=True)
    ]


def _prepared(
    template: Template, context: Any, subject: Any, checked: Checked, raw: RawChunk, file: File, place: Place,
    used: Mapping[str, int],
) -> Ready:
    """The chunk compared with what is known, sealed, and framed as the staging table has it. `used`: see `said`."""
    compared = template.compare(checked, context)
    sealer = keys.sealer(
        raw_name(template), purpose=template.purpose, program_code=context.program_code, year=context.year
    )
    found = _by_row(compared.findings)
    names = [name for name in template.staged if name not in compared.sealed]
    plain = (
        compared.frame.select("row", "sheet", "line", "verdict", *names)
        .join(found, on="row", how="left", maintain_order="left")
        .drop("row")
        .with_columns(pl.col("codes").fill_null(pl.lit([], pl.List(pl.String))))
    )
    same = {"file_id": file.pk, "chunk": place.number, "set_aside": "", f"{template.import_key}_id": subject.pk}
    counts: dict[str, Any] = {
        "verdicts": {str(verdict): count for verdict, count in sorted(Counter(plain["verdict"].to_list()).items())},
        "codes": dict(sorted(Counter(compared.findings["code"].to_list()).items())),
        "tally": dict(compared.tally),
        "unknown": wording.count_unknown(compared.findings),
        "cut": place.cut, **({"said": dict(used)} if used else {}),
    }
    sealed = {"raw": sealer.later(raw.frame["raw"].to_list()), **compared.sealed}
    rows = framed(template.row_model._meta.db_table, plain, sealed, same=same)
    # Sealed and framed while the chunk before is written: one chunk more in memory, and the server never waits for it.
    return Ready(plain, Framed(rows.statement, list(rows.pieces)), counts, place)


def _write_chunk(run: Any, subject: Any, template: Template, context: Any, ready: Ready) -> None:
    """One transaction: the rows, their chunk with its digest, the job's progress."""
    place = ready.place
    with transaction.atomic():
        template.hold(context)
        fault_point("intake.stage_chunk.before")
        copy_framed(ready.rows)
        fault_point("intake.stage_chunk.copied")
        template.chunk_model._default_manager.create(
            **{template.import_key: subject}, number=place.number, rows=len(ready.plain), counts=ready.counts,
            digest=chunk_digest(template, subject.pk, place.number),
        )
        run.advance(done=place.rows, total=place.total)
        fault_point("intake.stage_chunk.after")
    fault_point("intake.stage_chunk.committed")


def raw_name(template: Template) -> str:
    """The logical name under which whole lines are sealed."""
    return f"{template.key}.raw"


def _by_row(findings: pl.DataFrame) -> pl.DataFrame:
    """`codes` as a list and `findings` as JSON, one row per row with findings."""
    if findings.is_empty():
        return pl.DataFrame(schema={"row": FINDING_SCHEMA["row"], "codes": pl.List(pl.String), "findings": pl.String})
    return findings.group_by("row", maintain_order=True).agg(
        pl.col("code").unique(maintain_order=True).alias("codes"),
        (
            pl.lit("[")
            + pl.struct("column", "code", "severity", "value_masked", "extra").struct.json_encode().str.join(",")
            + pl.lit("]")
        ).first().alias("findings"),
    )


_ROWS = "SELECT {columns} FROM {table} WHERE {key} = {subject} AND chunk = {chunk} ORDER BY id"


def chunk_digest(template: Template, subject_id: int, number: int) -> str:
    """SHA-256 (hex) over the chunk's rows as the database keeps them, in the order of their ids.

    Asked again before the chunk is applied: whatever was changed after the approval, by whatever way, shows. The server
    sends the rows as COPY does, the hash is made here: twenty times as fast as the server's own.
    """
    names = [name for name in (*_GENERIC, *template.staged) if name not in _MUTABLE]
    statement = sql.SQL(_ROWS).format(
        columns=sql.SQL(", ").join(map(sql.Identifier, names)), table=sql.Identifier(template.row_model._meta.db_table),
        key=sql.Identifier(f"{template.import_key}_id"), subject=sql.Literal(subject_id), chunk=sql.Literal(number),
    )
    whole = hashlib.sha256()
    for part in copied_out(statement):
        whole.update(part)
    for group in (template.staged_beside, *template.further_beside):
        if group:
            _digest_beside(whole, template, group, subject_id, number)
    return whole.hexdigest()


_ROWS_BESIDE = """
SELECT {columns} FROM {table} WHERE {key} = {subject} AND chunk = {chunk} AND {first} IS NOT NULL ORDER BY id
"""


def _digest_beside(whole: Any, template: Template, group: Sequence[str], subject_id: int, number: int) -> None:
    """And columns that are staged beside, of the rows that have any; without such rows the digest stays as it is."""
    statement = sql.SQL(_ROWS_BESIDE).format(
        columns=sql.SQL(", ").join(map(sql.Identifier, ("id", *group))),
        table=sql.Identifier(template.row_model._meta.db_table), key=sql.Identifier(f"{template.import_key}_id"),
        subject=sql.Literal(subject_id), chunk=sql.Literal(number), first=sql.Identifier(group[0]),
    )
    parts = list(copied_out(statement))
    if sum(map(len, parts)) > FRAME_SIZE:
        for part in parts:
            whole.update(part)


def import_digest(template: Template, subject: Any) -> str:
    """SHA-256 (hex) over the chunks' digests and what binds them to their terms."""
    whole = hashlib.sha256()
    for line in template.terms_of(subject):
        whole.update(f"{line}\n".encode())
    for digest in template.chunks_of(subject).values_list("digest", flat=True):
        whole.update(digest.encode())
    return whole.hexdigest()


def _finish(run: Any, subject: Any, template: Template, context: Any, seen: Seen, *, at: datetime) -> None:
    """Open the review, or close what nobody may see."""
    with connection.cursor() as cursor:
        # A table filled by COPY has no statistics yet; plans made without them fall into nested loops.
        columns = sql.SQL(", ").join(map(sql.Identifier, (f"{template.import_key}_id", *_ANALYZED)))
        cursor.execute(
            sql.SQL("ANALYZE {} ({})").format(sql.Identifier(template.row_model._meta.db_table), columns)
        )
    with transaction.atomic():
        subject = template.import_model._default_manager.select_for_update().get(pk=subject.pk)
        if subject.state != State.CHECKING:
            return
        closed = template.reason_to_close(subject, at=at)
        if closed is not None:
            close(run, subject, template, closed, at=at)
        else:
            _open_review(run, subject, template, context, seen, at=at)
    fault_point("intake.finish_staging.committed")
    if closed is not None:
        remove_unread(run, subject, template)


def _open_review(run: Any, subject: Any, template: Template, context: Any, seen: Seen, *, at: datetime) -> None:
    """The counts, the money and the digest of a checked import, in the caller's transaction."""
    again = template.decide_again(subject, at=at)
    chunks = list(template.chunks_of(subject))
    subject.row_count = sum(chunk.rows for chunk in chunks)
    subject.counts = {
        **{kind: summed(chunk.counts[kind] for chunk in chunks) for kind in ("verdicts", "codes")},
        "unknown": wording.add_up(chunk.counts.get("unknown", {}) for chunk in chunks), **seen.counts(),
        **({"decisions": again} if again else {}), **({"said": used} if (used := said.summed(chunks)) else {}),
    }
    subject.file_findings, subject.layouts = seen.findings, seen.layouts
    subject.money = template.preview_money(subject, context)
    fault_point("intake.finish_staging.before")
    template.renew_declarations(subject)
    subject.digest = import_digest(template, subject)
    subject.state = State.REVIEW
    subject.save()
    events.record(
        f"{template.key}.checked", subject, by="system:intake", at=at, organization=subject.organization,
        region_code=subject.region_code, program_id=template.program_id_of(subject),
        data={
            "rows": subject.row_count, "refused": subject.verdict_count(Verdict.REFUSED),
            "digest": subject.digest[:12],
        },
    )
    run.advance(done=subject.row_count, total=subject.row_count)
    fault_point("intake.finish_staging.after")


def summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Counts of one kind put together."""
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return dict(sorted(total.items()))
