"""What the room's events say to people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "case.reported": _("The case was reported: %(claims)s claims."),
    "case.changed": _("What is known of the case was changed: %(fields)s."),
    "case.ordered": _("The order in which the covers pay was changed: %(reason)s"),
    "case.bill_added": _("A bill of %(amount)s yuan was added."),
    "case.bill_explained": _("A bill of %(amount)s yuan counts although something does not fit: %(reason)s"),
    "case.bill_false": _("A bill of %(amount)s yuan was found to be false: %(reason)s"),
    "case.bill_removed": _("A bill of %(amount)s yuan was taken out: %(reason)s"),
    "case.paper_added": _("A paper was added: %(kind)s."),
    "case.paper_removed": _("A paper was taken out: %(kind)s. %(reason)s"),
    "case.paper_destroyed": _("The content of a paper was destroyed at the end of its term: %(kind)s."),
    "case.paper_opened": _("A paper was opened: %(kind)s."),
    "claim.reported": _("The claim was reported."),
    "claim.accepted": _("The claim was accepted for handling."),
    "claim.registered": _("The claim was filed."),
    "claim.declined": _("The claim was not filed: %(reason)s"),
    "claim.taken": _("The claim was taken into hand."),
    "claim.handed_over": _("The claim was handed over to %(to)s: %(reason)s"),
    "claim.papers_asked": _("Missing papers were asked for: %(kinds)s."),
    "claim.papers_complete": _("The papers that were asked for are complete."),
    "claim.investigation_begun": _("An investigation was begun: %(reason)s"),
    "claim.investigation_ended": _("The investigation ended: %(reason)s"),
    "claim.noted": _("A note was written."),
    "claim.payee_stated": _("Payee and account were stated."),
    "claim.account_confirmed": _("The corrected account was confirmed: the amount is payable again."),
    "claim.withdrawn": _("The claim was withdrawn: %(reason)s"),
    "claim.reopened": _("The claim was reopened: %(reason)s"),
    "claim.decision_proposed": _("A decision was calculated: %(outcome)s, %(amount)s yuan."),
    "claim.decision_sent_back": _("The decision was sent back: %(reason)s"),
    "claim.decision_signed": _("The decision was signed (signature %(step)s of %(needed)s)."),
    "claim.decided": _("The decision is in force: %(outcome)s, %(amount)s yuan."),
    "claim.recomputed": _("Recalculated after an earlier claim of the cover changed: %(amount)s yuan, before %(before)s yuan."),
    "claim.closed": _("The claim was closed."),
    "threshold.proposed": _("Thresholds of signatures were proposed: second above %(second)s, third above %(third)s yuan."),
    "threshold.approved": _("The thresholds of signatures are in force."),
    "threshold.dropped": _("The thresholds of signatures were dropped."),
}
