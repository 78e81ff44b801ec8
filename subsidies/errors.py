"""Refusals of this room."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class SubsidyRefused(Refused):
    """A step with funders' money that the rules refuse."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "OUT_OF_SCOPE": _("This program lies outside your own."),
        "CUT_LATER": _("The cut day lies in the future."),
        "FUNDER_PAYS_NOTHING": _("%(funder)s pays no share in this period."),
        "REQUEST_UNDER_WAY": _("A request to this funder for this period is under way: send or withdraw it first."),
        "NOTHING_TO_ASK": _("Nothing has changed since the last request: there is nothing to ask and nothing to take off."),
        "REQUEST_STATE": _("This can no longer be done: the request is “%(state)s”."),
        "DOUBTS_OPEN": _("%(number)d doubtful lines are to be decided first."),
        "REQUEST_ANOTHER_APPROVES": _("Whoever made or submitted a request does not approve it: ask a colleague who checks."),
        "REQUEST_CHANGED": _("The request has changed since you looked. Look at it again."),
        "NOT_NEWEST": _("Later requests build on this one: withdraw them first."),
        "MONEY_MOVED": _("Money has come in for this request, or was written off: it stands."),
        "REASON": _("Say why."),
        "ONE_REQUEST": _("Choose lines of one request."),
        "NO_DOUBT": _("None of these lines waits for a decision."),
        "NOT_LEFT_OUT": _("None of these lines was left out of a request that was sent."),
        "AMOUNT_ABOVE_ZERO": _("The amount is above zero, in whole fen."),
        "MOVED_LATER": _("The day of the movement lies in the future."),
        "REFERENCE": _("Give the payment's reference, at most %(characters)d characters, without a personal number."),
        "REFERENCE_TAKEN": _("A movement under this reference has been recorded already."),
        "OTHER_REQUEST": _("The request is another funder's or program's."),
        "NOTHING_OPEN": _("Nothing is open on this request."),
        "MORE_THAN_OPEN": _("Only %(open)s yuan are open on this request."),
        "MORE_THAN_HELD": _("Only %(held)s yuan are held for this funder."),
        "MOVEMENT_DECIDED": _("This movement has been decided: it is “%(state)s”."),
        "ANOTHER_CONFIRMS": _("Whoever recorded a movement does not confirm it: ask a colleague who checks."),
        "NOT_CONFIRMED": _("Only a confirmed movement can be reversed."),
        "REVERSED_ALREADY": _("This movement is being reversed, or was."),
        "SPENT": _("What came in by this has been paid back or written down since: reverse that first."),
        "DIFFERENCES_UNDER_WAY": _("A list of differences for this period waits to be approved: approve or withdraw it first."),
        "NO_DIFFERENCES": _("No cover ended or was undone since the last list: there is nothing to give back."),
        "DIFFERENCES_STATE": _("This can no longer be done: the list is “%(state)s”."),
        "DIFFERENCES_CHANGED": _("Covers have changed since the list was made: withdraw it and make it again."),
        "DIFFERENCES_ANOTHER_APPROVES": _("Whoever made a list of differences does not approve it: ask a colleague who checks."),
        "COVERS_UNKNOWN": _("No cover of this period that this funder pays for has the number %(number)s."),
        "NOTHING_LEFT": _("This funder owes nothing any more for cover %(number)s."),
        "NO_COVERS": _("Name the covers."),
        "NOTHING_TO_REFUND": _("The insured get nothing back by this list."),
        "REFUNDED_ALREADY": _("The own shares of this list were paid back, or are being."),
        "REFUND_AMOUNT": _("By this list the insured get back %(due)s yuan, not %(paid)s yuan."),
    }
