"""How lists leave as files: what a room says of columns, and who draws the page behind the button; nothing is written here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import Promise


@dataclass(frozen=True)
class ExportColumn:
    """A column that is neither a field nor a column of the list: `value` takes a row and gives a text, an amount (Decimal
    of yuan), a whole number, a day, a moment or None. It says nothing of a person."""

    name: str
    heading: str | Promise
    value: Callable[[Any], Any]


#: Draws the page behind the button: (the list's admin, request) -> answer.
ExportPage = Callable[[Any, HttpRequest], HttpResponseBase]
_pages: list[ExportPage] = []


def register_page(page: ExportPage) -> None:
    """Called once by the room that writes exports, from `ready()`."""
    _pages[:] = [page]


def export_page(model_admin: Any, request: HttpRequest) -> HttpResponseBase:
    """The page behind the button of a list."""
    return _pages[0](model_admin, request)
