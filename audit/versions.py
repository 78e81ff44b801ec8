"""What history kept, as people read it: each version's changed fields, masked, by whom and when. Reads, never writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pghistory
from django.contrib.auth import get_user_model
from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext

from audit import naming
from audit.errors import KeyDestroyed
from audit.fields import Sealed, SealedTextField
from audit.scope import Scope, ScopedQuerySet

PAGE = 20
#: Labels under which a table keeps what stood there before, instead of what stands there since.
_KEPT_BEFORE = ("before_update", "before_delete")
_UPDATES = ("update", "before_update")
_QUIET_FIELDS = (models.JSONField, models.BinaryField)


@dataclass(frozen=True)
class Change:
    """One field that changed; sealed values as their masks."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Version:
    """One change of a row."""

    pk: int
    at: datetime
    who: str
    what: str
    changes: Sequence[Change]


@dataclass(frozen=True)
class Versions:
    """A page of versions, newest first; `before` opens the next page, None on the last."""

    rows: Sequence[Version]
    before: int | None


def history_model(model: type[models.Model]) -> Any:
    """The table that keeps a model's versions, or None."""
    found = pghistory.core.event_models(tracks_model=model)
    return found[0] if found else None


def versions(subject: models.Model, *, to: Any, before: int | None = None, limit: int = PAGE) -> Versions:
    """The versions of one object. The caller has checked that the reader may see it.

    Six questions at most, whatever the number of versions: the page, its contexts, users, and each related table once.
    """
    model = type(subject)
    history = history_model(model)
    if history is None:
        return Versions([], None)
    found = history.objects.filter(pgh_obj_id=subject.pk).select_related("pgh_context").order_by("-pgh_id")
    if before is not None:
        found = found.filter(pgh_id__lte=before)
    #: One row above (what came after, on a later page) and one below (what stood before, or another page).
    rows = list(found[: limit + 2])
    newer: Any = None
    if before is not None and rows:
        newer, rows = rows[0], rows[1:]
    else:
        rows = rows[: limit + 1]
    more = len(rows) > limit
    page, below = rows[:limit], rows[limit] if more else None
    if not page:
        return Versions([], None)
    fields = shown_fields(model)
    above, beneath = [newer, *page[:-1]], [*page[1:], below]
    changed = [
        (row, _changed(fields, *_sides(row, above=after, below=before_it, now=subject)))
        for row, after, before_it in zip(page, above, beneath, strict=True)
    ]
    words = _Words(fields, changed, to=to)
    who = _Names(page, subject=subject, to=to)
    done = [
        Version(
            row.pgh_id, row.pgh_created_at, who(row), _what(row.pgh_label),
            [words(field, old, new) for field, old, new in changes],
        )
        for row, changes in changed if changes or row.pgh_label not in _UPDATES
    ]
    return Versions(done, page[-1].pgh_id if more else None)


def shown_fields(model: type[models.Model]) -> list[models.Field]:
    """Fields that have a name for people; digests, indexes and documents of the machine have none.

    A model's `unread_fields` name its codes: another field says the same in words.
    """
    unread = getattr(model, "unread_fields", ())
    fields: list[Any] = [field for field in model._meta.concrete_fields if field.name not in unread]
    return [
        field for field in fields
        if isinstance(field._verbose_name, Promise) and not field.primary_key
        # Since when a row exists is no change of it; of a shared one it would tell who had it first.
        and field.name != "created_at"
        and (isinstance(field, SealedTextField) or not isinstance(field, _QUIET_FIELDS))
    ]


def _sides(row: Any, *, above: Any, below: Any, now: models.Model) -> tuple[Any, Any]:
    """What stood before and after one change; None where nothing stood or nobody knows."""
    if row.pgh_label in _KEPT_BEFORE:
        return row, None if row.pgh_label == "before_delete" else above if above is not None else now
    if row.pgh_label == "delete":
        return row, None
    return below, row


