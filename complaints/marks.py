"""How a complaint's state and its last day are shown."""

from __future__ import annotations

from datetime import date

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t

from complaints.models import Complaint, ComplaintState

#: Days before the last one from which a complaint is near it.
NEAR = 3
TONES = {
    ComplaintState.OPEN: "wait", ComplaintState.ANSWERED: "work", ComplaintState.TOLD: "good", ComplaintState.WITHDRAWN: "calm",
}


def state_badge(complaint: Complaint) -> SafeString:
    """As a badge."""
    text, tone = complaint.get_state_display(), TONES[ComplaintState(complaint.state)]
    return render_to_string("portal/badge.html", {"text": text, "tone": tone})


def due_badge(complaint: Complaint, *, today: date) -> SafeString | str:
    """The last day; marked when it is near or over, empty once it was told or withdrawn."""
    if not complaint.is_due:
        return ""
    day, left = f"{complaint.due_on:%Y-%m-%d}", (complaint.due_on - today).days
    if left > NEAR:
        return day
    text = _t("%(day)s, overdue") % {"day": day} if left < 0 else _t("%(day)s, soon") % {"day": day}
    return render_to_string("portal/badge.html", {"text": text, "tone": "bad" if left < 0 else "wait"})
