"""The filter behind a work queue's link: a list shows exactly what the workbench counted."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db.models import QuerySet
from django.db.models.sql.where import AND
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audit import panels


class QueueFilter(admin.SimpleListFilter):
    """Rows that wait for the reader, by the queue's own narrowing; a queue that is not theirs shows none."""

    title = _("work queue")
    parameter_name = panels.QUEUE_PARAMETER

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The reader's queues of this model."""
        return [(queue.key, queue.title) for queue in panels.queues_of(model_admin.model, request.user)]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Narrowed as the count was."""
        wanted = self.value()
        if not wanted:
            return queryset
        for queue in panels.queues_of(queryset.model, request.user):
            if queue.key == wanted and queue.narrow is not None:
                return said_once(queue.narrow(queryset, request.user))
        return queryset.none()


def said_once(rows: QuerySet) -> QuerySet:
    """The same rows without conditions that stand there twice: the list's scope, and the queue's, of a permission of its own.

    The planner takes them for two, expects a handful of rows and sorts all to find fifty.
    """
    found = rows.all()
    where, compiler = found.query.where, found.query.get_compiler(found.db)
    if where.connector != AND or where.negated:
        return rows
    said: dict[str, Any] = {}
    for condition in where.children:
        try:
            words, values = compiler.compile(condition)
        except (EmptyResultSet, FullResultSet):
            return rows
        said.setdefault(f"{words} {values!r}", condition)
    where.children = list(said.values())
    return found
