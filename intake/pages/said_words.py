"""What the page of an import says of the words that its office has said: each with what it stands for, rows, who and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from intake.models import Kind, WordMapping
from intake.wording import targets_in_words


@dataclass(frozen=True)
class SaidWord:
    """A word of the file and what it was read as; `standing`: whether later files still read it so."""

    kind: str
    word: str
    target: str
    rows: int
    who: str
    at: datetime
    standing: bool


def said_words(subject: Any) -> list[SaidWord]:
    """The words by which the import was read, headings first, then the most frequent; three questions at most."""
    rows = {int(number): count for number, count in subject.counts.get("said", {}).items()}
    if not rows:
        return []
    found = list(WordMapping.objects.filter(pk__in=rows, organization=subject.organization_id).select_related("made_by"))
    names = targets_in_words((each.template, each.kind, each.target) for each in found)
    order = {kind: place for place, kind in enumerate(Kind.values)}
    found.sort(key=lambda each: (order[each.kind], -rows[each.pk], each.word))
    return [
        SaidWord(
            str(Kind(each.kind).label), each.word, names.get((each.template, each.kind, each.target), each.target),
            rows[each.pk], each.made_by.get_full_name(), each.made_at, each.ended_at is None,
        )
        for each in found
    ]
