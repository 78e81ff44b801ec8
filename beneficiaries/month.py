"""What this room counts of a month, and what of it may still be open."""

from __future__ import annotations

from django.db.models import Q
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from beneficiaries.models import Roster
from intake.models import State
from jobs.models import Job
from programs.months import Counting, Measure, Month, OpenPoint

_STOOD = "state IN ('in_force', 'ended') AND ends_at > starts_at"

#: One reading of the program's covers; what each payer bears comes from the few ways in which premiums are divided.
COVERS = Counting(
    (
        Measure(
            "covers.begun", _("Covers begun"),
            _("Covers in force or ended whose first moment lies in the month. Undone and lapsed ones never began."),
        ),
        Measure("covers.ended", _("Covers ended"), _("Covers whose first moment without cover lies in the month.")),
        Measure(
            "covers.in_force", _("Person-months in force"),
            _("Covers that stand at the end of the month's last day: begun until then, and not ended."), is_standing=True,
        ),
        Measure(
            "covers.premium", _("Premium of covers begun"),
            _("The whole premium of covers begun in the month, by who pays it, before anything is given back."), is_money=True,
            by_payer=True,
        ),
    ),
    f"""
    WITH covers AS (
        SELECT left(region_code, 6) AS county, category_id, split_id,
            count(*) FILTER (WHERE starts_at < %(begin)s) AS begun_before,
            count(*) FILTER (WHERE starts_at >= %(begin)s) AS begun,
            count(*) FILTER (WHERE ends_at < %(begin)s) AS ended_before,
            count(*) FILTER (WHERE ends_at >= %(begin)s AND ends_at < %(end)s) AS ended
        FROM beneficiaries_enrollment
        WHERE program_id = %(program)s AND starts_at < %(end)s AND {_STOOD}
        GROUP BY 1, 2, 3
    )
    SELECT m.measure, c.county, c.category_id, NULL::bigint, sum(m.before), sum(m.amount)
    FROM covers c CROSS JOIN LATERAL (VALUES
        ('covers.begun', begun_before, begun), ('covers.ended', ended_before, ended),
        ('covers.in_force', begun_before - ended_before, begun - ended)
    ) m (measure, before, amount)
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT 'covers.premium', c.county, c.category_id, s.funder_id, sum(s.amount * begun_before), sum(s.amount * begun)
    FROM covers c JOIN (
        SELECT split_id, funder_id, sum(amount) AS amount FROM programs_fundingsplitline GROUP BY 1, 2
        UNION ALL SELECT id, NULL, own_share FROM programs_fundingsplit
    ) s ON s.split_id = c.split_id
    GROUP BY 2, 3, 4
    """,  # noqa: S608 - a condition of ours
)


def _jobs(month: Month) -> int:
    return Job.objects.live().filter(program_id=month.program_id).count()


def _rosters(month: Month) -> int:
    waiting = Q(state__in=[State.SUBMITTED, State.APPROVED, State.APPLYING, State.UNDO_ASKED, State.UNDOING])
    return Roster.objects.filter(waiting, program_id=month.program_id, uploaded_at__lt=month.ends_at).count()


OPEN_POINTS = (
    OpenPoint("beneficiaries.jobs", _("%(number)d jobs of this program are still running."), _jobs),
    OpenPoint(
        "beneficiaries.rosters", _("%(number)d rosters uploaded by the end of the month are not yet decided or applied."), _rosters,
        lambda month: f"{reverse('admin:beneficiaries_roster_changelist')}?{urlencode({'program__id__exact': month.program_id})}",
    ),
)
