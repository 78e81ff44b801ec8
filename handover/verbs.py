"""What the room's events say to people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "insurer_format.drafted": _("The format “%(name)s” was drafted, version %(version)d."),
    "insurer_format.changed": _("The draft of the format “%(name)s” was changed, version %(version)d."),
    "insurer_format.approved": _("The format “%(name)s” was taken into use, version %(version)d."),
    "insurer_format.retired": _("The format “%(name)s” went out of use, version %(version)d."),
    "hand_over.proposed": _("A hand-over was proposed (%(kind)s): %(people)d people."),
    "hand_over.released": _(
        "Released in the clear to %(recipient)s: %(people)d people, premium %(premium)s yuan. Purpose: %(purpose)s. "
        "Columns: %(columns)s"
    ),
    "hand_over.written": _("The file of the hand-over was written: %(people)d people."),
    "hand_over.downloaded": _("The file of the hand-over was downloaded, locked with a password: %(people)d people."),
    "hand_over.withdrawn": _("The hand-over was withdrawn: %(reason)s"),
    "hand_over.purged": _("The file of the hand-over was deleted when its time was over."),
    "hand_over.answered": _("All lines are answered: %(accepted)d accepted, %(refused)d refused."),
    "invoice.difference_decided": _("Our amount is paid where the insurer charges more: %(lines)d lines. %(reason)s"),
    "invoice.recorded": _(
        "An invoice without lines was recorded: %(amount)s yuan for %(lines)d lines of ours (%(covers)s, %(sides)s)."
    ),
    "invoice.lines_decided": _("%(kind)s: %(lines)d lines. %(reason)s"),
    "invoice.sum_decided": _("%(kind)s: the sum differs by %(difference)s yuan. %(reason)s"),
    "invoice.objections_taken": _("The objections to the insurer were downloaded: %(lines)d lines."),
    "remittance.prepared": _("A remittance was prepared: %(invoices)d invoices, %(amount)s yuan."),
    "remittance.approved": _("The remittance was approved: %(amount)s yuan."),
    "remittance.paid": _("The remittance was paid and booked: %(amount)s yuan."),
    "remittance.failed": _("The remittance failed at the bank: %(reason)s"),
    "remittance.withdrawn": _("The remittance was withdrawn: %(reason)s"),
}
