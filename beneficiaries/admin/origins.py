"""Where an enrollment comes from, in words: a line of a roster's file, a request, a line of a file of payments."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from beneficiaries.models import Enrollment, Purchase, RosterRow


@dataclass(frozen=True)
class Origin:
    """A sentence, and the address of the line where there is a page of it."""

    sentence: str
    url: str = ""


def origin_of(enrollment: Enrollment) -> Origin:
    """The way back, whatever the source."""
    if enrollment.purchase is not None:
        return Origin(_of_purchase(enrollment.purchase, enrollment.line or 0))
    return _of_roster(enrollment)


def payment_of(enrollment: Enrollment) -> str:
    """The payment that came with a purchase; empty without one."""
    purchase = enrollment.purchase
    if purchase is None or purchase.paid_at is None:
        return ""
    return f"{purchase.payment_reference} · {timezone.localtime(purchase.paid_at):%Y-%m-%d %H:%M}"


def _of_roster(enrollment: Enrollment) -> Origin:
    row = RosterRow.objects.select_related("file").filter(pk=enrollment.row_id or 0).first()
    if row is None:
        return Origin(
            gettext("Roster %(roster)s; the line was deleted at the end of its retention.") % {"roster": enrollment.roster_id}
        )
    return Origin(
        gettext("Roster %(roster)s, file “%(file)s”, %(sheet)s line %(line)s.")
        % {"roster": enrollment.roster_id, "file": row.file.name, "sheet": row.sheet, "line": row.line},
        f"{reverse('admin:beneficiaries_roster_change', args=[enrollment.roster_id])}?row={row.pk}#rows",
    )


def _of_purchase(purchase: Purchase, line: int) -> str:
    facts = {
        "purchase": purchase.pk, "channel": purchase.get_channel_display(), "reference": purchase.reference, "line": line,
        "file": purchase.file.name if purchase.file is not None else "",
    }
    if purchase.file is not None:
        return gettext("Purchase %(purchase)d, file “%(file)s” line %(line)d, reference %(reference)s.") % facts
    return gettext("Purchase %(purchase)d (%(channel)s), reference %(reference)s, line %(line)d.") % facts
