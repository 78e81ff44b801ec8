"""Refusals of this room."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class ProgramRefused(Refused):
    """A request on programs, plans and periods that the rules refuse."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "STATE": _("This is not possible now: it is %(state)s."),
        "OWN_WORK": _("Whoever drafted or submitted it cannot approve it. Ask a colleague."),
        "REASON": _("Say why, in at least %(characters)d characters."),
        "NO_CATEGORY": _("Name at least one category."),
        "NO_SCHEME": _("Say who pays: add a funding scheme that holds for all categories and regions."),
        "NO_REMAINDER": _("In the scheme “%(scheme)s” exactly one payer, the last, takes the remainder."),
        "SHARES_ABOVE_PREMIUM": _("In the scheme “%(scheme)s” the fixed shares are above the premium of %(premium)s yuan."),
        "PREMIUM": _("The premium is above zero."),
        "COVER": _("The cover is above zero."),
        "ANNUAL_TERMS": _("A price by time, a least premium and a longest span belong to plans whose cover is a span."),
        "SPAN_PRICE": _("Say how a span is priced: by days or by time."),
        "SPAN_GATES": _("Cover of a span begins at its moment: it cannot wait for a public notice or the insurer's acceptance."),
        "AGES": _("The oldest age lies below the youngest."),
        "REGION": _("%(region)s is no region within that of the program."),
        "BENEFITS_CHANGED": _("A colleague changed the benefits meanwhile. Nothing was saved: open the page again."),
        "BENEFITS_WRONG": _("Without it the benefits do not hold together: %(problem)s"),
        "PRICE_OF_OTHERS": _("Price %(line)d holds for whoever is no student. Put the price of students before one for everybody."),
        "PRICE_CATEGORY": _("Price %(line)d names the category %(category)s, which is not there. Add it to the categories first."),
        "NO_BENEFITS": _("The plan states no benefits."),
        "PERIOD_TWICE": _("The program has a period %(period)s already."),
        "COUNTY_FUNDER_MISSING": _("No government funder is known for the county %(county)s."),
        "SCHEME_MISSING": _("No funding scheme of the plan holds for this category in county %(county)s."),
        "WINDOW": _("Enrollment opens before it closes, and closes before the period ends."),
        "PLAN_NOT_IN_FORCE": _("The plan is not in force."),
        "OUT_OF_SCOPE": _("This organization or region lies outside your own."),
        "CODE_TAKEN": _("The code %(program)s is in use."),
        "NAME_TAKEN": _("This name is in use."),
        "REGION_UNKNOWN": _("There is no county, town or village %(region)s in the region table."),
        "GOVERNMENT_KNOWN": _("The government of region %(region)s is a funder already."),
    }


class BudgetRefused(Refused):
    """A request for money that the budgets refuse."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "BUDGET": _("The budget of %(funder)s does not suffice: %(wanted)s yuan are needed, %(remaining)s remain."),
        "CHANGED": _("The budgets have moved since you looked. Look again at who would be enrolled."),
        "NOTHING_FITS": _("The budgets do not suffice for even one category of one county."),
        "STATE": _("This is not possible now: it is %(state)s."),
        "OWN_WORK": _("Whoever proposed it cannot approve it. Ask a colleague."),
        "LABEL": _("Give the tranche a name."),
        "LABEL_TWICE": _("The funder has a tranche “%(label)s” in this period already. Choose another name."),
        "PERIOD_CLOSED": _("Period %(period)s is closed."),
        "AMOUNT": _("The amount is above zero."),
        "NOT_RESERVED": _("%(wanted)s yuan are to be used, only %(remaining)s are reserved."),
        "NOT_USED": _("%(wanted)s yuan are to be given back, only %(remaining)s were used."),
        "NOT_SETTLED": _("%(amount)s yuan more are to go back than came in."),
        "RESERVED_ALREADY": _("Its money is reserved already."),
        "BUDGET_BUSY": _("%(reserved)s yuan are still reserved. Wait until they are used or released."),
    }


class LedgerRefused(Refused):
    """A posting that double entry refuses."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "UNBALANCED": _("Debits and credits differ by %(difference)s yuan."),
        "LEGS": _("A posting has two legs or more."),
        "FEN": _("Amounts are whole fen."),
    }
