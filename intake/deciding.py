"""Rows decided by a person in review: what was counted, priced and hashed of them follows, in the same transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from audit.faults import fault_point
from intake.actions.review import REASON_MIN
from intake.errors import IntakeRefused
from intake.models import State
from intake.staging import chunk_digest, import_digest, summed
from intake.template import Template

#: The kinds of counts that a chunk keeps and its import sums.
COUNTED = ("verdicts", "codes")


@dataclass
class Change:
    """By how much the counts of one chunk change: {"5": -12, "1": 12}, {"DECIDED_SAME": 12}, {decision id: 12}."""

    verdicts: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    decided: Counter[str] = field(default_factory=Counter)
    #: The template's own tally as it is now.
    tally: Mapping[str, Any] | None = None


def in_review(subject: Any, template: Template) -> Any:
    """The import, locked to the end of the transaction: neither another decision nor its submission comes between."""
    found = template.import_model._default_manager.select_for_update(of=("self",)).get(pk=subject.pk)
    fault_point(f"{template.key}.decide.locked")
    if found.state != State.REVIEW:
        raise IntakeRefused("STATE", state=found.get_state_display())
    return found


def reason_of(text: str) -> str:
    """The reason as it is kept, or a refusal."""
    reason = " ".join(text.split())[:300]
    if len(reason) < REASON_MIN:
        raise IntakeRefused("REASON", characters=REASON_MIN)
    return reason


def settle(subject: Any, template: Template, changes: Mapping[int, Change], *, at: datetime) -> None:
    """Bring the touched chunks and the locked import to what their rows say now: counts, tally, money, digests."""
    chunks = list(template.chunks_of(subject))
    for chunk in chunks:
        if chunk.number not in changes:
            continue
        chunk.counts = _counts_after(chunk, changes[chunk.number])
        chunk.digest = chunk_digest(template, subject.pk, chunk.number)
        chunk.save(update_fields=["counts", "digest"])
        fault_point(f"{template.key}.decide.chunk")
    told = {kind: summed(chunk.counts[kind] for chunk in chunks) for kind in COUNTED}
    subject.counts = {**subject.counts, **told}
    subject.money = template.preview_money(subject, template.context(subject, at=at))
    subject.digest = import_digest(template, subject)
    subject.save(update_fields=["counts", "money", "digest"])
    fault_point(f"{template.key}.decide.settled")


def recount(subject: Any, template: Template, changes: Mapping[int, Change]) -> None:
    """Only the touched chunks' counts, while their import is still being checked: it is summed when its review opens."""
    for chunk in template.chunks_of(subject).filter(number__in=changes):
        chunk.counts = _counts_after(chunk, changes[chunk.number])
        fault_point(f"{template.key}.recount.before")
        chunk.save(update_fields=["counts"])
        fault_point(f"{template.key}.recount.after")


def redigest(subject: Any, template: Template, numbers: Iterable[int]) -> None:
    """The digests of chunks whose rows have changed, once after all of it."""
    for chunk in template.chunks_of(subject).filter(number__in=numbers):
        chunk.digest = chunk_digest(template, subject.pk, chunk.number)
        fault_point(f"{template.key}.redigest.before")
        chunk.save(update_fields=["digest"])
        fault_point(f"{template.key}.redigest.after")


def _counts_after(chunk: Any, change: Change) -> dict[str, Any]:
    return {
        **chunk.counts,
        **{kind: _changed(chunk.counts[kind], getattr(change, kind)) for kind in COUNTED},
        "decided": _changed(chunk.counts.get("decided", {}), change.decided),
        "tally": chunk.counts["tally"] if change.tally is None else dict(change.tally),
    }


def decided_counts(chunks: Sequence[Any]) -> dict[int, int]:
    """Decision id -> rows that stand by it now, from the chunks' counts."""
    total = summed(chunk.counts.get("decided", {}) for chunk in chunks)
    return {int(number): rows for number, rows in total.items()}


def _changed(counts: Mapping[str, int], change: Mapping[str, int]) -> dict[str, int]:
    """Counts after a change; what is zero is not named, as at the check."""
    total = Counter(counts)
    total.update(change)
    return dict(sorted((+total).items()))
