"""What people fill in about months."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.db.models import Max, Min, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from closing.actions.months import DRAW
from closing.models import ClosingState
from closing.reach import reaches
from programs.models import LedgerTransaction, Program
from programs.models.books import month_after, month_of


def months_to_draw_up(by: Any, *, at: datetime) -> list[tuple[Program, date]]:
    """The next month of each program that the user operates, where it is over and none is under way."""
    closed = Max("closings__month", filter=Q(closings__state=ClosingState.CLOSED))
    first = LedgerTransaction.objects.filter(program=OuterRef("pk")).order_by().values("program").annotate(day=Min("booked_on"))
    seen = Program.objects.visible_to(by, "programs.view_program").select_related("organization").order_by("name")
    under_way = Program.objects.filter(closings__state__in=(ClosingState.DRAWN, ClosingState.SUBMITTED))
    found: list[tuple[Program, date]] = []
    for program in seen.exclude(pk__in=under_way).annotate(closed=closed, first=Subquery(first.values("day"))):
        start: Any = program
        if not reaches(by, DRAW, program=program) or start.first is None:
            continue
        month = month_after(start.closed) if start.closed is not None else month_of(start.first)
        if month_after(month) <= timezone.localdate(at):
            found.append((program, month))
    return found


class DrawUpForm(forms.Form):
    """Which program's next month."""

    which = forms.ChoiceField(
        label=_("Program and month"), widget=UnfoldAdminSelectWidget(),
        help_text=_("Months close in their order: of each program the next one is offered, once it is over."),
    )

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        found = months_to_draw_up(by, at=timezone.now())
        self.months = {f"{program.pk}:{month:%Y-%m}": (program, month) for program, month in found}
        field: Any = self.fields["which"]
        field.choices = [(key, f"{program.name} · {month:%Y-%m}") for key, (program, month) in self.months.items()]

    def clean_which(self) -> tuple[Program, date]:
        """The program and the first day of its month."""
        return self.months[self.cleaned_data["which"]]
