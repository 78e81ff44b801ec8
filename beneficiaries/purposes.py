"""What a roster is for: the template of each purpose, and the words that pages and the command line say about it."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from beneficiaries.ending import END
from beneficiaries.known_elsewhere import KNOWN_ELSEWHERE
from beneficiaries.models import Roster, RosterRow
from beneficiaries.models.roster import EndReason, Purpose
from beneficiaries.renewing import RENEWAL
from beneficiaries.renewing_periods import RENEWAL_OF_PERIOD
from beneficiaries.template import ROSTER, RosterTemplate
from beneficiaries.updating import UPDATE

TEMPLATES: dict[str, RosterTemplate] = {
    Purpose.ENROLL: ROSTER, Purpose.UPDATE: UPDATE, Purpose.END: END, Purpose.RENEW: RENEWAL,
}
#: What an approver reads before the click.
APPROVAL: dict[str, Promise] = {
    Purpose.ENROLL: _("The whole sum is reserved now, then the people are enrolled. It cannot be taken back by a click."),
    Purpose.RENEW: _("The whole sum is reserved now, then the covers are renewed. It cannot be taken back by a click."),
    Purpose.UPDATE: _("Contact, accounts and categories of known people are changed. Nobody is enrolled, no money moves."),
    Purpose.END: _(
        "Covers end with the end of the day in each line. No premium is given back, neither to funders nor to persons."
    ),
}
#: What an approval says it has started.
STARTED: dict[str, Promise] = {
    Purpose.ENROLL: _("Roster %(number)s is approved; its people are being enrolled."),
    Purpose.RENEW: _("Roster %(number)s is approved; its covers are being renewed."),
    Purpose.UPDATE: _("Roster %(number)s is approved; its people are being updated."),
    Purpose.END: _("Roster %(number)s is approved; its covers are being ended."),
}
#: What a confirm page counts.
COUNTED: dict[str, Promise] = {
    Purpose.ENROLL: _("people to be enrolled"),
    Purpose.RENEW: _("covers to be renewed"),
    Purpose.UPDATE: _("people to be updated"),
    Purpose.END: _("people whose cover ends"),
}
#: The last step of the way.
LAST_STEP: dict[str, Promise] = {
    Purpose.ENROLL: _("Enrollment"), Purpose.RENEW: _("Renewal"), Purpose.UPDATE: _("Update"), Purpose.END: _("Ending"),
}


def template_of(roster: Roster) -> RosterTemplate:
    """How this roster's rows come to be, are checked and applied."""
    if roster.renewed_period_id is not None:
        return RENEWAL_OF_PERIOD if roster.renews_a_period else KNOWN_ELSEWHERE
    return TEMPLATES[roster.purpose]


def said_by(row: RosterRow) -> list[str]:
    """What a line of an update or an ending says besides its contact; in words, for a page."""
    said = []
    if row.end_reason and row.ended_on:
        said.append(
            _t("%(reason)s; last day of cover %(day)s")
            % {"reason": EndReason(row.end_reason).label, "day": row.ended_on}
        )
    if row.valid_from:
        said.append(_t("Categories hold from %(day)s") % {"day": row.valid_from})
    if row.valid_to:
        said.append(_t("Categories hold until %(day)s") % {"day": row.valid_to})
    return said
