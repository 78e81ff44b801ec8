"""What the room's events say to people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "wording.written": _("What the certificates of the program say was written anew."),
    "certificate.printed": _("The certificate was printed. Purpose: %(purpose)s"),
    "printing.asked": _("A printing of %(people)s certificates was asked for. Purpose and recipient: %(purpose)s"),
    "printing.approved": _("The printing was approved."),
    "printing.declined": _("The printing was declined: %(reason)s"),
    "printing.cancelled": _("The printing was cancelled."),
    "printing.made": _("%(people)s certificates in %(villages)s villages were written."),
    "printing.downloaded": _("The file with %(people)s certificates was downloaded."),
    "printing.purged": _("The file of certificates was deleted at the end of its time."),
}
