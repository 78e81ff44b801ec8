"""What unfold draws anew for each row of a list though it is the same for all: the headings, and the box that selects a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from unfold.admin import checkbox
from unfold.templatetags import unfold_list

_PLACE = "the-row"


def box(pk: Any) -> SafeString:
    """The box of one row, drawn once for all rows of a language."""
    return mark_safe(_drawn(get_language()).replace(_PLACE, escape(str(pk))))


@cache
def _drawn(_language: str | None) -> str:
    return str(checkbox.render(ACTION_CHECKBOX_NAME, _PLACE))


def draw_headings_once() -> None:
    """Let unfold read the headings of a list once: it does so for each of its rows, a sixth of a page of fifty."""
    if not hasattr(unfold_list.result_headers, "once"):
        unfold_list.result_headers = _once(unfold_list.result_headers)


def _once(draw: Callable[[Any], Iterator[Any]]) -> Callable[[Any], list[Any]]:
    def headings(changelist: Any) -> list[Any]:
        if not hasattr(changelist, "drawn_headings"):
            # Each cell repeats its heading for phones: translated and escaped once.
            changelist.drawn_headings = [{**each, "text": conditional_escape(each["text"])} for each in draw(changelist)]
        found: list[Any] = changelist.drawn_headings
        return found

    headings.once = True  # type: ignore[attr-defined]
    return headings
