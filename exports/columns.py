"""What a list's columns are as cells: codes stay text, amounts and days are real ones, what is personal is masked."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db import models
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.safestring import SafeData
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from audit.exporting import ExportColumn
from audit.fields import SealedTextField
from audit.masking import hidden

#: A cell: an amount is a Decimal of two places, a moment is local and without zone, "" is nothing.
Cell = str | int | Decimal | date | datetime
#: What pages show where there is nothing.
_NOTHING = ("—", "–", "-")


@dataclass(frozen=True)
class Column:
    """One column: its heading, its cell of a row, and the relations that the cell reads."""

    name: str
    heading: str
    cell: Callable[[Any], Cell]
    personal: bool = False
    related: str = ""
    width: int = 16


def columns_of(model_admin: Any) -> list[Column]:
    """The columns of a list's export, headings and choices in the active language."""
    named = model_admin.export_columns or model_admin.list_display
    return [_column(model_admin, each) for each in named]


def _column(model_admin: Any, named: str | ExportColumn) -> Column:
    if isinstance(named, ExportColumn):
        value = named.value
        return Column(named.name, capfirst(str(named.heading)), lambda row: cell_of(value(row)))
    try:
        path = get_fields_from_path(model_admin.model, named)
    except FieldDoesNotExist:
        return _shown(model_admin, named)
    return _stored(named, path)


def _shown(model_admin: Any, name: str) -> Column:
    """A column of the list that its admin, or its model, makes in words."""
    of_admin = getattr(model_admin, name, None)
    source = of_admin if of_admin is not None else getattr(model_admin.model, name)
    heading = str(getattr(source, "short_description", ""))
    if not heading:
        raise ImproperlyConfigured(f"{type(model_admin).__name__}: {name} has no heading: use ExportColumn")
    if of_admin is not None:
        return Column(name, capfirst(heading), lambda row: cell_of(of_admin(row)), width=24)
    return Column(name, capfirst(heading), lambda row: cell_of(_called(getattr(row, name))), width=24)


def _called(value: Any) -> Any:
    return value() if callable(value) else value


def _stored(name: str, path: list[Any]) -> Column:
    """A field, of the row or of what it points to."""
    field, steps = path[-1], [each.name for each in path[:-1]]
    heading = capfirst(str(field.verbose_name))
    personal = field.name in getattr(field.model, "personal_fields", ())
    convert, width = _converter(field, personal=personal)
    attribute = field.name

    def cell(row: Any) -> Cell:
        for step in steps:
            # What names this row may not be there, either.
            row = getattr(row, step, None)
            if row is None:
                return ""
        value = getattr(row, attribute)
        return "" if value is None else convert(value)

    related = "__".join([*steps, field.name] if field.is_relation else steps)
    return Column(name, heading, cell, personal=personal, related=related, width=width)


def _converter(field: Any, *, personal: bool) -> tuple[Callable[[Any], Cell], int]:
    if isinstance(field, SealedTextField):
        return str, 24
    if personal:
        return lambda value: hidden(str(value)), 12
    if field.flatchoices:
        words = {value: str(label) for value, label in field.flatchoices}
        return lambda value: words.get(value, str(value)), 16
    if field.is_relation:
        return str, 24
    if isinstance(field, models.BooleanField):
        yes, no = _("yes"), _("no")
        return lambda value: yes if value else no, 8
    if isinstance(field, models.DateTimeField):
        return cell_of, 20
    if isinstance(field, models.DateField):
        return cell_of, 12
    if isinstance(field, models.DecimalField):
        return cell_of, 16
    if isinstance(field, models.IntegerField) and not field.primary_key:
        return cell_of, 12
    return lambda value: cell_of(value if isinstance(value, list | tuple) else str(value)), 20


@lru_cache(4_096)
def _local(moment: datetime) -> datetime:
    """The local moment without zone: covers of a period begin and end with few of them."""
    return timezone.localtime(moment).replace(tzinfo=None, microsecond=0) if timezone.is_aware(moment) else moment


def cell_of(value: Any) -> Cell:
    """A value as a cell holds it; marks of pages are taken off."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return _local(value)
    if isinstance(value, Decimal | int | date):
        return value
    if isinstance(value, list | tuple | set):
        return "、".join(str(cell_of(each)) for each in value)
    text = str(value)
    if isinstance(value, SafeData) or hasattr(value, "__html__"):
        text = " ".join(html.unescape(strip_tags(text)).split())
    return "" if text in _NOTHING else text
