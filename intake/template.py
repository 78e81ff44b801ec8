"""The contract between the engine and a room whose things come in by files; no person and no program is known here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

import polars as pl
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.sealing import Unsealed
from intake import checks
from intake.checks import Checked, Context
from intake.columns import Column
from intake.errors import IntakeRefused
from intake.findings import FileFinding, Verdict
from intake.framing import Cells
from intake.models import Chunk, Import, StagedRow

ROWS_PER_CHUNK = 40_000
#: Verdicts whose rows do something when they are applied.
APPLICABLE = (Verdict.NEW, Verdict.CHANGED, Verdict.UNCHANGED)


@dataclass(frozen=True)
class Compared:
    """`frame`: one row per row of the file, with `verdict` (UInt8) and a column per plain name of `Template.staged`.

    `sealed`: index values and tokens or what becomes them, by the other names of `Template.staged`, in the order of the rows.
    `findings` are those of the checks and what the comparison added, in the shape of `checks.FINDING_SCHEMA`.
    `tally`: what the template counts of these rows, as JSON keeps it: kept with the chunk, so that the whole is summed
    from the chunks and no page reads the rows.
    """

    frame: pl.DataFrame
    sealed: Mapping[str, Cells | Unsealed]
    findings: pl.DataFrame
    tally: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Applied:
    """What one chunk did."""

    rows: int
    set_aside: int


@dataclass(frozen=True)
class Undone:
    """What the undo of one chunk did: rows undone whole, and by reason rows of which something stays.

    `facts`: what the template tells of it in the chunk's event.
    """

    rows: int
    kept: Mapping[str, int]
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Unusual:
    """Something about an import that waits for a person who says that it is meant: `rows` of `limit` that are allowed."""

    code: str
    rows: int
    limit: int

    def __str__(self) -> str:
        return str(UNUSUAL[self.code]) % {"rows": f"{self.rows:,}", "limit": f"{self.limit:,}"}


UNUSUAL: dict[str, Promise] = {
    "MANY_REPEATED": _(
        "%(rows)s rows repeat another row or are covered already, half of the file or more: is it the right file?"
    ),
    "MANY_CHANGED": _(
        "%(rows)s rows change what is registered of known people, more than the usual %(limit)s: are the columns right?"
    ),
    "MANY_LEFT_OUT": _("%(rows)s of %(limit)s people would be left out, half of them or more: is this meant?"),
}

_SHORT: dict[str, Promise] = {
    "MANY_REPEATED": _("many repeated rows"), "MANY_CHANGED": _("many changes of known people"),
    "MANY_LEFT_OUT": _("many people left out"),
}


def reasons_in_words(codes: str) -> str:
    """Codes of what is unusual, as an event keeps them, in a reader's words."""
    return "、".join(str(_SHORT.get(code, code)) for code in codes.split(", "))


