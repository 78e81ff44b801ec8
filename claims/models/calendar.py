"""Days on which offices do not work although it is no weekend, or work although it is one: published year by year."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.history import tracked
from audit.scope import Scope, ScopedQuerySet


class DayKind(models.TextChoices):
    """What a notice says of a day."""

    OFF = "off", _("Day off")
    WORKED = "worked", _("Worked weekend")
    #: A notice was changed: the day is what its weekday says.
    ORDINARY = "ordinary", _("As its weekday")


@tracked
class Holiday(models.Model):
    """One day. It is never deleted: deadlines were counted with it."""

    day = models.DateField(_("day"), unique=True)
    kind = models.CharField(_("kind of day"), max_length=8, choices=DayKind, db_collation="C")
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=40)
    source = models.CharField(_("notice"), max_length=120)

    objects = ScopedQuerySet.as_manager()

    scope = Scope.shared()
    personal_fields = ()
    open_fields = ("id", "day", "kind", "name", "source")

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("calendar of working days")
        ordering = ["-day"]
        permissions = [("import_holiday", _("Can import holidays")), ("export_holiday", _("Can export holidays"))]
        constraints = [
            models.CheckConstraint(name="holiday_kind_is_known", condition=Q(kind__in=["off", "worked", "ordinary"])),
            models.CheckConstraint(
                name="holiday_worked_is_a_weekend", condition=~Q(kind="worked") | Q(day__iso_week_day__in=[6, 7]),
                violation_error_message=_("From Monday to Friday is worked anyway: only a Saturday or Sunday is worked instead."),
            ),
            models.CheckConstraint(name="holiday_says_why", condition=~Q(name="") & ~Q(source="")),
        ]
        triggers = [
            pgtrigger.Protect(name="holiday_is_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="holiday_keeps_its_day", operation=pgtrigger.Update, condition=pgtrigger.AnyChange("day"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.name}"
