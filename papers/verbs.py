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
    "request.recorded": _("A request was recorded: %(kind)s. To be answered until %(day)s."),
    "request.granted": _("The request was granted: %(answer)s"),
    "request.declined": _("The request was declined: %(answer)s"),
    "request.withdrawn": _("The request was taken back."),
    "request.gathered": _("What is held about the person was gathered: %(entries)s entries."),
    "request.copy_handed_over": _("The copy of the person's data was handed over."),
    "request.purged": _("The copy of the person's data was deleted at the end of its time."),
    "printing.purged": _("The file of certificates was deleted at the end of its time."),
}
