"""In which order a person's covers pay for one event; a proposal that a person may change. Rules only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

#: Day cover of the work comes first, then the supplementary insurance that people pay themselves; the subsidised cover
#: of people in hardship comes after all others, as its siblings do (DOMAIN, section 1).
KINDS = ("day_cover", "supplementary", "hardship")


def payment_order(covers: Iterable[Any]) -> list[Any]:
    """Covers (with `program.kind`, `starts_at`, `pk`), the first payer first; of one kind the one that began first."""
    return sorted(covers, key=lambda cover: (KINDS.index(cover.program.kind), cover.starts_at, cover.pk))
