"""What unfold finds and draws anew for each row of a list though it is the same for all: headings, boxes, how a column is drawn.

The rows are unfold's own to the letter; a list that asks for more than fields, methods and links of its own is left to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, time
from functools import cache
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.utils import quote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db import models
from django.urls import NoReverseMatch, reverse
from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from unfold.admin import checkbox
from unfold.templatetags import unfold_list
from unfold.utils import display_for_field, display_for_value

#: A row -> what its cell shows, and whether that is a day or an hour, which no line breaks.
Shown = Callable[[Any], tuple[Any, bool]]

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


class _Left(Exception):
    """The list asks for something that is drawn by unfold alone."""


def draw_rows_by_columns() -> None:
    """Let a list find out once for each column how it is drawn, where unfold does so for each of its cells."""
    if not hasattr(unfold_list.results, "by_columns"):
        unfold_list.results = _by_columns(unfold_list.results)


def _by_columns(draw: Callable[[Any], Iterator[Any]]) -> Callable[[Any], Iterator[Any]]:
    def rows(changelist: Any) -> Iterator[Any]:
        try:
            columns = columns_of(changelist)
        except _Left:
            yield from draw(changelist)
            return
        for row in changelist.result_list:
            yield unfold_list.UnfoldResultList(row, None, [column(row) for column in columns])

    rows.by_columns = draw  # type: ignore[attr-defined]
    return rows


def columns_of(changelist: Any) -> list[Callable[[Any], SafeString]]:
    """Row -> cell, of each column of a list."""
    owner = changelist.model_admin
    if getattr(changelist, "formset", None) or changelist.is_popup or getattr(owner, "hide_ordering_field", False):
        raise _Left
    headings = list(unfold_list.result_headers(changelist))
    links = changelist.list_display_links
    columns: list[tuple[bool, Callable[[Any], SafeString]]] = []
    for at, name in enumerate(changelist.list_display):
        linked = links is not None and (name in links or (not links and not columns))
        tag = "th" if linked and not any(each[0] for each in columns) else "td"
        said = conditional_escape(headings[at]["text"] if linked or at else _t("Select record"))
        box_of_row = name == "action_checkbox"
        classes = unfold_list.CHECKBOX_CLASSES if box_of_row else [
            f"field-{unfold_list._coerce_field_name(name, at)}", *unfold_list.ROW_CLASSES,
        ]
        columns.append((linked, _cell(
            tag, classes, said, shown_by(changelist, name), _link(changelist) if linked else None
        )))
    return [column for _linked, column in columns]


def _cell(
    tag: str, classes: list[str], said: str, shown: Shown, link: Callable[[Any, str], str] | None
) -> Callable[[Any], SafeString]:
    plain = f'<{tag} class="{" ".join(classes)}" data-label="{said}">'
    unbroken = f'<{tag} class="{" ".join([*classes, "nowrap"])}" data-label="{said}">'
    end = f"</{tag}>"

    def cell(row: Any) -> SafeString:
        value, stays_together = shown(row)
        text: str = conditional_escape(value)
        if link is not None:
            text = link(row, text)
        return mark_safe((unbroken if stays_together else plain) + text + end)

    return cell


def _link(changelist: Any) -> Callable[[Any, str], str]:
    """Around a cell's text; the address is found once, for a key that stands for all."""
    if type(changelist).url_for_result is not ChangeList.url_for_result:
        raise _Left
    options = changelist.opts
    try:
        address = reverse(
            f"admin:{options.app_label}_{options.model_name}_change", args=(_PLACE,),
            current_app=changelist.model_admin.admin_site.name,
        )
    except NoReverseMatch as missing:
        raise _Left from missing
    whole = add_preserved_filters({"preserved_filters": changelist.preserved_filters, "opts": options}, address)
    before, after = str(escape(whole)).split(_PLACE)
    classes, key = " ".join(unfold_list.LINK_CLASSES), changelist.pk_attname
    opened, ended = f'<a href="{before}', f'{after}" class="{classes}" >'

    def link(row: Any, text: str) -> str:
        return f"{opened}{escape(quote(str(getattr(row, key))))}{ended}{text}</a>"

    return link


def shown_by(changelist: Any, name: Any) -> Shown:
    """How a column is drawn: a field, or a method of the list's admin."""
    owner, empty = changelist.model_admin, changelist.model_admin.get_empty_value_display()
    try:
        field = changelist.opts.get_field(name) if isinstance(name, str) else None
    except FieldDoesNotExist:
        field = None
    if isinstance(field, models.Field) and not field.auto_created:
        return _of_field(field, empty)
    if isinstance(field, models.Field):
        return _of_values(lambda row: getattr(row, name), empty, is_boolean=False)
    method = getattr(owner, name, None) if isinstance(name, str) and field is None and name != "__str__" else None
    if not callable(method) or any(getattr(method, more, False) for more in ("label", "header", "dropdown")):
        raise _Left
    return _of_values(
        method, getattr(method, "empty_value_display", empty), is_boolean=getattr(method, "boolean", False), none=empty
    )


def _of_values(value_of: Callable[[Any], Any], empty: Any, *, is_boolean: bool, none: Any = None) -> Shown:
    def shown(row: Any) -> tuple[Any, bool]:
        try:
            value = value_of(row)
        except ObjectDoesNotExist:
            return none, False
        if isinstance(value, str) and not is_boolean:
            return value, False
        return display_for_value(value, empty, is_boolean), isinstance(value, date | time)

    return shown


def _of_field(field: models.Field, empty: Any) -> Shown:
    name = field.name
    stays_together = isinstance(field, models.DateField | models.TimeField | models.ForeignKey)
    if isinstance(field.remote_field, models.ManyToOneRel):
        def shown(row: Any) -> tuple[Any, bool]:
            try:
                other = getattr(row, name)
            except ObjectDoesNotExist:
                return empty, False
            return (empty if other is None else other), stays_together
    elif field.flatchoices:
        # Made anew each time it is read.
        words: dict[Any, Any] = dict(field.flatchoices)

        def shown(row: Any) -> tuple[Any, bool]:
            return words.get(getattr(row, name), empty), stays_together
    else:
        def shown(row: Any) -> tuple[Any, bool]:
            return display_for_field(getattr(row, name), field, empty), stays_together

    return shown
