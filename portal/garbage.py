"""The search for garbage: what a process has loaded stays to its end, and what a request makes is mostly freed without a search."""

from __future__ import annotations

import gc

#: Objects made and not freed before the youngest are searched; with Python's own 700 the search takes a tenth of a page's time.
YOUNG, MIDDLE, OLD = 50_000, 20, 100


def search_seldom() -> None:
    """To be called once a process has loaded all that it will serve with: that is never searched again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
