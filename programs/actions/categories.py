"""Hardship categories: added and reworded by those who operate the portal; never deleted, only set inactive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from audit import events
from audit.faults import fault_point
from programs.actions.lists import ListImport, hold_list, refuse_stranger
from programs.errors import ProgramRefused
from programs.models import Category


@dataclass(frozen=True)
class CategoryLine:
    """A category as a file states it."""

    code: str
    name: str
    synonyms: tuple[str, ...] = ()
    position: int = 100
    active: bool = True


def create_category(
    code: str, *, name: str, by: User | str, at: datetime, synonyms: Sequence[str] = (), position: int = 100,
    active: bool = True, holds_for_everybody: bool = False,
) -> Category:
    """A new category; its code stands in enrollments and never changes."""
    refuse_stranger("programs.add_category", by=by)
    with transaction.atomic():
        hold_list(Category)
        _refuse_twice(name=name)
        fault_point("programs.create_category.before")
        category, created = Category.objects.get_or_create(
            code=code,
            defaults={
                "name": name, "synonyms": list(synonyms), "position": position, "active": active,
                "holds_for_everybody": holds_for_everybody,
            },
        )
        if not created:
            raise ProgramRefused("CODE_TAKEN", program=code)
        _record("category.created", category, by=by, at=at, name=name)
        fault_point("programs.create_category.after")
    return category


def change_category(
    category: Category, *, name: str, synonyms: Sequence[str], position: int, active: bool, by: User | str, at: datetime
) -> Category:
    """Other words, another place among the others, or out of use; what is enrolled under it stays."""
    refuse_stranger("programs.change_category", by=by)
    given = {"name": name, "synonyms": list(synonyms), "position": position, "active": active}
    with transaction.atomic():
        hold_list(Category)
        category = Category.objects.select_for_update().get(pk=category.pk)
        changed = sorted(field for field, value in given.items() if getattr(category, field) != value)
        if not changed:
            return category
        _refuse_twice(name=name, but=category.pk)
        for field in changed:
            setattr(category, field, given[field])
        fault_point("programs.change_category.before")
        category.save(update_fields=changed)
        _record("category.changed", category, by=by, at=at, name=name, fields=changed)
        fault_point("programs.change_category.after")
    return category


def import_categories(edition: Sequence[CategoryLine], *, by: User | str, at: datetime) -> ListImport:
    """Add and change categories by their codes, each with its own event; who is not named stays as it is."""
    refuse_stranger("programs.import_category", by=by)
    added = changed = 0
    with transaction.atomic():
        hold_list(Category)
        known = {each.code: each for each in Category.objects.select_for_update().order_by("pk")}
        fault_point("programs.import_categories.before")
        for line in edition:
            given: dict[str, Any] = {
                "name": line.name, "synonyms": line.synonyms, "position": line.position, "active": line.active, "by": by, "at": at,
            }
            kept = known.get(line.code)
            if kept is None:
                create_category(line.code, **given)
                added += 1
            else:
                before = (kept.name, tuple(kept.synonyms), kept.position, kept.active)
                changed += before != (line.name, tuple(line.synonyms), line.position, line.active)
                change_category(kept, **given)
        fault_point("programs.import_categories.after")
    return ListImport(len(edition), added, changed)


def _refuse_twice(*, name: str, but: int = 0) -> None:
    if Category.objects.exclude(pk=but).filter(name=name).exists():
        raise ProgramRefused("NAME_TAKEN")


def _record(verb: str, category: Category, *, by: User | str, at: datetime, name: str, fields: Sequence[str] = ()) -> None:
    data: dict[str, Any] = {"code": category.code, "name": name}
    events.record(verb, category, by=by, at=at, data=data | ({"fields": list(fields)} if fields else {}))
