"""The base of every refusal that a person can read; rooms derive their own, no rule lives here."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Refused(Exception):
    """A request that the rules refuse: stable `code`, `facts` for the sentence, no personal data in either."""

    messages: ClassVar[dict[str, str | Promise]] = {}

    def __init__(self, code: str, **facts: Any) -> None:
        self.code = code
        self.facts = facts
        super().__init__(code)

    def __str__(self) -> str:
        template = self.messages.get(self.code)
        return f"{self.code}: {self.facts}" if template is None else str(template) % self.facts


class AuditRefused(Refused):
    """A refusal of the audit room."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "KEY_DESTROYED": _("The key of this data was destroyed at the end of its retention."),
        "DESTROYED": _("This content was destroyed at the end of its retention."),
        "KEY_MISSING": _("The key of this data is unknown here."),
        "MASTER_KEY_MISSING": _("MASTER_KEYS lacks the key %(master_key_id)s that wraps this data's key."),
        "REVEAL_REASON": _("Say why you need to see it: at least %(characters)d characters."),
        "REVEAL_CAP": _("You have seen %(number)d persons' data today: that is the limit."),
        "REVEAL_REASON_LONG": _("Say it in at most %(characters)d characters."),
        "REVEAL_FIELD": _("This field cannot be revealed."),
        "KEY_IN_USE": _("This key may still be sealing: retire it first and wait %(seconds)d seconds."),
        "PERSONAL_DATA": _("This looks like a document or account number. Leave it out: what is recorded stays for good."),
        "INDEX_BUILDING": _("A blind index for %(purpose)s is being rebuilt already."),
        "INDEX_NOT_BUILT": _("The new blind index for %(purpose)s is not complete: %(missing)d rows lack it."),
    }


class PersonalDataRefused(AuditRefused, ValueError):
    """A number of a person where it would stay in the clear for good."""


class KeyMissing(AuditRefused):
    """A key that this process cannot have."""


class KeyDestroyed(AuditRefused):
    """A key that nobody can have any more."""
