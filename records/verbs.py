"""What the room's events say to people, beside those of any import."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from intake.findings import MEANINGS, plain_words
from records.models import LineDecision

VERBS = {
    "record_list.decided": _("Held records were decided (%(rows)s, %(kind)s): %(reason)s"),
    "proposal.told": _("The person was told of it on %(day)s: %(reason)s"),
    "proposal.declined": _("It is not to be claimed: %(reason)s"),
    "proposal.reopened": _("It was taken up again: %(reason)s"),
    "proposal.claimed": _("Case %(case)s was opened of it"),
    "proposal.lapsed": _("It lapsed: %(why)s"),
}
#: Codes of findings, in words.
WORDS: dict[str, Callable[[Mapping[str, Any]], Mapping[str, str]]] = {
    "record_list.decided": lambda data: {"kind": str(LineDecision(data["kind"]).label)},
    "proposal.lapsed": lambda data: {
        "why": plain_words(MEANINGS[data["why"]].cause) if data["why"] in MEANINGS else str(data["why"])
    },
}
