"""Target populations as files: their columns, what a row says, and the action that takes a file in as proposals."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Region, User
from audit.admin.base import visible
from intake.columns import Column
from intake.reference.resource import Fault, ReferenceResource
from programs.actions.lists import hold_list
from programs.models import Period, Plan
from takeup.actions.targets import PROPOSE, Wanted, propose_targets
from takeup.models import Target, TargetState
from takeup.models.target import MOST
from takeup.reach import reaches

_WHOLE = re.compile(r"[0-9]{1,3}(,[0-9]{3})+|[0-9]{1,9}")

TARGET_COLUMNS = (
    Column("program", "项目代码", ("项目", "program"), required=True, max_length=20, example="HYAXB"),
    Column("period", "期间", ("年度", "期", "period"), required=True, max_length=12, example="2027"),
    Column("county", "县区代码", ("区划代码", "县区", "county"), required=True, max_length=6, example="441621"),
    Column("people", "目标人数", ("应保人数", "目标", "people"), required=True, max_length=11, example="52000"),
    Column(
        "basis", "依据", ("数据来源", "来源", "basis"), required=True, max_length=200, example="2026年统计年鉴",
        help=_("On what the number is based, such as a yearbook or a letter."),
    ),
)


class TargetResource(ReferenceResource):
    """Each row is one county's proposal; what is approved already, row by row, changes nothing."""

    columns = TARGET_COLUMNS

    class Meta:
        """By program, period and county."""

        model = Target
        import_id_fields = ("program", "period", "county")

    def lock(self) -> None:
        """Nobody else proposes by file meanwhile."""
        hold_list(Target)

    def own_table(self, rows: QuerySet) -> QuerySet:
        """What stands: approved, or waiting."""
        return rows.filter(state__in=(TargetState.APPROVED, TargetState.PROPOSED)).select_related("program", "period")

    def rows_named(self) -> QuerySet:
        """Of the file's programs; a waiting version hides the approved one."""
        codes = {line.cells["program"] for line in self.lines} - {None}
        # Read in this order, the later one is known.
        return self.get_queryset().filter(program__code__in=codes).order_by("state", "pk")

    def look_around(self) -> None:
        """The periods and counties that the file names."""
        seen = visible(Period, self.user, PROPOSE).select_related("program__organization", "plan")
        self.periods = {
            (each.program.code, each.code): each
            for each in seen.filter(program__code__in={line.cells["program"] for line in self.lines} - {None})
            if reaches(self.user, PROPOSE, program=each.program)
        }
        self.counties = set(
            Region.objects.filter(
                level=Region.Level.COUNTY, code__in={line.cells["county"] for line in self.lines} - {None}
            ).values_list("code", flat=True)
        )

    def assign(self, instance: Target, cells: Mapping[str, Any]) -> Iterator[Fault]:
        """Of an open period of the user's own programs, and a county within its region."""
        period = self.periods.get((cells["program"], cells["period"]))
        if cells["program"] and cells["period"]:
            if period is None or period.plan.period_kind != Plan.PeriodKind.ANNUAL or period.closed_at is not None:
                yield Fault("period", "TARGET_PERIOD")
            elif cells["county"] and (
                cells["county"] not in self.counties or not cells["county"].startswith(period.program.region_code[:6])
            ):
                yield Fault("county", "REGION_UNKNOWN")
        if period is not None:
            instance.program, instance.period = period.program, period
        instance.region_code, instance.basis = cells["county"] or "", cells["basis"] or ""
        if cells["people"]:
            text = cells["people"].strip()
            people = int(text.replace(",", "")) if _WHOLE.fullmatch(text) else 0
            instance.people = people
            if not 1 <= people <= MOST:
                yield Fault("people", "NUMBER_FORMAT", f"1–{MOST:,}")

    def cells_of(self, instance: Target) -> dict[str, str]:
        """As the file has them."""
        return {
            "program": instance.program.code if instance.program_id else "",
            "period": instance.period.code if instance.period_id else "",
            "county": instance.region_code, "people": str(instance.people or ""), "basis": instance.basis,
        }

    def take_in(self, *, by: User, at: datetime) -> None:
        """Proposals, period by period."""
        of_periods: dict[int, list[Target]] = defaultdict(list)
        for each in self.touched:
            of_periods[each.period_id].append(each)
        for period_id in sorted(of_periods):
            targets = of_periods[period_id]
            propose_targets(
                targets[0].period, [Wanted(each.region_code, each.people, each.basis) for each in targets], by=by, at=at
            )
