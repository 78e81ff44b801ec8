"""What the room's events say to people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "notice.made": _("The notice was made: it hangs from %(first)s to %(last)s."),
    "notice.posted": _("The notice was posted: %(people)d people in %(villages)d villages."),
    "notice.printed": _("The notice was printed for %(people)d people in %(villages)d villages."),
    "notice.file_asked": _("The lists of %(villages)d villages are being written: %(people)d people."),
    "notice.file_written": _("The lists of %(villages)d villages were written: %(people)d people."),
    "notice.file_downloaded": _("The lists of %(villages)d villages were downloaded: %(people)d people."),
    "notice.file_purged": _("The written lists were deleted: their time was over."),
    "notice.withdrawn": _("The notice was withdrawn: %(reason)s"),
    "notice.closing": _("The days of the notice are over: the step is being recorded."),
    "notice.closed": _("The notice is closed: it has passed for %(passed)d people, %(in_force)d covers came into force."),
    "payment.recorded": _("Own shares of %(people)d people were received: %(amount)s yuan."),
    "payment.too_late": _("For %(people)d people the payment came too late: %(amount)s yuan are to be given back."),
    "statement.money_held": _("%(lines)d lines paid nobody's share: %(amount)s yuan are held, to be cleared or given back."),
    "statement.agreed": _("%(lines)d payments of purchases and of employers' bills have arrived: %(amount)s yuan."),
    "statement.decided": _("%(rows)d rows in doubt were decided: %(kind)s. Reason: %(reason)s"),
    "payment.reversed": _("Own shares of %(people)d people were reversed: %(amount)s yuan."),
    "bill.drawn_up": _("The bill was drawn up: %(people)d people, %(amount)s yuan."),
    "bill.printed": _("The bill was printed: %(people)d people, %(amount)s yuan are due."),
    "bill.payment_recorded": _("A payment of %(amount)s yuan for %(people)d people was recorded, reference %(reference)s."),
    "bill.payment_confirmed": _("The payment was confirmed: %(people)d people, %(amount)s yuan, reference %(reference)s."),
    "bill.arrived": _("A statement shows that the payment with reference %(reference)s arrived: %(amount)s yuan."),
    "bill.paid_by_statement": _("A statement's line paid the bill: %(people)d people, %(amount)s yuan, reference %(reference)s."),
    "bill.payment_declined": _("The payment with reference %(reference)s was declined: %(reason)s"),
    "clearing.proposed": _("%(kind)s: %(lines)d lines, %(amount)s yuan were put forward, %(left)d were left out: %(reason)s"),
    "clearing.approved": _("The clearing was approved: %(lines)d lines, %(amount)s yuan."),
    "clearing.done": _("Done for %(lines)d lines, %(amount)s yuan; %(left)d were put back."),
    "clearing.dropped": _("The clearing was dropped: %(reason)s"),
    "clearing.downloaded": _("The list for the bank was downloaded: %(lines)d lines."),
    "clearing.returned": _("%(lines)d lines were given back by the bank: %(amount)s yuan, reference %(reference)s."),
    "clearing.not_returned": _("%(lines)d lines were not given back and are held again: %(reason)s"),
    "objection.recorded": _("An objection was recorded: %(reason)s."),
    "objection.upheld": _("The objection was upheld (%(decision)s): %(covers)d covers voided."),
    "objection.dismissed": _("The objection was dismissed: %(decision)s"),
}
