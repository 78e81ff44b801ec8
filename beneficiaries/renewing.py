"""Rosters that renew: people whose cover of an earlier period is in force, and who are still eligible, into the next one."""

from __future__ import annotations

import polars as pl
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from beneficiaries.template import RosterContext, RosterTemplate
from intake.copying import ask
from intake.findings import Severity

_USABLE = pl.col("worst") < Severity.ERROR.weight
_BEFORE = sql.SQL("""
SELECT DISTINCT cover.person_id FROM beneficiaries_enrollment cover
WHERE cover.person_id = ANY(%(people)s) AND cover.program_id = %(program)s AND cover.organization_id = %(organization)s
    AND cover.period_id <> %(period)s AND cover.state = 'in_force'
    AND cover.starts_at < %(starts_on)s::date::timestamp AT TIME ZONE %(zone)s
""").format()


class RenewalTemplate(RosterTemplate):
    """The plain layout; whoever was not covered before is refused, the plan's own conditions are asked anew."""

    title = _("Renew covers")

    def admit(
        self, frame: pl.DataFrame, findings: pl.DataFrame, context: RosterContext
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The dead are refused, and those without an earlier cover with this office."""
        frame, findings = super().admit(frame, findings, context)
        people = frame.filter(_USABLE)["known_person_id"].drop_nulls().to_list()
        roster = context.roster
        found = ask(
            _BEFORE,
            {
                "people": people, "program": roster.program_id, "organization": roster.organization_id,
                "period": roster.period_id, "starts_on": roster.cover_from,
                "zone": settings.TIME_ZONE,
            },
        ) if people else []
        covered = [person for (person,) in found]
        before = pl.col("known_person_id").is_in(covered).fill_null(value=False)
        return self.refuse(frame, findings, "NOT_COVERED_BEFORE", "document", _USABLE & ~before)


RENEWAL = RenewalTemplate()
