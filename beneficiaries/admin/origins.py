"""Where an enrollment comes from, in words: a line of a roster's file, a request, a line of a file of payments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from beneficiaries.models import Enrollment, Purchase, RosterRow
from beneficiaries.renewing_periods import cover_before


@dataclass(frozen=True)
class Origin:
    """A sentence, and the address of the line where there is a page of it."""

    sentence: str
    url: str = ""
    #: Of the cover that was renewed.
    before_url: str = ""


def origin_of(enrollment: Enrollment, *, by: Any) -> Origin:
    """The way back, whatever the source."""
    if enrollment.purchase is not None:
        return Origin(_of_purchase(enrollment.purchase, enrollment.line or 0))
    return _of_roster(enrollment, by)


def payment_of(enrollment: Enrollment) -> str:
    """The payment that came with a purchase; empty without one."""
    purchase = enrollment.purchase
    if purchase is None or purchase.paid_at is None:
        return ""
    return f"{purchase.payment_reference} · {timezone.localtime(purchase.paid_at):%Y-%m-%d %H:%M}"


def payer_of(enrollment: Enrollment) -> str:
    """Who paid for several people at once, masked, how, and what this one is to them; empty where nobody else is known."""
    payer = getattr(enrollment.purchase, "payer", None)
    if payer is None:
        return ""
    return " · ".join((str(payer.name), payer.relation_of(enrollment.line or 0), payer.get_way_display()))


def _of_roster(enrollment: Enrollment, by: Any) -> Origin:
    row = RosterRow.objects.select_related("file").filter(pk=enrollment.row_id or 0).first()
    if row is None:
        return Origin(
            gettext("Roster %(roster)s; the line was deleted at the end of its retention.") % {"roster": enrollment.roster_id}
        )
    url = f"{reverse('admin:beneficiaries_roster_change', args=[enrollment.roster_id])}?row={row.pk}#rows"
    if row.file is None:
        before = cover_before(enrollment)
        is_renewed = before is None or before.program_id == enrollment.program_id
        # A cover of another program is named to whoever may see it there.
        seen = before is not None and Enrollment.objects.visible_to(by).filter(pk=before.pk).exists()
        number = before.number if before is not None and seen else ""
        sentence = (
            gettext("Roster %(roster)s, by which cover %(number)s was renewed.") if is_renewed
            else gettext("Roster %(roster)s, by which people of another program were enrolled. Cover there: %(number)s")
        )
        address = reverse("admin:beneficiaries_enrollment_change", args=[row.before_id]) if seen else ""
        return Origin(sentence % {"roster": enrollment.roster_id, "number": number or "—"}, url, address)
    return Origin(
        gettext("Roster %(roster)s, file “%(file)s”, %(sheet)s line %(line)s.")
        % {"roster": enrollment.roster_id, "file": row.file.name, "sheet": row.sheet, "line": row.line},
        url,
    )


def _of_purchase(purchase: Purchase, line: int) -> str:
    facts = {
        "purchase": purchase.pk, "channel": purchase.get_channel_display(), "reference": purchase.reference, "line": line,
        "file": purchase.file.name if purchase.file is not None else "",
    }
    if purchase.file is not None:
        return gettext("Purchase %(purchase)d, file “%(file)s” line %(line)d, reference %(reference)s.") % facts
    return gettext("Purchase %(purchase)d (%(channel)s), reference %(reference)s, line %(line)d.") % facts
