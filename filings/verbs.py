"""What the room's events say to people, beside those of any import."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from claims.errors import ClaimsRefused
from filings.meanings import PROBLEMS
from filings.models import LineDecision
from intake.errors import IntakeRefused
from programs.rules.paper_files import LIMIT

#: What sentences of refusals name, where only their code is kept.
_FACTS = {"megabytes": LIMIT // 1_000_000, "found": "…", "day": "…"}
VERBS = {
    "claim_file.decided": _("%(rows)s held rows were decided: %(kind)s. Reason: %(reason)s"),
    "claim_file.papers_added": _("Archive of papers no. %(archive)s was uploaded."),
    "claim_file.papers_listed": _("Archive of papers no. %(archive)s holds %(files)s files."),
    "claim_file.archive_failed": _("Archive of papers no. %(archive)s cannot be read: %(code)s"),
    "claim_file.papers_matched_again": _("The papers of archive no. %(archive)s are matched again."),
}


def problem_in_words(code: str) -> str:
    """Why an archive, or a file in it, is not used."""
    if code in PROBLEMS:
        return str(PROBLEMS[code])
    for messages in (ClaimsRefused.messages, IntakeRefused.messages):
        if code in messages:
            return str(messages[code]) % _FACTS
    return code


#: Kinds of decisions and problems, which events keep as codes.
WORDS: dict[str, Callable[[Mapping[str, Any]], Mapping[str, str]]] = {
    "claim_file.decided": lambda data: {"kind": str(LineDecision(data["kind"]).label)},
    "claim_file.archive_failed": lambda data: {"code": problem_in_words(data["code"])},
}