class Template(ABC):
    """How one kind of file becomes rows of one room. Stateless: what it needs is in the context, made once per job."""

    key: ClassVar[str]
    title: ClassVar[str | Promise]
    import_model: ClassVar[type[Import]]
    row_model: ClassVar[type[StagedRow]]
    chunk_model: ClassVar[type[Chunk]]
    #: Name of the foreign key from rows and chunks to the import.
    import_key: ClassVar[str]
    columns: ClassVar[tuple[Column, ...]]
    #: Columns by which a row repeats an earlier one of the same import.
    unique_by: ClassVar[tuple[str, ...]]
    #: Further staged columns, by their database names, plain and sealed.
    staged: ClassVar[tuple[str, ...]]
    #: Staged only where a chunk has any, and part of its digest only then: a file without is as if there were none. The first
    #: is filled in every row that has another.
    staged_beside: ClassVar[tuple[str, ...]] = ()
    #: Further groups of such columns, each by itself: rows of one need nothing of another.
    further_beside: ClassVar[tuple[tuple[str, ...], ...]] = ()
    #: A chunk has no more; less than the engine's where files are so small that connections side by side would wait for one chunk.
    rows_per_chunk: ClassVar[int] = ROWS_PER_CHUNK
    #: Purpose of the data keys that seal what staging keeps.
    purpose: ClassVar[str]
    #: From this share of repeated rows on, and above this many changes of known people, a person must confirm an import.
    repeated_share: ClassVar[float] = 0.5
    changed_limit: ClassVar[int] = 500
    #: Fewer rows than this are seen at a glance.
    unusual_from: ClassVar[int] = 20

    @abstractmethod
    def context(self, subject: Any, *, at: datetime) -> Any:
        """What checks and comparison measure against; has `.checks` (an intake Context) and `.program_code`."""

    def check(self, frame: pl.DataFrame, context: Any) -> Checked:
        """Cleaned rows and findings."""
        return checks.check(frame, self.columns, self.checks_of(context))

    def hold(self, context: Any) -> None:  # noqa: B027 - nothing to hold by default
        """Keep what the context was made of as it is to the end of the transaction; TermsMoved when it is not any more.

        Called first in the transaction that stages or applies a chunk.
        """

    def checks_of(self, context: Any) -> Context:
        """The part of the context that the checks read."""
        found: Context = context.checks
        return found

    @abstractmethod
    def compare(self, checked: Checked, context: Any) -> Compared:
        """Verdicts against what is known, and the columns to stage."""

    def compare_all(self, run: Any, subject: Any, context: Any) -> None:  # noqa: B027 - each line by itself by default
        """Compare rows with one another once all are staged: in transactions of its own, resumable, under the run's lease."""

    def make_rows(self, run: Any, subject: Any, context: Any) -> bool:
        """Stage the rows of an import that has no files, chunk by chunk, resumable; False where files hold them."""
        return False

    @abstractmethod
    def preview_money(self, subject: Any, context: Any) -> dict[str, Any]:
        """What approving the whole would cost whom."""

    def remember_decisions(self, subject: Any, number: int) -> None:  # noqa: B027 - nothing is decided by default
        """Keep what people decided about the rows of a chunk that is removed to be checked anew; in that transaction."""

    def decide_again(self, subject: Any, *, at: datetime) -> dict[str, int]:
        """Bring back what was decided about rows that read as they did: {"kept": rows, "open": rows}, or nothing.

        In the transaction that opens the review, before anything of the rows is counted.
        """
        return {}

    def renew_declarations(self, subject: Any) -> None:  # noqa: B027 - nothing is declared by default
        """Bring what people declared about the whole import up to rows that were checked since.

        In the transaction that opens the review, before the digest is made.
        """

    def reason_to_close(self, subject: Any, *, at: datetime) -> FileFinding | None:
        """The finding for which a checked import is closed unread, with every row."""
        return None

    def does_something(self, subject: Any) -> bool:
        """Whether approving a checked import has an effect."""
        return any(subject.verdict_count(verdict) for verdict in APPLICABLE)

    def unusual(self, subject: Any) -> list[Unusual]:
        """What about a checked import waits for a person's confirmation before it can be submitted."""
        found = []
        rows = subject.row_count - subject.verdict_count(Verdict.REPLACED)
        repeated = subject.counts.get("codes", {}).get("DUP_IN_FILE", 0) + subject.verdict_count(Verdict.COVERED)
        if rows >= self.unusual_from and repeated >= rows * self.repeated_share:
            found.append(Unusual("MANY_REPEATED", repeated, rows))
        changed = subject.verdict_count(Verdict.CHANGED)
        if changed > self.changed_limit:
            found.append(Unusual("MANY_CHANGED", changed, self.changed_limit))
        return found

    @abstractmethod
    def reserve(self, subject: Any, *, by: Any, at: datetime) -> None:
        """Hold the money of the whole import, or refuse; in the transaction of the approval."""

    def reserve_by_priority(self, subject: Any, *, expected: Sequence[Any] | None, by: Any, at: datetime) -> None:
        """Hold what the budgets carry, whole groups in the template's own order, never by the order of lines.

        In the transaction of the approval; what is left out is set aside when its chunk is applied. `expected`: the
        groups that the approver saw left out, None for whatever they are. A template without an order refuses.
        """
        raise IntakeRefused("WHOLE_ONLY")

    @abstractmethod
    def release(self, subject: Any, *, at: datetime) -> None:
        """Give back what was held and not used; in the transaction that ends the import."""

    @abstractmethod
    def apply_chunk(self, subject: Any, chunk: Chunk, *, context: Any, at: datetime) -> Applied:
        """Make the rows of one chunk real, set-wise, in the caller's transaction."""

    def finish_undo(self, subject: Any, *, at: datetime) -> None:  # noqa: B027 - nothing beyond the chunks by default
        """Take back what the import did as a whole; in the transaction that ends its undo."""

    @abstractmethod
    def undo_chunk(self, subject: Any, chunk: Chunk, *, context: Any, at: datetime) -> Undone:
        """Take back what one applied chunk made, set-wise, in the caller's transaction.

        Each row that was applied gets one outcome: undone, or a reason in `kept`. Money goes back with it, once.
        """

    @abstractmethod
    def kept_in_words(self, code: str) -> str:
        """Why an undo left something of a row, for people."""

    @abstractmethod
    def terms_of(self, subject: Any) -> Sequence[str]:
        """What the digest binds the rows to: plan version, period, ... ; plain text, no person."""

    @abstractmethod
    def same_terms(self, subject: Any) -> models.QuerySet:
        """Imports in which the same content would be a repetition: of the same program, say."""

    @abstractmethod
    def program_id_of(self, subject: Any) -> int | None:
        """The program, for events."""

    def column(self, key: str) -> Column:
        """A column by its key."""
        return next(column for column in self.columns if column.key == key)

    def rows_of(self, subject: Any) -> models.QuerySet:
        """Staged rows of an import."""
        return self.row_model._default_manager.filter(**{self.import_key: subject})

    def chunks_of(self, subject: Any) -> models.QuerySet:
        """Chunks of an import in their order."""
        return self.chunk_model._default_manager.filter(**{self.import_key: subject}).order_by("number")

    def files_of(self, subject: Any) -> Sequence[Any]:
        """Files of an import in the order of their upload."""
        return list(subject.files.order_by("pk"))
