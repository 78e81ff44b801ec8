"""What a person reads on a page: text, and the attributes that browsers and screen readers say; icons are no words.

Codes and passwords (`translate="no"`) are the same in every language.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from html.parser import HTMLParser

#: Attributes that are shown or said.
SAID = ("title", "placeholder", "aria-label", "alt", "label")
#: Divisions within it are indented.
_SIDEBAR_ENDS = "\n</div>"
_SILENT = ("script", "style", "template")
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "path", "rect", "circle")
)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.closed: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        silent = tag in _SILENT or "material-symbols" in given.get("class", "") or given.get("translate") == "no"
        self.found += [given[name] for name in SAID if given.get(name)]
        if tag == "input" and given.get("type") in ("submit", "button", "reset"):
            self.found.append(given.get("value", ""))
        if tag not in _VOID:
            self.closed.append(silent)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.closed.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and self.closed:
            self.closed.pop()

    def handle_data(self, data: str) -> None:
        if not any(self.closed):
            self.found.append(data)


def said_on(page: str) -> list[str]:
    """Each piece of text of a page, white space folded, without repetitions."""
    before, sidebar, rest = _parted(page)
    return list(dict.fromkeys((*_read(before + rest), *_read_once(sidebar))))


def _parted(page: str) -> tuple[str, str, str]:
    """What stands before the sidebar's list (portal/sidebar.html), the list if there is one, and what follows."""
    start = page.find('<div id="nav-sidebar-apps"')
    if start < 0:
        return page, "", ""
    end = page.index(_SIDEBAR_ENDS, start) + len(_SIDEBAR_ENDS)
    return page[:start], page[start:end], page[end:]


@lru_cache(maxsize=64)
def _read_once(sidebar: str) -> list[str]:
    """A user's sidebar is the same on many pages."""
    return _read(sidebar)


def _read(text: str) -> list[str]:
    reader = _Reader()
    reader.feed(text)
    folded = (re.sub(r"\s+", " ", html.unescape(piece)).strip() for piece in reader.found)
    return [piece for piece in folded if piece]
