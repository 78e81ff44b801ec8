"""Take-up in the demo: target populations, of the newest period they wait; a list of participants of basic insurance."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable

from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from beneficiaries.models import DayStanding
from intake.models import State
from jobs.actions import run_pending
from programs.models import Period, Program
from takeup import actions
from takeup.actions.targets import Wanted, digest_of, waiting_for
from takeup.models import ParticipantList, Target

BASIS = "民政和乡村振兴部门年初在册人数（示例）"
#: Of a hundred people who could be, so many of the demo's are enrolled.
SHARE = 80


def set_targets(program: Program, *, clerk: User, reviewer: User, say: Callable[[str], None]) -> None:
    """The counties in which somebody is enrolled."""
    periods = list(Period.objects.filter(program=program).order_by("starts_on"))
    for period in periods:
        if not Target.objects.filter(period=period).exists():
            people = DayStanding.objects.filter(program=program).order_by("county").values_list("county")
            # Alike in both years: who lives there does not follow from who was enrolled.
            counties = dict(people.filter(period=periods[0]).annotate(number=Sum("people")))
            wanted = [
                Wanted(county, -(-number * 100 // SHARE // 10) * 10 or 10, BASIS) for county, number in counties.items() if number
            ]
            if wanted:
                actions.propose_targets(period, wanted, by=clerk, at=timezone.now())
        waiting = waiting_for(period, reviewer)
        if waiting and (period != periods[-1] or len(periods) == 1):
            actions.approve_targets(period, shown=digest_of(waiting), by=reviewer, at=timezone.now())
        say(f"{period}: {Target.objects.filter(period=period).count()} target populations")


def take_in_participants(
    rosters: Iterable[tuple[str, io.BytesIO]], *, clerk: User, reviewer: User, say: Callable[[str], None]
) -> None:
    """The people of rosters (county, file), as the bureau would list them; led on from wherever a killed load left it."""
    subject = ParticipantList.objects.filter(organization=clerk.organization).first()
    if subject is None:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["证件号码", "证件类型", "险种", "参保状态", "统筹区"])
        seen: set[str] = set()
        for county, file in rosters:
            for line in csv.DictReader(io.StringIO(file.getvalue().decode("utf-8-sig"))):
                document = line["证件号码"]
                if document not in seen:
                    writer.writerow([document, line.get("证件类型") or "", "390" if len(seen) % 9 else "310", "正常参保", county])
                    seen.add(document)
        subject = actions.upload_participants(
            [("医保参保人员.csv", io.BytesIO(text.getvalue().encode("utf-8-sig")))], organization=clerk.organization,
            as_of=timezone.localdate(), by=clerk, at=timezone.now(),
        )
    run_pending()
    subject = ParticipantList.objects.get(pk=subject.pk)
    if subject.state == State.REVIEW:
        subject = actions.LISTS.submit(subject, by=clerk, at=timezone.now())
    if subject.state == State.SUBMITTED:
        actions.LISTS.approve(subject, digest=subject.digest, by=reviewer, at=timezone.now())
        run_pending()
    say(f"{clerk.organization}: participants of basic insurance, {subject.row_count} rows")
