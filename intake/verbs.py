"""What the events of any import say to people, for rooms whose import has no sentences of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit import events
from intake import findings, wording
from intake.models import Kind
from intake.template import Template, reasons_in_words

_SENTENCES: dict[str, Promise] = {
    "received": _("%(files)d file(s) were uploaded."),
    "checked": _("The check has ended: %(rows)d rows, %(refused)d refused."),
    "failed": _("The file could not be read (%(codes)s)."),
    "closed": _("It was closed unread (%(code)s)."),
    "submitted": _("It was submitted for approval."),
    "approved": _("It was approved."),
    "refused": _("It was sent back: %(reason)s"),
    "withdrawn": _("It was withdrawn: %(reason)s"),
    "chunk_applied": _("Part %(chunk)d was applied: %(rows)d rows took effect, %(set_aside)d set aside."),
    "applied": _("It is applied: %(rows)d rows took effect, %(set_aside)d set aside."),
    "undo_requested": _("Its undo was requested: %(reason)s"),
    "undo_approved": _("Its undo was approved."),
    "undo_turned_down": _("Its undo was turned down: %(reason)s"),
    "chunk_undone": _("Part %(chunk)d was undone: %(rows)d rows; of %(kept)d rows something stays."),
    "undone": _("It is undone: %(rows)d rows undone, of %(kept)d rows something stays."),
    "words_mapped": _("%(words)d words were given a meaning; it is checked again."),
    "sheets_chosen": _("%(sheets)d sheets were chosen; it is checked again."),
    "files_added": _("%(files)d file(s) were added."),
    "file_taken_out": _("The file %(file)s was left out; the others are checked again."),
    "confirmed": _("What is unusual was confirmed (%(reasons)s)."),
    "refused_rows_downloaded": _("%(rows)d refused rows were downloaded (%(format)s)."),
}
_WORDS: dict[str, Callable[[Mapping[str, Any]], Mapping[str, str]]] = {
    "failed": lambda data: {"codes": findings.causes_in_words(data["codes"])},
    "closed": lambda data: {"code": findings.causes_in_words(data["code"])},
    "confirmed": lambda data: {"reasons": reasons_in_words(data["reasons"])},
}


def register_import(template: Template) -> None:
    """The sentences of an import's events, and its columns as what words of its files may mean; from a room's `ready()`."""
    key = template.key
    events.register_verbs({f"{key}.{verb}": sentence for verb, sentence in _SENTENCES.items()})
    events.register_words({f"{key}.{verb}": words for verb, words in _WORDS.items()})

    def names(targets: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
        labels = {column.key: str(column.label) for column in template.columns}
        return {(kind, target): labels[target] for kind, target in targets if kind == Kind.HEADING and target in labels}

    wording.register_targets(key, names)
