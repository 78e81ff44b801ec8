"""What the room's events say to people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "funds.request_begun": _("A request for funds was begun, by the cut day %(cut_on)s."),
    "funds.request_made": _(
        "The list was made by the cut day %(cut_on)s: %(people)d covers, %(removals)d corrections, %(amount)s yuan."
    ),
    "funds.request_empty": _("The list was empty: nothing has changed since the last request."),
    "funds.doubts_decided": _("%(lines)d doubtful lines were decided (%(verdict)s): %(reason)s"),
    "funds.taken_up_again": _("%(lines)d lines that were left out are taken up again: %(reason)s"),
    "funds.request_submitted": _(
        "The request was submitted: %(people)d covers, %(removals)d corrections, %(amount)s yuan."
    ),
    "funds.request_sent": _(
        "The request was approved and sent: %(people)d covers, %(removals)d corrections, %(amount)s yuan, of which %(set_against)s"
        " yuan were set against what was held."
    ),
    "funds.request_withdrawn": _("The request was withdrawn: %(reason)s"),
    "funds.request_printed": _(
        "The request was printed: %(people)d covers, %(removals)d corrections, %(amount)s yuan."
    ),
    "funds.statement_exported": _("The statement by place was downloaded: %(lines)d lines."),
    "funds.movement_recorded": _("Recorded (%(kind)s): %(amount)s yuan, to be confirmed."),
    "funds.movement_confirmed": _(
        "Confirmed and booked (%(kind)s): %(amount)s yuan, of which %(held)s yuan are held for the funder."
    ),
    "funds.movement_declined": _("Declined (%(kind)s, %(amount)s yuan): %(reason)s"),
    "funds.differences_made": _(
        "Differences of %(people)d covers were listed (%(kind)s): %(funders_amount)s yuan to funders, %(own_amount)s yuan to"
        " the insured."
    ),
    "funds.differences_approved": _(
        "Differences of %(people)d covers were approved: %(funders_amount)s yuan to funders, %(own_amount)s yuan to the"
        " insured."
    ),
    "funds.differences_withdrawn": _("The list of differences was withdrawn."),
}
