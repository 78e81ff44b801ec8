"""Guests' pages in the portal's dress: what runs by the clock is shown and changed by nobody."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_celery_beat import admin as guest_pages
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from unfold.admin import ModelAdmin
from unfold.decorators import display

# The import above has registered the guest's own pages, whichever order the apps stand in; they are taken down.
assert guest_pages
admin.site.unregister((ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule))


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(ModelAdmin):
    """What runs by the clock. The schedule is part of the code: nothing here is added, changed or deleted by hand."""

    list_display = ("name", "every", "enabled", "last_run_at", "total_run_count")
    list_select_related = ("interval", "crontab", "solar", "clocked")
    ordering = ("name",)
    fields = ("name", "task", "every", "enabled", "last_run_at", "total_run_count", "description")
    readonly_fields = fields
    show_full_result_count = False

    @display(description=_("Schedule"))
    def every(self, task: PeriodicTask) -> str:
        """When it runs, in words."""
        return str(task.interval or task.crontab or task.solar or task.clocked or "")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


# Roles take the place of Django's groups.
_GROUP_PAGES = GroupAdmin
admin.site.unregister(Group)
