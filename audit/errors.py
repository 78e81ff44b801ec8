"""The base of every refusal that a person can read; rooms derive their own, no rule lives here."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.functional import Promise


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
