"""The verbs of one kind of import, as the buttons of its pages call them: a room gives its template and its job kinds.

A room whose verbs ask for more (the roster's time of enrollment, say) overrides them with its own actions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, BinaryIO

from accounts.models import User
from intake import actions
from intake.actions.mending import columns_left
from intake.models import File, Kind
from intake.template import Template
from jobs.actions import enqueue


class Desk:
    """`template_of` an import; `check`, `apply` and `undo`: the kinds of the jobs that do the work."""

    def __init__(
        self, template_of: Callable[[Any], Template], *, check: str, apply: str, undo: str = ""
    ) -> None:
        self.template_of = template_of
        self._check, self._apply, self._undo = check, apply, undo

    def upload(
        self, subject: Any, files: Sequence[tuple[str, BinaryIO]], *, ask_sheets: bool = False, by: User, at: datetime
    ) -> Any:
        """Keep the files of a new import and start its check. `files`: (name, stream).

        `ask_sheets`: a workbook of several sheets waits for a person who chooses among them.
        """
        kept = self._kept(subject, files, sheets=[] if ask_sheets else None, by=by, at=at)
        return actions.receive(
            subject, files=kept, template=self.template_of(subject), enqueue=self._queue(self._check, by=by, at=at), by=by, at=at
        )

    def submit(self, subject: Any, *, by: User, at: datetime) -> Any:
        """Hand a checked import to a second person."""
        return actions.submit(subject, template=self.template_of(subject), by=by, at=at)

    def approve(self, subject: Any, *, digest: str, by: User, at: datetime) -> Any:
        """Approve exactly what was looked at, and start to apply it."""
        return actions.approve(
            subject, digest=digest, template=self.template_of(subject), enqueue=self._queue(self._apply, by=by, at=at), by=by,
            at=at,
        )

    def refuse(self, subject: Any, *, reason: str, by: User, at: datetime) -> Any:
        """Send it back."""
        return actions.refuse(subject, reason=reason, template=self.template_of(subject), by=by, at=at)

    def withdraw(self, subject: Any, *, reason: str, by: User, at: datetime) -> Any:
        """Take it back before it is approved."""
        return actions.withdraw(subject, reason=reason, template=self.template_of(subject), by=by, at=at)

    def words_offered(self, subject: Any) -> Mapping[str, Any]:
        """By kind what an unknown word may stand for: the columns that no heading names yet."""
        return {Kind.HEADING.value: {column.key for column in columns_left(subject, self.template_of(subject))}}

    def map_words(self, subject: Any, *, words: Sequence[actions.Said], by: User, at: datetime) -> Any:
        """Remember for the office what words mean, and check the import anew."""
        return actions.map_words(
            subject, words=words, offered=self.words_offered(subject), template=self.template_of(subject),
            enqueue=self._queue(self._check, by=by, at=at), by=by, at=at,
        )

    def choose_sheets(
        self, subject: Any, *, choices: Sequence[tuple[File, Sequence[str]]], by: User, at: datetime
    ) -> Any:
        """Read these sheets of these files, and check the import anew."""
        return actions.choose_sheets(
            subject, choices=choices, template=self.template_of(subject), enqueue=self._queue(self._check, by=by, at=at), by=by,
            at=at,
        )

    def add_files(self, subject: Any, files: Sequence[tuple[str, BinaryIO]], *, by: User, at: datetime) -> Any:
        """Further files join an import under review. `files`: (name, stream)."""
        kept = self._kept(subject, files, sheets=None, by=by, at=at)
        return actions.add_files(
            subject, files=kept, template=self.template_of(subject), enqueue=self._queue(self._check, by=by, at=at), by=by, at=at
        )

    def take_out_file(self, subject: Any, *, file: File, by: User, at: datetime) -> Any:
        """Go on without a file that cannot be read."""
        return actions.take_out_file(
            subject, file=file, template=self.template_of(subject), enqueue=self._queue(self._check, by=by, at=at), by=by, at=at
        )

    def confirm_unusual(self, subject: Any, *, by: User, at: datetime) -> Any:
        """Say that what is unusual about an import is meant."""
        return actions.confirm_unusual(subject, template=self.template_of(subject), by=by, at=at)

    def request_undo(self, subject: Any, *, reason: str, by: User, at: datetime) -> Any:
        """Ask a second person to undo an applied import."""
        return actions.request_undo(subject, reason=reason, template=self.template_of(subject), by=by, at=at)

    def approve_undo(self, subject: Any, *, by: User, at: datetime) -> Any:
        """Let the undo begin."""
        return actions.approve_undo(
            subject, template=self.template_of(subject), enqueue=self._queue(self._undo, by=by, at=at), by=by, at=at
        )

    def turn_down_undo(self, subject: Any, *, reason: str, by: User, at: datetime) -> Any:
        """Leave the import as it is applied."""
        return actions.turn_down_undo(subject, reason=reason, template=self.template_of(subject), by=by, at=at)

    def _kept(
        self, subject: Any, files: Sequence[tuple[str, BinaryIO]], *, sheets: Sequence[str] | None, by: User, at: datetime
    ) -> list[File]:
        return [
            actions.receive_file(stream, name=name, organization=subject.organization, sheets=sheets, by=by, at=at)
            for name, stream in files
        ]

    def _queue(self, kind: str, *, by: User, at: datetime) -> Callable[[Any], Any]:
        return lambda subject: enqueue_for(kind, subject, self.template_of(subject), by=by, at=at)


def enqueue_for(kind: str, subject: Any, template: Template, *, by: User, at: datetime) -> Any:
    """Queue a job about an import, in the caller's transaction: its one argument is the import, by `template.import_key`."""
    return enqueue(
        kind, arguments={template.import_key: subject.pk}, subject=subject, organization=subject.organization,
        region_code=subject.region_code, program_id=template.program_id_of(subject), by=by, at=at,
        total=subject.row_count or None,
    )
