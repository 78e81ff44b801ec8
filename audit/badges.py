"""A state as a colored word, alike on every list and page."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString


def badge(text: Any, tone: str) -> SafeString:
    """`text`: the state in the reader's words; `tone`: good, bad, wait, calm or warn, as portal.css colors them."""
    return _drawn(str(text), tone)


@lru_cache(maxsize=1_000)
def _drawn(text: str, tone: str) -> SafeString:
    """Drawn once for each word, not for each row."""
    return render_to_string("portal/badge.html", {"text": text, "tone": tone})
