"""Parts of a list that repeat: the cells of a row, the choices of a filter; written at once, for a template takes a list's half."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.utils.encoding import iri_to_uri
from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_CHOICE = (
    '<li class="{place} {standing}"><a href="{link}" title="{said}" class="{inner} hover:text-primary-600'
    ' dark:hover:text-primary-500">{said}</a></li>'
)
_CHOSEN = "font-semibold text-primary-600 dark:text-primary-500"
_OTHER = "hover:text-base-700 dark:hover:text-base-200"
#: Classes of a choice and of its link: in a row, or in a column.
_ACROSS = ("basis-1/3 border-r border-base-200 grow truncate last:border-r-0 dark:border-base-700", "block py-2 text-center")
_BELOW = ("border-b border-base-200 last:border-b-0 dark:border-base-700", "block px-3 py-2")


@register.filter
def cells(row: Iterable[Any]) -> SafeString:
    """The cells of a row, as unfold drew each."""
    return mark_safe("\n".join(map(conditional_escape, row)))


@register.simple_tag
def filter_choices(choices: Iterable[Mapping[str, Any]], across: bool) -> SafeString:
    """What a filter offers, as items of a list: `display`, `query_string` and `selected` of each, as Django's filters give them."""
    place, inner = _ACROSS if across else _BELOW
    return mark_safe(
        "\n".join(
            _CHOICE.format(
                place=place, inner=inner, standing=_CHOSEN if choice["selected"] else _OTHER,
                link=escape(iri_to_uri(choice["query_string"])), said=conditional_escape(choice["display"]),
            )
            for choice in choices
        )
    )