def _changed(fields: Sequence[models.Field], old: Any, new: Any) -> list[tuple[models.Field, Any, Any]]:
    if old is None or new is None:
        return []
    found = []
    for field in fields:
        if not hasattr(old, field.attname) or not hasattr(new, field.attname):
            continue
        before, after = getattr(old, field.attname), getattr(new, field.attname)
        if not alike(before, after):
            found.append((field, before, after))
    return found


def alike(before: Any, after: Any) -> bool:
    """Whether two values say the same; one sealed anew under another key says what it said."""
    if before == after or (before in (None, "") and after in (None, "")):
        return True
    if isinstance(before, Sealed) and isinstance(after, Sealed):
        try:
            return before.reveal() == after.reveal()
        except KeyDestroyed:
            return False
    return False


def _what(label: str) -> str:
    return {
        "insert": gettext("Entered"), "delete": gettext("Deleted"), "before_delete": gettext("Deleted"),
    }.get(label, gettext("Altered"))


class _Names:
    """Who made each change. Where several offices share an object, users outside the reader's reach stay unnamed."""

    def __init__(self, rows: Sequence[Any], *, subject: models.Model, to: Any) -> None:
        ids = {_user_of(row) for row in rows} - {None}
        self._names = naming.names_of_users(ids)
        self._known = set(self._names)
        scope = getattr(subject, "scope", Scope.nobody())
        if ids and (scope.is_met_by_many or scope.open_to_all):
            # A request's user is lazy: its type is not the model.
            manager: Any = get_user_model()._default_manager
            users = manager.visible_to(to)
            self._known = set(users.filter(pk__in=ids).values_list("pk", flat=True))

    def __call__(self, row: Any) -> str:
        user = _user_of(row)
        if user is None:
            return gettext("the system")
        return self._names.get(user, "") if user in self._known else gettext("another office")


def _user_of(row: Any) -> int | None:
    user = str(row.pgh_context.metadata.get("user")) if row.pgh_context is not None else ""
    return int(user) if user.isdecimal() else None


class _Words:
    """Values as people read them: related rows by name within the reader's reach, one question per table."""

    def __init__(self, fields: Sequence[models.Field], changed: Iterable[tuple[Any, Any]], *, to: Any) -> None:
        wanted: dict[type[models.Model], set[Any]] = {}
        for _row, changes in changed:
            for field, before, after in changes:
                if field.is_relation:
                    wanted.setdefault(field.related_model, set()).update({before, after} - {None})
        self._names: Mapping[type[models.Model], dict[Any, str]] = {
            model: _names_of_rows(model, ids, to=to) for model, ids in wanted.items()
        }

    def __call__(self, field: models.Field, before: Any, after: Any) -> Change:
        return Change(str(field.verbose_name), self._text(field, before), self._text(field, after))

    def _text(self, field: Any, value: Any) -> str:
        if value is None or value == "":
            return ""
        if isinstance(value, Sealed):
            return str(Sealed(value.token, value.logical_name, getattr(field, "mask", None) or value._mask))
        if field.is_relation:
            return self._names[field.related_model].get(value, f"#{value}")
        if field.choices:
            return str(dict(field.flatchoices).get(value, value))
        if field.name in getattr(field.model, "ends_before", ()):
            return value_in_words(last_day(value))
        return value_in_words(value)


def _names_of_rows(model: type[models.Model], ids: set[Any], *, to: Any) -> dict[Any, str]:
    if hasattr(model, "get_full_name"):
        return naming.names_of_users(ids)
    rows = model._default_manager.get_queryset()
    if not isinstance(rows, ScopedQuerySet):
        return {}
    return {row.pk: str(row) for row in rows.visible_to(to).filter(pk__in=ids)}


def last_day(end: date | datetime) -> date:
    """The last day of what ends before a day or a moment: pages say no other end."""
    if isinstance(end, datetime):
        return (timezone.localtime(end) - timedelta(microseconds=1)).date()
    return end - timedelta(days=1)


def value_in_words(value: Any) -> str:
    """A plain value as a page writes it."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return "、".join(str(each) for each in value)
    return str(value)
